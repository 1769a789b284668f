"""Means over rows in clusters: standard errors, tests, and the intervals these leave."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, check_level, label_list, vector
from headtohead.stats.intervals import (
    around,
    normal_probability,
    normal_quantile,
    student_quantile,
    student_tail,
)

_FARTHEST = 8.0  # standard errors; no p-value is told below that of a normal tail beyond


# ---------------------------------------------------------------- rows that belong together


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """What each of G clusters holds: arrays of shape (G,)."""

    sizes: FloatArray
    totals: FloatArray
    squares: FloatArray

    @property
    def rows_n(self) -> int:
        """All rows."""
        return int(self.sizes.sum())

    @property
    def clusters_n(self) -> int:
        """All clusters."""
        return int(self.sizes.size)

    @property
    def mean(self) -> float:
        """The mean over rows."""
        return float(self.totals.sum() / self.sizes.sum())

    @property
    def typical_size(self) -> float:
        """The size of the cluster in which a row finds itself on average."""
        return float((self.sizes**2).sum() / self.sizes.sum())


@dataclass(frozen=True, slots=True)
class StandardError:
    """Of a mean over rows.

    Attributes:
        clustered: Allowing for whatever likeness inside clusters; inf with one cluster.
        naive: As if all rows were independent; inf with one row.
        df: Degrees of freedom of `clustered`, > 0.
    """

    clustered: float
    naive: float
    df: float


def cluster_codes(clusters: Labels | None, n: int) -> IntArray:
    """The cluster of every row as a number from 0, shape (n,); each row alone if None.

    Raises:
        ValueError: If there are not n labels.
    """
    if clusters is None:
        return np.arange(n, dtype=np.int64)
    seen: dict[object, int] = {}
    labels = label_list(clusters, n, "cluster labels")
    return np.array([seen.setdefault(label, len(seen)) for label in labels], dtype=np.int64)


def cluster_sums(values: ArrayLike, codes: IntArray) -> ClusterSums:
    """The rows of every cluster added up; `codes` count clusters from 0 on, none left out.

    Raises:
        ValueError: If there is no value, or one is not a finite number.
    """
    array = vector(values, "values")
    return ClusterSums(
        np.bincount(codes).astype(np.float64),
        np.bincount(codes, weights=array).astype(np.float64),
        np.bincount(codes, weights=array**2).astype(np.float64),
    )


def standard_error(sums: ClusterSums) -> StandardError:
    """The standard error of the mean over rows: CR2, with Satterthwaite's degrees of freedom.

    The degrees of freedom are the smaller of those for independent rows and for rows of a
    cluster that are all alike, so that one large cluster costs what it should.

    References:
        Bell, R. M., McCaffrey, D. F. (2002). Bias reduction in standard errors for linear
        regression with multi-stage samples. Survey Methodology 28, 169-181.
        Pustejovsky, J. E., Tipton, E. (2018). Small-sample methods for cluster-robust variance
        estimation. Journal of Business & Economic Statistics 36, 672-683.
        doi:10.1080/07350015.2016.1247004
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    n, rows = sums.sizes, float(sums.rows_n)
    if rows < 2:
        return StandardError(math.inf, math.inf, 1.0)
    spread = max(0.0, float(sums.squares.sum()) - rows * sums.mean**2)
    naive = math.sqrt(spread / (rows - 1) / rows)
    if n.size < 2:
        return StandardError(math.inf, naive, 1.0)
    residuals = (sums.totals - n * sums.mean) ** 2
    clustered = math.sqrt(float((residuals / (1 - n / rows)).sum())) / rows
    return StandardError(clustered, naive, min(_freedom(n, n), _freedom(n, n**2)))


def likeness(sums: ClusterSums, low: float, high: float) -> float:
    """How alike the rows of a cluster may be, from 0 (not) to 1 (wholly).

    The intraclass correlation of the values, with two clusters added: one wholly at `low`, one
    wholly at `high`. So few clusters, or values that hardly vary, leave it near 1: there the
    next cluster may well be unlike all others.

    References:
        Donner, A. (1986). A review of inference procedures for the intraclass correlation
        coefficient in the one-way random effects model. International Statistical Review 54,
        67-82. doi:10.2307/1403259
    """
    size = sums.typical_size
    if size <= 1:
        return 1.0
    n = np.concatenate([sums.sizes, [size, size]])
    total = np.concatenate([sums.totals, [size * low, size * high]])
    square = np.concatenate([sums.squares, [size * low**2, size * high**2]])
    return intraclass(n, total, square)


