"""The server of the site: what it answers to each address, and how it runs until it is stopped.

It holds no evidence. Whatever an answer says is made of the address alone: no header of a request
but those of HTTP's own bargaining changes it, so none can poison what is kept for others.
"""

import asyncio
import gzip
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, unquote_to_bytes, urlencode

from litestar import Litestar, asgi
from litestar.enums import ScopeType

from headtohead.core.errors import InputError
from headtohead.evidence.catalogue import NAME as CATALOGUE
from headtohead.evidence.store import Store
from headtohead.hosting.beside import Beside
from headtohead.hosting.failures import SAID, failure_of
from headtohead.hosting.refused import Refused, too_fast
from headtohead.hosting.security import HEADERS, Limits, asker
from headtohead.publish.command_line import today
from headtohead.web.address import FORMS, Address, NoSuchPage
from headtohead.web.assets import POLICY, held, own_file
from headtohead.web.serving import jobs
from headtohead.web.serving.bounds import PAGING
from headtohead.web.serving.jobs import Evidence, PageAnswer, sentence
from headtohead.web.serving.keeping import KeptPages
from headtohead.web.settings import ServeSettings

if TYPE_CHECKING:
    from litestar.types import HTTPScope, Receive, Scope, Send

_LOG = logging.getLogger("headtohead.web")
_KEPT_BYTES = 64 * 2**20
_MOST_BESIDE = 260 * 2**20  # a job may take 160 MiB more while it lasts
_LONGEST_JOB_S, _PATIENCE = 90.0, 5  # of a processor that is free; so much longer of a busy one
_MOST_EACH = 32  # pages that one address may wait for at once, so that others find a place
_MOST_TEXT = 120  # characters that are searched for
_LONGEST_QUERY, _LONGEST_NAME = 4000, 100  # characters of a request for data that are read
_DEEPEST = 40  # folders: no page lies deeper
_READ = ("accept-encoding", "if-none-match", "x-forwarded-for")  # headers; no other is looked at
_LOOK_AGAIN_S, _SOON_S, _ROUNDS = 60.0, 5.0, 5
_MOMENT_S, _WEEK_S, _YEAR_S = 300, 7 * 24 * 3600, 365 * 24 * 3600
_API, _DESCRIPTION = "api/v1/", "schema/openapi.json"
_DOORS = ("api/", "schema/")
_UNREAD = "The evidence cannot be read at the moment. Try again."
_MOVED = {"index": "capability", "favicon.ico": "static/mark.svg"}
_ROBOTS = b"User-agent: *\nDisallow: /on/\nDisallow: /api/\nDisallow: /search/\n"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript", "svg": "image/svg+xml"}


class SiteRequest(NamedTuple):
    """A request, as far as the server looks at it.

    Attributes:
        path: Without the slash at its beginning, unquoted.
        up: What leads from there to the first page.
        query: The first value of each name.
    """

    method: str
    path: str
    up: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    who: str


