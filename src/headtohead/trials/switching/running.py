"""Replays the sample and scores each answer: by a scorer, by a judge, or for people to vote on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from headtohead.trials.calls import Call
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
    order = _Order(items)

    def look(call: Call, answer: Answer) -> bool:
        return any(one(item, found) for item, found in order.heard(call, answer))

    def one(item: Item, answer: Answer) -> bool:
        if answer.unanswered:
            return tally.leave_out("no answer from the candidate")
        of_a, of_b = scorer(item.call), scorer(answered(item.call, answer))
        if of_a.value is None or of_b.value is None:
            return tally.leave_out(of_a.why or of_b.why or "cannot be scored")
        return tally.add(
            _seen(item, answer, of_a.value, of_b.value, of_a.failure, of_b.failure, rates_a)
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
    rng: np.random.Generator,
    on_progress: OnProgress | None = None,
) -> tuple[Outcome, list[tuple[Item, Answer]]]:
    """The replay of the whole sample, for people to vote on."""
    kept: list[tuple[Item, Answer]] = []
    order = _Order(items)

    def look(call: Call, answer: Answer) -> bool:
        kept.extend((i, a) for i, a in order.heard(call, answer) if not a.unanswered)
        return False

    return asyncio.run(_replayed(order, candidate, look, rng, on_progress)), kept


def seen_of(item: Item, answer: Answer, preference: float, rates_a: Rates | None) -> Seen:
    """An item on which B was preferred so much."""
    return _seen(item, answer, 0.0, preference, item.call.failure, answer.failure, rates_a)


def duel_of(item: Item, answer: Answer) -> Duel:
    """Both answers to one request."""
    call = item.call
    return Duel(
        key=call.key,
        messages=call.messages or [],
        answer_a=call.output or "",
        answer_b=answer.text,
        reference=call.reference,
        labels=call.labels,
    )


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
        self.order = _Order(items)
        self.candidate, self.judge, self.tally = candidate, judge, tally
        self.rates_a, self.rng = rates_a, rng
        self.waiting: asyncio.Queue[tuple[Item, Answer] | None] = asyncio.Queue(maxsize=64)
        self.open: dict[str, tuple[Item, Answer, Duel]] = {}
        self.first: dict[str, Answer] = {}
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
            await asyncio.gather(asking, return_exceptions=True)
            raise
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
        for item, found in self.order.heard(call, answer):
            if found.unanswered:
                self.tally.leave_out("no answer from the candidate")
            elif not self.done:
                await self.waiting.put((item, found))
        return self.done

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
            return self.tally.leave_out("the judge's verdict could not be read")
        self.done = self.tally.add(seen_of(item, of_b, found.preference, self.rates_a))
        return self.done

    def _drain(self) -> None:
        """Let whoever waits to hand over an answer go on."""
        while not self.waiting.empty():
            self.waiting.get_nowait()


class _Order:
    """The sample in its order; an item with the same messages as an earlier one is not asked again.

    Args:
        items: The sample.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._place = {(i.call.key, i.call.epoch): n for n, i in enumerate(items)}
        self._answers: dict[int, Answer] = {}

    def calls(self) -> Iterator[Call]:
        """What has to be asked."""
        return (item.call for item in self.items if item.repeat_of is None)

    def heard(self, call: Call, answer: Answer) -> Iterator[tuple[Item, Answer]]:
        """The item answered, and the repeats that come right after it in the sample."""
        place = self._place[call.key, call.epoch]
        self._answers[place] = answer
        yield self.items[place], answer
        for item in self.items[place + 1 :]:
            if item.repeat_of is None:
                return
            yield item, self._answers[item.repeat_of]


async def _replayed(
    order: _Order,
    candidate: Candidate,
    look: Callable[..., object],
    rng: np.random.Generator,
    on_progress: OnProgress | None,
) -> Outcome:
    return await replay(
        order.calls(), candidate.endpoint, candidate.ledger, look,  # type: ignore[arg-type]
        rng=rng, rates=candidate.rates, settings=candidate.settings, on_progress=on_progress,
    )  # fmt: skip


def _seen(
    item: Item, answer: Answer, a: float, b: float, a_failure: str, b_failure: str,
    rates_a: Rates | None,
) -> Seen:  # fmt: skip
    call = item.call
    cost_a = cost_usd(call.usage, rates_a) if rates_a and call.usage else call.cost_usd
    return Seen(
        key=call.key, task=item.klass, weight=item.weight, a=a, b=b, a_failure=a_failure,
        b_failure=b_failure, a_usd=cost_a, b_usd=answer.cost_usd, a_seconds=call.latency_s,
        b_seconds=answer.latency_s,
    )  # fmt: skip
