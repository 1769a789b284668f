"""Tables and catalogue made again from the raw files."""

from pathlib import Path

from tests.evidence.file_server import FileServer, ServedFile
from tests.evidence.toys import TODAY, TOMORROW, chips, fresh, names, picture, write_source

from headtohead.evidence import catalogue
from headtohead.evidence.store import Store
from headtohead.evidence.update import rebuild, update


def test_tables_are_made_again_from_the_raw_files(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_one")
    for day, name in ((TODAY, "a"), (TOMORROW, "b")):
        server.files["toy_one/toy_one.json"] = ServedFile(chips(name))
        update(store, ["toy_one"], today=day, mirror=server.address)
    before = picture(store)
    assert [d.state for d in rebuild(store)] == ["unchanged", "unchanged"]
    assert picture(store) == before
    for path in (store.home / "tables").rglob("*.parquet"):
        path.write_bytes(b"PAR1 damaged")
    (store.home / "catalogue.json").write_text("{")
    assert [d.state for d in rebuild(fresh(store))] == ["new", "new"]
    assert picture(fresh(store)) == before


def test_what_cannot_be_made_again_stays_as_it_is(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_one")
    for day, name in ((TODAY, "a"), (TOMORROW, "b")):
        server.files["toy_one/toy_one.json"] = ServedFile(chips(name))
        update(store, ["toy_one"], today=day, mirror=server.address)
    before = picture(store)
    first = catalogue.read(store.home)[0]
    raw = store.home / "snapshots/toy_one" / first.sha256 / "toy_one.json"
    raw.write_bytes(b"altered")
    failed, kept = rebuild(store)
    assert (failed.state, kept.state) == ("failed", "unchanged")
    assert "is not what was taken on 2026-03-01" in str(failed.failure)
    assert picture(store) == before
    (store.home / first.file("chips")).unlink()
    rebuild(store)
    assert names(fresh(store), TOMORROW) == ["b"]
