"""The front of cost and value: who is on it, how probably, and what is as good for less."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.bootstrap import percentile_interval
from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
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
    mask: BoolArray = _fronts(costs[None, :], values[None, :])[0]
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
        drawn = values + sd * rng.standard_normal((size, n))
        counts += _fronts(costs[None, :], drawn).sum(axis=0)
    return counts / draws


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Costs and values of entrants with joint draws of both.

    Attributes:
        cost: Shape (n,); `value` likewise.
        costs: Shape (draws, n); row by row they belong to `values`.
    """

    cost: FloatArray
    value: FloatArray
    costs: FloatArray
    values: FloatArray

    def on_front(self) -> BoolArray:
        """Whether each is on the front of the estimates, shape (n,)."""
        return pareto_front(self.cost, self.value)

    def front_chance(self) -> FloatArray:
        """The share of joint draws in which each is on the front, shape (n,)."""
        step = max(1, _CELLS // self.cost.size)
        parts = [
            _fronts(self.costs[i : i + step], self.values[i : i + step]).sum(axis=0)
            for i in range(0, len(self.costs), step)
        ]
        return np.asarray(np.sum(parts, axis=0) / len(self.costs))

    def cost_interval(self, i: int, level: float = 0.95) -> Interval:
        """What one costs, from its draws."""
        return percentile_interval(float(self.cost[i]), self.costs[:, i], (1 - level) / 2, 0.0)

    def value_interval(self, i: int, level: float = 0.95) -> Interval:
        """How good one is, from its draws."""
        return percentile_interval(float(self.value[i]), self.values[:, i], (1 - level) / 2)

    def as_good(self, reference: int, margin: float) -> FloatArray:
        """The chance of each to be worse than the reference by no more than a margin."""
        near = self.values >= self.values[:, [reference]] - margin
        return np.asarray(near.mean(axis=0))

    def saving(self, reference: int, other: int, level: float = 0.95) -> Interval:
        """The share of the reference's cost, above 0, that the other saves; below 0, it adds."""
        value = 1 - float(self.cost[other] / self.cost[reference])
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = 1 - self.costs[:, other] / self.costs[:, reference]
        return percentile_interval(value, draws, (1 - level) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class SameQuality:
    """What the quality of one entrant costs at the least.

    Attributes:
        place: The cheapest that is as good by the estimates; the reference itself if none is.
        saving: Its share of the reference's cost that it saves; the ends are those of the cheapest
            that is as good in each joint draw, whoever that is.
        picked: In how many draws each is that one, shape (n,), from 0 to 1.
    """

    place: int
    saving: Interval
    picked: FloatArray


def same_quality(
    drawn: Drawn, reference: int, margin: float, *, among: BoolArray, level: float = 0.95
) -> SameQuality:
    """The cheapest of some that is no worse than the reference by more than a margin.

    The reference always counts among them, so that nothing is ever saved below 0. Who is as good
    is told anew in each draw: of many that are nearly as good some are by luck, and the upper end
    is high where their scores are not sure.
    """
    mine = among.copy()
    mine[reference] = True

    def cheapest(cost: FloatArray, value: FloatArray) -> IntArray:
        fits = mine & (value >= value[:, [reference]] - margin)
        return np.asarray(np.where(fits, cost, np.inf).argmin(axis=1))

    place = int(cheapest(drawn.cost[None, :], drawn.value[None, :])[0])
    who = cheapest(drawn.costs, drawn.values)
    row = np.arange(who.size)
    saved = 1 - drawn.costs[row, who] / drawn.costs[:, reference]
    value = 1 - float(drawn.cost[place] / drawn.cost[reference])
    picked = np.bincount(who, minlength=drawn.cost.size) / who.size
    return SameQuality(place, percentile_interval(value, saved, (1 - level) / 2, 0.0), picked)


def cheapest_as_good(
    drawn: Drawn, reference: int, margin: float, *, among: BoolArray, sure: float = 0.95
) -> int | None:
    """The cheapest of some that is as good as the reference with that chance, and costs less.

    Every one is judged by itself: of many that are worse by the margin, one in twenty is taken for
    as good. None if nobody is.
    """
    fits = among & (drawn.as_good(reference, margin) >= sure)
    fits = fits & (drawn.cost < drawn.cost[reference])
    if not fits.any():
        return None
    return int(np.where(fits, drawn.cost, np.inf).argmin())


def resampled(
    cost: FloatArray,
    value: FloatArray,
    rng: np.random.Generator,
    *,
    clusters: IntArray | None = None,
    rounds: int = 2000,
) -> Drawn:
    """Mean cost and mean value of each entrant over shared items, drawn anew with both.

    An item keeps its costs and values of all entrants together, and clusters stay whole.

    Args:
        cost: Shape (items, n); `value` likewise.
        clusters: The number of each item's cluster, from 0; every item alone if None.
        rounds: How often, at least 200.

    References:
        Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics
        7, 1-26. doi:10.1214/aos/1176344552
    """
    items, n = cost.shape
    code = np.arange(items) if clusters is None else clusters
    rounds = check_count(rounds, "rounds", 200)
    table = np.column_stack([cost, value, np.ones(items)])
    sums = np.zeros((int(code.max()) + 1, table.shape[1]))
    np.add.at(sums, code, table)
    many = len(sums)
    means = np.empty((rounds, 2 * n))
    step = max(1, _CELLS // many)
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        times = rng.multinomial(many, np.full(many, 1 / many), size)
        total = times @ sums
        means[start : start + size] = total[:, :-1] / total[:, -1:]
    return Drawn(cost.mean(axis=0), value.mean(axis=0), means[:, :n], means[:, n:])


def _fronts(cost: FloatArray, values: FloatArray) -> BoolArray:
    """Masks of shape (draws, n): one sweep from the cheapest up for each row of values.

    `cost` has shape (draws, n), or (1, n) where it is the same in every draw.
    """
    order = np.argsort(cost, axis=1, kind="stable")
    price = np.take_along_axis(cost, order, axis=1)
    rows = np.take_along_axis(values, np.broadcast_to(order, values.shape), axis=1)
    place = np.arange(price.shape[1])
    above = np.diff(price, axis=1, prepend=-np.inf) > 0
    first = np.maximum.accumulate(np.where(above, place, 0), axis=1)
    below = np.diff(price, axis=1, append=np.inf) > 0
    last = np.minimum.accumulate(np.where(below, place, place[-1])[:, ::-1], axis=1)[:, ::-1]
    best = np.maximum.accumulate(rows, axis=1)
    first, last = (np.broadcast_to(ends, rows.shape) for ends in (first, last))
    # On the front: above all that is cheaper, and at the top of those of equal cost.
    before = np.take_along_axis(best, np.maximum(first - 1, 0), axis=1)
    cheaper = np.where(first > 0, before, -np.inf)
    on_front = (rows > cheaper) & (rows >= np.take_along_axis(best, last, axis=1))
    mask = np.empty(rows.shape, dtype=np.bool_)
    np.put_along_axis(mask, np.broadcast_to(order, rows.shape), on_front, axis=1)
    return mask
