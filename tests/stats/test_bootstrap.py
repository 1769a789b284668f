"""Bootstrap intervals: published data, coverage, and scipy's bootstrap beside them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import stats as sp
from tests.simulations import examples, lengths, slack

from headtohead.core.estimate import Interval
from headtohead.stats.bootstrap import (
    Weights,
    paired_difference,
    percentile_interval,
    ratio_of_ratios,
    ratio_of_sums,
)

# Efron and Tibshirani (1993), doi:10.1201/9780429246593, table 10.1: hormone in the blood of
# eight people under a placebo, an old and a new patch.
_PLACEBO = np.array([9243, 9671, 11792, 13357, 9055, 6290, 12412, 18806], dtype=float)
_OLD = np.array([17649, 12013, 19979, 21816, 13850, 9806, 17208, 29044], dtype=float)
_NEW = np.array([16449, 14614, 17274, 23798, 12560, 10157, 16570, 26325], dtype=float)
# Darwin's fifteen pairs of maize, cross minus self, eighths of an inch (Fisher 1935, s. 17).
_MAIZE = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)

_SAMPLE = st.lists(st.floats(0.01, 100), min_size=6, max_size=20)


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def mean_interval(
    values: ArrayLike, rng: np.random.Generator, rounds: int = 2000, level: float = 0.95
) -> Interval:
    """The mean of plain values: of B where A is 0."""
    return paired_difference(np.zeros(np.size(values)), values, rng, rounds, level)


# ---------------------------------------------------------------- published examples


def test_ratio_reproduces_the_patch_data() -> None:
    # Their estimate is -.0713 with a bootstrap standard error of .105 (section 10.3).
    found = ratio_of_sums(_NEW - _OLD, _OLD - _PLACEBO, _rng(), 20_000, 0.9, "classic")
    assert round(found.value, 4) == -0.0713
    # At this level Student's interval is 2 t se wide; the bootstrap's se lacks n/(n-1).
    t = float(sp.t.ppf(0.95, 7))
    assert found.width / (2 * t) * math.sqrt(7 / 8) == pytest.approx(0.105, abs=0.01)


def test_cost_ratio_reproduces_the_patch_data() -> None:
    # With one success each, the ratio of ratios is 1 + (new - old) / (old - placebo).
    ones = np.ones(8)
    found = ratio_of_ratios(
        _OLD - _PLACEBO, ones, _NEW - _PLACEBO, ones, _rng(), 20_000, 0.9, "classic"
    )
    plain = ratio_of_sums(_NEW - _OLD, _OLD - _PLACEBO, _rng(), 20_000, 0.9, "classic")
    assert round(found.value, 4) == 1 - 0.0713
    assert found.low == pytest.approx(1 + plain.low)
    assert found.high == pytest.approx(1 + plain.high)


def test_paired_difference_reproduces_darwin() -> None:
    # Fisher (1935): mean 20.93, Student's 95% interval 0.03 to 41.84.
    found = paired_difference(np.zeros(15), _MAIZE, _rng(), 20_000)
    assert round(found.value, 2) == 20.93
    assert found.width == pytest.approx(41.84 - 0.03, rel=0.05)
    few = mean_interval(_MAIZE, _rng(), 2000, 0.9999)  # Student's own interval takes over
    expected = sp.t.interval(0.9999, 14, _MAIZE.mean(), sp.sem(_MAIZE))
    assert (few.low, few.high) == pytest.approx(expected)


def test_bayesian_weights_reproduce_rubins_variance() -> None:
    # Rubin (1981), doi:10.1214/aos/1176345338: the posterior variance of a mean is the sum of
    # squares over n (n + 1).
    x = _rng(3).normal(10, 2, 200)
    found = ratio_of_sums(x, np.ones(200), _rng(), 20_000)
    sd = math.sqrt(float(((x - x.mean()) ** 2).sum()) / (200 * 201))
    assert found.width / (2 * 1.972) == pytest.approx(sd * math.sqrt(201 / 199), rel=0.02)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(60))
@given(_SAMPLE, st.floats(0.1, 50), st.integers(0, 99))
def test_mean_shifts_and_ratio_scales(sample: list[float], by: float, seed: int) -> None:
    x = np.array(sample)
    y = _rng(seed).uniform(1, 2, x.size)
    plain, moved = (mean_interval(v, _rng(seed), 300) for v in (x, x + by))
    ratio, scaled = (ratio_of_sums(v, y, _rng(seed), 300) for v in (x, x * by))
    for end in ("value", "low", "high"):
        assert getattr(moved, end) == pytest.approx(getattr(plain, end) + by)
        assert getattr(scaled, end) == pytest.approx(getattr(ratio, end) * by)
    assert min(sample) - 1e-9 <= plain.value <= max(sample) + 1e-9
    assert ratio.low >= 0


@settings(max_examples=examples(60))
@given(_SAMPLE, st.integers(0, 99))
def test_a_cheaper_b_is_a_smaller_ratio(sample: list[float], seed: int) -> None:
    cost, rng = np.array(sample), _rng(seed)
    a, b = rng.integers(0, 2, cost.size), rng.integers(0, 2, cost.size)
    a[0] = b[1] = 1
    full = ratio_of_ratios(cost, a, cost, b, _rng(seed), 300)
    half = ratio_of_ratios(cost, a, cost / 2, b, _rng(seed), 300)
    assert half.value == pytest.approx(full.value / 2)
    assert half.low == pytest.approx(full.low / 2)
    assert half.high == pytest.approx(full.high / 2)
    assert full.low <= full.value <= full.high


def test_same_seed_same_interval_and_blocks_do_not_matter() -> None:
    x = _rng(5).normal(size=3000)  # 2000 rounds of 3000 do not fit into one block
    found = mean_interval(x, _rng(7))
    assert mean_interval(x, _rng(7)) == found
    expected = sp.t.interval(0.95, 2999, x.mean(), sp.sem(x))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.004)


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize("n", [3, 8, 20])
@pytest.mark.parametrize("rounds", lengths(200, 1000))
def test_mean_covers(n: int, rounds: int) -> None:
    rng = _rng(11)
    found = [mean_interval(rng.normal(5, 2, n), rng, 400) for _ in range(rounds)]
    hits = np.mean([f.low <= 5 <= f.high for f in found])
    assert hits == pytest.approx(0.95, abs=slack(0.95, rounds, 3))


@pytest.mark.parametrize(("n", "weights"), [(4, "bayesian"), (25, "bayesian"), (25, "classic")])
@pytest.mark.parametrize("rounds", lengths(200, 600))
def test_ratio_of_sums_covers(n: int, weights: Weights, rounds: int) -> None:
    rng = _rng(13)
    hits = 0
    for _ in range(rounds):
        bottom = rng.uniform(20, 90, n)
        top = bottom * rng.normal(0.8, 0.15, n)
        found = ratio_of_sums(top, bottom, rng, 400, weights=weights)
        hits += found.low <= 0.8 <= found.high
    assert hits / rounds == pytest.approx(0.95, abs=slack(0.95, rounds, 3.4))


@pytest.mark.parametrize("rounds", lengths(200, 500))
def test_cost_per_success_ratio_covers(rounds: int) -> None:
    rng = _rng(14)
    truth = (2 / 0.5) / (1 / 0.7)
    hits = 0
    for _ in range(rounds):
        hard = rng.lognormal(-0.125, 0.5, 60)  # mean 1, shared by both sides
        cost_a, cost_b = hard, 2 * hard * rng.lognormal(-0.045, 0.3, 60)
        a, b = rng.random(60) < 0.7, rng.random(60) < 0.5
        found = ratio_of_ratios(cost_a, a, cost_b, b, rng, 400)
        hits += found.low <= truth <= found.high
    assert hits / rounds == pytest.approx(0.945, abs=slack(0.945, rounds, 3))


# ---------------------------------------------------------------- second implementation


def _expanded(n: int, level: float, shrink: float) -> float:
    """Two-sided level of plain percentiles that matches Student's width."""
    return float(2 * sp.norm.cdf(sp.t.ppf(0.5 + level / 2, n - 1) / math.sqrt(shrink)) - 1)


