"""`h2h compare`: two runs, or more, on the same items."""

from pathlib import Path
from typing import Any

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    day_of,
    json_option,
)
from headtohead.publish.options import FILES, deliver, pairs, words, writable


def _files(command: Any) -> Any:  # noqa: ANN401 - click's decorators have no better type
    for option in reversed(FILES):
        command = option(command)
    return command


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="A B [MORE...]")
@click.option(
    "--margin",
    default="5pp",
    show_default=True,
    metavar="MARGIN",
    help="How much worse B may be: 5pp, 0.05, or in the unit of graded scores.",
)
@click.option("--two-sided", is_flag=True, help="Ask whether they differ by less than the margin.")
@click.option("--better", is_flag=True, help="Ask whether B is better; the margin plays no part.")
@click.option(
    "--level",
    type=float,
    default=0.95,
    show_default=True,
    help="Coverage of the intervals; a verdict errs half as often as they do.",
)
@click.option(
    "--slice",
    "slices",
    callback=words,
    metavar="LABEL,...",
    help="Also by these labels, corrected for how many values they have.",
)
@click.option(
    "--cluster",
    default="",
    metavar="LABEL",
    help="Items with one value of this label go together (a document, a customer).",
)
@click.option(
    "--same",
    callback=words,
    metavar="LABEL,...",
    help="Refuse to compare unless these labels have the same values on both sides.",
)
@click.option(
    "--shared",
    is_flag=True,
    help="Compare the items that both have, although others are only in one.",
)
@click.option("--unpaired", is_flag=True, help="Do not match items: two independent samples.")
@click.option(
    "--missing",
    type=click.Choice(["leave-out", "wrong"]),
    default="leave-out",
    show_default=True,
    help="What becomes of items without a score.",
)
@click.option(
    "--scorer",
    metavar="SCORER",
    help="Score the answers first: exact, regex:PATTERN, json-schema:FILE, python:FILE:F.",
)
@click.option("--many", is_flag=True, help="Compare all runs with each other, with tie groups.")
@click.option(
    "--format",
    "layout",
    default="auto",
    metavar="FORMAT",
    help="Of the files, if it is not told by itself.",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=pairs,
    metavar="FIELD=COLUMN",
    help="Where a field is: key, score, model, epoch, cost_usd, labels, ...",
)
@click.option(
    "--map-b",
    "mapping_b",
    multiple=True,
    callback=pairs,
    metavar="FIELD=COLUMN",
    help="The same for B, where its columns have other names.",
)
@click.option(
    "--prices", is_flag=True, help="Price tokens at list prices where a file tells no costs."
)
@click.option("--as-of", metavar="DAY", help="The day of those prices. Default: today.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
@_files
@store_option
@json_option
def compare(
    runs: tuple[str, ...], as_json: bool, page: Path | None,
    markdown: Path | None, junit: Path | None, as_of: str | None, store: Path | None, layout: str,
    **choices: Any,  # noqa: ANN401 - handed on by name to the verb, which has types
) -> int:  # fmt: skip
    """Compare result files: may B stand in for A? FILE::MODEL takes one run of several."""
    from headtohead.trials.comparing import verb

    for path, option in ((page, "--html"), (markdown, "--markdown"), (junit, "--junit")):
        writable(path, option)
    made = verb.compare(
        *runs,
        format=layout,
        as_of=day_of(as_of) if as_of or choices["prices"] else None,
        store=open_store(store) if choices["prices"] else None,
        **choices,
    )
    return deliver(made, as_json=as_json, page=page, markdown=markdown, junit=junit)
