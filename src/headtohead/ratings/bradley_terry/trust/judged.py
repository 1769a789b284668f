"""Comparisons that people and a judge have both voted on, and more that only the judge has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.stats.inputs import IntArray

_KINDS = len(OUTCOMES)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedVotes:
    """How often each ordered pair got which outcome, from people and from the judge.

    They form a commutative monoid under addition, as counts do.

    Attributes:
        second: Index of the model shown second, shape (P,); pairs are distinct and sorted.
        both: Comparisons with a human and a judge's vote, shape (P, 4, 4): human outcome by judge's
            outcome, in the order of `OUTCOMES`.
        judged: Comparisons that only the judge has voted on, shape (P, 4).
    """

    models: tuple[str, ...]
    first: IntArray
    second: IntArray
    both: IntArray
    judged: IntArray

    @classmethod
    def from_codes(
        cls,
        models: Sequence[str],
        first: ArrayLike,
        second: ArrayLike,
        human: ArrayLike,
        judge: ArrayLike,
    ) -> "JudgedVotes":
        """The counts of comparisons, each with the judge's outcome and perhaps a human one.

        Args:
            models: Names, distinct, in any order; those without a vote are left out.
            first: Position in `models` of the side shown first, shape (n,).
            second: Position of the side shown second, shape (n,).
            human: 0 first better, 1 second better, 2 tie, 3 both bad, -1 no human vote, shape (n,).
            judge: 0 to 3, shape (n,).

        Raises:
            ValueError: If lengths differ, a code is out of range, or a model meets itself.
        """
        h, j = (np.asarray(codes, dtype=np.int64).reshape(-1) for codes in (human, judge))
        a, b = (np.asarray(codes, dtype=np.int64).reshape(-1) for codes in (first, second))
        if not a.size == b.size == h.size == j.size:
            raise ValueError(
                f"{a.size} and {b.size} sides, {h.size} human and {j.size} judge's outcomes; every "
                "comparison needs one of each"
            )
        for codes, least, what in ((h, -1, "human"), (j, 0, "judge's")):
            if codes.size and not least <= codes.min() <= codes.max() < _KINDS:
                raise ValueError(f"a {what} outcome is not from {least} to {_KINDS - 1}")
        if a.size and not 0 <= min(a.min(), b.min()) <= max(a.max(), b.max()) < len(models):
            raise ValueError(f"a side is not from 0 to {len(models) - 1}")
        size = max(1, len(models))
        key, where = np.unique(a * size + b, return_inverse=True)
        kinds = (_KINDS + 1) * _KINDS
        table = np.bincount(where * kinds + (h + 1) * _KINDS + j, minlength=key.size * kinds)
        return cls._gathered(models, key // size, key % size, table.reshape(-1, _KINDS + 1, _KINDS))

    @classmethod
    def _gathered(
        cls, models: Sequence[str], first: IntArray, second: IntArray, table: IntArray
    ) -> "JudgedVotes":
        """The one form of equal counts; the table's first row has no human vote."""
        votes = np.zeros((first.size, _KINDS), dtype=np.int64)
        votes[:, 0] = table.sum(axis=(1, 2))
        kept = Counts.from_cells(models, first, second, votes)
        place = {name: i for i, name in enumerate(kept.models)}
        to = np.array([place.get(name, 0) for name in models], dtype=np.int64)
        m = max(1, len(kept.models))
        row = np.searchsorted(kept.first * m + kept.second, to[first] * m + to[second])
        summed = np.zeros((kept.first.size, _KINDS + 1, _KINDS), dtype=np.int64)
        np.add.at(summed, row, table)
        return cls(kept.models, kept.first, kept.second, summed[:, 1:], summed[:, 0])

    def __add__(self, other: "JudgedVotes") -> "JudgedVotes":
        """The comparisons of both."""
        names = sorted({*self.models, *other.models})
        place = {name: i for i, name in enumerate(names)}
        parts = []
        for votes in (self, other):
            to = np.array([place[name] for name in votes.models], dtype=np.int64)
            table = np.concatenate([votes.judged[:, None], votes.both], axis=1)
            parts.append((to[votes.first], to[votes.second], table))
        first, second, table = (np.concatenate(part) for part in zip(*parts, strict=True))
        return JudgedVotes._gathered(names, first, second, table)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same votes on the same models."""
        if not isinstance(other, JudgedVotes):
            return NotImplemented
        return self.models == other.models and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("first", "second", "both", "judged")
        )

    def __hash__(self) -> int:
        """Equal counts hash alike."""
        return hash((self.models, self.both.tobytes(), self.judged.tobytes()))

    @property
    def human_counts(self) -> Counts:
        """The human votes."""
        return Counts.from_cells(self.models, self.first, self.second, self.both.sum(axis=2))

    @property
    def judge_counts(self) -> Counts:
        """The judge's votes on all comparisons."""
        votes = self.both.sum(axis=1) + self.judged
        return Counts.from_cells(self.models, self.first, self.second, votes)
