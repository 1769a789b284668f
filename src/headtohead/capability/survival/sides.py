"""A side's entries with their joint draws, and its best so far in every draw at once.

Functions of this package work on rows: row 0 holds the point values, the rows below it the
draws. So a point and its draws can never be computed in two ways.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.bootstrap import percentile_interval
from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    check_level,
    same_length,
    vector,
    whole_days,
)
from headtohead.stats.intervals import normal_probability, student_quantile


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Side:
    """The entries of one side: when they came out, how good they are, and joint draws of that.

    Attributes:
        days: Whole days (`date.toordinal()`), shape (n,), any order.
        values: Point values, shape (n,), higher is better.
        draws: Shape (R, n): row r holds the values of all entries in draw r. Two sides that
            are compared must come from the same R draws, row by row.
        rows: Shape (1 + R, n): the values, then the draws.

    Raises:
        ValueError: If shapes do not fit, there is none, or a number is not finite.
    """

    days: IntArray
    values: FloatArray
    draws: FloatArray
    rows: FloatArray

    def __init__(self, days: ArrayLike, values: ArrayLike, draws: ArrayLike) -> None:
        when, value = dated(days, values, "")
        drawn = matrix(draws, value.size)
        for name, array in (
            ("days", when),
            ("values", value),
            ("draws", drawn),
            ("rows", np.vstack([value, drawn])),
        ):
            object.__setattr__(self, name, array)

    def front(self, on_day: int) -> "Front":
        """The best so far by that day in every row; later entries do not count."""
        return front(self.days, self.rows, on_day)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """A quantity with two intervals around one point value.

    Attributes:
        scores: Covers what the scores leave open: these entries, their values uncertain.
        both: Covers also which records there happened to be: other records of the same kind.
    """

    scores: Interval
    both: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """A side's best so far in every row.

    Attributes:
        days: The days that have entries, rising, shape (k,); none if there is no entry.
        best: The highest value by each day, shape (rows, k), rising along each row.
    """

    days: IntArray
    best: FloatArray

    def records(self, since: int | None = None) -> BoolArray:
        """Where the best rose, shape (rows, k); with `since` only from that day on."""
        before = np.full_like(self.best, -np.inf)
        before[:, 1:] = self.best[:, :-1]
        risen: BoolArray = self.best > before
        return risen if since is None else risen & (self.days >= since)

    def reached(self, levels: FloatArray) -> IntArray:
        """Position in `days` where each row first has its levels; k where it never has.

        Levels have shape (rows, q), or (q,) for the same in every row.
        """
        wanted = np.broadcast_to(levels, (self.best.shape[0], levels.shape[-1]))
        places = [
            np.searchsorted(b, w, side="left") for b, w in zip(self.best, wanted, strict=True)
        ]
        return np.array(places, dtype=np.int64)


def front(days: IntArray, rows: FloatArray, on_day: int) -> Front:
    """The best so far in every row.

    Days have shape (n,) in any order, rows (rows, n); entries later than `on_day` do not count.
    """
    known = np.flatnonzero(days <= on_day)
    if known.size == 0:
        return Front(np.empty(0, np.int64), np.empty((rows.shape[0], 0)))
    order = known[np.argsort(days[known], kind="stable")]
    when, starts = np.unique(days[order], return_index=True)
    of_day = np.maximum.reduceat(rows[:, order], starts, axis=1)
    return Front(when.astype(np.int64), np.maximum.accumulate(of_day, axis=1))


def dated(days: ArrayLike, values: ArrayLike, prefix: str) -> tuple[IntArray, FloatArray]:
    """Days and values, checked.

    Raises:
        ValueError: If lengths differ, there is none, or a number does not fit.
    """
    when, value = whole_days(days, f"{prefix}days"), vector(values, f"{prefix}values")
    same_length(days=when, values=value)
    return when, value


def check_known(days: IntArray, day: int, name: str) -> None:
    """Raise ValueError if a side has no entry by a day."""
    if not np.any(days <= day):
        raise ValueError(f"the {name} has no entry by day {day}; its first is {days.min()}")


def matrix(draws: ArrayLike, n: int, name: str = "draws") -> FloatArray:
    """Draws of n entries, shape (R, n).

    Raises:
        ValueError: If the shape is another, or a draw is not a finite number.
    """
    array = np.asarray(draws, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] != n:
        raise ValueError(f"{name} has shape {array.shape}; it must be (draws, {n})")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds values that are not finite numbers")
    return array


def pair(leader: Side, trailing: Side) -> None:
    """Refuse two sides that were not drawn together.

    Raises:
        ValueError: If they have different numbers of draws.
    """
    a, b = leader.draws.shape[0], trailing.draws.shape[0]
    if a != b:
        raise ValueError(f"{a} draws of the leader, {b} of the trailing side; draw them together")


def drawn_interval(
    values: FloatArray,
    level: float,
    floor: float = -math.inf,
    *,
    lower: FloatArray | None = None,
    units: float | None = None,
) -> Interval:
    """The interval between two percentiles of the draws, holding the point value.

    Args:
        values: Shape (1 + R,): the point value, then the draws; a draw that is not a number
            counts against both ends.
        level: Coverage, inside (0, 1).
        floor: The least value possible.
        lower: The same shape, for the value and the lower end where they differ from the
            upper (least values).
        units: How many independent units the draws resample with exponential weights. Then
            the percentiles are moved outwards, as in `bootstrap`, at most to the extreme
            draws; with fewer than 2 the interval is open.

    Raises:
        ValueError: If R draws cannot have the level: their whole range has (R - 1) / (R + 1).
    """
    check_level(level)
    draws = values.size - 1
    if (draws - 1) / (draws + 1) < level - 1e-12:
        needed = math.ceil((1 + level) / (1 - level) - 1e-9)
        raise ValueError(f"{draws} draws cannot show a level of {level}; {needed} are needed")
    least = values if lower is None else lower
    value = float(least[0])
    tail = (1 - level) / 2
    if units is not None:
        if units < 2:
            return Interval(value, floor, math.inf)
        t = student_quantile(0.5 + level / 2, units - 1)
        tail = normal_probability(-t * math.sqrt((units + 1) / (units - 1)))
    low = percentile_interval(value, least[1:], tail, floor).low
    high = percentile_interval(float(values[0]), values[1:], tail, floor).high
    return Interval(value, low, max(value, high))
