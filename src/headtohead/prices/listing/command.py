"""`h2h prices`: what a call cost at a minute."""

from dataclasses import replace
from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.prices.listing.settings import ListingSettings
from headtohead.publish import command_line as line


@line.verb(example="h2h prices deepseek-chat --at 2025-09-29T12:00Z")
@click.argument("model", required=False)
@line.settings_options(settings=ListingSettings)
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the history in the layout of genai-prices (JSON).",
)
@line.as_of_option
@line.store_option
@line.output_options()
def prices(
    model: str | None,
    settings: ListingSettings,
    as_of: str | None,
    store: Path | None,
    export: Path | None,
    output: line.Output,
) -> int:
    """List what MODEL cost at a minute: the first party, the cheapest, the median, all offers."""
    from headtohead.prices.listing.verb import list_prices

    if export:
        from headtohead.publish.files import writable

        writable(export, "export")

    if output.html and not (settings.audit or settings.usage):
        settings = replace(settings, history=True)
    result = list_prices(
        model, settings=settings, as_of=line.day_of(as_of), store=open_store(store)
    )
    code = line.deliver(result, output)
    if export:
        line.write(export, result.to_genai_prices())
    return code
