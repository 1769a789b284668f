"""Ranks that hold together: joint intervals, step-down rank sets, and groups of equals.

Of 20 intervals that each hold with 95%, all hold together only about half of the time. What is said
here of all models at once is wrong anywhere in at most 5% of boards.
"""

from dataclasses import dataclass

import numpy as np

from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, check_count, check_level
from headtohead.stats.threads import one_thread

_CELLS = 400_000  # numbers held at once
_FEWEST_DRAWS = 500


@dataclass(frozen=True, slots=True, eq=False)
class RankSets:
    """Which places each of M models may hold, from 1 for the strongest.

    Attributes:
        rank: Place by strength, shape (M,).
        best: 1 + how many are surely stronger, shape (M,).
        worst: M minus how many are surely weaker, shape (M,).
        group: Shape (M,), from 1: a new group starts with the strongest model that is surely
            weaker than the strongest of the group before.
        stronger: Shape (M, M): row surely stronger than column, all of it at once.
    """

    rank: IntArray
    best: IntArray
    worst: IntArray
    group: IntArray
    stronger: BoolArray


@one_thread()
def joint_width(
    covariance: FloatArray, rng: np.random.Generator, *, level: float = 0.95, draws: int = 2000
) -> float:
    """Standard errors on each side that make all M intervals hold together (max-t).

    It is that of `draws` simulated boards, at least 500.

    References:
        Westfall, P. H., Young, S. S. (1993). Resampling-Based Multiple Testing. Wiley.
        Montiel Olea, J. L., Plagborg-Moller, M. (2019). Simultaneous confidence bands: theory,
        implementation, and an application to SVARs. Journal of Applied Econometrics 34, 1-17.
        doi:10.1002/jae.2656
    """
    z = _draws(covariance, rng, draws)
    errors = np.sqrt(np.diag(covariance))
    some = errors > 0
    if not some.any():
        return 0.0
    largest = np.abs(z[:, some] / errors[some]).max(axis=1)
    return float(np.quantile(largest, check_level(level)))


@one_thread()
def rank_sets(
    strength: FloatArray,
    covariance: FloatArray,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 2000,
) -> RankSets:
    """Sets of places that hold all true places together with the chance `level`.

    Every pair is tested in both directions against the largest difference that chance would show;
    what is decided no longer counts as a comparison that could go wrong, and the rest is tested
    again (step-down).

    The strengths are those of one component; the rest is as in `joint_width`.

    Raises:
        ValueError: If shapes do not fit or there are too few draws.

    References:
        Mogstad, M., Romano, J. P., Shaikh, A. M., Wilhelm, D. (2024). Inference for ranks with
        applications to mobility across neighbourhoods and academic achievement across countries.
        Review of Economic Studies 91, 476-518. doi:10.1093/restud/rdad006
        Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple
        hypothesis testing. JASA 100, 94-108. doi:10.1198/016214504000000539
    """
    m = strength.size
    if covariance.shape != (m, m):
        raise ValueError(f"covariance has shape {covariance.shape} for {m} strengths")
    order = np.argsort(-strength, kind="stable")
    above = _surely_above(strength[order], covariance[np.ix_(order, order)], rng, level, draws)
    stronger = np.zeros((m, m), dtype=bool)
    stronger[np.ix_(order, order)] = above
    rank = 1 + (strength[None, :] > strength[:, None]).sum(axis=1)
    # A group begins with the first model that is surely below the leader of the group before.
    number, leader, group = 1, 0, np.ones(m, dtype=np.int64)
    for place in range(1, m):
        if above[leader, place]:
            leader, number = place, number + 1
        group[order[place]] = number
    return RankSets(
        rank.astype(np.int64),
        1 + stronger.sum(axis=0).astype(np.int64),
        m - stronger.sum(axis=1).astype(np.int64),
        group,
        stronger,
    )


def _surely_above(
    strength: FloatArray, covariance: FloatArray, rng: np.random.Generator, level: float, draws: int
) -> BoolArray:
    """Which model is surely stronger than which, for models sorted from the strongest."""
    m = strength.size
    upper, lower = np.triu_indices(m, 1)
    variance = np.diag(covariance)
    spread = np.sqrt(
        np.maximum(0.0, variance[upper] + variance[lower] - 2 * covariance[upper, lower])
    )
    gap = strength[upper] - strength[lower]
    # Two models that never differ in any simulated board are known exactly.
    exact = spread <= 1e-12 * max(1.0, float(np.abs(strength).max(initial=0.0)))
    t = np.divide(gap, spread, out=np.where(gap > 0, np.inf, 0.0), where=~exact)
    z = _draws(covariance, rng, draws)
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=~exact)
    done = np.zeros(t.size, dtype=bool)
    # Simulation noise is far above single precision, and half the memory is twice the speed.
    boards, scale = np.ascontiguousarray(z.T, dtype=np.float32), inverse.astype(np.float32)
    step = max(1, _CELLS // z.shape[0])
    while True:
        # The largest standardised difference of each simulated board. A decided pair can only err
        # in the other direction.
        found = np.zeros(z.shape[0], dtype=np.float32)
        for start in range(0, upper.size, step):
            pairs = slice(start, start + step)
            d = boards[upper[pairs]]
            d -= boards[lower[pairs]]
            d *= scale[pairs, None]
            two_sided = ~done[pairs]
            d[two_sided] = np.abs(d[two_sided])
            np.negative(d, out=d, where=done[pairs][:, None])
            np.maximum(found, d.max(axis=0, initial=0.0), out=found)
        critical = float(np.quantile(found.astype(np.float64), check_level(level)))
        new = (t > critical) & ~done
        if not new.any():
            break
        done |= new
    above = np.zeros((m, m), dtype=bool)
    above[upper[done], lower[done]] = True
    # If A is above B and B above C, so is A above C, though their own test may not show it.
    for place in reversed(range(m)):
        above[place] |= above[above[place]].any(axis=0)
    return above


def _draws(covariance: FloatArray, rng: np.random.Generator, draws: int) -> FloatArray:
    """Simulated errors of the strengths, shape (draws, M)."""
    check_count(draws, "draws", _FEWEST_DRAWS)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    made: FloatArray = rng.standard_normal((draws, covariance.shape[0])) @ root.T
    return made
