"""Cost per success and medians: sums of clusters, agreement, coverage."""

import math

import numpy as np
import pytest
from scipy import stats as sp
from tests.simulations import lengths

from headtohead.stats.bootstrap import ratio_of_ratios
from headtohead.trials.paired.costs import cost_per_success_ratio, median_ratio


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_clusters_are_added_up_first() -> None:
    rng = _rng()
    costs, wins = rng.lognormal(size=(2, 60)), rng.integers(0, 2, (2, 60))
    codes = np.repeat(np.arange(20), 3)
    found = cost_per_success_ratio(costs[0], wins[0], costs[1], wins[1], _rng(7), clusters=codes)
    ca, sa, cb, sb = (
        part.reshape(20, 3).sum(axis=1) for part in (costs[0], wins[0], costs[1], wins[1])
    )
    assert found == ratio_of_ratios(ca, sa, cb, sb, _rng(7))
    assert found.value == pytest.approx(
        costs[1].sum() / wins[1].sum() / (costs[0].sum() / wins[0].sum())
    )


@pytest.mark.parametrize(("n", "solved"), [(20, 0.5), (100, 0.8), (500, 0.3)])
@pytest.mark.parametrize("rounds", lengths(70, 200))
def test_cost_ratio_covers(n: int, solved: float, rounds: int) -> None:
    rng = _rng(2)
    missed = 0
    for _ in range(rounds):
        hard = rng.normal(size=n)
        chance = 1 / (1 + np.exp(hard - math.log(solved / (1 - solved))))
        a, b = rng.random((2, n)) < chance
        cost_a, cost_b = (np.exp(0.5 * hard + rng.normal(0, 0.8, n)) for _ in "ab")
        found = cost_per_success_ratio(cost_a, a, 0.5 * cost_b, b, rng, rounds=500)
        missed += not found.low <= 0.5 <= found.high
    assert missed <= sp.binom.isf(0.001, rounds, 0.05)


@pytest.mark.parametrize("n", [8, 20, 101])
@pytest.mark.parametrize("rounds", lengths(60, 150))
def test_medians_cover(n: int, rounds: int) -> None:
    rng = _rng(3)
    codes = np.arange(n)
    missed = 0
    for _ in range(rounds):
        shared = rng.normal(size=n)
        a, b = (np.exp(shared + rng.normal(0, 0.5, n)) for _ in "ab")
        ratio = median_ratio(a, 2 * b, rng, clusters=codes, rounds=400)
        missed += not ratio.low <= 2 <= ratio.high
    assert missed <= sp.binom.isf(0.001, rounds, 0.05)


def test_medians_agree_with_a_plain_bootstrap() -> None:
    rng = _rng(4)
    a, b = rng.lognormal(0, 1, (2, 200))
    rows = rng.integers(0, 200, (4000, 200))
    draws = np.median(b[rows], axis=1) / np.median(a[rows], axis=1)
    found = median_ratio(a, b, _rng(5), rounds=4000)
    assert found.value == np.median(b) / np.median(a)
    assert np.log([found.low, found.high]) == pytest.approx(
        np.log(np.quantile(draws, [0.025, 0.975])), abs=0.08
    )


def test_too_little_decides_nothing() -> None:
    found = median_ratio([1, 2, 3], [2, 4, 6], _rng())
    assert (found.value, found.low, found.high) == (2, 0, math.inf)
    with pytest.raises(ValueError, match="above 0"):
        median_ratio([0, 1], [1, 1], _rng())
    with pytest.raises(ValueError, match="cost_b has a negative"):
        cost_per_success_ratio([1], [1], [-1], [1], _rng())
