"""Few people, many votes of a judge: what people would say of all battles, by some of their votes.

A judge has voted on every battle of a pool, in both orders. People vote on battles drawn from it by
known chances. Each human vote gives one observation: what is expected over the whole pool, plus
weight over chance times what the vote differs from what was expected of its battle. Its mean is the
people's mean, however wrong the judge is; the nearer the judge comes, the less it varies. How far
the judge is followed is learned from earlier votes alone, starting from not at all.

References:
    Zrnic, T., Candes, E. J. (2024). Active statistical inference. ICML.
        doi:10.48550/arXiv.2403.03208
    Angelopoulos, A. N., Duchi, J. C., Zrnic, T. (2023). PPI++: efficient prediction-powered
        inference. doi:10.48550/arXiv.2311.01453
    Csillag, D., Struchiner, C. J., Goedert, G. T. (2025). Prediction-powered e-values. ICML.
        doi:10.48550/arXiv.2502.04294
    Shekhar, S., Xu, Z., Lipton, Z. C., Liang, P. J., Ramdas, A. (2023). Risk-limiting financial
        audits via weighted sampling without replacement. UAI. doi:10.48550/arXiv.2305.06884
"""

import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from headtohead.arena.bets import (
    USUAL_VARIANCE,
    Observations,
    even_start,
    foreseeing_start,
    mean_interval,
)
from headtohead.arena.meter import StopMeter, read
from headtohead.core.estimate import Interval
from headtohead.core.units import counted
from headtohead.stats.inputs import FloatArray, IntArray, Labels, check_level, label_list
from headtohead.trials.judging.bias import (
    BothOrders,
    LengthBias,
    SelfPreference,
    length_bias,
    position_bias,
    self_preference,
)
from headtohead.trials.judging.means import preferences
from headtohead.trials.paired.means import cluster_codes

# As much evidence that the judge says nothing as about five human votes give.
_DOUBT = 2.5
# Votes after which what a pair differs by from the judge is believed by half.
_OWN_VOTES = 10.0
# A judge is surer than people: of 190 pairs of models GPT-4's mean preference was 1.2 times theirs.
_CALMED = 0.8
TRUST = 0.5
_LEAST_SPREAD = 0.4
LEAST_CHANCE = 0.5
_GAINED = 1.05
# People's mean preferences on pairs of models: their variance, and that about what a judge says.
_PAIR_SPREAD = 0.15
_OFF_JUDGE = 0.03
# No judge's word on a pair is worth more than so many votes.
_MOST_WORTH = 60.0
# Evidence that bets lose for not knowing the mean.
_HEDGING = 0.5
_BARELY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Battles on which a judge has voted, all of them.

    Attributes:
        judged: The judge's preference for B over A, mean of both orders, from -1 to 1, shape (N,).
        pair: The pair of entrants of each battle, from 0 to K - 1, shape (N,).
        weights: What each battle counts in the mean asked about, shape (N,), 1 together.
    """

    judged: FloatArray
    pair: IntArray
    weights: FloatArray

    @classmethod
    def of(cls, judged: ArrayLike, pairs: Labels | None = None) -> Self:
        """A pool in which every pair weighs the same, and every battle of a pair.

        Args:
            judged: Shape (N,), N >= 1.
            pairs: The pair of each battle, length N; one pair if None.

        Raises:
            ValueError: If a preference is not from -1 to 1, or labels do not fit.
        """
        verdicts = preferences(judged, "judged")
        pair = cluster_codes([0] * verdicts.size if pairs is None else pairs, verdicts.size)
        sizes = np.bincount(pair)
        return cls(verdicts, pair, 1.0 / (sizes.size * sizes[pair]))

    @property
    def pair_means(self) -> FloatArray:
        """The judge's mean preference on each pair, shape (K,)."""
        return np.asarray(np.bincount(self.pair, weights=self.judged) / np.bincount(self.pair))

    @property
    def unjudged(self) -> "Pool":
        """The same battles with a judge that says nothing."""
        return Pool(np.zeros_like(self.judged), self.pair, self.weights)


