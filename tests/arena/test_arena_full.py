"""A file that cannot be written while people vote: a sentence, nothing counted, and it goes on."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.arena.served import TestVoter, serving, written
from tests.waiting import LONG_S

from headtohead.arena.store.store import ArenaStore

SAID = "The vote cannot be kept at the moment, so nothing was counted. Try again."


def test_a_full_disk_is_said_to_voters_and_the_server_goes_on(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        battle = voter.draw()

        def limit(store: ArenaStore, pages: int) -> None:
            store.rows(f"PRAGMA max_page_count = {pages}")

        (pages,) = served.arena.store.rows("PRAGMA page_count")[0]
        served.arena.writer.submit(lambda store: limit(store, pages)).result(timeout=LONG_S)
        refused = []
        for _ in range(200):  # until the pages that there are hold no more
            with TestVoter(served.address) as other:
                drawn = other.draw()
                if "error" in drawn:
                    refused.append(drawn)
                    break
        assert refused == [{"error": SAID, "status": 503}]
        served.arena.writer.submit(lambda store: limit(store, 10**6)).result(timeout=LONG_S)
        assert voter.vote(battle).status_code == 200
        assert served.arena.store.votes_n() == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "h2h-test", str(disk)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("a small disk can be mounted by root only, on Linux")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_is_really_full(tmp_path: Path, small_disk: Path) -> None:
    toml = written(tmp_path, top='database = "disk/arena.sqlite"\n')
    with serving(toml) as served, TestVoter(served.address) as voter:
        assert voter.vote(voter.draw()).status_code == 200
        battle = voter.draw()
        with (small_disk / "other").open("wb", buffering=0) as other, suppress(OSError):
            while other.write(bytes(4096)):
                pass
        refused = []
        for _ in range(300):  # what SQLite has set aside is used up first
            with TestVoter(served.address) as newcomer:
                drawn = newcomer.draw()
                if "error" in drawn:
                    refused.append(drawn)
                    break
        assert refused == [{"error": SAID, "status": 503}]
        said = voter.vote(battle)
        assert (said.status_code, said.json()["error"]) == (503, SAID)
        # What is read is still there: the page, the battle and the leaderboard of one vote.
        for path in ("/", f"/battles/{battle['id']}", "/board"):
            assert voter.http.get(path, headers={"accept": "text/html"}).status_code == 200
        assert served.arena.store.votes_n() == 1
        (small_disk / "other").unlink()
        assert voter.vote(battle).status_code == 200
        assert served.arena.store.votes_n() == 2
    with serving(toml) as served:
        assert served.arena.store.votes_n() == 2


def test_a_locked_file_is_said_to_the_voter_whose_vote_counts_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headtohead.arena.store.store._BUSY_S", 0.05)
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        battle = voter.draw()
        other = sqlite3.connect(tmp_path / "arena.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused = voter.vote(battle)
        assert (refused.status_code, refused.json()["error"]) == (503, SAID)
        other.execute("ROLLBACK")
        other.close()
        assert voter.vote(battle).status_code == 200
        assert served.arena.store.votes_n() == 1
