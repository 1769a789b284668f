"""Kaplan-Meier medians and restricted means of durations that have not all ended, row by row.

References:
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53,
    457-481. doi:10.1080/01621459.1958.10501452
"""

import math

import numpy as np

from headtohead.stats.inputs import BoolArray, FloatArray


def row_medians(time: FloatArray, ended: BoolArray, weights: FloatArray) -> FloatArray:
    """The Kaplan-Meier median of every row; inf where the curve stays above one half.

    All have shape (rows, n), times and weights of at least 0; a weight of 0 leaves a duration out.

    Returns:
        Shape (rows,); nan where a row has no weight at all.
    """
    time, ends, curve = _row_curves(time, ended, weights)
    reached = ends & (curve <= 0.5 + 1e-12)
    rows = np.arange(time.shape[0])
    first = reached.argmax(axis=1)
    later = ends & (np.arange(time.shape[1]) > first[:, None])
    after = np.where(later.any(axis=1), later.argmax(axis=1), first)
    on_half = np.abs(curve[rows, first] - 0.5) <= 1e-12
    found = (time[rows, first] + time[rows, np.where(on_half, after, first)]) / 2
    found = np.where(reached.any(axis=1), found, math.inf)
    return np.where((weights > 0).any(axis=1), found, math.nan)


def row_restricted_means(
    time: FloatArray, ended: BoolArray, weights: FloatArray, horizon: float
) -> tuple[FloatArray, FloatArray]:
    """The restricted mean of every row: (most, least), each of shape (rows,).

    They differ where the longest duration of a row is still running before the horizon: the
    most takes the curve to stay where it is, the least to fall to 0. Arguments as in
    `row_medians`; nan where a row has no weight at all.
    """
    some = (weights > 0).any(axis=1)
    kept = np.where(weights > 0, time, 0.0)
    time, _, curve = _row_curves(time, ended, weights)
    ends = np.minimum(time, horizon)
    before = np.hstack([np.ones((time.shape[0], 1)), curve[:, :-1]])
    widths = np.diff(ends, axis=1, prepend=0.0)
    least = (before * widths).sum(axis=1)
    # Durations left out are sorted in with the others, so the last step ends at the longest kept.
    longest = np.minimum(kept.max(axis=1), horizon)
    beyond = np.maximum(ends[:, -1] - longest, 0.0)
    least -= curve[:, -1] * beyond
    most = least + curve[:, -1] * (horizon - longest)
    return np.where(some, most, math.nan), np.where(some, least, math.nan)


def _row_curves(
    time: FloatArray, ended: BoolArray, weights: FloatArray
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Sorted times, which of them are ends, and the curve after each, one duration at a time.

    Ends of equal times are taken one after the other; their factors multiply to the usual one.
    """
    order = np.lexsort((~ended, time), axis=1)
    time = np.take_along_axis(time, order, axis=1)
    weight = np.take_along_axis(weights, order, axis=1)
    ends = np.take_along_axis(ended, order, axis=1) & (weight > 0)
    at_risk = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
    left = np.hstack([at_risk[:, 1:], np.zeros((time.shape[0], 1))])
    factor = np.ones_like(weight)
    np.divide(left, at_risk, out=factor, where=ends)
    return time, ends, np.cumprod(factor, axis=1).astype(np.float64)
