"""The page of whoever runs an arena: who may see it, what it does, and that the log keeps it."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from tests.arena.served import ServedArena, TestVoter, serving, written

import headtohead
from headtohead.arena.store.store import ArenaStore, Voter
from headtohead.arena.web.admin import admin_token
from headtohead.cli import main
from headtohead.core.errors import InputError


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedArena]:
    with serving(written(tmp_path)) as running:
        yield running


@pytest.fixture
def admin(served: ServedArena) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=served.address, follow_redirects=True, timeout=60) as browser:
        assert browser.get(f"/admin/enter/{admin_token(served.arena)}").status_code == 200
        yield browser


def done(admin: httpx2.Client, what: str, which: str, **more: str) -> httpx2.Response:
    form = admin.get("/admin").text.partition('name="form" value="')[2].partition('"')[0]
    return admin.post(f"/admin/{what}", data={"form": form, "which": which, **more})


def test_only_the_printed_link_opens_the_page(served: ServedArena) -> None:
    with httpx2.Client(base_url=served.address) as browser:
        assert browser.get("/admin").status_code == 403
        assert browser.get("/admin/enter/forged").status_code == 403
        voter = served.arena.tokens.signed("voter", "page")
        assert browser.get(f"/admin/enter/{voter}").status_code == 403
        browser.cookies.set(served.arena.tokens.cookie("admin"), voter)
        assert browser.get("/admin").status_code == 403
        sent = {"which": "ant", "form": served.arena.tokens.signature("form", "admin")}
        assert browser.post("/admin/retire", data=sent).status_code == 403
    assert served.arena.store.entrants() == served.arena.store.entrants(retired=True)


def test_a_form_of_another_site_does_nothing(served: ServedArena, admin: httpx2.Client) -> None:
    assert admin.post("/admin/retire", data={"form": "x", "which": "ant"}).status_code == 403
    form = admin.get("/admin").text.partition('name="form" value="')[2].partition('"')[0]
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    sent = {"form": form, "which": "ant"}
    assert admin.post("/admin/retire", data=sent, headers=foreign).status_code == 403
    assert len(served.arena.store.entrants()) == 3


def test_a_retired_entrant_is_drawn_no_more_and_keeps_its_votes(
    served: ServedArena, admin: httpx2.Client, tmp_path: Path
) -> None:
    with TestVoter(served.address) as voter:
        for _ in range(9):
            voter.vote(voter.draw())
    acts = httpx2.get(f"{served.address}/board/votes-now").json()["acts"]
    assert done(admin, "retire", "ant").status_code == 200
    # A leaderboard that somebody has open sees that there is a new one.
    assert httpx2.get(f"{served.address}/board/votes-now").json()["acts"] == acts + 1
    with TestVoter(served.address) as voter:
        met = [voter.vote(voter.draw()).json() for _ in range(3)]
        assert voter.draw() == {"state": "done"}
    assert {name for vote in met for name in (vote["left"], vote["right"])} == {"bee", "cat"}
    board = httpx2.get(f"{served.address}/board", timeout=60).text
    assert f'data-acts="{acts + 1}"' in board
    assert "Retired and not shown, but their votes count: ant." in board
    assert "Ratings by  12 votes" in board.replace("\n", " ")
    served.close()
    with serving(tmp_path / "arena.toml") as again:  # a restart does not bring it back
        assert [row["name"] for row in again.arena.store.entrants()] == ["bee", "cat"]


def test_a_vote_is_voided_with_a_reason_once(served: ServedArena, admin: httpx2.Client) -> None:
    with TestVoter(served.address) as voter:
        battle = voter.draw()
        voter.vote(battle)
    assert done(admin, "void", battle["id"]).status_code == 400
    assert done(admin, "void", battle["id"], reason="a test").status_code == 200
    assert served.arena.store.votes_n() == 0
    again = done(admin, "void", battle["id"], reason="once more")
    assert again.status_code in (404, 409)
    log = served.arena.store.rows("SELECT actor, act, detail FROM log ORDER BY id DESC LIMIT 1")[0]
    assert tuple(log) == ("admin", "vote voided", f"{battle['id']}: a test")


def test_a_blocked_voter_votes_no_more_until_let_in_again(
    served: ServedArena, admin: httpx2.Client
) -> None:
    with TestVoter(served.address) as voter:
        voter.vote(voter.draw())
        id = served.arena.store.rows("SELECT voter FROM battles")[0]["voter"]
        done(admin, "block", id)
        assert voter.http.get("/battles/x").status_code == 403
        done(admin, "unblock", id)
        assert "id" in voter.draw()


def test_all_votes_of_a_voter_who_stands_out_are_voided_and_they_are_called_by_number(
    served: ServedArena, admin: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow this machine is.
    vote = ArenaStore.vote
    monkeypatch.setattr(ArenaStore, "vote", lambda *a, **k: vote(*a, **{**k, "seconds": 0.5}))
    with TestVoter(served.address) as honest:
        honest.vote(honest.draw())
        for _ in range(2):
            with TestVoter(served.address) as hasty:
                for _ in range(9):
                    hasty.vote(hasty.draw())
    page = admin.get("/admin").text
    assert "Half of their votes came within" in page
    ids = (
        page.partition("/admin/void-all")[2].partition('name="which" value="')[2].partition('"')[0]
    )
    assert done(admin, "void-all", ids).status_code == 400  # no reason
    assert done(admin, "void-all", ids, reason="a script").status_code == 200
    assert served.arena.store.votes_n() == 10
    assert done(admin, "block", ids).status_code == 200
    log = admin.get("/admin").text.partition("What was done")[2]
    assert "a script" in log
    assert ids not in log
    assert f"voter {served.arena.store.voter_numbers()[ids]}" in log


def test_votes_are_taken_along_without_names(served: ServedArena, admin: httpx2.Client) -> None:
    names = ("votes.csv", "votes.parquet", "battles.jsonl")
    assert [admin.get(f"/admin/export/{name}").status_code for name in names] == [404] * 3
    assert "/admin/export/" not in admin.get("/admin").text
    with TestVoter(served.address) as voter:
        voter.vote(voter.draw())
    page = admin.get("/admin").text
    for name in names:
        assert f"/admin/export/{name}" in page
        got = admin.get(f"/admin/export/{name}")
        assert (got.status_code, name in got.headers["content-disposition"]) == (200, True)
        assert served.arena.store.rows("SELECT id FROM voters")[0]["id"].encode() not in got.content
    assert admin.get("/admin/export/arena.sqlite").status_code == 404
    with httpx2.Client(base_url=served.address) as other:
        assert other.get("/admin/export/votes.csv").status_code == 403


def test_unknown_actions_and_things_are_sentences(admin: httpx2.Client) -> None:
    assert done(admin, "explode", "ant").status_code == 404
    assert done(admin, "retire", "nobody").status_code == 404
    hostile = done(admin, "retire", "<script>alert(1)</script>")
    assert "<script>alert" not in hostile.text


def test_a_voter_is_called_the_same_on_the_page_in_exports_and_of_a_board(
    served: ServedArena, admin: httpx2.Client, tmp_path: Path
) -> None:
    database = served.arena.settings.database
    for n in (1, 2, 3):
        with TestVoter(served.address) as voter:
            for _ in range(n):
                voter.vote(voter.draw())
    assert [f"voter {n}</bdi>" in admin.get("/admin").text for n in (1, 2, 3, 4)] == [True] * 3 + [
        False
    ]
    headtohead.arena_export(database, tmp_path / "votes.csv")
    with (tmp_path / "votes.csv").open() as file:
        cast = Counter(row["voter"] for row in csv.DictReader(file))
    assert cast == {"voter 1": 1, "voter 2": 2, "voter 3": 3}
    ids = list(served.arena.store.voter_numbers())
    for said in ("voter 3", "3", ids[2], ids[2][:8]):
        board = headtohead.arena_board(database, voter=said)
        assert board.view.votes == 3
        assert str(board).startswith("Test arena: votes of one voter")
    run = CliRunner().invoke(main, ["arena", "board", str(database), "--voter", "voter 33"])
    assert run.exit_code == 64
    assert "voter 3" in run.output.replace("voter 33", "")
    for id in ("same-1", "same-2"):
        served.arena.store.add_voter(Voter(id=id), 1)
    with pytest.raises(InputError, match=r"'same' may be voter 4, voter 5\. Say which"):
        headtohead.arena_board(database, voter="same")
