"""B minus A on the same items: the right method for the data, named."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.interval import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, check_level, same_length, vector
from headtohead.trials.noninferiority import mcnemar_exact
from headtohead.trials.paired.cluster_sums import (
    cluster_codes,
    cluster_sums,
    likeness,
    standard_error,
)
from headtohead.trials.paired.score import score_test
from headtohead.trials.paired.tests_of_means import (
    DifferenceTest,
    NormalScoreTest,
    StricterTest,
    StudentTest,
)

Method = Literal[
    "tango-score",
    "clustered-t-and-score",
    "clustered-t",
    "student-t",
    "newcombe-hybrid",
    "welch-t",
    "welch-t-and-wilson",
]


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """B minus A, where higher is better for B.

    Attributes:
        interval: Two-sided, at `level`; an end is infinite where nothing bounds it.
        level: Coverage, inside (0, 1); 0.95 leaves a one-sided error of 0.025.
        method: How the interval was made.
        test: Tests any difference, in agreement with the interval; gives it at other levels.
        mean_a: A's mean score over rows.
        mean_b: B's mean score over rows.
        n: Rows: pairs, or rows of both sides where unpaired.
        clusters_n: Independent units among them.
        error: The standard error that allows for clusters; inf where unknown.
        naive_error: The standard error as if rows were independent; inf where unknown.
        design_effect: (error / naive_error)^2; nan where nothing varies.
        b_only: Rows where B scored higher; -1 where unpaired.
        a_only: Rows where A scored higher; -1 where unpaired.
        p_exact: Exact McNemar p-value of equality, two-sided; None unless `tango-score`.
    """

    interval: Interval
    level: float
    method: Method
    test: DifferenceTest
    mean_a: float
    mean_b: float
    n: int
    clusters_n: int
    error: float
    naive_error: float
    design_effect: float
    b_only: int = -1
    a_only: int = -1
    p_exact: float | None = None

    @property
    def value(self) -> float:
        """The point estimate."""
        return self.interval.value


def difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    clusters: Labels | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Difference:
    """The mean of B minus A over rows that are already paired, by the method the data need.

    * Yes/no scores, every row alone: Tango's score interval and McNemar's exact test.
    * Rows in clusters (several tries at an item, items of one document): the wider of Student's
      t on CR2 standard errors and a score interval over clusters. The first is right for many
      varied clusters; the second keeps the error rate where few clusters differ or none does.
      How far one unseen cluster may flip is judged by how alike scores inside clusters are.
    * Graded scores, every row alone: Student's t, unbounded where no difference varies.

    Args:
        a: Scores of A, shape (n,), finite.
        b: Scores of B on the same items and tries, shape (n,), finite.
        clusters: The cluster of each row, length n, or None. For several tries at an item, the
            item. Tries need not be paired across models: any pairing inside the item will do.
        level: Coverage, inside (0, 1).
        bounds: Least and greatest possible score. Known for yes/no scores; for graded ones it
            bounds the interval where differences hardly vary, and so makes it wider there.

    Raises:
        ValueError: If lengths differ, there are no rows, a score is not a finite number or
            outside the bounds.

    References:
        Tango, T. (1998). Statistics in Medicine 17, 891-908.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
        Pustejovsky, J. E., Tipton, E. (2018). doi:10.1080/07350015.2016.1247004
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    first, second = vector(a, "a"), vector(b, "b")
    n = same_length(a=first, b=second)
    check_level(level)
    codes = cluster_codes(clusters, n)
    limits = score_bounds(first, second, bounds)
    sums = cluster_sums(second - first, codes)
    error = standard_error(sums)
    yes_no = _is_yes_no(first) and _is_yes_no(second)
    alone = sums.clusters_n == n
    student = StudentTest(sums.mean, error.clustered, error.df)
    test: DifferenceTest = student
    method: Method = "student-t" if alone else "clustered-t"
    if limits is not None:
        score = NormalScoreTest(score_test(sums, *_flip(first, second, codes, limits)))
        span = limits[1] - limits[0]
        test, method = StricterTest(student, score, -span, span), "clustered-t-and-score"
        if alone and yes_no:
            test, method = score, "tango-score"
    b_only, a_only = int((second > first).sum()), int((first > second).sum())
    return Difference(
        interval=test.interval(level),
        level=level,
        method=method,
        test=test,
        mean_a=float(first.mean()),
        mean_b=float(second.mean()),
        n=n,
        clusters_n=sums.clusters_n,
        error=error.clustered,
        naive_error=error.naive,
        design_effect=error.design_effect,
        b_only=b_only,
        a_only=a_only,
        p_exact=mcnemar_exact(a_only, b_only) if method == "tango-score" else None,
    )


def score_bounds(
    a: FloatArray, b: FloatArray, bounds: tuple[float, float] | None
) -> tuple[float, float] | None:
    """The least and the greatest possible score; None if nothing says.

    Raises:
        ValueError: If a score lies outside.
    """
    if bounds is None:
        return (0.0, 1.0) if _is_yes_no(a) and _is_yes_no(b) else None
    low, high = bounds
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"the bounds are {low} and {high}; the first must be below the second")
    for name, scores in (("a", a), ("b", b)):
        if scores.min() < low or scores.max() > high:
            raise ValueError(f"{name} has scores outside its bounds {low} to {high}")
    return low, high


def item_means(scores: ArrayLike, items: Labels) -> tuple[list[object], FloatArray]:
    """Every item, as first met, and its mean score: for sides with unequally many tries.

    Args:
        scores: Shape (n,), finite.
        items: The item of each score, length n.

    Raises:
        ValueError: If there is no score, one is not finite, or a label is missing.
    """
    array = vector(scores, "scores")
    codes = cluster_codes(items, array.size)
    sums = cluster_sums(array, codes)
    return list(dict.fromkeys(items)), sums.totals / sums.sizes


def _flip(
    a: FloatArray, b: FloatArray, codes: IntArray, limits: tuple[float, float]
) -> tuple[float, float]:
    """How far the mean difference of an unseen cluster may lie from 0, down and up."""
    sides = [cluster_sums(scores, codes) for scores in (a, b)]
    size = sides[0].typical_size
    alike = max(likeness(side, *limits) for side in sides)
    if sides[0].clusters_n < 2:
        alike = 1.0
    reach = (1 + (size - 1) * alike) / size * (limits[1] - limits[0])
    return -reach, reach


def _is_yes_no(scores: FloatArray) -> bool:
    return bool(np.all((scores == 0) | (scores == 1)))
