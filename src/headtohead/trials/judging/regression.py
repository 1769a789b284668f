"""Slopes whose intervals hold where observations go together in clusters, also in few."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.interval import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, check_level, vector
from headtohead.stats.intervals import around
from headtohead.stats.quantiles import student_quantile
from headtohead.trials.judging.means import cluster_codes

_SAME = 1e-10


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
        outcome: Shape (n,).
        columns: Shape (n, k), the intercept's ones among them if there is one.
        level: Coverage, inside (0, 1).
        clusters: The cluster of each observation, length n, or None.

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
    found, freedom = [], []
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
            found.append(Interval(value, -np.inf, np.inf))
            continue
        half = student_quantile(0.5 + level / 2, df) * float(np.sqrt(spread[j, j])) / scale[j]
        found.append(around(value, value - half, value + half))
    return Slopes(tuple(found), tuple(freedom), count)


def _sums(codes: IntArray, rows: FloatArray, count: int) -> FloatArray:
    """The sum of the rows of each cluster."""
    made = np.zeros((count, *rows.shape[1:]))
    np.add.at(made, codes, rows)
    return made
