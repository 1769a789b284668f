"""Does the model fit the votes? Chi-square over pairs, pairs that stand out, and circles.

Bradley-Terry says that one number per model tells every pair's score. Where pairs differ from that
by more than chance, the order of the board still averages something, but no chance of A beating B
can be read off it. No strengths explain A beating B, B beating C and C beating A: a triple counts
as a circle for sure only if all three of its directions hold jointly with those of all other pairs;
the share of the differences between pairs that no order explains is compared with boards that have
one.

Ties as half wins give an expected score but no chance of a tie. There the share of ties of the pair
itself is used, so that whatever asks "is this unlikely?" does not take many ties for a defect.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import inverse_information
from headtohead.ratings.bradley_terry.fit import Cells, Fit, logistic
from headtohead.ratings.bradley_terry.trust.influence import refit
from headtohead.stats.inputs import FloatArray, IntArray, check_count
from headtohead.stats.tails import chi_square_tail, coin_tail, holm, normal_tail, sum_tail

_BORROWED = 10.0  # votes with the board's share of ties, added to those of the pair
_FARTHEST = 0.95  # of the most ties that the expected score allows


def chances(fitted: Fit, first: IntArray, second: IntArray) -> FloatArray:
    """The chances that the first wins, the second wins, or they tie, shape (R, 3).

    With ties as half wins, the tie has the pair's own share of ties, drawn towards the board's
    share as if by ten votes, and never so large that a win would be impossible.
    """
    d = fitted.strength[first] - fitted.strength[second] + (fitted.side or 0.0)
    if fitted.link.probabilities is not None:
        return fitted.link.probabilities(d, fitted.tie or 0.0)
    score = logistic(d)
    # Share of ties of each pair, drawn towards that of all votes.
    cells = Cells.of(fitted.counts, "half")
    overall = float(cells.n[:, 2].sum() / cells.n.sum())
    total = cells.n.sum(axis=1)
    share = (cells.n[:, 2] + _BORROWED * overall) / (total + _BORROWED)
    m = max(1, cells.m)
    known = cells.first * m + cells.second
    asked = np.minimum(first, second) * m + np.maximum(first, second)
    place = np.minimum(np.searchsorted(known, asked), max(0, known.size - 1))
    tie = np.minimum(
        np.where(known[place] == asked, share[place], overall),
        2 * _FARTHEST * np.minimum(score, 1 - score),
    )
    return np.column_stack([score - tie / 2, 1 - score - tie / 2, tie])


def draw(cells: Cells, likely: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Votes of another board of the same size, shape (P, 3): first, second, ties."""
    total = np.rint(cells.n.sum(axis=1)).astype(np.int64)
    safe = np.clip(likely, 0.0, 1.0)
    return rng.multinomial(total, safe / safe.sum(axis=1, keepdims=True)).astype(np.float64)


def as_counts(models: tuple[str, ...], cells: Cells, n: FloatArray) -> Counts:
    """Votes of cells as counts."""
    votes = np.column_stack([n, np.zeros(n.shape[0])]).astype(np.int64)
    return Counts.from_cells(models, cells.first, cells.second, votes)


