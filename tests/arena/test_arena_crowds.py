"""Many at once: limits that colleagues do not meet, leaderboards made once, kills, files kept."""

import re
from pathlib import Path

import httpx2
import pytest
from benchmarks import arena_load
from tests.arena.served import TestVoter, begun, serving, written

from headtohead.arena.settings import settings_in
from headtohead.arena.store.store import ArenaStore, Voter
from headtohead.arena.web import boards
from headtohead.arena.web.running import prepare
from headtohead.hosting.security import Limits


@pytest.mark.slow
def test_a_server_killed_twenty_times_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    for n in range(20):
        (tmp_path / str(n)).mkdir()
        acknowledged, kept = arena_load.killed(tmp_path / str(n), 1000, 0.05 + 0.045 * n)
        assert 0 < acknowledged <= kept <= 1000


def test_colleagues_behind_one_address_do_not_use_up_each_others_requests(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served:
        served.arena.address_limits = Limits(per_minute=0.01, burst=9)
        for _ in range(4):
            with TestVoter(served.address) as voter:
                assert voter.vote(voter.draw()).status_code == 200
        # Who has drawn nothing counts by address: four first pages and four draws were that.
        answers = [httpx2.get(served.address).status_code for _ in range(3)]
        assert answers == [200, 429, 429]


def test_boards_that_nobody_would_ask_for_are_refused_when_they_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "_MOST_WAITING", 0)
    with serving(written(tmp_path)) as served:
        answer = httpx2.get(f"{served.address}/board")
        assert answer.status_code == 503
        assert "Try again later" in answer.text


def test_votes_are_counted_as_the_view_counts_them(tmp_path: Path) -> None:
    prepare(settings_in(written(tmp_path)))
    store = ArenaStore(tmp_path / "arena.sqlite")
    voters = [Voter(id="ann"), Voter(id="judge", kind="judge")]
    cast = [(f"{voter.id}{n}", voter) for n in range(4) for voter in voters]
    for id, voter in cast:
        begun(store, id, voter)
        store.vote(id, voter.id, "left", 2)
    for id in ("ann1", "judge2"):
        store.void(id, "a test", 3, "test")
    counted = store.rows("SELECT COUNT(*) FROM counted_votes")[0][0]
    assert store.votes_n() == counted == 3
    store.close()


def test_browsers_keep_the_servers_own_files_until_they_are_others(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, httpx2.Client(base_url=served.address) as browser:
        page = browser.get("/").text
        addresses = re.findall(r'(?:href|src)="(/(?:static/|style)[^"]+)"', page)
        assert len(addresses) == 4
        for address in addresses:
            answer = browser.get(address)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            bare = address.partition("?")[0]
            for other in (bare, f"{bare}?is=000000000000", f"{bare}?x", "/static/none.js?is=0"):
                assert browser.get(other).headers["cache-control"] == "no-store"
        assert browser.get("/").headers["cache-control"] == "no-store"
