"""How uncertain the strengths are: closed-form sandwich errors, clustered where ids exist.

The curvature alone takes a tie for a coin toss: at 35% ties it gives errors 1.25 times too wide.
The sandwich measures how much votes really vary.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from headtohead.ratings.bradley_terry.fit import Cells, Fit, Terms, logistic
from headtohead.ratings.bradley_terry.leverage import ClusterRows, not_below
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, one_thread

Errors = Literal["sandwich", "hessian", "clustered"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterCells:
    """Votes counted by cluster (voter, prompt), pair and outcome; models as in some `models`.

    Each row, of arrays of shape (R,), tells the number of a cluster, the sides by their place in
    `models`, the outcome (0 first better, 1 second better, 2 tie, 3 both bad), and of how many
    votes.
    """

    models: tuple[str, ...]
    cluster: IntArray
    first: IntArray
    second: IntArray
    outcome: IntArray
    n: IntArray

    def among(self, models: Iterable[str]) -> "ClusterCells":
        """The votes between some models."""
        wanted = set(models)
        inside = np.array([name in wanted for name in self.models], dtype=bool)
        return self.only(inside[self.first] & inside[self.second])

    def only(self, rows: BoolArray) -> "ClusterCells":
        """Some of the rows."""
        columns = (self.cluster, self.first, self.second, self.outcome, self.n)
        return ClusterCells(self.models, *(column[rows] for column in columns))


@one_thread()
def covariance(
    fitted: Fit, errors: Errors = "sandwich", clusters: ClusterCells | None = None
) -> FloatArray:
    """The covariance of all parameters, shape (K, K), strengths measured from their average.

    Args:
        errors: "sandwich" (votes independent), "clustered" (votes of one cluster go together) or
            "hessian" (the curvature alone: right only if the model is).
        clusters: For "clustered": the same votes by cluster. No variance is then below that of
            independent votes. Where fewer than about five clusters carry what is known, the votes
            of each are taken to go together entirely: so few cannot tell how much they vary.

    Raises:
        ValueError: If there are no such errors, or clusters are missing, are fewer than two, or do
            not hold the votes fitted.

    References:
        White, H. (1982). Maximum likelihood estimation of misspecified models. Econometrica 50,
        1-25. doi:10.2307/1912526
        Liang, K.-Y., Zeger, S. L. (1986). Longitudinal data analysis using generalized linear
        models. Biometrika 73, 13-22. doi:10.1093/biomet/73.1.13
    """
    if errors not in get_args(Errors):
        raise ValueError(f"errors are one of {', '.join(get_args(Errors))}, not {errors!r}")
    raw = inverse = inverse_information(fitted)
    if errors == "sandwich":
        raw = _between(inverse, meat(fitted))
    elif errors == "clustered":
        if clusters is None:
            raise ValueError("clustered errors need the votes by cluster")
        raw = _between(inverse, clustered_meat(fitted, clusters))
    turn = centring(fitted)
    result = _between(turn, raw)
    if errors == "clustered":
        result = not_below(result, np.diag(_between(turn, _between(inverse, meat(fitted)))))
    return np.asarray((result + result.T) / 2, dtype=np.float64)


def _between(bread: FloatArray, filling: FloatArray) -> FloatArray:
    return np.asarray(bread @ filling @ bread.T, dtype=np.float64)


def inverse_information(fitted: Fit) -> FloatArray:
    """The inverse of the information, with the free level of each component fixed if need be."""
    matrix = fitted.information
    if fitted.prior == 0:
        m, c = len(fitted.counts.models), fitted.connectivity.component
        matrix = matrix.copy()
        matrix[:m, :m] += c[:, None] == c[None, :]
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def centring(fitted: Fit) -> FloatArray:
    """The matrix that measures strengths from the average of their component, shape (K, K)."""
    m, c = len(fitted.counts.models), fitted.connectivity.component
    turn = np.eye(fitted.information.shape[0])
    turn[:m, :m] -= (c[:, None] == c[None, :]) * fitted.reference[None, :]
    return turn


def meat(fitted: Fit) -> FloatArray:
    """The sum over votes of score times score', shape (K, K), prior votes included.

    A model whose votes are all ties would look perfectly known; its votes are given the variance
    that the curvature gives them (with ties as half wins, that of a coin toss) instead.
    """
    cells = fitted.cells
    terms = fitted.link.terms(fitted.gaps(cells), fitted.tie or 0.0)
    n = cells.n
    square = (n * terms.slope**2).sum(axis=1)
    result = cells.laplacian(square + _doubt(cells, terms))
    k = fitted.information.shape[0]
    full = np.zeros((k, k))
    full[: cells.m, : cells.m] = result + np.diag(_prior_meat(fitted))
    # First derivatives by the tie parameter and by the side effect, each of shape (P, 3).
    slopes = [] if terms.tie_slope is None else [terms.tie_slope]
    slopes += [terms.slope] if cells.sides else []
    for i, one in enumerate(slopes, start=cells.m):
        own = square if one is terms.slope else (n * terms.slope * one).sum(axis=1)
        column = cells.by_model(own)
        full[: cells.m, i] = full[i, : cells.m] = column
        for j, other in enumerate(slopes, start=cells.m):
            both = one is other is terms.slope
            full[i, j] = float((square if both else n * one * other).sum())
    return full


def clustered_meat(fitted: Fit, clusters: ClusterCells) -> FloatArray:
    """The sum over clusters of (sum of scores) times (sum of scores)', shape (K, K).

    Scores are stretched by the leverage of their cluster (the jackknife, to first order). What few
    clusters carry gets the largest variance that it could have instead. The prior and models with
    ties only add what they add to `meat`.

    Raises:
        ValueError: If there are fewer than two clusters, or they do not hold the votes fitted.
    """
    total, unknown = _cluster_rows(fitted, clusters).meats(inverse_information(fitted))
    cells = fitted.cells
    terms = fitted.link.terms(fitted.gaps(cells), fitted.tie or 0.0)
    own = cells.laplacian(_doubt(cells, terms)) + np.diag(_prior_meat(fitted))
    total[: cells.m, : cells.m] += own
    return np.asarray(total + unknown, dtype=np.float64)


@one_thread()
def unknown_covariance(fitted: Fit, clusters: ClusterCells) -> FloatArray:
    """The part of the clustered `covariance` that scores cannot tell, shape (K, K).

    Zero where no cluster carries much of any direction.

    Raises:
        ValueError: As `clustered_meat`.
    """
    inverse = inverse_information(fitted)
    turn = centring(fitted) @ inverse
    result = turn @ _cluster_rows(fitted, clusters).meats(inverse)[1] @ turn.T
    return np.asarray((result + result.T) / 2, dtype=np.float64)


def clusters_met(fitted: Fit, clusters: ClusterCells) -> FloatArray:
    """How many clusters have votes in each of the cells fitted, shape (P,)."""
    if fitted.ties == "drop":
        clusters = clusters.only(clusters.outcome < 2)
    codes, cells, m = fitted.counts.places(clusters.models), fitted.cells, fitted.cells.m
    a, b = codes[clusters.first], codes[clusters.second]
    pair = np.minimum(a, b) * m + np.maximum(a, b)
    _, where = np.unique(clusters.cluster, return_inverse=True)
    met = np.unique(where * m * m + pair) % (m * m)
    table = np.bincount(met, minlength=m * m).astype(np.float64)
    return np.asarray(table[cells.first * m + cells.second])


def _cluster_rows(fitted: Fit, clusters: ClusterCells) -> ClusterRows:
    """The votes fitted by cluster, with their derivatives."""
    if fitted.ties == "drop":
        clusters = clusters.only(clusters.outcome < 2)
    number, where = np.unique(clusters.cluster, return_inverse=True)
    if number.size < 2:
        raise ValueError("clustered errors need votes from two clusters or more")
    order = np.argsort(where, kind="stable")
    codes = fitted.counts.places(clusters.models)
    first, second = codes[clusters.first[order]], codes[clusters.second[order]]
    if np.any((first < 0) | (second < 0)):
        raise ValueError("the clusters name a model that has not been fitted")
    n = clusters.n[order].astype(np.float64)
    check_same_votes(fitted, first, second, n)
    d = fitted.strength[first] - fitted.strength[second] + (fitted.side or 0.0)
    terms = fitted.link.terms(d, fitted.tie or 0.0)
    at = (np.arange(n.size), np.minimum(clusters.outcome[order], 2))
    tie = None
    if terms.tie_slope is not None:
        assert terms.tie_curve is not None
        assert terms.cross_curve is not None
        tie = (n * terms.tie_slope[at], n * terms.tie_curve[at], n * terms.cross_curve[at])
    return ClusterRows(
        m=len(fitted.counts.models),
        starts=np.searchsorted(where[order], np.arange(number.size + 1)),
        first=first,
        second=second,
        n=n,
        slope=n * terms.slope[at],
        curve=n * terms.curve[at],
        tie=tie,
        side=fitted.side is not None,
    )


def _prior_meat(fitted: Fit) -> FloatArray:
    """What the virtual votes add: they are votes like others, half of them won."""
    p = logistic(fitted.held)
    return fitted.prior * (p**2 + (1 - p) ** 2) / 2


def check_same_votes(fitted: Fit, first: IntArray, second: IntArray, n: FloatArray) -> None:
    """Checks that clusters hold the votes fitted: errors from other votes would look as good.

    Rows, of arrays of shape (R,), name the sides by their place in the fit; `n` are votes it uses.

    Raises:
        ValueError: If a model has more or fewer votes than were fitted.
    """
    m = len(fitted.counts.models)
    there = n > 0
    mine = sum(np.bincount(side[there], weights=n[there], minlength=m) for side in (first, second))
    battles = fitted.counts.battles
    if not (np.array_equal(mine, battles) if fitted.counts.whole else np.allclose(mine, battles)):
        total = int(n.sum())
        raise ValueError(
            f"the clusters hold {total} votes that are not the {fitted.counts.total} votes fitted"
        )


def _doubt(cells: Cells, terms: Terms) -> FloatArray:
    """What to add to the squared scores of each cell, shape (P,).

    Votes of a model that has ties only get the variance that the curvature gives them.
    """
    decisive = cells.n[:, :2].sum(axis=1)
    won = np.bincount(cells.first, weights=decisive, minlength=cells.m)
    won = won + np.bincount(cells.second, weights=decisive, minlength=cells.m)
    doubtful = (won == 0)[cells.first] | (won == 0)[cells.second]
    lacking = (cells.n * (terms.curve - terms.slope**2)).sum(axis=1)
    return np.where(doubtful, np.maximum(0.0, lacking), 0.0)
