"""What `h2h training-cost` gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from headtohead.core.dates import Period
from headtohead.core.estimate import Citation, Estimate, Interval
from headtohead.prices.training.costs import TrainingCost
from headtohead.publish.machine import envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCost:
    """What somebody else says that a model cost."""

    model: str
    counts: str
    usd: float
    scope: str
    publisher: str
    day: date
    url: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrainingResult(Result):
    """What one model cost, or two, by each method asked for.

    Attributes:
        models: As in the evidence; one or two.
        costs: (model, method) -> its cost.
        lacking: (model, method) -> why there is none.
        ratios: Method -> B over A, where both are known.
        held: Of the runs of known size, how many the band of utilisation holds when each is left
            out, how many there are, and the median error of the hours (a share).
    """

    as_of: date
    models: tuple[str, ...]
    costs: Mapping[tuple[str, str], TrainingCost]
    lacking: Mapping[tuple[str, str], str]
    ratios: Mapping[str, Interval]
    published: tuple[PublishedCost, ...]
    held: tuple[int, int, float]
    citations: tuple[Citation, ...]

    def estimate(self, made: TrainingCost) -> Estimate:
        """A cost as an estimate, with its interval, dates and sources."""
        run = made.run
        published = {c.source_id for c in self.citations}
        return Estimate(
            label=f"{run.model}, {made.scope.method}",
            value=made.usd.value,
            low=made.usd.low,
            high=made.usd.high,
            level=made.level,
            unit="usd",
            method=f"{made.scope.counts}; dollars {made.dollars}; ends: {made.ends}",
            n=made.quotes_n,
            n_of="price quotes",
            about=Period(run.published_on, run.published_on),
            as_of=self.as_of,
            source_ids=tuple(published & {*run.source_ids, *made.source_ids}),
            unverified=not run.verified,
            observed_on=run.published_on,
        )

    @property
    def sheet(self) -> Sheet:
        """The report of it."""
        from headtohead.prices.training.sheet import training_sheet

        return training_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        results = [
            {
                **self.estimate(made).as_json(),
                "model": model,
                "method": method,
                "counts": made.scope.counts,
                "leaves_out": made.scope.leaves_out,
                "dollars": made.dollars,
                "steps": dict(made.steps),
            }
            for (model, method), made in self.costs.items()
        ]
        ratios = [
            {"method": method, "ratio": r.value, "low_ratio": r.low, "high_ratio": r.high}
            for method, r in self.ratios.items()
        ]
        lacking = [
            {"model": model, "method": method, "why": why}
            for (model, method), why in self.lacking.items()
        ]
        head = envelope("training-cost", None, self.as_of, results, self.citations)
        sheet = self.sheet
        held, known, error = self.held
        return head | {
            "ratios": ratios,
            "lacking": lacking,
            "published": [
                {
                    "model": p.model,
                    "counts": p.counts,
                    "cost_usd": p.usd,
                    "publisher": p.publisher,
                    "scope": p.scope,
                    "url": p.url,
                }
                for p in self.published
            ],
            "utilisation": {"held_n": held, "runs_n": known, "median_error_frac": error},
            "sentence": sheet.sentence,
            "notes": list(sheet.notes),
        }
