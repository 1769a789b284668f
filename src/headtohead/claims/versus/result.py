"""Two sides side by side, as every door hands it out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from headtohead.claims.versus.line import Line
from headtohead.core.dates import Period
from headtohead.core.estimate import Citation
from headtohead.publish.machine import bare, envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import DataTable, Sheet


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VersusResult(Result):
    """What is known of two sides on six grounds.

    Attributes:
        kind: What the two are: model, lab, family, country or open.
        a: The side that would be replaced, by its id.
        b: The side that might stand in.
        titles: What the two are called.
        work: May B do the work of A: where it is behind, ahead, and what cannot be told.
        saving: What it would save or bring, and what would be lost.
        left: What is left open.
        lines: Ground -> its lines, in the order of the card.
        citations: Every source, in name order.
    """

    kind: str
    a: str
    b: str
    titles: tuple[str, str]
    about: Period
    as_of: date
    work: str
    saving: str
    left: str
    lines: Mapping[str, tuple[Line, ...]]
    citations: tuple[Citation, ...]

    @property
    def answer(self) -> str:
        """May B stand in for A, on what, what it saves, and what is left open."""
        return " ".join(filter(None, (self.work, self.saving, self.left)))

    @property
    def by_slug(self) -> dict[str, Line]:
        """Every line by its slug."""
        return {line.slug: line for own in self.lines.values() for line in own}

    @property
    def sheet(self) -> Sheet:
        """The card."""
        from headtohead.claims.versus.sheet import versus_sheet

        return versus_sheet(self)

    def table(self) -> DataTable:
        """One row a line of the card."""
        from headtohead.claims.versus.sheet import versus_table

        return versus_table(self.lines)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h versus --json` prints."""
        found = [
            {"ground": ground, **_line_json(line)}
            for ground, own in self.lines.items()
            for line in own
        ]
        head = envelope("versus", self.about, self.as_of, found, self.citations)
        sides = {"kind": self.kind, "a": self.a, "b": self.b}
        return {**head, **sides, "titles": list(self.titles), "answer": self.answer}


def _line_json(line: Line) -> dict[str, Any]:
    # Not `asdict`: it copies every number of every row.
    return {each.name: getattr(line, each.name) for each in fields(line)} | {
        "difference": line.difference.as_json() if line.difference else None,
        "since": line.since.isoformat() if line.since else None,
        "observed_on": line.observed_on.isoformat() if line.observed_on else None,
        "rows": [{k: bare(v) for k, v in row.items()} for row in line.rows],
        "notes": list(line.notes),
        "source_ids": list(line.source_ids),
    }
