"""What a pilot says of the discordance, the spread and the likeness that a plan needs."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import Labels, check_count, check_level, vector
from headtohead.stats.intervals import wilson
from headtohead.stats.tails import chi_square_tail
from headtohead.trials.paired.cluster_sums import cluster_codes


@dataclass(frozen=True, slots=True)
class Guess:
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


def discordance_from_pilot(b_only: int, a_only: int, n: int, confidence: float = 0.8) -> Guess:
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
    found = wilson(b_only + a_only, n, _two_sided(confidence))
    return Guess(found.value, found.high, confidence, n)


def sd_from_pilot(differences: ArrayLike, confidence: float = 0.8) -> Guess:
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
    array = vector(differences, "differences", 2)
    level = 1 - (1 - _two_sided(confidence)) / 2
    sd = float(array.std(ddof=1))
    if sd == 0:
        raise ValueError("all differences of the pilot are equal; it says nothing of their spread")
    df = array.size - 1
    low, high = 0.0, float(df)
    while high - low > 1e-10 * df:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if chi_square_tail(middle, df) < level else (middle, high)
    return Guess(sd, sd * math.sqrt(df / low), confidence, int(array.size))


def likeness_from_pilot(differences: ArrayLike, items: Labels) -> float:
    """The intraclass correlation of differences inside items, from 0 to 1.

    By analysis of variance; 1 where no item was tried twice, since nothing speaks against it.

    Args:
        differences: B minus A of each try, shape (n,).
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


def _two_sided(confidence: float) -> float:
    if not check_level(confidence) > 0.5:
        raise ValueError(f"the confidence is {confidence}; it must be inside (0.5, 1)")
    return 2 * confidence - 1
