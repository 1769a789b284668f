"""What people would say of a pool of battles, by their votes on some that were drawn by chance.

Each vote gives one observation: what is expected over the whole pool, plus weight over chance times
what the vote differs from what was expected of its battle. Its mean is the people's mean, however
wrong the expectation is; the nearer that comes, the less it varies. What is expected of a pair is
learned from its earlier votes, and from a judge who voted on every battle, if there is one: how far
the judge is followed is learned from earlier votes alone too, starting from not at all.

References:
    Robins, J. M., Rotnitzky, A., Zhao, L. P. (1994). Estimation of regression coefficients when
        some regressors are not always observed. Journal of the American Statistical Association
        89, 846-866. doi:10.1080/01621459.1994.10476818
    Zrnic, T., Candes, E. J. (2024). Active statistical inference. ICML.
        doi:10.48550/arXiv.2403.03208
    Angelopoulos, A. N., Duchi, J. C., Zrnic, T. (2023). PPI++: efficient prediction-powered
        inference. doi:10.48550/arXiv.2311.01453
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from headtohead.arena.bets import USUAL_VARIANCE, Observations, checked_weights
from headtohead.stats.inputs import FloatArray, IntArray, Labels
from headtohead.trials.judging.means import preferences
from headtohead.trials.paired.means import cluster_codes

# As much evidence that the judge says nothing as about five human votes give.
DOUBT = 2.5
# Votes after which what a pair differs by is believed by half.
OWN_VOTES = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class BattlePool:
    """Battles, with what a judge says of each.

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

    @classmethod
    def of_pairs(cls, weights: Mapping[Any, float]) -> Self:
        """Pairs with their weights, K of them, where no judge has voted and any battle may come.

        Raises:
            ValueError: If a weight is not above 0, or they do not add to 1.
        """
        shares = np.array(list(checked_weights(weights).values()))
        return cls(np.zeros(shares.size), np.arange(shares.size), shares)

    @property
    def pair_means(self) -> FloatArray:
        """The judge's mean preference on each pair, shape (K,)."""
        return np.asarray(np.bincount(self.pair, weights=self.judged) / np.bincount(self.pair))

    @property
    def unjudged(self) -> "BattlePool":
        """The same battles with a judge that says nothing."""
        return BattlePool(np.zeros_like(self.judged), self.pair, self.weights)


@dataclass(slots=True, eq=False)
class Expecting:
    """What is expected of people on each battle of a pool, from their votes so far.

    A part of the judge's mean on the pair, a part of what the judge says beyond that on the battle
    (both learned, 0 to 1, 0 at first), and what people differ on the pair.
    """

    pool: BattlePool
    _features: FloatArray = field(init=False)
    _squares: FloatArray = field(init=False)
    _products: FloatArray = field(init=False)
    _off: FloatArray = field(init=False)
    _votes: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        means = self.pool.pair_means
        of_pair = means[self.pool.pair]
        self._features = np.column_stack([of_pair, self.pool.judged - of_pair])
        self._squares, self._products = DOUBT * np.eye(2), np.zeros(2)
        self._off, self._votes = np.zeros(means.size), np.full(means.size, OWN_VOTES)

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


def observed(
    pool: BattlePool,
    votes: ArrayLike,
    battles: ArrayLike,
    chances: ArrayLike | None = None,
    least: float = 1.0,
) -> tuple[Observations, FloatArray]:
    """One observation of the people's mean over the pool for each of their votes.

    Args:
        pool: All battles.
        votes: People's preferences in order, shape (n,), n >= 0.
        battles: The place in the pool of each, shape (n,), or -1 for a vote on something else. With
            chances it belongs to the draw; without it is left out.
        chances: With what chance that battle was drawn then, shape (n,); None if by weight.
        least: No battle's chance was ever less than its weight times this, inside (0, 1].

    Returns:
        The observations, and the parts of the judge that are followed after the last, shape (2,).

    Raises:
        ValueError: If lengths differ, a battle is not in the pool, or a chance is below the least.
    """
    y = preferences(votes, "votes") if np.size(votes) else np.empty(0)
    places = places_in(battles, pool)
    if len(places) != y.size:
        raise ValueError(f"{y.size} votes on {len(places)} battles; every vote is on one")
    here = np.array(places, dtype=np.int64) >= 0
    at = np.arange(1, y.size + 1)
    if chances is None:
        y, at, places = y[here], at[here], [place for place in places if place >= 0]
        here = here[here]
    ratio = here.astype(np.float64)
    if chances is not None:
        ratio *= pool.weights[places] / np.asarray(chances, dtype=np.float64)
    if not 0 < least <= 1 or np.any(ratio > (1 + 1e-9) / least) or np.any(ratio[here] <= 0):
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
        if here[i]:
            known.learn(place, float(y[i]))
    # Between what it is if chances follow the weights and the most that it can be.
    variance = USUAL_VARIANCE / math.sqrt(least)
    seen = Observations(rows[0], rows[1], rows[2], at, int(here.sum()), variance)
    return seen, known.parts


def places_in(battles: ArrayLike, pool: BattlePool, *, outside: bool = True) -> list[int]:
    """The places of battles in a pool, checked.

    Args:
        outside: Whether -1 may stand for a battle that is not in it.

    Raises:
        ValueError: If one is not in it.
    """
    places = np.asarray(battles, dtype=np.int64).reshape(-1)
    if places.size and not -outside <= places.min() <= places.max() < pool.judged.size:
        raise ValueError(
            f"a vote is on a battle that is not among the {pool.judged.size} of the pool"
        )
    return [int(place) for place in places]
