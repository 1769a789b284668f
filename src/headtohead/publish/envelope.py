"""What every `--json` shares: verb, both dates, results, sources."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from headtohead.core.dates import Period
from headtohead.core.provenance import Citation
from headtohead.core.question import Answer


def envelope(
    verb: str,
    about: Period | None,
    as_of: date | None,
    results: Iterable[object],
    citations: tuple[Citation, ...],
) -> dict[str, Any]:
    """The one shape of every `--json`: verb, both dates, results, sources."""
    return {
        "verb": verb,
        "about": str(about) if about else None,
        "as_of": as_of.isoformat() if as_of else None,
        "results": list(results),
        "sources": [citation_json(c) for c in citations],
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """What an analysis found, with its rows."""
    return {
        "says": answer.says,
        "missing": answer.missing,
        "notes": list(answer.notes),
        "estimates": [e.as_json() for e in answer.estimates],
        "rows": [{k: finite(v) for k, v in row.items()} for row in answer.rows],
    }


def citation_json(c: Citation) -> dict[str, Any]:
    """A source as `--json` prints it."""
    return {name: finite(value) for name, value in asdict(c).items()}


def finite(value: object) -> object:
    """A value as JSON takes it: None for a number without end, text for what it does not know."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
