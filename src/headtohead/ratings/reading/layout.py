"""Where a format keeps what a vote needs, and how it says who won: all that a format file says.

Words for outcomes are a closed vocabulary: what is not in it is an error, never a tie.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.formats import Format, Formats
from headtohead.files.tables import (
    NOTHING,
    Codebook,
    Codes,
    Columns,
    Path,
    Places,
    encode,
    flags,
    floats,
)
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.stats.inputs import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

FIRST, SECOND, TIE, BOTH_BAD = 0, 1, 2, 3
NONE, UNKNOWN, SEVERAL = -1, -2, -3
"""No preference was given; the value has no meaning; a row holds parts of several outcomes."""
MOST_VOTES = 1e12
"""Votes of the weightiest row: beyond these a figure is a slip of the pen."""
Outcomes = NDArray[np.int8]
ReadColumn = Callable[[Path], "pa.Array"]

SIDE_WORDS: Mapping[str, int] = {
    **dict.fromkeys(("model_a", "a", "left", "first", "1st", "a_better", "leftvote"), FIRST),
    **dict.fromkeys(("model_b", "b", "right", "second", "2nd", "b_better", "rightvote"), SECOND),
}
TIE_WORDS: Mapping[str, int] = {
    **dict.fromkeys(("tie", "tied", "draw", "equal", "both_equal", "both_good", "tievote"), TIE),
    **dict.fromkeys(("tie (inconsistent)", "tie(inconsistent)"), TIE),
    **dict.fromkeys(("both_bad", "bothbad", "both bad", "bothbad_vote"), BOTH_BAD),
    **dict.fromkeys(("tie (bothbad)", "tie(bothbad)", "tie (both bad)", "all bad"), BOTH_BAD),
    **dict.fromkeys(("tie (all bad)", "tie(all bad)", "tie (allbad)", "tie(allbad)"), BOTH_BAD),
}
VOCABULARY: Mapping[str, int] = {**SIDE_WORDS, **TIE_WORDS}


@dataclass(frozen=True, slots=True, eq=False)
class Matchups:
    """Who met whom in a batch.

    Attributes:
        first: Codes of the side shown first, shape (n,), negative where none is named.
        second: Codes of the other side, shape (n,).
        side_words: Words read so far as a side though they might be a name; grows.
    """

    first: Codes
    second: Codes
    models: Codebook
    side_words: set[str]


class Outcome(Protocol):
    """How a format says who won."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads; the first is named in messages."""
        ...

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """The outcome of each vote, shape (n,): 0 to 3, `NONE`, `UNKNOWN` or `SEVERAL`."""
        ...


@runtime_checkable
class Shared(Protocol):
    """An outcome of which a row may hold several."""

    def shares(self, column: ReadColumn, sides: Matchups) -> FloatArray:
        """Votes of each outcome, shape (n, 4); what stands in rows of one outcome is not used."""
        ...


def word_key(word: str) -> str:
    """A word as it is compared: case and blanks at the ends do not count, and 1.0 is 1."""
    key = word.strip().casefold()
    try:
        return f"{float(key):g}"
    except ValueError:
        return key


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words.

    Attributes:
        meanings: Word, as `word_key` gives it, to outcome; `NONE` for "no preference".
        names: Whether the winner's own name is understood too.
        empty: What an empty cell means: `NONE` or `UNKNOWN`.
    """

    path: Path
    meanings: Mapping[str, int]
    names: bool = False
    empty: int = UNKNOWN

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return (self.path,)

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """The outcome of each vote.

        Raises:
            InputError: If a word may mean a side and a name.
        """
        index, words = encode(column(self.path))
        table = [
            self.meanings.get(word_key(word), UNKNOWN) if word and word.strip() else self.empty
            for word in words
        ]
        result = np.array([*table, self.empty], dtype=np.int8)[index]
        if not self.names:
            return result
        named = np.array([*(sides.models.code(word or "") for word in words), NOTHING])
        for place, word in enumerate(words):
            if word is None or table[place] not in (FIRST, SECOND):
                continue
            if named[place] == NOTHING:
                sides.side_words.add(word)
                continue
            by_name = _by_name(np.full(index.size, named[place]), sides)
            if np.any((index == place) & (by_name != table[place])):
                raise twofold(word)
        if UNKNOWN not in table:
            return result
        return np.where(result == UNKNOWN, _by_name(named[index], sides), result).astype(np.int8)


def twofold(word: str) -> InputError:
    """The error for a word that is a side and a model's name."""
    return InputError(
        f"The winner {word!r} is a model's name and also the word for a side. Say which it means: "
        "`mapping={'winner.is': 'name'}`, or `mapping={'winner.is': 'side'}`."
    )


