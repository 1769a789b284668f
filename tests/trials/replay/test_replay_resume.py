"""Runs that end early, are killed, or meet another run's journal: no paid answer is lost."""

import asyncio
import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.simulations import lengths
from tests.trials.replay.loopback import Asked, Loopback, Piece, answered, call, http
from tests.trials.replay.running import RATES, RepeatedReplay

from headtohead.core.errors import InputError, StoreBusy, StoreFull
from headtohead.logs.calls import Call
from headtohead.trials.replay.ledger import open_ledger
from headtohead.trials.replay.limits import Settings
from headtohead.trials.replay.replay import replay
from headtohead.trials.replay.wire import Completion

ROOT = Path(__file__).parents[3]
CALLS = [call(str(i)) for i in range(60)]
IDENTITY = {"model": "m", "base_url": "http://127.0.0.1/v1", "params": {"temperature": 0}}

KILLED = """
import asyncio, sys
import numpy as np
from pathlib import Path
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.replay.replay import replay
from headtohead.trials.replay.limits import Settings
from tests.trials.replay.loopback import call

address, ledger, calls_n = sys.argv[1:]
print("begun", flush=True)
asyncio.run(replay(
    (call(str(i)) for i in range(int(calls_n))), Endpoint(base_url=address, model="candidate"),
    Path(ledger), lambda call, answer: False, rng=np.random.default_rng(1),
    settings=Settings(cap_tokens=50),
))
"""


def _kept(ledger: Path) -> set[str]:
    """Keys whose answers a killed run left whole in its journal."""
    keys = set()
    for line in ledger.read_bytes().split(b"\n")[:-1] if ledger.exists() else []:
        record = json.loads(line)
        if record["kind"] == "answer":
            keys.add(record["answer"]["key"])
    return keys


@pytest.mark.parametrize("kills", lengths(2, 5))
def test_killed_at_any_moment_no_answer_is_lost_or_paid_for_again(
    tmp_path: Path, kills: int
) -> None:
    ledger, rng = tmp_path / "run.jsonl", np.random.default_rng(5)
    calls_n = 70 * kills
    asked_n: Counter[str] = Counter()
    lock, due, dead = threading.Lock(), threading.Event(), threading.Event()
    kill_at = 0

    def script(asked: Asked) -> Iterator[Piece]:
        with lock:
            asked_n[asked.key] += 1
            number = asked_n.total()
        if number >= kill_at:
            due.set()
        # However slow this machine kills, it is before the last call.
        if number >= kill_at + 20:
            dead.wait(60)
        yield 0.01
        yield answered(f"to {asked.key}")

    excused: Counter[str] = Counter()
    with Loopback(script) as server:
        for _ in range(kills):
            before, already = _kept(ledger), asked_n.copy()
            kill_at = already.total() + int(rng.integers(1, 50))
            for event in (due, dead):
                event.clear()
            process = subprocess.Popen(
                [sys.executable, "-c", KILLED, server.base_url, str(ledger), str(calls_n)],
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            )
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            assert due.wait(60)
            time.sleep(rng.uniform(0, 0.02))  # at any moment, and not always of the same step
            process.kill()
            process.wait()
            process.stdout.close()
            dead.set()
            server.hear_out()
            after = _kept(ledger)
            assert before <= after
            assert all(asked_n[key] == already[key] for key in before)
            # Only what was under way at the kill may be asked again.
            excused.update(k for k in asked_n if asked_n[k] > already[k] and k not in after)
            assert sum(k not in after for k in asked_n) <= 8
        finished = _kept(ledger)
        assert 0 < len(finished) < calls_n
        run = RepeatedReplay(server.endpoint(), ledger, {"concurrency_n": 8}, rates=None)
        outcome = run([call(str(i)) for i in range(calls_n)])
    assert [a.text for a in run.answers] == [f"to {i}" for i in range(calls_n)]
    assert outcome.kept_n == len(finished)
    assert all(n == 1 + excused[key] for key, n in asked_n.items())
    # Each of those is named, though a kill before the sending may name one too many.
    in_doubt = {key for key in excused if key not in finished}
    assert in_doubt <= {key for key, _ in outcome.possibly_twice}