class SiteServer:
    """Answers requests.

    Args:
        folder: Of downloaded evidence; the user's own if None.
        settings: How much anybody may ask for.
        day: What gives the day of today.
    """

    def __init__(
        self, folder: Path | None, settings: ServeSettings, day: Callable[[], date] = today
    ) -> None:
        self._folder, self._settings, self._day = folder, settings, day
        self._catalogue = Store(folder).home / CATALOGUE
        self._evidence: Evidence | None = None
        self._look_at_s = 0.0
        self.beside = Beside(_LONGEST_JOB_S, _MOST_BESIDE, _PATIENCE)
        self.pages = KeptPages(self.beside, _KEPT_BYTES)
        self._limits = Limits(settings.per_minute, settings.per_minute)
        self._waits_for = Counter[str]()

    def evidence(self) -> Evidence:
        """What pages are made of at this moment, give or take a second."""
        if self._evidence is None or monotonic() > self._look_at_s:
            claims, base = self._settings.claims, self._settings.base
            stamp = tuple(map(_changed_ns, (self._catalogue, *claims)))
            self._evidence = Evidence(self._folder, claims, stamp, self._day(), base)
            self._look_at_s = monotonic() + 1
        return self._evidence

    def check_claims(self) -> None:
        """Whether every file of claims can be read, asked of the process beside.

        Raises:
            InputError: With file and line of what is wrong.
        """
        wrong = asyncio.run(self.beside.do(jobs.wrong_claims, self.evidence()))
        if wrong:
            raise InputError(wrong)

    async def keep_warm(self, warm: Callable[[], object]) -> None:
        """Make the pages that everybody looks at first, again with a new day or new evidence.

        Args:
            warm: Called once they are there for the first time.
        """
        before, left, said = None, 0, False
        while True:
            evidence = self.evidence()
            left = left if evidence == before else _ROUNDS
            before = evidence
            if left:
                all_made = await self._first_made(evidence)
                left = 0 if all_made else left - 1
                if all_made and not said:
                    said = True
                    warm()
            await asyncio.sleep(_SOON_S if left else _LOOK_AGAIN_S)

    async def _first_made(self, evidence: Evidence) -> bool:
        """Make the pages that everybody looks at first; whether none is missing."""
        missing = 0
        try:
            for path in await self.beside.do(jobs.first_look):
                try:
                    await self.pages.of(jobs.page, evidence, Address(path=path))
                except Refused:  # whoever asks for this one is given the reason
                    missing += 1
        except Refused:  # the process ended: the next round begins another
            return False
        return not missing

    async def answer(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        if scope["type"] == ScopeType.WEBSOCKET:
            return
        try:
            asked = _asked(scope, self._settings.proxies)
            status, headers, body = await self._answer(asked)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - all are answered
            if isinstance(error, asyncio.CancelledError):
                error = Refused("This server is being stopped. Try again later.", 503)
            failure = failure_of(error, _LOG, _UNREAD)
            address = _address(scope["path"][1:])
            said = sentence(failure.status, failure.said, address, _up(scope["raw_path"]))
            open_to_all = _OPEN if address is None else {}
            status, headers, body = _sent(said, {}, {**open_to_all, **failure.headers})
        raw = [*_raw(tuple(headers.items()))]
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            # With those, a length would be that of the page which whoever asked has already.
            raw.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": raw})
        body = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answer(self, asked: SiteRequest) -> "_Answer":
        answer = _at_once(asked)
        if answer:
            return answer
        if asked.path.startswith(_DOORS):
            return await self._data(asked)
        address, spelt = _address_at(asked.path)
        if unquote(spelt) != asked.path:
            return _redirect(asked, spelt)
        page = await self._page(asked, jobs.page, self.evidence(), address)
        if page.status == HTTPStatus.FOUND:
            return _redirect(asked, page.body.decode())
        more = {"Cache-Control": _public(_WEEK_S if address.day else _MOMENT_S)}
        if address.form != "html":
            more |= _OPEN
        elif address.path.startswith("embed/"):
            more |= _FRAMED
        return _sent(page, asked.headers, more)

    async def _data(self, asked: SiteRequest) -> "_Answer":
        """What programs are given: the description of the routes, or what one of them gives."""
        if asked.path == _DESCRIPTION:
            page = await self._page(asked, jobs.openapi)
            return _sent(page, asked.headers, {**_OPEN, "Cache-Control": _public(_MOMENT_S)})
        name = asked.path.removeprefix(_API)
        if name == asked.path or "/" in name or len(name) > _LONGEST_NAME:
            raise Refused(SAID[404], 404)
        if sum(map(len, (*asked.query, *asked.query.values()))) > _LONGEST_QUERY:
            raise Refused(f"At most {_LONGEST_QUERY:,} characters are read. Ask for less.", 400)
        query = tuple(sorted(asked.query.items()))
        page = await self._page(asked, jobs.data, self.evidence(), name, query)
        kept_s = _WEEK_S if "as_of" in asked.query else _MOMENT_S
        more = {**_OPEN, "Cache-Control": _public(kept_s), **_next(asked, page)}
        return _sent(page, asked.headers, more)

    async def _page(
        self, asked: SiteRequest, job: Callable[..., PageAnswer], *given: object
    ) -> PageAnswer:
        """What a job gives; whoever asks for much that has to be made waits."""
        page = self.pages.held(job, *given)
        if page:
            return page
        if not self.pages.under_way(job, *given) and (
            wait := self._limits.wait_s(asked.who, monotonic())
        ):
            raise too_fast(wait)
        if self._waits_for[asked.who] >= _MOST_EACH:
            raise too_fast(_SOON_S)
        self._waits_for[asked.who] += 1
        try:
            return await self.pages.of(job, *given)
        finally:
            self._waits_for[asked.who] -= 1
            self._waits_for += Counter()  # forgets whoever waits for nothing


def _changed_ns(path: Path) -> int:
    """When a file was last changed; 0 if it is not there, as where nothing was downloaded."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


_Answer = tuple[int, dict[str, str], bytes]
_OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_UNFRAMED = {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'"}
_FRAMED = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors *",
    "X-Frame-Options": "",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@lru_cache(maxsize=2048)
def _raw(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, with those of all, as they are sent."""
    every = {**HEADERS, **_UNFRAMED, **dict(headers)}
    return [(k.lower().encode(), v.encode("latin-1")) for k, v in every.items() if v]


@lru_cache(maxsize=2048)
def _address_at(path: str) -> tuple[Address, str]:
    """What a path stands for, and the one spelling of it.

    Raises:
        Refused: If it can be no page.
    """
    address = Address.read(path)
    if address is None:
        raise Refused(SAID[404], 404)
    return address, address.file("")


def _asked(scope: "HTTPScope", proxies: tuple[str, ...]) -> SiteRequest:
    """What a request asks for.

    Raises:
        Refused: If it cannot be read.
    """
    sent = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
    headers = {name: ", ".join(v for k, v in sent if k == name) for name in _READ}
    try:
        path = unquote_to_bytes(scope["raw_path"]).decode()
        query = parse_qs(scope["query_string"].decode(), max_num_fields=100, errors="strict")
    except ValueError:
        raise Refused(SAID[400], 400) from None
    client = scope.get("client")
    who = asker(client[0] if client else "", headers["x-forwarded-for"], proxies)
    first = {name: values[0] for name, values in query.items()}
    up = _up(scope["raw_path"])
    return SiteRequest(scope["method"], path.removeprefix("/"), up, first, headers, who)


def _up(raw_path: bytes) -> str:
    """What leads from a path, as it was written, to the first page: a quoted slash is no folder."""
    return "../" * min(raw_path.count(b"/") - 1, _DEEPEST)


def _address(path: str) -> Address | None:
    return None if path.startswith(_DOORS) else Address.read(path) or Address()


def _at_once(asked: SiteRequest) -> "_Answer | None":
    """What needs no page: a refused method, a file of our own, another address."""
    if asked.method == "OPTIONS":
        return HTTPStatus.NO_CONTENT, {**_OPEN, "Access-Control-Allow-Methods": "GET, HEAD"}, b""
    if asked.method not in ("GET", "HEAD"):
        page = sentence(405, SAID[405], _address(asked.path), asked.up)
        return _sent(page, {}, {"Allow": "GET, HEAD, OPTIONS"})
    if asked.path.startswith("static/"):
        return _static(asked)
    if asked.path == "robots.txt":
        page = jobs.answered(_ROBOTS, "text/plain")
        return _sent(page, asked.headers, {"Cache-Control": _public(_WEEK_S)})
    moved = _moved(asked)
    return None if moved is None else _redirect(asked, moved)


def _moved(asked: SiteRequest) -> str | None:
    """Where what was asked for is, from the first page on; None if it is where it was asked for.

    Raises:
        Refused: If a query cannot be read.
    """
    path, query = asked.path, asked.query
    if path.startswith(_DOORS):
        return None
    if path in _MOVED:
        return _MOVED[path]
    if path == "search" and "q" in query:
        text = _word(query["q"])
        return Address(path=f"search/{text}" if text else "search").file("")
    if path == "versus":
        sides = [_word(query.get(side, "")) for side in ("a", "b")]
        return Address(path="/".join(["versus", *sides]) if all(sides) else "search").file("")
    if path == "known-by":
        address, day = Address.read(query.get("page", "")), query.get("day", "")
    elif "as-of" in query:
        address, day = Address.read(path), query["as-of"]
    else:
        return None
    try:
        known_by = date.fromisoformat(day) if day else None
    except ValueError:
        raise Refused("A day is written as 2026-11-29.", 400) from None
    if address is None:
        raise Refused(SAID[404], 404)
    return address.at(known_by).file("")


def _word(text: str) -> str:
    """What somebody wrote as one word of a path: a slash would be another page, a suffix a form."""
    word = " ".join(text[:_MOST_TEXT].replace("/", " ").split()).strip(".")
    for form in FORMS:
        word = word.removesuffix(f".{form}")
    return word


def _redirect(asked: SiteRequest, to: str) -> _Answer:
    """To another address of ours: relative, so that nobody else's name can stand in it."""
    headers = {"Location": f"./{asked.up}{to}", "Cache-Control": _public(_MOMENT_S)}
    return HTTPStatus.FOUND, headers, b""


def _static(asked: SiteRequest) -> _Answer:
    name = asked.path.removeprefix("static/")
    try:
        body = held(name)
    except NoSuchPage:
        raise Refused(SAID[404], 404) from None
    fixed = own_file(name) == f"static/{name}?is={asked.query.get('is')}"
    kept = _public(_YEAR_S) + ", immutable" if fixed else _public(_MOMENT_S)
    page = jobs.answered(body, _TYPES[name.rpartition(".")[2]])
    return _sent(page, asked.headers, {"Cache-Control": kept})


def _public(seconds: int) -> str:
    return f"public, max-age={seconds}"


def _sent(page: PageAnswer, asked: Mapping[str, str], more: Mapping[str, str]) -> _Answer:
    """A page as it is sent: packed if that is understood, and not at all if it is there already."""
    tag = f'W/"{page.digest}"'
    headers = {"Content-Type": page.media_type, "Vary": "Accept-Encoding", **more}
    if page.status >= HTTPStatus.BAD_REQUEST:
        headers["Cache-Control"] = "no-store"
    else:
        headers["ETag"] = tag
        there = [one.strip() for one in asked.get("if-none-match", "").split(",")]
        if there[0] == "*" or any(one.removeprefix("W/") == tag[2:] for one in there):
            return HTTPStatus.NOT_MODIFIED, headers, b""
    if not page.packed:
        return page.status, headers, page.body
    if _takes_gzip(asked.get("accept-encoding", "")):
        return page.status, {**headers, "Content-Encoding": "gzip"}, page.body
    return page.status, headers, gzip.decompress(page.body)


def _next(asked: SiteRequest, page: PageAnswer) -> dict[str, str]:
    """Where the results after these are."""
    if page.total is None:
        return {}
    limit, offset = (int(asked.query.get(n, usual)) for n, usual in PAGING.items())
    if offset + limit >= page.total:
        return {}
    query = urlencode({**asked.query, "limit": limit, "offset": offset + limit})
    return {"Link": f'<{asked.path.removeprefix(_API)}?{query}>; rel="next"'}


def _takes_gzip(accepted: str) -> bool:
    for one in accepted.lower().split(","):
        name, _, weight = one.replace(" ", "").partition(";q=")
        if name in ("gzip", "*"):
            return not weight or weight.strip("0.") != ""
    return False


def application(server: SiteServer, warm: Callable[[], object] = lambda: None) -> Litestar:
    """The ASGI application that serves a site; `warm` is called once its first pages are made."""
    if not _LOG.handlers:
        _LOG.addHandler(logging.StreamHandler())

    @asgi("/", is_mount=True, copy_scope=False)
    async def every(scope: "Scope", receive: "Receive", send: "Send") -> None:
        await server.answer(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        making = asyncio.create_task(server.keep_warm(warm))
        try:
            yield
        finally:
            making.cancel()

    return Litestar([every], lifespan=[lifespan], openapi_config=None, logging_config=None)
