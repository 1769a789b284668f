"""Which files of a folder belong to which source, and on which day they became known."""

import re
from collections.abc import Collection, Iterable
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

from headtohead.core.errors import InputError
from headtohead.evidence.sourcing import RawFile, RawFiles, Source

# Lies beside raw files that we kept, and is none of them.
PROVENANCE = "provenance.json"
_DAY = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?!\d)")


def listing(folder: Path) -> tuple[Path, ...]:
    """All files below a folder, in name order, hidden ones left out.

    Raises:
        InputError: If it is not a folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Give the folder that holds the files.")
    every = (p for p in folder.rglob("*") if p.is_file() and p.name != PROVENANCE)
    return tuple(sorted(p for p in every if not _hidden(p.relative_to(folder))))


def fits(source: Source, name: str) -> bool:
    """True if a path, or the end of it, fits a pattern of the source."""
    return any(fnmatch(name, p) or fnmatch(name, f"*/{p}") for p in source.patterns)


def belonging(
    source: Source, folder: Path, files: Collection[Path], others: Collection[str] = ()
) -> tuple[Path, tuple[Path, ...]]:
    """The files of a source: those in a folder of its name if there is one, else by their names.

    `others` are folders of other sources, whose files are left out.

    Returns:
        The folder that the files' names are relative to, and the files; none if none fits.
    """
    own = folder / source.source_id
    base = own if own.is_dir() else folder
    mine = []
    for path in files:
        if path.is_relative_to(base) and path.relative_to(folder).parts[0] not in others:
            name = path.relative_to(base).as_posix()
            if fits(source, name):
                mine.append(path)
    return base, tuple(mine)


def read(source: Source, base: Path, files: Iterable[Path], known_on: date) -> RawFiles:
    """The files' content, under their names below `base`.

    Raises:
        InputError: If one cannot be read.
    """
    try:
        taken = tuple(RawFile(p.relative_to(base).as_posix(), p.read_bytes()) for p in files)
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}).") from None
    return RawFiles(source.source_id, taken, known_on)


def day_in_names(base: Path, files: Iterable[Path], latest: date) -> date | None:
    """The last day up to `latest` that the files' names state, as 2025-12-10 or 20251210."""
    days = []
    for path in files:
        for year, month, day in _DAY.findall(f"{base.name}/{path.relative_to(base).as_posix()}"):
            try:
                days.append(date(int(year), int(month), int(day)))
            except ValueError:
                continue
    return max((d for d in days if d <= latest), default=None)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
