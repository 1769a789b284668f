"""Does the board run in circles? Triples like rock, paper, scissors, and how much of it is cyclic.

No strengths explain A beating B, B beating C and C beating A. A triple counts as a circle for sure
only if all three of its directions hold jointly with those of all other pairs; the share of the
differences between pairs that no order explains is compared with boards that have an order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.ratings.bradley_terry.fit import Cells, Fit, laplacian
from headtohead.ratings.bradley_terry.trust.chances import chances, draw
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, check_count
from headtohead.stats.tails import coin_tail, holm

_FEWEST_ROUNDS = 99
_SMOOTH = 0.5  # of a vote for each side, so that a pair with a clean record has finite odds
_STEPS = 500
_CLOSE = 1e-12
_NOTHING = 1e-200


@dataclass(frozen=True, slots=True)
class Triads:
    """Circular triads of a tournament in which every pair met once.

    Attributes:
        circular: How many triples run in a circle.
        most: The most there can be.
        consistence: 1 - circular / most: 1 for a perfect order, 0 for as many circles as possible.
        expected: How many there would be if every pair tossed a coin.
    """

    circular: int
    most: int
    consistence: float
    expected: float


@dataclass(frozen=True, slots=True)
class Circle:
    """Three models, each of which surely beats the next, and the last the first.

    Attributes:
        models: Their names, from the one first in order of names.
        scores: What each takes from the next, ties half.
        votes: How many votes each pair has.
    """

    models: tuple[str, str, str]
    scores: tuple[float, float, float]
    votes: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Cycles:
    """How far the board runs in circles.

    Attributes:
        triples: Triples whose three pairs all met.
        circular: Those that run in a circle, by who took more of each pair's votes.
        circular_expected: How many do on boards that follow the fit, on average.
        circular_p: The chance of so many there.
        circles: Those that do for sure.
        cyclic: Share of the variation between pairs, in log-odds, that no order explains, from 0
            to 1.
        curl: The part of it that circles of three make; only longer circles make the rest.
        cyclic_by_chance: The share that chance alone would make on a board that follows the fit.
        cyclic_p: The chance of so much cyclic variation there.
    """

    triples: int
    circular: int
    circular_expected: float
    circular_p: float
    circles: tuple[Circle, ...]
    cyclic: float
    curl: float
    cyclic_by_chance: float
    cyclic_p: float


def circular_triads(beats: ArrayLike) -> Triads:
    """How consistent a tournament is, in which each pair met once and one of them won.

    Args:
        beats: Shape (n, n), true where the row beat the column; n is at least 3.

    Raises:
        ValueError: If the matrix is not square and of that size, or a pair has no winner, or two.

    References:
        Kendall, M. G., Babington Smith, B. (1940). On the method of paired comparisons. Biometrika
        31, 324-345. doi:10.1093/biomet/31.3-4.324
    """
    won = np.asarray(beats, dtype=bool)
    if won.ndim != 2 or won.shape[0] != won.shape[1] or won.shape[0] < 3:
        raise ValueError(f"a tournament is a square matrix of 3 or more, not {won.shape}")
    n = won.shape[0]
    if np.any((won ^ won.T) == np.eye(n, dtype=bool)) or won.trace():
        raise ValueError("every pair needs one winner, and nobody meets himself")
    scores = won.sum(axis=1)
    circular = n * (n - 1) * (2 * n - 1) // 6 - int(scores @ scores)
    most = (n**3 - (n if n % 2 else 4 * n)) // 24
    return Triads(circular // 2, most, 1 - circular // 2 / most, n * (n - 1) * (n - 2) / 24)


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
    total = float((flows.weight * observed**2).sum())
    around = float(flows.amount(observed[None])[0])
    by_chance = flows.amount(np.array([flows.flow(n) for n in drawn]))
    circular = _circular(pairs, pairs.n)
    numbers = np.array([_circular(pairs, n) for n in drawn], dtype=np.float64)
    if total == 0:
        total = np.inf
    return Cycles(
        triples=flows.triangles.shape[1],
        circular=circular,
        circular_expected=float(numbers.mean()),
        circular_p=_upper(numbers, circular),
        circles=_circles(fitted.counts.models, pairs, alpha),
        cyclic=min(1.0, around / total),
        curl=min(1.0, flows.curl(observed) / total),
        cyclic_by_chance=float(by_chance.mean()) / total,
        cyclic_p=_upper(by_chance, around),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Flows:
    """Differences between pairs in log-odds, split into what an order explains and what not.

    Attributes:
        pairs: Unordered pairs.
        weight: How precisely each pair's log-odds are known, shape (P,).
        inverse: Of the weighted Laplacian, one level fixed per component, shape (M, M).
        triangles: Places of the pairs ab, bc and ac of every triple that met, shape (3, T).
    """

    pairs: Cells
    weight: FloatArray
    inverse: FloatArray
    triangles: IntArray

    @classmethod
    def of(cls, fitted: Fit, pairs: Cells, expected: FloatArray) -> "_Flows":
        n = expected.sum(axis=1)
        score = (expected[:, 0] + expected[:, 2] / 2) / n
        weight = n * score * (1 - score)
        same = fitted.shape.component[:, None] == fitted.shape.component[None, :]
        inverse = np.linalg.inv(laplacian(pairs, weight) + same)
        return cls(pairs, weight, inverse, _triangles(pairs))

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
        made: FloatArray = flows - (strength[:, a] - strength[:, b])
        return made

    def amount(self, flows: FloatArray) -> FloatArray:
        """Variation that no order explains, weighted squares added up, shape (B,)."""
        made: FloatArray = (self.weight * self.residual(flows) ** 2).sum(axis=1)
        return made

    def curl(self, flow: FloatArray) -> float:
        """Variation that circles of three make, by conjugate gradients."""
        root = np.sqrt(self.weight)
        left = root * self.residual(flow[None])[0]
        start = float(left @ left)
        if self.triangles.shape[1] == 0:
            return 0.0
        slope = self._around(left / root)
        step, size = slope, float(slope @ slope)
        first = max(size, _NOTHING)
        # Whatever circles of three make is taken out of `left`, bit by bit.
        for _ in range(_STEPS):
            if size <= _CLOSE * first:
                break
            along = self._spread(step) / root
            rate = size / float(along @ along)
            left = left - rate * along
            slope = self._around(left / root)
            before, size = size, float(slope @ slope)
            step = slope + size / before * step
        return start - float(left @ left)

    def _around(self, flow: FloatArray) -> FloatArray:
        """Sum of a flow around each triangle, shape (T,)."""
        ab, bc, ac = self.triangles
        made: FloatArray = flow[ab] + flow[bc] - flow[ac]
        return made

    def _spread(self, amount: FloatArray) -> FloatArray:
        """Amounts that run around triangles, added up by pair, shape (P,)."""
        size = self.weight.size
        ab, bc, ac = (np.bincount(edge, amount, minlength=size) for edge in self.triangles)
        return np.asarray(ab + bc - ac, dtype=np.float64)


def _unordered(own: Cells, n: FloatArray, pairs: Cells) -> FloatArray:
    """Votes of the fit's own cells gathered by unordered pair, shape (P, 3)."""
    turned = own.first > own.second
    same_way = np.where(turned[:, None], n[:, [1, 0, 2]], n)
    key = np.minimum(own.first, own.second) * own.m + np.maximum(own.first, own.second)
    at = np.searchsorted(pairs.first * pairs.m + pairs.second, key)
    made = np.zeros((pairs.first.size, 3))
    np.add.at(made, at, same_way)
    return made


