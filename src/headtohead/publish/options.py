"""How options with a shape of their own are read, and where results are written."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headtohead.core.errors import InputError
from headtohead.core.version import VERSION
from headtohead.publish.command_line import out

if TYPE_CHECKING:
    from headtohead.trials.result import TrialResult


def words(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names split at commas."""
    return tuple(filter(None, (part.strip() for part in (value or "").split(","))))


def pairs(_: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE, several times."""
    made = {}
    for text in value:
        name, sign, rest = text.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{text!r} is not of the form {parameter.metavar}.")
        made[name.strip()] = rest.strip()
    return made


FILES = (
    click.option("--html", "page", type=click.Path(path_type=Path), metavar="FILE",
                 help="Also write a page with charts, tables and downloads."),
    click.option("--markdown", type=click.Path(path_type=Path), metavar="FILE",
                 help="Also write Markdown for a pull request."),
    click.option("--junit", type=click.Path(path_type=Path), metavar="FILE",
                 help="Also write JUnit XML for a CI gate."),
)  # fmt: skip


def writable(path: Path | None, option: str) -> None:
    """Check that a file can be written before hours are spent on what goes into it.

    Raises:
        InputError: If it is a folder, or its folder does not exist.
    """
    if path and path.is_dir():
        raise InputError(f"{path} is a folder. Name the file to write with {option}.")
    if path and not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} does not exist. Choose another {option}.")


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all, and say so."""
    from headtohead.evidence.catalogue import replace

    replace(path, text.encode())
    size = path.stat().st_size
    told = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(1, round(size / 1e3))} kB"
    click.echo(f"Wrote {path} ({told}).", err=True)


def deliver(
    made: "TrialResult",
    *,
    as_json: bool,
    page: Path | None,
    markdown: Path | None,
    junit: Path | None,
) -> int:
    """Print a trial, write the files asked for, and give the exit code of its verdict."""
    from headtohead.publish.sheet import EXIT_CODE
    from headtohead.publish.text import sheet_lines

    try:
        out(made.as_json() if as_json else sheet_lines(made.sheet))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the first lines has enough; the files and the exit code are still wanted.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - lives until the process ends
    if page:
        from headtohead.publish.trial_page import sheet_html

        write(page, sheet_html(made.sheet, version=VERSION))
    if markdown:
        from headtohead.publish.sheet_markdown import sheet_markdown

        write(markdown, sheet_markdown(made.sheet))
    if junit:
        from headtohead.publish.junit import sheet_junit

        write(junit, sheet_junit(made.sheet))
    return EXIT_CODE[made.sheet.answer]
