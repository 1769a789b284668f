"""How many items a comparison needs, before money is spent on them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import Labels, check_count, check_level, vector
from headtohead.stats.intervals import wilson
from headtohead.stats.quantiles import normal_probability, normal_quantile, student_quantile
from headtohead.trials.paired.means import cluster_codes, tango_variance, tango_z

_EXACT_PAIRS = 20_000  # beyond it the normal approximation is as good
_SPREADS = 7.0  # standard deviations that are enumerated


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How much to measure.

    Attributes:
        pairs_n: Independent pairs that the test needs.
        items_n: Items, each run `repeats` times by both models.
        repeats: Runs of an item by each model.
        calls_n: Calls of each model: items times repeats.
        power: Chance of a "yes" with that many independent pairs, if the assumptions hold.
        formula_n: Independent pairs by the textbook formula, before `power` was checked.
    """

    pairs_n: int
    items_n: int
    repeats: int
    calls_n: int
    power: float
    formula_n: int


# ---------------------------------------------------------------- yes/no outcomes and votes


def plan_binary(
    margin: float,
    discordance: float,
    *,
    true_difference: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.025,
    repeats: int = 1,
    icc: float = 0.0,
) -> SampleSize:
    """How many shared items show that B is at most `margin` worse.

    Nam's formula for Tango's score test, with any true difference; then more items until the exact
    power of that very decision suffices. With margin 0 it is a test of superiority and the formula
    is Connor's. Votes between A and B (1, -1, or 0 for a tie) follow the same law: the margin is
    then one of net preference, and the discordance is the share of votes that are no ties.

    Args:
        margin: How much worse B may be, as a fraction, 0 <= margin < 1.
        discordance: Share of items that just one of the two solves, from 0 to 1.
        true_difference: What B minus A is taken to be, above -margin; its size is at most
            `discordance`.
        power: Chance of a "yes", inside (0, 1).
        alpha: One-sided error, inside (0, 0.5); 0.025 belongs to a two-sided 95% interval.
        repeats: Runs of each item by both models.
        icc: How alike the differences of one item are, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Nam, J. (1997). Establishing equivalence of two treatments and sample size
        requirements in matched-pairs design. Biometrics 53, 1422-1430. doi:10.2307/2533508
        Connor, R. J. (1987). Sample size for testing differences in proportions for the
        paired-sample design. Biometrics 43, 207-211. doi:10.2307/2531961
    """
    _check_binary(margin, discordance, true_difference)
    _check_power(true_difference + margin, power, alpha)
    null, real = _variances(margin, discordance, true_difference)
    z = normal_quantile(1 - alpha)
    reach = max(0.0, z * math.sqrt(null) + normal_quantile(power) * math.sqrt(real))
    formula = max(1, math.ceil((reach / (true_difference + margin)) ** 2))

    def power_at(n: int) -> float:
        return binary_power(n, margin, discordance, true_difference=true_difference, alpha=alpha)

    pairs = _least_reaching(formula, power_at, power)
    # Tango's equation 30: with fewer items no score interval over items lies inside the margin.
    floor = math.ceil(z**2 * (1 - margin) / margin + 1e-9) if margin > 0 else 1
    items = items_for_pairs(pairs, repeats, icc, floor=floor)
    return SampleSize(pairs, items, repeats, items * repeats, power_at(pairs), formula)


