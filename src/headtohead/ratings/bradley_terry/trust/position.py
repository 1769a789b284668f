"""What it is worth to be shown first, and whether every model was shown first as often as second.

A side that wins more among equals shifts the ratings of models that were shown on it more often.
"""

import math
from dataclasses import dataclass

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells, covariance
from headtohead.ratings.bradley_terry.fit import Fit, laplacian, logistic, scatter
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, check_level
from headtohead.stats.intervals import around, normal_quantile
from headtohead.stats.tails import coin_tail, holm


@dataclass(frozen=True, slots=True)
class PositionBias:
    """What being shown first is worth.

    Attributes:
        side: Added to the gap of the side shown first, in logits; 0 is fair.
        score: What the side shown first takes from its equal, ties half; 0.5 is fair. Where ties
            were dropped, its chance to win.
    """

    side: Interval
    score: Interval


@dataclass(frozen=True, slots=True, eq=False)
class SideBalance:
    """How often each of M models was shown first.

    Attributes:
        first: How often shown first, shape (M,).
        battles: How often shown at all, shape (M,).
        p: The chance of so uneven a share if a coin chose the side, either way, corrected by Holm
            for all models, shape (M,).
        uneven: Where p is at most the level asked for, shape (M,).
    """

    models: tuple[str, ...]
    first: IntArray
    battles: IntArray
    p: FloatArray
    uneven: BoolArray


def position_bias(
    fitted: Fit, *, level: float = 0.95, clusters: ClusterCells | None = None
) -> PositionBias:
    """The effect of being shown first, apart from how strong the models were.

    The fit has `side=True`; `clusters` are the same votes by voter or prompt, if votes of one go
    together.

    Raises:
        ValueError: If the fit has no side effect, or one that the votes cannot tell from the
            strengths: no pair was shown in both orders and no circle of pairs tells it either.

    References:
        Davidson, R. R., Beaver, R. J. (1977). On extending the Bradley-Terry model to incorporate
        within-pair order effects. Biometrics 33, 693-702. doi:10.2307/2529467
    """
    if fitted.side is None:
        raise ValueError("this fit has no side effect; fit with side=True")
    if not side_is_identified(fitted):
        raise ValueError(
            "the votes cannot tell the effect of a side from the strengths: every pair was always "
            "shown in the same order"
        )
    z = normal_quantile(0.5 + check_level(level) / 2)
    errors = covariance(fitted, "sandwich" if clusters is None else "clustered", clusters)
    error = math.sqrt(max(0.0, float(errors[-1, -1])))
    side = Interval(fitted.side, fitted.side - z * error, fitted.side + z * error)
    return PositionBias(
        side,
        around(_score(fitted, side.value), _score(fitted, side.low), _score(fitted, side.high)),
    )


def side_is_identified(fitted: Fit) -> bool:
    """Whether the votes can part the effect of a side from the strengths.

    They do not if some strengths alone would favour the first side in every pair alike.
    """
    cells = fitted.cells
    n = cells.n.sum(axis=1)
    same = fitted.connectivity.component[:, None] == fitted.connectivity.component[None, :]
    strength = np.linalg.solve(laplacian(cells, n) + same, scatter(cells, n))
    left = 1 - (strength[cells.first] - strength[cells.second])
    return bool(n @ left**2 > 1e-9 * n.sum())


def side_balance(counts: Counts, *, alpha: float = 0.05) -> SideBalance:
    """How evenly models were shown on both sides.

    The order of a pair must be that in which it was shown. `alpha` is the chance of any model being
    called uneven that is not.

    Raises:
        ValueError: If there is no vote, or `alpha` is out of range.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it must lie between 0 and 1")
    if counts.total == 0:
        raise ValueError("there is no vote")
    votes = counts.votes.sum(axis=1)
    m = len(counts.models)
    first = np.bincount(counts.first, weights=votes, minlength=m).astype(np.int64)
    battles = counts.battles
    tails = [
        min(1.0, 2 * coin_tail(max(k, n - k), n))
        for k, n in zip(first.tolist(), battles.tolist(), strict=True)
    ]
    p = holm(tails)
    return SideBalance(counts.models, first, battles, p, p <= alpha)


def _score(fitted: Fit, side: float) -> float:
    gap = np.array([side])
    if fitted.link.probabilities is None or fitted.ties == "drop":
        return float(logistic(gap)[0])
    chances = fitted.link.probabilities(gap, fitted.tie or 0.0)
    return float(chances[0, 0] + chances[0, 2] / 2)
