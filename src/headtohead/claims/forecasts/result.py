"""Forecasts, how each resolved, and how good the probabilities were that people gave them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from headtohead.claims.claim import Stake
from headtohead.claims.forecasts.calibration import Bin, Murphy
from headtohead.claims.forecasts.history import BaseRate, Series, SimpleForecasts, TrendForecast
from headtohead.claims.verdict import Outcome
from headtohead.core.estimate import Citation, Interval
from headtohead.publish.machine import envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposition:
    """One forecast, and how it resolved.

    Attributes:
        rule: What makes it resolve yes, in words.
        finding: What resolves it, or what is so by now, or why nothing does.
        made_on: None where a table does not say it.
        resolves_on: None where a table does not say it.
        references: Simple forecasts of it, one of each day on which somebody gave a probability;
            of the day it was made where nobody did.
        note: What a reader must know of it.
    """

    id: str
    says: str
    rule: str
    outcome: Outcome
    finding: str
    made_on: date | None = None
    resolves_on: date | None = None
    stakes: tuple[Stake, ...] = ()
    references: tuple[SimpleForecasts, ...] = ()
    note: str = ""

    @property
    def resolved(self) -> bool:
        """Whether it can be scored."""
        return self.outcome in ("yes", "no")

    def on(self, day: date) -> SimpleForecasts | None:
        """The simple forecasts of one day."""
        return next((r for r in self.references if r.given_on == day), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecasterScores:
    """How one forecaster did on what has resolved.

    Attributes:
        propositions: How many have resolved that they gave a probability.
        forecasts: How many probabilities those are.
        brier: Mean Brier score, each proposition counting once, with its 95% interval.
        log: Mean log score, likewise; infinite if what was called impossible came.
        impossible: The propositions of which that is so.
        skill: Name of a simple forecast -> how many propositions it was there for, and 1 less the
            ratio of Brier scores on them, then of log scores; None where that is not defined.
        bins: Of the reliability diagram.
        parts: Of the Brier score, each probability counting once.
    """

    forecaster: str
    propositions: int
    forecasts: int
    brier: Interval
    log: Interval
    impossible: tuple[str, ...]
    skill: Mapping[str, tuple[int, Interval | None, Interval | None]]
    bins: tuple[Bin, ...]
    parts: Murphy


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ForecastsResult(Result):
    """Forecasts and their scores.

    Attributes:
        title: Of the file.
        origin: Where the forecasts come from.
        propositions: In file order.
        scores: By forecaster, the simple forecasts last; only those with one that has resolved.
        citations: Every source behind the resolutions and simple forecasts, in name order.
    """

    title: str
    origin: str
    as_of: date
    propositions: tuple[Proposition, ...]
    scores: tuple[ForecasterScores, ...]
    citations: tuple[Citation, ...]

    @property
    def sheet(self) -> Sheet:
        """How each resolved, the scores, calibration, and the simple forecasts."""
        from headtohead.claims.forecasts.sheet import forecasts_sheet

        return forecasts_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h forecasts --json` prints."""
        found = [_proposition_json(p) for p in self.propositions]
        scores = [_scores_json(s) for s in self.scores]
        return envelope("forecasts", None, self.as_of, found, self.citations) | {"scores": scores}


def _proposition_json(p: Proposition) -> dict[str, Any]:
    return {
        "id": p.id,
        "says": p.says,
        "rule": p.rule,
        "outcome": p.outcome,
        "finding": p.finding,
        "note": p.note,
        "made_on": p.made_on and p.made_on.isoformat(),
        "resolves_on": p.resolves_on and p.resolves_on.isoformat(),
        "probabilities": [
            {f.name: finite(getattr(s, f.name)) for f in fields(s)} for s in p.stakes
        ],
        "references": [
            {
                "given_on": r.given_on.isoformat(),
                "known_by": r.known_by.isoformat(),
                "in_hindsight": r.in_hindsight,
                "months": r.months,
                "base_rate": _base_rate_json(r.base_rate),
                "trend": _trend_json(r.trend),
            }
            for r in p.references
        ],
    }


def _base_rate_json(rate: BaseRate) -> dict[str, Any]:
    counts = {name: getattr(rate, name) for name in ("held", "decided", "undecided", "effective")}
    return {"probability": interval_json(rate.share), **counts, "missing": rate.missing}


def _trend_json(trend: TrendForecast) -> dict[str, Any]:
    return {
        "probability": trend.probability,
        "missing": trend.missing,
        "series": [_series_json(one) for one in trend.series],
    }


def _series_json(one: Series) -> dict[str, Any]:
    return {
        "condition": one.says,
        "label": one.label,
        "unit": one.unit,
        "days": [day.isoformat() for day in one.days],
        "values": [finite(float(value)) for value in one.values],
        "predicted": interval_json(one.predicted),
        "back_cast": {f.name: getattr(one.back_cast, f.name) for f in fields(one.back_cast)}
        | {"coverage": interval_json(one.back_cast.coverage)},
    }


def _scores_json(s: ForecasterScores) -> dict[str, Any]:
    return {
        "forecaster": s.forecaster,
        "propositions": s.propositions,
        "forecasts": s.forecasts,
        "brier": interval_json(s.brier),
        "log": interval_json(s.log) | {"infinite": bool(s.impossible)},
        "impossible": list(s.impossible),
        "skill": {
            name: {"propositions": n, "brier": interval_json(b), "log": interval_json(log)}
            for name, (n, b, log) in s.skill.items()
        },
        "reliability": [
            {f.name: finite(getattr(b, f.name)) for f in fields(b) if f.name != "bar"}
            | {"bar": [finite(end) for end in b.bar]}
            for b in s.bins
        ],
        "murphy": {f.name: getattr(s.parts, f.name) for f in fields(s.parts)},
    }


def interval_json(interval: Interval | None) -> dict[str, Any]:
    """A value with its ends; None for what is not there or has no end."""
    names = ("value", "low", "high")
    return {name: finite(getattr(interval, name)) if interval else None for name in names}
