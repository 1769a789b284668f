"""Exact limits of the difference between two shares of yes, on pairs."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, check_level
from headtohead.stats.intervals import around, normal_probability, normal_quantile

EXACT_UP_TO = 1000  # pairs; a sample whose difference varies more has Tango's limits, widened
HALF = 0.5  # of a pair: how much wider
_UNLIKELY = 1e-6  # the chance that the share of differing pairs is none of those looked at
_STEPS = 0.3, 0.6  # between those shares, in roots of 1 / n, where a standard error is 0.5
_FEW = 25  # pairs that differ, or that do not, up to which the first of the two steps is taken
_SPREADS, _SPARE = 5.0, 10  # standard deviations, and counts beyond them, that are summed up
_FARTHEST = 8.0  # no p-value is told below that of a normal tail beyond


@dataclass(frozen=True, slots=True)
class PairsTest:
    """Tests B's share of yes minus A's, on pairs; errs at most as often as it promises.

    Outcomes are ordered by Tango's score limit, and a difference is excluded if an outcome at
    least as far in that order is too rare whatever share of the pairs differs: a limit of
    Buehler's. Shares that the data make a one in a million chance are not looked at, and that
    millionth is added (Berger, Boos). Where over a thousand pairs differ Tango's limit serves, half
    a pair wider.

    Attributes:
        b_only: Pairs that only B won.
        a_only: Pairs that only A won.
        tail: The one-sided error at which p-values agree with the interval to the last digit; at
            others outcomes are ordered a little differently.

    References:
        Lloyd, C. J., Moldovan, M. V. (2007). Exact one-sided confidence limits for the difference
        between two correlated proportions. Statistics in Medicine 26, 3369-3384.
        doi:10.1002/sim.2708
        Buehler, R. J. (1957). Confidence intervals for the product of two binomial parameters.
        JASA 52, 482-493. doi:10.1080/01621459.1957.10501404
        Berger, R. L., Boos, D. D. (1994). P values maximized over a confidence set for the
        nuisance parameter. JASA 89, 1012-1016. doi:10.1080/01621459.1994.10476836
    """

    b_only: int
    a_only: int
    n: int
    tail: float = 0.025

    @property
    def mean(self) -> float:
        """The difference seen."""
        return (self.b_only - self.a_only) / self.n

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "it is at most `shift`"."""
        outcome, shift = (self.b_only, self.a_only, self.n), max(shift, -1.0)
        z = float(tango_z(*outcome, shift))
        if z <= 0 or not is_exact(*outcome):
            return normal_probability(-float(tango_z(*outcome, shift, HALF)))
        shares = _plausible(self.n, self.b_only + self.a_only)
        order = _Order.of(self.n, shares, shift, min(z, _FARTHEST))
        p = min(1.0, _UNLIKELY + float(order.chances(shift, shares).max()))
        # The order of outcomes differs a little between levels: the limit's own decides.
        return min(p, self.tail) if shift < _low(*outcome, self.tail) else max(p, self.tail)

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "it is at least `shift`"."""
        return PairsTest(self.a_only, self.b_only, self.n, self.tail).p_above(-shift)

    def interval(self, level: float) -> Interval:
        """The differences that neither of the two tests rejects at (1 - level) / 2.

        Unbounded for tails up to a millionth.
        """
        tail = (1 - check_level(level)) / 2
        low = _low(self.b_only, self.a_only, self.n, tail)
        return around(self.mean, low, -_low(self.a_only, self.b_only, self.n, tail))


@lru_cache(maxsize=4096)
def _low(b_only: int, a_only: int, n: int, tail: float) -> float:
    """The least difference that is not excluded."""
    z = normal_quantile(1 - tail)
    if not is_exact(b_only, a_only, n):
        return float(tango_low(b_only, a_only, n, z, HALF))
    limit = float(tango_low(b_only, a_only, n, z))
    if limit <= -1 or tail <= _UNLIKELY:
        return -1.0
    shares = _plausible(n, b_only + a_only)
    order, near = _Order.of(n, shares, limit, z), shares
    # By secants from the mean, near which z is 0, kept inside what is known.
    out, inside, last = -1.0, (b_only - a_only) / n, (b_only - a_only) / n
    apart, at = -z, limit
    for _ in range(60):
        chances = order.chances(at, near)
        beyond = normal_quantile(1 - min(_UNLIKELY + chances.max(), 1 - 1e-9)) - z
        if abs(beyond) <= 1e-9 or inside - out <= 1e-12:
            if near is shares:
                break
            near, out = shares, -1.0  # another share may have come to matter on the way
            continue
        worst = int(chances.argmax())
        near = near[max(0, worst - 1) : worst + 2]
        out, inside = (at, inside) if beyond > 0 else (out, at)
        rise = beyond - apart
        step = at - beyond * (at - last) / rise if rise else at
        last, apart = at, beyond
        at = step if out < step < inside else (out + inside) / 2
    return at


def is_exact(b_only: ArrayLike, a_only: ArrayLike, n: int) -> BoolArray:
    """Whether the limits of these outcomes are exact, not Tango's."""
    b, a = np.asarray(b_only), np.asarray(a_only)
    return np.asarray(b + a - (b - a) ** 2 / n <= EXACT_UP_TO)


