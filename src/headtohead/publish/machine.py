"""A result for machines: one JSON object, one CSV table, one data frame."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Period
from headtohead.core.estimate import Citation
from headtohead.core.question import Answer
from headtohead.core.version import VERSION
from headtohead.publish.sheet import DataTable, Figure, Linked, Sheet
from headtohead.publish.words import HowToCite, content_hash, how_to_cite, plain, source_name

if TYPE_CHECKING:
    import polars as pl

_CREDITED = 3  # most sources that a citation of a whole sheet names
# Raised when a key of what `--json` prints is renamed or goes; new keys do not raise it.
JSON_SCHEMA = 1


def envelope(
    verb: str,
    about: Period | None,
    as_of: date | None,
    results: Iterable[object],
    citations: tuple[Citation, ...],
) -> dict[str, Any]:
    """The one shape of every `--json`: verb, both dates, results, sources, version of the keys."""
    return {
        "verb": verb,
        "about": str(about) if about else None,
        "as_of": as_of.isoformat() if as_of else None,
        "results": list(results),
        "sources": [citation_json(c) for c in citations],
        "schema": JSON_SCHEMA,
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """What an analysis found, with its rows."""
    return {
        "says": answer.says,
        "missing": answer.missing,
        "notes": list(answer.notes),
        "absent": list(answer.absent),
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


DATA_ROWS = 20_000  # of one figure in a page


def json_text(result: Mapping[str, Any], indent: int | None = 2) -> str:
    """A JSON object as text with a line end; numbers without end are refused, not written.

    Args:
        indent: Spaces a level is set in by; None for one line without spaces.
    """
    marks = (",", ":") if indent is None else None
    text = json.dumps(result, ensure_ascii=False, indent=indent, separators=marks, allow_nan=False)
    return text + "\n"


def bare(value: object) -> Any:  # noqa: ANN401 - text, number, boolean or None
    """A cell as JSON can carry it: days as text, no infinities, harmless text."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")[:16]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Linked):
        return plain(value.text)
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return plain(value)


def data_json(download: DataTable) -> dict[str, Any]:
    """Columns and rows as the downloads of a page have them."""
    return {
        "columns": [column.name for column in download.columns],
        "rows": [[bare(cell) for cell in row] for row in download.rows[:DATA_ROWS]],
    }


def figure_json(figure: Figure) -> dict[str, Any]:
    """A figure of a trial, as `--json` lists it under "sections"."""
    names = [column.name for column in figure.columns]
    return {
        "section": figure.slug,
        "says": figure.says,
        "rows": [
            {name: finite(cell) for name, cell in zip(names, row, strict=True)}
            for row in figure.rows
        ],
        "remarks": list(figure.remarks),
    }


def csv_text(table: DataTable) -> str:
    """One line a row, below the names of the columns; what is unknown or open is an empty cell.

    Text that a spreadsheet would read as a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.name for column in table.columns)
    for row in table.rows:
        writer.writerow(guarded(bare(cell)) for cell in row)
    return text.getvalue()


def guarded(value: object) -> object:
    """A value as a spreadsheet should get it: no text of it is a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def frame(table: DataTable) -> "pl.DataFrame":
    """The rows as a data frame; days stay days."""
    import polars as pl

    cells = [[c.text if isinstance(c, Linked) else c for c in row] for row in table.rows]
    names = [column.name for column in table.columns]
    return pl.DataFrame(cells, schema=names, orient="row", strict=False, infer_schema_length=None)


def cite_sheet(sheet: Sheet, version: str = VERSION) -> HowToCite:
    """The reference for a whole sheet."""
    digest = sheet.digest or content_hash(
        {"title": sheet.title, "figures": [data_json(f.download) for f in sheet.figures]}
    )
    names = list(map(source_name, sheet.sources))
    return how_to_cite(
        plain(sheet.title),
        about=sheet.about,
        as_of=sheet.as_of,
        digest=digest,
        version=version,
        sources=names if len(names) <= _CREDITED else (),
    )
