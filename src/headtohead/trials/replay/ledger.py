"""The journal of a replay: what was asked and what was answered, safe before it counts.

It is read back whatever moment its run was killed at.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, StoreBusy, StoreFull
from headtohead.trials.replay.wire import Completion, Place, digest

VERSION = 1


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Where an answer lies in the journal, and how it ended.

    Attributes:
        unanswered: True if no request got an answer.
    """

    request: str
    unanswered: bool
    offset: int
    length: int


@dataclass(slots=True)
class History:
    """What a journal tells.

    Attributes:
        run: Its first line; None if it is yet to be written.
        answered: The latest answer of each key and epoch.
        lost: Requests that a killed run left under way -> the most that they can have cost.
        spent_usd: Cost of all answers.
        unsure_usd: The most that requests without an answer can have cost beside.
        end: Bytes that are whole; what follows was cut by a kill and is to be removed.
        cut: 1 if the last line is whole but for its line feed.
    """

    run: dict[str, Any] | None = None
    answered: dict[Place, LedgerEntry] = field(default_factory=dict)
    lost: dict[Place, float] = field(default_factory=dict)
    spent_usd: float = 0.0
    unsure_usd: float = 0.0
    end: int = 0
    cut: int = 0


class _JournalLine(msgspec.Struct):
    kind: str
    place: tuple[str, int] | None = None
    request: str = ""
    worst_usd: float = 0.0
    answer: Completion | None = None


def read_history(path: Path, first_line: bytes) -> History:
    """What the journal at `path` tells.

    A last line without its line feed was cut by a kill and is left out; nothing that counted can
    be in it, for a line counts only once it is whole on disk.

    Raises:
        InputError: If a line is damaged, or the file is no journal.
    """
    history = History()
    opened: dict[Place, float] = {}
    decoder = msgspec.json.Decoder(_JournalLine)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            whole = line.endswith(b"\n")
            if not whole:
                with suppress(msgspec.DecodeError, UnicodeDecodeError):
                    whole = isinstance(msgspec.json.decode(line), dict)
            if not whole:
                if history.run is None and not first_line.startswith(line):
                    raise _not_ours(path)
                break
            if number == 1:
                try:
                    history.run = msgspec.json.decode(line)
                except msgspec.DecodeError:
                    raise _not_ours(path) from None
                if not isinstance(history.run, dict) or history.run.get("kind") != "run":
                    raise _not_ours(path)
            else:
                _take(history, opened, _decode(decoder, path, number, line), line)
            history.end += len(line)
            history.cut = 0 if line.endswith(b"\n") else 1
    _lose(history, opened)
    return history


def _take(history: History, opened: dict[Place, float], record: _JournalLine, line: bytes) -> None:
    if record.kind == "resumed":
        _lose(history, opened)
    elif record.kind == "asked" and record.place:
        opened[record.place] = opened.get(record.place, 0.0) + record.worst_usd
    elif record.kind == "unpaid" and record.place:
        opened.pop(record.place, None)
    elif record.answer is not None:
        answer = record.answer
        opened.pop(answer.place, None)
        history.lost.pop(answer.place, None)
        history.spent_usd += answer.cost_usd or 0.0
        history.unsure_usd += answer.unsure_usd
        entry = LedgerEntry(record.request, answer.unanswered, history.end, len(line))
        history.answered[answer.place] = entry


def _lose(history: History, opened: dict[Place, float]) -> None:
    for place, worst_usd in opened.items():
        history.lost[place] = history.lost.get(place, 0.0) + worst_usd
        history.unsure_usd += worst_usd
    opened.clear()


def _decode(
    decoder: "msgspec.json.Decoder[_JournalLine]", path: Path, number: int, line: bytes
) -> _JournalLine:
    try:
        record = decoder.decode(line)
        if record.kind not in ("asked", "unpaid", "answer", "resumed"):
            raise ValueError(f"nothing known is called {record.kind!r}")
        if (record.place is None) != (record.kind in ("answer", "resumed")):
            raise ValueError("its key is missing or not expected")
        if (record.answer is None) != (record.kind != "answer"):
            raise ValueError("its answer is missing or not expected")
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise InputError(
            f"{path}, line {number}, is damaged: {error}. Nothing was changed. Take the file back "
            "from a copy, or name another ledger and pay for the answers again."
        ) from None
    return record


def _not_ours(path: Path) -> InputError:
    return InputError(f"{path} is not the ledger of a replay. Nothing was changed. Name another.")


