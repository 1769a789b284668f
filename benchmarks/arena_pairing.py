"""Measures how many votes adaptive pairing takes to separate as many pairs, and what it biases.

Run as `python -m benchmarks.arena_pairing`, with --page to put the section into a Markdown page.
Everything is drawn with a fixed seed: but for times, figures are the same on every machine.
"""

import argparse
import os
import re
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.arena_fields import (
    Floats,
    PairedField,
    arena_like,
    diffuse,
    names,
    replayed,
    simulated,
)
from numpy.typing import NDArray

from headtohead.arena.pairing import draw, pair_probabilities
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit

Rule = Callable[[Floats, Floats], Floats]
"""Points and ties, each of shape (n, n) -> shares of pairs, shape (P,)."""
_PER_PAIR = (2, 5, 15, 40)
_LEVEL_WIDTH = 1.959964
_POINTS = 400 / np.log(10)
_TARGETS = 0.75, 0.55
HEADING = "## Which pair comes next"


@dataclass(frozen=True, eq=False)
class Runs:
    """What `rank` said at growing numbers of votes, in R runs.

    Attributes:
        votes: Shape (T,).
        gap: Difference in strength of each pair, in logits, shape (R, T, P).
        error: Its standard error; inf where one of the two has no vote yet.
    """

    votes: Floats
    gap: Floats
    error: Floats

    @property
    def separated(self) -> NDArray[np.bool_]:
        """Whose interval excludes 0, shape (R, T, P)."""
        return np.abs(self.gap) > _LEVEL_WIDTH * self.error

    def at(self, votes: float) -> int:
        """The place of so many votes."""
        return int(np.argmin(np.abs(self.votes - votes)))


def run(field: PairedField, rules: list[Rule], total: int) -> Runs:
    """One run for each rule, looked at about every 7% more votes, drawn anew about every 3%."""
    results = [
        _one(field, rule, total, np.random.default_rng([7, i])) for i, rule in enumerate(rules)
    ]
    votes = np.array(results[0][0], dtype=np.float64)
    return Runs(votes, *(np.array([one[part] for one in results]) for part in (1, 2)))


def _one(
    field: PairedField, rule: Rule, total: int, rng: np.random.Generator
) -> tuple[list[int], list[Floats], list[Floats]]:
    first, second = field.pairs
    points, ties = np.zeros((field.n, field.n)), np.zeros((field.n, field.n))
    counted = np.zeros((first.size, 3))
    seen, gaps, errors = [], [], []
    n, look = 0, first.size // 2
    while n < total:
        step = max(5, int(0.04 * n))
        drawn = rng.multinomial(step, rule(points, ties))
        for pair in np.flatnonzero(drawn).tolist():
            counted[pair] += rng.multinomial(drawn[pair], field.chances[pair])
        points[first, second] = counted[:, 0] + counted[:, 2] / 2
        points[second, first] = counted[:, 1] + counted[:, 2] / 2
        ties[first, second] = ties[second, first] = counted[:, 2]
        n += step
        if n >= look:
            look = int(1.09 * n)
            gap, error = _ranked(field, counted)
            seen.append(n)
            gaps.append(gap)
            errors.append(error)
    return seen, gaps, errors


def _ranked(field: PairedField, counted: Floats) -> tuple[Floats, Floats]:
    """Differences and standard errors of all pairs, as `rank` gives them."""
    cells = np.column_stack([counted, np.zeros(len(counted))])
    fitted = fit(Counts.from_cells(names(field.n), *field.pairs, cells))
    own = covariance(fitted)
    places = fitted.counts.places(names(field.n))
    first, second = (places[side] for side in field.pairs)
    variance = np.diag(own)[first] + np.diag(own)[second] - 2 * own[first, second]
    component = fitted.connectivity.component
    there = (first >= 0) & (second >= 0) & (component[first] == component[second])
    error = np.where(there, np.sqrt(np.maximum(variance, 0.0)), np.inf)
    return np.asarray(fitted.strength[first] - fitted.strength[second]), error


def even(field: PairedField) -> Rule:
    """Every pair as likely."""
    pairs = field.pairs[0].size
    return lambda _points, _ties: np.full(pairs, 1 / pairs)


