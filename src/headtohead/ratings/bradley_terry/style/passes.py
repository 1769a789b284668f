"""Passes over chunks of coded votes, in memory or read anew each time, and scores by cluster.

Where the votes of one voter, or prompt, go together, errors need sums of scores by cluster. A voter
meets few of the models, so the sums are kept as (cluster, parameter, amount) and never as a table
of clusters by parameters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import Pairs, logistic
from headtohead.ratings.bradley_terry.leverage import MATTERS, undrawn
from headtohead.ratings.bradley_terry.style.equations import (
    SCORE,
    Equations,
    Passes,
    Weighted,
    equations,
)
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_BLOCK = 4_000_000  # numbers held at once
_CERTAIN = 1e-12


class ClusterPass(Protocol):
    """A pass over all votes that sums up their scores by cluster."""

    def stretched(self, theta: FloatArray, beta: FloatArray, inverse: FloatArray) -> FloatArray:
        """The meat from scores stretched by the leverage of their cluster, shape (K, K).

        Args:
            theta: Strengths in logits, shape (M,).
            beta: Effects per unit and side, shape (d + 1,).
            inverse: Inverse information, in the same parameters, shape (K, K).

        Raises:
            ValueError: If there are fewer than two clusters.
        """


@dataclass(frozen=True, slots=True, eq=False)
class HeavyVotes:
    """The votes of some clusters by cluster and pair.

    Attributes:
        m: How many models.
        clusters: Numbers of the clusters, sorted, shape (C,).
        key: (Place of the cluster times M plus first) times M plus second, sorted, shape (R,).
        sums: Votes, sum of p (1 - p), and sums of it times each covariate, shape (R, d + 2).
        squares: Sum of p (1 - p) times covariates times covariates' by cluster, shape (C, d, d).
    """

    m: int
    clusters: IntArray
    key: IntArray
    sums: FloatArray
    squares: FloatArray

    @classmethod
    def of_all(cls, parts: Sequence["HeavyVotes"]) -> "HeavyVotes":
        """The sum of all parts, of which there is one or more."""
        one = parts[0]
        key, where = np.unique(np.concatenate([part.key for part in parts]), return_inverse=True)
        sums = np.zeros((key.size, one.sums.shape[1]))
        np.add.at(sums, where, np.concatenate([part.sums for part in parts]))
        squares = np.sum([part.squares for part in parts], axis=0)
        return cls(one.m, one.clusters, key, sums, np.asarray(squares, dtype=np.float64))

    def undrawn(
        self, place: int, score: FloatArray, inverse: FloatArray
    ) -> tuple[FloatArray, IntArray, FloatArray]:
        """A cluster's stretched score, shape (K,), and what it cannot tell.

        Returns:
            The score, the S parameters it touches, and the variance it cannot tell, (S, S).
        """
        low, high = np.searchsorted(self.key, np.array([place, place + 1]) * self.m**2)
        pair = self.key[low:high] % self.m**2
        n, weight, by_x = self.sums[low:high, 0], self.sums[low:high, 1], self.sums[low:high, 2:]
        models, at = np.unique(np.concatenate([pair // self.m, pair % self.m]), return_inverse=True)
        first, second = np.split(at, 2)
        weighted = Weighted(weight, by_x.T, self.squares[place])
        information = weighted.matrix(Pairs(models.size, first, second))
        rows = np.arange(n.size)
        design = np.ones((n.size, information.shape[0]))
        design[:, : models.size] = 0.0
        design[rows, first], design[rows, second] = 1.0, -1.0
        design[:, models.size : -1] = by_x / weight[:, None]
        touched = np.concatenate([models, np.arange(self.m, score.size)])
        result = undrawn(score[touched], information, inverse[np.ix_(touched, touched)])
        whole = np.zeros_like(score)
        whole[touched] = result.score
        return whole, touched, result.widest(design, weight, n)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterScores:
    """Scores summed by cluster and parameter. Sets of votes add up with `+`.

    Attributes:
        key: Cluster times K + 1 plus parameter, distinct and sorted, shape (R,).
        amount: The sum of scores, shape (R,); of "parameter" K the leverage over all directions.
        alone: The meat of votes that are clusters of their own, shape (K, K).
        loners: How many such votes.
    """

    key: IntArray
    amount: FloatArray
    alone: FloatArray
    loners: int

    def __add__(self, other: "ClusterScores") -> "ClusterScores":
        """The scores of both sets of votes."""
        key, amount = _summed(
            np.concatenate([self.key, other.key]), np.concatenate([self.amount, other.amount])
        )
        return ClusterScores(key, amount, self.alone + other.alone, self.loners + other.loners)

    @classmethod
    def of_all(cls, parts: Iterable["ClusterScores"]) -> "ClusterScores | None":
        """The sum of all parts, each added only to others of its size; None if there is none."""
        stack: list[ClusterScores] = []
        for part in parts:
            stack.append(part)
            while len(stack) > 1 and stack[-2].key.size <= 2 * stack[-1].key.size:
                last = stack.pop()
                stack[-1] += last
        while len(stack) > 1:
            last = stack.pop()
            stack[-1] += last
        return stack[0] if stack else None

    def heavy(self) -> IntArray:
        """The clusters whose leverage matters, sorted."""
        width = self.alone.shape[0] + 1
        there = (self.key % width == width - 1) & (self.amount > MATTERS)
        return np.asarray(self.key[there] // width, dtype=np.int64)

    @property
    def clusters(self) -> int:
        """How many clusters, votes of their own included."""
        return int(np.unique(self.key // (self.alone.shape[0] + 1)).size) + self.loners

    def meat(
        self, heavy: HeavyVotes | None = None, inverse: FloatArray | None = None
    ) -> FloatArray:
        """The sum over clusters of (sum of scores) times (sum of scores)', shape (K, K).

        With the votes of the clusters that are `heavy`, and the inverse information of all votes,
        (K, K), scores are stretched by leverage.
        """
        k = self.alone.shape[0]
        number, where = np.unique(self.key // (k + 1), return_inverse=True)
        total = self.alone.copy()
        step = max(1, _BLOCK // k)
        for start in range(0, number.size, step):
            low, high = np.searchsorted(where, [start, start + step])
            sums = np.zeros((min(step, number.size - start), k + 1))
            sums[where[low:high] - start, self.key[low:high] % (k + 1)] = self.amount[low:high]
            sums = sums[:, :k]
            if heavy is not None and inverse is not None:
                inside = number[start : start + step]
                for place in np.flatnonzero(np.isin(heavy.clusters, inside)).tolist():
                    row = int(np.searchsorted(inside, heavy.clusters[place]))
                    sums[row], touched, unknown = heavy.undrawn(place, sums[row], inverse)
                    total[np.ix_(touched, touched)] += unknown
            total += sums.T @ sums
        return total


def cluster_scores(
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    outcome: NDArray[np.integer],
    covariates: FloatArray,
    cluster: NDArray[np.integer],
    theta: FloatArray,
    beta: FloatArray,
    *,
    inverse: FloatArray | None = None,
    even: BoolArray | None = None,
) -> ClusterScores:
    """The scores of one chunk of votes by cluster.

    Arguments and shapes are those of `equations`. `cluster` numbers the cluster of each vote, -1
    for a vote that is one of its own. With `inverse`, that of the information of all votes, (K, K),
    leverage is gathered too.
    """
    m, k = theta.size, theta.size + beta.size
    lone = cluster < 0
    alone = equations(
        first[lone],
        second[lone],
        outcome[lone],
        covariates[lone],
        theta,
        beta,
        meat=True,
        even=even,
    )
    assert alone.meat is not None
    kept = ~lone
    a, b = first[kept].astype(np.int64), second[kept].astype(np.int64)
    x = np.column_stack([covariates[kept], np.ones(a.size)])
    p = logistic(theta[a] - theta[b] + x @ beta)
    residual = SCORE[outcome[kept]] - p
    number, where = np.unique(cluster[kept].astype(np.int64), return_inverse=True)
    keys = [number[where] * (k + 1) + a, number[where] * (k + 1) + b]
    amounts = [residual, -residual]
    columns = [residual * values for values in x.T]
    leverage = np.zeros(a.size)
    if inverse is not None:
        # Row of the design times inverse information times row.
        own = inverse[a, a] - 2 * inverse[a, b] + inverse[b, b]
        across = ((inverse[a, m:] - inverse[b, m:]) * x).sum(axis=1)
        leverage = p * (1 - p) * (own + 2 * across + ((x @ inverse[m:, m:]) * x).sum(axis=1))
    columns.append(leverage)
    for column, values in enumerate(columns, start=m):
        keys.append(number * (k + 1) + column)
        amounts.append(np.bincount(where, weights=values, minlength=number.size))
    key, amount = _summed(np.concatenate(keys), np.concatenate(amounts))
    meat = alone.meat
    if even is not None and even.any():
        # What votes on models with ties only lack to the variance of a coin toss.
        tied = even[a] | even[b]
        lacking = np.maximum(0.0, p * (1 - p) - residual**2)[tied]
        covariate = x[tied, :-1]
        by_x = covariate * lacking[:, None]
        weighted = Weighted(lacking, by_x.T, covariate.T @ by_x)
        meat = meat + weighted.matrix(Pairs(even.size, a[tied], b[tied]))
    return ClusterScores(key, amount, meat, alone.n)


def _summed(key: IntArray, amount: FloatArray) -> tuple[IntArray, FloatArray]:
    distinct, where = np.unique(key, return_inverse=True)
    summed = np.bincount(where, weights=amount, minlength=distinct.size)
    return distinct, np.asarray(summed, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some coded votes.

    Attributes:
        first: Code of the model shown first, shape (n,).
        second: Code of the other model, shape (n,).
        outcome: 0 first better, 1 second better, 2 tie, 3 both bad, shape (n,).
        labels: Column asked for -> code of its word, shape (n,); -1 where empty.
        covariates: First minus second, shape (n, d); None if not asked for.
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    outcome: NDArray[np.int8]
    labels: Mapping[str, NDArray[np.int32]]
    covariates: FloatArray | None

    @property
    def x(self) -> FloatArray:
        """The covariates, shape (n, d); of none if they were not asked for."""
        return np.zeros((self.first.size, 0)) if self.covariates is None else self.covariates

    def only(self, rows: BoolArray) -> Self:
        """Some of the votes."""
        return replace(
            self,
            first=self.first[rows],
            second=self.second[rows],
            outcome=self.outcome[rows],
            labels={name: codes[rows] for name, codes in self.labels.items()},
            covariates=None if self.covariates is None else self.covariates[rows],
        )


def _among(place: IntArray, chunk: Chunk) -> Chunk:
    """The votes of a chunk between models that have a place."""
    if np.all(place >= 0):
        return chunk
    known = (place >= 0)[chunk.first] & (place >= 0)[chunk.second]
    return chunk if np.all(known) else chunk.only(known)


class _Held:
    """Chunks that are kept from the first reading on, if they are few enough."""

    def __init__(self, chunks: Callable[[], Iterable[Chunk]], most_bytes: int) -> None:
        self._chunks, self._most = chunks, most_bytes
        self._kept: list[Chunk] | None = None

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, from the first."""
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Chunk] = []
        held = 0
        for chunk in self._chunks():
            yield chunk
            if held > self._most:
                continue
            kept.append(Chunk(chunk.first, chunk.second, chunk.outcome, {}, chunk.x))
            parts = (chunk.first, chunk.second, chunk.outcome, chunk.x)
            held += sum(array.nbytes for array in parts)
            if held > self._most:
                kept.clear()
                self._most = -1  # it would not fit the next time either
        self._kept = kept if held <= self._most else None


