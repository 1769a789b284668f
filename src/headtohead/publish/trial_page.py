"""A sheet as one HTML file that needs nothing but a browser."""

import math
from typing import Any

from headtohead.claims.exhibits import DATA_ROWS, TABLE_ROWS, CellView, ExhibitView
from headtohead.core.units import unit_of
from headtohead.publish.bars import bars_chart
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
from headtohead.publish.sheet import Cell, Column, Section, Sheet
from headtohead.publish.shell import page
from headtohead.publish.text import cell_text

_LONG = 120


def sheet_html(sheet: Sheet, *, version: str) -> str:
    """The sheet as one self-contained page.

    Args:
        sheet: The report.
        version: Of this package.
    """
    sources = tuple(source_views(sheet.sources).values())
    views = [_view(sheet, section, sources, version) for section in sheet.sections]
    digest = content_hash({"title": sheet.title, "sections": [view.data for view in views]})
    cite = _cite(sheet, sheet.title, digest, sources, version)
    return page(
        "trial.html.j2",
        scripts=[],
        styles=["trial.css"],
        exhibits=views,
        title=plain(sheet.title),
        word=sheet.word,
        style_of={"yes": "supported", "no": "refuted", "undecided": "open", "none": "unmeasured"}[
            sheet.answer
        ],
        answer=plain(sheet.sentence),
        facts=[(plain(name), plain(value)) for name, value in sheet.facts],
        topics=list(zip(sheet.sections, views, strict=True)),
        steps=[plain(step) for step in sheet.method],
        notes=[plain(note) for note in sheet.notes],
        sources=list(sources),
        cite=cite,
        again=sheet.command,
        version=version,
    )


def _view(
    sheet: Sheet, section: Section, sources: tuple[SourceView, ...], version: str
) -> ExhibitView:
    data = {
        "columns": [column.name for column in section.columns],
        "rows": [[_clean(cell) for cell in row] for row in section.rows[:DATA_ROWS]],
    }
    title = f"{section.title}: {section.question}"
    digest = content_hash({"title": title, "data": data})
    cite = _cite(sheet, title, digest, sources, version)
    chart = bars_chart(section.bars) if section.bars else None
    as_of = str(sheet.as_of or "")
    return ExhibitView(
        slug=section.slug,
        title=section.title,
        subtitle=section.question,
        says=section.says,
        headings=tuple(column.title for column in section.columns),
        rows=tuple(
            tuple(_cell(x, c) for x, c in zip(row, section.columns, strict=True))
            for row in section.rows[:TABLE_ROWS]
        ),
        rows_n=len(section.rows),
        sources=sources,
        spec=specification(chart, f"{title}. {section.says}") if chart is not None else None,
        frame=_frame(sheet, section, sources),
        data=data,
        metadata=_metadata(sheet, section, digest, cite, version),
        cite=cite,
        table_first=chart is None,
        chartless=chart is None,
        as_of=as_of,
        notes=tuple(section.remarks),
    )


def _frame(sheet: Sheet, section: Section, sources: tuple[SourceView, ...]) -> dict[str, Any]:
    names = "; ".join(source.name for source in sources) or "none named"
    known = f" Known by {sheet.as_of}." if sheet.as_of else ""
    footer = [f"Data: {names}.", f"Made with headtohead.{known}"]
    title = f"{plain(sheet.title, 70)}: {section.title.lower()}"
    return frame(title, section.says or section.question, footer, PRINT_INK)


def _metadata(
    sheet: Sheet, section: Section, digest: str, cite: HowToCite, version: str
) -> dict[str, Any]:
    units = {column.name: unit_of(column.name) for column in section.columns}
    return {
        "slug": section.slug,
        "title": section.title,
        "subtitle": section.question,
        "verdict": sheet.word,
        "as_of": str(sheet.as_of) if sheet.as_of else None,
        "rows": min(len(section.rows), DATA_ROWS),
        "rows_left_out": max(0, len(section.rows) - DATA_ROWS),
        "finding": section.says,
        "method": list(sheet.method),
        "notes": list(section.remarks),
        "columns": {
            column.name: {"title": column.title, "unit": units[column.name].label}  # type: ignore[union-attr]
            if units[column.name]
            else {"title": column.title, "unit": ""}
            for column in section.columns
        },
        "sources": [citation_json(c) | {"url": web_address(c.url)} for c in sheet.sources],
        "content_sha256": digest,
        "citation": cite.plain,
        "bibtex": cite.bibtex,
        "made_with": f"headtohead {version}",
    }


def _cite(
    sheet: Sheet, title: str, digest: str, sources: tuple[SourceView, ...], version: str
) -> HowToCite:
    return how_to_cite(
        plain(title),
        about="",
        as_of=sheet.as_of,
        digest=digest,
        version=version,
        sources=[source.name for source in sources],
    )


def _cell(cell: Cell, column: Column) -> CellView:
    return CellView(cell_text(cell, column, _LONG), number=column.digits is not None)


def _clean(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return plain(cell)
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
