"""What a report, a check and a verdict say in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from headtohead.claims.claim import Bound
from headtohead.claims.rules import WORDS, Word, meets
from headtohead.claims.verdict import Judged, Verdict
from headtohead.core.estimate import Citation, Estimate
from headtohead.core.question import Sides
from headtohead.evidence.picking import COUNTRY_NAMES
from headtohead.publish.escaping import listed, plain
from headtohead.publish.estimates import range_words

# Word of a verdict -> its look on a page; in the order in which verdicts are sorted.
STYLES: Mapping[Word, str] = {
    "supported": "supported",
    "narrowly true": "narrow",
    "refuted": "refuted",
    "open": "open",
    "not measurable": "unmeasured",
}
MARKS: Mapping[Word, str] = {
    "supported": "✔",
    "narrowly true": "◐",
    "refuted": "✘",
    "open": "?",
    "not measurable": "–",
}
TRUTHS = {
    "true": "holds",
    "false": "does not hold",
    "open": "undecided",
    "not measurable": "not measurable",
}
_WHAT: Mapping[Word, str] = {
    "supported": "supported as stated",
    "narrowly true": "true only on the narrowest reading",
}
_EACH = {
    "all": "every one must lie inside",
    "any": "one inside is enough",
    "most": "more than half must lie inside",
    "each_any": "one inside is enough for each name",
}


def counts(verdicts: Iterable[Verdict]) -> str:
    """How many claims got each verdict."""
    words = [v.word for v in verdicts]
    told = ", ".join(f"{words.count(w)} {w}" for w in WORDS if w in words)
    return f"{told} of {len(words)} claims"


def telling(judged: Judged) -> Estimate:
    """The estimate that shows best why a reading holds or not: the nearest to its bound."""
    bound = judged.reading.bound
    if bound is None:
        return judged.answer.estimates[0]

    def order(e: Estimate) -> tuple[bool, float]:
        low, high = bound.range_of(e.label)
        return (meets(e, bound) != judged.truth), min(abs(e.value - low), abs(e.value - high))

    return min(judged.answer.estimates, key=order)


def deciding(v: Verdict) -> Judged:
    """The reading that a verdict hangs on, or the other if that has no number."""
    first, second = (v.kindest, v.as_stated) if v.word == "narrowly true" else v.judged
    return first if first.answer.estimates or not second.answer.estimates else second


def bound_words(bound: Bound, estimates: Sequence[Estimate]) -> str:
    """The stated range in words; empty if there is no number to hold against it."""
    if not estimates:
        return ""
    judged = "the whole interval" if bound.judge == "interval" else "the printed figure"
    many = f"; {_EACH[bound.each]}" if len(estimates) > 1 else ""
    unit = estimates[0].unit
    if bound.by_label:
        parts = [
            f"{plain(label, 80)} {range_words(*ends, unit)}"
            for label, ends in bound.by_label.items()
        ]
        return f"{judged} within: {', '.join(parts)}{many}"
    return f"{judged} is {range_words(bound.at_least, bound.at_most, unit)}{many}"


def scope_words(judged: Judged) -> str:
    """The question behind a reading, as a claims file puts it; empty if it has none."""
    if not judged.reading.analysis:
        return ""
    given = {k: v for k, v in judged.reading.scope.items() if v not in ("", (), [])}
    told = ", ".join(f"{k}={v}" for k, v in given.items())
    return f"{judged.reading.analysis} ({told})" if told else judged.reading.analysis


def sides_title(sides: Sides) -> str:
    """The two sides as a title."""
    a, b = (plain(COUNTRY_NAMES.get(s, s), 60) for s in (sides.a, sides.b))
    return f"Can {b} models stand in for {a} ones?"


def check_answer(verdicts: Sequence[Verdict], as_of: object) -> str:
    """The counts of one check as a sentence."""
    if len(verdicts) == 1:
        found = _WHAT.get(verdicts[0].word, verdicts[0].word)
        return f"The one statement is {found}, with what is known by {as_of}."
    n = Counter(v.word for v in verdicts)
    parts = [f"{n[w]} {'is' if n[w] == 1 else 'are'} {_WHAT.get(w, w)}" for w in WORDS if n[w]]
    return f"Of {len(verdicts)} statements, with what is known by {as_of}: {listed(parts)}."


def other_verdicts(lead: Sequence[Verdict], other: Sequence[Verdict]) -> str:
    """How many verdicts differ from the leading ones, and whose."""
    words = {v.claim.id: v.word for v in other}
    ids = [plain(v.claim.id, 40) for v in lead if words.get(v.claim.id, v.word) != v.word]
    if not ids:
        return "every verdict is the same"
    if len(ids) == 1:
        return f"one verdict differs ({ids[0]})"
    return f"{len(ids)} verdicts differ ({listed(ids)})"


def evidence_until(citations: Sequence[Citation]) -> str:
    """The latest day that any row used became known; empty if no source says."""
    return str(max((c.known_on for c in citations if c.known_on), default=""))