def test_what_was_under_way_at_a_kill_counts_against_the_ceiling(tmp_path: Path) -> None:
    ledger = tmp_path / "run.jsonl"
    with Loopback(lambda asked: [answered("y")]) as server:
        run = RepeatedReplay(server.endpoint(), ledger)
        run(CALLS[:1])
        place = json.dumps({"kind": "asked", "place": ["1", 1], "request": "x", "worst_usd": 0.5})
        ledger.write_text(ledger.read_text() + place + "\n" + '{"kind":"answer","ans')
        outcome = run(CALLS[:3], ceiling_usd=0.51)
        assert outcome.possibly_twice == [("1", 1)]
        assert (outcome.kept_n, outcome.asked_n) == (1, 2)
        assert outcome.unsure_usd == pytest.approx(0.5)
        # Asked again and answered, it still may have been billed before.
        assert run(CALLS[:3], ceiling_usd=0.51).unsure_usd == pytest.approx(0.5)


def test_a_decision_ends_the_run_and_a_later_run_decides_the_same(tmp_path: Path) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        # Early requests are slow: handed over as they come, the order would be another.
        yield 0.05 if int(asked.key) % 4 == 0 else 0.0
        yield answered(asked.key)

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        run.enough = lambda answer: answer.key == "20"
        outcome = run(CALLS)
        keys = [a.key for a in run.answers]
        assert (outcome.stopped, keys) == ("decided", [str(i) for i in range(21)])
        assert outcome.asked_n == 21 + outcome.beyond_n == len(server.asked)
        assert outcome.beyond_n <= 8 * 4
        again = run(CALLS)
        assert (again.asked_n, again.stopped) == (0, "decided")
        assert [a.key for a in run.answers] == keys


def test_a_source_of_a_million_rows_is_read_only_as_far_as_needed(tmp_path: Path) -> None:
    read = [0]

    async def source() -> AsyncIterator[Call]:
        for i in range(1_000_000):
            read[0] += 1
            yield call(str(i))

    seen: list[str] = []

    async def decide(asked: Call, answer: Completion) -> bool:
        await asyncio.sleep(0)
        seen.append(answer.key)
        return len(seen) == 10

    progress: list[Any] = []
    with Loopback(lambda asked: [answered("y")]) as server:
        outcome = asyncio.run(
            replay(
                source(),
                server.endpoint(),
                tmp_path / "run.jsonl",
                decide,
                rng=np.random.default_rng(1),
                rates=RATES,
                settings=Settings(concurrency_n=2),
                on_progress=progress.append,
            )
        )
    assert outcome.stopped == "decided"
    assert read[0] <= 10 + 2 * 4 + 1
    assert progress[-1].answered_n == outcome.asked_n
    assert progress[-1].spent_usd == pytest.approx(outcome.spent_usd + outcome.unsure_usd)


def test_a_cancelled_run_hears_out_what_is_under_way(tmp_path: Path) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        yield 0.2
        yield answered("y")

    async def cancelled(server: Loopback) -> None:
        task = asyncio.create_task(
            replay(
                CALLS,
                server.endpoint(),
                tmp_path / "run.jsonl",
                lambda call, answer: False,
                rng=np.random.default_rng(1),
                settings=Settings(cap_tokens=50),
            )
        )
        while len(server.asked) < 8:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Loopback(script) as server:
        asyncio.run(cancelled(server))
        assert len(server.asked) == 8
    assert _kept(tmp_path / "run.jsonl") == {a.key for a in server.asked}


def test_a_stop_does_not_wait_for_calls_that_only_wait(tmp_path: Path) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        yield answered("y") if asked.key == "0" else http(500, b"{}")

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        run.enough = lambda answer: True
        begun = time.monotonic()
        assert run(CALLS, backoff_s=60.0).stopped == "decided"
        assert time.monotonic() - begun < 30  # the shortest of those waits
        # They cost nothing, and the next run knows.
        assert run(CALLS[:1]).possibly_twice == []
        with open_ledger(run.ledger, _identity(run)) as book:
            assert not book.history.lost


def _identity(run: RepeatedReplay) -> dict[str, Any]:
    endpoint = run.endpoint
    said = {"cap_tokens": 50}
    return {"model": endpoint.model, "base_url": endpoint.address, "params": said}


def test_an_error_of_the_caller_comes_out_and_answers_are_kept(tmp_path: Path) -> None:
    def fail(answer: Completion) -> bool:
        raise ZeroDivisionError

    def calls() -> Iterator[Call]:
        yield from CALLS[:3]
        raise OSError("the log ended early")

    with Loopback(lambda asked: [answered("y")]) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        run.enough = fail
        with pytest.raises(ZeroDivisionError):
            run(CALLS[:3])
        assert len(_kept(run.ledger)) == len(server.asked)
        with pytest.raises(OSError, match="the log ended early"):
            RepeatedReplay(server.endpoint(), run.ledger)(calls())
        assert len(_kept(run.ledger)) == len(server.asked) == 3


