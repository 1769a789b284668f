"""One pass over votes with covariates: everything Newton's method and its errors need, as sums.

The chance that the side shown first wins is logistic(strength of first - strength of second +
covariates . effects + what being shown first adds); a tie is half a win. Sums of chunks add up to
the sums of all votes, so a pass may run in any order, on any engine, and never holds all votes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headtohead.ratings.bradley_terry.fit import Pairs
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_BLOCK = 1 << 15  # votes whose columns fit the cache together
_ONE_THREAD = 1 << 16  # multiplications that no BLAS splits between threads
SCORE = np.array([1.0, 0.0, 0.5, 0.5])


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """What a set of votes adds to the equations. Sets of votes add up with `+`.

    Parameters stand in the order strengths (M), effects (d), what being shown first adds (1):
    K = M + d + 1.

    Attributes:
        gradient: Sum over votes of the score: residual times row of the design, shape (K,).
        information: Sum of p (1 - p) times row times row', shape (K, K).
        meat: Sum of squared residual times row times row', shape (K, K); None if not asked for.
        total: Sum of each covariate, shape (d,).
        squares: Sum of its square, shape (d,).
        log_likelihood: Of these votes; a tie counts half for either side. Not a number if a
            covariate is not finite, as its `squares` tell; the other sums then lack votes.
    """

    gradient: FloatArray
    information: FloatArray
    meat: FloatArray | None
    total: FloatArray
    squares: FloatArray
    log_likelihood: float
    n: int

    @classmethod
    def none(cls, m: int, d: int, *, meat: bool = False) -> "Equations":
        """The equations of no votes on m models with d covariates."""
        k = m + d + 1
        square = np.zeros((k, k))
        return cls(np.zeros(k), square, square if meat else None, np.zeros(d), np.zeros(d), 0.0, 0)

    def __add__(self, other: "Equations") -> "Equations":
        """The equations of both sets of votes; `meat` only if both have it."""
        both = self.meat is not None and other.meat is not None
        return Equations(
            self.gradient + other.gradient,
            self.information + other.information,
            self.meat + other.meat if both else None,  # type: ignore[operator]
            self.total + other.total,
            self.squares + other.squares,
            self.log_likelihood + other.log_likelihood,
            self.n + other.n,
        )

    def for_models(self, place: IntArray, m: int) -> "Equations":
        """The same equations with the models numbered otherwise."""
        return replace(
            self,
            gradient=renumbered(self.gradient, place, m),
            information=renumbered(self.information, place, m),
            meat=None if self.meat is None else renumbered(self.meat, place, m),
        )


Passes = Callable[[FloatArray, FloatArray, bool], Equations]
"""(strengths (M,), effects and side (d + 1,), whether to gather the meat) -> sums of all votes."""


def renumbered(array: FloatArray, place: IntArray, m: int) -> FloatArray:
    """A vector, or matrix, of parameters with the models numbered otherwise.

    Args:
        array: Shape (K,) or (K, K), strengths before the rest.
        place: New number of each model, shape (M,); -1 for a model that takes no part.
        m: How many models there are then; those without an old number get 0.
    """
    rest = array.shape[0] - place.size
    old = np.concatenate([np.flatnonzero(place >= 0), np.arange(rest) + place.size])
    new = np.concatenate([place[place >= 0], np.arange(rest) + m])
    result = np.zeros((m + rest,) * array.ndim)
    result[np.ix_(*(new,) * array.ndim)] = array[np.ix_(*(old,) * array.ndim)]
    return result


class _Grid(Pairs):
    """All ordered pairs of m models in order, each with itself too: sums are tables already."""

    def by_model(self, values: FloatArray) -> FloatArray:
        """Values of pairs gathered by model."""
        table = values.reshape(self.m, self.m)
        return np.asarray(table.sum(axis=1) - table.sum(axis=0))

    def table(self, values: FloatArray) -> FloatArray:
        """Values of pairs by first and second model."""
        return values.reshape(self.m, self.m)


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Sums over the votes of each pair under weights v, and what they mean for the equations.

    Attributes:
        plain: Sum of v, shape (P,).
        by_x: Sum of v x_k, shape (d, P).
        by_xx: Sum of v x_k x_l over all pairs, shape (d, d).
    """

    plain: FloatArray
    by_x: FloatArray
    by_xx: FloatArray

    def matrix(self, pairs: Pairs) -> FloatArray:
        """The sum of v times row times row', shape (K, K)."""
        m, d = pairs.m, self.by_xx.shape[0]
        result = np.zeros((m + d + 1, m + d + 1))
        result[:m, :m] = pairs.laplacian(self.plain)
        result[m:-1, m:-1] = self.by_xx
        for k, column in enumerate((*self.by_x, self.plain), start=m):
            result[:m, k] = result[k, :m] = pairs.by_model(column)
            result[k, -1] = result[-1, k] = column.sum()
        return result


