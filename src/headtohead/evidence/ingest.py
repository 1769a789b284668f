"""Raw files to evidence: parse, check, write, all of it or nothing; and how an update ended."""

import csv
import hashlib
import io
import lzma
import tarfile
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import polars as pl

from headtohead.core.errors import (
    DamagedDownload,
    EvidenceError,
    HeadToHeadError,
    SourceUnreachable,
    StoreFull,
    UpstreamChanged,
)
from headtohead.evidence import catalogue, snapshots
from headtohead.evidence.catalogue import Importer
from headtohead.evidence.download import Version
from headtohead.evidence.sourcing import RawFiles
from headtohead.evidence.store import Store
from headtohead.evidence.tables import frame, table

# A publisher east of us may already write tomorrow's date.
_CLOCKS_DIFFER = timedelta(days=1)
_MANY_ROWS, _THOROUGH, _QUICK = 200_000, 19, 6


State = Literal["new", "unchanged", "failed", "by_hand", "other"]


@dataclass(frozen=True, slots=True)
class Imported:
    """One import made.

    `is_new` is false if the very same files had been taken before.
    """

    entry: catalogue.Import
    is_new: bool


def frames_of(
    importer: Importer, raw: RawFiles
) -> tuple[dict[str, pl.DataFrame], Mapping[str, int]]:
    """Table -> checked rows, and what was dropped.

    Raises:
        UpstreamChanged: If the publisher's layout is not the one we know, or rows are too few.
        EvidenceError: If a row breaks its table's declaration.
        DamagedDownload: If a file is truncated or not of its format.
    """
    source = importer.source
    try:
        parsed = importer.parse(raw)
    except (LookupError, TypeError, AttributeError) as error:
        what = f"the layout is not the one we know ({type(error).__name__}: {error})"
        raise UpstreamChanged(raw.source_id, "the files given", what) from error
    except _unreadable() as error:
        raise DamagedDownload(
            f"{raw.source_id}: the files cannot be read ({type(error).__name__}: {error}). They "
            "are truncated, corrupt or of another format; nothing was taken. Download them again."
        ) from error
    frames = {}
    for name, (fewest, most) in source.rows.items():
        rows = parsed.rows.get(name, [])
        if not fewest <= len(rows) <= most:
            raise UpstreamChanged(
                source.source_id,
                "the whole import",
                f"{len(rows)} rows of {name}, outside {fewest}..{most},",
            )
        if rows:
            frames[name] = frame(table(name), source, rows, raw.known_on)
    extra = set(parsed.rows) - set(source.rows)
    if extra:
        raise EvidenceError(
            f"{source.source_id} gave rows of undeclared tables: {', '.join(sorted(extra))}."
        )
    return frames, dict(parsed.dropped)


def _unreadable() -> tuple[type[Exception], ...]:
    """What decoders raise on bytes that are not of their format."""
    import yaml

    return (
        *(ValueError, EOFError, OSError, zlib.error, lzma.LZMAError),
        *(csv.Error, tarfile.TarError, zipfile.BadZipFile, ET.ParseError),
        *(yaml.YAMLError, pl.exceptions.PolarsError),
    )


def ingest(
    importer: Importer,
    raw: RawFiles,
    folder: Path,
    *,
    retrieved_on: date,
    keep: Callable[[RawFiles], None] | None = None,
    restate: bool = False,
) -> Imported:
    """Parse, check and add one import to an evidence folder; the caller holds its lock.

    Rows are written under names made from their content and the catalogue is replaced last, so
    an interruption leaves the old evidence whole. Files that were taken before keep the days they
    were first taken with; if a newer parser reads them otherwise, its rows replace the old ones.

    `keep` is called with the raw files once they are found good, before any row is written;
    `restate` says that `raw.known_on` was stated on purpose and corrects an earlier one.

    Raises:
        HeadToHeadError: As `frames_of`, and StoreFull if the folder cannot be written.
    """
    entries = catalogue.entries(folder)
    identity = (raw.source_id, raw.sha256)
    before = next((e for e in entries if (e.source_id, e.sha256) == identity), None)
    if before:
        retrieved_on = before.retrieved_on
        if not restate:
            raw = RawFiles(raw.source_id, raw.files, before.edition)
    entry, contents = entry_of(importer, raw, retrieved_on)
    if entry == before and all(catalogue.intact(folder, entry, t) for t in entry.tables):
        return Imported(entry, is_new=False)
    if keep:
        keep(raw)
    for name, content in contents.items():
        catalogue.replace(folder / entry.file(name), content)
    if entry != before:
        after = [entry if e is before else e for e in entries]
        catalogue.write(folder, tuple(after if before else (*entries, entry)))
    return Imported(entry, is_new=entry != before)


