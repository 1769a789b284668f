"""`h2h names`."""

import sys

import click

from headtohead.core.errors import EXIT_NO, EXIT_UNDECIDED
from headtohead.publish.command_line import (
    json_option,
    out,
    today,
)


@click.command()
@click.argument("name")
@click.option("--on", metavar="DAY", help="The day it was used on; moving aliases depend on it.")
@click.option("--provider", help="Who uses the name, where it alone does not say.")
@json_option
def names(name: str, on: str | None, provider: str | None, as_json: bool) -> None:
    """Explain which model, lab, mode and channel NAME means, and by which rule."""
    from headtohead.claims.terminal import resolution_lines
    from headtohead.evidence.listing import resolution_json
    from headtohead.names.verb import explain_name

    found = explain_name(name, on=on, provider=provider)
    out(resolution_json(found, on, today()) if as_json else resolution_lines(found))
    if found.status != "matched":
        sys.exit(EXIT_NO if found.status == "unmatched" else EXIT_UNDECIDED)
