"""How many more items a verdict takes, and the chance that so many are enough: approximations."""

import math
from dataclasses import dataclass

import numpy as np

from headtohead.stats.inputs import FloatArray
from headtohead.stats.quantiles import normal_probability
from headtohead.trials.sequential.bets import distances, log_weights, stake, variance_after
from headtohead.trials.sequential.plan import Plan

# Gauss-Hermite nodes for an average over a normal distribution.
_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(9)
_SHARES = _SHARES / _SHARES.sum()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one side stands, turned so that its verdict is "yes".

    Attributes:
        sign: 1 for "yes", -1 for "no".
        n: Observations so far.
        mean: Of the turned observations, 0 before the first.
        square: Mean of their squares.
        logs: Log wealth of each gambler, shape (13,).
    """

    sign: float
    n: int
    mean: float
    square: float
    logs: FloatArray


def expected_n(plan: Plan, difference: float, spread: float) -> float:
    """About how many observations a verdict takes from the start, as a mean over runs.

    The log wealth needed by the gambler who is first, over the growth per observation, if these
    take three values, -bound, 0 and bound. Right to about 20% in simulations (see the tests); no
    cap and no giving up.

    Args:
        plan: The test.
        difference: The true difference, inside +-bound.
        spread: The true standard deviation of an observation, >= 0.

    Returns:
        inf where the difference is so near the margin that no bet grows.

    Raises:
        ValueError: If no distribution within the bound has that mean and spread.
    """
    _feasible(plan, difference, spread)
    square = spread**2 + difference**2
    sides = [Standing(s, 0, s * difference, square, log_weights()) for s in (1.0, -1.0)]
    return min(more_needed(plan, side) for side in sides)


def chance_within(plan: Plan, n: int, difference: float, spread: float) -> float:
    """The approximate probability of a verdict within n observations, from the start.

    Args:
        plan: The test.
        n: How many observations can be had, >= 0.
        difference: The true difference, inside +-bound.
        spread: The true standard deviation of an observation, >= 0.

    Raises:
        ValueError: If no distribution within the bound has that mean and spread.
    """
    _feasible(plan, difference, spread)
    square = spread**2 + difference**2
    sides = [Standing(s, 0, s * difference, square, log_weights()) for s in (1.0, -1.0)]
    return min(1.0, sum(chance(plan, side, n, side.sign * side.mean) for side in sides))


def more_needed(plan: Plan, side: Standing) -> float:
    """Observations until the first gambler of a side wins, at the mean and spread so far."""
    growth, _ = _growth(plan, side, side.mean)
    wanting = np.maximum(plan.threshold - side.logs, 0)
    with np.errstate(divide="ignore"):
        takes = np.where(growth > 0, wanting / np.where(growth > 0, growth, 1), math.inf)
    return float(takes.min())


def chance(plan: Plan, side: Standing, more: int, difference: float | None) -> float:
    """The probability that a side's verdict falls within so many more observations.

    Each gambler's log wealth is taken for a Brownian motion; the likeliest winner counts.

    Args:
        plan: The test.
        side: Where the side stands.
        more: >= 0.
        difference: The true one, not turned; None averages over what the data leaves open.
    """
    if difference is not None:
        return _reach(plan, side, more, side.sign * difference)
    if side.n == 0:
        return _reach(plan, side, more, side.sign * plan.planned)
    error = math.sqrt(max(side.square - side.mean**2, 0.0) / side.n)
    means = np.clip(side.mean + error * _NODES, -plan.bound, plan.bound)
    found = [_reach(plan, side, more, float(mean)) for mean in means]
    return float(np.dot(_SHARES, found))


def _reach(plan: Plan, side: Standing, more: int, mean: float) -> float:
    """By the first passage time of a Brownian motion with drift."""
    wanting = plan.threshold - side.logs
    if wanting.min() <= 0:
        return 1.0
    if more <= 0:
        return 0.0
    drift, variance = _growth(plan, side, mean)
    best = 0.0
    for far, mu, var in zip(wanting.tolist(), drift.tolist(), variance.tolist(), strict=True):
        spread = math.sqrt(var * more)
        if spread < 1e-12:
            best = max(best, 1.0 if mu * more >= far else 0.0)
            continue
        ahead = normal_probability((mu * more - far) / spread)
        turned = normal_probability((-mu * more - far) / spread)
        mirrored = math.exp(min(2 * mu * far / var, 700.0)) * turned if turned > 0 else 0.0
        best = max(best, min(1.0, ahead + mirrored))
    return best


def _growth(plan: Plan, side: Standing, mean: float) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of each gambler's growth, if observations are -bound, 0 or bound."""
    null = side.sign * plan.null
    square = max(side.square - side.mean**2, 0.0) + mean**2
    # From the start, the bets of about the hundredth observation stand for all.
    n = side.n or 100
    foreseen = variance_after(n, side.mean * n, side.square * n, plan)
    lam = stake(distances(plan), foreseen, plan.bound + null)
    wins = min(max((square / plan.bound + mean) / (2 * plan.bound), 0.0), 1.0)
    losses = min(max((square / plan.bound - mean) / (2 * plan.bound), 0.0), 1.0 - wins)
    logs = np.log1p(lam * (np.array([[plan.bound], [0.0], [-plan.bound]]) - null))
    shares = np.array([[wins], [1 - wins - losses], [losses]])
    drift: FloatArray = (shares * logs).sum(axis=0)
    variance: FloatArray = (shares * (logs - drift) ** 2).sum(axis=0)
    return drift, variance


def _feasible(plan: Plan, difference: float, spread: float) -> None:
    square = spread**2 + difference**2
    if not (abs(difference) < plan.bound and spread >= 0 and square <= plan.bound**2):
        raise ValueError(
            f"no observations within +-{plan.bound} have the mean {difference} and the spread "
            f"{spread}"
        )
