"""From votes to counts, every board from a single scan; and the votes behind each board."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells
from headtohead.ratings.bradley_terry.style.equations import Passes
from headtohead.ratings.bradley_terry.style.passes import ClusterPass, ClusterPasses, passes_over
from headtohead.ratings.reading.times import WINDOWS
from headtohead.ratings.reading.votes import Ballots, Votes
from headtohead.ratings.settings import Window
from headtohead.stats.inputs import FloatArray, IntArray

_MOST_CELLS = 1 << 24  # 128 MiB of counts
_MOST_ROWS = 1 << 22  # sparse rows held before equal ones are joined
Rows = tuple[IntArray, IntArray, IntArray, IntArray, IntArray]


class CellCounter:
    """How often each pair of models ended in each way, on each of several boards.

    Args:
        sparse: Whether to begin without a table, because most boards have few pairs.
    """

    def __init__(self, *, sparse: bool = False) -> None:
        self._sparse = sparse
        self._table: IntArray = np.zeros((1, 0, 0, 4), dtype=np.int64)
        self._pieces: list[Rows] = []
        self._held = 0

    def add(
        self,
        pair: IntArray,
        m: int,
        board: NDArray[np.int32] | None = None,
        boards: int = 1,
        weight: FloatArray | None = None,
    ) -> None:
        """Count votes.

        A pair is (first * m + second) * 4 + outcome, of m models so far; without `board` there is
        only one, without `weight` each is one vote.
        """
        if weight is not None and self._table.dtype.kind == "i":
            self._table = self._table.astype(np.float64)
        if not self._sparse and max(1, boards) * m * m * 4 > _MOST_CELLS:
            self._give_up_table()
        key = pair if board is None else pair + board.astype(np.int64) * (m * m * 4)
        if self._sparse:
            self._add_rows(key, m, weight)
            return
        b, old = self._table.shape[:2]
        if m > old or boards > b:
            grown = np.zeros((max(b, boards), max(m, old), max(m, old), 4), dtype=self._table.dtype)
            grown[:b, :old, :old] = self._table
            self._table = grown
        flat = self._table.reshape(-1)
        if flat.size <= 2 * key.size:
            flat += np.bincount(key, weights=weight, minlength=flat.size)
        else:
            np.add.at(flat, key, 1 if weight is None else weight)

    def boards(self) -> Iterator[tuple[int, IntArray, IntArray, IntArray]]:
        """Board, first and second model of its pairs and their votes (P, 4), boards in order."""
        if not self._sparse:
            for board, table in enumerate(self._table):
                first, second = np.nonzero(table.any(axis=2))
                if first.size:
                    yield board, first, second, table[first, second]
            return
        board_of, first, second, outcome, n = self.rows()
        starts = np.flatnonzero(np.diff(board_of, prepend=-1))
        stops = np.append(starts[1:], board_of.size)
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            votes = np.zeros((stop - start, 4), dtype=n.dtype)
            votes[np.arange(stop - start), outcome[start:stop]] = n[start:stop]
            yield int(board_of[start]), first[start:stop], second[start:stop], votes

    def rows(self) -> Rows:
        """Board, first, second, outcome and number of votes of every cell that has one, sorted."""
        if not self._sparse:
            self._give_up_table()
        if len(self._pieces) != 1:
            self._pieces = [_joined(self._pieces)]
        return self._pieces[0]

    def _give_up_table(self) -> None:
        board, first, second, outcome = np.nonzero(self._table)
        n = self._table[board, first, second, outcome]
        self._pieces = [(board, first, second, outcome, n)]
        self._table = np.zeros((1, 0, 0, 4), dtype=np.int64)
        self._sparse = True

    def _add_rows(self, key: IntArray, m: int, weight: FloatArray | None) -> None:
        if weight is None:
            result, n = np.unique(key, return_counts=True)
        else:
            result, where = np.unique(key, return_inverse=True)
            n = np.bincount(where, weights=weight)
        rest, outcome = np.divmod(result, 4)
        rest, second = np.divmod(rest, m)
        board, first = np.divmod(rest, m)
        self._pieces.append((board, first, second, outcome, n))
        self._held += result.size
        if self._held > _MOST_ROWS:
            self._pieces = [_joined(self._pieces)]
            # Doubling keeps the joining linear when nothing repeats.
            self._held = -self._pieces[0][0].size


def _joined(pieces: list[Rows]) -> Rows:
    if not pieces:
        empty = np.zeros(0, dtype=np.int64)
        return (empty, empty, empty, empty, empty)
    board, first, second, outcome, n = (
        np.concatenate(columns) for columns in zip(*pieces, strict=True)
    )
    m = int(max(first.max(initial=0), second.max(initial=0))) + 1
    key = ((board * m + first) * m + second) * 4 + outcome
    result, where = np.unique(key, return_inverse=True)
    total = np.bincount(where, weights=n, minlength=result.size).astype(n.dtype)
    rest, outcome = np.divmod(result, 4)
    rest, second = np.divmod(rest, m)
    board, first = np.divmod(rest, m)
    return board, first, second, outcome, total


ALL = "all"


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes counted by board. Tallies form a commutative monoid: add a day, merge two files.

    Attributes:
        boards: "all", and "column=value" for every value of every column asked for and
            "month=2025-06" for every window; none is empty.
        used: Rows that became votes on the board "all".
        dropped: Reason -> rows left out; together with `used` they make `rows_read`.
        remarks: What a reader should know of how the votes were read.
    """

    boards: dict[str, Counts]
    rows_read: int
    used: int
    dropped: dict[str, int]
    remarks: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        """The tally of both sets of votes."""
        boards = dict(self.boards)
        for name, counts in other.boards.items():
            boards[name] = boards[name] + counts if name in boards else counts
        return Tally(
            dict(sorted(boards.items(), key=lambda item: (item[0] != ALL, item[0]))),
            self.rows_read + other.rows_read,
            self.used + other.used,
            dict(sorted((Counter(self.dropped) + Counter(other.dropped)).items())),
            tuple(dict.fromkeys((*self.remarks, *other.remarks))),
        )


