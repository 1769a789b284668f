"""The result objects that the command line, Python and the web all hand out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from headtohead.claims.claim import ClaimsFile
from headtohead.claims.verdict import Judged, JudgedCondition, Verdict
from headtohead.claims.versus.result import VersusResult
from headtohead.core.dates import Period
from headtohead.core.estimate import Citation
from headtohead.core.question import Exhibit, Sides
from headtohead.publish.machine import answer_json, envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import DataTable, Sheet


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CheckResult(Result):
    """Verdicts on a file of claims, or on one of them.

    Attributes:
        about: The window they were asked of; None if each kept its own.
        verdicts: In file order; without sentences that cannot be asked of `about`.
        citations: Every source behind them, in name order.
        verb: "check", or "show" for one claim with every row behind it.
    """

    file: ClaimsFile
    about: Period | None
    as_of: date
    verdicts: tuple[Verdict, ...]
    citations: tuple[Citation, ...]
    verb: str = "check"

    @property
    def sheet(self) -> Sheet:
        """The verdicts by section, or all that stands behind one."""
        from headtohead.claims.sheet import check_sheet

        return check_sheet(self)

    def table(self) -> DataTable:
        """One row a claim; of one claim, every row behind it."""
        from headtohead.claims.sheet import check_table

        return check_table(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h check --json` prints."""
        return envelope(
            self.verb, self.about, self.as_of, map(verdict_json, self.verdicts), self.citations
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReportResult(Result):
    """Everything one report shows.

    Attributes:
        as_of: The day of our knowledge.
        then: The claims with what was known at the end of their own window; None if they do not
            speak of these sides.
        now: The claims in hindsight, with what is known on `as_of`.
        today: The same sentences asked of `as_of` itself.
        versus: The two sides side by side, as known on `as_of`.
        citations: Every source in the report, in name order.
    """

    sides: Sides
    about: Period
    as_of: date
    then: CheckResult | None
    now: CheckResult | None
    today: CheckResult | None
    exhibits: Mapping[str, Exhibit]
    versus: VersusResult
    citations: tuple[Citation, ...]

    @property
    def sheet(self) -> Sheet:
        """The claims, then six sections of cards and figures."""
        from headtohead.claims.sheet import report_sheet

        return report_sheet(self)

    def save_charts(self, folder: Path | str) -> list[Path]:
        """As `publish.images.save_charts`: PNG and SVG files of every figure, and their paths."""
        from headtohead.publish.images import save_charts

        return save_charts(self.sheet, Path(folder))

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h report --format json` writes."""
        claims = [
            {
                "when": when,
                "as_of": c.as_of.isoformat(),
                "verdicts": [verdict_json(v) for v in c.verdicts],
            }
            for when, c in (("then", self.then), ("hindsight", self.now), ("today", self.today))
            if c
        ]
        exhibits = [
            {
                "exhibit": x.slug,
                "analysis": x.analysis,
                "about": str(x.about),
                **answer_json(x.answer),
            }
            for x in self.exhibits.values()
        ]
        card = self.versus.as_json()
        sides = {k: card[k] for k in ("kind", "a", "b", "titles", "answer")}
        found = [{"versus": card["results"], **sides}, *claims, *exhibits]
        return envelope("report", self.about, self.as_of, found, self.citations)


def verdict_json(v: Verdict) -> dict[str, Any]:
    """One verdict with both readings and every estimate."""
    return {
        "id": v.claim.id,
        "says": v.claim.says,
        "section": v.claim.section,
        "kind": v.claim.kind,
        "verdict": v.word,
        "sentence": v.sentence,
        "decides": v.decides,
        "unverified": v.unverified,
        "as_of": v.as_of.isoformat(),
        "as_stated": _judged_json(v.as_stated),
        "narrower": _judged_json(v.narrower) if v.narrower else None,
        "fair": v.claim.fair,
        "note": v.claim.note,
        "forecast": _forecast_json(v),
    }


def _forecast_json(v: Verdict) -> dict[str, Any] | None:
    """When a forecast was made and resolves, and how it did; None for other statements."""
    if v.claim.forecast is None:
        return None
    days = v.claim.forecast.made_on, v.claim.forecast.resolves_on
    made, due = (day.isoformat() for day in days)
    return {"made_on": made, "resolves_on": due, "outcome": v.outcome}


def _judged_json(j: Judged) -> dict[str, Any]:
    return {
        "reading": j.reading.says,
        **({"relaxes": j.reading.relaxes} if j.reading.relaxes else {}),
        "truth": j.truth,
        "against": [one.source_id for one in j.against],
        "decisive": j.decisive.as_json() if j.decisive else None,
        "conditions": [_condition_json(p) for p in j.parts],
    }


def _condition_json(p: JudgedCondition) -> dict[str, Any]:
    bound = p.condition.bound
    return {
        "condition": p.condition.says,
        "analysis": p.condition.analysis,
        "about": str(p.about),
        "truth": p.truth,
        "stale": p.stale,
        "bound": None
        if bound is None
        else asdict(bound)
        | {
            "at_least": finite(bound.at_least),
            "at_most": finite(bound.at_most),
            "by_label": {k: [finite(end) for end in r] for k, r in bound.by_label.items()},
        },
        **answer_json(p.answer),
    }
