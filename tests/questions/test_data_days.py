"""Sentences give the day of their data, not of the question; a lead of shares is in pp."""

import re
from datetime import date

import pytest
from tests.questions.test_nulls import AS_OF, CASES, SAME_INDEX

from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.questions import analyses

SPRING, AUTUMN = "2026-03-31", "2026-10-31"
LEADS = {
    "openness.adoption": {"measure": "lead"},
    "impact.token_share": {"measure": "lead"},
    "performance.trading_order": {"measure": "lead"},
}


def ask(facts: Facts, name: str, about: str = "", **more: str) -> Answer:
    usual, scope = CASES.get(name, ("2025-12-15", {}))
    window = Period.parse(about or usual)
    return facts.ask(analyses()[name], about=window, as_of=AS_OF, scope={**scope, **more})


@pytest.mark.parametrize("name", [*CASES, *sorted(SAME_INDEX)])
def test_a_sentence_gives_the_day_of_its_data(facts: Facts, name: str) -> None:
    answer = ask(facts, name)
    days = {e.observed_on for e in answer.estimates if e.observed_on}
    # A figure of a year may be given by the year alone.
    years = {str(e.observed_on)[:4] for e in answer.estimates if e.limit and not e.limit.days}
    assert any(text in answer.says for text in {*map(str, days), *years}), answer.says


@pytest.mark.parametrize("name", ["arena_gap", "gap_closed", "arena_frontier", "arena_rank"])
def test_an_old_board_keeps_its_own_day(facts: Facts, name: str) -> None:
    answer = ask(facts, f"performance.{name}", SPRING)
    assert SPRING not in answer.says
    assert "2025-12-17" in answer.says
    for e in answer.estimates:
        assert e.observed_on == date(2025, 12, 17)
        assert "104 days before 31 March 2026" in e.stale(Period.parse(SPRING))


def test_an_old_edition_of_the_index_keeps_its_own_day(facts: Facts) -> None:
    answer = ask(facts, "performance.capability_gap", AUTUMN)
    assert AUTUMN not in answer.says
    assert "as of 2026-08-11" in answer.says
    (gap,) = answer.estimates
    assert gap.observed_on == date(2026, 8, 11)
    assert not gap.stale(Period.parse(AUTUMN)), "81 days are within the limit of 100"
    assert gap.stale(Period.parse("2026-11-28"))


def test_no_later_board_speaks_for_an_earlier_day(facts: Facts) -> None:
    answer = ask(facts, "performance.arena_gap", "2025-11-30")
    (gap,) = answer.estimates
    assert gap.observed_on == date(2025, 11, 5), "not 11 December, 11 days after"


@pytest.mark.parametrize("name", CASES)
def test_a_difference_of_shares_is_in_percentage_points(facts: Facts, name: str) -> None:
    for answer in (ask(facts, name), ask(facts, name, **LEADS.get(name, {}))):
        for e in answer.estimates:
            if re.search(r"\b(lead|minus|difference)\b", f"{e.label} {e.method}"):
                assert e.unit not in ("frac", "pct"), e


def test_china_leads_in_publications_by_fourteen_points(facts: Facts) -> None:
    by_label = {e.label: e for e in ask(facts, "investment.research_lead").estimates}
    lead = by_label["publications"]
    assert (round(lead.value, 1), lead.unit) == (14.0, "pp")
