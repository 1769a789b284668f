"""What the process beside the server does: it holds the evidence, and makes pages of it.

The server names these functions and never runs them, so what they need is imported in them.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headtohead.core.errors import (
    ClaimsFileError,
    HeadToHeadError,
    InputError,
    NoEvidence,
    UnknownName,
)
from headtohead.evidence.store import Store
from headtohead.publish.words import without_functions
from headtohead.web.address import Address, Moved, NoSuchPage
from headtohead.web.assets import sentence_page
from headtohead.web.serving.bounds import unknown

if TYPE_CHECKING:
    from headtohead.web.site import Site

PROBLEM = "application/problem+json"
_FIRST_STOP = date(2023, 1, 31)
_FOLDER = re.compile(r"^[^\n:]*[/\\]", re.MULTILINE)  # where a file lies is not for readers
_SMALL = 600  # bytes of a body that packing would hardly make smaller


@dataclass(frozen=True, slots=True)
class Evidence:
    """What pages are made of.

    Attributes:
        folder: Of downloaded evidence; the user's own if None.
        claims: Files of claims that have pages beside the built-in one.
        stamp: Others after each update of that folder, and each change of such a file.
        today: The day of knowledge of pages whose address names none.
        base: Where the site stands; empty if that is not known.
    """

    folder: Path | None
    claims: tuple[Path, ...]
    stamp: tuple[int, ...]
    today: date
    base: str = ""


class PageAnswer(NamedTuple):
    """What an address gave.

    Attributes:
        status: Of HTTP.
        body: The page; for a redirect, the address of the page from the first one on.
        packed: Whether the body is gzip.
        digest: Of the body before it was packed.
        kept: Whether it may be kept: what failed may go better another time.
        total: How many results there are of which the body holds some; None if it holds all.
    """

    status: int
    body: bytes
    media_type: str = "text/html; charset=utf-8"
    packed: bool = False
    digest: str = ""
    kept: bool = True
    total: int | None = None


def answered(
    body: bytes, media_type: str, status: int = 200, **more: bool | int | None
) -> PageAnswer:
    """An answer that is packed where that makes it smaller."""
    small = gzip.compress(body, 6, mtime=0) if len(body) > _SMALL else body
    packed = len(small) < len(body)
    digest = hashlib.sha256(body).hexdigest()[:32]
    return PageAnswer(status, small if packed else body, media_type, packed, digest, **more)  # type: ignore[arg-type]


def sentence(
    status: int,
    said: str,
    address: Address | None,
    up: str = "",
    *,
    kept: bool = True,
    pages: Iterable[tuple[str, str]] = (),
) -> PageAnswer:
    """Why there is no page: a page that says so to people, an object that does to programs.

    Args:
        address: What was asked for; None for a program's door.
        up: What leads from there to the first page.
        pages: What may have been meant instead, each with its path from the first page.
    """
    if address is None or address.form != "html":
        phrase = HTTPStatus(status).phrase
        problem = {"type": "about:blank", "title": phrase, "status": status, "detail": said}
        body = json.dumps(problem, ensure_ascii=False).encode()
        return answered(body, PROBLEM, status, kept=kept)
    body = sentence_page(said, up, pages=pages)
    return answered(body, "text/html; charset=utf-8", status, kept=kept)


_SITES: "dict[tuple[Path | None, tuple[int, ...]], Site]" = {}


def site_of(evidence: Evidence) -> "Site":
    """The site of an evidence, with what was worked out for its pages before."""
    from headtohead.web.site import Site

    key = evidence.folder, evidence.stamp
    if key not in _SITES:
        _SITES.clear()
        _SITES[key] = Site(evidence.today, Store(evidence.folder), evidence.claims)
    _SITES[key].today = evidence.today
    return _SITES[key]


def page(evidence: Evidence, address: Address) -> PageAnswer:
    """The page of an address, with what was known by its day."""
    from headtohead.web.rendering import Look, month_ends, rendered

    today, up = evidence.today, address.up
    if address.day and (said := unknown(address.day, today)):
        return sentence(HTTPStatus.NOT_FOUND, said, address, up, kept=False)
    try:
        look = Look(days=month_ends(_FIRST_STOP, today), base=evidence.base)
        made = rendered(site_of(evidence), address, look)
    except Moved as moved:
        to = replace(address, path=moved.path)
        return PageAnswer(HTTPStatus.FOUND, to.file("").encode())
    except NoSuchPage:
        return sentence(HTTPStatus.NOT_FOUND, "There is no such page here.", address, up)
    except HeadToHeadError as error:
        return _reason(error, address, up, _instead(error, address, site_of(evidence)))
    return answered(made.body, made.media_type)


def _instead(error: HeadToHeadError, address: Address, site: "Site") -> Iterator[tuple[str, str]]:
    """The pages that may have been meant: of names spelt alike, or of today."""
    if isinstance(error, UnknownName):
        for name in error.near:
            if path := site.page_of(name):
                yield name, replace(address, path=path).file("")
    elif isinstance(error, NoEvidence) and address.day:
        yield "What is known today", address.at(None).file("")


def _reason(
    error: HeadToHeadError,
    address: Address | None,
    up: str = "",
    pages: Iterable[tuple[str, str]] = (),
) -> PageAnswer:
    """Why there is no answer, for whoever asked."""
    said = str(error)
    if address is not None:  # a page has a day where a verb has an argument, and no functions
        said = without_functions(said).replace("`as_of`", "day")
    if isinstance(error, ClaimsFileError):  # of a file that changed since the start
        said = _FOLDER.sub("", said)
    if isinstance(error, UnknownName | NoEvidence):
        return sentence(HTTPStatus.NOT_FOUND, said, address, up, pages=pages)
    if isinstance(error, InputError):
        return sentence(HTTPStatus.BAD_REQUEST, said, address, up)
    return sentence(HTTPStatus.SERVICE_UNAVAILABLE, said, address, up, kept=False)


def data(evidence: Evidence, name: str, query: tuple[tuple[str, str], ...]) -> PageAnswer:
    """What a route gives to a program."""
    from headtohead.publish.machine import json_text
    from headtohead.web.serving.rest import asked

    try:
        found, total = asked(site_of(evidence), name, dict(query), evidence.today)
    except HeadToHeadError as error:
        return _reason(error, None)
    return answered(json_text(found).encode(), "application/json", total=total)


def wrong_claims(evidence: Evidence) -> str:
    """What is wrong with the files of claims, with file and line; empty if nothing is."""
    try:
        site = site_of(evidence)
        site.on(Address())
        site.statements.check(site.facts)
    except InputError as error:
        return str(error)
    return ""


def openapi() -> PageAnswer:
    """The document that describes every route."""
    from headtohead.publish.machine import json_text
    from headtohead.web.serving.rest import openapi

    return answered(json_text(openapi()).encode(), "application/json")


def first_look() -> list[str]:
    """The paths of the pages that every page leads to."""
    from headtohead.web.kinds import kinds

    return [module.PAGE.paths[0] for module in kinds().values() if module.PAGE.place]
