"""Abilities on other scores, while the curves of the benchmarks stay as they are."""

import numpy as np

from headtohead.capability.irt.binomial import item_weights
from headtohead.capability.irt.index import Index
from headtohead.capability.irt.newton import sigmoid
from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import FloatArray

_REACH = 200.0  # points to either side within which the new ability is sought
_HALVINGS = 60


def rescored(index: Index, scores: Scores) -> FloatArray:
    """What each model's points would be, had it these scores too, shape (M,).

    Only abilities move: a model whose further scores lie below its curves falls, one without any
    stays. A full refit would also bend the curves to the further scores, and then choose the scale
    anew, so that what one side loses could raise the other.

    Raises:
        ValueError: If the index is not by the likelihood of items, or a model or benchmark is not
            in it.
    """
    if index.method != "binomial":
        raise ValueError("rescoring needs the fit by the likelihood of items")
    own, further = _Push(index, index.scores), _Push(index, scores)
    # The prior keeps the fit a little off the root of its own scores; that stays as it is.
    base = own(index.ability)
    low, high = index.ability - _REACH, index.ability + _REACH
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        up = own(middle) - base + further(middle) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    moved = np.isin(np.arange(index.ability.size), further.models)
    return np.where(moved, (low + high) / 2, index.ability)


class _Push:
    """Where scores push the ability of each model: the first derivative of their likelihood."""

    def __init__(self, index: Index, scores: Scores) -> None:
        at = [index.benchmarks.index(name) for name in scores.benchmarks]
        who = np.array([index.place(name) for name in scores.models])
        test = np.array(at)[scores.benchmark]
        self.models = who[scores.model]
        self._slope, self._difficulty = index.slope[test], index.difficulty[test]
        self._chance = scores.chance[scores.benchmark]
        self._raw = scores.raw
        self._weight = item_weights(scores, index.rho)

    def __call__(self, ability: FloatArray) -> FloatArray:
        above = sigmoid(self._slope * (ability[self.models] - self._difficulty))
        share = self._chance + (1 - self._chance) * above
        push = self._weight * self._slope * (self._raw - share) * above / np.maximum(share, 1e-12)
        return np.bincount(self.models, push, ability.size).astype(np.float64)
