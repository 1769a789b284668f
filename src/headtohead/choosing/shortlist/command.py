"""`h2h shortlist`: which models may we use, and who sells them at which price."""

from pathlib import Path

import click

from headtohead.choosing.shortlist.settings import ShortlistSettings
from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line


@line.verb("h2h shortlist --licence commercial --operator-country US --context 128k --max-cost 1")
@line.settings_options(settings=ShortlistSettings)
@line.as_of_option
@click.option("--top", type=click.IntRange(min=1), help="How many models to print. Default: 10")
@line.store_option
@line.output_options()
def shortlist(
    settings: ShortlistSettings,
    as_of: str | None,
    top: int | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """List the models and sellers that satisfy every condition, the ablest first, with ties."""
    from headtohead.choosing.shortlist.sheet import shortlist_sheet
    from headtohead.choosing.shortlist.verb import shortlist

    with line.steps("Choosing") as progress:
        result = shortlist(
            as_of=line.day_of(as_of), settings=settings, store=open_store(store), progress=progress
        )
    return line.deliver(result, output, sheet=shortlist_sheet(result, top))
