"""The judge beside people on sides of several entrants, in categories and on live answers."""

import math
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from tests.simulations import lengths, slack

from headtohead.arena.bets import Observations, even_start, first_above, foreseeing_start, in_rounds
from headtohead.arena.calibration import TRUST, VotesBesideJudge
from headtohead.arena.drawing import Deck, Pair
from headtohead.arena.judge_votes import BothVerdicts
from headtohead.arena.judged_sides import FEWEST, BesideJudge
from headtohead.stats.inputs import FloatArray
from headtohead.stats.tails import normal_tail

_THRESHOLD = -math.log(0.025)
_TIE, _VOTER_NOISE, _TEXT_NOISE = 0.3, 0.8, 0.7


def said(a: str, b: str, prompt: str, preference: float, known_ms: int = 0) -> BothVerdicts:
    return BothVerdicts(
        about=None,
        known_ms=known_ms,
        prompt=prompt,
        a=a,
        b=b,
        a_first=preference,
        b_first=preference,
        length_a=1,
        length_b=1,
    )


def vote(
    n: int, winner: str, prompt: str, voter: str = "ann", a: str = "ant", b: str = "bee"
) -> dict[str, Any]:
    return {
        "battle": f"battle {n}",
        "voter": voter,
        "prompt": prompt,
        "model_a": a,
        "model_b": b,
        "winner": winner,
        "voted_ms": 10 * n + 5,
    }


def beside(
    prompts: dict[str, str], verdicts: list[BothVerdicts], votes: list[dict[str, Any]]
) -> BesideJudge:
    """Battle n is drawn at 10 n and voted on at 10 n + 5."""
    names = sorted({name for one in votes for name in (one["model_a"], one["model_b"])})
    by_pair: dict[Pair, list[BothVerdicts]] = {}
    for verdict in verdicts:
        pair = min(verdict.a, verdict.b), max(verdict.a, verdict.b)
        by_pair.setdefault(pair, []).append(verdict)
    shown: dict[tuple[str, Pair], list[tuple[int, str]]] = {}
    for one in votes:
        pair = min(one["model_a"], one["model_b"]), max(one["model_a"], one["model_b"])
        shown.setdefault((one["voter"], pair), []).append((one["voted_ms"] - 5, one["prompt"]))
    return BesideJudge(
        deck=Deck(prompts, prompts, dict.fromkeys(names, frozenset(prompts))),
        verdicts=by_pair,
        drawn={one["battle"]: one["voted_ms"] - 5 for one in votes},
        shown=shown,
    )


def test_a_vote_is_set_beside_what_could_have_come() -> None:
    prompts = {f"p{n:02}": "code" if n < 4 else "law" for n in range(12)}
    verdicts = [said("ant", "bee", prompt, n % 3 - 1) for n, prompt in enumerate(prompts)]
    votes = [
        vote(1, "model_b", "p02"),
        vote(2, "model_a", "p00", a="bee", b="ant"),
        vote(3, "tie", "p01", voter="bo"),
        vote(4, "model_b", "own question"),
    ]
    seen = beside(prompts, verdicts, votes).votes(["ant"], ["bee"], votes)
    assert isinstance(seen, VotesBesideJudge)
    assert seen.votes.tolist() == [1.0, 1.0, 0.0, 1.0]
    # Of code the judge says -1, 0, 1, -1. Ann has seen p02 when p00 comes: -1 beside -2/3.
    assert seen.beyond == pytest.approx([1.25, -1 / 3, 0.25, 0.0])
    assert seen.least == pytest.approx([-0.75, -1 / 3, -0.75, 0.0])
    assert seen.most == pytest.approx([1.25, 2 / 3, 1.25, 0.0])
    assert seen.judged == 12
    assert seen.news == 0
    assert seen.foreseen == pytest.approx(0.0)
    turned = beside(prompts, verdicts, votes).votes(["bee"], ["ant"], votes)
    assert isinstance(turned, VotesBesideJudge)
    assert turned.votes == pytest.approx(-seen.votes)
    assert turned.beyond == pytest.approx(-seen.beyond)


def test_live_answers_count_once_people_have_voted_on_them() -> None:
    """A verdict that was known at 25 says nothing of battles that were drawn at 10 and 20."""
    prompts = {f"p{n:02}": "" for n in range(12)}
    verdicts = [said("ant", "bee", prompt, 1.0, 25) for prompt in list(prompts)[:6]]
    verdicts += [said("ant", "bee", prompt, -1.0, 45) for prompt in list(prompts)[6:]]
    votes = [vote(n, "model_b", "p00", voter=f"voter {n}") for n in range(1, 6)]
    seen = beside(prompts, verdicts, votes).votes(["ant"], ["bee"], votes)
    assert isinstance(seen, VotesBesideJudge)
    assert seen.beyond == pytest.approx([0.0, 0.0, 0.5, 0.5, 1.0])
    # At 45 it had compared 12 prompts, and people had voted on four battles: it knew more.
    assert seen.news == 4
    assert seen.foreseen == pytest.approx(0.0)
    crowd = [vote(n, "model_b", "p00", voter=f"voter {n}") for n in range(1, 4)]
    crowd += [vote(4, "tie", "p01", voter=f"other {n}") for n in range(9)]
    late = beside(prompts, verdicts, crowd).votes(["ant"], ["bee"], crowd)
    assert isinstance(late, VotesBesideJudge)
    assert late.foreseen is None  # twelve votes of people by then: it knew no more than they did


