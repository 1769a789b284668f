"""Votes of any supported kind, as a stream of coded chunks that can be read again and again."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.formats import PLAIN, listed
from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.ratings.reading.columns import Path
from headtohead.ratings.reading.layout import (
    BOTH_BAD,
    FORMATS,
    NONE,
    TIE_WORDS,
    VOCABULARY,
    Counted,
    Layout,
    VoteModule,
    Words,
    mapped_words,
)
from headtohead.ratings.reading.options import SIDES, WINNERS, WORDS, VoteOptions, Window
from headtohead.ratings.reading.scan import (
    Ballots,
    Books,
    OneWord,
    Part,
    Pass,
    PassRequest,
    Scanner,
    no_time,
    source_of,
    styles_of,
)
from headtohead.ratings.reading.tables import VoteTable, open_tables

__all__ = ["CHUNK_ROWS", "Ballots", "VoteOptions", "Votes", "open_votes"]

CHUNK_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class CountedPart:
    """A document that holds counts."""

    name: str
    format: str
    counts: Counts


class Votes:
    """Votes that are scanned, never held: every call of `chunks` reads the source again.

    Attributes:
        models: Names behind the codes in the order first met; grows while scanning, and codes stay
            the same across scans. It may hold names whose votes were all dropped.
        values: Column asked for -> the words behind its codes; grow likewise.
        rows_read: Rows of the last complete scan; a record that makes several votes is several.
        dropped: Reason -> rows that the last complete scan left out.
        format: Name of the format; several joined by "+" if the files differ.
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
        ask = PassRequest(tuple(labels), covariates, window)
        if window in ask.labels:
            raise InputError(f"{window} is a column and a window of time; ask for one of them.")
        for word in (*ask.labels, *((window,) if window else ())):
            self.values[word] = self._books.of(word).words
        seen = Pass()
        scans: list[Iterator[Ballots]] = []
        for part in self._parts:
            if isinstance(part, Part):
                scanner = Scanner(part, self._options, ask, self._books, seen)
                scans.append(scanner.chunks(self._chunk_rows))
                continue
            for word in (*ask.labels, *((window,) if window else ())):
                raise InputError(f"{part.name} holds counts by pair and nothing else: no {word}.")
            scans.append(self._one_by_one(part.counts, ask, seen))

        def whole() -> Iterator[Ballots]:
            for scan in scans:
                yield from scan
            self._finish(seen)

        return whole()

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
        return all(isinstance(source, OneWord) for source in sources)

    def _finish(self, seen: Pass) -> None:
        seen.check_words(self._books.models)
        if seen.rows_read == 0:
            names = ", ".join(part.name for part in self._parts)
            raise InputError(f"{names} holds no votes. Give at least one.")
        self.rows_read, self.dropped = seen.rows_read, seen.dropped

    def _one_by_one(self, counts: Counts, ask: PassRequest, seen: Pass) -> Iterator[Ballots]:
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


def part_of(table: VoteTable, options: VoteOptions) -> Part | CountedPart:
    """A table with everything the user asked of it found.

    Raises:
        InputError: If its format is not known or what was asked of it is not there.
    """
    columns = table.columns
    mapped = {
        word: columns.need(name)
        for word, name in options.columns.items()
        if word in (*SIDES, *WORDS)
    }
    module = format_of(table, options, mapped)
    name = module.FORMAT.name
    layout = module.layout(columns)
    if isinstance(layout, Counted):
        return _counted(table, name, layout, options)
    layout = _as_mapped(layout, name, table, options, mapped)
    time = mapped.get("time") or layout.labels.get("time")
    if time is None and (options.since or options.until):
        raise no_time(table.name)
    marks = {"anonymous_only": options.anonymous_only, "dedup": options.dedup != "off"}
    return Part(
        table=table,
        format=name,
        layout=layout,
        mapped=mapped,
        where=tuple(
            (word, source_of(word, columns, layout, mapped), value)
            for word, value in options.where.items()
        ),
        language=(source_of("language", columns, layout, mapped) if options.languages else None),
        time=time,
        style=styles_of(options.style, columns, layout),
        repeat=_repeat(table, layout, mapped, options),
        marks=tuple(mark for mark in layout.marks if marks[mark.option]),
    )


