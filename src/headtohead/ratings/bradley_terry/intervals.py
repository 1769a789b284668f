"""What is sure of strengths: intervals that hold alone and together, and sets of places.

Intervals are one-sided where a model never lost or never won. Of 20 that each hold with 95%, all
hold together only about half of the time; what is said of all models at once is wrong anywhere in
at most 5% of boards.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.fit import Fit, logistic
from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    check_count,
    check_level,
    one_thread,
)
from headtohead.stats.intervals import around, normal_probability, normal_quantile

_FARTHEST = 60.0  # logits; beyond it every chance is 0 or 1


def bounds(
    fitted: Fit, covariance: FloatArray, *, level: float = 0.95, width: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper ends for every strength, each of shape (M,), in logits.

    Where the likelihood has no maximum (a model, or a set of them, won every vote against the rest)
    the open side is inf and the other end is the strength at which so clean a record would have
    the chance (1 - level) / 2, as in an exact binomial interval: the record might have had a blot,
    so the open side does not set chance free for the other.

    `width` is that of each side in standard errors, in place of the normal quantile of `level`:
    joint intervals are wider.

    References:
        Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated
        in the case of the binomial. Biometrika 26, 404-413. doi:10.1093/biomet/26.4.404
    """
    z = normal_quantile(0.5 + check_level(level) / 2) if width is None else width
    m = len(fitted.counts.models)
    half = z * np.sqrt(np.maximum(0.0, np.diag(covariance)[:m]))
    low, high = fitted.strength - half, fitted.strength + half
    above, below = fitted.connectivity.above, fitted.connectivity.below
    chance = normal_probability(-z)
    for block in np.unique(fitted.connectivity.block[above | below]):
        inside = fitted.connectivity.block == block
        one = int(np.argmax(inside))
        down = _distance(fitted, covariance, inside, chance, z, up=True)
        up = _distance(fitted, covariance, inside, chance, z, up=False)
        low[inside] = -np.inf if below[one] else fitted.strength[inside] - down
        high[inside] = np.inf if above[one] else fitted.strength[inside] + up
    return low, high


def gap(
    fitted: Fit, covariance: FloatArray, first: int, second: int, *, level: float = 0.95
) -> Interval:
    """How much stronger the first model is than the second, in logits.

    Where a clean record parts the two, the closed end is the gap at which so clean a record would
    have the chance (1 - level) / 2, as in `bounds`. If one model never lost to the rest and the
    other never won, that is the chance of both records, at the likeliest place of the rest between
    them. A gap inside a block that both won and lost has an interval from the covariance.

    Returns:
        An end is infinite where the votes do not bound it.

    Raises:
        ValueError: If no chain of votes joins the two models.
    """
    if fitted.connectivity.component[first] != fitted.connectivity.component[second]:
        a, b = fitted.counts.models[first], fitted.counts.models[second]
        raise ValueError(f"no chain of votes joins {a} and {b}, so they cannot be compared")
    z = normal_quantile(0.5 + check_level(level) / 2)
    value = float(fitted.strength[first] - fitted.strength[second])
    variance = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    half = z * math.sqrt(max(0.0, variance))
    above, below = fitted.connectivity.above, fitted.connectivity.below
    if fitted.connectivity.block[first] == fitted.connectivity.block[second]:
        return around(value, value - half, value + half)
    leads, trails = above[first] or below[second], below[first] or above[second]
    down = math.inf if trails else _nearer(fitted, covariance, first, second, z)
    up = math.inf if leads else _nearer(fitted, covariance, second, first, z)
    return around(value, value - down, value + up)


