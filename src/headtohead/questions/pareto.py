"""The front of entrants that nobody beats on cost and value at once."""

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    check_count,
    same_length,
    spreads,
    vector,
)

_CELLS = 4_000_000


def pareto_front(cost: ArrayLike, value: ArrayLike) -> BoolArray:
    """Who is on the front: nobody else is as cheap and as good, and better in one of both.

    Costs and values have shape (n,); lower costs and higher values are better.

    Returns:
        Mask of shape (n,). Entrants equal in both stay or go together.

    Raises:
        ValueError: If lengths differ, there is none, or one is not a finite number.

    References:
        Kung, H. T., Luccio, F., Preparata, F. P. (1975). On finding the maxima of a set of
        vectors. Journal of the ACM 22, 469-476. doi:10.1145/321906.321910
    """
    costs, values = vector(cost, "cost"), vector(value, "value")
    same_length(cost=costs, value=values)
    mask: BoolArray = _fronts(costs, values[None, :])[0]
    return mask


def front_probability(
    cost: ArrayLike,
    value: ArrayLike,
    value_sd: ArrayLike,
    rng: np.random.Generator,
    draws: int = 2000,
) -> FloatArray:
    """How probable it is that each entrant is on the front, values being uncertain.

    Values are drawn as independent normals around the estimates, costs are taken as known.
    A noisy entrant is favoured: its draws reach high more often.

    Args:
        cost: Shape (n,), lower is better.
        value: Shape (n,), higher is better.
        value_sd: Standard errors of the values, shape (n,) or one for all, >= 0.
        rng: Source of randomness.
        draws: How many, at least 100.

    Returns:
        Shape (n,), from 0 to 1.

    Raises:
        ValueError: As `pareto_front`, or if a standard error is negative.
    """
    costs, values = vector(cost, "cost"), vector(value, "value")
    n = same_length(cost=costs, value=values)
    sd = spreads(value_sd, values, "value_sd")
    draws = check_count(draws, "draws", 100)
    counts = np.zeros(n)
    step = max(1, _CELLS // n)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        counts += _fronts(costs, values + sd * rng.standard_normal((size, n))).sum(axis=0)
    return counts / draws


def _fronts(cost: FloatArray, values: FloatArray) -> BoolArray:
    """Masks of shape (draws, n): one sweep from the cheapest up for each row of values."""
    order = np.argsort(cost, kind="stable")
    price, rows = cost[order], values[:, order]
    first = np.searchsorted(price, price, side="left")
    last = np.searchsorted(price, price, side="right") - 1
    best = np.maximum.accumulate(rows, axis=1)
    # On the front: above all that is cheaper, and at the top of those of equal cost.
    cheaper = np.where(first > 0, best[:, np.maximum(first - 1, 0)], -np.inf)
    on_front = (rows > cheaper) & (rows >= best[:, last])
    mask = np.empty(rows.shape, dtype=np.bool_)
    mask[:, order] = on_front
    return mask
