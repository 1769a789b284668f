"""How unlikely a result is by chance: exact tails of sums of votes, and many tests at once."""

import math
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import FloatArray, IntArray, vector

_EXACT_VOTES = 400  # beyond it the saddlepoint is as good and much faster
_NARROW = 16  # the most that a vote scores where whole distributions are convolved at once
_STEPS = 200


def holm(p: ArrayLike, of: int = 0) -> FloatArray:
    """p-values (n,) that keep the chance of any false alarm in those given, shape (n,).

    Args:
        of: How many tests there were in all, if more than those given: the others count as 1.

    Raises:
        ValueError: If one is outside 0 to 1.

    References:
        Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
        Journal of Statistics 6, 65-70. https://www.jstor.org/stable/4615733
    """
    values, order = _sorted_p(p)
    raised = values[order] * (max(of, values.size) - np.arange(values.size))
    result = np.empty(values.size)
    result[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return result


def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """The rate of false alarms at which each test would be flagged, shape (n,).

    Flagging all that are at most q keeps the expected share of false alarms among the flagged at
    q, for independent tests and those that rise together.

    Raises:
        ValueError: If one is outside 0 to 1.

    References:
        Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57,
        289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    values, order = _sorted_p(p)
    raised = values[order] * values.size / np.arange(1, values.size + 1)
    result = np.empty(values.size)
    result[order] = np.minimum(1.0, np.minimum.accumulate(raised[::-1])[::-1])
    return result


def normal_tail(z: ArrayLike) -> FloatArray:
    """The chance that a standard normal variable exceeds each z."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-np.asarray(z, dtype=np.float64)))


def chi_square_tail(x: float, df: float) -> float:
    """The chance that a chi-square variable of df > 0 exceeds x >= 0.

    Raises:
        ValueError: If an argument is out of range.
    """
    from scipy.special import gammaincc

    if not (x >= 0 and df > 0):
        raise ValueError(f"chi-square needs x >= 0 and df > 0, not {x} and {df}")
    return float(gammaincc(df / 2, x / 2))


def coin_tail(heads: int, n: int) -> float:
    """The chance of at least so many heads, 0 to n, in n tosses of a fair coin.

    Raises:
        ValueError: If there are more heads than tosses.
    """
    from scipy.special import betainc

    if not 0 <= heads <= n:
        raise ValueError(f"{heads} heads in {n} tosses")
    return 1.0 if heads == 0 else float(betainc(heads, n - heads + 1, 0.5))


def sum_tail(chances: FloatArray, scores: IntArray, n: IntArray, reached: int) -> float:
    """The chance that scores of independent votes add up to at least `reached`.

    Exact by convolution up to 400 votes, by the saddlepoint beyond.

    Args:
        chances: Chance of each outcome of a vote, shape (R, 3), rows adding up to 1.
        scores: What each outcome scores, whole numbers >= 0, shape (R, 3).
        n: How many votes have that row, shape (R,).
        reached: The sum that was observed.

    References:
        Lugannani, R., Rice, S. (1980). Saddle point approximation for the distribution of the sum
        of independent random variables. Advances in Applied Probability 12, 475-490.
        doi:10.2307/1426607
        Daniels, H. E. (1987). Tail probability approximations. International Statistical Review 55,
        37-48 (with the correction for whole numbers). doi:10.2307/1403269
    """
    least = int(n @ scores.min(axis=1))
    most = int(n @ scores.max(axis=1))
    if reached <= least:
        return 1.0
    if reached > most:
        return 0.0
    if n.sum() <= _EXACT_VOTES:
        return _convolved(chances, scores - scores.min(axis=1, keepdims=True), n, reached - least)
    marks, votes = scores.astype(np.float64), n.astype(np.float64)
    if reached == most:
        top = (chances * (scores == scores.max(axis=1, keepdims=True))).sum(axis=1)
        return float(np.exp(votes @ np.log(np.maximum(top, 1e-300))))
    # Beside the mean the formula is 0/0.
    near = abs(reached - 0.5 - float(votes @ (chances * marks).sum(axis=1))) < 1e-3
    return _saddlepoint_tail(chances, marks, votes, reached - 0.49 if near else reached - 0.5)


def _convolved(chances: FloatArray, scores: IntArray, n: IntArray, reached: int) -> float:
    if scores.max() <= _NARROW:
        rows = zip(scores, chances, n.tolist(), strict=True)
        alike = [
            _repeated(np.bincount(score, chance).astype(np.float64), times)
            for score, chance, times in rows
        ]
        return min(1.0, float(reduce(np.convolve, alike)[reached:].sum()))
    # All sums that have reached the mark are kept in the last place.
    mass = np.zeros(reached + 1)
    mass[0] = 1.0
    for chance, score, times in zip(chances, scores.tolist(), n.tolist(), strict=True):
        for _ in range(times):
            fresh = np.zeros_like(mass)
            for p, step in zip(chance, score, strict=True):
                if step > reached:
                    fresh[-1] += p * mass.sum()
                    continue
                fresh[step:] += p * mass[: mass.size - step]
                if step > 0:
                    fresh[-1] += p * mass[mass.size - step :].sum()
            mass = fresh
    return min(1.0, float(mass[-1]))


def _repeated(chance: FloatArray, times: int) -> FloatArray:
    """How likely each sum of that many votes is, by doubling."""
    result = np.ones(1)
    while times:
        if times % 2:
            result = np.convolve(result, chance)
        times //= 2
        if times:
            chance = np.convolve(chance, chance)
    return result


def _saddlepoint_tail(chances: FloatArray, scores: FloatArray, n: FloatArray, x: float) -> float:
    """P(sum > x) for whole numbers and x half-way between two."""
    log_p = np.log(np.maximum(chances, 1e-300))

    def moments(t: float) -> tuple[float, float, float]:
        raised = log_p + t * scores
        top = raised.max(axis=1)
        weight = np.exp(raised - top[:, None])
        total = weight.sum(axis=1)
        share = weight / total[:, None]
        mean = (share * scores).sum(axis=1)
        spread = (share * scores**2).sum(axis=1) - mean**2
        return float(n @ (top + np.log(total))), float(n @ mean), float(n @ spread)

    low, high, t = -np.inf, np.inf, 0.0
    cumulant, mean, spread = moments(t)
    for _ in range(_STEPS):
        if abs(mean - x) < 1e-9 * math.sqrt(spread + 1):
            break
        low, high = (t, high) if mean < x else (low, t)
        step = t + (x - mean) / max(spread, 1e-12)
        limit = 2 * abs(t) + 1 / math.sqrt(spread + 1e-12)
        step = min(max(step, t - limit), t + limit)
        t = step if low < step < high else (low + high) / 2
        cumulant, mean, spread = moments(t)
    w = math.copysign(math.sqrt(max(0.0, 2 * (t * x - cumulant))), t)
    u = 2 * math.sinh(t / 2) * math.sqrt(spread)
    tail = float(normal_tail(w)) + math.exp(-w * w / 2) / math.sqrt(2 * math.pi) * (1 / u - 1 / w)
    return min(1.0, max(0.0, tail))


def _sorted_p(p: ArrayLike) -> tuple[FloatArray, IntArray]:
    values = vector(p, "p", least=0)
    if np.any((values < 0) | (values > 1)):
        raise ValueError("p-values lie between 0 and 1")
    return values, np.argsort(values, kind="stable")
