"""Many fits of the same two-parameter model at once, each with weights of its own.

A score belongs to one model and one benchmark, so the abilities do not meet in the equations: they
are eliminated one by one, and what is left has two unknowns for each benchmark. All fits of a
bootstrap walk together, which makes 500 of them a few matrix products.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_AT_ONCE = 300_000  # numbers in the largest array of one batch, so that it stays near the processor
_MOST_STEPS = 300  # small tables that fit badly need most of them
_LARGEST_STEP = 1.5
_SETTLED = 1e-7
_NO_DAMPING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Params:
    """Abilities, difficulties and log-slopes of R fits, before any scale is chosen.

    Attributes:
        ability: Shape (R, M).
        difficulty: Shape (R, B): the ability that solves half.
        log_slope: Shape (R, B).
    """

    ability: FloatArray
    difficulty: FloatArray
    log_slope: FloatArray

    @property
    def slope(self) -> FloatArray:
        """Steepness of each benchmark's curve, shape (R, B)."""
        return np.exp(self.log_slope)

    def row(self, n: int) -> "Params":
        """The n-th fit alone."""
        return Params(
            self.ability[n : n + 1], self.difficulty[n : n + 1], self.log_slope[n : n + 1]
        )

    def repeated(self, times: int) -> "Params":
        """One fit, several times over."""
        return Params(
            *(np.repeat(x, times, axis=0) for x in (self.ability, self.difficulty, self.log_slope))
        )


