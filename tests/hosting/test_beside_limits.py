"""The process beside a server: it is ended when a job takes too long or when it holds too much."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator

import pytest

from headtohead.hosting.beside import Beside
from headtohead.hosting.refused import Refused

HELD: list[bytearray] = []


def hold(n_bytes: int) -> int:
    HELD.append(bytearray(os.urandom(1024)) * (n_bytes // 1024))
    return os.getpid()


@pytest.fixture
def beside() -> Iterator[Beside]:
    one = Beside(longest_s=20.0, most_bytes=150 * 2**20)
    yield one
    one.close()


def test_a_job_that_takes_too_long_is_ended_and_the_next_is_done(beside: Beside) -> None:
    async def ask() -> int:
        await beside.do(hold, 1024)
        beside._longest_s = 0.2
        with pytest.raises(Refused, match="too long") as refused:
            await beside.do(time.sleep, 60)
        assert refused.value.status == 503
        beside._longest_s = 20.0
        return await beside.do(hold, 1024)

    assert asyncio.run(ask())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much a process holds")
def test_a_process_that_holds_too_much_is_replaced(beside: Beside) -> None:
    async def ask() -> list[int]:
        return [await beside.do(hold, n) for n in (2**20, 2**20, 200 * 2**20, 2**20)]

    first, second, third, fourth = asyncio.run(ask())
    assert first == second == third
    assert fourth != first


def work(seconds: float) -> int:
    """Keep a processor for some time of its own."""
    while time.process_time() < seconds:
        pass
    return os.getpid()


def test_a_job_that_waits_for_a_processor_is_given_longer(beside: Beside) -> None:
    async def ask() -> int:
        await beside.do(hold, 1024)
        beside._longest_s, beside._patience = 0.3, 1000
        await beside.do(time.sleep, 0.6)  # as if others had all processors
        if sys.platform == "linux":
            with pytest.raises(Refused, match="too long"):
                await beside.do(work, 60)
        return 1

    assert asyncio.run(ask())


def test_a_process_that_ended_between_two_jobs_costs_nobody_an_answer(beside: Beside) -> None:
    async def ask() -> tuple[int, int]:
        first = await beside.do(hold, 1024)
        assert beside._process
        beside._process.kill()
        beside._process.join()
        return first, await beside.do(hold, 1024)

    first, second = asyncio.run(ask())
    assert first != second
