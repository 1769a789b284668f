"""Straight-line trends with errors that need no equal variances."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.interval import Interval
from headtohead.stats.inputs import FloatArray, check_level, same_length, vector
from headtohead.stats.quantiles import student_quantile

Errors = Literal["hc3", "pooled"]


@dataclass(frozen=True, slots=True)
class _Line:
    """A fitted slope: its HC3 variance, residual sum of squares, spread of x, and df."""

    slope: float
    variance: float
    residual: float
    spread: float
    df: int


def slope(x: ArrayLike, y: ArrayLike, level: float = 0.95) -> Interval:
    """The least-squares slope of y on x, with HC3 errors and Student's quantile.

    Args:
        x: Shape (n,), n >= 3, not all equal (years, say).
        y: Shape (n,).
        level: Coverage, inside (0, 1).

    Returns:
        In units of y per unit of x. Points are taken as independent: a series that
        wanders (prices, ratings of one model) has a wider true error.

    Raises:
        ValueError: If there are fewer than 3 points, x does not vary, or all points but one
            share one x (that one then fixes the slope and its error cannot be told).

    References:
        MacKinnon, J. G., White, H. (1985). Some heteroskedasticity-consistent covariance
        matrix estimators with improved finite sample properties. Journal of Econometrics
        29, 305-325. doi:10.1016/0304-4076(85)90158-7
        Long, J. S., Ervin, L. H. (2000). Using heteroscedasticity consistent standard errors
        in the linear regression model. American Statistician 54, 217-224.
        doi:10.1080/00031305.2000.10474549
    """
    check_level(level)
    line = _fit(vector(x, "x"), vector(y, "y"), "")
    return _interval(line.slope, line.variance, line.df, level)


def slope_change(
    x: ArrayLike, y: ArrayLike, at: float, level: float = 0.95, errors: Errors = "hc3"
) -> tuple[Interval, Interval, Interval]:
    """The slope before `at`, the slope from `at` on, and the second minus the first.

    Two lines are fitted apart, so the level may jump at `at`.

    Args:
        x: Shape (n,); at least 3 points on each side of `at`.
        y: Shape (n,).
        at: Where the sides part; a point at `at` itself counts as after.
        level: Coverage, inside (0, 1).
        errors: "hc3": each side has its own HC3 variance, and the change has Welch's degrees
            of freedom; "pooled": one residual variance for both sides (equal spread assumed).

    Returns:
        (before, after, change).

    Raises:
        ValueError: If a side has fewer than 3 points or no spread in x.

    References:
        MacKinnon, J. G., White, H. (1985). doi:10.1016/0304-4076(85)90158-7
        Welch, B. L. (1947). The generalization of "Student's" problem when several different
        population variances are involved. Biometrika 34, 28-35. doi:10.1093/biomet/34.1-2.28
        Zar, J. H. (1999). Biostatistical Analysis, 4th ed., section 18.1 (pooled).
    """
    check_level(level)
    xs, ys = vector(x, "x"), vector(y, "y")
    same_length(x=xs, y=ys)
    early = xs < at
    before = _fit(xs[early], ys[early], f" before {at:g}")
    after = _fit(xs[~early], ys[~early], f" from {at:g} on")
    first, second = before.variance, after.variance
    dfs = (float(before.df), float(after.df), _welch(before, after))
    if errors == "pooled":
        df = before.df + after.df
        shared = (before.residual + after.residual) / df
        first, second, dfs = shared / before.spread, shared / after.spread, (df, df, df)
    elif errors != "hc3":
        raise ValueError(f"errors are 'hc3' or 'pooled', not {errors!r}")
    return (
        _interval(before.slope, first, dfs[0], level),
        _interval(after.slope, second, dfs[1], level),
        _interval(after.slope - before.slope, first + second, dfs[2], level),
    )


def _fit(x: FloatArray, y: FloatArray, where: str) -> _Line:
    n = same_length(x=x, y=y)
    if n < 3:
        raise ValueError(f"{n} points{where}; a slope with an interval needs at least 3")
    centred = x - x.mean()
    spread = float(centred @ centred)
    if spread <= (1e-12 * max(1.0, float(np.abs(x).max()))) ** 2:
        raise ValueError(f"all points{where} share one x, so they have no slope")
    slope_ = float(centred @ y) / spread
    rest = y - y.mean() - slope_ * centred
    free = 1 - (1 / n + centred**2 / spread)
    if float(free.min()) < 1e-9:
        raise ValueError(f"one point{where} alone fixes the slope; its error cannot be told")
    variance = float(np.sum((centred * rest / free) ** 2)) / spread**2
    return _Line(slope_, variance, float(rest @ rest), spread, n - 2)


def _welch(before: _Line, after: _Line) -> float:
    total = before.variance + after.variance
    if total == 0:
        return float(before.df + after.df)
    parts = before.variance**2 / before.df + after.variance**2 / after.df
    return total**2 / parts


def _interval(value: float, variance: float, df: float, level: float) -> Interval:
    half = student_quantile(0.5 + level / 2, df) * math.sqrt(variance)
    return Interval(value, value - half, value + half)
