"""The verb `forecasts`: how forecasts resolved, and how good their probabilities were."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from headtohead.claims.claim import ClaimsFile
from headtohead.claims.forecasts.calibration import murphy, reliability
from headtohead.claims.forecasts.history import SimpleForecasts, reference
from headtohead.claims.forecasts.result import ForecasterScores, ForecastsResult, Proposition
from headtohead.claims.forecasts.scores import brier, log_score, mean_score, of_each, skill
from headtohead.claims.forecasts.settings import ForecastsSettings
from headtohead.claims.forecasts.table import propositions_in
from headtohead.claims.sheet import rule_words
from headtohead.claims.verdict import Verdict, claims_of, verdicts_on
from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.question import Sides
from headtohead.core.settings import takes
from headtohead.evidence.facts import SEED, Facts
from headtohead.evidence.store import Store
from headtohead.files.opening import file_citation

BASE_RATE, TREND = "Base rate", "Damped trend"


@takes(settings=ForecastsSettings)
def forecasts(
    claims: Path | str | None = None,
    *,
    as_of: Day,
    settings: ForecastsSettings,
    store: Store | None = None,
    progress: Callable[[str], None] | None = None,
) -> ForecastsResult:
    """How forecasts resolved, and how good the probabilities were that people gave them.

    Args:
        claims: A claims file (its propositions with `kind = "forecast"`), or a table of question,
            probability, outcome and day; the reference article's claims if None.
        as_of: The day of our knowledge: what is due by then is resolved.
        settings: The choices below as one object.
        store: The evidence; the user's own if None.
        progress: Called with each forecast.

    Raises:
        ClaimsFileError: If the claims file is wrong.
        InputError: If it has no forecast, or the table is wrong.
        NoEvidence: If nothing was known by `as_of`.
    """
    day = dates.day(as_of, "as_of")
    path = Path(claims) if claims else None
    rng = np.random.default_rng(SEED)
    if path and path.suffix.lower() != ".toml":
        found = _known_by(propositions_in(path, settings.mapping), day)
        return ForecastsResult(
            title=f"Forecasts in {path.name}",
            origin="A table of probabilities and outcomes",
            as_of=day,
            propositions=found,
            scores=tuple(_scores(found, settings.bins, rng)),
            citations=(file_citation(path.name, path, "Forecasts given to headtohead"),),
        )
    if settings.mapping:
        raise InputError(
            "`mapping` is for tables; a claims file has names of its own. Leave it out."
        )
    facts = Facts(store)
    file = claims_of(facts, path)
    due = replace(file, claims=tuple(c for c in file.claims if c.forecast))
    if not due.claims:
        raise InputError(
            f'{path} has no forecast. Write kind = "forecast", made_on and resolves_on in the '
            "claims that are some."
        )
    made = tuple(c for c in due.claims if c.forecast and c.forecast.made_on <= day)
    due = replace(due, claims=made)
    verdicts = (
        verdicts_on(facts, due, about=None, as_of=day, progress=progress or _silent) if made else ()
    )
    found = tuple(_proposition(facts, due, v, day) for v in verdicts)
    ids = {i for v in verdicts for i in v.source_ids}
    return ForecastsResult(
        title=f"Forecasts in “{file.title}”",
        origin=file.origin,
        as_of=day,
        propositions=found,
        scores=tuple(_scores(found, settings.bins, rng)),
        citations=facts.store.citations(sorted(ids), day),
    )


def _silent(_: str) -> None:
    """Nobody waits to be told."""


def _known_by(found: Iterable[Proposition], day: date) -> tuple[Proposition, ...]:
    """The forecasts of a table that had been given by a day, and what had come of them by then."""
    kept = []
    for p in found:
        if stakes := tuple(s for s in p.stakes if s.given_on <= day):
            known = replace(p, stakes=stakes)
            if p.resolves_on and p.resolves_on > day:
                known = replace(known, outcome="not due", finding=f"resolves on {p.resolves_on}")
            kept.append(known)
    return tuple(kept)


def _proposition(facts: Facts, file: ClaimsFile, v: Verdict, as_of: date) -> Proposition:
    """A forecast of a claims file, with what simple forecasts would have said of it."""
    forecast = v.claim.forecast
    if forecast is None or v.outcome is None:
        raise AssertionError(f"{v.claim.id} is no forecast")
    sides = Sides(file.group, file.a, file.b)
    stakes = tuple(s for s in forecast.stakes if s.given_on <= as_of)
    came = {
        f"{part.condition.says} {e.label}": e.value
        for part in v.as_stated.parts
        for e in part.answer.estimates
    }
    days = sorted({s.given_on for s in stakes} or {forecast.made_on})
    return Proposition(
        id=v.claim.id,
        says=v.claim.says,
        rule=rule_words(v),
        outcome=v.outcome,
        finding=v.as_stated.finding,
        note=v.claim.note,
        made_on=forecast.made_on,
        resolves_on=v.due,
        stakes=stakes,
        references=tuple(
            reference(facts, v.claim, sides, day, as_of, came) for day in days if day <= as_of
        ),
    )


@dataclass(frozen=True, slots=True)
class _ScoredStake:
    """One probability of a proposition that has resolved.

    Attributes:
        place: Of the proposition.
        simple: What each simple forecast gave the same proposition on the same day.
    """

    place: int
    probability: float
    outcome: float
    simple: dict[str, float]


def _scores(
    found: Sequence[Proposition], bins: int, rng: np.random.Generator
) -> Iterator[ForecasterScores]:
    """The scores of each forecaster, then of each simple forecast."""
    given: dict[str, list[_ScoredStake]] = {}
    simple: dict[str, list[_ScoredStake]] = {BASE_RATE: [], TREND: []}
    for place, one in enumerate(found):
        outcome = float(one.outcome == "yes")
        for stake in one.stakes if one.resolved else ():
            beside = _simple(one.on(stake.given_on))
            own = given.setdefault(stake.forecaster, [])
            own.append(_ScoredStake(place, stake.probability, outcome, beside))
        for reference_of_day in one.references if one.resolved else ():
            for name, probability in _simple(reference_of_day).items():
                simple[name].append(_ScoredStake(place, probability, outcome, {}))
    for name, some in [*given.items(), *simple.items()]:
        if some:
            yield _of_one(name, some, found, bins, rng)


def _simple(of_day: SimpleForecasts | None) -> dict[str, float]:
    """What could have been said on the day: nothing that rests on later knowledge."""
    if of_day is None or of_day.in_hindsight:
        return {}
    share, trend = of_day.base_rate.share, of_day.trend.probability
    both = {BASE_RATE: share.value if share else None, TREND: trend}
    return {name: p for name, p in both.items() if p is not None}


def _of_one(
    name: str,
    given: Sequence[_ScoredStake],
    found: Sequence[Proposition],
    bins: int,
    rng: np.random.Generator,
) -> ForecasterScores:
    p, o = (np.array(x) for x in ([g.probability for g in given], [g.outcome for g in given]))
    places, of = np.unique([g.place for g in given], return_inverse=True)
    logs = of_each(log_score(p, o), of)
    return ForecasterScores(
        forecaster=name,
        propositions=places.size,
        forecasts=len(given),
        brier=mean_score(of_each(brier(p, o), of), rng, most=1.0),
        log=mean_score(logs, rng),
        impossible=tuple(
            found[place].id for place, score in zip(places, logs, strict=True) if np.isinf(score)
        ),
        skill={
            other: _skill(other, [g for g in given if other in g.simple], rng)
            for other in (BASE_RATE, TREND)
            if name not in (BASE_RATE, TREND)
        },
        bins=reliability(p, o, rng, bins),
        parts=murphy(p, o, bins),
    )


def _skill(
    other: str, given: Sequence[_ScoredStake], rng: np.random.Generator
) -> tuple[int, Interval | None, Interval | None]:
    """Against a simple forecast, on the propositions that it speaks of."""
    if not given:
        return 0, None, None
    o = [g.outcome for g in given]
    _, of = np.unique([g.place for g in given], return_inverse=True)
    own, simple = [g.probability for g in given], [g.simple[other] for g in given]
    scored = (
        skill(of_each(score(own, o), of), of_each(score(simple, o), of), rng)
        for score in (brier, log_score)
    )
    return int(of.max()) + 1, *scored  # type: ignore[return-value]
