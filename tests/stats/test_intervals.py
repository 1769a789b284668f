"""Intervals for proportions, and for sums, differences and ratios of intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as sp
from tests.simulations import examples

from headtohead.core.estimate import Interval
from headtohead.stats.intervals import (
    difference,
    jointly,
    proportion_difference,
    ratio,
    wilson,
)

_Z = 1.959963984540054
_SIDE = st.floats(0.001, 50)


@st.composite
def intervals(draw: st.DrawFn, least: float = -100.0) -> Interval:
    value = draw(st.floats(least + 51, 100))
    return Interval(value, value - draw(_SIDE), value + draw(_SIDE))


# ---------------------------------------------------------------- published examples


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_reproduces_newcombe(successes: int, n: int, low: float, high: float) -> None:
    found = wilson(successes, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_proportion_difference_reproduces_newcombe(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = proportion_difference(*counts)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_ratio_and_difference_reproduce_fagerland() -> None:
    # Fagerland, Lydersen, Laake (2017), Statistical Analysis of Contingency Tables, ch. 4
    # (doi:10.1201/9781315374116): survival with high against standard dose of epinephrine,
    # 7 of 34 against 1 of 34 (Perondi et al. 2004).
    standard, high_dose = wilson(1, 34), wilson(7, 34)
    times = ratio(standard, high_dose)
    assert times.value == pytest.approx(7)
    assert (round(times.low, 4), round(times.high, 4)) == (1.1537, 41.9763)
    more = difference(standard, high_dose)
    assert (round(more.low, 4), round(more.high, 4)) == (0.0189, 0.3404)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(200))
@given(st.integers(1, 5000), st.data())
def test_wilson_properties(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    found, mirrored = wilson(x, n), wilson(n - x, n)
    assert 0 <= found.low <= x / n <= found.high <= 1
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-12)
    assert wilson(x, n, 0.99).width > found.width


@settings(max_examples=examples(200))
@given(intervals(), intervals())
def test_difference_properties(a: Interval, b: Interval) -> None:
    found, back = difference(a, b), difference(b, a)
    assert found.low == pytest.approx(-back.high)
    assert found.width >= max(a.width, b.width) - 1e-9
    assert found.width <= a.width + b.width + 1e-9


@settings(max_examples=examples(200))
@given(intervals(least=0), intervals(least=0), st.floats(0.01, 100))
def test_ratio_scales_with_its_numerator(a: Interval, b: Interval, factor: float) -> None:
    found = ratio(a, b)
    larger = ratio(a, Interval(b.value * factor, b.low * factor, b.high * factor))
    assert larger.value == pytest.approx(found.value * factor)
    assert larger.low == pytest.approx(found.low * factor, rel=1e-6)
    assert larger.high == pytest.approx(found.high * factor, rel=1e-6)
    assert found.low <= b.value / a.value <= found.high


# ---------------------------------------------------------------- coverage


def test_wilson_covers() -> None:
    ps = np.linspace(0.02, 0.98, 193)
    for n in (10, 40):
        ends = [wilson(x, n) for x in range(n + 1)]
        low, high = (np.array([getattr(e, side) for e in ends]) for side in ("low", "high"))
        inside = (low <= ps[:, None]) & (ps[:, None] <= high)
        exact = (sp.binom.pmf(np.arange(n + 1), n, ps[:, None]) * inside).sum(axis=1)
        assert exact.mean() == pytest.approx(0.95, abs=0.01)
        assert exact.min() > 0.83  # the known dips near 0 and 1


def test_proportion_difference_covers() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(2000):
        p1, p2 = rng.uniform(0.05, 0.95, 2)
        x1, x2 = rng.binomial(40, p1), rng.binomial(25, p2)
        found = proportion_difference(int(x1), 40, int(x2), 25)
        hits += found.low <= p1 - p2 <= found.high
    assert hits / 2000 == pytest.approx(0.953, abs=0.015)


def test_difference_covers_skewed_estimates() -> None:
    rng = np.random.default_rng(2)
    hits, (most, least) = 0, sp.chi2.ppf([0.975, 0.025], 16)
    for _ in range(1500):
        # Exact, lopsided intervals: exponential means with chi-square limits.
        means, parts = rng.uniform(1, 3, 2), []
        for mean in means:
            s = rng.exponential(mean, 8).sum()
            parts.append(Interval(s / 8, 2 * s / most, 2 * s / least))
        found = difference(*parts)
        hits += found.low <= means[1] - means[0] <= found.high
    assert hits / 1500 == pytest.approx(0.95, abs=0.02)


def test_ratio_covers() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(10, 1.5, 3000), rng.normal(25, 4, 3000)
    hits = 0
    for x, y in zip(a, b, strict=True):
        found = ratio(Interval(x, x - _Z * 1.5, x + _Z * 1.5), Interval(y, y - _Z * 4, y + _Z * 4))
        hits += found.low <= 2.5 <= found.high
    assert hits / 3000 == pytest.approx(0.95, abs=0.012)


# ---------------------------------------------------------------- second implementations


@settings(max_examples=examples(100))
@given(st.integers(1, 400), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(n: int, data: st.DataObject, level: float) -> None:
    x = data.draw(st.integers(0, n))
    found = wilson(x, n, level)
    theirs = sp.binomtest(x, n).proportion_ci(level, method="wilson")
    assert found.low == pytest.approx(theirs.low, abs=1e-10)
    assert found.high == pytest.approx(theirs.high, abs=1e-10)


@settings(max_examples=examples(60))
@given(intervals(least=0), intervals(least=0))
def test_ratio_is_where_the_difference_touches_zero(a: Interval, b: Interval) -> None:
    """Fieller's argument: R is inside if 0 is inside the interval of B - R A."""
    found = ratio(a, b)

    def lower(r: float) -> float:
        return difference(Interval(r * a.value, r * a.low, r * a.high), b).high

    def upper(r: float) -> float:
        return difference(Interval(r * a.value, r * a.low, r * a.high), b).low

    top = optimize.brentq(lower, found.value, 1e9, xtol=1e-14, rtol=1e-14)
    bottom = optimize.brentq(upper, 0, found.value, xtol=1e-14, rtol=1e-14)
    assert found.high == pytest.approx(top, rel=1e-6)
    assert found.low == pytest.approx(bottom, rel=1e-6)


