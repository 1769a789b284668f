"""What was known of a forecast on the day it was given: a base rate, and a damped trend.

The proposition is moved back, days in its words included ("since December 2025"), so that it ends a
month earlier, two months earlier and so on, and each time it is held against the same evidence.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from headtohead.claims.claim import Claim, Condition
from headtohead.claims.forecasts.trend import (
    FEWEST,
    FEWEST_ORIGINS,
    Trend,
    TrendBackCast,
    back_cast,
    fit,
)
from headtohead.claims.verdict import (
    JudgedCondition,
    Truth,
    all_of,
    ask_condition,
    judge,
    too_old,
)
from headtohead.core.dates import Period
from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Answer, Question, Sides
from headtohead.core.units import counted
from headtohead.evidence.facts import Facts
from headtohead.publish.words import listed
from headtohead.questions import analysis
from headtohead.stats.inputs import FloatArray

MONTHS = 60  # how far back
_BLANK = 18  # so many months without a figure, and no earlier ones are asked for
_DRAWS = 20_000
_MONTH_DAYS = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Window:
    """The proposition as it would have been, had it ended on an earlier day."""

    end: date
    truth: Truth
    parts: tuple[JudgedCondition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRate:
    """How often the same held over earlier windows.

    Attributes:
        held: Windows in which the proposition held.
        decided: Windows in which it held or did not.
        undecided: Windows that figures speak of without deciding.
        effective: So many windows of full length without overlap are in them.
        share: Of the effective ones, with a half added to either side (Jeffreys), and its 95%
            interval: the probability that the base rate gives.
        missing: Why there is none; empty if there is one.
    """

    held: int = 0
    decided: int = 0
    undecided: int = 0
    effective: float = 0.0
    share: Interval | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """One number of a proposition at earlier days, and where the damped trend takes it.

    Attributes:
        says: The condition that it is of.
        days: Ends of the earlier windows, one a month, the oldest first.
        values: NaN where no new figure is known, shape (n,).
        predicted: At the end, the median and the 80% interval.
        ends: Range that the number itself must lie in for the condition to hold.
        end: The day that is predicted.
        actual: What came; None where it has not, or is not known.
    """

    says: str
    label: str
    unit: str
    days: tuple[date, ...]
    values: FloatArray
    predicted: Interval
    back_cast: TrendBackCast
    ends: tuple[float, float]
    end: date
    actual: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendForecast:
    """What the damped trend gave the proposition.

    Attributes:
        probability: That it holds, given that it is decided; None if there is no trend.
        missing: Why there is none; empty if there is one.
    """

    probability: float | None = None
    series: tuple[Series, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleForecasts:
    """Two simple forecasts of one proposition, made on one day.

    Attributes:
        given_on: The day they are made on.
        known_by: The day whose knowledge they have: a later one if nothing was known by then.
        months: From that day to the end of what the proposition is about.
    """

    given_on: date
    known_by: date
    months: int
    base_rate: BaseRate
    trend: TrendForecast

    @property
    def in_hindsight(self) -> bool:
        """Whether it rests on what became known later, so that nobody could have made it then."""
        return self.known_by > self.given_on


def reference(
    facts: Facts,
    claim: Claim,
    sides: Sides,
    given_on: date,
    as_of: date,
    actual: Mapping[str, float] | None = None,
) -> SimpleForecasts:
    """What simple forecasts would have said on a day, of what was known by then.

    Where nothing was known by then, they are made of what is known of those days by `as_of`.

    Args:
        actual: Name of a number -> what came, to be shown beside its trend.
    """
    end = claim.about.end
    months = max(1, round((end - given_on).days / _MONTH_DAYS))
    asked = [c for c in claim.as_stated.conditions if not c.analysis]
    if asked:
        why = asked[0].cannot or asked[0].awaits
        return SimpleForecasts(
            given_on=given_on,
            known_by=given_on,
            months=months,
            base_rate=BaseRate(missing=why),
            trend=TrendForecast(missing=why),
        )
    windows: tuple[Window, ...] = ()
    lacking = ""
    for known_by in (given_on, as_of):
        windows, lacking = earlier(facts, claim, sides, given_on, known_by)
        if windows:
            break
    if not windows:
        return SimpleForecasts(
            given_on=given_on,
            known_by=given_on,
            months=months,
            base_rate=BaseRate(missing=lacking),
            trend=TrendForecast(missing=lacking),
        )
    rng = np.random.default_rng(facts.seed)
    return SimpleForecasts(
        given_on=given_on,
        known_by=known_by,
        months=months,
        base_rate=base_rate(windows, months),
        trend=trend_forecast(windows, end, months, rng, actual),
    )


def earlier(
    facts: Facts, claim: Claim, sides: Sides, last: date, known_by: date
) -> tuple[tuple[Window, ...], str]:
    """The windows that end on a day and on the same day of the months before, the oldest first.

    Those before the first figure are left out; where there is none at all, with why.
    """
    windows: list[Window] = []
    blank = 0
    for back in range(MONTHS):
        end = _months_before(last, back)
        days = (claim.about.end - end).days
        parts = tuple(
            _moved(facts, claim, condition, sides, days, known_by)
            for condition in claim.as_stated.conditions
        )
        windows.append(Window(end, all_of(p.truth for p in parts), parts))
        blank = 0 if all(p.answer.estimates for p in parts) else blank + 1
        if blank == _BLANK:
            break
    lacking = listed(p.answer.missing for p in windows[0].parts if p.answer.missing)
    return tuple(reversed(windows[: len(windows) - blank])), lacking


def _months_before(day: date, back: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _moved(
    facts: Facts, claim: Claim, condition: Condition, sides: Sides, days: int, known_by: date
) -> JudgedCondition:
    """A condition as it would have been some days earlier, every day in its words included."""
    question: Question = analysis(condition.analysis).QUESTION
    scope = {
        word: str(date.fromisoformat(str(value)) - timedelta(days))
        if question.scope[word].kind == "day" and value
        else value
        for word, value in condition.scope.items()
    }
    about = condition.about and _earlier(condition.about, days)
    moved = replace(condition, scope=scope, about=about)
    window = about or _earlier(claim.about, days)
    part = ask_condition(facts, claim, moved, sides, window, known_by)
    if any(e.observed_on and e.observed_on > window.end for e in part.answer.estimates):
        return judge(moved, Answer(missing=f"no figure of {window.in_words} is known"), window)
    return part


def _earlier(window: Period, days: int) -> Period:
    return Period(window.start - timedelta(days), window.end - timedelta(days))


def base_rate(windows: Sequence[Window], months: int) -> BaseRate:
    """How often the proposition held over earlier windows.

    Windows a month apart overlap unless they are a month long: together they weigh no more than
    the windows of full length that fit into their time.

    References:
        Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial
        proportion. Statistical Science 16, 101-133 (Jeffreys). doi:10.1214/ss/1009213286
    """
    from scipy.special import betaincinv

    # A month without new figures says the same again, and is no window of its own.
    seen = [[e.observed_on for p in w.parts for e in p.answer.estimates] for w in windows]
    truths = [w.truth for n, w in enumerate(windows) if not n or seen[n] != seen[n - 1]]
    held, decided = truths.count("true"), truths.count("true") + truths.count("false")
    undecided = truths.count("undecided")
    if not decided:
        many = counted(undecided, "earlier month")
        return BaseRate(undecided=undecided, missing=f"the figures of {many} do not decide it")
    effective = decided * min(1.0, 1 / months)
    a = held / decided * effective + 0.5
    b = effective + 1 - a
    low, high = (float(betaincinv(a, b, tail)) for tail in (0.025, 0.975))
    return BaseRate(
        held=held,
        decided=decided,
        undecided=undecided,
        effective=effective,
        share=Interval(a / (a + b), min(low, a / (a + b)), max(high, a / (a + b))),
    )


def trend_forecast(
    windows: Sequence[Window],
    end: date,
    months: int,
    rng: np.random.Generator,
    actual: Mapping[str, float] | None = None,
) -> TrendForecast:
    """What a damped trend of the numbers behind the proposition gives it.

    Args:
        end: The day on which the proposition ends.
        months: How many steps ahead the proposition ends.
        rng: For propositions of several numbers, whose errors go together.
    """
    found: list[tuple[Series, Trend, tuple[float, float]]] = []
    for i, part in enumerate(windows[-1].parts):
        bound = part.condition.bound
        if not part.answer.estimates or bound is None:
            return TrendForecast(missing=f"no figure is known: {part.answer.missing}")
        if bound.each != "all":
            why = f"“{part.condition.says}” asks for some of several numbers, not for all of them"
            return TrendForecast(missing=why)
        for newest in part.answer.estimates:
            one = _series(windows, i, newest, months)
            if isinstance(one, str):
                return TrendForecast(missing=one)
            found.append(one)
    shown = (
        replace(one, end=end, actual=(actual or {}).get(f"{one.says} {one.label}"))
        for one, _, _ in found
    )
    return TrendForecast(probability=_probability(found, months, rng), series=tuple(shown))


def _series(
    windows: Sequence[Window], i: int, newest: Estimate, months: int
) -> tuple[Series, Trend, tuple[float, float]] | str:
    """One number at earlier days with its trend, and the ends past which it does not hold."""
    part = windows[-1].parts[i]
    name = part.condition.says if len(part.answer.estimates) == 1 else newest.label
    values = np.array([_value(w.parts[i], newest.label) for w in windows])
    seen = [_seen_on(w.parts[i], newest.label) for w in windows]
    for n in range(1, len(seen)):
        if seen[n] is not None and seen[n] == seen[n - 1]:
            values[n] = np.nan  # the figures of the month before, and no new ones
    known = int(np.isfinite(values).sum())
    if known < FEWEST:
        return f"new figures for “{name}” in {counted(known, 'month')}, and a trend needs {FEWEST}"
    if not np.ptp(values[np.isfinite(values)]):
        return f"the earlier figures for “{name}” do not vary"
    looked_back = back_cast(values, months)
    if looked_back is None:
        needed = FEWEST + FEWEST_ORIGINS
        return f"new figures for “{name}” in {known} months, and a back-cast needs {needed}"
    bound = part.condition.bound
    least, most = bound.range_of(newest.label) if bound else (-np.inf, np.inf)
    below = above = 0.0
    if bound and bound.judge == "interval":
        below, above = newest.value - newest.low, newest.high - newest.value
        if not (np.isfinite(below) or np.isinf(least)) or not (
            np.isfinite(above) or np.isinf(most)
        ):
            return f"the interval for “{name}” has no end where the range has one"
    # The whole interval must lie inside: as wide as it is now, it leaves the number less room.
    inner = least + below if least > -np.inf else least, most - above if most < np.inf else most
    outer = least - above if least > -np.inf else least, most + below if most < np.inf else most
    trend = fit(values)
    series = Series(
        says=part.condition.says,
        label=newest.label,
        unit=newest.unit,
        days=tuple(w.end for w in windows),
        values=values,
        predicted=trend.interval(months),
        back_cast=looked_back,
        ends=inner,
        end=windows[-1].end,
    )
    return series, trend, outer


def _estimate(part: JudgedCondition, label: str) -> Estimate | None:
    """The number of that name, if its data are not too old to speak of the window."""
    pinned = part.condition.about is not None
    same = (e for e in part.answer.estimates if e.label == label)
    return next((e for e in same if not too_old(e, part.about, pinned=pinned)), None)


def _value(part: JudgedCondition, label: str) -> float:
    found = _estimate(part, label)
    return found.value if found else float("nan")


def _seen_on(part: JudgedCondition, label: str) -> date | None:
    found = _estimate(part, label)
    return found.observed_on if found else None


def _probability(
    found: Sequence[tuple[Series, Trend, tuple[float, float]]],
    months: int,
    rng: np.random.Generator,
) -> float:
    """That all numbers lie in their ranges, given that it is decided whether they do."""
    if len(found) == 1:
        ((one, trend, outer),) = found
        inside = np.diff(trend.below(months, one.ends))[0] if one.ends[0] < one.ends[1] else 0.0
        outside = 1 - np.diff(trend.below(months, outer))[0]
        return float(inside / (inside + outside))
    errors = np.array([trend.errors for _, trend, _ in found])
    shared = errors[:, np.isfinite(errors).all(axis=0)]
    together = np.corrcoef(shared) if shared.shape[1] >= FEWEST else np.eye(len(found))
    from scipy.special import ndtr

    uniform = ndtr(rng.multivariate_normal(np.zeros(len(found)), together, _DRAWS))
    holds, fails = np.ones(_DRAWS, bool), np.zeros(_DRAWS, bool)
    for (one, trend, outer), u in zip(found, uniform.T, strict=True):
        y = trend.drawn(months, u)
        holds &= (one.ends[0] <= y) & (y <= one.ends[1])
        fails |= (y < outer[0]) | (y > outer[1])
    return float((holds.sum() + 0.5) / (holds.sum() + fails.sum() + 1))