def fixed(shares: Floats) -> Rule:
    """Shares that votes do not change."""
    return lambda _points, _ties: shares


def aimed(field: PairedField) -> Rule:
    """The rule that the arena uses."""
    pairs = field.pairs

    def shares(points: Floats, ties: Floats) -> Floats:
        result = pair_probabilities(points, ties=ties)[pairs]
        return np.asarray(result / result.sum())

    return shares


# ---------------------------------------------------------------- figures


def ratio(ours: Runs, others: Runs, votes: float, rng: np.random.Generator) -> tuple[float, ...]:
    """Votes we take as a share of theirs, to separate on average as many pairs; with 95% interval.

    Runs are drawn anew 1,000 times. Where ours do not get so far, the share is inf.
    """
    mine, theirs = (runs.separated.sum(axis=2) for runs in (ours, others))
    at = others.at(votes)

    def share(own: Floats, other: Floats) -> float:
        curve = np.maximum.accumulate(own)
        if curve[-1] < other[at]:
            return np.inf
        return float(np.interp(other[at], curve, ours.votes) / others.votes[at])

    drawn = []
    for _ in range(1000):
        mixed = [c[rng.integers(len(c), size=len(c))].mean(axis=0) for c in (mine, theirs)]
        drawn.append(share(*mixed))
    low, high = np.quantile(drawn, [0.025, 0.975], method="nearest")
    return share(mine.mean(axis=0), theirs.mean(axis=0)), float(low), float(high)


def against_skewed(ours: Runs, even_runs: Runs, skewed: Runs, votes: float) -> str:
    """Votes we take as a share of those that skewed draws take for what even draws separate."""
    goal = even_runs.separated.sum(axis=2).mean(axis=0)[even_runs.at(votes)]
    mine, theirs = (
        np.maximum.accumulate(runs.separated.sum(axis=2).mean(axis=0)) for runs in (ours, skewed)
    )
    if mine[-1] < goal:
        return "not reached"
    own = float(np.interp(goal, mine, ours.votes))
    if theirs[-1] < goal:
        return f"under {_bold(own / skewed.votes[-1], _TARGETS[1])}"
    return _bold(own / float(np.interp(goal, theirs, skewed.votes)), _TARGETS[1])


def same_pairs(ours: Runs, even_runs: Runs, votes: float) -> tuple[int, float, float]:
    """Of pairs that even draws separate in 4 of 5 runs, how many they do, and ours with 75%.

    One half of the even runs says which pairs these are, the other half how often.
    """
    seen = even_runs.separated[:, even_runs.at(votes)]
    sure = seen[::2].mean(axis=0) >= 0.8
    if not sure.any():
        return 0, np.nan, np.nan
    mine = ours.separated[:, ours.at(_TARGETS[0] * votes)]
    return int(sure.sum()), float(seen[1::2, sure].mean()), float(mine[:, sure].mean())


@dataclass(frozen=True)
class Honesty:
    """How right `rank` is after some way of drawing.

    Attributes:
        covered: Share of 95% intervals of differences that hold the true one.
        noise: Standard error of `covered`, over runs.
        stretch: Differences as a multiple of the true ones, by least squares.
        bias: Root mean square of the mean error of each pair beyond chance, in points.
        error: Root mean square of errors, in points.
        wrong: Share of separated pairs that are the wrong way round.
    """

    covered: float
    noise: float
    stretch: float
    bias: float
    error: float
    wrong: float

    @classmethod
    def of(cls, runs: Runs, truth: Floats, votes: float) -> "Honesty":
        """At a number of votes."""
        at = runs.at(votes)
        gap, error = runs.gap[:, at], runs.error[:, at]
        off = gap - truth
        covered = (np.abs(off) <= _LEVEL_WIDTH * error).mean(axis=1)
        mean = off.mean(axis=0)
        beyond = mean**2 - off.var(axis=0, ddof=1) / len(off)
        separated = runs.separated[:, at]
        return cls(
            float(covered.mean()),
            float(covered.std(ddof=1) / np.sqrt(len(covered))),
            float((gap * truth).mean() / (truth**2).mean()),
            float(np.sqrt(max(0.0, beyond.mean())) * _POINTS),
            float(np.sqrt((off**2).mean()) * _POINTS),
            float((separated & (gap * truth < 0)).sum() / max(1, separated.sum())),
        )