def test_with_too_few_prompts_people_count_alone_and_it_is_said() -> None:
    prompts = {f"p{n:02}": "code" if n < 4 else "law" for n in range(14)}
    verdicts = [said("ant", "bee", prompt, 1.0) for prompt in prompts]
    votes = [vote(n, "tie", prompt) for n, prompt in enumerate(prompts)]
    votes += [vote(20, "tie", "p05", a="ant", b="cat")]
    there = beside(prompts, verdicts, votes)
    assert isinstance(there.votes(["ant"], ["bee"], votes[:14], "law"), VotesBesideJudge)
    assert there.votes(["ant"], ["bee"], votes[:4], "code") == (
        "The judge has compared answers of ant and bee in code to 4 prompts only, and is heard "
        f"from {FEWEST} on; people's votes count alone."
    )
    assert there.votes(["ant"], ["bee", "cat"], votes) == (
        "The judge has compared no answers of ant and cat to one prompt, so that people's votes "
        "count alone."
    )


def test_a_judge_that_is_not_heard_leaves_the_rounds_of_people() -> None:
    rng = np.random.default_rng(2)
    pair, votes = rng.integers(0, 3, 60).tolist(), rng.choice([-1.0, 0.0, 1.0], 60)
    spread = rng.uniform(0, 1, 60)
    seen = VotesBesideJudge(
        votes=votes,
        beyond=rng.uniform(-1, 1, 60) * spread,
        least=-spread,
        most=spread,
        pair=pair,
        weights=np.full(3, 1 / 3),
        judged=60,
        news=20,
    )
    alone, part = seen.observations(judge=False)
    plain = in_rounds(votes, pair, dict.fromkeys(range(3), 1 / 3))
    assert part == 0
    assert alone.x == pytest.approx(plain.x)
    assert alone.at.tolist() == plain.at.tolist()
    assert (alone.votes, alone.each) == (60, 3)
    assert alone.variance == pytest.approx(plain.variance)
    heard, _ = seen.observations()
    assert np.all((heard.low - 1e-12 <= heard.x) & (heard.x <= heard.high + 1e-12))
    assert heard.x[0] == pytest.approx(plain.x[0])  # nothing is known of it yet
    # Foresight counts from the first round of which no vote was there before.
    own = [[i for i, one in enumerate(pair) if one == k] for k in range(3)]
    assert min(votes[heard.news] for votes in own) >= 20 > min(v[heard.news - 1] for v in own)


