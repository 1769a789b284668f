"""Prompts that voters write themselves: asked of live entrants, kept, and shown to nobody else."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.arena.asked import Script, endpoint_lines, streamed_to
from tests.arena.served import ServedArena, TestVoter, serving, written
from tests.trials.replay.loopback import Loopback, streamed
from tests.waiting import until


def _echo(name: str) -> Script:
    return lambda asked: streamed(f"{name[::-1]} heard ", asked.key)


@pytest.fixture
def free_arena(tmp_path: Path) -> Iterator[ServedArena]:
    with ExitStack() as stack:
        tables = []
        for name in ("ant", "bee"):
            server = stack.enter_context(Loopback(_echo(name)))
            tables.append(f"[[entrants]]\n{endpoint_lines(name, server.base_url, 'm')}")
        toml = tmp_path / "arena.toml"
        toml.write_text("\n".join(['free = true\ncategories = ["home"]', *tables]))
        yield stack.enter_context(serving(toml))


def test_a_voter_asks_a_question_of_their_own_and_votes(free_arena: ServedArena) -> None:
    with TestVoter(free_arena.address) as voter:
        page = voter.http.get("/", headers={"accept": "text/html"}).text
        assert "Your question" in page
        assert 'name="prompt" rows="3" maxlength="8000" required' in page
        battle = voter.draw(prompt=" Where is my hat? ", category="home")
        assert [turn["question"] for turn in battle["turns"]] == ["Where is my hat?"]
        streamed_to(voter, battle["id"])
        voted = voter.vote(battle).json()
        said = {voted["turns"][0]["left"], voted["turns"][0]["right"]}
        assert said == {"tna heard Where is my hat?", "eeb heard Where is my hat?"}
        page = voter.http.get(f"/battles/{battle['id']}", headers={"accept": "text/html"}).text
        assert '<form action="/" class="next">' in page  # the next one is to be written, too
    store = free_arena.arena.store
    (row,) = store.rows("SELECT category, pair_probability FROM counted_votes")
    assert tuple(row) == ("home", 1.0)
    assert [tuple(r) for r in store.rows("SELECT text, own FROM prompts")] == [
        ("Where is my hat?", 1)
    ]
    free_arena.arena.read_anew()
    assert not free_arena.arena.deck.texts  # nobody else is shown it


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ({"prompt": " "}, 400),
        ({"prompt": "x" * 8001}, 400),
        ({"prompt": "x", "category": "none"}, 404),
    ],
)
def test_a_question_that_cannot_be_asked(
    free_arena: ServedArena, sent: dict[str, str], status: int
) -> None:
    with TestVoter(free_arena.address) as voter:
        refused = voter.draw(**sent)
        assert refused["status"] == status
        assert refused["error"].endswith(".")
        assert not free_arena.arena.store.rows("SELECT * FROM battles")


def test_recorded_answers_take_no_questions(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        assert voter.draw(prompt="Where is my hat?")["status"] == 400


def _until_ready(program: httpx2.Client, id: str) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []

    def ready() -> bool:
        seen.append(program.get(f"/battles/{id}").json())
        last = seen[-1]["turns"][-1]
        assert seen[-1]["ready"] or last["left"] is last["right"] is None
        return bool(seen[-1]["ready"])

    until(ready)
    return seen[-1]


def test_a_program_asks_waits_asks_on_and_votes(free_arena: ServedArena) -> None:
    with httpx2.Client(base_url=f"{free_arena.address}/api/v1") as program:
        token = program.post("/voters").json()["token"]
        program.headers["authorization"] = f"Bearer {token}"
        drawn = program.post("/battles", json={"question": "Who are you?"}).json()
        assert not drawn["ready"]
        id = drawn["id"]
        assert _until_ready(program, id)["turns"][0]["left"].endswith("heard Who are you?")
        asked = program.post(f"/battles/{id}/turns", json={"question": "And now?"})
        assert asked.status_code == 201
        assert program.post(f"/battles/{id}/vote", json={"outcome": "tie"}).status_code == 409
        assert len(_until_ready(program, id)["turns"]) == 2
        voted = program.post(f"/battles/{id}/vote", json={"outcome": "tie"})
        assert voted.json()["state"] == "voted"
    (row,) = free_arena.arena.store.rows("SELECT turns, winner FROM counted_votes")
    assert tuple(row) == (2, "tie")
