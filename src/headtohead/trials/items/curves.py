"""The curve of an item: the chance of success at an ability, and what an answer tells there."""

from typing import NamedTuple

import numpy as np

from headtohead.stats.inputs import FloatArray

_FURTHEST = 34.0  # logits; beyond, the chance of failure is lost to rounding


class Curves(NamedTuple):
    """Items, each array of shape (J,)."""

    log_slope: FloatArray
    difficulty: FloatArray
    floor: FloatArray

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
        steep: Derivative of `right` in the logit.
    """

    logit: FloatArray
    right: FloatArray
    wrong: FloatArray
    steep: FloatArray

    @property
    def weight(self) -> FloatArray:
        """What one attempt tells about its logit."""
        return np.asarray(self.steep**2 / (self.right * self.wrong))

    @property
    def pull(self) -> FloatArray:
        """Derivative of the log-likelihood in the logit, for one success more than expected."""
        return np.asarray(self.steep / (self.right * self.wrong))

    def bend(self, won: FloatArray, tried: FloatArray) -> FloatArray:
        """How much the log-likelihood of these successes in so many tries bends in the logit."""
        rise = self.steep / self.right
        up = self.steep / self.wrong
        return np.asarray((tried - won) * up * (1 - up) + won * rise * (rise - 1 + 2 * up))


def chances(curves: Curves, theta: FloatArray) -> Chances:
    """Every one of J items at every ability, which have shape (Q,).

    Returns:
        Arrays of shape (J, Q).
    """
    logit = curves.slope[:, None] * (theta[None, :] - curves.difficulty[:, None])
    np.clip(logit, -_FURTHEST, _FURTHEST, out=logit)
    odds = np.exp(-logit)
    up = 1 / (1 + odds)
    room = (1 - curves.floor)[:, None]
    wrong = room * odds * up
    steep = wrong * up
    return Chances(logit, curves.floor[:, None] + room * up, wrong, steep)
