"""The questions a claim can ask, as one result: all of them, or one with everything it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from headtohead.core.estimate import Citation
from headtohead.core.question import Question, ScopeWord
from headtohead.publish.machine import envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValue:
    """A value that a scope word may have.

    Attributes:
        of: What it belongs to: the board of a category, the topic of a measure; empty for nothing.
        unit: Of the figures; empty where there are none.
        first_on: The first day that its evidence speaks of; None where it names none.
        last_on: The last such day.
        known_from: The day of knowledge from which on there is evidence of it.
    """

    value: str
    of: str = ""
    unit: str = ""
    first_on: date | None = None
    last_on: date | None = None
    known_from: date | None = None
    rows_n: int = 0

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {name: finite(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QuestionsResult(Result, Sequence[str]):
    """The questions, by name, and the values that their words may have.

    Attributes:
        values: What the values are ("board"), or of one question the scope word -> its values.
        filters: Column -> values by which a side may be told ("country": CN, US, ...).
        citations: Every source of one question, in name order; none of all.
        name: The one question asked about; empty for all.
        example: A claim that asks it, ready to copy; empty for all.
    """

    questions: Mapping[str, Question]
    values: Mapping[str, tuple[KnownValue, ...]]
    filters: Mapping[str, tuple[str, ...]]
    citations: tuple[Citation, ...] = ()
    as_of: date | None = None
    name: str = ""
    example: str = ""

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - as a tuple has it
        """The name of one question, or of several."""
        return tuple(self.questions)[index]

    def __len__(self) -> int:
        return len(self.questions)

    @property
    def sheet(self) -> Sheet:
        """All questions and values, or one with its words, values and example."""
        from headtohead.claims.questions.sheet import one_sheet, questions_sheet

        return one_sheet(self) if self.name else questions_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h questions --json` prints."""
        results = [
            {
                "name": name,
                "asks": q.asks,
                "units": list(q.units),
                "reads": list(q.tables),
                "scope": {word: word_json(w) for word, w in q.scope.items()},
            }
            for name, q in self.questions.items()
        ]
        values = {of: [v.as_json() for v in some] for of, some in self.values.items()}
        more = {"values": values, "filters": {c: list(v) for c, v in self.filters.items()}}
        example = {"example": self.example} if self.example else {}
        return envelope("questions", None, self.as_of, results, self.citations) | more | example


def word_json(word: ScopeWord) -> dict[str, Any]:
    """A scope word as `--json` prints it."""
    default = list(word.default) if isinstance(word.default, tuple) else word.default
    return {
        "kind": word.kind,
        "says": word.doc,
        "required": word.default is None,
        "default": default,
        "choices": list(word.choices),
    }
