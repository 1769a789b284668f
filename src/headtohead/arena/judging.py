"""A judge model compares the answers that people may be shown, in both orders.

Each order is a battle of a voter of kind "judge". What it compares is the answers of live battles
that people have voted on, and those of any two entrants to each prompt: the recorded one, or the
first one given live that people have voted on.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from headtohead.arena.settings import ArenaSettings, JudgeModel, JudgePace
from headtohead.arena.store.store import ArenaStore, Battle, BattleTurn, Voter
from headtohead.arena.style import battle_styles
from headtohead.core.errors import InputError, SourceUnreachable
from headtohead.core.units import counted
from headtohead.logs.calls import Call
from headtohead.prices.rates import Rates
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.replay.limits import Settings
from headtohead.trials.replay.replay import ReplayOutcome, ReplayProgress, replay
from headtohead.trials.replay.wire import Completion
from headtohead.trials.scoring.judge import Verdict, judge_calls, read_verdict, why_unread
from headtohead.trials.scoring.scored import Duel, transcript

if TYPE_CHECKING:
    import numpy as np

_OUTCOMES: Mapping[Verdict, str] = {"A": "left", "B": "right", "tie": "tie"}
_PROMPTS = "SELECT id, category, text FROM prompts WHERE retired_ms IS NULL AND own = 0"
_ENTRANTS = "SELECT name, kind FROM entrants WHERE retired_ms IS NULL"
# Battles in which something was asked for live; what was voided is not judged.
_LIVE = (
    "SELECT v.battle, v.voted_ms FROM counted_votes AS v WHERE EXISTS (SELECT 1 FROM entrants AS e "
    "WHERE e.name IN (v.model_a, v.model_b) AND e.kind = 'endpoint') ORDER BY v.voted_ms, v.battle"
)


@dataclass(frozen=True, kw_only=True)
class AnswerPair:
    """Two entrants' answers to the same questions, A's on the left.

    Attributes:
        about: The battle of a person whose answers these are; None if of no single one.
        known_ms: When people had voted on all of them; 0 for recorded ones.
    """

    about: str | None
    known_ms: int
    prompt: str
    category: str
    a: str
    b: str
    turns: tuple[BattleTurn, ...]

    @cached_property
    def key(self) -> str:
        """The same for the same texts in the same battle, and for no others."""
        return _digest([self.about, self.prompt, self.texts])

    @cached_property
    def texts(self) -> str:
        """The same for the same texts of the same entrants, whenever they came."""
        said = [(turn.question, turn.left_answer, turn.right_answer) for turn in self.turns]
        return _digest([self.a, self.b, said])

    @property
    def turned(self) -> "AnswerPair":
        """The same with B on the left."""
        turns = (
            BattleTurn(question=t.question, left_answer=t.right_answer, right_answer=t.left_answer)
            for t in self.turns
        )
        return replace(self, a=self.b, b=self.a, turns=tuple(turns))

    @property
    def duel(self) -> Duel:
        """What the judge is shown: of several questions each side's whole conversation."""
        return Duel(
            key=self.texts,
            messages=[{"role": "user", "content": self.turns[0].question}],
            answer_a=_said([(t.question, t.left_answer or "") for t in self.turns]),
            answer_b=_said([(t.question, t.right_answer or "") for t in self.turns]),
        )


def _digest(of: object) -> str:
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()[:24]


def _said(turns: Sequence[tuple[str, str]]) -> str:
    """One side's answers, with the questions between them."""
    (_, first), *more = turns
    messages = [{"role": "assistant", "content": first}]
    for question, answer in more:
        messages += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    return transcript(messages) if more else first


@dataclass(frozen=True, slots=True)
class _GivenAnswer:
    """An answer to the first question of a battle, or a recorded one.

    Attributes:
        battle: Of which it is; empty if recorded.
        known_ms: When people had voted on it; 0 if recorded.
    """

    text: str
    battle: str = ""
    known_ms: int = 0


