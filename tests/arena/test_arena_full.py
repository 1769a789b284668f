"""A file that cannot be written while people vote: a sentence, nothing counted, and it goes on."""

import sqlite3
from pathlib import Path

import pytest
from tests.arena.served import TestVoter, serving, written

from headtohead.arena.store.store import ArenaStore

SAID = "The vote cannot be kept at the moment, so nothing was counted. Try again."


def test_a_full_disk_is_said_to_voters_and_the_server_goes_on(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        battle = voter.draw()

        def limit(store: ArenaStore, pages: int) -> None:
            store.rows(f"PRAGMA max_page_count = {pages}")

        (pages,) = served.arena.store.rows("PRAGMA page_count")[0]
        served.arena.writer.submit(lambda store: limit(store, pages)).result(timeout=10)
        refused = []
        for _ in range(200):  # until the pages that there are hold no more
            with TestVoter(served.address) as other:
                drawn = other.draw()
                if "error" in drawn:
                    refused.append(drawn)
                    break
        assert refused == [{"error": SAID, "status": 503}]
        served.arena.writer.submit(lambda store: limit(store, 10**6)).result(timeout=10)
        assert voter.vote(battle).status_code == 200
        assert served.arena.store.votes_n() == 1


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
