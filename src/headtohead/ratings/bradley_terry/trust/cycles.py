"""Does the board run in circles? Triples like rock, paper, scissors, and how much of it is cyclic.

No strengths explain A beating B, B beating C and C beating A. A triple counts as a circle for sure
only if all three of its directions hold jointly with those of all other pairs; the share of the
differences between pairs that no order explains is compared with boards that have an order.
"""

from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry.fit import Cells, Fit, laplacian
from headtohead.ratings.bradley_terry.trust.chances import chances, draw
from headtohead.stats.inputs import FloatArray, check_count
from headtohead.stats.tails import coin_tail, holm

_FEWEST_ROUNDS = 99
_SMOOTH = 0.5  # of a vote for each side, so that a pair with a clean record has finite odds


@dataclass(frozen=True, slots=True)
class Circle:
    """Three models, each of which surely beats the next, and the last the first.

    Attributes:
        models: Their names, from the one first in order of names.
        scores: What each takes from the next, ties half.
    """

    models: tuple[str, str, str]
    scores: tuple[float, float, float]
    votes: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Cycles:
    """How far the board runs in circles.

    Attributes:
        circles: Triples that run in a circle for sure.
        cyclic: Share of the variation between pairs, in log-odds, that no order explains, from 0
            to 1.
        cyclic_by_chance: The share that chance alone would make on a board that follows the fit.
        cyclic_p: The chance of so much cyclic variation there.
    """

    circles: tuple[Circle, ...]
    cyclic: float
    cyclic_by_chance: float
    cyclic_p: float


