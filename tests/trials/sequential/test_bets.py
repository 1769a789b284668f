"""Wealth: by hand, by brute force, on average, and in its order."""

import itertools
import math

import numpy as np
import pytest
from benchmarks.sequential_whole import log_wealth, predicted_variance
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples

from headtohead.stats.inputs import FloatArray
from headtohead.trials.sequential import (
    SequentialPlan,
    distances,
    final_log_wealth,
    log_weights,
    stake,
    straight_stakes,
    variance_after,
)

_SCORES = st.lists(st.floats(-1, 1), min_size=1, max_size=40).map(np.array)
_MEANS = st.floats(-0.95, 0.95)


def _by_hand(xs: list[float], m: float, plan: SequentialPlan) -> list[float]:
    """The same wealth from its description, in plain numbers, one observation at a time."""
    steps = range(-6, 7)
    shares = [0.25 ** abs(k) for k in steps]
    purses = [share / sum(shares) for share in shares]
    wealth = []
    for i, x in enumerate(xs):
        past = xs[:i]
        mean = sum(past) / i if i else 0.0
        missed = sum((p - mean) ** 2 for p in past)
        variance = (plan.trust * plan.variance + missed) / (plan.trust + i)
        for j, k in enumerate(steps):
            d = plan.distance * math.sqrt(2) ** k
            straight = d / (variance + d * d)
            bet = 1 / math.hypot(1 / straight, (plan.bound + m) / 0.95)
            purses[j] *= 1 + bet * (x - m)
        wealth.append(sum(purses))
    return wealth


def test_a_first_win_by_hand() -> None:
    # One gambler who believes in 0.05 above -0.05 where the variance is 0.1: the plain stake is
    # 0.05 / (0.1 + 0.0025) = 0.487805; bent, 0.487805 / sqrt(1 + 0.487805^2) = 0.438424.
    plan = SequentialPlan(0.05)
    assert distances(plan)[6] == 0.05
    bet = stake(0.05, np.array(0.1), 0.95)
    assert bet == pytest.approx(0.438424, abs=1e-6)
    # A win multiplies by 1 + 0.438424 * 1.05, a tie by 1 + 0.438424 * 0.05.
    assert 1 + bet * 1.05 == pytest.approx(1.460345, abs=1e-6)
    assert 1 + bet * 0.05 == pytest.approx(1.021921, abs=1e-6)
    # The second bet knows of one win: no spread about its own mean, so 20 * 0.1 / 21.
    assert variance_after(1, 1.0, 1.0, plan) == pytest.approx(0.0952381, abs=1e-7)
    assert np.exp(log_weights()).sum() == pytest.approx(1)


@settings(max_examples=examples(60))
@given(_SCORES, _MEANS, st.floats(0.01, 0.5), st.floats(0.05, 1))
def test_agrees_with_plain_arithmetic(
    x: FloatArray, m: float, margin: float, spread: float
) -> None:
    plan = SequentialPlan(margin, spread=spread)
    expected = np.log(_by_hand(x.tolist(), m, plan))
    assert log_wealth(x, m, plan) == pytest.approx(expected, abs=1e-9)
    straight = straight_stakes(distances(plan)[:, None], predicted_variance(x, plan))
    final = final_log_wealth(x, straight, m, plan.bound, log_weights())
    assert final == pytest.approx(expected[-1], abs=1e-9)


@pytest.mark.parametrize("m", [-0.3, -0.05, 0.0, 0.2])
@pytest.mark.parametrize("ties", [0.0, 0.3, 0.75])
def test_wealth_is_a_fair_game_at_the_mean(m: float, ties: float) -> None:
    """Over all 729 sequences of six -1, 0, 1 the mean wealth is exactly 1, and less below."""
    plan = SequentialPlan(0.05)
    worlds = np.array(list(itertools.product([-1.0, 0.0, 1.0], repeat=6)))

    def average(mean: float) -> FloatArray:
        share = {-1.0: (1 - ties - mean) / 2, 0.0: ties, 1.0: (1 - ties + mean) / 2}
        weights = np.array([math.prod(share[x] for x in world) for world in worlds])
        found: FloatArray = np.exp(log_wealth(worlds, m, plan)).T @ weights
        return found

    if abs(m) <= 1 - ties:
        assert average(m) == pytest.approx(np.ones(6), abs=1e-12)
    if abs(m - 0.04) <= 1 - ties:
        assert np.all(np.diff(average(m - 0.04)) < 0)


@settings(max_examples=examples(60))
@given(_SCORES, st.floats(0.01, 0.5), st.floats(0.5, 4))
def test_wealth_falls_as_the_mean_doubted_rises(x: FloatArray, margin: float, bound: float) -> None:
    plan = SequentialPlan(margin * bound, bound=bound)
    means = np.linspace(-bound, bound, 41)
    wealth = np.array([log_wealth(bound * x, float(m), plan) for m in means])
    assert np.all(np.isfinite(wealth))
    assert np.all(np.diff(wealth, axis=0) <= 1e-9)


@settings(max_examples=examples(30))
@given(_SCORES, st.floats(0.1, 10))
def test_units_do_not_matter(x: FloatArray, unit: float) -> None:
    plan = SequentialPlan(0.05, spread=0.4)
    scaled = SequentialPlan(0.05 * unit, bound=unit, spread=0.4 * unit)
    expected = log_wealth(x, -0.05, plan)
    assert log_wealth(unit * x, -0.05 * unit, scaled) == pytest.approx(expected, abs=1e-8)


def test_bets_do_not_see_what_they_bet_on() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 30)
    changed = x.copy()
    changed[20:] = -changed[20:]
    plan = SequentialPlan(0.05)
    same = predicted_variance(x, plan) == predicted_variance(changed, plan)
    assert same[:21].all()
    assert not same[21:].all()


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"margin": 1.0}, "margin is 1"),
        ({"margin": math.nan}, "margin is nan"),
        ({"margin": 0.1, "level": 1.0}, "level is 1"),
        ({"margin": 0.1, "bound": 0.0}, "bound is 0"),
        ({"margin": 0.1, "bound": math.inf}, "bound is inf"),
        ({"margin": 0.1, "trust": 0.0}, "trust is 0"),
        ({"margin": 0.1, "spread": 2.0}, "spread is 2"),
        ({"margin": 0.1, "design": 1.0}, "design is 1"),
        ({"margin": 0.1, "design": -0.1}, "design lies on the margin"),
    ],
)
def test_refuses_a_plan_that_is_none(given_: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SequentialPlan(**given_)


def test_a_margin_of_zero_asks_for_better() -> None:
    plan = SequentialPlan(0.0, bound=2.0)
    assert (plan.planned, plan.distance) == (0.1, 0.1)
    assert plan.alpha == pytest.approx(0.025)
