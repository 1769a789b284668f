"""What every command shares: options, the words that were typed, where results go, the day.

A command asks for the ways it offers, and hands its result over:

    @verb("h2h compare a.jsonl b.jsonl")
    @click.argument("runs", nargs=-1)
    @settings_options(settings=CompareSettings)
    @output_options("junit")
    def compare(runs, settings, output):
        from headtohead.trials.comparing import verb
        return deliver(verb.compare(*runs, settings=settings), output)
"""

import collections.abc
import functools
import json
import math
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import click
from click.core import ParameterSource

from headtohead.core.errors import InputError
from headtohead.core.settings import Option, choices_of, choose, options_of, pairs_of, type_of

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from headtohead.core.dates import Window
    from headtohead.publish.result import Result
    from headtohead.publish.sheet import Sheet

Function = TypeVar("Function", bound=Callable[..., Any])
Way = Literal["json", "csv", "html", "markdown", "junit"]
_TYPED = "headtohead.typed"
VERB = "headtohead.verb"
"""Under which a context, and those around it, know the command that was typed."""


class CommandGroup(click.Group):
    """Commands whose list in the help is not cut."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with its whole first sentence."""
        with formatter.section("Commands"):
            found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
            formatter.write_dl([(n, c.get_short_help_str(limit=10_000)) for n, c in found if c])


