"""Ranks with the range that the intervals leave open; higher values are better."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import IntArray, same_length


@dataclass(frozen=True, slots=True, eq=False)
class RankSpread:
    """Ranks of n entrants, each of shape (n,), from 1 for the best.

    Attributes:
        rank: By value; equal values share the better rank.
        best: 1 + how many are surely above (their low end above this one's high end).
        worst: How many are not surely below, this one included.
    """

    rank: IntArray
    best: IntArray
    worst: IntArray


def rank_spread(values: ArrayLike, lows: ArrayLike, highs: ArrayLike) -> RankSpread:
    """The rank of every entrant and the range that overlapping intervals leave open.

    Two entrants are told apart only if their intervals do not touch. That is stricter than
    a test of each pair, and does not correct for the number of entrants.

    Args:
        values: Shape (n,), higher is better.
        lows: Lower ends, shape (n,); -inf where unknown.
        highs: Upper ends, shape (n,); inf where unknown.

    Raises:
        ValueError: If lengths differ, there is none, or a value lies outside its interval.

    References:
        Goldstein, H., Spiegelhalter, D. J. (1996). League tables and their limitations.
        JRSS A 159, 385-443. doi:10.2307/2983325
        Chiang, W.-L. et al. (2024). Chatbot Arena: an open platform for evaluating LLMs by
        human preference. doi:10.48550/arXiv.2403.04132
    """
    value, low, high = (
        np.atleast_1d(np.asarray(array, dtype=np.float64)) for array in (values, lows, highs)
    )
    if same_length(values=value, lows=low, highs=high) == 0 or value.ndim != 1:
        raise ValueError("ranks need one list of at least one entrant")
    if not np.all(np.isfinite(value)):
        raise ValueError("a value is not a finite number; leave that entrant out")
    if not np.all((low <= value) & (value <= high)):
        bad = int(np.argmin((low <= value) & (value <= high)))
        raise ValueError(f"entrant {bad}: {low[bad]} <= {value[bad]} <= {high[bad]} does not hold")
    # Sorting once keeps this n log n: counts are positions in the sorted ends.
    above = value.size - np.searchsorted(np.sort(value), value, side="right")
    surely_above = value.size - np.searchsorted(np.sort(low), high, side="right")
    surely_below = np.searchsorted(np.sort(high), low, side="left")
    return RankSpread(
        (1 + above).astype(np.int64),
        (1 + surely_above).astype(np.int64),
        (value.size - surely_below).astype(np.int64),
    )
