"""One call from request to kept answer: money set aside, tries, waits, and the journal."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headtohead.core.errors import SourceUnreachable
from headtohead.trials.calls import Usage
from headtohead.trials.rates import Rates, cost_usd, worst_usd
from headtohead.trials.replay.answer import Answer, Place
from headtohead.trials.replay.budget import Budget, Held
from headtohead.trials.replay.client import Chat
from headtohead.trials.replay.ledger import Ledger
from headtohead.trials.replay.limits import Sleep, Throttle
from headtohead.trials.replay.refusal import Again, Halt, Refit
from headtohead.trials.replay.reply import Reply, failure_of
from headtohead.trials.replay.request import Request, digest
from headtohead.trials.replay.settings import Settings
from headtohead.trials.replay.usage import Seen, billed

if TYPE_CHECKING:
    import numpy as np


# Streamed or not, and the cap by either name.
_FORMS = 3


class Closed(Exception):
    """The run is ending, and this call was not under way."""


@dataclass(slots=True)
class Line:
    """What a run shares among its calls: who is under way, and what is in doubt.

    Attributes:
        under_way: Calls that may have reached the endpoint and are not in the journal yet.
        closed: True once no more requests may be sent.
        unsure_usd: What tries of this run may have cost beside the answers.
    """

    under_way: set[Place] = field(default_factory=set)
    closed: bool = False
    unsure_usd: float = 0.0


@dataclass(slots=True)
class _Tally:
    tries: int = 0
    too_fast: int = 0
    refits: int = 0
    unsure_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Asker:
    """All that one call needs.

    Attributes:
        chat: The client.
        ledger: The journal.
        budget: The ceiling.
        throttle: The speed.
        rates: Prices; None if unknown, which allows no ceiling.
        settings: How often to try and how long to wait.
        rng: For the jitter of waits.
        line: Who is under way.
        sleep: How to wait.
    """

    chat: Chat
    ledger: Ledger
    budget: Budget
    throttle: Throttle
    rates: Rates | None
    settings: Settings
    rng: "np.random.Generator"
    line: Line = field(default_factory=Line)
    sleep: Sleep = asyncio.sleep

    async def ask(self, request: Request) -> Answer:
        """The answer to one request, kept in the journal.

        Raises:
            CeilingReached: If the money does not suffice.
            Closed: If the run ended before another try.
            Halt: If no request will succeed.
        """
        tally = _Tally()
        while True:
            answer = await self._try(request, tally)
            if answer is not None:
                return answer

    async def _try(self, request: Request, tally: _Tally) -> Answer | None:
        """The answer, or None if it is worth trying again."""
        if self.line.closed:
            raise Closed
        held = await self.budget.hold(self._worst(request))
        try:
            try:
                reply = await self._once(request, tally)
            except Again as again:
                self._unpaid(request, tally, held, self._worst(request) * again.maybe_paid)
                if self._spent_out(tally, again):
                    return await self._unanswered(request, tally, again)
                failed = again
            except (Refit, Halt) as stop:
                self._unpaid(request, tally, held, 0.0)
                tally.tries -= 1
                tally.refits += 1
                if isinstance(stop, Halt) or tally.refits > _FORMS:
                    raise _halted(stop) from None
                return None
            else:
                return await self._keep(request, reply, tally, held)
        finally:
            self.line.under_way.discard(request.place)
        await self._wait(tally, failed)
        return None

    async def _keep(
        self, request: Request, reply: Reply, tally: _Tally, held: Held
    ) -> Answer | None:
        answer = self._answer(request, reply, tally)
        await self.ledger.keep(answer, request.digest)
        # Earlier tries were settled when they failed.
        unsure = max(0.0, answer.unsure_usd - tally.unsure_usd)
        self.line.unsure_usd += unsure
        self.budget.settle(held, (answer.cost_usd or 0.0) + unsure)
        resend = self.settings.resend_broken and tally.tries < self.settings.tries_n
        if answer.failure != "broken" or not resend:
            return answer
        tally.unsure_usd = 0.0
        return None

    async def _once(self, request: Request, tally: _Tally) -> Reply:
        """One request on its way."""
        tokens = request.input_tokens // 4 + request.output_tokens
        sent = await self.throttle.enter(tokens)
        used: int | None = None
        self.line.under_way.add(request.place)
        try:
            await self.ledger.asked(request.place, request.digest, self._worst(request))
            tally.tries += 1
            reply = await self.chat.ask(request.body, self._idempotency(request))
            used = _tokens(reply, request)
            self.throttle.speed_up()
            return reply
        except Again as again:
            used = None if again.maybe_paid else 0
            if again.too_fast:
                self.throttle.slow_down(sent, self._pause(tally, again))
            raise
        finally:
            self.throttle.leave(tokens, used)

    def _answer(self, request: Request, reply: Reply, tally: _Tally) -> Answer:
        failure, note = failure_of(reply)
        usage: Usage | None = None
        doubt, cost, unsure = "", 0.0, tally.unsure_usd
        if reply.billed:
            usage, doubt = billed(reply.usage, _seen(reply, request))
            cost = cost_usd(usage, self.rates) if self.rates else 0.0
        if doubt:
            # Reasoning that was not shown, or written after the break, may be billed as well.
            unsure += max(0.0, self._worst(request) - cost)
        return Answer(
            key=request.place[0],
            epoch=request.place[1],
            text=reply.text or reply.refusal,
            tool_calls=reply.tool_calls,
            failure=failure,
            finish_reason=reply.finish_reason,
            note="; ".join(filter(None, (note, doubt))),
            usage=usage,
            usage_doubtful=bool(doubt),
            cost_usd=cost if self.rates else None,
            unsure_usd=unsure,
            latency_s=reply.latency_s,
            first_token_s=reply.first_token_s,
            tries=tally.tries,
            served_model=reply.served_model,
        )

    async def _unanswered(self, request: Request, tally: _Tally, again: Again) -> Answer:
        answer = Answer(
            key=request.place[0],
            epoch=request.place[1],
            failure="error",
            note=again.why,
            cost_usd=0.0 if self.rates else None,
            unsure_usd=tally.unsure_usd,
            tries=tally.tries,
            unanswered=True,
        )
        await self.ledger.keep(answer, request.digest)
        return answer

    def _unpaid(self, request: Request, tally: _Tally, held: Held, maybe_usd: float) -> None:
        tally.unsure_usd += maybe_usd
        self.line.unsure_usd += maybe_usd
        if not tally.unsure_usd:
            self.ledger.unpaid(request.place)
        self.budget.settle(held, maybe_usd)

    def _spent_out(self, tally: _Tally, again: Again) -> bool:
        tally.too_fast += again.too_fast
        if again.too_fast:
            return tally.too_fast >= self.settings.patience_n
        return tally.tries - tally.too_fast >= self.settings.tries_n

    async def _wait(self, tally: _Tally, again: Again) -> None:
        if self.line.closed:
            raise Closed
        # Whoever asked too fast waits with all others, in the throttle.
        if not again.too_fast:
            await self.sleep(self._pause(tally, again))

    def _pause(self, tally: _Tally, again: Again) -> float:
        if again.wait_s is not None:
            if again.wait_s > self.settings.retry_after_most_s:
                raise Halt(
                    SourceUnreachable(
                        f"{self.chat.endpoint.address} asks to wait {again.wait_s:.0f} seconds. "
                        "Run again later: what was answered is kept."
                    )
                )
            # Not all at the same instant.
            return again.wait_s * (1 + 0.05 * self.rng.random())
        doubled = self.settings.backoff_s * 2.0 ** min(tally.tries - 1, 30)
        return min(doubled, self.settings.backoff_most_s) * (0.5 + 0.5 * self.rng.random())

    def _worst(self, request: Request) -> float:
        if self.rates is None:
            return 0.0
        return worst_usd(request.input_tokens, request.output_tokens, self.rates)

    def _idempotency(self, request: Request) -> str:
        return f"h2h-{digest([request.place, request.digest])}"


def _seen(reply: Reply, request: Request) -> Seen:
    return Seen(request.input_tokens, request.output_tokens, reply.output_bytes)


def _tokens(reply: Reply, request: Request) -> int | None:
    if not reply.billed:
        return 0
    usage, doubt = billed(reply.usage, _seen(reply, request))
    return None if doubt else usage.input_tokens + usage.output_tokens


def _halted(stop: Refit | Halt) -> Halt:
    if isinstance(stop, Halt):
        return stop
    return Halt(
        SourceUnreachable(
            "The endpoint refuses every form of the request: streamed or not, with max_tokens or "
            "with max_completion_tokens. Name another endpoint."
        )
    )