def format_of(table: VoteTable, options: VoteOptions, mapped: Mapping[str, Path]) -> VoteModule:
    """The format that the user names, else the one whose columns a table has.

    Raises:
        InputError: If no format fits, or several do.
    """
    columns = table.columns

    def fits(module: VoteModule) -> bool:
        return module.FORMAT.fits(lambda name: columns.kind(tuple(name.split("."))) is not None)

    if any(word in mapped for word in SIDES):
        if options.format not in ("auto", PLAIN):
            raise InputError(
                f"`columns` of {', '.join(SIDES)} is for plain tables; leave out "
                f"`format={options.format!r}`, or leave out that mapping."
            )
        return FORMATS.named(PLAIN)
    if options.format == "auto":
        found = FORMATS.fitting(fits, table.name)
        if found is not None:
            return found
        if table.twice:
            names = ", ".join(table.twice)
            raise InputError(f"{table.name} has two columns of one name ({names}); rename one.")
        wanted = "; ".join(f"{x}: {_needs(y)}" for x, y in FORMATS.by_name.items())
        raise InputError(
            f"{table.name} has the columns {listed(columns.names)}, which no format of votes has. "
            "Say which are which, as "
            "`columns={'model_a': 'left', 'model_b': 'right', 'winner': 'result'}`. "
            f"Formats and their columns: {wanted}."
        )
    module = FORMATS.named(options.format)
    if not fits(module):
        raise InputError(
            f"{table.name} is not of format {options.format}: that needs the columns "
            f"{_needs(module)}; there are {listed(columns.names)}. Leave out `format`, or say "
            "which are which with `columns`."
        )
    return module


def _needs(module: VoteModule) -> str:
    return " or ".join(", ".join(names) for names in module.FORMAT.needs)


def _as_mapped(
    layout: Layout,
    format_name: str,
    table: VoteTable,
    options: VoteOptions,
    mapped: Mapping[str, Path],
) -> Layout:
    """The layout with the sides and the words for outcomes that the user says."""
    if any(word in mapped for word in SIDES):
        first, second, winner = (mapped.get(word) or table.columns.need(word) for word in SIDES)
        outcome = Words(winner, VOCABULARY, names=True)
        layout = replace(layout, first=first, second=second, outcome=outcome)
    if not any(word in options.columns for word in WINNERS):
        return layout
    said = layout.outcome
    if not isinstance(said, Words):
        raise InputError(
            f"{format_name} does not say in words who won: leave winner.... out of `columns`."
        )
    names = options.columns.get("winner.is") == "name"
    words = mapped_words(options.columns) or (TIE_WORDS if names else said.meanings)
    return replace(layout, outcome=replace(said, meanings=words, names=names))


def _counted(table: VoteTable, name: str, layout: Counted, options: VoteOptions) -> CountedPart:
    for option in ("where", "languages", "since", "until", "style"):
        if getattr(options, option):
            raise InputError(
                f"{table.name} holds counts by pair and nothing else: leave out `{option}`."
            )
    try:
        return CountedPart(table.name, name, layout.read(table.document()))
    except InputError as error:
        raise InputError(f"{table.name}: {error}") from None


def _repeat(
    table: VoteTable, layout: Layout, mapped: Mapping[str, Path], options: VoteOptions
) -> Path | None:
    if options.dedup not in ("id", "prompt"):
        return None
    source = mapped.get(options.dedup) or layout.labels.get(options.dedup)
    if source is None:
        raise InputError(
            f"{table.name} has no {options.dedup} that is known; say which column with "
            f"`columns={{'{options.dedup}': '...'}}`."
        )
    found = source_of(options.dedup, table.columns, layout, {**mapped, options.dedup: source})
    if not isinstance(found, OneWord):
        raise InputError(f"{table.name}: {'.'.join(source)} holds several values a vote.")
    return found.path
