"""`h2h questions`."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish.command_line import (
    Output,
    as_of_option,
    day_of,
    deliver,
    output_options,
    store_option,
    verb,
)


@verb(example="h2h questions performance.arena_gap")
@click.argument("name", required=False, default="")
@as_of_option
@store_option
@output_options("json", "csv", "html", "markdown")
def questions(name: str, as_of: str | None, store: Path | None, output: Output) -> int:
    """List what a claim can ask; with NAME, one question with its words and values."""
    from headtohead.claims.questions.verb import list_questions

    return deliver(list_questions(name, as_of=day_of(as_of), store=open_store(store)), output)
