"""Does the model fit the votes? Chi-square over pairs, and the pairs that strength cannot explain.

Bradley-Terry says that one number per model tells every pair's score. Where pairs differ from that
by more than chance, the order of the board still averages something, but no chance of A beating B
can be read off it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.ratings.bradley_terry.covariance import inverse_information
from headtohead.ratings.bradley_terry.fit import Cells, Fit, scatter
from headtohead.ratings.bradley_terry.trust.chances import as_counts, chances, draw
from headtohead.ratings.bradley_terry.trust.influence import refit
from headtohead.stats.inputs import FloatArray, IntArray, check_count
from headtohead.stats.tails import chi_square_tail, holm, normal_tail, sum_tail

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
        b: The other.
        expected_frac: The score that the fit gives A, ties half.
        observed_frac: The score that A took.
        votes: Votes between them.
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
    made = []
    for cell in np.lexsort((-np.abs(z), z_p)).tolist():
        if z_p[cell] > alpha:
            continue
        pair = (names[cells.first[cell]], names[cells.second[cell]])
        score, fitted_score = float(cells.n[cell] @ _SCORE / n[cell]), float(likely[cell] @ _SCORE)
        if score < fitted_score:
            pair, score, fitted_score = pair[::-1], 1 - score, 1 - fitted_score
        made.append(
            Misfit(
                a=pair[0],
                b=pair[1],
                expected_frac=fitted_score,
                observed_frac=score,
                votes=int(n[cell]),
                p=float(z_p[cell]),
            )
        )
    return GoodnessOfFit(
        pearson,
        df,
        p,
        chosen,
        z,
        z_p,
        cells.first,
        cells.second,
        tuple(made),
    )


def residuals(fitted: Fit) -> FloatArray:
    """Score of each cell less its expectation, in its own standard errors, shape (P,).

    The variance is that of a residual: the pair's own votes have drawn the strengths towards
    themselves. A pair that alone decides its own strengths has a residual of 0.
    """
    cells = fitted.cells
    likely = chances(fitted, cells.first, cells.second)
    n = cells.n.sum(axis=1)
    raw = cells.n @ _SCORE - n * (likely @ _SCORE)
    slope, tie_slope, own, tie_own = _slopes(fitted, cells, likely)
    variance = n * (likely @ _SCORE**2 - (likely @ _SCORE) ** 2)
    inverse = inverse_information(fitted)
    # residual = raw - g'(H^-1 sum of scores): its variance needs g'H^-1 cov and g'H^-1 J H^-1 g.
    g = _Along(fitted, cells, slope * n, tie_slope * n)
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
        made = self.by_gap * other.by_gap * gap
        if self.fitted.tie is not None:
            cross = matrix[a, m] - matrix[b, m] + (matrix[-1, m] if sides else 0.0)
            both = self.by_gap * other.by_tie + self.by_tie * other.by_gap
            made = made + both * cross + self.by_tie * other.by_tie * matrix[m, m]
        return made


def _slopes(
    fitted: Fit, cells: Cells, likely: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """What moves the score of one vote, four times shape (P,).

    Slopes of the expected score by gap and tie parameter; covariances of the score with the slopes
    of the log-likelihood by these.
    """
    terms = fitted.link.terms(fitted.gaps(cells), fitted.tie or 0.0)
    own = (likely * _SCORE * terms.slope).sum(axis=1)
    none = np.zeros_like(own)
    if fitted.ties == "half":
        return terms.curve[:, 0], none, own, none
    tie_own = none if terms.tie_slope is None else (likely * _SCORE * terms.tie_slope).sum(axis=1)
    return own, tie_own, own, tie_own


def _model_meat(fitted: Fit) -> FloatArray:
    """Variance of the summed scores if the model holds, shape (K, K)."""
    if fitted.ties != "half":
        return fitted.information
    cells = fitted.cells
    likely = chances(fitted, cells.first, cells.second)
    variance = cells.n.sum(axis=1) * (likely @ _SCORE**2 - (likely @ _SCORE) ** 2)
    k, m = fitted.information.shape[0], cells.m
    made = np.zeros((k, k))
    np.add.at(made, (cells.first, cells.first), variance)
    np.add.at(made, (cells.second, cells.second), variance)
    np.add.at(made, (cells.first, cells.second), -variance)
    np.add.at(made, (cells.second, cells.first), -variance)
    if fitted.side is not None:
        made[:m, -1] = made[-1, :m] = scatter(cells, variance)
        made[-1, -1] = variance.sum()
    return made


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
