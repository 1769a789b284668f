"""What votes prove about a mean preference, however often they are looked at.

`trials/sequential.py` says how a bet proves something that may be read after every vote. Here the
gamblers do not know the margin: every margin may be asked about, and changed while votes come in.
And a vote may count for more or less, between ends that were fixed before it was cast.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, label_list
from headtohead.trials.judging.means import preferences
from headtohead.trials.sequential import SequentialPlan, distances, stake, variance_after

# Votes of 1, 0 and -1 with three ties in ten, and nobody far ahead.
USUAL_VARIANCE = 0.7
# Votes after which what a pair differs by is believed by half.
OWN_VOTES = 6.0
# Most of the wealth bets on 0.15 in preference, which is 7.5 percentage points of the win share.
PLAN = SequentialPlan(0.15, spread=math.sqrt(USUAL_VARIANCE))
# Found by simulation: sharper is a little quicker there, and slower elsewhere.
_DECAY = 0.7
_STEPS = np.arange(-6, 7)
_HALVINGS = 20
_BARELY = 1e-9
# What is foreseen is a mean; the bets want its distance from a margin not known, and are loose.
_USUAL_MARGIN = 0.1
_LEAST_FORESEEN = 0.05
_FORESEEN_SPREAD = 0.35

# The log shares of the wealth of those who bet on above and on below, shape (13,) each.
Start = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Numbers whose mean, given all before, is the mean preference asked about.

    Attributes:
        x: In order, shape (n,).
        low: The least that each could have been, given those before it, shape (n,).
        high: The most, shape (n,).
        at: After how many votes each was there, shape (n,), rising.
        votes: How many votes there are, those that wait for others among them.
        variance: What is expected of one, before the first.
        each: How many votes are in one.
        news: After how many something was foreseen on which bets stake from then on; 0 if before
            the first.
    """

    x: FloatArray
    low: FloatArray
    high: FloatArray
    at: IntArray
    votes: int
    variance: float = USUAL_VARIANCE
    each: int = 1
    news: int = 0

    @classmethod
    def of_votes(cls, votes: ArrayLike) -> Self:
        """Each vote by itself: a preference from -1 to 1, shape (n,), n >= 0."""
        x = _votes(votes)
        return cls.of_means(x, np.arange(1, x.size + 1), x.size, 1.0, 1)

    @classmethod
    def of_means(cls, x: FloatArray, at: IntArray, votes: int, part: float, each: int) -> Self:
        """Means of `each` votes, from -1 to 1, whose variance is that part of a vote's."""
        ones, variance = np.ones(x.shape), part * USUAL_VARIANCE
        return cls(x, -ones, ones, at, votes, variance, each)

    def mirrored(self) -> "Observations":
        """The same for A over B."""
        return replace(self, x=-self.x, low=-self.high, high=-self.low)


def in_groups(votes: ArrayLike, groups: Labels, size: int) -> Observations:
    """The mean of the first `size` votes of each group, when the last of them is in.

    Votes of a group may go together as they like; groups must be independent, and the mean of
    a group's first votes must be the mean asked about. Later votes of a group do not count.

    Raises:
        ValueError: If labels do not fit the votes.
    """
    x = _votes(votes)
    totals: dict[Hashable, list[float]] = {}
    means, at = [], []
    for i, label in enumerate(label_list(groups, x.size, "groups")):
        own = totals.setdefault(label, [])
        own.append(float(x[i]))
        if len(own) == size:
            means.append(sum(own) / size)
            at.append(i + 1)
    return Observations.of_means(
        np.array(means), np.array(at, dtype=np.int64), x.size, 1 / size, size
    )


def in_rounds(votes: ArrayLike, pairs: Labels, weights: Mapping[Any, float]) -> Observations:
    """One observation for each round in which every pair has one more vote.

    The r-th is the sum over pairs of weight times the pair's r-th vote. Which pair comes when may
    hang on any vote; assumed is that the votes of one pair are alike in mean whatever their place.
    A pair's votes beyond the last whole round wait.

    Args:
        votes: Preferences, shape (n,).
        pairs: The pair of each vote, length n.
        weights: Pair -> its weight; above 0, and 1 together.

    Raises:
        ValueError: If a pair has no weight, or weights are not shares.
    """
    x, shares = _votes(votes), _checked_weights(weights)
    place = {pair: i for i, pair in enumerate(shares)}
    table = rounds_of([place[pair] for pair in _among(pairs, x.size, shares)], len(shares))
    w = np.array(list(shares.values()))
    means = np.clip(w @ x[table], -1, 1)
    return Observations.of_means(means, ends_of(table), x.size, float(w @ w), w.size)


