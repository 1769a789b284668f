"""The mean of what people would say, from few of their labels and many of a judge's.

The judge is never believed: only what it finds special about the items that people labelled is
used, as far as people bear it out. This is prediction-powered inference (PPI++) with a weight that
never sees the label it is used on, Student's quantiles and room for labels not yet seen, so that
the interval holds with few labels too.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import (
    FloatArray,
    IntArray,
    Labels,
    check_level,
    label_list,
    same_length,
    vector,
)
from headtohead.trials.judging.means import (
    Bounds,
    check_bounds,
    clustered_mean,
    spelled,
    student_interval,
    unseen_square,
)
from headtohead.trials.paired.means import cluster_codes

FEWEST_TO_TUNE = 10  # labelled units below which no weight of the judge can be learned


@dataclass(frozen=True, slots=True)
class PoweredMean:
    """The mean human label, sharpened by a judge, beside what either alone would say.

    Attributes:
        estimate: The prediction-powered mean with its interval.
        judge: From the judge's labels alone, as if it were right: do not rely on it.
        offset: Judge's label minus the human one, on the items with both.
        weight: How far the judge is used, lambda, from 0 (not at all) to 1.
        gain_ratio: How many times as many human labels alone would be needed for as small an
            error; below 1 where the judge did not help.
        units_n: Independent units (clusters) among the labelled.
        tuned: Whether the weight was learned; False below 10 labelled units, where it is 0, or
            where it was given.
    """

    estimate: Interval
    human: Interval
    judge: Interval
    offset: Interval
    weight: float
    gain_ratio: float
    labelled_n: int
    judged_n: int
    units_n: int
    tuned: bool

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        if self.weight == 0:
            return (
                f"People would say {spelled(self.estimate)} by their own {self.labelled_n} labels; "
                "the judge was not used."
            )
        return (
            f"People would say {spelled(self.estimate)}: {self.labelled_n} human labels with "
            f"{self.judged_n} more of the judge are worth {self.gain_ratio:.2f} times as many; the "
            f"judge alone says {spelled(self.judge)}."
        )


def ppi_mean(
    judge_labelled: ArrayLike,
    human_labelled: ArrayLike,
    judge_unlabelled: ArrayLike,
    *,
    level: float = 0.95,
    clusters: tuple[Labels, Labels] | None = None,
    strata: tuple[Labels, Labels] | None = None,
    bounds: Bounds | None = None,
    weight: float | None = None,
    finite: bool = False,
) -> PoweredMean:
    """The mean human label over all items, from those that people labelled and the judge's rest.

    In each stratum, mean human + lambda (mean judge of the unlabelled - mean judge of the
    labelled). Assumed is only that the labelled items of a stratum are a random sample of its
    items; the judge may be as wrong as can be. The weight used on an item is learned from the
    other clusters' labels (within strata, lambda = slope N / (n + N), the slope kept from 0 to 1),
    so the estimate is unbiased and its spread shows what learning costs.

    Args:
        judge_labelled: Judge's labels of items that people labelled, shape (n,), n >= 2.
        human_labelled: People's labels of the same, shape (n,), in the same unit.
        judge_unlabelled: Judge's labels of the other items, shape (N,); may be empty.
        clusters: The cluster of each labelled and of each unlabelled item (the question of which it
            is a repeat): items of one cluster go together, also across the two.
        strata: The stratum of each labelled and of each unlabelled item. Each counts by its share
            of all items and needs labels in two clusters.
        bounds: Lowest and highest label possible, as (-1, 1) for a preference. They cut the
            intervals. None: the range of all labels seen, which does not.
        weight: lambda, from 0 to 1; None to learn it, for which 10 labelled units are needed.
        finite: True if the mean over just these n + N items is asked for, not over all the items
            of which they are a sample.

    Returns:
        Unbounded where neither residuals nor labels vary and the scale is not known.

    Raises:
        ValueError: If there are fewer than two labelled items or clusters (in a stratum), lengths
            differ, a label is out of bounds, or the weight is out of range.

    References:
        Angelopoulos, A. N., Bates, S., Fannjiang, C., Jordan, M. I., Zrnic, T. (2023).
        Prediction-powered inference. Science 382, 669-674. doi:10.1126/science.adi6000
        Angelopoulos, A. N., Duchi, J. C., Zrnic, T. (2023). PPI++: efficient prediction-powered
        inference. doi:10.48550/arXiv.2311.01453
        Fisch, A. et al. (2024). Stratified prediction-powered inference for hybrid language model
        evaluation. doi:10.48550/arXiv.2406.04291
        Mani, P., Xu, P., Lipton, Z. C., Oberst, M. (2025). No free lunch: non-asymptotic analysis
        of prediction-powered inference. doi:10.48550/arXiv.2505.20178
    """
    check_level(level)
    if weight is not None and not 0 <= weight <= 1:
        raise ValueError(f"weight is {weight}; the judge is used from 0 to 1")
    human, verdicts = (
        vector(human_labelled, "human_labelled"),
        vector(judge_labelled, "judge_labelled"),
    )
    rest = vector(judge_unlabelled, "judge_unlabelled", least=0)
    n = same_length(judge_labelled=verdicts, human_labelled=human)
    if n < 2:
        raise ValueError("one human label tells nothing of their spread; at least 2 are needed")
    scale = check_bounds(bounds, human, verdicts, rest)
    sample = _Labelled.of(human, verdicts, rest, clusters, strata)
    enough = int((sample.units - 1).sum()) >= FEWEST_TO_TUNE - 1
    tuned = weight is None and enough and bool(sample.use.any())
    lambdas = (
        sample.learned() if tuned else np.where(sample.use[sample.stratum] > 0, weight or 0.0, 0.0)
    )
    with_judge = sample.estimate(lambdas, scale, finite=finite)
    alone = sample.estimate(np.zeros(n), scale, finite=finite)
    df = max(1.0, sample.freedom - tuned)
    both = None if clusters is None else [*clusters[0], *clusters[1]]
    span = scale[1] - scale[0]
    return PoweredMean(
        estimate=student_interval(*with_judge, df, level, bounds),
        human=student_interval(*alone, sample.freedom, level, bounds),
        judge=clustered_mean(
            np.concatenate([verdicts, rest]), level=level, clusters=both, bounds=bounds
        ),
        offset=clustered_mean(
            verdicts - human,
            level=level,
            clusters=None if clusters is None else clusters[0],
            bounds=None if bounds is None else (-span, span),
        ),
        weight=float(sample.shares @ sample.averages(lambdas)),
        gain_ratio=alone[1] / with_judge[1] if 0 < with_judge[1] < np.inf else 1.0,
        labelled_n=n,
        judged_n=rest.size,
        units_n=int(sample.cluster.max()) + 1,
        tuned=tuned,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Labelled:
    """Labelled and unlabelled items of H strata.

    Attributes:
        human: Human labels, shape (n,).
        judge: Judge's labels of the same, shape (n,).
        rest: Judge's labels of the others, shape (N,).
        stratum: Of the labelled, shape (n,), from 0 to H - 1.
        other: Stratum of the unlabelled, shape (N,).
        cluster: Of the labelled, shape (n,), from 0 without gaps.
        beside: Cluster of the unlabelled, shape (N,), the same number where it is the same.
        units: Labelled clusters of each stratum, shape (H,).
        more: Unlabelled clusters of each stratum, shape (H,).
    """

    human: FloatArray
    judge: FloatArray
    rest: FloatArray
    stratum: IntArray
    other: IntArray
    cluster: IntArray
    beside: IntArray
    units: IntArray
    more: IntArray

    @classmethod
    def of(
        cls,
        human: FloatArray,
        judge: FloatArray,
        rest: FloatArray,
        clusters: tuple[Labels, Labels] | None,
        strata: tuple[Labels, Labels] | None,
    ) -> Self:
        n, total = human.size, human.size + rest.size
        cluster = cluster_codes(_joined(clusters, n, rest.size), total)
        if strata is None:
            stratum = np.zeros(total, dtype=np.int64)
            names: list[Hashable] = [None]
        else:
            joined = _joined(strata, n, rest.size) or []
            stratum, names = cluster_codes(joined, total), list(dict.fromkeys(joined))
        count = len(names)
        units = _distinct(stratum[:n], cluster[:n], count)
        if units.min() < 2:
            few = names[int(units.argmin())]
            where = "" if strata is None else f" of stratum {few!r}"
            raise ValueError(
                f"the human labels{where} come from {units.min()} independent units; at least 2 "
                "are needed" + ("" if strata is None else ", so merge it with another")
            )
        more = _distinct(stratum[n:], cluster[n:], count)
        return cls(
            human, judge, rest, stratum[:n], stratum[n:], cluster[:n], cluster[n:], units, more
        )

    @property
    def sizes(self) -> tuple[FloatArray, FloatArray]:
        """Labelled and unlabelled items of each stratum, shape (H,) each."""
        count = self.units.size
        one, two = (np.bincount(part, minlength=count) for part in (self.stratum, self.other))
        return one.astype(np.float64), two.astype(np.float64)

    @property
    def shares(self) -> FloatArray:
        """Each stratum's share of all items, shape (H,)."""
        n, more = self.sizes
        return np.asarray((n + more) / (n + more).sum())

    @property
    def use(self) -> FloatArray:
        """The part of a stratum that is unlabelled; 0 where its spread is unknown, shape (H,)."""
        return np.where(self.more > 1, self._left(), 0.0)

    @property
    def freedom(self) -> float:
        """Degrees of freedom, by Satterthwaite's formula for strata of equal spread."""
        part = self.shares**2 / self.units
        return float(part.sum() ** 2 / (part**2 / (self.units - 1)).sum())

    def averages(self, values: FloatArray) -> FloatArray:
        """Mean of the labelled items' values in each stratum, shape (H,)."""
        return np.asarray(np.bincount(self.stratum, weights=values) / self.sizes[0])

    def rest_means(self) -> FloatArray:
        """Mean of the judge's unlabelled labels in each stratum, 0 without any, shape (H,)."""
        more = self.sizes[1]
        total = np.bincount(self.other, weights=self.rest, minlength=more.size)
        return np.asarray(total / np.maximum(1, more))

    def learned(self) -> FloatArray:
        """The weight for each labelled item from the labels of all other clusters, shape (n,)."""
        count = self.units.size
        cells, cell = np.unique(self.cluster * count + self.stratum, return_inverse=True)
        strata = cells % count
        # Centred beforehand, for products of small numbers lose less to rounding.
        y = self.human - self.averages(self.human)[self.stratum]
        f = self.judge - self.averages(self.judge)[self.stratum]
        own = [np.bincount(cell, weights=part) for part in (np.ones(y.size), y, f)]
        left = np.maximum(1.0, self.sizes[0][strata] - own[0])
        owner = cells // count
        slope = []
        for part, total in ((y * f, own[1] * own[2]), (f * f, own[2] * own[2])):
            lost = np.bincount(cell, weights=part) + total / left
            slope.append(part.sum() - np.bincount(owner, weights=lost))
        spread = slope[1] > 1e-12 * max(1e-300, float((f * f).sum()))
        beta = np.where(spread, slope[0] / np.where(spread, slope[1], 1.0), 0.0)
        return np.asarray(np.clip(beta, 0.0, 1.0)[self.cluster] * self.use[self.stratum])

    def estimate(self, lambdas: FloatArray, scale: Bounds, *, finite: bool) -> tuple[float, float]:
        """The mean and its variance with these weights, one for each labelled item."""
        shift = self.judge - self.rest_means()[self.stratum]
        corrected = self.human - lambdas * shift
        value = float(self.shares @ self.averages(corrected))
        n = self.sizes[0]
        # A label not yet seen may fall into the stratum where it weighs most.
        unseen = float((self.shares / self.units).max() ** 2) * unseen_square(value, scale)
        stretch = np.sqrt(self.units / (self.units - 1))
        if finite:
            size = self.shares * stretch / n * np.sqrt(self._left())
            kept = np.maximum(self._left(), 1e-300)
            off = self.judge - self.averages(self.judge)[self.stratum]
            residual = self.human - lambdas / kept[self.stratum] * off
            unseen *= float(self.shares @ self._left())
        else:
            size, residual = self.shares * stretch / n, corrected
        part = size[self.stratum] * (residual - self.averages(residual)[self.stratum])
        total = np.bincount(self.cluster, weights=part)
        square = float(total @ total)
        if not finite:
            # What clusters add, those of unlabelled items included.
            stretch = np.sqrt(self.more / np.maximum(1, self.more - 1))
            size = self.shares * self.averages(lambdas) * stretch / np.maximum(1, self.sizes[1])
            theirs = size[self.other] * (self.rest - self.rest_means()[self.other])
            codes = np.concatenate([self.cluster, self.beside])
            total = np.bincount(codes, weights=np.concatenate([part, theirs]))
            square = float(total @ total)
        if scale[0] == scale[1] and not (finite and self.rest.size == 0):
            return value, np.inf
        return value, square + unseen

    def _left(self) -> FloatArray:
        """The unlabelled part of each stratum, shape (H,)."""
        n, more = self.sizes
        return np.asarray(more / (n + more))


def _joined(labels: tuple[Labels, Labels] | None, n: int, more: int) -> list[Hashable] | None:
    if labels is None:
        return None
    one = label_list(labels[0], n, "labels of labelled items")
    return [*one, *label_list(labels[1], more, "labels of unlabelled items")]


def _distinct(stratum: IntArray, cluster: IntArray, count: int) -> IntArray:
    """How many clusters each stratum has, shape (count,)."""
    pairs = np.unique(np.stack([stratum, cluster]), axis=1)
    return np.bincount(pairs[0], minlength=count).astype(np.int64)
