"""Likelihood of scores as shares of items, with more spread than items alone explain.

A score is the share of n items solved. Were items all that is random, its variance would be
P(1 - P)/n. Real scores lie farther from any smooth curve: a model can be good at one benchmark and
poor at another of the same difficulty, and a run differs from the next. So the variance is taken as
P(1 - P)(1/n + rho(1 - 1/n)), that of a beta-binomial, and a score counts as 1/(1/n + rho(1 - 1/n))
independent items: about 1/rho for a large benchmark, fewer for a small one. Where nobody knows n,
only rho speaks.

One rho serves all benchmarks. With one for each, those that agree among themselves (half of Epoch's
own runs are mathematics) would seem purest, get most weight, and the index would become theirs.

References:
    Williams, D. A. (1982). Extra-binomial variation in logistic linear models. Applied Statistics
    31, 144-148. doi:10.2307/2347977
    Wedderburn, R. W. M. (1974). Quasi-likelihood functions, generalized linear models, and the
    Gauss-Newton method. Biometrika 61, 439-447. doi:10.1093/biomet/61.3.439
"""

import numpy as np

from headtohead.capability.irt.newton import Layout, Params, logits, sigmoid, solve
from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import BoolArray, FloatArray

_TINY = 1e-12
_ROUNDS = 5
_LEAST_RHO, _MOST_RHO = 1e-4, 0.5
_USUAL_RHO = 0.03  # what public benchmarks have
_USUAL_COUNTS = 10.0  # degrees of freedom that it is worth
_LEAST_VARIANCE = 1e-3  # of P(1 - P): a score of 0 where P is 1e-9 must not rule alone


