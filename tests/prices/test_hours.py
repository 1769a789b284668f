"""Hours of the day in UTC: spans, over midnight, outside them, on weekdays alone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from headtohead.prices.hours import Hours

DEEPSEEK = "01:00 to 04:00, 06:00 to 10:00 UTC on weekdays, Chinese public holidays excepted"


def at(hour: int, minute: int = 0, *, day: int = 1) -> datetime:
    """An instant of September 2026, which began on a Tuesday."""
    return datetime(2026, 9, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        (at(0, 59), False),
        (at(1), True),
        (at(3, 59), True),
        (at(4), False),
        (at(9, 59), True),
        (at(10), False),
        (at(2, day=5), False),
        (at(2, day=6), False),
        (at(2, day=7), True),
    ],
)
def test_spans_hold_their_first_minute_and_not_their_last(when: datetime, inside: bool) -> None:
    assert Hours.parse(DEEPSEEK).holds(when) == inside


def test_a_span_may_run_over_midnight() -> None:
    hours = Hours.parse("16:30 to 00:30 UTC")
    assert [hours.holds(at(h)) for h in (16, 17, 0, 1)] == [False, True, True, False]
    outside = Hours.parse("outside 00:30 to 16:30 UTC")
    assert [outside.holds(at(h)) for h in (16, 17, 0, 1)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        (datetime(2026, 9, 25, 2, tzinfo=UTC), False),
        (datetime(2026, 10, 1, 2, tzinfo=UTC), False),
        (datetime(2026, 10, 8, 2, tzinfo=UTC), True),
    ],
)
def test_public_holidays_are_no_working_days(when: datetime, inside: bool) -> None:
    assert Hours.parse(DEEPSEEK).holds(when) == inside
    assert Hours.parse(f"outside {DEEPSEEK}").holds(when) != inside


def test_a_holiday_is_a_day_of_that_country() -> None:
    hours = Hours.parse("15:00 to 17:00 UTC on weekdays, Chinese public holidays excepted")
    eve = datetime(2026, 9, 30, 15, 59, tzinfo=UTC)
    assert (hours.holds(eve), hours.holds(eve + timedelta(minutes=1))) == (True, False)


def test_an_instant_is_read_in_its_own_time_zone() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert Hours.parse(DEEPSEEK).holds(datetime(2026, 9, 1, 10, tzinfo=shanghai))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "at night",
        "25 to 3 UTC",
        "01:00 to 04:00",
        "01:00 to 04:00 UTC, Lunar public holidays excepted",
    ],
)
def test_other_texts_name_no_hours(text: str) -> None:
    with pytest.raises(ValueError, match="names no hours"):
        Hours.parse(text)
