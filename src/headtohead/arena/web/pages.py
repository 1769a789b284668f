"""Answers to requests, failures as sentences too: HTML for a browser, JSON for programs."""

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import MediaType

from headtohead.arena.store.store import VoteRefused
from headtohead.arena.web.texts import MARK, own_file, text_of
from headtohead.files.opening import NOT_JSON
from headtohead.hosting.failures import failure_of
from headtohead.hosting.security import HEADERS
from headtohead.publish.page import page_style

if TYPE_CHECKING:
    from litestar.types import Message, Scope

_LOG = logging.getLogger("headtohead.arena")
_UNKEPT = "The vote cannot be kept at the moment, so nothing was counted. Try again."


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    cookies: list[Cookie] | None = None,
    **values: object,
) -> Response[str]:
    """A page in answer to a request."""
    title = request.app.state.arena.settings.title
    text = text_of(template, title=title, here=request.url.path, **values)
    return Response(text, status_code=status, media_type=MediaType.HTML, cookies=cookies or [])


@get("/style.css", include_in_schema=False, media_type="text/css", sync_to_thread=False)
def style() -> str:
    """The style of every page of headtohead, reports included."""
    return page_style()


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """Whether a program asks, and not a person's browser."""
    accepted = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or "application/json" in accepted


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A failure as a sentence; what is not ours to say stays in the log of the server."""
    status, said, headers = failure_of(error, _LOG, _UNKEPT)
    if wants_json(request):
        body = {"error": said, "status": status}
        return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers)
    answer = page(request, "sentence.html", status=status, said=said)
    for name, value in headers.items():
        answer.set_header(name, value)
    return answer


async def add_headers(message: "Message", scope: "Scope") -> None:
    """Put on every answer what forbids a browser the rest."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        if message["status"] == HTTPStatus.OK and _fixed(scope):
            headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
        for name, value in HEADERS.items():
            headers.setdefault(name, value)


def _fixed(scope: "Scope") -> bool:
    """Whether an address is that of a file as it is now, which browsers need to read once."""
    address, asked = scope["path"], scope["query_string"].decode("latin-1")
    own = address == "/style.css" or address.startswith("/static/")
    return own and asked.startswith(f"{MARK}=") and own_file(address) == f"{address}?{asked}"


async def fields(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The texts that a form or a JSON object sent.

    Raises:
        VoteRefused: If it is neither, or a value is no text.
    """
    content = request.headers.get("content-type", "").partition(";")[0]
    if content not in ("application/json", "application/x-www-form-urlencoded"):
        raise VoteRefused("Send a form or a JSON object.", 415)
    body = await request.body()
    try:
        if content == "application/json":
            return msgspec.json.decode(body, type=dict[str, str])
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except (*NOT_JSON, ValueError):
        raise VoteRefused("This request cannot be read: send named texts.", 400) from None
