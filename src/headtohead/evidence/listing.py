"""Sources, tables and names as the one JSON object that every verb prints."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from headtohead.publish.machine import envelope

if TYPE_CHECKING:
    import polars as pl

    from headtohead.evidence.outcome import Updated
    from headtohead.evidence.store import Card


def cards_json(cards: "Iterable[Card]", today: date) -> dict[str, Any]:
    """The catalogue of sources."""
    results = [
        {
            "source_id": c.source.source_id,
            "publisher": c.source.publisher,
            "product": c.source.product,
            "citation": c.source.citation,
            "url": c.source.url,
            "licence": c.source.licence,
            "evaluator": c.source.evaluator,
            "ship": c.source.ship,
            "builtin": c.builtin,
            "by_hand": c.curated,
            "downloads": [d.url for d in c.source.downloads],
            "how_to_get": c.source.how_to_get,
            "imports": [
                {
                    "known_on": e.known_on.isoformat(),
                    "retrieved_on": e.retrieved_on.isoformat(),
                    "sha256": e.sha256,
                    "rows": dict(e.tables),
                    "dropped": dict(e.dropped),
                }
                for e in c.imports
            ],
        }
        for c in cards
    ]
    return envelope("sources", None, today, results, ())


def frame_json(frame: "pl.DataFrame", as_of: date) -> dict[str, Any]:
    """A table's rows; days and moments as ISO text."""
    import json

    return envelope("evidence", None, as_of, json.loads(frame.write_json()), ())


def updated_json(done: "Iterable[Updated]", unused: Iterable[str], today: date) -> dict[str, Any]:
    """What an update did, one entry a source."""
    results = [
        {
            "source_id": u.source_id,
            "state": u.state,
            "rows": dict(u.entry.tables) if u.entry else {},
            "dropped": dict(u.entry.dropped) if u.entry else {},
            "known_on": u.entry.known_on.isoformat() if u.entry else None,
            "sha256": u.entry.sha256 if u.entry else "",
            "not_at_publisher": list(u.skipped),
            "failure": str(u.failure) if u.failure else "",
            "how_to_get": u.how_to_get,
        }
        for u in done
    ]
    return {**envelope("update", None, today, results, ()), "unused": list(unused)}
