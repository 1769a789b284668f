"""Many voters at one endpoint: how many are asked for at once, on connections that are kept."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest
from benchmarks.arena_endpoint import FastEndpoint
from tests.arena.asked import LIMITS, endpoint_lines, live_toml, streamed_to
from tests.arena.served import TestVoter, serving
from tests.waiting import until

from headtohead.arena.endpoints import AnswerLimits, Fault, LiveEntrant, open_caller
from headtohead.trials.replay.client import Endpoint


@contextmanager
def fast(endpoint: FastEndpoint) -> Iterator[str]:
    """The address of an endpoint, served by a thread."""
    ports, stop = SimpleQueue[int](), threading.Event()

    async def serve() -> None:
        server, port = await endpoint.listening()
        ports.put(port)
        async with server:
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield f"http://127.0.0.1:{ports.get()}/v1"
    finally:
        stop.set()
        thread.join()


def arena_toml(folder: Path, address: str, limits: str = "") -> Path:
    names = ("ant", "bee")
    lines = [endpoint_lines(name, address, f"secret-{name}") for name in names]
    return live_toml(folder, *lines, limits=LIMITS + limits)


def test_an_endpoint_is_asked_as_often_at_once_as_the_toml_says(tmp_path: Path) -> None:
    endpoint = FastEndpoint(first_s=(0.1, 0.1))
    with fast(endpoint) as address, serving(arena_toml(tmp_path, address, "at_once = 3\n")) as it:

        def vote(_: int) -> str:
            with TestVoter(it.address) as voter:
                battle = voter.draw()
                ends = streamed_to(voter, battle["id"])[-1]
                token = voter.http.get(f"/battles/{battle['id']}").json()["token"]
                assert voter.vote({**battle, "token": token}).status_code == 200
                return ends[0]

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(vote, range(6))) == {"done"}
        assert it.arena.store.votes_n() == 6
    assert endpoint.asked_n == 12
    assert endpoint.most_at_once_n == 3
    assert endpoint.connections_n <= 6  # kept, though at least two for each entrant may be needed


def test_who_waits_is_told_so_and_answered_in_turn(tmp_path: Path) -> None:
    endpoint = FastEndpoint(first_s=(0.4, 0.4))
    with (
        fast(endpoint) as address,
        serving(arena_toml(tmp_path, address, "at_once = 1\n")) as it,
        TestVoter(it.address) as first,
        TestVoter(it.address) as second,
    ):
        began = time.monotonic()
        battles = [voter.draw()["id"] for voter in (first, second)]
        events = streamed_to(second, battles[1])
        said = [data["said"] for name, data, _ in events if name == "waiting"]
        assert said == ["Others are being answered. Yours comes next."]
        assert events[-1][0] == "done"
        assert streamed_to(first, battles[0])[-1][0] == "done"
        # What an answer took does not count the time for which it waited for the others: as they
        # came one after another, all together took no longer than the whole.
        rows = it.arena.store.rows("SELECT left_total_s, right_total_s FROM turns")
        took = [seconds for row in rows for seconds in row]
        assert (len(took), min(took) >= 0.4) == (4, True)
        assert sum(took) <= time.monotonic() - began


def test_an_answer_that_waits_for_too_long_is_none() -> None:
    async def ask() -> str:
        endpoint = FastEndpoint()
        server, port = await endpoint.listening()
        asked = Endpoint(f"http://127.0.0.1:{port}/v1", "m")
        limits = AnswerLimits(first_s=0.1, silence_s=0.1, total_s=0.3)
        turns = asyncio.Semaphore(1)
        async with turns, open_caller(LiveEntrant(asked, limits), turns) as caller:
            answer = caller.ask([{"role": "user", "content": "x"}], "k")
            with pytest.raises(Fault) as fault:
                [piece async for piece in answer]
        server.close()
        assert endpoint.asked_n == 0
        return fault.value.sentence

    assert asyncio.run(ask()) == "Too many others are asking these models at the moment."


def test_answers_are_asked_for_when_a_battle_is_drawn(tmp_path: Path) -> None:
    endpoint = FastEndpoint(first_s=(0.0, 0.0))
    with (
        fast(endpoint) as address,
        serving(arena_toml(tmp_path, address)) as it,
        TestVoter(it.address) as voter,
    ):
        battle = voter.draw()["id"]
        until(lambda: voter.http.get(f"/battles/{battle}").json()["ready"])
        assert endpoint.asked_n == 2
        ((name, html, _),) = streamed_to(voter, battle)
        assert (name, "word4" in html["left"]) == ("done", True)
