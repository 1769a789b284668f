"""JSON lines and JSON documents from files, gzip and zstd read through, errors with the line."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from headtohead.core.errors import InputError

_BOM = b"\xef\xbb\xbf"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, decompressed if they are gzip or zstd, whatever the file is called.

    Args:
        path: A file.

    Raises:
        InputError: If it cannot be opened, or is zstd and Python cannot read that here.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic.startswith(_GZIP):
            return io.BufferedReader(gzip.GzipFile(path, "rb"), 1 << 18)
        if magic == _ZSTD:
            return io.BufferedReader(_zstd(path), 1 << 18)
        return path.open("rb", 1 << 18)
    except OSError as error:
        raise unreadable(path, error) from error


def json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number, from 1, and raw line, for each line of a file that is not blank.

    The file is read as it is asked for, .gz and .zst decompressed, a byte order mark skipped.

    Args:
        path: A file of JSON lines.

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
                if number == 1 and line.startswith(_BOM):
                    line = line[len(_BOM) :]
                if line and not line.isspace():
                    yield number, line
    except broken as error:
        raise bad_line(path, number + 1, f"the compressed data is damaged: {error}") from error


def document(path: Path) -> Any:  # noqa: ANN401
    """A whole JSON file, decompressed if need be.

    Args:
        path: A file with one JSON value.

    Raises:
        InputError: If it cannot be read or is not JSON, for example because it is cut short.
    """
    try:
        with opened(path) as file:
            return msgspec.json.decode(file.read().removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise not_json(path, error) from error
    except damage() as error:
        raise InputError(
            f"{path}: the compressed data is damaged ({error}). Copy the file again."
        ) from error


def bad_line(path: Path, line: int, why: str) -> InputError:
    """An error that names file and line.

    Args:
        path: The file.
        line: The line, from 1.
        why: What is wrong with it, and what to do.
    """
    return InputError(f"{path}, line {line}: {why}")


def not_json(path: Path, error: Exception) -> InputError:
    """An error for a document that does not parse.

    Args:
        path: The file.
        error: What the parser said.
    """
    return InputError(
        f"{path}: not a complete JSON document ({error}). If it is cut short, copy it again."
    )


def unreadable(path: Path, error: OSError) -> InputError:
    """An error for a file that the system does not let us read.

    Args:
        path: The file.
        error: What the system said.
    """
    return InputError(f"{path}: cannot be read ({error.strerror or error}).")


def damage() -> tuple[type[Exception], ...]:
    """What decompressing a damaged stream raises."""
    import zlib

    return (EOFError, zlib.error, gzip.BadGzipFile, _zstd_error())


def _zstd(path: Path) -> Any:  # noqa: ANN401
    return _zstd_module().ZstdFile(path, "rb")


def _zstd_error() -> type[Exception]:
    error: type[Exception] = _zstd_module().ZstdError
    return error


def _zstd_module() -> Any:  # noqa: ANN401
    import importlib
    import sys

    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    return importlib.import_module(name)
