"""`h2h mcp`: public evidence as tools for an editor, a chat program or any other assistant."""

import sys
from functools import partial
from pathlib import Path

import click

from headtohead.core.errors import InputError
from headtohead.core.settings import words
from headtohead.evidence.store import open_store
from headtohead.hosting.options import listening_options
from headtohead.publish.command_line import (
    as_of_option,
    day_of,
    plain,
    store_option,
    verb,
)


@verb("h2h mcp --http --port 8610")
@click.option("--http", is_flag=True, help="Answer over HTTP, and not by stdin and stdout.")
@listening_options(8610)
@click.option(
    "--name",
    "names",
    default="",
    metavar="HOST,...",
    help="Names by which others reach it over HTTP; requests to any other name are refused.",
)
@click.option(
    "--base",
    default="",
    metavar="URL",
    help="The address of a site of `h2h serve`, so that each answer names its page.",
)
@as_of_option
@store_option
def mcp(
    *,
    http: bool,
    host: str,
    port: int,
    names: str,
    base: str,
    as_of: str | None,
    store: Path | None,
) -> int:
    """Answer questions of assistants: six tools that read public evidence, and change nothing."""
    try:
        import mcp as library  # noqa: F401
    except ImportError:
        raise InputError(
            "Answers for assistants need one more package: install 'headtohead[mcp]' with pip or "
            "uv."
        ) from None
    from headtohead.web.mcp.server import Assistant, serve_here, serve_over_http
    from headtohead.web.site import Site

    today = partial(day_of, as_of)
    base = base and f"{base.rstrip('/')}/"
    assistant = Assistant(Site(today(), open_store(store)), today, base)
    if not http:
        if sys.stdin.isatty():
            click.echo(
                "An editor or a chat program starts this, and asks. Ctrl-C stops it.", err=True
            )
        serve_here(assistant)
        return 0
    from headtohead.hosting.listening import bound

    serve_over_http(
        assistant,
        bound(host, port),
        words(names),
        lambda at: click.echo(
            plain(f"Assistants reach the tools at {at} (Ctrl-C stops it)."), err=True
        ),
    )
    return 0
