"""What `h2h chip` gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from headtohead.chips.rules import MEASURES, Border, Clause, Measured, Status, decide
from headtohead.core.dates import Period
from headtohead.core.estimate import Citation
from headtohead.publish.machine import bare, envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule or notice, whether or not it sets a threshold.

    Attributes:
        start: First day in force.
        end: The day it was superseded or rescinded; None while it is in force.
        chips: The chips it names.
    """

    title: str
    start: date
    end: date | None
    url: str
    note: str
    chips: frozenset[str]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Rule":
        """A row of the table `rules`."""
        return cls(
            row["title"],
            row["effective_from"],
            row["effective_to"],
            row["row_url"] or "",
            row["note"] or "",
            frozenset(filter(None, (row["chips"] or "").split(","))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipVerdict:
    """One chip with what the rules make of it.

    Attributes:
        verified: Whether its figures could be checked; None for a chip of the user's own.
        note: What a careful reader must know of its figures.
        named_by: The rules in force that name it and set no threshold.
    """

    measured: Measured
    status: Status
    borders: tuple[Border, ...]
    verified: bool | None
    note: str
    released_on: date | None
    named_by: tuple[Rule, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        chip, status = self.measured, self.status
        return {
            "chip": chip.chip,
            "maker": chip.maker,
            "country": chip.country,
            **{
                f"{m}_{unit}".removeprefix("tpp_"): chip.get(m) for m, (_, unit) in MEASURES.items()
            },
            "data_centre": chip.data_centre,
            "item": status.item,
            "letter": status.letter,
            "exception": status.exception,
            "review": status.review,
            "certainty": status.certainty,
            "verified": self.verified,
            "note": self.note,
            "borders": [
                {
                    "measure": b.measure,
                    "value": b.value,
                    "line": b.line,
                    "past_it": b.after.words,
                    "turns": b.turns,
                }
                for b in self.borders
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChipResult(Result):
    """What the rules in force on a day make of the chips asked for.

    Attributes:
        asked: The name asked for; empty for all.
        clauses: Every threshold known by `as_of`.
        rules: Rule -> its title and days.
    """

    asked: str
    on: date
    as_of: date
    chips: tuple[ChipVerdict, ...]
    clauses: tuple[Clause, ...]
    rules: Mapping[str, Rule]
    citations: tuple[Citation, ...]

    def history(self, chip: Measured) -> list[tuple[date, date | None, Status]]:
        """(first day, last day, status) from each day on which it changed; since 2022."""
        turns = {c.start for c in self.clauses}
        turns |= {c.end + timedelta(days=1) for c in self.clauses if c.end}
        spans: list[tuple[date, date | None, Status]] = []
        for day in sorted(turns):
            status = decide(chip, self.clauses, day)
            if spans and (spans[-1][2], spans[-1][2].rules) == (status, status.rules):
                continue
            if spans:
                spans[-1] = (spans[-1][0], day - timedelta(days=1), spans[-1][2])
            spans.append((day, None, status))
        return spans

    @property
    def sheet(self) -> Sheet:
        """The report of it."""
        from headtohead.chips.sheet import chip_sheet

        return chip_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        results = [one.as_json() for one in self.chips]
        head = envelope("chip", Period(self.on, self.on), self.as_of, results, self.citations)
        sheet = self.sheet
        # What a terminal leaves out of one chip's sheet; lines it lies near are in `results`.
        rest = {
            figure.slug: [
                dict(zip((c.name for c in figure.download.columns), map(bare, row), strict=True))
                for row in figure.download.rows
            ]
            for topic in sheet.topics
            for figure in topic.figures
            if self.asked and figure.slug != "near"
        }
        return head | rest | {"sentence": sheet.sentence, "notes": list(sheet.notes)}
