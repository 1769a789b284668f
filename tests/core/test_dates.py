"""The two dates: parsing, order, messages."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.core.dates import Period, end_moment, first_moment, parse_day
from headtohead.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025-12-15", date(2025, 12, 15), date(2025, 12, 15)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-12-01/2025-12-07", date(2025, 12, 1), date(2025, 12, 7)),
        ("2025-11/2025-12", date(2025, 11, 1), date(2025, 12, 31)),
    ],
)
def test_a_period_is_a_day_a_month_or_a_window(text: str, start: date, end: date) -> None:
    assert Period.parse(text) == Period(start, end)


@pytest.mark.parametrize(
    "text", ["", "soon", "2025", "2025-13", "2025-02-30", "15.12.2025", "2025-1-1"]
)
def test_anything_else_is_refused_with_the_ways_to_write_it(text: str) -> None:
    with pytest.raises(InputError, match="2025-12"):
        Period.parse(text)


def test_a_window_must_not_end_before_it_starts() -> None:
    with pytest.raises(InputError, match="Swap them"):
        Period.parse("2025-12-07/2025-12-01")


@given(st.dates(min_value=date(1900, 1, 1)), st.integers(0, 400))
def test_a_period_survives_being_written_and_read(day: date, length: int) -> None:
    period = Period(day, date.fromordinal(min(day.toordinal() + length, date.max.toordinal())))
    assert Period.parse(str(period)) == period


def test_a_day_is_not_a_month() -> None:
    with pytest.raises(InputError, match="not a day"):
        parse_day("2025-12")


def test_a_span_of_days_holds_its_first_and_its_last_day_whole() -> None:
    assert first_moment("2025-10-22") == datetime(2025, 10, 22, tzinfo=UTC)
    assert end_moment(date(2025, 10, 22)) == datetime(2025, 10, 23, tzinfo=UTC)
    for read in (first_moment, end_moment):
        assert read("2025-10-22T03:00+08:00") == datetime(2025, 10, 21, 19, tzinfo=UTC)
    with pytest.raises(InputError, match="outside the calendar"):
        end_moment("9999-12-31")
