"""Sample size and power for paired graded scores."""

import math

import numpy as np

from headtohead.stats.inputs import check_count
from headtohead.stats.quantiles import normal_probability, normal_quantile, student_quantile
from headtohead.trials.power.design import Plan, check_plan, items_for_pairs, least_reaching

_STEPS = 2001
_NEARLY_NORMAL = 20_000


def plan_graded(
    margin: float,
    sd_difference: float,
    *,
    true_difference: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.025,
    tries: int = 1,
    icc: float = 0.0,
) -> Plan:
    """How many shared items show that B's mean score is at most `margin` lower.

    For Student's t on the differences; the formula is the normal one, and items are added until
    the power of the t test itself suffices.

    Args:
        margin: How much lower B may score, >= 0, in the unit of the scores; 0 for superiority.
        sd_difference: Standard deviation of B minus A over single tries, > 0.
        true_difference: What B minus A is taken to be, above -margin.
        power: Chance of a "yes", inside (0, 1).
        alpha: One-sided error, inside (0, 0.5).
        tries: Tries at each item by both models.
        icc: How alike the differences of one item are, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Julious, S. A. (2004). Sample sizes for clinical trials with normal data. Statistics in
        Medicine 23, 1921-1986. doi:10.1002/sim.1783
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    _check(margin, sd_difference)
    check_plan(true_difference + margin, power, alpha)
    reach = normal_quantile(1 - alpha) + normal_quantile(power)
    formula = max(2, math.ceil((max(0.0, reach) * sd_difference / (true_difference + margin)) ** 2))

    def power_at(n: int) -> float:
        return graded_power(n, margin, sd_difference, true_difference=true_difference, alpha=alpha)

    pairs = least_reaching(formula, power_at, power)
    items = max(2, items_for_pairs(pairs, tries, icc))
    return Plan(pairs, items, tries, items * tries, power_at(pairs), formula)


def graded_power(
    n: int,
    margin: float,
    sd_difference: float,
    *,
    true_difference: float = 0.0,
    alpha: float = 0.025,
) -> float:
    """The chance that n pairs show that B is at most `margin` lower, by Student's t.

    Args:
        n: Pairs, at least 2.
        margin: >= 0, in the unit of the scores.
        sd_difference: Standard deviation of B minus A, > 0.
        true_difference: B minus A.
        alpha: One-sided error, inside (0, 0.5).

    Raises:
        ValueError: If an argument is out of range.

    References:
        Owen, D. B. (1965). A special case of a bivariate non-central t-distribution.
        Biometrika 52, 437-446. doi:10.1093/biomet/52.3-4.437
    """
    n = check_count(n, "n", 2)
    _check(margin, sd_difference)
    check_plan(1.0, 0.5, alpha)
    shift = (true_difference + margin) / sd_difference * math.sqrt(n)
    df = n - 1
    bound = student_quantile(1 - alpha, df)
    if df > _NEARLY_NORMAL:
        return normal_probability(shift - bound)
    # Given the observed spread s, the test passes with the normal chance beyond bound * s.
    half = 9 / math.sqrt(2 * df)
    s = np.linspace(max(1e-9, 1 - half), 1 + half + 4 / df, _STEPS)
    log_density = (df - 1) * np.log(s) - df * s**2 / 2
    density = np.exp(log_density - log_density.max())
    density[0] /= 2
    passed = np.array([normal_probability(shift - bound * value) for value in s.tolist()])
    return float((density * passed).sum() / density.sum())


def least_margin_graded(
    n: int,
    sd_difference: float,
    *,
    true_difference: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.025,
) -> float:
    """The smallest margin that n pairs can show with the power asked for, in score units.

    Args:
        n: Pairs, at least 2.
        sd_difference: Standard deviation of B minus A, > 0.
        true_difference: B minus A.
        power: Inside (0, 1).
        alpha: One-sided error, inside (0, 0.5).

    Raises:
        ValueError: If an argument is out of range.

    References:
        As `plan_graded`.
    """
    check_plan(1.0, power, alpha)
    _check(0.0, sd_difference)
    low = max(0.0, -true_difference)
    high = low + sd_difference
    while (
        graded_power(n, high, sd_difference, true_difference=true_difference, alpha=alpha) < power
    ):
        low, high = high, 2 * high
    while high - low > 1e-7 * sd_difference:
        middle = 0.5 * (low + high)
        found = graded_power(n, middle, sd_difference, true_difference=true_difference, alpha=alpha)
        low, high = (low, middle) if found >= power else (middle, high)
    return high


def _check(margin: float, sd_difference: float) -> None:
    if not 0 <= margin < math.inf:
        raise ValueError(f"the margin is {margin}; it must be 0 or more")
    if not 0 < sd_difference < math.inf:
        raise ValueError(f"the standard deviation is {sd_difference}; it must be above 0")