Circle = tuple[str, str, str]
P_Method = Literal["chi-square", "bootstrap"]
_SCORE = np.array([1.0, 0.0, 0.5])
_EXACT_VOTES = 1000
_NOTABLE = 1.9  # standard errors below which no pair is a misfit, whatever its exact tail
_FEWEST_ROUNDS = 99
_DISPERSED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A pair whose votes the strengths do not explain.

    Attributes:
        a: The model that did better than its strength says.
        expected_frac: The score that the fit gives A, ties half.
        observed_frac: The score that A took.
        p: Chance of such a difference anywhere on the board (Holm).
    """

    a: str
    b: str
    expected_frac: float
    observed_frac: float
    votes: int
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class GoodnessOfFit:
    """How well one strength per model explains the votes.

    Attributes:
        pearson: Pearson's chi-square over pairs.
        df: Degrees of freedom; 0 where there are no more pairs than parameters.
        p: The chance of so large a `pearson` if the model holds; nan with no degree of freedom.
        z: Residual of each cell in standard errors, shape (P,).
        z_p: Its two-sided p-value, corrected by Holm for all pairs, shape (P,).
        misfits: Pairs with a `z_p` of at most the level asked for, the worst first.
    """

    pearson: float
    df: int
    p: float
    method: P_Method
    z: FloatArray
    z_p: FloatArray
    first: IntArray
    second: IntArray
    misfits: tuple[Misfit, ...]


def fitness(
    fitted: Fit,
    rng: np.random.Generator,
    *,
    rounds: int = 199,
    alpha: float = 0.05,
    method: P_Method | None = None,
) -> GoodnessOfFit:
    """How well the model fits, over all pairs and for each.

    With ties as half wins the scores of pairs are compared, with the variance that the pair's share
    of ties gives them; where ties have a chance of their own, so are the numbers of ties.

    The p-value comes from the chi-square distribution, unless `method` says otherwise or cells are
    sparse by Cochran's rule (an expected number below 1, or below 5 in more than a fifth of them):
    then from `rounds` boards simulated and refitted, at least 99. `alpha` is the chance of any
    false misfit.

    Raises:
        ValueError: If `alpha` or `rounds` is out of range.

    References:
        Cochran, W. G. (1954). Some methods for strengthening the common chi-square tests.
        Biometrics 10, 417-451. doi:10.2307/3001616
        McCullagh, P., Nelder, J. A. (1989). Generalized Linear Models, 2nd edition, chapter 12
        (residuals standardised by their variance after fitting). doi:10.1201/9780203753736
        Davison, A. C., Hinkley, D. V. (1997). Bootstrap Methods and their Application, section 4.2.
        doi:10.1017/CBO9780511802843
    """
    rounds = check_count(rounds, "rounds", _FEWEST_ROUNDS)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it must lie between 0 and 1")
    cells = fitted.cells
    likely = chances(fitted, cells.first, cells.second)
    pearson = _pearson(fitted, cells, likely)
    per_cell = 1 if fitted.tie is None else 2
    components = int(fitted.connectivity.component.max()) + 1
    parameters = cells.m - components + (fitted.tie is not None) + (fitted.side is not None)
    df = max(0, per_cell * cells.first.size - parameters)
    expected = cells.n.sum(axis=1)[:, None] * (likely if fitted.tie is not None else likely[:, :2])
    sparse = (expected < 1).any() or (expected < 5).mean() > 0.2
    chosen = method or ("bootstrap" if sparse else "chi-square")
    if df == 0:
        p = float("nan")
    elif chosen == "chi-square":
        p = chi_square_tail(pearson, df)
    else:
        # The chance of so large a statistic on boards that follow the model.
        reached, drawn = 1, 1
        for _ in range(rounds):
            counts = as_counts(fitted.counts.models, cells, draw(cells, likely, rng))
            again = refit(fitted, counts)
            # A board on which nothing can be fitted tells nothing.
            if again is None:
                continue
            its = again.cells
            reached += _pearson(again, its, chances(again, its.first, its.second)) >= pearson
            drawn += 1
        p = reached / drawn
    z = residuals(fitted)
    z_p = holm(_residual_p(cells, likely, z))
    names, n = fitted.counts.models, cells.n.sum(axis=1)
    result = []
    for cell in np.lexsort((-np.abs(z), z_p)).tolist():
        if z_p[cell] > alpha:
            continue
        pair = (names[cells.first[cell]], names[cells.second[cell]])
        score, fitted_score = float(cells.n[cell] @ _SCORE / n[cell]), float(likely[cell] @ _SCORE)
        if score < fitted_score:
            pair, score, fitted_score = pair[::-1], 1 - score, 1 - fitted_score
        result.append(
            Misfit(
                a=pair[0],
                b=pair[1],
                expected_frac=fitted_score,
                observed_frac=score,
                votes=int(n[cell]),
                p=float(z_p[cell]),
            )
        )
    return GoodnessOfFit(pearson, df, p, chosen, z, z_p, cells.first, cells.second, tuple(result))


def residuals(fitted: Fit) -> FloatArray:
    """Score of each cell less its expectation, in its own standard errors, shape (P,).

    The variance is that of a residual: the pair's own votes have drawn the strengths towards
    themselves. A pair that alone decides its own strengths has a residual of 0.
    """
    cells = fitted.cells
    likely = chances(fitted, cells.first, cells.second)
    n = cells.n.sum(axis=1)
    raw = cells.n @ _SCORE - n * (likely @ _SCORE)
    # Covariances of the score of a vote with the slopes of the log-likelihood, by gap and by tie.
    terms = fitted.link.terms(fitted.gaps(cells), fitted.tie or 0.0)
    own = (likely * _SCORE * terms.slope).sum(axis=1)
    tie_own = np.zeros_like(own)
    if terms.tie_slope is not None:
        tie_own = (likely * _SCORE * terms.tie_slope).sum(axis=1)
    # They are the slopes of the expected score too, unless a tie is half a win.
    slope = terms.curve[:, 0] if fitted.ties == "half" else own
    variance = n * (likely @ _SCORE**2 - (likely @ _SCORE) ** 2)
    inverse = inverse_information(fitted)
    # residual = raw - g'(H^-1 sum of scores): its variance needs g'H^-1 cov and g'H^-1 J H^-1 g.
    g = _Along(fitted, cells, slope * n, tie_own * n)
    h = _Along(fitted, cells, own * n, tie_own * n)
    spread = variance - 2 * g.form(inverse, h) + g.form(inverse @ _model_meat(fitted) @ inverse, g)
    known = spread > 1e-9 * np.maximum(variance, 1e-300)
    root = np.sqrt(np.where(known, spread, 1.0))
    return np.where(known, raw / root, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Along:
    """A vector of parameters for each cell: strengths, then tie parameter and side effect."""

    fitted: Fit
    cells: Cells
    by_gap: FloatArray
    by_tie: FloatArray

    def form(self, matrix: FloatArray, other: "_Along") -> FloatArray:
        """The products self' matrix other of each cell, shape (P,); the matrix is symmetric."""
        a, b, m = self.cells.first, self.cells.second, self.cells.m
        gap = matrix[a, a] + matrix[b, b] - 2 * matrix[a, b]
        sides = self.fitted.side is not None
        if sides:
            gap = gap + 2 * (matrix[a, -1] - matrix[b, -1]) + matrix[-1, -1]
        result = self.by_gap * other.by_gap * gap
        if self.fitted.tie is not None:
            cross = matrix[a, m] - matrix[b, m] + (matrix[-1, m] if sides else 0.0)
            both = self.by_gap * other.by_tie + self.by_tie * other.by_gap
            result = result + both * cross + self.by_tie * other.by_tie * matrix[m, m]
        return result