@dataclass(frozen=True, slots=True, eq=False)
class PairSums:
    """Sums over the votes of each ordered pair, as an engine's `group by` gives them.

    With p the chance that the side shown first wins, y its score (1, 0 or 1/2), r = y - p:

    Attributes:
        weights: Sums under p (1 - p).
        squares: Sums under r squared; None if not asked for.
        slope: Sum of r, shape (P,).
        slope_x: Sum of r x_k over all pairs, shape (d,).
        x: Sum of x_k over all pairs, shape (d,).
        xx: Sum of x_k squared over all pairs, shape (d,).
        log_likelihood: Sum of y log p + (1 - y) log(1 - p) over all pairs.
    """

    pairs: Pairs
    weights: Weighted
    squares: Weighted | None
    slope: FloatArray
    slope_x: FloatArray
    x: FloatArray
    xx: FloatArray
    log_likelihood: float
    n: int


def equations_from_sums(sums: PairSums) -> Equations:
    """The equations of votes that were summed by pair."""
    side = np.atleast_1d(sums.slope.sum())
    return Equations(
        np.concatenate([sums.pairs.by_model(sums.slope), sums.slope_x, side]),
        sums.weights.matrix(sums.pairs),
        None if sums.squares is None else sums.squares.matrix(sums.pairs),
        sums.x,
        sums.xx,
        sums.log_likelihood,
        sums.n,
    )


