"""The bootstrap on counts: a thousand boards for the price of a few, whatever the votes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from headtohead.ratings.bradley_terry.covariance import (
    ClusterCells,
    check_same_votes,
    covariance,
    inverse_information,
    unknown_covariance,
)
from headtohead.ratings.bradley_terry.fit import Cells, Fit, Problem, link, logistic, newton
from headtohead.stats.inputs import FloatArray, check_count, one_thread

_CELLS = 2_000_000  # numbers held at once
_MANY = 30  # votes from which a Poisson number is drawn as a normal one
_STEPS = 60
_CLOSE = 1e-7
_LONGEST = 2.0  # logits

# A number of boards -> votes and the first model's score of every cell, each (boards, P).
_Drawn = Callable[[int], tuple[FloatArray, FloatArray]]


@one_thread()
def bootstrap(
    fitted: Fit,
    rng: np.random.Generator,
    *,
    rounds: int = 1000,
    clusters: ClusterCells | None = None,
) -> FloatArray:
    """Strengths of resampled boards, shape (rounds, M), each measured from its average.

    Every cell of the counts, or every cluster of votes, is drawn with a Poisson weight of mean 1,
    and the board refitted with its prior held fast.

    Args:
        fitted: The fit; its prior must be above 0.
        clusters: The same votes by voter or prompt, to resample these whole. What few of them
            carry gets normal noise besides, of the largest variance that it could have: weights
            on one voter's votes cannot tell how much voters differ. No rating varies less than
            independent votes would have it.

    Raises:
        ValueError: If the fit has no prior (a resampled board may have no maximum), ties have a
            parameter, a side effect was fitted, or clusters do not hold the votes fitted.

    References:
        Hanley, J. A., MacGibbon, B. (2006). Creating non-parametric bootstrap samples using
        Poisson frequencies. Computer Methods and Programs in Biomedicine 83, 57-62.
        doi:10.1016/j.cmpb.2006.04.006
    """
    rounds = check_count(rounds, "rounds", 1)
    if fitted.prior == 0:
        raise ValueError("the bootstrap needs a prior above 0: a resampled board may be unbounded")
    if fitted.tie is not None or fitted.side is not None:
        raise ValueError("the bootstrap is for ties='half' or 'drop' without a side effect")
    cells = fitted.cells
    drawn = _by_cell(cells, rng) if clusters is None else _by_cluster(fitted, cells, clusters, rng)
    inverse = inverse_information(fitted)
    result = np.empty((rounds, cells.m))
    step = max(1, _CELLS // max(1, 3 * cells.first.size))
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        n, score = drawn(size)
        result[start : start + size] = _refit(fitted, cells, n, score, inverse)
    weights = fitted.reference
    component = fitted.connectivity.component
    for number in range(int(component.max()) + 1):
        members = component == number
        result[:, members] -= (result[:, members] @ weights[members])[:, None]
    if clusters is None:
        return result
    # Noise of what few clusters carry.
    spread = unknown_covariance(fitted, clusters)[: cells.m, : cells.m]
    if spread.any():
        values, vectors = np.linalg.eigh(spread)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        result = result + rng.standard_normal(result.shape) @ root.T
    # Each rating is stretched around its mean where it varies less than votes by themselves do.
    least, own = np.sqrt(np.diag(covariance(fitted))[: cells.m]), result.std(axis=0)
    stretch = np.maximum(1.0, np.divide(least, own, out=np.ones_like(own), where=own > 0))
    middle = result.mean(axis=0)
    return np.asarray(middle + (result - middle) * stretch, dtype=np.float64)


def _by_cell(cells: Cells, rng: np.random.Generator) -> _Drawn:
    """Draws every cell's votes for itself."""
    counts = cells.n.ravel()
    few = np.flatnonzero((counts > 0) & (counts < _MANY))
    many = np.flatnonzero(counts >= _MANY)

    def drawn(size: int) -> tuple[FloatArray, FloatArray]:
        n = np.zeros((size, counts.size))
        n[:, few] = rng.poisson(counts[few], (size, few.size))
        # Poisson draws are the slow part; from 30 votes on a normal one has the same spread.
        noise = rng.standard_normal((size, many.size)) * np.sqrt(counts[many])
        n[:, many] = np.maximum(0.0, counts[many] + noise)
        return _totals(n.reshape(size, -1, 3))

    return drawn