def fewest_wins(n: int, differing: IntArray, shift: float, tail: float) -> IntArray:
    """The fewest wins of B with which the lower limit is above `shift`, as `PairsTest` has it.

    Args:
        differing: How many of the n pairs differ: whole numbers that follow each other, shape (D,).
        tail: (1 - level) / 2 of the interval.

    Returns:
        Shape (D,); one more than `differing` where no number of wins does.
    """
    z, wide = normal_quantile(1 - tail), 3
    start = _tango_wins(n, differing, shift, z)
    while True:
        wins = start[:, None] + np.arange(-wide, wide + 1)
        lost = differing[:, None] - wins
        real = (wins >= 0) & (lost >= 0)
        exact = is_exact(wins, lost, n)
        enough = real & (tango_z(wins, np.maximum(lost, 0), n, shift, HALF) > z)
        if (exact & real).any():
            enough = real & np.where(exact, _exact(n, differing, wide, shift, tail), enough)
        at = np.where(enough.any(axis=1), enough.argmax(axis=1), 2 * wide + 1)
        fewest = np.minimum(start - wide + at, differing + 1)
        if not ((at == 0) & (fewest > 0) | (at > 2 * wide) & (fewest <= differing)).any():
            return np.asarray(fewest)
        wide *= 2


def _exact(n: int, differing: IntArray, wide: int, shift: float, tail: float) -> BoolArray:
    """Whether Tango's fewest wins, and up to `wide` less and more, show it by exact limits."""
    z = normal_quantile(1 - tail)
    first, last = _plausible_ends(n, differing)
    shares = _shares(n)[first[0] : last[-1] + 1]
    every = _counts(n, shares)
    starts = _tango_wins(n, every, shift, z)
    wins = starts[:, None] + np.arange(-wide, wide + 1)
    real = (wins >= 0) & (wins <= every[:, None])
    b, d = wins[real], np.broadcast_to(every[:, None], wins.shape)[real]
    order = np.argsort(-tango_low(b, d - b, n, z), kind="stable")
    ways, rank = _log_ways(n, d[order], b[order]), np.full(wins.shape, order.size)
    rank[real] = np.argsort(order)
    # How many outcomes, from the farthest, are rare enough together for each share.
    few = np.empty(shares.size, dtype=np.int64)
    beyond = _Order(n, every, starts + wide + 1).chances(shift, shares)
    for i, share in enumerate(np.maximum(shares, abs(shift)).tolist()):
        chance = np.exp(ways + _log_chance(n, d[order], b[order], shift, share))
        few[i] = np.searchsorted(beyond[i] + chance.cumsum(), tail - _UNLIKELY, side="right")
    least = [few[i : j + 1].min() for i, j in zip(first - first[0], last - first[0], strict=True)]
    here = slice(differing[0] - every[0], differing[-1] - every[0] + 1)
    return np.asarray(rank[here] < np.array(least)[:, None])


# ---------------------------------------------------------------- shares of pairs that differ


@lru_cache(maxsize=64)
def _shares(n: int) -> FloatArray:
    """Shares of differing pairs, a fraction of a standard error apart, from 0 to 1."""
    half = math.pi / 4 * math.sqrt(n)
    fine = np.arange(0.0, min(half, math.sqrt(_FEW)), _STEPS[0])
    lower = np.append(fine, np.arange(fine[-1] + _STEPS[1], half, _STEPS[1])) / math.sqrt(n)
    return np.asarray(np.sin(np.append(lower, math.pi / 2 - lower[::-1])) ** 2)


