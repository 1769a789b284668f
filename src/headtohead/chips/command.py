"""`h2h chip`: what the export rules make of a chip."""

from pathlib import Path

import click

from headtohead.chips.settings import ChipSettings
from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line


@line.verb(example="h2h chip H20 --about 2025-05-01")
@click.argument("name", metavar="[CHIP]", required=False, default="")
@line.settings_options(settings=ChipSettings)
@line.about_option
@line.as_of_option
@line.store_option
@line.output_options()
def chip(
    name: str,
    settings: ChipSettings,
    about: str | None,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Classify CHIP, or all chips, by the US export rules in force on a day."""
    from headtohead.chips.verb import chip

    result = chip(
        name, as_of=line.day_of(as_of), settings=settings, about=about, store=open_store(store)
    )
    return line.deliver(result, output)
