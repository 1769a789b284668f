"""Bytes, lines and tables out of a user's file, read through gzip and zstd.

What is wrong with a file is the user's to mend, so every error names the file and the place.
"""

import csv
import gzip
import hashlib
import importlib
import io
import json
import lzma
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from headtohead.core.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

BOM = b"\xef\xbb\xbf"
ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
"""What zip archives and Parquet files begin with."""
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises: also the one of brackets that open without an end."""
LARGEST = 64 * 2**20
"""Bytes of the largest record or line that is read: one may carry a whole chat."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BUFFER, _BLOCK = 1 << 18, 1 << 22
_HASHED = 2**30  # bytes; more take longer to hash than to read
_NO_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|NaN|-?Infinity')
_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_SEPARATORS = ",\t;|"
_Record = TypeVar("_Record")


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, decompressed if they are gzip or zstd, whatever the file is called.

    Raises:
        InputError: If it cannot be opened, or is zstd and Python cannot read that here.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic.startswith(_GZIP):
            return io.BufferedReader(gzip.GzipFile(path, "rb"), _BUFFER)
        if magic == _ZSTD:
            return io.BufferedReader(_zstd().ZstdFile(path, "rb"), _BUFFER)
        return path.open("rb", _BUFFER)
    except OSError as error:
        raise unreadable(path, error) from error


def content(path: Path, most: int = -1) -> bytes:
    """The first `most` bytes of a file, all if negative, decompressed, without a byte order mark.

    Raises:
        InputError: If it cannot be read or its compressed data is damaged.
    """
    try:
        with opened(path) as file:
            return file.read(most).removeprefix(BOM)
    except damage() as error:
        raise InputError(
            f"{path}: the compressed data is damaged ({error}). Copy the file again."
        ) from error


def json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number, from 1, and raw line, for each line of a file that is not blank.

    The file is read as it is asked for, decompressed, a byte order mark skipped.

    Raises:
        InputError: If it cannot be read, or its compressed stream ends too early.
    """
    # Named before the loop: a generator closed while Python ends could not import any more.
    broken = damage()
    number = 0
    try:
        with opened(path) as file:
            for line in file:
                number += 1
                if number == 1 and line.startswith(BOM):
                    line = line[len(BOM) :]
                if line and not line.isspace():
                    yield number, line
    except broken as error:
        raise wrong(path, number + 1, f"the compressed data is damaged: {error}") from error


def document(path: Path) -> Any:  # noqa: ANN401
    """The value of a JSON file.

    Raises:
        InputError: If it cannot be read or is not JSON, for example because it is cut short.
    """
    try:
        return json_value(content(path))
    except NOT_JSON as error:
        raise not_json(path, error) from error


def csv_header(path: Path) -> tuple[list[str], str]:
    """The names in the header of a file of separated values, and what separates them.

    Raises:
        InputError: If it cannot be read as text.
    """
    broken: tuple[type[Exception], ...] = (*damage(), OSError, UnicodeDecodeError, csv.Error)
    try:
        with opened(path) as file:
            line = file.readline(LARGEST).removeprefix(BOM).decode()
        separator = max(_SEPARATORS, key=line.count)
        with opened(path) as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
            return next(csv.reader(text, delimiter=separator), []), separator
    except broken as error:
        raise InputError(f"{path} cannot be read as text ({error}).") from None


def csv_batches(
    path: Path, wanted: Sequence[int], *, coded: bool = False
) -> Iterator["pa.RecordBatch"]:
    """Columns of a file of separated values as text, in the order of rows; empty cells are null.

    Columns are asked for by place, so that the names of the others do not matter.

    The first row is a header; places count from 0. Coded columns are dictionaries.

    Raises:
        InputError: If it cannot be read or a row has more or fewer cells than the header.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    names, separator = csv_header(path)
    kind = pa.dictionary(pa.int32(), pa.string()) if coded else pa.string()
    places = [str(place) for place in wanted]
    convert = arrow.ConvertOptions(
        include_columns=places,
        column_types=dict.fromkeys(places, kind),
        null_values=[""],
        strings_can_be_null=True,
    )
    parse = arrow.ParseOptions(delimiter=separator, newlines_in_values=True)
    broken: tuple[type[Exception], ...] = (*damage(), pa.ArrowException)
    done = 0
    for block in (_BLOCK, LARGEST):
        read = arrow.ReadOptions(
            column_names=[str(place) for place in range(len(names))],
            skip_rows_after_names=1 + done,
            block_size=block,
        )
        try:
            with opened(path) as file:
                for batch in arrow.open_csv(pa.PythonFile(file, "r"), read, parse, convert):
                    done += batch.num_rows
                    yield pa.RecordBatch.from_arrays(batch.columns, [names[x] for x in wanted])
            return
        except broken as error:
            # A row longer than a block can be read by larger ones.
            if block == LARGEST or "straddling" not in str(error):
                raise _no_table(path, len(names), separator, error) from None


