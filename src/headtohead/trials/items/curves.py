"""The curve of an item: the chance of success at an ability, and what an answer tells there."""

from typing import NamedTuple

import numpy as np

from headtohead.stats.inputs import FloatArray

_FURTHEST = 34.0  # logits; beyond, the chance of failure is lost to rounding


class Curves(NamedTuple):
    """Items, each array of shape (J,)."""

    log_slope: FloatArray
    difficulty: FloatArray

    @property
    def slope(self) -> FloatArray:
        """Shape (J,)."""
        return np.exp(self.log_slope)


class Chances(NamedTuple):
    """Items at abilities, each array of shape (J, Q).

    Attributes:
        logit: a (theta - b).
        right: Chance of success.
        wrong: Chance of failure.
        steep: Derivative of `right` in the logit, which is also what one attempt tells of it.
    """

    logit: FloatArray
    right: FloatArray
    wrong: FloatArray
    steep: FloatArray


def chances(curves: Curves, theta: FloatArray) -> Chances:
    """Every one of J items at every ability (Q,): arrays of shape (J, Q)."""
    logit = curves.slope[:, None] * (theta[None, :] - curves.difficulty[:, None])
    np.clip(logit, -_FURTHEST, _FURTHEST, out=logit)
    odds = np.exp(-logit)
    right = 1 / (1 + odds)
    wrong = odds * right
    return Chances(logit, right, wrong, right * wrong)