class Verb(click.Command):
    """A command that remembers what was typed, and ends its help with an example.

    Args:
        example: A whole command that works.
    """

    def __init__(self, *args: Any, example: str, **arguments: Any) -> None:  # noqa: ANN401
        lines = wrap(example, 74, break_long_words=False, break_on_hyphens=False)
        arguments["epilog"] = "\b\nExample:\n  " + " \\\n      ".join(lines)
        super().__init__(*args, **arguments)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and keep the words as they were."""
        ctx.meta[_TYPED], ctx.meta[VERB] = list(args), self
        return super().parse_args(ctx, args)


def verb(example: str, name: str | None = None) -> Callable[[Callable[..., Any]], Verb]:
    """A command of `h2h`; its help ends with the example, a whole command that works."""

    def make(function: Callable[..., Any]) -> Verb:
        return click.command(name or function.__name__, cls=Verb, example=example)(function)

    return make


def typed(as_of: date | None = None) -> str:
    """The command as it was typed, for "Again:"; with the day of knowledge, if none was given."""
    context = click.get_current_context()
    names, inside = [str(context.info_name)], context.parent
    while inside and inside.parent:  # the outermost is h2h itself
        names.append(str(inside.info_name))
        inside = inside.parent
    said = ["h2h", *reversed(names), *context.meta.get(_TYPED, ())]
    for name, flag in (("as_of", "--as-of"), ("end", "--to")):
        has = any(parameter.name == name for parameter in context.command.params)
        if as_of and has and context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            said += [flag, str(as_of)]
    return shlex.join(said)


def settings_options(**classes: type) -> Callable[[Function], Function]:
    """Options made of settings classes; the command gets one object of each.

    Args:
        classes: Parameter of the command -> its settings class.
    """
    shown = {
        parameter: {f: o for f, o in options_of(kind).items() if not o.hidden}
        for parameter, kind in classes.items()
    }

    def wrap(command: Function) -> Function:
        @functools.wraps(command)
        def called(**given: Any) -> Any:  # noqa: ANN401 - what click makes of the options
            for parameter, kind in classes.items():
                own = {f.name: given.pop(f.name) for f in shown[parameter]}
                chosen = {name: value for name, value in own.items() if value is not None}
                given[parameter] = choose(kind(), chosen)
                past(getattr(given[parameter], "about", None))
            return command(**given)

        # They stand in the order of the fields, above those that the command declares itself.
        for parameter in reversed(classes):
            for f, said in reversed(shown[parameter].items()):
                _click_option(classes[parameter], f.name, f.default, said)(called)
        return called  # type: ignore[return-value]

    return wrap


def _click_option(kind: type, name: str, default: object, said: Option) -> Callable[[Any], Any]:
    """The click option of one field; None stands for "not given"."""
    wanted = type_of(kind, name)
    flag = said.flag or f"--{name.replace('_', '-')}"
    if wanted is bool:
        return click.option(
            flag, name, is_flag=True, flag_value=not said.off, default=None, help=said.help
        )

    def given(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> object:
        return value or None

    more: dict[str, Any] = {"help": said.help, "default": None, "metavar": said.metavar or None}
    if choices_of(wanted):
        more["type"] = click.Choice(choices_of(wanted))
    elif get_origin(wanted) is collections.abc.Mapping:
        texts = get_args(wanted)[1] is str
        more |= {"multiple": True, "callback": given if texts else values}
    elif said.many:
        more |= {"multiple": True, "callback": given}
    elif said.read is None and wanted in (int, float):
        more["type"] = wanted
    elif wanted is Path:
        more["type"] = click.Path(path_type=Path)
    if isinstance(default, str | int | float) and default != "":
        more["help"] += f" Default: {default}"
    if said.older:
        return click.option(f"--{said.older}", flag, name, cls=_Renamed, **more)
    return click.option(flag, name, **more)


class _Renamed(click.Option):
    """An option whose older name works, but is not shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As of an option that has the newer name only."""
        shown = copy(self)
        shown.opts = self.opts[-1:]
        return click.Option.get_help_record(shown, ctx)


def values(
    _: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> dict[str, Any] | None:
    """NAME=VALUE, several times, each value as JSON or as text; None if it was not given."""

    def read(text: str) -> object:
        try:
            return json.loads(text)
        except ValueError:
            return text

    texts = pairs_of(str(parameter.name), value, str(parameter.metavar))
    return {name: read(text) for name, text in texts.items()} or None


def today() -> date:
    """The day it is, by UTC."""
    return datetime.now(UTC).date()


as_of_option = click.option(
    "--as-of", metavar="DAY", help="What was known by this day. Default: today."
)
about_option = click.option(
    "--about",
    metavar="DATE",
    callback=lambda _, __, value: past(value),
    help="Ask about this day, month or start/end.",
)
store_option = click.option("--store", type=click.Path(path_type=Path), help="Folder of downloads.")


def past(about: "Window | None") -> "Window | None":
    """What is asked about, as it was given.

    Raises:
        InputError: If it is no day or window, or begins in the future.
    """
    if about is None:
        return None
    from headtohead.core.dates import window

    asked = window(about)
    if asked and asked.start > today():
        raise InputError(
            f"`about` {asked} lies in the future: nobody knows yet. Choose today or earlier."
        )
    return about


def say(lines: Iterable[str]) -> None:
    """Print lines; whoever read the first ones and closed the pipe has enough.

    What comes after, files and the exit code, is still wanted then.
    """
    try:
        for line in lines:
            click.echo(plain(line))
        sys.stdout.flush()
    except BrokenPipeError:
        leave_output()


def leave_output() -> None:
    """Write nothing more: nobody reads on, or there is no room."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - lives until the process ends


