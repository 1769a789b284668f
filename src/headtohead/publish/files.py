"""Files written whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from headtohead.core.errors import InputError, StoreFull

PART = ".part-"  # how an unfinished file is called
_DATABASE = b"SQLite format 3\0"


def replace(path: Path, content: bytes, *, stands: str = "") -> None:
    """Write a file whole or not at all, and have it on disk before returning.

    Args:
        path: Where to; its folder is made if it is not there. A pipe or a device is written into.
        content: All of it.
        stands: What to do if there is no room, and what is untouched, in words.

    Raises:
        InputError: If it is a database, and the content is none.
        StoreFull: If it cannot be written.
    """
    if not content.startswith(_DATABASE):
        _spare_databases(path, "place to write to")
    temporary = None
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        path = path.resolve()  # a link stays one
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=PART)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        settle(path.parent)
    except OSError as error:
        raise full(path, error, stands) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def cache_folder() -> Path | None:
    """The folder of what takes long to make and may be deleted at any time; None to keep nothing.

    It is the platform's own for such files, unless the environment variable H2H_CACHE names another
    or is empty.
    """
    named = os.environ.get("H2H_CACHE")
    if named is not None:
        return Path(named) if named else None
    from platformdirs import user_cache_path

    folder = user_cache_path("headtohead")
    # Where no home is known it would be a folder called "~" in the working directory.
    return folder if folder.is_absolute() else None


def settle(folder: Path) -> None:
    """Have the names in a folder on disk, so that a power cut cannot undo a rename."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def full(path: Path, error: OSError, stands: str = "") -> StoreFull:
    """The error for a file that could not be written."""
    what = stands or "Free some space or choose another place; what was there before is untouched."
    return StoreFull(f"{path} could not be written ({error.strerror or error}). {what}")


def writable(path: Path | None, argument: str, *, folder: bool = False) -> None:
    """Check that a file can be written before hours are spent on what goes into it.

    `argument` is the one that names it, or the folder to write files into, made if need be.

    Raises:
        InputError: If it is a folder or a database, or its folder does not exist.
    """
    if path and folder:
        there = next((p for p in (path, *path.parents) if p.exists()), path)
        if not there.is_dir():
            raise InputError(f"{there} is not a folder. Name one to write into with `{argument}`.")
        return
    if path and os.path.isdir(path):
        raise InputError(f"{path} is a folder. Name the file to write with `{argument}`.")
    if path and not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} does not exist. Choose another `{argument}`.")
    if path:
        _spare_databases(path, f"`{argument}`")


def _spare_databases(path: Path, argument: str) -> None:
    """Refuse to write a text or a table over a database, such as the votes that it is made of."""
    begins = b""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                begins = file.read(len(_DATABASE))
    if begins == _DATABASE:
        raise InputError(
            f"{path} is a database, of votes perhaps, and would be lost. Choose another {argument}."
        )
