"""The cases that the sequential benchmark simulates, and the fixed design for each."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headtohead.stats.quantiles import normal_probability, normal_quantile
from headtohead.trials.noninferiority import tasks_needed

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
        """Items of the fixed design that plans for this difference."""
        if planned == 0:
            return tasks_needed(self.margin, self.discordance, self.power, ALPHA)
        return fixed_n(self.margin, self.discordance, planned, self.power)

    def fixed_power(self, n: int) -> float:
        """How often the fixed design says yes at the true difference."""
        null = _null_spread(self.margin, self.discordance, self.truth)
        reach = (self.truth + self.margin) * math.sqrt(n) - normal_quantile(1 - ALPHA) * null
        return normal_probability(reach / math.sqrt(self.discordance - self.truth**2))


def _null_spread(margin: float, discordance: float, difference: float) -> float:
    """The standard deviation that the score test supposes at the margin, by Nam's formula."""
    only_a, only_b = (discordance - difference) / 2, (discordance + difference) / 2
    # At the margin B wins a share q and A a share q + margin; q maximises the likelihood.
    linear = discordance - 2 * margin + margin * (only_a - only_b)
    root = math.sqrt(linear**2 + 8 * only_b * margin * (1 - margin))
    return math.sqrt((linear + root) / 2 + margin * (1 - margin))


def fixed_n(margin: float, discordance: float, difference: float, power: float) -> int:
    """Items of the score test at any true difference: Nam's formula."""
    reach = normal_quantile(1 - ALPHA) * _null_spread(margin, discordance, difference)
    reach += normal_quantile(power) * math.sqrt(discordance - difference**2)
    return math.ceil((reach / (difference + margin)) ** 2)


def pairs(rng: np.random.Generator, runs: int, n: int, case: Case) -> Floats:
    """Differences of yes/no scores, shape (runs, n)."""
    u, only_b = rng.random((runs, n)), (case.discordance + case.truth) / 2
    found: Floats = np.where(u < only_b, 1.0, np.where(u < case.discordance, -1.0, 0.0))
    return found
