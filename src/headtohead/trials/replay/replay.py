"""Asks a candidate the logged requests, until they end, the answer is clear or money is short."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.core.errors import HeadToHeadError, InputError, SourceUnreachable
from headtohead.trials.calls import Call
from headtohead.trials.rates import Rates
from headtohead.trials.replay.answer import Answer, Place
from headtohead.trials.replay.asking import Asker, Closed
from headtohead.trials.replay.budget import Budget, CeilingReached
from headtohead.trials.replay.client import open_chat
from headtohead.trials.replay.endpoint import Endpoint
from headtohead.trials.replay.ledger import Identity, open_ledger
from headtohead.trials.replay.limits import Throttle
from headtohead.trials.replay.outcome import Outcome, Progress
from headtohead.trials.replay.refusal import Halt
from headtohead.trials.replay.request import Request, prepare
from headtohead.trials.replay.settings import Settings

if TYPE_CHECKING:
    import numpy as np

Requests = Iterable[Call] | AsyncIterable[Call]
OnAnswer = Callable[[Call, Answer], bool | Awaitable[bool | None] | None]
OnProgress = Callable[[Progress], None]


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
) -> Outcome:
    """What came of asking an endpoint the requests of a log.

    Every answer is safe in the ledger before it counts. Run again with the same ledger, the
    answers in it are handed over without being asked again. When a run ends early, or its task is
    cancelled once, requests under way are still heard out and kept, for they are billed.

    Args:
        requests: Calls with messages; read only as far as needed, so that they may be many.
        endpoint: Whom to ask.
        ledger: The journal's file, begun or continued.
        on_answer: Is given each call with its answer, also those of earlier runs; True ends the
            run. It may be a coroutine function.
        rng: For the jitter of waits.
        rates: Prices at the endpoint; needed for a ceiling.
        settings: Speed, ceiling, retries.
        on_progress: Is told after each answer how far the run is.

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
    identity = Identity(endpoint.model, endpoint.address, said)
    async with open_chat(endpoint) as chat:
        with open_ledger(ledger, identity) as book:
            before_usd = book.spent_usd + book.unsure_usd
            asker = Asker(
                chat=chat,
                ledger=book,
                budget=Budget(settings.ceiling_usd, before_usd),
                throttle=Throttle(settings.limits),
                rates=rates,
                settings=settings,
                rng=rng,
            )
            run = _Run(asker, on_answer, on_progress)
            await run.all(requests)
            return run.outcome


class _Run:
    """The state of one run: what is asked, what waits to be handed over, and why it ends."""

    def __init__(self, asker: Asker, on_answer: OnAnswer, on_progress: OnProgress | None) -> None:
        self.asker = asker
        self.on_answer, self.on_progress = on_answer, on_progress
        book = asker.ledger
        self.outcome = Outcome(spent_usd=book.spent_usd)
        self.tasks: dict[asyncio.Task[Answer], tuple[int, Call]] = {}
        self.ready: dict[int, tuple[Call, Answer]] = {}
        self.seen: set[Place] = set()
        self.pulled = self.handed = 0
        self.silent = 0
        self.ended = self.stopping = False
        self.error: BaseException | None = None

    async def all(self, requests: Requests) -> None:
        feed = _feed(requests)
        pull: asyncio.Task[Call | None] | None = None
        try:
            while True:
                if pull is None and self._hungry():
                    pull = asyncio.create_task(_next(feed))
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
        # Tries of calls that got no answer before the run ended are among them.
        self.outcome.unsure_usd = self.asker.ledger.unsure_usd + self.asker.line.unsure_usd
        self.outcome.streaming = self.asker.chat.streaming
        if self.error is not None:
            raise self._explained(self.error) from None

    def _hungry(self) -> bool:
        settings = self.asker.settings
        most = settings.limits.concurrency_n
        ahead = self.pulled - self.handed
        return not (
            self.ended
            or self.stopping
            or len(self.tasks) >= most
            or (settings.in_order and ahead >= most * settings.ahead_n)
        )

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
        kept = self._kept(request)
        if kept is not None:
            self.outcome.count(kept, kept=True)
            self.ready[self.pulled] = (call, kept)
        else:
            if request.place in self.asker.ledger.lost and not chat.endpoint.idempotent:
                self.outcome.possibly_twice.append(request.place)
            task = asyncio.create_task(self.asker.ask(request))
            self.tasks[task] = (self.pulled, call)
        self.pulled += 1

    def _kept(self, request: Request) -> Answer | None:
        book = self.asker.ledger
        entry = book.answered.get(request.place)
        if entry is None:
            return None
        if entry.request != request.digest:
            raise InputError(
                f"{book.path} holds an answer to another request with the key "
                f"{request.place[0]!r}. The log has changed since: name another ledger."
            )
        if entry.unanswered or (entry.broken and self.asker.settings.resend_broken):
            return None
        return book.answer(request.place)

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

    def _count(self, index: int, call: Call, answer: Answer) -> None:
        self.outcome.count(answer, kept=False)
        self.ready[index] = (call, answer)
        nothing = answer.failure == "error" and answer.usage is None
        self.silent = self.silent + 1 if nothing else 0
        if self.silent >= self.asker.settings.give_up_n:
            self._stop(
                SourceUnreachable(
                    f"{self.silent} calls in a row got no answer from "
                    f"{self.asker.chat.endpoint.address}; the last one: {answer.note}. Put that "
                    "right and run again."
                )
            )
        self._tell()

    async def _hand_over(self) -> None:
        while self.ready and self.error is None and self.outcome.stopped != "decided":
            index = self.handed
            if index not in self.ready:
                if self.asker.settings.in_order:
                    return
                index = min(self.ready)
            call, answer = self.ready.pop(index)
            self.handed += 1
            self.outcome.delivered_n += 1
            enough = self.on_answer(call, answer)
            if inspect.isawaitable(enough):
                enough = await enough
            if enough:
                self.outcome.stopped = "decided"
                self.stopping = True

    async def _drain(self, pull: "asyncio.Task[Call | None] | None") -> None:
        """Send nothing more, and hear out what is under way."""
        line = self.asker.line
        line.closed = True
        if pull is not None:
            pull.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await pull
        for task, (_, call) in self.tasks.items():
            if (call.key, call.epoch) not in line.under_way:
                task.cancel()
        while self.tasks:
            await asyncio.wait(self.tasks)
            self._collect()

    def _stop(self, error: BaseException) -> None:
        self.error = self.error or error
        self.stopping = True

    def _explained(self, error: BaseException) -> BaseException:
        cause = error.error if isinstance(error, Halt) else error
        if isinstance(cause, HeadToHeadError) and self.outcome.asked_n:
            cause = type(cause)(
                f"{cause} {self.outcome.asked_n} answers of this run are kept in "
                f"{self.asker.ledger.path}."
            )
        return cause

    def _tell(self) -> None:
        if self.on_progress is not None:
            self.on_progress(
                Progress(
                    answered_n=self.outcome.asked_n + self.outcome.kept_n,
                    kept_n=self.outcome.kept_n,
                    under_way_n=len(self.tasks),
                    spent_usd=self.asker.budget.spent_usd,
                    ceiling_usd=self.asker.settings.ceiling_usd,
                )
            )


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


async def _next(feed: AsyncGenerator[Call, None]) -> Call | None:
    return await anext(feed, None)
