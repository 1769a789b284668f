"""Cost per success and latency of B against A, on the same items."""

import math

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.bootstrap import percentile_interval, ratio_of_ratios
from headtohead.stats.inputs import (
    FloatArray,
    IntArray,
    Labels,
    check_count,
    check_level,
    same_length,
    vector,
)
from headtohead.stats.intervals import normal_probability, student_quantile
from headtohead.trials.paired.means import cluster_codes

_CELLS = 2_000_000  # random numbers held at once
_FEWEST = 6  # clusters; with fewer no resampled median has a level of 95%


def cost_per_success_ratio(
    cost_a: ArrayLike,
    success_a: ArrayLike,
    cost_b: ArrayLike,
    success_b: ArrayLike,
    rng: np.random.Generator,
    *,
    clusters: Labels | None = None,
    level: float = 0.95,
    rounds: int = 2000,
) -> Interval:
    """B's cost per success over A's, from rows in clusters; below 1, B is cheaper.

    Args:
        cost_a: What each run of A cost, shape (n,), >= 0.
        success_a: Whether (or how far) it succeeded, shape (n,), >= 0.

    Returns:
        As `bootstrap.ratio_of_ratios` of the sums of every cluster.

    Raises:
        ValueError: As `bootstrap.ratio_of_ratios`.
    """
    given = {"cost_a": cost_a, "success_a": success_a, "cost_b": cost_b, "success_b": success_b}
    parts = {name: vector(figures, name) for name, figures in given.items()}
    for name, part in parts.items():
        # Inside a cluster a negative figure would hide behind its neighbours.
        if part.min() < 0:
            raise ValueError(f"{name} has a negative value; amounts are 0 or more")
    codes = cluster_codes(clusters, same_length(**parts))
    ca, sa, cb, sb = (np.bincount(codes, part) for part in parts.values())
    return ratio_of_ratios(ca, sa, cb, sb, rng, rounds, level)


def median_ratio(
    a: ArrayLike,
    b: ArrayLike,
    rng: np.random.Generator,
    *,
    clusters: Labels | None = None,
    level: float = 0.95,
    rounds: int = 2000,
) -> Interval:
    """B's median over A's on the same rows, as of latencies; below 1, B is faster.

    Args:
        a: Figures of A, shape (n,), > 0.
        b: Figures of B on the same rows.

    Returns:
        Unbounded with fewer than six clusters.

    Raises:
        ValueError: If a figure is not positive, or the arguments do not fit.

    References:
        Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
        doi:10.1214/aos/1176345338
    """
    first, second = vector(a, "a"), vector(b, "b")
    if min(first.min(), second.min()) <= 0:
        raise ValueError("a ratio of medians needs figures above 0")
    n = same_length(a=first, b=second)
    check_level(level)
    rounds = check_count(rounds, "rounds", 200)
    codes = cluster_codes(clusters, n)
    many = int(codes.max()) + 1
    value = float(np.median(second) / np.median(first))
    tail = normal_probability(-student_quantile(0.5 + level / 2, max(1, many - 1)))
    if many < _FEWEST or 2 * 0.5**many > 1 - level:
        return Interval(value, 0.0, math.inf)
    rounds = max(rounds, math.ceil(10 / tail))
    draws = np.empty(rounds)
    step = max(1, _CELLS // n)
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        weights = rng.standard_exponential((size, many))
        medians = (_weighted_medians(side, codes, weights) for side in (second, first))
        draws[start : start + size] = np.divide(*medians)
    return percentile_interval(value, draws, tail, 0.0)


def _weighted_medians(values: FloatArray, codes: IntArray, weights: FloatArray) -> FloatArray:
    """The value at which half the weight of each draw is reached, shape (draws,)."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[:, codes[order]], axis=1)
    place = (reached < 0.5 * reached[:, -1:]).sum(axis=1)
    return np.asarray(values[order][np.minimum(place, values.size - 1)])
