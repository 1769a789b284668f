"""What is computed beside the server: once for all, the last one meanwhile, and never left over."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.arena.served import ServedArena, TestVoter, serving, written
from tests.simulations import leading
from tests.waiting import LONG_S, until

from headtohead.arena.integrity import flagged_voters
from headtohead.arena.settings import BoardAsk, settings_in
from headtohead.arena.store.store import ArenaStore, VoteRefused
from headtohead.arena.web.computed import board_text, flags
from headtohead.arena.web.running import RunningArena, prepare
from headtohead.core.errors import InputError, StoreBusy, StoreFull
from headtohead.hosting.beside import Beside
from headtohead.hosting.refused import Refused

AS_OF = "As of 20"


class SlowBeside(Beside):
    """Computes when it is let, and says how many votes there were."""

    def __init__(self, arena: RunningArena) -> None:
        super().__init__()
        self.arena, self.jobs = arena, list[tuple[Any, ...]]()
        self.begun, self.gate = threading.Event(), threading.Event()
        self.trouble = ""

    async def do(self, job: Callable[..., Any], *given: object) -> Any:
        self.jobs.append((job, *given[1:]))
        n = self.arena.store.votes_n()
        self.begun.set()
        assert await asyncio.to_thread(self.gate.wait, 30)
        if self.trouble:
            raise VoteRefused(self.trouble, 503)
        return () if job is flags else f"{n} votes. <!-- behind -->"


def slowed(served: ServedArena) -> SlowBeside:
    served.arena.beside = slow = SlowBeside(served.arena)
    return slow


def page_of(served: ServedArena) -> str:
    return httpx2.get(f"{served.address}/board", timeout=60).text


def test_whoever_asks_for_a_board_at_the_same_time_shares_it(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, ThreadPoolExecutor(8) as pool:
        slow = slowed(served)
        with TestVoter(served.address) as voter:
            voter.vote(voter.draw())
            first = pool.submit(page_of, served)
            assert slow.begun.wait(30)
            # The first is being made: these know of one vote more, and share the next.
            voter.vote(voter.draw())
            asked, of = list[object](), served.boards.of
            served.boards.of = lambda *a, **k: (asked.append(a), of(*a, **k))[1]  # type: ignore[method-assign]
            more = [pool.submit(page_of, served) for _ in range(6)]
            until(lambda: len(asked) == 6)
            slow.gate.set()
            assert {one.result()[:7] for one in more} == {"2 votes"}
            assert first.result()[:7] == "1 votes"
        assert len(slow.jobs) == 2


def test_the_last_board_is_shown_while_a_new_one_is_made_or_fails(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        slow, served.boards.patience_s = slowed(served), 0.2
        slow.gate.set()
        assert page_of(served) == "0 votes. <!-- behind -->"
        slow.gate.clear()
        voter.vote(voter.draw())
        assert page_of(served) == "0 votes. <!-- behind -->"
        slow.gate.set()
        until(lambda: "1 votes" in page_of(served))
        slow.trouble = "It <b>ended</b>."
        voter.vote(voter.draw())
        until(lambda: "ended" in page_of(served))
        assert (
            page_of(served)
            == "1 votes. Votes since then are not in it. It &lt;b&gt;ended&lt;/b&gt;."
        )
        # A download is of every vote that there is, or it is none.
        failed = httpx2.get(f"{served.address}/board.csv", headers={"accept": "application/json"})
        assert failed.json() == {"error": slow.trouble, "status": 503}
        slow.trouble = ""
        voter.vote(voter.draw())
        until(lambda: page_of(served) == "3 votes. <!-- behind -->")


def test_voters_are_not_kept_waiting_by_what_is_computed(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, ThreadPoolExecutor(2) as pool:
        slow = slowed(served)
        waiting = pool.submit(page_of, served)
        assert slow.begun.wait(30)
        with TestVoter(served.address) as voter:
            assert voter.vote(voter.draw()).status_code == 200
        assert not waiting.done()
        slow.gate.set()
        assert waiting.result() == "0 votes. <!-- behind -->"


def test_a_board_says_when_its_votes_were_counted(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        voter.vote(voter.draw())
        page = page_of(served)
        assert AS_OF in page
        assert 'data-count="1"' in page


def test_the_process_beside_loads_neither_a_framework_nor_pandas(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        voter.vote(voter.draw())
        for path in ("board", "board.csv"):
            assert httpx2.get(f"{served.address}/{path}").status_code == 200
        loaded = asyncio.run(served.arena.beside.do(eval, "[*__import__('sys').modules]"))
    assert "headtohead.arena.web.computed" in loaded
    assert not {"litestar", "pandas"} & {*loaded}


def test_what_is_computed_cannot_write(tmp_path: Path) -> None:
    settings = settings_in(written(tmp_path))
    prepare(settings)
    store = ArenaStore(settings.database, read_only=True)
    with pytest.raises(StoreFull, match="could not be written"):
        store.keep({"title": "x"})
    store.close()
    assert "Nobody has voted yet" in board_text(settings, BoardAsk(), "page")
    assert flags(settings) == flagged_voters([]) == ()


def refuse(kind: str) -> None:
    """A job that fails."""
    known: dict[str, Exception] = {
        "refused": VoteRefused("Not today.", 409),
        "input": InputError("No such category."),
        "busy": StoreBusy("Another process writes."),
        "other": ValueError("secret words"),
    }
    raise known[kind]


def test_failures_come_back_as_sentences_and_a_process_that_ended_begins_anew(
    capfd: pytest.CaptureFixture[str],
) -> None:
    beside = Beside()

    async def said(job: Callable[..., Any], *given: object) -> tuple[int, str]:
        with pytest.raises(Refused) as refused:
            await beside.do(job, *given)
        return refused.value.status, str(refused.value)

    async def ask() -> None:
        assert await beside.do(max, 2, 3) == 3
        first = await beside.do(os.getpid)
        assert first != os.getpid()
        assert await said(refuse, "refused") == (409, "Not today.")
        assert await said(refuse, "input") == (404, "No such category.")
        assert await said(refuse, "busy") == (503, "Another process writes.")
        status, failed = await said(refuse, "other")
        assert (status, "secret" in failed) == (500, False)
        assert await beside.do(os.getpid) == first
        status, ended = await said(os._exit, 3)
        assert (status, ended.split(":")[1]) == (
            503,
            " the process that computes ended. Try again.",
        )
        assert await beside.do(os.getpid) not in (first, os.getpid())

    try:
        asyncio.run(ask())
    finally:
        beside.close()
    assert "ValueError: secret words" in capfd.readouterr().err


def test_closing_ends_what_is_under_way_and_begins_nothing_more() -> None:
    beside = Beside()

    async def ask() -> int:
        pid = await beside.do(os.getpid)
        long = asyncio.create_task(beside.do(time.sleep, 60))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(beside.close)
        with pytest.raises(Refused, match="ended"):  # it would have given nothing after a minute
            await long
        return pid

    pid = asyncio.run(ask())
    assert not alive(pid)
    beside.close()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    """Processes of a process, and of those."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    found = [child for child, parent in parents.items() if parent == pid]
    return [*found, *(x for child in found for x in children(child))]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no list of processes here")
