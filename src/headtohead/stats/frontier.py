"""Frontiers over time: records, who is best on a day, and how far one side trails the other."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.bootstrap import percentile_interval
from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    check_count,
    check_level,
    same_length,
    spreads,
    vector,
    whole_days,
)
from headtohead.stats.intervals import Interval, around
from headtohead.stats.quantiles import normal_quantile

_CELLS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class CatchUps:
    """How long each record of the leader stood before the trailing side reached it.

    Attributes:
        durations: Days, shape (records,): until it was reached, or until the last day known.
        observed: True where it was reached; False where it still stood.
    """

    durations: FloatArray
    observed: BoolArray


def running_best(days: ArrayLike, values: ArrayLike) -> tuple[IntArray, FloatArray]:
    """The entries that set a record: higher than all before, the best of their own day.

    Args:
        days: Whole days, shape (n,), any order.
        values: Shape (n,), higher is better.

    Returns:
        (days, values) of the records, both rising strictly.

    Raises:
        ValueError: If lengths differ, there is none, or a number is not finite.

    References:
        Glick, N. (1978). Breaking records and breaking boards. American Mathematical Monthly
        85, 2-26. doi:10.1080/00029890.1978.11994501
    """
    when, value = _dated(days, values, "")
    order = np.lexsort((-value, when))
    when, value = when[order], value[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(value)[:-1]])
    record = value > before
    return when[record], value[record]


def best_on(days: ArrayLike, values: ArrayLike, day: int) -> int:
    """The position of the best entry known on a day; of equals the earliest.

    Args:
        days: Whole days, shape (n,).
        values: Shape (n,), higher is better.
        day: Later entries do not count.

    Raises:
        ValueError: If there is none by that day.
    """
    when, value = _dated(days, values, "")
    known = np.flatnonzero(when <= day)
    if known.size == 0:
        raise ValueError(f"nothing by day {day}; the first entry is of day {when.min()}")
    return int(known[np.lexsort((when[known], -value[known]))[0]])


def lag_days(
    leader_days: ArrayLike, leader_values: ArrayLike, trailing_value: float, on_day: int
) -> int | None:
    """How many days before `on_day` the leader first reached the trailing side's value.

    Args:
        leader_days: Whole days of the leader's entries, shape (n,).
        leader_values: Their values, shape (n,), higher is better.
        trailing_value: The trailing side's best on that day.
        on_day: Later entries of the leader do not count.

    Returns:
        0 if the leader never reached it (the trailing side is ahead); None if the leader's
        very first day already had it, so that the lag is longer than the record goes back.

    Raises:
        ValueError: If the leader has no entry by `on_day`, or a number is not finite.
    """
    when, value = _known(leader_days, leader_values, on_day)
    if not math.isfinite(trailing_value):
        raise ValueError("trailing_value is not a finite number")
    reached = when[value >= trailing_value]
    if reached.size == 0:
        return 0
    first = int(reached.min())
    return None if first == int(when.min()) else on_day - first


def lag_with_draws(
    leader_days: ArrayLike,
    leader_values: ArrayLike,
    leader_sd: ArrayLike,
    trailing_values: ArrayLike,
    trailing_sd: ArrayLike,
    on_day: int,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval:
    """The lag in days with an interval, all values being uncertain at once.

    Every value is drawn as an independent normal; in each draw the trailing side's best is
    chosen anew and the leader's first day at or above it is looked up.

    Args:
        leader_days: Whole days, shape (n,).
        leader_values: Shape (n,), higher is better.
        leader_sd: Their standard errors, shape (n,) or one for all, >= 0.
        trailing_values: What the trailing side has by `on_day`, shape (m,) or one number.
        trailing_sd: Their standard errors, shape (m,) or one for all, >= 0.
        on_day: Later entries of the leader do not count.
        rng: Source of randomness.
        draws: How many, at least 200.
        level: Coverage, inside (0, 1).

    Returns:
        Days. Where the leader had the value from its first day, only a least lag is known:
        `value` is that least lag and `high` is inf. The best of many noisy entries is
        overrated on both sides, so entries with wide errors should be left out.

    Raises:
        ValueError: If the leader has no entry by `on_day`, or arguments do not fit.
    """
    check_level(level)
    draws = check_count(draws, "draws", 200)
    when, value = _known(leader_days, leader_values, on_day)
    all_sd = spreads(leader_sd, vector(leader_values, "leader_values"), "leader_sd")
    sd = all_sd[whole_days(leader_days, "leader_days") <= on_day]
    theirs = vector(trailing_values, "trailing_values")
    their_sd = spreads(trailing_sd, theirs, "trailing_sd")
    order = np.argsort(when, kind="stable")
    when, value, sd = when[order], value[order], sd[order]
    longest = on_day - int(when[0])
    point = lag_days(when, value, float(theirs.max()), on_day)
    lags = np.empty(draws)
    step = max(1, _CELLS // (value.size + theirs.size))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        level_ = (theirs + their_sd * rng.standard_normal((size, theirs.size))).max(axis=1)
        drawn = value + sd * rng.standard_normal((size, value.size))
        reached = drawn >= level_[:, None]
        ever, first = reached.any(axis=1), when[reached.argmax(axis=1)]
        lag = np.where(ever, on_day - first, 0)
        # On the leader's first day, nothing says how long before it could have been.
        lags[start : start + size] = np.where(ever & (first == when[0]), math.inf, lag)
    found = percentile_interval(
        math.inf if point is None else float(point), lags, (1 - level) / 2, 0.0
    )
    low = min(found.low, float(longest))
    return around(min(found.value, float(longest)), low, found.high)


def frontier_probability(
    values: ArrayLike, sds: ArrayLike, rng: np.random.Generator, draws: int = 10_000
) -> FloatArray:
    """How probable it is that each entry is the best of all.

    Args:
        values: Estimates, shape (n,), higher is better.
        sds: Their standard errors, shape (n,) or one for all, >= 0; errors are independent
            and normal.
        rng: Source of randomness.
        draws: How many, at least 100.

    Returns:
        Shape (n,), adding up to 1; entries that tie in a draw share it.

    Raises:
        ValueError: If a standard error is negative or arguments do not fit.

    References:
        Bechhofer, R. E. (1954). A single-sample multiple decision procedure for ranking
        means of normal populations with known variances. Annals of Mathematical Statistics
        25, 16-39. doi:10.1214/aoms/1177728845
    """
    value = vector(values, "values")
    sd = spreads(sds, value, "sds")
    draws = check_count(draws, "draws", 100)
    wins = np.zeros(value.size)
    step = max(1, _CELLS // value.size)
    for start in range(0, draws, step):
        drawn = value + sd * rng.standard_normal((min(step, draws - start), value.size))
        top = drawn == drawn.max(axis=1, keepdims=True)
        wins += (top / top.sum(axis=1, keepdims=True)).sum(axis=0)
    return wins / draws


def catch_up_times(
    leader_days: ArrayLike,
    leader_values: ArrayLike,
    trailing_days: ArrayLike,
    trailing_values: ArrayLike,
    on_day: int,
) -> CatchUps:
    """How long the trailing side took to reach each record of the leader.

    Args:
        leader_days: Whole days, shape (n,).
        leader_values: Shape (n,), higher is better.
        trailing_days: Whole days, shape (m,).
        trailing_values: Shape (m,).
        on_day: The last day known; later entries do not count, and records not reached by
            then are censored there.

    Returns:
        One duration for each record; 0 where the trailing side already had the value.

    Raises:
        ValueError: If the leader has no entry by `on_day`, or arguments do not fit.
    """
    records, levels = running_best(*_known(leader_days, leader_values, on_day))
    when, value = _dated(trailing_days, trailing_values, "trailing_")
    when, value = running_best(when, value)
    when, value = when[when <= on_day], value[when <= on_day]
    at = np.searchsorted(value, levels, side="left")
    observed = at < value.size
    # The extra last day stands for "never"; its entries are censored at on_day.
    ends = np.append(when, on_day)[np.minimum(at, value.size)]
    return CatchUps(np.maximum(ends - records, 0).astype(np.float64), observed)


def kaplan_meier_median(durations: ArrayLike, observed: ArrayLike, level: float = 0.95) -> Interval:
    """The median duration where some have not ended yet.

    The median is where the Kaplan-Meier curve reaches one half (the middle of the step, if it
    runs along one half). The interval holds the times at which the log-log interval of the
    curve, with Greenwood's variance, holds one half (Brookmeyer and Crowley).

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
    z = normal_quantile(0.5 + check_level(level) / 2)
    time = vector(durations, "durations")
    ended = np.atleast_1d(np.asarray(observed, dtype=np.bool_))
    n = same_length(durations=time, observed=ended)
    if np.any(time < 0):
        raise ValueError("a duration is negative")
    if not ended.any():
        return Interval(math.inf, 0.0, math.inf)
    times, curve, lower, upper = _survival(time, ended, z)
    value = _median(times, curve)
    if 2 * 0.5**n > 1 - level:
        return Interval(value, 0.0, math.inf)
    low = times[lower <= 0.5]
    high = times[upper <= 0.5]
    return around(
        value,
        float(low[0]) if low.size else float(times[-1]),
        float(high[0]) if high.size else math.inf,
    )


