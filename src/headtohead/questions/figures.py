"""An exhibit as a figure of a sheet: its table, its chart, its slider and what a download holds."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from headtohead.core.estimate import Citation
from headtohead.core.question import Exhibit, Sides
from headtohead.core.units import show, unit_of, units
from headtohead.publish.escaping import plain, web_address
from headtohead.publish.machine import bare
from headtohead.publish.sheet import Cell, DataTable, Figure, Linked, Row, Slider, TableColumn
from headtohead.questions.exhibit import ExhibitSpec
from headtohead.questions.prepare import by_known, drawing, seen_days, side_label

if TYPE_CHECKING:
    import altair as alt


def exhibit_figure(
    spec: ExhibitSpec, exhibit: Exhibit, sides: Sides, known: Mapping[str, Citation]
) -> Figure:
    """An exhibit as a figure of a sheet."""
    answer, rows = exhibit.answer, exhibit.answer.rows
    cited = {**known, **{c.source_id: c for c in exhibit.citations}}
    names = tuple(dict.fromkeys(c for row in rows for c in row))
    columns = _columns(spec, rows)
    return Figure(
        spec.slug,
        spec.title,
        spec.subtitle,
        says=answer.says,
        columns=columns,
        rows=tuple(_row(columns, row, sides, cited) for row in rows),
        shown=20,
        remarks=answer.notes,
        chart=partial(_chart, spec, exhibit, sides),
        slider=_slider(spec, rows),
        note=spec.note,
        table_first=spec.table_first,
        numbers=answer.estimates,
        missing=answer.missing,
        sources=exhibit.citations,
        about=str(exhibit.about),
        data=DataTable(
            tuple(TableColumn(c, spec.table.get(c, plain(c, 80).replace("_", " "))) for c in names),
            tuple(tuple(row.get(c) for c in names) for row in rows),
        ),
        metadata={"analysis": exhibit.analysis},
    )


def _chart(spec: ExhibitSpec, exhibit: Exhibit, sides: Sides) -> "alt.LayerChart | None":
    drawn = drawing(spec, exhibit.answer.rows, sides)
    return spec.chart(drawn) if drawn.rows else None


def _slider(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> Slider | None:
    days = seen_days(spec, rows)
    if not days:
        return None
    known = max((r["known_on"] for r in rows if isinstance(r.get("known_on"), date)), default=None)
    return Slider(tuple(map(str, days)), by_known(spec, rows), str(known or ""))


def _columns(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> tuple[TableColumn, ...]:
    """The declared columns that some row has, then where each row comes from."""
    kept = []
    for name, title in spec.table.items():
        values = [row[name] for row in rows if row.get(name) is not None]
        number = bool(values) and all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in values
        )
        if any(name in row for row in rows):
            kept.append(TableColumn(name, title, 0 if number else None))
    kept += [TableColumn("known_on", "Known on"), TableColumn("source", "Source")]
    marks = any(row.get("note") or row.get("verified") is False for row in rows)
    return (*kept, *((TableColumn("remarks", "Remarks"),) if marks else ()))


def _row(
    columns: Sequence[TableColumn],
    row: Mapping[str, Any],
    sides: Sides,
    cited: Mapping[str, Citation],
) -> Row:
    made: dict[str, Cell] = {c.name: cell(row, c.name, sides) for c in columns}
    source = cited.get(str(row.get("source_id")))
    url = web_address(row.get("row_url")) or (source.url if source else "")
    name = plain(source.publisher if source else row.get("source_id"), 80)
    made["known_on"] = row.get("known_on")
    made["source"] = Linked(name, url)
    unsure = "unverified" if row.get("verified") is False else ""
    made["remarks"] = "; ".join(filter(None, (unsure, plain(row.get("note")))))
    return tuple(made[column.name] for column in columns)


def cell(row: Mapping[str, Any], column: str, sides: Sides) -> Cell:
    """What a row holds in a column, with its unit."""
    value = row.get(column)
    if column == "side":
        return side_label(row, sides)
    if value is None:
        return "not known" if column.endswith("_open") else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A number with its unit: from the row where it has one, else from the column's name.
        if bare(value) is None:
            return "–"
        own = str(row.get("unit", ""))
        if column in ("value", "low_value", "high_value") and own in units():
            return show(value, own)
        found = unit_of(column)
        if found is None or found.suffix == "value":
            return f"{value:,.6g}"
        if found.suffix in ("elo", "index"):
            return f"{value:,.{found.digits}f}"
        return show(value, found.suffix)
    return value if isinstance(value, bool | date) else plain(value, 200)
