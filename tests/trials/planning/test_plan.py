"""Sample sizes: from assumptions or from a pilot, with power, least margin and cost."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples
from tests.trials.comparing.made_sides import of_calls, side, yes_no

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.trials.comparing.pairing import pair
from headtohead.trials.planning.plan import from_pilot, plan
from headtohead.trials.power import Assumed
from headtohead.trials.words import Kind

KINDS = [
    Assumed(kind="binary", margin=0.05, spread=0.2),
    Assumed(kind="graded", margin=0.1, spread=1.0),
    Assumed(kind="preference", margin=0.1, spread=0.4),
]


@pytest.mark.parametrize("assumed", KINDS, ids=lambda a: a.kind)
def test_the_size_has_the_power_asked_for_and_no_more_items_than_it_takes(
    assumed: Assumed,
) -> None:
    made = plan(assumed)
    assert made.plan.power >= assumed.power
    assert made.curve[made.plan.pairs_n] == pytest.approx(made.plan.power)
    powers = list(made.curve.values())
    assert powers == sorted(powers)
    assert powers[0] < assumed.power < powers[-1]
    assert made.plan.calls_n == made.plan.items_n * assumed.repeats


def test_the_usual_formula_is_near() -> None:
    """Connor's n = (z_a + z_b)^2 discordance / margin^2 (10.2307/2531424) for equal runs."""
    made = plan(Assumed(kind="binary", margin=0.05, spread=0.2))
    formula = (1.959964 + 0.841621) ** 2 * 0.2 / 0.05**2
    assert made.plan.items_n == pytest.approx(formula, rel=0.05)


@pytest.mark.parametrize("assumed", KINDS, ids=lambda a: a.kind)
def test_what_makes_it_harder_takes_more_items(assumed: Assumed) -> None:
    base = assumed.size().items_n
    closer = replace(assumed, difference=-assumed.margin / 2)
    looser = assumed.spread / 2 if assumed.kind == "preference" else assumed.spread * 1.5
    for harder in (
        closer,
        replace(assumed, margin=assumed.margin / 2),
        replace(assumed, power=0.95),
        replace(assumed, level=0.99),
        replace(assumed, spread=looser),
    ):
        assert harder.size().items_n > base, harder


def test_tries_save_items_as_far_as_they_are_not_alike() -> None:
    once = KINDS[1].size().items_n
    four, alike, same = (
        replace(KINDS[1], repeats=4, icc=icc).size().items_n for icc in (0.0, 0.5, 1.0)
    )
    assert four < alike < same
    assert four == pytest.approx(once / 4, rel=0.03)
    assert same == once


@pytest.mark.parametrize("assumed", KINDS, ids=lambda a: a.kind)
def test_the_least_margin_of_as_many_items_as_planned_is_the_margin(assumed: Assumed) -> None:
    assumed = replace(assumed, margin=2 * assumed.margin)
    items = assumed.size().items_n
    found = plan(assumed, items=items).least_margin
    assert found is not None
    assert found == pytest.approx(assumed.margin, rel=0.03)
    assert assumed.least_margin(items // 2) > assumed.margin


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"margin": 5.0}, "`margin` is 5.0"),
        ({"spread": 1.2}, "`discordance` is 1.2"),
        ({"difference": -0.05}, "allow no plan"),
        ({"difference": 0.5}, "allow no plan"),
    ],
)
def test_assumptions_that_allow_no_plan_are_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        plan(replace(KINDS[0], **changes))


def test_votes_that_are_no_ties_are_items_that_differ() -> None:
    assert plan(KINDS[2]).plan == Assumed(kind="binary", margin=0.1, spread=0.6).size()
    with pytest.raises(InputError, match="`ties` is 1"):
        plan(replace(KINDS[2], spread=1))


def test_one_item_shows_nothing() -> None:
    with pytest.raises(InputError, match="1 items show nothing"):
        plan(KINDS[0], items=1)


def test_cost_is_that_of_all_calls() -> None:
    made = plan(replace(KINDS[0], repeats=3), usd_per_call={"a": 0.01, "b": 0.001})
    assert made.usd["a"] == pytest.approx(made.plan.calls_n * 0.01)
    assert made.usd["both"] == pytest.approx(made.usd["a"] + made.usd["b"])
    assert "both" not in plan(KINDS[0], usd_per_call={"a": 0.01}).usd
    three = plan(KINDS[0], usd_per_call={"a": 0.01, "b": 0.02, "c": 0.03}).usd
    assert three["all 3"] == pytest.approx(three["a"] + three["b"] + three["c"])


def test_a_pilot_gives_a_careful_figure_and_the_one_seen() -> None:
    kind, guess, icc = from_pilot(pair(*yes_no(60, 10, 8, 22)))
    assert (kind, guess.value, guess.n, icc) == ("binary", 0.18, 100, 0.0)
    assert 0.18 < guess.careful < 0.3
    made = plan(Assumed(kind=kind, margin=0.05, spread=guess.careful), guess=guess)
    assert made.as_seen is not None
    assert made.as_seen.items_n < made.plan.items_n
    surer = from_pilot(pair(*yes_no(60, 10, 8, 22)), confidence=0.95)[1]
    assert surer.careful > guess.careful


def test_a_pilot_with_tries_or_grades_is_graded() -> None:
    def run(name: str, shift: int) -> object:
        return of_calls(
            name,
            [
                Call(key=f"q{i}", epoch=e, score=float((i * 7 + e * shift) % 3 == 0))
                for i in range(30)
                for e in (1, 2)
            ],
        )

    kind, guess, icc = from_pilot(pair(run("a", 1), run("b", 2)))  # type: ignore[arg-type]
    assert kind == "graded"
    assert guess.careful > guess.value > 0
    assert 0 <= icc <= 1
    graded = pair(side("a", [0.1, 0.5, 0.9, 0.4]), side("b", [0.2, 0.3, 0.9, 0.1]))
    assert from_pilot(graded)[0] == "graded"


def test_a_pilot_of_one_item_says_nothing() -> None:
    with pytest.raises(InputError, match="too small or too even"):
        from_pilot(pair(side("a", [0.5]), side("b", [0.7])))


@settings(max_examples=examples(20) // 2)
@given(st.floats(0.1, 0.3), st.floats(0.05, 0.6), st.sampled_from(["binary", "preference"]))
def test_one_item_fewer_would_often_not_do(margin: float, share: float, kind: Kind) -> None:
    spread = share if kind == "binary" else 1 - share
    made = plan(Assumed(kind=kind, margin=margin, spread=spread))
    half = max(2, made.plan.pairs_n // 2)
    assert made.assumed.power_with(made.plan.pairs_n) >= 0.8
    if made.plan.pairs_n > 20:
        assert made.assumed.power_with(half) < 0.8
