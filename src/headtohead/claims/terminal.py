"""Results as text for a terminal: short tables, then what a reader does next."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from headtohead.claims.changes import DiffResult
from headtohead.claims.result import CheckResult
from headtohead.claims.rules import meets
from headtohead.claims.verdict import Judged, Verdict
from headtohead.core.estimate import Estimate
from headtohead.core.provenance import Citation
from headtohead.core.units import show
from headtohead.names.names import Resolution

if TYPE_CHECKING:
    import polars as pl

    from headtohead.evidence.store import Card

MARKS = {
    "supported": "✔",
    "narrowly true": "◐",
    "refuted": "✘",
    "open": "?",
    "not measurable": "–",
}


def check_lines(result: CheckResult) -> Iterator[str]:
    """The verdicts, one claim in two lines, then a count and how to cite."""
    about = f"asked about {result.about}" if result.about else "each asked about its own time"
    yield f"{result.file.title}"
    yield f"{about}; known by {result.as_of}"
    section = ""
    for v in result.verdicts:
        if v.claim.section != section:
            section = v.claim.section
            yield ""
            yield section.upper()
        yield f"{MARKS[v.word]} {v.claim.id:<4}{v.word:<15}{_shorten(v.claim.says, 92)}"
        yield f"  {'':<19}{_shorten(headline(v), 140)}"
    yield ""
    yield counts(result.verdicts)
    yield from cite_lines(result)


def headline(v: Verdict) -> str:
    """The number that decided: value, interval and n; or why there is none."""
    judged = v.kindest if v.word == "narrowly true" else v.as_stated
    if not judged.answer.estimates:
        judged = v.kindest if v.kindest.answer.estimates else v.as_stated
    if not judged.answer.estimates:
        return judged.answer.missing
    e = telling(judged)
    more = len(judged.answer.estimates) - 1
    others = f" and {more} more" if more else ""
    mark = ", unverified" if v.unverified else ""
    return (
        f"{e.label}: {show(e.value, e.unit)} ({e.interval()}; n={e.n:,} {e.n_of}; {e.about})"
        f"{others}{mark}"
    )


def telling(judged: Judged) -> Estimate:
    """The estimate that shows best why a reading holds or not: the nearest to its bound."""
    bound = judged.reading.bound
    if bound is None:
        return judged.answer.estimates[0]

    def order(e: Estimate) -> tuple[bool, float]:
        low, high = bound.range_of(e.label)
        return (meets(e, bound) != judged.truth), min(abs(e.value - low), abs(e.value - high))

    return min(judged.answer.estimates, key=order)


def counts(verdicts: Iterable[Verdict]) -> str:
    """How many claims got each verdict."""
    words = [v.word for v in verdicts]
    return (
        ", ".join(f"{words.count(w)} {w}" for w in MARKS if w in words) + f" of {len(words)} claims"
    )


def show_lines(result: CheckResult) -> Iterator[str]:
    """Every number behind each verdict, with its rows and sources."""
    for v in result.verdicts:
        yield f"{v.claim.id}  {v.claim.says}"
        yield f"{MARKS[v.word]} {v.word.upper()}  (section {v.claim.section}, kind {v.claim.kind})"
        yield ""
        yield v.sentence
        for name, judged in (("AS STATED", v.as_stated), ("KINDEST READING", v.kindest)):
            yield ""
            yield from _judged_lines(name, judged)
        if v.decides:
            yield ""
            yield f"What would decide it: {v.decides}"
        if v.claim.note:
            yield ""
            yield f"Note: {v.claim.note}"
        if v.claim.expect:
            yield f"Expected before looking: {v.claim.expect}"
    yield ""
    yield "SOURCES"
    yield from source_lines(result.citations)
    yield from cite_lines(result)


def _judged_lines(name: str, judged: Judged) -> Iterator[str]:
    yield f"{name} ({judged.truth}): {judged.reading.says}"
    if judged.reading.analysis:
        scope = ", ".join(
            f"{k}={v}" for k, v in judged.reading.scope.items() if v not in ("", (), [])
        )
        yield f"  asked: {judged.reading.analysis} ({scope})"
    if judged.answer.missing:
        yield f"  {judged.answer.missing}"
    for e in judged.answer.estimates:
        yield f"  {e}"
        mark = " UNVERIFIED" if e.unverified else ""
        yield f"    {e.method}; from {', '.join(e.source_ids)}{mark}"
    for note in judged.answer.notes:
        yield f"  note: {note}"
    rows = judged.answer.rows
    if rows:
        yield f"  rows ({min(len(rows), 20)} of {len(rows)} shown; all of them with --json):"
    for row in rows[:20]:
        cells = [f"{k}={_cell(v)}" for k, v in row.items() if v is not None and v != ""]
        yield f"    {' | '.join(cells)}"


def diff_lines(result: DiffResult) -> Iterator[str]:
    """What changed, verdicts first."""
    yield f"From what was known by {result.start} to what was known by {result.end}"
    for what, title in (("verdict", "VERDICTS"), ("price", "LIST PRICES"), ("rank", "PLACES")):
        found = [c for c in result.changes if c.what == what]
        yield ""
        yield f"{title} ({len(found)} changed)"
        for c in found:
            yield f"  {c.subject}"
            yield f"    {c.before or 'new'} → {c.after or 'gone'}"
            yield f"    {c.why}"
    yield ""
    yield from source_lines(result.citations)


def cards_lines(cards: "Iterable[Card]") -> Iterator[str]:
    """The catalogue: one source in two lines."""
    for card in cards:
        s = card.source
        kind = "by hand" if card.curated else "built in" if card.builtin else "not here"
        taken = card.imports[-1] if card.imports else None
        if taken and not card.builtin:
            kind = "downloaded"
        yield f"{s.source_id:<26}{kind:<12}{s.licence:<24}{s.publisher}: {s.product}"
        detail = f"known on {taken.known_on}, sha256 {taken.sha256[:12]}" if taken else s.how_to_get
        if taken and taken.dropped:
            detail += f", {sum(taken.dropped.values()):,} records left out"
        yield f"{'':<26}{_shorten(detail or s.url, 110)}"


def resolution_lines(r: Resolution) -> Iterator[str]:
    """How a name was resolved, step by step."""
    yield f"{r.name}: {r.status}"
    yield f"  model    {r.model or '-'}"
    yield f"  lab      {r.lab or '-'}"
    yield f"  mode     {r.mode or '-'}"
    yield f"  channel  {r.channel or '-'}"
    yield f"  rule     {r.rule}"
    for number, step in enumerate(r.steps, 1):
        yield f"  {number}. {step}"


def frame_lines(frame: "pl.DataFrame", limit: int) -> Iterator[str]:
    """The first rows of a table, one a line, empty cells left out."""
    for row in frame.head(limit).iter_rows(named=True):
        yield " | ".join(f"{k}={_cell(v)}" for k, v in row.items() if v is not None)
    yield f"{min(limit, frame.height)} of {frame.height} rows shown; --json prints them all"


def source_lines(citations: Iterable[Citation]) -> Iterator[str]:
    """One source in one line."""
    for c in citations:
        known = f", known on {c.known_on}" if c.known_on else ""
        yield f"  {c.source_id}: {c.citation} {c.url} ({c.licence}{known})"


def cite_lines(result: CheckResult) -> Iterator[str]:
    """How to cite these verdicts."""
    from headtohead.core.version import VERSION

    yield f"Cite: headtohead {VERSION}, “{result.file.title}”, as known on {result.as_of}."


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _shorten(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