def intraclass(n: FloatArray, total: FloatArray, square: FloatArray) -> float:
    """The intraclass correlation, 0 to 1, of clusters with these sizes, sums, sums of squares.

    By analysis of variance; 1 where nothing varies.
    """
    rows = float(n.sum())
    mean = float(total.sum()) / rows
    inside = max(0.0, float((square - total**2 / n).sum())) / (rows - n.size)
    between = float((n * (total / n - mean) ** 2).sum()) / (n.size - 1)
    per = (rows - float((n**2).sum()) / rows) / (n.size - 1)
    all_ = between + (per - 1) * inside
    return min(1.0, max(0.0, (between - inside) / all_)) if all_ > 0 else 1.0


def _freedom(n: FloatArray, w: FloatArray) -> float:
    """Satterthwaite's degrees of freedom, where cluster totals have variances `w`."""
    x = n / n.sum()
    scale = 1 / (1 - x)
    all_w = float(w.sum())
    own = all_w * x**2 - 2 * x * w
    xx, ww, xw = (float((scale * p).sum()) for p in (x * x, w * w, x * w))
    trace = float((scale * (w + own)).sum())
    squared = float((scale**2 * (w * w + 2 * w * own)).sum())
    squared += 2 * xx * ww + 2 * xw**2 - 4 * all_w * xx * xw + (all_w * xx) ** 2
    return trace**2 / squared


# ---------------------------------------------------------------- tests


class MeanTest(Protocol):
    """Tests values of a mean or of a difference; p-values and intervals agree with each other."""

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "it is at most `shift`"."""
        ...

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "it is at least `shift`"."""
        ...

    def interval(self, level: float) -> Interval:
        """The values that neither of the two tests rejects at (1 - level) / 2."""
        ...


@dataclass(frozen=True, slots=True)
class StudentTest:
    """Student's t.

    Attributes:
        se: Its standard error, >= 0; inf decides nothing.
        df: Degrees of freedom, > 0.
    """

    value: float
    se: float
    df: float

    @property
    def varies(self) -> bool:
        """Whether the standard error says anything."""
        return 0 < self.se < math.inf

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "it is at most `shift`"."""
        if not self.varies:
            return 1.0
        tail = student_tail(abs(self.value - shift) / self.se, self.df)
        return tail if self.value > shift else 1 - tail

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "it is at least `shift`"."""
        return StudentTest(-self.value, self.se, self.df).p_above(-shift)

    def interval(self, level: float) -> Interval:
        """The value with Student's interval; unbounded where nothing varies."""
        if not self.varies:
            return Interval(self.value, -math.inf, math.inf)
        half = student_quantile(0.5 + check_level(level) / 2, self.df) * self.se
        return Interval(self.value, self.value - half, self.value + half)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterScoreTest:
    """Tests values of a mean over rows in clusters; stays honest where nothing varies.

    The distribution of clusters is the likeliest one that has the tested mean; besides what was
    seen it may hold a cluster at either bound. It extends Tango's test by empirical likelihood.

    Attributes:
        sizes: Rows of each kind of cluster, shape (K,).
        totals: Sum of the values, shape (K,).
        counts: How many clusters are of that kind, shape (K,).
        mean: The mean over rows.
        low: The least mean a cluster may have.
        high: The greatest mean a cluster may have.

    References:
        Tango, T. (1998). doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
        Owen, A. B. (1990). Empirical likelihood ratio confidence regions. Annals of Statistics
        18, 90-120. doi:10.1214/aos/1176347494
    """

    sizes: FloatArray
    totals: FloatArray
    counts: FloatArray
    mean: float
    low: float
    high: float

    def z(self, shift: float) -> float:
        """How many standard errors the mean lies above `shift`, were that the truth."""
        clusters = float(self.counts.sum())
        size = float((self.counts * self.sizes).sum()) / clusters
        values = (self.totals - self.sizes * shift) / size
        excess = float((self.counts * values).sum()) / clusters
        if abs(excess) <= 1e-15:
            return 0.0
        sign = -1.0 if excess > 0 else 1.0
        typical = float((self.counts * self.sizes**2).sum()) / clusters / size
        bound = (self.high - shift) if excess < 0 else (shift - self.low)
        variance = _tilted_variance(sign * values, self.counts, bound * typical / size)
        if variance <= 1e-15:
            return math.copysign(math.inf, excess)
        return excess / math.sqrt(variance / clusters)

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "it is at most `shift`"."""
        return normal_probability(-self.z(shift))

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "it is at least `shift`"."""
        return normal_probability(self.z(shift))

    def interval(self, level: float) -> Interval:
        """The values whose |z| stays below the normal quantile."""
        bound = normal_quantile(0.5 + check_level(level) / 2)
        ends = [
            edge if abs(self.z(edge)) <= bound else self._end(edge, bound)
            for edge in (min(self.low, self.mean), max(self.high, self.mean))
        ]
        return around(self.mean, *ends)

    def _end(self, edge: float, bound: float) -> float:
        """Where |z| reaches the bound between the mean and an edge at which it is beyond it."""
        from scipy.optimize import brentq

        def excess(shift: float) -> float:
            # Where nothing varies z is infinite, which no root finder steps through.
            return min(abs(self.z(shift)), 10 * bound) - bound

        return float(brentq(excess, self.mean, edge, xtol=1e-14, rtol=1e-14))


