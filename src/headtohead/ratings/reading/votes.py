"""Votes of any supported kind, as a stream of coded chunks that can be read again and again."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.ratings.reading.labels import One
from headtohead.ratings.reading.options import VoteOptions, Window
from headtohead.ratings.reading.outcomes import BOTH_BAD, NONE
from headtohead.ratings.reading.parts import CountedPart, Part, part_of
from headtohead.ratings.reading.scan import Ask, Ballots, Books, Pass, Scanner
from headtohead.ratings.reading.tabular import open_tables

__all__ = ["CHUNK_ROWS", "Ballots", "VoteOptions", "Votes", "open_votes"]

CHUNK_ROWS = 1 << 16


class Votes:
    """Votes that are scanned, never held: every call of `chunks` reads the source again.

    Attributes:
        models: Names behind the codes in the order first met; grows while scanning, and codes stay
            the same across scans. It may hold names whose votes were all dropped.
        values: Column asked for -> the words behind its codes; grow likewise.
        rows_read: Rows of the last complete scan; a record that makes several votes is several.
        dropped: Reason -> rows that the last complete scan left out.
        format: Name of the format; several joined by "+" if the files differ.

    Args:
        parts: The tables.
        options: Which of their votes count.
        chunk_rows: Most rows read at a time.
    """

    def __init__(
        self, parts: Sequence[Part | CountedPart], options: VoteOptions, chunk_rows: int
    ) -> None:
        self._parts, self._options, self._chunk_rows = tuple(parts), options, chunk_rows
        self._books = Books()
        self.models: list[str] = self._books.models.words
        self.values: dict[str, list[str]] = {}
        self.rows_read = 0
        self.dropped: Counter[str] = Counter()
        self.format = "+".join(dict.fromkeys(part.format for part in self._parts))

    def counted(self) -> Counts | None:
        """All votes as counts without expanding them, as a scan would leave them.

        Returns:
            None if there is a table among the parts, which must be scanned.

        Raises:
            InputError: If there is no vote.
        """
        total, seen = Counts.none(), Pass()
        for part in self._parts:
            if isinstance(part, Part):
                return None
            total += part.counts
        seen.rows_read = total.total
        kept = total.without(OUTCOMES[BOTH_BAD]) if self._options.both_bad == "drop" else total
        if kept.total < total.total:
            seen.dropped["both bad"] = total.total - kept.total
        for name in total.models:
            self._books.models.add(name)
        self._finish(seen)
        return kept

    def chunks(
        self,
        labels: Sequence[str] = (),
        covariates: bool = False,
        window: Window | None = None,
    ) -> Iterator[Ballots]:
        """The votes that count, in the order of the source.

        Args:
            labels: Columns whose words are wanted: names of columns, fields joined by dots, or
                canonical words and groups of the format. A column of which a vote may have
                several words (a list, a group of flags) comes in `Ballots.tags`.
            covariates: Whether the covariates of the options are wanted.
            window: Windows of time that are wanted as a label of that name.

        Raises:
            UnknownName: If a column does not exist; at once.
            InputError: If a vote breaks the rules, while scanning.
        """
        ask = Ask(tuple(labels), covariates, window)
        if window in ask.labels:
            raise InputError(f"{window} is a column and a window of time; ask for one of them.")
        for word in (*ask.labels, *((window,) if window else ())):
            self.values[word] = self._books.of(word).words
        seen = Pass()
        scans = [self._scan(part, ask, seen) for part in self._parts]
        return self._whole(scans, seen)

    @property
    def timed(self) -> bool:
        """Whether every vote may say when it was given."""
        return all(isinstance(part, Part) and part.time is not None for part in self._parts)

    def one_word(self, label: str) -> bool:
        """True if a vote has at most one word of a column.

        Raises:
            UnknownName: If there is no such column.
        """
        sources = []
        for part in self._parts:
            if not isinstance(part, Part):
                raise UnknownName("column of votes", label, ())
            sources.append(part.source(label))
        return all(isinstance(source, One) for source in sources)

    def _scan(self, part: Part | CountedPart, ask: Ask, seen: Pass) -> Iterator[Ballots]:
        if isinstance(part, CountedPart):
            return self._expanded(part, ask, seen)
        scanner = Scanner(part, self._options, ask, self._books, seen)
        return scanner.chunks(self._chunk_rows)

    def _whole(self, scans: Sequence[Iterator[Ballots]], seen: Pass) -> Iterator[Ballots]:
        for scan in scans:
            yield from scan
        self._finish(seen)

    def _finish(self, seen: Pass) -> None:
        seen.check_words(self._books.models)
        if seen.rows_read == 0:
            names = ", ".join(_name(part) for part in self._parts)
            raise InputError(f"{names} holds no votes. Give at least one.")
        self.rows_read, self.dropped = seen.rows_read, seen.dropped

    def _expanded(self, part: CountedPart, ask: Ask, seen: Pass) -> Iterator[Ballots]:
        for word in (*ask.labels, *((ask.window,) if ask.window else ())):
            raise InputError(f"{part.source} holds counts by pair and nothing else: no {word}.")
        return self._one_by_one(part.counts, ask, seen)

    def _one_by_one(self, counts: Counts, ask: Ask, seen: Pass) -> Iterator[Ballots]:
        codes = np.array([self._books.models.add(name) for name in counts.models], dtype=np.int32)
        ends = np.cumsum(counts.votes.reshape(-1))
        for start in range(0, counts.total, self._chunk_rows):
            stop = min(start + self._chunk_rows, counts.total)
            cell = np.searchsorted(ends, np.arange(start, stop), side="right")
            pair, outcome = cell // len(OUTCOMES), (cell % len(OUTCOMES)).astype(np.int8)
            kept = outcome != (BOTH_BAD if self._options.both_bad == "drop" else NONE)
            seen.rows_read += stop - start
            if not kept.all():
                seen.dropped["both bad"] += int(np.count_nonzero(~kept))
            yield Ballots(
                codes[counts.first[pair[kept]]],
                codes[counts.second[pair[kept]]],
                outcome[kept],
                {},
                np.zeros((int(kept.sum()), 0)) if ask.covariates else None,
            )


def open_votes(
    source: object, options: VoteOptions | None = None, chunk_rows: int = CHUNK_ROWS
) -> Votes:
    """The votes in a source; nothing is read yet but names of columns.

    Args:
        source: A path, or a list of them (read in that order); a folder of Parquet files; a frame
            of pandas, polars or Arrow; a mapping of column names to sequences; a list of records;
            or three sequences: the side shown first, the other side, the winner.
        options: How to read them.
        chunk_rows: Most rows read at a time.

    Raises:
        InputError: If the source is of no known kind, no format fits or several do, or it lacks a
            column that the options ask for.
    """
    chosen = options or VoteOptions()
    if chunk_rows < 1:
        raise ValueError(f"chunk_rows is {chunk_rows}; it must be at least 1")
    parts = [part_of(table, chosen) for table in open_tables(source)]
    return Votes(parts, chosen, chunk_rows)


def _name(part: Part | CountedPart) -> str:
    return part.table.name if isinstance(part, Part) else part.source
