"""Abilities and items from item-by-item scores: the two-parameter logistic model.

Respondent i succeeds at item j with chance 1 / (1 + exp(-a_j (theta_i - b_j))). Abilities and items
are unsure together: each carries the doubt about the other.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    check_count,
    check_level,
    one_thread,
)
from headtohead.stats.intervals import normal_probability, normal_quantile
from headtohead.trials.items.marginal import (
    Curves,
    Marginal,
    Posterior,
    chances,
    curvature,
    determinant,
    field,
    fit_marginal,
    turned,
)
from headtohead.trials.items.runs import Answers

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
    # Deviations from the field's own mean, in its own spread where it has one: that follows each.
    root, swell = lower - lower.mean(axis=0), np.zeros(theta.size)
    if theta.size >= _FIELD:
        swell = theta / theta.size
        root -= np.outer(theta, swell @ root)
    deviation = np.sqrt(np.maximum(np.sum(root**2, axis=1), 1e-300))
    follow[1] -= 1 / theta.size + np.outer(fit.curves.difficulty, swell)
    follow[0] += swell
    variance = own[1::-1] / determinant(own) + np.sum((follow @ lower) ** 2, axis=2)
    if fit.curves.log_slope.size <= _FEW:
        variance = _few_items(answers, fit, swell, variance)
    item = np.sqrt(variance)
    root = root / deviation[:, None]
    marks = np.linspace(-_EDGE, _EDGE, _MARKS)
    chance = np.array([normal_probability(mark) for mark in marks.tolist()])
    below = np.cumsum(fit.spread.weight, axis=1) - fit.spread.weight / 2
    places = np.stack([np.interp(chance, row, fit.spread.grid) for row in below])
    ability = theta[:, None] + (places - theta[:, None]) * (deviation / np.sqrt(alone))[:, None]
    return JointErrors(root, marks, ability, item[0], item[1])


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


@dataclass(frozen=True, slots=True, eq=False)
class ItemFit:
    """Abilities of N respondents and the curves of J items.

    Abilities are in standard deviations of the field: those fitted have mean 0 and spread 1.

    Attributes:
        theta: Abilities, shape (N,): posterior means.
        theta_se: Posterior standard deviations, shape (N,).
        slope: How sharply each item tells abilities apart, shape (J,), above 0.
        slope_se: Standard errors, shape (J,).
        difficulty: The ability at which half is solved, shape (J,).
        infit: Squared misfit against the expected, weighted by information, shape (J,); 1 is a
            perfect fit, more means that the curve explains less.
        outfit: The same without weights, so that single surprises far from the item count.
        extreme_respondents: Shape (N,): all right or all wrong; only the field bounds them.
        extreme_items: Shape (J,): all right or all wrong; only the other items bound them.
        icc: Correlation of attempts of one respondent at one item, 0 to 1; attempts beyond the
            first tell 1 - icc of something new.
    """

    respondents: tuple[Hashable, ...]
    items: tuple[Hashable, ...]
    theta: FloatArray
    theta_low: FloatArray
    theta_high: FloatArray
    theta_se: FloatArray
    level: float
    slope: FloatArray
    slope_se: FloatArray
    difficulty: FloatArray
    difficulty_se: FloatArray
    infit: FloatArray
    outfit: FloatArray
    extreme_respondents: BoolArray
    extreme_items: BoolArray
    icc: float
    log_likelihood: float
    doubt: JointErrors

    @property
    def curves(self) -> Curves:
        """The items as curves."""
        return Curves(np.log(self.slope), self.difficulty)

    def draws(self, rng: np.random.Generator, count: int = 1000) -> FloatArray:
        """At least one draw of abilities from their joint distribution, shape (count, N)."""
        count = check_count(count, "count", 1)
        score = rng.standard_normal((count, self.theta.size)) @ self.doubt.root.T
        drawn = [
            np.interp(score[:, i], self.doubt.marks, row)
            for i, row in enumerate(self.doubt.ability)
        ]
        return np.stack(drawn, axis=1)


@one_thread()
def fit_curves(answers: Answers, *, pooled: bool = True, icc: float | None = None) -> Marginal:
    """The fit of `fit_items` without its uncertainty, which takes as long again.

    Raises:
        ValueError: If icc is impossible, or an extreme item is not pooled.
        ArithmeticError: If the fit does not converge.
    """
    if icc is not None and not 0 <= icc <= 1:
        raise ValueError(f"icc is {icc}; a correlation of attempts lies between 0 and 1")
    extreme = answers.extreme_items
    if extreme.any() and not pooled:
        named = answers.items[int(np.argmax(extreme))]
        raise ValueError(f"item {named!r} is all right or all wrong; only pooling gives it a place")
    fit = fit_marginal(answers, pooled=pooled, icc=icc)
    # Turned so that the field has mean 0 and spread 1 exactly.
    middle, size = field(fit.spread)
    spread = Posterior(
        (fit.spread.grid - middle) / size,
        fit.spread.weight,
        (fit.spread.mean - middle) / size,
        fit.spread.variance / size**2,
    )
    return replace(fit, spread=spread, curves=turned(fit.curves, middle, size))


@one_thread()
def fit_items(
    answers: Answers,
    *,
    pooled: bool = True,
    icc: float | None = None,
    level: float = 0.9,
) -> ItemFit:
    """Abilities and items that the answers support, with their uncertainty.

    Abilities are integrated out over a standard normal field. Items are pooled: log slopes and
    difficulties come from normal distributions estimated with them, so that an item which few
    answers decide stays near the others.

    Args:
        answers: The table; see `tabulate`.
        pooled: False gives plain marginal maximum likelihood, which no extreme item has.
        icc: Correlation of attempts of one respondent at one item, 0 to 1; None estimates it.
        level: Coverage of the intervals, inside (0, 1).

    Raises:
        ValueError: If icc or level is impossible, or an extreme item is not pooled.
        ArithmeticError: If the fit does not converge.

    References:
        Birnbaum, A. (1968). Some latent trait models. In Lord, Novick, Statistical Theories of
        Mental Test Scores, 397-479. Addison-Wesley.
        Bock, R. D., Aitkin, M. (1981). Marginal maximum likelihood estimation of item
        parameters: application of an EM algorithm. Psychometrika 46, 443-459.
        doi:10.1007/BF02293801
        Mislevy, R. J. (1986). Bayes modal estimation in item response models. Psychometrika 51,
        177-195. doi:10.1007/BF02293979
        Liu, C., Rubin, D. B., Wu, Y. N. (1998). Parameter expansion to accelerate EM: the PX-EM
        algorithm. Biometrika 85, 755-770. doi:10.1093/biomet/85.4.755
        Louis, T. A. (1982). Finding the observed information matrix when using the EM algorithm.
        JRSS B 44, 226-233. doi:10.1111/j.2517-6161.1982.tb01203.x
    """
    check_level(level)
    fit = fit_curves(answers, pooled=pooled, icc=icc)
    doubt = joint_errors(answers, fit)
    z = normal_quantile(0.5 + level / 2)
    ends = [
        np.array([np.interp(side * z, doubt.marks, row) for row in doubt.ability])
        for side in (-1, 1)
    ]
    slope = fit.curves.slope
    density = np.exp(-0.5 * doubt.marks**2)
    density /= density.sum()
    centre = doubt.ability @ density
    infit, outfit = _misfit(answers, fit)
    return ItemFit(
        respondents=answers.respondents,
        items=answers.items,
        theta=fit.spread.mean,
        theta_low=np.minimum(ends[0], fit.spread.mean),
        theta_high=np.maximum(ends[1], fit.spread.mean),
        theta_se=np.sqrt((doubt.ability - centre[:, None]) ** 2 @ density),
        level=level,
        slope=slope,
        slope_se=slope * doubt.slope,
        difficulty=fit.curves.difficulty,
        difficulty_se=doubt.difficulty,
        infit=infit,
        outfit=outfit,
        extreme_respondents=answers.extreme_respondents,
        extreme_items=answers.extreme_items,
        icc=fit.icc,
        log_likelihood=fit.log_likelihood,
        doubt=doubt,
    )


def _misfit(answers: Answers, fit: Marginal) -> tuple[FloatArray, FloatArray]:
    """Infit and outfit of every item, the abilities spread over their posterior.

    References:
        Wright, B. D., Masters, G. N. (1982). Rating Scale Analysis, chapter 5. MESA Press.
    """
    at = chances(fit.curves, fit.spread.grid)
    weight = fit.spread.weight
    met = answers.met
    effective = np.where(met, fit.effective, 1.0)
    mean = weight @ at.right.T
    square = weight @ (at.right**2).T
    off = answers.score**2 - 2 * answers.score * mean + square
    alone = at.right * at.wrong
    due = (weight @ alone.T) / effective
    tall = effective * (
        answers.score**2 * (weight @ (1 / alone).T)
        - 2 * answers.score * (weight @ (at.right / alone).T)
        + weight @ (at.right**2 / alone).T
    )
    infit = np.sum(off * met, axis=0) / np.sum(due * met, axis=0)
    return infit, np.sum(tall * met, axis=0) / met.sum(axis=0)
