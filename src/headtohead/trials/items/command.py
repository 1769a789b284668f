"""`h2h items`: which items of a test are no good, and which few stand for all."""

import click

from headtohead.publish import command_line as line
from headtohead.trials.items.settings import ItemsSettings


@line.verb(example="h2h items runs/*.eval --margin 2pp")
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...")
@line.settings_options(settings=ItemsSettings)
@line.output_options()
def items(results: tuple[str, ...], settings: ItemsSettings, output: line.Output) -> int:
    """Find items of a test that are no good, and the few that stand for all.

    RESULTS are runs of many models on one test, as `h2h compare` reads them; FILE::MODEL takes one
    run of several.
    """
    from headtohead.trials.items import verb

    with line.steps("Looking at the items") as progress:
        result = verb.items(*results, settings=settings, progress=progress)
    return line.deliver(result.asked_with(line.typed()), output)
