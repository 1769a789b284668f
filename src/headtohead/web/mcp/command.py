"""`h2h mcp`: public evidence as tools for an editor, a chat program or any other assistant."""

import sys
from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.hosting.options import listening_options
from headtohead.publish.command_line import (
    as_of_option,
    day_of,
    plain,
    settings_options,
    store_option,
    verb,
)
from headtohead.web.mcp.settings import AssistantSettings


@verb("h2h mcp --http --port 8610")
@listening_options(8610)
@settings_options(settings=AssistantSettings)
@as_of_option
@store_option
def mcp(
    host: str, port: int, settings: AssistantSettings, as_of: str | None, store: Path | None
) -> int:
    """Answer questions of assistants: six tools that read public evidence, and change nothing."""
    from headtohead.web.mcp.verb import serve_mcp

    if not settings.http and sys.stdin.isatty():
        click.echo("An editor or a chat program starts this, and asks. Ctrl-C stops it.", err=True)
    serve_mcp(
        settings=settings,
        host=host,
        port=port,
        as_of=day_of(as_of) if as_of else None,
        store=open_store(store),
        ready=lambda at: click.echo(
            plain(f"Assistants reach the tools at {at} (Ctrl-C stops it)."), err=True
        ),
    )
    return 0