def _plausible_ends(n: int, differing: IntArray) -> tuple[IntArray, IntArray]:
    """Between which of the shares the true one lies, by Chernoff's bound, each of shape (D,)."""
    shares, seen = _shares(n), differing[:, None] / n
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(seen > 0, seen * np.log(seen / shares), 0.0)
        apart += np.where(seen < 1, (1 - seen) * np.log((1 - seen) / (1 - shares)), 0.0)
    inside = n * apart <= math.log(2 / _UNLIKELY)
    first = inside.argmax(axis=1)
    last = shares.size - 1 - inside[:, ::-1].argmax(axis=1)
    return np.maximum(first - 1, 0), np.minimum(last + 1, shares.size - 1)


def _plausible(n: int, differing: int) -> FloatArray:
    (first,), (last,) = _plausible_ends(n, np.array([differing]))
    return _shares(n)[first : last + 1]


def _counts(n: int, shares: FloatArray) -> IntArray:
    """The numbers of differing pairs that are not too rare for all of the shares, ascending."""
    low, high = _window(n, float(shares[0]))[0], _window(n, float(shares[-1]))[1]
    return np.arange(low, high + 1)


def _window(n: int, share: float) -> tuple[int, int]:
    half = _SPREADS * math.sqrt(n * share * (1 - share)) + _SPARE
    return max(0, math.floor(n * share - half)), min(n, math.ceil(n * share + half))


# ---------------------------------------------------------------- outcomes in order


@dataclass(frozen=True, eq=False)
class _Order:
    """Outcomes at least as far as some limit: of each number of pairs that differ, the most wins.

    Attributes:
        differing: Shape (D,), each one more than the last.
        fewest: The fewest wins of B that count, shape (D,).
    """

    n: int
    differing: IntArray
    fewest: IntArray

    @classmethod
    def of(cls, n: int, shares: FloatArray, limit: float, z: float) -> "_Order":
        """Those whose limit of Tango's, z standard errors below, is at least `limit`."""
        differing = _counts(n, shares)
        return cls(n, differing, _tango_wins(n, differing, limit, z - 1e-9))

    @cached_property
    def cells(self) -> tuple[IntArray, FloatArray]:
        """Wins, and the logarithm of how many ways there are, shape (D, W); -inf past the last."""
        least = int((self.differing - self.fewest).max(initial=0))
        most = math.ceil(_SPREADS * math.sqrt(float(self.differing[-1]))) + 2 * _SPARE
        wins = self.fewest[:, None] + np.arange(min(least, most) + 1)
        ways = _log_ways(self.n, self.differing[:, None], wins)
        return wins, ways

    def chances(self, shift: float, shares: FloatArray) -> FloatArray:
        """How likely they are together if B minus A is `shift`, for each share, shape (J,).

        Shares below the size of the difference, which cannot be, count as that.
        """
        wins, ways = self.cells
        found = np.empty(shares.size)
        for i, share in enumerate(np.maximum(shares, abs(shift)).tolist()):
            if i and share == abs(shift):
                found[i] = found[i - 1]
                continue
            low, high = _window(self.n, share)
            rows = slice(max(0, low - int(self.differing[0])), high - int(self.differing[0]) + 1)
            if low > self.differing[-1]:
                found[i] = 0.0
                continue
            differing, of_b = self.differing[rows], (share + shift) / (2 * share or 1)
            most = differing * of_b + _SPREADS * np.sqrt(differing * of_b * (1 - of_b)) + _SPARE
            part = rows, slice(int(max(0, (most - self.fewest[rows]).max() + 1)))
            logs = _log_chance(self.n, differing[:, None], wins[part], shift, share)
            found[i] = np.exp(ways[part] + logs).sum()
        return found


def _log_ways(n: int, differing: IntArray, wins: IntArray) -> FloatArray:
    """The logarithm of how many ways n pairs can turn out so; -inf for more wins than differ."""
    small, falling = _log_factorials(n, int(differing.max()))
    ways = falling[differing] - small[np.minimum(wins, differing)]
    ways -= small[np.maximum(differing - wins, 0)]
    return np.where(wins <= differing, ways, -math.inf)


