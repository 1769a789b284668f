"""Sources, tables and names as text, until their features show them by sheets."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from headtohead.core.provenance import Citation
from headtohead.names.names import Resolution

if TYPE_CHECKING:
    import polars as pl

    from headtohead.evidence.store import Card


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


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _shorten(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
