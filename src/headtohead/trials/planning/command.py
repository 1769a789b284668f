"""`h2h plan`: how many items a margin takes."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line
from headtohead.trials.planning.settings import PlanSettings


@line.verb(example="h2h plan --margin 2pp --discordance 0.15 --items 500")
@line.settings_options(settings=PlanSettings)
@click.option("--as-of", metavar="DAY", help="The day of the prices. Default: today.")
@line.store_option
@line.output_options("junit")
def plan(settings: PlanSettings, as_of: str | None, store: Path | None, output: line.Output) -> int:
    """Plan how many items show that B is at most a margin worse, and what they cost."""
    from headtohead.trials.planning.verb import plan

    day = line.day_of(as_of) if as_of or settings.models else None
    with line.steps("Planning") as progress:
        result = plan(
            settings=settings,
            as_of=day,
            store=open_store(store) if settings.models else None,
            progress=progress,
        )
    return line.deliver(result.asked_with(line.typed(day)), output)
