"""The journal of a replay: what was asked and what was answered, safe before it counts."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, StoreBusy, StoreFull
from headtohead.trials.replay.answer import Answer, Place
from headtohead.trials.replay.journal import Entry, History, read_history
from headtohead.trials.replay.request import digest

VERSION = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two runs the same run.

    Attributes:
        model: Whom is asked.
        base_url: Where.
        params: What is asked for beside the logged messages.
    """

    model: str
    base_url: str
    params: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Tells this run from others."""
        return digest([self.model, self.base_url, dict(self.params)])


class Ledger:
    """An open journal; get one from `open_ledger`.

    Attributes:
        answered: Key and epoch -> where its answer lies and how it ended.
        lost: Requests that were under way when an earlier run was killed.
        spent_usd: What the answers of earlier runs cost.
        unsure_usd: What tries without an answer may have cost, `lost` included.
    """

    def __init__(self, path: Path, handle: int, history: History) -> None:
        self.path = path
        self.answered: dict[Place, Entry] = history.answered
        self.lost: dict[Place, float] = history.lost
        self.spent_usd, self.unsure_usd = history.spent_usd, history.unsure_usd
        self._handle = handle
        self._written = os.fstat(handle).st_size
        self._safe = 0
        self._turn = asyncio.Lock()

    def answer(self, place: Place) -> Answer:
        """The answer kept for a key and epoch."""
        entry = self.answered[place]
        # The file is open for appending, so that where we read does not move where we write.
        os.lseek(self._handle, entry.offset, os.SEEK_SET)
        line = os.read(self._handle, entry.length)
        return msgspec.convert(msgspec.json.decode(line)["answer"], Answer)

    async def asked(self, place: Place, request: str, worst_usd: float) -> None:
        """Note a request before it is sent; safe on disk when this returns."""
        await self._keep(
            {"kind": "asked", "place": place, "request": request, "worst_usd": worst_usd}
        )

    def unpaid(self, place: Place) -> None:
        """Note that all of a call's requests up to now cost nothing: the endpoint refused them."""
        self._append({"kind": "unpaid", "place": place})

    async def keep(self, answer: Answer, request: str) -> None:
        """Keep an answer; safe on disk when this returns."""
        record = {"kind": "answer", "request": request, "answer": msgspec.to_builtins(answer)}
        offset, length = self._append(record)
        await self._settle()
        self.answered[answer.place] = Entry.of(answer, request, offset, length)

    async def _keep(self, record: Mapping[str, Any]) -> None:
        self._append(record)
        await self._settle()

    def _append(self, record: Mapping[str, Any]) -> tuple[int, int]:
        line = msgspec.json.encode(record) + b"\n"
        offset = self._written
        try:
            _write(self._handle, line)
        except OSError as error:
            # Half a line would be damage if more lines followed.
            with suppress(OSError):
                os.ftruncate(self._handle, offset)
            raise _full(self.path, error) from None
        self._written += len(line)
        return offset, len(line)

    async def _settle(self) -> None:
        # One wait for the disk serves all who wrote before it began.
        mine = self._written
        async with self._turn:
            if self._safe >= mine:
                return
            now = self._written
            try:
                await asyncio.to_thread(os.fsync, self._handle)
            except OSError as error:
                raise _full(self.path, error) from None
            self._safe = now


@contextmanager
def open_ledger(path: Path, identity: Identity) -> Iterator[Ledger]:
    """The journal of a run, begun or continued, and locked until the block ends.

    Only its owner can read the file. It never holds keys or headers.

    Args:
        path: Where it lies or will lie; its folder is made if there is none.
        identity: The run; a journal of another run is refused.

    Raises:
        StoreBusy: If another process works with it.
        InputError: If it is of another run, damaged, or no journal at all.
        StoreFull: If it cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.lock", timeout=0, mode=0o600)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise StoreBusy(
            f"Another run is using {path}. Wait until it ends, or name another ledger."
        ) from None
    except OSError as error:
        raise _full(path, error) from None
    try:
        handle = _open(path)
        try:
            yield Ledger(path, handle, _begin(path, handle, identity))
        finally:
            os.close(handle)
    finally:
        lock.release()


def _open(path: Path) -> int:
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise _full(path, error) from None


def _begin(path: Path, handle: int, identity: Identity) -> History:
    first = {
        "kind": "run",
        "version": VERSION,
        "digest": identity.digest,
        "model": identity.model,
        "base_url": identity.base_url,
        "params": dict(identity.params),
    }
    line = msgspec.json.encode(first) + b"\n"
    history = read_history(path, line)
    if history.run is not None:
        _check(path, history.run, identity)
    try:
        os.chmod(path, 0o600)
        os.ftruncate(handle, history.end)
        if history.run is None:
            _write(handle, line)
        else:
            # What was under way stays so for ever, even if it is asked again and answered.
            _write(handle, b"\n" * history.cut + b'{"kind":"resumed"}\n')
        os.fsync(handle)
        _sync_folder(path.parent)
    except OSError as error:
        raise _full(path, error) from None
    return history


def _check(path: Path, run: Mapping[str, Any], identity: Identity) -> None:
    if run.get("version") != VERSION:
        raise InputError(
            f"{path} was written by another version of headtohead (format {run.get('version')}, "
            f"not {VERSION}). Name another ledger."
        )
    if run.get("digest") == identity.digest:
        return
    mine = {"model": identity.model, "base_url": identity.base_url, "params": identity.params}
    other = [
        f"{name} {run.get(name)!r} instead of {value!r}"
        for name, value in mine.items()
        if digest(run.get(name)) != digest(value)
    ]
    raise InputError(
        f"{path} is the ledger of another run: {'; '.join(other) or 'its digest differs'}. "
        "Answers of two runs must not be mixed: name another ledger, or repeat that run's settings."
    )


def _write(handle: int, line: bytes) -> None:
    while line:
        line = line[os.write(handle, line) :]


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _full(path: Path, error: OSError) -> StoreFull:
    return StoreFull(
        f"{path} cannot be written: {error.strerror or error}. Make room or name another ledger; "
        "what was answered before is kept."
    )
