"""Files that are on disk already: whose they are, when they became known, what is left over."""

import gzip
from datetime import date
from pathlib import Path

import pytest
from tests.evidence.toys import TODAY, TOMORROW, chips, names, write_source

from headtohead.core.errors import InputError, UpstreamChanged
from headtohead.evidence.folder import from_folder
from headtohead.evidence.ingest import exit_code
from headtohead.evidence.store import Store


def _lay(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_files_on_disk_are_taken_from_the_sources_own_folder(
    store: Store, plugged: Path, tmp_path: Path
) -> None:
    write_source(plugged, "toy_one")
    folder = _lay(
        tmp_path / "raw",
        {"toy_one/toy_one-2026-01-10.json": chips("a"), "toy_one.json": chips("not mine")},
    )
    done = from_folder(store, ["toy_one"], folder, today=TODAY)
    assert [d.state for d in done.updated] == ["new"]
    assert done.updated[0].files == ("toy_one-2026-01-10.json",)
    assert done.unused == ("toy_one.json",)
    assert names(store, date(2026, 1, 10)) == ["a"]
    assert store.read("chips", date(2026, 1, 9)).is_empty()


def test_packed_and_plain_names_of_the_same_file_both_fit(
    store: Store, plugged: Path, tmp_path: Path
) -> None:
    write_source(plugged, "toy_one")
    folder = _lay(tmp_path / "raw", {"deep/er/toy_one_v2.json.gz": gzip.compress(chips("a"))})
    done = from_folder(store, ["toy_one"], folder, today=TODAY)
    assert done.updated[0].files == ("deep/er/toy_one_v2.json.gz",)
    assert names(store) == ["a"]


def test_the_day_given_wins_over_the_day_in_the_name_and_today(
    store: Store, plugged: Path, tmp_path: Path
) -> None:
    write_source(plugged, "toy_one")
    folder = _lay(tmp_path / "raw", {"toy_one_20260110.json": chips("a")})
    for known_on, edition in (
        (None, date(2026, 1, 10)),
        (date(2026, 1, 5), date(2026, 1, 5)),
        (None, date(2026, 1, 5)),
    ):
        done = from_folder(store, ["toy_one"], folder, today=TODAY, known_on=known_on)
        assert done.updated[0].entry
        assert done.updated[0].entry.edition == edition
    assert names(store, date(2026, 1, 5)) == ["a"]
    with pytest.raises(InputError, match="lies in the future"):
        from_folder(store, ["toy_one"], folder, today=TODAY, known_on=TOMORROW)


@pytest.mark.parametrize(
    ("path", "edition"),
    [
        ("toy_one.json", TODAY),
        ("2026-01-10/toy_one.json", date(2026, 1, 10)),
        ("toy_one-2026-13-40.json", TODAY),
        ("toy_one-2026-04-01.json", TODAY),
        ("toy_one-120260110.json", TODAY),
        ("2026-01-10/toy_one-2026-02-02.json", date(2026, 2, 2)),
    ],
)
def test_the_day_in_a_name_is_read_with_care(
    store: Store, plugged: Path, tmp_path: Path, path: str, edition: date
) -> None:
    write_source(plugged, "toy_one")
    folder = _lay(tmp_path / "raw", {path: chips("a")})
    (done,) = from_folder(store, ["toy_one"], folder, today=TODAY).updated
    assert done.entry
    assert done.entry.edition == edition


def test_a_folder_is_sorted_out_when_no_source_is_named(
    store: Store, plugged: Path, tmp_path: Path
) -> None:
    write_source(plugged, "toy_a")
    write_source(plugged, "toy_b", replacing=("toy_b*.json", "toy_*.json"))
    write_source(plugged, "toy_c")
    folder = _lay(
        tmp_path / "raw",
        {
            "toy_a/toy_a.json": chips("a"),
            "toy_c.json": chips("c", surprise=1),
            "notes.txt": b"by hand",
        },
    )
    done = from_folder(store, [], folder, today=TODAY)
    assert [(d.source_id, d.state) for d in done.updated] == [
        ("toy_a", "new"),
        ("toy_b", "other"),
        ("toy_c", "other"),
    ]
    assert exit_code(done.updated) == 0
    assert done.unused == ("notes.txt", "toy_c.json")
    assert isinstance(done.updated[2].failure, UpstreamChanged)
    named = from_folder(store, ["toy_c"], folder, today=TODAY)
    assert [d.state for d in named.updated] == ["failed"]
    assert exit_code(named.updated) == 65


def test_a_folder_in_which_nothing_fits_is_a_wrong_input(
    store: Store, plugged: Path, tmp_path: Path
) -> None:
    write_source(plugged, "toy_a", how_to_get="Ask the publisher.")
    folder = _lay(tmp_path / "raw", {"notes.txt": b"by hand"})
    with pytest.raises(InputError, match="holds no file of a source we know"):
        from_folder(store, [], folder, today=TODAY)
    with pytest.raises(InputError, match=r"no file of toy_a .*toy_a\*\.json.* Ask the publisher"):
        from_folder(store, ["toy_a"], folder, today=TODAY)
    with pytest.raises(InputError, match="is not a folder"):
        from_folder(store, [], folder / "gone", today=TODAY)


def test_a_missing_source_stops_a_folder_before_anything_is_taken(
    store: Store, plugged: Path, tmp_path: Path
) -> None:
    write_source(plugged, "toy_a")
    write_source(plugged, "toy_b")
    folder = _lay(tmp_path / "raw", {"toy_a.json": chips("a")})
    with pytest.raises(InputError, match="no file of toy_b"):
        from_folder(store, ["toy_a", "toy_b"], folder, today=TODAY)
    assert store.read("chips", TODAY).is_empty()