def entry_of(
    importer: Importer, raw: RawFiles, retrieved_on: date
) -> tuple[catalogue.Import, dict[str, bytes]]:
    """The catalogue entry that raw files make, and the file of each of its tables.

    Raises:
        HeadToHeadError: As `frames_of`.
    """
    frames, dropped = frames_of(importer, raw)
    days = [d for f in frames.values() if isinstance(d := f["known_on"].max(), date)]
    if not days:
        raise UpstreamChanged(raw.source_id, "the whole import", "not one row")
    if max(days) > retrieved_on + _CLOCKS_DIFFER:
        raise EvidenceError(
            f"{raw.source_id}: a row says that it became known on {max(days)}, but its file was "
            f"taken on {retrieved_on}. Correct the parser, or state the day it became known."
        )
    contents = {}
    for name, rows in frames.items():
        level = _THOROUGH if rows.height <= _MANY_ROWS else _QUICK
        rows.write_parquet(buffer := io.BytesIO(), compression="zstd", compression_level=level)
        contents[name] = buffer.getvalue()
    entry = catalogue.Import(
        source_id=raw.source_id,
        sha256=raw.sha256,
        edition=raw.known_on,
        known_on=max(days),
        retrieved_on=retrieved_on,
        tables={name: f.height for name, f in frames.items()},
        digests={name: hashlib.sha256(c).hexdigest() for name, c in contents.items()},
        dropped=dropped,
    )
    return entry, contents


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What an update did for one source.

    Attributes:
        state: "new" rows were taken; "unchanged": the very files we had, or no new day; "failed",
            and the old evidence stands; "by_hand": the publisher offers no plain address;
            "other": files fit its name patterns but are not its own.
        skipped: Optional files that the publisher does not have.
        how_to_get: What the user does for a source that is "by_hand".
    """

    source_id: str
    state: State
    entry: catalogue.Import | None = None
    files: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    failure: HeadToHeadError | None = None
    how_to_get: str = ""


def exit_code(updated: Iterable[Updated]) -> int:
    """The code to end with, 0 if nothing failed.

    74 if the disk was full, else 65 if a file was changed or damaged, else 75 if a publisher was
    out of reach.
    """
    failures = [u.failure for u in updated if u.failure and u.state == "failed"]
    for kind in (StoreFull, EvidenceError, SourceUnreachable, HeadToHeadError):
        if any(isinstance(f, kind) for f in failures):
            return kind.exit_code
    return 0


def take(
    store: Store,
    importer: Importer,
    raw: RawFiles,
    versions: Mapping[str, Version],
    today: date,
    *,
    skipped: tuple[str, ...] = (),
    restate: bool = False,
) -> Updated:
    """Keep raw files and import them; the caller holds the store's lock.

    `versions` tell where each file was downloaded; `restate`, that `raw.known_on` corrects an
    earlier import of the same files.

    Raises:
        HeadToHeadError: As `ingest`.
    """

    def keep(good: RawFiles) -> None:
        snapshots.keep(store.home, importer.source, good, versions, today)

    imported = ingest(importer, raw, store.home, retrieved_on=today, keep=keep, restate=restate)
    return report(raw, imported, skipped)


def report(raw: RawFiles, imported: Imported, skipped: tuple[str, ...] = ()) -> Updated:
    """What to tell of an import that went well."""
    return Updated(
        source_id=raw.source_id,
        state="new" if imported.is_new else "unchanged",
        entry=imported.entry,
        files=tuple(f.name for f in raw.files),
        skipped=skipped,
    )