def beats(
    fitted: Fit, covariance: FloatArray, first: int, second: int, *, level: float = 0.95
) -> Interval:
    """The score that the first model is expected to take from the second, from 0 to 1.

    A tie counts half; where ties were dropped it is the chance to win a decisive vote. The chance
    of a tie is taken as fitted, without its own uncertainty.

    Raises:
        ValueError: If no chain of votes joins the two models.
    """
    apart = gap(fitted, covariance, first, second, level=level)
    ends = np.clip([apart.value, apart.low, apart.high], -_FARTHEST, _FARTHEST)
    return around(*fitted.scores(ends).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _CleanRecord:
    """The votes of a clean record, those that go together as one, and where it was made.

    There is a gap, winner minus loser as fitted, and a number of votes a pair; `here` and `there`
    weigh the models of the block and their rivals by these votes, shape (M,).
    """

    fitted: Fit
    gaps: FloatArray
    n: FloatArray
    here: FloatArray
    there: FloatArray

    @classmethod
    def of(cls, fitted: Fit, inside: BoolArray, rivals: BoolArray, *, up: bool) -> "_CleanRecord":
        """The votes of some models against others, all won if `up`, all lost if not."""
        cells = fitted.cells
        toward = inside[cells.first] & rivals[cells.second]
        away = inside[cells.second] & rivals[cells.first]
        d = fitted.gaps(cells)
        gaps = np.concatenate([d[toward], -d[away]])
        votes = cells.n.sum(axis=1)
        if fitted.apart is not None:  # votes that go together are no cleaner than one
            votes = np.minimum(votes, fitted.apart)
        n = np.concatenate([votes[toward], votes[away]])
        here, there = (
            np.bincount(np.concatenate(ends), n / max(1.0, n.sum()), cells.m).astype(float)
            for ends in (
                (cells.first[toward], cells.second[away]),
                (cells.second[toward], cells.first[away]),
            )
        )
        return cls(fitted, gaps if up else -gaps, n, here, there)

    def log_chances(self, shifts: FloatArray) -> FloatArray:
        """Logarithm of the chance of so clean a record, were the block that much nearer."""
        d = self.gaps[None, :] - shifts[:, None]
        if self.fitted.link.probabilities is None:
            wins = logistic(d)
        else:
            chances = self.fitted.link.probabilities(d.ravel(), self.fitted.tie or 0.0)
            wins = chances[:, 0].reshape(d.shape)
        return np.asarray(np.log(np.maximum(wins, 1e-300)) @ self.n, dtype=np.float64)

    def log_chance(self, shift: float) -> float:
        """The same for one shift."""
        return float(self.log_chances(np.array([shift]))[0])


def _distance(
    fitted: Fit, covariance: FloatArray, inside: BoolArray, chance: float, z: float, *, up: bool
) -> FloatArray:
    """How far the models of a block can move towards the rest before it becomes too unlikely.

    What is unsure is how far the block as a whole is from its rivals, where these rivals are, and
    where in its block a model is.
    """
    unbounded = fitted.connectivity.above if up else fitted.connectivity.below
    record = _CleanRecord.of(fitted, inside, ~unbounded, up=up)
    moved = max(0.0, _shift(record.log_chance, math.log(chance)))
    m = inside.size
    strengths, there = covariance[:m, :m], record.there
    apart = np.eye(m)[inside] - record.here
    noise = np.einsum("im,mn,in->i", apart, strengths, apart) + there @ strengths @ there
    return np.asarray(np.hypot(moved, z * np.sqrt(np.maximum(0.0, noise))), dtype=np.float64)


def _nearer(fitted: Fit, covariance: FloatArray, upper: int, lower: int, z: float) -> float:
    """How much nearer a model above can be to one below before it becomes too unlikely.

    Besides the clean records, it is unsure where in its block each model is, and how far apart the
    rivals are that the records were made against.
    """
    joined, m = fitted.connectivity, len(fitted.counts.models)
    one, other = (joined.block == joined.block[k] for k in (upper, lower))
    top, bottom = bool(joined.above[upper]), bool(joined.below[lower])
    won = _CleanRecord.of(fitted, one, ~joined.above, up=True)
    lost = _CleanRecord.of(fitted, other, ~joined.below, up=False)
    place = np.eye(m)
    if top and bottom:
        chance, unsure = _across(fitted, one, other)
        parts = [place[upper] - won.here, place[lower] - lost.here, unsure]
    elif top:
        chance, parts = won.log_chance, [place[upper] - won.here, won.there - place[lower]]
    else:
        chance, parts = lost.log_chance, [place[lower] - lost.here, lost.there - place[upper]]
    shift = max(0.0, _shift(chance, math.log(normal_probability(-z))))
    noise = sum(float(part @ covariance[:m, :m] @ part) for part in parts)
    return math.hypot(shift, z * math.sqrt(max(0.0, noise)))


def _across(
    fitted: Fit, one: BoolArray, other: BoolArray
) -> tuple[Callable[[float], float], FloatArray]:
    """The chance of two clean records by how much nearer two blocks are, and what is unsure.

    Votes of the one block against the other speak of both, and count once. The rest may lie
    anywhere between the two: the chance is that at its likeliest place.
    """
    joined = fitted.connectivity
    direct = _CleanRecord.of(fitted, one, other, up=True)
    won = _CleanRecord.of(fitted, one, ~joined.above & ~other, up=True)
    lost = _CleanRecord.of(fitted, other, ~joined.below & ~one, up=False)
    if not (won.n.size and lost.n.size):  # the rest does not join them, and may be where it suits
        return direct.log_chance, np.zeros(one.size)

    def both(shift: float) -> float:
        def indirect(part: FloatArray) -> FloatArray:
            return won.log_chances(part) + lost.log_chances(shift - part)

        return direct.log_chance(shift) + _highest(indirect, -_FARTHEST, shift + _FARTHEST)

    return both, won.there - lost.there


def _highest(value: Callable[[FloatArray], FloatArray], low: float, high: float) -> float:
    """The highest value between two ends of what rises and then falls."""
    best = -math.inf
    for _ in range(4):  # each makes what is left 20 times shorter
        grid = np.linspace(low, high, 41)
        result = value(grid)
        top = int(np.argmax(result))
        low, high, best = grid[max(top - 1, 0)], grid[min(top + 1, 40)], float(result[top])
    return best


def _shift(log_chance: Callable[[float], float], least: float) -> float:
    """The shift at which the logarithm of a chance, which falls with it, reaches the least.

    It is inf where the chance never falls so low: there is no vote.
    """
    from scipy.optimize import brentq

    low, high = -_FARTHEST, 2 * _FARTHEST
    if log_chance(high) > least:
        return math.inf
    if log_chance(low) < least:
        return low
    return float(brentq(lambda shift: log_chance(shift) - least, low, high, xtol=1e-12))


_CELLS = 400_000  # numbers held at once
_FEWEST_DRAWS = 500


@dataclass(frozen=True, slots=True, eq=False)
class RankSets:
    """Which places each of M models may hold, from 1 for the strongest.

    Attributes:
        rank: Place by strength, shape (M,).
        best: 1 + how many are surely stronger, shape (M,).
        worst: M minus how many are surely weaker, shape (M,).
        group: Shape (M,), from 1: a new group starts with the strongest model that is surely
            weaker than the strongest of the group before.
        stronger: Shape (M, M): row surely stronger than column, all of it at once.
    """

    rank: IntArray
    best: IntArray
    worst: IntArray
    group: IntArray
    stronger: BoolArray


@one_thread()
def joint_width(
    covariance: FloatArray, rng: np.random.Generator, *, level: float = 0.95, draws: int = 2000
) -> float:
    """Standard errors on each side that make all M intervals hold together (max-t).

    It is that of `draws` simulated boards, at least 500.

    References:
        Westfall, P. H., Young, S. S. (1993). Resampling-Based Multiple Testing. Wiley.
        Montiel Olea, J. L., Plagborg-Moller, M. (2019). Simultaneous confidence bands: theory,
        implementation, and an application to SVARs. Journal of Applied Econometrics 34, 1-17.
        doi:10.1002/jae.2656
    """
    z = _draws(covariance, rng, draws)
    errors = np.sqrt(np.diag(covariance))
    some = errors > 0
    if not some.any():
        return 0.0
    largest = np.abs(z[:, some] / errors[some]).max(axis=1)
    return float(np.quantile(largest, check_level(level)))


@one_thread()
def rank_sets(
    strength: FloatArray,
    covariance: FloatArray,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 2000,
) -> RankSets:
    """Sets of places that hold all true places together with the chance `level`.

    Every pair is tested in both directions against the largest difference that chance would show;
    what is decided no longer counts as a comparison that could go wrong, and the rest is tested
    again (step-down).

    The strengths are those of one component; the rest is as in `joint_width`.

    Raises:
        ValueError: If shapes do not fit or there are too few draws.

    References:
        Mogstad, M., Romano, J. P., Shaikh, A. M., Wilhelm, D. (2024). Inference for ranks with
        applications to mobility across neighbourhoods and academic achievement across countries.
        Review of Economic Studies 91, 476-518. doi:10.1093/restud/rdad006
        Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple
        hypothesis testing. JASA 100, 94-108. doi:10.1198/016214504000000539
    """
    m = strength.size
    if covariance.shape != (m, m):
        raise ValueError(f"covariance has shape {covariance.shape} for {m} strengths")
    order = np.argsort(-strength, kind="stable")
    above = _surely_above(strength[order], covariance[np.ix_(order, order)], rng, level, draws)
    stronger = np.zeros((m, m), dtype=bool)
    stronger[np.ix_(order, order)] = above
    rank = 1 + (strength[None, :] > strength[:, None]).sum(axis=1)
    # A group begins with the first model that is surely below the leader of the group before.
    number, leader, group = 1, 0, np.ones(m, dtype=np.int64)
    for place in range(1, m):
        if above[leader, place]:
            leader, number = place, number + 1
        group[order[place]] = number
    return RankSets(
        rank.astype(np.int64),
        1 + stronger.sum(axis=0).astype(np.int64),
        m - stronger.sum(axis=1).astype(np.int64),
        group,
        stronger,
    )


def _surely_above(
    strength: FloatArray, covariance: FloatArray, rng: np.random.Generator, level: float, draws: int
) -> BoolArray:
    """Which model is surely stronger than which, for models sorted from the strongest."""
    m = strength.size
    upper, lower = np.triu_indices(m, 1)
    variance = np.diag(covariance)
    spread = np.sqrt(
        np.maximum(0.0, variance[upper] + variance[lower] - 2 * covariance[upper, lower])
    )
    gap = strength[upper] - strength[lower]
    # Two models that never differ in any simulated board are known exactly.
    exact = spread <= 1e-12 * max(1.0, float(np.abs(strength).max(initial=0.0)))
    t = np.divide(gap, spread, out=np.where(gap > 0, np.inf, 0.0), where=~exact)
    z = _draws(covariance, rng, draws)
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=~exact)
    done = np.zeros(t.size, dtype=bool)
    # Simulation noise is far above single precision, and half the memory is twice the speed.
    boards, scale = np.ascontiguousarray(z.T, dtype=np.float32), inverse.astype(np.float32)
    step = max(1, _CELLS // z.shape[0])
    while True:
        # The largest standardised difference of each simulated board. A decided pair can only err
        # in the other direction.
        result = np.zeros(z.shape[0], dtype=np.float32)
        for start in range(0, upper.size, step):
            pairs = slice(start, start + step)
            d = boards[upper[pairs]]
            d -= boards[lower[pairs]]
            d *= scale[pairs, None]
            two_sided = ~done[pairs]
            d[two_sided] = np.abs(d[two_sided])
            np.negative(d, out=d, where=done[pairs][:, None])
            np.maximum(result, d.max(axis=0, initial=0.0), out=result)
        critical = float(np.quantile(result.astype(np.float64), check_level(level)))
        new = (t > critical) & ~done
        if not new.any():
            break
        done |= new
    above = np.zeros((m, m), dtype=bool)
    above[upper[done], lower[done]] = True
    # If A is above B and B above C, so is A above C, though their own test may not show it.
    for place in reversed(range(m)):
        above[place] |= above[above[place]].any(axis=0)
    return above


def _draws(covariance: FloatArray, rng: np.random.Generator, draws: int) -> FloatArray:
    """Simulated errors of the strengths, shape (draws, M)."""
    check_count(draws, "draws", _FEWEST_DRAWS)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    result: FloatArray = rng.standard_normal((draws, covariance.shape[0])) @ root.T
    return result
