"""Simulated votes in which style sways the voter, and a second way to fit them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import PRIOR_VOTES
from headtohead.ratings.bradley_terry.style.control import StyleFit, fit_style
from headtohead.ratings.bradley_terry.style.passes import Chunk, ClusterPasses, passes_over
from headtohead.stats.inputs import FloatArray, IntArray

SCORE = np.array([1.0, 0.0, 0.5, 0.5])
TRUTH = np.array([0.30, 0.10, 0.05, -0.05])
NAMES = ("length", "header", "list", "bold")


@dataclass(frozen=True)
class StyleVotes:
    """Coded votes; models are named m00, m01, ..."""

    models: tuple[str, ...]
    first: IntArray
    second: IntArray
    outcome: IntArray
    x: FloatArray

    def picked(self, rows: IntArray) -> "StyleVotes":
        return StyleVotes(
            self.models, self.first[rows], self.second[rows], self.outcome[rows], self.x[rows]
        )


def style_votes(
    rng: np.random.Generator,
    n: int,
    m: int,
    effect: FloatArray = TRUTH,
    *,
    strength: FloatArray | None = None,
    side: float = 0.0,
    tie: float = 0.15,
) -> StyleVotes:
    """Votes whose expected score is logistic, on models that each have a style of their own."""
    theta = rng.normal(0, 0.6, m) if strength is None else strength
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    habit = rng.normal(0, 0.5, (m, effect.size))
    x = rng.normal(size=(n, effect.size)) + habit[first] - habit[second]
    p = 1 / (1 + np.exp(theta[second] - theta[first] - x @ effect - side))
    tied = 4 * tie * p * (1 - p)
    draw = rng.random(n)
    outcome = np.where(draw < tied, 2 + (draw < tied / 3), draw > tied / 2 + p)
    return StyleVotes(
        tuple(f"m{i:02d}" for i in range(m)), first, second, outcome.astype(np.int64), x
    )


def design(votes: StyleVotes, *, side: bool = False) -> FloatArray:
    """One row a vote: models, covariates, and a column of ones if asked for."""
    n, rows = votes.first.size, np.arange(votes.first.size)
    made = np.zeros((n, len(votes.models)))
    made[rows, votes.first] = 1
    made[rows, votes.second] = -1
    return np.hstack([made, votes.x, np.ones((n, 1))] if side else [made, votes.x])


def generic_fit(
    z: FloatArray, y: FloatArray, m: int, prior: float
) -> tuple[FloatArray, FloatArray]:
    """Logistic regression by scipy, and its sandwich, the virtual votes taken as rows."""
    virtual = np.vstack([np.eye(m, z.shape[1])] * 2)
    rows = np.vstack([z, virtual])
    score = np.concatenate([y, np.ones(m), np.zeros(m)])
    weight = np.concatenate([np.ones(y.size), np.full(2 * m, prior / 2)])

    def loss(b: FloatArray) -> tuple[float, FloatArray]:
        eta = rows @ b
        r = weight * (score - 1 / (1 + np.exp(-eta)))
        return float(weight @ (np.logaddexp(0, eta) - score * eta)), -rows.T @ r

    def curve(b: FloatArray) -> FloatArray:
        p = 1 / (1 + np.exp(-rows @ b))
        made: FloatArray = (rows * (weight * p * (1 - p))[:, None]).T @ rows
        return made

    found = minimize(
        loss, np.zeros(z.shape[1]), jac=True, hess=curve, method="trust-exact", tol=1e-9
    )
    inverse = np.linalg.inv(curve(found.x))
    residual = score - 1 / (1 + np.exp(-rows @ found.x))
    meat = (rows * (weight * residual**2)[:, None]).T @ rows
    return found.x, inverse @ meat @ inverse


def style_of_votes(
    models: Sequence[str],
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    covariates: ArrayLike,
    names: Sequence[str],
    *,
    cluster: ArrayLike | None = None,
    prior: float = PRIOR_VOTES,
    ridge: float = 0.0,
    side: bool = False,
    centre: bool = False,
) -> StyleFit:
    """The style-controlled fit of coded votes held in memory."""
    counts = Counts.from_codes(models, first, second, outcome)
    made = np.asarray(covariates, dtype=np.float64)
    if made.ndim != 2 or made.shape[1] != len(names):
        raise ValueError(f"covariates have shape {made.shape}; there are {len(names)} names")
    votes = Chunk(
        np.asarray(first),
        np.asarray(second),
        np.asarray(outcome),
        {} if cluster is None else {"cluster": np.asarray(cluster)},
        made,
    )
    clustered = ClusterPasses(counts, models, lambda: [votes], "cluster")
    return fit_style(
        passes_over(counts, models, lambda: [votes]),
        counts,
        names,
        prior=prior,
        ridge=ridge,
        side=side,
        centre=centre,
        clustered=None if cluster is None else clustered,
    )