@lru_cache(maxsize=8)
def _log_factorials(n: int, most: int) -> tuple[FloatArray, FloatArray]:
    """The logarithms of k! and of n! / (n - k)!, for k from 0 to `most`."""
    k = np.arange(most, dtype=np.float64)
    return np.append(0.0, np.log(k + 1).cumsum()), np.append(0.0, np.log(n - k).cumsum())


def _log_chance(
    n: int, differing: IntArray, wins: IntArray, shift: float, share: float
) -> FloatArray:
    """The logarithm of the chance of one way, if so many pairs differ and B minus A is `shift`."""
    of_b = math.log(max((share + shift) / 2, 1e-300))
    of_a = math.log(max((share - shift) / 2, 1e-300))
    of_none = math.log(max(1 - share, 1e-300))
    rest = differing * (of_a - of_none) + n * of_none
    return np.asarray(wins * (of_b - of_a) + rest)


# ---------------------------------------------------------------- Tango's limits


def _tango_wins(n: int, differing: IntArray, limit: float, z: float) -> IntArray:
    """The fewest wins with which Tango's z of `limit` is at least `z`."""
    fewest, never = np.zeros_like(differing), differing + 1
    while (fewest < never).any():
        wins = (fewest + never) // 2
        reached = tango_z(wins, differing - wins, n, limit) >= z
        fewest, never = np.where(reached, fewest, wins + 1), np.where(reached, wins, never)
    return fewest


def tango_low(
    b_only: ArrayLike, a_only: ArrayLike, n: int, z: float, less: float = 0.0
) -> FloatArray:
    """Tango's lower limit of B minus A, z > 0 standard errors below it, shape as broadcast.

    Args:
        less: By how many pairs the difference is taken to be nearer (a correction for
            continuity).

    References:
        As `tango_z`.
    """
    b, a = np.broadcast_arrays(np.asarray(b_only) / n, np.asarray(a_only) / n)
    mean = b - a - less / n
    at = np.full(b.shape, -1.0)
    # Newton's steps, from below where n (mean - at)^2 is above z^2 times the variance.
    for _ in range(100):
        linear, gap = (2 - b + a) * at - b - a, mean - at
        root = np.sqrt(np.maximum(1e-300, linear**2 + 8 * a * at * (1 - at)))
        excess = n * gap**2 - z**2 * ((root - linear) / 2 + at * (1 - at))
        slope = (linear * (2 - b + a) + 4 * a * (1 - 2 * at)) / root - (2 - b + a)
        slope = -2 * n * gap - z**2 * (slope / 2 + 1 - 2 * at)
        last, at = at, np.maximum(-1.0, at - excess / np.minimum(slope, -1e-9))
        if float(np.abs(at - last).max(initial=0.0)) <= 1e-14:
            break
    return np.asarray(at)


def tango_z(
    b_only: ArrayLike, a_only: ArrayLike, n: int, shift: ArrayLike, less: float = 0.0
) -> FloatArray:
    """Tango's z of "B minus A is `shift`" for outcomes of n pairs, shape as given or broadcast.

    Of the pairs, only B won `b_only` and only A `a_only`; `shift` lies from -1 to 1.

    Args:
        less: As in `tango_low`.

    References:
        Tango, T. (1998). Equivalence test and confidence interval for the difference in
        proportions for the paired-sample design. Statistics in Medicine 17, 891-908.
        doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B
    """
    b, a, tested = np.asarray(b_only) / n, np.asarray(a_only) / n, np.asarray(shift)
    excess = b - a - tested
    excess = np.sign(excess) * np.maximum(0.0, np.abs(excess) - less / n)
    deviation = np.sqrt(np.maximum(0.0, tango_variance(b, a, tested)) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = excess / deviation
    sure = np.where(np.abs(excess) < 1e-12, 0.0, np.copysign(math.inf, excess))
    return np.where(deviation > 1e-9, z, sure)


def tango_variance(b: FloatArray, a: FloatArray, shift: float | FloatArray) -> FloatArray:
    """Of one pair's difference, under the likeliest law of yes/no pairs with mean `shift`."""
    linear = -b - a + (2 - b + a) * shift
    root = np.sqrt(np.maximum(0.0, linear**2 + 8 * a * shift * (1 - shift)))
    return np.asarray((root - linear) / 2 + shift * (1 - shift), dtype=np.float64)