def binary_power(
    n: int,
    margin: float,
    discordance: float,
    *,
    true_difference: float = 0.0,
    alpha: float = 0.025,
) -> float:
    """The chance that n pairs show that B is at most `margin` worse, by Tango's score test.

    All numbers of discordant pairs that are not negligibly rare are enumerated up to 20,000 pairs;
    beyond, the normal approximation serves.

    Args:
        n: Pairs, at least 1.
        margin: 0 <= margin < 1.
        discordance: From 0 to 1.
        true_difference: B minus A, at most `discordance` in size.
        alpha: One-sided error, inside (0, 0.5).

    Raises:
        ValueError: If an argument is out of range.

    References:
        As `plan_binary`.
    """
    from scipy.special import bdtrc, gammaln, xlog1py, xlogy

    n = check_count(n, "n", 1)
    _check_binary(margin, discordance, true_difference)
    _check_power(1.0, 0.5, alpha)
    z = normal_quantile(1 - alpha)
    if n > _EXACT_PAIRS:
        null, real = _variances(margin, discordance, true_difference)
        excess = (true_difference + margin) * math.sqrt(n) - z * math.sqrt(null)
        return normal_probability(excess / math.sqrt(real)) if real > 0 else float(excess > 0)
    # Rare events have a longer tail than the normal; twenty more cover it.
    half = _SPREADS * math.sqrt(n * discordance * (1 - discordance)) + 20
    low, high = math.floor(n * discordance - half), math.ceil(n * discordance + half)
    differing = np.arange(max(0, low), min(n, high) + 1)
    chance = np.exp(
        gammaln(n + 1)
        - gammaln(differing + 1)
        - gammaln(n - differing + 1)
        + xlogy(differing, discordance)
        + xlog1py(n - differing, -discordance)
    )
    # The fewest wins of B, among so many differing pairs, with which the test says yes.
    fewest, never = np.zeros_like(differing), differing + 1
    while (fewest < never).any():
        wins = (fewest + never) // 2
        shown = tango_z(wins, differing - wins, n, -margin) > z
        fewest, never = np.where(shown, fewest, wins + 1), np.where(shown, wins, never)
    share = 0.5 if discordance == 0 else (discordance + true_difference) / (2 * discordance)
    reached = np.where(fewest == 0, 1.0, bdtrc(np.maximum(fewest, 1) - 1, differing, share))
    return min(1.0, float(chance @ reached))


def least_margin_binary(
    n: int,
    discordance: float,
    *,
    true_difference: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.025,
) -> float:
    """The smallest margin that n pairs can show with the power asked for; 1 if none.

    Args:
        n: Pairs, at least 1.
        discordance: From 0 to 1.
        true_difference: B minus A, at most `discordance` in size.
        power: Inside (0, 1).
        alpha: One-sided error, inside (0, 0.5).

    Raises:
        ValueError: If an argument is out of range.

    References:
        As `plan_binary`.
    """
    _check_binary(0.0, discordance, true_difference)
    _check_power(1.0, power, alpha)

    def power_at(margin: float) -> float:
        return binary_power(n, margin, discordance, true_difference=true_difference, alpha=alpha)

    return _least_margin(power_at, power, max(0.0, -true_difference), 1 - 1e-9)


# ---------------------------------------------------------------- graded scores


