"""Measures how many human votes an arena saves by a judge, on 26,919 real votes.

Run as `python -m benchmarks.arena_calibration FOLDER`, the folder of raw public files; it prints a
section of docs/benchmarks/arena.md. Streams of votes are drawn with replacement from the votes of
each pair of models with at least 150, so that the truth is the mean of all votes on that pair.
"""

import gzip
import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headtohead.arena.bets import Observations, Start, even_start, foreseeing_start, log_purses
from headtohead.arena.calibration import TRUST, VotesBesideJudge, missing_votes
from headtohead.arena.drawing import BY_JUDGE, JudgeAim
from headtohead.trials.sequential import stake

Floats = NDArray[np.float64]

JUDGES = {
    "GPT-4": "gpt-4-0125-preview",
    "Claude 3 Opus": "claude-3-opus-20240229",
    "GPT-3.5": "gpt-3.5-turbo",
}
_MARGIN = 0.1
_THRESHOLD = -math.log(0.025)
_LEAST_VOTES = 150
_CALMED = 0.8
_PARTS = (0.25, 0.5, 0.7, 0.8)


@dataclass(frozen=True)
class RealPair:
    """Votes of people and of judges on two models, for the one with the later name."""

    names: tuple[str, str]
    people: Floats
    judges: dict[str, Floats]


@cache
def real_pairs(folder: Path) -> list[RealPair]:
    """Every pair with enough votes."""
    said, names = {}, []
    for name in ("human", *JUDGES.values()):
        path = folder / "human_vs_judge_votes" / f"{name}.jsonl.gz"
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = sorted((json.loads(line) for line in lines), key=lambda row: int(row["num"]))
        names = [(row["model_a"], row["model_b"]) for row in rows]
        sides = {"model_a": 1.0, "model_b": -1.0}
        said[name] = np.array(
            [
                sides.get(row["winner"], 0.0) * (1 if row["model_a"] > row["model_b"] else -1)
                for row in rows
            ]
        )
    by_pair: dict[tuple[str, str], list[int]] = {}
    for i, (a, b) in enumerate(names):
        by_pair.setdefault((min(a, b), max(a, b)), []).append(i)
    return [
        RealPair(pair, said["human"][at], {short: said[long][at] for short, long in JUDGES.items()})
        for pair, at in by_pair.items()
        if len(at) >= _LEAST_VOTES
    ]


def proofs(seen: Observations, m: float, start: Start) -> tuple[Floats, Floats]:
    """The log wealth of those who bet on above and on below m, after each vote."""
    up, down = (
        np.logaddexp.reduce(log_purses(side, at, shares), axis=0)
        for side, at, shares in ((seen, m, start[0]), (seen.mirrored(), -m, start[1]))
    )
    return up, down


@dataclass(frozen=True)
class VoteStreams:
    """One stream of votes for each of K pairs, and what is proved after each vote, shape (K, n)."""

    judged: Floats
    truth: Floats
    sums: Floats
    above: Floats
    below: Floats

    @property
    def proved(self) -> Floats:
        """The better proved side so far."""
        best: Floats = np.maximum.accumulate(np.maximum(self.above, self.below), axis=1)
        return best


def board(pairs: list[RealPair], judge: str | None, seed: int, n: int) -> VoteStreams:
    """Streams of votes, of people alone if no judge is named."""
    rng, rows = np.random.default_rng(seed), []
    for pair in pairs:
        places = rng.integers(0, pair.people.size, n)
        votes = pair.people[places]
        if judge is None:
            mean, seen, start = 0.0, Observations.of_votes(votes), even_start()
        else:
            said = pair.judges[judge]
            mean = float(said.mean())
            seen = VotesBesideJudge.of_battles(said, votes, places).observations()[0]
            start = foreseeing_start(_CALMED * mean, TRUST)
        rows.append((mean, pair.people.mean(), np.cumsum(votes), *proofs(seen, -_MARGIN, start)))
    return VoteStreams(*(np.array(part) for part in zip(*rows, strict=True)))


def fewest_missing(on: VoteStreams, votes: Floats, counts: Floats, proved: Floats) -> Floats:
    """As the arena asks: the pair of which the fewest votes are missing."""
    return missing_votes(on.judged, votes, counts, proved, margin_pp=50 * _MARGIN)