def plain(text: str) -> str:
    """The text without control characters: a name from outside must not steer a terminal."""
    if text.replace("\n", "").replace("\t", "").isprintable():  # as nearly all are
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def day_of(text: str | None, argument: str = "as_of") -> date:
    """The day written, or today; `argument` is the one that an error names.

    Raises:
        InputError: If it is no day, or lies in the future.
    """
    from headtohead.core.dates import parse_day

    day = parse_day(text, argument) if text else today()
    if day > today():
        raise InputError(f"{day} lies in the future: nobody knows yet. Choose today or earlier.")
    return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a user wants of a result: printed instead of text, or a file beside it."""

    json: bool = False
    csv: bool = False
    html: Path | None = None
    markdown: Path | None = None
    junit: Path | None = None


_FLAGS: dict[str, str] = {
    "json": "Print one JSON object.",
    "csv": "Print one row a line, for a spreadsheet.",
}
_FILES: dict[str, str] = {
    "html": "Also write a page with charts, tables and downloads.",
    "markdown": "Also write Markdown, for a pull request.",
    "junit": "Also write JUnit XML, for a CI gate.",
}


_ALWAYS: tuple[Way, ...] = ("json", "csv", "html", "markdown")


def output_options(*more: Way) -> Callable[[Function], Function]:
    """Options for where a result goes; the command gets them as one `output`.

    Every command prints JSON or CSV, and writes a page or Markdown.

    Files are checked before the command begins, so that no hour of work is lost to a typing error.

    Args:
        more: What this one offers besides, in this order in its help.
    """
    ways = tuple(dict.fromkeys((*_ALWAYS, *more)))

    def wrap(command: Function) -> Function:
        @functools.wraps(command)
        def called(**given: Any) -> Any:  # noqa: ANN401 - what click makes of the options
            output = Output(**{way: given.pop(way) for way in ways})
            if output.json and output.csv:
                raise InputError("Choose one of `json` and `csv`.")
            for way in _FILES:
                if path := getattr(output, way):
                    from headtohead.publish.files import writable

                    writable(path, way)
            return command(output=output, **given)

        for way in reversed(ways):
            if way in _FLAGS:
                option = click.option(f"--{way}", way, is_flag=True, help=_FLAGS[way])
            else:
                kind = click.Path(path_type=Path)
                option = click.option(f"--{way}", way, type=kind, metavar="FILE", help=_FILES[way])
            option(called)
        return called  # type: ignore[return-value]

    return wrap


def deliver(result: "Result", output: Output, *, sheet: "Sheet | None" = None) -> int:
    """Print a result, write the files asked for, and give the exit code of its answer.

    `sheet` is how it is shown, if not as `result.sheet`; with its command, if not as typed with the
    day of knowledge.
    """
    from headtohead.publish.sheet import EXIT_CODE

    sheet = sheet or result.sheet
    context = click.get_current_context(silent=True)
    if context and isinstance(context.command, Verb) and not sheet.command:
        sheet = replace(sheet, command=typed(sheet.as_of))
    if output.json:
        from headtohead.publish.machine import json_text

        said: Iterable[str] = (json_text(result.as_json(), indent=1).rstrip("\n"),)
    elif output.csv:
        said = (result.to_csv().rstrip("\n"),)
    else:
        from headtohead.publish.terminal import sheet_lines

        said = sheet_lines(sheet)
    say(said)
    if output.html:
        from headtohead.publish.page import sheet_html

        write(output.html, sheet_html(sheet))
    if output.markdown:
        from headtohead.publish.markdown import sheet_markdown

        write(output.markdown, sheet_markdown(sheet))
    if output.junit:
        from headtohead.publish.junit import sheet_junit

        write(output.junit, sheet_junit(sheet))
    return EXIT_CODE[sheet.answer]


def write(path: Path, text: str, *, err: bool = True) -> None:
    """Write a file whole or not at all, and say so: with `err` beside the output, maybe JSON."""
    from headtohead.publish.files import replace

    content = text.encode()
    replace(path, content)
    size = len(content)
    length = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(1, round(size / 1e3))} kB"
    click.echo(f"Wrote {path} ({length}).", err=err)


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
def pages_made() -> Iterator[Callable[[int, int], None]]:
    """A bar of pages made, of how many; silent where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("Making pages"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)


@contextmanager
def answers(
    doing: str = "Replaying",
) -> Iterator[Callable[[int, int | None, float, float | None, str], None]]:
    """A bar of answers with the money spent and its ceiling, and lines that say what is waited for.

    Where nobody looks there is no bar, and at most one line in ten seconds.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[money]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task("", total=None, money="")
        silent_until = -math.inf

        def tell(
            answered_n: int,
            most_n: int | None,
            spent_usd: float,
            ceiling_usd: float | None,
            waiting: str,
        ) -> None:
            nonlocal silent_until
            if waiting:
                if not shown.disable or time.monotonic() >= silent_until:
                    silent_until = time.monotonic() + 10
                    shown.console.print(waiting, markup=False, highlight=False, soft_wrap=True)
                return
            ceiling = f" of ${ceiling_usd:,.2f}" if ceiling_usd is not None else ""
            money = f"${spent_usd:,.4f}{ceiling}"
            shown.update(task, completed=answered_n, total=most_n, money=money)

        yield tell
