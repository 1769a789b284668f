"""Measures what a judge adds on several entrants, in categories and on live answers, by simulation.

Run as `python -m benchmarks.arena_judged`; it prints a table of docs/benchmarks/arena.md. The arena
is made up, so that what people would say on average is known.
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np

from headtohead.arena.bets import Observations, Start, even_start, first_above, foreseeing_start
from headtohead.arena.calibration import TRUST
from headtohead.arena.drawing import Deck, Pair
from headtohead.arena.judge_votes import BothVerdicts
from headtohead.arena.judged_sides import BesideJudge
from headtohead.stats.inputs import FloatArray
from headtohead.stats.tails import normal_tail

_THRESHOLD = -math.log(0.025)
_TIE, _VOTER_NOISE, _TEXT_NOISE = 0.3, 0.8, 0.7


@dataclass(frozen=True)
class JudgedField:
    """What is simulated: entrants of both sides, the category, and who is drawn.

    Attributes:
        aimed: What part of draws goes to the pair of these sides that is closest so far.
    """

    name: str
    live: bool
    a: tuple[int, ...]
    b: tuple[int, ...]
    category: str
    aimed: float


CELLS = (
    JudgedField("two against two, recorded", False, (0, 1), (2, 3), "", 0.4),
    JudgedField("one category, recorded", False, (0,), (1,), "law", 0.4),
    JudgedField("live, three entrants", True, (0,), (1,), "", 0.4),
    JudgedField("live, two against two in one category", True, (0, 1), (2, 3), "law", 0.4),
    JudgedField("live, five entrants drawn alike", True, (2,), (3,), "", 0.0),
)


@dataclass(frozen=True)
class JudgedRun:
    """What came of a run.

    Attributes:
        missed: Whether the interval with the judge ever missed the truth.
        alone: Whether that of people alone did.
        foresaw: Whether the judge foresaw the win share.
        gain: How many times as many votes of people alone would spread as little.
    """

    missed: bool
    alone: bool
    foresaw: bool
    gain: float


def run(cell: JudgedField, like: float, seed: int, votes_n: int = 240) -> JudgedRun | None:
    """One arena; None where the judge has compared too little."""
    world = JudgedWorld(seed, max(cell.b) + 2, live=cell.live, like=like, prompts=24)
    votes = list(world.votes(votes_n, cell.a, cell.b, cell.aimed))
    left, right = ([world.names[n] for n in side] for side in (cell.a, cell.b))
    pairs = [{one, other} for one, other in product(left, right)]
    mine = [
        one
        for one in votes
        if {one["model_a"], one["model_b"]} in pairs
        and cell.category in ("", world.prompts[one["prompt"]])
    ]
    there = beside(world.prompts, world.verdicts, votes)
    seen = there.votes(left, right, mine, cell.category)
    if isinstance(seen, str):
        return None
    truth, start = world.truth(cell.a, cell.b, cell.category), even_start()
    if seen.foreseen is not None:
        start = foreseeing_start(0.8 * seen.foreseen, TRUST)
    heard, _ = seen.observations()
    alone, _ = seen.observations(judge=False)
    return JudgedRun(
        missed=missed(heard, start, truth),
        alone=missed(replace(alone, news=0), even_start(), truth),
        foresaw=seen.foreseen is not None,
        gain=float(alone.x.var() / heard.x.var())
        if heard.x.size > 1 and heard.x.var() > 0
        else 1.0,
    )


def missed(seen: Observations, start: Start, truth: float) -> bool:
    """Whether the interval of these ever missed the truth."""
    return bool(
        first_above(seen, truth, _THRESHOLD, start[0])
        or first_above(seen.mirrored(), -truth, _THRESHOLD, start[1])
    )


def said(a: str, b: str, prompt: str, preference: float, known_ms: int = 0) -> BothVerdicts:
    """A judge's votes in both orders that agree."""
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
    """A vote of a person, with what is read of it; cast at 10 n + 5."""
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

    def truth(self, a: tuple[int, ...], b: tuple[int, ...], category: str) -> float:
        """Mean preference for B over the pairs of sides and the prompts of a category."""
        text = self.worth if self.live else self.text
        spread = math.hypot(_VOTER_NOISE, math.sqrt(2) * _TEXT_NOISE * self.live)
        among = [p for p, kind in enumerate(self.prompts.values()) if category in ("", kind)]
        one, other = np.array(list(product(a, b))).T
        gap = text[np.ix_(other, among)] - text[np.ix_(one, among)]
        for_b, for_a = (normal_tail((_TIE - side * gap) / spread) for side in (1, -1))
        return float(np.mean(for_b - for_a))

    def votes(
        self, n: int, a: tuple[int, ...], b: tuple[int, ...], aimed: float = 0.4
    ) -> Iterator[dict[str, Any]]:
        """So many votes of people of 12 each; in part on the closest pair of the sides so far."""
        ids, totals = self.ids, dict.fromkeys(product(a, b), 0.0)
        everyone = list(combinations(range(len(self.names)), 2))
        seen: set[tuple[int, int, int]] = set()
        for i in range(n):
            seen = seen if i % 12 else set()
            while True:
                one, other = everyone[self.rng.integers(len(everyone))]
                if self.rng.random() < aimed:
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


def lines(runs: int) -> Iterator[str]:
    """The table."""
    yield "| | judge sees | heard | foresees | votes worth | ever missed | people alone |"
    yield "|---|---|---|---|---|---|---|"
    for cell in CELLS:
        for like in (0.0, 0.6, 0.9):
            tried = [run(cell, like, seed) for seed in range(runs)]
            found = [one for one in tried if one is not None]
            shares = [
                float(np.mean([getattr(one, name) for one in found]))
                for name in ("foresaw", "missed", "alone")
            ]
            gain = float(np.median([one.gain for one in found]))
            yield (
                f"| {cell.name} | {like:.0%} | {len(found)} of {runs} | {shares[0]:.0%} | "
                f"{gain:.2f} | {shares[1]:.1%} | {shares[2]:.1%} |"
            )


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
        print(line, flush=True)
