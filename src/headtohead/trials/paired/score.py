"""A score test for a mean of bounded values, which stays honest where nothing varies."""

import math
from dataclasses import dataclass

import numpy as np

from headtohead.stats.inputs import FloatArray
from headtohead.trials.paired.cluster_sums import ClusterSums

_HALVINGS = 60
_END_STEPS = 80


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTest:
    """Tests values of a mean over rows in clusters.

    The distribution of clusters is the likeliest one that has the tested mean; besides what was
    seen it may hold a cluster at either bound. With one row of -1, 0 or 1 a cluster this is
    Tango's test; with other values, its extension by empirical likelihood.

    Attributes:
        sizes: Rows of each kind of cluster, shape (K,).
        totals: Sum of the values, shape (K,).
        counts: How many clusters are of that kind, shape (K,).
        low: The least mean a cluster may have.
        high: The greatest mean a cluster may have.

    References:
        Tango, T. (1998). Equivalence test and confidence interval for the difference in
        proportions for the paired-sample design. Statistics in Medicine 17, 891-908.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
        Owen, A. B. (1990). Empirical likelihood ratio confidence regions. Annals of Statistics
        18, 90-120. doi:10.1214/aos/1176347494
    """

    sizes: FloatArray
    totals: FloatArray
    counts: FloatArray
    low: float
    high: float

    @property
    def mean(self) -> float:
        """The mean over rows."""
        return float((self.counts * self.totals).sum() / (self.counts * self.sizes).sum())

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

    def ends(self, bound: float) -> tuple[float, float]:
        """The least and the greatest mean at which |z| stays below `bound`."""
        return self._end(self.low, bound), self._end(self.high, bound)

    def _end(self, edge: float, bound: float) -> float:
        """Where |z| reaches the bound between the mean and the edge, by the Illinois method."""
        inside = self.mean
        outside = min(edge, inside) if edge == self.low else max(edge, inside)
        short, past = -bound, abs(self.z(outside)) - bound
        if past <= 0:
            return outside
        moved = 0
        for _ in range(_END_STEPS):
            if abs(outside - inside) <= 1e-11 * (self.high - self.low):
                break
            share = -short / (past - short) if math.isfinite(past) else 0.5
            middle = inside + min(0.999, max(0.001, share)) * (outside - inside)
            over = abs(self.z(middle)) - bound
            if over < 0:
                # The end that stays twice in a row counts half, or it would stay for good.
                past, moved = (past / 2 if moved == -1 else past), -1
                inside, short = middle, over
            else:
                short, moved = (short / 2 if moved == 1 else short), 1
                outside, past = middle, over
        return inside


def score_test(sums: ClusterSums, low: float, high: float) -> ScoreTest:
    """The test of a mean, with clusters of one kind counted together.

    Args:
        sums: Of values in clusters.
        low: The least mean an unseen cluster may have; what was seen may be lower.
        high: The greatest.
    """
    kinds, counts = np.unique(
        np.column_stack([sums.sizes, sums.totals]), axis=0, return_counts=True
    )
    means = kinds[:, 1] / kinds[:, 0]
    return ScoreTest(
        kinds[:, 0],
        kinds[:, 1],
        counts.astype(np.float64),
        min(low, float(means.min())),
        max(high, float(means.max())),
    )


def _tilted_variance(values: FloatArray, counts: FloatArray, bound: float) -> float:
    """The variance of `values`, whose mean is below 0, under the likeliest law with mean 0.

    Args:
        values: Shape (K,).
        counts: Shape (K,).
        bound: A value that may have happened too, though it was not seen.
    """
    clusters = float(counts.sum())
    top = max(float(values.max()), bound)
    if top <= 0:
        return 0.0
    if float(values.max()) < top * (1 - 1e-12):
        chances = counts / clusters / (1 - values / top)
        if float((chances * values).sum()) < 0:
            unseen = max(0.0, 1.0 - float(chances.sum()))
            return float((chances * values**2).sum()) + unseen * top**2
    tilt, below, above = 0.0, 0.0, 1 / top
    for _ in range(_HALVINGS):
        shrunk = values / (1 - tilt * values)
        slope = float((counts * shrunk).sum())
        below, above = (tilt, above) if slope < 0 else (below, tilt)
        step = tilt - slope / float((counts * shrunk**2).sum())
        fresh = step if below < step < above else 0.5 * (below + above)
        if abs(fresh - tilt) <= 1e-13 * above:
            break
        tilt = fresh
    chances = counts / clusters / (1 - tilt * values)
    return float((chances * values**2).sum() / chances.sum())
