"""Verdicts: each reading is asked of the evidence and held against its bound (ADR 0012)."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from headtohead.claims.claim import (
    RELAXED,
    Bound,
    Claim,
    ClaimsFile,
    Condition,
    Reading,
    load,
)
from headtohead.claims.withheld import Withheld, turning
from headtohead.core.dates import Period, long_day
from headtohead.core.errors import InputError
from headtohead.core.estimate import Estimate
from headtohead.core.question import Answer, Sides
from headtohead.core.units import counted_of, unit
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import publisher
from headtohead.evidence.tables import in_words
from headtohead.evidence.values import Values
from headtohead.names.names import called_within
from headtohead.publish.words import listed, range_words, side_range
from headtohead.questions import analyses, analysis
from headtohead.stats.intervals import around, jointly

Truth = Literal["true", "false", "undecided", "not measurable"]
Outcome = Literal["yes", "no", "not due", "unresolved"]
Word = Literal["supported", "overstated", "refuted", "undecided", "not measurable"]
WORDS: tuple[Word, ...] = ("supported", "overstated", "refuted", "undecided", "not measurable")
# How each is said of a sentence.
_SAID: Mapping[Word, str] = {
    "supported": "holds as stated",
    "overstated": "is false as stated",
    "refuted": "is false as stated",
    "undecided": "is not decided by the evidence",
    "not measurable": "cannot be measured, for nothing we may use speaks to it",
}


def meets(estimate: Estimate, bound: Bound, k: int = 1) -> Truth:
    """Whether one estimate meets the bound: inside, outside, or straddling it.

    Args:
        k: Of how many estimates the best one counts; intervals are widened for that.

    Raises:
        InputError: If the units differ.
    """
    if bound.unit and bound.unit != estimate.unit:
        raise InputError(
            f"{estimate.label} is measured in {estimate.unit}, but the bound is in {bound.unit}. "
            f'Write unit = "{estimate.unit}" and the range in that unit.'
        )
    if bound.by_label and not bound.states(estimate.label):
        raise InputError(
            f"`by_label` has no range for {estimate.label!r}, only for "
            f"{', '.join(bound.by_label)}. Write one, or at_least and at_most for all others."
        )
    least, most = bound.range_of(estimate.label)
    if bound.judge == "point":
        printed = round(estimate.value, unit(estimate.unit).digits)
        return "true" if least <= printed <= most else "false"
    low, high = widened(estimate, k)
    if least <= low and high <= most:
        return "true"
    if high < least or low > most:
        return "false"
    return "undecided"


def widened(e: Estimate, k: int) -> tuple[float, float]:
    """The interval of the best of k estimates, all of them holding together; see `jointly`."""
    joint = jointly(around(e.value, e.low, e.high), e.level, max(k, 1))
    return joint.low, joint.high


def truths(
    estimates: Sequence[Estimate], bound: Bound, stale: Sequence[bool] = ()
) -> tuple[Truth, ...]:
    """Whether each estimate meets the bound; one that is too old decides nothing."""
    labels = [e.label for e in estimates]
    k = {"any": len(labels), "each_any": 0}.get(bound.each, 1)
    return tuple(
        "undecided" if old else meets(e, bound, k or labels.count(e.label))
        for e, old in zip(estimates, stale or [False] * len(labels), strict=True)
    )


def holds(
    estimates: Sequence[Estimate],
    bound: Bound,
    stale: Sequence[bool] = (),
    absent: Sequence[str] = (),
) -> Truth:
    """Whether a condition holds, over all its estimates; without any it is not measurable.

    Args:
        absent: Who was asked of and has no number: they may be anything.
    """
    if not estimates:
        return "not measurable"
    each = truths(estimates, bound, stale)
    unknown: list[Truth] = ["undecided"] * len(absent)
    if bound.each == "each_any":
        named = dict.fromkeys(e.label for e in estimates)
        best = [
            _any(t for e, t in zip(estimates, each, strict=True) if e.label == name)
            for name in named
        ]
        return all_of([*best, *unknown])
    each = (*each, *unknown)
    if bound.each != "most":
        return all_of(each) if bound.each == "all" else _any(each)
    half = len(each) / 2
    if each.count("true") > half:
        return "true"
    return "undecided" if each.count("true") + each.count("undecided") > half else "false"


def word(as_stated: Truth, narrower: Truth | None, *, beyond: bool = False) -> Word:
    """The verdict on a claim from the truth of its readings; None if there is one only.

    Args:
        beyond: Whether it is false because the truth says more for it than the sentence does.
    """
    if as_stated == "true":
        return "supported"
    if as_stated == "false":
        return "overstated" if narrower == "true" and not beyond else "refuted"
    return as_stated


def all_of(each: Iterable[Truth]) -> Truth:
    """Whether all hold: one that fails is enough for no."""
    seen = set(each)
    order: tuple[Truth, ...] = ("false", "not measurable", "undecided")
    return next((t for t in order if t in seen), "true")


def _any(each: Iterable[Truth]) -> Truth:
    seen = set(each)
    return "true" if "true" in seen else "undecided" if "undecided" in seen else "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCondition:
    """One condition of a reading with its answer.

    Attributes:
        truths: Whether each estimate of the answer meets the bound.
        about: The window it was asked of.
        stale: Why the evidence is too old to decide it; empty if it is not.
    """

    condition: Condition
    answer: Answer
    truth: Truth
    truths: tuple[Truth, ...]
    about: Period
    stale: str = ""

    @property
    def decisive(self) -> Estimate | None:
        """The estimate that shows best why it holds or not: the nearest to its bound."""
        bound, estimates = self.condition.bound, self.answer.estimates
        if bound is None or not estimates:
            return None

        def order(i: int) -> tuple[bool, float]:
            ends, value = bound.range_of(estimates[i].label), estimates[i].value
            return self.truths[i] != self.truth, min(abs(value - end) for end in ends)

        return estimates[min(range(len(estimates)), key=order)]

    @property
    def finding(self) -> str:
        """What was found, or why nothing was, in half a sentence."""
        found = [self.answer.says or self.answer.missing]
        if self.answer.absent and self.truth == "undecided":
            found.append(f"no figure of {listed(self.answer.absent)} is known")
        return "; ".join([*found, *([self.stale] if self.stale else [])])

    @property
    def beyond(self) -> str:
        """Past which end of a range with two ends the truth lies, "more" or "less"; else empty."""
        bound = self.condition.bound
        if self.truth != "false" or bound is None:
            return ""
        sides = set()
        for e, truth in zip(self.answer.estimates, self.truths, strict=True):
            least, most = bound.range_of(e.label)
            if truth == "false":
                two = math.isfinite(least) and math.isfinite(most)
                sides.add(("more" if e.value > most else "less") if two else "")
        return sides.pop() if len(sides) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One reading, judged: its conditions joined.

    Attributes:
        against: Sources that may not ship, that the store does not hold, and that would turn it.
    """

    reading: Reading
    parts: tuple[JudgedCondition, ...]
    against: tuple[Withheld, ...] = ()

    @property
    def built_in(self) -> Truth:
        """By the evidence of the store: true if all conditions hold, false if one fails."""
        return all_of(p.truth for p in self.parts)

    @property
    def truth(self) -> Truth:
        """The same, but undecided where a source that may not ship speaks against it."""
        return "undecided" if self.against and self.built_in in ("true", "false") else self.built_in

    @property
    def deciding(self) -> tuple[JudgedCondition, ...]:
        """The conditions that make the reading what it is."""
        return tuple(p for p in self.parts if p.truth == self.built_in)

    @property
    def beyond(self) -> str:
        """What the truth is, "more, not less" or the reverse, where it favours the sentence.

        Empty where the reading is not false, or false for any other reason.
        """
        parts = [p for p in self.deciding if p.condition.bound] if self.truth == "false" else []
        sides = {p.beyond for p in parts}
        favoured = {p.condition.bound.favours for p in parts if p.condition.bound}
        if len(sides) != 1 or sides != favoured:
            return ""
        return "more, not less" if sides == {"more"} else "less, not more"

    @property
    def decisive(self) -> Estimate | None:
        """The number that decides the reading; None if there is none."""
        return next((p.decisive for p in self.deciding if p.decisive), None)

    @property
    def finding(self) -> str:
        """What decides it, in half a sentence."""
        found = "; and ".join(dict.fromkeys(p.finding for p in self.deciding))
        if self.truth == self.built_in:
            return found
        turned = {"true": "that it holds", "false": "that it does not"}
        says = [turned.get(one.with_it, "that this is not decided") for one in self.against]
        names = [publisher(one.source_id) for one in self.against]
        others = listed(f"{name} says {what}" for name, what in zip(names, says, strict=True))
        return f"{found}; but evidence that may not ship speaks against that: {others}"

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """Every number of it."""
        return tuple(e for p in self.parts for e in p.answer.estimates)

    @property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """Every row behind its numbers."""
        return tuple(row for p in self.parts for row in p.answer.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one claim.

    Attributes:
        narrower: None if the claim has no narrower reading.
        sentence: The verdict as one sentence to quote.
        decides: What evidence would decide it, if it is undecided or not measurable.
    """

    claim: Claim
    as_of: date
    as_stated: Judged
    narrower: Judged | None
    word: Word
    sentence: str
    decides: str

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Both readings, or the one that there is."""
        return (self.as_stated, self.narrower) if self.narrower else (self.as_stated,)

    @property
    def outcome(self) -> Outcome | None:
        """How it resolved by its reading as stated, if it is a forecast."""
        if self.claim.forecast is None:
            return None
        if self.word in ("supported", "overstated", "refuted"):
            return "yes" if self.word == "supported" else "no"
        if self.word == "not measurable" or self.due <= self.as_of:
            return "unresolved"
        return "not due"

    @property
    def due(self) -> date:
        """The day from which on its reading as stated can be applied."""
        days = (self.claim.forecast.resolves_on,) if self.claim.forecast else ()
        return max(*days, *(p.about.end for p in self.as_stated.parts), date.min)

    @property
    def source_ids(self) -> tuple[str, ...]:
        """Every source behind it, sorted."""
        return tuple(sorted({i for j in self.judged for e in j.estimates for i in e.source_ids}))

    @property
    def unverified(self) -> bool:
        """True if a reading leans on a figure marked unverified."""
        return any(e.unverified for j in self.judged for e in j.estimates)


def judge(
    condition: Condition, answer: Answer, about: Period, stale: Sequence[str] = ()
) -> JudgedCondition:
    """One condition, judged by its bound.

    Args:
        stale: For each estimate why it is too old to decide anything; empty if none is.
    """
    old = [bool(why) for why in stale]
    truth: Truth = "undecided" if answer.pending else "not measurable"
    each: tuple[Truth, ...] = ()
    if condition.bound and answer.estimates:
        each = truths(answer.estimates, condition.bound, old)
        truth = holds(answer.estimates, condition.bound, old, answer.absent)
    return JudgedCondition(
        condition=condition,
        answer=answer,
        truth=truth,
        truths=each,
        about=about,
        stale=next(filter(None, stale), "") if truth == "undecided" else "",
    )


def verdict(claim: Claim, as_stated: Judged, narrower: Judged | None, as_of: date) -> Verdict:
    """The verdict on a claim from its judged readings."""
    decided = Verdict(
        claim=claim,
        as_of=as_of,
        as_stated=as_stated,
        narrower=narrower,
        word=word(
            as_stated.truth,
            narrower.truth if narrower else None,
            beyond=bool(as_stated.beyond),
        ),
        sentence="",
        decides="",
    )
    return replace(decided, sentence=_sentence(decided), decides=_decides(decided))


def _sentence(v: Verdict) -> str:
    lean = ", leaning on figures marked unverified" if v.unverified else ""
    # Where evidence speaks to one of several conditions, it is the whole that nothing speaks to.
    partly = v.word == "not measurable" and bool(v.as_stated.estimates)
    said_of = _SAID[v.word].replace("to it", "to all of it") if partly else _SAID[v.word]
    said_of += f" ({beyond})" if (beyond := v.as_stated.beyond) else ""
    head = f"“{v.claim.says}” {said_of}, with what was known by {v.as_of}{lean}"
    ahead = f"it resolves on {long_day(v.due)}; " if v.outcome == "not due" else ""
    said = f"{head}: {ahead}{v.as_stated.finding}.{_resolved(v)}"
    if v.narrower is None or v.narrower.truth != "true" or v.word == "supported":
        return said
    only = {"overstated": "It is true only"}.get(v.word, "A narrower part holds")
    relaxed = f"{only} {RELAXED[v.narrower.reading.relaxes]}"
    part = f"{relaxed} ({v.narrower.reading.says.rstrip('.')})"
    same = v.narrower.finding == v.as_stated.finding
    return f"{said} {part}." if same else f"{said} {part}: {v.narrower.finding}."


def _resolved(v: Verdict) -> str:
    """How a forecast resolved, as a sentence of its own; empty for what is none or is not due."""
    if (forecast := v.claim.forecast) is None or v.outcome == "not due":
        return ""
    made = f" The forecast of {long_day(forecast.made_on)}"
    if v.outcome == "unresolved":
        return f"{made} cannot be resolved."
    return f"{made} resolved on {long_day(v.due)}: {v.outcome}."


def _decides(v: Verdict) -> str:
    if v.word not in ("undecided", "not measurable"):
        return ""
    if v.outcome == "not due":
        return f"Time: it resolves on {long_day(v.due)}."
    part, against = v.as_stated.deciding[0], v.as_stated.against
    if against:
        commands = listed(f"`h2h update {one.source_id}`" for one in against)
        names = listed(dict.fromkeys(publisher(one.source_id) for one in against))
        bring = "bring" if len(against) > 1 else "brings"
        return f"Evidence of {names}, which may not ship: {commands} {bring} it."
    if part.stale:
        return f"Newer evidence: {part.stale}."
    bound = part.condition.bound
    if not part.answer.estimates or bound is None:
        return f"Evidence that we lack: {part.answer.missing.removesuffix('.')}."
    if part.answer.absent and "undecided" not in part.truths:
        return f"Figures of {listed(part.answer.absent)}, of which none is known."
    widest = max(part.answer.estimates, key=lambda e: e.high - e.low)
    ends, said = bound.range_of(widest.label), widest.as_said()
    what, n = called_within(in_words(said.label)), counted_of(widest.n, widest.n_of)
    if len(said.called) == 2:
        asked = side_range(*ends, widest.unit, *widest.called)
        now = replace(said, label=what).in_words()
        return f"An interval wholly inside or outside of “{asked}”; it is now {now} from {n}."
    stated_range = range_words(*ends, widest.unit).removeprefix("from ")
    return (
        f"An interval for {what} that lies wholly inside or outside {stated_range}; it is now "
        f"{widest.interval()} from {n}."
    )


def too_old(e: Estimate, window: Period, *, pinned: bool) -> str:
    """Why an estimate is too old to decide anything about a window; empty if it is not.

    Where the claim itself fixes the window (`pinned`), the newest figure of a year may also speak
    for a day of the year after.
    """
    yearly = e.limit is not None and e.limit.days == 0
    seen = e.observed_on or window.end
    return "" if pinned and yearly and window.end.year - seen.year <= 1 else e.stale(window)


def article_claims() -> Path:
    """The claims of the reference article, as shipped."""
    return Path(str(files("headtohead").joinpath("data/claims/ai_race_2025.toml")))


def claims_of(facts: Facts, path: Path | None = None) -> ClaimsFile:
    """The claims in a file; the reference article's if None.

    Raises:
        ClaimsFileError: If the file is wrong.
    """

    def made() -> ClaimsFile:
        questions = {i: a.QUESTION for i, a in analyses().items()}
        return load(path or article_claims(), questions, facts.store.source_ids(), Values(facts))

    # A file of a user's may be another one the next time.
    return made() if path else facts.once("the claims of the article", made)


def verdicts_on(
    facts: Facts,
    claims: ClaimsFile,
    *,
    about: Period | None,
    as_of: date,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Verdict, ...]:
    """The verdict on every claim, asked of `about` instead of its own window where that is given.

    A window of a reading stays; a sentence that cannot be asked of another day is then left out.

    Raises:
        NoEvidence: If nothing at all was known by then.
        InputError: If a claim holds numbers against a bound that cannot hold them.
    """
    facts.require_evidence(as_of)
    sides = Sides(claims.group, claims.a, claims.b)
    verdicts = []
    for claim in claims.claims:
        if about is not None and not claim.asks_again:
            continue
        progress(claim.id)
        if claims.noted_on and as_of < claims.noted_on:
            claim = replace(claim, note="")
        try:
            stated, *narrower = [
                _judged(facts, claim, reading, sides, about, as_of) for reading in claim.readings
            ]
        except InputError as error:
            raise InputError(f"Claim {claim.id}: {error}") from error
        verdicts.append(verdict(claim, stated, narrower[0] if narrower else None, as_of))
    return tuple(verdicts)


def _judged(
    facts: Facts, claim: Claim, reading: Reading, sides: Sides, about: Period | None, as_of: date
) -> Judged:
    parts = tuple(
        _judge(facts, claim, condition, sides, about, as_of) for condition in reading.conditions
    )
    judged = Judged(reading=reading, parts=parts)
    if about is not None:
        return judged
    name = "narrower" if reading.relaxes else "as_stated"
    against = turning(claim.says, name, judged.built_in, facts.store, as_of)
    return replace(judged, against=against)


def _judge(
    facts: Facts,
    claim: Claim,
    condition: Condition,
    sides: Sides,
    about: Period | None,
    as_of: date,
) -> JudgedCondition:
    window = condition.about or about or claim.about
    if (
        claim.forecast
        and condition.analysis
        and max(claim.forecast.resolves_on, window.end) > as_of
    ):
        return _so_far(facts, claim, condition, sides, window, as_of)
    return ask_condition(facts, claim, condition, sides, window, as_of)


def _so_far(
    facts: Facts, claim: Claim, condition: Condition, sides: Sides, window: Period, as_of: date
) -> JudgedCondition:
    """A condition of a forecast that is not due: whatever is so by now does not decide it."""
    end = min(window.end, as_of)
    start = end if window.start == window.end else window.start
    if start > end:
        said = f"what it is about begins on {long_day(start)}"
    else:
        now = ask_condition(facts, claim, condition, sides, Period(start, end), as_of)
        found = now.answer.says or now.answer.missing
        said = f"so far “{condition.says.rstrip('.')}” {_SO_FAR[now.truth]}: {found}"
    return judge(condition, Answer(missing=said, pending=True), window)


_SO_FAR: Mapping[Truth, str] = {
    "true": "holds",
    "false": "does not hold",
    "undecided": "is undecided",
    "not measurable": "cannot be measured",
}


def ask_condition(
    facts: Facts, claim: Claim, condition: Condition, sides: Sides, window: Period, as_of: date
) -> JudgedCondition:
    """A condition asked of a window with what was known by a day, and judged."""
    if missing := condition.cannot or condition.awaits:
        pending = bool(condition.awaits)
        return judge(condition, Answer(missing=missing, pending=pending), window)
    answer = facts.ask(
        analysis(condition.analysis),
        about=window,
        as_of=as_of,
        sides=sides,
        scope=condition.scope,
        sources=claim.sources,
    )
    pinned = condition.about is not None
    stale = [too_old(e, window, pinned=pinned) for e in answer.estimates]
    return judge(condition, answer, window, stale)
