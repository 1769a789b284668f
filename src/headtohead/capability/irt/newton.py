"""Many fits of the same two-parameter model at once, each with weights of its own.

A score belongs to one model and one benchmark, so the abilities do not meet in the equations: they
are eliminated one by one, and what is left has two unknowns for each benchmark. All fits of a
bootstrap walk together, which makes 500 of them a few matrix products.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_AT_ONCE = 300_000  # numbers in the largest array of one batch, so that it stays near the processor
_MOST_STEPS = 300  # small tables that fit badly need most of them
_LARGEST_STEP = 1.5
_CONVERGED = 1e-7  # in every parameter
_NO_DAMPING = 1e-9
_FARTHEST = 500.0  # logits; beyond it the exponential overflows


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

    @property
    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """All three."""
        return self.ability, self.difficulty, self.log_slope

    def each(self, change: Callable[[FloatArray], FloatArray]) -> "Params":
        """All three, changed alike."""
        return Params(*map(change, self.arrays))

    def row(self, n: int) -> "Params":
        """The n-th fit alone."""
        return self.each(lambda x: x[n : n + 1])


class Family(Protocol):
    """What is minimised: a loss for each score, and a penalty on each parameter.

    `free` says which log-slopes may move, shape (B,).
    """

    free: BoolArray

    def loss(self, known: FloatArray, weights: FloatArray) -> FloatArray:
        """The loss of each fit, shape (R,), from the shares solved by knowledge, shape (R, N)."""

    def slopes(self, known: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Minus the first derivative by the logits, and the expected second, shape (R, N)."""

    def penalty(self, params: Params) -> FloatArray:
        """The penalty of each fit, shape (R,)."""

    def pulls(self, params: Params) -> tuple[Params, Params]:
        """First and second derivative of the penalty."""

    def bounded(self, params: Params) -> Params:
        """The parameters, moved into their bounds."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where each score stands in the sums.

    Benchmarks are few, so sums over theirs are one product with zeros and ones, `of_benchmark`.
    `place` is where its difficulty stands in a row of models by difficulties and slopes.
    """

    model: IntArray
    benchmark: IntArray
    model_starts: IntArray
    of_benchmark: FloatArray
    place: IntArray

    @classmethod
    def of(cls, scores: Scores) -> "Layout":
        """The places of some scores."""
        every = np.arange(len(scores.benchmarks))
        return cls(
            scores.model,
            scores.benchmark,
            np.searchsorted(scores.model, np.arange(len(scores.models))),
            (scores.benchmark[:, None] == every).astype(np.float64),
            scores.model * 2 * every.size + scores.benchmark,
        )

    def over_models(self, values: FloatArray) -> FloatArray:
        """Sums by model, shape (R, M)."""
        return np.asarray(np.add.reduceat(values, self.model_starts, axis=1))

    def over_benchmarks(self, values: FloatArray) -> FloatArray:
        """Sums by benchmark, shape (R, B)."""
        return np.asarray(values @ self.of_benchmark)


def sigmoid(eta: FloatArray) -> FloatArray:
    """1 / (1 + exp(-eta)), any shape."""
    values = np.asarray(np.maximum(eta, -_FARTHEST))
    np.minimum(values, _FARTHEST, out=values)
    np.exp(np.negative(values, out=values), out=values)
    values += 1.0
    return np.asarray(np.reciprocal(values, out=values))


def logits(scores: Scores, params: Params) -> FloatArray:
    """Slope times (ability - difficulty) of every score, shape (R, N)."""
    # `take` lays its result out by rows, as all else here is; indexing with a list does not.
    away = params.ability.take(scores.model, axis=1)
    away -= params.difficulty.take(scores.benchmark, axis=1)
    away *= params.slope.take(scores.benchmark, axis=1)
    return away


