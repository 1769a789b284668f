"""The verbs about evidence itself: what sources there are, what a table said, getting more."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.settings import pairs_of, takes, words
from headtohead.evidence.facts import Facts
from headtohead.evidence.sheet import Entries, cards_listing, updates_listing
from headtohead.evidence.store import Card, Store
from headtohead.evidence.words import heading

if TYPE_CHECKING:
    import polars as pl

    from headtohead.evidence.download import Progress
    from headtohead.evidence.ingest import Updated


@takes()
def list_sources(*, as_of: Day | None = None, store: Store | None = None) -> Entries[Card]:
    """Every source: its licence, what was taken from it and when, and what was dropped.

    Args:
        as_of: The day that its JSON names.
        store: The evidence; the user's own if None.

    Returns:
        A result that is also a sequence of one `Card` a source.
    """
    return cards_listing((store or Store()).cards(), dates.day(as_of, "as_of") if as_of else None)


@takes()
def read_evidence(
    table: str,
    *,
    as_of: Day,
    where: str | Sequence[str] | Mapping[str, str] = "",
    store: Store | None = None,
) -> "pl.DataFrame":
    """A table as known on a day, with the entities behind each row.

    Args:
        table: A declared table.
        as_of: The day of our knowledge.
        where: Rows to keep: {"column": "value"}, or text as "column=value, column=value".
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no table, or no column, is called so, or no row ever had a value.
        NoEvidence: If nothing at all was known by then.
    """
    return rows_where(table, as_of, where, store)[0]


def rows_where(
    table: str,
    as_of: Day,
    where: str | Sequence[str] | Mapping[str, str],
    store: Store | None,
) -> "tuple[pl.DataFrame, str]":
    """The rows of `read_evidence`; if a filter leaves none, a sentence with what is near it."""
    import polars as pl

    from headtohead.evidence.picking import equal
    from headtohead.names.alike import nearest

    facts, day = Facts(store), dates.day(as_of, "as_of")
    facts.require_evidence(day)
    frame = facts.frame(table, day)
    wanted = pairs_of("where", words(where) if isinstance(where, str) else where)
    for column, value in wanted.items():
        # A listing heads the column model_name with "Model name".
        spelt = column if column in frame.columns else column.lower().replace(" ", "_")
        spelt = spelt if spelt in frame.columns else column
        kept = equal(frame, spelt, str(value))
        if kept.is_empty() and not frame.is_empty():
            text, column = str(value), heading(spelt)
            known = frame[spelt].cast(pl.String).drop_nulls().unique()
            kind, near = f"value in the column {column}", nearest(text, known)
            unknown = UnknownName(kind, text, known, meant=near)
            ever = equal(facts.frame(table, date.max), spelt, text)
            if ever.is_empty():
                raise unknown
            also = " and what else is asked for" if len(wanted) > 1 else ""
            return kept, (
                f"No row known by {day} has the value {text!r} in the column {column}{also}; the "
                f"first with that value became known on {min(ever['known_on'])}."
            )
        frame = kept
    return frame, ""


@takes()
def update_evidence(
    source_ids: str | Sequence[str] = (),
    *,
    today: Day,
    folder: str | Path | None = None,
    known_on: Day | None = None,
    mirror: str | None = None,
    rebuild: bool = False,
    store: Store | None = None,
    progress: "Progress | None" = None,
) -> "Entries[Updated]":
    """What was taken from publishers, or from files you have; what fails leaves all as it was.

    Args:
        source_ids: Which sources; all that can be had if empty.
        today: The day of retrieval.
        folder: Take files from here instead of downloading them.
        known_on: With `folder`: the day the files became known; as their names say if None.
        mirror: Address of a copy: files are taken from `mirror/SOURCE/FILE`.
        rebuild: Make the tables again from the raw files kept instead.
        store: Where the evidence goes; the user's own if None.
        progress: Hears how far the downloads are.

    Returns:
        A result that is also a sequence of one `Updated` a source; those that failed say why.

    Raises:
        InputError: If a source cannot be had in this way.
        UnknownName: If no source is called so.
        StoreBusy: If another process is writing to the store.
        StoreFull: If the store cannot be written.
    """
    from headtohead.evidence import update
    from headtohead.evidence.folder import from_folder

    home, day, chosen = store or Store(), dates.day(today, "today"), words(source_ids)
    if known_on and not folder:
        raise InputError("`known_on` is said of files you have: give `folder` too.")
    if rebuild:
        return updates_listing(update.rebuild(home), (), day)
    if folder:
        since: date | None = dates.day(known_on, "known_on") if known_on else None
        taken = from_folder(home, chosen, Path(folder), today=day, known_on=since)
        return updates_listing(taken.updated, taken.unused, day)
    listener = progress or update.SILENT
    done = update.update(home, chosen, today=day, progress=listener, mirror=mirror)
    return updates_listing(done, (), day)
