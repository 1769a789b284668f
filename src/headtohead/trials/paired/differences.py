"""B minus A: the right method for the data, named, and what the difference shows."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats import intervals
from headtohead.stats.inputs import FloatArray, Labels, check_level, same_length, vector
from headtohead.stats.intervals import proportion_difference
from headtohead.trials.paired.means import (
    InvertedTest,
    MeanTest,
    StricterTest,
    StudentTest,
    cluster_codes,
    cluster_score_test,
    cluster_sums,
    likeness,
    standard_error,
)
from headtohead.trials.paired.pairs import PairsTest, is_exact

Verdict = Literal["yes", "no", "undecided"]
Method = Literal[
    "exact-pairs",
    "tango-score",
    "clustered-t-and-score",
    "clustered-t",
    "student-t",
    "newcombe-hybrid",
    "welch-t",
    "welch-t-and-wilson",
]


@dataclass(frozen=True, slots=True, eq=False)
class MeanDifference:
    """B minus A, where higher is better for B.

    Attributes:
        interval: Two-sided; an end is infinite where nothing bounds it.
        test: Tests any difference, in agreement with the interval; gives it at other levels.
        n: Rows: pairs, or rows of both sides where unpaired.
        clusters_n: Independent units among them.
        se: The standard error that allows for clusters; inf where unknown.
        naive_se: The standard error as if rows were independent; inf where unknown.
        b_only: Rows where B scored higher; -1 where unpaired.
        a_only: Rows where A scored higher; -1 where unpaired.
    """

    interval: Interval
    method: Method
    test: MeanTest
    n: int
    clusters_n: int
    se: float
    naive_se: float
    b_only: int = -1
    a_only: int = -1

    @property
    def value(self) -> float:
        """The point estimate."""
        return self.interval.value

    @property
    def p_exact(self) -> float | None:
        """McNemar's exact two-sided p-value of equality; None unless of yes/no pairs, each alone.

        References:
            McNemar, Q. (1947). Note on the sampling error of the difference between correlated
            proportions or percentages. Psychometrika 12, 153-157. doi:10.1007/BF02295996
            Fagerland, M. W., Lydersen, S., Laake, P. (2013). The McNemar test for binary
            matched-pairs data. BMC Medical Research Methodology 13, 91.
            doi:10.1186/1471-2288-13-91
        """
        from scipy.special import bdtr

        if not isinstance(self.test, PairsTest):
            return None
        fewer, all_ = min(self.a_only, self.b_only), self.a_only + self.b_only
        return min(1.0, 2 * float(bdtr(fewer, all_, 0.5)))


def difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    clusters: Labels | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> MeanDifference:
    """The mean of B minus A over rows that are already paired, by the method the data need.

    * Yes/no scores, every row alone: exact limits in the order of Tango's score, and McNemar's
      exact test. Where over a thousand pairs differ, Tango's limits, half a pair wider.
    * Rows in clusters (repeats of an item, items of one document): the wider of Student's
      t on CR2 standard errors and a score interval over clusters. The first is right for many
      varied clusters; the second keeps the error rate where few clusters differ or none does.
      How far one unseen cluster may flip is judged by how alike scores inside clusters are.
    * Graded scores, every row alone: Student's t, unbounded where no difference varies.

    Args:
        a: Scores of A, shape (n,), finite.
        b: Scores of B on the same items and repeats, shape (n,), finite.
        clusters: The cluster of each row, length n, or None. For repeats of an item, the item;
            they need not be paired across models: any pairing inside the item will do.
        bounds: Least and greatest possible score. Known for yes/no scores; for graded ones it
            bounds the interval where differences hardly vary, and so makes it wider there.

    Raises:
        ValueError: If lengths differ, there are no rows, a score is not a finite number or
            outside the bounds.

    References:
        Lloyd, C. J., Moldovan, M. V. (2007). doi:10.1002/sim.2708
        Tango, T. (1998). Statistics in Medicine 17, 891-908.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
        Pustejovsky, J. E., Tipton, E. (2018). doi:10.1080/07350015.2016.1247004
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    first, second = vector(a, "a"), vector(b, "b")
    n = same_length(a=first, b=second)
    check_level(level)
    codes = cluster_codes(clusters, n)
    limits = _score_bounds(first, second, bounds)
    sums = cluster_sums(second - first, codes)
    error = standard_error(sums)
    alone = sums.clusters_n == n
    b_only, a_only = int((second > first).sum()), int((first > second).sum())
    student = StudentTest(sums.mean, error.clustered, error.df)
    test: MeanTest = student
    method: Method = "student-t" if alone else "clustered-t"
    if alone and _is_yes_no(first) and _is_yes_no(second):
        test = PairsTest(b_only, a_only, n, (1 - level) / 2)
        method = "exact-pairs" if is_exact(b_only, a_only, n) else "tango-score"
    elif limits is not None:
        # How far the mean difference of an unseen cluster may lie from 0, down and up.
        sides = [cluster_sums(scores, codes) for scores in (first, second)]
        size = sums.typical_size
        alike = max(likeness(side, *limits) for side in sides) if sums.clusters_n > 1 else 1.0
        span = limits[1] - limits[0]
        reach = (1 + (size - 1) * alike) / size * span
        score = cluster_score_test(sums, -reach, reach)
        test, method = StricterTest(student, score, -span, span), "clustered-t-and-score"
    return MeanDifference(
        interval=test.interval(level),
        method=method,
        test=test,
        n=n,
        clusters_n=sums.clusters_n,
        se=error.clustered,
        naive_se=error.naive,
        b_only=b_only,
        a_only=a_only,
    )


