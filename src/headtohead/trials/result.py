"""What the verbs about users' own trials share: results and margins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headtohead.core.estimate import Interval
from headtohead.publish.machine import envelope, figure_json
from headtohead.publish.result import Result
from headtohead.publish.sheet import DataTable, Sheet


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrialResult(Result):
    """What `compare`, `plan` and `switch` give.

    Attributes:
        details: Every number, as objects of the verb's own.
        sheet: The report of it, for every way to print.
        results: What `--json` lists.
    """

    details: Any
    sheet: Sheet
    results: Sequence[Mapping[str, Any]]

    def asked_with(self, command: str) -> "TrialResult":
        """The result, with the command that makes it again."""
        return replace(self, sheet=replace(self.sheet, command=command))

    def table(self) -> DataTable:
        """The main figure if the sheet names one; else a row an estimate, as in `results`."""
        if self.sheet.main:
            return self.sheet.table
        titles = {
            name: name.replace("_", " ")
            for row in self.results
            for name, cell in row.items()
            if not isinstance(cell, Mapping)
        }
        said = [
            {k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in row.items()}
            for row in self.results
        ]
        return DataTable.of(said, titles)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        head = envelope(self.sheet.verb, None, self.sheet.as_of, self.results, self.sheet.sources)
        return head | {
            "verdict": self.sheet.answer,
            "word": self.sheet.word,
            "sentence": self.sheet.sentence,
            "notes": list(self.sheet.notes),
            "sections": [figure_json(figure) for figure in self.sheet.figures],
        }


def interval_json(interval: Interval, scale: float = 1.0) -> dict[str, float | None]:
    """Value and ends, null for an open end."""
    import math

    ends = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {k: v * scale if math.isfinite(v) else None for k, v in ends.items()}
