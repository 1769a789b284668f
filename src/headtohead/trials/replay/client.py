"""One request to an endpoint that speaks chat completions: whom we ask, and what comes back."""

import asyncio
import json
import logging
import os
import re
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.trials.replay.wire import CAPS, Events, Reply, error_in, read_json

if TYPE_CHECKING:
    import httpx2

_SHAPES = re.compile(r"\b(?:sk|rk|pk|xai|gsk|key)-[\w*.\-]{6,}|(?i:\bbearer\s+)[\w*.\-~+/=]{6,}")
_HIDDEN = "[hidden]"
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible endpoint and the model asked for there.

    Attributes:
        base_url: Address up to, without, "/chat/completions".
        key_env: Name of the environment variable that holds the API key; empty if none is needed.
        timeout_s: Seconds to wait for the first byte, and between two pieces of an answer.
        answer_timeout_s: Seconds until a running answer is given up.
    """

    base_url: str
    model: str
    key_env: str = ""
    timeout_s: float = 120.0
    answer_timeout_s: float = 1800.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
        except ValueError:
            raise InputError(
                "The endpoint's address cannot be read; give https://host/v1."
            ) from None
        if parts.username or parts.password or parts.query or parts.fragment:
            # The address itself is not repeated: it may hold a secret.
            raise InputError(
                "The endpoint's address holds a user, password, query or fragment. Give the plain "
                "address, and the key by the name of an environment variable."
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(
                f"{self.base_url!r} is not the address of an endpoint; "
                "give one such as https://host/v1."
            )
        if self.key_env and parts.scheme == "http" and not _near(parts.hostname):
            raise InputError(
                f"{self.base_url} is not encrypted, so your key could be read on the way. Use "
                "https."
            )
        if not self.model:
            raise InputError("The endpoint needs the name of a model.")
        if not (self.timeout_s > 0 and self.answer_timeout_s > 0):
            raise InputError("Both time limits of the endpoint have to be above 0 seconds.")

    @property
    def address(self) -> str:
        """The base address without a slash or the chat path at its end."""
        return self.base_url.rstrip("/").removesuffix("/chat/completions").rstrip("/")

    def headers(self) -> dict[str, str]:
        """What every request carries, the key included; for the HTTP client only.

        Raises:
            InputError: If the environment variable is missing, empty or cannot be a header.
        """
        if not self.key_env:
            return {}
        key = self._key()
        if not key:
            raise InputError(
                f"The environment variable {self.key_env} is not set, so there is no key for "
                f"{self.address}. Set it and run again."
            )
        if not (key.isascii() and key.isprintable()):
            raise InputError(
                f"The environment variable {self.key_env} holds characters that HTTP does not "
                "allow in a header, a line break perhaps. Set it anew."
            )
        return {"Authorization": f"Bearer {key}"}

    def hide(self, text: str, shortest: int = 12) -> str:
        """The text without the key.

        A key shorter than `shortest` stays: "none" or "true" are words of answers.
        """
        key = self._key()
        return text.replace(key, _HIDDEN) if len(key) >= shortest else text

    def unsure_chars(self, text: str, shortest: int = 12) -> int:
        """How many characters at the end of the text may be the beginning of the key."""
        key = self._key()
        most = min(len(key) - 1, len(text)) if len(key) >= shortest else 0
        return next((n for n in range(most, 0, -1) if text.endswith(key[:n])), 0)

    def _key(self) -> str:
        return os.environ.get(self.key_env, "").strip() if self.key_env else ""

    def hide_all(self, text: str) -> str:
        """As `hide`, and without what looks like part of a key; for a server's error messages."""
        return _SHAPES.sub(_HIDDEN, self.hide(text, shortest=4))


def _near(host: str) -> bool:
    if host == "localhost" or ("." not in host and ":" not in host):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return host.endswith((".local", ".internal", ".localhost"))
    return address.is_private or address.is_loopback


@dataclass(frozen=True, slots=True)
class OperatorTerms:
    """What is known of the operator behind an address.

    Attributes:
        operator: Its id in the list of operators; empty if nobody here knows the address.
        local: Whether the address is this machine.
        retention: How long requests are kept, by the operator's own words; empty if not known.
        training: Whether requests train models, by the operator's own words; empty if not known.
        seen_on: The day that page was read; None if it was not.
        verified: False if the page itself could not be opened.
    """

    operator: str
    host: str
    local: bool = False
    retention: str = ""
    training: str = ""
    source_url: str = ""
    seen_on: date | None = None
    verified: bool = True

    @property
    def key_env(self) -> str:
        """The environment variable that usually holds its key; empty if none is needed or known."""
        known = self.operator and not self.local
        return f"{self.operator.upper().replace('-', '_')}_API_KEY" if known else ""