def in_turn(on: VoteStreams, votes: Floats, counts: Floats, proved: Floats) -> Floats:
    """Every pair that is not decided has one more vote."""
    return counts + 0 * (votes + proved) + 0 * on.judged


def five_each_first(on: VoteStreams, votes: Floats, counts: Floats, proved: Floats) -> Floats:
    """Five votes for each, then where the fewest are missing by its own votes."""
    mean = votes / (counts + 5)
    far = np.square(mean + _MARGIN)
    growth = far / (2 * (np.maximum(0.7 - mean**2, 0.15) + far)) + 1e-6
    missing = np.maximum((_THRESHOLD + 0.5 - proved) / growth, 1.0)
    return np.where(counts < 5, 0.0, missing) + 0 * on.judged


def asked(
    on: VoteStreams, order: Callable[[VoteStreams, Floats, Floats, Floats], Floats]
) -> list[int]:
    """How many votes were cast when each next pair was decided."""
    proved, size = on.proved, on.sums.shape
    votes, counts, now = np.zeros(size[0]), np.zeros(size[0]), np.zeros(size[0])
    live, used, when = np.ones(size[0], dtype=bool), 0, []
    while live.any():
        k = int(np.where(live, order(on, votes, counts, now), np.inf).argmin())
        n = int(counts[k])
        votes[k], now[k], counts[k] = on.sums[k, n], proved[k, n], n + 1
        used += 1
        if now[k] >= _THRESHOLD:
            when.append(used)
        live[k] = now[k] < _THRESHOLD and n + 1 < size[1]
    return when


def drawn(on: VoteStreams, seed: int, part: float) -> list[int]:
    """As `asked`, drawn as the arena draws beside a judge, until a part of the pairs is decided.

    The share that is not aimed is drawn alike here. Votes on pairs that are decided count, too.
    """
    (pairs_n, most), rng = on.sums.shape, np.random.default_rng(seed)
    sides = [(f"a{k:02}", f"b{k:02}") for k in range(pairs_n)]
    at = {name: n for n, name in enumerate(name for pair in sides for name in pair)}
    said = dict(zip(sides, on.judged.tolist(), strict=True))
    first, second = (np.array([at[pair[side]] for pair in sides]) for side in (0, 1))
    counts, wins = np.zeros(pairs_n, dtype=np.int64), np.zeros((len(at), len(at)))
    decided, used, when = np.zeros(pairs_n, dtype=bool), 0, list[int]()
    aim = JudgeAim(
        compared=None,
        margin_pp=50 * _MARGIN,
        level=0.95,
        judged=lambda: said,
        decided=lambda: dict(zip(sides, decided.tolist(), strict=True)),
    )
    proved = on.proved
    while len(when) < math.ceil(part * pairs_n):
        chances, aimed = np.full(pairs_n, 1 / pairs_n), aim.chances(sides, at, wins)
        if aimed is not None:
            chances = (1 - BY_JUDGE) * chances + BY_JUDGE * aimed[first, second]
        chances = np.where(counts < most, chances, 0.0)
        for k in rng.choice(pairs_n, 5, p=chances / chances.sum()).tolist():
            counts[k], used = min(counts[k] + 1, most), used + 1
            total = on.sums[k, counts[k] - 1]
            wins[second[k], first[k]] = (counts[k] + total) / 2
            wins[first[k], second[k]] = (counts[k] - total) / 2
            if proved[k, counts[k] - 1] >= _THRESHOLD and not decided[k]:
                decided[k] = True
                when.append(used)
    return when


def board_lines(pairs: list[RealPair], runs: int) -> Iterator[str]:
    """Human votes until a part of the board's pairs is decided."""
    yield "| who is asked | 25% of pairs | 50% | 70% | 80% | wrong verdicts |"
    yield "|---|---|---|---|---|---|"
    kinds = (
        ("people alone, pairs in turn", None, in_turn),
        ("people alone, five each, then fewest missing", None, five_each_first),
        ("people alone, fewest missing", None, fewest_missing),
        *((f"with {judge}, fewest missing", judge, fewest_missing) for judge in JUDGES),
        *((f"with {judge}, as the arena draws", judge, None) for judge in JUDGES),
    )
    for name, judge, order in kinds:
        found, wrong, decided = [], 0, 0
        for seed in range(runs):
            on = board(pairs, judge, seed, 800)
            when = asked(on, order) if order else drawn(on, seed, _PARTS[-1])
            found.append([when[math.ceil(part * len(pairs)) - 1] for part in _PARTS])
            up, down = (side >= _THRESHOLD for side in (on.above, on.below))
            first_up = np.where(up.any(axis=1), up.argmax(axis=1), 10**6)
            first_down = np.where(down.any(axis=1), down.argmax(axis=1), 10**6)
            wrong += int(np.count_nonzero((first_up < first_down) & (on.truth <= -_MARGIN)))
            wrong += int(np.count_nonzero((first_down < first_up) & (on.truth >= -_MARGIN)))
            decided += int(np.count_nonzero(first_up != first_down))
        cells = " | ".join(f"{value:,.0f}" for value in np.mean(found, axis=0))
        yield f"| {name} | {cells} | {wrong} of {decided} |"