def test_keys_that_come_twice_or_changed_are_refused(tmp_path: Path) -> None:
    with Loopback(lambda asked: [answered("y")]) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        assert run([call("a"), call("a", epoch=2), Call(key="none")]).no_messages_n == 1
        with pytest.raises(InputError, match="key 'b' with epoch 1 comes twice"):
            run([call("b"), call("b")])
        with pytest.raises(InputError, match="The log has changed"):
            run([call("a", temperature=1.0)])


def test_the_journal_is_private_locked_and_of_one_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with open_ledger(path, IDENTITY):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with (
            pytest.raises(StoreBusy, match="Another run is using"),
            open_ledger(path, IDENTITY),
        ):
            pass
    other = {**IDENTITY, "model": "n"}
    with pytest.raises(InputError, match="model 'm' instead of 'n'"), open_ledger(path, other):
        pass
    with (
        pytest.raises(StoreFull, match="cannot be written"),
        open_ledger(path / "below a file", IDENTITY),
    ):
        pass
    first = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps({**first, "version": 99}) + "\n")
    with pytest.raises(InputError, match="another version"), open_ledger(path, IDENTITY):
        pass


async def _write(path: Path) -> None:
    with open_ledger(path, IDENTITY) as book:
        await book.asked(("a", 1), "r", 0.25)
        await book.keep(Completion(key="a", text="one", cost_usd=0.125), "r")
        await book.asked(("b", 1), "r", 0.5)
        await book.keep(Completion(key="b", text="two", cost_usd=0.5), "r")


@pytest.mark.parametrize("cuts", lengths(25, 150))
def test_cut_anywhere_the_journal_gives_all_whole_answers(tmp_path: Path, cuts: int) -> None:
    path = tmp_path / "run.jsonl"
    asyncio.run(_write(path))
    whole = path.read_bytes()
    ends = [i + d for i, byte in enumerate(whole) if byte == ord("\n") for d in (-1, 0, 1)]
    for length in sorted({*ends, *range(0, len(whole), len(whole) // cuts)}):
        path.write_bytes(whole[:length])
        # The line feed alone may be missing.
        told = [json.loads(x) for x in (whole[:length] + b"\n").split(b"\n") if _is_json(x)]
        with open_ledger(path, IDENTITY) as book:
            for key, text in (("a", "one"), ("b", "two")):
                there = any(r.get("answer", {}).get("key") == key for r in told)
                assert ((key, 1) in book.history.answered) == there
                if there:
                    assert book.answer((key, 1)).text == text
            asked = {tuple(r["place"]) for r in told if r["kind"] == "asked"}
            assert set(book.history.lost) == asked - set(book.history.answered)
            assert book.history.unsure_usd == sum(
                {"a": 0.25, "b": 0.5}[k] for k, _ in book.history.lost
            )
        # What is left can be read again, and written on.
        asyncio.run(_write(path))


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("number", "line", "says"),
    [
        (1, "damage", "is not the ledger of a replay"),
        (1, '{"kind":"vote"}', "is not the ledger of a replay"),
        (3, "{}", "line 3, is damaged"),
        (3, '{"kind":"answer"}', "line 3, is damaged: its answer"),
        (3, '{"kind":"asked"}', "line 3, is damaged: its key"),
        (2, '{"kind":"asked","pl', "line 2, is damaged"),
        (4, '{"kind":"dance"}', "line 4, is damaged: nothing known is called 'dance'"),
    ],
)
def test_other_damage_is_named_and_left_as_it_is(
    tmp_path: Path, number: int, line: str, says: str
) -> None:
    path = tmp_path / "run.jsonl"
    asyncio.run(_write(path))
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n")
    before = path.read_bytes()
    with pytest.raises(InputError, match=says), open_ledger(path, IDENTITY):
        pass
    assert path.read_bytes() == before


def test_a_foreign_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("no line feed")
    path.chmod(0o644)
    with pytest.raises(InputError, match="is not the ledger"), open_ledger(path, IDENTITY):
        pass
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("no line feed", 0o644)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_a_full_disk_is_said(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"

    async def run() -> None:
        with open_ledger(path, IDENTITY) as book:
            full = os.open("/dev/full", os.O_WRONLY)
            kept, book._handle = book._handle, full
            try:
                with pytest.raises(StoreFull, match="Make room"):
                    await book.asked(("a", 1), "r", 0.0)
            finally:
                book._handle = kept
                os.close(full)

    asyncio.run(run())
