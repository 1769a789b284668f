"""Reads a replay's journal back, whatever moment its run was killed at."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.trials.replay.answer import Answer, Place


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an answer lies in the journal, and how it ended.

    Attributes:
        request: Digest of what was asked.
        unanswered: True if no request got an answer.
        broken: True if the answer ended early.
        offset: Bytes before its line.
        length: Bytes of its line.
    """

    request: str
    unanswered: bool
    broken: bool
    offset: int
    length: int

    @classmethod
    def of(cls, answer: Answer, request: str, offset: int, length: int) -> "Entry":
        """The entry of one answer."""
        return cls(request, answer.unanswered, answer.failure == "broken", offset, length)


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
    answered: dict[Place, Entry] = field(default_factory=dict)
    lost: dict[Place, float] = field(default_factory=dict)
    spent_usd: float = 0.0
    unsure_usd: float = 0.0
    end: int = 0
    cut: int = 0


class _Record(msgspec.Struct):
    kind: str
    place: tuple[str, int] | None = None
    request: str = ""
    worst_usd: float = 0.0
    answer: Answer | None = None


def read_history(path: Path, first_line: bytes) -> History:
    """What the journal at `path` tells.

    A last line without its line feed was cut by a kill and is left out; nothing that counted can
    be in it, for a line counts only once it is whole on disk.

    Args:
        path: The journal.
        first_line: How a journal begins, to recognise one that was killed as it began.

    Raises:
        InputError: If a line is damaged, or the file is no journal.
    """
    history = History()
    opened: dict[Place, float] = {}
    decoder = msgspec.json.Decoder(_Record)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n") and not _whole(line):
                if history.run is None and not first_line.startswith(line):
                    raise _not_ours(path)
                break
            if number == 1:
                history.run = _first(path, line)
            else:
                _take(history, opened, _decode(decoder, path, number, line), line)
            history.end += len(line)
            history.cut = 0 if line.endswith(b"\n") else 1
    _lose(history, opened)
    return history


def _take(history: History, opened: dict[Place, float], record: _Record, line: bytes) -> None:
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
        entry = Entry.of(answer, record.request, history.end, len(line))
        history.answered[answer.place] = entry


def _lose(history: History, opened: dict[Place, float]) -> None:
    for place, worst_usd in opened.items():
        history.lost[place] = history.lost.get(place, 0.0) + worst_usd
        history.unsure_usd += worst_usd
    opened.clear()


def _first(path: Path, line: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError:
        raise _not_ours(path) from None
    if not isinstance(found, dict) or found.get("kind") != "run":
        raise _not_ours(path)
    return found


def _decode(
    decoder: "msgspec.json.Decoder[_Record]", path: Path, number: int, line: bytes
) -> _Record:
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


def _whole(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _not_ours(path: Path) -> InputError:
    return InputError(f"{path} is not the ledger of a replay. Nothing was changed. Name another.")
