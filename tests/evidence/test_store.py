"""Reads as of a day: nothing known later has any influence."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.evidence.toys import fresh, in_memory, raw
from tests.simulations import examples

from headtohead.core.errors import DamagedStore, NoEvidence, UnknownName
from headtohead.evidence import catalogue
from headtohead.evidence import store as store_of
from headtohead.evidence.facts import _rows_of
from headtohead.evidence.ingest import ingest
from headtohead.evidence.sourcing import Row
from headtohead.evidence.store import Store
from headtohead.evidence.tables import Column, Table, table, tables
from headtohead.names.names import Names

LONG_AGO, SOON = date(2024, 1, 1), date(2026, 12, 31)
LAST = date(2027, 6, 30)
_MOMENTS: dict[str, Any] = {
    "min_value": datetime.fromisoformat("2025-01-01"),
    "max_value": datetime.fromisoformat("2026-01-01"),
}


def plant(
    folder: Path,
    rows: dict[str, list[Row]],
    edition: date,
    *,
    source_id: str = "toy",
    whole: bool = False,
) -> catalogue.Import:
    """Import rows as one edition of a made-up source."""
    content = json.dumps([str(rows), str(edition)]).encode()
    files = raw(content, edition, source_id)
    found = in_memory(dict(rows), source_id, whole=whole)
    return ingest(found, files, folder, retrieved_on=LAST).entry


def chip(name: str, known_on: date | None = None, **fields: Any) -> Row:
    return {"chip": name, "maker": "Toys", "known_on": known_on, **fields}


def values(column: Column, *, known: st.SearchStrategy[date]) -> st.SearchStrategy[Any]:
    if column.name == "known_on":
        return known
    if column.name in ("vintage", "source_id", "verified"):
        return st.none()
    if column.name == "row_url":
        return st.sampled_from([None, "https://toys.invalid/a"])
    if "low_" in column.name or "high_" in column.name:
        return st.just(0.0 if "low_" in column.name else 100.0)
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "text": st.sampled_from(["a", "b", "c'd"]),
        "real": st.floats(0, 100, allow_nan=False),
        "int": st.integers(0, 1000),
        "flag": st.booleans(),
        "day": st.dates(LONG_AGO, SOON),
        "moment": st.datetimes(timezones=st.just(UTC), **_MOMENTS),
    }
    made = kinds[column.kind]
    return made if column.required else st.none() | made


def some_rows(declared: Table, known: st.SearchStrategy[date]) -> st.SearchStrategy[list[Row]]:
    columns = {c.name: values(c, known=known) for c in declared.all_columns}
    key = (*declared.key, "known_on")
    return st.lists(
        st.fixed_dictionaries(columns), min_size=1, max_size=6, unique_by=lambda r: _key(r, key)
    ).map(lambda rows: [{k: v for k, v in r.items() if k != "source_id"} for r in rows])


def _key(row: Row, key: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[k] for k in key)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_becomes_known_later_changes_no_earlier_read(data: st.DataObject) -> None:
    declared = table(data.draw(st.sampled_from(sorted(tables())), label="table"))
    as_of = data.draw(st.dates(LONG_AGO, SOON), label="as_of")
    whole = data.draw(st.booleans(), label="whole")
    first_edition = data.draw(st.dates(LONG_AGO, SOON), label="first edition")
    base = data.draw(some_rows(declared, st.dates(LONG_AGO, SOON)), label="base")
    # A later edition is kept out by its own day, whatever its rows say of themselves.
    earliest = LONG_AGO if whole else as_of + timedelta(1)
    later = data.draw(some_rows(declared, st.dates(earliest, SOON + timedelta(30))), label="later")
    with TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "home", builtin=folder / "builtin", curated=folder / "curated")
        plant(store.home, {declared.name: base}, first_edition, whole=whole)
        before = store.read(declared.name, as_of)
        second_edition = max(as_of, first_edition) + timedelta(1)
        plant(store.home, {declared.name: later}, second_edition, whole=whole)
        future = [r | {"known_on": max(r["known_on"], as_of + timedelta(1))} for r in later]
        unique = {_key(r, (*declared.key, "known_on")): r for r in future}
        plant(store.home, {declared.name: list(unique.values())}, LAST, source_id="other")
        after = store.read(declared.name, as_of)
        assert after is not before
        assert_frame_equal(after, before)
        assert before.height <= len(base)
        assert all(day <= as_of for day in before["known_on"])


def test_the_planted_rows_do_show_on_their_own_day(store: Store) -> None:
    plant(store.home, {"chips": [chip("a", date(2026, 1, 1))]}, date(2026, 1, 1))
    plant(store.home, {"chips": [chip("b", date(2026, 1, 2))]}, date(2026, 1, 2))
    shown = [store.read("chips", date(2026, 1, day))["chip"].to_list() for day in (1, 2)]
    assert shown == [["a"], ["a", "b"]]


def test_a_correction_counts_from_the_day_it_is_known(store: Store) -> None:
    plant(store.home, {"chips": [chip("a", date(2026, 1, 1), power_w=700.0)]}, date(2026, 1, 1))
    plant(store.home, {"chips": [chip("a", date(2026, 2, 1), power_w=750.0)]}, date(2026, 2, 1))
    power = [store.read("chips", d)["power_w"].to_list() for d in (date(2026, 1, 31), SOON)]
    assert power == [[700.0], [750.0]]


def test_a_correction_found_in_an_older_file_counts_by_its_own_day(store: Store) -> None:
    plant(store.home, {"chips": [chip("a", date(2026, 2, 1), power_w=750.0)]}, date(2026, 2, 1))
    plant(store.home, {"chips": [chip("a", date(2026, 1, 1), power_w=700.0)]}, date(2026, 3, 1))
    assert store.read("chips", SOON)["power_w"].to_list() == [750.0]
    assert store.read("chips", date(2026, 1, 5))["power_w"].to_list() == [700.0]


def test_an_edition_replaces_the_one_before_as_a_whole(store: Store) -> None:
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    plant(store.home, {"chips": [chip("a"), chip("b")]}, first, whole=True)
    plant(store.home, {"chips": [chip("b", power_w=1.0)]}, second, whole=True)
    assert store.read("chips", date(2026, 1, 31))["chip"].to_list() == ["a", "b"]
    assert store.read("chips", second).select("chip", "power_w").rows() == [("b", 1.0)]


def test_a_younger_edition_never_replaces_the_nearest_witness(store: Store) -> None:
    """Rows that date themselves before any edition come from the oldest edition we hold."""
    day = date(2025, 12, 1)
    plant(store.home, {"chips": [chip("a", day)]}, date(2026, 1, 1), whole=True)
    before = store.read("chips", day)
    plant(store.home, {"chips": [chip("a", day, power_w=1.0)]}, date(2026, 2, 1), whole=True)
    assert_frame_equal(store.read("chips", day), before)
    assert store.read("chips", SOON)["power_w"].to_list() == [1.0]


def test_an_edition_of_one_source_leaves_another_alone(store: Store) -> None:
    plant(store.home, {"chips": [chip("a")]}, date(2026, 1, 1), whole=True, source_id="one")
    plant(store.home, {"chips": [chip("b")]}, date(2026, 2, 1), whole=True, source_id="two")
    assert store.read("chips", SOON)["source_id"].to_list() == ["one", "two"]


def test_the_downloaded_row_wins_over_the_built_in_one(store: Store) -> None:
    known = date(2026, 1, 1)
    plant(store.home, {"chips": [chip("a", known, power_w=2.0)]}, known)
    plant(store.builtin, {"chips": [chip("a", known, power_w=1.0), chip("b", known)]}, known)
    assert store.read("chips", SOON).select("chip", "power_w").rows() == [("a", 2.0), ("b", None)]


def test_hand_gathered_rows_are_read_with_the_others(store: Store) -> None:
    folder = store.curated / "by_hand"
    folder.mkdir()
    folder.joinpath("source.toml").write_text(
        'publisher = "Toys"\nproduct = "toy chips"\ncitation = "Toys (2025)."\n'
        'url = "https://toys.invalid/"\nlicence = "CC0-1.0"\nevaluator = "third_party"\n'
        "published = 2025-01-02\n"
    )
    folder.joinpath("chips.csv").write_text(
        "chip,maker,power_w,released_on,known_on,verified,row_url,note\n"
        '"b, the second",Toys,650,2025-01-02,2026-01-01,false,https://toys.invalid/b,\n'
    )
    plant(store.home, {"chips": [chip("a", date(2026, 1, 1))]}, date(2026, 1, 1))
    rows = store.read("chips", date(2026, 1, 1))
    assert rows["source_id"].to_list() == ["by_hand", "toy"]
    first = rows.row(0, named=True)
    assert (first["chip"], first["power_w"], first["verified"]) == ("b, the second", 650.0, False)
    assert (first["released_on"], first["note"]) == (date(2025, 1, 2), None)
    assert store.read("chips", date(2025, 12, 31)).is_empty()


def test_moments_come_back_in_utc(store: Store) -> None:
    moment = datetime(2025, 10, 17, 22, 15, 1, 250, tzinfo=UTC)
    price = {"coin": "BTC", "observed_at": moment, "price_usd": 1.0}
    plant(store.home, {"coin_prices": [price]}, date(2025, 11, 1))
    read = store.read("coin_prices", SOON)
    assert read["observed_at"].to_list() == [moment]
    assert read.schema["observed_at"] == pl.Datetime("us", "UTC")


def test_a_read_sees_what_another_process_imported(store: Store) -> None:
    plant(store.home, {"chips": [chip("a")]}, date(2026, 1, 1))
    assert store.read("chips", SOON).height == 1
    assert store.read("chips", SOON) is store.read("chips", SOON)
    plant(store.home, {"chips": [chip("b")]}, date(2026, 1, 2))
    assert store.read("chips", SOON).height == 2


@pytest.mark.parametrize("model", ["openai/o3", "meta/llama-3.3-70b-instruct"])
def test_rows_of_a_model_are_the_same_from_files_and_of_all_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(store_of, "_SHIPPED", {})
    ships = Store(tmp_path / "home")
    only = _rows_of((model,), Names.load())
    assert only is not None
    from_files = ships.read("prices", date(2026, 10, 31), only)
    assert "prices" not in ships._every
    ships.ever("prices")
    of_all = ships.read("prices", date(2026, 10, 31), only)
    mine = pl.col("model_name").str.split("/").list.last() == model.rpartition("/")[2]
    assert from_files.filter(mine).height > 50
    assert of_all.filter(mine).equals(from_files.filter(mine))
    days = ("source_id", "vintage", "valid_from", "known_on")
    assert (
        of_all.select(days).unique().sort(days).equals(from_files.select(days).unique().sort(days))
    )


def test_what_ships_is_read_once_and_what_one_store_imports_is_its_own(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    assert one._everything("figures") is other._everything("figures")
    before = one.ever("chips")
    plant(one.home, {"chips": [chip("a")]}, date(2026, 1, 1))
    assert one.ever("chips").height == before.height + 1
    for untouched in (other, Store(tmp_path / "third")):
        assert_frame_equal(untouched.ever("chips"), before)


def test_many_readers_at_once_see_the_same(store: Store) -> None:
    plant(store.home, {"chips": [chip(f"c{i}") for i in range(500)]}, date(2026, 1, 1))
    seen: list[int] = []
    readers = [
        threading.Thread(target=lambda: seen.append(store.read("chips", SOON).height))
        for _ in range(8)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert seen == [500] * 8


def test_an_empty_store_answers_with_no_rows(store: Store) -> None:
    for name, declared in tables().items():
        assert store.read(name, SOON).columns == [c.name for c in declared.all_columns]
        assert store.read(name, SOON).is_empty()
    with pytest.raises(NoEvidence, match=r"`update_evidence\(today=\.\.\.\)`") as empty:
        store.first_known()
    assert empty.value.exit_code == 64


def test_first_known_is_the_oldest_day_of_all_tables(store: Store) -> None:
    plant(store.home, {"chips": [chip("a", date(2026, 1, 5))]}, date(2026, 1, 5))
    price = {"coin": "BTC", "observed_at": datetime(2025, 1, 1, tzinfo=UTC), "price_usd": 1.0}
    plant(store.home, {"coin_prices": [price]}, date(2025, 11, 1))
    assert store.first_known() == date(2025, 11, 1)


def test_a_table_nobody_declared_is_unknown(store: Store) -> None:
    with pytest.raises(UnknownName, match=r"No table is called 'chip'\. Did you mean chips"):
        store.read("chip", SOON)


def _parquet(store: Store) -> Path:
    plant(store.home, {"chips": [chip(f"c{i}") for i in range(300)]}, date(2026, 1, 1))
    return next((store.home / "tables").rglob("*.parquet"))


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [_truncate, _flip, Path.unlink])
def test_a_damaged_table_file_is_noticed(store: Store, harm: Any) -> None:
    harm(_parquet(store))
    with pytest.raises(DamagedStore, match=r"toy-[0-9a-f]{12}\.parquet .*rebuild=True") as damaged:
        fresh(store).read("chips", SOON)
    assert damaged.value.exit_code == 65


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": 1}',
        '{"schema": 1, "imports": [{}]}',
        '{"schema": 1, "imports": 3}',
        '{"schema": 2, "imports": []}',
        '{"schema": 1, "imports": [{"source_id": "toy"',
        "\x00",
    ],
)
def test_a_damaged_catalogue_is_noticed(store: Store, text: str) -> None:
    _parquet(store)
    (store.home / "catalogue.json").write_text(text, encoding="utf-8")
    damaged = fresh(store)
    for read in (lambda: damaged.read("chips", SOON), damaged.first_known, damaged.cards):
        with pytest.raises(DamagedStore, match=r"catalogue\.json .*rebuild=True"):
            read()


def test_a_catalogue_whose_tables_and_digests_differ_is_damaged(store: Store) -> None:
    entry = plant(store.home, {"chips": [chip("a")]}, date(2026, 1, 1))
    path = store.home / "catalogue.json"
    content = json.loads(path.read_text())
    content["imports"][0]["digests"] = {}
    path.write_text(json.dumps(content))
    with pytest.raises(DamagedStore, match="cannot be read"):
        fresh(store).read("chips", SOON)
    assert entry.tables == {"chips": 1}


def test_cards_list_every_source_and_its_imports(store: Store, plugged: Path) -> None:
    from tests.evidence.toys import write_source

    for source_id in ("toy_shipped", "toy_downloaded", "toy_never"):
        write_source(plugged, source_id)
    known = date(2026, 1, 1)
    shipped = plant(store.builtin, {"chips": [chip("a")]}, known, source_id="toy_shipped")
    mine = plant(store.home, {"chips": [chip("b")]}, known, source_id="toy_downloaded")
    cards = {c.source.source_id: c for c in store.cards()}
    assert list(cards) == ["toy_downloaded", "toy_never", "toy_shipped"]
    assert cards["toy_shipped"].imports == (shipped,)
    assert cards["toy_downloaded"].imports == (mine,)
    assert [c.builtin for c in cards.values()] == [False, False, True]
    assert cards["toy_never"].imports == ()


def test_a_citation_speaks_of_the_day_asked_for(store: Store, plugged: Path) -> None:
    from tests.evidence.toys import write_source

    write_source(plugged, "toy_cited")
    early, late = date(2026, 1, 1), date(2026, 5, 1)
    first = plant(store.home, {"chips": [chip("a", early)]}, early, source_id="toy_cited")
    plant(store.home, {"chips": [chip("a", late, verified=False)]}, late, source_id="toy_cited")
    cited = store.citations(["toy_cited"], date(2026, 4, 30))[0]
    assert (cited.known_on, cited.sha256, cited.unverified) == (early, first.sha256, False)
    now = store.citations(["toy_cited"], SOON)[0]
    assert (now.known_on, now.unverified) == (late, True)
    assert now.sha256 != first.sha256
    assert store.citations(["toy_cited", "toy_cited"], SOON) == (now,)
    assert store.citations(["toy_cited"], SOON)[0] is now  # until the next import
    plant(store.home, {"chips": [chip("b", late)]}, SOON, source_id="toy_cited")
    assert store.citations(["toy_cited"], SOON)[0].sha256 != now.sha256
    with pytest.raises(UnknownName, match="toy_cited"):
        store.citations(["toy"], SOON)


def test_the_packages_own_evidence_can_be_read_on_any_day() -> None:
    store = Store(Path("no-such-home"))
    first = store.first_known()
    assert all(store.read(name, first - timedelta(1)).is_empty() for name in tables())
    assert any(not store.read(name, first).is_empty() for name in tables())
