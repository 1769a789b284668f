"""Slopes: Stata's output on mtcars, Zar's two lines, delete-one refits, coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp

from headtohead.stats.inputs import FloatArray
from headtohead.stats.trend import slope, slope_change

# Motor Trend's 32 cars (Henderson and Velleman 1981, doi:10.2307/2530428).
_MPG = [21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4]
_MPG += [14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4]
_HP = [110, 110, 93, 110, 175, 105, 245, 62, 95, 123, 123, 180, 180, 180, 205, 215, 230, 66, 52, 65]
_HP += [97, 150, 150, 245, 175, 66, 91, 113, 264, 175, 335, 109]


def _line_with(n: int, xx: float, xy: float, yy: float, start: float) -> tuple[FloatArray, ...]:
    """Points that have exactly these sums of squares and products about their means."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=n)
    x -= x.mean()
    x *= math.sqrt(xx / float(x @ x))
    e = rng.normal(size=n)
    e -= e.mean()
    e -= x * float(x @ e) / xx
    e *= math.sqrt((yy - xy**2 / xx) / float(e @ e))
    return x - x.min() + start, x * xy / xx + e


def test_slope_reproduces_stata() -> None:
    # Stata's `regress mpg hp, vce(hc3)` gives the variance .00027562 with 30 df, as recorded
    # in the tests of Blair et al., estimatr (doi:10.32614/CRAN.package.estimatr).
    found = slope(_HP, _MPG)
    half = float(sp.t.ppf(0.975, 30)) * math.sqrt(0.00027562)
    assert found.value == pytest.approx(-0.06822828, abs=1e-7)
    assert found.width / 2 == pytest.approx(half, rel=1e-4)


def test_slope_change_reproduces_zar() -> None:
    # Zar (1999), Biostatistical Analysis, example 18.1: slopes 2.97 and 2.17 of 26 and 30
    # points differ by 0.80 with standard error 0.1165 and 52 degrees of freedom, t = 6.85.
    x1, y1 = _line_with(26, 1470.8712, 4363.1627, 13299.5296, 0)
    x2, y2 = _line_with(30, 2272.4750, 4928.8100, 10964.0947, x1.max() + 1)
    before, after, change = slope_change(
        np.append(x1, x2), np.append(y1, y2), x2.min(), errors="pooled"
    )
    assert (round(before.value, 2), round(after.value, 2)) == (2.97, 2.17)
    error = change.width / 2 / float(sp.t.ppf(0.975, 52))
    assert error == pytest.approx(0.1165, abs=1e-4)
    assert -change.value / error == pytest.approx(6.85, abs=0.03)


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 30), st.integers(0, 10_000), st.floats(0.1, 100), st.floats(-50, 50))
def test_slope_follows_units_and_shifts(n: int, seed: int, unit: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 10, n), rng.normal(0, 1, n)
    plain, other = slope(x, y), slope(x / unit + shift, y * 3 + 7)
    for end in ("value", "low", "high"):
        assert getattr(other, end) == pytest.approx(3 * unit * getattr(plain, end), rel=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.integers(3, 20), st.integers(3, 20), st.integers(0, 10_000))
def test_sides_are_fitted_apart(n1: int, n2: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.append(rng.uniform(0, 1, n1), rng.uniform(1, 2, n2))
    y = rng.normal(size=n1 + n2)
    before, after, change = slope_change(x, y, 1.0)
    assert before == slope(x[:n1], y[:n1])
    assert after == slope(x[n1:], y[n1:])
    assert change.value == pytest.approx(after.value - before.value)


@settings(deadline=None, max_examples=60)
@given(st.integers(4, 25), st.integers(0, 10_000))
def test_agrees_with_leaving_out_each_point(n: int, seed: int) -> None:
    """HC3's variance is the sum of squared changes of the slope when one point is left out."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), rng.normal(size=n)
    whole = sp.linregress(x, y).slope
    changes = [whole - sp.linregress(np.delete(x, i), np.delete(y, i)).slope for i in range(n)]
    half = float(sp.t.ppf(0.975, n - 2)) * math.sqrt(sum(c**2 for c in changes))
    found = slope(x, y)
    assert found.value == pytest.approx(whole)
    assert found.width / 2 == pytest.approx(half, rel=1e-6)


def test_pooled_change_agrees_with_one_regression() -> None:
    rng = np.random.default_rng(5)
    x = np.sort(rng.uniform(0, 10, 30))
    y = np.where(x < 4, x, 9 - 2 * x) + rng.normal(0, 0.5, 30)
    late = (x >= 4).astype(float)
    design = np.column_stack([np.ones(30), x, late, late * x])
    beta, rss, *_ = np.linalg.lstsq(design, y, rcond=None)
    variance = float(rss[0]) / 26 * np.linalg.inv(design.T @ design)[3, 3]
    change = slope_change(x, y, 4, errors="pooled")[2]
    assert change.value == pytest.approx(beta[3])
    assert change.width / 2 == pytest.approx(float(sp.t.ppf(0.975, 26)) * math.sqrt(variance))


def test_slope_covers_with_unequal_variances() -> None:
    rng = np.random.default_rng(6)
    x = np.linspace(0, 3, 25)
    hits = 0
    for _ in range(2000):
        found = slope(x, 1 - 0.7 * x + rng.normal(0, 0.2 + 0.5 * x))
        hits += found.low <= -0.7 <= found.high
    assert hits / 2000 == pytest.approx(0.95, abs=0.02)


def test_slope_change_covers() -> None:
    rng = np.random.default_rng(7)
    x = np.linspace(0, 4, 40)
    truth = np.where(x < 2, -0.5 * x, 3 - 1.5 * x)
    hits = {"hc3": 0, "pooled": 0}
    for _ in range(1000):
        y = truth + rng.normal(0, 0.4, 40)
        for errors in hits:
            change = slope_change(x, y, 2, errors=errors)[2]  # type: ignore[arg-type]
            hits[errors] += change.low <= -1 <= change.high
    assert hits["hc3"] / 1000 == pytest.approx(0.96, abs=0.025)
    assert hits["pooled"] / 1000 == pytest.approx(0.95, abs=0.022)


def test_a_perfect_line_has_no_error() -> None:
    found = slope([1, 2, 3, 5], [2, 4, 6, 10])
    assert (found.low, found.high) == pytest.approx((2, 2))
    change = slope_change([0, 1, 2, 4, 5, 6], [0, 1, 2, 0, 3, 6], 3)[2]
    assert (change.value, change.width) == pytest.approx((2, 0))


def test_refuses_what_has_no_slope() -> None:
    with pytest.raises(ValueError, match="2 points; a slope"):
        slope([1, 2], [1, 2])
    with pytest.raises(ValueError, match="share one x"):
        slope([2, 2, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="alone fixes the slope"):
        slope([0, 0, 0, 1], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="2 points before 3"):
        slope_change([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 3)
    with pytest.raises(ValueError, match="2 points from 4 on"):
        slope_change([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 4)
    with pytest.raises(ValueError, match="lengths differ"):
        slope([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="'hc3' or 'pooled'"):
        slope_change([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], 4, errors="ols")  # type: ignore[arg-type]
