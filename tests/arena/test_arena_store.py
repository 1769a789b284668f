"""The file of an arena: what is written stays, and what cannot be is an error of ours."""

import hashlib
import sqlite3
import threading
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from tests.arena.served import ANN, begun, serving, written
from tests.waiting import LONG_S

from headtohead.arena.settings import settings_in
from headtohead.arena.store.store import (
    _LAYOUT,
    ArenaStore,
    BattleTurn,
    Voter,
    VoteRefused,
)
from headtohead.arena.store.writer import Writer
from headtohead.arena.style import STYLES
from headtohead.arena.web.running import prepare
from headtohead.core.errors import DamagedStore, InputError, StoreBusy, StoreFull
from headtohead.files.opening import database_rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    toml = written(tmp_path)
    settings = settings_in(toml)
    prepare(settings)
    return settings.database


def test_a_vote_is_a_row_in_the_words_of_leaderboards(path: Path) -> None:
    store = ArenaStore(path)
    begun(store)
    store.vote("b1", "ann", "right", 2500, reasons="clear", seconds=1.5, styles='{"bold_a": 2}')
    (row,) = store.rows("SELECT * FROM counted_votes")
    unknown = {f"{name}_{side}": None for name in STYLES for side in "ab"}
    assert dict(row) == {
        **unknown,
        "bold_a": 2,
        "battle": "b1",
        "voter": "ann",
        "prompt": "p1",
        "category": "facts",
        "model_a": "bee",
        "model_b": "ant",
        "winner": "model_b",
        "voted_ms": 2500,
        "turns": 1,
        "names_hidden": 1,
        "seconds": 1.5,
        "pair_probability": 0.25,
    }
    voted = store.battle("b1")
    assert voted is not None
    assert (voted.state, voted.outcome) == ("voted", "right")


def test_one_voter_has_one_vote_in_a_battle(path: Path) -> None:
    store = ArenaStore(path)
    begun(store)
    with pytest.raises(VoteRefused, match="not one of yours"):
        store.vote("b1", "eve", "left", 2000)
    store.vote("b1", "ann", "left", 2000)
    with pytest.raises(VoteRefused, match="voted on this battle already"):
        store.vote("b1", "ann", "right", 2001)
    assert store.votes_n() == 1


def test_a_battle_without_both_answers_or_that_failed_takes_no_vote(path: Path) -> None:
    store = ArenaStore(path)
    begun(store, turns=(BattleTurn(question="?", left_answer="l"),))
    with pytest.raises(VoteRefused, match="Both answers"):
        store.vote("b1", "ann", "left", 2000)
    store.end("b1", "failed", "The endpoint is down.")
    with pytest.raises(VoteRefused, match="ended without"):
        store.vote("b1", "ann", "left", 2000)
    assert store.votes_n() == 0


def test_a_voter_has_one_open_battle_until_it_expires(path: Path) -> None:
    store = ArenaStore(path)
    first = begun(store)
    later = replace(first, id="b2", drawn_ms=5000)
    assert store.begin(later, ANN) == "b1"
    assert store.begin(later, ANN, oldest_ms=2000) == "b2"
    expired = store.battle("b1")
    assert expired is not None
    assert expired.state == "expired"


def test_a_void_vote_stays_in_the_file_and_counts_no_more(path: Path) -> None:
    store = ArenaStore(path)
    begun(store)
    with pytest.raises(InputError, match="no vote"):
        store.void("b1", "a test", 2000, "admin")
    store.vote("b1", "ann", "left", 2000)
    with pytest.raises(InputError, match="`reason`"):
        store.void("b1", " ", 2000, "admin")
    store.void("b1", "voted by accident", 3000, "admin")
    with pytest.raises(InputError, match="void already"):
        store.void("b1", "again", 3000, "admin")
    assert store.votes_n() == 0
    assert len(store.rows("SELECT * FROM votes")) == 1
    assert store.rows("SELECT act FROM log ORDER BY id")[-1]["act"] == "vote voided"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM votes",
        "UPDATE votes SET outcome = 'left'",
        "DELETE FROM voids",
        "UPDATE voids SET reason = 'x'",
        "DELETE FROM log",
        "UPDATE log SET act = 'x'",
        "INSERT INTO votes VALUES ('nothing', 'left', '', 1, 1, '', '{}')",
    ],
)
def test_what_was_voted_and_logged_is_not_rewritten(path: Path, statement: str) -> None:
    store = ArenaStore(path)
    begun(store)
    store.vote("b1", "ann", "right", 2000)
    store.void("b1", "a test", 3000, "admin")
    with pytest.raises(sqlite3.IntegrityError):
        store.rows(statement)


def test_a_restart_with_other_entrants_retires_and_adds_but_keeps_votes(tmp_path: Path) -> None:
    settings = settings_in(written(tmp_path, "ant", "bee", "cat"))
    prepare(settings)
    store = ArenaStore(settings.database)
    begun(store)
    store.vote("b1", "ann", "left", 2000)
    changed = settings_in(written(tmp_path, "ant", "dog", "cat"))
    prepare(changed)
    assert [row["name"] for row in store.entrants()] == ["ant", "cat", "dog"]
    assert [row["name"] for row in store.entrants(retired=True)] == ["ant", "bee", "cat", "dog"]
    assert store.votes_n() == 1
    acts = [(row["act"], row["detail"]) for row in store.rows("SELECT * FROM log ORDER BY id")]
    assert acts[-2:] == [("entrant retired", "bee"), ("entrant added", "dog")]
    prepare(settings)
    assert [row["name"] for row in store.entrants()] == ["ant", "bee", "cat"]
    n = len(store.rows("SELECT * FROM log"))
    prepare(settings)  # the same once more is nothing to log
    assert len(store.rows("SELECT * FROM log")) == n