def _by_name(winner: Places, sides: Matchups) -> Outcomes:
    first = (winner == sides.first) & (winner >= 0)
    second = (winner == sides.second) & (winner >= 0)
    return np.where(first, FIRST, np.where(second, SECOND, UNKNOWN)).astype(np.int8)


@dataclass(frozen=True, slots=True)
class OneHot:
    """One flag for each outcome, of which exactly one is set."""

    flags: Mapping[int, Path]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return tuple(self.flags.values())

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """The outcome of each vote; `UNKNOWN` unless one flag is 1 and the others are 0."""
        read = [flags(column(path)) for path in self.flags.values()]
        result = np.full(len(read[0]), UNKNOWN, dtype=np.int8)
        for outcome, flag in zip(self.flags, read, strict=True):
            result[flag == 1] = outcome
        clean = sum((flag == 1).astype(np.int8) for flag in read) == 1
        for flag in read:
            clean &= flag >= 0
        result[~clean] = UNKNOWN
        return result


@dataclass(frozen=True, slots=True)
class PreferenceScale:
    """A number from 1 (first is better) to 2 (second is better); 1.5, or 0 in old files: a tie."""

    path: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return (self.path,)

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """The outcome of each vote; `NONE` where no number stands."""
        value, wrong = floats(column(self.path))
        result = np.full(value.size, UNKNOWN, dtype=np.int8)
        result[(value >= 1) & (value < 1.5)] = FIRST
        result[(value > 1.5) & (value <= 2)] = SECOND
        result[(value == 1.5) | (value == 0)] = TIE
        result[np.isnan(value)] = NONE
        result[wrong] = UNKNOWN
        return result


@dataclass(frozen=True, slots=True)
class Score:
    """What the side shown first takes of a vote: 1, 0, or a part of it; true or false too."""

    path: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return (self.path,)

    def shares(self, column: ReadColumn, sides: Matchups) -> FloatArray:
        """The part of the first side and the rest, which the second takes."""
        value = self._values(column)
        return np.column_stack([value, 1 - value, np.zeros((value.size, 2))])

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """The outcome of each vote: a half is a tie, other parts are `SEVERAL`."""
        value = self._values(column)
        known = [value == 1, value == 0, value == 0.5, (value > 0) & (value < 1)]
        result = np.select(known, [FIRST, SECOND, TIE, SEVERAL], UNKNOWN)
        return result.astype(np.int8)

    def _values(self, column: ReadColumn) -> FloatArray:
        index, words = encode(column(self.path))
        return np.array([*map(score_of, words), np.nan])[index]


def score_of(word: str | None) -> float:
    """A number, true or false as a score; nan if it is none of these."""
    key = (word or "").strip().casefold()
    try:
        return float({"true": "1", "false": "0"}.get(key, key))
    except ValueError:
        return np.nan


@dataclass(frozen=True, slots=True)
class HigherScore:
    """A score for each side: who has more wins, and equal ones are a tie."""

    first: Path
    second: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return (self.first, self.second)

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """The outcome of each vote; `UNKNOWN` where a score is missing or no number."""
        (a, _), (b, _) = (floats(column(path)) for path in self.paths)
        with np.errstate(invalid="ignore"):
            return np.select([a > b, a < b, a == b], [FIRST, SECOND, TIE], UNKNOWN).astype(np.int8)


@dataclass(frozen=True, slots=True)
class VoteCounts:
    """How many votes ended in each way, in a column for each."""

    columns: Mapping[int, Path]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return tuple(self.columns.values())

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """`SEVERAL`; `NONE` for a row without votes, `UNKNOWN` if one is no whole number >= 0."""
        votes = self.shares(column, sides)
        with np.errstate(invalid="ignore"):
            whole = (votes == np.floor(votes)) & (votes <= MOST_VOTES)
            wrong = ~((votes >= 0) & whole).all(axis=1)
        none = ~votes.any(axis=1)
        return np.select([wrong, none], [UNKNOWN, NONE], SEVERAL).astype(np.int8)

    def shares(self, column: ReadColumn, sides: Matchups) -> FloatArray:
        """The votes."""
        result = None
        for outcome, path in self.columns.items():
            value, wrong = floats(column(path))
            result = np.zeros((value.size, 4)) if result is None else result
            # An empty cell is none, as in tables made by pivoting.
            result[:, outcome] = np.where(wrong, np.nan, np.nan_to_num(value))
        assert result is not None
        return result