def plan_graded(
    margin: float,
    sd_difference: float,
    *,
    true_difference: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.025,
    repeats: int = 1,
    icc: float = 0.0,
) -> SampleSize:
    """How many shared items show that B's mean score is at most `margin` lower.

    For Student's t on the differences; the formula is the normal one, and items are added until
    the power of the t test itself suffices.

    Args:
        margin: How much lower B may score, >= 0, in the unit of the scores; 0 for superiority.
        sd_difference: Standard deviation of B minus A over single runs of an item, > 0.
        true_difference: What B minus A is taken to be, above -margin.
        power: Chance of a "yes", inside (0, 1).
        alpha: One-sided error, inside (0, 0.5).
        repeats: Runs of each item by both models.
        icc: How alike the differences of one item are, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Julious, S. A. (2004). Sample sizes for clinical trials with normal data. Statistics in
        Medicine 23, 1921-1986. doi:10.1002/sim.1783
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    _check_graded(margin, sd_difference)
    _check_power(true_difference + margin, power, alpha)
    reach = max(0.0, normal_quantile(1 - alpha) + normal_quantile(power))
    formula = max(2, math.ceil((reach * sd_difference / (true_difference + margin)) ** 2))

    def power_at(n: int) -> float:
        return graded_power(n, margin, sd_difference, true_difference=true_difference, alpha=alpha)

    pairs = _least_reaching(formula, power_at, power)
    items = max(2, items_for_pairs(pairs, repeats, icc))
    return SampleSize(pairs, items, repeats, items * repeats, power_at(pairs), formula)


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
    from scipy.special import nctdtr

    n = check_count(n, "n", 2)
    _check_graded(margin, sd_difference)
    _check_power(1.0, 0.5, alpha)
    shift = (true_difference + margin) / sd_difference * math.sqrt(n)
    bound = student_quantile(1 - alpha, n - 1)
    return 1 - float(nctdtr(n - 1, shift, bound))


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
    _check_power(1.0, power, alpha)
    _check_graded(0.0, sd_difference)

    def power_at(margin: float) -> float:
        return graded_power(n, margin, sd_difference, true_difference=true_difference, alpha=alpha)

    low = max(0.0, -true_difference)
    high = low + sd_difference
    while power_at(high) < power:
        high = low + 2 * (high - low)
    return _least_margin(power_at, power, low, high)


# ---------------------------------------------------------------- repeats


def items_for_pairs(pairs: int, repeats: int = 1, icc: float = 0.0, *, floor: int = 1) -> int:
    """How many items, run several times each, are worth so many independent pairs.

    Args:
        pairs: Independent pairs, at least 1.
        repeats: Runs of each item by both models, at least 1.
        icc: How alike the differences of one item are, from 0 (every repeat is news) to 1 (a
            second run tells nothing).
        floor: The least number of items, however often each is run.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Kish, L. (1965). Survey Sampling, s. 5.4 (design effect 1 + (k - 1) icc).
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    pairs, repeats = check_count(pairs, "pairs", 1), check_count(repeats, "repeats", 1)
    if not 0 <= icc <= 1:
        raise ValueError(f"the intraclass correlation is {icc}; it must be from 0 to 1")
    needed = math.ceil(pairs * (1 + (repeats - 1) * icc) / repeats - 1e-9)
    return max(floor if repeats > 1 else 1, needed)


# ---------------------------------------------------------------- what a pilot says


@dataclass(frozen=True, slots=True)
class PilotFigure:
    """A figure from a pilot.

    Attributes:
        value: As seen.
        careful: What it exceeds with a chance of at most 1 - confidence; plan with this one.
        confidence: Inside (0.5, 1).
        n: Pairs (or items) of the pilot.
    """

    value: float
    careful: float
    confidence: float
    n: int


def discordance_from_pilot(
    b_only: int, a_only: int, n: int, confidence: float = 0.8
) -> PilotFigure:
    """The share of pairs that differ, with Wilson's one-sided upper bound.

    Args:
        b_only: Pairs that only B solved.
        a_only: Pairs that only A solved.
        n: All pairs of the pilot, at least 1.
        confidence: One-sided, inside (0.5, 1).

    Raises:
        ValueError: If the counts are impossible.

    References:
        Wilson, E. B. (1927). JASA 22, 209-212. doi:10.1080/01621459.1927.10502953
        Browne, R. H. (1995). doi:10.1002/sim.4780141709
    """
    _check_confidence(confidence)
    found = wilson(b_only + a_only, n, 2 * confidence - 1)
    return PilotFigure(found.value, found.high, confidence, n)


def sd_from_pilot(differences: ArrayLike, confidence: float = 0.8) -> PilotFigure:
    """The standard deviation of B minus A, with its upper bound by chi-square.

    The bound is exact for normal differences; far from it, trust it less.

    Args:
        differences: Shape (n,), at least 2.
        confidence: One-sided, inside (0.5, 1).

    Raises:
        ValueError: If there are fewer than two differences, or all are equal.

    References:
        Browne, R. H. (1995). On the use of a pilot sample for sample size determination.
        Statistics in Medicine 14, 1933-1940. doi:10.1002/sim.4780141709
    """
    from scipy.special import chdtri

    array = vector(differences, "differences", 2)
    _check_confidence(confidence)
    sd = float(array.std(ddof=1))
    if sd == 0:
        raise ValueError("all differences of the pilot are equal; it says nothing of their spread")
    df = array.size - 1
    careful = sd * math.sqrt(df / float(chdtri(df, confidence)))
    return PilotFigure(sd, careful, confidence, int(array.size))


