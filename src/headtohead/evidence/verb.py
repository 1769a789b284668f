"""The verbs about evidence itself: which sources there are, and what a table said on a day."""

from typing import TYPE_CHECKING

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.evidence.facts import Facts
from headtohead.evidence.picking import where as kept
from headtohead.evidence.store import Card, Store

if TYPE_CHECKING:
    import polars as pl


def list_sources(*, store: Store | None = None) -> tuple[Card, ...]:
    """Every source: its licence, what was taken from it and when, and what was dropped."""
    return (store or Store()).cards()


def read_evidence(
    table: str, *, as_of: Day, where: str = "", store: Store | None = None
) -> "pl.DataFrame":
    """A table as known on a day, with the entities behind each row.

    Args:
        table: A declared table.
        as_of: The day of our knowledge.
        where: Rows to keep, as "column=value, column=value"; all if empty.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no table, or no column, is called so.
        NoEvidence: If nothing at all was known by then.
    """
    facts, day = Facts(store), dates.day(as_of)
    facts.require_evidence(day)
    return kept(facts.frame(table, day), where)
