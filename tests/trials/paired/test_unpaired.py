"""Differences of unrelated samples: known answers, agreement, coverage."""

import math

import numpy as np
import pytest
from scipy import stats as sp
from tests.simulations import lengths

from headtohead.stats.intervals import proportion_difference
from headtohead.trials.paired.differences import judge, unpaired_difference


def _yes(successes: int, n: int) -> list[int]:
    return [1] * successes + [0] * (n - successes)


def test_yes_no_reproduces_newcombe() -> None:
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10: 56/70 - 48/80.
    found = unpaired_difference(_yes(48, 80), _yes(56, 70))
    assert found.method == "newcombe-hybrid"
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (0.0524, 0.3339)


def test_graded_agrees_with_welch() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 12), rng.normal(0.5, 3, 20)
    found = unpaired_difference(a, b)
    known = sp.ttest_ind(b, a, equal_var=False)
    ends = known.confidence_interval(0.95)
    assert found.method == "welch-t"
    assert (found.interval.low, found.interval.high) == pytest.approx((ends.low, ends.high))
    assert judge(found, 0).p_equal == pytest.approx(known.pvalue)
    assert (found.se / found.naive_se) ** 2 == pytest.approx(1)


def test_p_values_agree_with_the_interval() -> None:
    codes = np.repeat(np.arange(10), 4)
    for found in (
        unpaired_difference(_yes(20, 40), _yes(30, 40)),
        unpaired_difference(_yes(20, 40), _yes(30, 40), clusters_a=codes, clusters_b=codes),
    ):
        low, high = found.interval.low, found.interval.high
        assert found.test.p_above(low) == pytest.approx(0.025, abs=1e-5)
        assert found.test.p_below(high) == pytest.approx(0.025, abs=1e-5)
        assert found.test.p_above(high) > 0.97
        assert found.test.p_above(found.value) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("p", [0.03, 0.5, 0.97])
def test_yes_no_covers_at_twenty(p: float) -> None:
    rng = np.random.default_rng(2)
    draws = rng.binomial(20, p, (4000, 2))
    kinds, counts = np.unique(draws, axis=0, return_counts=True)
    missed = 0
    for (x, y), count in zip(kinds.tolist(), counts.tolist(), strict=True):
        found = proportion_difference(y, 20, x, 20)
        missed += count * (not found.low <= 0 <= found.high)
    assert missed / 4000 < 0.06


@pytest.mark.parametrize("p", [0.5, 0.97])
@pytest.mark.parametrize("rounds", lengths(60, 150))
def test_clustered_covers(p: float, rounds: int) -> None:
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(12), 6)
    missed = 0
    for _ in range(rounds):
        sides = []
        for _ in "ab":
            own = rng.beta(2 * p, 2 * (1 - p), 12)
            sides.append((rng.random(72) < own[codes]).astype(float))
        found = unpaired_difference(*sides, clusters_a=codes, clusters_b=codes).interval
        missed += not found.low <= 0 <= found.high
    assert missed <= sp.binom.isf(0.001, rounds, 0.05)


def test_degenerate_sides_stay_honest() -> None:
    same = unpaired_difference([1] * 24, [1] * 24, clusters_a=[0, 1] * 12, clusters_b=[0, 1] * 12)
    assert same.method == "welch-t-and-wilson"
    assert same.interval.low < -0.5
    assert unpaired_difference([2.0], [3.0]).interval.high == math.inf
