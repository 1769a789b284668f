"""What two sides had on each day, and how long a record stood: columns of two analyses."""

from datetime import date
from itertools import pairwise

import pytest

from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.questions import analysis

DAY = date(2026, 10, 31)


def ask(facts: Facts, name: str, about: str) -> Answer:
    return facts.ask(analysis(f"performance.{name}"), about=Period.parse(about), as_of=DAY)


def test_the_best_so_far_rises_lies_in_its_interval_and_ends_at_the_gap(
    facts: Facts,
) -> None:
    answer = ask(facts, "capability_gap", "2026-08-11")
    last = max(row["released_on"] for row in answer.rows)
    for side in ("US", "Chinese"):
        rows = [row for row in answer.rows if row["side"] == side]
        for before, row in pairwise(rows):
            assert row["best_index"] >= before["best_index"]
            assert row["best_low_index"] >= before["best_low_index"]
        for row in rows:
            assert row["best_low_index"] <= row["best_index"] <= row["best_high_index"]
            assert (row["best_index"] == row["score_index"]) or not row["is_record"]
            assert row["best_index"] >= row["score_index"]
    (gap,) = answer.estimates
    for row in answer.rows:
        if row["released_on"] == last:
            found = (row["gap_index"], row["gap_low_index"], row["gap_high_index"])
            assert found == pytest.approx((gap.value, gap.low, gap.high))


def test_there_is_no_gap_before_both_sides_have_a_model(facts: Facts) -> None:
    rows = ask(facts, "capability_gap", "2026-08-11").rows
    first = {
        side: min(row["released_on"] for row in rows if row["side"] == side)
        for side in ("US", "Chinese")
    }
    both = max(first.values())
    assert min(first.values()) < both
    for row in rows:
        assert (row["gap_index"] is None) == (row["released_on"] < both)
        assert (row["gap_low_index"] is None) == (row["gap_high_index"] is None)


def test_a_record_stood_as_long_as_its_days_say_and_its_interval_holds_that(
    facts: Facts,
) -> None:
    rows = ask(facts, "catch_up_time", "2026-08-11").rows
    assert {row["is_matched"] for row in rows} == {True, False}
    for row in rows:
        months = (row["stood_until"] - row["released_on"]).days * 12 / 365.25
        assert row["stood_months"] == pytest.approx(max(months, 0.0))
        assert row["side"] == "US"
        assert row["matched_on"] == (row["stood_until"] if row["is_matched"] else None)
        assert row["stood_low_months"] <= row["stood_months"] + 1e-9
        high = row["stood_high_months"]
        assert high is None or high >= row["stood_months"] - 1e-9
        if not row["is_matched"]:
            assert row["stood_until"] == date(2026, 8, 11)
            assert high is None
