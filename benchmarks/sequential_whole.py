"""Whole sequences at once, for simulations: when each is decided, gives up, or is hopeless."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headtohead.stats.inputs import BoolArray, FloatArray, IntArray
from headtohead.trials.sequential import (
    Sequential,
    SequentialPlan,
    State,
    distances,
    log_weights,
    stake,
    variance_after,
)

# Gauss-Hermite nodes for an average over a normal distribution.
_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(9)
_SHARES = _SHARES / _SHARES.sum()
_AT_ONCE = 2**14


def predicted_variance(x: FloatArray, plan: SequentialPlan) -> FloatArray:
    """The variance expected of each observation from those before it, shape as x.

    Observations stand in order of arrival along the last axis, shape (..., n).
    """
    before = np.arange(x.shape[-1], dtype=np.float64)
    total = np.cumsum(x, axis=-1) - x
    squares = np.cumsum(x * x, axis=-1) - x * x
    return variance_after(before, total, squares, plan)


def log_wealth(x: FloatArray, m: float, plan: SequentialPlan) -> FloatArray:
    """The log wealth of betting that the mean is above m, after each observation, shape as x.

    To bet that the mean is below m, give -x and -m. What lies beyond +-700 is told as about that.
    """
    if x.ndim == 2 and x.size > _AT_ONCE:
        # A few sequences at a time stay in the cache of the processor.
        parts = np.array_split(x, math.ceil(x.size / _AT_ONCE))
        return np.concatenate([log_wealth(part, m, plan) for part in parts])
    variance = predicted_variance(x, plan)
    wealth = np.full(x.shape, math.exp(-700.0))
    for start, distance in zip(log_weights(), distances(plan), strict=True):
        lam = stake(float(distance), variance, plan.bound + m)
        logs = start + np.cumsum(np.log1p(lam * (x - m)), axis=-1)
        wealth += np.exp(np.minimum(logs, 700.0))
    return np.asarray(np.log(wealth))


@dataclass(frozen=True, slots=True)
class Decisions:
    """After how many observations each sequence was decided; 0 where it never was.

    Attributes:
        yes_at: Shape (...), the first moment that shows a mean above -margin.
        no_at: Shape (...), the first moment that shows a mean below -margin.
        gave_up_at: Shape (...), the first moment that refutes the design, 0 everywhere if that
            was not asked for.
    """

    yes_at: IntArray
    no_at: IntArray
    gave_up_at: IntArray


def decide(x: FloatArray, plan: SequentialPlan, give_up: float | None = None) -> Decisions:
    """When each sequence shows the one or the other, looking after every observation.

    Args:
        x: Observations in order of arrival along the last axis, shape (..., n).
        plan: Fixed before the first observation.
        give_up: Stop also when the design is refuted with this error, inside (0, 1). If the
            difference is as planned, or further from the margin, this happens at most that often.
    """
    against_plan = np.zeros(x.shape, dtype=np.bool_)
    if give_up is not None:
        side = math.copysign(1.0, plan.null - plan.planned)
        against_plan = log_wealth(side * x, side * plan.planned, plan) >= -math.log(give_up)
    return Decisions(
        _first(log_wealth(x, plan.null, plan) >= plan.threshold),
        _first(log_wealth(-x, -plan.null, plan) >= plan.threshold),
        _first(against_plan),
    )


def _first(hit: BoolArray) -> IntArray:
    if hit.shape[-1] == 0:
        return np.zeros(hit.shape[:-1], dtype=np.int64)
    return np.asarray(np.where(hit.any(axis=-1), hit.argmax(axis=-1) + 1, 0))


def add_all(test: Sequential, xs: ArrayLike) -> State:
    """The state after more observations, in their order."""
    for x in np.asarray(xs, dtype=np.float64).tolist():
        test.add(x)
    return test.state


def chance(seen: NDArray[np.float64], more: int, plan: SequentialPlan) -> float:
    """The approximate probability of a verdict within so many more observations.

    Each gambler's log wealth is taken for a Brownian motion with drift, whose first passage counts;
    the likeliest winner stands for all. The true difference is averaged over what the observations
    so far, shape (n,), leave open (predictive power).
    """
    total = 0.0
    for sign in (1.0, -1.0):
        x, null = sign * seen, sign * plan.null
        variance = predicted_variance(x, plan)
        lam = stake(distances(plan)[:, None], variance, plan.bound + null)
        wanting = plan.threshold - log_weights() - np.log1p(lam * (x - null)).sum(axis=1)
        if wanting.min() <= 0:
            return 1.0
        means = x.mean() + x.std() / math.sqrt(x.size) * _NODES
        chances = [_reaches(x, wanting, more, float(mean), plan, null) for mean in means]
        total += float(np.dot(_SHARES, chances))
    return min(1.0, total)


def _reaches(
    x: FloatArray, wanting: FloatArray, more: int, mean: float, plan: SequentialPlan, null: float
) -> float:
    """The chance that a gambler wins what is wanting, if the true mean is so much."""
    from scipy.special import log_ndtr, ndtr

    # Observations are -bound, 0 or bound, with the spread seen.
    bound, mean = plan.bound, min(max(mean, -plan.bound), plan.bound)
    square = float(x.var()) + mean**2
    foreseen = variance_after(x.size, mean * x.size, square * x.size, plan)
    lam = stake(distances(plan), foreseen, bound + null)
    wins = min(max((square / bound + mean) / (2 * bound), 0.0), 1.0)
    losses = min(max((square / bound - mean) / (2 * bound), 0.0), 1.0 - wins)
    logs = np.log1p(lam * (np.array([[bound], [0.0], [-bound]]) - null))
    shares = np.array([[wins], [1 - wins - losses], [losses]])
    drift = (shares * logs).sum(axis=0)
    variance = (shares * (logs - drift) ** 2).sum(axis=0)
    spread = np.sqrt(variance * more)
    still = spread < 1e-12
    safe, var = np.where(still, 1.0, spread), np.where(still, 1.0, variance)
    ahead = ndtr((drift * more - wanting) / safe)
    turned = log_ndtr((-drift * more - wanting) / safe)
    mirrored = np.exp(np.minimum(2 * drift * wanting / var + turned, 0.0))
    certain = (drift * more >= wanting).astype(np.float64)
    return float(np.where(still, certain, np.minimum(1.0, ahead + mirrored)).max())