@dataclass(slots=True, eq=False)
class Expecting:
    """What is expected of people on each battle of a pool, from their votes so far.

    A part of the judge's mean on the pair, a part of what the judge says beyond that on the battle
    (both learned, 0 to 1, 0 at first), and what people differ on the pair.
    """

    pool: Pool
    _features: FloatArray = field(init=False)
    _squares: FloatArray = field(init=False)
    _products: FloatArray = field(init=False)
    _off: FloatArray = field(init=False)
    _votes: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        means = self.pool.pair_means
        of_pair = means[self.pool.pair]
        self._features = np.column_stack([of_pair, self.pool.judged - of_pair])
        self._squares, self._products = _DOUBT * np.eye(2), np.zeros(2)
        self._off, self._votes = np.zeros(means.size), np.full(means.size, _OWN_VOTES)

    @property
    def parts(self) -> FloatArray:
        """How far the judge is followed: on the pair, and on the battle, shape (2,)."""
        return np.clip(np.linalg.solve(self._squares, self._products), 0, 1)

    @property
    def everywhere(self) -> FloatArray:
        """What is expected on each battle, shape (N,)."""
        return np.asarray(self._features @ self.parts + (self._off / self._votes)[self.pool.pair])

    def learn(self, battle: int, vote: float) -> None:
        """Take one more vote of a person into account."""
        feature, pair = self._features[battle], int(self.pool.pair[battle])
        self._off[pair] += vote - float(feature @ self.parts)
        self._votes[pair] += 1
        self._squares += np.outer(feature, feature)
        self._products += vote * feature


def asking_chances(
    pool: Pool, votes: ArrayLike, battles: ArrayLike, least: float = LEAST_CHANCE
) -> FloatArray:
    """With what chance to ask people next about each battle: in proportion to what they may differ.

    Args:
        pool: All battles.
        votes: People's preferences so far, shape (n,), n >= 0.
        battles: The place in the pool of each, shape (n,).
        least: No battle's chance is less than its weight times this, inside (0, 1].

    Returns:
        Shape (N,), adds to 1.
    """
    known = Expecting(pool)
    for battle, vote in zip(_places(battles, pool), np.ravel(votes).tolist(), strict=True):
        known.learn(battle, vote)
    spread = np.sqrt(np.maximum(USUAL_VARIANCE - known.everywhere**2, _LEAST_SPREAD**2))
    wanted = pool.weights * spread
    return np.asarray(least * pool.weights + (1 - least) * wanted / wanted.sum())


