"""Quantiles of the normal and of Student's distribution."""

import math
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()


def normal_quantile(p: float) -> float:
    """The point that a standard normal variable stays below with probability `p`.

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

    `df` need not be whole; inf gives the normal quantile.

    Raises:
        ValueError: If `p` is not inside (0, 1) or `df` is not positive.

    References:
        Student (1908). The probable error of a mean. Biometrika 6, 1-25.
        doi:10.1093/biomet/6.1.1
    """
    from scipy.special import stdtrit

    if not df > 0:
        raise ValueError(f"Student's t needs more than 0 degrees of freedom, not {df}")
    z = normal_quantile(p)
    return z if math.isinf(df) else float(stdtrit(df, p))


def student_tail(t: float, df: float) -> float:
    """The probability that Student's t exceeds `t`.

    Raises:
        ValueError: If `t` is negative or `df` is not positive.
    """
    from scipy.special import stdtr

    if t < 0 or not df > 0:
        raise ValueError(f"Student's tail needs t >= 0 and df > 0, not {t} and {df}")
    return float(stdtr(df, -t))
