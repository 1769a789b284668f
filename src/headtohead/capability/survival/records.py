"""Records: the entries that raised the best so far, and who is the best."""

import numpy as np
from numpy.typing import ArrayLike

from headtohead.capability.survival.sides import dated, front, matrix
from headtohead.stats.inputs import FloatArray, IntArray


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
    when, value = dated(days, values, "")
    found = front(when, value[None, :], int(when.max()))
    (record,) = found.records()
    return found.days[record], found.best[0, record]


def best_on(days: ArrayLike, values: ArrayLike, day: int) -> int:
    """The position of the best entry known on a day; of equals the earliest.

    Args:
        days: Whole days, shape (n,).
        values: Shape (n,), higher is better.
        day: Later entries do not count.

    Raises:
        ValueError: If there is none by that day.
    """
    when, value = dated(days, values, "")
    known = np.flatnonzero(when <= day)
    if known.size == 0:
        raise ValueError(f"nothing by day {day}; the first entry is of day {when.min()}")
    return int(known[np.lexsort((when[known], -value[known]))[0]])


def frontier_probability(draws: ArrayLike) -> FloatArray:
    """How probable it is that each entry is the best of all: its share of the draws.

    A noisy entry is favoured, since its draws reach high more often.

    Args:
        draws: Joint draws of the values, shape (R, n), higher is better. Give the entries
            known on the day asked about.

    Returns:
        Shape (n,), adding up to 1; entries that tie in a draw share it.

    Raises:
        ValueError: If there are no draws or entries, or a draw is not a finite number.

    References:
        Bechhofer, R. E. (1954). A single-sample multiple decision procedure for ranking
        means of normal populations with known variances. Annals of Mathematical Statistics
        25, 16-39. doi:10.1214/aoms/1177728845
    """
    array = np.asarray(draws, dtype=np.float64)
    n = array.shape[1] if array.ndim == 2 else 0
    if n == 0:
        raise ValueError(f"draws has shape {array.shape}; it must be (draws, entries)")
    array = matrix(array, n)
    top = array == array.max(axis=1, keepdims=True)
    share: FloatArray = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return share
