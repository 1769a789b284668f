"""What an analysis is: a question it answers, the scope words it takes, the answer it gives."""

from collections.abc import Callable, Hashable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from headtohead.core.dates import Period, parse_day
from headtohead.core.errors import InputError
from headtohead.core.estimate import Citation, Estimate

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

T = TypeVar("T")
ScopeKind = Literal["text", "texts", "models", "number", "flag", "day"]
FILTER = "column=value"


@dataclass(frozen=True, slots=True)
class ScopeWord:
    """One word that narrows a question.

    Attributes:
        kind: "text", "texts" (a list), "models" (names, resolved before the analysis sees them),
            "number", "flag" (true or false) or "day".
        default: Its value when a claim leaves it out; None makes the word required.
        choices: The only values allowed, if not empty; of a list, the only items.
        column: Where its values stand in the tables that its question reads: a value that no row
            ever had there is a slip. `FILTER` for a text as "column=value, column=value"; empty
            where there is nothing to look up. Models are looked up by name.
        within: What narrows those rows: other scope words with a column, or "column=value".
        part: True if a value need only be a part of what a row has.
        ends: The least and the most that a number may be.
    """

    kind: ScopeKind
    doc: str
    default: Any = None
    choices: tuple[str, ...] = ()
    column: str = ""
    within: tuple[str, ...] = ()
    part: bool = False
    ends: tuple[float, float] = (0.0, 1e30)

    def misfit(self, value: object) -> str:
        """What is wrong with a value, as the end of a sentence; empty if nothing."""
        several = isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)
        fits = {
            "text": isinstance(value, str),
            "texts": several,
            "models": several,
            "number": isinstance(value, int | float) and not isinstance(value, bool),
            "flag": isinstance(value, bool),
            "day": _is_day(value),
        }[self.kind]
        if not fits:
            wanted = {
                "texts": "a list of texts",
                "models": "a list of model names",
                "flag": "true or false",
            }
            return f"must be {wanted.get(self.kind, 'a ' + self.kind)}, not {value!r}"
        least, most = self.ends
        if self.kind == "number" and not least <= float(str(value)) <= most:
            return f"is {value}. Use a number from {least:,.12g} to {most:,.12g}"
        items = value if isinstance(value, list | tuple) else [value]
        for one in items if self.choices else ():
            if one not in self.choices:
                return f"is {one!r}. Use one of {', '.join(self.choices)}"
        return ""


def _is_day(value: object) -> bool:
    try:
        return bool(parse_day(str(value)))
    except InputError:
        return False


def items_of(given: object) -> list[str]:
    """What a scope word says, value by value; none if it is empty."""
    some = given if isinstance(given, list | tuple) else [given]
    return [str(value) for value in some if value not in ("", None)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The descriptor of an analysis: one file, one question.

    Attributes:
        optional: Tables it can do without: a frame may then be empty.
        units: Units its estimates may have.
        scope: The scope words a claim may give.
        refuses: Why no bound can hold the answer to such a scope, told from every row there ever
            was; empty if one can. None where a bound always can.
        names_on: When moving names of price lists are read: "about", or on each "row"'s own day.
        unit_column: The column that gives the unit of its answers, where rows differ; `units` are
            then all that there may be.
    """

    asks: str
    reads: tuple[str, ...]
    units: tuple[str, ...]
    optional: tuple[str, ...] = ()
    scope: Mapping[str, ScopeWord] = field(default_factory=dict)
    refuses: "Callable[[Frames, Mapping[str, Any]], str] | None" = None
    names_on: Literal["about", "row"] = "about"
    unit_column: str = ""

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table it reads."""
        return (*self.reads, *self.optional)


@dataclass(frozen=True, slots=True)
class Sides:
    """Two groups of models, set against each other.

    Attributes:
        group: The column that tells them apart: country, open, lab, operator, family.
        a: The side that would be replaced (the US).
        b: The side that might stand in (China).
    """

    group: str = "country"
    a: str = "US"
    b: str = "CN"


@dataclass(frozen=True, slots=True)
class Named:
    """A model that a claim names, resolved.

    Attributes:
        model: Canonical id of the weights; None if the name is in no list.
        mode: Thinking mode or effort in the name; empty if it gives none.
    """

    name: str
    model: str | None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """How a question is asked.

    Attributes:
        about: The day or window it speaks of.
        as_of: The day of our knowledge; the frames hold nothing known later.
        scope: Every scope word of the question, filled in.
        rng: The only source of chance of this question alone.
        seed: Of draws that several questions share; what is kept must not hang on who asks first.
        kept: What questions about the same evidence share, by key.
    """

    about: Period
    as_of: date
    sides: Sides
    scope: Mapping[str, Any]
    rng: "np.random.Generator"
    seed: int = 0
    kept: MutableMapping[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives; made once for all questions of one pipeline that use this key.

        Args:
            key: Everything that the result depends on.
            make: Makes it.
        """
        if key not in self.kept:
            self.kept[key] = make()
        value: T = self.kept[key]
        return value

    def of(self, rows: "pl.DataFrame", key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives of some rows; made once for all questions that use this key.

        The rows are kept with it, so that no others can come to have their id.
        """
        return self.once((id(rows), key), lambda: (rows, make()))[1]

    def lacks(self, what: str) -> "Answer":
        """The answer that something was not known ("no such share was known") on our day."""
        return Answer(missing=f"{what} by {self.as_of}")


Frames = Mapping[str, "pl.DataFrame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an analysis found.

    Attributes:
        estimates: The numbers a claim is judged on; empty if not measurable.
        says: The finding in half a sentence, with its numbers ("best Chinese 1433, ...").
        rows: Every row behind the numbers, each with its `source_id`.
        notes: What a careful reader must know.
        missing: Why nothing could be measured; empty if something was.
        pending: True if it cannot be known yet.
        absent: Who was asked of and has no number, as a reader calls them. Each counts as one that
            nobody knows: a sentence about all of them is not true of those that have data.
    """

    estimates: tuple[Estimate, ...] = ()
    says: str = ""
    rows: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""
    pending: bool = False
    absent: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.estimates) == bool(self.missing):
            raise ValueError("an answer has estimates, or says why it has none")

    @property
    def source_ids(self) -> list[str]:
        """Every source behind it, in name order."""
        columns = ("source_id", "also_source_id")
        of_rows = {str(row[c]) for row in self.rows for c in columns if row.get(c)}
        return sorted(of_rows | {i for e in self.estimates for i in e.source_ids})


class Analysis(Protocol):
    """A module of one question and what answers it."""

    QUESTION: Question

    def run(self, frames: Frames, ask: Ask, /) -> Answer:
        """What it finds in the tables it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One chart or table of the report: an analysis and what it answered."""

    slug: str
    analysis: str
    about: Period
    answer: Answer
    citations: tuple[Citation, ...]
