"""What a table holds of votes: its format, its sides, how it says who won, and what the user asks.

Nothing is read of it yet but names of columns, and the first words for an outcome.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headtohead.core.errors import InputError
from headtohead.core.units import nearest_first
from headtohead.files.formats import PLAIN
from headtohead.files.tables import Batch, Path, UserTable, encode
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.reading.formats import plain
from headtohead.ratings.reading.layout import (
    FORMATS,
    TIE_WORDS,
    Annotators,
    Counted,
    HigherScore,
    LabelSource,
    Mark,
    OneWord,
    Score,
    Style,
    VoteCounts,
    VoteLayout,
    VoteModule,
    Words,
    mapped_words,
    paths_of,
    score_of,
    source_of,
    style_paths,
    styles_of,
)
from headtohead.ratings.settings import COUNTS, SIDES, UNUSED, WINNERS, WORDS, VoteOptions

_HEAD = 200  # rows that tell whether outcomes are words or scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table of votes, ready to be scanned.

    Attributes:
        where: Word, its source and the value that a vote must have.
        language: Source of the language, if the user filters by it.
        time: Column of the time; None if there is none.
        weight: Column that says how many votes a row stands for; None if each is one.
        repeat: Column that tells repeats, if the user wants them left out.
    """

    table: UserTable
    format: str
    layout: VoteLayout
    mapped: Mapping[str, Path]
    where: tuple[tuple[str, LabelSource, str], ...]
    language: LabelSource | None
    time: Path | None
    weight: Path | None
    style: tuple[Style, ...]
    repeat: Path | None
    marks: tuple[Mark, ...]

    @property
    def name(self) -> str:
        """What the table is called."""
        return self.table.name

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know of how this table was read."""
        said = []
        outcome = self.layout.outcome
        if isinstance(outcome, Score):
            name = ".".join(outcome.path)
            said.append(
                f"In {name}, 1 or true is a win of the first model, 0 or false of the second, 0.5 "
                "a tie. If 0 stands for the first, say `--map winner.a=0 --map winner.b=1`."
            )
        if isinstance(outcome, HigherScore):
            a, b = (".".join(path) for path in outcome.paths)
            said.append(f"The higher of {a} and {b} wins; equal ones are a tie.")
        if isinstance(outcome, VoteCounts):
            names = ", ".join(".".join(path) for path in outcome.paths)
            said.append(f"Each row holds counts of votes: {names}.")
        if isinstance(outcome, Annotators):
            names = ", ".join(".".join(path) for path in outcome.paths)
            said.append(f"Each row holds votes that go together for the intervals: {names}.")
        if self.weight is not None:
            said.append(
                f"Each row counts as many times as its {'.'.join(self.weight)} says, and for the "
                f"intervals as one row. `--map weight={UNUSED}` counts each once."
            )
        return tuple(said)

    def has(self, word: str) -> bool:
        """Whether this table has such a column, by its own name or by a known one."""
        known = (*self.mapped, *self.layout.labels, *self.layout.groups)
        return word in known or self.table.columns.find(word) is not None

    def source(self, word: str) -> LabelSource:
        """Where this table keeps the words that a user asks for.

        Raises:
            UnknownName: If it does not.
        """
        return source_of(word, self.table.columns, self.layout, self.mapped)

    def paths(self, *, time: bool) -> tuple[Path, ...]:
        """The columns that every scan reads."""
        result = [self.layout.first, self.layout.second, *self.layout.outcome.paths]
        result += [mark.path for mark in self.marks]
        for _, source, _ in self.where:
            result += paths_of(source)
        if self.language is not None:
            result += paths_of(self.language)
        result += style_paths(self.style)
        if self.repeat is not None:
            result.append(self.repeat)
        if time and self.time is not None:
            result.append(self.time)
        if self.weight is not None:
            result.append(self.weight)
        return tuple(dict.fromkeys(result))


def no_time(source: str) -> InputError:
    """The error for a table without times where they are needed."""
    return InputError(
        f"{source} has no time that is known; say which column with `mapping={{'time': '...'}}`."
    )


@dataclass(frozen=True, slots=True)
class CountedPart:
    """A document that holds counts."""

    name: str
    format: str
    counts: Counts


def by_scores(part: Part | CountedPart, options: VoteOptions) -> Part | CountedPart:
    """The part with its outcomes read as scores, where its first rows hold no word but scores."""
    outcome = part.layout.outcome if isinstance(part, Part) else None
    if not isinstance(part, Part) or not isinstance(outcome, Words):
        return part
    if any(word in options.mapping for word in WINNERS if word != "winner.is"):
        return part
    kind = options.mapping.get("winner.is")
    if kind is None and outcome.names:
        head = next(part.table.batches([outcome.path], _HEAD, [outcome.path]), None)
        _, words = (
            encode(Batch(head, part.table.as_json).column(outcome.path)) if head else ((), [])
        )
        said = [score_of(word) for word in words if word and word.strip()]
        kind = "score" if said and all(0 <= one <= 1 for one in said) else "side"
    if kind != "score":
        return part
    return replace(part, layout=replace(part.layout, outcome=Score(outcome.path)))


def part_of(table: UserTable, options: VoteOptions) -> Part | CountedPart:
    """A table with everything the user asked of it found.

    Raises:
        InputError: If its format is not known or what was asked of it is not there.
    """
    for name in options.mapping.values():
        if table.columns.find(name) is None:
            table.reach(name)
    columns = table.columns
    unused = {
        word
        for word, name in options.mapping.items()
        if word in WORDS and name == UNUSED and columns.find(name) is None
    }
    mapped = {
        word: columns.need(name)
        for word, name in options.mapping.items()
        if word in (*SIDES, *COUNTS, *WORDS) and word not in unused
    }
    module = format_of(table, options, mapped)
    name = module.FORMAT.name
    layout = module.layout(columns)
    if isinstance(layout, Counted):
        return _counted(table, name, layout, options)
    layout = _as_mapped(layout, name, table, options, mapped)
    labels = {word: path for word, path in layout.labels.items() if word not in unused}
    layout = replace(layout, labels=labels)
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
        weight=mapped.get("weight", None if "weight" in unused else layout.weight),
        style=styles_of(options.style, columns, layout),
        repeat=_repeat(table, layout, mapped, options),
        marks=tuple(mark for mark in layout.marks if marks[mark.option]),
    )


def format_of(table: UserTable, options: VoteOptions, mapped: Mapping[str, Path]) -> VoteModule:
    """The format that the user names, else the one whose columns a table has.

    Raises:
        InputError: If no format fits, or several do.
    """
    columns = table.columns

    def fits(module: VoteModule) -> bool:
        return module.FORMAT.fits(lambda name: module.FORMAT.path(columns, name) is not None)

    if any(word in mapped for word in (*SIDES, *COUNTS)):
        if options.format not in ("auto", PLAIN):
            raise InputError(
                f"`mapping` of {', '.join(SIDES)} is for plain tables; leave out "
                f"`format={options.format!r}`, or leave out that mapping."
            )
        return FORMATS.named(PLAIN)
    if options.format == "auto":
        result = FORMATS.fitting(fits, table.name)
        if result is not None:
            return result
        if table.twice:
            names = ", ".join(table.twice)
            raise InputError(f"{table.name} has two columns of one name ({names}); rename one.")
        wanted = "; ".join(f"{x}: {_needs(y)}" for x, y in FORMATS.by_name.items())
        raise InputError(
            f"{table.name} has the columns {nearest_first(columns.names, SIDES)}, which no format "
            "of votes has. Say which are which, as "
            "`mapping={'model_a': 'left', 'model_b': 'right', 'winner': 'result'}`. "
            f"Formats and their columns: {wanted}."
        )
    module = FORMATS.named(options.format)
    if not fits(module):
        raise InputError(
            f"{table.name} is not of format {options.format}: that needs the columns "
            f"{_needs(module)}; there are {nearest_first(columns.names, SIDES)}. Leave out "
            "`format`, or say which are which with `mapping`."
        )
    return module


def _needs(module: VoteModule) -> str:
    return " or ".join(", ".join(names) for names in module.FORMAT.needs)


def _as_mapped(
    layout: VoteLayout,
    format_name: str,
    table: UserTable,
    options: VoteOptions,
    mapped: Mapping[str, Path],
) -> VoteLayout:
    """The layout with the sides and the words for outcomes that the user says."""
    if any(word in mapped for word in (*SIDES, *COUNTS)):
        if not any(word in mapped for word in COUNTS):
            mapped = {"winner": plain.FORMAT.path(table.columns, "winner") or ("winner",), **mapped}
            table.columns.need(".".join(mapped["winner"]))
        first, second = (
            mapped.get(word) or plain.FORMAT.path(table.columns, word) or table.columns.need(word)
            for word in SIDES[:2]
        )
        outcome = plain.outcome_of(table.columns, mapped)
        layout = replace(layout, first=first, second=second, outcome=outcome)
    if not any(word in options.mapping for word in WINNERS) or (
        options.mapping.get("winner.is") == "score"
    ):
        return layout
    said = layout.outcome
    if isinstance(said, Annotators):
        alone = (replace(layout, outcome=one) for one in said.words)
        each = (_as_mapped(one, format_name, table, options, {}).outcome for one in alone)
        return replace(layout, outcome=Annotators(tuple(x for x in each if isinstance(x, Words))))
    if not isinstance(said, Words):
        raise InputError(
            f"{format_name} does not say in words who won: leave winner.... out of `mapping`."
        )
    names = options.mapping.get("winner.is") == "name"
    words = mapped_words(options.mapping) or (TIE_WORDS if names else said.meanings)
    return replace(layout, outcome=replace(said, meanings=words, names=names))


def _counted(table: UserTable, name: str, layout: Counted, options: VoteOptions) -> CountedPart:
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
    table: UserTable, layout: VoteLayout, mapped: Mapping[str, Path], options: VoteOptions
) -> Path | None:
    if options.dedup not in ("id", "prompt"):
        return None
    source = mapped.get(options.dedup) or layout.labels.get(options.dedup)
    if source is None:
        raise InputError(
            f"{table.name} has no {options.dedup} that is known; say which column with "
            f"`mapping={{'{options.dedup}': '...'}}`."
        )
    result = source_of(options.dedup, table.columns, layout, {**mapped, options.dedup: source})
    if not isinstance(result, OneWord):
        raise InputError(f"{table.name}: {'.'.join(source)} holds several values a vote.")
    return result.path
