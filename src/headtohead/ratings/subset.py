"""The votes of one board, as chunks that can be read again and again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.style.equations import Passes
from headtohead.ratings.bradley_terry.style.passes import ClusterPass, ClusterPasses, passes_over
from headtohead.ratings.reading.times import WINDOWS
from headtohead.ratings.reading.votes import Ballots, Votes
from headtohead.ratings.tally import ALL

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
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[Ballots]) -> Ballots:
    measured = [one.covariates for one in parts if one.covariates is not None]
    return Ballots(
        np.concatenate([one.first for one in parts]),
        np.concatenate([one.second for one in parts]),
        np.concatenate([one.outcome for one in parts]),
        {},
        np.concatenate(measured) if measured else None,
    )