def passes_over(
    counts: Counts,
    models: Sequence[str],
    chunks: Callable[[], Iterable[Chunk]],
    *,
    most_bytes: int = 1 << 27,
) -> Passes:
    """A pass for `fit_style` that reads the chunks again each time it is called.

    The codes in the chunks stand for `models`, which may grow while they are read; votes on models
    that are not in `counts` are left out. `chunks` gives all chunks, from the first, every time.
    Votes that need no more memory than `most_bytes` are read only once, and held.
    """
    source = _Held(chunks, most_bytes)
    even = counts.scores[:, :2].sum(axis=1) == 0

    def read(theta: FloatArray, beta: FloatArray, meat: bool) -> Equations:
        # The first scan may still meet new models, so sums are kept for each length of the list.
        by_size: dict[int, Equations] = {}
        place = counts.places(models)
        for chunk in source.chunks():
            if len(models) > place.size:
                place = counts.places(models)
            kept = _among(place, chunk)
            result = equations(
                kept.first,
                kept.second,
                kept.outcome,
                kept.x,
                np.where(place >= 0, theta[place], 0.0),
                beta,
                meat=meat,
                even=np.where(place >= 0, even[place], False),
            )
            by_size[place.size] = by_size[place.size] + result if place.size in by_size else result
        total = Equations.none(theta.size, beta.size - 1, meat=meat)
        for size, part in by_size.items():
            total += part.for_models(place[:size], theta.size)
        return total

    return read


