"""How many items a comparison needs, before money is spent on them."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import IntArray, Labels, check_count, check_level, vector
from headtohead.stats.intervals import normal_probability, normal_quantile, student_quantile, wilson
from headtohead.trials.paired.means import (
    cluster_codes,
    cluster_sums,
    intraclass,
)
from headtohead.trials.paired.pairs import HALF, fewest_wins, tango_variance
from headtohead.trials.words import Kind


@lru_cache(maxsize=1024)
def _fewest_wins(n: int, low: int, high: int, shift: float, tail: float) -> IntArray:
    """`fewest_wins` of `low` to `high` differing pairs, as a plan asks for it again and again."""
    return fewest_wins(n, np.arange(low, high + 1), shift, tail)


_EXACT_PAIRS = 20_000  # beyond it the normal approximation is as good
_SPREADS = 7.0  # standard deviations that are enumerated


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How much to measure.

    Attributes:
        pairs_n: Independent pairs that the test needs.
        items_n: Items, each run `repeats` times by both models.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a plan rests on; its methods raise ValueError if it is out of range.

    Yes/no outcomes are planned for the exact limit that `compare` has, graded scores for Student's
    t. Votes (1 for B, -1 for A, 0 for a tie) follow the law of yes/no pairs: the margin is then one
    of net preference, and votes that are no ties are items that differ.

    Attributes:
        kind: "binary" for solved or not, "graded" for scores, "preference" for votes A, B, tie.
        margin: How much worse B may be, in the unit of the scores; 0 for superiority.
        spread: Share of items that only one solves (binary), standard deviation of the difference
            (graded), or share of ties (preference).
        difference: What B minus A is taken to be, above -margin.
        power: Chance of a yes, inside (0, 1).
        level: Coverage of the two-sided interval that will decide, inside (0, 1).
        repeats: Runs of an item by both.
        icc: How alike the differences of one item are between repeats, from 0 to 1.
    """

    kind: Kind
    margin: float
    spread: float
    difference: float = 0.0
    power: float = 0.8
    level: float = 0.95
    repeats: int = 1
    icc: float = 0.0

    @property
    def alpha(self) -> float:
        """The one-sided error."""
        return (1 - self.level) / 2

    @property
    def discordance(self) -> float:
        """The share of pairs that differ."""
        return 1 - self.spread if self.kind == "preference" else self.spread

    def size(self) -> SampleSize:
        """How many shared items show that B is at most the margin worse.

        By the formula of the field; then more, until the exact power of that very decision suffices
        with so many pairs and with any greater number.

        References:
            Nam, J. (1997). Establishing equivalence of two treatments and sample size
            requirements in matched-pairs design. Biometrics 53, 1422-1430. doi:10.2307/2533508
            Connor, R. J. (1987). Sample size for testing differences in proportions for the
            paired-sample design. Biometrics 43, 207-211. doi:10.2307/2531961
            Julious, S. A. (2004). Sample sizes for clinical trials with normal data. Statistics in
            Medicine 23, 1921-1986. doi:10.1002/sim.1783
            Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
        """
        formula, least = self.formula(), 1
        if self.kind != "graded" and self.repeats > 1 and self.margin > 0:
            # Tango's equation 30: with fewer no score interval over items is inside the margin.
            z = normal_quantile(1 - self.alpha)
            least = math.ceil(z**2 * (1 - self.margin) / self.margin + 1e-9)
        pairs = self._holding(formula)
        items = max(least, items_for_pairs(pairs, self.repeats, self.icc))
        power = self.power_with(pairs)
        return SampleSize(pairs, items, self.repeats, items * self.repeats, power, formula)

    def formula(self) -> int:
        """Independent pairs by the textbook formula, 1 or more; 2 for graded scores.

        References:
            As `size`.
        """
        self._check()
        reach = self.difference + self.margin
        if not reach > 0:
            raise ValueError(
                "the true difference is not above minus the margin, so no sample shows that it is"
            )
        graded = self.kind == "graded"
        null, real = (self.spread**2, self.spread**2) if graded else self._variances()
        z = normal_quantile(1 - self.alpha)
        spreads = z * math.sqrt(null) + normal_quantile(self.power) * math.sqrt(real)
        return max(1 + graded, math.ceil((max(0.0, spreads) / reach) ** 2))

    def _holding(self, formula: int) -> int:
        """The fewest pairs, from the formula's up, that have the power and keep it with more."""

        @lru_cache
        def enough(pairs: int) -> bool:
            return self.power_with(pairs) >= self.power

        step, pairs, tooth = max(1, formula // 200), formula, 0
        while not enough(pairs):
            pairs += step
        last = max(formula, pairs - step) - 1
        if self.kind != "graded" and pairs <= _EXACT_PAIRS:
            # Pairs are whole, so power rises in teeth: about as long as the margin takes to make up
            # a pair or two, shorter where many differ, and longer where their number hardly varies.
            differing = pairs * self.discordance
            tooth = 3 + math.ceil(2 / (self.margin or 0.2) / max(1.0, differing / 10))
            tooth += 2 * math.isqrt(pairs) if pairs - differing < 5 else 0
        short = next((n for n in range(pairs - 1, last, -1) if not enough(n)), last)
        pairs = short + 1
        while pairs - short <= tooth:
            short = short if enough(pairs) else pairs
            pairs += 1
        return short + 1

    def power_with(self, pairs: int) -> float:
        """The chance that so many pairs show that B is at most the margin worse.

        For yes/no pairs all numbers of discordant ones that are not negligibly rare are enumerated
        up to 20,000 pairs; beyond, the normal approximation serves.

        References:
            As `size`; Owen, D. B. (1965). A special case of a bivariate non-central
            t-distribution. Biometrika 52, 437-446. doi:10.1093/biomet/52.3-4.437
        """
        from scipy.special import bdtrc, gammaln, nctdtr, xlog1py, xlogy

        self._check()
        reach = self.difference + self.margin
        if self.kind == "graded":
            n = check_count(pairs, "pairs", 2)
            bound = student_quantile(1 - self.alpha, n - 1)
            centre = reach / self.spread * math.sqrt(n)
            short = float(nctdtr(n - 1, centre, bound))
            # scipy has no number for some tails below the smallest float.
            return float(centre > bound) if math.isnan(short) else 1 - short
        n, share = check_count(pairs, "pairs", 1), self.discordance
        z = normal_quantile(1 - self.alpha)
        if n > _EXACT_PAIRS:
            null, real = self._variances()
            excess = (reach - HALF / n) * math.sqrt(n) - z * math.sqrt(null)
            return normal_probability(excess / math.sqrt(real)) if real > 0 else float(excess > 0)
        # Rare events have a longer tail than the normal; twenty more cover it.
        half = _SPREADS * math.sqrt(n * share * (1 - share)) + 20
        low, high = math.floor(n * share - half), math.ceil(n * share + half)
        differing = np.arange(max(0, low), min(n, high) + 1)
        chance = np.exp(
            gammaln(n + 1)
            - gammaln(differing + 1)
            - gammaln(n - differing + 1)
            + xlogy(differing, share)
            + xlog1py(n - differing, -share)
        )
        fewest = _fewest_wins(n, *differing[[0, -1]].tolist(), -self.margin, self.alpha)
        of_b = 0.5 if share == 0 else (share + self.difference) / (2 * share)
        reached = np.where(fewest == 0, 1.0, bdtrc(np.maximum(fewest, 1) - 1, differing, of_b))
        return min(1.0, float(chance @ reached))

    def least_margin(self, pairs: int) -> float:
        """The smallest margin that so many pairs show with the power asked for; 1 if no share does.

        References:
            As `size`.
        """
        from scipy.optimize import brentq

        def excess(margin: float) -> float:
            return replace(self, margin=margin).power_with(pairs) - self.power

        low, high = max(0.0, -self.difference), 1 - 1e-9
        if self.kind == "graded":
            high = low + self.spread
            while excess(high) < 0:
                high = low + 2 * (high - low)
        if excess(low) >= 0:
            return low
        if excess(high) < 0:
            return 1.0
        # The power of yes/no outcomes rises in steps: the margin is taken just beyond the step.
        step = 1e-9 * (high - low)
        least = float(brentq(excess, low, high, xtol=step))
        return least if excess(least) >= 0 else least + 2 * step

    def _variances(self) -> tuple[float, float]:
        """Of one pair's difference: under the null hypothesis, and as assumed."""
        b_only = np.array((self.discordance + self.difference) / 2)
        null = float(tango_variance(b_only, b_only - self.difference, -self.margin))
        return max(0.0, null), max(0.0, self.discordance - self.difference**2)

    def _check(self) -> None:
        check_level(self.power)
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha is {self.alpha}; it must be inside (0, 0.5)")
        if self.kind == "graded":
            if not 0 <= self.margin < math.inf:
                raise ValueError(f"`margin` is {self.margin}; it must be 0 or more")
            if not 0 < self.spread < math.inf:
                raise ValueError(f"`sd` is {self.spread}; it must be above 0")
            return
        if not 0 <= self.margin < 1:
            raise ValueError(
                f"`margin` is {self.margin}; as a fraction it must be from 0 to below 1"
            )
        if self.kind == "preference" and not 0 <= self.spread < 1:
            raise ValueError(f"`ties` is {self.spread}; it must be from 0 to below 1")
        if not 0 <= self.discordance <= 1:
            raise ValueError(f"`discordance` is {self.discordance}; it must be from 0 to 1")
        if not abs(self.difference) <= self.discordance:
            raise ValueError(
                f"a true difference of {self.difference} needs at least {abs(self.difference)} of "
                f"discordance, not {self.discordance}"
            )


def items_for_pairs(pairs: int, repeats: int = 1, icc: float = 0.0) -> int:
    """How many items, run several times each, are worth so many independent pairs.

    Args:
        icc: How alike the differences of one item are, from 0 (every repeat is news) to 1 (a
            second run tells nothing).

    Raises:
        ValueError: If an argument is out of range.

    References:
        Kish, L. (1965). Survey Sampling, s. 5.4 (design effect 1 + (k - 1) icc).
        Miller, E. (2024). Adding error bars to evals. doi:10.48550/arXiv.2411.00640
    """
    pairs, repeats = check_count(pairs, "pairs", 1), check_count(repeats, "repeats", 1)
    if not 0 <= icc <= 1:
        raise ValueError(f"`icc` is {icc}; it must be from 0 to 1")
    return max(1, math.ceil(pairs * (1 + (repeats - 1) * icc) / repeats - 1e-9))


# ---------------------------------------------------------------- what a pilot says


@dataclass(frozen=True, slots=True)
class PilotFigure:
    """A figure from a pilot.

    Attributes:
        careful: What it exceeds with a chance of at most 1 - confidence; plan with this one.
    """

    value: float
    careful: float
    confidence: float
    n: int


def discordance_from_pilot(
    b_only: int, a_only: int, n: int, confidence: float = 0.8
) -> PilotFigure:
    """The share of n >= 1 pairs that differ, with Wilson's one-sided bound of that confidence.

    Raises:
        ValueError: If the counts are impossible.

    References:
        Wilson, E. B. (1927). JASA 22, 209-212. doi:10.1080/01621459.1927.10502953
        Browne, R. H. (1995). doi:10.1002/sim.4780141709
    """
    _check_confidence(confidence)
    share = wilson(b_only + a_only, n, 2 * confidence - 1)
    return PilotFigure(share.value, share.high, confidence, n)


def sd_from_pilot(differences: ArrayLike, confidence: float = 0.8) -> PilotFigure:
    """The standard deviation of B minus A, with its one-sided upper bound by chi-square.

    The bound is exact for normal differences; far from it, trust it less.

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
    """The intraclass correlation of differences (n,) inside items (length n), from 0 to 1.

    By analysis of variance; 1 where no item was run twice, since nothing speaks against it.

    Raises:
        ValueError: If there are fewer than two items, or the arguments do not fit.

    References:
        Donner, A. (1986). A review of inference procedures for the intraclass correlation
        coefficient in the one-way random effects model. International Statistical Review 54,
        67-82. doi:10.2307/1403259
    """
    array = vector(differences, "differences", 2)
    codes = cluster_codes(items, array.size)
    sums = cluster_sums(array, codes)
    count = check_count(sums.clusters_n, "the number of items", 2)
    if array.size == count:
        return 1.0
    return intraclass(sums.sizes, sums.totals, sums.squares)


def _check_confidence(confidence: float) -> None:
    if not check_level(confidence) > 0.5:
        raise ValueError(f"the confidence is {confidence}; it must be inside (0.5, 1)")
