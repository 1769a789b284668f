"""Joint draws of all abilities: whole benchmarks are weighed anew, and spreads are steadied.

Which benchmarks exist is chance too, and models answer to one benchmark together. So a draw gives
each benchmark a random weight (a Bayesian bootstrap of clusters) and refits everything: what models
share through a benchmark stays shared in the draw.

With few benchmarks to a model such draws spread too little and too unevenly: four weights cannot
tell a variance. Two steps mend it, and leave the correlations between models as they are:

* each model's squared spread is multiplied by k/(k - 1), k being its benchmarks, and mixed with the
  variance that the pooled likelihood gives, which counts as eight more benchmarks;
* it is widened from the normal's to Student's quantile with as many degrees of freedom as both
  together have.

In simulation 90% intervals of abilities then hold the truth 89% of the time, and 75% without.

References:
    Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
    doi:10.1214/aos/1176345338
    Cameron, A. C., Gelbach, J. B., Miller, D. L. (2008). Bootstrap-based improvements for inference
    with clustered errors. Review of Economics and Statistics 90, 414-427.
    doi:10.1162/rest.90.3.414
"""

from itertools import pairwise

import numpy as np

from headtohead.capability.irt.newton import Family, Params, logits, sigmoid
from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import normal_quantile, student_quantile

_POOLED = 8.0  # benchmarks that the pooled variance counts for
_AT = 0.95


def benchmark_weights(scores: Scores, draws: int, rng: np.random.Generator) -> FloatArray:
    """Random weights, the same for all scores of a benchmark, shape (draws, N); their mean is 1."""
    return np.asarray(rng.exponential(size=(draws, len(scores.benchmarks)))[:, scores.benchmark])


def within_model_weights(scores: Scores, draws: int, rng: np.random.Generator) -> FloatArray:
    """How often each score is drawn when each model's are drawn anew, shape (draws, N).

    This is the bootstrap that Epoch publishes its intervals from: benchmarks count as given.
    """
    weights = np.zeros((draws, scores.model.size))
    ends = np.append(
        np.searchsorted(scores.model, np.arange(len(scores.models))), scores.model.size
    )
    for first, last in pairwise(ends.tolist()):
        n = last - first
        weights[:, first:last] = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    return weights


def steadied(
    draws: FloatArray, ability: FloatArray, variance: FloatArray, per_model: FloatArray
) -> FloatArray:
    """The draws around the point fit, each model's spread mended, shape (R, M).

    The draws are aligned, shape (R, M); all else has shape (M,), `variance` from the likelihood.
    """
    middle = draws.mean(axis=0)
    drawn = np.maximum(((draws - middle) ** 2).mean(axis=0), 1e-12)
    k = np.asarray(per_model, dtype=np.float64)
    freedom = np.maximum(k - 1, 0.0)
    # One benchmark alone says nothing about spread; the likelihood speaks for it.
    own = drawn * k / np.maximum(freedom, 1.0)
    mixed = (_POOLED * variance + freedom * own) / (_POOLED + freedom)
    wider = np.array([student_quantile(_AT, _POOLED + f) for f in freedom]) / normal_quantile(_AT)
    return np.asarray(ability + (draws - middle) * np.sqrt(mixed / drawn) * wider)


def ability_variance(
    scores: Scores, family: Family, params: Params, weights: FloatArray
) -> FloatArray:
    """The variance of each ability within its pack, in squared logits, shape (M,).

    It is the inverse of the expected curvature, difficulties and slopes being unknown too, carried
    over to the scale on which the mean and the spread of all models are given.

    `params` is the fit, one row; `weights` are of each score, shape (N,).
    """
    m, b = len(scores.models), len(scores.benchmarks)
    eta = logits(scores, params)
    _, bend = family.slopes(sigmoid(eta), weights[None])
    slope = params.slope[0, scores.benchmark]
    parts = (slope, -slope, eta[0])
    places = (scores.model, m + scores.benchmark, m + b + scores.benchmark)
    curvature = np.zeros((m + 2 * b, m + 2 * b))
    for one, here in zip(parts, places, strict=True):
        for other, there in zip(parts, places, strict=True):
            np.add.at(curvature, (here, there), one * other * bend[0])
    _, second = family.pulls(params)
    every = np.arange(m + 2 * b)
    curvature[every, every] += np.concatenate(
        [second.ability[0], second.difficulty[0], second.log_slope[0]]
    )
    covariance = np.linalg.inv(curvature)[:m, :m]
    ability = params.ability[0]
    spread = ability.std()
    away = (ability - ability.mean()) / spread if spread > 0 else np.zeros(m)
    within = np.eye(m) - 1 / m - np.outer(away, away) / m
    return np.asarray(np.maximum(np.einsum("ij,jk,ik->i", within, covariance, within), 0.0))
