"""Rows that belong together, added up: standard errors, degrees of freedom, likeness."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import FloatArray, IntArray, Labels, label_list, vector


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """What each of G clusters holds.

    Attributes:
        sizes: Rows, shape (G,), >= 1.
        totals: Sum of the values, shape (G,).
        squares: Sum of the squared values, shape (G,).
    """

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

    @property
    def design_effect(self) -> float:
        """clustered^2 / naive^2: how many rows count as one; nan where nothing varies."""
        if not 0 < self.naive < math.inf:
            return math.nan
        return (self.clustered / self.naive) ** 2


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
    """The rows of every cluster added up.

    Args:
        values: Shape (n,).
        codes: Clusters from 0 on, none left out, shape (n,).

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

    Args:
        sums: Of values from `low` to `high`.
        low: Least possible value.
        high: Greatest possible value.

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
    rows = float(n.sum())
    mean = float(total.sum()) / rows
    inside = max(0.0, float((square - total**2 / n).sum())) / (rows - n.size)
    between = float((n * (total / n - mean) ** 2).sum()) / (n.size - 1)
    per = (rows - float((n**2).sum()) / rows) / (n.size - 1)
    return min(1.0, max(0.0, (between - inside) / (between + (per - 1) * inside)))


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
