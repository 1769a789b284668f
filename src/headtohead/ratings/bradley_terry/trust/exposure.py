"""Who was shown how often and on which side, and what that and trying many variants is worth.

A model that is shown more is known better, and a lab that enters many variants and looks at the
best of them reports luck along with strength. A side that wins more among equals shifts the ratings
of models that were shown on it more often.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells, covariance
from headtohead.ratings.bradley_terry.fit import Fit
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, check_level, label_list, vector
from headtohead.stats.intervals import around, normal_quantile
from headtohead.stats.tails import coin_tail, holm, normal_tail

_NODES = 400
_FARTHEST = 9.0  # standard deviations beyond which a normal variable never lies


@dataclass(frozen=True, slots=True)
class GroupExposure:
    """The entrants of one group (a lab, open or closed)."""

    group: str
    models: int
    votes: int
    votes_per_model: float


@dataclass(frozen=True, slots=True, eq=False)
class VoteSpread:
    """How votes are spread over M models.

    Attributes:
        votes: Votes that each took part in, shape (M,).
        gini: 0 if all have the same number of votes, near 1 if one has nearly all.
        pairs_met: Share of all pairs that ever met.
    """

    models: tuple[str, ...]
    votes: IntArray
    gini: float
    pairs_met: float
    groups: tuple[GroupExposure, ...]


def exposure(counts: Counts, labels: Sequence[str] | None = None) -> VoteSpread:
    """How evenly the votes are spread over models, pairs and groups.

    Labels are the group of each model, in the order of `counts.models`.

    Raises:
        ValueError: If there is no vote or a label is missing.

    References:
        Singh, S. et al. (2025). The leaderboard illusion. doi:10.48550/arXiv.2504.20879
    """
    votes, m = counts.battles, len(counts.models)
    if m == 0:
        raise ValueError("there is no vote")
    met = np.zeros((m, m), dtype=bool)
    met[counts.first, counts.second] = met[counts.second, counts.first] = True
    groups: tuple[GroupExposure, ...] = ()
    if labels is not None:
        group_of = np.array(label_list(labels, m, "group labels"), dtype=str)
        names, where = np.unique(group_of, return_inverse=True)
        models, summed = np.bincount(where), np.bincount(where, weights=votes)
        result = (
            GroupExposure(str(name), int(models[k]), int(summed[k]), float(summed[k] / models[k]))
            for k, name in enumerate(names)
        )
        groups = tuple(sorted(result, key=lambda group: (-group.votes, group.group)))
    return VoteSpread(counts.models, votes, gini(votes), float(met.sum() / (m * (m - 1))), groups)


def gini(amounts: ArrayLike) -> float:
    """How uneven amounts are: 0 if all are the same, 1 - 1/n if one of n has everything.

    Amounts are at least 0, and not all 0.

    Raises:
        ValueError: If there is none, one is negative or all are 0.

    References:
        Gini, C. (1921). Measurement of inequality of incomes. Economic Journal 31, 124-126.
        doi:10.2307/2223319
    """
    x = np.sort(vector(amounts, "amounts"))
    if x[0] < 0 or x.sum() == 0:
        raise ValueError("amounts must be at least 0, and one above it")
    n = x.size
    # Half the mean difference between two of them, over their mean.
    return float((2 * np.arange(1, n + 1) - n - 1) @ x / (n * x.sum()))


def votes_wanted(
    fitted: Fit, covariance: FloatArray, width: float, *, level: float = 0.95
) -> FloatArray:
    """Further votes that each model needs for an interval of a stated width, shape (M,).

    The width falls with the square root of a model's votes, if its rivals stay as they are. 0 where
    it is narrow enough; inf where no width can be told, because the model never lost or never won.

    `width` is that of the whole interval, in logits, above 0.

    Raises:
        ValueError: If the width is not above 0.
    """
    if not width > 0:
        raise ValueError(f"width is {width}; it must be above 0 logits")
    m = len(fitted.counts.models)
    z = normal_quantile(0.5 + check_level(level) / 2)
    now = 2 * z * np.sqrt(np.maximum(0.0, np.diag(covariance)[:m]))
    battles = fitted.counts.battles
    more = np.ceil(np.maximum(0.0, battles * ((now / width) ** 2 - 1)))
    return np.where(fitted.connectivity.unbounded, np.inf, more)


def best_of(errors: ArrayLike) -> float:
    """How far the best of several equally strong variants is expected to lie above their strength.

    With N variants of equal error it is that error times the mean of the largest of N standard
    normal variables: 0.56 for 2, 1.54 for 10.

    Args:
        errors: Standard error of each variant's rating, at least 0, shape (N,); the errors are
            independent and normal.

    Returns:
        In the unit of the errors; 0 for one variant.

    Raises:
        ValueError: If there is none or one is negative.

    References:
        Harter, H. L. (1961). Expected values of normal order statistics. Biometrika 48, 151-165.
        doi:10.1093/biomet/48.1-2.151
        Singh et al. (2025), as for `exposure`: of private variants the best is published.
    """
    spread = vector(errors, "errors")
    if np.any(spread < 0):
        raise ValueError("an error must be at least 0")
    values, times = np.unique(spread, return_counts=True)
    top = float(values[-1])
    if spread.size == 1 or top == 0:
        return 0.0
    node, weight = _nodes()
    x = (node + 1) / 2 * _FARTHEST * top
    above, below = np.ones_like(x), np.ones_like(x)
    for error, number in zip(values.tolist(), times.tolist(), strict=True):
        tail = normal_tail(x / error) if error > 0 else np.zeros_like(x)
        above *= (1 - tail) ** number
        below *= tail**number
    # The mean is the area above the distribution function right of 0, less that below it left.
    return float(weight @ (1 - above - below)) / 2 * _FARTHEST * top


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights, which take longer to find than to use."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    return node, weight


def variant_lift(fitted: Fit, covariance: FloatArray, labels: Sequence[str]) -> dict[str, float]:
    """What luck adds to the best entrant of each group if all of its entrants are equally strong.

    Entrants that are not on the board (tested in private and withdrawn) would add more.

    Returns:
        Label -> logits, the largest first; 0 for a group of one.

    Raises:
        ValueError: If a label is missing.

    References:
        As `best_of`.
    """
    groups = np.array(label_list(labels, len(fitted.counts.models), "group labels"), dtype=str)
    result = {}
    for label in np.unique(groups):
        members = np.flatnonzero(groups == label)
        own = covariance[np.ix_(members, members)]
        n = members.size
        # What all entrants of a group have in common lifts none of them above the others.
        shared = (own.sum() - own.trace()) / (n * (n - 1)) if n > 1 else 0.0
        result[str(label)] = best_of(np.sqrt(np.maximum(0.0, np.diag(own) - shared)))
    return dict(sorted(result.items(), key=lambda item: (-item[1], item[0])))


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
    ends = np.array([side.value, side.low, side.high])
    return PositionBias(side, around(*fitted.scores(ends).tolist()))


def side_is_identified(fitted: Fit) -> bool:
    """Whether the votes can part the effect of a side from the strengths.

    They do not if some strengths alone would favour the first side in every pair alike.
    """
    cells = fitted.cells
    n = cells.n.sum(axis=1)
    same = fitted.connectivity.component[:, None] == fitted.connectivity.component[None, :]
    strength = np.linalg.solve(cells.laplacian(n) + same, cells.by_model(n))
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
