"""An exhibit as pages show it: its chart, its table, its sources, and what a download holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from headtohead.claims.cards import NumberView, number_view
from headtohead.claims.result import ReportResult
from headtohead.core.question import Exhibit, Sides
from headtohead.core.units import show, unit_of, units
from headtohead.publish.chartspec import PRINT_INK, frame, specification
from headtohead.publish.citing import (
    HowToCite,
    SourceView,
    content_hash,
    how_to_cite,
    source_views,
)
from headtohead.publish.envelope import citation_json
from headtohead.publish.escaping import plain, web_address
from headtohead.publish.layout import ExhibitSpec
from headtohead.publish.prepare import by_known, cell, drawing, seen_days, side_label
from headtohead.questions.exhibits import exhibit_specs

TABLE_ROWS = 200
DATA_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell of a data table.

    Attributes:
        text: As shown.
        url: Where it links to; empty for no link.
        number: True if it is aligned as a number.
        day: True if it is a day, which stays on one line.
    """

    text: str
    url: str = ""
    number: bool = False
    day: bool = False


@dataclass(frozen=True, slots=True)
class Slider:
    """The time slider of a chart.

    Attributes:
        days: Where it can stop, as ISO days, oldest first.
        known: True if it follows the day of knowledge, False if only the day of the event.
        all_known_on: For False: when everything became known.
    """

    days: tuple[str, ...]
    known: bool
    all_known_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitView:
    """One exhibit, ready for any page.

    Attributes:
        slug: Its anchor.
        title: In words.
        subtitle: In words.
        says: The finding.
        headings: Of the table.
        rows: Of the table, the first `TABLE_ROWS`.
        rows_n: How many rows there are.
        sources: Behind its rows.
        spec: Vega-Lite; None if there is nothing to plot.
        frame: What stands around the chart when it is exported.
        data: Columns and rows, for the download.
        metadata: For the download.
        cite: How to cite it.
        note: About the picture.
        table_first: True if the table is the exhibit.
        chartless: True if it is a table and no chart by design.
        about: The window it was asked of; empty if none was.
        as_of: The day of our knowledge; empty if there is none.
        analysis: The analysis, as folder.file; empty for none.
        missing: Why there is nothing to show; empty if there is.
        notes: What a careful reader must know.
        numbers: Its estimates.
        slider: None if time does not matter.
    """

    slug: str
    title: str
    subtitle: str
    says: str
    headings: tuple[str, ...]
    rows: tuple[tuple[CellView, ...], ...]
    rows_n: int
    sources: tuple[SourceView, ...]
    spec: dict[str, Any] | None
    frame: dict[str, Any]
    data: dict[str, Any]
    metadata: dict[str, Any]
    cite: HowToCite
    note: str = ""
    table_first: bool = False
    chartless: bool = False
    about: str = ""
    as_of: str = ""
    analysis: str = ""
    missing: str = ""
    notes: tuple[str, ...] = ()
    numbers: tuple[NumberView, ...] = ()
    slider: Slider | None = None


def exhibit_views(result: ReportResult, version: str) -> dict[str, ExhibitView]:
    """Every exhibit of a report by slug, in reading order.

    Args:
        result: The report; exhibits whose slug no section declares are left out.
        version: Of this package.
    """
    return {
        slug: _view(spec, result.exhibits[slug], result, version)
        for slug, spec in exhibit_specs().items()
        if slug in result.exhibits
    }


def _view(spec: ExhibitSpec, exhibit: Exhibit, result: ReportResult, version: str) -> ExhibitView:
    answer, rows = exhibit.answer, exhibit.answer.rows
    own = source_views(exhibit.citations)
    # An estimate may lean on a source that none of the rows shown names.
    cards = source_views(result.citations) | own
    listed_sources = tuple(own.values())
    headings = tuple(_headings(spec, rows))
    data = _data(rows)
    digest = content_hash({"slug": spec.slug, "as_of": str(result.as_of), **data})
    names = [source.name for source in listed_sources]
    cite = how_to_cite(
        spec.title, about=str(exhibit.about), as_of=result.as_of, digest=digest, version=version,
        sources=names,
    )  # fmt: skip
    return ExhibitView(
        slug=spec.slug,
        title=spec.title,
        subtitle=spec.subtitle,
        note=spec.note,
        table_first=spec.table_first,
        about=str(exhibit.about),
        as_of=str(result.as_of),
        analysis=exhibit.analysis,
        says=plain(answer.says),
        missing=plain(answer.missing),
        notes=tuple(plain(n) for n in answer.notes),
        numbers=tuple(number_view(e, cards) for e in answer.estimates[:12]),
        headings=headings,
        rows=tuple(
            _table_row(spec, headings, row, cards, result.sides) for row in rows[:TABLE_ROWS]
        ),
        rows_n=len(rows),
        sources=listed_sources,
        slider=_slider(spec, rows),
        spec=_chart(spec, exhibit, result.sides),
        frame=frame(spec.title, spec.subtitle, _footer(exhibit, result, names), PRINT_INK),
        data=data,
        metadata=_metadata(spec, exhibit, result, digest, cite, version),
        cite=cite,
    )