def by_chance(
    votes: ArrayLike,
    pairs: Labels,
    weights: Mapping[Any, float],
    chances: ArrayLike,
    least: float,
) -> Observations:
    """One observation for each vote, where it is known with what chance its pair was drawn.

    It is what is expected of the mean over all pairs, plus weight over chance times what the vote
    differs from what was expected of its pair. Its mean is the mean preference, however wrong the
    expectation is, which is learned from earlier votes.

    Args:
        votes: Preferences, shape (n,).
        pairs: The pair of each vote, length n; a vote on a pair without a weight proves nothing,
            but belongs to the draw.
        weights: Pair -> its weight; above 0, and 1 together.
        chances: With what chance each vote was on its pair, shape (n,).
        least: No pair's chance was ever less than its weight times this, inside (0, 1].

    Raises:
        ValueError: If lengths differ, weights are not shares, or a chance is below the least.

    References:
        Robins, J. M., Rotnitzky, A., Zhao, L. P. (1994). Estimation of regression coefficients when
            some regressors are not always observed. Journal of the American Statistical Association
            89, 846-866. doi:10.1080/01621459.1994.10476818
        Zrnic, T., Candes, E. J. (2024). Active statistical inference. ICML.
            doi:10.48550/arXiv.2403.03208
    """
    x, shares = _votes(votes), _checked_weights(weights)
    place = {pair: k for k, pair in enumerate(shares)}
    labels = label_list(pairs, x.size, "pairs")
    drawn = np.array([place.get(pair, -1) for pair in labels], dtype=np.int64)
    w, here = np.array(list(shares.values())), drawn >= 0
    ratio = here * w[drawn] / np.asarray(chances, dtype=np.float64)
    if not 0 < least <= 1 or np.any(ratio > (1 + 1e-9) / least) or np.any(ratio[here] <= 0):
        raise ValueError(
            f"a pair's chance is below {least:g} times its weight, the `least` that was promised"
        )
    totals, counts, rows = np.zeros(w.size), np.full(w.size, OWN_VOTES), np.empty((3, x.size))
    for i, k in enumerate(drawn.tolist()):
        expected = totals / counts
        middle = float(w @ expected)
        rows[:, i] = (
            middle + ratio[i] * (x[i] - expected[k]),
            middle - (1 + float(expected.max())) / least,
            middle + (1 - float(expected.min())) / least,
        )
        if k >= 0:
            totals[k] += x[i]
            counts[k] += 1
    # Between what it is if chances follow the weights and the most that it can be.
    variance = USUAL_VARIANCE / math.sqrt(least)
    at = np.arange(1, x.size + 1)
    return Observations(rows[0], rows[1], rows[2], at, int(here.sum()), variance)


def rounds_of(pair: Sequence[int], pairs: int) -> IntArray:
    """Which votes make each round: place of the r-th vote of each pair, shape (pairs, rounds)."""
    own: list[list[int]] = [[] for _ in range(pairs)]
    for i, at in enumerate(pair):
        own[at].append(i)
    whole = min(len(seen) for seen in own)
    return np.array([seen[:whole] for seen in own], dtype=np.int64)


def ends_of(table: IntArray) -> IntArray:
    """After how many votes each round is there."""
    return np.asarray(np.maximum.accumulate(table.max(axis=0) + 1))


def even_start() -> Start:
    """The shares of one who foresees nothing."""
    return _even(), _even()


def foreseeing_start(expected: float, trust: float) -> Start:
    """Shares that stake `trust` of the wealth on a mean foreseen before the first vote.

    If it is wrong, a proof takes -log(1 - trust) more of evidence: with 1/2 that is 0.7, where it
    takes 3.7 at 95%. Who bets on the side that it speaks against starts as ever.

    Args:
        expected: The mean foreseen, from -1 to 1.
        trust: From 0 to below 1.
    """
    found = []
    for side in (expected, -expected):
        far = min(side + _USUAL_MARGIN, 1.0)
        if far < _LEAST_FORESEEN:
            found.append(_even())
            continue
        weights = np.exp(-0.5 * (np.log(distances(PLAN) / far) / _FORESEEN_SPREAD) ** 2)
        found.append(np.log(trust * weights / weights.sum() + (1 - trust) * np.exp(_even())))
    return found[0], found[1]


