"""`h2h forecasts`: how forecasts resolved, and how good their probabilities were."""

from pathlib import Path

import click

from headtohead.claims.forecasts.settings import ForecastsSettings
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


@verb("h2h forecasts --as-of 2026-10-31")
@click.argument("claims", required=False, type=click.Path(path_type=Path))
@settings_options(settings=ForecastsSettings)
@as_of_option
@store_option
@output_options("json", "csv", "html", "markdown")
def forecasts(
    claims: Path | None,
    settings: ForecastsSettings,
    as_of: str | None,
    store: Path | None,
    output: Output,
) -> int:
    """Score the forecasts in CLAIMS, a claims file or a table of probabilities and outcomes."""
    from headtohead.claims.forecasts.verb import forecasts

    with steps("Resolving") as progress:
        result = forecasts(
            claims,
            as_of=day_of(as_of),
            settings=settings,
            store=open_store(store),
            progress=progress,
        )
    return deliver(result, output)
