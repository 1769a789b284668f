"""One process beside the server, for work that would keep voters waiting."""

import asyncio
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.hosting.refused import Refused

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

T = TypeVar("T")
_ENDED = "What was asked for could not be computed: the process that computes ended. Try again."
_TOO_LONG = "What was asked for takes too long to compute. Ask for less."
_FAILED = "What was asked for could not be computed. The log of the server says why."
_NICER = 10  # voters come first where there are too few processors


class Beside:
    """Does jobs one after another in a process of its own, and gives back what they give.

    The process begins with the first job, anew after it ended, and ends with the server however
    that ends.

    Args:
        longest_s: How long a job may take before its process is ended; None for any time.
        patience: How many times as long it may take where the machine is busy: then `longest_s` is
            of the time that its process had a processor. Only Linux tells: elsewhere it is the end.
        most_bytes: Of memory that the process may hold after a job; one that holds more is ended,
            and the next job begins another. Only Linux tells: elsewhere it may hold any.
    """

    def __init__(
        self, longest_s: float | None = None, most_bytes: int | None = None, patience: int = 1
    ) -> None:
        self._longest_s, self._most_bytes, self._patience = longest_s, most_bytes, patience
        self._thread = ThreadPoolExecutor(1, "beside")
        self._starting = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._closed = False

    def begin(self, job: Callable[..., object], *given: object) -> None:
        """Have a job done that nobody waits for, so that the process is ready for others."""
        self._thread.submit(self._done, job, given)

    async def do(self, job: Callable[..., T], *given: object) -> T:
        """What a job gives.

        Args:
            job: A function of a module. It, what it is given and what it gives are sent from
                process to process, so they are to be small.

        Raises:
            Refused: With the job's own sentence if it refused, or one that says that it failed.
        """
        loop = asyncio.get_running_loop()
        status, value = await loop.run_in_executor(self._thread, self._done, job, given)
        if status:
            raise Refused(value, status)
        done: T = value
        return done

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._starting:
            self._closed = True
            if self._process:
                self._process.kill()
        self._thread.shutdown(cancel_futures=True)

    def _done(self, job: Callable[..., Any], given: tuple[object, ...]) -> tuple[int, Any]:
        """As `outcome`, in the process beside."""
        with self._starting:
            if self._closed:
                return 503, _ENDED
            if self._process and not self._process.is_alive():
                self._end()  # as where the system was short of memory: no fault of this job
            if self._process is None:
                context = get_context("spawn")
                self._pipe, theirs = context.Pipe()
                self._process = context.Process(target=_work, args=(theirs,), daemon=True)
                with _no_script():
                    self._process.start()
                theirs.close()
        assert self._pipe
        try:
            self._pipe.send((job, given))
            if not self._in_time():
                self._end()
                return 503, _TOO_LONG
            said: tuple[int, Any] = self._pipe.recv()
        except (EOFError, OSError):
            self._end()
            return 503, _ENDED
        if self._most_bytes and _held_bytes(self._process.pid) > self._most_bytes:
            self._end()
        return said

    def _in_time(self) -> bool:
        """Whether the job gave something before its time was over."""
        assert self._pipe
        assert self._process
        before_s = _worked_s(self._process.pid)
        for _ in range(self._patience):
            if self._pipe.poll(self._longest_s):
                return True
            now_s = _worked_s(self._process.pid)
            if self._longest_s and (not now_s or now_s - before_s >= self._longest_s):
                break
        return False

    def _end(self) -> None:
        assert self._process
        self._process.kill()
        self._process.join()
        self._process = None


def _held_bytes(process: int | None) -> int:
    """Memory that a process holds; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _worked_s(process: int | None) -> float:
    """For how long a process had a processor; 0 where the system does not tell."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    ticks = int(after_name[11]) + int(after_name[12])
    return float(ticks / os.sysconf("SC_CLK_TCK"))


@contextmanager
def _no_script() -> Iterator[None]:
    """Hide the script that serves, which the process that begins would run once more."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _work(pipe: "Connection") -> None:
    """Do what comes through a pipe, until the server is gone."""
    # Ctrl-C reaches every process of a terminal; the server ends this one when it has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_server, daemon=True).start()
    # Read by polars when a job imports it: what it no longer needs goes back to the system at once.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")
    with suppress(AttributeError, OSError):
        os.nice(_NICER)
    with suppress(EOFError, OSError):
        while True:
            job, given = pipe.recv()
            pipe.send(outcome(job, given))


def _end_with_server() -> None:
    server = parent_process()
    assert server
    connection.wait([server.sentinel])
    os._exit(1)


def outcome(job: Callable[..., Any], given: tuple[object, ...]) -> tuple[int, Any]:
    """What a job gives after a 0; after the status of HTTP that says why it gives none, a sentence.

    What it did not mean to raise goes to the log.
    """
    try:
        return 0, job(*given)
    except Refused as error:
        return error.status, str(error)
    except InputError as error:
        return 404, str(error)
    except HeadToHeadError as error:
        return 503, str(error)
    except Exception:  # noqa: BLE001 - it goes to the log, and the process lives
        traceback.print_exc()
        return 500, _FAILED
