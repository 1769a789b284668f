"""Where results go: the terminal, JSON or CSV on it, and files beside it; written once.

A command asks for the ways it offers, and hands its result over:

    @verb("h2h compare a.jsonl b.jsonl")
    @click.argument("runs", nargs=-1)
    @settings_options(settings=CompareSettings)
    @output_options("json", "html", "markdown", "junit")
    def compare(runs, settings, output):
        from headtohead.trials.comparing import verb
        return deliver(verb.compare(*runs, settings=settings), output)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from headtohead.core.errors import InputError
from headtohead.publish.command_line import Verb, say, typed

if TYPE_CHECKING:
    from headtohead.publish.result import Result
    from headtohead.publish.sheet import Sheet

Function = TypeVar("Function", bound=Callable[..., Any])
Way = Literal["json", "csv", "html", "markdown", "junit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a user wants of a result, beside or instead of text.

    Attributes:
        json: Print one JSON object instead.
        csv: Print the main table as CSV instead.
        html: A page to write too.
        markdown: Markdown to write too.
        junit: JUnit XML to write too.
    """

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


def output_options(*ways: Way) -> Callable[[Function], Function]:
    """Options for where a result goes; the command gets them as one `output`.

    Files are checked before the command begins, so that no hour of work is lost to a typing error.

    Args:
        ways: Those that the command offers, in this order in its help.
    """

    def wrap(command: Function) -> Function:
        def called(**given: Any) -> Any:  # noqa: ANN401 - what click makes of the options
            output = Output(**{way: given.pop(way) for way in ways})
            if output.json and output.csv:
                raise InputError("Choose one of `json` and `csv`.")
            for way in _FILES:
                if path := getattr(output, way):
                    from headtohead.publish.files import writable

                    writable(path, way)
            return command(output=output, **given)

        called.__name__, called.__doc__ = command.__name__, command.__doc__
        called.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
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

    replace(path, text.encode())
    size = path.stat().st_size
    told = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(1, round(size / 1e3))} kB"
    click.echo(f"Wrote {path} ({told}).", err=err)
