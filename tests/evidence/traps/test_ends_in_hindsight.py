"""A day on which a price ends is told by its row only where somebody had announced it by then."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.evidence.facts import Facts

# Who states ends ahead: an edition that has the next price with its day, and announcements.
ANNOUNCED = {"genai_prices", "price_corrections"}
FIRST = date(2024, 1, 1)


@given(days=st.integers(0, 1_100))
def test_as_of_a_day_no_later_end_is_seen_but_those_announced(facts: Facts, days: int) -> None:
    as_of = FIRST + timedelta(days=days)
    ahead = facts.frame("prices", as_of).filter(pl.col("valid_to") > as_of)
    assert set(ahead["source_id"]) <= ANNOUNCED


@pytest.mark.parametrize("source_id", sorted(ANNOUNCED))
def test_an_announced_end_is_seen_from_its_announcement_on(facts: Facts, source_id: str) -> None:
    rows = facts.frame("prices", date(2026, 11, 29)).filter(source_id=source_id)
    ahead = rows.filter(pl.col("valid_to") > pl.col("known_on"))
    assert ahead.height
    first = ahead["known_on"].min()
    assert isinstance(first, date)
    before = facts.frame("prices", first - timedelta(days=1)).filter(source_id=source_id)
    assert before.filter(pl.col("valid_to") >= first).is_empty()
