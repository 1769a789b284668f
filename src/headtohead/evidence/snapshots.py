"""Raw files as they were published: kept for good, named by content, each with its origin."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from headtohead.core.errors import DamagedStore
from headtohead.evidence.catalogue import full, replace
from headtohead.evidence.download import Held, Version
from headtohead.evidence.sourcing import RawFile, RawFiles, Source
from headtohead.publish.files import PART, settle

# Lies beside raw files that we kept, and is none of them.
PROVENANCE = "provenance.json"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One set of raw files on disk."""

    folder: Path
    provenance: Mapping[str, Any]

    @property
    def retrieved_on(self) -> date:
        """The day the files were taken."""
        return date.fromisoformat(self.provenance["retrieved_on"])

    def raw(self) -> RawFiles:
        """The files, as the parser takes them.

        Raises:
            DamagedStore: If one is gone or not what was taken.
        """
        source_id, files = self.provenance["source_id"], []
        for noted in self.provenance["files"]:
            path = self.folder / noted["name"]
            try:
                file = RawFile(noted["name"], path.read_bytes())
            except OSError:
                file = RawFile(noted["name"], b"")
            if file.sha256 != noted["sha256"]:
                raise DamagedStore(
                    f"{path} is not what was taken on {self.retrieved_on}. Delete {self.folder} "
                    f"and run `update_evidence({source_id!r}, today=...)`."
                )
            files.append(file)
        known_on = date.fromisoformat(self.provenance["known_on"])
        return RawFiles(source_id, tuple(files), known_on)


def keep(
    home: Path,
    source: Source,
    raw: RawFiles,
    versions: Mapping[str, Version],
    retrieved_on: date,
) -> None:
    """Keep raw files in `snapshots/<source>/<sha256>/`, all or nothing; what is there stays.

    The caller holds the lock of `home`; `versions` tell where each file was downloaded.

    Raises:
        StoreFull: If they cannot be written.
    """
    shelf = home / "snapshots" / source.source_id
    folder = shelf / raw.sha256
    before = _provenance(folder / PROVENANCE) or {}
    provenance = {
        "source_id": source.source_id,
        "publisher": source.publisher,
        "licence": source.licence,
        "page": source.url,
        "sha256": raw.sha256,
        "known_on": raw.known_on.isoformat(),
        "retrieved_on": before.get("retrieved_on", retrieved_on.isoformat()),
        "order": before.get("order", len(kept(home))),
        "files": [
            {"name": f.name, "sha256": f.sha256, **asdict(versions.get(f.name, Version()))}
            for f in raw.files
        ],
    }
    text = (json.dumps(provenance, indent=1) + "\n").encode()
    if before:
        for f in raw.files:
            if _digest(folder / f.name) != f.sha256:
                replace(folder / f.name, f.content)
        replace(folder / PROVENANCE, text)
        return
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        # Without its provenance a folder is no snapshot, only in the way of one.
        shutil.rmtree(folder, ignore_errors=True)
        temporary = Path(tempfile.mkdtemp(dir=shelf, prefix=PART))
    except OSError as error:
        raise full(shelf, error) from None
    try:
        for f in raw.files:
            replace(temporary / f.name, f.content)
        replace(temporary / PROVENANCE, text)
        temporary.chmod(0o755)
        temporary.replace(folder)
        settle(shelf)
    except OSError as error:
        raise full(folder, error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def kept(home: Path) -> tuple[Snapshot, ...]:
    """All snapshots of an evidence folder, in the order in which they were taken."""
    paths = sorted((home / "snapshots").glob(f"*/*/{PROVENANCE}"))
    read = [Snapshot(p.parent, noted) for p in paths if (noted := _provenance(p))]
    return tuple(sorted(read, key=lambda s: int(s.provenance["order"])))


def held(home: Path, source_id: str, name: str, url: str) -> Held | None:
    """The file of a name in the source's latest snapshot, if it came from the same address."""
    mine = [s for s in kept(home) if s.provenance["source_id"] == source_id]
    for noted in mine[-1].provenance["files"] if mine else ():
        if noted["name"] == name and noted["url"] == url:
            path = mine[-1].folder / name
            if _digest(path) == noted["sha256"]:
                return Held(path, Version(url, noted["etag"], noted["last_modified"]))
    return None


def _digest(path: Path) -> str:
    """Content hash of a file; empty if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _provenance(path: Path) -> dict[str, Any] | None:
    """What a provenance file says; None if there is none that can be read."""
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    needed = {"source_id", "sha256", "known_on", "retrieved_on", "order", "files"}
    return noted if isinstance(noted, dict) and needed <= set(noted) else None
