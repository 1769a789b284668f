"""`h2h site` and `h2h serve`: every page, as files for any web host or on a server."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.hosting.options import listening_options
from headtohead.publish.command_line import (
    Output,
    as_of_option,
    day_of,
    deliver,
    output_options,
    pages_made,
    say,
    settings_options,
    store_option,
    verb,
)
from headtohead.publish.files import writable
from headtohead.web.settings import ServeSettings, SiteSettings


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


@verb("h2h serve --host 0.0.0.0 --port 8620")
@listening_options(8620)
@settings_options(settings=ServeSettings)
@store_option
def serve(host: str, port: int, settings: ServeSettings, store: Path | None) -> int:
    """Serve the site of all public evidence, and its data to programs, until Ctrl-C."""
    from headtohead.web.verb import serve_site

    def reached(address: str) -> None:
        say([f"The site is at {address}", f"For programs: {address}schema/openapi.json"])
        say(["Its first pages are being made."])

    def warm() -> None:
        say(["They are ready."])

    evidence = open_store(store) if store else None
    serve_site(host=host, port=port, settings=settings, store=evidence, ready=reached, warm=warm)
    click.echo("\nStopped.", err=True)
    return 0
