"""`h2h site`: every page as files for any web host."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish.command_line import (
    Output,
    as_of_option,
    day_of,
    deliver,
    output_options,
    pages_made,
    settings_options,
    store_option,
    verb,
)
from headtohead.publish.files import writable
from headtohead.web.settings import SiteSettings


@verb("h2h site --out public --base https://example.org/h2h/")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the files go; what is there of an earlier site is kept where it is the same.",
)
@settings_options(settings=SiteSettings)
@as_of_option
@store_option
@output_options("json")
def site(
    out: Path, settings: SiteSettings, as_of: str | None, store: Path | None, output: Output
) -> int:
    """Write the site of all public evidence as files that any web host can serve."""
    from headtohead.web.verb import freeze_site

    writable(out, "out", folder=True)
    with pages_made() as progress:
        result = freeze_site(
            out,
            as_of=day_of(as_of),
            settings=settings,
            store=open_store(store),
            progress=progress,
        )
    deliver(result, output)
    return 1 if result.broken else 0
