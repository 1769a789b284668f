"""Speed: never faster than allowed, slower when told so. Money: never more than the ceiling."""

import asyncio
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples
from tests.trials.replay.loopback import Asked, Loopback, Piece, answered, call, http
from tests.trials.replay.running import RATES, RepeatedReplay, SkippingClock, by_skipping_clock

from headtohead.core.errors import InputError
from headtohead.logs.calls import Usage
from headtohead.prices.rates import Rates, cost_usd
from headtohead.trials.replay.limits import (
    Bucket,
    Budget,
    CeilingReached,
    Settings,
    Throttle,
)


@given(
    st.floats(1, 6000),
    st.lists(st.floats(0.01, 500), min_size=1, max_size=60),
)
def test_no_minute_sees_more_than_the_rate_a_second_and_one_request_more(
    per_minute: float, amounts: list[float]
) -> None:
    clock = SkippingClock()
    bucket = Bucket(per_minute, clock.monotonic)
    taken: list[tuple[float, float]] = []
    for amount in amounts:
        clock.now += bucket.wait_s(amount)
        assert bucket.wait_s(amount) <= 1e-6
        bucket.take(amount)
        taken.append((clock.now, amount))
    second = max(1.0, per_minute / 60)
    for start, _ in taken:
        minute = sum(a for t, a in taken if start <= t < start + 60)
        assert minute <= per_minute + second + max(amounts) + 1e-6


def test_requests_and_tokens_are_let_go_at_the_rate_in_their_order() -> None:
    clock, order = SkippingClock(), []

    async def run() -> None:
        throttle = Throttle(
            Settings(concurrency_n=4, requests_per_minute=120, tokens_per_minute=60_000),
            clock.monotonic,
            clock.sleep,
        )

        async def ask(number: int) -> None:
            await throttle.enter(1000)
            order.append((number, clock.now))
            await asyncio.sleep(0)
            throttle.leave(1000, 1000)

        await asyncio.gather(*(ask(i) for i in range(61)))

    asyncio.run(run())
    assert [n for n, _ in order] == list(range(61))
    # 60,000 tokens a minute are 1,000 a second: slower than 2 requests a second.
    assert order[-1][1] == pytest.approx(60.0, rel=0.02)


def test_tokens_that_were_not_used_are_given_back() -> None:
    clock = SkippingClock()

    async def run() -> None:
        slow = Settings(concurrency_n=1, tokens_per_minute=60_000)
        throttle = Throttle(slow, clock.monotonic, clock.sleep)
        for _ in range(61):
            await throttle.enter(1000)
            throttle.leave(1000, 500)

    asyncio.run(run())
    assert clock.now == pytest.approx(30.0, rel=0.03)


def test_one_refusal_stops_all_and_halves_the_speed_which_then_grows_again() -> None:
    clock = SkippingClock()

    async def run() -> list[int]:
        throttle = Throttle(Settings(concurrency_n=16), clock.monotonic, clock.sleep)
        sent = [await throttle.enter(1) for _ in range(16)]
        for when in sent:
            throttle.slow_down(when, 30.0)
            throttle.leave(1, 0)
        seen = [throttle.allowed_n]
        await throttle.enter(1)
        assert clock.now >= 30.0
        throttle.slow_down(clock.now, 5.0)
        seen.append(throttle.allowed_n)
        for _ in range(200):
            throttle.speed_up()
        return [*seen, throttle.allowed_n]

    assert asyncio.run(run()) == [8, 4, 16]


def test_all_workers_wait_as_long_as_the_endpoint_asks_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []
    lock, refused = threading.Lock(), threading.Event()

    class ToldThrottle(Throttle):
        def slow_down(self, sent: float, wait_s: float) -> None:
            super().slow_down(sent, wait_s)
            refused.set()

    clock = by_skipping_clock(monkeypatch, ToldThrottle)

    def script(asked: Asked) -> Iterator[Piece]:
        with lock:
            times.append(clock.now)
            first = len(times) == 1
        if first:
            yield http(429, b"{}", "Retry-After: 0.5")
        else:
            refused.wait(60)
            yield answered("y")

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        run([call(str(i)) for i in range(30)])
    assert len(run.answers) == 30
    # Only what was under way at once with the refused one came before.
    before = [t for t in times if t < 0.5]
    assert before == [0.0] * len(before)
    assert 1 <= len(before) <= 8
    assert len(times) == 31


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency_n": 0},
        {"requests_per_minute": 0},
        {"attempts_n": 0},
        {"backoff_s": -1.0},
        {"ceiling_usd": float("nan")},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|is above 0"):
        Settings(**wrong)


