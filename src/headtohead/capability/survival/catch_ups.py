"""Catch-up times: how long each record of the leader stood before it was matched.

Medians of durations that have not all ended are those of Kaplan and Meier, row by row.

References:
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53,
    457-481. doi:10.1080/01621459.1958.10501452
"""

import math
from dataclasses import dataclass

import numpy as np

from headtohead.capability.survival.sides import (
    Side,
    Spread,
    check_known,
    drawn_interval,
    pair,
)
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class CatchUp:
    """How long each record of the leader stood before the trailing side reached it.

    There is no mean over the matched records alone: it would leave out those that have stood
    longest, and so make the lag look short.

    Attributes:
        durations: Days, shape (records,), for the point values: until the record was reached, or
            until the last day known; 0 where the trailing side already had the value.
        observed: True where it was reached; False where it still stood.
        days: The day on which each record was set.
        levels: The value of each record.
        median: The Kaplan-Meier median in days.
        medians: Shape (R,): the median in each draw; inf where the curve stays above one
            half, nan where the draw has no record.
    """

    durations: FloatArray
    observed: BoolArray
    days: IntArray
    levels: FloatArray
    median: Spread
    medians: FloatArray


def catch_up(
    leader: Side,
    trailing: Side,
    on_day: int,
    rng: np.random.Generator,
    *,
    since: int | None = None,
    level: float = 0.95,
) -> CatchUp:
    """How long the trailing side took to reach each record of the leader, from joint draws.

    In each draw the records, their catch-up times and the Kaplan-Meier median are found
    anew. `scores` holds the percentiles of these medians: it covers what the scores leave
    open about these entries. For `both`, the records of each draw also get exponential
    weights (Bayesian bootstrap), with percentiles moved outwards: it covers also which
    records there happened to be. Records closed by one entry share a weight, and so do those
    that still stand: a model that closes five gaps at once is one piece of evidence.

    Both sides are drawn together.

    Args:
        on_day: The last day known; later entries do not count, and records not reached by
            then are censored there.
        since: Only records set on this day or later (records of all the leader's history:
            an entry below an earlier one is none). None: all.

    Returns:
        Ends are inf where the curve of too many draws stays above one half. A draw without
        a record counts against both ends. With fewer than 6 entries that closed gaps (for
        95%; 5 for 90%), `both` is open.

    Raises:
        ValueError: If the leader has no entry by `on_day` or no record since `since`, the sides
            have different numbers of draws, or these are too few for the level.

    References:
        Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
        doi:10.1214/aos/1176345338
        Arfè, A., Muliere, P. (2023). A general Bayesian bootstrap for censored data based on
        the beta-Stacy process. Journal of Statistical Planning and Inference 222, 241-251.
        doi:10.1016/j.jspi.2022.07.001
    """
    pair(leader, trailing)
    check_known(leader.days, on_day, "leader")
    ahead = leader.front(on_day)
    behind = trailing.front(on_day)
    record = ahead.records(since)
    if not record[0].any():
        raise ValueError(f"the leader set no record from day {since} to day {on_day}")
    # The day of the trailing side that ended each duration; one more, on_day, stands for "never".
    closed_by = behind.reached(ahead.best)
    ends = np.append(behind.days, on_day)[closed_by]
    time = np.maximum(ends - ahead.days, 0).astype(np.float64)
    ended = closed_by < behind.days.size
    weights = record.astype(np.float64)
    shares = rng.standard_exponential((weights.shape[0], behind.days.size + 1))
    shuffled = weights * np.take_along_axis(shares, closed_by, axis=1)
    shuffled[0] = weights[0]
    units = np.unique(closed_by[0, record[0]]).size
    # The whole range of so few has less than the level.
    units = 0 if 2 * 0.5**units > 1 - level else units
    medians = row_medians(time, ended, weights)
    resampled = row_medians(time, ended, shuffled)
    median = Spread(
        drawn_interval(medians, level, 0.0), drawn_interval(resampled, level, 0.0, units=units)
    )
    own = record[0]
    return CatchUp(
        time[0, own], ended[0, own], ahead.days[own], ahead.best[0, own], median, medians[1:]
    )


def row_medians(time: FloatArray, ended: BoolArray, weights: FloatArray) -> FloatArray:
    """The Kaplan-Meier median of every row; inf where the curve stays above one half.

    All have shape (rows, n), times and weights of at least 0; a weight of 0 leaves a duration out.

    Returns:
        Shape (rows,); nan where a row has no weight at all.
    """
    order = np.lexsort((~ended, time), axis=1)
    time = np.take_along_axis(time, order, axis=1)
    weight = np.take_along_axis(weights, order, axis=1)
    ends = np.take_along_axis(ended, order, axis=1) & (weight > 0)
    at_risk = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
    left = np.hstack([at_risk[:, 1:], np.zeros((time.shape[0], 1))])
    factor = np.ones_like(weight)
    np.divide(left, at_risk, out=factor, where=ends)
    # Ends of equal times are taken one by one; their factors multiply to the usual one.
    curve = np.cumprod(factor, axis=1)
    reached = ends & (curve <= 0.5 + 1e-12)
    rows = np.arange(time.shape[0])
    first = reached.argmax(axis=1)
    later = ends & (np.arange(time.shape[1]) > first[:, None])
    after = np.where(later.any(axis=1), later.argmax(axis=1), first)
    on_half = np.abs(curve[rows, first] - 0.5) <= 1e-12
    medians = (time[rows, first] + time[rows, np.where(on_half, after, first)]) / 2
    medians = np.where(reached.any(axis=1), medians, math.inf)
    return np.where((weights > 0).any(axis=1), medians, math.nan)
