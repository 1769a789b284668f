"""A claim as pages show it: its verdict at each time, both readings, every number with its card."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headtohead.claims.bars import Bar, bars
from headtohead.claims.claim import Bound, Claim
from headtohead.claims.result import CheckResult
from headtohead.claims.rules import Word
from headtohead.claims.terminal import telling
from headtohead.claims.verdict import Judged, Verdict
from headtohead.core.estimate import Estimate
from headtohead.core.units import show
from headtohead.publish.citing import SourceView
from headtohead.publish.escaping import anchor, plain

# Word of a verdict -> its style, and its place when sorted.
STYLES: Mapping[Word, str] = {
    "supported": "supported",
    "narrowly true": "narrow",
    "refuted": "refuted",
    "open": "open",
    "not measurable": "unmeasured",
}
_TRUTHS = {
    "true": "holds",
    "false": "does not hold",
    "open": "undecided",
    "not measurable": "not measurable",
}
_EACH = {
    "all": "every one must lie inside",
    "any": "one inside is enough",
    "most": "more than half must lie inside",
    "each_any": "one inside is enough for each name",
}
SHOWN_ESTIMATES = 8


@dataclass(frozen=True, slots=True)
class NumberView:
    """One estimate in words.

    Attributes:
        label: What it is.
        value: Rounded, with its unit.
        interval: The interval in words, with its coverage.
        n: How many, and of what.
        about: The day or window it speaks of.
        as_of: The day of our knowledge.
        method: How it was made.
        sources: Every source behind it.
        unverified: True if a figure behind it could not be checked.
        bar: The drawing; None outside a reading.
    """

    label: str
    value: str
    interval: str
    n: str
    about: str
    as_of: str
    method: str
    sources: tuple[SourceView, ...]
    unverified: bool
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One judged reading.

    Attributes:
        name: "As stated" or "Kindest reading".
        says: The reading in words.
        truth: Whether it holds, in words.
        bound: What was asked of the numbers, in words; empty if nothing could be.
        about: The window it was asked of.
        found: The finding, or why there is none.
        notes: What a careful reader must know.
        numbers: The first estimates.
        more: The others.
    """

    name: str
    says: str
    truth: str
    bound: str
    about: str
    found: str
    notes: tuple[str, ...]
    numbers: tuple[NumberView, ...]
    more: tuple[NumberView, ...]


@dataclass(frozen=True, slots=True)
class WhenView:
    """One claim judged at one time.

    Attributes:
        key: "then", "hindsight", "today" or "verdict".
        name: For a reader.
        word: The verdict.
        style: Its style.
        as_of: The day of our knowledge.
        sentence: The verdict as a sentence to quote.
        decides: What would settle it; empty if it is settled.
        unverified: True if it leans on a figure that could not be checked.
        readings: As stated, then kindest.
    """

    key: str
    name: str
    word: Word
    style: str
    as_of: str
    sentence: str
    decides: str
    unverified: bool
    readings: tuple[ReadingView, ...]


@dataclass(frozen=True, slots=True)
class CardView:
    """One claim with its verdicts.

    Attributes:
        id: As in the claims file.
        anchor: Its id on the page.
        says: What it asserts.
        section: Its section's slug.
        kind: What kind of statement it is.
        about: The window it speaks of.
        expect: What was expected before looking.
        note: What a reader must know.
        whens: Its verdicts; the one to lead with first.
        headline: The number that decided; None if there is none.
    """

    id: str
    anchor: str
    says: str
    section: str
    kind: str
    about: str
    expect: str
    note: str
    whens: tuple[WhenView, ...]
    headline: NumberView | None

    @property
    def lead(self) -> WhenView:
        """The verdict to show first."""
        return self.whens[0]

    def at(self, key: str) -> WhenView | None:
        """The verdict at one time; None if it was not asked then."""
        return next((w for w in self.whens if w.key == key), None)


def cards(
    checks: Sequence[tuple[str, str, CheckResult]], sources: Mapping[str, SourceView]
) -> list[CardView]:
    """Every claim of the first check, with its verdicts in all of them.

    Args:
        checks: (key, name, result); the one to lead with first.
        sources: Source id -> what pages show of it.
    """
    if not checks:
        return []
    made = []
    for place, first in enumerate(checks[0][2].verdicts):
        found = [
            (key, name, v)
            for key, name, check in checks
            for v in check.verdicts
            if v.claim.id == first.claim.id
        ]
        whens = tuple(_when(key, name, v, sources) for key, name, v in found)
        made.append(_card(first.claim, place, whens, deciding(first), sources))
    return made