def terms_of(base_url: str) -> OperatorTerms:
    """What is known of an address, as given to a client; only its host if that is nothing."""
    host = (urlsplit(base_url).hostname or "").lower()
    if host in _LOCAL:
        return OperatorTerms("", host, local=True)
    for suffix, known in _known().items():
        if host == suffix or host.endswith("." + suffix):
            return OperatorTerms(host=host, **known)
    return OperatorTerms("", host)


@cache
def _known() -> dict[str, dict[str, Any]]:
    text = files("headtohead").joinpath("data/endpoints.toml").read_text(encoding="utf-8")
    by_host: dict[str, dict[str, Any]] = {}
    for row in tomllib.loads(text)["endpoint"]:
        facts = {k: v for k, v in row.items() if k != "hosts"}
        by_host |= {host: facts for host in row["hosts"]}
    return by_host


_LOGGERS = ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy")))
_MOST_BYTES = 64 * 1024 * 1024

# The endpoint says that it did nothing.
_FREE = frozenset((408, 425, 429, 500, 502, 503, 529))
_STOP = frozenset((401, 402, 403, 404, 405))
_FILTER = re.compile(
    r"content_filter|content_policy|content exists risk|data_?inspection_?failed"
    r"|moderation|flagged",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context_length|context length|context window|context size|maximum context|too many tokens"
    r"|prompt is too long|input is too long",
    re.IGNORECASE,
)
# "Quota" and "billing" alone are also said to those who only ask too fast.
_NO_MONEY = re.compile(r"insufficient[ _](quota|balance|credit|funds)", re.IGNORECASE)
_SHOWN = 300


class Again(Exception):
    """The request got no answer, but another attempt may.

    Attributes:
        wait_s: Seconds that the endpoint asks to wait; None if it does not say.
        maybe_paid: True if the endpoint may have done the work.
        too_fast: True if it was refused for asking too fast.
    """

    def __init__(
        self,
        why: str,
        *,
        wait_s: float | None = None,
        maybe_paid: bool = False,
        too_fast: bool = False,
    ) -> None:
        self.why, self.wait_s, self.maybe_paid, self.too_fast = why, wait_s, maybe_paid, too_fast
        super().__init__(why)


