"""Series that can only fall: the lowest price so far."""

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import FloatArray, same_length, vector


def step_envelope(days: ArrayLike, prices: ArrayLike) -> FloatArray:
    """The lowest price on or before each day.

    Args:
        days: Shape (n,), in any order; several prices may share a day.
        prices: Shape (n,), any unit.

    Returns:
        Shape (n,), in the order given: entry i is the minimum over all j with
        days[j] <= days[i]. Sorted by day it never rises.

    Raises:
        ValueError: If lengths differ, there is none, or one is not a finite number.

    References:
        R Core Team. Cumulative sums, products, and extremes (cummin), base package.
    """
    when, price = vector(days, "days"), vector(prices, "prices")
    same_length(days=when, prices=price)
    order = np.argsort(when, kind="stable")
    lowest = np.minimum.accumulate(price[order])
    # A later entry of the same day counts too, so read at the end of each day.
    last = np.searchsorted(when[order], when, side="right") - 1
    return lowest[last]
