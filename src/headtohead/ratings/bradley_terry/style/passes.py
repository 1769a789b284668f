"""Passes over chunks of coded votes, in memory or read anew each time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.style.clusters import (
    ClusterMeat,
    ClusterScores,
    HeavyVotes,
    cluster_scores,
    heavy_votes,
)
from headtohead.ratings.bradley_terry.style.equations import Equations, equations
from headtohead.ratings.bradley_terry.style.search import Passes
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_CLUSTER = "cluster"


class Coded(Protocol):
    """A chunk of votes: codes of models and outcomes of shape (n,), covariates of (n, d)."""

    @property
    def first(self) -> NDArray[np.int32]:
        """Code of the model shown first."""

    @property
    def second(self) -> NDArray[np.int32]:
        """Code of the model shown second."""

    @property
    def outcome(self) -> NDArray[np.int8]:
        """0 first better, 1 second better, 2 tie, 3 both bad."""

    @property
    def covariates(self) -> NDArray[np.float64] | None:
        """First minus second; None where there are none."""

    @property
    def labels(self) -> Mapping[str, NDArray[np.int32]]:
        """Codes of other columns; -1 where empty."""


@dataclass(frozen=True, slots=True, eq=False)
class _Chunk:
    """The votes of a chunk, or of all of them."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    outcome: NDArray[np.int8]
    covariates: FloatArray
    labels: Mapping[str, NDArray[np.int32]]

    @classmethod
    def among(cls, place: IntArray, chunk: Coded) -> "_Chunk":
        """The votes of a chunk between models that have a place."""
        x = chunk.covariates
        if x is None:
            x = np.zeros((chunk.first.size, 0))
        made = cls(chunk.first, chunk.second, chunk.outcome, x, chunk.labels)
        if np.all(place >= 0):
            return made
        known = (place >= 0)[chunk.first] & (place >= 0)[chunk.second]
        return made if np.all(known) else made.only(known)

    def only(self, rows: BoolArray) -> "_Chunk":
        """Some of the votes."""
        labels = {name: codes[rows] for name, codes in self.labels.items()}
        return _Chunk(
            self.first[rows], self.second[rows], self.outcome[rows], self.covariates[rows], labels
        )


class _Held:
    """Chunks that are kept from the first reading on, if they are few enough."""

    def __init__(self, chunks: Callable[[], Iterable[Coded]], most_bytes: int) -> None:
        self._chunks, self._most = chunks, most_bytes
        self._kept: list[_Chunk] | None = None

    def chunks(self) -> Iterator[Coded]:
        """All chunks, from the first."""
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[_Chunk] = []
        held = 0
        for chunk in self._chunks():
            yield chunk
            if held > self._most:
                continue
            x = np.zeros((chunk.first.size, 0)) if chunk.covariates is None else chunk.covariates
            kept.append(_Chunk(chunk.first, chunk.second, chunk.outcome, x, {}))
            held += sum(array.nbytes for array in (chunk.first, chunk.second, chunk.outcome, x))
            if held > self._most:
                kept.clear()
                self._most = -1  # it would not fit the next time either
        self._kept = kept if held <= self._most else None


def passes_over(
    counts: Counts,
    models: Sequence[str],
    chunks: Callable[[], Iterable[Coded]],
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
        found: dict[int, Equations] = {}
        place = _place(counts, models)
        for chunk in source.chunks():
            if len(models) > place.size:
                place = _place(counts, models)
            kept = _Chunk.among(place, chunk)
            made = equations(
                kept.first,
                kept.second,
                kept.outcome,
                kept.covariates,
                np.where(place >= 0, theta[place], 0.0),
                beta,
                meat=meat,
                even=np.where(place >= 0, even[place], False),
            )
            found[place.size] = found[place.size] + made if place.size in found else made
        total = Equations.none(theta.size, beta.size - 1, meat=meat)
        for size, part in found.items():
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
    chunks: Callable[[], Iterable[Coded]]
    column: str

    def __call__(self, theta: FloatArray, beta: FloatArray) -> ClusterMeat:
        """The sums over clusters, without leverage, in one pass."""
        total = ClusterScores.of_all(self._scores(theta, beta, None))
        if total is None:
            return ClusterMeat(np.zeros((theta.size + beta.size,) * 2), 0)
        return total.meat()

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
            return total.meat().meat
        votes = [
            heavy_votes(
                first, second, kept.covariates, kept.labels[self.column], theta, beta, heavy
            )
            for first, second, kept in self._kept()
        ]
        return total.stretched(HeavyVotes.of_all(votes), inverse)

    def _scores(
        self, theta: FloatArray, beta: FloatArray, inverse: FloatArray | None
    ) -> Iterator[ClusterScores]:
        even = self.counts.scores[:, :2].sum(axis=1) == 0
        for first, second, kept in self._kept():
            yield cluster_scores(
                first,
                second,
                kept.outcome,
                kept.covariates,
                kept.labels[self.column],
                theta,
                beta,
                inverse=inverse,
                even=even,
            )

    def _kept(self) -> Iterator[tuple[IntArray, IntArray, _Chunk]]:
        for chunk in self.chunks():
            place = _place(self.counts, self.models)
            kept = _Chunk.among(place, chunk)
            yield place[kept.first], place[kept.second], kept


def _place(counts: Counts, models: Sequence[str]) -> IntArray:
    """The number in `counts` of each model of the chunks; -1 if it has no vote."""
    known = {name: i for i, name in enumerate(counts.models)}
    return np.array([known.get(name, -1) for name in models], dtype=np.int64)
