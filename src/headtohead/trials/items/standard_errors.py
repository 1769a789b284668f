"""How sure abilities and items are, together: each carries the doubt about the other."""

from typing import NamedTuple

import numpy as np

from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import normal_probability
from headtohead.trials.items.answers import Answers
from headtohead.trials.items.curves import chances
from headtohead.trials.items.marginal import Marginal, curvature, determinant

_EDGE = 4.0  # standard deviations that a table of quantiles reaches
_MARKS = 161
_FEW = 60  # items up to which the abilities are integrated out for the items' errors
_STRIDE = 5  # of the fine grid; sums need no finer
_FIELD = 12  # respondents below which the spread of the field is a guess


class JointErrors(NamedTuple):
    """Uncertainty of a fit, measured from the mean of the field.

    Attributes:
        root: Shape (N, N): times N standard normal numbers, it gives abilities' standard scores.
        marks: Shape (K,): standard scores.
        ability: Shape (N, K): the ability that each standard score stands for.
        slope: Shape (J,): standard error of the log slope.
        difficulty: Shape (J,): standard error of the difficulty.
    """

    root: FloatArray
    marks: FloatArray
    ability: FloatArray
    slope: FloatArray
    difficulty: FloatArray


def joint_errors(answers: Answers, fit: Marginal) -> JointErrors:
    """Uncertainty of abilities and items from the curvature of both together.

    The block of the abilities is diagonal and that of the items is 2 by 2, so the covariance of
    the abilities is the inverse of one N by N matrix. A respondent's own posterior keeps its lean
    and is stretched to the spread that the doubt about the items adds.
    """
    theta = fit.spread.mean
    alone, own, cross = _curvatures(answers, fit)
    # How far log slope and difficulty follow when an ability moves, each (J, N).
    follow = np.stack(
        [
            own[2][:, None] * cross[1] - own[1][:, None] * cross[0],
            own[2][:, None] * cross[0] - own[0][:, None] * cross[1],
        ]
    ) / determinant(own).reshape(1, -1, 1)
    precision = np.diag(1 / alone) + cross[0].T @ follow[0] + cross[1].T @ follow[1]
    lower = np.linalg.cholesky(np.linalg.inv((precision + precision.T) / 2))
    root, swell = _relative(theta, lower)
    deviation = np.sqrt(np.maximum(np.sum(root**2, axis=1), 1e-300))
    follow[1] -= 1 / theta.size + np.outer(fit.curves.difficulty, swell)
    follow[0] += swell
    variance = own[1::-1] / determinant(own) + np.sum((follow @ lower) ** 2, axis=2)
    if fit.curves.log_slope.size <= _FEW:
        variance = _few_items(answers, fit, swell, variance)
    item = np.sqrt(variance)
    root = root / deviation[:, None]
    marks = np.linspace(-_EDGE, _EDGE, _MARKS)
    return JointErrors(
        root,
        marks,
        _abilities(fit, marks, deviation / np.sqrt(alone)),
        item[0],
        item[1],
    )


def _curvatures(answers: Answers, fit: Marginal) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variance of abilities given the items (N,), curvature of items (3, J), of both (2, J, N)."""
    slope = fit.curves.slope
    at = chances(fit.curves, fit.spread.mean)
    weight = fit.effective.T * at.steep
    alone = 1 / ((weight * slope[:, None] ** 2).sum(axis=0) + 1)
    own = curvature(weight, at.logit, slope)
    # The logit is as wide as the ability is, which the log slope feels.
    own[0] += slope**2 * (weight @ alone)
    if fit.pool is not None:
        own[0] += fit.pool.slope_spread**-2.0
        own[1] += fit.pool.difficulty_spread**-2.0
    # The curvature as observed: who did better than expected pulls the slope the more, the abler.
    surprise = fit.effective.T * (answers.score.T - at.right)
    cross = np.stack([weight * at.logit - surprise, -slope[:, None] * weight])
    return alone, own, slope[:, None] * cross


def _relative(theta: FloatArray, lower: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Deviations measured from the field's own mean, and in its own spread where it has one.

    Returns:
        The root of their covariance, (N, N); how the log spread of the field follows each, (N,).
    """
    root = lower - lower.mean(axis=0)
    if theta.size < _FIELD:
        return root, np.zeros(theta.size)
    swell = theta / theta.size
    return np.asarray(root - np.outer(theta, swell @ root)), swell


def _few_items(
    answers: Answers, fit: Marginal, swell: FloatArray, otherwise: FloatArray
) -> FloatArray:
    """Variances of log slopes and difficulties (2, J), abilities integrated out exactly.

    Few items leave abilities so wide that the curvature at their means misleads: Louis (1982),
    complete information less the variance of its score. Where that is not positive, `otherwise`.
    """
    grid, weight = fit.spread.grid[::_STRIDE], fit.spread.weight[:, ::_STRIDE]
    weight = weight / weight.sum(axis=1, keepdims=True)
    at = chances(fit.curves, grid)
    slope = fit.curves.slope
    n, j = answers.score.shape
    own = curvature((fit.effective.T @ weight) * at.steep, at.logit, slope)
    if fit.pool is not None:
        own[0] += fit.pool.slope_spread**-2.0
        own[1] += fit.pool.difficulty_spread**-2.0
    known = np.diag(np.append(own[0], own[1]))
    known[np.arange(j), j + np.arange(j)] = known[j + np.arange(j), np.arange(j)] = own[2]
    # How the field's mean and log spread follow the items.
    middle, size = np.zeros(2 * j), np.zeros(2 * j)
    for i in range(n):
        pull = (fit.effective[i] * (answers.score[i] - at.right.T)).T
        score = np.concatenate([pull * at.logit, -slope[:, None] * pull])
        off = score - (score @ weight[i])[:, None]
        known -= (off * weight[i]) @ off.T
        lead = (off * weight[i]) @ grid
        middle += lead / n
        size += swell[i] * lead
    values, vectors = np.linalg.eigh(known)
    if values[0] <= 0:
        return otherwise
    difficulty = fit.curves.difficulty
    turn = np.eye(2 * j)
    turn[:j] += size
    turn[j:] -= middle + np.outer(difficulty, size)
    variance = np.sum((turn @ (vectors / np.sqrt(values))) ** 2, axis=1)
    variance[:j] += np.sum(swell**2 * fit.spread.variance)
    moved = 1 / n + np.outer(difficulty, swell)
    variance[j:] += moved**2 @ fit.spread.variance
    return np.asarray(variance.reshape(2, j))


def _abilities(fit: Marginal, marks: FloatArray, stretch: FloatArray) -> FloatArray:
    """Quantiles of every ability at these standard scores, shape (N, K)."""
    spread = fit.spread
    chance = np.array([normal_probability(mark) for mark in marks.tolist()])
    below = np.cumsum(spread.weight, axis=1) - spread.weight / 2
    found = np.stack([np.interp(chance, row, spread.grid) for row in below])
    return np.asarray(spread.mean[:, None] + (found - spread.mean[:, None]) * stretch[:, None])
