"""Writes to the file of an arena from one thread, many votes in one commit."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from headtohead.arena.store.store import ArenaStore

T = TypeVar("T")
_TOGETHER_N = 256  # votes in one commit at most


class Writer:
    """A thread that writes to the file of an arena, for all who ask at the same time.

    What arrives while a commit is under way is committed together by the next one, so that many
    voters wait for one write to the disk and do not contend for the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: SimpleQueue[tuple[Callable[[ArenaStore], Any], Future[Any]] | None] = (
            SimpleQueue()
        )
        self._thread = threading.Thread(target=self._run, name="arena writer", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[ArenaStore], T]) -> Future[T]:
        """What a job gives, once what it wrote is on the disk; or its error, and nothing written.

        Args:
            job: Is given the store, inside a transaction.
        """
        done: Future[T] = Future()
        self._jobs.put((job, done))
        return done

    def close(self) -> None:
        """Write what is waiting, and end."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        store: ArenaStore | None = None
        going = True
        while going:
            batch = []
            job = self._jobs.get()
            while job is not None:
                batch.append(job)
                if len(batch) == _TOGETHER_N or self._jobs.empty():
                    break
                job = self._jobs.get()
            going = job is not None
            try:
                store = store or ArenaStore(self._path)
            except Exception as error:  # noqa: BLE001 - said to those who wait; the next try it anew
                for _, done in batch:
                    done.set_exception(error)
                continue
            _write(store, batch)
        if store:
            store.close()


def _write(store: ArenaStore, batch: list[tuple[Callable[[ArenaStore], Any], Future[Any]]]) -> None:
    """Do jobs in one transaction: one that fails is undone alone, a failed commit undoes all."""
    results: list[tuple[Future[Any], Any, BaseException | None]] = []
    # Whoever has gone meanwhile waits for nothing; whoever waits cannot go from here on.
    batch = [(job, done) for job, done in batch if done.set_running_or_notify_cancel()]
    try:
        with store.transaction():
            for job, done in batch:
                try:
                    with store.transaction():
                        results.append((done, job(store), None))
                except Exception as error:
                    if not store.writing:  # SQLite undid all of it, as it does on a full disk
                        raise
                    results.append((done, None, error))
    except Exception as error:  # noqa: BLE001 - said to each who waits, none of whom was written
        for _, done in batch:
            done.set_exception(error)
        return
    for done, value, fault in results:
        if fault:
            done.set_exception(fault)
        else:
            done.set_result(value)
