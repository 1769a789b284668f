"""What a person waiting sees, on a terminal only: a bar for downloads, a word for each step."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


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
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as shown:
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
def answers(most: int) -> Iterator[Callable[[int, float, float | None], None]]:
    """A bar of answers with the money spent, and its ceiling; silent where nobody looks."""
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

        def tell(answered_n: int, spent_usd: float, ceiling_usd: float | None) -> None:
            ceiling = f" of ${ceiling_usd:,.2f}" if ceiling_usd is not None else ""
            shown.update(task, completed=answered_n, money=f"${spent_usd:,.4f}{ceiling}")

        yield tell