@settings(max_examples=examples(40))
@given(
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 1)), max_size=60),
    st.integers(1, 12),
)
def test_spent_and_set_aside_never_exceed_the_ceiling(
    ceiling: float, requests: list[tuple[float, float]], concurrency: int
) -> None:
    async def run() -> None:
        budget = Budget(ceiling)
        room = asyncio.Semaphore(concurrency)
        spent, served, peaks = 0.0, [], [0.0]

        async def ask(number: int, worst: float, share: float) -> None:
            nonlocal spent
            async with room:
                held = await budget.hold(worst)
                served.append(number)
                peaks.append(budget.spent_usd + budget.held_usd)
                await asyncio.sleep(0)
                spent += worst * share
                budget.settle(held, worst * share)

        asks = [ask(i, worst, share) for i, (worst, share) in enumerate(requests)]
        ends = await asyncio.gather(*asks, return_exceptions=True)
        assert all(end is None or isinstance(end, CeilingReached) for end in ends)
        assert max(peaks) <= math.nextafter(ceiling, math.inf)
        assert spent <= ceiling + 1e-12
        assert budget.held_usd == 0
        assert sorted(served) == list(range(len(served)))
        if len(served) < len(requests):
            # It stopped because the next one did not fit, not before.
            assert budget.spent_usd + requests[len(served)][0] > ceiling - 1e-9

    asyncio.run(run())


def test_an_endpoint_that_bills_more_than_the_worst_case_is_trusted_less() -> None:
    async def run() -> None:
        budget = Budget(1.0)
        first, second = await budget.hold(0.1), await budget.hold(0.1)
        budget.settle(first, 0.2)
        budget.settle(second, 0.2)
        await budget.hold(0.1)
        assert budget.held_usd == pytest.approx(0.2)

    asyncio.run(run())


@settings(max_examples=examples(30) // 2)
@given(st.integers(0, 2**32 - 1))
def test_the_server_never_bills_more_than_the_ceiling(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ceiling, concurrency = float(rng.uniform(0.001, 0.02)), int(rng.integers(1, 12))
    bills: list[float] = []
    lock = threading.Lock()

    def script(asked: Asked) -> Iterator[Piece]:
        with lock:
            kind = rng.random()
            output = int(rng.integers(1, asked.body["max_tokens"] + 1))
            if kind > 0.1:
                usage = Usage(input_tokens=30, output_tokens=output)
                bills.append(cost_usd(usage, RATES))
        if kind > 0.2:
            yield answered("y", usage={"prompt_tokens": 30, "completion_tokens": output})
        elif kind > 0.1:
            # Done, billed, and lost on its way: no byte arrives.
            return
        else:
            yield http(500, b"{}")

    folder = tmp_path_factory.mktemp("ceiling")
    calls = [call(str(i), max_tokens=int(rng.integers(1, 200))) for i in range(25)]
    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), folder / "run.jsonl")
        outcomes = [
            run(
                calls,
                concurrency_n=concurrency,
                ceiling_usd=ceiling,
                attempts_n=2,
                give_up_n=1000,
                backoff_s=0.0,
            )
            for _ in range(2)
        ]
    assert sum(bills) <= ceiling
    assert sum(bills) <= outcomes[-1].spent_usd + outcomes[-1].unsure_usd + 1e-12
    assert outcomes[-1].spent_usd + outcomes[-1].unsure_usd <= ceiling + 1e-12


def test_at_the_ceiling_the_answers_paid_for_are_handed_over(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 50}
    with Loopback(lambda asked: [answered("y", usage=usage)]) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        outcome = run([call(str(i)) for i in range(40)], ceiling_usd=0.01)
        assert outcome.stopped == "ceiling"
        assert [a.key for a in run.answers] == [str(i) for i in range(outcome.asked_n)]
        assert outcome.unsure_usd == 0
        assert 0.009 < outcome.spent_usd == pytest.approx(len(server.asked) * 530e-6)
        again = run([call(str(i)) for i in range(40)], ceiling_usd=0.01)
        assert (again.asked_n, again.kept_n) == (0, outcome.asked_n)
        more = run([call(str(i)) for i in range(40)], ceiling_usd=1.0)
        assert (more.stopped, more.asked_n) == ("end", 40 - outcome.asked_n)
        run.rates = None
        with pytest.raises(InputError, match="needs prices"):
            run([call("x")], ceiling_usd=1.0)


def test_calls_without_a_cap_get_one_and_the_log_is_read_with_care(tmp_path: Path) -> None:
    with Loopback(lambda asked: [answered("y")]) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        logged = call("a", temperature=0.5, n=4, api_key="sk-logged", stream=True, model="old")
        logged.messages = [
            {"role": "developer", "content": "Be kind."},
            {"role": "assistant", "content": "x", "reasoning_content": "y", "audio": None},
            {"role": "user", "content": "a"},
        ]
        outcome = run([logged], params={"top_p": 0.9, "temperature": None})
        body = server.asked[0].body
    assert body == {
        "model": "candidate",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "assistant", "content": "x"},
            {"role": "user", "content": "a"},
        ],
        "max_tokens": 50,
        "top_p": 0.9,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert outcome.left_out == {"n": 1, "api_key": 1, "stream": 1, "model": 1}
    assert "sk-logged" not in run.ledger.read_text()
    assert json.loads(run.ledger.read_text().splitlines()[0])["params"]["top_p"] == 0.9


def test_without_prices_a_replay_has_no_costs(tmp_path: Path) -> None:
    with Loopback(lambda asked: [answered("y")]) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl", rates=None)
        assert run.one(call("a")).cost_usd is None
    with Loopback(lambda asked: [answered("y")]) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "other.jsonl", rates=_cached())
        assert run.one(call("a")).cost_usd == pytest.approx(12e-6 + 3e-6)


def _cached() -> Rates:
    return Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=1.0, cache_write_usd_per_mtok=2.0)
