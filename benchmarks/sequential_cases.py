"""The cases that the sequential benchmark simulates, and the fixed design for each."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headtohead.stats.intervals import normal_probability, normal_quantile
from headtohead.trials.paired.pairs import tango_variance
from headtohead.trials.power import Assumed

Floats = NDArray[np.float64]
ALPHA = 0.025
CELLS = 4_000_000


@dataclass(frozen=True)
class Case:
    """A margin, a share of items that the two answer differently, a truth and a power."""

    margin: float
    discordance: float
    truth: float
    power: float

    def fixed(self, planned: float) -> int:
        """Items of the fixed design that plans for this difference, by Nam's formula."""
        return (
            Assumed(
                kind="binary",
                margin=self.margin,
                spread=self.discordance,
                difference=planned,
                power=self.power,
                level=1 - 2 * ALPHA,
            )
            .size()
            .formula_n
        )

    def fixed_power(self, n: int) -> float:
        """How often the fixed design says yes at the true difference."""
        b_only = np.array((self.discordance + self.truth) / 2)
        null = float(tango_variance(b_only, b_only - self.truth, -self.margin))
        reach = (self.truth + self.margin) * math.sqrt(n)
        reach -= normal_quantile(1 - ALPHA) * math.sqrt(null)
        return normal_probability(reach / math.sqrt(self.discordance - self.truth**2))


def pairs(rng: np.random.Generator, runs: int, n: int, case: Case) -> Floats:
    """Differences of yes/no scores, shape (runs, n)."""
    u, only_b = rng.random((runs, n)), (case.discordance + case.truth) / 2
    found: Floats = np.where(u < only_b, 1.0, np.where(u < case.discordance, -1.0, 0.0))
    return found
