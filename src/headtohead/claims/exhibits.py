"""A figure as the page of a ranking shows it, until rankings make a sheet."""

from dataclasses import dataclass
from typing import Any

from headtohead.publish.citing import HowToCite, SourceView
from headtohead.publish.machine import DATA_ROWS
from headtohead.publish.numbers import NumberView
from headtohead.publish.page import TABLE_ROWS, CellView
from headtohead.publish.sheet import Slider

__all__ = ["DATA_ROWS", "TABLE_ROWS", "CellView", "ExhibitView"]


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
