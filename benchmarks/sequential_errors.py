"""How often the sequential test errs when every observation is looked at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from benchmarks.sequential_cases import ALPHA, CELLS, Case, Floats, pairs
from benchmarks.sequential_whole import log_wealth

from headtohead.trials.sequential import SequentialPlan

Draw = Callable[[np.random.Generator, int, int, float], Floats]


@dataclass(frozen=True)
class MeanWorld:
    """A kind of data whose mean is set."""

    name: str
    bound: float
    margin: float
    draw: Draw


def _paired(discordance: float) -> Draw:
    def draw(rng: np.random.Generator, runs: int, n: int, mean: float) -> Floats:
        return pairs(rng, runs, n, Case(0, max(discordance, abs(mean)), mean, 0))

    return draw


def _graded(rng: np.random.Generator, runs: int, n: int, mean: float) -> Floats:
    spread: Floats = 0.8 * (rng.beta(0.5, 0.5, (runs, n)) - 0.5)
    return spread + mean


def _skewed(rng: np.random.Generator, runs: int, n: int, mean: float) -> Floats:
    lost = rng.random((runs, n)) < 0.02
    found: Floats = np.where(lost, -0.9, (mean + 0.018) / 0.98)
    return found


def _weighted(rng: np.random.Generator, runs: int, n: int, mean: float) -> Floats:
    """Classes sampled at half and at twice their share, with different differences."""
    rare = rng.random((runs, n)) < 1 / 3
    u = rng.random((runs, n))
    # Weights 2 and 0.5 average 1; the class means 1.5 m and 0 average m: 2 / 3 * 1.5.
    low, high = (0.2 - 1.5 * mean) / 2, (0.2 + 1.5 * mean) / 2
    sign = np.where(u < low, -1.0, np.where(u < low + high, 1.0, 0.0))
    other = np.where(u < 0.1, -1.0, np.where(u < 0.2, 1.0, 0.0))
    found: Floats = np.where(rare, 2 * sign, 0.5 * other)
    return found


WORLDS = (
    MeanWorld("discordance 1%, only A ever wins", 1, 0.01, _paired(0.01)),
    MeanWorld("discordance 1.5%", 1, 0.01, _paired(0.015)),
    MeanWorld("discordance 5%, only A ever wins", 1, 0.05, _paired(0.05)),
    MeanWorld("discordance 20%", 1, 0.05, _paired(0.2)),
    MeanWorld("discordance 100%", 1, 0.05, _paired(1.0)),
    MeanWorld("graded, U-shaped", 1, 0.05, _graded),
    MeanWorld("graded, rare large losses", 1, 0.05, _skewed),
    MeanWorld("weights 2 and 0.5", 2, 0.05, _weighted),
)


def errors(world: MeanWorld, runs: int, n: int) -> tuple[float, float, float]:
    """How often "yes" and "no" are said at the margin itself, and how often the interval misses.

    The interval misses the true 0 if 0 is ever refuted from either side.
    """
    plan, rng = SequentialPlan(world.margin, bound=world.bound), np.random.default_rng(4)
    wrong, parts = np.zeros(3), max(1, CELLS // n)
    for begin in range(0, runs, parts):
        count = min(parts, runs - begin)
        x = world.draw(rng, count, n, plan.null)
        wrong[0] += (log_wealth(x, plan.null, plan) >= plan.threshold).any(axis=1).sum()
        wrong[1] += (log_wealth(-x, -plan.null, plan) >= plan.threshold).any(axis=1).sum()
        x = world.draw(rng, count, n, 0.0)
        missed = (log_wealth(x, 0.0, plan) >= plan.threshold).any(axis=1)
        wrong[2] += (missed | (log_wealth(-x, 0.0, plan) >= plan.threshold).any(axis=1)).sum()
    yes, no, out = (wrong / runs).tolist()
    return yes, no, out


def error_table(runs: int, n: int) -> tuple[list[str], float]:
    """The lines of the table, and the worst rate as a share of what is promised."""
    lines = [
        "| data | margin | wrong yes | wrong no | interval ever misses 0 |",
        "|---|---|---|---|---|",
    ]
    worst = 0.0
    for world in WORLDS:
        yes, no, out = errors(world, runs, n)
        worst = max(worst, yes / ALPHA, no / ALPHA, out / (2 * ALPHA))
        lines.append(f"| {world.name} | {world.margin:g} | {yes:.2%} | {no:.2%} | {out:.2%} |")
    return lines, worst
