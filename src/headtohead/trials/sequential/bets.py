"""Test martingales by betting: wealth that cannot grow, on average, if the mean is no larger.

A gambler who doubts that the mean is at most m stakes a share of the wealth on every observation
being larger than m. If the mean is at most m the wealth is a supermartingale, whatever the stakes,
as long as each is fixed before its observation. By Ville's inequality it ever reaches 1 / alpha
with probability at most alpha.

Here the wealth is spread over thirteen gamblers who believe in different distances from m, most
of it on the distance planned for. All know the running variance. The stakes fall as m rises in
such a way that the wealth falls too, so that the means not refuted form an interval.
"""

import math

import numpy as np

from headtohead.stats.inputs import FloatArray
from headtohead.trials.sequential.plan import Plan

# Found by simulation: sharper weights are a little quicker at the design and slower elsewhere.
_DECAY = 0.25
_STEPS = np.arange(-6, 7)
# The most of the wealth that can be lost at once; all of it would end the game.
_MOST = 0.95


def log_weights() -> FloatArray:
    """The log share of the wealth that each gambler starts with, shape (13,)."""
    weights = _DECAY ** np.abs(_STEPS)
    logs: FloatArray = np.log(weights / weights.sum())
    return logs


def distances(plan: Plan) -> FloatArray:
    """How far from m each gambler believes the mean to be, shape (13,)."""
    found: FloatArray = plan.distance * 2.0 ** (_STEPS / 2)
    return found


def predicted_variance(x: FloatArray, plan: Plan) -> FloatArray:
    """The variance expected of each observation from those before it, shape as x.

    Args:
        x: Observations in order of arrival along the last axis, shape (..., n).
        plan: Its spread counts as `trust` observations.
    """
    before = np.arange(x.shape[-1], dtype=np.float64)
    total = np.cumsum(x, axis=-1) - x
    squares = np.cumsum(x * x, axis=-1) - x * x
    return variance_after(before, total, squares, plan)


def variance_after(
    n: FloatArray | float, total: FloatArray | float, squares: FloatArray | float, plan: Plan
) -> FloatArray:
    """The variance to bet with after n observations of that sum and sum of squares."""
    about_mean = np.maximum(squares - np.square(total) / np.maximum(n, 1), 0)
    found: FloatArray = (plan.trust * plan.variance + about_mean) / (plan.trust + n)
    return found


def stake(distance: FloatArray | float, variance: FloatArray, edge: float) -> FloatArray:
    """The share of the wealth to bet per unit of x - m, in [0, 0.95 / edge).

    For small distances it is the stake of fastest growth, distance / (variance + distance^2).
    Large ones are bent down, as a loss near the edge costs more than the variance tells.

    Args:
        distance: How far the mean is believed to be from m, > 0.
        variance: Of the observation, > 0.
        edge: How far below m an observation can be, > 0.
    """
    straight = distance / (variance + np.square(distance))
    bent: FloatArray = straight / np.sqrt(1 + np.square(straight * edge / _MOST))
    return bent


def log_wealth(x: FloatArray, m: float, plan: Plan) -> FloatArray:
    """The log wealth of betting that the mean is above m, after each observation, shape as x.

    If the mean of every observation, given those before it, is at most m, then at each moment
    and overall P(wealth ever reaches 1 / a) <= a. To bet that the mean is below m, give -x and
    -m.

    Args:
        x: Observations in order of arrival along the last axis, each within +-plan.bound, shape
            (..., n): many sequences are followed at once.
        m: The mean that is doubted, inside +-plan.bound.
        plan: Fixed before the first observation.

    References:
        Waudby-Smith, I., Ramdas, A. (2024). Estimating means of bounded random variables by
        betting. Journal of the Royal Statistical Society B 86, 1-27. doi:10.1093/jrsssb/qkad009
        Ville, J. (1939). Etude critique de la notion de collectif. Gauthier-Villars.
    """
    variance = predicted_variance(x, plan)
    total = np.full(x.shape, -math.inf)
    for start, distance in zip(log_weights(), distances(plan), strict=True):
        lam = stake(float(distance), variance, plan.bound + m)
        np.logaddexp(total, start + np.cumsum(np.log1p(lam * (x - m)), axis=-1), out=total)
    return total


def final_log_wealth(x: FloatArray, variance: FloatArray, m: float, plan: Plan) -> float:
    """The log wealth after the last of the observations, with the variances foreseen for each.

    Args:
        x: Shape (n,).
        variance: What `predicted_variance` gives for x, shape (n,).
        m: The mean that is doubted, inside +-plan.bound.
        plan: As in `log_wealth`.
    """
    lam = stake(distances(plan)[:, None], variance, plan.bound + m)
    logs = log_weights() + np.log1p(lam * (x - m)).sum(axis=-1)
    return float(np.logaddexp.reduce(logs))
