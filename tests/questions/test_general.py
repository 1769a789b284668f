"""Questions that any section may ask: cited figures, their ratios, a lead over a window."""

import math
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from headtohead.core.dates import Period
from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.tables import polars_schema, table
from headtohead.questions import analysis
from headtohead.stats.intervals import jointly

MODELS: dict[str, Any] = {"topic": "notable_models", "measure": "notable models of the year"}
MONEY: dict[str, Any] = {"topic": "private_investment", "measure": "private investment in the year"}
AS_OF = date(2026, 10, 31)


def ask(facts: Facts, name: str, about: str, as_of: date = AS_OF, **scope: Any) -> Answer:
    question = analysis(f"general.{name}")
    return facts.ask(question, about=Period.parse(about), as_of=as_of, scope=scope)


def test_a_figure_has_its_own_unit_days_and_source(facts: Facts) -> None:
    answer = ask(facts, "figure", "2025-12-31", **MODELS)
    by_label = {e.label: e for e in answer.estimates}
    assert {k: (e.value, e.unit) for k, e in by_label.items()} == {
        "CN": (35, "n"),
        "US": (59, "n"),
    }
    us = by_label["US"]
    assert (us.observed_on, us.known_on) == (date(2025, 12, 31), date(2026, 4, 13))
    assert us.source_ids == ("ai_index_2026",)
    assert answer.says == (
        "published figures of “notable models of the year”: China 35 in 2025 and the United States "
        "59 in 2025"
    )


def test_a_figure_of_a_later_edition_is_not_known_before_it(facts: Facts) -> None:
    early = ask(facts, "figure", "2025-12-31", date(2025, 12, 31), **MODELS)
    assert {e.label: e.observed_on for e in early.estimates}["US"] == date(2024, 12, 31)


def test_a_subject_without_a_figure_is_named(facts: Facts) -> None:
    answer = ask(facts, "figure", "2025-12-31", topic="data_centres", measure="AI data centres")
    assert answer.missing == "no figure of “AI data centres” of China was known by 2026-10-31"


def test_a_ratio_has_the_bounds_that_the_rounding_of_both_leaves(facts: Facts) -> None:
    answer = ask(facts, "figure_ratio", "2024-12-31", **MONEY)
    (one,) = answer.estimates
    rows = {row["subject"]: row for row in answer.rows}
    us, cn = rows["US"], rows["CN"]
    assert one.value == us["value"] / cn["value"]
    assert one.low == us["low_value"] / cn["high_value"]
    assert one.high == us["high_value"] / cn["low_value"]
    assert (one.unit, one.n, one.level) == ("ratio", 2, 1.0)
    assert one.low < one.value < one.high


def test_a_ratio_of_one_subject_over_time(facts: Facts) -> None:
    grown = ask(facts, "figure_ratio", "2025-12-31", subject="US", since="2024-12-31", **MONEY)
    (one,) = grown.estimates
    assert one.value == pytest.approx(285.9 / 109.1, rel=1e-2)
    assert one.label == "the United States over itself of 2024-12-31"
    alone = ask(facts, "figure_ratio", "2025-12-31", subject="US", since="2020-12-31", **MONEY)
    assert "“private investment in the year” of the United States to compare" in alone.missing


