"""How strength turns into outcomes: four ways to treat a tie, as log-likelihoods of one vote.

Every link takes the difference in strength `d` of shape (P,) and gives what the outcomes first,
second and tie add to the log-likelihood, with its slopes. All are concave in (d, tie parameter).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.stats.inputs import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What one vote of each outcome (first, second, tie) adds, each of shape (P, 3).

    Log-likelihood, first derivative by the difference in strength and negative second; the same by
    the tie parameter, and the negative mixed derivative, None where there is no such parameter.
    """

    value: FloatArray
    slope: FloatArray
    curve: FloatArray
    tie_slope: FloatArray | None = None
    tie_curve: FloatArray | None = None
    cross_curve: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One treatment of ties.

    Attributes:
        terms: (d, tie parameter) -> `Terms`.
        probabilities: (d, tie parameter) -> chances of first, second, tie, shape (P, 3); None
            where the link says nothing about ties.
        start: Share of ties -> a first guess of the tie parameter; None where there is none.
        score_slope: Tie parameter -> slope of the expected score at equal strength, relative to
            that of ties as half wins: it turns strengths into ratings on the usual scale.
        least_tie: The tie parameter lies above this.
    """

    terms: Callable[[FloatArray, float], Terms]
    probabilities: Callable[[FloatArray, float], FloatArray] | None
    start: Callable[[float], float] | None
    score_slope: Callable[[float], float]
    least_tie: float = -np.inf


def link(ties: Ties) -> Link:
    """The link of that name.

    Args:
        ties: "half": a tie is half a win for each side, as LMSYS publishes. "drop": only decisive
            votes count. "davidson" and "rao-kupper": a tie is an outcome with a chance of its own.

    Raises:
        ValueError: If there is no such link.

    References:
        Bradley, R. A., Terry, M. E. (1952). Rank analysis of incomplete block designs: I. The
        method of paired comparisons. Biometrika 39, 324-345. doi:10.1093/biomet/39.3-4.324
        Chiang, W.-L. et al. (2024). Chatbot Arena: an open platform for evaluating LLMs by human
        preference (ties as half wins). doi:10.48550/arXiv.2403.04132
        Davidson, R. R. (1970). On extending the Bradley-Terry model to accommodate ties in paired
        comparison experiments. JASA 65, 317-328. doi:10.1080/01621459.1970.10481082
        Rao, P. V., Kupper, L. L. (1967). Ties in paired-comparison experiments: a generalization of
        the Bradley-Terry model. JASA 62, 194-204. doi:10.1080/01621459.1967.10482901
    """
    if ties not in _LINKS:
        raise ValueError(f"ties are treated as one of {', '.join(TIES)}, not {ties!r}")
    return _LINKS[ties]


def log_logistic(x: FloatArray) -> FloatArray:
    """log(1 / (1 + exp(-x))), without overflow."""
    return np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))


def logistic(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x))
    made: FloatArray = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return made


def _half(d: FloatArray, _: float) -> Terms:
    up, down = log_logistic(d), log_logistic(-d)
    p, q = logistic(d), logistic(-d)
    value = np.stack([up, down, (up + down) / 2], axis=1)
    slope = np.stack([q, -p, (q - p) / 2], axis=1)
    return Terms(value, slope, np.repeat((p * q)[:, None], 3, axis=1))


def _davidson(d: FloatArray, log_nu: float) -> Terms:
    p = _davidson_chances(d, log_nu)
    half, tie = np.array([0.5, -0.5, 0.0]), np.array([0.0, 0.0, 1.0])
    mean = (p[:, 0] - p[:, 1]) / 2
    variance = (p[:, 0] + p[:, 1]) / 4 - mean**2
    return Terms(
        np.log(np.maximum(p, 1e-300)),
        half - mean[:, None],
        np.repeat(variance[:, None], 3, axis=1),
        tie - p[:, 2:],
        np.repeat((p[:, 2] * (1 - p[:, 2]))[:, None], 3, axis=1),
        np.repeat((-mean * p[:, 2])[:, None], 3, axis=1),
    )


def _davidson_chances(d: FloatArray, log_nu: float) -> FloatArray:
    logs = np.stack([d / 2, -d / 2, np.full_like(d, log_nu)], axis=1)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    made: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return made


def _rao_kupper(d: FloatArray, tau: float) -> Terms:
    up, down = log_logistic(d - tau), log_logistic(-d - tau)
    p, q = logistic(d - tau), logistic(-d - tau)
    s, t = p * (1 - p), q * (1 - q)
    odds = -np.expm1(-2 * tau)
    tie_value = 2 * tau + np.log(odds)
    return Terms(
        np.stack([up, down, up + down + tie_value], axis=1),
        np.stack([1 - p, q - 1, q - p], axis=1),
        np.stack([s, t, s + t], axis=1),
        np.stack([p - 1, q - 1, p + q - 2 + 2 / odds], axis=1),
        np.stack([s, t, s + t + 4 * np.exp(-2 * tau) / odds**2], axis=1),
        np.stack([-s, t, t - s], axis=1),
    )


def _rao_kupper_chances(d: FloatArray, tau: float) -> FloatArray:
    p, q = logistic(d - tau), logistic(-d - tau)
    return np.stack([p, q, 1 - p - q], axis=1)


_LINKS: dict[Ties, Link] = {
    "half": Link(_half, None, None, lambda _: 1.0),
    "drop": Link(
        _half,
        lambda d, _: np.stack([logistic(d), logistic(-d), np.zeros_like(d)], axis=1),
        None,
        lambda _: 1.0,
    ),
    "davidson": Link(
        _davidson,
        _davidson_chances,
        lambda share: float(np.log(2 * share / (1 - share))),
        lambda log_nu: float(2 / (2 + np.exp(log_nu))),
    ),
    "rao-kupper": Link(
        _rao_kupper,
        _rao_kupper_chances,
        lambda share: float(2 * np.arctanh(share)),
        lambda tau: float(1 / np.cosh(tau / 2) ** 2),
        0.0,
    ),
}
