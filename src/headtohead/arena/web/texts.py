"""Pages as texts: the process beside the server makes some too, and needs no server for that."""

import hashlib
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import jinja2

from headtohead.publish.page import page_style

MARK = "is"
"""What stands before the hash of a file in its address."""


def folder(name: str) -> Path:
    """A folder of the server's own files: "templates" or "static"."""
    return Path(str(files("headtohead").joinpath(f"arena/web/{name}")))


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates")),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.globals["own"] = own_file
    return made


@lru_cache(maxsize=32)
def own_file(address: str) -> str:
    """The address of a file of the server's own, which is another one when the file is."""
    name = address.rpartition("/")[2]
    held = (
        page_style().encode() if address == "/style.css" else (folder("static") / name).read_bytes()
    )
    return f"{address}?{MARK}={hashlib.sha256(held).hexdigest()[:12]}"


def text_of(template: str, **values: object) -> str:
    """A page; every template is given `title`, the arena's, and `here`, the page's address."""
    return _templates().get_template(template).render(**values)