def planted(*rows: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """The table of figures with these rows alone."""
    common = {
        "topic": "t",
        "measure": "m",
        "scope": "all",
        "window_start": date(2025, 1, 1),
        "window_end": date(2025, 12, 31),
        "known_on": date(2026, 1, 1),
        "verified": True,
        "source_id": "ai_index_2026",
    }
    schema = polars_schema(table("figures"))
    return {"figures": pl.DataFrame([common | row for row in rows], schema=schema)}


def run_ratio(*rows: dict[str, Any]) -> Answer:
    question = analysis("general.figure_ratio")
    scope = {"topic": "t", "measure": "m", "subject": "", "over": "", "since": ""}
    asked = Ask(Period.parse("2025-12-31"), AS_OF, Sides(), scope, np.random.default_rng(1))
    return question.run(planted(*rows), asked)


@pytest.mark.parametrize("units", [("elo", "elo"), ("index", "index"), ("pp", "pp"), ("usd", "n")])
def test_a_ratio_of_points_or_of_two_units_is_an_error(units: tuple[str, str]) -> None:
    pair = [
        {"subject": s, "value": v, "unit": u}
        for s, v, u in zip(("US", "CN"), (1400.0, 1300.0), units, strict=True)
    ]
    with pytest.raises(InputError, match="means nothing"):
        run_ratio(*pair)


def test_a_ratio_to_nothing_means_nothing() -> None:
    pair = [{"subject": s, "value": v, "unit": "n"} for s, v in (("US", 3.0), ("CN", 0.0))]
    assert "means nothing" in run_ratio(*pair).missing


def test_a_ratio_needs_figures_of_one_window() -> None:
    us = {"subject": "US", "value": 3.0, "unit": "n", "window_start": date(2024, 1, 1)}
    cn = {"subject": "CN", "value": 2.0, "unit": "n"}
    assert run_ratio(us, cn).missing


def test_the_mean_lead_weighs_each_board_by_the_days_it_speaks_for(facts: Facts) -> None:
    window = "2025-11-01/2025-12-31"
    answer = ask(facts, "window_mean", window)
    (mean,) = answer.estimates
    gaps = {}
    for day in ("2025-11-05", "2025-12-11", "2025-12-17"):
        one = facts.ask(
            analysis("performance.arena_gap"), about=Period.parse(day), as_of=AS_OF
        ).estimates[0]
        assert str(one.observed_on) == day
        gaps[day] = one
    weights = {"2025-11-05": 36, "2025-12-11": 6, "2025-12-17": 15}
    for end in ("value", "low", "high"):
        by_hand = sum(weights[d] * getattr(e, end) for d, e in gaps.items()) / 57
        assert getattr(mean, end) == pytest.approx(by_hand)
    assert (mean.n, mean.n_of, mean.observed_on) == (3, "boards", date(2025, 12, 17))
    assert "speak for 57 of 61 days" in answer.says


def test_no_mean_is_given_of_a_window_that_is_mostly_unknown(facts: Facts) -> None:
    answer = ask(facts, "window_mean", "2025-01-01/2025-12-31")
    assert (
        "only 5 boards of 2025-01-28 to 2025-12-17, which speak for 149 of 365 days"
        in answer.missing
    )


def test_a_window_may_be_as_long_before_the_day_as_is_asked(facts: Facts) -> None:
    answer = ask(facts, "window_mean", "2025-12-31", days=61)
    assert answer.estimates == ask(facts, "window_mean", "2025-11-01/2025-12-31").estimates


def test_whether_one_side_ever_led_is_corrected_for_the_number_of_boards(facts: Facts) -> None:
    (most,) = ask(facts, "ever", "2025-11-01/2025-12-31").estimates
    gaps = [
        facts.ask(analysis("performance.arena_gap"), about=Period.parse(d), as_of=AS_OF)
        for d in ("2025-11-05", "2025-12-11", "2025-12-17")
    ]
    joint = [
        jointly(Interval(e.value, e.low, e.high), 0.95, 3) for (e,) in (g.estimates for g in gaps)
    ]
    assert most.value == max(i.value for i in joint)
    assert most.low == max(i.low for i in joint)
    assert most.high == max(i.high for i in joint)
    assert most.high < 0


def test_where_most_days_are_unknown_one_may_have_led_on_one_of_them(facts: Facts) -> None:
    (most,) = ask(facts, "ever", "2025-01-01/2025-12-31").estimates
    assert math.isinf(most.high)
    assert most.low < 0


def test_shares_of_tokens_are_told_in_percentage_points(facts: Facts) -> None:
    sides: dict[str, Any] = {"a": "open=closed", "b": "open=open"}
    answer = ask(facts, "window_mean", "2025-07-01/2025-12-31", series="tokens", **sides)
    (one,) = answer.estimates
    assert (one.unit, one.level, one.n) == ("pp", 1.0, 6)
    assert -100 < one.low <= one.value <= one.high < 0
