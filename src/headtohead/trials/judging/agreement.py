"""How far a judge says what people say: agreement raw, beyond chance, and where the two part."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, check_level, same_length, vector
from headtohead.trials.judging.means import (
    clustered_mean,
    share,
    spelled,
    student_interval,
)
from headtohead.trials.paired.means import cluster_codes

_MOST_LABELS = 20
_FEW = 30  # agreements or disagreements below which the table is smoothed for the variance
_ADDED = 4.0  # labels spread over the cells for it, as in Agresti and Coull's interval


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """A judge beside people on the same items.

    Attributes:
        raw: Share of items on which both say the same.
        decided: The same among items on which neither says tie; None if there is none.
        kappa: Cohen's kappa: agreement beyond what the two sets of shares give by chance; None
            where both always say one and the same, which tells nothing.
        ac1: Gwet's AC1, which does not fall when nearly all labels are alike; None likewise.
        bias: Mean of judge minus human: which way the judge departs from people.
        reversals: Share of items on which one says the opposite of the other; None without ties.
        judge_ties: Share of ties of the judge; None where labels have no tie.
        human_ties: Share of ties of people; None likewise.
        labels: The labels that occur, rising, length k.
        table: Judge's label (rows) by human label (columns), shape (k, k).
    """

    raw: Interval
    decided: Interval | None
    kappa: Interval | None
    ac1: Interval | None
    bias: Interval
    reversals: Interval | None
    judge_ties: Interval | None
    human_ties: Interval | None
    labels: tuple[float, ...]
    table: IntArray
    items_n: int

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        beyond = "nothing to tell chance from" if self.kappa is None else spelled(self.kappa)
        decided = "" if self.decided is None else f" ({spelled(self.decided)} where neither ties)"
        return (
            f"The judge agrees with people on {spelled(self.raw)} of {self.items_n} items{decided};"
            f" kappa is {beyond}."
        )


def agreement(
    judge: ArrayLike,
    human: ArrayLike,
    *,
    tie: float | None = 0.0,
    level: float = 0.95,
    clusters: Labels | None = None,
) -> Agreement:
    """How far the judge agrees with people, by four measures, and which way it departs.

    Intervals: Wilson's for shares; for kappa and AC1 the delta method with Student's t, in which a
    table with fewer than 30 agreements or disagreements also counts as if 4 more labels were spread
    over its cells, and the larger variance is taken.

    Args:
        judge: Labels, shape (n,), n >= 2: numbers of which at most 20 differ.
        human: People's labels of the same items, shape (n,).
        tie: The label that says tie; None where there is none, as for right (1) and wrong (0).
        level: Coverage, inside (0, 1).
        clusters: The cluster of each item, length n, or None.

    Raises:
        ValueError: If there are fewer than two items, too many different labels, or arguments do
            not fit.

    References:
        Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and
        Psychological Measurement 20, 37-46. doi:10.1177/001316446002000104
        Fleiss, J. L., Cohen, J., Everitt, B. S. (1969). Large sample standard errors of kappa and
        weighted kappa. Psychological Bulletin 72, 323-327. doi:10.1037/h0028106
        Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of
        high agreement. British Journal of Mathematical and Statistical Psychology 61, 29-48.
        doi:10.1348/000711006X126600
    """
    verdicts, people = vector(judge, "judge", least=2), vector(human, "human", least=2)
    n = same_length(judge=verdicts, human=people)
    check_level(level)
    labels, codes = np.unique(np.concatenate([verdicts, people]), return_inverse=True)
    if labels.size > _MOST_LABELS:
        raise ValueError(
            f"{labels.size} different labels; agreement is for a few, for grades use ppi_mean"
        )
    table = np.zeros((labels.size, labels.size), dtype=np.int64)
    np.add.at(table, (codes[:n], codes[n:]), 1)
    owner = None if clusters is None else cluster_codes(clusters, n)
    beyond = _Beyond(table, codes[:n], codes[n:], owner, level)
    span = float(labels[-1] - labels[0]) or 1.0
    same = verdicts == people
    decided = reversals = judge_ties = human_ties = None
    listed = None if owner is None else owner.tolist()
    if tie is not None:
        both = (verdicts != tie) & (people != tie)
        part = None if owner is None else owner[both].tolist()
        decided = share(same[both], level=level, clusters=part) if both.any() else None
        opposite = (verdicts - tie) * (people - tie) < 0
        reversals, judge_ties, human_ties = (
            share(hits, level=level, clusters=listed)
            for hits in (opposite, verdicts == tie, people == tie)
        )
    return Agreement(
        raw=share(same, level=level, clusters=listed),
        decided=decided,
        kappa=beyond.interval(_kappa),
        ac1=beyond.interval(_ac1),
        bias=clustered_mean(verdicts - people, level=level, clusters=listed, bounds=(-span, span)),
        reversals=reversals,
        judge_ties=judge_ties,
        human_ties=human_ties,
        labels=tuple(labels.tolist()),
        table=table,
        items_n=n,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Beyond:
    """What is needed for coefficients beyond chance.

    Attributes:
        table: Counts, shape (k, k).
        judge: Row of each item, shape (n,).
        human: Column of each item, shape (n,).
        owner: Cluster of each item, shape (n,), or None.
    """

    table: IntArray
    judge: IntArray
    human: IntArray
    owner: IntArray | None
    level: float

    def interval(self, measure: "_Measure") -> Interval | None:
        """The coefficient with its interval; None where chance alone explains all."""
        n = self.judge.size
        value, slopes = measure(self.table / n)
        if not np.isfinite(value):
            return None
        parts = slopes[self.judge, self.human] / n
        owner = np.arange(n) if self.owner is None else self.owner
        units = int(owner.max()) + 1
        if units < 2:
            return Interval(value, -1.0, 1.0)
        total = np.bincount(owner, weights=parts)
        variance = float(total @ total)
        agreed = int(np.trace(self.table))
        if min(agreed, n - agreed) < _FEW:
            counts = self.table.astype(np.float64)
            shares: FloatArray = (counts + _ADDED / counts.size) / (n + _ADDED)
            _, slopes = measure(shares)
            smoothed = float((shares * slopes**2).sum() / n)
            variance = max(variance, smoothed * n / units)
        return student_interval(value, variance, units - 1, self.level, (-1.0, 1.0))


class _Measure(Protocol):
    def __call__(self, shares: FloatArray, /) -> tuple[float, FloatArray]:
        """The coefficient and what an item in each cell adds to it, mean 0, shape (k, k)."""


def _kappa(shares: FloatArray) -> tuple[float, FloatArray]:
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance = float(rows @ columns)
    # An item of row a and column b moves chance by columns[a] + rows[b].
    moved = columns[:, None] + rows[None, :] - 2 * chance
    return _beyond(shares, chance, moved)


def _ac1(shares: FloatArray) -> tuple[float, FloatArray]:
    k = shares.shape[0]
    middle = (shares.sum(axis=1) + shares.sum(axis=0)) / 2
    chance = float((middle * (1 - middle)).sum() / max(1, k - 1))
    slope = (1 - 2 * middle) / max(1, k - 1)
    moved = (slope[:, None] + slope[None, :]) / 2 - float(slope @ middle)
    return _beyond(shares, chance, moved)


def _beyond(shares: FloatArray, chance: float, moved: FloatArray) -> tuple[float, FloatArray]:
    if shares.shape[0] < 2 or chance > 1 - 1e-12:
        return np.nan, np.zeros_like(shares)
    agreed = float(np.trace(shares))
    value = (agreed - chance) / (1 - chance)
    own = np.eye(shares.shape[0]) - agreed
    return value, (own - (1 - value) * moved) / (1 - chance)
