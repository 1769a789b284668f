"""Ratings of groups of models (countries, open or closed): averages, best members, and gaps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.fit import Fit
from headtohead.stats.inputs import BoolArray, FloatArray, check_level
from headtohead.stats.intervals import around, normal_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRating:
    """One group of models on a board: in logits as it is fitted, in points in a `RankResult`.

    Attributes:
        models: How many of its models are averaged.
        left_out: How many are not, because their rating has an open end.
        mean: Average rating; in logits it is measured from the average of the board.
        best: Its model with the highest rating, by point estimate.
        top: The rating of that model. The best of several leans upwards.
    """

    group: str
    models: int
    left_out: int
    votes: int
    mean: Interval
    best: str
    top: Interval


def group_strengths(
    fitted: Fit, covariance: FloatArray, labels: Mapping[str, str], *, level: float = 0.95
) -> tuple[GroupRating, ...]:
    """The strength of every group, strongest average first; models without a label are left out.

    The models are taken as they are, not as a sample of models that could have been: the interval
    says how well the votes know this average.
    """
    result = []
    for group in sorted(set(labels.values())):
        inside = _members(fitted, labels, group)
        bounded = inside & ~fitted.connectivity.unbounded
        if not bounded.any():
            continue
        best = _best(fitted, bounded)
        result.append(
            GroupRating(
                group=group,
                models=int(bounded.sum()),
                left_out=int(inside.sum() - bounded.sum()),
                votes=int(fitted.counts.battles[inside].sum()),
                mean=_contrast(fitted, covariance, bounded / bounded.sum(), level),
                best=fitted.counts.models[int(np.argmax(best))],
                top=_contrast(fitted, covariance, best, level),
            )
        )
    return tuple(sorted(result, key=lambda g: (-g.mean.value, g.group)))


def group_gap(
    fitted: Fit,
    covariance: FloatArray,
    labels: Mapping[str, str],
    a: str,
    b: str,
    *,
    of: Literal["mean", "best"] = "mean",
    level: float = 0.95,
) -> Interval:
    """How much stronger group A is than group B, in logits.

    `of` the mean compares averages; of the best the strongest model of each by point estimate.

    Raises:
        ValueError: If a group has no model with a bounded strength.
    """
    sides = []
    for group in (a, b):
        inside = _members(fitted, labels, group) & ~fitted.connectivity.unbounded
        if not inside.any():
            raise ValueError(f"no model of {group!r} has a strength bounded on both sides")
        sides.append(inside / inside.sum() if of == "mean" else _best(fitted, inside))
    return _contrast(fitted, covariance, sides[0] - sides[1], level)


def _members(fitted: Fit, labels: Mapping[str, str], group: str) -> BoolArray:
    return np.array([labels.get(name) == group for name in fitted.counts.models], dtype=bool)


def _best(fitted: Fit, inside: BoolArray) -> FloatArray:
    """The weights that pick the strongest of some models, shape (M,)."""
    strongest = np.argmax(np.where(inside, fitted.strength, -np.inf))
    return np.asarray(np.eye(inside.size)[strongest])


def _contrast(fitted: Fit, covariance: FloatArray, weights: FloatArray, level: float) -> Interval:
    m = weights.size
    value = float(weights @ fitted.strength)
    variance = float(weights @ covariance[:m, :m] @ weights)
    half = normal_quantile(0.5 + check_level(level) / 2) * np.sqrt(max(0.0, variance))
    return around(value, value - half, value + half)