@dataclass(frozen=True, slots=True)
class Annotators:
    """A column of words for each of several annotators, who all voted on the pair of the row."""

    words: tuple[Words, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return tuple(one.path for one in self.words)

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """`SEVERAL`; `NONE` for a row without votes, `UNKNOWN` if one has no meaning."""
        votes = np.array([one.read(column, sides) for one in self.words])
        wrong, none = (votes == UNKNOWN).any(axis=0), (votes == NONE).all(axis=0)
        return np.select([wrong, none], [UNKNOWN, NONE], SEVERAL).astype(np.int8)

    def shares(self, column: ReadColumn, sides: Matchups) -> FloatArray:
        """How many voted for each outcome."""
        votes = np.array([one.read(column, sides) for one in self.words])
        outcomes = (FIRST, SECOND, TIE, BOTH_BAD)
        return np.column_stack([(votes == x).sum(axis=0).astype(np.float64) for x in outcomes])


@dataclass(frozen=True, slots=True)
class Chosen:
    """The name of the model that was chosen, and a flag for "both are equal", if any."""

    path: Path
    equal: Path | None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The columns it reads."""
        return (self.path,) if self.equal is None else (self.path, self.equal)

    def read(self, column: ReadColumn, sides: Matchups) -> Outcomes:
        """The outcome of each vote; `NONE` where none is chosen and they are not equal."""
        index, words = encode(column(self.path))
        named = [sides.models.code(word) if word else NOTHING for word in words]
        result = _by_name(np.array([*named, NOTHING])[index], sides)
        blank = np.array([*(not (word or "").strip() for word in words), True])[index]
        result[blank] = NONE
        if self.equal is not None:
            equal = flags(column(self.equal))
            result[equal == 1] = TIE
            result[equal < NOTHING] = UNKNOWN
        return result


def mapped_words(columns: Mapping[str, str]) -> dict[str, int]:
    """The meanings that `winner.a`, `winner.b`, `winner.tie` and `winner.both_bad` give.

    Raises:
        InputError: If a value is given two meanings.
    """
    places = {"winner.a": FIRST, "winner.b": SECOND, "winner.tie": TIE, "winner.both_bad": BOTH_BAD}
    meanings: dict[str, int] = {}
    for word, outcome in places.items():
        for value in columns.get(word, "").split("|"):
            key = word_key(value)
            if key and meanings.setdefault(key, outcome) != outcome:
                raise InputError(f"`mapping` gives the winner {value!r} two meanings; give it one.")
    return meanings


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteFormat(Format):
    """A layout of votes that somebody publishes.

    Attributes:
        sides: Whether the first model was shown first.
        usual: Field -> other usual names of it, the best first.
    """

    sides: bool = True
    usual: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def path(self, columns: Columns, name: str) -> Path | None:
        """Where a table keeps a field, by its name or, where others are usual, by one of them."""
        path = tuple(name.split("."))
        if columns.kind(path) is not None or not self.usual:
            return None if columns.kind(path) is None else path
        return columns.alike(name, *self.usual.get(name, ()))


@dataclass(frozen=True, slots=True)
class Mark:
    """A flag by which the publisher says that a vote counts.

    Attributes:
        reason: Why a row without it is dropped.
        option: Which option of the user switches it off.
    """

    reason: str
    path: Path
    option: Literal["anonymous_only", "dedup"]


@dataclass(frozen=True, slots=True)
class Flag:
    """One category of a group in which a vote may have several.

    Attributes:
        paths: Flags that speak for it.
        least: How many of them must be set.
    """

    name: str
    paths: tuple[Path, ...]
    least: int = 1


@dataclass(frozen=True, slots=True)
class RelativeDifference:
    """A covariate: (a - b) / (a + b), 0 where both are 0.

    Attributes:
        a: What is summed for the side shown first.
        b: The same for the other side.
        characters: Whether the columns hold texts, whose characters are counted.
    """

    a: tuple[Path, ...]
    b: tuple[Path, ...]
    characters: bool = False


@dataclass(frozen=True, slots=True)
class AsItStands:
    """A covariate that the table already gives as first minus second."""

    path: Path


Style = RelativeDifference | AsItStands


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteLayout:
    """Where a table keeps its votes.

    Attributes:
        labels: Canonical word (voter, prompt, turn, time, language, id, category) to column.
        weight: Column that says how many votes a row stands for.
        groups: Name to categories, of which a vote may have several.
        marks: Flags by which the publisher says that a vote counts.
        unfold: A list column; each of its values makes a vote of its own.
        no_second: Why a row without a second side is dropped; empty if that is an error.
        same_model: Why a row with one model on both sides is dropped; empty if that is an error.
        no_preference: Why a row without a preference is dropped.
    """

    first: Path
    second: Path
    outcome: Outcome
    labels: Mapping[str, Path] = field(default_factory=dict)
    groups: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    style: Mapping[str, Style] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    unfold: Path | None = None
    weight: Path | None = None
    no_second: str = ""
    same_model: str = ""
    no_preference: str = "no preference"


@dataclass(frozen=True, slots=True)
class Counted:
    """A document that holds counts, not votes.

    Attributes:
        read: The counts in it; raises InputError saying what is wrong and where.
    """

    read: Callable[[Mapping[str, Any]], Counts]


def present(columns: Columns, **candidates: tuple[str, ...]) -> dict[str, Path]:
    """The first column there is for each word, words without one left out.

    Args:
        candidates: Word to names a column may have, fields after a dot, the best first.
    """
    result = {}
    for word, names in candidates.items():
        paths = (tuple(name.split(".")) for name in names)
        path = next((path for path in paths if columns.kind(path) not in (None, "struct")), None)
        path = path or columns.alike(*(name for name in names if "." not in name))
        if path is not None:
            result[word] = path
    return result


def pairs(columns: Columns) -> dict[str, Style]:
    """A covariate for every two columns `name_a` and `name_b` of numbers or unread texts."""
    stems = [name[:-2] for name in columns.names if name.endswith("_a")]
    return {
        stem: RelativeDifference(((f"{stem}_a",),), ((f"{stem}_b",),))
        for stem in stems
        if stem != "model" and columns.has(f"{stem}_b")
    }


@dataclass(frozen=True, slots=True)
class OneWord:
    """A column with at most one word a vote."""

    path: Path


@dataclass(frozen=True, slots=True)
class ManyWords:
    """A column with a list of words a vote."""

    path: Path


@dataclass(frozen=True, slots=True)
class FlagGroup:
    """Categories, each marked by flags."""

    categories: tuple[Flag, ...]


LabelSource = OneWord | ManyWords | FlagGroup


def source_of(
    word: str, columns: Columns, layout: VoteLayout, mapped: Mapping[str, Path]
) -> LabelSource:
    """Where a table keeps the words that a user asks for.

    That is what the user mapped, else a column at the top, else a canonical word or group of the
    format, else a field inside a struct.

    Raises:
        UnknownName: If there is no such thing.
    """
    if word in mapped:
        return _of_path(mapped[word], word, columns)
    if columns.kind((word,)) not in (None, "struct"):
        return _of_path((word,), word, columns)
    if word in layout.groups:
        return FlagGroup(layout.groups[word])
    if word in layout.labels:
        return _of_path(layout.labels[word], word, columns)
    path = columns.need(word, "column", (*layout.labels, *layout.groups))
    return _of_path(path, word, columns)


def paths_of(source: LabelSource) -> tuple[Path, ...]:
    """The columns to read."""
    if isinstance(source, FlagGroup):
        return tuple(dict.fromkeys(path for flag in source.categories for path in flag.paths))
    return (source.path,)


def _of_path(path: Path, word: str, columns: Columns) -> LabelSource:
    kind = columns.kind(path)
    if kind == "list":
        return ManyWords(path)
    if kind != "struct":
        return OneWord(path)
    inside = [leaf for leaf in columns.leaves(path) if columns.kind(leaf) == "flag"]
    if not inside:
        raise UnknownName("column", word, (".".join(leaf) for leaf in columns.leaves(path)))
    return FlagGroup(tuple(Flag(".".join(leaf[len(path) :]), (leaf,)) for leaf in inside))


def styles_of(names: Sequence[str], columns: Columns, layout: VoteLayout) -> tuple[Style, ...]:
    """Where a table keeps the covariates that a user asks for.

    Args:
        names: Of the covariates: one of the format, `length` for columns `length_a` and
            `length_b`, or a column that holds the difference.

    Raises:
        UnknownName: If there is no such thing.
        InputError: If the table has no covariate at all.
    """
    result: list[Style] = []
    for name in names:
        if name in layout.style:
            result.append(layout.style[name])
            continue
        path = columns.find(name)
        if path is None or columns.kind(path) not in ("number", "text", "flag"):
            numbers = (leaf for leaf in columns.leaves() if columns.kind(leaf) == "number")
            known = (*layout.style, *(".".join(leaf) for leaf in numbers))
            if known:
                raise UnknownName("style covariate", name, known)
            raise InputError(
                f"No style covariate is called {name!r}: it needs the columns {name}_a and "
                f"{name}_b, or a column {name} of numbers."
            )
        result.append(AsItStands(path))
    return tuple(result)


def style_paths(styles: Sequence[Style]) -> tuple[Path, ...]:
    """The columns to read."""
    result: list[Path] = []
    for style in styles:
        result += [style.path] if isinstance(style, AsItStands) else [*style.a, *style.b]
    return tuple(dict.fromkeys(result))


class VoteModule(Protocol):
    """What every module in the folder of formats offers."""

    FORMAT: VoteFormat

    def layout(self, columns: Columns) -> VoteLayout | Counted:
        """Where a table of this format keeps its votes."""
        ...


FORMATS = Formats[VoteModule]("headtohead.ratings.reading.formats", "format of votes")


def tells_sides(names: str) -> bool:
    """Whether votes of these formats, joined by "+", tell who was shown first."""
    return all(FORMATS.named(name).FORMAT.sides for name in names.split("+"))
