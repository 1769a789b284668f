"""`h2h update --from`: files on disk, the source that each belongs to, and the day it is of."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

from headtohead.core.errors import EvidenceError, HeadToHeadError, InputError
from headtohead.evidence.catalogue import importer, importers, writing
from headtohead.evidence.ingest import State, Updated, take
from headtohead.evidence.snapshots import PROVENANCE
from headtohead.evidence.sourcing import RawFile, RawFiles, Source
from headtohead.evidence.store import Store

_DAY = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class FolderTaken:
    """What was made of a folder.

    `updated` holds one for each source whose files were found, `unused` the files no source took.
    """

    updated: tuple[Updated, ...]
    unused: tuple[str, ...]


def from_folder(
    store: Store,
    source_ids: Sequence[str],
    path: Path,
    *,
    today: date,
    known_on: date | None = None,
) -> FolderTaken:
    """Import files that are on disk already.

    Files are looked for in `path/<source_id>` if that is a folder, else by name below `path`.
    Rows that do not date themselves become known on `known_on`; if none is given, on the last day
    that the files' names state; if they state none, today.

    Without `source_ids` every source whose file names fit is taken.

    Raises:
        InputError: If the folder holds no file of a source, or the day lies in the future.
        UnknownName: If no source is called so.
        StoreBusy: If another process is writing to the store.
        StoreFull: If the store cannot be written at all.
    """
    if known_on and known_on > today:
        raise InputError(f"{known_on} lies in the future. Give the day the files became known.")
    every = files_below(path)
    known = importers()
    chosen = [importer(i) for i in sorted(set(source_ids))] or [known[i] for i in sorted(known)]
    finds = []
    for one in chosen:
        others = () if source_ids else set(known) - {one.source.source_id}
        base, mine = belonging(one.source, path, every, others)
        if mine:
            finds.append((one, base, mine))
        elif source_ids:
            source = one.source
            raise InputError(
                f"{path} holds no file of {source.source_id} (looked for "
                f"{', '.join(source.patterns)}, also in {source.source_id}/). "
                f"{source.how_to_get}".rstrip()
            )
    taken, used = [], set[Path]()
    with writing(store.home):
        for one, base, mine in finds:
            source = one.source
            owned = source.source_id in (base.name, path.name)
            day = known_on or day_in_names(base, mine, today) or today
            try:
                raw = raw_files(source, base, mine, day)
                done = take(store, one, raw, {}, today, restate=known_on is not None)
            except HeadToHeadError as failure:
                # A source nobody named, tried on files that only look like its own: no failure.
                alike = isinstance(failure, EvidenceError) and not source_ids and not owned
                state: State = "other" if alike else "failed"
                done = Updated(source_id=source.source_id, state=state, failure=failure)
            taken.append(done)
            used |= set(mine) if done.failure is None else set()
    if not any(t.state != "other" for t in taken):
        raise InputError(
            f"{path} holds no file of a source we know. To read why none is taken, name "
            f"one: `update_evidence('SOURCE', folder={str(path)!r}, today=...)`."
        )
    unused = tuple(p.relative_to(path).as_posix() for p in every if p not in used)
    return FolderTaken(tuple(taken), unused)


def files_below(folder: Path) -> tuple[Path, ...]:
    """All files below a folder, in name order, hidden ones left out.

    Raises:
        InputError: If it is not a folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Give the folder that holds the files.")
    every = (p for p in folder.rglob("*") if p.is_file() and p.name != PROVENANCE)
    return tuple(
        sorted(
            p
            for p in every
            if not any(part.startswith(".") for part in p.relative_to(folder).parts)
        )
    )


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


def raw_files(source: Source, base: Path, files: Iterable[Path], known_on: date) -> RawFiles:
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