@dataclass(frozen=True, slots=True, eq=False)
class ClusterPasses:
    """A pass for `fit_style` that sums scores by the words of a column.

    Votes of one word go together; a vote without one is a cluster of its own. The rest is as in
    `passes_over`.
    """

    counts: Counts
    models: Sequence[str]
    chunks: Callable[[], Iterable[Chunk]]
    column: str

    def stretched(self, theta: FloatArray, beta: FloatArray, inverse: FloatArray) -> FloatArray:
        """The meat with leverage, shape (K, K), in one pass, or two if any cluster carries much.

        Raises:
            ValueError: If there are fewer than two clusters.
        """
        total = ClusterScores.of_all(self._scores(theta, beta, inverse))
        if total is None or total.clusters < 2:
            raise ValueError("clustered errors need votes from two clusters or more")
        heavy = total.heavy()
        if heavy.size == 0:
            return total.meat()
        votes = []
        for first, second, chunk in self._kept():
            cluster = chunk.labels[self.column]
            kept = np.isin(cluster, heavy)
            place = np.searchsorted(heavy, cluster[kept])
            a, b, x = first[kept].astype(np.int64), second[kept].astype(np.int64), chunk.x[kept]
            m, d = theta.size, x.shape[1]
            p = logistic(theta[a] - theta[b] + x @ beta[:-1] + beta[-1])
            # A vote that is certain still is a vote on the pair.
            weight = np.maximum(p * (1 - p), _CERTAIN)
            squares = np.zeros((heavy.size, d, d))
            np.add.at(squares, place, weight[:, None, None] * x[:, :, None] * x[:, None, :])
            sums = np.column_stack([np.ones(a.size), weight, weight[:, None] * x])
            own = HeavyVotes(m, heavy, (place * m + a) * m + b, sums, squares)
            votes.append(HeavyVotes.of_all([own]))
        return total.meat(HeavyVotes.of_all(votes), inverse)

    def _scores(
        self, theta: FloatArray, beta: FloatArray, inverse: FloatArray | None
    ) -> Iterator[ClusterScores]:
        even = self.counts.scores[:, :2].sum(axis=1) == 0
        for first, second, kept in self._kept():
            yield cluster_scores(
                first,
                second,
                kept.outcome,
                kept.x,
                kept.labels[self.column],
                theta,
                beta,
                inverse=inverse,
                even=even,
            )

    def _kept(self) -> Iterator[tuple[IntArray, IntArray, Chunk]]:
        for chunk in self.chunks():
            place = self.counts.places(self.models)
            kept = _among(place, chunk)
            yield place[kept.first], place[kept.second], kept
