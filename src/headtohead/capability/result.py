"""What `h2h index` and `h2h gap` give."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from headtohead.core.dates import Period
from headtohead.core.estimate import Citation
from headtohead.core.question import Answer, Exhibit, Sides
from headtohead.publish.machine import answer_json, envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IndexResult(Result):
    """Every model of an index, the ablest first.

    Attributes:
        scope: The choices that are not the default.
        about: Models released by its end.
        as_of: The day of our knowledge.
        answer: One estimate and one row a model, in the same order.
        citations: Every source behind it, in name order.
    """

    scope: Mapping[str, Any]
    about: Period
    as_of: date
    answer: Answer
    citations: tuple[Citation, ...]

    @property
    def sheet(self) -> Sheet:
        """The models, the ablest first."""
        from headtohead.capability.sheet import index_sheet

        return index_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h index --json` prints: an estimate a model, with its places."""
        rows = answer_json(self.answer)["rows"]
        models = [
            {**e.as_json(), **{k: row[k] for k in _PLACES}}
            for e, row in zip(self.answer.estimates, rows, strict=True)
        ]
        fields = envelope("index", self.about, self.as_of, models, self.citations)
        return fields | {
            "says": self.answer.says,
            "notes": list(self.answer.notes),
            "scope": _plain(self.scope),
        }


_PLACES = (
    "lab",
    "country",
    "released_on",
    "benchmarks_n",
    "best_rank",
    "worst_rank",
    "tie_group",
    "frontier_frac",
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GapResult(Result):
    """How far apart two sides are, in points, months and scores.

    Attributes:
        sides: The two sides; B minus A throughout.
        scope: The choices that are not the default.
        about: The day or window it speaks of.
        as_of: The day of our knowledge.
        parts: Slug -> one answered question.
        citations: Every source behind it, in name order.
    """

    sides: Sides
    scope: Mapping[str, Any]
    about: Period
    as_of: date
    parts: Mapping[str, Exhibit]
    citations: tuple[Citation, ...]

    @property
    def sheet(self) -> Sheet:
        """The gap in points, months and scores."""
        from headtohead.capability.sheet import gap_sheet

        return gap_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h gap --json` prints: one result for each question."""
        results = [
            {
                "part": part.slug,
                "analysis": part.analysis,
                "about": str(part.about),
                **answer_json(part.answer),
            }
            for part in self.parts.values()
        ]
        fields = envelope("gap", self.about, self.as_of, results, self.citations)
        sides = {"group": self.sides.group, "a": self.sides.a, "b": self.sides.b}
        return fields | {"sides": sides, "scope": _plain(self.scope)}


def _plain(scope: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in scope.items()}