def _by_cluster(
    fitted: Fit, cells: Cells, clusters: ClusterCells, rng: np.random.Generator
) -> _Drawn:
    """Draws whole clusters of votes."""
    number, cluster = np.unique(clusters.cluster, return_inverse=True)
    # Position among all cells by outcome of each cluster row, -1 where dropped; and its votes.
    codes = fitted.counts.places(clusters.models)
    first, second = codes[clusters.first], codes[clusters.second]
    key = np.minimum(first, second) * cells.m + np.maximum(first, second)
    cell = np.searchsorted(cells.first * cells.m + cells.second, key)
    kind = np.where(clusters.outcome >= 2, 2, clusters.outcome)
    kind = np.where((first > second) & (kind < 2), 1 - kind, kind)
    dropped = (kind == 2) & (fitted.ties == "drop")
    if np.any(((first < 0) | (second < 0)) & ~dropped):
        raise ValueError("the clusters name a model that has not been fitted")
    check_same_votes(fitted, first, second, np.where(dropped, 0.0, clusters.n))
    where, n = np.where(dropped, -1, cell * 3 + kind), clusters.n.astype(float)
    kept = where >= 0
    where, n, cluster = where[kept], n[kept], cluster[kept]
    width = 3 * cells.first.size

    def drawn(size: int) -> tuple[FloatArray, FloatArray]:
        result = np.empty((size, width))
        for row in result:
            weights = rng.poisson(1.0, number.size)[cluster] * n
            row[:] = np.bincount(where, weights=weights, minlength=width)
        return _totals(result.reshape(size, -1, 3))

    return drawn


def _totals(n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Votes and the first model's score of every cell, each of shape (rounds, P)."""
    return n.sum(axis=2), n[:, :, 0] + n[:, :, 2] / 2


def _refit(
    fitted: Fit, cells: Cells, n: FloatArray, score: FloatArray, inverse: FloatArray
) -> FloatArray:
    """The strengths of many boards at once, by steps that share one curvature."""
    from scipy.sparse import csr_array

    rows = np.tile(np.arange(cells.first.size), 2)
    ends = np.concatenate([cells.first, cells.second])
    signs = np.repeat([1.0, -1.0], cells.first.size)
    incidence = csr_array((signs, (rows, ends)), shape=(cells.first.size, cells.m))
    x = np.repeat(fitted.strength[None, :], n.shape[0], axis=0)
    open_rounds = np.arange(n.shape[0])
    for _ in range(_STEPS):
        p = logistic(x[open_rounds][:, cells.first] - x[open_rounds][:, cells.second])
        slope = (score[open_rounds] - n[open_rounds] * p) @ incidence
        slope += fitted.prior * (0.5 - logistic(x[open_rounds]))
        step = slope @ inverse
        size = np.abs(step).max(axis=1)
        # One curvature for all boards can overshoot where a model has few votes.
        x[open_rounds] += step * np.minimum(1.0, _LONGEST / np.maximum(size, 1e-300))[:, None]
        open_rounds = open_rounds[size > _CLOSE]
        if open_rounds.size == 0:
            break
    for row in open_rounds.tolist():
        # Each step with its own curvature.
        votes = np.column_stack([score[row], n[row] - score[row], np.zeros(cells.first.size)])
        component = fitted.connectivity.component
        problem = Problem(replace(cells, n=votes), link("half"), fitted.prior, component)
        x[row] = newton(problem, fitted.strength)[0]
    return x
