"""Zip archives whose members may be compressed with zstd, which Python itself reads from 3.14."""

import importlib
import lzma
import sys
import zlib
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.trials.reading.json_lines import unreadable

MAGIC = b"PK\x03\x04"


def zipped(path: Path) -> Any:  # noqa: ANN401
    """An open archive, with the interface of `zipfile.ZipFile`.

    Args:
        path: A zip file; its directory is at the end, so a file cut short does not open.

    Raises:
        InputError: If it is not a complete archive.
    """
    module = _module()
    try:
        return module.ZipFile(path)
    except module.BadZipFile as error:
        raise InputError(
            f"{path}: not a complete zip archive ({error}). If it is cut short or still being "
            "written, copy it again."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def member(archive: Any, path: Path, name: str) -> bytes:  # noqa: ANN401
    """The bytes of one member, its checksum verified.

    Args:
        archive: From `zipped`.
        path: The file, for messages.
        name: Of the member.

    Raises:
        InputError: If it is not there or damaged.
    """
    try:
        found: bytes = archive.read(name)
    except KeyError as error:
        raise InputError(f"{path}: holds no {name}. Copy the file again.") from error
    except (
        _module().BadZipFile,
        _zstd_error(),
        EOFError,
        NotImplementedError,
        lzma.LZMAError,
        zlib.error,
    ) as error:
        raise InputError(f"{path}: {name} is damaged ({error}). Copy the file again.") from error
    return found


def _module() -> Any:  # noqa: ANN401
    name = "zipfile" if sys.version_info >= (3, 14) else "backports.zstd.zipfile"
    return importlib.import_module(name)


def _zstd_error() -> type[Exception]:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    error: type[Exception] = importlib.import_module(name).ZstdError
    return error