def _model_meat(fitted: Fit) -> FloatArray:
    """Variance of the summed scores if the model holds, shape (K, K)."""
    if fitted.ties != "half":
        return fitted.information
    cells = fitted.cells
    likely = chances(fitted, cells.first, cells.second)
    variance = cells.n.sum(axis=1) * (likely @ _SCORE**2 - (likely @ _SCORE) ** 2)
    k, m = fitted.information.shape[0], cells.m
    result = np.zeros((k, k))
    result[:m, :m] = cells.laplacian(variance)
    if fitted.side is not None:
        result[:m, -1] = result[-1, :m] = cells.by_model(variance)
        result[-1, -1] = variance.sum()
    return result


def _pearson(fitted: Fit, cells: Cells, likely: FloatArray) -> float:
    n = cells.n.sum(axis=1)
    if fitted.ties == "half":
        score = likely @ _SCORE
        variance = np.maximum(n * (likely @ _SCORE**2 - score**2), _DISPERSED)
        return float((((cells.n @ _SCORE) - n * score) ** 2 / variance).sum())
    expected = n[:, None] * likely
    some = expected > 0
    return float(((cells.n - expected)[some] ** 2 / expected[some]).sum())


def _residual_p(cells: Cells, likely: FloatArray, z: FloatArray) -> FloatArray:
    """Two-sided tails; of pairs with few votes the larger of the normal and the exact one."""
    p = np.minimum(1.0, 2 * normal_tail(np.abs(z)))
    n = np.rint(cells.n.sum(axis=1)).astype(np.int64)
    twice = np.rint(2 * _SCORE).astype(np.int64)
    for cell in np.flatnonzero((np.abs(z) > _NOTABLE) & (n <= _EXACT_VOTES)).tolist():
        scores = twice if z[cell] > 0 else 2 - twice
        reached = round(float(cells.n[cell] @ scores))
        tail = sum_tail(likely[cell : cell + 1], scores[None, :], n[cell : cell + 1], reached)
        p[cell] = min(1.0, max(p[cell], 2 * tail))
    return p


