"""What every command shares: the options on dates, the day it is, and printing."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import click

from headtohead.core.errors import InputError


def today() -> date:
    """The day it is, by UTC."""
    return datetime.now(UTC).date()


as_of_option = click.option(
    "--as-of", metavar="DAY", help="What was known by this day. Default: today."
)
about_option = click.option(
    "--about", metavar="DATE", help="Ask about this day, month or start/end."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def out(result: dict[str, Any] | Iterable[str]) -> None:
    """Print one JSON object, or lines."""
    if isinstance(result, dict):
        return click.echo(json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False))
    for line in result:
        click.echo(plain(line))
    return None


def plain(text: str) -> str:
    """The text without control characters: a name from outside must not steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def day_of(text: str | None) -> date:
    """The day written, or today.

    Raises:
        InputError: If it is no day, or lies in the future.
    """
    from headtohead.core.dates import parse_day

    day = parse_day(text) if text else today()
    if day > today():
        raise InputError(f"{day} lies in the future: nobody knows yet. Choose today or earlier.")
    return day