@dataclass(frozen=True, eq=False)
class MeasuredField:
    """The three ways of drawing on one field."""

    field: PairedField
    even: Runs
    aimed: Runs
    skewed: Runs

    @classmethod
    def of(cls, field: PairedField, evidence: Path, runs: int) -> "MeasuredField":
        """So many runs of each; half as many, but longer, of skewed draws."""
        pairs = field.pairs[0].size
        total = int(_PER_PAIR[-1] * pairs * 1.05)
        skews = [
            fixed(arena_like(evidence, field.n, np.random.default_rng([8, i])))
            for i in range(runs // 2)
        ]
        return cls(
            field,
            run(field, [even(field)] * runs, total),
            run(field, [aimed(field)] * runs, total),
            run(field, skews, int(1.5 * total)),
        )


# ---------------------------------------------------------------- page


def _lines(measured: list[MeasuredField]) -> list[str]:
    rng = np.random.default_rng(9)
    heads = [f"{k} votes a pair" for k in _PER_PAIR]
    rows = [f"| field | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for one in measured:
        cells, pairs = [], one.field.pairs[0].size
        for k in _PER_PAIR:
            votes = k * pairs
            value, low, high = ratio(one.aimed, one.even, votes, rng)
            skewed = against_skewed(one.aimed, one.even, one.skewed, votes)
            there = one.even.separated[:, one.even.at(votes)].sum(axis=1).mean()
            cells.append(
                f"{there:.0f} of {pairs}: {_bold(value, _TARGETS[0])} "
                f"({_share(low)} to {_share(high)}); {skewed}"
            )
        rows.append(f"| {one.field.name} | {' | '.join(cells)} |")
    return rows


def _same(measured: list[MeasuredField]) -> list[str]:
    heads = [f"{k} votes a pair" for k in _PER_PAIR]
    rows = [f"| field | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for one in measured:
        cells = []
        for k in _PER_PAIR:
            n, evenly, mine = same_pairs(one.aimed, one.even, k * one.field.pairs[0].size)
            cells.append(f"{n} pairs: {evenly:.0%}, {mine:.0%}" if n else "no pair")
        rows.append(f"| {one.field.name} | {' | '.join(cells)} |")
    return rows


def _honest(measured: list[MeasuredField]) -> list[str]:
    rows = [
        "| field | votes a pair | drawn | intervals that hold the truth "
        "| differences as a multiple of the true ones | bias | error | separated the wrong way |",
        "|---" * 8 + "|",
    ]
    for one in measured:
        truth = one.field.true_gaps()
        for k in _PER_PAIR:
            for name, runs in (("evenly", one.even), ("aimed", one.aimed)):
                h = Honesty.of(runs, truth, k * truth.size)
                rows.append(
                    f"| {one.field.name} | {k} | {name} | {h.covered:.1%} ± {h.noise:.1%} "
                    f"| {h.stretch:.2f} | {h.bias:.0f} | {h.error:.0f} | {h.wrong:.1%} |"
                )
    return rows


def _bold(value: float, target: float) -> str:
    return f"**{value:.0%}**" if value <= target else _share(value)


def _share(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "not reached"


def _times() -> list[str]:
    """Processor time of one draw, all of it anew."""
    rows = ["| entrants | time of one draw |", "|---|---|"]
    rng = np.random.default_rng(10)
    for n in (5, 10, 30, 60):
        points = rng.integers(1, 20, (n, n)).astype(float)
        pair_probabilities(points)
        begin = time.process_time()
        for _ in range(30):
            draw(pair_probabilities(points), rng)
        rows.append(f"| {n} | {(time.process_time() - begin) / 30 * 1000:.1f} ms |")
    return rows


def section(evidence: Path, runs: int, workers: int) -> str:
    """The section of the page."""
    fields = [*simulated(), *replayed(evidence), diffuse()]
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(MeasuredField.of, field, evidence, runs) for field in fields]
        measured = [job.result() for job in jobs]
    lines = [
        HEADING,
        "",
        f"`python -m benchmarks.arena_pairing --page docs/benchmarks/arena.md` measures this again "
        f"({runs} runs of each cell).",
        "",
        *_READING,
        "",
        *_lines(measured),
        "",
        *_VERDICT,
        "",
        *_SAME,
        "",
        *_same(measured),
        "",
        "### What it does to the ratings",
        "",
        *_HONEST,
        "",
        *_honest(measured),
        "",
        "### What a draw costs",
        "",
        *_times(),
        "",
    ]
    return "\n".join(
        line if line.startswith("|") else textwrap.fill(line, 100, break_on_hyphens=False)
        for line in lines
    )


_READING = (
    "A cell first says how many pairs even draws separate on average with so many votes: pairs "
    "whose 95% interval, as `h2h rank` gives it, excludes 0. Then the votes with which aimed draws "
    "separate as many, as a share of those (with a 95% interval over runs), and as a share of "
    "those that draws skewed like a public arena's need. Bold: at most 75% and 55%.",
)
_VERDICT = (
    "**Target: at most 75% of the votes of even draws: met on average, missed where entrants are "
    "close.** The mean over all fields but the last is 72%, 80%, 76% and 69% with 2, 5, 15 and 40 "
    "votes a pair, 74% in all; 15 of 32 cells meet it. The misses are above all 20 entrants with a "
    "standard deviation of 0.4 logits (74% to 88%) and Chatbot Arena (64% to 87%). **At most 55% "
    "of skewed draws: met** on average (47%), and in 29 of 32 cells (at most 62%).",
    "",
    "The last field is diffuse. With up to 15 votes a pair hardly more is separated there than "
    "chance separates, so the shares say nothing; with 40 aimed draws take 89% (70% to 111%): "
    "as theory says, nothing helps much.",
)
_SAME = (
    "The very same pairs: those that even draws separate in at least 4 of 5 runs, how many of them "
    "even draws separate in other runs, and how many aimed draws do with 75% of the votes.",
)
_HONEST = (
    "Intervals are the 95% ones of `h2h rank` for all differences between two entrants, ± one "
    "standard error over runs. Bias is the root mean square, over pairs, of the mean error beyond "
    "chance, in rating points, as is the error of a single run.",
    "",
    "Not quite unbiased: over all fields but the last, 93.3%, 94.0%, 94.2% and 94.2% of intervals "
    "hold the truth with 2, 5, 15 and 40 votes a pair (95.3%, 95.1%, 94.7% and 95.2% under even "
    "draws), and differences are 7%, 5%, 3% and 2% too large (2%, 1%, 0% and 0%). Lowest are 8 "
    "entrants with 2 votes a pair, and the human votes with 40 (both 90.5%). Win rates of these do "
    "not follow the model of `rank`, so that ratings hang on which pairs meet; the truth here is "
    "what even draws would give. As fitted, where the model holds, it is 93.3%.",
)


def replace_section(page: str, new: str) -> str:
    """The page with the section of that heading replaced, or added at its end."""
    old = re.compile(rf"^{re.escape(HEADING)}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(page):
        return old.sub(lambda _: new + "\n", page).rstrip("\n") + "\n"
    return f"{page.rstrip()}\n\n{new}".lstrip("\n")


def main() -> int:
    """Exit code 0 when everything was measured; targets are reported, not enforced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2, help="processes at once")
    parser.add_argument("--page", type=Path, help="put the section into this Markdown page")
    asked = parser.parse_args()
    evidence = os.environ.get("H2H_SHARED_EVIDENCE")
    if not evidence:
        parser.error("set H2H_SHARED_EVIDENCE to the folder of raw public files")
    result = section(Path(evidence), asked.runs, asked.workers)
    if asked.page:
        before = asked.page.read_text("utf-8") if asked.page.exists() else "# The arena\n"
        asked.page.write_text(replace_section(before, result), encoding="utf-8")
    print(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
