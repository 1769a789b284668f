"""How `h2h evidence`, `h2h sources` and `h2h update` show what they found."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, overload

from headtohead.evidence.tables import table, tables
from headtohead.evidence.words import heading, in_plain_words
from headtohead.publish.machine import envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Cell, DataTable, Figure, Linked, Sheet, TableColumn, Topic
from headtohead.publish.terminal import cell_text
from headtohead.publish.words import licence_name

if TYPE_CHECKING:
    import polars as pl

    from headtohead.evidence.ingest import Updated
    from headtohead.evidence.store import Card

T = TypeVar("T")
_MOST_SAME = 60  # characters of a value that all rows share, to be said once


@dataclass(frozen=True, slots=True, repr=False)
class Listing(Result):
    """A list with its sheet, its JSON and the rows of its CSV."""

    sheet: Sheet
    as_object: Callable[[], dict[str, Any]]
    as_rows: Callable[[], DataTable] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return self.as_object()

    def table(self) -> DataTable:
        """The rows that `--csv` prints."""
        return self.as_rows() if self.as_rows else self.sheet.table


@dataclass(frozen=True, slots=True, repr=False)
class Entries(Listing, Sequence[T]):
    """A listing that is also the sequence of what it lists."""

    entries: tuple[T, ...] = ()

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        """One of the entries, or several."""
        return self.entries[index]

    def __len__(self) -> int:
        return len(self.entries)


def _sheet(verb: str, title: str, sentence: str, *figures: Figure, **more: Any) -> Sheet:  # noqa: ANN401
    return Sheet(
        verb=verb, title=title, sentence=sentence, topics=(Topic(figures=figures),), **more
    )


def tables_listing(today: date) -> Listing:
    """Every declared table."""
    rows = tuple((t.name, t.doc) for t in tables().values())
    columns = (TableColumn("table", "Table"), TableColumn("doc", "What a row is"))
    figure = Figure("tables", "Tables", columns=columns, rows=rows, shown=len(rows))
    sentence = f"There are {len(rows)} tables of evidence; `h2h evidence TABLE` prints one."
    results = [dict(zip(("table", "doc"), row, strict=True)) for row in rows]
    sheet = _sheet("evidence", "Tables of evidence", sentence, figure)
    return Listing(sheet, lambda: envelope("evidence", None, today, results, ()))


def rows_listing(
    name: str, frame: "pl.DataFrame", as_of: date, limit: int | None, none: str = ""
) -> Listing:
    """The rows of one table, those that tell them apart first.

    A `limit` of None gives 20 in a terminal and all elsewhere; `none` says why there are none.
    """
    import polars as pl

    declared = table(name)
    if declared.ahead:
        day = pl.col(declared.ahead)
        away = (day - as_of).dt.total_days().abs()
        frame = frame.sort(day.is_null(), day < as_of, away, maintain_order=True)
    chosen = frame.head(limit) if limit else frame
    shown = chosen.head(limit or 20)
    filled = [c for c in shown.columns if shown[c].null_count() < shown.height]
    alike = [c for c in filled if shown.height > 1 and shown[c].n_unique() == 1]
    keys = [c for c in declared.key if c in filled]
    measures = [c.name for c in declared.columns if c.kind == "real" and c.name in filled]
    # A terminal drops columns from the right: what is measured stands beside who was.
    links = [c for c in filled if c == "row_url"]
    rest = [c for c in filled if c not in links]
    # Who says so and who sells come first: sources may disagree, and one model has many sellers.
    first = [c for c in (declared.ahead, "provider", "source_id") if c in filled]
    ordered = dict.fromkeys([*first, *keys[:3], *measures[:1], *keys[3:], *measures, *rest, *links])
    own = [c for c in ordered if c not in alike]
    numbers = {c for c in own if shown[c].dtype.is_numeric()}
    columns = tuple(TableColumn(c, heading(c), 0 if c in numbers else None) for c in own)
    rows = tuple(
        tuple(_cell(c, x) for c, x in zip(own, row, strict=True))
        for row in shown.select(own).iter_rows()
    )
    shared = {c: shown[c][0] for c in ordered if c in alike and len(str(shown[c][0])) <= _MOST_SAME}
    same = tuple((heading(c), cell_text(_cell(c, v), TableColumn(c, c))) for c, v in shared.items())
    figures = [Figure(name, declared.doc, columns=columns, rows=rows, shown=len(rows))]
    if same:
        pair = (TableColumn("what", "What"), TableColumn("value", "Value"))
        figures.append(
            Figure("same", "The same in every row shown", columns=pair, rows=same, shown=len(same))
        )
    title = name.replace("_", " ")
    sentence = none or (
        f"{len(rows):,} of the {frame.height:,} rows known by {as_of} are shown; "
        "--json and --csv give all columns and rows."
    )

    def download() -> DataTable:
        # Moments as the table has them: a cell of a sheet would end with the minute.
        exact = chosen.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
        return DataTable(tuple(TableColumn(c, c) for c in exact.columns), tuple(exact.iter_rows()))

    sheet = _sheet("evidence", title.capitalize(), sentence, *figures, as_of=as_of)
    return Listing(
        sheet,
        # Days and moments as ISO text.
        lambda: envelope("evidence", None, as_of, json.loads(chosen.write_json()), ()),
        download,
    )


def _cell(column: str, value: Any) -> Cell:  # noqa: ANN401
    """What a row holds in a column, as a reader says it; a number without its unit."""
    if isinstance(value, str):
        return in_plain_words(column, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    cell: Cell = value
    return cell


def cards_listing(cards: "Iterable[Card]", today: date | None) -> "Entries[Card]":
    """Every source: licence, edition, what was left out."""
    cards = tuple(cards)
    rows: list[tuple[Cell, ...]] = []
    for card in cards:
        s, taken = card.source, card.imports[-1] if card.imports else None
        kind = "by hand" if card.curated else "built in" if card.builtin else "not here"
        if taken and not card.builtin:
            kind = "downloaded"
        lost = sum(taken.dropped.values()) if taken else None
        known = taken.known_on if taken else None
        what = Linked(f"{s.publisher}: {s.product}", s.url)
        rows.append((s.source_id, kind, known, s.licence, lost, what, s.how_to_get or None))
    columns = (
        TableColumn("source_id", "Source"),
        TableColumn("kind", "Here"),
        TableColumn("known_on", "Known on"),
        TableColumn("licence", "Licence"),
        TableColumn("left_out_n", "Left out", 0),
        TableColumn("product", "What it is"),
        TableColumn("how_to_get", "How to get it"),
    )
    # A terminal has no room for all of them, and drops columns from the right.
    order = (0, 1, 3, 5, 4)
    short = tuple(
        (name, f"{kind} {known or ''}", licence_name(str(licence)), what, lost)
        for name, kind, known, licence, lost, what, _ in rows
    )
    figure = Figure(
        "every-source",
        "Sources",
        columns=tuple(columns[n] for n in order),
        rows=short,
        data=DataTable(columns, tuple(rows)),
        shown=len(rows),
    )
    here = sum(row[1] != "not here" for row in rows)
    sentence = (
        f"{here} of {len(rows)} sources are here; `h2h update SOURCE` takes another, or says how "
        "to get it."
    )
    sheet = _sheet("sources", "Sources of evidence", sentence, figure)
    return Entries(sheet, lambda: _cards_json(cards, today), entries=cards)


def updates_listing(
    done: "Iterable[Updated]", unused: Iterable[str], today: date
) -> "Entries[Updated]":
    """What an update did, one row a source; why one failed is said apart."""
    done, unused = tuple(done), tuple(unused)
    columns = (
        TableColumn("source_id", "Source"),
        TableColumn("state", "State"),
        TableColumn("known_on", "Known on"),
        TableColumn("rows", "Rows"),
        TableColumn("left_out", "Left out, or what to do"),
    )
    rows = tuple(_updated(one) for one in done)
    figure = Figure("updated", "Sources", columns=columns, rows=rows, shown=len(rows))
    states = [one.state for one in done]
    counts = ", ".join(f"{states.count(s)} {s.replace('_', ' ')}" for s in dict.fromkeys(states))
    notes = (f"No source took {', '.join(unused)}.",) if unused else ()
    says = f"Sources: {counts or 'none'}."
    sheet = _sheet("update", "Evidence", says, figure, notes=notes)
    return Entries(sheet, lambda: _updated_json(done, unused, today), entries=done)


def _updated(one: "Updated") -> tuple[Cell, ...]:
    entry = one.entry
    tables_: Mapping[str, int] = entry.tables if entry else {}
    said = [f"{n:,}: {why}" for why, n in (entry.dropped if entry else {}).items()]
    said += [f"not at the publisher: {name}" for name in one.skipped]
    if one.state == "by_hand" and one.how_to_get:
        said.append(one.how_to_get)
    if one.failure and one.state != "failed":
        said.append(str(one.failure))
    return (
        one.source_id,
        one.state.replace("_", " "),
        entry.known_on if entry else None,
        ", ".join(f"{n:,} rows of {t.replace('_', ' ')}" for t, n in tables_.items()),
        "; ".join(said),
    )


def _cards_json(cards: "Iterable[Card]", today: date | None) -> dict[str, Any]:
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


def _updated_json(done: "Iterable[Updated]", unused: Iterable[str], today: date) -> dict[str, Any]:
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
