"""Durations that have not all ended: the Kaplan-Meier curve, its median and its mean."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.interval import Interval
from headtohead.stats.inputs import BoolArray, FloatArray, check_level, same_length, vector
from headtohead.stats.intervals import around
from headtohead.stats.quantiles import normal_quantile


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The share of durations still running after each time at which one ended.

    Attributes:
        times: Rising, shape (k,); none if nothing ended. Before the first, the share is 1.
        running: Shape (k,): the share still running just after.
        low: Lower ends, each time by itself, shape (k,).
        high: Upper ends, shape (k,).
    """

    times: FloatArray
    running: FloatArray
    low: FloatArray
    high: FloatArray


def kaplan_meier(durations: ArrayLike, observed: ArrayLike, level: float = 0.95) -> Curve:
    """The Kaplan-Meier curve with log-log intervals from Greenwood's variance.

    Args:
        durations: Shape (n,), >= 0, any unit of time.
        observed: Shape (n,): True where the end was seen, False where it was still running.
        level: Coverage at each time, inside (0, 1).

    Raises:
        ValueError: If lengths differ, there is none, or a duration is negative.

    References:
        Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete
        observations. JASA 53, 457-481. doi:10.1080/01621459.1958.10501452
        Greenwood, M. (1926). The natural duration of cancer. Reports on Public Health and
        Medical Subjects 33, 1-26.
    """
    z = normal_quantile(0.5 + check_level(level) / 2)
    time, ended = _checked(durations, observed)
    times, ends, at_risk = _risk(time, ended)
    curve = np.cumprod(1 - ends / at_risk).astype(np.float64)
    lower, upper = np.zeros_like(curve), np.ones_like(curve)
    inside = curve > 0
    left = at_risk[inside] - ends[inside]
    greenwood = np.cumsum(ends[inside] / (at_risk[inside] * left))
    stretch = np.exp(z * np.sqrt(greenwood) / -np.log(curve[inside]))
    lower[inside] = curve[inside] ** stretch
    upper[inside] = curve[inside] ** (1 / stretch)
    return Curve(times, curve, lower, upper)


def kaplan_meier_median(durations: ArrayLike, observed: ArrayLike, level: float = 0.95) -> Interval:
    """The median duration where some have not ended yet.

    The median is where the Kaplan-Meier curve reaches one half (the middle of the step, if it
    runs along one half). The interval holds the times at which the log-log interval of the
    curve, with Greenwood's variance, holds one half (Brookmeyer and Crowley). It covers which
    durations there happened to be, each taken as exact and independent of the others.

    Args:
        durations: Shape (n,), >= 0, any unit of time.
        observed: Shape (n,): True where the end was seen, False where it was still running.
        level: Coverage, inside (0, 1).

    Returns:
        `value` is inf if fewer than half have ended, `high` is inf if the upper curve stays
        above one half. With so few durations that not even their whole range has the level
        (fewer than 6 for 95%), the interval is 0 to inf.

    Raises:
        ValueError: If lengths differ, there is none, or a duration is negative.

    References:
        Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete
        observations. JASA 53, 457-481. doi:10.1080/01621459.1958.10501452
        Brookmeyer, R., Crowley, J. (1982). A confidence interval for the median survival
        time. Biometrics 38, 29-41. doi:10.2307/2530286
    """
    time, ended = _checked(durations, observed)
    curve = kaplan_meier(time, ended, level)
    if not ended.any():
        return Interval(math.inf, 0.0, math.inf)
    value = float(row_medians(time[None, :], ended[None, :], np.ones((1, time.size)))[0])
    if 2 * 0.5**time.size > 1 - level:
        return Interval(value, 0.0, math.inf)
    low = curve.times[curve.low <= 0.5]
    high = curve.times[curve.high <= 0.5]
    return around(
        value,
        float(low[0]) if low.size else float(curve.times[-1]),
        float(high[0]) if high.size else math.inf,
    )


def restricted_mean(
    durations: ArrayLike, observed: ArrayLike, horizon: float, level: float = 0.95
) -> Interval:
    """The mean duration up to a horizon: durations beyond it count as the horizon.

    The area under the Kaplan-Meier curve from 0 to the horizon, with Greenwood's variance.
    It exists where the median does not, and uses what is known of durations still running;
    a mean of the ended ones alone would leave out the longest. The interval covers which
    durations there happened to be, each taken as exact and independent of the others.

    Args:
        durations: Shape (n,), >= 0, any unit of time.
        observed: Shape (n,): True where the end was seen, False where it was still running.
        horizon: In the same unit, > 0.
        level: Coverage, inside (0, 1).

    Returns:
        Inside 0 to the horizon. The variance has the factor d / (d - 1) for d ends. Where
        fewer than 2 ended before the horizon, or none is left at it and all ended at one
        time, the spread cannot be told and the interval is 0 to the horizon.

    Raises:
        ValueError: If lengths differ, there is none, a duration is negative, or the longest
            is still running and shorter than the horizon (the curve is not known there).

    References:
        Irwin, J. O. (1949). The standard error of an estimate of expectation of life.
        Journal of Hygiene 47, 188-189. doi:10.1017/S0022172400014443
        Royston, P., Parmar, M. K. B. (2013). Restricted mean survival time: an alternative
        to the hazard ratio. BMC Medical Research Methodology 13, 152.
        doi:10.1186/1471-2288-13-152
    """
    z = normal_quantile(0.5 + check_level(level) / 2)
    time, ended = _checked(durations, observed)
    if not (math.isfinite(horizon) and horizon > 0):
        raise ValueError(f"horizon is {horizon}; it must be a time above 0")
    rows = time[None, :], ended[None, :], np.ones((1, time.size))
    (value,), (least,) = row_restricted_means(*rows, horizon)
    if least < value:
        longest = float(time.max())
        raise ValueError(
            f"the longest duration, {longest:g}, is still running: "
            f"the mean up to {horizon:g} is not known; ask for a horizon up to {longest:g}"
        )
    times, ends, at_risk = _risk(time, ended)
    soon = times < horizon
    times, ends, at_risk = times[soon], ends[soon], at_risk[soon]
    curve = np.cumprod(1 - ends / at_risk)
    areas = np.cumsum((curve * np.diff(np.append(times, horizon)))[::-1])[::-1]
    more = at_risk > ends
    parts = areas[more] ** 2 * ends[more] / (at_risk[more] * (at_risk[more] - ends[more]))
    deaths, variance = int(ends.sum()), float(parts.sum())
    if deaths < 2 or variance <= 0:
        return Interval(value, 0.0, max(value, horizon))
    half = z * math.sqrt(variance * deaths / (deaths - 1))
    return around(value, max(0.0, value - half), min(horizon, value + half))


def row_medians(time: FloatArray, ended: BoolArray, weights: FloatArray) -> FloatArray:
    """The Kaplan-Meier median of every row; inf where the curve stays above one half.

    Args:
        time: Shape (rows, n), >= 0.
        ended: Shape (rows, n).
        weights: Shape (rows, n), >= 0; 0 leaves a duration out.

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


def _risk(time: FloatArray, ended: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times of ends, how many ended at each, and how many were still running before."""
    times, ends = np.unique(time[ended], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), times, side="left")
    return times, ends.astype(np.float64), at_risk.astype(np.float64)


def _checked(durations: ArrayLike, observed: ArrayLike) -> tuple[FloatArray, BoolArray]:
    time = vector(durations, "durations")
    ended = np.atleast_1d(np.asarray(observed, dtype=np.bool_))
    same_length(durations=time, observed=ended)
    if np.any(time < 0):
        raise ValueError("a duration is negative")
    return time, ended
