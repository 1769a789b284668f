"""What an evidence folder holds: one entry an import, replaced as a whole or not at all."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from headtohead.core.errors import DamagedStore, StoreFull

NAME = "catalogue.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import of one source.

    Attributes:
        source_id: Whose rows.
        sha256: Digest of the raw files it was made from.
        known_on: The latest day on which any of its rows became known.
        retrieved_on: The day the raw files were taken.
        tables: Table -> number of rows; the rows are in `tables/<table>/<source>-<sha12>.parquet`.
        dropped: Reason -> upstream records left out.
    """

    source_id: str
    sha256: str
    known_on: date
    retrieved_on: date
    tables: Mapping[str, int]
    dropped: Mapping[str, int] = field(default_factory=dict)

    def file(self, table: str) -> str:
        """Path of one table's rows, below the folder."""
        return f"tables/{table}/{self.source_id}-{self.sha256[:12]}.parquet"


def read(folder: Path) -> tuple[Import, ...]:
    """All imports in a folder, oldest first; none if it holds no catalogue.

    Raises:
        DamagedStore: If the catalogue cannot be read, or names a file that is gone.
    """
    path = folder / NAME
    if not path.exists():
        return ()
    try:
        entries = tuple(_load(e) for e in json.loads(path.read_text(encoding="utf-8"))["imports"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DamagedStore(
            f"The catalogue {path} cannot be read ({error}). Move the folder away and run "
            "`h2h update` again; the built-in evidence is not touched by this."
        ) from None
    for entry in entries:
        for table in entry.tables:
            if not (folder / entry.file(table)).is_file():
                raise DamagedStore(
                    f"{folder / entry.file(table)} is named in the catalogue but missing. "
                    f"Run `h2h update {entry.source_id}` to make it again."
                )
    return entries


def write(folder: Path, entries: tuple[Import, ...]) -> None:
    """Replace the catalogue in one step, so that a reader sees the old or the new one.

    Raises:
        StoreFull: If the disk is full or not writable; the old catalogue then stands.
    """
    text = json.dumps(
        {"schema": 1, "imports": [_dump(e) for e in entries]}, indent=1, sort_keys=True
    )
    replace(folder / NAME, (text + "\n").encode())


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        StoreFull: If it cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StoreFull(
            f"{path} could not be written ({error.strerror}). Free some space or choose another "
            "folder with --store; the evidence you had is untouched."
        ) from None


def _load(entry: Mapping[str, Any]) -> Import:
    days = {k: date.fromisoformat(entry[k]) for k in ("known_on", "retrieved_on")}
    return Import(**{**entry, **days})


def _dump(entry: Import) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(entry).items()}