class OtherForm(Exception):
    """The endpoint wants the same request in another form: "stream" or "cap"."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


class Halt(Exception):
    """No request of this run can succeed; `error` says what to do."""

    def __init__(self, error: HeadToHeadError) -> None:
        self.error = error
        super().__init__(str(error))


class TooLong(Exception):
    """An answer is larger than any model writes."""


class Chat:
    """A client of one endpoint; get one from `open_chat`.

    Attributes:
        streaming: False once the endpoint refused to stream, or streamed without the usage that
            is needed.
    """

    def __init__(
        self, endpoint: Endpoint, http: "httpx2.AsyncClient", needs_usage: bool, most_bytes: int
    ) -> None:
        self.endpoint = endpoint
        self.streaming = True
        self._http = http
        self._cap = ""
        self._needs_usage, self._most_bytes = needs_usage, most_bytes

    async def ask(
        self,
        body: dict[str, Any],
        idempotency_key: str,
        seen: Callable[[Reply], None] | None = None,
    ) -> Reply:
        """The reply to one request, whole or broken; also a refusal of what it holds.

        Requests of one idempotency key are billed once. `seen` is called with the reply so far
        after each piece of an answer, even one that holds no text; what it raises ends the request.

        Raises:
            Again: If nothing of an answer came, but another attempt may bring one.
            OtherForm: If the endpoint wanted another form, which the next request will have.
            Halt: If no request will succeed.
        """
        form = dict(body)
        if self._cap:
            form[self._cap] = next(form.pop(name) for name in CAPS if name in form)
        if self.streaming:
            form |= {"stream": True, "stream_options": {"include_usage": True}}
        try:
            return await self._send(form, idempotency_key, seen)
        except OtherForm as wish:
            if wish.what == "stream":
                self.streaming = False
            else:
                self._cap = CAPS[1] if CAPS[0] in form else CAPS[0]
            raise

    async def _send(
        self,
        form: dict[str, Any],
        idempotency_key: str,
        seen: Callable[[Reply], None] | None,
    ) -> Reply:
        import httpx2

        begun = time.monotonic()
        heard = Heard(begun, self._most_bytes, seen)
        try:
            async with (
                asyncio.timeout(self.endpoint.answer_timeout_s),
                self._http.stream(
                    "POST",
                    f"{self.endpoint.address}/chat/completions",
                    # Escaped, so that half a character from a log does not stop the run.
                    content=json.dumps(form).encode(),
                    headers={
                        "Content-Type": "application/json",
                        "Idempotency-Key": idempotency_key,
                    },
                ) as answer,
            ):
                await heard.read(answer)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            why = self._name(error)
            raise Again(f"it cannot be reached: {why}") from None
        except (httpx2.HTTPError, TimeoutError, TooLong) as error:
            if not heard.piece_n:
                why = f"no answer came: {self._name(error)}"
                raise Again(why, maybe_paid=True) from None
            if heard.good:
                reply = heard.events.close() if heard.events else Reply()
                if not reply.whole:
                    reply.failure = "broken"
                    reply.note = f"the answer broke off: {self._name(error)}"
                return self._finish(reply, heard)
        return self._judged(heard, bool(form.get("stream")))

    def _judged(self, heard: "Heard", streamed: bool) -> Reply:
        if not heard.good:
            body = bytes(heard.body)
            return judge(heard.status, heard.headers, body, self.endpoint, streamed=streamed)
        if heard.events is None and not heard.body:
            raise Again("the answer has no body", maybe_paid=True)
        reply = heard.events.close() if heard.events else read_json(bytes(heard.body))
        unbilled = reply.whole and reply.usage is None and not reply.failure
        if heard.events and unbilled and self._needs_usage:
            # What tokens cost matters more than when the first one came.
            self.streaming = False
        return self._finish(reply, heard)

    def _finish(self, reply: Reply, heard: "Heard") -> Reply:

        def hide(text: str) -> str:
            return self.endpoint.hide(joined(text))

        reply.latency_s = heard.last - heard.begun
        reply.first_token_s = None if heard.first is None else heard.first - heard.begun
        reply.note = self.endpoint.hide_all(reply.note)[:500]
        reply.text, reply.refusal = hide(reply.text), hide(reply.refusal)
        reply.tool_calls = [{k: hide(v) for k, v in call.items()} for call in reply.tool_calls]
        reply.served_model, reply.finish_reason = (
            hide(reply.served_model),
            hide(reply.finish_reason),
        )
        return reply

    def _name(self, error: Exception) -> str:
        words = self.endpoint.hide_all(str(error)).strip()
        return words or type(error).__name__


def joined(text: str) -> str:
    """The text with the two halves of a character, which a stream may cut, as one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Heard:
    """What came back of one request so far.

    Attributes:
        body: Of an answer that is no stream.
        events: Of an answer that is one.
        piece_n: Pieces of the body that came.
    """

    def __init__(self, begun: float, most_bytes: int, seen: Callable[[Reply], None] | None) -> None:
        self.begun = self.last = begun
        self._most_bytes, self._seen = most_bytes, seen
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.events: Events | None = None
        self.piece_n = 0
        self.first: float | None = None

    @property
    def good(self) -> bool:
        """True if the endpoint took the request."""
        return 200 <= self.status < 300

    async def read(self, answer: "httpx2.Response") -> None:
        """Take an answer as it comes.

        Raises:
            TooLong: If it has no end.
        """
        self.status = answer.status_code
        self.headers = {k.lower(): v for k, v in answer.headers.items()}
        if self.good and "text/event-stream" in self.headers.get("content-type", ""):
            self.events = Events()
        size = 0
        async for piece in answer.aiter_bytes():
            if not piece:
                continue
            self.piece_n += 1
            self.last = time.monotonic()
            size += len(piece)
            if size > self._most_bytes:
                raise TooLong(f"more than {self._most_bytes} bytes came")
            if self.events is None:
                self.body += piece
            elif self.events.feed(piece) and self.first is None:
                self.first = self.last
            if self._seen:
                self._seen(self.events.reply if self.events else Reply())