def tally(votes: "Votes", by: Sequence[str] = (), window: Window | None = None) -> Tally:
    """The counts of all boards, from one scan.

    Each value of the columns `by` gets a board, and each window of time, by UTC. A vote with
    several values (a list, a group of flags) counts on each of their boards, one without a value
    only on "all".

    Raises:
        UnknownName: If a column does not exist.
        InputError: If a vote breaks the rules, or there is none.
    """
    by = tuple(dict.fromkeys(by))
    whole = None if by or window else votes.counted()
    if whole is not None:
        boards = {ALL: whole} if whole.total else {}
        return Tally(boards, votes.rows_read, whole.total, dict(votes.dropped))
    labels = (*by, *((window,) if window else ()))
    total = CellCounter()
    cells = {word: CellCounter() for word in labels}
    for ballots in votes.chunks(by, window=window):
        m = len(votes.models)
        pair = ballots.first.astype(np.int64)
        pair *= m
        pair += ballots.second
        pair *= 4
        pair += ballots.outcome
        weight = ballots.weight
        total.add(pair, m, weight=weight)
        for word, result in cells.items():
            n = len(votes.values[word])
            if word in ballots.tags:
                tags = ballots.tags[word]
                own = None if weight is None else weight[tags.rows]
                result.add(pair[tags.rows], m, tags.codes, n, own)
            elif (board := ballots.labels[word]).size and int(board.min()) < 0:
                own = None if weight is None else weight[board >= 0]
                result.add(pair[board >= 0], m, board[board >= 0], n, own)
            else:
                result.add(pair, m, board, n, weight)
    boards = dict(_boards(total, votes.models, None))
    for word, result in cells.items():
        names = [f"{word}={value}" for value in votes.values[word]]
        boards |= dict(sorted(_boards(result, votes.models, names)))
    used = votes.rows_read - sum(votes.dropped.values())
    dropped = dict(sorted(votes.dropped.items()))
    return Tally(boards, votes.rows_read, used, dropped, votes.remarks)


def clustered_cells(votes: "Votes | Subset", column: str) -> ClusterCells:
    """The votes counted by cluster, pair and outcome; without a column each row is a cluster.

    A row without a cluster id is a cluster of its own: nothing says that it goes with another.

    Each vote has one value. Cluster numbers are positions in `votes.values[column]`; those beyond
    are votes without a value.

    Raises:
        UnknownName: If the column does not exist.
        InputError: If a vote may have several values of it.
    """
    cells, alone = CellCounter(sparse=True), []
    for ballots in votes.chunks((column,) if column else ()):
        if column and column not in ballots.labels:
            raise InputError(f"A vote may have several of {column}; clusters need one each.")
        n = ballots.first.size
        cluster = ballots.labels[column] if column else np.full(n, -1, dtype=np.int32)
        m = len(votes.models)
        pair = (ballots.first.astype(np.int64) * m + ballots.second) * 4 + ballots.outcome
        known = cluster >= 0
        if known.all():
            cells.add(pair, m, cluster, weight=ballots.weight)
            continue
        own = None if ballots.weight is None else ballots.weight[known]
        cells.add(pair[known], m, cluster[known], weight=own)
        alone.append(ballots.only(~known))
    parts: list[tuple[NDArray[Any], ...]] = [cells.rows()]
    start = len(votes.values[column]) if column else 0
    for ballots in alone:
        n = ballots.first.size
        row = (
            np.arange(n) if ballots.row is None else np.unique(ballots.row, return_inverse=True)[1]
        )
        sides = (ballots.first, ballots.second, ballots.outcome)
        weight = np.ones(n, dtype=np.int64) if ballots.weight is None else ballots.weight
        parts.append((start + row, *(codes.astype(np.int64) for codes in sides), weight))
        start += int(row.max(initial=-1)) + 1
    joined: list[NDArray[Any]] = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    return ClusterCells(tuple(votes.models), *joined)


