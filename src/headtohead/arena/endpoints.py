"""Entrants asked live: the text as it comes, then what the answer took.

What goes wrong is a `Fault`: a sentence for the voter that names neither model nor address, and
the endpoint's own words for those who run the arena. Neither holds a key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from headtohead.arena.reveals import without_reasoning
from headtohead.logs.calls import Call
from headtohead.prices.rates import Rates, cost_usd
from headtohead.trials.replay.client import (
    Again,
    Chat,
    Endpoint,
    Halt,
    OtherForm,
    joined,
    open_chat,
)
from headtohead.trials.replay.wire import Reply, Request, billed, failure_of, prepare

Trouble = Literal[
    "unreachable",
    "not set up",
    "too many requests",
    "late",
    "silent",
    "endless",
    "too long",
    "broken",
    "error",
    "empty",
    "filtered",
    "conversation too long",
    "crowded",
]
_SENTENCES: Mapping[Trouble, str] = {
    "unreachable": "One of the two models cannot be asked at the moment.",
    "not set up": "One of the two models is not set up as it should be, and cannot be asked.",
    "too many requests": "One of the two models is asked too often at the moment.",
    "late": "One of the two models did not begin to answer within {first_s:g} seconds.",
    "silent": "One of the two models wrote nothing more for {silence_s:g} seconds.",
    "endless": "One of the two models did not end its answer within {total_s:g} seconds.",
    "too long": "One of the two models wrote more than {chars:,} characters.",
    "broken": "The answer of one of the two models did not come to its end.",
    "error": "One of the two models failed to give an answer.",
    "empty": "One of the two models gave an empty answer.",
    "filtered": "A filter stopped the answer of one of the two models.",
    "conversation too long": "This conversation is longer than one of the two models reads.",
    "crowded": "Too many others are asking these models at the moment.",
}
_ATTEMPTS = 3
_FIRST_WAIT_S = 0.3
_LONGEST_WAIT_S = 5.0
_GRACE_S = 5.0
AT_ONCE = 16
"""Answers of one endpoint, unless arena.toml says otherwise."""
_KEPT_N = 64  # connections that nobody uses
# An event of the stream takes some 300 bytes, and may hold one character.
_BYTES_PER_CHAR = 320


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """What an answer may take.

    Attributes:
        first_s: Seconds until its first byte.
        silence_s: Seconds between two pieces, reasoning included.
        total_s: Seconds until its end.
        chars: Its longest text.
    """

    first_s: float = 60.0
    silence_s: float = 30.0
    total_s: float = 180.0
    chars: int = 50_000


@dataclass(frozen=True, slots=True)
class LiveEntrant:
    """An entrant behind an endpoint, and how it is asked.

    Attributes:
        rates: Its prices; None if not known, and then no answer has a cost.
        params: Sampling parameters ("temperature", "top_p", ...), for every request.
        cap_tokens: Tokens after which an answer is cut.
        system: What the system says first; empty for nothing.
    """

    endpoint: Endpoint
    limits: AnswerLimits = AnswerLimits()
    rates: Rates | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    cap_tokens: int = 2048
    system: str = ""


class Fault(Exception):
    """There is no answer that a vote could be about.

    Attributes:
        trouble: What kind of fault it is.
        sentence: For the voter: gives away neither the model nor its address.
        detail: For those who run the arena: what the endpoint or the connection said.
        entrant: Whose fault it is; empty if that is not known.
    """

    def __init__(self, trouble: Trouble, limits: AnswerLimits, detail: str = "") -> None:
        self.trouble, self.detail, self.entrant = trouble, detail or trouble, ""
        numbers = {name: getattr(limits, name) for name in limits.__slots__}
        self.sentence = _SENTENCES[trouble].format(**numbers)
        super().__init__(f"{trouble}: {self.detail}")


class LiveAnswer:
    """One answer under way; iterate over it once, asynchronously, for its pieces of text.

    Attributes:
        text: What came so far.
        first_s: Seconds from asking to the first text; of an answer that is not streamed, to all
            of it. None before.
        total_s: Seconds from asking to the end; None before.
        output_tokens: Of the whole answer, reasoning included; None if the endpoint does not say,
            or says what cannot be.
        cost_usd: None if tokens or prices are not known.
        cut: True if the answer ended at the limit of tokens.
        waiting: Whether it waits for others of its endpoint to come to their ends.
    """

    def __init__(
        self,
        chat: Chat,
        entrant: LiveEntrant,
        request: Request,
        key: str,
        turns: asyncio.Semaphore,
    ) -> None:
        self.text = ""
        self.first_s: float | None = None
        self.total_s: float | None = None
        self.output_tokens: int | None = None
        self.cost_usd: float | None = None
        self.cut = False
        self._chat, self._entrant, self._request, self._key = chat, entrant, request, key
        self._turns, self.waiting = turns, False
        self._begun = 0.0
        self._news = asyncio.Event()
        self._reply = Reply()
        self._read_chars = 0
        self._heard_at: float | None = None
        # Why the last attempt brought nothing, where time may run out before the next one does.
        self._failed: Fault | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[str]:
        """The pieces, none of them empty.

        Raises:
            Fault: If there is no whole answer; pieces that came before are void.
        """
        loop = asyncio.get_running_loop()
        self._begun, self.waiting = loop.time(), self._turns.locked()
        asking = asyncio.create_task(self._ask())
        asking.add_done_callback(lambda _: self._news.set())
        try:
            while not asking.done():
                await self._wait()
                if piece := self._fresh():
                    self._note_first(loop.time() - self._begun)
                    yield piece
            reply = self._judged(await asking)
            self.total_s = loop.time() - self._begun
            if rest := _said(reply, whole=True)[len(self.text) :]:
                self._note_first(self.total_s)
                self.text += rest
                yield rest
            self._count(reply)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _wait(self) -> None:
        """Wait for news within the limits."""
        limits = self._entrant.limits
        troubles: dict[Trouble, float] = {"endless": self._begun + limits.total_s}
        if self.waiting:
            troubles = {"crowded": self._begun + limits.total_s}
        elif self._heard_at is None:
            troubles["late"] = self._begun + limits.first_s
        else:
            troubles["silent"] = self._heard_at + limits.silence_s
        trouble = min(troubles, key=lambda one: troubles[one])
        try:
            async with asyncio.timeout_at(troubles[trouble]):
                await self._news.wait()
        except TimeoutError:
            raise self._failed or Fault(trouble, limits) from None
        self._news.clear()

    async def _ask(self) -> Reply:
        async with self._turns:
            self.waiting, self._begun = False, asyncio.get_running_loop().time()
            self._news.set()  # its limits count from now on
            return await self._attempts()

    async def _attempts(self) -> Reply:
        for attempt in range(1, _ATTEMPTS + 1):
            wait_s = 0.0
            try:
                return await self._chat.ask(self._request.body, self._key, self._seen)
            except Halt as halt:
                raise self._fault("not set up", str(halt.error)) from None
            except Again as again:
                wait_s = _FIRST_WAIT_S if again.wait_s is None else again.wait_s
                self._failed = self._fault(_trouble(again), again.why)
                if attempt == _ATTEMPTS or wait_s > _LONGEST_WAIT_S:
                    raise self._failed from None
            except OtherForm as wish:
                if attempt == _ATTEMPTS:
                    raise self._fault("error", f"it wants another form: {wish.what}") from None
            await asyncio.sleep(wait_s)
        raise AssertionError("every last attempt returns or raises")

    def _seen(self, reply: Reply) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        if reply.failure:
            raise self._fault("error", reply.note)
        if len(_said(reply)) > self._entrant.limits.chars:
            raise self._fault("too long")
        self._reply, self._failed = reply, None
        self._news.set()

    def _fresh(self) -> str:
        """The text that is new and holds no half of a character, and no beginning of a key."""
        endpoint = self._chat.endpoint
        new = _said(self._reply)[self._read_chars :]
        if new and "\ud800" <= new[-1] <= "\udbff":
            new = new[:-1]
        sure = new[: len(new) - endpoint.unsure_chars(new)]
        self._read_chars += len(sure)
        piece = endpoint.hide(joined(sure))
        self.text += piece
        return piece

    def _note_first(self, seconds: float) -> None:
        if self.first_s is None:
            self.first_s = seconds

    def _judged(self, reply: Reply) -> Reply:
        """The reply, if it is an answer, in whole or up to the limit of tokens."""
        failure, note = failure_of(reply)
        said = _said(reply, whole=True)
        if len(said) > self._entrant.limits.chars:
            raise self._fault("too long")
        self.cut = failure == "limit" and reply.billed and bool(said.strip())
        refused = failure == "refused" and not reply.failure and bool(reply.refusal)
        if self.cut or refused or (not failure and said.strip()):
            return reply
        if failure == "limit" and not reply.billed:
            raise self._fault("conversation too long", note)
        troubles: Mapping[str, Trouble] = {
            "broken": "broken",
            "error": "error",
            "refused": "filtered",
        }
        raise self._fault(troubles.get(failure, "empty"), note)

    def _count(self, reply: Reply) -> None:
        request, rates = self._request, self._entrant.rates
        usage, doubt = billed(
            reply.usage,
            most_input=request.input_tokens,
            most_output=request.output_tokens,
            output_bytes=reply.output_bytes,
        )
        if not doubt:
            self.output_tokens = usage.output_tokens
            self.cost_usd = cost_usd(usage, rates) if rates else None

    def _fault(self, trouble: Trouble, detail: str = "") -> Fault:
        return Fault(trouble, self._entrant.limits, self._chat.endpoint.hide_all(detail))


def _said(reply: Reply, *, whole: bool = False) -> str:
    # Some models have a field of its own for a refusal, which is an answer like any other.
    return without_reasoning(reply.text, whole=whole) or reply.refusal


def _trouble(again: Again) -> Trouble:
    if again.too_fast:
        return "too many requests"
    return "error" if again.maybe_paid else "unreachable"


class Caller:
    """Asks one entrant; get one from `open_caller`."""

    def __init__(self, chat: Chat, entrant: LiveEntrant, turns: asyncio.Semaphore) -> None:
        self._chat, self._entrant, self._turns = chat, entrant, turns

    def ask(self, messages: Sequence[Mapping[str, Any]], key: str) -> LiveAnswer:
        """The answer to a conversation, which is asked for once somebody iterates over it.

        Args:
            messages: What user and assistant said in turn, the user last.
            key: Tells this turn from all others, so that no endpoint bills it twice.
        """
        entrant = self._entrant
        system = [{"role": "system", "content": entrant.system}] if entrant.system else []
        call = Call(
            key=key,
            messages=[*system, *(dict(message) for message in messages)],
            params=dict(entrant.params),
        )
        request = prepare(call, entrant.endpoint.model, {}, entrant.cap_tokens)
        return LiveAnswer(self._chat, entrant, request, key, self._turns)


@asynccontextmanager
async def open_caller(
    entrant: LiveEntrant, turns: asyncio.Semaphore | None = None
) -> AsyncIterator[Caller]:
    """A caller of an entrant, for as long as the arena is open.

    Args:
        turns: As many as are asked at the same time of its endpoint, which others may share.

    Raises:
        InputError: If its key is not in the environment.
    """
    limits = entrant.limits
    # Its own limits end an answer; the client's are but for what hangs in spite of them.
    endpoint = replace(
        entrant.endpoint,
        timeout_s=max(limits.first_s, limits.silence_s) + _GRACE_S,
        answer_timeout_s=limits.total_s + _GRACE_S,
    )
    most_bytes = _BYTES_PER_CHAR * limits.chars
    async with open_chat(
        endpoint, needs_usage=False, most_bytes=most_bytes, kept_n=_KEPT_N
    ) as chat:
        yield Caller(chat, entrant, turns or asyncio.Semaphore(AT_ONCE))
