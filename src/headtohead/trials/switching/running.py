"""Replays the sample and scores each answer: by a scorer, by a judge, or for people to vote on."""

import asyncio
import math
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from headtohead.core.estimate import Interval
from headtohead.logs.calls import Call, Usage
from headtohead.prices.rates import Rates, cost_usd
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.replay.limits import Settings
from headtohead.trials.replay.replay import ReplayOutcome, ReplayProgress, replay
from headtohead.trials.replay.wire import Completion
from headtohead.trials.sampling.drawing import Item
from headtohead.trials.scoring.judge import RUBRIC, PairJudgement, judge_calls, judged, why_unread
from headtohead.trials.scoring.scored import Duel, Scorer
from headtohead.trials.sequential import Sequential, SequentialPlan
from headtohead.trials.switching.result import Quality, ScoredItem

OnProgress = Callable[[ReplayProgress], None]
RatesAt = Callable[[Call], Rates | None]
_METHOD = (
    "confidence sequence by betting: it holds at every moment, so stopping when decided is allowed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model to ask, and how."""

    endpoint: Endpoint
    ledger: Path
    rates: Rates | None
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A model that compares, and how."""

    asked: Candidate
    family: str = ""
    family_a: str = ""
    family_b: str = ""
    rubric: str = RUBRIC


class ScoreKeeper:
    """Items in the order of the sample, and the sequential test that looks after every one.

    The margin lies inside (0, 1), `bound` is the largest size of a weighted difference, and the
    trial may end as soon as it is decided if `early`.
    """

    def __init__(self, margin: float, level: float, bound: float, *, early: bool = True) -> None:
        self.seen: list[ScoredItem] = []
        self.left_out: Counter[str] = Counter()
        self.early = early
        self._test = Sequential(SequentialPlan(margin=margin, level=level, bound=bound))

    def add(self, item: ScoredItem) -> bool:
        """Keep an item; True if the trial may end."""
        self.seen.append(item)
        bound = self._test.plan.bound
        state = self._test.add(max(-bound, min(bound, item.weight * (item.b - item.a))))
        return self.early and state.verdict != "undecided"

    def leave_out(self, reason: str) -> bool:
        """Count an item that could not be scored; it never ends the trial."""
        self.left_out[reason] += 1
        return False

    def quality(self) -> Quality:
        """Where the test stands."""
        state, more = self._test.state, self._test.needed()
        # Weighted observations may leave the range from -1 to 1, their mean may not.
        low, high = max(-1.0, state.interval.low), min(1.0, state.interval.high)
        return Quality(
            difference=Interval(min(max(state.interval.value, low), high), low, high),
            verdict=state.verdict,
            decided_at=state.first_decided_at,
            needed=math.ceil(more) if math.isfinite(more) and more > 0 else None,
            method=_METHOD,
        )


class Trial:
    """One trial under way. Equal requests are asked each time: an answer is a draw, too.

    Without `rates_a` the log's own costs count; `at` gives the prices of both at the instant of a
    logged call, where they come from a list; `on_progress` is told after each answer
    and at each wait.
    """

    def __init__(
        self,
        items: Sequence[Item],
        candidate: Candidate,
        keeper: ScoreKeeper,
        rates_a: Rates | None,
        rng: np.random.Generator,
        on_progress: OnProgress | None = None,
        at: tuple[RatesAt | None, RatesAt | None] = (None, None),
    ) -> None:
        self.at = at
        self.items, self.candidate, self.keeper = items, candidate, keeper
        self.rates_a, self.rng, self.on_progress = rates_a, rng, on_progress
        self._of = {(item.call.key, item.call.epoch): item for item in items}

    def of(self, call: Call) -> Item:
        """The item that a call belongs to."""
        return self._of[call.key, call.epoch]

    def scored(
        self, item: Item, answer: Completion, scores: tuple[float, float], failures: tuple[str, str]
    ) -> ScoredItem:
        """What was seen of an item."""
        call = item.call

        def cost(
            usage: Usage | None, rates: Rates | None, known: float | None, at: RatesAt | None
        ) -> float | None:
            if at and usage:
                rates = at(call)
            # List prices come before those under which an answer was bought.
            return cost_usd(usage, rates) if rates and usage else known

        return ScoredItem(
            key=name_of(call),
            task=item.klass,
            weight=item.weight,
            a=scores[0],
            b=scores[1],
            a_failure=failures[0],
            b_failure=failures[1],
            a_usd=cost(call.usage, self.rates_a, call.cost_usd, self.at[0]),
            # An endpoint that does not answer is not cheap.
            b_usd=None
            if answer.unanswered or answer.failure == "error"
            else cost(answer.usage, self.candidate.rates, answer.cost_usd, self.at[1]),
            a_seconds=call.latency_s,
            b_seconds=answer.latency_s,
        )

    def by_scorer(self, scorer: Scorer) -> ReplayOutcome:
        """The replay, ended as soon as it is decided.

        Raises:
            InputError: As `replay`.
        """

        def look(call: Call, answer: Completion) -> bool:
            item, of_a = self.of(call), scorer(call)
            if of_a.value is None:
                return self.keeper.leave_out(of_a.why or "cannot be scored")
            # What the candidate never answered, or nobody can score, would fail a user too.
            of_b = scorer(answered(call, answer))
            failure = "unanswered" if answer.unanswered else of_b.failure
            if of_b.value is None:
                failure = "unscored"
            scores = of_a.value, of_b.value or 0.0
            return self.keeper.add(self.scored(item, answer, scores, (of_a.failure, failure)))

        return asyncio.run(self.replayed(look))

    def by_judge(
        self, judge: Judge, *, asking: bool
    ) -> tuple[ReplayOutcome, ReplayOutcome, list[PairJudgement]]:
        """The replay and the judging, side by side, ended as soon as it is decided.

        Without `asking` the judge sees what was kept of the candidate, which is asked nothing.

        Raises:
            InputError: As `replay`.
        """
        return asyncio.run(_Judging(self, judge, asking).all())

    def collect(self, *, asking: bool) -> tuple[ReplayOutcome, list[tuple[Item, Completion]]]:
        """The replay of the whole sample, for people to vote on; else only what was kept of it."""
        kept: list[tuple[Item, Completion]] = []

        def look(call: Call, answer: Completion) -> bool:
            kept.append((self.of(call), answer))
            return False

        return asyncio.run(self.replayed(look, asking=asking)), kept

    async def replayed(self, look: Callable[..., object], *, asking: bool = True) -> ReplayOutcome:
        """The replay of the sample; `look` gets each call with its answer, and says when to end."""
        return await replay(
            [item.call for item in self.items],
            self.candidate.endpoint,
            self.candidate.ledger,
            look,  # type: ignore[arg-type]
            rng=self.rng,
            rates=self.candidate.rates,
            settings=self.candidate.settings,
            on_progress=self.on_progress,
            asking=asking,
        )


def duel_of(item: Item, answer: Completion) -> Duel:
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
    """The key, told apart from those of other epochs of the item."""
    return call.key if call.epoch == 1 else f"{call.key}#{call.epoch}"


def answered(call: Call, answer: Completion) -> Call:
    """The logged call as if the candidate had answered it."""
    return msgspec.structs.replace(
        call,
        output=answer.text,
        failure=answer.failure,
        usage=answer.usage,
        latency_s=answer.latency_s,
        cost_usd=answer.cost_usd,
        score=None,
    )


class _Judging:
    """Two replays in one loop: the second asks the judge about the answers of the first."""

    def __init__(self, trial: Trial, judge: Judge, asking: bool) -> None:
        self.trial, self.judge, self.asking = trial, judge, asking
        self.waiting: asyncio.Queue[tuple[Item, Completion] | None] = asyncio.Queue(maxsize=64)
        self.open: dict[str, tuple[Item, Completion, Duel]] = {}
        self.first: dict[str, Completion] = {}
        self.line: deque[tuple[Item, Completion]] = deque()
        self.judgements: list[PairJudgement] = []
        self.done = False

    async def all(self) -> tuple[ReplayOutcome, ReplayOutcome, list[PairJudgement]]:
        asking = asyncio.create_task(self._ask())
        asked = self.judge.asked
        judging = asyncio.create_task(
            replay(
                self._pairs(),
                asked.endpoint,
                asked.ledger,
                self._hear,
                rng=self.trial.rng,
                rates=asked.rates,
                settings=asked.settings,
                on_progress=self._waits,
            )
        )
        try:
            second = await judging
        except BaseException:
            # The candidate's answers under way are heard out and kept before the error is told.
            self._end()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            raise
        if second.stopped == "end":
            self._count_unanswered()
        self._end()
        return await asking, second, self.judgements

    def _waits(self, progress: ReplayProgress) -> None:
        """Tell what the judge is waited for; its answers are not those of the candidate."""
        if progress.waiting and self.trial.on_progress is not None:
            self.trial.on_progress(progress)

    async def _ask(self) -> ReplayOutcome:
        try:
            return await self.trial.replayed(self._take, asking=self.asking)
        finally:
            if not self.done:
                await self.waiting.put(None)

    async def _take(self, call: Call, answer: Completion) -> bool:
        item = self.trial.of(call)
        self.line.append((item, answer))
        # What was never answered needs no judge; it is counted when its turn in the sample comes.
        if not (answer.unanswered or self.done):
            await self.waiting.put((item, answer))
        return self.done

    def _count_unanswered(self) -> None:
        """Count what was never answered and stands first in line: no answer is worse than any."""
        while self.line and self.line[0][1].unanswered and not self.done:
            item, answer = self.line.popleft()
            self._add(item, answer, -1.0, "unanswered")

    def _add(self, item: Item, answer: Completion, preference: float, failure: str) -> None:
        failures = (item.call.failure, failure)
        scored = self.trial.scored(item, answer, (0.0, preference), failures)
        self.done = self.trial.keeper.add(scored)

    async def _pairs(self) -> AsyncIterator[Call]:
        while (answered_pair := await self.waiting.get()) is not None:
            item, answer = answered_pair
            duel = duel_of(item, answer)
            self.open[duel.key] = (item, answer, duel)
            for call in judge_calls(
                duel,
                model=self.judge.asked.endpoint.model,
                rubric=self.judge.rubric,
                params={"temperature": 0},
            ):
                yield call

    def _hear(self, call: Call, answer: Completion) -> bool:
        """Both verdicts on a pair make one observation."""
        if call.epoch == 1:
            self.first[call.key] = answer
            return False
        self._count_unanswered()
        self.line.popleft()
        item, of_b, duel = self.open.pop(call.key)
        first = self.first.pop(call.key)
        judgement = judged(
            duel,
            first.text,
            answer.text,
            judge_family=self.judge.family,
            family_a=self.judge.family_a,
            family_b=self.judge.family_b,
        )
        self.judgements.append(judgement)
        if judgement.preference is None:
            lost = next((x.failure for x in (first, answer) if x.failure), "")
            self.trial.keeper.leave_out(why_unread(lost))
        else:
            self._add(item, of_b, judgement.preference, of_b.failure)
        return self.done

    def _end(self) -> None:
        """Let whoever waits to hand over an answer go on."""
        self.done = True
        while not self.waiting.empty():
            self.waiting.get_nowait()