def equations(
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    outcome: NDArray[np.integer],
    covariates: FloatArray,
    theta: FloatArray,
    beta: FloatArray,
    *,
    meat: bool = False,
    even: BoolArray | None = None,
) -> Equations:
    """The equations of one chunk of votes at the parameters given.

    The design is never built: models enter through counts by pair, covariates through products.

    Args:
        first: Index of the side shown first, shape (n,), among 0 to M - 1.
        outcome: 0 first better, 1 second better, 2 tie, 3 both bad, shape (n,).
        covariates: First minus second, shape (n, d).
        theta: Strengths in logits, shape (M,).
        beta: Effects of the covariates, and last what being shown first adds, shape (d + 1,).
        meat: Whether to gather the squares of the scores too.
        even: Models whose votes are all ties, shape (M,). Their residuals vary too little to tell
            anything; their votes are given the variance of a coin toss.

    Raises:
        ValueError: If shapes do not fit.
    """
    n, d, m = first.size, beta.size - 1, theta.size
    if not second.size == outcome.size == n or covariates.shape != (n, d):
        raise ValueError(
            f"{n}, {second.size} and {outcome.size} codes with covariates of shape "
            f"{covariates.shape} for {d} effects"
        )
    if n == 0:
        return Equations.none(m, d, meat=meat)
    key = first.astype(np.int64) * m + second
    if m * m <= 4 * n:
        every = np.arange(m * m)
        pairs: Pairs = _Grid(m, every // m, every % m)
    else:
        met, key = np.unique(key, return_inverse=True)
        pairs = Pairs(m, met // m, met % m)
    a, b = pairs.first, pairs.second
    gap = theta[a] - theta[b] + beta[-1]
    tossed = even[a] | even[b] if meat and even is not None and even.any() else None
    gathered = _Gathering(gap.size, d, meat=meat)
    block = max(_BLOCK, gap.size // 4)
    for start in range(0, n, block):
        cut = slice(start, start + block)
        x = np.ascontiguousarray(covariates[cut].T)
        gathered.take(key[cut], SCORE[outcome[cut]], x, gap, beta[:-1], tossed)
    return equations_from_sums(gathered.sums(pairs, n))


class _Gathering:
    """Sums by pair while they grow."""

    def __init__(self, pairs: int, d: int, *, meat: bool) -> None:
        kinds = 2 if meat else 1
        self.plain = np.zeros((kinds, pairs))
        self.by_x = np.zeros((kinds, d, pairs))
        self.by_xx = np.zeros((kinds, d, d))
        self.slope = np.zeros(pairs)
        self.slope_x, self.x, self.xx = np.zeros(d), np.zeros(d), np.zeros(d)
        self.log_likelihood = 0.0

    def take(
        self,
        key: IntArray,
        y: FloatArray,
        x: FloatArray,
        gap: FloatArray,
        effect: FloatArray,
        tossed: BoolArray | None,
    ) -> None:
        """Add a block of votes: pair, score and covariates (d, n), gap and doubt of each pair."""
        self.x += x.sum(axis=1)
        self.xx += np.einsum("kn,kn->k", x, x)
        if not np.all(np.isfinite(self.xx)):
            self.log_likelihood = np.nan
            return
        eta = gap[key]
        for one, values in zip(effect, x, strict=True):
            eta += one * values
        small = np.exp(-np.abs(eta))
        whole = 1.0 + small
        weight = small / whole
        p = np.where(eta >= 0, 1.0 / whole, weight)
        weight /= whole
        residual = y - p
        value = (y * eta).sum() - np.maximum(eta, 0.0).sum() - np.log(whole).sum()
        self.log_likelihood += float(value)
        self.slope += np.bincount(key, weights=residual, minlength=self.slope.size)
        self.slope_x += _products(x, residual[None, :])[:, 0]
        self._weigh(0, key, weight, x)
        if len(self.plain) == 2:
            square = residual * residual
            if tossed is not None:
                square = np.where(tossed[key], weight, square)
            self._weigh(1, key, square, x)

    def sums(self, pairs: Pairs, n: int) -> PairSums:
        """What was gathered."""
        weighted = [
            Weighted(*parts) for parts in zip(self.plain, self.by_x, self.by_xx, strict=True)
        ]
        return PairSums(
            pairs,
            weighted[0],
            weighted[1] if len(weighted) == 2 else None,
            self.slope,
            self.slope_x,
            self.x,
            self.xx,
            self.log_likelihood,
            n,
        )

    def _weigh(self, kind: int, key: IntArray, weight: FloatArray, x: FloatArray) -> None:
        pairs = self.slope.size
        self.plain[kind] += np.bincount(key, weights=weight, minlength=pairs)
        weighted = x * weight
        self.by_xx[kind] += _products(weighted, x)
        for k, column in enumerate(weighted):
            self.by_x[kind, k] += np.bincount(key, weights=column, minlength=pairs)


def _products(a: FloatArray, b: FloatArray) -> FloatArray:
    """The product of a and the transpose of b, for few rows of many columns.

    Taken in pieces for which no BLAS starts threads: here they would burn ten times the work.
    """
    result = np.zeros((a.shape[0], b.shape[0]))
    piece = max(1, _ONE_THREAD // max(1, result.size))
    for start in range(0, a.shape[1], piece):
        result += a[:, start : start + piece] @ b[:, start : start + piece].T
    return result
