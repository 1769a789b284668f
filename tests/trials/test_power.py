"""Sample sizes: published ones, exact powers by brute force, simulation."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples

from headtohead.trials.paired.differences import verdict
from headtohead.trials.paired.pairs import PairsTest
from headtohead.trials.power import (
    Assumed,
    SampleSize,
    discordance_from_pilot,
    items_for_pairs,
    likeness_from_pilot,
    sd_from_pilot,
)
from headtohead.trials.words import Kind


def _assumed(kind: Kind, margin: float, spread: float, **more: Any) -> Assumed:
    """`true_difference` and `alpha` are the words of the papers."""
    named = {"difference": more.pop("true_difference", 0.0)}
    named["level"] = 1 - 2 * more.pop("alpha", 0.025)
    return Assumed(kind=kind, margin=margin, spread=spread, **named, **more)


def plan_binary(margin: float, discordance: float, **more: Any) -> SampleSize:
    return _assumed("binary", margin, discordance, **more).size()


def plan_graded(margin: float, sd: float, **more: Any) -> SampleSize:
    return _assumed("graded", margin, sd, **more).size()


def binary_power(n: int, margin: float, discordance: float, **more: Any) -> float:
    return _assumed("binary", margin, discordance, **more).power_with(n)


def graded_power(n: int, margin: float, sd: float, **more: Any) -> float:
    return _assumed("graded", margin, sd, **more).power_with(n)


def _fewest_won(n: int, margin: float, most_lost: int) -> list[int]:
    """The fewest pairs won with which `compare` says yes, for 0 to `most_lost` that are lost.

    With more won among as many lost a yes stays one, and no fewer do where more are lost:
    `test_limits_rise_with_wins_and_fall_with_losses`.
    """
    fewest, won = [], 0
    for lost in range(most_lost + 1):
        while won + lost <= n and verdict(PairsTest(won, lost, n).interval(0.95), margin) != "yes":
            won += 1
        fewest.append(won)
    return fewest


# ---------------------------------------------------------------- published examples


def test_superiority_reproduces_connors_formula() -> None:
    # Connor (1987), p. 209, discordant shares .45 and .05, 5% two-sided, power 80%: 23 pairs.
    assert plan_binary(0, 0.5, true_difference=0.4).formula_n == 23


def test_equivalence_reproduces_tango() -> None:
    # Tango (1998), equation 30: 25 pairs without a discordant one at 10% and a one-sided 5%. That
    # errs 7% of the time, as .9^25 is; the exact limit wants 29, as .9^29 is under 5%.
    found = plan_binary(0.1, 0, alpha=0.05)
    assert (found.formula_n, found.pairs_n) == (25, 29)


def test_graded_reproduces_the_t_test() -> None:
    # Cohen (1988), Statistical Power Analysis, s. 2.3: d = .5, one sample, 5% two-sided, power
    # 80%: 34 pairs (32 by the normal formula).
    found = plan_graded(0.5, 1)
    assert (found.formula_n, found.pairs_n) == (32, 34)


def test_design_effect_reproduces_kish() -> None:
    # Kish (1965): 1 + (k - 1) icc; ten tries with .1 are worth 10 / 1.9 pairs.
    assert items_for_pairs(1000, 10, 0.1) == 190
    assert items_for_pairs(1000, 8, 0) == 125
    assert items_for_pairs(1000, 8, 1) == 1000


# ---------------------------------------------------------------- second implementations


@pytest.mark.parametrize(
    ("n", "margin", "discordance", "true"),
    [(15, 0.3, 0.3, 0.0), (25, 0.2, 0.1, 0.05), (20, 0.0, 0.6, 0.4), (12, 0.3, 0.0, 0.0)],
)
def test_power_agrees_with_every_outcome(
    n: int, margin: float, discordance: float, true: float
) -> None:
    b, a = (discordance + true) / 2, (discordance - true) / 2
    total = 0.0
    for lost, fewest in enumerate(_fewest_won(n, margin, n)):
        for won in range(fewest, n + 1 - lost):
            total += sp.multinomial.pmf([won, lost, n - won - lost], n, [b, a, 1 - b - a])
    found = binary_power(n, margin, discordance, true_difference=true)
    assert found == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("discordance", [0.0, 0.05, 0.2, 0.6])
def test_plans_agree_with_nams_formula(discordance: float) -> None:
    found = plan_binary(0.08, discordance, power=0.9, alpha=0.05)
    # Nam (1997): variance under the null by the restricted likelihood, for equally good models.
    linear = discordance + 2 * 0.08
    only_a = (linear + math.sqrt(linear**2 - 4 * discordance * 0.08 * 1.08)) / 4
    null = 2 * only_a - 0.08 * 1.08
    reach = sp.norm.ppf(0.95) * math.sqrt(null) + sp.norm.ppf(0.9) * math.sqrt(discordance)
    assert found.formula_n == max(1, math.ceil((reach / 0.08) ** 2))
    assert found.pairs_n >= found.formula_n
    assert found.power >= 0.9


@settings(max_examples=examples(40))
@given(st.integers(2, 300), st.floats(0, 3), st.floats(0.001, 0.2))
@example(206, 2.5, 0.017578125)  # a tail that scipy has no number for
def test_graded_power_agrees_with_scipy(n: int, margin: float, alpha: float) -> None:
    known = sp.nct.sf(sp.t.ppf(1 - alpha, n - 1), n - 1, margin * math.sqrt(n))
    if np.isfinite(known):
        assert graded_power(n, margin, 1, alpha=alpha) == pytest.approx(known, abs=1e-3)


def test_enumeration_meets_the_normal_approximation() -> None:
    exact = binary_power(20_000, 0.01, 0.2)
    assert binary_power(20_001, 0.01, 0.2) == pytest.approx(exact, abs=0.004)


# ---------------------------------------------------------------- simulation


@pytest.mark.parametrize(
    ("margin", "discordance", "true"), [(0.1, 0.2, 0.0), (0.1, 0.03, 0.0), (0.1, 0.25, 0.03)]
)
def test_the_planned_pairs_have_the_power(margin: float, discordance: float, true: float) -> None:
    plan = plan_binary(margin, discordance, true_difference=true)
    b, a = (discordance + true) / 2, (discordance - true) / 2
    tables = np.random.default_rng(1).multinomial(plan.pairs_n, [b, a, 1 - b - a], 4000)
    fewest = np.array(_fewest_won(plan.pairs_n, margin, int(tables[:, 1].max())))
    yes = tables[:, 0] >= fewest[tables[:, 1]]
    assert yes.mean() == pytest.approx(plan.power, abs=0.025)
    assert plan.power >= 0.8


@pytest.mark.parametrize("margin", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("n", [20, 60, 300])
def test_type_one_error_of_the_planned_decision(margin: float, n: int) -> None:
    for extra in (0.0, 0.05, 0.2, 0.4):
        error = binary_power(n, margin, margin + extra, true_difference=-margin)
        assert error < 0.026


def test_graded_plan_has_its_power() -> None:
    plan = plan_graded(0.05, 0.3)
    draws = np.random.default_rng(2).normal(0, 0.3, (4000, plan.pairs_n))
    error = draws.std(axis=1, ddof=1) / math.sqrt(plan.pairs_n)
    bound = sp.t.ppf(0.975, plan.pairs_n - 1)
    assert np.mean(draws.mean(axis=1) - bound * error > -0.05) == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize("n", [10, 40])
def test_pilot_bounds_hold_as_often_as_they_say(n: int) -> None:
    rng = np.random.default_rng(3)
    sd = [sd_from_pilot(rng.normal(size=n)).careful > 1 for _ in range(1000)]
    assert np.mean(sd) == pytest.approx(0.8, abs=0.05)
    counts = rng.binomial(n, 0.25, 1000).tolist()
    shares = [discordance_from_pilot(k, 0, n).careful > 0.25 for k in counts]
    assert np.mean(shares) > 0.7


def test_likeness_is_recovered() -> None:
    rng = np.random.default_rng(4)
    items = np.repeat(np.arange(300), 4)
    values = rng.normal(size=300)[items] * 0.6**0.5 + rng.normal(size=1200) * 0.4**0.5
    assert likeness_from_pilot(values, items) == pytest.approx(0.6, abs=0.07)
    assert likeness_from_pilot([0.0, 1.0], ["a", "b"]) == 1


# ---------------------------------------------------------------- properties


@pytest.mark.parametrize(
    ("margin", "discordance", "true"),
    [(0.1, 0.1, 0.0), (0.05, 0.05, 0.0), (0.1, 0.03, 0.0), (0.2, 1.0, 0.0), (0.0, 0.9, 0.4)],
)
def test_a_planned_power_holds_with_more_pairs(
    margin: float, discordance: float, true: float
) -> None:
    plan = plan_binary(margin, discordance, true_difference=true)
    more = range(plan.pairs_n, plan.pairs_n + 40)
    assert min(binary_power(n, margin, discordance, true_difference=true) for n in more) >= 0.8
    if plan.pairs_n > plan.formula_n:
        assert binary_power(plan.pairs_n - 1, margin, discordance, true_difference=true) < 0.8


@settings(max_examples=examples(40))
@given(st.floats(0.01, 0.5), st.floats(0, 1), st.floats(0.5, 0.99), st.floats(0.001, 0.2))
def test_more_demands_need_more_pairs(margin: float, d: float, power: float, alpha: float) -> None:
    def pairs(margin: float, d: float, power: float, alpha: float) -> int:
        return _assumed("binary", margin, d, power=power, alpha=alpha).formula()

    n = pairs(margin, d, power, alpha)
    assert pairs(margin / 2, d, power, alpha) >= n
    assert pairs(margin, min(1, d + 0.1), power, alpha) >= n
    assert pairs(margin, d, min(0.999, power + 0.005), alpha) >= n
    assert pairs(margin, d, power, alpha / 2) >= n


@settings(max_examples=examples(30) // 2)
@given(st.floats(0.05, 0.4), st.floats(0, 0.6), st.floats(0.5, 0.95), st.integers(1, 10))
def test_plans_keep_their_word(margin: float, share: float, power: float, repeats: int) -> None:
    plan = plan_binary(margin, share, power=power, repeats=repeats, icc=0.3)
    assert plan.power >= power
    assert plan.calls_n == plan.items_n * plan.repeats
    assert plan.items_n <= max(plan.pairs_n, math.ceil(3.85 / margin))
    better = _assumed("binary", margin, share, power=power, true_difference=min(share, 0.02))
    assert better.formula() <= plan.formula_n


def test_least_margin_is_where_the_power_is_reached() -> None:
    found = _assumed("binary", 0, 0.15).least_margin(200)
    assert binary_power(200, found, 0.15) >= 0.8
    assert binary_power(200, found - 0.003, 0.15) < 0.8
    graded = _assumed("graded", 0, 0.4).least_margin(100)
    assert graded_power(100, graded, 0.4) == pytest.approx(0.8, abs=1e-4)


def test_few_items_with_many_tries_are_not_enough() -> None:
    plan = plan_binary(0.05, 0.1, repeats=50)
    assert plan.items_n >= 73


def test_refuses_what_no_sample_shows() -> None:
    with pytest.raises(ValueError, match="no sample shows"):
        plan_binary(0.05, 0.2, true_difference=-0.05)
    with pytest.raises(ValueError, match="needs at least"):
        plan_binary(0.05, 0.1, true_difference=0.2)
    with pytest.raises(ValueError, match="`margin` is 1"):
        plan_binary(1, 0.1)
    with pytest.raises(ValueError, match="`discordance` is 2"):
        plan_binary(0.1, 2)
    with pytest.raises(ValueError, match=r"alpha is 0\.5"):
        plan_graded(0.1, 1, alpha=0.5)
    with pytest.raises(ValueError, match="`sd` is 0"):
        plan_graded(0.1, 0)
    with pytest.raises(ValueError, match="`icc` is 2"):
        items_for_pairs(10, 2, 2)
    with pytest.raises(ValueError, match="all differences"):
        sd_from_pilot([1, 1])
    with pytest.raises(ValueError, match=r"confidence is 0\.5"):
        discordance_from_pilot(1, 1, 10, 0.5)