def solve(
    scores: Scores,
    family: Family,
    start: Params,
    weights: FloatArray,
    *,
    converged: float = _CONVERGED,
) -> Params:
    """The parameters that minimise loss plus penalty, for each row of weights.

    Levenberg-Marquardt with expected second derivatives; a fit that got worse steps back and is
    damped more.

    Args:
        scores: The scores.
        family: Loss and penalty.
        start: Where all fits begin: one row, or as many as `weights`.
        weights: Shape (R, N), not negative.
        converged: A fit stops when a step changes no parameter by more than this.

    Returns:
        R fits. A fit that does not converge in 300 steps is given as it stands.
    """
    size = max(1, _AT_ONCE // max(1, len(scores.models) * 2 * len(scores.benchmarks)))
    layout = Layout.of(scores)
    rows = weights.shape[0]
    begin = (
        start
        if start.ability.shape[0] == rows
        else start.each(lambda x: np.repeat(x[:1], rows, axis=0))
    )

    def batch(first: int) -> Params:
        some = slice(first, first + size)
        # The walk writes into its parameters; the start is the caller's.
        here = begin.each(lambda x: x[some].copy())
        return _walk(scores, layout, family, here, weights[some], converged)

    firsts = range(0, rows, size)
    if len(firsts) == 1:
        return batch(0)
    # Batches know nothing of each other, and numpy lets go of Python while it computes.
    with ThreadPoolExecutor(min(len(firsts), os.cpu_count() or 1)) as pool:
        parts = list(pool.map(batch, firsts))
    return Params(*map(np.concatenate, zip(*(p.arrays for p in parts), strict=True)))


def _walk(
    scores: Scores,
    layout: Layout,
    family: Family,
    params: Params,
    weights: FloatArray,
    converged: float,
) -> Params:
    """One batch, until every fit in it has converged."""
    active, own, here = np.arange(weights.shape[0]), weights, params
    damping = np.full(active.size, 1e-4)
    eta = logits(scores, here)
    known = sigmoid(eta)
    best = family.loss(known, own) + family.penalty(here)
    room = np.zeros((active.size, len(scores.models), 2 * len(scores.benchmarks)))
    places = layout.place + room[0].size * active[:, None]
    for _ in range(_MOST_STEPS):
        step = _step(layout, family, here, (eta, known), own, damping, (room, places))
        tried = family.bounded(Params(*map(np.add, here.arrays, step.arrays)))
        ahead = logits(scores, tried)
        solved = sigmoid(ahead)
        losses = family.loss(solved, own) + family.penalty(tried)
        changes = [
            np.abs(x - y).max(axis=1) for x, y in zip(here.arrays, tried.arrays, strict=True)
        ]
        # Rounding may hide the last gains.
        worse = ~(losses <= best + 1e-12 * np.abs(best))
        damping = np.where(worse, damping * 10, np.maximum(damping / 8, _NO_DAMPING))
        if worse.any():
            losses[worse], ahead[worse], solved[worse] = best[worse], eta[worse], known[worse]
            for new, values in zip(tried.arrays, here.arrays, strict=True):
                new[worse] = values[worse]
        here, best, eta, known = tried, losses, ahead, solved
        going = (worse | (np.max(changes, axis=0) >= converged)) & (damping < 1e8)
        if going.all():
            continue
        for values, new in zip(params.arrays, here.arrays, strict=True):
            values[active[~going]] = new[~going]
        active, own, damping, best = active[going], own[going], damping[going], best[going]
        here, eta, known = here.each(lambda x: x[going]), eta[going], known[going]  # noqa: B023
        if active.size == 0:
            break
    for values, new in zip(params.arrays, here.arrays, strict=True):
        values[active] = new
    return params


def _step(
    layout: Layout,
    family: Family,
    params: Params,
    curves: tuple[FloatArray, FloatArray],
    weights: FloatArray,
    damping: FloatArray,
    space: tuple[FloatArray, IntArray],
) -> Params:
    """The damped step from the logits and their shares; abilities are eliminated first.

    `space` is zeros, shape (R or more, M, 2 B), and where in it, laid flat, each score has its
    difficulty, shape (R or more, N): the same numbers are overwritten in every step.
    """
    room, places = space
    b = params.difficulty.shape[1]
    eta, known = curves
    push, bend = family.slopes(known, weights)
    steep = params.slope
    slope = steep.take(layout.benchmark, axis=1)
    first, second = family.pulls(params)
    more = 1 + damping[:, None]
    free = family.free

    # Arrays with a number for each score are large, so they are overwritten where that is possible.
    eta_bend = eta * bend
    h_dd = (layout.over_benchmarks(bend) * steep**2 + second.difficulty) * more
    h_ss = (layout.over_benchmarks(eta * eta_bend) + second.log_slope) * more
    mixed = np.where(free, -steep * layout.over_benchmarks(eta_bend), 0.0)
    g_d = -steep * layout.over_benchmarks(push) - first.difficulty
    g_s = np.where(free, layout.over_benchmarks(eta * push) - first.log_slope, 0.0)
    push *= slope
    g_c = layout.over_models(push) - first.ability
    eta_bend *= slope
    slope *= slope
    bend *= slope
    h_c = (layout.over_models(bend) + second.ability) * more

    # What each ability shares with difficulties and slopes, over the root of its own curvature.
    root = 1 / np.sqrt(h_c)
    own = root.take(layout.model, axis=1)
    cross = room[: eta.shape[0]]
    flat, place = cross.reshape(-1), places[: eta.shape[0]]
    eta_bend *= own
    if not free.all():
        eta_bend *= free[layout.benchmark]
    np.negative(own, out=own)
    bend *= own
    flat[place] = bend
    flat[b:][place] = eta_bend
    across = cross.transpose(0, 2, 1)
    matrix = np.matmul(across, cross)
    np.negative(matrix, out=matrix)
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
