"""Can B stand in for A? Paired yes/no results, margins, and how many tasks it takes."""

import math
from typing import Literal

from headtohead.core.interval import Interval
from headtohead.stats.inputs import check_count, check_level
from headtohead.stats.intervals import around, wilson
from headtohead.stats.quantiles import normal_quantile

Verdict = Literal["yes", "no", "undecided"]


def verdict(interval: Interval, margin: float) -> Verdict:
    """Whether B is at most `margin` worse than A.

    Args:
        interval: Of B minus A, where higher is better.
        margin: How much worse B may be, >= 0, in the unit of the interval.

    Returns:
        "yes" if the whole interval lies above -margin, "no" if it lies below, else
        "undecided". With a two-sided 95% interval a "yes" is wrong 2.5% of the time, as far as
        the interval keeps its word: `paired_score_difference` does.

    Raises:
        ValueError: If the margin is negative or not a number.

    References:
        Piaggio, G. et al. (2012). Reporting of noninferiority and equivalence randomized
        trials: extension of the CONSORT 2010 statement. JAMA 308, 2594-2604.
        doi:10.1001/jama.2012.87802
    """
    if not margin >= 0:
        raise ValueError(f"the margin is {margin}; it must be 0 or more")
    if interval.low > -margin:
        return "yes"
    return "no" if interval.high < -margin else "undecided"


def mcnemar_exact(b: int, c: int) -> float:
    """The exact two-sided probability of a split as uneven as b : c if both were equal.

    Args:
        b: Items that only A solved.
        c: Items that only B solved.

    Returns:
        1 where the two never differ.

    Raises:
        ValueError: If a count is negative or not whole.

    References:
        McNemar, Q. (1947). Note on the sampling error of the difference between correlated
        proportions or percentages. Psychometrika 12, 153-157. doi:10.1007/BF02295996
        Fagerland, M. W., Lydersen, S., Laake, P. (2013). The McNemar test for binary
        matched-pairs data. BMC Medical Research Methodology 13, 91.
        doi:10.1186/1471-2288-13-91
    """
    few, many = sorted((check_count(b, "b"), check_count(c, "c")))
    n = few + many
    term = total = 1
    for i in range(few):
        term = term * (n - i) // (i + 1)
        total += term
    return min(1.0, 2 * total / (1 << n))


def paired_difference_from_counts(
    n11: int, n10: int, n01: int, n00: int, level: float = 0.95
) -> Interval:
    """B's success rate minus A's on the same items, by Newcombe's method for pairs.

    Wilson's limits of both rates are added in squares, less what the correlation of the two
    explains (Newcombe's method 10, with his continuity-corrected phi). Where one side never
    wins, a 95% interval may miss on that side up to 5% of the time instead of 2.5%.

    Args:
        n11: Items that both solved.
        n10: Items that only A solved.
        n01: Items that only B solved.
        n00: Items that neither solved.
        level: Coverage, inside (0, 1).

    Returns:
        (n01 - n10) / n with its interval, inside [-1, 1].

    Raises:
        ValueError: If a count is negative or not whole, or there are no items.

    References:
        Newcombe, R. G. (1998). Improved confidence intervals for the difference between
        binomial proportions based on paired data. Statistics in Medicine 17, 2635-2650.
        doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C
    """
    n, only_a, only_b = _paired(n11, n10, n01, n00)
    a, b = wilson(n11 + only_a, n, level), wilson(n11 + only_b, n, level)
    phi = _phi(n11, only_a, only_b, n00)
    value = (only_b - only_a) / n
    down = _side(b.value - b.low, a.high - a.value, phi)
    up = _side(b.high - b.value, a.value - a.low, phi)
    return around(value, max(-1.0, value - down), min(1.0, value + up))


