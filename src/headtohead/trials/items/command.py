"""`h2h items`: which items of a test are no good, and which few stand for all."""

from pathlib import Path

import click

from headtohead.publish.command_line import json_option, out, settings_options, typed, verb
from headtohead.trials.items.settings import ItemsSettings


@verb(example="h2h items runs/*.eval --margin 2pp")
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...")
@settings_options(settings=ItemsSettings)
@click.option("--csv", "as_csv", is_flag=True, help="Print the items as CSV.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write a page with charts, tables and downloads.",
)
@json_option
def items(
    results: tuple[str, ...],
    settings: ItemsSettings,
    as_csv: bool,
    page: Path | None,
    as_json: bool,
) -> int:
    """Find items of a test that are no good, and the few that stand for all.

    RESULTS are runs of many models on one test, as `h2h compare` reads them; FILE::MODEL takes one
    run of several.
    """
    from headtohead.publish.options import deliver, writable
    from headtohead.publish.progress import steps
    from headtohead.trials.items import verb

    writable(page, "--html")
    with steps("Looking at the items") as progress:
        made = verb.items(*results, settings=settings, progress=progress)
    made = made.asked_with(typed())
    return deliver(made, as_json=as_json, page=page, markdown=None, junit=None)