def unpaired_difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    clusters_a: Labels | None = None,
    clusters_b: Labels | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> MeanDifference:
    """B's mean minus A's, as if the two were measured on unrelated items.

    Yes/no scores without clusters: Newcombe's hybrid of Wilson's limits. Else Welch's t on CR2
    standard errors; where the scores are bounded, the wider of that and score limits of both
    means put together, which stay honest where a side hardly varies.

    Args:
        a: Scores of A, shape (n,), finite.
        b: Scores of B, shape (m,), finite.
        clusters_a: The cluster of each score of A, or None. One cluster must not be in both.

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
    limits = _score_bounds(first, second, bounds)
    sides = (
        cluster_sums(first, cluster_codes(clusters_a, first.size)),
        cluster_sums(second, cluster_codes(clusters_b, second.size)),
    )
    of_a, of_b = (standard_error(sums) for sums in sides)
    error = math.hypot(of_a.clustered, of_b.clustered)
    df = 1.0
    if 0 < error < math.inf:
        df = error**4 / (of_a.clustered**4 / of_a.df + of_b.clustered**4 / of_b.df)
    student = StudentTest(sides[1].mean - sides[0].mean, error, df)
    test: MeanTest = student
    method: Method = "welch-t"
    alone = sides[0].clusters_n == first.size and sides[1].clusters_n == second.size
    if alone and _is_yes_no(first) and _is_yes_no(second):
        counts = [(round(sums.totals.sum()), sums.rows_n) for sums in sides[::-1]]

        def newcombe(level: float) -> Interval:
            return proportion_difference(*counts[0], *counts[1], level)

        test, method = InvertedTest(newcombe), "newcombe-hybrid"
    elif limits is not None:
        low, high = limits
        means = []
        for sums in sides:
            # An unseen cluster may be as unlike the mean as likeness says.
            size, mean = sums.typical_size, sums.mean
            reach = (1 + (size - 1) * likeness(sums, low, high)) / size
            means.append(
                cluster_score_test(sums, mean - reach * (mean - low), mean + reach * (high - mean))
            )

        def mover(level: float) -> Interval:
            return intervals.difference(means[0].interval(level), means[1].interval(level))

        span = high - low
        test = StricterTest(student, InvertedTest(mover), -span, span)
        method = "welch-t-and-wilson"
    return MeanDifference(
        interval=test.interval(level),
        method=method,
        test=test,
        n=first.size + second.size,
        clusters_n=sides[0].clusters_n + sides[1].clusters_n,
        se=error,
        naive_se=math.hypot(of_a.naive, of_b.naive),
    )


def _score_bounds(
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


def _is_yes_no(scores: FloatArray) -> bool:
    return bool(np.all((scores == 0) | (scores == 1)))


# ---------------------------------------------------------------- what a difference shows


def verdict(interval: Interval, margin: float) -> Verdict:
    """Whether B is at most `margin` (>= 0, in its unit) worse, by the interval of B minus A.

    Returns:
        "yes" if the whole interval lies above -margin, "no" if it lies below, else
        "undecided". With a two-sided 95% interval a "yes" is wrong 2.5% of the time, as far as
        the interval keeps its word. At a margin of 0, "yes" says that B is better.

    Raises:
        ValueError: If the margin is negative or not a number.

    References:
        Piaggio, G. et al. (2012). Reporting of noninferiority and equivalence randomized
        trials: extension of the CONSORT 2010 statement. JAMA 308, 2594-2604.
        doi:10.1001/jama.2012.87802
    """
    if not margin >= 0:
        raise ValueError(f"the margin is {margin}; it must be 0 or more")
    if interval.low > -margin:
        return "yes"
    return "no" if interval.high < -margin else "undecided"


def equivalence(interval: Interval, margin: float) -> Verdict:
    """Whether B is within `margin` of A.

    Returns:
        "yes" if the whole interval lies inside -margin to +margin, "no" if it lies wholly
        beyond either, else "undecided".

    Raises:
        ValueError: If the margin is negative or not a number.

    References:
        Schuirmann, D. J. (1987). doi:10.1007/BF01068419
    """
    mirrored = Interval(-interval.value, -interval.high, -interval.low)
    down, up = verdict(interval, margin), verdict(mirrored, margin)
    if down == up == "yes":
        return "yes"
    return "no" if "no" in (down, up) else "undecided"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The three verdicts on one difference.

    Attributes:
        margin: How much worse B may be, in the unit of the scores.
        p_noninferior: One-sided p-value of "B is worse by the margin or more".
        p_equivalent: p-value of "they differ by the margin or more" (two one-sided tests).
        p_superior: One-sided p-value of "B is no better".
        p_equal: Two-sided p-value of "no difference", by the test behind the interval.
    """

    margin: float
    noninferior: Verdict
    equivalent: Verdict
    superior: Verdict
    p_noninferior: float
    p_equivalent: float
    p_superior: float
    p_equal: float


def judge(estimate: MeanDifference, margin: float) -> Verdicts:
    """All verdicts on a difference (higher is better) at one margin, >= 0 and in its unit.

    A two-sided 95% interval makes each "yes" one-sided at 2.5%. For equivalence that is the
    stricter form of the two one-sided tests: their usual 5% belongs to a 90% interval.

    Raises:
        ValueError: If the margin is negative or not a number.

    References:
        Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the
        power approach for assessing the equivalence of average bioavailability. Journal of
        Pharmacokinetics and Biopharmaceutics 15, 657-680. doi:10.1007/BF01068419
        Piaggio, G. et al. (2012). JAMA 308, 2594-2604. doi:10.1001/jama.2012.87802
    """
    test = estimate.test
    not_worse, not_better = test.p_above(-margin), test.p_below(margin)
    above, below = test.p_above(0.0), test.p_below(0.0)
    return Verdicts(
        margin=margin,
        noninferior=verdict(estimate.interval, margin),
        equivalent=equivalence(estimate.interval, margin),
        superior=verdict(estimate.interval, 0.0),
        p_noninferior=not_worse,
        p_equivalent=max(not_worse, not_better),
        p_superior=above,
        p_equal=min(1.0, 2 * min(above, below)),
    )
