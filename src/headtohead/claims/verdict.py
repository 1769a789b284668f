"""Verdicts: each reading is asked of the evidence and held against its bound (ADR 0004)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Literal

from headtohead.claims.claim import Bound, Claim, ClaimsFile, Reading, load
from headtohead.core.dates import Period
from headtohead.core.errors import InputError
from headtohead.core.estimate import Estimate
from headtohead.core.question import Answer, Sides
from headtohead.core.units import counted_of, unit
from headtohead.evidence.facts import Facts
from headtohead.evidence.tables import in_words
from headtohead.evidence.values import Values
from headtohead.publish.words import range_words
from headtohead.questions import analyses, analysis

Truth = Literal["true", "false", "open", "not measurable"]
Word = Literal["supported", "narrowly true", "refuted", "open", "not measurable"]
WORDS: tuple[Word, ...] = ("supported", "narrowly true", "refuted", "open", "not measurable")


def meets(estimate: Estimate, bound: Bound) -> Truth:
    """Whether one estimate meets the bound: inside, outside, or straddling it.

    Raises:
        InputError: If the units differ.
    """
    if bound.unit and bound.unit != estimate.unit:
        raise InputError(
            f"{estimate.label} is measured in {estimate.unit}, but the bound is in {bound.unit}. "
            f'Write unit = "{estimate.unit}" and the range in that unit.'
        )
    low, high = bound.range_of(estimate.label)
    if bound.judge == "point":
        printed = round(estimate.value, unit(estimate.unit).digits)
        return "true" if low <= printed <= high else "false"
    if low <= estimate.low and estimate.high <= high:
        return "true"
    if estimate.high < low or estimate.low > high:
        return "false"
    return "open"


def holds(estimates: Sequence[Estimate], bound: Bound) -> Truth:
    """Whether a reading holds, over all its estimates; without any it is not measurable."""
    if not estimates:
        return "not measurable"
    if bound.each == "each_any":
        labels = dict.fromkeys(e.label for e in estimates)
        return _all(_any(meets(e, bound) for e in estimates if e.label == name) for name in labels)
    truths = [meets(e, bound) for e in estimates]
    if bound.each != "most":
        return _all(truths) if bound.each == "all" else _any(truths)
    half = len(truths) / 2
    if truths.count("true") > half:
        return "true"
    return "open" if truths.count("true") + truths.count("open") > half else "false"


def word(as_stated: Truth, kindest: Truth) -> Word:
    """The verdict on a claim from the truth of its two readings."""
    if as_stated == "true":
        return "supported"
    if kindest == "true":
        return "narrowly true"
    if "open" in (as_stated, kindest):
        return "open"
    if kindest == "false":
        return "refuted"
    # False as stated says nothing of a narrower scope that nobody could measure.
    return "open" if as_stated == "false" else "not measurable"


def _all(truths: Iterable[Truth]) -> Truth:
    seen = set(truths)
    return "false" if "false" in seen else "open" if "open" in seen else "true"


def _any(truths: Iterable[Truth]) -> Truth:
    seen = set(truths)
    return "true" if "true" in seen else "open" if "open" in seen else "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One reading with its answer."""

    reading: Reading
    answer: Answer
    truth: Truth
    about: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one claim.

    Attributes:
        sentence: The verdict as one sentence to quote.
        decides: What evidence would decide it, if it is open or not measurable.
    """

    claim: Claim
    as_of: date
    as_stated: Judged
    kindest: Judged
    word: Word
    sentence: str
    decides: str

    @property
    def judged(self) -> tuple[Judged, Judged]:
        """Both readings."""
        return self.as_stated, self.kindest

    @property
    def source_ids(self) -> tuple[str, ...]:
        """Every source behind it, sorted."""
        ids = {i for j in self.judged for e in j.answer.estimates for i in e.source_ids}
        return tuple(sorted(ids))

    @property
    def unverified(self) -> bool:
        """True if either reading leans on a figure marked unverified."""
        return any(e.unverified for j in self.judged for e in j.answer.estimates)


def judge(reading: Reading, answer: Answer, about: Period) -> Judged:
    """One reading, judged by its bound."""
    truth: Truth = "open" if answer.pending else "not measurable"
    if reading.bound and answer.estimates:
        truth = holds(answer.estimates, reading.bound)
    return Judged(reading=reading, answer=answer, truth=truth, about=about)


def verdict(claim: Claim, as_stated: Judged, kindest: Judged, as_of: date) -> Verdict:
    """The verdict on a claim from its two judged readings."""
    decided = word(as_stated.truth, kindest.truth)
    return Verdict(
        claim=claim,
        as_of=as_of,
        as_stated=as_stated,
        kindest=kindest,
        word=decided,
        sentence=_sentence(claim, as_stated, kindest, decided, as_of),
        decides=_decides(as_stated, kindest, decided),
    )


_STATED = {
    "false": "it is refuted",
    "open": "it is open",
    "not measurable": "it cannot be measured",
}


def _sentence(claim: Claim, stated: Judged, kindest: Judged, decided: Word, as_of: date) -> str:
    unsure = any(e.unverified for j in (stated, kindest) for e in j.answer.estimates)
    lean = ", leaning on figures marked unverified" if unsure else ""
    head = f"“{claim.says}” is {decided} on what was known by {as_of}{lean}"
    if decided == "supported":
        return f"{head}: {stated.answer.says}."
    if decided == "narrowly true":
        inside = f"{kindest.reading.says} ({kindest.answer.says})"
        outcome = _STATED[stated.truth]
        apart = (
            outcome if _finding(stated) == _finding(kindest) else f"{outcome}: {_finding(stated)}"
        )
        return f"{head}, on the kindest reading: {inside}. As stated {apart}."
    if decided == "not measurable" or _finding(stated) == _finding(kindest):
        return f"{head}: {_finding(stated)}."
    return f"{head}: {_finding(stated)}; on the kindest reading, {_finding(kindest)}."


def _finding(judged: Judged) -> str:
    return judged.answer.says or judged.answer.missing


def _decides(stated: Judged, kindest: Judged, decided: Word) -> str:
    if decided not in ("open", "not measurable"):
        return ""
    if kindest.truth == "not measurable" and stated.truth == "false":
        return kindest.answer.missing
    undecided = kindest if kindest.truth == "open" else stated
    if undecided.answer.estimates and undecided.reading.bound:
        widest = max(undecided.answer.estimates, key=lambda e: e.high - e.low)
        low, high = undecided.reading.bound.range_of(widest.label)
        stated_range = range_words(low, high, widest.unit).removeprefix("from ")
        return (
            f"An interval for {in_words(widest.label)} that lies wholly inside or outside "
            f"{stated_range}; it is now "
            f"{widest.interval()} from {counted_of(widest.n, widest.n_of)}."
        )
    return stated.answer.missing or kindest.answer.missing


def article_claims() -> Path:
    """The claims of the reference article, as shipped."""
    return Path(str(files("headtohead").joinpath("data/claims/ai_race_2025.toml")))


def claims_of(facts: Facts, path: Path | None = None) -> ClaimsFile:
    """The claims in a file; the reference article's if None.

    Raises:
        ClaimsFileError: If the file is wrong.
    """
    questions = {i: a.QUESTION for i, a in analyses().items()}
    sources = facts.store.source_ids()
    return load(path or article_claims(), questions, sources, Values(facts))


def verdicts_on(
    facts: Facts,
    claims: ClaimsFile,
    *,
    about: Period | None,
    as_of: date,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Verdict, ...]:
    """The verdict on every claim, asked of `about` instead of its own window where that is given.

    Raises:
        NoEvidence: If nothing at all was known by then.
    """
    facts.require_evidence(as_of)
    sides = Sides(claims.group, claims.a, claims.b)
    verdicts = []
    for claim in claims.claims:
        progress(claim.id)
        stated, kindest = (
            _judge(facts, claim, reading, sides, about, as_of)
            for reading in (claim.as_stated, claim.kindest)
        )
        verdicts.append(verdict(claim, stated, kindest, as_of))
    return tuple(verdicts)


def _judge(
    facts: Facts, claim: Claim, reading: Reading, sides: Sides, about: Period | None, as_of: date
) -> Judged:
    window = about or reading.about or claim.about
    if reading.cannot:
        return judge(reading, Answer(missing=reading.cannot), window)
    if claim.kind == "forecast" and window.end > as_of:
        ahead = f"the forecast is resolved on {window.end}, which on {as_of} lies ahead"
        return judge(reading, Answer(missing=ahead, pending=True), window)
    answer = facts.ask(
        analysis(reading.analysis),
        about=window,
        as_of=as_of,
        sides=sides,
        scope=reading.scope,
        sources=claim.sources,
    )
    return judge(reading, answer, window)