class Family(Protocol):
    """What is minimised: a loss for each score, and a penalty on each parameter."""

    def loss(self, eta: FloatArray, weights: FloatArray) -> FloatArray:
        """The loss of each fit, shape (R,), from the logits, shape (R, N)."""

    def slopes(self, eta: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Minus the first derivative by the logits, and the expected second, shape (R, N)."""

    def penalty(self, params: Params) -> FloatArray:
        """The penalty of each fit, shape (R,)."""

    def pulls(self, params: Params) -> tuple[Params, Params]:
        """First and second derivative of the penalty."""

    def bounded(self, params: Params) -> Params:
        """The parameters, moved into their bounds."""

    def free_slopes(self) -> BoolArray:
        """Which log-slopes may move, shape (B,)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where each score stands in the sums.

    Benchmarks are few, so sums over theirs are one product with zeros and ones, `of_benchmark`.
    """

    model: IntArray
    benchmark: IntArray
    model_starts: IntArray
    of_benchmark: FloatArray

    @classmethod
    def of(cls, scores: Scores) -> "_Layout":
        every = np.arange(len(scores.benchmarks))
        return cls(
            scores.model,
            scores.benchmark,
            np.searchsorted(scores.model, np.arange(len(scores.models))),
            (scores.benchmark[:, None] == every).astype(np.float64),
        )

    def over_models(self, values: FloatArray) -> FloatArray:
        """Sums by model, shape (R, M)."""
        return np.asarray(np.add.reduceat(values, self.model_starts, axis=1))

    def over_benchmarks(self, values: FloatArray) -> FloatArray:
        """Sums by benchmark, shape (R, B)."""
        return np.asarray(values @ self.of_benchmark)


def logits(scores: Scores, params: Params) -> FloatArray:
    """Slope times (ability - difficulty) of every score, shape (R, N)."""
    away = params.ability[:, scores.model] - params.difficulty[:, scores.benchmark]
    return params.slope[:, scores.benchmark] * away


def solve(
    scores: Scores,
    family: Family,
    start: Params,
    weights: FloatArray,
    *,
    settled: float = _SETTLED,
) -> Params:
    """The parameters that minimise loss plus penalty, for each row of weights.

    Levenberg-Marquardt with expected second derivatives; a fit that got worse steps back and is
    damped more.

    Args:
        scores: The scores.
        family: Loss and penalty.
        start: Where all fits begin: one row, or as many as `weights`.
        weights: Shape (R, N), not negative.
        settled: A fit stops when a step changes no parameter by more than this.

    Returns:
        R fits. A fit that does not settle in 300 steps is given as it stands.
    """
    size = max(1, _AT_ONCE // max(1, len(scores.models) * 2 * len(scores.benchmarks)))
    layout = _Layout.of(scores)
    rows = weights.shape[0]
    begin = start if start.ability.shape[0] == rows else start.row(0).repeated(rows)

    def batch(first: int) -> Params:
        some = slice(first, first + size)
        # The walk writes into its parameters; the start is the caller's.
        here = Params(
            begin.ability[some].copy(), begin.difficulty[some].copy(), begin.log_slope[some].copy()
        )
        return _walk(scores, layout, family, here, weights[some], settled)

    firsts = range(0, rows, size)
    if len(firsts) == 1:
        return batch(0)
    # Batches know nothing of each other, and numpy lets go of Python while it computes.
    with ThreadPoolExecutor(min(len(firsts), os.cpu_count() or 1)) as pool:
        parts = list(pool.map(batch, firsts))
    return Params(
        *(
            np.concatenate([getattr(p, name) for p in parts])
            for name in ("ability", "difficulty", "log_slope")
        )
    )


def _walk(
    scores: Scores,
    layout: _Layout,
    family: Family,
    params: Params,
    weights: FloatArray,
    settled: float,
) -> Params:
    """One batch, until every fit in it has settled."""
    active = np.arange(weights.shape[0])
    damping = np.full(active.size, 1e-4)
    eta = logits(scores, params)
    best = family.loss(eta, weights) + family.penalty(params)
    room = np.zeros((active.size, len(scores.models), 2 * len(scores.benchmarks)))
    for _ in range(_MOST_STEPS):
        here = _rows(params, active)
        step = _step(layout, family, here, eta, weights[active], damping[active], room)
        tried = family.bounded(
            Params(
                here.ability + step.ability,
                here.difficulty + step.difficulty,
                here.log_slope + step.log_slope,
            )
        )
        ahead = logits(scores, tried)
        found = family.loss(ahead, weights[active]) + family.penalty(tried)
        # Rounding may hide the last gains.
        better = found <= best[active] + 1e-12 * np.abs(best[active])
        largest = _largest(here, tried)
        kept = active[better]
        params.ability[kept] = tried.ability[better]
        params.difficulty[kept] = tried.difficulty[better]
        params.log_slope[kept] = tried.log_slope[better]
        best[kept] = found[better]
        damping[active] = np.where(
            better, np.maximum(damping[active] / 8, _NO_DAMPING), damping[active] * 10
        )
        going = ~(better & (largest < settled)) & (damping[active] < 1e8)
        active = active[going]
        if active.size == 0:
            break
        eta = np.where(better[going, None], ahead[going], eta[going])
    return params


def _step(
    layout: _Layout,
    family: Family,
    params: Params,
    eta: FloatArray,
    weights: FloatArray,
    damping: FloatArray,
    room: FloatArray,
) -> Params:
    """The damped step; abilities are eliminated first.

    `room` is zeros, shape (R or more, M, 2 B), overwritten at the same places in every step.
    """
    b = params.difficulty.shape[1]
    push, bend = family.slopes(eta, weights)
    slope = params.slope[:, layout.benchmark]
    first, second = family.pulls(params)
    more = 1 + damping[:, None]
    free = family.free_slopes()

    steep_push, steep_bend = slope * push, slope * bend
    place_bend, mixed_bend = slope * steep_bend, eta * steep_bend
    g_c = layout.over_models(steep_push) - first.ability
    h_c = (layout.over_models(place_bend) + second.ability) * more
    g_d = -layout.over_benchmarks(steep_push) - first.difficulty
    g_s = np.where(free, layout.over_benchmarks(eta * push) - first.log_slope, 0.0)
    h_dd = (layout.over_benchmarks(place_bend) + second.difficulty) * more
    h_ss = (layout.over_benchmarks(eta**2 * bend) + second.log_slope) * more
    mixed = np.where(free, -layout.over_benchmarks(mixed_bend), 0.0)

    # What each ability shares with difficulties and slopes, over the root of its own curvature.
    root = 1 / np.sqrt(h_c)
    own = root[:, layout.model]
    cross = room[: eta.shape[0]]
    flat = cross.reshape(eta.shape[0], -1)
    place = layout.model * 2 * b + layout.benchmark
    flat[:, place] = -place_bend * own
    flat[:, place + b] = mixed_bend * (own * free[layout.benchmark])
    across = cross.transpose(0, 2, 1)
    matrix = -np.matmul(across, cross)
    n = np.arange(b)
    matrix[:, n, n] += h_dd
    matrix[:, b + n, b + n] += np.where(free, h_ss, 1.0)
    matrix[:, n, b + n] += mixed
    matrix[:, b + n, n] += mixed
    aim = (g_c * root)[:, :, None]
    right = np.concatenate([g_d, g_s], axis=1)[:, :, None] - np.matmul(across, aim)
    moves = np.linalg.solve(matrix, right)
    ability = (aim - np.matmul(cross, moves))[:, :, 0] * root
    # Shortened where it would leave the range in which its slopes hold.
    longest = np.max(np.abs(moves[:, b:, 0]), axis=1)
    short = np.minimum(1.0, _LARGEST_STEP / np.maximum(longest, 1e-300))[:, None]
    return Params(ability * short, moves[:, :b, 0] * short, moves[:, b:, 0] * short)


def _rows(params: Params, rows: IntArray) -> Params:
    return Params(params.ability[rows], params.difficulty[rows], params.log_slope[rows])


def _largest(a: Params, b: Params) -> FloatArray:
    """The largest change of a parameter in each fit, shape (R,)."""
    return np.asarray(
        np.max(
            [
                np.max(np.abs(a.ability - b.ability), axis=1),
                np.max(np.abs(a.difficulty - b.difficulty), axis=1),
                np.max(np.abs(a.log_slope - b.log_slope), axis=1),
            ],
            axis=0,
        )
    )
