"""Many runs on the same items: all differences at once, ranks and ties."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, check_count, check_level
from headtohead.stats.intervals import normal_quantile
from headtohead.stats.ranks import RankSpread
from headtohead.trials.paired.differences import MeanDifference, difference
from headtohead.trials.paired.means import cluster_codes

_CELLS = 2_000_000  # random numbers held at once


@dataclass(frozen=True, slots=True, eq=False)
class RunPair:
    """Two of the runs.

    Attributes:
        a: Position of the first.
        b: Position of the second, > a.
        found: Second minus first, alone.
        joint: Its interval that holds together with those of all pairs.
    """

    a: int
    b: int
    found: MeanDifference
    joint: Interval


@dataclass(frozen=True, slots=True, eq=False)
class RunField:
    """All runs against each other.

    Attributes:
        means: Mean score of each run, shape (k,).
        pairs: All k (k - 1) / 2, by position.
        pair_level: The level at which single intervals hold jointly.
        ranks: Rank of each run, and the best and worst that the joint intervals allow.
        ties: For each run, from the best down, all it cannot be told apart from, itself
            included. The groups overlap.
    """

    means: FloatArray
    pairs: tuple[RunPair, ...]
    pair_level: float
    ranks: RankSpread
    ties: tuple[IntArray, ...]


def compare_many(
    scores: ArrayLike,
    rng: np.random.Generator,
    *,
    clusters: Labels | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
    rounds: int = 4000,
) -> RunField:
    """Every run against every other, with joint intervals, ranks and tie groups.

    Clusters are weighted at random, with all runs' scores on them, to learn how large the
    largest of all standardised differences gets by chance; single intervals are then made at
    the level that this asks for, never one below the level of a single pair nor above
    Bonferroni's.

    Args:
        scores: Shape (n, k): n rows that all k runs share, finite.
        rng: Source of randomness.
        clusters: The cluster of each row, length n, or None.
        level: Joint coverage, inside (0, 1).
        bounds: Least and greatest possible score, where known.
        rounds: Draws, at least 200.

    Raises:
        ValueError: If there are fewer than two runs, or the arguments do not fit.

    References:
        Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple
        hypothesis testing. JASA 100, 94-108. doi:10.1198/016214504000000539
        Mogstad, M., Romano, J. P., Shaikh, A. M., Wilhelm, D. (2024). Inference for ranks with
        applications to mobility across neighbourhoods and academic achievement across
        countries. Review of Economic Studies 91, 476-518. doi:10.1093/restud/rdad006
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2 or table.shape[0] < 1:
        raise ValueError(f"scores have shape {table.shape}; give rows by at least two runs")
    if not np.all(np.isfinite(table)):
        raise ValueError("a score is not a finite number; leave that row out for all runs")
    check_level(level)
    codes = cluster_codes(clusters, table.shape[0])
    a, b = np.triu_indices(table.shape[1], 1)
    pair_level = _joint_level(table, codes, a, b, rng, level, check_count(rounds, "rounds", 200))
    grouped = None if clusters is None else codes
    if bounds is None and np.all((table == 0) | (table == 1)):
        bounds = (0.0, 1.0)
    pairs = []
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        found = difference(table[:, i], table[:, j], clusters=grouped, level=level, bounds=bounds)
        pairs.append(RunPair(i, j, found, found.test.interval(pair_level)))
    means = table.mean(axis=0)
    # Whether run i is surely better than run j, at [i, j].
    above = np.zeros((means.size, means.size), dtype=np.bool_)
    for pair in pairs:
        above[pair.b, pair.a] = pair.joint.low > 0
        above[pair.a, pair.b] = pair.joint.high < 0
    ranks = RankSpread(
        1 + (means[None, :] > means[:, None] + 1e-12).sum(axis=1).astype(np.int64),
        1 + above.sum(axis=0).astype(np.int64),
        means.size - above.sum(axis=1).astype(np.int64),
    )
    order = np.argsort(-means, kind="stable")
    apart = above | above.T
    ties = tuple(order[~apart[run, order]].astype(np.int64) for run in order.tolist())
    return RunField(means, tuple(pairs), pair_level, ranks, ties)


def _joint_level(
    table: FloatArray,
    codes: IntArray,
    a: IntArray,
    b: IntArray,
    rng: np.random.Generator,
    level: float,
    rounds: int,
) -> float:
    """The level of single intervals at which all of them hold together."""
    tests = a.size
    many = int(codes.max()) + 1
    centred = table - table.mean(axis=0)
    sums = np.zeros((many, table.shape[1]))
    np.add.at(sums, codes, centred)
    spread = sums.T @ sums
    error = np.sqrt(np.maximum(0.0, np.diag(spread)[a] + np.diag(spread)[b] - 2 * spread[a, b]))
    varies = error > 1e-9
    if tests == 1 or not varies.any():
        return 1 - (1 - level) / tests
    largest = np.empty(rounds)
    step = max(1, _CELLS // (many + tests))
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        drawn = rng.standard_normal((size, many)) @ sums
        apart = np.abs(drawn[:, b[varies]] - drawn[:, a[varies]]) / error[varies]
        largest[start : start + size] = apart.max(axis=1)
    critical = float(np.sort(largest)[math.ceil(level * (rounds - 1))])
    # Pairs that never differ take no part in the draws; each costs its share.
    missing = int((~varies).sum())
    tail = math.erfc(critical / math.sqrt(2)) * (tests - missing) / tests
    least, most = normal_quantile(0.5 + level / 2), 1 - (1 - level) / tests
    if critical < least:
        return level if not missing else most
    return min(most, 1 - tail)
