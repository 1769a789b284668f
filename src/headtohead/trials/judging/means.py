"""Means, shares and slopes with intervals that hold with few labels, all alike, or in clusters."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, check_level, vector
from headtohead.stats.intervals import around, student_quantile, wilson
from headtohead.trials.paired.means import cluster_codes

Bounds = tuple[float, float]

_SAME = 1e-10
UNSEEN = 1.0  # labels at each end of the scale that the variance allows for though none was seen


def check_bounds(bounds: Bounds | None, *arrays: FloatArray) -> Bounds:
    """The ends of the scale: as given, or the least and greatest of the values.

    Raises:
        ValueError: If a value lies outside the bounds given, or the bounds are no range.
    """
    filled = [array for array in arrays if array.size]
    low, high = (
        min(float(array.min()) for array in filled),
        max(float(array.max()) for array in filled),
    )
    if bounds is None:
        return low, high
    if not bounds[0] < bounds[1]:
        raise ValueError(f"bounds {bounds} are no range; give (lowest, highest)")
    if low < bounds[0] or high > bounds[1]:
        raise ValueError(f"values run from {low} to {high}, beyond the bounds {bounds}")
    return bounds


def unseen_square(value: float, bounds: Bounds) -> float:
    """The square that labels not yet seen at both ends of the scale would add.

    Twenty labels that are all alike do not show that every label is: one more could lie at either
    end. The rule of three and Agresti and Coull's added labels serve the same end.

    References:
        Agresti, A., Coull, B. A. (1998). Approximate is better than "exact" for interval
        estimation of binomial proportions. American Statistician 52, 119-126.
        doi:10.1080/00031305.1998.10480550
    """
    inside = min(max(value, bounds[0]), bounds[1])
    return UNSEEN * ((bounds[0] - inside) ** 2 + (bounds[1] - inside) ** 2)


def student_interval(
    value: float, variance: float, df: float, level: float, bounds: Bounds | None
) -> Interval:
    """Value plus and minus Student's t times the standard error, cut to the scale if it is known.

    Args:
        variance: Of the estimate, inf where unknown.
        df: Degrees of freedom, above 0.
        bounds: Ends of the scale that the estimate cannot pass, or None.
    """
    half = student_quantile(0.5 + level / 2, df) * math.sqrt(variance)
    low, high = bounds or (-math.inf, math.inf)
    kept = min(max(value, low), high)
    return around(kept, max(low, value - half), min(high, value + half))


def clustered_mean(
    values: ArrayLike,
    *,
    level: float = 0.95,
    clusters: Labels | None = None,
    bounds: Bounds | None = None,
) -> Interval:
    """The mean with Student's interval, whose variance allows for labels that were not yet seen.

    Args:
        values: Shape (n,).
        clusters: The cluster of each value, length n: values of one cluster go together.
        bounds: Lowest and highest value possible; None for the range of the values, which then
            does not cut the interval.

    Returns:
        Unbounded (or the whole scale, where it is known) with one value or cluster, and unbounded
        where the values do not vary and the scale is not known.

    Raises:
        ValueError: If there are no values, or one is out of bounds.

    References:
        Liang, K.-Y., Zeger, S. L. (1986). Longitudinal data analysis using generalized linear
        models. Biometrika 73, 13-22. doi:10.1093/biomet/73.1.13
    """
    array = vector(values, "values")
    scale = check_bounds(bounds, array)
    check_level(level)
    codes = cluster_codes(clusters, array.size)
    units = int(codes.max()) + 1
    value = float(array.mean())
    if units < 2 or scale[0] == scale[1]:
        low, high = bounds or (-math.inf, math.inf)
        return Interval(value, low, high)
    part = np.bincount(codes, weights=(array - value) / array.size)
    square = float(part @ part) * units / (units - 1)
    variance = square + unseen_square(value, scale) / units**2
    return student_interval(value, variance, units - 1, level, bounds)


def share(hits: ArrayLike, *, level: float = 0.95, clusters: Labels | None = None) -> Interval:
    """The share of hits, 0 or 1 each, shape (n,): Wilson's interval, or Student's over clusters.

    Raises:
        ValueError: If there are none, or one is neither 0 nor 1.

    References:
        As `wilson` and `clustered_mean`.
    """
    array = vector(hits, "hits")
    if not np.all((array == 0) | (array == 1)):
        raise ValueError("hits are 0 or 1 each")
    if clusters is None:
        return wilson(int(array.sum()), array.size, level)
    return clustered_mean(array, level=level, clusters=clusters, bounds=(0.0, 1.0))


def preferences(values: ArrayLike, name: str) -> FloatArray:
    """Preferences from -1 (the other side) over 0 (tie) to 1 (this side), shape (n,).

    Raises:
        ValueError: If one is outside.
    """
    array = vector(values, name)
    if np.abs(array).max() > 1:
        raise ValueError(f"{name} must lie from -1 (the other side) to 1 (this side), 0 for a tie")
    return array


def spelled(interval: Interval) -> str:
    """The estimate and its interval as text."""
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


@dataclass(frozen=True, slots=True)
class Slopes:
    """Coefficients of a least-squares fit.

    Attributes:
        intervals: One for each column.
        df: Degrees of freedom of each, by Satterthwaite's formula.
        clusters: Independent units.
    """

    intervals: tuple[Interval, ...]
    df: tuple[float, ...]
    clusters: int


def clustered_slopes(
    outcome: ArrayLike,
    columns: ArrayLike,
    *,
    level: float = 0.95,
    clusters: Labels | None = None,
) -> Slopes:
    """Least squares with the bias-reduced cluster sandwich (CR2) and Satterthwaite's freedom.

    With each observation its own cluster the variance is HC2.

    Args:
        columns: Shape (n, k), the intercept's ones among them if there is one.

    Returns:
        A coefficient that hangs on one cluster alone has an unbounded interval.

    Raises:
        ValueError: If shapes do not fit, or the columns do not vary apart from each other.

    References:
        Bell, R. M., McCaffrey, D. F. (2002). Bias reduction in standard errors for linear
        regression with multi-stage samples. Survey Methodology 28, 169-181.
        Imbens, G. W., Kolesar, M. (2016). Robust standard errors in small samples: some practical
        advice. Review of Economics and Statistics 98, 701-712. doi:10.1162/REST_a_00552
    """
    y = vector(outcome, "outcome")
    x = np.asarray(columns, dtype=np.float64)
    if x.ndim != 2 or x.shape[0] != y.size or not np.all(np.isfinite(x)):
        raise ValueError(f"columns of shape {x.shape} for {y.size} outcomes; give (n, k) numbers")
    check_level(level)
    scale = np.sqrt((x**2).mean(axis=0))
    if scale.min() == 0 or np.linalg.matrix_rank(x / scale) < x.shape[1]:
        raise ValueError("the columns do not vary apart from each other, so no slope can be told")
    codes = cluster_codes(clusters, y.size)
    return _fitted(y, x / scale, scale, codes, level)


def _fitted(
    y: FloatArray, x: FloatArray, scale: FloatArray, codes: IntArray, level: float
) -> Slopes:
    k, count = x.shape[1], int(codes.max()) + 1
    values, vectors = np.linalg.eigh(x.T @ x)
    back = (vectors / np.sqrt(values)) @ vectors.T
    z = x @ back
    beta = back @ (z.T @ y)
    inner = _sums(codes, z[:, :, None] * z[:, None, :], count)
    # An adjustment (I - H)^-1/2 acts on a cluster's columns as a k by k matrix.
    share, turn = np.linalg.eigh(inner)
    lone = share > 1 - _SAME
    grow = np.where(lone, 0.0, 1 / np.sqrt(np.where(lone, 1.0, 1 - share)))
    adjust = np.einsum("gij,gj,gkj->gik", turn, grow, turn)
    pull = np.einsum("gij,gj->gi", adjust, _sums(codes, z * (y - x @ beta)[:, None], count))
    spread = back @ (pull.T @ pull) @ back
    alone = np.einsum("gij,gj,gkj->gik", turn, lone.astype(float), turn)
    intervals, freedom = [], []
    for j in range(k):
        a = np.einsum("gij,j->gi", adjust, back[j])
        own = np.einsum("gi,gij,gj->g", a, inner, a)
        b = np.einsum("gij,gj->gi", inner, a)
        cross = b.T @ b
        trace = own.sum() - np.trace(cross)
        square = (own**2).sum() - 2 * (own * (b**2).sum(axis=1)).sum() + (cross**2).sum()
        df = float(trace**2 / square) if trace > _SAME and square > 0 else 0.0
        hangs = np.einsum("gij,j->gi", alone, back[j])
        value = float(beta[j] / scale[j])
        freedom.append(df)
        if df <= 0 or float((hangs**2).sum()) > _SAME * float(back[j] @ back[j]):
            intervals.append(Interval(value, -np.inf, np.inf))
            continue
        half = student_quantile(0.5 + level / 2, df) * float(np.sqrt(spread[j, j])) / scale[j]
        intervals.append(around(value, value - half, value + half))
    return Slopes(tuple(intervals), tuple(freedom), count)


def _sums(codes: IntArray, rows: FloatArray, count: int) -> FloatArray:
    """The sum of the rows of each cluster."""
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, codes, rows)
    return sums
