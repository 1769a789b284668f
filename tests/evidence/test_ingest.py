"""Raw files to rows: all of them or none, and the same rows whenever it is done again."""

import gzip
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of
from tests.evidence.toys import fresh, in_memory, raw

from headtohead.core.errors import (
    DamagedDownload,
    EvidenceError,
    HeadToHeadError,
    InputError,
    UpstreamChanged,
)
from headtohead.evidence import catalogue
from headtohead.evidence.catalogue import Importer, importer
from headtohead.evidence.ingest import entry_of, ingest
from headtohead.evidence.sourcing import RawFile, RawFiles, yaml_of
from headtohead.evidence.store import Store

KNOWN, TAKEN = date(2026, 1, 15), date(2026, 1, 20)
A = {"chip": "a", "maker": "Toys"}
B = {"chip": "b", "maker": "Toys"}


def failing(error: Exception) -> Importer:
    """A source whose parser raises this."""
    return in_memory({"chips": [A]}, error=error)


def test_rows_can_be_read_once_the_catalogue_names_them(store: Store) -> None:
    found = in_memory({"chips": [A, B | {"known_on": date(2026, 1, 1)}]})
    made = ingest(found, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    assert made.is_new
    entry = made.entry
    assert (entry.tables, entry.edition, entry.known_on) == ({"chips": 2}, KNOWN, KNOWN)
    assert entry.retrieved_on == TAKEN
    assert catalogue.read(store.home) == (entry,)
    assert store.read("chips", KNOWN)["chip"].to_list() == ["a", "b"]
    assert store.read("chips", date(2026, 1, 1))["chip"].to_list() == ["b"]


def test_dropped_records_are_counted_in_the_catalogue(store: Store) -> None:
    found = in_memory({"chips": [A]}, dropped=["no chip", "no chip"])
    ingest(found, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    assert catalogue.read(store.home)[0].dropped == {"no chip": 2}


def test_the_same_files_keep_the_day_they_first_came(store: Store) -> None:
    found = in_memory({"chips": [A]})
    first = ingest(found, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    bytes_before = (store.home / "catalogue.json").read_bytes()
    again = ingest(found, raw(b"1", TAKEN), store.home, retrieved_on=date(2026, 2, 1))
    assert not again.is_new
    assert again.entry == first.entry
    assert (store.home / "catalogue.json").read_bytes() == bytes_before


def test_a_day_stated_on_purpose_corrects_the_first_one(store: Store) -> None:
    found = in_memory({"chips": [A]})
    ingest(found, raw(b"1", TAKEN), store.home, retrieved_on=TAKEN)
    assert store.read("chips", KNOWN).is_empty()
    done = ingest(found, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN, restate=True)
    assert done.is_new
    assert store.read("chips", KNOWN).height == 1
    assert len(catalogue.read(store.home)) == 1


def test_a_better_parser_replaces_what_an_older_one_made_of_the_files(store: Store) -> None:
    ingest(in_memory({"chips": [A, B]}), raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    ingest(in_memory({"chips": [B]}), raw(b"2", TAKEN), store.home, retrieved_on=TAKEN)
    better = in_memory({"chips": [A | {"power_w": 700.0}]})
    assert ingest(better, raw(b"1", TAKEN), store.home, retrieved_on=TAKEN).is_new
    assert [e.sha256 for e in catalogue.read(store.home)] == [
        raw(b"1", KNOWN).sha256,
        raw(b"2", KNOWN).sha256,
    ]
    assert store.read("chips", KNOWN).select("chip", "power_w").rows() == [("a", 700.0)]


def test_a_lost_table_file_is_made_again(store: Store) -> None:
    found = in_memory({"chips": [A]})
    entry = ingest(found, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN).entry
    path = store.home / entry.file("chips")
    content = path.read_bytes()
    for harm in (path.unlink, lambda: path.write_bytes(content[:-1])):
        harm()
        assert not ingest(found, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN).is_new
        assert path.read_bytes() == content
    assert fresh(store).read("chips", KNOWN).height == 1


def test_the_same_rows_make_the_same_bytes() -> None:
    many = [{"chip": f"c{i}", "maker": "Toys", "power_w": i / 7} for i in range(3000)]
    made = [entry_of(in_memory({"chips": many}), raw(b"1", KNOWN), TAKEN)[1] for _ in range(3)]
    assert made[0] == made[1] == made[2]


def test_raw_files_are_kept_only_once_they_are_found_good(store: Store) -> None:
    kept: list[RawFiles] = []
    wrong = in_memory({"chips": [A, A]})
    with pytest.raises(EvidenceError, match="repeat a key"):
        ingest(wrong, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN, keep=kept.append)
    assert not kept
    assert not store.home.exists()
    good = in_memory({"chips": [A]})
    ingest(good, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN, keep=kept.append)
    assert [k.sha256 for k in kept] == [raw(b"1", KNOWN).sha256]


def _unpack(kind: str) -> Callable[[], object]:
    broken = b"not of this format"
    return {
        "json": lambda: json.loads(broken),
        "utf-8": lambda: b"\xff".decode(),
        "gzip": lambda: gzip.decompress(broken),
        "cut gzip": lambda: gzip.decompress(gzip.compress(b"x" * 9000)[:-9]),
        "altered gzip": lambda: gzip.decompress(_altered(gzip.compress(bytes(range(256)) * 99))),
        "zlib": lambda: zlib.decompress(broken),
        "xz": lambda: lzma.decompress(broken),
        "zip": lambda: zipfile.ZipFile(__file__),
        "tar": lambda: tarfile.open(__file__),
        "yaml": lambda: yaml_of("a: [1"),
        "parquet": lambda: pl.read_parquet(broken),
    }[kind]


def _altered(content: bytes) -> bytes:
    return content[:15] + bytes(b ^ 0xFF for b in content[15:25]) + content[25:]


@pytest.mark.parametrize(
    "kind",
    [
        *("json", "utf-8", "gzip", "cut gzip", "altered gzip", "zlib", "xz", "zip", "tar"),
        *("yaml", "parquet"),
    ],
)
def test_a_file_that_cannot_be_decoded_is_a_damaged_download(store: Store, kind: str) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - each decoder has its own
        _unpack(kind)()
    with pytest.raises(DamagedDownload, match="toy: the files cannot be read") as damaged:
        ingest(failing(raised.value), raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    assert damaged.value.exit_code == 65
    assert damaged.value.__cause__ is raised.value


@pytest.mark.parametrize(
    "error",
    [
        KeyError("models"),
        IndexError("list index out of range"),
        TypeError("list indices must be integers"),
        AttributeError("'list' object has no attribute 'items'"),
    ],
)
def test_another_shape_of_the_content_is_a_changed_upstream(store: Store, error: Any) -> None:
    with pytest.raises(UpstreamChanged, match="the layout is not the one we know") as changed:
        ingest(failing(error), raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    assert changed.value.exit_code == 65
    assert not store.home.exists()


def test_an_error_of_ours_is_not_blamed_on_the_publisher(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        ingest(failing(ZeroDivisionError()), raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)


def _declaring(rows: dict[str, tuple[int, int]], given: dict[str, Any]) -> Importer:
    from dataclasses import replace

    found = in_memory(given)
    return Importer(replace(found.source, rows=rows), found.parse)


@pytest.mark.parametrize(
    ("declared", "given", "kind", "says"),
    [
        ({"chips": (2, 9)}, {"chips": [A]}, UpstreamChanged, "1 rows of chips, outside 2..9"),
        ({"chips": (0, 1)}, {"chips": [A, B]}, UpstreamChanged, "2 rows of chips, outside 0..1"),
        ({"chips": (1, 9)}, {}, UpstreamChanged, "0 rows of chips"),
        ({"chips": (0, 9)}, {"chips": []}, UpstreamChanged, "not one row"),
        ({"models": (0, 9)}, {"chips": [A]}, EvidenceError, "undeclared tables: chips"),
    ],
)
def test_rows_must_be_those_declared(
    store: Store,
    declared: dict[str, tuple[int, int]],
    given: dict[str, Any],
    kind: type[HeadToHeadError],
    says: str,
) -> None:
    with pytest.raises(kind, match=says):
        ingest(_declaring(declared, given), raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    assert not store.home.exists()


def test_a_row_cannot_become_known_after_its_file_was_taken(store: Store) -> None:
    tomorrow = in_memory({"chips": [A | {"known_on": date(2026, 1, 21)}]})
    ingest(tomorrow, raw(b"1", KNOWN), store.home, retrieved_on=TAKEN)
    later = in_memory({"chips": [A | {"known_on": date(2026, 1, 22)}]})
    with pytest.raises(EvidenceError, match="became known on 2026-01-22, but its file was taken"):
        ingest(later, raw(b"2", KNOWN), store.home, retrieved_on=TAKEN)


def test_files_are_found_below_a_folder_by_the_patterns(tmp_path: Path) -> None:
    source = importer("lmarena_catalog").source
    names = ["2025-01-28/leaderboard-text.json", "scatterplot-data.json"]
    for name in [*names, "readme.md", ".hidden/leaderboard-text.json"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    found = raw_from_folder(source, tmp_path, KNOWN)
    assert found.files == tuple(RawFile(n, n.encode()) for n in names)
    assert found.known_on == KNOWN


def test_a_folder_without_files_is_a_wrong_input(tmp_path: Path) -> None:
    source = importer("lmarena_catalog").source
    with pytest.raises(InputError, match="holds no file for lmarena_catalog"):
        raw_from_folder(source, tmp_path, KNOWN)
    with pytest.raises(InputError, match="is not a folder"):
        raw_from_folder(source, tmp_path / "gone", KNOWN)


def test_the_arena_catalogue_of_the_raw_evidence_is_imported(
    store: Store, shared_evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headtohead.evidence.ingest.frames_of", rows_of)
    found = importer("lmarena_catalog")
    files = raw_from_folder(found.source, shared_evidence / "lmarena_catalog", date(2025, 12, 17))
    made = ingest(found, files, store.home, retrieved_on=date(2025, 12, 17))
    rows = store.read("arena_ratings", date(2025, 12, 17))
    assert rows.height == made.entry.tables["arena_ratings"]
    assert rows["observed_on"].n_unique() == 5
    known = store.read("arena_ratings", date(2025, 6, 1))["observed_on"].unique().sort().to_list()
    assert known == [date(2025, 1, 28), date(2025, 5, 21)]