class JudgedWorld:
    """An arena with known truth: entrants are better on some prompts, and every text has its luck.

    Args:
        like: How often the judge sees which text is better; else it says that B is.
    """

    def __init__(self, seed: int, entrants: int, *, live: bool, like: float, prompts: int) -> None:
        self.rng, self.live, self.like = np.random.default_rng(seed), live, like
        self.names = [f"e{n}" for n in range(entrants)]
        self.prompts = {f"p{n:02}": ("code", "law")[n % 2] for n in range(prompts)}
        self.ids = list(self.prompts)
        self.worth = (
            self.rng.normal(0, 0.7, (entrants, prompts))
            + 0.3 * np.arange(2)[np.arange(prompts) % 2] * np.linspace(-1, 1, entrants)[:, None]
        )
        self.text = self.worth + _TEXT_NOISE * self.rng.normal(size=self.worth.shape)
        self.verdicts: list[BothVerdicts] = []
        self.first: dict[tuple[int, int], tuple[float, int]] = {}
        if not live:
            for one, other in combinations(range(entrants), 2):
                for p in range(prompts):
                    self._judge(one, other, p, self.text[one, p], self.text[other, p], 0)

    def truth(self, a: list[int], b: list[int], category: str) -> float:
        """Mean preference for B over the pairs of sides and the prompts of a category."""
        text = self.worth if self.live else self.text
        spread = math.hypot(_VOTER_NOISE, math.sqrt(2) * _TEXT_NOISE * self.live)
        among = [p for p, kind in enumerate(self.prompts.values()) if category in ("", kind)]
        one, other = np.array(list(product(a, b))).T
        gap = text[np.ix_(other, among)] - text[np.ix_(one, among)]
        for_b, for_a = (normal_tail((_TIE - side * gap) / spread) for side in (1, -1))
        return float(np.mean(for_b - for_a))

    def votes(self, n: int, a: list[int], b: list[int]) -> Iterator[dict[str, Any]]:
        """So many votes of people of 12 each; the closest pair of the sides comes more often."""
        ids, totals = self.ids, dict.fromkeys(product(a, b), 0.0)
        everyone = list(combinations(range(len(self.names)), 2))
        seen: set[tuple[int, int, int]] = set()
        for i in range(n):
            seen = seen if i % 12 else set()
            while True:
                one, other = everyone[self.rng.integers(len(everyone))]
                if self.rng.random() < 0.4:
                    one, other = min(totals, key=lambda pair: abs(totals[pair]))
                left = [p for p in range(len(ids)) if (one, other, p) not in seen]
                if left:
                    break
            p = left[self.rng.integers(len(left))]
            seen.add((one, other, p))
            texts = self.text[[one, other], p]
            if self.live:
                texts = self.worth[[one, other], p] + _TEXT_NOISE * self.rng.normal(size=2)
            gap = texts[1] - texts[0] + _VOTER_NOISE * self.rng.normal()
            preference = 0.0 if abs(gap) < _TIE else math.copysign(1.0, gap)
            if (one, other) in totals:
                totals[one, other] += preference
            if self.live:
                self._kept(one, other, p, texts, 10 * i + 5)
            winner = {0.0: "tie", 1.0: "model_b", -1.0: "model_a"}[preference]
            yield vote(i, winner, ids[p], f"voter {i // 12}", self.names[one], self.names[other])

    def _kept(self, one: int, other: int, p: int, texts: FloatArray, now: int) -> None:
        """A live battle is judged, and so are first answers to one prompt."""
        self._judge(one, other, p, texts[0], texts[1], now)
        fresh = {
            name: (float(text), now)
            for name, text in ((one, texts[0]), (other, texts[1]))
            if (name, p) not in self.first
        }
        for name, (text, _) in fresh.items():
            for rival in range(len(self.names)):
                if rival not in (one, other) and (rival, p) in self.first:
                    self._judge(name, rival, p, text, self.first[rival, p][0], now)
        self.first |= {(name, p): answer for name, answer in fresh.items()}

    def _judge(self, a: int, b: int, p: int, of_a: float, of_b: float, known_ms: int) -> None:
        right = self.rng.random() < self.like
        preference = math.copysign(1.0, of_b - of_a) if right else 1.0
        self.verdicts.append(said(self.names[a], self.names[b], self.ids[p], preference, known_ms))


def missed(seen: Observations, start: Any, truth: float) -> bool:
    """Whether the interval of these ever missed the truth."""
    return bool(
        first_above(seen, truth, _THRESHOLD, start[0])
        or first_above(seen.mirrored(), -truth, _THRESHOLD, start[1])
    )


@pytest.mark.parametrize("runs", lengths(8, 300))
@pytest.mark.parametrize("like", [0.0, 0.9])
@pytest.mark.parametrize(
    ("live", "a", "b", "category"),
    [
        (False, [0, 1], [2, 3], ""),
        (False, [0], [1], "law"),
        (True, [0], [1], ""),
        (True, [0, 1], [2, 3], "law"),
    ],
)
def test_errors_are_kept_on_several_entrants_in_categories_and_on_live_answers(
    runs: int, like: float, *, live: bool, a: list[int], b: list[int], category: str
) -> None:
    """Intervals that ever miss what people would say on average, with a judge that lies or not."""
    wrong, better = 0, 0.0
    for seed in range(runs):
        world = JudgedWorld(seed, max(b) + 2, live=live, like=like, prompts=24)
        votes = list(world.votes(240, a, b))
        mine = [
            one
            for one in votes
            if {one["model_a"], one["model_b"]}
            in [{world.names[x], world.names[y]} for x, y in product(a, b)]
            and category in ("", world.prompts[one["prompt"]])
        ]
        there = beside(world.prompts, world.verdicts, votes)
        left, right = ([world.names[n] for n in side] for side in (a, b))
        seen = there.votes(left, right, mine, category)
        if isinstance(seen, str):  # too few live answers: people count alone
            continue
        heard, _ = seen.observations()
        alone, _ = seen.observations(judge=False)
        start = even_start()
        if seen.foreseen is not None:
            start = foreseeing_start(0.8 * seen.foreseen, TRUST)
        wrong += missed(heard, start, world.truth(a, b, category))
        better += float(alone.x.var() - heard.x.var()) / runs
    assert wrong / runs <= 0.05 + slack(0.05, runs, 3)
    if like and not live:
        assert better > 0.01  # the judge is of use