def test_files_that_are_no_arena_are_refused_with_a_sentence(tmp_path: Path, path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        ArenaStore(tmp_path / "nothing.sqlite")
    with pytest.raises(InputError, match=r"is a folder\. Name the file"):
        ArenaStore(tmp_path, create=True)
    foreign = tmp_path / "foreign.sqlite"
    other = sqlite3.connect(foreign)
    other.execute("CREATE TABLE t (x)")
    other.close()
    for create in (False, True):
        with pytest.raises(InputError, match="not that of an arena"):
            ArenaStore(foreign, create=create)
    noise = tmp_path / "noise.sqlite"
    noise.write_bytes(b"this is no database" * 100)
    with pytest.raises(DamagedStore, match="not the file of an arena"):
        ArenaStore(noise, create=True)


@pytest.mark.parametrize(("layout", "age"), [(3, "newer"), (1, "older")])
def test_a_file_of_another_version_is_refused(path: Path, layout: int, age: str) -> None:
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {layout}")
    other.close()
    with pytest.raises(InputError, match=f"written by an? {age} version"):
        ArenaStore(path)


def test_a_changed_schema_has_a_new_number() -> None:
    schema = files("headtohead").joinpath("arena/store/schema.sql").read_bytes()
    # Whoever changes the tables counts _LAYOUT up, so that older files are refused with a sentence.
    digest = "afb2747c4954b174"
    assert (_LAYOUT, hashlib.sha256(schema).hexdigest()[:16]) == (2, digest)


def test_a_file_in_a_folder_that_nobody_can_write_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headtohead.files.opening.os.access", lambda path, how: False)
    store = ArenaStore(path, read_only=True)
    assert store.votes_n() == 0
    columns, rows = database_rows(path, "counted_votes")
    assert (columns[0], rows) == ("battle", [])
    assert not Path(f"{path}-shm").exists()
    store.close()


def test_a_damaged_file_is_refused(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    held = bytearray(path.read_bytes())
    held[4096 * 2 : 4096 * 6] = b"\x5a" * 4096 * 4
    path.write_bytes(held)
    with pytest.raises(DamagedStore, match="amaged"):
        ArenaStore(path)


def test_a_locked_file_is_busy_and_the_writer_lives_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headtohead.arena.store.store._BUSY_S", 0.05)
    writer = Writer(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = writer.submit(lambda store: begun(store))
    with pytest.raises(StoreBusy, match="another process is writing"):
        refused.result(timeout=LONG_S)
    other.execute("ROLLBACK")
    other.close()
    assert writer.submit(lambda store: begun(store)).result(timeout=LONG_S).id == "b1"
    writer.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(path: Path) -> None:
    writer = Writer(path)

    def fill(store: ArenaStore) -> None:
        (pages,) = store.rows("PRAGMA page_count")[0]
        store.rows(f"PRAGMA max_page_count = {pages}")

    writer.submit(lambda store: begun(store)).result(timeout=LONG_S)
    writer.submit(fill).result(timeout=LONG_S)
    long = "x" * 200_000
    waits = [
        writer.submit(
            lambda store, n=n: begun(  # type: ignore[misc]
                store, f"c{n}", Voter(id=f"v{n}"), turns=(BattleTurn(question=long),)
            )
        )
        for n in range(5)
    ]
    for wait in waits:
        with pytest.raises(StoreFull, match="disk is full"):
            wait.result(timeout=LONG_S)
    store = ArenaStore(path)
    assert [row["id"] for row in store.rows("SELECT id FROM battles")] == ["b1"]
    assert [row["id"] for row in store.rows("SELECT id FROM voters")] == ["ann"]
    writer.submit(lambda store: store.vote("b1", "ann", "left", 2000)).result(timeout=LONG_S)
    assert store.votes_n() == 1
    writer.close()


def test_of_jobs_committed_together_one_that_fails_is_undone_alone(path: Path) -> None:
    writer, held = Writer(path), threading.Event()
    first = writer.submit(lambda _: held.wait(10))  # what comes now waits, and goes together

    def fails(store: ArenaStore) -> None:
        begun(store, "bad", Voter(id="bad"))
        raise ValueError("no")

    good = writer.submit(lambda store: begun(store, "g1", Voter(id="g1")))
    bad = writer.submit(fails)
    gone = writer.submit(lambda store: begun(store, "gone", Voter(id="gone")))
    assert gone.cancel()
    more = writer.submit(lambda store: begun(store, "g2", Voter(id="g2")))
    held.set()
    first.result(timeout=LONG_S)
    good.result(timeout=LONG_S)
    more.result(timeout=LONG_S)
    with pytest.raises(ValueError, match="no"):
        bad.result(timeout=LONG_S)
    store = ArenaStore(path)
    assert [row["id"] for row in store.rows("SELECT id FROM battles ORDER BY id")] == ["g1", "g2"]
    writer.close()


def test_the_secret_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    toml = written(tmp_path)
    with serving(toml):
        secret = tmp_path / "arena.sqlite.secret"
        assert secret.stat().st_mode & 0o777 == 0o600
        before = secret.read_text()
    with serving(toml):
        assert secret.read_text() == before
    assert bytes.fromhex(before) not in (tmp_path / "arena.sqlite").read_bytes()
    assert [path.name for path in tmp_path.glob("*.secret*")] == ["arena.sqlite.secret"]
