"""A verdict: two judged readings, and one sentence that a journalist could quote."""

from dataclasses import dataclass
from datetime import date

from headtohead.claims.claim import Claim, Reading
from headtohead.claims.rules import Truth, Word, holds, word
from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.publish.estimates import range_words


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
        as_stated: The first reading, judged.
        kindest: The second reading, judged.
        sentence: The verdict as one sentence to quote.
        decides: What evidence would settle it, if it is open or not measurable.
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
        found = {i for j in self.judged for e in j.answer.estimates for i in e.source_ids}
        return tuple(sorted(found))

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
        apart = outcome if _found(stated) == _found(kindest) else f"{outcome}: {_found(stated)}"
        return f"{head}, on the kindest reading: {inside}. As stated {apart}."
    if decided == "not measurable" or _found(stated) == _found(kindest):
        return f"{head}: {_found(stated)}."
    return f"{head}: {_found(stated)}; on the kindest reading, {_found(kindest)}."


def _found(judged: Judged) -> str:
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
            f"An interval for {widest.label} that lies wholly inside or outside "
            f"{stated_range}; it is now "
            f"{widest.interval()} from {widest.n:,} {widest.n_of}."
        )
    return stated.answer.missing or kindest.answer.missing
