"""B minus A from different items, for when that is what was asked for."""

import math

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.interval import Interval
from headtohead.stats import intervals
from headtohead.stats.inputs import Labels, check_level, vector
from headtohead.stats.intervals import proportion_difference
from headtohead.trials.paired.cluster_sums import (
    ClusterSums,
    StandardError,
    cluster_codes,
    cluster_sums,
    likeness,
    standard_error,
)
from headtohead.trials.paired.differences import Difference, Method, score_bounds
from headtohead.trials.paired.score import ScoreTest, score_test
from headtohead.trials.paired.tests_of_means import (
    DifferenceTest,
    InvertedTest,
    NormalScoreTest,
    StricterTest,
    StudentTest,
)


def unpaired_difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    clusters_a: Labels | None = None,
    clusters_b: Labels | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Difference:
    """B's mean minus A's, as if the two were measured on unrelated items.

    Yes/no scores without clusters: Newcombe's hybrid of Wilson's limits. Else Welch's t on CR2
    standard errors; where the scores are bounded, the wider of that and score limits of both
    means put together, which stay honest where a side hardly varies.

    Args:
        a: Scores of A, shape (n,), finite.
        b: Scores of B, shape (m,), finite.
        clusters_a: The cluster of each score of A, or None. One cluster must not be in both.
        clusters_b: The same of B.
        level: Coverage, inside (0, 1).
        bounds: Least and greatest possible score, where known.

    Raises:
        ValueError: If a side has no score, or one that is not finite or outside the bounds.

    References:
        Newcombe, R. G. (1998). Statistics in Medicine 17, 873-890 (method 10).
        doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
        Welch, B. L. (1947). The generalization of "Student's" problem when several different
        population variances are involved. Biometrika 34, 28-35. doi:10.1093/biomet/34.1-2.28
        Zou, G. Y., Donner, A. (2008). doi:10.1002/sim.3095
    """
    first, second = vector(a, "a"), vector(b, "b")
    check_level(level)
    limits = score_bounds(first, second, bounds)
    sums_a = cluster_sums(first, cluster_codes(clusters_a, first.size))
    sums_b = cluster_sums(second, cluster_codes(clusters_b, second.size))
    error_a, error_b = standard_error(sums_a), standard_error(sums_b)
    alone = sums_a.clusters_n == first.size and sums_b.clusters_n == second.size
    student = _welch(sums_b.mean - sums_a.mean, error_a, error_b)
    naive = math.hypot(error_a.naive, error_b.naive)
    test: DifferenceTest = student
    method: Method = "welch-t"
    if alone and all(bool(np.all((x == 0) | (x == 1))) for x in (first, second)):
        test, method = _newcombe(sums_a, sums_b), "newcombe-hybrid"
    elif limits is not None:
        span = limits[1] - limits[0]
        bounded = _bounded(sums_a, sums_b, limits)
        test, method = StricterTest(student, bounded, -span, span), "welch-t-and-wilson"
    return Difference(
        interval=test.interval(level),
        level=level,
        method=method,
        test=test,
        mean_a=sums_a.mean,
        mean_b=sums_b.mean,
        n=first.size + second.size,
        clusters_n=sums_a.clusters_n + sums_b.clusters_n,
        error=student.error,
        naive_error=naive,
        design_effect=(student.error / naive) ** 2 if 0 < naive < math.inf else math.nan,
    )


def _welch(value: float, a: StandardError, b: StandardError) -> StudentTest:
    error = math.hypot(a.clustered, b.clustered)
    if not 0 < error < math.inf:
        return StudentTest(value, error, 1.0)
    return StudentTest(value, error, error**4 / (a.clustered**4 / a.df + b.clustered**4 / b.df))


def _newcombe(a: ClusterSums, b: ClusterSums) -> InvertedTest:
    counts = (round(b.totals.sum()), b.rows_n, round(a.totals.sum()), a.rows_n)

    def at_level(level: float) -> Interval:
        return proportion_difference(*counts, level)

    return InvertedTest(at_level)


def _bounded(a: ClusterSums, b: ClusterSums, limits: tuple[float, float]) -> InvertedTest:
    sides = [NormalScoreTest(_one_mean(sums, limits)) for sums in (a, b)]

    def at_level(level: float) -> Interval:
        first, second = (side.interval(level) for side in sides)
        return intervals.difference(first, second)

    return InvertedTest(at_level)


def _one_mean(sums: ClusterSums, limits: tuple[float, float]) -> ScoreTest:
    """The score test of one side's mean; an unseen cluster may be as unlike as likeness says."""
    low, high = limits
    size = sums.typical_size
    reach = (1 + (size - 1) * likeness(sums, low, high)) / size
    mean = sums.mean
    return score_test(sums, mean - reach * (mean - low), mean + reach * (high - mean))