def _triangles(pairs: Cells) -> IntArray:
    """Places of the three pairs of every triple a < b < c that met, shape (3, T)."""
    place = np.full((pairs.m, pairs.m), -1, dtype=np.int64)
    place[pairs.first, pairs.second] = np.arange(pairs.first.size)
    found = [np.zeros((3, 0), dtype=np.int64)]
    for a in range(pairs.m):
        others = np.flatnonzero(place[a] >= 0)
        inner = place[np.ix_(others, others)]
        b, c = np.nonzero(inner >= 0)
        found.append(np.stack([place[a, others[b]], inner[b, c], place[a, others[c]]]))
    return np.concatenate(found, axis=1)


def _directions(pairs: Cells, ahead: BoolArray, behind: BoolArray) -> BoolArray:
    """Entry (i, j): i goes ahead of j; shape (M, M)."""
    made = np.zeros((pairs.m, pairs.m), dtype=bool)
    made[pairs.first[ahead], pairs.second[ahead]] = True
    made[pairs.second[behind], pairs.first[behind]] = True
    return made


def _circular(pairs: Cells, n: FloatArray) -> int:
    """How many triples run in a circle by who took more votes."""
    lead = n[:, 0] - n[:, 1]
    ahead = _directions(pairs, lead > 0, lead < 0).astype(np.float64)
    return round(float(((ahead @ ahead) * ahead.T).sum()) / 3)


def _circles(models: tuple[str, ...], pairs: Cells, alpha: float) -> tuple[Circle, ...]:
    won, lost = (np.rint(column).astype(int).tolist() for column in pairs.n.T[:2])
    p = [coin_tail(w, w + x) for w, x in zip(won, lost, strict=True)]
    q = [coin_tail(x, w + x) for w, x in zip(won, lost, strict=True)]
    sure = (holm([*p, *q]) <= alpha).reshape(2, -1)
    ahead = _directions(pairs, sure[0], sure[1])
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


def _upper(drawn: FloatArray, observed: float) -> float:
    """The chance of as much, the observed board counted as one of the draws."""
    slack = 1e-12 * max(1.0, abs(observed))
    return (1 + int(np.count_nonzero(drawn >= observed - slack))) / (drawn.size + 1)
