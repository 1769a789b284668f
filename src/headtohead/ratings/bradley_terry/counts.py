"""Votes as counts: how often each pair ended in each way. Counts can be added and subtracted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headtohead.stats.inputs import IntArray

OUTCOMES = ("first", "second", "tie", "both_bad")


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each ordered pair of models ended in each way.

    Counts form a commutative monoid: `a + b` is the count of both sets of votes, in any order,
    `Counts.none()` is its zero, and `a - b` takes votes away again.

    Attributes:
        models: Names, sorted and distinct, length M.
        first: Index of the model shown first (side A), shape (P,).
        second: Index of the model shown second (side B), shape (P,); never equal to `first`.
        votes: Shape (P, 4), whole numbers >= 0: first better, second better, tie, both bad. Pairs
            are distinct, sorted, and have at least one vote.
    """

    models: tuple[str, ...]
    first: IntArray
    second: IntArray
    votes: IntArray

    @classmethod
    def none(cls) -> "Counts":
        """No votes on no models."""
        empty = np.zeros(0, dtype=np.int64)
        return cls((), empty, empty, np.zeros((0, 4), dtype=np.int64))

    @classmethod
    def from_codes(
        cls, models: Sequence[str], first: ArrayLike, second: ArrayLike, outcome: ArrayLike
    ) -> "Counts":
        """The counts of coded votes.

        Args:
            models: Names, distinct, in any order; those without a vote are left out.
            first: Position in `models` of the side shown first, shape (n,).
            second: Position of the side shown second, shape (n,).
            outcome: 0 first better, 1 second better, 2 tie, 3 both bad, shape (n,).

        Raises:
            ValueError: If lengths differ, a code is out of range, or a model meets itself.
        """
        a, b, o = (_codes(array) for array in (first, second, outcome))
        if not a.size == b.size == o.size:
            raise ValueError(f"{a.size}, {b.size} and {o.size} codes; every vote needs all three")
        m = max(1, len(models))
        # A pair is one number below, in which a code out of range would be another pair.
        for codes, end, what in ((a, m, "first"), (b, m, "second"), (o, len(OUTCOMES), "outcome")):
            _check_range(codes, end, what)
        flat, where = np.unique(a * m + b, return_inverse=True)
        votes = np.bincount(where * 4 + o, minlength=flat.size * 4).reshape(-1, 4)
        return cls.from_cells(models, flat // m, flat % m, votes)

    @classmethod
    def from_cells(
        cls, models: Sequence[str], first: ArrayLike, second: ArrayLike, votes: ArrayLike
    ) -> "Counts":
        """The counts from pairs counted elsewhere; a pair given twice is summed.

        As `from_codes`, with votes of shape (P, 4), whole numbers >= 0, in the order of `OUTCOMES`.

        Raises:
            ValueError: If shapes differ, a count is negative, a position is out of range, a name is
                given twice or a model meets itself.
        """
        a, b = _codes(first), _codes(second)
        cells = np.asarray(votes)
        if cells.shape != (a.size, 4) or a.size != b.size:
            raise ValueError(f"votes have shape {cells.shape} for {a.size} and {b.size} codes")
        if np.any(cells < 0) or np.any(cells != np.rint(cells)):
            raise ValueError("votes must be whole numbers of 0 or more")
        if len(set(models)) != len(models):
            raise ValueError("a model is named twice; names must be distinct")
        for codes, side in ((a, "first"), (b, "second")):
            _check_range(codes, len(models), side)
        if np.any(a == b):
            name = models[int(a[np.argmax(a == b)])]
            raise ValueError(f"{name!r} meets itself; a vote needs two different models")
        return _sorted(models, a, b, cells.astype(np.int64))

    @property
    def total(self) -> int:
        """How many votes."""
        return int(self.votes.sum())

    @property
    def battles(self) -> IntArray:
        """How many votes each model took part in, shape (M,)."""
        n = self.votes.sum(axis=1)
        return _add_up(self.first, n, len(self.models)) + _add_up(self.second, n, len(self.models))

    @property
    def scores(self) -> IntArray:
        """Wins, losses, ties and both-bad votes of each model, shape (M, 4)."""
        made = np.zeros((len(self.models), 4), dtype=np.int64)
        np.add.at(made, self.first, self.votes)
        np.add.at(made, self.second, self.votes[:, [1, 0, 2, 3]])
        return made

    def __add__(self, other: "Counts") -> "Counts":
        """The counts of both sets of votes."""
        return self._combined(other, 1)

    def __sub__(self, other: "Counts") -> "Counts":
        """The counts without the votes of `other`.

        Raises:
            ValueError: If `other` holds votes that are not here.
        """
        return self._combined(other, -1)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same votes on the same models."""
        if not isinstance(other, Counts):
            return NotImplemented
        return self.models == other.models and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("first", "second", "votes")
        )

    def __hash__(self) -> int:
        """Equal counts hash alike."""
        return hash((self.models, self.votes.tobytes()))

    def only(self, keep: NDArray[np.bool_]) -> "Counts":
        """The votes between the kept models; one without such a vote is left out."""
        rows = keep[self.first] & keep[self.second]
        return _sorted(self.models, self.first[rows], self.second[rows], self.votes[rows])

    def without(self, *outcomes: str) -> "Counts":
        """The votes that ended otherwise; models that have no other vote are left out.

        Raises:
            ValueError: If one is no such word.
        """
        unknown = [outcome for outcome in outcomes if outcome not in OUTCOMES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no outcome; it is one of {', '.join(OUTCOMES)}")
        drop = [OUTCOMES.index(outcome) for outcome in outcomes]
        votes = self.votes.copy()
        votes[:, drop] = 0
        return _sorted(self.models, self.first, self.second, votes)

    def _combined(self, other: "Counts", sign: int) -> "Counts":
        if self.models == other.models:
            models, mine, theirs = self.models, np.arange(len(self.models)), None
        else:
            models = tuple(sorted({*self.models, *other.models}))
            place = {name: i for i, name in enumerate(models)}
            mine = np.array([place[name] for name in self.models], dtype=np.int64)
            theirs = np.array([place[name] for name in other.models], dtype=np.int64)
        theirs = mine if theirs is None else theirs
        made = _sorted(
            models,
            np.concatenate([mine[self.first], theirs[other.first]]),
            np.concatenate([mine[self.second], theirs[other.second]]),
            np.concatenate([self.votes, sign * other.votes]),
        )
        if sign < 0 and np.any(made.votes < 0):
            pair = int(np.argmax((made.votes < 0).any(axis=1)))
            a, b = made.models[made.first[pair]], made.models[made.second[pair]]
            raise ValueError(f"cannot take away votes on {a!r} against {b!r} that are not there")
        return made


def _sorted(models: Sequence[str], first: IntArray, second: IntArray, votes: IntArray) -> Counts:
    """The one form of equal counts: names sorted, pairs summed and sorted, nothing empty."""
    m = max(1, len(models))
    key, where = np.unique(first * m + second, return_inverse=True)
    summed = np.zeros((key.size, 4), dtype=np.int64)
    np.add.at(summed, where, votes)
    some = summed.any(axis=1)
    key, summed = key[some], summed[some]
    a, b = key // m, key % m
    seen = sorted({*a.tolist(), *b.tolist()}, key=lambda code: models[code])
    place = np.full(m, -1, dtype=np.int64)
    place[seen] = np.arange(len(seen))
    a, b = place[a], place[b]
    order = np.lexsort((b, a))
    return Counts(tuple(models[code] for code in seen), a[order], b[order], summed[order])


def _add_up(codes: IntArray, values: IntArray, m: int) -> IntArray:
    return np.bincount(codes, weights=values, minlength=m).astype(np.int64)


def _codes(values: ArrayLike) -> IntArray:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iub":
        raise ValueError(f"codes are whole numbers, not {array.dtype}")
    return array.astype(np.int64).reshape(-1)


def _check_range(codes: IntArray, end: int, what: str) -> None:
    if codes.size and (codes.min() < 0 or codes.max() >= end):
        bad = int(codes[(codes < 0) | (codes >= end)][0])
        raise ValueError(f"{what} code {bad} is not among 0 to {end - 1}")
