"""Sample size and power for paired yes/no outcomes and for preferences."""

import math

import numpy as np

from headtohead.stats.inputs import FloatArray, check_count
from headtohead.stats.quantiles import normal_probability, normal_quantile
from headtohead.trials.power.design import (
    Plan,
    check_plan,
    fewest_items,
    items_for_pairs,
    least_reaching,
)

_EXACT_PAIRS = 20_000  # beyond it the normal approximation is as good
_SPREADS = 7.0  # standard deviations that are enumerated


def plan_binary(
    margin: float,
    discordance: float,
    *,
    true_difference: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.025,
    tries: int = 1,
    icc: float = 0.0,
) -> Plan:
    """How many shared items show that B is at most `margin` worse.

    Nam's formula for the score test behind `noninferiority.paired_score_difference`, with any
    true difference; then more items until the exact power of that very decision suffices. With
    margin 0 it is a test of superiority and the formula is Connor's.

    Args:
        margin: How much worse B may be, as a fraction, 0 <= margin < 1.
        discordance: Share of items that just one of the two solves, from 0 to 1.
        true_difference: What B minus A is taken to be, above -margin; its size is at most
            `discordance`.
        power: Chance of a "yes", inside (0, 1).
        alpha: One-sided error, inside (0, 0.5); 0.025 belongs to a two-sided 95% interval.
        tries: Tries at each item by both models.
        icc: How alike the differences of one item are, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Nam, J. (1997). Establishing equivalence of two treatments and sample size
        requirements in matched-pairs design. Biometrics 53, 1422-1430. doi:10.2307/2533508
        Connor, R. J. (1987). Sample size for testing differences in proportions for the
        paired-sample design. Biometrics 43, 207-211. doi:10.2307/2531961
    """
    _check(margin, discordance, true_difference)
    check_plan(true_difference + margin, power, alpha)
    formula = _formula(margin, discordance, true_difference, power, alpha)

    def power_at(n: int) -> float:
        return binary_power(n, margin, discordance, true_difference=true_difference, alpha=alpha)

    pairs = least_reaching(formula, power_at, power)
    floor = fewest_items(margin, alpha) if margin > 0 else 1
    items = items_for_pairs(pairs, tries, icc, floor=floor)
    return Plan(pairs, items, tries, items * tries, power_at(pairs), formula)


def plan_preference(
    margin: float,
    tie_rate: float,
    *,
    true_net: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.025,
    tries: int = 1,
    icc: float = 0.0,
) -> Plan:
    """How many votes between A and B show that B loses by at most `margin`.

    A vote is 1 for B, -1 for A or 0 for a tie; the net preference is their mean, and twice the
    distance of B's win rate (ties half) from one half. Outcomes are those of paired yes/no
    results, with ties for agreement.

    Args:
        margin: Net preference that B may lose by, 0 <= margin < 1.
        tie_rate: Share of ties, 0 <= tie_rate < 1.
        true_net: What the net preference is taken to be, above -margin.
        power: Chance of a "yes", inside (0, 1).
        alpha: One-sided error, inside (0, 0.5).
        tries: Votes on each item.
        icc: How alike the votes on one item are, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    References:
        As `plan_binary`.
    """
    if not 0 <= tie_rate < 1:
        raise ValueError(f"the tie rate is {tie_rate}; it must be from 0 to below 1")
    return plan_binary(
        margin,
        1 - tie_rate,
        true_difference=true_net,
        power=power,
        alpha=alpha,
        tries=tries,
        icc=icc,
    )


