"""Figures gathered by hand: one folder a source, read strictly enough to trust what is typed."""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from operator import ge, le
from typing import Any, get_args

from headtohead.core.dates import parse_day
from headtohead.core.errors import EvidenceError, InputError, UnknownName
from headtohead.core.estimate import Evaluator
from headtohead.core.units import unit
from headtohead.evidence.sourcing import Row, Source, finite
from headtohead.evidence.tables import Column, Kind, Table, table

CARD = "source.toml"
_CARD_FIELDS = ("publisher", "product", "citation", "url", "licence", "evaluator", "published")
# Every hand-gathered row says when it became known, if it was checked and where it stands.
_ALWAYS = ("known_on", "verified", "row_url", "note")
_MAY_BE_EMPTY = "note"


def curated_sources(folder: Traversable | None = None) -> list[tuple[Source, dict[str, list[Row]]]]:
    """Every hand-gathered source with its rows by table, in name order.

    Rows hold the table's own columns and `known_on`, `verified`, `row_url` and `note`, as Python
    values; an optional column that a file leaves out or empty is None.

    Args:
        folder: Holds one folder a source; the package's own if None.

    Raises:
        EvidenceError: If a card or a row breaks its declaration; the message names the file, and
            line and column where there is one.
    """
    return [curated_source(f) for f in curated_folders(folder)]


def curated_folders(folder: Traversable | None = None) -> list[Traversable]:
    """The folder of each hand-gathered source, in name order."""
    root = folder or files("headtohead").joinpath("data/evidence/curated")
    folders = [f for f in root.iterdir() if f.is_dir()] if root.is_dir() else []
    return sorted(folders, key=lambda f: f.name)


def curated_source(folder: Traversable) -> tuple[Source, dict[str, list[Row]]]:
    """The source in one folder with its rows by table; as for `curated_sources`."""
    names = sorted(f.name for f in folder.iterdir())
    strange = [n for n in names if n != CARD and not n.endswith(".csv")]
    if strange:
        raise EvidenceError(
            f"{folder.name}/{strange[0]}: not expected here. A folder of curated figures holds "
            f"{CARD} and one CSV file a table."
        )
    card = _card(folder)
    published = card.pop("published")
    rows = {}
    for name in names:
        if name.endswith(".csv"):
            rows[name.removesuffix(".csv")] = _rows(folder, name, published)
    if not rows:
        raise EvidenceError(f"{folder.name}: holds no CSV file. Add one, named after its table.")
    source = Source(
        source_id=folder.name,
        ship="figures",
        patterns=tuple(f"{name}.csv" for name in rows),
        rows={name: (len(listed), len(listed)) for name, listed in rows.items()},
        how_to_get="Gathered by hand; it ships with the package.",
        **card,
    )
    return source, rows


