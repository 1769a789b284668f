"""The scale of an index: logits have no zero and no unit, so two conventions choose them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import FloatArray

MEAN_INDEX, SD_INDEX = 100.0, 15.0
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class IndexScale:
    """Index = plus + times * ability.

    Attributes:
        plus: Where an ability of 0 stands.
        times: Points a logit, above 0.
    """

    plus: float
    times: float

    def index(self, logits: FloatArray) -> FloatArray:
        """Abilities or difficulties in points."""
        return np.asarray(self.plus + self.times * logits)


def by_anchors(scores: Scores, ability: FloatArray, anchors: Mapping[str, float]) -> IndexScale:
    """The scale on which two models stand at the points given.

    Abilities are in logits, shape (M,); `anchors` are two models -> their points.

    Raises:
        ValueError: If there are not two, one is no model of the index, or the one with more points
            is not the abler.
    """
    if len(anchors) != 2:
        raise ValueError(f"{len(anchors)} anchors given; a scale needs two models and their points")
    for name in anchors:
        if name not in scores.models:
            raise ValueError(f"the anchor {name!r} is not in the index; choose a model that is")
    (low, low_points), (high, high_points) = sorted(anchors.items(), key=lambda kv: kv[1])
    spread = ability[scores.models.index(high)] - ability[scores.models.index(low)]
    if high_points <= low_points or not spread > _LEAST_SPREAD:
        raise ValueError(
            f"the anchors give no scale: {high} must be above {low} both in points and in ability"
        )
    times = float((high_points - low_points) / spread)
    return IndexScale(low_points - times * float(ability[scores.models.index(low)]), times)


def by_spread(ability: FloatArray, mean: float = MEAN_INDEX, sd: float = SD_INDEX) -> IndexScale:
    """The scale on which the models have this mean and standard deviation.

    Abilities are in logits, shape (M,), M >= 2.

    Raises:
        ValueError: If all models are equally able.
    """
    spread = float(ability.std())
    if not spread > _LEAST_SPREAD:
        raise ValueError("all models are equally able on these scores: there is no scale to choose")
    times = sd / spread
    return IndexScale(mean - times * float(ability.mean()), times)


def by_likeness(scores: Scores, ability: FloatArray, like: Mapping[str, float]) -> IndexScale:
    """The scale on which shared models keep the mean and spread that they have elsewhere.

    Abilities are in logits, shape (M,); `like` is models -> their points in another index.

    Raises:
        ValueError: If fewer than two models are shared, or all of them are alike.
    """
    shared = [n for n, name in enumerate(scores.models) if name in like]
    if len(shared) < 2:
        raise ValueError(f"{len(shared)} models are in both indexes; a scale needs two")
    points = np.array([like[scores.models[n]] for n in shared])
    return by_spread(ability[shared], float(points.mean()), max(float(points.std()), _LEAST_SPREAD))


def aligned(draws: FloatArray, ability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each draw the constants that bring it to the mean and spread of the point fit.

    A draw may drift or stretch as a whole without any model gaining on another. The scale is that
    of all models together, so such drift is taken out.

    Draws have shape (R, M), the point fit (M,).

    Returns:
        (plus, times), each of shape (R,): the draw becomes plus + times * draw.
    """
    times = ability.std() / np.maximum(draws.std(axis=1), _LEAST_SPREAD)
    return np.asarray(ability.mean() - times * draws.mean(axis=1)), np.asarray(times)