def paired_score_difference(
    n11: int, n10: int, n01: int, n00: int, level: float = 0.95
) -> Interval:
    """B's success rate minus A's on the same items, by Tango's score method.

    The differences that the score test does not reject. It keeps its error where the two
    rarely differ, so it is the one for a `verdict`, and `tasks_needed` plans for it.

    Args:
        n11: Items that both solved.
        n10: Items that only A solved.
        n01: Items that only B solved.
        n00: Items that neither solved.
        level: Coverage, inside (0, 1).

    Returns:
        (n01 - n10) / n with its interval, inside [-1, 1].

    Raises:
        ValueError: If a count is negative or not whole, or there are no items.

    References:
        Tango, T. (1998). Equivalence test and confidence interval for the difference in
        proportions for the paired-sample design. Statistics in Medicine 17, 891-908.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
    """
    z = normal_quantile(0.5 + check_level(level) / 2)
    n, only_a, only_b = _paired(n11, n10, n01, n00)
    value = (only_b - only_a) / n

    def end(edge: float, bound: float) -> float:
        # The score falls as the difference rises, so halving finds where it meets the bound.
        inside, outside = value, edge
        while abs(outside - inside) > 1e-15:
            middle = 0.5 * (inside + outside)
            if middle in (inside, outside):
                break
            if abs(_score(only_b, only_a, n, middle)) < bound:
                inside = middle
            else:
                outside = middle
        return inside

    return around(value, end(-1.0, z), end(1.0, z))


def tasks_needed(margin: float, discordance: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """How many shared tasks show that B is at most `margin` worse, if both are equally good.

    Nam's formula for the score test, whose interval is `paired_score_difference`: the variance
    under the null hypothesis is the one of its restricted maximum likelihood, so that it stays
    right where the two rarely differ.

    Args:
        margin: How much worse B may be, as a fraction, inside (0, 1).
        discordance: Share of tasks that just one of the two solves, 0 <= discordance <= 1.
        power: Probability of the answer "yes", inside (0, 1).
        alpha: One-sided error, inside (0, 0.5). A `verdict` on a two-sided 95% interval has
            alpha 0.025; on a 90% interval 0.05.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Nam, J. (1997). Establishing equivalence of two treatments and sample size
        requirements in matched-pairs design. Biometrics 53, 1422-1430. doi:10.2307/2533508
        Tango, T. (1998). Equivalence test and confidence interval for the difference in
        proportions for the paired-sample design. Statistics in Medicine 17, 891-908.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
    """
    check_level(power)
    if not 0 < margin < 1:
        raise ValueError(f"the margin is {margin}; as a fraction it must be inside (0, 1)")
    if not 0 <= discordance <= 1:
        raise ValueError(f"the discordance is {discordance}; it must be from 0 to 1")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha is {alpha}; it must be inside (0, 0.5)")
    linear = discordance + 2 * margin
    only_a = (linear + math.sqrt(linear**2 - 4 * discordance * margin * (1 + margin))) / 4
    null_variance = 2 * only_a - margin * (1 + margin)
    reach = normal_quantile(1 - alpha) * math.sqrt(null_variance)
    reach += normal_quantile(power) * math.sqrt(discordance)
    return max(1, math.ceil((reach / margin) ** 2))


def _paired(n11: int, n10: int, n01: int, n00: int) -> tuple[int, int, int]:
    """(all items, only A solved, only B solved)."""
    counts = [
        check_count(count, name)
        for count, name in ((n11, "n11"), (n10, "n10"), (n01, "n01"), (n00, "n00"))
    ]
    if sum(counts) == 0:
        raise ValueError("no items, so no difference")
    return sum(counts), counts[1], counts[2]


def _score(b: int, c: int, n: int, shift: float) -> float:
    """Tango's score of the hypothesis that the difference is `shift`, b wins against c."""
    linear = -b - c + (2 * n - b + c) * shift
    root = math.sqrt(max(0.0, linear**2 + 8 * n * c * shift * (1 - shift)))
    variance = n * ((root - linear) / (2 * n) + shift * (1 - shift))
    excess = b - c - n * shift
    if variance <= 1e-12:
        return math.copysign(math.inf, excess) if excess else 0.0
    return excess / math.sqrt(variance)


def _side(own: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, own**2 - 2 * phi * own * other + other**2))


def _phi(n11: int, n10: int, n01: int, n00: int) -> float:
    """The correlation of the two results, drawn towards 0 where it is positive."""
    product = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00)
    if product == 0:
        return 0.0
    cross = n11 * n00 - n10 * n01
    half = (n11 + n10 + n01 + n00) / 2
    if cross > 0:
        return max(cross - half, 0.0) / math.sqrt(product)
    return cross / math.sqrt(product)