def _survival(
    time: FloatArray, ended: BoolArray, z: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Times of ends, the curve just after each, and the ends of its log-log interval."""
    times, ends = np.unique(time[ended], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), times, side="left")
    curve = np.cumprod(1 - ends / at_risk).astype(np.float64)
    lower, upper = np.zeros_like(curve), np.ones_like(curve)
    inside = curve > 0
    left = at_risk[inside] - ends[inside]
    greenwood = np.cumsum(ends[inside] / (at_risk[inside] * left))
    stretch = np.exp(z * np.sqrt(greenwood) / -np.log(curve[inside]))
    lower[inside] = curve[inside] ** stretch
    upper[inside] = curve[inside] ** (1 / stretch)
    return times, curve, lower, upper


def _median(times: FloatArray, curve: FloatArray) -> float:
    reached = np.flatnonzero(curve <= 0.5 + 1e-12)
    if reached.size == 0:
        return math.inf
    first = int(reached[0])
    on_half = abs(float(curve[first]) - 0.5) <= 1e-12
    if on_half and first + 1 < times.size:
        return float(times[first] + times[first + 1]) / 2
    return float(times[first])


def _dated(days: ArrayLike, values: ArrayLike, prefix: str) -> tuple[IntArray, FloatArray]:
    when, value = whole_days(days, f"{prefix}days"), vector(values, f"{prefix}values")
    same_length(days=when, values=value)
    return when, value


def _known(days: ArrayLike, values: ArrayLike, on_day: int) -> tuple[IntArray, FloatArray]:
    """The leader's entries by a day."""
    when, value = _dated(days, values, "leader_")
    known = when <= on_day
    if not known.any():
        raise ValueError(f"the leader has no entry by day {on_day}; its first is {when.min()}")
    return when[known], value[known]
