"""What a person waiting sees, on a terminal only: a bar for downloads, a word for each step."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Spending(Protocol):
    """How far a replay is, and what it has cost."""

    @property
    def answered_n(self) -> int:
        """Answers so far."""

    @property
    def spent_usd(self) -> float:
        """Spent so far."""

    @property
    def ceiling_usd(self) -> float | None:
        """The most that may be spent."""


class DownloadBar:
    """Shows each file's bytes, speed and time left."""

    def __init__(self, shown: "Progress") -> None:
        self._shown = shown
        self._task: TaskID | None = None

    def start(self, what: str, total_bytes: int | None) -> None:
        """Show a new file."""
        self._task = self._shown.add_task(what, total=total_bytes)

    def advance(self, more_bytes: int) -> None:
        """Move its bar."""
        if self._task is not None:
            self._shown.advance(self._task, more_bytes)

    def finish(self) -> None:
        """Stop its clock."""
        if self._task is not None:
            self._shown.stop_task(self._task)
            self._task = None


@contextmanager
def bar() -> Iterator[DownloadBar]:
    """A bar that lives as long as the block; silent where nobody looks."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as shown:
        yield DownloadBar(shown)


@contextmanager
def steps(what: str) -> Iterator[Callable[[str], None]]:
    """A line that says which step is being worked on; silent where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as shown:
        yield lambda step: shown.update(f"{what}: {step}")


@contextmanager
def answers(most: int) -> Iterator[Callable[[Spending], None]]:
    """A bar of answers with the money spent; silent where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("Replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[money]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task("", total=most, money="")

        def tell(so_far: Spending) -> None:
            ceiling = f" of ${so_far.ceiling_usd:,.2f}" if so_far.ceiling_usd is not None else ""
            money = f"${so_far.spent_usd:,.4f}{ceiling}"
            shown.update(task, completed=so_far.answered_n, money=money)

        yield tell
