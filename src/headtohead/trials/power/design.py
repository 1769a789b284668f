"""A sample size, and what several tries at an item are worth."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from headtohead.stats.inputs import check_count, check_level
from headtohead.stats.quantiles import normal_quantile


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure.

    Attributes:
        pairs_n: Independent pairs that the test needs.
        items_n: Items, each tried `tries` times by both models.
        tries: Tries at an item.
        calls_n: Calls of each model: items times tries.
        power: Chance of a "yes" with that many independent pairs, if the assumptions hold.
        formula_n: Independent pairs by the textbook formula, before `power` was checked.
    """

    pairs_n: int
    items_n: int
    tries: int
    calls_n: int
    power: float
    formula_n: int


def items_for_pairs(pairs: int, tries: int = 1, icc: float = 0.0, *, floor: int = 1) -> int:
    """How many items, tried several times each, are worth so many independent pairs.

    Args:
        pairs: Independent pairs, at least 1.
        tries: Tries at each item by both models, at least 1.
        icc: How alike the differences of one item are, from 0 (every try is news) to 1 (a
            second try tells nothing).
        floor: The least number of items, whatever the tries.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Kish, L. (1965). Survey Sampling, s. 5.4 (design effect 1 + (k - 1) icc).
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    pairs, tries = check_count(pairs, "pairs", 1), check_count(tries, "tries", 1)
    if not 0 <= icc <= 1:
        raise ValueError(f"the intraclass correlation is {icc}; it must be from 0 to 1")
    return max(floor if tries > 1 else 1, math.ceil(pairs * (1 + (tries - 1) * icc) / tries - 1e-9))


def fewest_items(margin: float, alpha: float) -> int:
    """Items without which no score interval over items lies inside the margin.

    Args:
        margin: Inside (0, 1).
        alpha: One-sided error.

    References:
        Tango, T. (1998), equation 30: the limits where no pair differs.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
    """
    return math.ceil(normal_quantile(1 - alpha) ** 2 * (1 - margin) / margin + 1e-9)


def check_plan(reach: float, power: float, alpha: float) -> None:
    """Refuse what no sample size achieves.

    Raises:
        ValueError: If the truth does not lie above the null hypothesis, or a chance is out of
            range.
    """
    check_level(power)
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha is {alpha}; it must be inside (0, 0.5)")
    if not reach > 0:
        raise ValueError(
            "the true difference is not above minus the margin, so no sample shows that it is"
        )


def least_reaching(start: int, power_at: Callable[[int], float], power: float) -> int:
    """The first sample size from `start` on whose power is reached, in steps of about 0.5%."""
    n = start
    while power_at(n) < power:
        n += max(1, n // 200)
    return n
