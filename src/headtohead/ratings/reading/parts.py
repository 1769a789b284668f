"""One table of votes with everything the user asked of it found among its columns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headtohead.core.errors import InputError
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.reading.columns import Columns, Path
from headtohead.ratings.reading.formats import PLAIN, named, readers, recognise
from headtohead.ratings.reading.labels import LabelSource, One, paths_of, source_of
from headtohead.ratings.reading.layout import Counted, Layout, Mark, Style
from headtohead.ratings.reading.options import SIDES, WINNERS, WORDS, VoteOptions
from headtohead.ratings.reading.outcomes import TIE_WORDS, VOCABULARY, Words, mapped_words
from headtohead.ratings.reading.style import style_paths, styles_of
from headtohead.ratings.reading.tabular import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table of votes, ready to be scanned.

    Attributes:
        table: The table.
        format: Name of its format.
        layout: Where it keeps its votes.
        mapped: The user's canonical words.
        where: Word, its source and the value that a vote must have.
        language: Source of the language, if the user filters by it.
        time: Column of the time; None if there is none.
        style: The covariates.
        repeat: Column that tells repeats, if the user wants them left out.
        marks: The publisher's marks that the user heeds.
    """

    table: Table
    format: str
    layout: Layout
    mapped: Mapping[str, Path]
    where: tuple[tuple[str, LabelSource, str], ...]
    language: LabelSource | None
    time: Path | None
    style: tuple[Style, ...]
    repeat: Path | None
    marks: tuple[Mark, ...]

    def source(self, word: str) -> LabelSource:
        """Where this table keeps the words that a user asks for.

        Raises:
            UnknownName: If it does not.
        """
        return source_of(word, self.table.columns, self.layout, self.mapped)

    def paths(self, *, time: bool) -> tuple[Path, ...]:
        """The columns that every scan reads.

        Args:
            time: Whether the time is among them.
        """
        found = [self.layout.first, self.layout.second, *self.layout.outcome.paths]
        found += [mark.path for mark in self.marks]
        for _, source, _ in self.where:
            found += paths_of(source)
        if self.language is not None:
            found += paths_of(self.language)
        found += style_paths(self.style)
        if self.repeat is not None:
            found.append(self.repeat)
        if time and self.time is not None:
            found.append(self.time)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class CountedPart:
    """A document that holds counts.

    Attributes:
        source: What it is called.
        format: Name of its format.
        counts: The counts.
    """

    source: str
    format: str
    counts: Counts


def part_of(table: Table, options: VoteOptions) -> Part | CountedPart:
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
    format_name, layout = _layout(table, options, mapped)
    if isinstance(layout, Counted):
        return _counted(table, format_name, layout, options)
    return Part(
        table=table,
        format=format_name,
        layout=layout,
        mapped=mapped,
        where=tuple(
            (word, source_of(word, columns, layout, mapped), value)
            for word, value in options.where.items()
        ),
        language=_language(columns, layout, mapped, options),
        time=_time(table, layout, mapped, options),
        style=styles_of(options.style, columns, layout),
        repeat=_repeat(table, layout, mapped, options),
        marks=tuple(mark for mark in layout.marks if _heeded(mark, options)),
    )


def _layout(
    table: Table, options: VoteOptions, mapped: Mapping[str, Path]
) -> tuple[str, Layout | Counted]:
    columns = table.columns
    if any(word in mapped for word in SIDES):
        if options.format not in ("auto", PLAIN):
            raise InputError(
                f"--map of {', '.join(SIDES)} is for plain tables; leave out --format "
                f"{options.format}, or leave out that mapping."
            )
        reader = readers()[PLAIN]
    elif options.format == "auto":
        reader = recognise(columns, table.name)
    else:
        reader = named(options.format, columns, table.name)
    layout = reader.module.layout(columns)
    if isinstance(layout, Layout):
        layout = _with_sides(layout, columns, mapped)
        layout = _with_words(layout, reader.format.name, options)
    return reader.format.name, layout


def _with_sides(layout: Layout, columns: Columns, mapped: Mapping[str, Path]) -> Layout:
    if not any(word in mapped for word in SIDES):
        return layout
    first, second, winner = (mapped.get(word) or columns.need(word) for word in SIDES)
    outcome = Words(winner, VOCABULARY, names=True)
    return replace(layout, first=first, second=second, outcome=outcome)


def _with_words(layout: Layout, format_name: str, options: VoteOptions) -> Layout:
    if not any(word in options.columns for word in WINNERS):
        return layout
    outcome = layout.outcome
    if not isinstance(outcome, Words):
        raise InputError(f"{format_name} does not say in words who won: leave out --map winner....")
    words, kind = mapped_words(options.columns), options.columns.get("winner.is")
    if words:
        return replace(layout, outcome=replace(outcome, meanings=words, names=kind == "name"))
    if kind == "name":
        return replace(layout, outcome=replace(outcome, meanings=TIE_WORDS, names=True))
    return replace(layout, outcome=replace(outcome, names=False))


def _counted(table: Table, format_name: str, layout: Counted, options: VoteOptions) -> CountedPart:
    asked = {
        "--where": options.where,
        "--language": options.languages,
        "--since": options.since,
        "--until": options.until,
        "--style": options.style,
    }
    for option, value in asked.items():
        if value:
            raise InputError(
                f"{table.name} holds counts by pair and nothing else: leave out {option}."
            )
    try:
        return CountedPart(table.name, format_name, layout.read(table.document()))
    except InputError as error:
        raise InputError(f"{table.name}: {error}") from None


def _heeded(mark: Mark, options: VoteOptions) -> bool:
    if mark.option == "anonymous_only":
        return options.anonymous_only
    return options.dedup != "off"


def _language(
    columns: Columns, layout: Layout, mapped: Mapping[str, Path], options: VoteOptions
) -> LabelSource | None:
    if not options.languages:
        return None
    return source_of("language", columns, layout, mapped)


def _time(
    table: Table, layout: Layout, mapped: Mapping[str, Path], options: VoteOptions
) -> Path | None:
    path = mapped.get("time") or layout.labels.get("time")
    if path is None and (options.since or options.until):
        raise no_time(table.name)
    return path


def no_time(source: str) -> InputError:
    """The error for a table without times where they are needed."""
    return InputError(f"{source} has no time that is known; say which column with --map time=...")


def _repeat(
    table: Table, layout: Layout, mapped: Mapping[str, Path], options: VoteOptions
) -> Path | None:
    if options.dedup not in ("id", "prompt"):
        return None
    source = mapped.get(options.dedup) or layout.labels.get(options.dedup)
    if source is None:
        raise InputError(
            f"{table.name} has no {options.dedup} that is known; say which column with --map "
            f"{options.dedup}=..."
        )
    found = source_of(options.dedup, table.columns, layout, {**mapped, options.dedup: source})
    if not isinstance(found, One):
        raise InputError(f"{table.name}: {'.'.join(source)} holds several values a vote.")
    return found.path