@asynccontextmanager
async def open_chat(
    endpoint: Endpoint,
    *,
    needs_usage: bool = True,
    most_bytes: int = _MOST_BYTES,
    kept_n: int = 0,
) -> AsyncIterator[Chat]:
    """A client of an endpoint, closed when the block ends.

    Args:
        needs_usage: Whether to stream no more once a stream came without the tokens it used.
        most_bytes: The longest answer, in bytes as sent.
        kept_n: Connections that are kept for a minute, for the next requests.

    Raises:
        InputError: If its key is not in the environment.
    """
    import httpx2

    timeout = httpx2.Timeout(endpoint.timeout_s, connect=min(endpoint.timeout_s, 15.0), pool=None)
    # Some servers drop idle connections just as a request is sent, and nobody knows whether that
    # request is billed: none is kept where money matters more than time.
    limits = httpx2.Limits(
        max_connections=None, max_keepalive_connections=kept_n, keepalive_expiry=60.0
    )
    # The headers are checked here, so that no error of the client shows their values.
    headers = endpoint.headers()
    with _discreet(endpoint):
        async with httpx2.AsyncClient(headers=headers, timeout=timeout, limits=limits) as http:
            yield Chat(endpoint, http, needs_usage, most_bytes)


@contextmanager
def _discreet(endpoint: Endpoint) -> Iterator[None]:
    """Keep the key out of what the HTTP libraries log, should an endpoint send it back."""

    def hide(record: logging.LogRecord) -> bool:
        record.msg, record.args = endpoint.hide_all(record.getMessage()), ()
        return True

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(hide)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(hide)


def judge(
    status: int, headers: Mapping[str, str], body: bytes, endpoint: Endpoint, *, streamed: bool
) -> Reply:
    """The reply that stands for a request refused for what is in it.

    Raises:
        Again: If another attempt may succeed.
        OtherForm: If the endpoint wants another form.
        Halt: If no request will succeed.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    code, message = error_in(content)
    message = endpoint.hide_all(message).strip()[:_SHOWN]
    said = f"{code} {message}"
    why = ", ".join([f"HTTP {status}", *(p.phrase.lower() for p in HTTPStatus if p == status)])
    why += f": {message}" if message else ""
    if status == 429 and not _NO_MONEY.search(said):
        raise Again(why, wait_s=wait_s(headers), too_fast=True)
    if status in _FREE and status != 429:
        raise Again(why, wait_s=wait_s(headers))
    if status >= 500 and status != 501:
        raise Again(why, wait_s=wait_s(headers), maybe_paid=True)
    if _FILTER.search(said):
        return _not_billed("refused", f"the endpoint's filter refused the request: {why}")
    if status in _STOP or status in (301, 302, 303, 307, 308, 429):
        raise Halt(_advice(status, endpoint, message))
    lower = message.lower()
    if "max_completion_tokens" in lower and "max_tokens" in lower:
        raise OtherForm("cap")
    if streamed and ("stream" in lower or status in (406, 501)):
        raise OtherForm("stream")
    if _TOO_LONG.search(said):
        return _not_billed("limit", f"the request is longer than the model reads: {why}")
    return _not_billed("error", f"the endpoint refused the request: {why}")


def wait_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by Retry-After, in seconds or as a date; None if it is not there.

    A date is compared with the endpoint's own clock, the Date header, so that ours does not matter.

    References:
        Fielding, R., Nottingham, M., Reschke, J. (2022). HTTP Semantics. RFC 9110, section
        10.2.3. doi:10.17487/RFC9110
    """
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
            return float(value) * unit
    try:
        then = parsedate_to_datetime(headers.get("retry-after", ""))
        now = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (then - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _not_billed(failure: str, note: str) -> Reply:
    return Reply(failure=failure, note=note, billed=False)


def _advice(status: int, endpoint: Endpoint, message: str) -> HeadToHeadError:
    key = f"the key in {endpoint.key_env}" if endpoint.key_env else "a request without a key"
    where = endpoint.address
    said = f" It says: {message}" if message else ""
    if status == 401:
        text = (
            f"{where} does not accept {key} (HTTP 401). Set a valid key in the environment "
            "variable that you name."
        )
    elif status in (402, 429):
        text = f"The account behind {key} has no money left at {where} (HTTP {status}). Top it up."
    elif status == 403:
        text = (
            f"{where} forbids {key} to use {endpoint.model} (HTTP 403). Ask for access, or name "
            "another model."
        )
    elif status in (404, 405):
        text = (
            f"{where} knows no model {endpoint.model!r}, or no /chat/completions (HTTP {status}). "
            "Check both; the address often ends with /v1."
        )
    else:
        text = f"{where} has moved (HTTP {status}). Give its new address."
    return InputError(text + said)
