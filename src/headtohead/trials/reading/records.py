"""Records of a log, whatever they are kept in: JSON lines, a JSON document, CSV or Parquet."""

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.trials.calls import Call
from headtohead.trials.reading.json_lines import bad_line, json_lines, not_json, opened
from headtohead.trials.reading.source import Head, Source

_PARQUET = b"PAR1"
_BATCH_N, _START_N = 4096, 1 << 16
_PAGE = re.compile(rb'\{\s*"data"\s*:\s*\[')
_CHOSEN = frozenset(("key", "score", "reference", "run"))
_KEY = re.compile(rb'"(\w[\w.]*)"\s*:')


def records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Where it stands ("line 3", "record 3", "row 3") and its JSON text, for each record of a file.

    JSON lines, CSV and Parquet are read as they are asked for. A JSON document (a list of records,
    or `{"data": [...]}` as pages of an API are) is held in memory as bytes. Empty cells of a table
    are null; a text cell stays text.

    Args:
        path: A file; .gz and .zst are read through, but for Parquet.

    Raises:
        InputError: If it cannot be read, or holds no records.
    """
    start = _start(path)
    if start.startswith(_PARQUET):
        yield from _parquet(path)
    elif start.lstrip()[:1] not in (b"{", b"["):
        yield from _csv(path)
    elif _is_document(start):
        yield from _document(path)
    else:
        for number, line in json_lines(path):
            yield f"line {number}", line


def wrong(path: Path, where: str, why: str) -> InputError:
    """An error that names file and record.

    Args:
        path: The file.
        where: As `records` gives it.
        why: What is wrong with it, and what to do.
    """
    return InputError(f"{path}, {where}: {why}")


def field_names(head: Head) -> frozenset[str]:
    """Names of the fields of the first record, or of the columns of a table; empty if unknown.

    Args:
        head: The beginning of a file.
    """
    if head.start.startswith(_PARQUET):
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        try:
            return frozenset(pq.read_schema(head.path).names)
        except (OSError, pa.ArrowException):
            return frozenset()
    record = head.record
    if isinstance(record, Mapping) and isinstance(record.get("data"), list):
        record = record["data"]
    if isinstance(record, list):
        record = record[0] if record else None
    if isinstance(record, Mapping):
        return frozenset(record)
    if head.start.lstrip()[:1] in (b"{", b"["):
        return frozenset(name.decode() for name in _KEY.findall(head.start))
    header = head.start.split(b"\n", 1)[0].decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        return frozenset(next(csv.reader([header.rstrip("\r")], strict=False), []))
    except csv.Error:  # lone carriage returns
        return frozenset()


def files_of(path: Path) -> tuple[Path, ...]:
    """The file itself; of a folder all files in it and below, in order, hidden ones left out.

    Args:
        path: A file or a folder.

    Raises:
        InputError: If there is none.
    """
    if not path.is_dir():
        return (path,)
    inside = (x for x in sorted(path.rglob("*")) if x.is_file())
    found = tuple(
        x for x in inside if not any(y.startswith(".") for y in x.relative_to(path).parts)
    )
    if not found:
        raise InputError(f"{path}: the folder holds no files. Name the file or its folder.")
    return found


def first_names(path: Path) -> frozenset[str]:
    """Names of the fields of the first record of a file; empty if it holds no records.

    Args:
        path: A file.
    """
    try:
        start = _start(path)
    except InputError:
        return frozenset()
    record = None
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        record = msgspec.json.decode(start.split(b"\n", 1)[0])
    return field_names(Head(path=path, start=start, record=record))


def at_path(record: Any, path: str) -> Any:  # noqa: ANN401
    """What stands at a dotted path, JSON text on the way read; None if nothing does.

    Args:
        record: A decoded record.
        path: Names joined by dots; a name that itself has dots is tried whole first.
    """
    if isinstance(record, str) and record[:1] in "{[":
        try:
            record = msgspec.json.decode(record)
        except msgspec.DecodeError:
            return None
    if not isinstance(record, Mapping):
        return None
    if path in record:
        return record[path]
    name, _, rest = path.partition(".")
    return at_path(record[name], rest) if rest and name in record else None


def check_mapping(source: Source) -> None:
    """Nothing, if a mapping names only what a log with fields of its own lets one choose.

    Args:
        source: With the mapping.

    Raises:
        InputError: If it names another field of a call.
    """
    for name in source.mapping:
        if name not in _CHOSEN:
            raise InputError(
                f"--map {name}=...: {source.path} has its own place for that. Here --map can name "
                f"{', '.join(sorted(_CHOSEN))}; with --format plain it can name every field."
            )


def add_mapped(call: Call, record: Any, source: Source, where: str) -> None:  # noqa: ANN401
    """Puts what a mapping names into a call.

    Args:
        call: To be completed.
        record: What its record holds.
        source: With the mapping: field of the call to dotted path in the record.
        where: As `records` gives it.

    Raises:
        InputError: If a record lacks its key, or its score is not a number.
    """
    for name, at in source.mapping.items():
        found = at_path(record, at)
        if found is None:
            if name == "key":
                raise wrong(
                    source.path, where, f"nothing stands at {at}, which --map key={at} names."
                )
        elif name == "score":
            try:
                call.score = float(found)
            except (TypeError, ValueError) as error:
                raise wrong(
                    source.path, where, f"{found!r} at {at} is not a number, so no score."
                ) from error
        else:
            setattr(call, name, str(found))


def _start(path: Path) -> bytes:
    with opened(path) as file:
        return file.read(_START_N).removeprefix(b"\xef\xbb\xbf")


def _is_document(start: bytes) -> bool:
    line, newline, rest = start.lstrip().partition(b"\n")
    if line.startswith(b"["):
        return True
    if not newline and len(start) >= _START_N:
        return _PAGE.match(line) is not None
    try:
        page = msgspec.json.decode(line, type=_Page)
    except msgspec.ValidationError:
        return False
    except msgspec.DecodeError:
        return True
    return isinstance(page.data, list) and not rest.strip()


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


def _document(path: Path) -> Iterator[tuple[str, bytes]]:
    with opened(path) as file:
        text = file.read().removeprefix(b"\xef\xbb\xbf")
    try:
        if text.lstrip().startswith(b"["):
            found = msgspec.json.decode(text, type=list[msgspec.Raw])
        else:
            page = msgspec.json.decode(text, type=_Page).data
            found = page if isinstance(page, list) else [msgspec.Raw(text)]
    except msgspec.DecodeError as error:
        raise not_json(path, error) from error
    for number, raw in enumerate(found, 1):
        yield f"record {number}", bytes(raw)


def _csv(path: Path) -> Iterator[tuple[str, bytes]]:
    import pyarrow as pa
    from pyarrow import csv as arrow

    with opened(path) as file:
        try:
            header = next(csv.reader([file.readline().decode("utf-8-sig")]))
        except (StopIteration, UnicodeDecodeError) as error:
            raise bad_line(path, 1, "neither JSON nor a table with a header.") from error
    kinds = arrow.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
    )
    parse = arrow.ParseOptions(newlines_in_values=True)
    try:
        with opened(path) as file:
            table = arrow.open_csv(
                pa.PythonFile(file, "r"), parse_options=parse, convert_options=kinds
            )
            yield from _rows(iter(table), "row")
    except pa.ArrowException as error:
        raise InputError(f"{path}: not a well-formed table ({error}).") from error


def _parquet(path: Path) -> Iterator[tuple[str, bytes]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield from _rows(file.iter_batches(_BATCH_N), "row")
    except pa.ArrowException as error:
        raise InputError(f"{path}: not a readable Parquet file ({error}).") from error


def _rows(batches: Iterator[Any], word: str) -> Iterator[tuple[str, bytes]]:
    number = 0
    encode = msgspec.json.Encoder(enc_hook=str).encode
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            yield f"{word} {number}", encode(row)