class Ledger:
    """An open journal with what earlier runs told it; get one from `open_ledger`."""

    def __init__(self, path: Path, handle: int, history: History) -> None:
        self.path, self.history, self._handle = path, history, handle
        self._written = os.fstat(handle).st_size
        self._safe = 0
        self._turn = asyncio.Lock()

    def answer(self, place: Place) -> Completion:
        """The answer kept for a key and epoch."""
        entry = self.history.answered[place]
        # The file is open for appending, so that where we read does not move where we write.
        os.lseek(self._handle, entry.offset, os.SEEK_SET)
        line = os.read(self._handle, entry.length)
        return msgspec.convert(msgspec.json.decode(line)["answer"], Completion)

    async def asked(self, place: Place, request: str, worst_usd: float) -> None:
        """Note a request before it is sent; safe on disk when this returns."""
        self._append({"kind": "asked", "place": place, "request": request, "worst_usd": worst_usd})
        await self._settle()

    def unpaid(self, place: Place) -> None:
        """Note that all of a call's requests up to now cost nothing: the endpoint refused them."""
        self._append({"kind": "unpaid", "place": place})

    async def keep(self, answer: Completion, request: str) -> None:
        """Keep an answer; safe on disk when this returns."""
        record = {"kind": "answer", "request": request, "answer": msgspec.to_builtins(answer)}
        offset, length = self._append(record)
        await self._settle()
        self.history.answered[answer.place] = LedgerEntry(
            request, answer.unanswered, offset, length
        )

    def _append(self, record: Mapping[str, Any]) -> tuple[int, int]:
        line = msgspec.json.encode(record) + b"\n"
        offset = self._written
        try:
            _write(self._handle, line)
        except OSError as error:
            # Half a line would be damage if more lines followed.
            with suppress(OSError):
                os.ftruncate(self._handle, offset)
            raise full(self.path, error) from None
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
                raise full(self.path, error) from None
            self._safe = now


@contextmanager
def open_ledger(path: Path, identity: Mapping[str, Any]) -> Iterator[Ledger]:
    """The journal of a run, begun or continued, and locked until the block ends.

    Only its owner can read the file. It never holds keys or headers.

    Args:
        path: Where it lies or will lie; its folder is made if there is none.
        identity: What makes two runs the same run: model, base_url and params, in this order.

    Raises:
        StoreBusy: If another process works with it.
        InputError: If it is of another run, damaged, or no journal at all.
        StoreFull: If it cannot be written.
    """
    with locked_file(path, "ledger") as handle:
        yield Ledger(path, handle, _begin(path, handle, identity))


@contextmanager
def locked_file(path: Path, kind: str) -> Iterator[int]:
    """A file opened to read and to append, which no other process works with until the block ends.

    Only its owner can read it; its folder is made if there is none.

    Args:
        kind: What it is, for messages ("ledger").

    Raises:
        StoreBusy: If another process works with it.
        StoreFull: If it cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.lock", timeout=0, mode=0o600)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise StoreBusy(
            f"Another run is using {path}. Wait until it ends, or name another {kind}."
        ) from None
    except OSError as error:
        raise full(path, error, kind) from None
    try:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            handle = os.open(path, flags, 0o600)
        except OSError as error:
            raise full(path, error, kind) from None
        try:
            yield handle
        finally:
            os.close(handle)
    finally:
        lock.release()


def _begin(path: Path, handle: int, identity: Mapping[str, Any]) -> History:
    whole = digest(list(identity.values()))
    first = {"kind": "run", "version": VERSION, "digest": whole, **identity}
    line = msgspec.json.encode(first) + b"\n"
    history = read_history(path, line)
    if history.run is not None:
        _check(path, history.run, whole, identity)
    try:
        os.chmod(path, 0o600)
        os.ftruncate(handle, history.end)
        if history.run is None:
            _write(handle, line)
        else:
            # What was under way stays so for ever, even if it is asked again and answered.
            _write(handle, b"\n" * history.cut + b'{"kind":"resumed"}\n')
        os.fsync(handle)
        if os.name != "nt":
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        raise full(path, error) from None
    return history


def _check(path: Path, run: Mapping[str, Any], whole: str, identity: Mapping[str, Any]) -> None:
    if run.get("version") != VERSION:
        raise InputError(
            f"{path} was written by another version of headtohead (format {run.get('version')}, "
            f"not {VERSION}). Name another ledger."
        )
    if run.get("digest") == whole:
        return
    other = [
        f"{name} {run.get(name)!r} instead of {value!r}"
        for name, value in identity.items()
        if digest(run.get(name)) != digest(value)
    ]
    raise InputError(
        f"{path} is the ledger of another run: {'; '.join(other) or 'its digest differs'}. "
        "Answers of two runs must not be mixed: name another ledger, or repeat that run's settings."
    )


def _write(handle: int, line: bytes) -> None:
    while line:
        line = line[os.write(handle, line) :]


def full(path: Path, error: OSError, kind: str = "ledger") -> StoreFull:
    """What to say where a file cannot be written."""
    return StoreFull(
        f"{path} cannot be written: {error.strerror or error}. Make room or name another {kind}; "
        "what was answered before is kept."
    )
