"""Simulated votes in which style sways the voter, and a second way to fit them."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from headtohead.stats.inputs import FloatArray, IntArray

SCORE = np.array([1.0, 0.0, 0.5, 0.5])
TRUTH = np.array([0.30, 0.10, 0.05, -0.05])
NAMES = ("length", "header", "list", "bold")


@dataclass(frozen=True)
class Votes:
    """Coded votes; models are named m00, m01, ..."""

    models: tuple[str, ...]
    first: IntArray
    second: IntArray
    outcome: IntArray
    x: FloatArray

    def picked(self, rows: IntArray) -> "Votes":
        return Votes(
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
) -> Votes:
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
    return Votes(tuple(f"m{i:02d}" for i in range(m)), first, second, outcome.astype(np.int64), x)


def design(votes: Votes, *, side: bool = False) -> FloatArray:
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
