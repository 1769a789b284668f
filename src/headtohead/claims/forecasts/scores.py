"""How good probabilities were: Brier score, log score, and skill against simple forecasts."""

import math

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.bootstrap import paired_difference, ratio_of_sums
from headtohead.stats.inputs import FloatArray, same_length, vector
from headtohead.stats.intervals import around

_FEWEST = 5  # propositions of which a ratio is resampled


def brier(probability: ArrayLike, outcome: ArrayLike) -> FloatArray:
    """The squared error of each probability, 0 to 1, shape (n,); 0 is best, a half gives 0.25.

    Args:
        probability: Of yes, 0 to 1, shape (n,).
        outcome: 1 for yes, 0 for no, shape (n,).

    References:
        Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly
        Weather Review 78, 1-3. doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    p, o = _checked(probability, outcome)
    result: FloatArray = (p - o) ** 2
    return result


def log_score(probability: ArrayLike, outcome: ArrayLike) -> FloatArray:
    """Less the natural logarithm of what each forecast gave to what came, in nats, shape (n,).

    0 is best, a half gives 0.69, and what was called impossible and came gives infinity: it is
    never clipped.

    Args:
        probability: As of `brier`.
        outcome: As of `brier`.

    References:
        Good, I. J. (1952). Rational decisions. Journal of the Royal Statistical Society B 14,
        107-114. doi:10.1111/j.2517-6161.1952.tb00104.x
    """
    p, o = _checked(probability, outcome)
    with np.errstate(divide="ignore"):
        result: FloatArray = np.abs(np.log(np.where(o == 1, p, 1 - p)))
    return result


def mean_score(scores: ArrayLike, rng: np.random.Generator, *, most: float = math.inf) -> Interval:
    """The mean score of propositions, with its 95% bootstrap interval over them.

    Args:
        scores: One of each proposition, shape (n,), 0 or more; may be infinite.
        most: The worst score there is; no interval goes beyond.

    Returns:
        Without an upper end where there is one proposition, all score alike, or one is infinite.
    """
    own = np.asarray(scores, dtype=float)
    if np.isinf(own).any():
        return Interval(np.inf, float(own[np.isfinite(own)].sum()) / own.size, np.inf)
    found = paired_difference(np.zeros_like(own), own, rng)
    return around(found.value, max(0.0, found.low), min(most, found.high))


def skill(scores: ArrayLike, reference: ArrayLike, rng: np.random.Generator) -> Interval | None:
    """One less the ratio of mean scores, with its 95% bootstrap interval over propositions.

    1 is perfect, 0 as good as the reference, below 0 worse.

    Args:
        scores: One of each proposition, shape (n,).
        reference: Of the simple forecast of the same propositions, shape (n,).

    Returns:
        None where the reference scored 0 on all, or one of either is infinite; without a lower end
        where there are fewer than 5 propositions.

    References:
        Murphy, A. H. (1988). Skill scores based on the mean square error. Monthly Weather Review
        116, 2417-2424. doi:10.1175/1520-0493(1988)116<2417:SSBOTM>2.0.CO;2
    """
    own, simple = np.asarray(scores, dtype=float), np.asarray(reference, dtype=float)
    if not np.isfinite([own, simple]).all() or simple.sum() == 0:
        return None
    if own.size < _FEWEST:
        return Interval(1 - own.sum() / simple.sum(), -np.inf, 1.0)
    ratio = ratio_of_sums(own, simple, rng)
    return Interval(1 - ratio.value, 1 - ratio.high, 1 - ratio.low)


def of_each(scores: FloatArray, proposition: ArrayLike) -> FloatArray:
    """The mean score of each proposition, of which there may be several forecasts.

    Args:
        scores: Shape (n,).
        proposition: Which one each is of, 0 to k - 1, shape (n,).
    """
    places = np.asarray(proposition, dtype=int)
    result: FloatArray = np.bincount(places, scores) / np.bincount(places)
    return result


def _checked(probability: ArrayLike, outcome: ArrayLike) -> tuple[FloatArray, FloatArray]:
    p, o = vector(probability, "probability"), vector(outcome, "outcome")
    same_length(probability=p, outcome=o)
    if np.any((p < 0) | (p > 1)) or not np.isin(o, (0, 1)).all():
        raise ValueError("probabilities are 0 to 1, and outcomes 0 or 1")
    return p, o
