"""Asks a candidate the logged requests, until they end, the answer is clear or money is short."""

import asyncio
import inspect
import math
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Sized
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from headtohead.core.errors import HeadToHeadError, InputError, SourceUnreachable
from headtohead.core.units import counted
from headtohead.logs.calls import Call, Usage
from headtohead.prices.rates import Rates, cost_usd, worst_usd
from headtohead.trials.replay.client import Again, Chat, Endpoint, Halt, OtherForm, open_chat
from headtohead.trials.replay.ledger import Ledger, open_ledger
from headtohead.trials.replay.limits import (
    Budget,
    CeilingReached,
    Reservation,
    Settings,
    Sleep,
    Throttle,
)
from headtohead.trials.replay.wire import (
    Completion,
    Place,
    Reply,
    Request,
    billed,
    digest,
    failure_of,
    prepare,
)

if TYPE_CHECKING:
    import numpy as np

Requests = Iterable[Call] | AsyncIterable[Call]
OnAnswer = Callable[[Call, Completion], bool | Awaitable[bool | None] | None]
OnProgress = Callable[["ReplayProgress"], None]
Why = Literal["end", "decided", "ceiling"]
_FORMS = 3  # streamed or not, and the cap by either name


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay is.

    Attributes:
        kept_n: Those of earlier runs among them.
        most_n: How many there are to ask; None where nobody knows before the end.
        waiting: What is waited for and how long, as a sentence; empty if an answer came.
    """

    answered_n: int
    kept_n: int
    under_way_n: int
    spent_usd: float
    ceiling_usd: float | None
    most_n: int | None = None
    waiting: str = ""


@dataclass(slots=True)
class ReplayOutcome:
    """What a replay brought.

    Attributes:
        stopped: Why it ended: "end" of the requests, "decided" by who looked at the answers, or
            the "ceiling" of money.
        asked_n: Calls answered by this run.
        kept_n: Calls whose answers were in the ledger.
        beyond_n: Answers paid for and kept, but not handed over because the run had ended.
        no_messages_n: Calls left out because the log does not hold their messages.
        sent_n: Requests sent.
        doubtful_n: Answers whose tokens are estimates.
        failures: Why answers are unusable -> how many.
        served: Model named by the endpoint -> how many answers.
        left_out: Logged parameters that are not sent -> in how many calls.
        possibly_twice: Calls under way when an earlier run was killed, and asked again; they may
            be billed twice.
        streaming: False if the endpoint did not stream, so that there are no times to the first
            token.
        spent_usd: Cost of the answers of all runs of the ledger; 0 without prices.
        unsure_usd: At most so much more may be billed.
    """

    stopped: Why = "end"
    asked_n: int = 0
    kept_n: int = 0
    beyond_n: int = 0
    no_messages_n: int = 0
    sent_n: int = 0
    doubtful_n: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    possibly_twice: list[Place] = field(default_factory=list)
    streaming: bool = True
    spent_usd: float = 0.0
    unsure_usd: float = 0.0

    def count(self, answer: Completion, *, kept: bool) -> None:
        """Add one answer, of this run or `kept` by an earlier one."""
        self.kept_n += kept
        self.doubtful_n += answer.usage_doubtful
        self.failures.update(filter(None, [answer.failure]))
        self.served.update(filter(None, [answer.served_model]))
        if not kept:
            self.asked_n += 1
            self.sent_n += answer.attempts
            self.spent_usd += answer.cost_usd or 0.0


async def replay(
    requests: Requests,
    endpoint: Endpoint,
    ledger: Path,
    on_answer: OnAnswer,
    *,
    rng: "np.random.Generator",
    rates: Rates | None = None,
    settings: Settings | None = None,
    on_progress: OnProgress | None = None,
    asking: bool = True,
) -> ReplayOutcome:
    """What came of asking an endpoint the requests of a log.

    Every answer is safe in the ledger before it counts. Run again with the same ledger, the
    answers in it are handed over without being asked again. When a run ends early, or its task is
    cancelled once, requests under way are still heard out and kept, for they are billed.

    Args:
        requests: Calls with messages; read only as far as needed, so that they may be many.
        ledger: The journal's file, begun or continued.
        on_answer: Is given each call with its answer, also those of earlier runs; True ends the
            run. It may be a coroutine function.
        on_progress: Is told at the start, after each answer and at each wait how far the run is.
        asking: False hands over what the ledger holds, and sends nothing.

    Raises:
        InputError: If the endpoint refuses the key or does not know the model, a key comes twice,
            a request has changed since it was answered, or a ceiling has no prices.
        SourceUnreachable: If the endpoint stops answering.
        StoreBusy: If another run uses the ledger.
        StoreFull: If the ledger cannot be written.
    """
    settings = settings or Settings()
    if settings.ceiling_usd is not None and rates is None:
        raise InputError("A ceiling of money needs prices of the model. Give them, or no ceiling.")
    said = {**settings.params, "cap_tokens": settings.cap_tokens}
    identity = {"model": endpoint.model, "base_url": endpoint.address, "params": said}
    async with open_chat(endpoint) as chat:
        with open_ledger(ledger, identity) as book:
            before_usd = book.history.spent_usd + book.history.unsure_usd
            asker = Asker(
                chat=chat,
                ledger=book,
                budget=Budget(settings.ceiling_usd, before_usd),
                throttle=Throttle(settings),
                rates=rates,
                settings=settings,
                rng=rng,
            )
            run = _Replay(asker, on_answer, on_progress, asking)
            await run.all(requests)
            return run.outcome


class Closed(Exception):
    """The run is ending, and this call was not under way."""


@dataclass(slots=True)
class _Attempts:
    sent: int = 0
    too_fast: int = 0
    other_forms: int = 0
    unsure_usd: float = 0.0


@dataclass(slots=True)
class Asker:
    """One call from request to kept answer: money set aside, attempts, waits, and the journal.

    Attributes:
        under_way: Calls that may have reached the endpoint and are not in the journal yet.
        closed: True once the run is ending.
        unsure_usd: What requests of this run may have cost beside the answers.
        on_wait: Is told what is waited for and how long, once a wait.
        waited_s: Waits since the last answer; those of several calls at once count once.
    """

    chat: Chat
    ledger: Ledger
    budget: Budget
    throttle: Throttle
    rates: Rates | None
    settings: Settings
    rng: "np.random.Generator"
    under_way: set[Place] = field(default_factory=set)
    closed: bool = False
    unsure_usd: float = 0.0
    sleep: Sleep = asyncio.sleep
    on_wait: Callable[[str], None] = lambda _: None
    waited_s: float = 0.0
    _waits_until: float = field(default=-math.inf, init=False)

    async def ask(self, request: Request) -> Completion:
        """The answer to one request, kept in the journal.

        Raises:
            CeilingReached: If the money does not suffice.
            Closed: If the run ended before another attempt.
            Halt: If no request will succeed.
        """
        so_far = _Attempts()
        while True:
            answer = await self._attempt(request, so_far)
            if answer is not None:
                return answer

    async def _attempt(self, request: Request, so_far: _Attempts) -> Completion | None:
        """The answer, or None if it is worth asking again."""
        if self.closed:
            raise Closed
        held = await self.budget.hold(self._worst(request))
        try:
            reply = await self._once(request, so_far)
        except Again as again:
            self._unpaid(request, so_far, held, self._worst(request) * again.maybe_paid)
            so_far.too_fast += again.too_fast
            spent_out = (
                so_far.too_fast >= self.settings.patience_n
                if again.too_fast
                else so_far.sent - so_far.too_fast >= self.settings.attempts_n
            )
            if spent_out:
                answer = Completion(
                    key=request.place[0],
                    epoch=request.place[1],
                    failure="error",
                    note=again.why,
                    cost_usd=0.0 if self.rates else None,
                    unsure_usd=so_far.unsure_usd,
                    attempts=so_far.sent,
                    unanswered=True,
                )
                await self.ledger.keep(answer, request.digest)
                return answer
            failed = again
        except (OtherForm, Halt) as stop:
            self._unpaid(request, so_far, held, 0.0)
            so_far.sent -= 1
            so_far.other_forms += 1
            if isinstance(stop, Halt):
                raise
            if so_far.other_forms > _FORMS:
                raise Halt(
                    SourceUnreachable(
                        "The endpoint refuses every form of the request: streamed or not, with "
                        "max_tokens or with max_completion_tokens. Name another endpoint."
                    )
                ) from None
            return None
        else:
            return await self._keep(request, reply, so_far, held)
        finally:
            self.under_way.discard(request.place)
        if self.closed:
            raise Closed
        # Whoever asked too fast waits with all others, in the throttle.
        if not failed.too_fast:
            await self.sleep(self._pause(so_far, failed))
        return None

    async def _once(self, request: Request, so_far: _Attempts) -> Reply:
        """One request on its way."""
        tokens = request.input_tokens // 4 + request.output_tokens
        sent = await self.throttle.enter(tokens)
        used: int | None = None
        self.under_way.add(request.place)
        try:
            await self.ledger.asked(request.place, request.digest, self._worst(request))
            so_far.sent += 1
            key = f"h2h-{digest([request.place, request.digest])}"
            reply = await self.chat.ask(request.body, key)
            usage, doubt = self._billed(reply, request)
            if not doubt:
                used = usage.input_tokens + usage.output_tokens if usage else 0
            self.throttle.speed_up()
            self.waited_s = 0.0
            return reply
        except Again as again:
            used = None if again.maybe_paid else 0
            if again.too_fast:
                self.throttle.slow_down(sent, self._pause(so_far, again))
            raise
        finally:
            self.throttle.leave(tokens, used)

    async def _keep(
        self, request: Request, reply: Reply, so_far: _Attempts, held: Reservation
    ) -> Completion:
        """The answer, safe in the journal."""
        failure, note = failure_of(reply)
        usage, doubt = self._billed(reply, request)
        cost = cost_usd(usage, self.rates) if usage and self.rates else 0.0
        # A page of a proxy, or JSON of something else, is the line's fault and no answer.
        fault = failure == "error" and reply.billed
        if fault and doubt:
            usage, cost = None, 0.0
        # Reasoning that was not shown, or written after the break, may be billed as well.
        more = max(0.0, self._worst(request) - cost) if doubt else 0.0
        answer = Completion(
            key=request.place[0],
            epoch=request.place[1],
            text=reply.text or reply.refusal,
            tool_calls=reply.tool_calls,
            failure=failure,
            finish_reason=reply.finish_reason,
            note="; ".join(filter(None, (note, doubt))),
            usage=usage,
            usage_doubtful=bool(doubt) and not fault,
            cost_usd=cost if self.rates else None,
            unsure_usd=so_far.unsure_usd + more,
            latency_s=reply.latency_s,
            first_token_s=reply.first_token_s,
            attempts=so_far.sent,
            served_model=reply.served_model,
            unanswered=fault,
        )
        await self.ledger.keep(answer, request.digest)
        # Earlier attempts were settled when they failed.
        self.unsure_usd += more
        self.budget.settle(held, cost + more)
        return answer

    def _billed(self, reply: Reply, request: Request) -> tuple[Usage | None, str]:
        """Tokens to count, None if nothing is billed, and why they are doubtful."""
        if not reply.billed:
            return None, ""
        return billed(
            reply.usage,
            most_input=request.input_tokens,
            most_output=request.output_tokens,
            output_bytes=reply.output_bytes,
        )

    def _unpaid(
        self, request: Request, so_far: _Attempts, held: Reservation, maybe_usd: float
    ) -> None:
        so_far.unsure_usd += maybe_usd
        self.unsure_usd += maybe_usd
        if not so_far.unsure_usd:
            self.ledger.unpaid(request.place)
        self.budget.settle(held, maybe_usd)

    def _pause(self, so_far: _Attempts, again: Again) -> float:
        """Seconds to wait before another attempt, which `on_wait` is told.

        Raises:
            Halt: If it is longer than may be waited without an answer.
        """
        if again.wait_s is not None:
            wait_s = again.wait_s
            # Not all at the same instant.
            pause_s = wait_s * (1 + 0.05 * self.rng.random())
        else:
            doubled = self.settings.backoff_s * 2.0 ** min(so_far.sent - 1, 30)
            jitter = 0.5 + 0.5 * self.rng.random()
            wait_s = pause_s = min(doubled, self.settings.backoff_most_s) * jitter
        seconds = counted(round(wait_s), "second")
        what = f"gave no answer ({again.why}) and is asked again in {seconds}"
        if again.wait_s is not None:
            what = f"asks to wait {seconds} ({again.why})"
        now, most_s = time.monotonic(), self.settings.wait_most_s
        longer_s = now + wait_s - max(now, self._waits_until)
        # Calls that are refused together wait together.
        if longer_s >= max(0.95, 0.1 * wait_s):
            self._waits_until = now + wait_s
            self.waited_s += longer_s
            who = urlsplit(self.chat.endpoint.address).netloc
            if self.waited_s > most_s:
                raise Halt(
                    SourceUnreachable(
                        f"{who} {what}, and at most {most_s:,.0f} seconds are waited without an "
                        "answer. Run again later: what was answered is kept."
                    )
                )
            self.on_wait(f"{who} {what}")
        return pause_s

    def _worst(self, request: Request) -> float:
        if self.rates is None:
            return 0.0
        return worst_usd(request.input_tokens, request.output_tokens, self.rates)


class _Replay:
    """The state of one run: what is asked, what waits to be handed over, and why it ends."""

    def __init__(
        self, asker: Asker, on_answer: OnAnswer, on_progress: OnProgress | None, asking: bool
    ) -> None:
        self.asker, self.asking = asker, asking
        answered = asker.ledger.history.answered
        # Where others were answered, what failed before and fails again says nothing new of the
        # line: a finished run with ten such requests can be run again.
        some = any(not entry.unanswered for entry in answered.values())
        self.failed_before = {x for x, entry in answered.items() if some and entry.unanswered}
        self.row: list[Completion] = []
        self.on_answer, self.on_progress = on_answer, on_progress
        self.outcome = ReplayOutcome(spent_usd=asker.ledger.history.spent_usd)
        self.tasks: dict[asyncio.Task[Completion], tuple[int, Call]] = {}
        self.ready: dict[int, tuple[Call, Completion]] = {}
        self.seen: set[Place] = set()
        self.pulled = self.handed = 0
        self.heard_n = 0
        self.ended = self.stopping = False
        self.error: BaseException | None = None
        self.most_n: int | None = None
        asker.on_wait = self._tell

    async def all(self, requests: Requests) -> None:
        self.most_n = len(requests) if isinstance(requests, Sized) else None
        self._tell()
        feed = _feed(requests)
        pull: asyncio.Task[Call | None] | None = None
        try:
            while True:
                most = self.asker.settings.concurrency_n
                free = not self.ended and len(self.tasks) < most
                near = self.pulled - self.handed < most * self.asker.settings.ahead_n
                if pull is None and free and near and not self.stopping:
                    pull = asyncio.ensure_future(anext(feed, None))
                waiting = {*self.tasks, pull} if pull else {*self.tasks}
                if not waiting or self.stopping:
                    break
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if pull and pull.done():
                    self._take(pull)
                    pull = None
                self._collect()
                await self._hand_over()
        finally:
            # A second cancellation breaks this off; what is under way is then lost.
            await self._drain(pull)
            await feed.aclose()
        if self.outcome.stopped == "ceiling":
            await self._hand_over()
        self.outcome.beyond_n = len(self.ready)
        # Requests of calls that got no answer before the run ended are among them.
        self.outcome.unsure_usd = self.asker.ledger.history.unsure_usd + self.asker.unsure_usd
        self.outcome.streaming = self.asker.chat.streaming
        if len(self.row) >= self.asker.settings.give_up_n:
            await self._ask_again_later()
        if self.error is not None:
            error = self.error.error if isinstance(self.error, Halt) else self.error
            if isinstance(error, HeadToHeadError) and self.heard_n:
                said = counted(self.heard_n, "answer of this run is", "answers of this run are")
                error = type(error)(f"{error} {said} kept in {self.asker.ledger.path}.")
            raise error from None

    def _take(self, pull: "asyncio.Task[Call | None]") -> None:
        """Ask the next call, unless its answer is in the ledger."""
        try:
            call = pull.result()
            if call is None:
                self.ended = True
                return
            if not call.messages:
                self.outcome.no_messages_n += 1
                return
            self._begin(call)
        except Exception as error:  # noqa: BLE001 - raised again once all is kept
            self._stop(error)

    def _begin(self, call: Call) -> None:
        settings, chat = self.asker.settings, self.asker.chat
        request = prepare(call, chat.endpoint.model, settings.params, settings.cap_tokens)
        if request.place in self.seen:
            raise InputError(
                f"{call.where or 'The sample'}: key {call.key!r} with epoch {call.epoch} comes "
                "twice. Give each request a key of its own."
            )
        self.seen.add(request.place)
        self.outcome.left_out.update(request.left_out)
        book = self.asker.ledger
        entry = book.history.answered.get(request.place)
        if entry is not None and entry.request != request.digest:
            raise InputError(
                f"{book.path} holds an answer to another request with the key "
                f"{request.place[0]!r}. The log has changed since: name another ledger."
            )
        if entry is None and not self.asking:
            return
        if entry is not None and not (entry.unanswered and self.asking):
            kept = book.answer(request.place)
            self.outcome.count(kept, kept=True)
            self.ready[self.pulled] = (call, kept)
        else:
            if request.place in book.history.lost:
                self.outcome.possibly_twice.append(request.place)
            task = asyncio.create_task(self.asker.ask(request))
            self.tasks[task] = (self.pulled, call)
        self.pulled += 1

    def _collect(self) -> None:
        """Take the answers of tasks that are done."""
        for task in [t for t in self.tasks if t.done()]:
            index, call = self.tasks.pop(task)
            if task.cancelled():
                continue
            error = task.exception()
            if error is None:
                self._count(index, call, task.result())
            elif isinstance(error, CeilingReached):
                if self.outcome.stopped == "end":
                    self.outcome.stopped = "ceiling"
                self.stopping = True
            elif not isinstance(error, Closed):
                self._stop(error)

    def _count(self, index: int, call: Call, answer: Completion) -> None:
        self.outcome.count(answer, kept=False)
        self.ready[index] = (call, answer)
        nothing = answer.unanswered or answer.failure in ("error", "broken")
        if not nothing:
            self.row.clear()
        elif answer.place not in self.failed_before:
            self.row.append(answer)
        self.heard_n += not nothing
        if len(self.row) >= self.asker.settings.give_up_n:
            self._stop(
                SourceUnreachable(
                    f"{len(self.row)} calls in a row got no answer from "
                    f"{self.asker.chat.endpoint.address}; the last one: {answer.note}. Put that "
                    "right and run again."
                )
            )
        self._tell()

    def _tell(self, waiting: str = "") -> None:
        """Say how far the run is, or what is `waiting`."""
        if self.on_progress is None:
            return
        answered_n = self.outcome.asked_n + self.outcome.kept_n
        if waiting:
            of = "" if self.most_n is None else f" of {self.most_n:,}"
            waiting += f"; {answered_n:,}{of} requests answered."
        self.on_progress(
            ReplayProgress(
                answered_n=answered_n,
                kept_n=self.outcome.kept_n,
                under_way_n=len(self.tasks),
                spent_usd=self.asker.budget.spent_usd,
                ceiling_usd=self.asker.settings.ceiling_usd,
                most_n=self.most_n,
                waiting=waiting,
            )
        )

    async def _hand_over(self) -> None:
        """Hand answers over in the order of the requests.

        Fast answers, which may be better or worse than slow ones, must not come first to whoever
        decides to stop.
        """
        while self.error is None and self.outcome.stopped != "decided":
            if self.handed not in self.ready:
                return
            call, answer = self.ready.pop(self.handed)
            self.handed += 1
            enough = self.on_answer(call, answer)
            if inspect.isawaitable(enough):
                enough = await enough
            if enough:
                self.outcome.stopped = "decided"
                self.stopping = True

    async def _drain(self, pull: "asyncio.Task[Call | None] | None") -> None:
        """Send nothing more, and hear out what is under way."""
        self.asker.closed = True
        if pull is not None:
            pull.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await pull
        for task, (_, call) in self.tasks.items():
            if (call.key, call.epoch) not in self.asker.under_way:
                task.cancel()
        while self.tasks:
            await asyncio.wait(self.tasks)
            self._collect()

    async def _ask_again_later(self) -> None:
        """Let a later run ask anew what always broke off: it was the line, not the model."""
        book = self.asker.ledger
        for answer in self.row:
            if not answer.unanswered:
                # What it cost was counted when it was kept.
                free = msgspec.structs.replace(
                    answer,
                    unanswered=True,
                    cost_usd=0.0 if self.asker.rates else None,
                    unsure_usd=0,
                )
                await book.keep(free, book.history.answered[answer.place].request)

    def _stop(self, error: BaseException) -> None:
        self.error = self.error or error
        self.stopping = True


async def _feed(requests: Requests) -> AsyncGenerator[Call, None]:
    if isinstance(requests, AsyncIterable):
        try:
            async for call in requests:
                yield call
        finally:
            if isinstance(requests, AsyncGenerator):
                await requests.aclose()
    else:
        for call in requests:
            yield call
