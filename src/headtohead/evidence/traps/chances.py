"""How improbable a number is: Student's t in closed form, and a bound for too few successes."""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_STEPS = 200
_MOST = 1 - 1e-12

# How hard a stretch is leaned on: little where there are some successes, all where none.
TILTS: FloatArray = np.array([[0.7], [1.5], [2.5], [4.0], [7.0], [30.0]])


def student_two_sided(t: float, df: int) -> float:
    """The probability that Student's t lies further from 0 than `t`.

    Args:
        t: The statistic; infinite is allowed.
        df: Degrees of freedom, at least 1.

    References:
        Abramowitz, M., Stegun, I. A. (1964). Handbook of mathematical functions, 26.7.3-26.7.4.
    """
    angle = math.atan(abs(t) / math.sqrt(df))
    sine, cosine = math.sin(angle), math.cos(angle)
    term, total = (cosine, 0.0) if df % 2 else (1.0, 0.0)
    for k in range(1 + df % 2, df, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    inside = 2 / math.pi * (angle + sine * total) if df % 2 else sine * total
    return min(1.0, max(0.0, 1 - inside))


def student_half_width(level: float, df: int) -> float:
    """How many standard errors reach each way at a two-sided level.

    Args:
        level: Coverage, inside (0, 1).
        df: Degrees of freedom, at least 1.

    Raises:
        ValueError: If the level is not inside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1, as 0.95")
    low, high = 0.0, 1.0
    while student_two_sided(high, df) > 1 - level:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if student_two_sided(middle, df) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def surprise_parts(tries: FloatArray, share: FloatArray) -> FloatArray:
    """What each column adds to the surprise at finding no success, for each tilt.

    Args:
        tries: Shape (n,), how many could have succeeded.
        share: Shape (n,), their probability to.

    Returns:
        Shape (tilts, n). Add up the columns of a stretch and give them to `too_few`.
    """
    return -tries * np.log1p(-np.clip(share, 0, _MOST) * -np.expm1(-TILTS))


def too_few(found: FloatArray, parts: FloatArray) -> FloatArray:
    """Minus the logarithm of a bound on the chance of so few successes, at least 0.

    It is Chernoff's bound for independent tries (or means of tries) of different probabilities,
    the best of a few tilts; with no success it is exact.

    Args:
        found: Successes, shape (...).
        parts: Sums of `surprise_parts` over the same tries, shape (tilts, ...).

    References:
        Chernoff, H. (1952). A measure of asymptotic efficiency for tests of a hypothesis based
        on the sum of observations. Annals of Mathematical Statistics 23, 493-507.
        doi:10.1214/aoms/1177729330
    """
    tilts = TILTS.reshape(-1, *(1,) * np.ndim(found))
    best: FloatArray = np.maximum(0.0, (parts - tilts * found).max(axis=0))
    return best