def _chart(spec: ExhibitSpec, exhibit: Exhibit, sides: Sides) -> dict[str, Any] | None:
    """The chart's specification; None if no row can be plotted."""
    if exhibit.answer.missing:
        return None
    drawn = drawing(spec, exhibit.answer.rows, sides)
    if not drawn.rows:
        return None
    return specification(spec.chart(drawn), f"{spec.title}. {spec.subtitle}")


def _slider(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> Slider | None:
    days = seen_days(spec, rows)
    if not days:
        return None
    known = max((r["known_on"] for r in rows if isinstance(r.get("known_on"), date)), default=None)
    return Slider(tuple(map(str, days)), by_known(spec, rows), str(known or ""))


def _headings(spec: ExhibitSpec, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The declared columns that some row has, then where each row comes from."""
    kept = [h for c, h in spec.table.items() if any(c in row for row in rows)]
    marks = any(row.get("note") or row.get("verified") is False for row in rows)
    return [*kept, "Known on", "Source", *(["Remarks"] if marks else [])]


def _table_row(
    spec: ExhibitSpec,
    headings: Sequence[str],
    row: Mapping[str, Any],
    sources: Mapping[str, SourceView],
    sides: Sides,
) -> tuple[CellView, ...]:
    cells = [_cell_view(row, c, sides) for c, heading in spec.table.items() if heading in headings]
    source = sources.get(str(row.get("source_id")))
    url = web_address(row.get("row_url")) or (source.url if source else "")
    name = source.publisher if source else plain(row.get("source_id"), 80)
    cells += [CellView(plain(row.get("known_on")), day=True), CellView(name, url)]
    if "Remarks" in headings:
        unsure = "unverified" if row.get("verified") is False else ""
        words = filter(None, (unsure, plain(row.get("note"))))
        cells.append(CellView("; ".join(words)))
    return tuple(cells)


def _cell_view(row: Mapping[str, Any], column: str, sides: Sides) -> CellView:
    value = row.get(column)
    if column == "side":
        return CellView(side_label(row, sides))
    if isinstance(value, bool):
        return CellView("yes" if value else "no")
    if value is None:
        return CellView("not known" if column.endswith("_open") else "–")
    if isinstance(value, int | float):
        return CellView(_number(value, column, row), number=True)
    if isinstance(value, date | datetime):
        return CellView(str(cell(value)), day=True)
    return CellView(plain(value, 200))


def _number(value: float, column: str, row: Mapping[str, Any]) -> str:
    """A number with its unit: from the row where it has one, else from the column's name."""
    if cell(value) is None:
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


def _data(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Columns and rows as the download has them."""
    columns = list(dict.fromkeys(c for row in rows for c in row))
    return {
        "columns": columns,
        "rows": [[cell(row.get(c)) for c in columns] for row in rows[:DATA_ROWS]],
    }


def _footer(exhibit: Exhibit, result: ReportResult, names: Sequence[str]) -> list[str]:
    licences = sorted({plain(c.licence, 60) for c in exhibit.citations if c.licence})
    lines = [f"Data: {'; '.join(names)}." if names else "Data: none."]
    if licences:
        lines.append(f"Licence of the data: {', '.join(licences)}.")
    lines.append(f"Made with headtohead. Known by {result.as_of}.")
    return lines


def _metadata(
    spec: ExhibitSpec,
    exhibit: Exhibit,
    result: ReportResult,
    digest: str,
    cite: HowToCite,
    version: str,
) -> dict[str, Any]:
    """What the file beside the CSV says of it."""
    rows = exhibit.answer.rows
    columns = {}
    for name in dict.fromkeys(c for row in rows for c in row):
        found = unit_of(str(name))
        columns[plain(name, 80)] = {
            "title": spec.table.get(name, plain(name, 80).replace("_", " ")),
            "unit": found.label if found else "",
        }
    return {
        "slug": spec.slug,
        "title": spec.title,
        "subtitle": spec.subtitle,
        "analysis": exhibit.analysis,
        "about": str(exhibit.about),
        "as_of": result.as_of.isoformat(),
        "rows": min(len(rows), DATA_ROWS),
        "rows_left_out": max(0, len(rows) - DATA_ROWS),
        "finding": plain(exhibit.answer.says or exhibit.answer.missing),
        "estimates": [e.as_json() for e in exhibit.answer.estimates],
        "notes": [plain(n) for n in (*exhibit.answer.notes, spec.note) if n],
        "columns": columns,
        "sources": [citation_json(c) | {"url": web_address(c.url)} for c in exhibit.citations],
        "content_sha256": digest,
        "citation": cite.plain,
        "bibtex": cite.bibtex,
        "made_with": f"headtohead {version}",
    }
