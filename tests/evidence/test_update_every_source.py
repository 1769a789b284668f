"""Every source on its real raw files: from a folder, and over the wire where the names allow."""

import gzip
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.evidence.file_server import FileServer, ServedFile
from tests.evidence.read_once import rows_of

from headtohead.evidence import ingest
from headtohead.evidence.catalogue import importer, importers
from headtohead.evidence.folder import from_folder
from headtohead.evidence.ingest import Updated
from headtohead.evidence.sourcing import Source
from headtohead.evidence.store import Store
from headtohead.evidence.update import update

_FILE = Path(__file__).resolve().parents[2] / "scripts" / "vintages.toml"
VINTAGES = tomllib.loads(_FILE.read_text(encoding="utf-8"))
# No copy of these publishers' files is in the raw evidence; their own tests have made-up ones.
WITHOUT_RAW_FILES = {"lmarena_leaderboard"}


@pytest.fixture(scope="module", autouse=True)
def _read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "frames_of", rows_of)
        # How small the files of a user's own disk are does not matter here.
        patch.setattr(ingest, "_THOROUGH", 1)
        patch.setattr(ingest, "_QUICK", 1)
        yield


def _day(source_id: str) -> date:
    return date.fromisoformat(VINTAGES[source_id]["known_on"])


def _within_bounds(done: Updated, source: Source) -> None:
    assert done.state == "new", done.failure
    assert done.entry
    assert set(done.entry.tables) <= set(source.rows)
    for name, (fewest, most) in source.rows.items():
        assert fewest <= done.entry.tables.get(name, 0) <= most


def _rows(store: Store, source: Source, day: date) -> dict[str, pl.DataFrame]:
    return {
        name: store.read(name, day).filter(pl.col("source_id") == source.source_id)
        for name in source.rows
    }


def test_every_source_has_a_vintage_or_is_known_to_have_no_raw_files() -> None:
    assert set(VINTAGES) | WITHOUT_RAW_FILES == set(importers())
    assert not set(VINTAGES) & WITHOUT_RAW_FILES


@pytest.mark.parametrize("source_id", sorted(VINTAGES))
def test_a_source_is_imported_from_its_raw_files(
    source_id: str, store: Store, shared_evidence: Path
) -> None:
    source, day = importer(source_id).source, _day(source_id)
    folder = shared_evidence / VINTAGES[source_id]["folder"]
    (done,) = from_folder(store, [source_id], folder, today=day, known_on=day).updated
    _within_bounds(done, source)
    rows = _rows(store, source, day)
    assert any(not r.is_empty() for r in rows.values())
    for name, frame in rows.items():
        assert done.entry
        assert frame.height <= done.entry.tables.get(name, 0)
        assert all(known <= day for known in frame["known_on"].unique())
    cited = store.citations([source_id], day)[0]
    assert cited.sha256 == done.entry.sha256 if done.entry else None
    assert cited.known_on is not None
    assert cited.known_on <= day


def _as_published(source: Source, folder: Path) -> dict[str, bytes]:
    """Download name -> content, for the downloads that the raw evidence has under their name."""
    found = {}
    for download in source.downloads:
        for path in sorted(folder.rglob(Path(download.name).name)):
            if path.as_posix().endswith(download.name):
                found[download.name] = path.read_bytes()
        for path in folder.rglob(f"{Path(download.name).name}.gz"):
            found[download.name] = gzip.decompress(path.read_bytes())
    return found


def _renamed(source: Source, folder: Path, found: dict[str, bytes]) -> dict[str, bytes]:
    """The same, for a source of one file that the raw evidence keeps under a dated name."""
    if found or len(source.downloads) != 1:
        return found
    name = source.downloads[0].name
    fits = [p for pattern in source.patterns for p in folder.rglob(pattern)]
    packed = [p for p in fits if p.suffixes[-2:] == [Path(name).suffix, ".gz"]]
    plain = [p for p in fits if p.suffix == Path(name).suffix]
    if packed:
        return {name: gzip.decompress(packed[0].read_bytes())}
    return {name: plain[0].read_bytes()} if plain else {}


@pytest.mark.parametrize("source_id", sorted(i for i in VINTAGES if importer(i).source.downloads))
def test_a_source_is_downloaded_as_its_publisher_serves_it(
    source_id: str, store: Store, server: FileServer, shared_evidence: Path
) -> None:
    source, day = importer(source_id).source, _day(source_id)
    folder = shared_evidence / VINTAGES[source_id]["folder"]
    content = _renamed(source, folder, _as_published(source, folder))
    required = {d.name for d in source.downloads if not d.optional}
    if not content or not required <= set(content):
        pytest.skip(f"{source_id}: the raw evidence holds no file as its publisher serves it")
    for name, body in content.items():
        server.files[f"{source_id}/{name}"] = ServedFile(body)
    (done,) = update(store, [source_id], today=day, mirror=server.address)
    _within_bounds(done, source)
    assert set(done.files) == set(content)
    tomorrow = day + timedelta(1)
    (again,) = update(store, [source_id], today=tomorrow, mirror=server.address)
    assert again.state == "unchanged"
    assert again.entry == done.entry
