"""Raw files to evidence: parse, check, write; all of it or nothing."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.core.errors import DamagedDownload, EvidenceError, InputError, UpstreamChanged
from headtohead.core.sourcing import Parsed, RawFile, RawFiles, Source
from headtohead.core.tables import table
from headtohead.evidence import catalogue
from headtohead.evidence.frames import frame
from headtohead.sources import Importer

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Imported:
    """One import made.

    Attributes:
        entry: Its catalogue entry.
        is_new: False if the very same files had been taken before.
    """

    entry: catalogue.Import
    is_new: bool


def raw_from_folder(source: Source, folder: Path, known_on: date) -> RawFiles:
    """The raw files of a source found below a folder.

    Raises:
        InputError: If the folder is missing or holds none of them.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder. Give the folder that holds {source.source_id}'s files."
        )
    names = sorted({p for pattern in source.patterns for p in folder.rglob(pattern) if p.is_file()})
    if not names:
        raise InputError(
            f"{folder} holds no file for {source.source_id} "
            f"(looked for {', '.join(source.patterns)})."
        )
    files = tuple(RawFile(p.relative_to(folder).as_posix(), p.read_bytes()) for p in names)
    return RawFiles(source.source_id, files, known_on)


def frames_of(
    importer: Importer, raw: RawFiles
) -> "tuple[dict[str, pl.DataFrame], Mapping[str, int]]":
    """Table -> checked rows, and what was dropped.

    Raises:
        UpstreamChanged: If the publisher's layout is not the one we know, or rows are too few.
        EvidenceError: If a row breaks its table's declaration.
        DamagedDownload: If a file is truncated or not of its format.
    """
    source = importer.source
    parsed = _parse(importer, raw)
    made = {}
    for name, (fewest, most) in source.rows.items():
        rows = parsed.rows.get(name, [])
        if not fewest <= len(rows) <= most:
            raise UpstreamChanged(
                source.source_id,
                "the whole import",
                f"{len(rows)} rows of {name}, outside {fewest}..{most},",
            )
        if rows:
            made[name] = frame(table(name), source, rows, raw.known_on)
    extra = set(parsed.rows) - set(source.rows)
    if extra:
        raise EvidenceError(
            f"{source.source_id} gave rows of undeclared tables: {', '.join(sorted(extra))}."
        )
    return made, dict(parsed.dropped)


def _parse(importer: Importer, raw: RawFiles) -> Parsed:
    try:
        return importer.module.parse(raw)
    except (ValueError, EOFError, KeyError, OSError, UnicodeError) as error:
        raise DamagedDownload(
            f"{raw.source_id}: the files cannot be read ({type(error).__name__}: {error}). They "
            "are truncated, corrupt or of another format; nothing was taken. Download them again."
        ) from None


def ingest(importer: Importer, raw: RawFiles, folder: Path, *, retrieved_on: date) -> Imported:
    """Parse, check and add one import to an evidence folder; the caller holds its lock.

    The catalogue is replaced last, so an interruption leaves the old evidence whole.

    Raises:
        HeadToHeadError: As `frames_of`, and StoreFull if the folder cannot be written.
    """
    entries = catalogue.read(folder)
    for entry in entries:
        if (entry.source_id, entry.sha256) == (raw.source_id, raw.sha256):
            return Imported(entry, is_new=False)
    frames, dropped = frames_of(importer, raw)
    days = [d for f in frames.values() if isinstance(d := f["known_on"].max(), date)]
    entry = catalogue.Import(
        source_id=raw.source_id,
        sha256=raw.sha256,
        known_on=max(days),
        retrieved_on=retrieved_on,
        tables={name: f.height for name, f in frames.items()},
        dropped=dropped,
    )
    for name, rows in frames.items():
        catalogue.replace(folder / entry.file(name), _parquet(rows))
    catalogue.write(folder, (*entries, entry))
    return Imported(entry, is_new=True)


def _parquet(rows: "pl.DataFrame") -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=19)
    return buffer.getvalue()