def binary_power(
    n: int,
    margin: float,
    discordance: float,
    *,
    true_difference: float = 0.0,
    alpha: float = 0.025,
) -> float:
    """The chance that n pairs show that B is at most `margin` worse, by Tango's score test.

    All outcomes that are not negligibly rare are enumerated up to 20,000 pairs; beyond, the
    normal approximation serves.

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
    n = check_count(n, "n", 1)
    _check(margin, discordance, true_difference)
    check_plan(1.0, 0.5, alpha)
    z = normal_quantile(1 - alpha)
    if n > _EXACT_PAIRS:
        null, real = _variances(margin, discordance, true_difference)
        excess = (true_difference + margin) * math.sqrt(n) - z * math.sqrt(null)
        return normal_probability(excess / math.sqrt(real)) if real > 0 else float(excess > 0)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    differing = _likely(n, discordance)
    chance = _binomial(logs, n, differing, discordance)
    share = 0.5 if discordance == 0 else (discordance + true_difference) / (2 * discordance)
    total = 0.0
    for d, p in zip(differing.astype(np.int64).tolist(), chance.tolist(), strict=True):
        b_only = _likely(d, share)
        won = score_z(b_only, d - b_only, n, -margin) > z
        total += p * float(_binomial(logs, d, b_only, share)[won].sum())
    return min(1.0, total)


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
    _check(0.0, discordance, true_difference)
    check_plan(1.0, power, alpha)
    low, high = max(0.0, -true_difference), 1.0
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        found = binary_power(n, middle, discordance, true_difference=true_difference, alpha=alpha)
        low, high = (low, middle) if found >= power else (middle, high)
    return high


def score_z(b_only: FloatArray, a_only: FloatArray, n: int, shift: float) -> FloatArray:
    """Tango's z of "B minus A is `shift`" for many outcomes of n pairs, shape as given.

    Args:
        b_only: Pairs that only B won.
        a_only: Pairs that only A won.
        n: All pairs.
        shift: The difference tested, inside (-1, 1).

    References:
        Tango, T. (1998). doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
    """
    b, a = b_only / n, a_only / n
    excess = b - a - shift
    deviation = np.sqrt(np.maximum(0.0, _restricted_variance(b, a, shift)) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = excess / deviation
    sure = np.where(np.abs(excess) < 1e-12, 0.0, np.copysign(math.inf, excess))
    return np.where(deviation > 1e-9, z, sure)


def _restricted_variance(b: FloatArray, a: FloatArray, shift: float) -> FloatArray:
    """Of one pair's difference, under the likeliest law with mean `shift`."""
    linear = -b - a + (2 - b + a) * shift
    root = np.sqrt(np.maximum(0.0, linear**2 + 8 * a * shift * (1 - shift)))
    return np.asarray((root - linear) / 2 + shift * (1 - shift), dtype=np.float64)


def _variances(margin: float, discordance: float, true: float) -> tuple[float, float]:
    b, a = np.array((discordance + true) / 2), np.array((discordance - true) / 2)
    null = float(_restricted_variance(b, a, -margin))
    return max(0.0, null), max(0.0, discordance - true**2)


def _formula(margin: float, discordance: float, true: float, power: float, alpha: float) -> int:
    null, real = _variances(margin, discordance, true)
    reach = normal_quantile(1 - alpha) * math.sqrt(null)
    reach += normal_quantile(power) * math.sqrt(real)
    return max(1, math.ceil((max(0.0, reach) / (true + margin)) ** 2))


def _likely(n: int, p: float) -> FloatArray:
    """The counts of n tries with chance p that are not negligibly rare."""
    # Rare events have a longer tail than the normal; twenty more cover it.
    half = _SPREADS * math.sqrt(n * p * (1 - p)) + 20
    low, high = max(0, math.floor(n * p - half)), min(n, math.ceil(n * p + half))
    return np.arange(low, high + 1, dtype=np.float64)


def _binomial(logs: FloatArray, n: int, k: FloatArray, p: float) -> FloatArray:
    if p in (0, 1):
        return np.asarray(k == n * p, dtype=np.float64)
    places = k.astype(np.int64)
    ways = logs[n] - logs[places] - logs[n - places]
    return np.asarray(np.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p)), dtype=np.float64)


def _check(margin: float, discordance: float, true: float) -> None:
    if not 0 <= margin < 1:
        raise ValueError(f"the margin is {margin}; as a fraction it must be from 0 to below 1")
    if not 0 <= discordance <= 1:
        raise ValueError(f"the discordance is {discordance}; it must be from 0 to 1")
    if not abs(true) <= discordance:
        raise ValueError(
            f"a true difference of {true} needs at least {abs(true)} of discordance, "
            f"not {discordance}"
        )
