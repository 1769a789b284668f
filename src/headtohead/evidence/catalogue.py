"""Which sources there are, and what an evidence folder holds of them.

The catalogue of a folder has one entry an import; it is replaced as a whole or not at all, by one
writer at a time: readers never wait, a second writer hears who is first.
"""

import hashlib
import importlib
import json
import os
import pkgutil
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from headtohead.core.errors import DamagedStore, StoreBusy, UnknownName
from headtohead.evidence import sources
from headtohead.evidence.sourcing import Parsed, RawFiles, Source
from headtohead.publish import files
from headtohead.publish.files import PART

NAME = "catalogue.json"
LOCK = ".lock"
_OWNER = ".writer"
_SCHEMA = 1
_STANDS = (
    "Free some space or choose another folder with --store; the evidence you had is untouched."
)
_DAYS = ("edition", "known_on", "retrieved_on")

# Writing a file of the store, and the error where that failed.
replace = partial(files.replace, stands=_STANDS)
full = partial(files.full, stands=_STANDS)


@dataclass(frozen=True, slots=True)
class Importer:
    """A discovered source: what it is, and the rows in its raw files."""

    source: Source
    parse: Callable[[RawFiles], Parsed]


def source_ids() -> list[str]:
    """All sources by id, without importing them: the folder listing is the registry."""
    return sorted(info.name for info in pkgutil.iter_modules(sources.__path__))


def importers() -> dict[str, Importer]:
    """All sources by id."""
    return {source_id: _load(source_id) for source_id in source_ids()}


def importer(source_id: str) -> Importer:
    """The source called `source_id`.

    Raises:
        UnknownName: If none is.
    """
    if source_id not in source_ids():
        raise UnknownName("source", source_id, source_ids())
    return _load(source_id)


def _load(source_id: str) -> Importer:
    module = importlib.import_module(f"{sources.__name__}.{source_id}")
    return Importer(module.SOURCE, module.parse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import of one source.

    Attributes:
        sha256: Digest of the raw files it was made from.
        edition: The day the files became known; holds for rows that do not date themselves.
        known_on: The latest day on which any of its rows became known.
        tables: Table -> number of rows.
        digests: Table -> content hash of the file that holds those rows.
        dropped: Reason -> upstream records left out.
    """

    source_id: str
    sha256: str
    edition: date
    known_on: date
    retrieved_on: date
    tables: Mapping[str, int]
    digests: Mapping[str, str]
    dropped: Mapping[str, int] = field(default_factory=dict)

    def file(self, table: str) -> str:
        """Path of one table's rows, below the folder; named by content, so never overwritten."""
        return f"tables/{table}/{self.source_id}-{self.digests[table][:12]}.parquet"


def read(folder: Path) -> tuple[Import, ...]:
    """All imports in a folder, oldest first; none if it holds no catalogue.

    Raises:
        DamagedStore: If the catalogue cannot be read, or names a file that is gone.
    """
    imports = entries(folder)
    for entry in imports:
        for table in entry.tables:
            if not (folder / entry.file(table)).is_file():
                raise damaged(folder / entry.file(table), "is named in the catalogue but missing")
    return imports


def entries(folder: Path) -> tuple[Import, ...]:
    """As `read`, without looking whether the files are there: for making them again.

    Raises:
        DamagedStore: If the catalogue cannot be read.
    """
    path = folder / NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != _SCHEMA:
            raise damaged(path, f"has layout {content['schema']}, this version knows {_SCHEMA}")
        imports = []
        for entry in content["imports"]:
            days = {k: date.fromisoformat(entry[k]) for k in _DAYS}
            imports.append(one := Import(**{**entry, **days}))
            if one.tables.keys() != one.digests.keys():
                raise ValueError(f"tables and digests of {one.source_id} differ")
        return tuple(imports)
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise damaged(path, f"cannot be read ({error!r})") from None


def intact(folder: Path, entry: Import, table: str) -> bool:
    """True if the file of one table is there and holds what was written."""
    try:
        content = (folder / entry.file(table)).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == entry.digests[table]


def damaged(path: Path, what: str) -> DamagedStore:
    """The error for a file of the store that cannot be used."""
    return DamagedStore(
        f"{path} {what}. Make the tables again from the raw files you downloaded, with "
        "`update_evidence(rebuild=True, today=...)`; if it is ours, install headtohead again."
    )


def write(folder: Path, imports: tuple[Import, ...]) -> None:
    """Replace the catalogue in one step, so that a reader sees the old or the new one.

    Raises:
        StoreFull: If the disk is full or not writable; the old catalogue then stands.
    """
    content = {"schema": _SCHEMA, "imports": [asdict(e) for e in imports]}
    replace(
        folder / NAME,
        (json.dumps(content, indent=1, sort_keys=True, default=date.isoformat) + "\n").encode(),
    )


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Hold the evidence folder for writing; what a killed writer left half-made is removed.

    The operating system frees the lock when its process ends, however it ends.

    Raises:
        StoreBusy: If another process is writing.
        StoreFull: If the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(home / LOCK, timeout=0)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise StoreBusy(
            f"Another process{_owner(home)} is writing to {home}. Wait until it ends, or choose "
            "another folder with --store."
        ) from None
    except OSError as error:
        raise full(home / LOCK, error) from None
    try:
        try:
            (home / _OWNER).write_text(str(os.getpid()), encoding="utf-8")
            for place in (f"{PART}*", f"tables/*/{PART}*", f"snapshots/*/{PART}*"):
                for left in home.glob(place):
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        except OSError as error:
            raise full(home, error) from None
        yield
    finally:
        (home / _OWNER).unlink(missing_ok=True)
        lock.release()


def _owner(home: Path) -> str:
    try:
        pid = (home / _OWNER).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return f" (pid {pid})" if pid.isdigit() else ""
