"""The first screen in words: what was asked, what came out, and as of when."""

from collections import Counter
from collections.abc import Sequence

from headtohead.claims.result import CheckResult, ReportResult
from headtohead.claims.rules import WORDS
from headtohead.core.provenance import Citation
from headtohead.core.question import Sides
from headtohead.evidence.picking import COUNTRY_NAMES
from headtohead.publish.escaping import listed, plain

_WHAT = {
    "supported": "supported as stated",
    "narrowly true": "true only on the narrowest reading",
    "refuted": "refuted",
    "open": "open",
    "not measurable": "not measurable",
}
Checks = list[tuple[str, str, CheckResult]]


def checks_of(result: ReportResult) -> Checks:
    """The checks of a report as (key, name, check): hindsight leads, if it was asked."""
    found = (
        ("hindsight", "In hindsight", result.now),
        ("then", "Then", result.then),
        ("today", "Today", result.today),
    )
    return [(key, name, check) for key, name, check in found if check is not None]


def sides_title(sides: Sides) -> str:
    """The two sides as a title."""
    a, b = (plain(COUNTRY_NAMES.get(s, s), 60) for s in (sides.a, sides.b))
    return f"Can {b} models stand in for {a} ones?"


def report_answer(result: ReportResult) -> str:
    """The answer in one paragraph: counts of verdicts, and what changed with time."""
    checks = checks_of(result)
    if not checks:
        return (
            "No statements were checked for these two sides. The charts below show what the "
            f"evidence known by {result.as_of} says of them."
        )
    key, _, lead = checks[0]
    sentences = [check_answer(lead)]
    others = {k: c for k, _, c in checks if k != key}
    if "then" in others:
        changed = _changed(lead, others["then"])
        sentences.append(f"With only what was known at the time, {_other_verdicts(changed)}.")
    if "today" in others:
        changed = _changed(lead, others["today"])
        sentences.append(f"Asked of {others['today'].as_of} itself, {_other_verdicts(changed)}.")
    return " ".join(sentences)


def check_answer(check: CheckResult) -> str:
    """The counts of one check as a sentence."""
    counts = Counter(v.word for v in check.verdicts)
    total = len(check.verdicts)
    if total == 1:
        found = _WHAT[check.verdicts[0].word]
        return f"The one statement is {found}, with what is known by {check.as_of}."
    parts = [
        f"{counts[w]} {'is' if counts[w] == 1 else 'are'} {_WHAT[w]}" for w in WORDS if counts[w]
    ]
    return f"Of {total} statements, with what is known by {check.as_of}: {listed(parts)}."


def evidence_until(citations: Sequence[Citation]) -> str:
    """The latest day that any row used became known; empty if no source says."""
    return str(max((c.known_on for c in citations if c.known_on), default=""))


def _changed(lead: CheckResult, other: CheckResult) -> tuple[str, ...]:
    words = {v.claim.id: v.word for v in other.verdicts}
    return tuple(
        plain(v.claim.id, 40)
        for v in lead.verdicts
        if v.claim.id in words and words[v.claim.id] != v.word
    )


def _other_verdicts(ids: Sequence[str]) -> str:
    if not ids:
        return "every verdict is the same"
    if len(ids) == 1:
        return f"one verdict differs ({ids[0]})"
    return f"{len(ids)} verdicts differ ({listed(ids)})"
