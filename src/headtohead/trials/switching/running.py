"""Replays the sample and scores each answer: by a scorer, by a judge, or for people to vote on."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from headtohead.trials.calls import Call, Usage
from headtohead.trials.rates import Rates, cost_usd
from headtohead.trials.replay.answer import Answer
from headtohead.trials.replay.endpoint import Endpoint
from headtohead.trials.replay.outcome import Outcome, Progress
from headtohead.trials.replay.replay import replay
from headtohead.trials.replay.settings import Settings
from headtohead.trials.sampling.drawing import Item
from headtohead.trials.scoring.duel import Duel
from headtohead.trials.scoring.judge import RUBRIC, Judged, judge_calls, judged
from headtohead.trials.scoring.scored import Scorer
from headtohead.trials.switching.result import Seen
from headtohead.trials.switching.tally import Tally

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Whom to ask, and how.

    Attributes:
        endpoint: The endpoint and model.
        ledger: Where answers are kept.
        rates: Its prices; None if unknown.
        settings: Speed, ceiling, retries.
    """

    endpoint: Endpoint
    ledger: Path
    rates: Rates | None
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Who compares, and how.

    Attributes:
        who: Whom to ask.
        family: The judge's family; empty if unknown.
        family_a: A's family.
        family_b: B's family.
        rubric: What makes an answer better.
        structured: Ask the endpoint to hold the reply to a JSON schema.
    """

    who: Candidate
    family: str = ""
    family_a: str = ""
    family_b: str = ""
    rubric: str = RUBRIC
    structured: bool = True


def by_scorer(
    items: Sequence[Item],
    candidate: Candidate,
    scorer: Scorer,
    tally: Tally,
    rates_a: Rates | None,
    rng: np.random.Generator,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """The replay, ended as soon as the tally says so.

    Args:
        items: The sample, in its order.
        candidate: Whom to ask.
        scorer: From an answer to a score.
        tally: Keeps what was seen.
        rates_a: Prices of A; None to take the log's own costs.
        rng: For the jitter of waits.
        on_progress: Told after each answer.

    Raises:
        InputError: As `replay`.
    """
    order = Ordered(items, rates_a, candidate.rates)

    def look(call: Call, answer: Answer) -> bool:
        item = order.of(call)
        of_a = scorer(call)
        if of_a.value is None:
            return tally.leave_out(of_a.why or "cannot be scored")
        # What the candidate never answered, or nobody can score, would fail a user too.
        of_b = scorer(answered(call, answer))
        failure = "unanswered" if answer.unanswered else of_b.failure
        if of_b.value is None:
            failure = "unscored"
        return tally.add(
            order.seen(item, answer, (of_a.value, of_b.value or 0.0), (of_a.failure, failure))
        )

    return asyncio.run(_replayed(order, candidate, look, rng, on_progress))


def by_judge(
    items: Sequence[Item],
    candidate: Candidate,
    judge: Judge,
    tally: Tally,
    rates_a: Rates | None,
    rng: np.random.Generator,
    on_progress: OnProgress | None = None,
) -> tuple[Outcome, Outcome, list[Judged]]:
    """The replay and the judging, side by side, ended as soon as the tally says so.

    Args:
        items: The sample, in its order.
        candidate: Whom to ask.
        judge: Who compares.
        tally: Keeps what was seen.
        rates_a: Prices of A; None to take the log's own costs.
        rng: For the jitter of waits.
        on_progress: Told after each answer of the candidate.

    Raises:
        InputError: As `replay`.
    """
    return asyncio.run(_Judging(items, candidate, judge, tally, rates_a, rng).all(on_progress))


def collect(
    items: Sequence[Item],
    candidate: Candidate,
    rates_a: Rates | None,
    rng: np.random.Generator,
    on_progress: OnProgress | None = None,
) -> "tuple[Outcome, list[tuple[Item, Answer]], Ordered]":
    """The replay of the whole sample, for people to vote on; unanswered requests are left out."""
    kept: list[tuple[Item, Answer]] = []
    order = Ordered(items, rates_a, candidate.rates)

    def look(call: Call, answer: Answer) -> bool:
        if not answer.unanswered:
            kept.append((order.of(call), answer))
        return False

    return asyncio.run(_replayed(order, candidate, look, rng, on_progress)), kept, order


def duel_of(item: Item, answer: Answer) -> Duel:
    """Both answers to one request."""
    call = item.call
    return Duel(
        key=name_of(call),
        messages=call.messages or [],
        answer_a=call.output or "",
        answer_b=answer.text,
        reference=call.reference,
        labels=call.labels,
    )


def name_of(call: Call) -> str:
    """The key, told apart from those of other tries at the item."""
    return call.key if call.epoch == 1 else f"{call.key}#{call.epoch}"


def answered(call: Call, answer: Answer) -> Call:
    """The logged call as if the candidate had answered it."""
    return msgspec.structs.replace(
        call, output=answer.text, failure=answer.failure, usage=answer.usage,
        latency_s=answer.latency_s, cost_usd=answer.cost_usd, score=None,
    )  # fmt: skip


class _Judging:
    """Two replays in one loop: the second asks the judge about the answers of the first."""

    def __init__(
        self,
        items: Sequence[Item],
        candidate: Candidate,
        judge: Judge,
        tally: Tally,
        rates_a: Rates | None,
        rng: np.random.Generator,
    ) -> None:
        self.order = Ordered(items, rates_a, candidate.rates)
        self.candidate, self.judge, self.tally = candidate, judge, tally
        self.rng = rng
        self.waiting: asyncio.Queue[tuple[Item, Answer] | None] = asyncio.Queue(maxsize=64)
        self.open: dict[str, tuple[Item, Answer, Duel]] = {}
        self.first: dict[str, Answer] = {}
        self.line: deque[tuple[Item, Answer]] = deque()
        self.judgements: list[Judged] = []
        self.done = False

    async def all(self, on_progress: OnProgress | None) -> tuple[Outcome, Outcome, list[Judged]]:
        asking = asyncio.create_task(self._ask(on_progress))
        who = self.judge.who
        judging = asyncio.create_task(
            replay(
                self._pairs(), who.endpoint, who.ledger, self._hear, rng=self.rng,
                rates=who.rates, settings=who.settings,
            )
        )  # fmt: skip
        try:
            second = await judging
        except BaseException:
            # The candidate's answers under way are heard out and kept before the error is told.
            self.done = True
            self._drain()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            raise
        if second.stopped == "end":
            self._count_unanswered()
        self.done = True
        self._drain()
        return await asking, second, self.judgements

    async def _ask(self, on_progress: OnProgress | None) -> Outcome:
        try:
            return await _replayed(self.order, self.candidate, self._take, self.rng, on_progress)
        finally:
            if not self.done:
                await self.waiting.put(None)

    async def _take(self, call: Call, answer: Answer) -> bool:
        item = self.order.of(call)
        self.line.append((item, answer))
        # What was never answered needs no judge; it is counted when its turn in the sample comes.
        if not (answer.unanswered or self.done):
            await self.waiting.put((item, answer))
        return self.done

    def _count_unanswered(self) -> None:
        """Count what was never answered and stands first in line: no answer is worse than any."""
        while self.line and self.line[0][1].unanswered and not self.done:
            item, answer = self.line.popleft()
            failures = (item.call.failure, "unanswered")
            self.done = self.tally.add(self.order.seen(item, answer, (0.0, -1.0), failures))

    async def _pairs(self) -> AsyncIterator[Call]:
        while (found := await self.waiting.get()) is not None:
            item, answer = found
            duel = duel_of(item, answer)
            self.open[duel.key] = (item, answer, duel)
            for call in judge_calls(
                duel,
                model=self.judge.who.endpoint.model,
                rubric=self.judge.rubric,
                structured=self.judge.structured,
                params={"temperature": 0},
            ):
                yield call

    def _hear(self, call: Call, answer: Answer) -> bool:
        """Both verdicts on a pair make one observation."""
        if call.epoch == 1:
            self.first[call.key] = answer
            return False
        self._count_unanswered()
        self.line.popleft()
        item, of_b, duel = self.open.pop(call.key)
        found = judged(
            duel,
            self.first.pop(call.key).text,
            answer.text,
            judge_family=self.judge.family,
            family_a=self.judge.family_a,
            family_b=self.judge.family_b,
        )
        self.judgements.append(found)
        if found.preference is None:
            return self.tally.leave_out("the judge's verdict could not be read") or self.done
        failures = (item.call.failure, of_b.failure)
        self.done = self.tally.add(self.order.seen(item, of_b, (0.0, found.preference), failures))
        return self.done

    def _drain(self) -> None:
        """Let whoever waits to hand over an answer go on."""
        while not self.waiting.empty():
            self.waiting.get_nowait()


class Ordered:
    """The sample in its order. Equal requests are asked each time: an answer is a draw, too.

    Args:
        items: The sample.
        rates_a: Prices of A; None to take the log's own costs.
        rates_b: Prices of B now; those under which an answer was bought may be others.
    """

    def __init__(self, items: Sequence[Item], rates_a: Rates | None, rates_b: Rates | None) -> None:
        self.items, self._rates_a, self._rates_b = items, rates_a, rates_b
        self._of = {(item.call.key, item.call.epoch): item for item in items}

    def of(self, call: Call) -> Item:
        """The item that a call belongs to."""
        return self._of[call.key, call.epoch]

    def seen(
        self, item: Item, answer: Answer, scores: tuple[float, float], failures: tuple[str, str]
    ) -> Seen:
        """What was seen of an item.

        Args:
            item: The item.
            answer: B's answer.
            scores: Of A and B.
            failures: Why A's and B's answer could not be used.
        """
        call, (a, b), (a_failure, b_failure) = item.call, scores, failures
        return Seen(
            key=name_of(call),
            task=item.klass,
            weight=item.weight,
            a=a,
            b=b,
            a_failure=a_failure,
            b_failure=b_failure,
            a_usd=_cost(call.usage, self._rates_a, call.cost_usd),
            b_usd=_cost(answer.usage, self._rates_b, answer.cost_usd),
            a_seconds=call.latency_s,
            b_seconds=answer.latency_s,
        )


def _cost(usage: Usage | None, rates: Rates | None, told: float | None) -> float | None:
    return cost_usd(usage, rates) if rates and usage else told


async def _replayed(
    order: Ordered,
    candidate: Candidate,
    look: Callable[..., object],
    rng: np.random.Generator,
    on_progress: OnProgress | None,
) -> Outcome:
    return await replay(
        (item.call for item in order.items), candidate.endpoint, candidate.ledger, look,  # type: ignore[arg-type]
        rng=rng, rates=candidate.rates, settings=candidate.settings, on_progress=on_progress,
    )  # fmt: skip
