"""`h2h plan`: how many items a margin takes."""

from pathlib import Path
from typing import Any

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import day_of, json_option, settings_options, typed, verb
from headtohead.publish.options import FILES, deliver, writable
from headtohead.trials.planning.settings import PlanSettings


def _files(command: Any) -> Any:  # noqa: ANN401 - click's decorators have no better type
    for option in reversed(FILES):
        command = option(command)
    return command


@verb(example="h2h plan --margin 2pp --discordance 0.15 --items 500")
@settings_options(settings=PlanSettings)
@click.option("--as-of", metavar="DAY", help="The day of the prices. Default: today.")
@_files
@store_option
@json_option
def plan(
    settings: PlanSettings,
    as_of: str | None,
    page: Path | None,
    markdown: Path | None,
    junit: Path | None,
    store: Path | None,
    as_json: bool,
) -> int:
    """Plan how many items show that B is at most a margin worse, and what they cost."""
    from headtohead.trials.planning.verb import plan

    for path, option in ((page, "--html"), (markdown, "--markdown"), (junit, "--junit")):
        writable(path, option)
    day = day_of(as_of) if as_of or settings.models else None
    made = plan(
        settings=settings,
        as_of=day,
        store=open_store(store) if settings.models else None,
    )
    made = made.asked_with(typed(day))
    return deliver(made, as_json=as_json, page=page, markdown=markdown, junit=junit)