def test_mean_agrees_with_scipy() -> None:
    x = _rng(21).gamma(2, 3, 30)
    mine = mean_interval(x, _rng(), 20_000)
    theirs = sp.bootstrap(
        (x,),
        np.mean,
        n_resamples=20_000,
        method="percentile",
        confidence_level=_expanded(30, 0.95, 29 / 30),
        rng=_rng(2),
    ).confidence_interval
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), rel=0.02)


def test_ratios_agree_with_scipy() -> None:
    rng = _rng(22)
    cost_a, cost_b = rng.lognormal(0, 0.6, (2, 40))
    a, b = (rng.random((2, 40)) < [[0.8], [0.6]]).astype(float)
    level = _expanded(40, 0.95, 39 / 40)

    def two(top: np.ndarray, bottom: np.ndarray, axis: int) -> np.ndarray:
        out: np.ndarray = top.sum(axis=axis) / bottom.sum(axis=axis)
        return out

    def four(
        ca: np.ndarray, sa: np.ndarray, cb: np.ndarray, sb: np.ndarray, axis: int
    ) -> np.ndarray:
        out: np.ndarray = two(cb, sb, axis) / two(ca, sa, axis)
        return out

    for data, statistic, mine in (
        ((cost_b, b), two, ratio_of_sums(cost_b, b, _rng(), 20_000, weights="classic")),
        (
            (cost_a, a, cost_b, b),
            four,
            ratio_of_ratios(cost_a, a, cost_b, b, _rng(), 20_000, weights="classic"),
        ),
    ):
        theirs = sp.bootstrap(
            data,
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=20_000,
            method="percentile",
            confidence_level=level,
            rng=_rng(2),
        ).confidence_interval
        assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), rel=0.03)


