"""The door: opens a file of results or logs, whatever format it is in."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.trials.calls import Call, Meta, Reading
from headtohead.trials.reading.formats import FormatModule, formats
from headtohead.trials.reading.json_lines import damage, opened
from headtohead.trials.reading.records import field_names
from headtohead.trials.reading.source import Head, Source
from headtohead.trials.reading.values import is_field, unknown_field
from headtohead.trials.reading.zip_archives import MAGIC, zipped

PLAIN = "plain"
_BOM = b"\xef\xbb\xbf"
_PARQUET = b"PAR1"
_KNOWN = "Give JSON, JSON lines, CSV, Parquet, .gz or .zst of these, or an Inspect .eval."
_START_N, _RECORD_N, _NAMES_N, _SHOWN_N = 1 << 16, 1 << 22, 5000, 20


class Loaded(msgspec.Struct, kw_only=True):
    """A file read to its end.

    Attributes:
        meta: What it says of all calls.
        calls: Its calls, in its order.
        dropped: Reason -> how many records were left out.
    """

    meta: Meta
    calls: list[Call]
    dropped: dict[str, int]


def open_calls(
    path: Path, *, format: str = "auto", mapping: Mapping[str, str] | None = None
) -> Reading:
    """The calls in a file or folder, read as they are asked for.

    Args:
        path: A file, or a folder for formats that keep several files together.
        format: Name of a format, or "auto" to recognise it by its first records.
        mapping: Field of a call -> column or dotted path, as said with `--map`.

    Raises:
        InputError: If there is no such file, no format or more than one fits, or it is damaged.
        UnknownName: If no format has the name, or a field to map is none of a call.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder.")
    source = Source(path=path, mapping=dict(mapping or {}))
    for field in source.mapping:
        if not is_field(field):
            raise unknown_field(field)
    if format != "auto":
        if format not in formats():
            raise UnknownName("format", format, formats())
        return formats()[format].read(source)
    return _recognised(head_of(path)).read(source)


def load(path: Path, *, format: str = "auto", mapping: Mapping[str, str] | None = None) -> Loaded:
    """All calls of a file or folder, in memory.

    Args:
        path: A file, or a folder for formats that keep several files together.
        format: Name of a format, or "auto".
        mapping: Field of a call -> column or dotted path, as said with `--map`.

    Raises:
        InputError: If it cannot be read or holds no call.
        UnknownName: If no format has the name.
    """
    reading = open_calls(path, format=format, mapping=mapping)
    calls = list(reading.calls)
    if not calls:
        left_out = "; ".join(f"{n} left out: {why}" for why, n in reading.dropped.items())
        raise InputError(
            f"{path}: holds no calls in the format {reading.meta.format}. "
            f"{left_out or 'Check that it is the file you mean.'}"
        )
    return Loaded(meta=reading.meta, calls=calls, dropped=dict(reading.dropped))


def head_of(path: Path) -> Head:
    """The beginning of a file, by which formats recognise it.

    Args:
        path: A file or folder that exists.

    Raises:
        InputError: If it cannot be read or its compressed data is damaged.
    """
    if path.is_dir():
        return Head(path=path, names=_names_in(path))
    try:
        with opened(path) as file:
            start = file.read(_RECORD_N + 1).removeprefix(_BOM)
    except damage() as error:
        raise InputError(
            f"{path}: the compressed data is damaged ({error}). Copy the file again."
        ) from error
    if start.startswith(MAGIC):
        with zipped(path) as archive:
            names = tuple(archive.namelist())
        return Head(path=path, names=names)
    if b"\0" in start[:_START_N] and not start.startswith(_PARQUET):
        raise InputError(f"{path}: holds binary data in no format we know. {_KNOWN}")
    return Head(path=path, start=start[:_START_N], record=_first_record(start))


def _recognised(head: Head) -> FormatModule:
    special = [name for name in formats() if name != PLAIN]
    fitting = [name for name in special if formats()[name].recognise(head)]
    if len(fitting) > 1:
        raise InputError(
            f"{head.path}: could be {' or '.join(fitting)}. Say which with --format NAME."
        )
    if fitting:
        return formats()[fitting[0]]
    if formats()[PLAIN].recognise(head):
        return formats()[PLAIN]
    raise InputError(
        f"{head.path}: not in a format we know ({', '.join(formats())}). {_found(head)} If it is "
        "one of them, say so with --format NAME; else turn it into JSON lines, CSV or Parquet and "
        "name its columns with --map FIELD=COLUMN."
    )


def _found(head: Head) -> str:
    if head.path.is_dir():
        return f"Files in it: {_listed(head.names) or 'none'}."
    if head.names:
        return f"It is a zip archive of {_listed(head.names)}."
    if not head.start.strip():
        return "It is empty."
    names = sorted(field_names(head))
    return f"Columns found: {_listed(tuple(names))}." if names else "It holds no columns."


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN_N
    return ", ".join(names[:_SHOWN_N]) + (f" and {more} more" if more > 0 else "")


def _names_in(folder: Path) -> tuple[str, ...]:
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            found.append(name.as_posix())
        if len(found) == _NAMES_N:
            break
    return tuple(found)


def _first_record(start: bytes) -> Any:  # noqa: ANN401
    whole = start.lstrip()
    if whole[:1] not in (b"{", b"["):
        return None
    first = whole.partition(b"\n")[0]
    for text in (first, whole):
        # A text cut at the limit does not parse, so a document too large gives no record.
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(text)
    return None
