"""Who is the best on a day, and how probably."""

import numpy as np
from numpy.typing import ArrayLike

from headtohead.capability.survival.sides import dated, matrix
from headtohead.stats.inputs import FloatArray


def best_on(days: ArrayLike, values: ArrayLike, day: int) -> int:
    """The position of the best entry known on a day; of equals the earliest.

    Both have shape (n,), higher is better; entries later than `day` do not count.

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

    Draws have shape (R, n), higher is better, of the entries known on the day asked about.

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