def _card(folder: Traversable) -> dict[str, Any]:
    where = f"{folder.name}/{CARD}"
    try:
        card = tomllib.loads(folder.joinpath(CARD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EvidenceError(f"{where}: missing. Say there who published the figures.") from None
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise EvidenceError(f"{where}: is not TOML ({error}).") from None
    for wrong in sorted(set(card) ^ set(_CARD_FIELDS)):
        fault = "is missing" if wrong in _CARD_FIELDS else "is unknown"
        raise EvidenceError(
            f"{where}: field {wrong!r} {fault}. It needs exactly {', '.join(_CARD_FIELDS)}."
        )
    for name in _CARD_FIELDS:
        value = card[name]
        if name == "published":
            fine = type(value) is date
            wanted = (
                "the day the first of these figures became public, as 2025-12-15 without quotes"
            )
        elif name == "url":
            fine, wanted = isinstance(value, str) and _is_address(value), "an https address"
        elif name == "evaluator":
            fine, wanted = value in get_args(Evaluator), f"one of {', '.join(get_args(Evaluator))}"
        else:
            fine, wanted = isinstance(value, str) and bool(value.strip()), "text"
        if not fine:
            raise EvidenceError(f"{where}: field {name!r} holds {value!r}. Write {wanted}.")
    return card


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a value stands, for messages."""

    file: str
    line: int
    column: str

    def wrong(self, what: str, fix: str) -> EvidenceError:
        """The error that names this place."""
        return EvidenceError(f"{self.file} line {self.line}, column {self.column!r}: {what}. {fix}")


def _rows(folder: Traversable, name: str, published: date) -> list[Row]:
    file = f"{folder.name}/{name}"
    try:
        declared = table(name.removesuffix(".csv"))
    except UnknownName as error:
        raise EvidenceError(f"{file}: {error} Name the file after a table.") from None
    columns = {c.name: c for c in declared.all_columns if c.name not in ("source_id", "vintage")}
    rows: list[Row] = []
    seen: dict[tuple[object, ...], int] = {}
    for line, record in _records(folder, file, columns):
        row = {n: _value(file, line, c, record.get(n)) for n, c in columns.items()}
        _check_row(file, line, declared, row, published)
        key = tuple(row[n] for n in (*declared.key, "known_on"))
        if key in seen:
            raise _Cell(file, line, declared.key[0]).wrong(
                f"the same fact as in line {seen[key]}, known on the same day",
                "Keep one of them, or give the correction its own known_on.",
            )
        seen[key] = line
        rows.append(row)
    if not rows:
        raise EvidenceError(f"{file}: holds no row. Add one or remove the file.")
    return rows


def _records(
    folder: Traversable, file: str, columns: Mapping[str, Column]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields of each record."""
    try:
        text = folder.joinpath(file.split("/")[-1]).read_text(encoding="utf-8")
    except UnicodeError as error:
        raise EvidenceError(f"{file}: is not UTF-8 text ({error}).") from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        for name in header:
            if name not in columns:
                raise _Cell(file, 1, name).wrong(
                    "the table has no such column", f"It has {', '.join(columns)}."
                )
            if header.count(name) > 1:
                raise _Cell(file, 1, name).wrong("is there twice", "Remove one.")
        for name, column in columns.items():
            if (column.required or name in _ALWAYS) and name not in header:
                raise _Cell(file, 1, name).wrong("is missing", "Every row needs it.")
        for fields in lines:
            if len(fields) != len(header):
                raise _Cell(file, lines.line_num, header[min(len(fields), len(header) - 1)]).wrong(
                    f"{len(fields)} fields under {len(header)} columns", "Check commas and quotes."
                )
            yield lines.line_num, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise EvidenceError(f"{file} line {lines.line_num}: is not CSV ({error}).") from None


def _value(file: str, line: int, column: Column, text: str | None) -> object:
    """The Python value of one field; None if empty and allowed to be."""
    if text is None or text == "":
        if column.required or (column.name in _ALWAYS and column.name != _MAY_BE_EMPTY):
            raise _Cell(file, line, column.name).wrong(
                "is empty", f"Write {_WANTED[column.kind]}: {column.doc}"
            )
        return None
    try:
        return _READ[column.kind](text)
    except (ValueError, KeyError, InputError):
        raise _Cell(file, line, column.name).wrong(
            f"holds {text!r}", f"Write {_WANTED[column.kind]}."
        ) from None


def _text(text: str) -> str:
    if text != text.strip():
        raise ValueError(text)
    return text


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


_READ: Mapping[Kind, Callable[[str], object]] = {
    "text": _text,
    "real": finite,
    "int": int,
    "flag": {"true": True, "false": False}.__getitem__,
    "day": parse_day,
    "moment": _moment,
}
_WANTED: Mapping[Kind, str] = {
    "text": "text without spaces at its ends",
    "real": "a finite number",
    "int": "a whole number",
    "flag": "true or false",
    "day": "a day such as 2025-12-15",
    "moment": "a moment in UTC such as 2025-12-15T17:00:00Z",
}


def _check_row(file: str, line: int, declared: Table, row: Row, published: date) -> None:
    """What one field alone cannot show."""
    if not _is_address(row["row_url"]):
        raise _Cell(file, line, "row_url").wrong(
            f"holds {row['row_url']!r}", "Write an https address that a reader can open."
        )
    _check_days(file, line, row, published)
    if declared.name == "figures":
        try:
            unit(row["unit"])
        except UnknownName as error:
            raise _Cell(file, line, "unit").wrong(f"holds {row['unit']!r}", str(error)) from None
        for name, fits in (("low_value", le), ("high_value", ge)):
            if row[name] is not None and not fits(row[name], row["value"]):
                raise _Cell(file, line, name).wrong(
                    f"{row[name]} and value {row['value']} do not fit",
                    "The bounds must hold the value between them.",
                )


def _check_days(file: str, line: int, row: Row, published: date) -> None:
    """No figure is known before its source, its address or the end of its window."""
    if row["known_on"] < published:
        raise _Cell(file, line, "known_on").wrong(
            f"{row['known_on']} lies before the source was published ({published})",
            f"Correct the row, or `published` in {CARD}.",
        )
    dated = address_day(row["row_url"])
    if dated and row["known_on"] < dated:
        raise _Cell(file, line, "known_on").wrong(
            f"{row['known_on']} lies before its address, which was given out from {dated} on",
            "Write the day of that address, or the address that was read on the day.",
        )
    if row.get("window_end") and row["known_on"] < row["window_end"]:
        raise _Cell(file, line, "window_end").wrong(
            f"{row['window_end']} lies after the figure was known ({row['known_on']})",
            "End the window on the last day that the figure can speak of.",
        )
    for first, last in (("window_start", "window_end"), ("valid_from", "valid_to")):
        if row.get(first) and row.get(last) and row[last] < row[first]:
            raise _Cell(file, line, last).wrong(
                f"{row[last]} lies before {first} {row[first]}", "Swap them or correct one."
            )


# arXiv numbers its papers by month; news and reports often carry the day, or the month.
_ARXIV = re.compile(r"arxiv\.org/\w+/(\d\d)(\d\d)\.\d{4,5}")
_DATED = re.compile(r"/(20\d\d)(?:/|-)?([01]\d)(?:(?:/|-)([0-3]\d))?(?=/|\.|-|$)")


def address_day(url: str) -> date | None:
    """The first day on which an address can have been given out; None if it names none."""
    if paper := _ARXIV.search(url):
        return date(2000 + int(paper[1]), int(paper[2]), 1)
    if found := _DATED.search(url):
        try:
            return date(int(found[1]), int(found[2]), int(found[3] or 1))
        except ValueError:
            return None
    return None


def _is_address(text: str) -> bool:
    host = text.removeprefix("https://").split("/")[0]
    return text.startswith("https://") and "." in host and not any(c.isspace() for c in text)