def pair_lines(pairs: list[RealPair], runs: int) -> Iterator[str]:
    """Human votes for each pair alone, by the distance of the truth from the margin."""
    yield "| judge | all votes | mean of pairs | 0.1 to 0.2 from the margin | 0.2 to 0.4 | above |"
    yield "|---|---|---|---|---|---|"
    taken: dict[str | None, list[Floats]] = {}
    for judge in (None, *JUDGES):
        for seed in range(runs):
            hit = board(pairs, judge, seed, 1000).proved >= _THRESHOLD
            at = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1.0, 1000.0)
            taken.setdefault(judge, []).append(at)
    far = np.abs([float(pair.people.mean()) + _MARGIN for pair in pairs])
    people = np.mean(taken[None], axis=0)
    kept = [
        (low <= far) & (far < high) for low, high in ((0.1, 9), (0.1, 0.2), (0.2, 0.4), (0.4, 9))
    ]
    counts = " | ".join(f"{people[part].mean():,.0f} votes" for part in kept[1:])
    yield f"| people alone | {people[kept[0]].mean():,.0f} votes a pair | | {counts} |"
    known = np.mean([known_share(pairs, seed, 1000) for seed in range(runs)], axis=0)
    for judge in ("people alone, true share known", *JUDGES):
        less = np.mean(taken[judge], axis=0) if judge in JUDGES else known
        each = (less / people)[kept[0]].mean()
        sums = [f"{less[part].sum() / people[part].sum():.0%}" for part in kept]
        yield f"| {judge} | {sums[0]} | {each:.0%} | {' | '.join(sums[1:])} |"


def known_share(pairs: list[RealPair], seed: int, n: int) -> Floats:
    """Votes of people that one bet takes which knows the true mean and spread of each pair."""
    rng, taken = np.random.default_rng(seed), []
    for pair in pairs:
        x = pair.people[rng.integers(0, pair.people.size, n)]
        side = 1.0 if pair.people.mean() > -_MARGIN else -1.0
        far, variance = abs(float(pair.people.mean()) + _MARGIN), float(pair.people.var())
        bet = stake(far, np.array(variance), 1 - side * _MARGIN)
        hit = np.cumsum(np.log1p(bet * side * (x + _MARGIN))) >= _THRESHOLD
        taken.append(int(hit.argmax()) + 1 if hit.any() else n)
    return np.array(taken, dtype=float)


def miss_lines(pairs: list[RealPair], runs: int) -> Iterator[str]:
    """How often an interval ever misses the pair's true mean in 400 votes."""
    yield "| judge | intervals that ever miss |"
    yield "|---|---|"
    for judge in JUDGES:
        rng, missed = np.random.default_rng(6), 0
        for pair in pairs:
            said, truth = pair.judges[judge], float(pair.people.mean())
            start = foreseeing_start(_CALMED * float(said.mean()), TRUST)
            for _ in range(runs):
                places = rng.integers(0, pair.people.size, 400)
                seen = VotesBesideJudge.of_battles(said, pair.people[places], places)
                up, down = proofs(seen.observations()[0], truth, start)
                missed += bool(max(up.max(), down.max()) >= _THRESHOLD)
        yield f"| {judge} | {missed / runs / len(pairs):.1%} of {runs * len(pairs):,} |"


