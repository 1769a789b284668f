"""Several differences at once: in every slice of the items, and between all of many runs."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import (
    FloatArray,
    IntArray,
    Labels,
    check_count,
    check_level,
    label_list,
    vector,
)
from headtohead.stats.intervals import RankSpread, student_tail
from headtohead.stats.tails import chi_square_tail, holm
from headtohead.trials.paired.differences import MeanDifference, Verdict, difference, verdict
from headtohead.trials.paired.means import cluster_codes


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One slice.

    Attributes:
        difference: In this slice alone, at the level asked for.
        joint: The interval that holds together with those of all other slices.
        noninferior: By `joint`.
        p_noninferior: One-sided, by Holm, for all slices together.
    """

    name: object
    difference: MeanDifference
    joint: Interval
    noninferior: Verdict
    p_noninferior: float


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """All slices, the worst first.

    Attributes:
        slices: By difference, lowest first.
        p_same: p-value of "the difference is the same in all slices"; 1 with one slice.
        same_method: "permutation" or "wald".
    """

    slices: tuple[Slice, ...]
    p_same: float
    same_method: str


def slices(
    a: ArrayLike,
    b: ArrayLike,
    labels: Labels,
    margin: float,
    rng: np.random.Generator,
    *,
    clusters: Labels | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
    rounds: int = 2000,
) -> Slices:
    """B minus A in every slice, with intervals that hold for all slices together.

    Joint intervals are Bonferroni's on the method that fits each slice, which stays right for
    a slice of one row, where a resampled maximum would not.

    Args:
        a: Scores of A, shape (n,), finite.
        labels: The slice of each row, length n.
        margin: How much worse B may be, >= 0, in the unit of the scores.
        level: Joint coverage, inside (0, 1).
        rounds: Permutations, at least 200.

    Raises:
        ValueError: If the arguments do not fit.

    References:
        Holm, S. (1979). Scandinavian Journal of Statistics 6, 65-70.
        Cochran, W. G. (1954). The combination of estimates from different experiments.
        Biometrics 10, 101-129. doi:10.2307/3001666
    """
    first, second = vector(a, "a"), vector(b, "b")
    names = label_list(labels, first.size, "slice labels")
    owners = cluster_codes(clusters, first.size)
    codes = cluster_codes(names, first.size)
    if bounds is None and np.all(np.isin(np.concatenate([first, second]), (0.0, 1.0))):
        bounds = (0.0, 1.0)
    unique = list(dict.fromkeys(names))
    apart = []
    for code in range(len(unique)):
        here = codes == code
        own = None if clusters is None else owners[here]
        apart.append(
            difference(first[here], second[here], clusters=own, level=level, bounds=bounds)
        )
    p = holm([one.test.p_above(-margin) for one in apart])
    joint = [one.test.interval(1 - (1 - level) / len(unique)) for one in apart]
    order = np.argsort([one.value for one in apart], kind="stable").tolist()
    p_same, method = same_everywhere(second - first, codes, owners, rng, rounds)
    return Slices(
        tuple(
            Slice(unique[i], apart[i], joint[i], verdict(joint[i], margin), float(p[i]))
            for i in order
        ),
        p_same,
        method,
    )