def cycles(
    fitted: Fit, rng: np.random.Generator, *, rounds: int = 199, alpha: float = 0.05
) -> Cycles:
    """How far the votes run in circles, against boards of the same size that follow the fit.

    A circle is sure if each of its three directions is significant in an exact sign test of the
    pair's decisive votes, corrected by Holm for both directions of all pairs: the chance of any
    false circle is then at most `alpha`, however many triples there are.

    Args:
        fitted: The fit. Simulated boards have its side effect, if it has one; the sign tests of
            circles have not: where the two orders of a pair were shown unequally often, a strong
            effect of the side can make a circle.
        rng: Source of randomness.
        rounds: Simulated boards, at least 99.
        alpha: Chance of any false circle, inside (0, 1).

    Raises:
        ValueError: If `alpha` or `rounds` is out of range.

    References:
        Jiang, X., Lim, L.-H., Yao, Y., Ye, Y. (2011). Statistical ranking and combinatorial Hodge
        theory. Mathematical Programming 127, 203-244. doi:10.1007/s10107-010-0419-x
        Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
        Journal of Statistics 6, 65-70. https://www.jstor.org/stable/4615733
    """
    rounds = check_count(rounds, "rounds", _FEWEST_ROUNDS)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it must lie between 0 and 1")
    own = fitted.cells
    pairs = Cells.of(fitted.counts, fitted.ties)
    likely = chances(fitted, own.first, own.second)
    drawn = [_unordered(own, draw(own, likely, rng), pairs) for _ in range(rounds)]
    flows = _Flows.of(fitted, pairs, _unordered(own, own.n.sum(axis=1)[:, None] * likely, pairs))
    observed = flows.flow(pairs.n)
    total = float((flows.weight * observed**2).sum()) or np.inf
    around = float(flows.amount(observed[None])[0])
    slack = 1e-12 * max(1.0, abs(around))
    by_chance = flows.amount(np.array([flows.flow(n) for n in drawn]))
    return Cycles(
        circles=_circles(fitted.counts.models, pairs, alpha),
        cyclic=min(1.0, around / total),
        cyclic_by_chance=float(by_chance.mean()) / total,
        # The observed board counts as one of the draws.
        cyclic_p=(1 + int(np.count_nonzero(by_chance >= around - slack))) / (rounds + 1),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Flows:
    """Differences between pairs in log-odds, split into what an order explains and what not.

    Attributes:
        pairs: Unordered pairs.
        weight: How precisely each pair's log-odds are known, shape (P,).
        inverse: Of the weighted Laplacian, one level fixed per component, shape (M, M).
    """

    pairs: Cells
    weight: FloatArray
    inverse: FloatArray

    @classmethod
    def of(cls, fitted: Fit, pairs: Cells, expected: FloatArray) -> "_Flows":
        n = expected.sum(axis=1)
        score = (expected[:, 0] + expected[:, 2] / 2) / n
        weight = n * score * (1 - score)
        same = fitted.connectivity.component[:, None] == fitted.connectivity.component[None, :]
        inverse = np.linalg.inv(laplacian(pairs, weight) + same)
        return cls(pairs, weight, inverse)

    def flow(self, n: FloatArray) -> FloatArray:
        """Log-odds of the first of each pair, shape (P,)."""
        score, total = n[:, 0] + n[:, 2] / 2, n.sum(axis=1)
        made: FloatArray = np.log((score + _SMOOTH) / (total - score + _SMOOTH))
        return made

    def residual(self, flows: FloatArray) -> FloatArray:
        """What is left after the best order, shape (B, P)."""
        a, b, at = self.pairs.first, self.pairs.second, np.arange(self.weight.size)
        ends = np.zeros((self.weight.size, self.pairs.m))
        ends[at, a], ends[at, b] = 1.0, -1.0
        strength = (flows * self.weight) @ ends @ self.inverse
        return flows - (strength[:, a] - strength[:, b])

    def amount(self, flows: FloatArray) -> FloatArray:
        """Variation that no order explains, weighted squares added up, shape (B,)."""
        made: FloatArray = (self.weight * self.residual(flows) ** 2).sum(axis=1)
        return made


def _unordered(own: Cells, n: FloatArray, pairs: Cells) -> FloatArray:
    """Votes of the fit's own cells gathered by unordered pair, shape (P, 3)."""
    turned = own.first > own.second
    same_way = np.where(turned[:, None], n[:, [1, 0, 2]], n)
    key = np.minimum(own.first, own.second) * own.m + np.maximum(own.first, own.second)
    at = np.searchsorted(pairs.first * pairs.m + pairs.second, key)
    made = np.zeros((pairs.first.size, 3))
    np.add.at(made, at, same_way)
    return made


def _circles(models: tuple[str, ...], pairs: Cells, alpha: float) -> tuple[Circle, ...]:
    won, lost = (np.rint(column).astype(int).tolist() for column in pairs.n.T[:2])
    p = [coin_tail(w, w + x) for w, x in zip(won, lost, strict=True)]
    q = [coin_tail(x, w + x) for w, x in zip(won, lost, strict=True)]
    sure = (holm([*p, *q]) <= alpha).reshape(2, -1)
    ahead = np.zeros((pairs.m, pairs.m), dtype=bool)
    ahead[pairs.first[sure[0]], pairs.second[sure[0]]] = True
    ahead[pairs.second[sure[1]], pairs.first[sure[1]]] = True
    score = np.zeros((pairs.m, pairs.m))
    votes = np.zeros((pairs.m, pairs.m), dtype=np.int64)
    total = pairs.n.sum(axis=1)
    share = (pairs.n[:, 0] + pairs.n[:, 2] / 2) / total
    score[pairs.first, pairs.second], score[pairs.second, pairs.first] = share, 1 - share
    votes[pairs.first, pairs.second] = votes[pairs.second, pairs.first] = total
    found = []
    for a in range(pairs.m):
        later = np.arange(pairs.m) > a
        for b in np.flatnonzero(ahead[a] & later).tolist():
            for c in np.flatnonzero(ahead[b] & ahead[:, a] & later).tolist():
                steps = ((a, b), (b, c), (c, a))
                s1, s2, s3 = (float(score[i, j]) for i, j in steps)
                n1, n2, n3 = (int(votes[i, j]) for i, j in steps)
                found.append(Circle((models[a], models[b], models[c]), (s1, s2, s3), (n1, n2, n3)))
    return tuple(found)