_FEWEST_ROUNDS = 99
_SMOOTH = 0.5  # of a vote for each side, so that a pair with a clean record has finite odds


@dataclass(frozen=True, slots=True)
class Cycles:
    """How far the board runs in circles.

    Attributes:
        circles: Triples of models that run in a circle for sure: each beats the next, the last the
            first; from the one first in order of names.
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
        inverse = np.linalg.inv(pairs.laplacian(weight) + same)
        return cls(pairs, weight, inverse)

    def flow(self, n: FloatArray) -> FloatArray:
        """Log-odds of the first of each pair, shape (P,)."""
        score, total = n[:, 0] + n[:, 2] / 2, n.sum(axis=1)
        result: FloatArray = np.log((score + _SMOOTH) / (total - score + _SMOOTH))
        return result

    def residual(self, flows: FloatArray) -> FloatArray:
        """What is left after the best order, shape (B, P)."""
        a, b, at = self.pairs.first, self.pairs.second, np.arange(self.weight.size)
        ends = np.zeros((self.weight.size, self.pairs.m))
        ends[at, a], ends[at, b] = 1.0, -1.0
        strength = (flows * self.weight) @ ends @ self.inverse
        return flows - (strength[:, a] - strength[:, b])

    def amount(self, flows: FloatArray) -> FloatArray:
        """Variation that no order explains, weighted squares added up, shape (B,)."""
        result: FloatArray = (self.weight * self.residual(flows) ** 2).sum(axis=1)
        return result


def _unordered(own: Cells, n: FloatArray, pairs: Cells) -> FloatArray:
    """Votes of the fit's own cells gathered by unordered pair, shape (P, 3)."""
    turned = own.first > own.second
    same_way = np.where(turned[:, None], n[:, [1, 0, 2]], n)
    key = np.minimum(own.first, own.second) * own.m + np.maximum(own.first, own.second)
    at = np.searchsorted(pairs.first * pairs.m + pairs.second, key)
    result = np.zeros((pairs.first.size, 3))
    np.add.at(result, at, same_way)
    return result


def _circles(
    models: tuple[str, ...], pairs: Cells, alpha: float
) -> tuple[tuple[str, str, str], ...]:
    won, lost = (np.rint(column).astype(int).tolist() for column in pairs.n.T[:2])
    p = [coin_tail(w, w + x) for w, x in zip(won, lost, strict=True)]
    q = [coin_tail(x, w + x) for w, x in zip(won, lost, strict=True)]
    sure = (holm([*p, *q]) <= alpha).reshape(2, -1)
    ahead = np.zeros((pairs.m, pairs.m), dtype=bool)
    ahead[pairs.first[sure[0]], pairs.second[sure[0]]] = True
    ahead[pairs.second[sure[1]], pairs.first[sure[1]]] = True
    result = []
    for a in range(pairs.m):
        later = np.arange(pairs.m) > a
        for b in np.flatnonzero(ahead[a] & later).tolist():
            for c in np.flatnonzero(ahead[b] & ahead[:, a] & later).tolist():
                result.append((models[a], models[b], models[c]))
    return tuple(result)