def side_lines(pairs: list[RealPair], runs: int) -> Iterator[str]:
    """Human votes until two models against two others are decided, and intervals that miss."""
    yield "| judge | human votes, of people alone | decided | ever missed |"
    yield "|---|---|---|---|"
    fields = list(four_pairs(pairs))[::3]
    for judge in (None, *JUDGES):
        rng, taken, wrong, decided = np.random.default_rng(8), [0, 0], 0, 0
        for four in fields:
            truth = float(np.mean([pair.people.mean() for pair in four]))
            said = np.concatenate([pair.judges[judge or "GPT-4"] for pair in four])
            of = np.repeat(range(4), [pair.people.size for pair in four])
            people = np.concatenate([pair.people for pair in four])
            far = abs(truth + _MARGIN) >= 0.1
            for _ in range(runs):
                places = np.concatenate(
                    [rng.choice(np.flatnonzero(of == k), 400) for k in range(4)]
                )
                rng.shuffle(places)
                votes = VotesBesideJudge.of_battles(said, people[places], places, of.tolist())
                start = even_start()
                if judge is not None and votes.foreseen is not None:
                    start = foreseeing_start(_CALMED * votes.foreseen, TRUST)
                seen = votes.observations(judge=judge is not None)[0]
                wrong += max(side.max() for side in proofs(seen, truth, start)) >= _THRESHOLD
                hit = np.maximum(*proofs(seen, -_MARGIN, start)) >= _THRESHOLD
                decided += bool(hit.any()) and far
                taken[far] += int(seen.at[hit.argmax()]) if hit.any() else 1600
        n = len(fields) * runs
        if judge is None:
            alone, most = (
                taken[1],
                sum(
                    abs(np.mean([pair.people.mean() for pair in four]) + _MARGIN) >= 0.1
                    for four in fields
                ),
            )
        share = f"{taken[1] / alone:.0%}" if judge else f"{taken[1] / (most * runs):,.0f} votes"
        name = judge or "people alone"
        yield f"| {name} | {share} | {decided} of {most * runs} | {wrong / n:.1%} of {n} |"


def four_pairs(pairs: list[RealPair]) -> Iterator[list[RealPair]]:
    """Two models against two others, each named before both of these, where all four have votes."""
    by_names = {pair.names: pair for pair in pairs}
    firsts = sorted({a for a, _ in by_names})
    for one, other in combinations(firsts, 2):
        both = sorted(
            b for b in {b for _, b in by_names} if {(one, b), (other, b)} <= by_names.keys()
        )
        for x, y in zip(both[::2], both[1::2], strict=False):
            yield [by_names[a, b] for a in (one, other) for b in (x, y)]


def made_up_lines(runs: int) -> Iterator[str]:
    """Human votes until equal sides are surely no worse, by how good a judge is."""
    yield "| correlation of judge and people | human votes, of people alone |"
    yield "|---|---|"
    for like in (0.0, 0.3, 0.5, 0.65, 0.8):
        taken = np.zeros(2)
        for seed in range(runs):
            rng = np.random.default_rng(seed)
            people = rng.choice([-1.0, 1.0], 3000)
            judged = np.where(rng.random(3000) < like, people, rng.choice([-1.0, 1.0], 3000))
            places, m = rng.integers(0, 3000, 1000), float(people.mean()) - 0.2
            start = foreseeing_start(_CALMED * float(judged.mean()), TRUST)
            for i, (seen, shares) in enumerate(
                (
                    (
                        VotesBesideJudge.of_battles(judged, people[places], places).observations()[
                            0
                        ],
                        start,
                    ),
                    (Observations.of_votes(people[places]), even_start()),
                )
            ):
                hit = proofs(seen, m, shares)[0] >= _THRESHOLD
                taken[i] += int(hit.argmax()) + 1 if hit.any() else 1000
        yield f"| {like:g} | {taken[0] / taken[1]:.0%} |"


def section(folder: Path, scale: float) -> str:
    """The whole section; `scale` shortens the runs."""
    pairs = real_pairs(folder)

    def runs(full: int) -> int:
        return max(1, round(full * scale))

    parts = (
        ("board", board_lines(pairs, runs(4))),
        ("pair", pair_lines(pairs, runs(4))),
        ("misses", miss_lines(pairs, runs(6))),
        ("sides", side_lines(pairs, runs(6))),
        ("made up", made_up_lines(runs(60))),
    )
    return "\n\n".join(f"### {name}\n\n" + "\n".join(lines) for name, lines in parts)


if __name__ == "__main__":
    print(section(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 1.0))
