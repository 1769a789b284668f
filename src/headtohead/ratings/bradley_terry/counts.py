"""Votes as counts: how often each pair ended in each way, and what that can tell at all.

Ratings of models that no chain of votes joins cannot be compared. Where one set of models won every
vote against the rest, the likelihood has no maximum: their lead has a lower bound only.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headtohead.stats.inputs import BoolArray, IntArray

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
        votes: Shape (P, 4), numbers >= 0: first better, second better, tie, both bad; whole ones
            unless votes count in parts. Pairs are distinct, sorted, and have at least one vote.
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
        cls,
        models: Sequence[str],
        first: ArrayLike,
        second: ArrayLike,
        votes: ArrayLike,
        *,
        parts: bool = False,
    ) -> "Counts":
        """The counts from pairs counted elsewhere; a pair given twice is summed.

        As `from_codes`, with votes of shape (P, 4), whole numbers >= 0, in the order of `OUTCOMES`;
        any numbers >= 0 where votes may count in `parts`.

        Raises:
            ValueError: If shapes differ, a count is negative, a position is out of range, a name is
                given twice or a model meets itself.
        """
        a, b = _codes(first), _codes(second)
        cells = np.asarray(votes)
        if cells.shape != (a.size, 4) or a.size != b.size:
            raise ValueError(f"votes have shape {cells.shape} for {a.size} and {b.size} codes")
        whole = bool(np.all(cells == np.rint(cells)))
        if np.any(cells < 0) or not (whole or (parts and np.all(np.isfinite(cells)))):
            raise ValueError("votes must be whole numbers of 0 or more")
        if len(set(models)) != len(models):
            raise ValueError("a model is named twice; names must be distinct")
        for codes, side in ((a, "first"), (b, "second")):
            _check_range(codes, len(models), side)
        if np.any(a == b):
            name = models[int(a[np.argmax(a == b)])]
            raise ValueError(f"{name!r} meets itself; a vote needs two different models")
        return _sorted(models, a, b, cells.astype(np.int64) if whole else cells)

    @property
    def whole(self) -> bool:
        """Whether no vote counts in parts."""
        return bool(self.votes.dtype.kind == "i")

    @property
    def total(self) -> int:
        """How many votes; of parts their sum, rounded."""
        votes = self.votes.sum()
        return int(votes) if self.whole else max(int(votes > 0), round(float(votes)))

    @property
    def battles(self) -> IntArray:
        """How many votes each model took part in, shape (M,)."""
        n = self.votes.sum(axis=1)
        return _add_up(self.first, n, len(self.models)) + _add_up(self.second, n, len(self.models))

    @property
    def scores(self) -> IntArray:
        """Wins, losses, ties and both-bad votes of each model, shape (M, 4)."""
        result = np.zeros((len(self.models), 4), dtype=self.votes.dtype)
        np.add.at(result, self.first, self.votes)
        np.add.at(result, self.second, self.votes[:, [1, 0, 2, 3]])
        return result

    def places(self, names: Iterable[str]) -> IntArray:
        """The index of each name, -1 where it has no vote here."""
        place = {name: i for i, name in enumerate(self.models)}
        return np.array([place.get(name, -1) for name in names], dtype=np.int64)

    def between(self) -> dict[tuple[str, str], int]:
        """How many votes each pair has, whoever was shown first; names in order."""
        result: Counter[tuple[str, str]] = Counter()
        pairs = zip(self.first.tolist(), self.second.tolist(), strict=True)
        for (i, j), n in zip(pairs, self.votes.sum(axis=1).tolist(), strict=True):
            result[self.models[min(i, j)], self.models[max(i, j)]] += n
        return dict(result)

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
        models = tuple(sorted({*self.models, *other.models}))
        place = {name: i for i, name in enumerate(models)}
        mine, theirs = (
            np.array([place[name] for name in counts.models], dtype=np.int64)
            for counts in (self, other)
        )
        result = _sorted(
            models,
            np.concatenate([mine[self.first], theirs[other.first]]),
            np.concatenate([mine[self.second], theirs[other.second]]),
            np.concatenate([self.votes, sign * other.votes]),
        )
        if sign < 0 and np.any(result.votes < 0):
            pair = int(np.argmax((result.votes < 0).any(axis=1)))
            a, b = result.models[result.first[pair]], result.models[result.second[pair]]
            raise ValueError(f"cannot take away votes on {a!r} against {b!r} that are not there")
        return result


def _sorted(models: Sequence[str], first: IntArray, second: IntArray, votes: IntArray) -> Counts:
    """The one form of equal counts: names sorted, pairs summed and sorted, nothing empty."""
    m = max(1, len(models))
    key, where = np.unique(first * m + second, return_inverse=True)
    summed = np.zeros((key.size, 4), dtype=votes.dtype)
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
    return np.bincount(codes, weights=values, minlength=m).astype(values.dtype)


def _codes(values: ArrayLike) -> IntArray:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iub":
        raise ValueError(f"codes are whole numbers, not {array.dtype}")
    return array.astype(np.int64).reshape(-1)


def _check_range(codes: IntArray, end: int, what: str) -> None:
    if codes.size and (codes.min() < 0 or codes.max() >= end):
        bad = int(codes[(codes < 0) | (codes >= end)][0])
        raise ValueError(f"{what} code {bad} is not among 0 to {end - 1}")


@dataclass(frozen=True, slots=True, eq=False)
class Connectivity:
    """Which comparisons the votes allow.

    Attributes:
        component: Shape (M,): models of one number are joined by votes; 0 is the largest.
        block: Shape (M,): models of one number have each both won and lost against the others,
            directly or through others; 0 is the largest of component 0.
        above: Shape (M,): no upper bound; it, or its block, never lost to the main block of its
            component, directly or through others.
        below: Shape (M,): no lower bound: it never won against it.
    """

    component: IntArray
    block: IntArray
    above: BoolArray
    below: BoolArray

    @property
    def connected(self) -> bool:
        """Whether every model can be compared with every other."""
        return bool(np.all(self.component == 0))

    @property
    def bounded(self) -> bool:
        """Whether every component has a maximum of its likelihood."""
        return not bool(np.any(self.unbounded))

    @property
    def unbounded(self) -> BoolArray:
        """Which models have no bound on one side at least, shape (M,)."""
        return self.above | self.below


def connectivity(counts: Counts, *, ties_count: bool = True) -> Connectivity:
    """Which comparisons the votes allow.

    `ties_count` tells whether a tie counts for both sides, as half a win or an outcome of its own.

    References:
        Ford, L. R. (1957). Solution of a ranking problem from binary comparisons. American
        Mathematical Monthly 64, 28-33. doi:10.1080/00029890.1957.11989117
    """
    m, votes = len(counts.models), counts.votes
    # Entry (i, j): i has won a vote against j, or tied.
    beat = np.zeros((m, m), dtype=bool)
    tied = votes[:, 2:].any(axis=1) & ties_count
    for won, winner, loser in (
        (votes[:, 0] > 0, counts.first, counts.second),
        (votes[:, 1] > 0, counts.second, counts.first),
    ):
        beat[winner[won | tied], loser[won | tied]] = True
    above, below = np.zeros(m, dtype=bool), np.zeros(m, dtype=bool)
    if m and _reached(beat, 0).all() and _reached(beat.T, 0).all():
        # Most boards: whole, and no model without a bound.
        return Connectivity(np.zeros(m, np.int64), np.zeros(m, np.int64), above, below)
    component = _connected(beat, "weak")
    block = np.zeros_like(component)
    next_block = 0
    for number in range(int(component.max(initial=-1)) + 1):
        members = np.flatnonzero(component == number)
        inside = beat[np.ix_(members, members)]
        blocks = _connected(inside, "strong")
        block[members] = blocks + next_block
        next_block += int(blocks.max()) + 1
        above[members], below[members] = _unbounded(inside, blocks == 0)
    return Connectivity(component, block, above, below)


def _unbounded(beat: NDArray[np.bool_], main: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Which models have no upper, and no lower, bound; `main` is the largest block."""
    if main.sum() > 1 or main.size == 1:
        # Whom one model of the block has beaten, all have, directly or through others.
        start = int(np.argmax(main))
        return ~_reached(beat, start), ~_reached(beat.T, start)
    # No two models have both beaten each other: all gaps are open, one side for the outermost.
    never_lost, never_won = ~beat.any(axis=0), ~beat.any(axis=1)
    middle = ~never_lost & ~never_won
    return np.asarray(never_lost | middle), np.asarray(never_won | middle)


def _reached(arrows: NDArray[np.bool_], start: int) -> BoolArray:
    """Which models one has beaten, directly or through others, with itself, shape (M,)."""
    result = np.zeros(len(arrows), dtype=bool)
    result[start] = True
    fresh = result
    while fresh.any():
        fresh = arrows[fresh].any(axis=0) & ~result
        result = result | fresh
    return result


def _connected(beat: NDArray[np.bool_], connection: Literal["weak", "strong"]) -> IntArray:
    """The connected component of each model: the largest is 0, equal ones by first member."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(csr_array(beat), directed=True, connection=connection)
    _, first, where, sizes = np.unique(
        label, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty_like(first)
    rank[np.lexsort((first, -sizes))] = np.arange(first.size)
    return rank[where]
