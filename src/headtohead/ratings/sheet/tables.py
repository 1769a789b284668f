"""A table as readers see it and as it is downloaded, from one list of its columns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headtohead.core.estimate import Interval
from headtohead.publish.sheet import Cell, DataTable, Figure, Row, TableColumn
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet.naming import finite, number, span

SHOWN = 10  # rows of a table in a terminal


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a table tells of each of its rows.

    Attributes:
        name: Of its column in the download, with its unit.
        title: For readers; empty for an interval whose value another field shows.
        of: A text, a number, an `Interval`, or None, from what the row is about.
        digits: Decimals of a number; None for a text.
        show: How a number is written, if not plainly.
        sure: Title of the column of the interval; empty where there is none.
    """

    name: str
    title: str
    of: Callable[[Any], Any]
    digits: int | None = None
    show: Callable[[float, int], str] | None = None
    sure: str = ""


def figure(
    result: RankResult,
    slug: str,
    title: str,
    subtitle: str,
    fields: Sequence[Field],
    about: Iterable[Any],
    **more: Any,  # noqa: ANN401 - other fields of Figure
) -> Figure:
    """A figure with its table."""
    columns: list[TableColumn] = []
    names: list[TableColumn] = []
    for f in fields:
        if f.title:
            columns.append(TableColumn(f.name, f.title, f.digits))
        if f.sure:
            stem, _, unit = f.name.rpartition("_")
            columns.append(TableColumn(f"{stem}_interval", f.sure, f.digits))
            names += [TableColumn(f.name, f.title)] if f.title else []
            names.append(TableColumn(f"{stem}_low_{unit}", f"{f.title or f.sure}, at least"))
            names.append(TableColumn(f"{stem}_high_{unit}", f"{f.title or f.sure}, at most"))
        else:
            names.append(TableColumn(f.name, f.title))
    rows: list[Row] = []
    data: list[Row] = []
    for one in about:
        shown, given = _cells(fields, one)
        rows.append(tuple(shown))
        data.append(tuple(given))
    return Figure(
        **{"shown": SHOWN} | more,
        slug=slug,
        title=title,
        subtitle=subtitle,
        columns=tuple(columns),
        rows=tuple(rows),
        data=DataTable(tuple(names), tuple(data)),
        metadata=described(result),
    )


def _cells(fields: Sequence[Field], one: object) -> tuple[list[Cell], list[Cell]]:
    """The cells of one row, as shown and as downloaded."""
    shown: list[Cell] = []
    given: list[Cell] = []
    for f in fields:
        value, digits = f.of(one), f.digits or 0
        if isinstance(value, Interval):
            write = f.show or number
            if f.title:
                shown.append(write(value.value, digits))
                given.append(value.value)
            shown.append(span(value, digits, write if f.show else number))
            given += [finite(value.low), finite(value.high)]
        else:
            shown.append(f.show(value, digits) if f.show and value is not None else value)
            given.append(value)
    return shown, given


def described(result: RankResult) -> dict[str, Any]:
    """What the file beside every download says of how the ranking was made."""
    return {"method": result.settings.method(), "settings": dict(result.settings.as_json())}
