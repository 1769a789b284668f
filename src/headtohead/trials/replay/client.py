"""Sends one request and reads its answer: the only place that touches the network."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from headtohead.trials.replay.endpoint import Endpoint
from headtohead.trials.replay.refusal import Again, Refit, Refused, judge
from headtohead.trials.replay.reply import Events, Reply, read_json
from headtohead.trials.replay.request import CAPS

if TYPE_CHECKING:
    import httpx2

_LOGGERS = ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy")))
_MOST_BYTES = 64 * 1024 * 1024


class TooLong(Exception):
    """An answer is larger than any model writes."""


class Chat:
    """A client of one endpoint; get one from `open_chat`.

    Attributes:
        streaming: False once the endpoint refused to stream, or streamed without usage.
    """

    def __init__(self, endpoint: Endpoint, http: "httpx2.AsyncClient") -> None:
        self.endpoint = endpoint
        self.streaming = True
        self._http = http
        self._cap = ""

    async def ask(self, body: dict[str, Any], idempotency_key: str) -> Reply:
        """The reply to one request, whole or broken; also a refusal of what it holds.

        Args:
            body: Of the request, but for streaming.
            idempotency_key: Equal for requests that must be billed once.

        Raises:
            Again: If nothing of an answer came, but another try may bring one.
            Refit: If the endpoint wanted another form, which the next request will have.
            Halt: If no request will succeed.
        """
        form = self._form(body)
        try:
            return await self._send(form, idempotency_key)
        except Refit as wish:
            self._adapt(wish, form)
            raise

    def _form(self, body: dict[str, Any]) -> dict[str, Any]:
        form = dict(body)
        if self._cap:
            form[self._cap] = next(form.pop(name) for name in CAPS if name in form)
        if self.streaming:
            form |= {"stream": True, "stream_options": {"include_usage": True}}
        return form

    def _adapt(self, wish: Refit, form: dict[str, Any]) -> None:
        if wish.what == "stream":
            self.streaming = False
        else:
            self._cap = CAPS[1] if CAPS[0] in form else CAPS[0]

    async def _send(self, form: dict[str, Any], idempotency_key: str) -> Reply:
        import httpx2

        begun = time.monotonic()
        heard = Heard(begun)
        try:
            async with (
                asyncio.timeout(self.endpoint.answer_timeout_s),
                self._http.stream(
                    "POST",
                    self.endpoint.url,
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
            raise Again(f"{self.endpoint.address} cannot be reached: {why}") from None
        except (httpx2.HTTPError, TimeoutError, TooLong) as error:
            if not heard.piece_n:
                why = f"no answer came: {self._name(error)}"
                raise Again(why, maybe_paid=True) from None
            if heard.good:
                return self._broken(heard, self._name(error))
        return self._judged(heard, bool(form.get("stream")))

    def _judged(self, heard: "Heard", streamed: bool) -> Reply:
        if not heard.good:
            refused = Refused(heard.status, heard.headers, bytes(heard.body), streamed)
            return judge(refused, self.endpoint)
        if heard.events is None and not heard.body:
            raise Again("the answer has no body", maybe_paid=True)
        reply = heard.events.close() if heard.events else read_json(bytes(heard.body))
        if heard.events and reply.whole and reply.usage is None and not reply.failure:
            # What tokens cost matters more than when the first one came.
            self.streaming = False
        return self._finish(reply, heard)

    def _broken(self, heard: "Heard", why: str) -> Reply:
        reply = heard.events.close() if heard.events else Reply()
        if not reply.whole:
            reply.failure, reply.note = "broken", f"the answer broke off: {why}"
        return self._finish(reply, heard)

    def _finish(self, reply: Reply, heard: "Heard") -> Reply:
        hide = self._clean
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

    def _clean(self, text: str) -> str:
        # A stream may cut a character in two halves, which only together are text.
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return self.endpoint.hide(whole)

    def _name(self, error: Exception) -> str:
        words = self.endpoint.hide_all(str(error)).strip()
        return words or type(error).__name__


class Heard:
    """What came back of one request so far.

    Attributes:
        begun: When it was sent, in seconds.
        status: The HTTP status; 0 until it came.
        headers: Of the answer.
        body: Of an answer that is no stream.
        events: Of an answer that is one.
        piece_n: Pieces of the body that came.
        first: When the first token came.
        last: When the last byte came.
    """

    def __init__(self, begun: float) -> None:
        self.begun = self.last = begun
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
            if size > _MOST_BYTES:
                raise TooLong(f"more than {_MOST_BYTES} bytes came")
            if self.events is None:
                self.body += piece
            elif self.events.feed(piece) and self.first is None:
                self.first = self.last


@asynccontextmanager
async def open_chat(endpoint: Endpoint) -> AsyncIterator[Chat]:
    """A client of an endpoint, closed when the block ends.

    Raises:
        InputError: If its key is not in the environment.
    """
    import httpx2

    timeout = httpx2.Timeout(endpoint.timeout_s, connect=min(endpoint.timeout_s, 15.0), pool=None)
    kept = None if endpoint.keep_alive else 0
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=kept)
    # The headers are checked here, so that no error of the client shows their values.
    headers = endpoint.headers()
    with _discreet(endpoint):
        async with httpx2.AsyncClient(headers=headers, timeout=timeout, limits=limits) as http:
            yield Chat(endpoint, http)


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
