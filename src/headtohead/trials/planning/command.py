"""`h2h plan`: how many items a margin takes."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish.command_line import (
    Output,
    day_of,
    deliver,
    output_options,
    settings_options,
    store_option,
    typed,
    verb,
)
from headtohead.trials.planning.settings import PlanSettings


@verb(example="h2h plan --margin 2pp --discordance 0.15 --items 500")
@settings_options(settings=PlanSettings)
@click.option("--as-of", metavar="DAY", help="The day of the prices. Default: today.")
@store_option
@output_options("junit")
def plan(settings: PlanSettings, as_of: str | None, store: Path | None, output: Output) -> int:
    """Plan how many items show that B is at most a margin worse, and what they cost."""
    from headtohead.publish.command_line import steps
    from headtohead.trials.planning.verb import plan

    day = day_of(as_of) if as_of or settings.models else None
    with steps("Planning") as progress:
        result = plan(
            settings=settings,
            as_of=day,
            store=open_store(store) if settings.models else None,
            progress=progress,
        )
    return deliver(result.asked_with(typed(day)), output)
