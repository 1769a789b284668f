"""Counting votes by board, pair and outcome: a dense table while it fits, sorted keys beyond."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from headtohead.stats.inputs import IntArray

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
        self, pair: IntArray, m: int, board: NDArray[np.int32] | None = None, boards: int = 1
    ) -> None:
        """Count votes.

        A pair is (first * m + second) * 4 + outcome, of m models so far; without `board` there is
        only one.
        """
        if not self._sparse and max(1, boards) * m * m * 4 > _MOST_CELLS:
            self._give_up_table()
        key = pair if board is None else pair + board.astype(np.int64) * (m * m * 4)
        if self._sparse:
            self._add_rows(key, m)
            return
        b, old = self._table.shape[:2]
        if m > old or boards > b:
            grown = np.zeros((max(b, boards), max(m, old), max(m, old), 4), dtype=np.int64)
            grown[:b, :old, :old] = self._table
            self._table = grown
        flat = self._table.reshape(-1)
        if flat.size <= 2 * key.size:
            flat += np.bincount(key, minlength=flat.size)
        else:
            np.add.at(flat, key, 1)

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
            votes = np.zeros((stop - start, 4), dtype=np.int64)
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

    def _add_rows(self, key: IntArray, m: int) -> None:
        found, n = np.unique(key, return_counts=True)
        rest, outcome = np.divmod(found, 4)
        rest, second = np.divmod(rest, m)
        board, first = np.divmod(rest, m)
        self._pieces.append((board, first, second, outcome, n.astype(np.int64)))
        self._held += found.size
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
    found, where = np.unique(key, return_inverse=True)
    total = np.bincount(where, weights=n, minlength=found.size).astype(np.int64)
    rest, outcome = np.divmod(found, 4)
    rest, second = np.divmod(rest, m)
    board, first = np.divmod(rest, m)
    return board, first, second, outcome, total
