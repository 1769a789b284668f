"""How `h2h forecasts` shows how each resolved, the scores, calibration and simple forecasts."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from headtohead.claims.forecasts.charts import reliability_chart, trend_chart
from headtohead.claims.forecasts.history import BaseRate, Series, SimpleForecasts
from headtohead.claims.verdict import Outcome
from headtohead.core.dates import long_day
from headtohead.core.estimate import Interval
from headtohead.core.units import counted, show, show_end, span_of
from headtohead.publish.sheet import (
    Bar,
    Bars,
    DataTable,
    Figure,
    Row,
    Sheet,
    Step,
    TableColumn,
    Topic,
)
from headtohead.publish.words import anchor, content_hash, listed, plain, range_words

if TYPE_CHECKING:
    from headtohead.claims.forecasts.result import ForecasterScores, ForecastsResult, Proposition

_CALIBRATED = 6  # most forecasters whose calibration is drawn
_FEW = 10  # propositions of which a bootstrap draws too little
_OUTCOMES: dict[Outcome, str] = {
    "yes": "yes",
    "no": "no",
    "not due": "not due yet",
    "unresolved": "cannot be resolved",
}
_METHOD = (
    Step(
        "A forecast resolves on its day by its reading as stated: yes if that holds, no if it is "
        "false. Where the evidence decides neither, it is not scored, and says why."
    ),
    Step(
        "mean squared error of the probabilities: 0 is best, and always saying 50% gives "
        "0.25. The log score is less the natural logarithm of what was given to what came: 0 is "
        "best, 50% gives 0.69, and it is infinite where something called impossible came; it is "
        "never cut off. A forecaster's propositions count once each, and intervals (95%) are "
        "bootstrapped over them.",
        "Brier score",
        (("Brier 1950", "https://doi.org/10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2"),),
    ),
    Step(
        "one less the ratio of scores: 1 is perfect, 0 no better than the simple forecast, "
        "below 0 worse. Only simple forecasts that could have been made on the day count.",
        "Skill",
    ),
    Step(
        "the forecast is moved back month by month, the days in its words included: how often it "
        "would have held on the evidence of the day it was given. Windows that overlap "
        "count as so many full ones as fit into their time, and half a window is added to either "
        "side (Jeffreys), so that it never says 0 or 100%.",
        "The base rate",
        (("Brown, Cai and DasGupta 2001", "https://doi.org/10.1214/ss/1009213286"),),
    ),
    Step(
        "fitted on the same figures, one a month; its probability is that the stated range is "
        "met, given that it is decided. Every way to smooth is weighed by its likelihood. No trend "
        "is shown without its back-cast: the same trend made at every earlier month of what lay "
        "before, how often its 80% interval held what came, and its mean error.",
        "The damped trend",
        (("Gardner and McKenzie 1985", "https://doi.org/10.1287/mnsc.31.10.1237"),),
    ),
    Step(
        "probabilities are sorted into bins. If they are right, at least nine in ten points lie on "
        "their grey bars (consistency bars). The Brier score is reliability less resolution plus "
        "uncertainty, plus what unequal probabilities in one bin add.",
        "Calibration",
        (
            ("Bröcker and Smith 2007", "https://doi.org/10.1175/WAF993.1"),
            ("Murphy 1973", "https://doi.org/10.1175/1520-0450(1973)012%3C0595:ANVPOT%3E2.0.CO;2"),
        ),
    ),
)


def forecasts_sheet(result: "ForecastsResult") -> Sheet:
    """How each resolved, the scores, calibration, and what simple forecasts would have said."""
    return Sheet(
        verb="forecasts",
        title=plain(result.title),
        kicker=plain(result.origin),
        sentence=_sentence(result),
        facts=(
            ("Forecasts", str(len(result.propositions))),
            ("Known by", str(result.as_of)),
            ("Sources", str(len(result.citations)), "sources"),
        ),
        topics=(
            Topic("resolved", "How each resolved", figures=(_resolutions(result), _rules(result))),
            Topic(
                "scores",
                "Scores",
                "How good were the probabilities, and better than simple ones?",
                figures=(_scores(result), *_calibration(result)),
            ),
            *_simple_topics(result),
        ),
        method=_METHOD,
        sources=result.citations,
        as_of=result.as_of,
        digest=content_hash(result.as_json()["results"]),
        main="resolutions",
    )


def headline(result: "ForecastsResult") -> str:
    """How many came true, did not, are not due and cannot be resolved."""
    if not result.propositions:
        return f"No forecast had been made by {long_day(result.as_of)}"
    n = Counter(p.outcome for p in result.propositions)
    others = (
        (n["no"], "did not"),
        (n["not due"], "is not due yet" if n["not due"] == 1 else "are not due yet"),
        (n["unresolved"], "cannot be resolved"),
    )
    came = f"{n['yes']} of {counted(len(result.propositions), 'forecast')} came true"
    return listed([came, *(f"{k} {said}" for k, said in others if k)])


def _sentence(result: "ForecastsResult") -> str:
    if not result.propositions:
        return f"{headline(result)}."
    said = f"{headline(result)}, with what is known by {result.as_of}."
    people = [s for s in result.scores if s.skill]
    for s in people[:3]:
        over = counted(s.propositions, "forecast")
        said += f" {plain(s.forecaster, 60)}: Brier score {_score(s.brier)} over {over}."
    return said


def _resolutions(result: "ForecastsResult") -> Figure:
    every = DataTable.of(
        [
            {
                "id": plain(p.id, 40),
                "says": plain(p.says),
                "made_on": p.made_on,
                "resolves_on": p.resolves_on,
                "outcome": _OUTCOMES[p.outcome],
                "probabilities": _given(p),
                "finding": plain(p.finding, 1000),
                "rule": plain(p.rule, 1000),
            }
            for p in result.propositions
        ]
    )
    return Figure(
        "resolutions",
        headline(result),
        columns=(
            TableColumn("id", "No."),
            TableColumn("says", "Forecast", long=True),
            TableColumn("outcome", "Came true?", long=True),
            TableColumn("finding", "Why", long=True),
        ),
        rows=tuple(
            (plain(p.id, 40), plain(p.says), _OUTCOMES[p.outcome], plain(p.finding, 1000))
            for p in result.propositions
        ),
        shown=len(result.propositions),
        table_first=True,
        remarks=tuple(f"{plain(p.id, 40)}: {plain(p.note)}" for p in result.propositions if p.note),
        data=every,
    )


def _rules(result: "ForecastsResult") -> Figure:
    """By which rule and when each resolves, and what it was given."""
    return Figure(
        "rules",
        "The rules",
        "By which reading each resolves, from when on, and what probability it was given.",
        columns=(
            TableColumn("id", "No."),
            TableColumn("rule", "Resolves yes if", long=True),
            TableColumn("days", "Made; resolves", long=True),
            TableColumn("probabilities", "Given", long=True),
        ),
        rows=tuple(
            (
                plain(p.id, 40),
                plain(p.rule, 1000),
                "; ".join(str(day) for day in (p.made_on, p.resolves_on) if day),
                _given(p),
            )
            for p in result.propositions
        ),
        shown=len(result.propositions),
        table_first=True,
    )


def _given(p: "Proposition") -> str:
    if not p.stakes:
        return "no probability"
    return ", ".join(f"{plain(s.forecaster, 60)} {_percent(s.probability)}" for s in p.stakes)


def _scores(result: "ForecastsResult") -> Figure:
    people = [s for s in result.scores if s.skill]
    if not people:
        resolved = sum(p.resolved for p in result.propositions)
        why = (
            "Nobody gave a probability of a forecast that has resolved, and none is made up."
            if resolved
            else "No forecast has resolved."
        )
        if not result.scores:
            return Figure("scores", "Nothing to score", missing=why)
    impossible = [
        f"{plain(s.forecaster, 60)} gave no chance to what came of {listed(s.impossible)}: the log "
        "score is infinite"
        for s in result.scores
        if s.impossible
    ]
    remarks = [*impossible, *(_lacking(result, people) if people else [why])]
    if any(1 < s.propositions < _FEW for s in people):
        remarks.append(
            f"Intervals over fewer than {_FEW} propositions are too narrow: in simulations those "
            "of 95% held 85 to 90% of mean scores"
        )
    if undated := sum(p.resolved and p.resolves_on is None for p in result.propositions):
        remarks.append(
            f"Of {counted(undated, 'resolved question')} the table names no day of resolution, so "
            "whether the probabilities were given before it is not checked"
        )
    return Figure(
        "scores",
        "Mean scores, and skill against simple forecasts",
        "Brier and log score, 0 is best; skill, 1 is best and 0 no better than the simple "
        "forecast. 95% intervals over propositions.",
        columns=(
            TableColumn("forecaster", "Forecaster"),
            TableColumn("propositions", "Propositions", 0),
            TableColumn("brier", "Brier score", 3),
            TableColumn("brier_interval", "95%"),
            TableColumn("log_nats", "Log score"),
            TableColumn("log_interval", "95%"),
            *(
                TableColumn(f"{score}_skill_{key}", f"{title} against the {simple.lower()}")
                for key, simple in _KEYS.items()
                for score, title in (("brier", "Skill"), ("log", "Log skill"))
            ),
        ),
        rows=tuple(
            (
                plain(s.forecaster, 60),
                s.propositions,
                s.brier.value,
                _ends(s.brier),
                "infinite" if s.impossible else f"{s.log.value:.3f}",
                "not defined" if s.impossible else _ends(s.log),
                *(cell for name in _KEYS.values() for cell in _skill(s, name)),
            )
            for s in result.scores
        ),
        shown=len(result.scores),
        bars=Bars(
            "mean Brier score",
            tuple(
                Bar(plain(s.forecaster, 30), s.brier.value, s.brier.low, min(1.0, s.brier.high))
                for s in result.scores
            ),
            lines=((0.25, "always 50%"),),
        ),
        remarks=tuple(remarks),
    )


_KEYS = {"base_rate": "Base rate", "trend": "Damped trend"}


def _lacking(result: "ForecastsResult", people: "list[ForecasterScores]") -> list[str]:
    """Which simple forecasts nobody can be compared with."""
    return [
        f"No {name.lower()} could be made of what was known on the day, so there is no skill "
        "against one"
        for name in _KEYS.values()
        if result.propositions[0].references and not any(s.skill[name][0] for s in people)
    ]


def _skill(s: "ForecasterScores", name: str) -> tuple[str, str]:
    if name not in s.skill:
        return "", ""
    n, *both = s.skill[name]
    if not n:
        return "not available", "not available"
    first, second = (f"{_score(x, 2)}, n={n}" if x else f"not defined, n={n}" for x in both)
    return first, second


def _calibration(result: "ForecastsResult") -> Iterator[Figure]:
    """A reliability diagram of each person, with the parts of the Brier score."""
    people = [s for s in result.scores if s.skill][:_CALIBRATED]
    for s in people:
        name, parts = plain(s.forecaster, 60), s.parts
        n = sum(b.n for b in s.bins)
        inside = [b.bar[0] - 1e-9 <= b.share <= b.bar[1] + 1e-9 for b in s.bins]
        off = inside.count(False)
        bins_off = counted(off, "bin lies outside its bar", "bins lie outside their bars")
        yield Figure(
            anchor("calibration", s.forecaster),
            f"Calibration of {name}: "
            + (bins_off if off else "no bin is further off than chance explains"),
            "Share that came true by probability given; grey bars hold nine in ten such points or "
            "more if the probabilities are right; dotted, the share of all.",
            says=f"The Brier score {parts.brier:.3f} of "
            f"{counted(n, 'probability', 'probabilities')} is "
            f"reliability {parts.reliability:.3f} less resolution {parts.resolution:.3f} plus "
            f"uncertainty {parts.uncertainty:.3f}, and {parts.within:+.3f} from within bins.",
            columns=(
                TableColumn("low", "From", 2),
                TableColumn("high", "To", 2),
                TableColumn("forecasts", "Probabilities", 0),
                TableColumn("probability", "Mean given", 3),
                TableColumn("share", "Came true", 3),
                TableColumn("bar", "90% if right"),
            ),
            rows=tuple(
                (b.low, b.high, b.n, b.probability, b.share, _ends(Interval(*(_safe(b.bar)))))
                for b in s.bins
            ),
            chart=partial(reliability_chart, s.bins, sum(b.yes for b in s.bins) / n),
            remarks=("Few probabilities, so the bars are wide.",) if n < 30 else (),
        )


def _safe(bar: tuple[float, float]) -> tuple[float, float, float]:
    low, high = (
        math.inf * sign if math.isnan(x) else x for x, sign in zip(bar, (-1, 1), strict=True)
    )
    middle = 0.5 if math.isinf(low) or math.isinf(high) else (low + high) / 2
    return middle, low, high


def _simple_topics(result: "ForecastsResult") -> Iterator[Topic]:
    """What simple forecasts would have said; nothing for tables, which no evidence speaks of."""
    pairs = [(p, r) for p in result.propositions for r in p.references]
    if not pairs:
        return
    rows: list[Row] = []
    for p, r in pairs:
        share, trend = r.base_rate.share, r.trend
        rows.append(
            (
                plain(p.id, 40),
                str(r.given_on),
                f"{_percent(share.value)} ({_percent(share.low)} to {_percent(share.high)})"
                if share
                else "not available",
                _windows(r.base_rate, r.months),
                "not available" if trend.probability is None else _percent(trend.probability),
                plain("; ".join(map(_back_cast, trend.series)) or trend.missing, 500),
                f"{r.known_by}, in hindsight" if r.in_hindsight else str(r.known_by),
            )
        )
    late = sum(r.in_hindsight for _, r in pairs)
    simple = Figure(
        "simple",
        "What simple forecasts would have given",
        "The base rate with its 95% interval, and the damped trend with its back-cast.",
        columns=(
            TableColumn("id", "No."),
            TableColumn("given_on", "On"),
            TableColumn("base_rate", "Base rate"),
            TableColumn("windows", "Earlier windows", long=True),
            TableColumn("trend", "Damped trend"),
            TableColumn("back_cast", "Its back-cast", long=True),
            TableColumn("known_by", "Known by"),
        ),
        rows=tuple(rows),
        shown=len(rows),
        table_first=True,
        remarks=(
            "In hindsight: nothing was known on the day, so it rests on what became known later of "
            "the days before. It is shown, and scores nothing.",
        )
        if late
        else (),
    )
    # Forecasts of one number on one day share its trend, whatever range each asks for.
    shared: dict[object, list[tuple[Proposition, SimpleForecasts, Series]]] = {}
    for p, r in pairs:
        for one in r.trend.series:
            key = (r.given_on, r.known_by, one.label, one.days, one.predicted)
            shared.setdefault(key, []).append((p, r, one))
    trends = [_trend(n, some) for n, some in enumerate(shared.values(), 1)]
    yield Topic(
        "simple-forecasts",
        "Simple forecasts",
        "What would a base rate and a damped trend have said on the day?",
        figures=(simple, *trends),
    )


def _windows(rate: BaseRate, months: int) -> str:
    if rate.missing:
        return plain(rate.missing, 500)
    more = f" ({rate.undecided} undecided)" if rate.undecided else ""
    return (
        f"held in {rate.held} of {counted(rate.decided, 'month')}{more}, which weigh as "
        f"{rate.effective:.1f} windows of {counted(months, 'month')}"
    )


def _back_cast(one: Series) -> str:
    """How the trend of one number would have done at earlier days."""
    back = one.back_cast
    held = back.coverage
    ends = f"{_percent(held.low)} to {_percent(held.high)}"
    return (
        f"{counted(back.steps, 'month')} ahead its 80% interval held {back.covered} of "
        f"{counted(back.n, 'figure')} ({_percent(held.value)}, {ends}); mean error "
        f"{show(back.mean_error, one.unit)}, without signs "
        f"{show(back.mean_absolute_error, one.unit)}"
    )


def _trend(n: int, some: "Sequence[tuple[Proposition, SimpleForecasts, Series]]") -> Figure:
    """One trend with its back-cast beside it, and the forecasts that it is of."""
    _, r, one = some[0]
    ids = listed(dict.fromkeys(plain(p.id, 40) for p, _, _ in some))
    ahead = one.predicted
    ends = span_of(ahead.low, ahead.high, lambda x: show_end(x, one.unit))
    on = long_day(r.given_on)
    late = f", in hindsight by what was known on {long_day(r.known_by)}" if r.in_hindsight else ""
    wanted = listed(dict.fromkeys(range_words(*each.ends, one.unit) for _, _, each in some), "or")
    return Figure(
        f"trend-{n}",
        f"Trend behind {ids}: {show(ahead.value, one.unit)}, 80% from {ends}",
        f"“{plain(one.label, 200)}” month by month, and what the damped trend of {on}{late} "
        f"predicts {counted(r.months, 'month')} ahead, with its 80% interval. Dashed: the figure "
        f"must be {wanted}.",
        says=f"Back-cast: {_back_cast(one)}.",
        columns=(TableColumn("day", "Day"), TableColumn(f"value_{one.unit}", "Figure", 2)),
        rows=tuple(
            (str(day), float(value))
            for day, value in zip(one.days, one.values, strict=True)
            if math.isfinite(value)
        ),
        shown=0,
        chart=partial(trend_chart, one, sorted({x for _, _, each in some for x in each.ends})),
        note="Ring: what the trend predicts."
        + (" Diamond: what came." if one.actual is not None else ""),
    )


def _percent(p: float) -> str:
    """A probability, never rounded to what it is not."""
    if 0 < p < 0.005 or 0.995 < p < 1:
        digits = next((n for n in (1, 2) if 0 < round(p, n + 2) < 1), 0)
        return f"{p:.{digits}%}" if digits else "under 0.01%" if p < 0.5 else "over 99.99%"
    return f"{p:.0%}"


def _score(x: Interval, digits: int = 3) -> str:
    return f"{x.value:.{digits}f} ({_ends(x, digits)})"


def _ends(x: Interval, digits: int = 3) -> str:
    return span_of(x.low, x.high, lambda end: f"{end:.{digits}f}")