def number_view(
    e: Estimate, sources: Mapping[str, SourceView], bar: Bar | None = None
) -> NumberView:
    """One estimate in words.

    Args:
        e: The estimate.
        sources: Source id -> what pages show of it; a source without a card is left out.
        bar: Its drawing.
    """
    return NumberView(
        label=plain(e.label, 160),
        value=show(e.value, e.unit),
        interval=_interval(e),
        n=f"{e.n:,} {plain(e.n_of, 80)}",
        about=str(e.about),
        as_of=str(e.as_of),
        method=plain(e.method),
        sources=tuple(sources[i] for i in e.source_ids if i in sources),
        unverified=e.unverified,
        bar=bar,
    )


def deciding(v: Verdict) -> Estimate | None:
    """The estimate that a verdict hangs on; None if there is none."""
    order = (v.kindest, v.as_stated) if v.word == "narrowly true" else v.judged
    return next((telling(j) for j in order if j.answer.estimates), None)


def _card(
    claim: Claim,
    place: int,
    whens: tuple[WhenView, ...],
    headline: Estimate | None,
    sources: Mapping[str, SourceView],
) -> CardView:
    name = anchor("claim", claim.id)
    # Two ids may differ only in characters that an anchor cannot hold.
    unique = name if name == f"claim-{claim.id}" else f"{name}-{place + 1}"
    return CardView(
        id=plain(claim.id, 40),
        anchor=unique,
        says=plain(claim.says),
        section=claim.section,
        kind=plain(claim.kind, 40),
        about=str(claim.about),
        expect=plain(claim.expect),
        note=plain(claim.note),
        whens=whens,
        headline=number_view(headline, sources) if headline else None,
    )


def _when(key: str, name: str, v: Verdict, sources: Mapping[str, SourceView]) -> WhenView:
    names = ("As stated", "Kindest reading")
    return WhenView(
        key=key,
        name=name,
        word=v.word,
        style=STYLES[v.word],
        as_of=str(v.as_of),
        sentence=plain(v.sentence, 4000),
        decides=plain(v.decides),
        unverified=v.unverified,
        readings=tuple(_reading(n, j, sources) for n, j in zip(names, v.judged, strict=True)),
    )


def _reading(name: str, judged: Judged, sources: Mapping[str, SourceView]) -> ReadingView:
    answer, bound = judged.answer, judged.reading.bound
    drawn = bars(answer.estimates, bound) if answer.estimates else []
    numbers = tuple(
        number_view(e, sources, bar) for e, bar in zip(answer.estimates, drawn, strict=True)
    )
    return ReadingView(
        name=name,
        says=plain(judged.reading.says),
        truth=_TRUTHS[judged.truth],
        bound=_bound(bound, answer.estimates) if bound else "",
        about=str(judged.about),
        found=plain(answer.says or answer.missing),
        notes=tuple(plain(n) for n in answer.notes),
        numbers=numbers[:SHOWN_ESTIMATES],
        more=numbers[SHOWN_ESTIMATES:],
    )


def _interval(e: Estimate) -> str:
    if e.low == e.high:
        return "as published"
    if math.isinf(e.low) and math.isinf(e.high):
        return "no interval published"
    level = "bounds" if e.level == 1 else f"{e.level:.0%}"
    if math.isinf(e.low) or math.isinf(e.high):
        return f"{level}: {_range(e.low, e.high, e.unit)}"
    return f"{level}: {plain(e.interval())}"


def _bound(bound: Bound, estimates: Sequence[Estimate]) -> str:
    """The stated range in words."""
    if not estimates:
        return ""
    judged = "the whole interval" if bound.judge == "interval" else "the printed figure"
    many = f"; {_EACH[bound.each]}" if len(estimates) > 1 else ""
    if bound.by_label:
        parts = [
            f"{plain(label, 80)} {_range(*ends, estimates[0].unit)}"
            for label, ends in bound.by_label.items()
        ]
        return f"{judged} within: {', '.join(parts)}{many}"
    return f"{judged} is {_range(bound.at_least, bound.at_most, estimates[0].unit)}{many}"


def _range(low: float, high: float, suffix: str) -> str:
    if math.isinf(low) and math.isinf(high):
        return "anywhere"
    if math.isinf(low):
        return f"at most {show(high, suffix)}"
    if math.isinf(high):
        return f"at least {show(low, suffix)}"
    return f"from {show(low, suffix)} to {show(high, suffix)}"
