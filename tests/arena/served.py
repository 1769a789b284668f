"""An arena on a real server at a free port of this machine, and a voter who uses it."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import uvicorn.server
from litestar import Litestar
from litestar.datastructures import State

from headtohead.arena.settings import ArenaSettings, settings_in
from headtohead.arena.store.store import ArenaStore, Battle, BattleTurn, Voter
from headtohead.arena.web.app import application
from headtohead.arena.web.boards import Boards
from headtohead.arena.web.running import RunningArena, prepare
from headtohead.hosting.beside import Beside
from headtohead.hosting.listening import bound, server_of

PROMPTS = {
    "p1": ("What is the capital of Peru?", "facts"),
    "p2": ("Thank a friend in one sentence.", "writing"),
    "p3": ("How many legs has a spider?", "facts"),
}


def written(folder: Path, *entrants: str, more: str = "", top: str = "") -> Path:
    """An arena.toml with a file of answers for each entrant; each answers each of `PROMPTS`."""
    parts = [f'title = "Test arena"\n{top}']
    for name in entrants or ("ant", "bee", "cat"):
        rows = [
            {"id": id, "prompt": text, "category": category, "answer": f"{name[::-1]} on {id}"}
            for id, (text, category) in PROMPTS.items()
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        parts.append(f'[[entrants]]\nname = "{name}"\nanswers = "{name}.jsonl"\n')
    toml = folder / "arena.toml"
    toml.write_text("\n".join([*parts, more]), encoding="utf-8")
    return toml


def names_in(page: str) -> list[str]:
    """Entrants that a page names; letters inside a drawn token, which may be theirs, name none."""
    return re.findall(r"(?<![\w-])(?:ant|bee|cat)(?![\w-])", page)


ANN = Voter(id="ann")


def begun(store: ArenaStore, id: str = "b1", voter: Voter = ANN, **more: object) -> Battle:
    """An open battle with both answers, kept in the store."""
    battle = Battle(
        id=id,
        voter=voter.id,
        prompt="p1",
        category="facts",
        left_entrant="bee",
        right_entrant="ant",
        pair_probability=0.25,
        drawn_ms=1000,
        turns=(BattleTurn(question="?", left_answer="l", right_answer="r"),),
    )
    battle = replace(battle, **more)  # type: ignore[arg-type]
    store.begin(battle, voter)
    return battle


class _Sooner:
    """What uvicorn knows as asyncio: it looks whether it is to end every 0.1 s, and here sooner."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


vars(uvicorn.server)["asyncio"] = _Sooner()
_BESIDE = Beside()
"""Begun once for all tests of a process, because it takes a second to begin."""
_IDLE: list[Litestar] = []
"""Applications that no server runs: to make one takes three times as long as all else of an arena.
They hold nothing of an arena but what is put into their state."""


class ServedArena:
    """A running server.

    Attributes:
        address: Where it listens, without a slash at the end.
        arena: What it shares between requests; its store may be read.
        boards: Its leaderboards. It waits for new ones, however slow this machine is.
    """

    def __init__(self, settings: ArenaSettings, seed: int = 1) -> None:
        prepare(settings)
        self.arena = RunningArena(settings, np.random.default_rng(seed))
        self.arena.beside = _BESIDE
        self.boards = Boards()
        self.boards.patience_s = 60
        self._closed = False
        self._application = _IDLE.pop() if _IDLE else application(self.arena)
        self._application.state = State({"arena": self.arena, "boards": self.boards})
        self._server = server_of(self._application)
        listening = bound("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([listening],))
        self._thread.start()

    def close(self) -> None:
        """Stop it, and wait until it has ended."""
        self._server.should_exit = True
        self._thread.join()
        if not self._closed:
            _IDLE.append(self._application)
        self._closed = True
        self.arena.beside = Beside()
        self.arena.close()


@contextmanager
def serving(source: Path | ArenaSettings, seed: int = 1) -> Iterator[ServedArena]:
    """A server of an arena.toml, or of settings, for the time of a block."""
    served = ServedArena(settings_in(source) if isinstance(source, Path) else source, seed)
    try:
        yield served
    finally:
        served.close()


class TestVoter:
    """A program with cookies, that draws and votes as the script of the page does."""

    __test__ = False

    def __init__(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        self.http = httpx2.Client(base_url=address, headers=dict(headers or {}), timeout=60)
        self.http.headers["accept"] = "application/json"
        page = self.http.get("/", headers={"accept": "text/html"})
        self.form = page.text.partition('name="form" value="')[2].partition('"')[0]

    @property
    def cookie(self) -> dict[str, str]:
        """The header that makes a browser this voter."""
        return {"cookie": "; ".join(f"{one.name}={one.value}" for one in self.http.cookies.jar)}

    def __enter__(self) -> "TestVoter":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def draw(self, **more: str) -> dict[str, Any]:
        """A battle, as the page is given it."""
        drawn: dict[str, Any] = self.http.post("/battles", data={"form": self.form, **more}).json()
        return drawn

    def vote(
        self, battle: Mapping[str, Any], outcome: str = "left", **more: str
    ) -> httpx2.Response:
        """What the server answers to a vote."""
        sent = {"outcome": outcome, "token": str(battle["token"]), **more}
        return self.http.post(f"/battles/{battle['id']}/vote", data=sent)