def likeness_from_pilot(differences: ArrayLike, items: Labels) -> float:
    """The intraclass correlation of differences inside items, from 0 to 1.

    By analysis of variance; 1 where no item was run twice, since nothing speaks against it.

    Args:
        differences: B minus A of each repeat, shape (n,).
        items: The item of each, length n.

    Raises:
        ValueError: If there are fewer than two items, or the arguments do not fit.

    References:
        Donner, A. (1986). A review of inference procedures for the intraclass correlation
        coefficient in the one-way random effects model. International Statistical Review 54,
        67-82. doi:10.2307/1403259
    """
    array = vector(differences, "differences", 2)
    codes = cluster_codes(items, array.size)
    sizes = np.bincount(codes).astype(np.float64)
    count = check_count(sizes.size, "the number of items", 2)
    if array.size == count:
        return 1.0
    means = np.bincount(codes, array) / sizes
    inside = float(((array - means[codes]) ** 2).sum()) / (array.size - count)
    between = float((sizes * (means - array.mean()) ** 2).sum()) / (count - 1)
    per = (array.size - float((sizes**2).sum()) / array.size) / (count - 1)
    total = between + (per - 1) * inside
    return min(1.0, max(0.0, (between - inside) / total)) if total > 0 else 1.0


# ---------------------------------------------------------------- shared steps


def _least_reaching(start: int, power_at: Callable[[int], float], power: float) -> int:
    """The first sample size from `start` on whose power is reached, in steps of about 0.5%."""
    n = start
    while power_at(n) < power:
        n += max(1, n // 200)
    return n


def _least_margin(
    power_at: Callable[[float], float], power: float, low: float, high: float
) -> float:
    """The least margin from `low` to `high` whose power is reached; 1 if none.

    The power of yes/no outcomes rises in steps, so the margin is taken just beyond the step.
    """
    from scipy.optimize import brentq

    if power_at(low) >= power:
        return low
    if power_at(high) < power:
        return 1.0
    step = 1e-9 * (high - low)
    found = float(brentq(lambda margin: power_at(margin) - power, low, high, xtol=step))
    return found if power_at(found) >= power else found + 2 * step


def _variances(margin: float, discordance: float, true: float) -> tuple[float, float]:
    """Of one pair's difference: under the null hypothesis, and as assumed."""
    b, a = np.array((discordance + true) / 2), np.array((discordance - true) / 2)
    return max(0.0, float(tango_variance(b, a, -margin))), max(0.0, discordance - true**2)


def _check_binary(margin: float, discordance: float, true: float) -> None:
    if not 0 <= margin < 1:
        raise ValueError(f"the margin is {margin}; as a fraction it must be from 0 to below 1")
    if not 0 <= discordance <= 1:
        raise ValueError(f"the discordance is {discordance}; it must be from 0 to 1")
    if not abs(true) <= discordance:
        raise ValueError(
            f"a true difference of {true} needs at least {abs(true)} of discordance, "
            f"not {discordance}"
        )


def _check_graded(margin: float, sd_difference: float) -> None:
    if not 0 <= margin < math.inf:
        raise ValueError(f"the margin is {margin}; it must be 0 or more")
    if not 0 < sd_difference < math.inf:
        raise ValueError(f"the standard deviation is {sd_difference}; it must be above 0")


def _check_power(reach: float, power: float, alpha: float) -> None:
    check_level(power)
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha is {alpha}; it must be inside (0, 0.5)")
    if not reach > 0:
        raise ValueError(
            "the true difference is not above minus the margin, so no sample shows that it is"
        )


def _check_confidence(confidence: float) -> None:
    if not check_level(confidence) > 0.5:
        raise ValueError(f"the confidence is {confidence}; it must be inside (0.5, 1)")