def same_everywhere(
    values: ArrayLike,
    groups: Labels,
    clusters: Labels | None,
    rng: np.random.Generator,
    rounds: int = 2000,
) -> tuple[float, str]:
    """The p-value of "all groups have the same mean", and how it was found.

    Whole clusters change groups at random where none straddles two groups; the statistic is
    Cochran's Q on cluster-robust variances. Else Wald's test on the joint covariance.

    Args:
        rounds: Permutations, at least 200.

    Raises:
        ValueError: If the arguments do not fit.

    References:
        Cochran, W. G. (1954). doi:10.2307/3001666
        Chung, E., Romano, J. P. (2013). Exact and asymptotically robust permutation tests.
        Annals of Statistics 41, 484-507. doi:10.1214/13-AOS1090
    """
    array = vector(values, "values")
    rounds = check_count(rounds, "rounds", 200)
    codes = cluster_codes(groups, array.size)
    owners = cluster_codes(clusters, array.size)
    count = int(codes.max()) + 1
    if count == 1 or float(np.ptp(array)) == 0:
        return 1.0, "permutation"
    home = np.zeros(int(owners.max()) + 1, dtype=np.int64)
    home[owners] = codes
    if not np.array_equal(home[owners], codes):
        return _wald(array, codes, owners), "wald"
    step = max(1, _SHUFFLED // home.size)
    sizes = np.tile(np.bincount(owners).astype(np.float64), (step, 1))
    totals = np.tile(np.bincount(owners, weights=array).astype(np.float64), (step, 1))
    (seen,) = _heterogeneity(sizes[:1], totals[:1], home[None], count)
    beyond = 0
    for start in range(0, rounds, step):
        homes = np.array([rng.permutation(home) for _ in range(min(step, rounds - start))])
        shuffled = _heterogeneity(sizes[: len(homes)], totals[: len(homes)], homes, count)
        beyond += int(np.count_nonzero(shuffled >= seen * (1 - 1e-12)))
    return (1 + beyond) / (1 + rounds), "permutation"


def _heterogeneity(
    sizes: FloatArray, totals: FloatArray, homes: IntArray, count: int
) -> FloatArray:
    """Cochran's Q, each group's variance drawn a little towards the common one, shape (R,).

    `homes` has the group of every cluster, R times, and all have shape (R, clusters).
    """
    shape = len(homes), count
    at = (homes + count * np.arange(len(homes))[:, None]).ravel()
    many = np.bincount(at, minlength=shape[0] * count).reshape(shape)
    rows = np.bincount(at, sizes.ravel(), many.size).reshape(shape)
    means = np.bincount(at, totals.ravel(), many.size).reshape(shape) / rows
    own = np.bincount(at, (totals.ravel() - sizes.ravel() * means.ravel()[at]) ** 2, many.size)
    common = totals[0].sum() / sizes[0].sum()
    pooled = ((totals[0] - sizes[0] * common) ** 2).sum() / sizes.shape[1]
    # One cluster's worth of common variance keeps small groups from dividing by nothing.
    error = (own.reshape(shape) + pooled) / rows**2 * (many + 1) / np.maximum(1, many)
    weight = 1 / error
    middle = (weight * means).sum(axis=1) / weight.sum(axis=1)
    return np.asarray((weight * (means - middle[:, None]) ** 2).sum(axis=1))


def _wald(values: FloatArray, codes: IntArray, owners: IntArray) -> float:
    count, many = int(codes.max()) + 1, int(owners.max()) + 1
    rows = np.bincount(codes).astype(np.float64)
    means = np.bincount(codes, values) / rows
    influence = np.zeros((many, count))
    np.add.at(influence, (owners, codes), (values - means[codes]) / rows[codes])
    covariance = influence.T @ influence * many / max(1, many - 1)
    contrast = np.eye(count)[1:] - np.eye(count)[0]
    spread = contrast @ covariance @ contrast.T
    apart = contrast @ means
    q = float(apart @ np.linalg.pinv(spread, hermitian=True) @ apart)
    return chi_square_tail(max(0.0, q), float(np.linalg.matrix_rank(spread, hermitian=True) or 1))


_CELLS = 2_000_000  # random numbers held at once
_SHUFFLED = 20_000  # clusters of as many permutations are looked at together
_MOST_ROWS = 100  # drawn for a sample; Student's t with more clusters is as good as that with 100


@dataclass(frozen=True, slots=True, eq=False)
class RunPair:
    """Two of the runs.

    Attributes:
        difference: Second minus first, alone.
        joint: Its interval that holds together with those of all pairs.
    """

    a: int
    b: int
    difference: MeanDifference
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

    Samples of as many clusters are drawn from a normal law with the runs' covariance, drawn
    towards independence where clusters are few, to learn how large the largest of all Student's
    t gets by chance, each with its own standard error; single intervals are then made at the level
    that this asks for, never one below the level of a single pair nor above Bonferroni's.

    Args:
        scores: Shape (n, k): n rows that all k runs share, finite.
        level: Joint coverage, inside (0, 1).

    Raises:
        ValueError: If there are fewer than two runs, or the arguments do not fit.

    References:
        Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple
        hypothesis testing. JASA 100, 94-108. doi:10.1198/016214504000000539
        Schäfer, J., Strimmer, K. (2005). A shrinkage approach to large-scale covariance matrix
        estimation and implications for functional genomics. Statistical Applications in Genetics
        and Molecular Biology 4, 32. doi:10.2202/1544-6115.1175
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
        gap = difference(table[:, i], table[:, j], clusters=grouped, level=level, bounds=bounds)
        pairs.append(RunPair(i, j, gap, gap.test.interval(pair_level)))
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
    # Covariances of few clusters are too rough for the dependence that they seem to show.
    rows, alike = min(many, _MOST_ROWS), many / (many + 2 * table.shape[1])
    drawn_from = alike * spread + (1 - alike) * np.diag(np.diag(spread))
    sizes, turned = np.linalg.eigh(drawn_from / spread.max())
    root = np.sqrt(np.maximum(0.0, sizes)) * turned
    largest = np.empty(rounds)
    step = max(1, _CELLS // (rows * (table.shape[1] + 1) + tests))
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        drawn = rng.standard_normal((size, rows, table.shape[1])) @ root.T
        means = drawn.mean(axis=1)
        drawn -= means[:, None]
        own = drawn.transpose(0, 2, 1) @ drawn / (rows * (rows - 1))
        variances = own[:, a, a] + own[:, b, b] - 2 * own[:, a, b]
        apart = np.abs(means[:, b] - means[:, a])[:, varies] / np.sqrt(variances[:, varies])
        largest[start : start + size] = apart.max(axis=1)
    critical = float(np.sort(largest)[math.ceil(level * (rounds - 1))])
    # Pairs that never differ take no part in the draws; each costs its share.
    missing = int((~varies).sum())
    tail = 2 * student_tail(critical, rows - 1) * (tests - missing) / tests
    most = 1 - (1 - level) / tests
    if 1 - tail < level:
        return level if not missing else most
    return min(most, 1 - tail)
