"""Items fitted with the abilities integrated out, by EM on a grid.

The curve of an item is the chance of success at an ability. Every respondent's ability is spread
over a grid by its answers; every item is then fitted to the successes expected at each point of the
grid. Item parameters are pooled: their own answers against the distribution of all items, whose
mean and spread are estimated too.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from headtohead.stats.inputs import FloatArray
from headtohead.trials.items.runs import Answers

_FURTHEST = 34.0  # logits; beyond, the chance of failure is lost to rounding


class Curves(NamedTuple):
    """Items, each array of shape (J,)."""

    log_slope: FloatArray
    difficulty: FloatArray

    @property
    def slope(self) -> FloatArray:
        """Shape (J,)."""
        return np.exp(self.log_slope)


class Chances(NamedTuple):
    """Items at abilities, each array of shape (J, Q).

    Attributes:
        logit: a (theta - b).
        steep: Derivative of `right` in the logit, which is also what one attempt tells of it.
    """

    logit: FloatArray
    right: FloatArray
    wrong: FloatArray
    steep: FloatArray


def chances(curves: Curves, theta: FloatArray) -> Chances:
    """Every one of J items at every ability (Q,): arrays of shape (J, Q)."""
    logit = curves.slope[:, None] * (theta[None, :] - curves.difficulty[:, None])
    np.clip(logit, -_FURTHEST, _FURTHEST, out=logit)
    odds = np.exp(-logit)
    right = 1 / (1 + odds)
    wrong = odds * right
    return Chances(logit, right, wrong, right * wrong)


_WIDEST = 6.0  # standard deviations of the field that the first grid spans to each side
_POINTS = (41, 2001)
_FINE = 6.0
_NUDGE = 1e-3
_STEP = 0.5  # logs of slope, or abilities, that one step may move an item
_MOST = 5000
_CLOSE = 1e-5
_SLOPE_SPREAD, _SLOPE_WORTH = 0.5, 4.0
_DIFFICULTY_SPREAD, _DIFFICULTY_WORTH = 1.5, 2.0
_SLOPE_FAR, _DIFFICULTY_FAR = 1.0, 4.0  # how far from 0 the middle of the pool may well lie


class Pool(NamedTuple):
    """The normal distributions of log slopes and of difficulties."""

    log_slope: float
    slope_spread: float
    difficulty: float
    difficulty_spread: float


class _Step(NamedTuple):
    """Items after a step.

    Attributes:
        mode: Where their posterior is highest.
        variance: Of log slope and difficulty given the abilities, shape (2, J).
        free: How many parameters the answers decide; the pool decides the others.
    """

    mode: Curves
    mean: Curves
    variance: FloatArray
    free: float


class Posterior(NamedTuple):
    """Posterior of every ability: the grid (Q,), weights (N, Q), mean and variance (N,)."""

    grid: FloatArray
    weight: FloatArray
    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Marginal:
    """The fit: items, abilities, the pool, the intraclass correlation."""

    curves: Curves
    spread: Posterior
    pool: Pool | None
    icc: float
    effective: FloatArray
    log_likelihood: float


def effective_attempts(attempts: FloatArray, icc: float) -> FloatArray:
    """How many independent attempts tell as much: n / (1 + (n - 1) icc), 0 for none.

    References:
        Kish, L. (1965). Survey Sampling, section 5.4. Wiley.
    """
    return np.asarray(attempts / (1 + np.maximum(attempts - 1, 0) * icc))


def fit_marginal(answers: Answers, *, pooled: bool, icc: float | None) -> Marginal:
    """Items at the maximum of the marginal posterior, abilities spread around them.

    The arguments are those of `fit_items`.

    Raises:
        ArithmeticError: If it does not converge.
    """
    count = answers.attempts.sum(axis=0)
    rate = ((answers.attempts * answers.score).sum(axis=0) + 0.5) / (count + 1)
    rate = np.clip(rate, 0.02, 0.98)
    difficulty = -np.log(rate / (1 - rate))
    curves = Curves(np.zeros(difficulty.size), difficulty)
    pool = Pool(0.0, _SLOPE_SPREAD, float(difficulty.mean()), _DIFFICULTY_SPREAD)
    mode = curves
    grid = np.linspace(-_WIDEST, _WIDEST, 121)
    correlation = 0.2 if icc is None else icc
    before: FloatArray | None = None
    for _ in range(_MOST):
        effective = effective_attempts(answers.attempts, correlation)
        spread, likelihood = spread_abilities(answers, effective, curves, grid)
        place = np.append(spread.mean / np.sqrt(spread.variance), np.append(*curves[:2]))
        if before is not None and np.max(np.abs(place - before)) < _CLOSE:
            break
        before = place
        step = _items(answers, effective, mode, spread, pool if pooled else None)
        mode, curves = step.mode, step.mean
        if icc is None:
            correlation = _correlation(answers, curves, spread, step.free)
        pool = _pool(curves, step.variance, pool)
        middle, size = field(spread)
        curves, mode = turned(curves, middle, size), turned(mode, middle, size)
        pool = Pool(
            pool.log_slope + float(np.log(size)),
            pool.slope_spread,
            (pool.difficulty - middle) / size,
            pool.difficulty_spread / size,
        )
        grid = _grid(spread)
    else:
        raise ArithmeticError(f"the item fit did not converge in {_MOST} rounds")
    # Quantiles are read off the grid, which needs finer steps than sums over it.
    spread, likelihood = spread_abilities(answers, effective, curves, _grid(spread, _FINE))
    return Marginal(curves, spread, pool if pooled else None, correlation, effective, likelihood)


def spread_abilities(
    answers: Answers, effective: FloatArray, curves: Curves, grid: FloatArray
) -> tuple[Posterior, float]:
    """Posterior of each ability under a standard normal field, and the marginal log-likelihood."""
    at = chances(curves, grid)
    won = effective * answers.score
    height = won @ np.log(at.right) + (effective - won) @ np.log(at.wrong)
    step = grid[1] - grid[0]
    height += -0.5 * grid**2 + np.log(step / np.sqrt(2 * np.pi))
    top = height.max(axis=1, keepdims=True)
    weight = np.exp(height - top)
    total = weight.sum(axis=1, keepdims=True)
    weight /= total
    mean = weight @ grid
    variance = np.maximum(weight @ grid**2 - mean**2, 1e-12)
    return Posterior(grid, weight, mean, variance), float(np.sum(top + np.log(total)))


def _items(
    answers: Answers, effective: FloatArray, curves: Curves, spread: Posterior, pool: Pool | None
) -> _Step:
    """One step of Newton's method for every item; of Fisher's where the surface curves upwards."""
    at = chances(curves, spread.grid)
    won = (effective * answers.score).T @ spread.weight
    tried = effective.T @ spread.weight
    slope = curves.slope
    pull = won - tried * at.right
    gradient = np.stack([(pull * at.logit).sum(axis=1), -slope * pull.sum(axis=1)])
    expected = curvature(tried * at.steep, at.logit, slope)
    # The logit itself bends: twice in the log slope, once in slope and difficulty together.
    bend = np.stack([gradient[0], np.zeros(slope.size), gradient[1]])
    actual = expected - bend
    tight = np.full(2, 1e-9)
    if pool is not None:
        tight = np.array([pool.slope_spread, pool.difficulty_spread]) ** -2.0
        away = np.stack([curves.log_slope - pool.log_slope, curves.difficulty - pool.difficulty])
        gradient -= tight[:, None] * away
    for bent in (expected, actual):
        bent[:2] += tight[:, None]
    down = (actual[0] > 0) & (determinant(actual) > 0.05 * determinant(expected))
    move = np.clip(_solved(np.where(down, actual, expected), gradient), -_STEP, _STEP)
    moved = Curves(curves.log_slope + move[0], curves.difficulty + move[1])
    tied = expected[1::-1] / determinant(expected)
    free = float(2 * slope.size - np.sum(tied * tight[:, None]))
    if pool is None:
        return _Step(moved, moved, tied, free)
    # How far the posterior mean lies from the mode is, to first order, minus half the inverse
    # curvature times the gradient of the curvature's log determinant.
    rise = []
    for nudge in (np.array([_NUDGE, 0.0]), np.array([0.0, _NUDGE])):
        near = Curves(curves.log_slope + nudge[0], curves.difficulty + nudge[1])
        at = chances(near, spread.grid)
        there = curvature(tried * at.steep, at.logit, near.slope)
        there[:2] += tight[:, None]
        rise.append(np.log(determinant(there) / determinant(expected)) / _NUDGE)
    lean = np.clip(-0.5 * _solved(expected, np.stack(rise)), -_STEP, _STEP)
    mean = Curves(moved.log_slope + lean[0], moved.difficulty + lean[1])
    return _Step(moved, mean, tied, free)


def curvature(weight: FloatArray, logit: FloatArray, slope: FloatArray) -> FloatArray:
    """Of log slope, of difficulty, and of both together, shape (3, J)."""
    return np.stack(
        [
            (weight * logit**2).sum(axis=1),
            slope**2 * weight.sum(axis=1),
            -slope * (weight * logit).sum(axis=1),
        ]
    )


def determinant(matrix: FloatArray) -> FloatArray:
    """Of 2 by 2 matrices given as both diagonals and what is beside them, (3, J) to (J,)."""
    return np.asarray(matrix[0] * matrix[1] - matrix[2] ** 2)


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    first = matrix[1] * right[0] - matrix[2] * right[1]
    second = matrix[0] * right[1] - matrix[2] * right[0]
    return np.stack([first, second]) / determinant(matrix)


def _pool(curves: Curves, tied: FloatArray, pool: Pool) -> Pool:
    n = curves.log_slope.size
    centre = float(curves.log_slope.sum() / (n + (pool.slope_spread / _SLOPE_FAR) ** 2))
    middle = float(curves.difficulty.sum() / (n + (pool.difficulty_spread / _DIFFICULTY_FAR) ** 2))
    slope = np.sum((curves.log_slope - centre) ** 2 + tied[0]) + _SLOPE_WORTH * _SLOPE_SPREAD**2
    difficulty = (
        np.sum((curves.difficulty - middle) ** 2 + tied[1])
        + _DIFFICULTY_WORTH * _DIFFICULTY_SPREAD**2
    )
    return Pool(
        centre,
        float(np.sqrt(slope / (n + _SLOPE_WORTH))),
        middle,
        float(np.sqrt(difficulty / (n + _DIFFICULTY_WORTH))),
    )


def turned(curves: Curves, middle: float, size: float) -> Curves:
    """The same items on the scale on which `middle` is 0 and `size` is 1."""
    return Curves(curves.log_slope + np.log(size), (curves.difficulty - middle) / size)


def field(spread: Posterior) -> tuple[float, float]:
    """Mean and standard deviation of the abilities of those who answered."""
    middle = float(spread.mean.mean())
    return middle, float(np.sqrt(np.mean((spread.mean - middle) ** 2 + spread.variance)))


def _grid(spread: Posterior, fine: float = 1.0) -> FloatArray:
    """Wide enough for every ability, fine enough for the sharpest.

    The rule of equal steps errs by exp(-2 (pi sd / step)^2): with a step of one sd, nothing.
    """
    sd = np.sqrt(spread.variance)
    low = max(-_WIDEST, float(np.min(spread.mean - 7 * sd)))
    high = min(_WIDEST, float(np.max(spread.mean + 7 * sd)))
    points = int(np.clip(np.ceil(fine * (high - low) / sd.min()), *_POINTS))
    return np.linspace(low, high, points)


def _correlation(answers: Answers, curves: Curves, spread: Posterior, free: float) -> float:
    """Correlation of attempts, from how far repeated cells lie from their curve."""
    many = answers.attempts > 1
    if not many.any():
        return 0.0
    at = chances(curves, spread.grid)
    mean = spread.weight @ at.right.T
    square = spread.weight @ (at.right**2).T
    off = (answers.score**2 - 2 * answers.score * mean + square)[many]
    alone = (mean - square)[many]
    share = 1 / answers.attempts[many]
    seen = off.sum() / max(1 - free / np.count_nonzero(answers.attempts), 0.1)
    room = np.sum(alone * (1 - share))
    return float(np.clip((seen - np.sum(alone * share)) / max(room, 1e-12), 0, 1))
