"""Intervals for shares, differences and ratios, their quantiles, and the ranks they leave open."""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import IntArray, check_count, check_level, same_length


def around(value: float, low: float, high: float) -> Interval:
    """The interval, with its ends moved out to the value where rounding put it outside."""
    return Interval(value, min(low, value), max(high, value))


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """The share of successes in n >= 1 independent trials, with Wilson's score interval.

    Raises:
        ValueError: If the counts are impossible.

    References:
        Wilson, E. B. (1927). Probable inference, the law of succession, and statistical
        inference. JASA 22, 209-212. doi:10.1080/01621459.1927.10502953
        Newcombe, R. G. (1998). Two-sided confidence intervals for the single proportion.
        Statistics in Medicine 17, 857-872.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
    """
    n = check_count(n, "n", 1)
    successes = check_count(successes, "successes")
    if successes > n:
        raise ValueError(f"{successes} successes in {n} trials")
    z2 = normal_quantile(0.5 + check_level(level) / 2) ** 2
    p = successes / n
    middle = (successes + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (p * (1 - p) * n + z2 / 4)) / (n + z2)
    # At 0 and n the end is exactly 0 or 1; rounding must not move it.
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == n else middle + half
    return Interval(p, low, high)


def exact_binomial(successes: int, n: int, level: float = 0.95) -> Interval:
    """The share of successes in n >= 1 independent trials, by Clopper and Pearson's exact tails.

    It covers at least `level` for any share and any n, so it suits counts of a handful.

    Raises:
        ValueError: If the counts are impossible.

    References:
        Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated
        in the case of the binomial. Biometrika 26, 404-413. doi:10.1093/biomet/26.4.404
    """
    from scipy.special import betaincinv

    n, tail = check_count(n, "n", 1), (1 - check_level(level)) / 2
    successes = check_count(successes, "successes")
    if successes > n:
        raise ValueError(f"{successes} successes in {n} trials")
    failures = n - successes
    low = float(betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    return around(successes / n, low, high)


def difference(a: Interval, b: Interval) -> Interval:
    """B minus A, for two independent estimates whose intervals have the same level.

    MOVER: the distance of each end from its value stands for the standard error on that
    side, and the distances add in squares.

    Raises:
        ValueError: If a value is not finite.

    References:
        Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect
        measures: a general approach. Statistics in Medicine 27, 1693-1702.
        doi:10.1002/sim.3095
    """
    _need_finite(a, b)
    value = b.value - a.value
    down = math.hypot(b.value - b.low, a.high - a.value)
    up = math.hypot(b.high - b.value, a.value - a.low)
    return Interval(value, value - down, value + up)


def ratio(a: Interval, b: Interval) -> Interval:
    """B over A, for two independent estimates of positive quantities, same level.

    MOVER-R. Where A's interval reaches 0 the ratio has no upper bound and `high` is inf; an end
    that nothing bounds from below counts as 0, which neither can pass.

    Raises:
        ValueError: If A is not positive, B is negative, or B's interval goes below 0.

    References:
        Donner, A., Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
        normal mean and standard deviation. Statistical Methods in Medical Research 21,
        347-359. doi:10.1177/0962280210383082
    """
    _need_finite(a, b)
    if math.isinf(b.low) and b.value >= 0:
        b = Interval(b.value, 0.0, b.high)
    if a.value <= 0:
        raise ValueError(f"cannot divide by {a.value}: a ratio needs a positive reference")
    if b.low < 0:
        raise ValueError(f"a ratio needs quantities above 0; B's interval starts at {b.low}")
    value = b.value / a.value
    product = a.value * b.value
    # The rationalised root stays finite where A's interval is twice its value.
    p, q = b.low * (2 * b.value - b.low), a.high * (2 * a.value - a.high)
    low = 0.0
    if p > 0 and math.isfinite(a.high):
        low = p / (product + math.sqrt(max(0.0, product**2 - p * q)))
    high = math.inf
    if a.low > 0 and math.isfinite(b.high):
        p, q = b.high * (2 * b.value - b.high), a.low * (2 * a.value - a.low)
        high = (product + math.sqrt(max(0.0, product**2 - p * q))) / q
    return around(value, low, high)


def jointly(interval: Interval, level: float, k: int) -> Interval:
    """The interval widened so that k such intervals hold together at the level of one.

    Each half-width grows as the normal quantile does from 1 - alpha/2 to 1 - alpha/2k (Bonferroni).
    Counts and logical bounds (level 1) stay.

    Raises:
        ValueError: If the level is not in (0, 1], or k is not 1 or more.

    References:
        Dunn, O. J. (1961). Multiple comparisons among means. Journal of the American Statistical
        Association 56, 52-64. doi:10.1080/01621459.1961.10482090
    """
    if check_count(k, "k", 1) == 1 or level == 1:
        return interval
    tail = (1 - check_level(level)) / 2
    factor = normal_quantile(1 - tail / k) / normal_quantile(1 - tail)
    value = interval.value
    down, up = factor * (value - interval.low), factor * (interval.high - value)
    return Interval(value, value - down, value + up)


def proportion_difference(x1: int, n1: int, x2: int, n2: int, level: float = 0.95) -> Interval:
    """x1 / n1 minus x2 / n2, for two independent samples: Newcombe's hybrid score.

    Raises:
        ValueError: If the counts are impossible.

    References:
        Newcombe, R. G. (1998). Interval estimation for the difference between independent
        proportions: comparison of eleven methods (method 10). Statistics in Medicine 17,
        873-890. doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    """
    return difference(wilson(x2, n2, level), wilson(x1, n1, level))


def _need_finite(*intervals: Interval) -> None:
    if not all(math.isfinite(interval.value) for interval in intervals):
        raise ValueError("an estimate that is itself infinite cannot be added or divided")


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
    if not df > 0:
        raise ValueError(f"Student's t needs more than 0 degrees of freedom, not {df}")
    z = normal_quantile(p)
    if math.isinf(df):
        return z
    if df <= _SHORT and _FAR_TAIL < p < 1 - _FAR_TAIL:
        top = math.gamma((df + 1) / 2) / math.gamma(df / 2) / math.sqrt(df * math.pi)
        t, step = abs(z), math.inf
        while step > 1e-14 * t:  # Newton's steps from the normal quantile all go up
            density = top * (1 + t * t / df) ** (-(df + 1) / 2)
            step = (_student_series(t, df) - 0.5 + abs(p - 0.5)) / density
            t += step
        return math.copysign(t, z)
    from scipy.special import stdtrit

    return float(stdtrit(df, p))


def student_tail(t: float, df: float) -> float:
    """The probability that Student's t exceeds `t`.

    Raises:
        ValueError: If `t` is negative or `df` is not positive.
    """
    if t < 0 or not df > 0:
        raise ValueError(f"Student's tail needs t >= 0 and df > 0, not {t} and {df}")
    if df <= _SHORT and (tail := _student_series(t, df)) > _FAR_TAIL:
        return tail
    from scipy.special import stdtr

    return float(stdtr(df, -t))


_FAR_TAIL = 1e-4  # beyond it a difference from a half loses digits
_SHORT = 300  # up to it the series is short: importing scipy.special takes longer


def _student_series(t: float, df: float) -> float:
    """The probability that Student's t exceeds `t`, 0 or more.

    References:
        Abramowitz, M., Stegun, I. A. (1964). Handbook of mathematical functions, 26.5.4, 26.7.1.
    """
    far = t * t > df
    a, b, x = (df / 2, 0.5, df / (df + t * t)) if far else (0.5, df / 2, t * t / (df + t * t))
    term = math.gamma(a + b) / math.gamma(a) / math.gamma(b) * x**a * (1 - x) ** b / a
    total, n = 0.0, 0
    while term > 1e-17 * total:
        total += term
        term *= (a + b + n) / (a + 1 + n) * x
        n += 1
    return total / 2 if far else 0.5 - total / 2


@dataclass(frozen=True, slots=True, eq=False)
class RankSpread:
    """Ranks of n entrants, each of shape (n,), from 1 for the best.

    Attributes:
        rank: By value; equal values share the better rank.
        best: 1 + how many are surely above (their low end above this one's high end).
        worst: How many are not surely below, this one included.
    """

    rank: IntArray
    best: IntArray
    worst: IntArray


def rank_spread(values: ArrayLike, lows: ArrayLike, highs: ArrayLike) -> RankSpread:
    """The rank of every entrant and the range that overlapping intervals leave open.

    Two entrants are told apart only if their intervals do not touch. That is stricter than
    a test of each pair, and does not correct for the number of entrants.

    Args:
        values: Shape (n,), higher is better.
        lows: Lower ends, shape (n,); -inf where unknown.
        highs: Upper ends, shape (n,); inf where unknown.

    Raises:
        ValueError: If lengths differ, there is none, or a value lies outside its interval.

    References:
        Goldstein, H., Spiegelhalter, D. J. (1996). League tables and their limitations.
        JRSS A 159, 385-443. doi:10.2307/2983325
        Chiang, W.-L. et al. (2024). Chatbot Arena: an open platform for evaluating LLMs by
        human preference. doi:10.48550/arXiv.2403.04132
    """
    value, low, high = (
        np.atleast_1d(np.asarray(array, dtype=np.float64)) for array in (values, lows, highs)
    )
    if same_length(values=value, lows=low, highs=high) == 0 or value.ndim != 1:
        raise ValueError("ranks need one list of at least one entrant")
    if not np.all(np.isfinite(value)):
        raise ValueError("a value is not a finite number; leave that entrant out")
    if not np.all((low <= value) & (value <= high)):
        bad = int(np.argmin((low <= value) & (value <= high)))
        raise ValueError(f"entrant {bad}: {low[bad]} <= {value[bad]} <= {high[bad]} does not hold")
    # Sorting once keeps this n log n: counts are positions in the sorted ends.
    above = value.size - np.searchsorted(np.sort(value), value, side="right")
    surely_above = value.size - np.searchsorted(np.sort(low), high, side="right")
    surely_below = np.searchsorted(np.sort(high), low, side="left")
    return RankSpread(
        (1 + above).astype(np.int64),
        (1 + surely_above).astype(np.int64),
        (value.size - surely_below).astype(np.int64),
    )


def tie_groups(best: ArrayLike, worst: ArrayLike) -> list[int]:
    """Groups of entrants that cannot be told from the first of their group, from 1.

    Args:
        best: The best place that each may hold, shape (n,), the ablest first; so is `worst`.
    """
    group, groups, end = 0, [], 0
    places = zip(np.asarray(best).tolist(), np.asarray(worst).tolist(), strict=True)
    for place, (low, high) in enumerate(places, 1):
        # A new group begins with the first that is behind the first of the group for sure.
        if place > end or low > end:
            group, end = group + 1, high
        groups.append(group)
    return groups