def test_symmetric_errors_add_in_squares() -> None:
    rng = np.random.default_rng(5)
    sd = rng.uniform(0.1, 5, 2)
    parts = [Interval(1, 1 - _Z * s, 1 + _Z * s) for s in sd]
    expected = sp.norm.interval(0.95, 0, math.hypot(sd[0], sd[1]))
    found = difference(parts[0], parts[1])
    assert (found.low, found.high) == pytest.approx(expected)


# ---------------------------------------------------------------- degenerate input


def test_an_interval_holds_its_value() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Interval(1, 2, 3)
    with pytest.raises(ValueError, match="does not hold"):
        Interval(math.nan, 0, 1)
    assert Interval(math.inf, 3, math.inf).width == math.inf


@pytest.mark.parametrize(("x", "n"), [(1, 0), (3, 2), (-1, 5), (1.5, 5)])
def test_wilson_refuses_impossible_counts(x: float, n: int) -> None:
    with pytest.raises(ValueError, match=r"in 2 trials|must be a whole number"):
        wilson(x, n)  # type: ignore[arg-type]


def test_ratio_is_open_where_the_reference_reaches_zero() -> None:
    b = Interval(4, 3, 5)
    assert ratio(Interval(2, -0.1, 4), b).high == math.inf
    assert ratio(Interval(2, 0, 4), b).high == math.inf
    assert ratio(Interval(2, 0, 4), b).low > 0
    assert ratio(Interval(2, 1, math.inf), b).low == 0
    assert ratio(Interval(2, 1, 4), Interval(4, 3, math.inf)).high == math.inf
    assert ratio(Interval(2, 1, 4), Interval(0, 0, 1)).value == 0


def test_ratio_is_smooth_where_the_reference_doubles() -> None:
    b = Interval(4, 3, 5)
    at, beside = ratio(Interval(2, 1, 4), b), ratio(Interval(2, 1, 4 + 1e-9), b)
    assert at.low == pytest.approx(beside.low)


def test_ratio_refuses_what_is_not_positive() -> None:
    b = Interval(4, 3, 5)
    with pytest.raises(ValueError, match="positive reference"):
        ratio(Interval(0, -1, 1), b)
    with pytest.raises(ValueError, match="quantities above 0"):
        ratio(b, Interval(1, -1, 2))


def test_unbounded_ends_stay_unbounded() -> None:
    open_end = Interval(2, 1, math.inf)
    assert difference(open_end, Interval(1, 0, 2)).low == -math.inf
    with pytest.raises(ValueError, match="infinite"):
        difference(Interval(math.inf, 0, math.inf), Interval(1, 0, 2))


def test_intervals_that_hold_together_are_wider() -> None:
    # z(0.9875) = 2.2414 and z(0.995) = 2.5758: the tables of Dunn (1961) for 2 and 5 comparisons.
    one = Interval(10, 8.04, 11.96)
    for k, wider in ((1, 1.0), (2, 2.2414 / 1.96), (5, 2.5758 / 1.96)):
        joint = jointly(one, 0.95, k)
        assert joint.high - 10 == pytest.approx(1.96 * wider, rel=1e-4)
        assert 10 - joint.low == pytest.approx(1.96 * wider, rel=1e-4)
    bounds = Interval(1, 0, 2)
    assert jointly(bounds, 1.0, 5) == bounds
    assert jointly(Interval(1, -math.inf, 2), 0.95, 2).low == -math.inf
    with pytest.raises(ValueError, match="k"):
        jointly(one, 0.95, 0)


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_the_largest_of_several_lies_between_the_largest_ends(shared: float) -> None:
    rng, k, draws = np.random.default_rng(3), 5, 4000
    truths = np.array([-2.0, -0.5, 0.0, 0.0, 0.2])
    errors = np.sqrt(shared) * rng.normal(size=(draws, 1))
    values = truths + errors + np.sqrt(1 - shared) * rng.normal(size=(draws, k))
    joint = jointly(Interval(0, -1.959964, 1.959964), 0.95, k)
    held = (values.max(axis=1) + joint.low <= 0.2) & (values.max(axis=1) + joint.high >= 0.2)
    assert held.mean() >= 0.95