def cluster_score_test(sums: ClusterSums, low: float, high: float) -> ClusterScoreTest:
    """The score test of a mean, with clusters of one kind counted together.

    The mean of an unseen cluster may lie from `low` to `high`; what was seen may lie outside.
    """
    kinds, counts = np.unique(
        np.column_stack([sums.sizes, sums.totals]), axis=0, return_counts=True
    )
    means = kinds[:, 1] / kinds[:, 0]
    return ClusterScoreTest(
        kinds[:, 0],
        kinds[:, 1],
        counts.astype(np.float64),
        float((counts * kinds[:, 1]).sum() / (counts * kinds[:, 0]).sum()),
        min(low, float(means.min())),
        max(high, float(means.max())),
    )


def _tilted_variance(values: FloatArray, counts: FloatArray, bound: float) -> float:
    """The variance of `values`, whose mean is below 0, under the likeliest law with mean 0.

    `values` and `counts` have shape (K,); `bound` may have happened too, though it was not seen.
    """
    from scipy.optimize import brentq

    clusters = float(counts.sum())
    top = max(float(values.max()), bound)
    if top <= 0:
        return 0.0
    if float(values.max()) < top * (1 - 1e-12):
        chances = counts / clusters / (1 - values / top)
        if float((chances * values).sum()) < 0:
            unseen = max(0.0, 1.0 - float(chances.sum()))
            return float((chances * values**2).sum()) + unseen * top**2

    def slope(tilt: float) -> float:
        return float((counts * values / (1 - tilt * values)).sum())

    # At 1 / top a value that was seen would have an infinite chance.
    most = 1 / top if float(values.max()) < top * (1 - 1e-12) else (1 - 1e-12) / top
    tilt = brentq(slope, 0.0, most, xtol=1e-15 / top, rtol=1e-14)
    chances = counts / clusters / (1 - tilt * values)
    return float((chances * values**2).sum() / chances.sum())


@dataclass(frozen=True, slots=True)
class StricterTest:
    """Rejects only what both tests reject: its interval is the hull of both.

    Attributes:
        first: Where unbounded, `second` alone speaks.
        second: Always bounded.
    """

    first: StudentTest
    second: MeanTest
    low: float
    high: float

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "it is at most `shift`"."""
        p = self.second.p_above(shift)
        return max(p, self.first.p_above(shift)) if self.first.varies else p

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "it is at least `shift`"."""
        p = self.second.p_below(shift)
        return max(p, self.first.p_below(shift)) if self.first.varies else p

    def interval(self, level: float) -> Interval:
        """The differences that either of the two does not reject."""
        second = self.second.interval(level)
        if not self.first.varies:
            return second
        wide = self.first.interval(level)
        low = max(self.low, min(second.low, wide.low))
        return around(second.value, low, min(self.high, max(second.high, wide.high)))


@dataclass(frozen=True, slots=True)
class InvertedTest:
    """The test that belongs to a way of making intervals.

    Attributes:
        at_level: Level, inside (0, 1), to interval; wider the higher.
    """

    at_level: Callable[[float], Interval]

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "it is at most `shift`"."""
        value = self.at_level(0.5).value
        if shift > value:
            return 1 - self._tail(lambda interval: shift - interval.high)
        return self._tail(lambda interval: interval.low - shift) if shift < value else 0.5

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "it is at least `shift`"."""
        value = self.at_level(0.5).value
        if shift < value:
            return 1 - self._tail(lambda interval: interval.low - shift)
        return self._tail(lambda interval: shift - interval.high) if shift > value else 0.5

    def interval(self, level: float) -> Interval:
        """The interval as computed."""
        return self.at_level(check_level(level))

    def _tail(self, clearance: Callable[[Interval], float]) -> float:
        """The least tail at which the interval is still clear of the shift."""
        from scipy.optimize import brentq

        def clear(z: float) -> float:
            return clearance(self.at_level(1 - 2 * normal_probability(-z) or 1e-12))

        if clear(0.0) <= 0:
            return 0.5
        if clear(_FARTHEST) > 0:
            return normal_probability(-_FARTHEST)
        return normal_probability(-float(brentq(clear, 0.0, _FARTHEST, xtol=1e-12)))