# Ctrl-C and SIGTERM of the command are those of test_arena_command, too; Ctrl-C ends the script.
@pytest.mark.parametrize("how", leading(["kill", "a script", "ctrl-c", "terminate"], 1))
def test_no_process_outlives_the_server(tmp_path: Path, how: str) -> None:
    database = str(tmp_path / "a.sqlite")
    command = ["-m", "headtohead", "arena", "try", "--port", "0", "--database", database]
    if how == "a script":  # without a guard against being run by the second process, too
        script = tmp_path / "serves.py"
        said = f"print(arena_try(database={database!r}), 'votes', file=sys.stderr)"
        script.write_text(f"import sys\nfrom headtohead.arena.verb import arena_try\n{said}\n")
        command = [str(script)]
    server = subprocess.Popen(
        [sys.executable, "-u", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that Ctrl-C reaches all of it, as from a terminal, and not us
    )
    assert server.stdout
    said = ""
    while "http" not in said:
        said = server.stdout.readline()
    address = said.split()[-1]
    assert AS_OF in httpx2.get(f"{address}board", timeout=60).text
    left = children(server.pid)
    assert left
    if how in ("ctrl-c", "a script"):
        os.killpg(server.pid, signal.SIGINT)
    else:
        server.send_signal(signal.SIGTERM if how == "terminate" else signal.SIGKILL)
    _, error = server.communicate(timeout=LONG_S)
    assert "Traceback" not in error
    if how != "kill":
        assert server.returncode == 0
        assert ("0 votes\n" if how == "a script" else "Stopped. 0 votes count.") in error
    until(lambda: not any(map(alive, left)))
