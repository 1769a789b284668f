"""The files that every page of a site loads, and what a browser is allowed on one."""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from headtohead.publish.page import environment, page_style
from headtohead.web.address import NoSuchPage

STYLES = ("style.css", "site.css")
SCRIPTS = ("shell.js", "tables.js", "scorecard.js", "site.js")
ASSETS = (*STYLES, *SCRIPTS, "mark.svg")
"""The files that every page of a site loads."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)
"""What a browser is allowed on a page."""


@cache
def own_file(name: str) -> str:
    """The address of a style or a script from the first page on; another one when it changes."""
    return f"static/{name}?is={hashlib.sha256(held(name)).hexdigest()[:12]}"


@cache
def held(name: str) -> bytes:
    """A style, a script or a picture of the site's own.

    Raises:
        NoSuchPage: If there is none of that name.
    """
    if name == "style.css":
        return page_style().encode()
    for folder in ("web/static", "publish/templates"):
        path = files("headtohead").joinpath(folder, name)
        if name.endswith((".css", ".js", ".svg")) and "/" not in name and path.is_file():
            return path.read_bytes()
    raise NoSuchPage(name)


def sentence_page(
    said: str, up: str, html: str = "", pages: Iterable[tuple[str, str]] = ()
) -> bytes:
    """A page that says in a sentence why there is no other.

    Args:
        up: What leads from there to the first page.
        html: What a page ends with, as `Look.html`.
        pages: What may have been meant instead, each with its path from the first page.
    """
    page = environment("headtohead.web").get_template("sentence.html.j2")
    return page.render(said=said, up=up, html=html, pages=pages, own_file=own_file).encode()
