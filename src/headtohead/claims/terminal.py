"""Sources as text, until the index shows them by its sheet."""

from collections.abc import Iterable, Iterator

from headtohead.core.provenance import Citation


def source_lines(citations: Iterable[Citation]) -> Iterator[str]:
    """One source in one line."""
    for c in citations:
        known = f", known on {c.known_on}" if c.known_on else ""
        yield f"  {c.source_id}: {c.citation} {c.url} ({c.licence}{known})"