def _even() -> FloatArray:
    weights = _DECAY ** np.abs(_STEPS)
    return np.asarray(np.log(weights / weights.sum()))


def log_purses(seen: Observations, m: float, start: FloatArray) -> FloatArray:
    """The log wealth of each gambler who bets that the mean is above m.

    If the mean of every observation, given all before, is at most m, then the wealth of all
    together ever reaches 1 / a with probability at most a. It falls as m rises.

    Args:
        seen: Their parts may have axes in front of the last, shape (..., n).
        m: The mean that is doubted.
        start: The log share of the wealth that each gambler has at `news`, shape (13,); till then
            shares are those of one who foresees nothing.

    Returns:
        After each observation, shape (13, ..., n).
    """
    x = seen.x
    before = np.arange(x.shape[-1], dtype=np.float64)
    total, squares = np.cumsum(x, axis=-1) - x, np.cumsum(x * x, axis=-1) - x * x
    variance = variance_after(before, total, squares, plan_for(seen.variance))
    edge = np.maximum(m - seen.low, _BARELY)
    purses = np.empty((start.size, *x.shape))
    first = _even() if seen.news else start
    for i, distance in enumerate(distances(PLAN)):
        lam = stake(distance, variance, edge)
        purses[i] = first[i] + np.cumsum(np.log1p(lam * (x - m)), axis=-1)
    if 0 < seen.news < x.shape[-1]:
        had = purses[..., seen.news - 1]
        shares = start.reshape(-1, *[1] * (x.ndim - 1))
        purses[..., seen.news :] += (np.logaddexp.reduce(had, axis=0) + shares - had)[..., None]
    return purses


def plan_for(variance: float) -> SequentialPlan:
    """What the bets expect, where an observation has that variance."""
    spread = math.sqrt(variance)
    return replace(PLAN, spread=spread, bound=max(1.0, spread))


def first_above(seen: Observations, m: float, threshold: float, start: FloatArray) -> int:
    """After how many observations it is proved that the mean is above m; 0 if it is not."""
    hit = np.logaddexp.reduce(log_purses(seen, m, start), axis=0) >= threshold
    return int(hit.argmax()) + 1 if hit.any() else 0


def mean_interval(seen: Observations, level: float, start: Start) -> Interval:
    """The mean and all means that were never refuted, each end with half the error.

    It holds at all times at once, so it may be read whenever one likes. The ends are found to
    2e-6. Where the votes have refuted everything (early and late ones contradict each other), the
    ends are the two means between which they do.
    """
    if not seen.x.size:
        return Interval(0.0, -1.0, 1.0)
    threshold = -math.log((1 - level) / 2)
    ends = []
    for side, sign, shares in ((seen, 1.0, start[0]), (seen.mirrored(), -1.0, start[1])):
        refuted, left = -1.0, 1.0
        for _ in range(_HALVINGS):
            middle = (refuted + left) / 2
            if first_above(side, middle, threshold, shares):
                refuted = middle
            else:
                left = middle
        ends.append(sign * refuted)
    low, high = sorted(ends)
    return Interval(min(max(float(seen.x.mean()), low), high), low, high)


def _votes(votes: ArrayLike) -> FloatArray:
    return preferences(votes, "votes") if np.size(votes) else np.empty(0)


def _checked_weights(weights: Mapping[Any, float]) -> dict[Hashable, float]:
    """The weights of pairs.

    Raises:
        ValueError: If one is not above 0, or they do not add to 1.
    """
    found = dict(weights)
    if not found or min(found.values()) <= 0 or abs(sum(found.values()) - 1) > 1e-6:
        raise ValueError("the weights of the pairs must be above 0 and add to 1")
    return found


def _among(pairs: Labels, n: int, shares: Mapping[Any, float]) -> list[Hashable]:
    found = label_list(pairs, n, "pairs")
    for pair in found:
        if pair not in shares:
            raise ValueError(f"a vote is on {pair!r}, which is none of the pairs with a weight")
    return found
