"""`h2h plan`: how many items a margin takes."""

from pathlib import Path
from typing import Any

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    day_of,
    json_option,
)
from headtohead.publish.options import FILES, deliver, pairs, writable


def _files(command: Any) -> Any:  # noqa: ANN401 - click's decorators have no better type
    for option in reversed(FILES):
        command = option(command)
    return command


@click.command()
@click.option(
    "--margin",
    default="5pp",
    show_default=True,
    metavar="MARGIN",
    help="How much worse B may be: 5pp, 0.05, or in the unit of graded scores.",
)
@click.option(
    "--kind",
    type=click.Choice(["binary", "graded", "preference"]),
    help="Of outcome; told by the next three.",
)
@click.option(
    "--discordance",
    type=float,
    metavar="SHARE",
    help="Share of items that only one of the two solves, 0 to 1.",
)
@click.option(
    "--sd",
    type=float,
    metavar="SD",
    help="Standard deviation of the difference by item, for graded scores.",
)
@click.option("--ties", type=float, metavar="SHARE", help="Share of votes that are ties.")
@click.option(
    "--pilot",
    multiple=True,
    metavar="FILE",
    help="Twice: result files of A and B on a few items, instead of those three.",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=pairs,
    metavar="FIELD=COLUMN",
    help="Where a field of the pilot is.",
)
@click.option(
    "--confidence",
    type=float,
    default=0.8,
    show_default=True,
    help="How sure to be that the pilot's spread is not larger.",
)
@click.option(
    "--difference",
    default="0",
    show_default=True,
    metavar="DIFFERENCE",
    help="What B minus A is taken to be: -1pp.",
)
@click.option("--power", type=float, default=0.8, show_default=True, help="Chance of a yes.")
@click.option(
    "--level",
    type=float,
    default=0.95,
    show_default=True,
    help="Of the two-sided interval that will decide.",
)
@click.option(
    "--tries",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Tries at each item by both models.",
)
@click.option("--icc", type=float, help="How alike tries at one item are, 0 to 1. Default: .5")
@click.option(
    "--items",
    type=click.IntRange(min=2),
    help="Items at hand: also the smallest margin they would show.",
)
@click.option("--models", default="", metavar="A,B", help="Tell what the sample costs on these.")
@click.option("--input-tokens", type=float, help="Of a request; a pilot's own if left out.")
@click.option("--output-tokens", type=float, help="Of an answer, reasoning included.")
@click.option("--as-of", metavar="DAY", help="The day of the prices. Default: today.")
@_files
@store_option
@json_option
def plan(
    as_json: bool, page: Path | None, markdown: Path | None, junit: Path | None,
    as_of: str | None, store: Path | None,
    **choices: Any,  # noqa: ANN401 - handed on by name to the verb, which has types
) -> int:  # fmt: skip
    """Tell how many items show that B is at most a margin worse, and what they cost."""
    from headtohead.trials.planning import verb

    for path, option in ((page, "--html"), (markdown, "--markdown"), (junit, "--junit")):
        writable(path, option)
    made = verb.plan(
        as_of=day_of(as_of) if as_of or choices["models"] else None,
        store=open_store(store) if choices["models"] else None,
        **choices,
    )
    return deliver(made, as_json=as_json, page=page, markdown=markdown, junit=junit)