# ---------------------------------------------------------------- degenerate input


def test_one_unit_or_no_variation_says_nothing() -> None:
    for values in ([3.0], [3.0] * 50):
        found = mean_interval(values, _rng())
        assert (found.value, found.low, found.high) == (3, -math.inf, math.inf)
    for top, bottom in (([6.0], [3.0]), ([6.0, 2.0, 4.0], [3.0, 1.0, 2.0])):
        found = ratio_of_sums(top, bottom, _rng())
        assert (found.value, found.low, found.high) == (2, 0, math.inf)


def test_two_units_give_students_wide_interval() -> None:
    found = mean_interval([1.0, 3.0], _rng())
    assert (found.low, found.high) == pytest.approx(sp.t.interval(0.95, 1, 2, 1))
    ratio = ratio_of_sums([1.0, 3.0], [1.0, 1.0], _rng())
    assert 0 < ratio.low < 0.01
    assert ratio.high > 100


def test_no_success_has_no_upper_end() -> None:
    none = ratio_of_sums([1.0, 2.0, 3.0], [0, 0, 0], _rng())
    assert (none.value, none.low, none.high) == (math.inf, 0, math.inf)
    ten, zero, some = np.ones(10), np.zeros(10), np.arange(10.0)
    b_fails = ratio_of_ratios(ten, some, ten, zero, _rng())
    assert (b_fails.value, b_fails.low, b_fails.high) == (math.inf, 0, math.inf)
    a_fails = ratio_of_ratios(ten, zero, ten, some, _rng())
    assert (a_fails.value, a_fails.low, a_fails.high) == (0, 0, math.inf)
    free = ratio_of_ratios(ten, some, zero, some, _rng())
    assert (free.value, free.high) == (0, math.inf)


def test_one_success_in_many_stays_open_above() -> None:
    success = np.zeros(20)
    success[3] = 1
    found = ratio_of_sums(np.linspace(1, 2, 20), success, _rng(), weights="classic")
    assert found.value == pytest.approx(30)
    assert 0 < found.low < 30
    assert found.high == math.inf


def test_undefined_draws_count_against_both_ends() -> None:
    draws = np.concatenate([np.full(10, math.nan), np.ones(90)])
    found = percentile_interval(1.0, draws, 0.05, 0.0)
    assert (found.low, found.high) == (0, math.inf)


def test_refuses_what_has_no_ratio() -> None:
    with pytest.raises(ValueError, match="denominator has a negative"):
        ratio_of_sums([1, 2], [1, -1], _rng())
    with pytest.raises(ValueError, match="all 0"):
        ratio_of_sums([0, 0], [0, 0], _rng())
    with pytest.raises(ValueError, match="A costs nothing"):
        ratio_of_ratios([0], [1], [1], [1], _rng())
    with pytest.raises(ValueError, match="neither side"):
        ratio_of_ratios([1], [0], [1], [0], _rng())
    with pytest.raises(ValueError, match="lengths differ"):
        paired_difference([1, 2], [1], _rng())
    with pytest.raises(ValueError, match="rounds is 50"):
        mean_interval([1, 2, 3], _rng(), 50)
    with pytest.raises(ValueError, match="bayesian"):
        ratio_of_sums([1, 2, 3], [1, 1, 1], _rng(), weights="jackknife")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        mean_interval([], _rng())
