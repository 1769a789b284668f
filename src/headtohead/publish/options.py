"""How options with a shape of their own are read, and where results are written."""

from pathlib import Path

import click

from headtohead.publish.deliver import Output, write
from headtohead.publish.deliver import deliver as deliver_to
from headtohead.publish.files import writable
from headtohead.publish.result import Result

__all__ = ["FILES", "deliver", "pairs", "words", "writable", "write"]


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


def deliver(
    made: Result,
    *,
    as_json: bool,
    page: Path | None,
    markdown: Path | None,
    junit: Path | None,
) -> int:
    """As `publish.deliver.deliver`, until every command has its `output_options`."""
    output = Output(json=as_json, html=page, markdown=markdown, junit=junit)
    return deliver_to(made, output)
