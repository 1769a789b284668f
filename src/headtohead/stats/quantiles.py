"""Quantiles of the normal and of Student's distribution."""

import math
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_NEARLY_NORMAL = 1e6  # degrees of freedom beyond which two terms of the expansion are exact


def normal_quantile(p: float) -> float:
    """The point that a standard normal variable stays below with probability `p`.

    Args:
        p: Probability, 0 < p < 1.

    Raises:
        ValueError: If `p` is not inside (0, 1).

    References:
        Wichura, M. J. (1988). Algorithm AS 241: The percentage points of the normal
        distribution. Applied Statistics 37, 477-484. doi:10.2307/2347330
    """
    if not 0 < p < 1:
        raise ValueError(f"a quantile needs a probability inside (0, 1), not {p}")
    return _NORMAL.inv_cdf(p)


def normal_probability(x: float) -> float:
    """The probability that a standard normal variable stays below `x`."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


@lru_cache(maxsize=4096)
def student_quantile(p: float, df: float) -> float:
    """The point that Student's t stays below with probability `p`.

    The tail is the regularised incomplete beta function of df / (df + t^2), which is
    inverted by bisection.

    Args:
        p: Probability, 0 < p < 1.
        df: Degrees of freedom, > 0; need not be whole; inf gives the normal quantile.

    Raises:
        ValueError: If `p` is not inside (0, 1) or `df` is not positive.

    References:
        Student (1908). The probable error of a mean. Biometrika 6, 1-25.
        doi:10.1093/biomet/6.1.1
        Abramowitz, M., Stegun, I. A. (1964). Handbook of Mathematical Functions,
        26.5.8 and 26.7.1.
    """
    if not df > 0:
        raise ValueError(f"Student's t needs more than 0 degrees of freedom, not {df}")
    z = normal_quantile(p)
    if p == 0.5:
        return 0.0
    if df > _NEARLY_NORMAL:
        return z + (z**3 + z) / (4 * df)
    tail = min(p, 1 - p)
    low, high = 0.0, 1.0
    while student_tail(high, df) > tail:
        low, high = high, 2 * high
    while high - low > 1e-14 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if student_tail(middle, df) > tail else (low, middle)
    return math.copysign(0.5 * (low + high), p - 0.5)


def student_tail(t: float, df: float) -> float:
    """The probability that Student's t exceeds `t`.

    Args:
        t: Not negative.
        df: Degrees of freedom, > 0.

    Raises:
        ValueError: If `t` is negative or `df` is not positive.
    """
    if t < 0 or not df > 0:
        raise ValueError(f"Student's tail needs t >= 0 and df > 0, not {t} and {df}")
    a, b = 0.5 * df, 0.5
    x = df / (df + t * t)
    y = t * t / (df + t * t)
    if y == 0:
        return 0.5
    front = math.exp(
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        + a * (math.log1p(-y) if y < 0.5 else math.log(x))
        + b * math.log(y)
    )
    if x < (a + 1) / (a + b + 2):
        return 0.5 * front * _fraction(a, b, x) / a
    return 0.5 * (1 - front * _fraction(b, a, y) / b)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or tiny)
    value = d
    for m in range(1, 100_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + step * d or tiny)
            c = 1 + step / c or tiny
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            return value
    raise ArithmeticError(f"the incomplete beta function of {a}, {b}, {x} did not settle")