def repeats(votes: "Votes", column: str, most: int) -> float:
    """How many of the first votes there are for each value of a column and pair of models.

    Also reads the turns and voters that these votes tell, into `votes.values`.

    Returns:
        An average of at least 1; 1 where no column of that name is known, or a vote may have
        several values.
    """
    known = []
    for word in (column, "turn", "voter"):
        try:
            if votes.has(word) and votes.one_word(word):
                known.append(word)
        except UnknownName:
            continue
    if column not in known:
        return 1.0
    pairs: list[IntArray] = []
    values: list[IntArray] = []
    n = 0.0
    for ballots in votes.chunks(known):
        value = ballots.labels[column].astype(np.int64)
        first, second = ballots.first.astype(np.int64), ballots.second.astype(np.int64)
        some = value >= 0
        pair = np.maximum(first, second) << 24 | np.minimum(first, second)
        pairs.append(pair[some])
        values.append(value[some])
        n += float(some.sum() if ballots.weight is None else ballots.weight[some].sum())
        if n >= most:
            break
    if not n:
        return 1.0
    _, pair = np.unique(np.concatenate(pairs), return_inverse=True)
    met = np.unique(np.concatenate(values) * (int(pair.max()) + 1) + pair).size
    return n / met


def _boards(
    cells: CellCounter, models: Sequence[str], names: Sequence[str] | None
) -> Iterator[tuple[str, Counts]]:
    for board, first, second, votes in cells.boards():
        name = ALL if names is None else names[board]
        yield name, Counts.from_cells(models, first, second, votes, parts=True)


_ROWS = 1 << 18
_MOST_BYTES = 128 << 20  # of coded votes kept between two passes


@dataclass(frozen=True, slots=True)
class Subset:
    """All votes, or those with one value of a column.

    Attributes:
        column: The column, or a window of time; empty for all votes.
    """

    votes: Votes
    column: str = ""
    value: str = ""

    @classmethod
    def of(cls, votes: Votes, board: str) -> "Subset":
        """The votes behind a board of `tally`."""
        if board == ALL:
            return cls(votes)
        column, _, value = board.partition("=")
        return cls(votes, column, value)

    @property
    def models(self) -> list[str]:
        """Names behind the codes."""
        return self.votes.models

    @property
    def values(self) -> dict[str, list[str]]:
        """Column asked for -> the words behind its codes."""
        return self.votes.values

    def chunks(self, labels: Sequence[str] = (), *, covariates: bool = False) -> Iterator[Ballots]:
        """The votes of this board, in the order of the source."""
        if not self.column:
            yield from self.votes.chunks(labels, covariates)
            return
        window = self.column if self.column in WINDOWS else None
        wanted = tuple(labels) if window else tuple(dict.fromkeys((*labels, self.column)))
        for ballots in self.votes.chunks(wanted, covariates, window):
            words = self.votes.values[self.column]
            code = words.index(self.value) if self.value in words else -2
            if self.column in ballots.tags:
                tags = ballots.tags[self.column]
                rows = np.zeros(ballots.first.size, dtype=bool)
                rows[tags.rows[tags.codes == code]] = True
            else:
                rows = np.asarray(ballots.labels[self.column] == code)
            yield ballots.only(rows)

    def passes(self, counts: Counts) -> Passes:
        """A pass for `fit_style` that reads these votes again each time it is called."""
        return passes_over(
            counts,
            self.models,
            lambda: _larger(self.chunks(covariates=True)),
            most_bytes=_MOST_BYTES,
        )

    def clusters(self, counts: Counts, column: str) -> ClusterPass:
        """A pass for `fit_style` that sums scores by the values of a column.

        A vote without a value in the column is a cluster of its own.
        """
        return ClusterPasses(
            counts, self.models, lambda: self.chunks((column,), covariates=True), column
        )


def _larger(chunks: Iterator[Ballots]) -> Iterator[Ballots]:
    """The same votes in fewer chunks: each pass pays for every chunk what a board weighs."""
    waiting: list[Ballots] = []
    for ballots in chunks:
        waiting.append(ballots)
        if sum(one.first.size for one in waiting) >= _ROWS:
            yield _one_chunk(waiting)
            waiting = []
    if waiting:
        yield _one_chunk(waiting)


def _one_chunk(parts: list[Ballots]) -> Ballots:
    measured = [one.covariates for one in parts if one.covariates is not None]
    return Ballots(
        np.concatenate([one.first for one in parts]),
        np.concatenate([one.second for one in parts]),
        np.concatenate([one.outcome for one in parts]),
        {},
        np.concatenate(measured) if measured else None,
    )