@contextmanager
def parquet(path: Path, **options: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow's
    """An open Parquet file.

    Raises:
        InputError: If it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with pq.ParquetFile(path, **options) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as Parquet ({error}).") from None


def zipped(path: Path) -> Any:  # noqa: ANN401
    """An open archive, with the interface of `zipfile.ZipFile`; its members may be zstd.

    Its directory is at the end, so a file cut short does not open.

    Raises:
        InputError: If it is not a complete archive.
    """
    try:
        return _zip_module().ZipFile(path)
    except _zip_module().BadZipFile as error:
        raise InputError(
            f"{path}: not a complete zip archive ({error}). If it is cut short or still being "
            "written, copy it again."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def member(archive: Any, path: Path, name: str) -> bytes:  # noqa: ANN401
    """The bytes of one member, its checksum verified.

    Raises:
        InputError: If it is not there or damaged.
    """
    try:
        content: bytes = archive.read(name)
    except KeyError as error:
        raise InputError(f"{path}: holds no {name}. Copy the file again.") from error
    except (*damage(), _zip_module().BadZipFile, NotImplementedError, lzma.LZMAError) as error:
        raise InputError(f"{path}: {name} is damaged ({error}). Copy the file again.") from error
    return content


def files_of(path: Path) -> tuple[Path, ...]:
    """The file itself; of a folder all files in it and below, in order, hidden ones left out."""
    if not path.is_dir():
        return (path,)
    return tuple(
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(x.startswith(".") for x in file.relative_to(path).parts)
    )


def digest(*paths: Path) -> str:
    """SHA-256 over files in the order given, by which a result points at what it was made of.

    Returns:
        In hexadecimal; empty for no file, a folder, or files of more than 1 GiB.
    """
    if not paths or not all(path.is_file() for path in paths):
        return ""
    if sum(path.stat().st_size for path in paths) > _HASHED:
        return ""
    sha256 = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                sha256.update(block)
    return sha256.hexdigest()


def json_value(text: bytes, decode: Callable[[bytes], Any] = msgspec.json.decode) -> Any:  # noqa: ANN401
    """What JSON says, also where Python wrote what is no number: NaN is null.

    An infinite number is its name, which no reader of numbers takes.

    Raises:
        msgspec.DecodeError: If it is no JSON, or not what a decoder takes.
    """
    try:
        return decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        valid = valid_json(text)
        if valid is text:
            raise
    return decode(valid)


def valid_json(text: bytes) -> bytes:
    """The text itself, or with the names of what is no number written as JSON has them."""
    if b"NaN" not in text and b"Infinity" not in text:
        return text
    names = {b"NaN": b"null", b"Infinity": b'"Infinity"', b"-Infinity": b'"-Infinity"'}
    return _NO_NUMBER.sub(lambda found: names.get(found[0], found[0]), text)


def decoded(
    decode: Callable[[bytes], _Record], path: Path, where: str | int, line: bytes, kind: str
) -> _Record:
    """What a record holds, read by a decoder of msgspec.

    Raises:
        InputError: If it is not of the kind, no complete JSON, or has a key twice.
    """
    try:
        record: _Record = json_value(line, decode)
    except msgspec.ValidationError as error:
        raise wrong(path, where, f"not {kind} ({error}).") from error
    except NOT_JSON as error:
        raise wrong(path, where, json_fault(error)) from error
    keys_once(path, where, line)
    return record


def keys_once(path: Path, where: str | int, text: bytes) -> None:
    """Refuse a record that has a key twice: which of its values holds, nobody knows.

    Raises:
        InputError: If a key at the top is there twice.
    """
    # The exact look is slow, so it is for records that are longer than what a reader keeps of them,
    # and the marks that writers put between.
    text = valid_json(text).rstrip()
    for compact in (False, True):
        text = msgspec.json.format(text, indent=-1) if compact else text
        try:
            held: dict[str, Any] = _RAW(text)
        except msgspec.ValidationError:
            return
        n = len(held)
        marks = len(text) - len("".join(held)) - len(b"".join(held.values())) - 2 * n
        spaced = n and text[len(next(iter(held))) + 4 :][:1] == b" "
        if marks == (4 * n if spaced else 2 * n + 1):
            return

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = Counter(name for name, _ in pairs)
        if twice := [name for name, times in names.items() if times > 1]:
            raise wrong(path, where, f"has the key {twice[0]!r} twice. Leave one of them.")
        return dict(pairs)

    json.loads(text, object_pairs_hook=once)


def wrong(path: Path, where: str | int, why: str) -> InputError:
    """An error that names file and place.

    The place is in words ("record 3"), or the number of a line, from 1.
    """
    return InputError(f"{path}, {f'line {where}' if isinstance(where, int) else where}: {why}")


def not_json(path: Path, error: Exception) -> InputError:
    """An error for a document that does not parse."""
    return InputError(f"{path}: {json_fault(error, 'not a complete JSON document')}")


def json_fault(error: Exception, kind: str = "not complete JSON") -> str:
    """Why a text is no JSON, and what to do."""
    if isinstance(error, RecursionError):
        return "its brackets are nested too deep to be read. Give records of plain fields."
    return f"{kind} ({error}). If it is cut short, copy the file again."


def unreadable(path: Path, error: OSError) -> InputError:
    """An error for a file that the system does not let us read."""
    return InputError(f"{path}: cannot be read ({error.strerror or error}).")


@cache
def damage() -> tuple[type[Exception], ...]:
    """What decompressing a damaged stream raises."""
    return (EOFError, zlib.error, gzip.BadGzipFile, _zstd().ZstdError)


def _no_table(path: Path, width: int, separator: str, error: Exception) -> InputError:
    """What to say of a table that does not parse: the first row that has not the header's width."""
    with suppress(*damage(), UnicodeDecodeError, csv.Error), opened(path) as file:
        rows = csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""), delimiter=separator)
        for row in rows:
            if row and len(row) != width:
                why = f"{len(row)} cells, where the header has {width}. Mend that line."
                return wrong(path, rows.line_num, why)
        if rows.line_num < 2:
            return InputError(f"{path}: holds one line, and no records below it.")
    return InputError(f"{path} cannot be read: no well-formed table ({error}).")


def _zstd() -> Any:  # noqa: ANN401
    """Python itself reads zstd from 3.14 on."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    return importlib.import_module(name)


def _zip_module() -> Any:  # noqa: ANN401
    name = "zipfile" if sys.version_info >= (3, 14) else "backports.zstd.zipfile"
    return importlib.import_module(name)