class Binomial:
    """Loss and penalty of the default fit.

    Args:
        slope_sd: Standard deviation of the prior on log-slopes, around a slope of 1. With 0.75,
            95% of slopes lie within a factor of 4.4.
        spread_sd: Standard deviation of the weak prior on abilities and difficulties, in logits.
            It keeps a model that solved everything at a finite ability.
    """

    def __init__(self, scores: Scores, slope_sd: float = 0.75, spread_sd: float = 5.0) -> None:
        if slope_sd <= 0 or spread_sd <= 0:
            raise ValueError("the standard deviation of a prior must be above 0")
        self._raw = scores.raw
        self._chance = scores.chance[scores.benchmark]
        self._rest = 1 - self._chance
        self._slope_pull = 1 / slope_sd**2
        self._spread_pull = 1 / spread_sd**2
        self.free = np.ones(len(scores.benchmarks), dtype=np.bool_)

    def share(self, known: FloatArray) -> FloatArray:
        """The expected share of items solved, guesses included, of the share that is known."""
        shares = self._rest * known
        shares += self._chance
        return np.asarray(shares)

    def loss(self, known: FloatArray, weights: FloatArray) -> FloatArray:
        """Minus the log-likelihood of each fit."""
        share = _inside(self.share(known))
        missed = np.log(1 - share)
        each = np.log(share, out=share)
        # raw log(share) + (1 - raw) log(1 - share)
        each -= missed
        each *= self._raw
        each += missed
        each *= weights
        return np.asarray(-each.sum(axis=1))

    def slopes(self, known: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Minus the first derivative by the logits, and the expected second."""
        above = _inside(known.copy())
        share = self.share(above)
        push = above / share
        push *= weights
        bend = self._rest * push
        bend *= above
        bend *= np.subtract(1, above, out=above)
        push *= np.subtract(self._raw, share, out=share)
        return push, bend

    def penalty(self, params: Params) -> FloatArray:
        """Minus the log of the priors."""
        places = (params.ability**2).sum(axis=1) + (params.difficulty**2).sum(axis=1)
        slopes = (params.log_slope**2).sum(axis=1)
        return np.asarray(0.5 * (self._spread_pull * places + self._slope_pull * slopes))

    def pulls(self, params: Params) -> tuple[Params, Params]:
        """First and second derivative of the penalty."""
        first = Params(
            self._spread_pull * params.ability,
            self._spread_pull * params.difficulty,
            self._slope_pull * params.log_slope,
        )
        second = Params(
            np.full_like(params.ability, self._spread_pull),
            np.full_like(params.difficulty, self._spread_pull),
            np.full_like(params.log_slope, self._slope_pull),
        )
        return first, second

    def bounded(self, params: Params) -> Params:
        """The parameters: there are no bounds."""
        return params


def _inside(shares: FloatArray) -> FloatArray:
    """Shares, moved in place to where their logarithms are finite."""
    np.maximum(shares, _TINY, out=shares)
    return np.asarray(np.minimum(shares, 1 - _TINY, out=shares))


def start(scores: Scores, kept: BoolArray | None = None) -> Params:
    """Where fits may begin: log-odds, averaged by model and by benchmark in turn.

    `kept` says for each of R fits which scores it is made of, shape (R, N); one fit of all if None.
    What a fit does not hold begins at 0, where the priors leave it.
    """
    layout = Layout.of(scores)
    used = np.ones((1, scores.model.size)) if kept is None else kept.astype(np.float64)
    of_model, of_benchmark = layout.over_models(used), layout.over_benchmarks(used)
    share = (np.clip(scores.score, 0, 1) + 0.02) / 1.04
    odds = np.log(share) - np.log1p(-share)
    difficulty = np.zeros(of_benchmark.shape)
    for _ in range(10):
        own = layout.over_models(used * (odds + difficulty.take(scores.benchmark, axis=1)))
        ability = own / np.maximum(of_model, 1)
        hard = layout.over_benchmarks(used * (ability.take(scores.model, axis=1) - odds))
        difficulty = hard / np.maximum(of_benchmark, 1)
    there = of_model > 0
    middle = ability.sum(axis=1, keepdims=True) / there.sum(axis=1, keepdims=True)
    return Params(
        np.where(there, ability - middle, 0.0),
        np.where(of_benchmark > 0, difficulty - middle, 0.0),
        np.zeros(difficulty.shape),
    )


def item_weights(scores: Scores, rho: float | FloatArray) -> FloatArray:
    """How many independent items each score counts as, shape (N,).

    The spread beyond the items, `rho`, is inside (0, 1); of R fits it has shape (R, 1).
    """
    per_item = np.where(np.isnan(scores.items), 0.0, 1 / scores.items)
    return np.asarray(1 / (per_item + rho * (1 - per_item)))


def fits_with_spread(
    scores: Scores, family: Binomial, kept: BoolArray | None = None
) -> tuple[Params, FloatArray, FloatArray]:
    """R fits, the weights of the scores in each, shape (R, N), and their spreads rho, shape (R,).

    `kept` says which scores each fit is made of, shape (R, N); one fit of all if None. Weights and
    fit are found in turn: rho is such that the squared residuals are as large as the degrees of
    freedom left say.
    """
    if kept is None:
        kept = np.ones((1, scores.model.size), dtype=np.bool_)
    params, rho = start(scores, kept), np.full(kept.shape[0], _USUAL_RHO)
    for _ in range(_ROUNDS):
        params = solve(scores, family, params, kept * item_weights(scores, rho[:, None]))
        rho = _spreads(scores, family, params, kept)
    weights = kept * item_weights(scores, rho[:, None])
    return solve(scores, family, params, weights), weights, rho


def _spreads(scores: Scores, family: Binomial, params: Params, kept: BoolArray) -> FloatArray:
    """For each fit the rho at which the squared residuals add up to the degrees of freedom.

    With few of them left it is drawn to the usual value: a small table always fits well.
    """
    share = family.share(sigmoid(logits(scores, params)))
    squared = (scores.raw - share) ** 2 / np.maximum(share * (1 - share), _LEAST_VARIANCE)
    squared *= kept
    layout = Layout.of(scores)
    models, benchmarks = (
        np.count_nonzero(of(kept.astype(np.float64)), axis=1)
        for of in (layout.over_models, layout.over_benchmarks)
    )
    # Where the scale begins, and how long a step on it is, are no parameters.
    left = np.maximum(kept.sum(axis=1) - models - 2 * benchmarks + 2.0, 0.0)
    per_item = np.where(np.isnan(scores.items), 0.0, 1 / scores.items)
    low, high = np.full(left.size, _LEAST_RHO), np.full(left.size, _MOST_RHO)
    for _ in range(40):
        middle = np.sqrt(low * high)
        above = (squared / (per_item + middle[:, None] * (1 - per_item))).sum(axis=1) > left
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    spreads = np.sqrt(low * high)
    drawn = (left * spreads + _USUAL_COUNTS * _USUAL_RHO) / (left + _USUAL_COUNTS)
    return np.asarray(np.where(left == 0, _USUAL_RHO, drawn))
