"""The log of a run: what every agent decided, whole on disk before the next decision is asked for.

One JSON object a line: first what makes two runs the same run, then one decision each.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from headtohead.core.errors import InputError
from headtohead.trading.running.actions import Action, Rejection
from headtohead.trials.replay.ledger import full, locked_file
from headtohead.trials.replay.wire import digest

Place = tuple[str, int, int]
"""Agent, window, number of the decision in it."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one agent decided once.

    Attributes:
        at: The moment in UTC, whatever the agent was told of it.
        observation: Digest of what it saw.
        raw: Its answer as it came.
        failure: Why there is no answer, which counts as hold; empty if there is one.
        cost_usd: What the answer cost; None where no price is known.
        unsure_usd: At most so much more may be billed.
    """

    agent: str
    window: int
    number: int
    at: str
    observation: str
    raw: str = ""
    actions: tuple[Action, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    failure: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    unsure_usd: float = 0.0

    @property
    def place(self) -> Place:
        """Which decision it is."""
        return self.agent, self.window, self.number


class _DecisionLine(msgspec.Struct, tag_field="kind", tag="decision"):
    decision: Decision


class LogHead(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="run"):
    """The first line.

    Attributes:
        identity: What makes two runs the same run; a name for each part.
        given: What else is needed to do it again.
    """

    version: Literal[1] = 1
    identity: dict[str, Any]
    given: dict[str, Any] = {}


class DecisionLog:
    """Decisions of this and earlier runs; get one from `open_log` or `read_log`."""

    def __init__(self, path: Path, head: LogHead, kept: dict[Place, Decision], handle: int) -> None:
        self.path, self.head, self.kept, self._handle = path, head, kept, handle

    def keep(self, decisions: list[Decision]) -> None:
        """Add decisions; a killed run keeps them once this returns.

        Raises:
            StoreFull: If they cannot be written.
        """
        lines = b"".join(msgspec.json.encode(_DecisionLine(x)) + b"\n" for x in decisions)
        try:
            while lines:
                lines = lines[os.write(self._handle, lines) :]
        except OSError as error:
            raise full(self.path, error, "`log`") from None
        self.kept |= {x.place: x for x in decisions}


def read_log(path: Path) -> DecisionLog:
    """A log that is only read.

    Raises:
        InputError: If it is none, or a line but the last is damaged.
    """
    head, kept, _ = _read(path)
    if head is None:
        raise InputError(f"{path} holds no run yet.")
    return DecisionLog(path, head, kept, -1)


@contextmanager
def open_log(path: Path, head: LogHead) -> Iterator[DecisionLog]:
    """The log of a run, begun or continued, and locked until the block ends.

    Raises:
        StoreBusy: If another process works with it.
        InputError: If it is of another run, damaged, or no log at all.
        StoreFull: If it cannot be written.
    """
    with locked_file(path, "`log`") as handle:
        before, kept, end = _read(path)
        if before is not None:
            _check(path, before, head)
        os.ftruncate(handle, end)
        if before is None:
            os.write(handle, msgspec.json.encode(head) + b"\n")
        yield DecisionLog(path, before or head, kept, handle)


def _read(path: Path) -> tuple[LogHead | None, dict[Place, Decision], int]:
    """First line, decisions, and how many bytes are whole: a last line may be cut by a kill."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    head: LogHead | None = None
    kept: dict[Place, Decision] = {}
    end = 0
    first, later = msgspec.json.Decoder(LogHead), msgspec.json.Decoder(_DecisionLine)
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            if number == 1 and not line.startswith(b'{"kind":"run"'[: len(line)]):
                raise _not_ours(path)
            break
        try:
            if head is None:
                head = first.decode(line)
            else:
                decision = later.decode(line).decision
                kept[decision.place] = decision
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number == 1:
                raise _not_ours(path) from None
            if number == len(lines):
                break
            raise InputError(
                f"{path}, line {number}, is damaged: {error}. Nothing was changed. Take the file "
                "back from a copy, or name another `log`."
            ) from None
        end += len(line)
    return head, kept, end


# Of settings that a sentence can hold; of others it only says that they differ.
_SHORT = ("contract", "margin", "stake", "days", "every", "history", "named", "seed")


def _check(path: Path, before: LogHead, now: LogHead) -> None:
    names = [*now.identity, *(x for x in before.identity if x not in now.identity)]
    other = [
        f"`{name}` was {was!r} and is {new!r}" if name in _SHORT else f"`{name}` are not the same"
        for name in names
        if digest(was := before.identity.get(name)) != digest(new := now.identity.get(name))
    ]
    if other:
        raise InputError(
            f"{path} is the log of another run: {'; '.join(other)}. Name another `log`, or repeat "
            "that run's settings."
        )


def _not_ours(path: Path) -> InputError:
    return InputError(
        f"{path} is no log of trading agents. Nothing was changed. Name another `log`."
    )


def identity_of(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Parts as a first line holds them: what JSON makes of them."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(parts))
    return made