def observed(
    pool: Pool,
    votes: ArrayLike,
    battles: ArrayLike,
    chances: ArrayLike | None = None,
    least: float = 1.0,
) -> tuple[Observations, FloatArray]:
    """One observation of the people's mean over the pool for each of their votes.

    Args:
        pool: All battles.
        votes: People's preferences in order, shape (n,), n >= 0.
        battles: The place in the pool of each, shape (n,).
        chances: With what chance that battle was drawn then, shape (n,); None if by weight.
        least: No battle's chance was ever less than its weight times this, inside (0, 1].

    Returns:
        The observations, and the parts of the judge that are followed after the last, shape (2,).

    Raises:
        ValueError: If lengths differ, a battle is not in the pool, or a chance is below the least.
    """
    y = preferences(votes, "votes") if np.size(votes) else np.empty(0)
    places = _places(battles, pool)
    if len(places) != y.size:
        raise ValueError(f"{y.size} votes on {len(places)} battles; every vote is on one")
    w = pool.weights[places]
    ratio = np.ones(y.size) if chances is None else w / np.asarray(chances, dtype=np.float64)
    if not 0 < least <= 1 or np.any(ratio > (1 + 1e-9) / least) or np.any(ratio <= 0):
        raise ValueError(
            f"a battle's chance is below {least:g} times its weight, the `least` that was promised"
        )
    known, rows = Expecting(pool), np.empty((3, y.size))
    for i, place in enumerate(places):
        expected = known.everywhere
        middle = float(pool.weights @ expected)
        rows[:, i] = (
            middle + ratio[i] * (y[i] - expected[place]),
            middle - (1 + float(expected.max())) / least,
            middle + (1 - float(expected.min())) / least,
        )
        known.learn(place, float(y[i]))
    at = np.arange(1, y.size + 1)
    return Observations(rows[0], rows[1], rows[2], at, y.size), known.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What people's votes and a judge's say together, beside what people's say alone.

    Attributes:
        meter: With the judge. It decides: to take the better of two afterwards would err more often
            than is promised.
        people: By the same votes without the judge.
        parts: How far the judge is followed at the end, on the pair and on the battle, 0 to 1.
        gain: How many times as many votes of people alone would leave as small a spread; 1 without
            votes.
        foreseen: The win share of B that the judge foresaw, which part of the bets trusts; None if
            none does.
        judged: How many battles the judge has voted on.
    """

    meter: StopMeter
    people: StopMeter
    parts: tuple[float, float]
    gain: float
    foreseen: float | None
    judged: int

    @property
    def sentence(self) -> str:
        """What the judge is worth, and why the interval is narrower if it is."""
        votes = counted(self.meter.votes, "vote")
        if not self.meter.votes:
            return f"The judge voted on {self.judged:,} battles; no person has voted yet."
        worth = (
            f"The judge's votes on {counted(self.judged, 'battle')} make {votes} of people worth "
            f"{self.gain:.2f} times as many"
        )
        if self.gain < _GAINED:
            said = "The judge is of no use here, so that the votes of people count alone"
        else:
            said = f"{worth}, as people bear out what it says"
        narrower = self.meter.share.width < self.people.share.width
        if narrower and self.foreseen is not None:
            said += (
                f"; bets that trusted the win share that it foresaw, {self.foreseen:.0%}, make the "
                "interval narrower than people's alone"
            )
        return f"{said}."


def calibrated(
    pool: Pool,
    votes: ArrayLike,
    battles: ArrayLike,
    *,
    margin_pp: float,
    rng: np.random.Generator,
    chances: ArrayLike | None = None,
    least: float = 1.0,
    level: float = 0.95,
    names: tuple[str, str] = ("A", "B"),
    trust: float = TRUST,
) -> Calibrated:
    """What people would say of all battles of two sides, by some of their votes and the judge's.

    Valid however often one looks, whatever the judge says and whatever the chances hang on, as long
    as they are known and were fixed before each vote.

    Args:
        pool: All battles of the two sides, with the judge's votes.
        votes: People's votes in order, B over A: 1, 0, -1, shape (n,), n >= 0.
        battles: The place in the pool of each, shape (n,).
        margin_pp: As in `meter`.
        rng: For the forecast alone.
        chances: As in `observed`, with `least`.
        trust: How much of the wealth bets on the win share that the judge foresees, from 0 to below
            1. A wrong one costs votes, never the error.

    Raises:
        ValueError: If something is out of range or does not fit.
    """
    check_level(level)
    if not 0 <= trust < 1:
        raise ValueError(f"`trust` is {trust}; it is a share of the wealth, from 0 to below 1")
    with_judge, parts = observed(pool, votes, battles, chances, least)
    alone, _ = observed(pool.unjudged, votes, battles, chances, least)
    foreseen = _CALMED * float(pool.weights @ pool.judged)
    both = [
        read(seen, margin_pp=margin_pp, rng=rng, level=level, names=names, start=start)
        for seen, start in ((with_judge, foreseeing_start(foreseen, trust)), (alone, even_start()))
    ]
    return Calibrated(
        meter=both[0],
        people=both[1],
        parts=(float(parts[0]), float(parts[1])),
        gain=_gain(with_judge.x, alone.x),
        foreseen=(1 + foreseen) / 2 if trust else None,
        judged=pool.judged.size,
    )


def field_shares(
    pool: Pool,
    entrants: tuple[Labels, Labels],
    votes: ArrayLike,
    battles: ArrayLike,
    *,
    level: float = 0.95,
) -> dict[object, Interval]:
    """Each entrant's mean win share against all others, every opponent counted alike.

    Args:
        pool: All battles of the board, one pair or several; people's were drawn by weight.
        entrants: A and B of each battle, length N each.
        level: That all intervals hold at once, at all times (Bonferroni's inequality).

    Returns:
        Entrant -> win share from 0 to 1, ties counted half, highest first.

    Raises:
        ValueError: If something does not fit.
    """
    check_level(level)
    n = pool.judged.size
    a, b = (label_list(side, n, "entrants") for side in entrants)
    places, said = np.array(_places(battles, pool), dtype=np.int64), np.ravel(votes)
    everyone = list(dict.fromkeys([*a, *b]))
    each = 1 - (1 - level) / len(everyone)
    found: dict[object, Interval] = {}
    for one in everyone:
        turn = np.array([(y == one) - (x == one) for x, y in zip(a, b, strict=True)], dtype=float)
        own = np.flatnonzero(turn)
        against = [a[i] if turn[i] > 0 else b[i] for i in own]
        part = Pool.of(pool.judged[own] * turn[own], against)
        mine = turn[places] != 0
        seen, _ = observed(
            part, said[mine] * turn[places[mine]], np.searchsorted(own, places[mine])
        )
        found[one] = mean_interval(seen, each, even_start()).rescaled(0.5, 0.5)
    return dict(sorted(found.items(), key=lambda item: -item[1].value))


def missing_votes(
    judged: ArrayLike,
    totals: ArrayLike,
    counts: ArrayLike,
    log_wealth: ArrayLike,
    *,
    margin_pp: float,
    level: float = 0.95,
) -> FloatArray:
    """About how many more votes of people each pair takes, to ask first where it is fewest.

    What is expected of a pair is its own mean, drawn to what the judge says of it; how far, and
    what the judge's word is worth, is learned from all pairs. The judge shapes only what people are
    asked about: a wrong one costs votes, never the error.

    Args:
        judged: The judge's mean preference on each pair, shape (K,).
        totals: Sum of people's preferences on each, shape (K,).
        counts: How many votes they cast on each, shape (K,).
        log_wealth: What a pair's votes have proved so far, on the side where it is more: the larger
            one of `StopMeter.log_wealth`, shape (K,).
        margin_pp: In percentage points of the win share, as in `meter`.

    Returns:
        Shape (K,), at least 1.
    """
    f, total, n = (np.asarray(part, dtype=np.float64) for part in (judged, totals, counts))
    own, seen = total / np.maximum(n, 1), n > 0
    # Slope and spread of people's means about the judge's, each pair weighed by its votes; what is
    # supposed beforehand counts as two pairs of ten votes.
    scale, spread = 20 * _PAIR_SPREAD, 20.0
    slope = ((n * own * f).sum() + _CALMED * scale) / ((n * f * f).sum() + scale)
    off = (n * (own - slope * f) ** 2 - USUAL_VARIANCE * seen).sum() + spread * _OFF_JUDGE
    worth = USUAL_VARIANCE / max(off / (n.sum() + spread), USUAL_VARIANCE / _MOST_WORTH)
    mean = (total + worth * slope * f) / (n + worth)
    far = np.square(mean + margin_pp / 50)
    variance = np.maximum(USUAL_VARIANCE - mean**2, _LEAST_SPREAD**2)
    growth = far / (2 * (variance + far)) + _BARELY
    wanting = -math.log((1 - level) / 2) + _HEDGING - np.asarray(log_wealth)
    return np.asarray(np.maximum(wanting / growth, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeBias:
    """What moves the judge beside the worth of an answer; None where it cannot be told.

    Attributes:
        position: Whether it prefers what is shown first.
        length: Whether it prefers long answers more than people do.
        family: Whether it prefers answers of its own family more than people do.
    """

    position: BothOrders
    length: LengthBias | None
    family: SelfPreference | None

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each that can be told."""
        return tuple(
            part.sentence for part in (self.position, self.length, self.family) if part is not None
        )


def judge_bias(
    a_first: ArrayLike,
    b_first: ArrayLike,
    *,
    people: ArrayLike,
    lengths: tuple[ArrayLike, ArrayLike] | None = None,
    own: tuple[ArrayLike, ArrayLike] | None = None,
    prompts: Labels | None = None,
    level: float = 0.95,
) -> JudgeBias:
    """The judge's biases over all battles, beside people's votes on the part that they voted on.

    Args:
        a_first: The judge's preference for B over A when A was shown first, shape (N,).
        b_first: The same when B was shown first, shape (N,).
        people: People's mean preference for B over A, nan where nobody voted, shape (N,).
        lengths: Length of A's and of B's answer in one unit, above 0, shape (N,) each.
        own: Whether A's and B's answer is of the judge's family, shape (N,) each.
        prompts: The prompt of each battle: those of one go together.

    Raises:
        ValueError: If arguments do not fit.
    """
    one, two = preferences(a_first, "a_first"), preferences(b_first, "b_first")
    both, human = (one + two) / 2, np.asarray(people, dtype=np.float64)
    length = family = None
    if lengths is not None:
        a, b = lengths
        length = length_bias(both, b, a, human, level=level, clusters=prompts)
    if own is not None and bool(np.any(np.asarray(own[0]) != np.asarray(own[1]))):
        family = self_preference(both, own[1], own[0], human, level=level, clusters=prompts)
    position = position_bias(-one, two, level=level, clusters=prompts)
    return JudgeBias(position=position, length=length, family=family)


def _gain(powered: FloatArray, alone: FloatArray) -> float:
    if powered.size < 2 or not powered.var() > 0:
        return 1.0
    return float(alone.var() / powered.var())


def _places(battles: ArrayLike, pool: Pool) -> list[int]:
    places = np.asarray(battles, dtype=np.int64).reshape(-1)
    if places.size and not 0 <= places.min() <= places.max() < pool.judged.size:
        raise ValueError(f"a vote is on a battle that is not among the {pool.judged.size} judged")
    return [int(place) for place in places]
