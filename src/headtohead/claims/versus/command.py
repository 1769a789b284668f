"""`h2h versus`: any two, side by side."""

from pathlib import Path

import click

from headtohead.claims.versus.settings import VersusSettings
from headtohead.evidence.store import open_store
from headtohead.publish.command_line import (
    Output,
    as_of_option,
    day_of,
    deliver,
    output_options,
    settings_options,
    steps,
    store_option,
    verb,
)


@verb("h2h versus gpt-5 deepseek-v3.2 --as-of 2026-10-31")
@click.argument("a")
@click.argument("b")
@settings_options(settings=VersusSettings)
@as_of_option
@store_option
@output_options("json", "csv", "html", "markdown")
def versus(
    a: str,
    b: str,
    settings: VersusSettings,
    as_of: str | None,
    store: Path | None,
    output: Output,
) -> int:
    """Set any two side by side: models, labs, families, countries, or open and closed."""
    from headtohead.claims.versus.verb import versus

    with steps("Looking both up") as progress:
        result = versus(
            a,
            b,
            as_of=day_of(as_of),
            settings=settings,
            store=open_store(store),
            progress=progress,
        )
    return deliver(result, output)