def comparisons(store: ArenaStore) -> list[AnswerPair]:
    """All that can be compared now, in an order that says nothing of what it holds."""
    kinds = {row["name"]: row["kind"] for row in store.rows(_ENTRANTS)}
    answers: dict[str, dict[str, _GivenAnswer]] = {}
    for row in store.rows("SELECT entrant, prompt, text FROM answers"):
        if kinds.get(row["entrant"]) == "recorded":
            answers.setdefault(row["prompt"], {})[row["entrant"]] = _GivenAnswer(row["text"])
    found = []
    for id, voted_ms in map(tuple, store.rows(_LIVE)):
        battle = store.battle(id)
        if battle is None or not battle.turns:
            continue
        pair = AnswerPair(
            about=id,
            known_ms=voted_ms,
            prompt=battle.prompt,
            category=battle.category,
            a=battle.left_entrant,
            b=battle.right_entrant,
            turns=battle.turns,
        )
        found.append(pair if pair.a < pair.b else pair.turned)
        first = battle.turns[0]
        for name, text in (
            (battle.left_entrant, first.left_answer),
            (battle.right_entrant, first.right_answer),
        ):
            if kinds.get(name) == "endpoint":
                known = answers.setdefault(battle.prompt, {})
                known.setdefault(name, _GivenAnswer(text or "", id, voted_ms))
    for prompt, category, question in map(tuple, store.rows(_PROMPTS)):
        given = answers.get(prompt, {})
        for a, b in combinations(sorted(given), 2):
            one, other = given[a], given[b]
            if one.battle and one.battle == other.battle:
                continue
            found.append(
                AnswerPair(
                    about=None,
                    known_ms=max(one.known_ms, other.known_ms),
                    prompt=prompt,
                    category=category,
                    a=a,
                    b=b,
                    turns=(
                        BattleTurn(
                            question=question, left_answer=one.text, right_answer=other.text
                        ),
                    ),
                )
            )
    # A run that ends early has then judged a random part.
    return sorted(found, key=lambda one: one.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRun:
    """What a run of the judge brought.

    Attributes:
        comparisons: How many pairs of answers there are.
        judged: On how many of them the judge has voted in both orders, earlier runs included.
        new: Those of this run among them.
        unread: Pairs of answers of which a verdict could not be read -> how often, by reason.
        unanswered: Of which the endpoint gave no answer in this run.
        outcome: Of asking.
    """

    model: str
    comparisons: int
    judged: int
    new: int
    unread: Mapping[str, int]
    unanswered: int
    outcome: ReplayOutcome

    @property
    def sentences(self) -> tuple[str, ...]:
        """What came of it, and what to do if something is left."""
        o = self.outcome
        pairs = counted(self.comparisons, "pair of answers", "pairs of answers")
        said = [
            f"{self.model} has voted in both orders on {self.judged:,} of {pairs}, "
            f"{self.new:,} of them now."
        ]
        said += [
            f"{counted(n, 'pair')} without a verdict, because {why}."
            for why, n in self.unread.items()
        ]
        if self.unanswered:
            said.append(
                f"The endpoint gave no answer on {counted(self.unanswered, 'pair')}; run again to "
                "ask for it once more."
            )
        if o.stopped == "ceiling":
            said.append("The ceiling of money is reached; raise it and run again to go on.")
        if o.spent_usd:
            said.append(f"All verdicts so far cost ${o.spent_usd:,.4f}.")
        return tuple(said)


# Comparisons that are to be judged, those of the same texts together: they are asked about once.
_Open = Mapping[str, Sequence[AnswerPair]]


class _BothRequests:
    """Both requests of each comparison, made when they are asked for."""

    def __init__(self, open: _Open, model: str) -> None:
        self._open, self._model = open, model

    def __len__(self) -> int:
        return 2 * len(self._open)

    def __iter__(self) -> Iterator[Call]:
        for one, *_ in self._open.values():
            yield from judge_calls(one.duel, model=self._model, params={"temperature": 0})


class _Hearing:
    """Takes verdicts, and keeps those of both orders together."""

    def __init__(
        self,
        store: ArenaStore,
        judge: Voter,
        open: _Open,
        now_ms: Callable[[], int],
    ) -> None:
        self.store, self.judge, self.open, self.now_ms = store, judge, open, now_ms
        self.first: dict[str, Completion] = {}
        self.new = self.unanswered = 0

    def __call__(self, call: Call, answer: Completion) -> bool:
        if call.epoch == 1:
            self.first[call.key] = answer
            return False
        same, both = self.open[call.key], (self.first.pop(call.key), answer)
        if any(part.unanswered for part in both):
            self.unanswered += len(same)
            return False
        for one in same:
            battles = [
                self._battle(f"{self.judge.id}-{one.key}-{order}", shown, reply)
                for order, shown, reply in zip("ab", (one, one.turned), both, strict=True)
            ]
            self.new += all(battle.outcome for battle in battles)
            styles = [battle_styles(battle) for battle in battles]
            self.store.judge(self.judge, battles, styles)
        return False

    def _battle(self, id: str, one: AnswerPair, answer: Completion) -> Battle:
        verdict = read_verdict(answer.text) if not answer.failure else None
        state: Literal["voted", "failed"] = "voted" if verdict else "failed"
        return Battle(
            id=id,
            voter=self.judge.id,
            prompt=one.prompt,
            category=one.category,
            left_entrant=one.a,
            right_entrant=one.b,
            pair_probability=1.0,
            drawn_ms=self.now_ms(),
            state=state,
            reason="" if verdict else why_unread(answer.failure),
            turns=one.turns,
            outcome=_OUTCOMES[verdict] if verdict else "",
            about=one.about,
            known_ms=one.known_ms,
        )


def judge_voter(judge: JudgeModel) -> Voter:
    """As whom a judge votes: another model or endpoint is another voter."""
    mark = hashlib.sha256(f"{judge.endpoint} {judge.model}".encode()).hexdigest()[:12]
    return Voter(id=f"judge-{mark}", name=judge.model, kind="judge")


def run_judge(
    store: ArenaStore,
    settings: ArenaSettings,
    pace: JudgePace,
    *,
    now_ms: Callable[[], int],
    rng: "np.random.Generator",
    on_progress: Callable[[ReplayProgress], None] | None = None,
) -> JudgeRun:
    """What came of asking the judge about all that it has not voted on.

    Every verdict is kept before it counts, so that a run that was stopped goes on where it was, and
    nothing is paid for twice.

    Raises:
        InputError: If arena.toml names no judge, there is nothing to compare, the endpoint refuses
            the key or model, or a ceiling has no prices.
        SourceUnreachable: If the endpoint stops answering.
        StoreBusy: If another run is asking this judge.
    """
    judge = settings.judge
    if judge is None:
        raise InputError(
            "This arena has no judge. Write [judge] with `endpoint` and `model` into its toml."
        )
    rates = Rates.per_mtok(judge.prices) if judge.prices else None
    if pace.max_usd is not None and rates is None:
        raise InputError(
            "A ceiling in dollars needs the judge's prices. Write prices = { input = 0.25, output "
            "= 1.25 } under [judge], dollars per million tokens."
        )
    all_pairs = comparisons(store)
    if not all_pairs:
        raise InputError(
            "There is nothing to compare: no two entrants have recorded answers to one prompt, and "
            "nobody has voted on answers that were asked for live."
        )
    voter = judge_voter(judge)
    kept = {row["id"] for row in store.rows("SELECT id FROM battles WHERE voter = ?", voter.id)}
    open: dict[str, list[AnswerPair]] = {}
    for one in all_pairs:
        if f"{voter.id}-{one.key}-b" not in kept:
            open.setdefault(one.texts, []).append(one)
    endpoint = Endpoint(judge.endpoint, judge.model, judge.key_env, pace.timeout_seconds)
    hearing = _Hearing(store, voter, open, now_ms)
    outcome = asyncio.run(
        replay(
            _BothRequests(open, judge.model),
            endpoint,
            ledger_of(settings, voter),
            hearing,
            rng=rng,
            rates=rates,
            settings=Settings(
                concurrency_n=pace.concurrency,
                requests_per_minute=pace.requests_per_minute,
                tokens_per_minute=pace.tokens_per_minute,
                ceiling_usd=pace.max_usd,
                cap_tokens=pace.cap_tokens,
                wait_most_s=pace.wait_most_seconds,
                params=pace.params,
            ),
            on_progress=on_progress,
        )
    )
    if hearing.unanswered and hearing.unanswered == sum(map(len, open.values())):
        raise SourceUnreachable(
            f"{judge.model} at {endpoint.address} gave no answer. Run again later; nothing is lost."
        )
    unread = store.rows(
        "SELECT MIN(reason) AS reason, COUNT(DISTINCT substr(id, 1, length(id) - 2)) AS n "
        "FROM battles WHERE voter = ? AND state = 'failed' GROUP BY reason",
        voter.id,
    )
    judged = len(judged_keys(store, voter.id) & {one.key for one in all_pairs})
    return JudgeRun(
        model=judge.model,
        comparisons=len(all_pairs),
        judged=judged,
        new=hearing.new,
        unread={row["reason"]: row["n"] for row in unread},
        unanswered=hearing.unanswered,
        outcome=outcome,
    )


def judged_keys(store: ArenaStore, voter: str) -> set[str]:
    """Keys of the comparisons on which a judge has voted in both orders."""
    rows = store.rows("SELECT battle FROM judge_votes WHERE voter = ?", voter)
    ids = {row["battle"].removeprefix(f"{voter}-") for row in rows}
    return {id[:-2] for id in ids if id.endswith("-a") and f"{id[:-2]}-b" in ids}


def ledger_of(settings: ArenaSettings, judge: Voter) -> Path:
    """Where a judge's answers are kept, beside the file of votes."""
    return settings.database.with_suffix(f".{judge.id}.jsonl")
