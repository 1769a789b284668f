"""Whether things happen as often as forecasts say: reliability, and what the Brier score is of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.claims.forecasts.scores import brier
from headtohead.stats.inputs import FloatArray, IntArray, check_count

LEVEL = 0.9
_ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of nearly the same probability.

    Attributes:
        low: The least probability of the bin.
        high: Its upper end, which only the last bin holds.
        n: Forecasts in it, at least 1.
        probability: Their mean.
        yes: How many resolved yes.
        bar: Between which shares 90% of such bins lie if the probabilities are right; not a number
            where too few resampled ones held a forecast.
    """

    low: float
    high: float
    n: int
    probability: float
    yes: int
    bar: tuple[float, float]

    @property
    def share(self) -> float:
        """Of yes among them."""
        return self.yes / self.n


@dataclass(frozen=True, slots=True)
class Murphy:
    """A mean Brier score in parts: reliability - resolution + uncertainty + within.

    Attributes:
        reliability: How far the shares of yes are from the probabilities; 0 is best.
        resolution: How far they are from the share of all; as much as the uncertainty is best.
        uncertainty: Of the outcomes themselves: the score of whoever always says their share.
        within: What joining unequal probabilities in one bin adds; 0 where each bin holds one.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float

    @property
    def brier(self) -> float:
        """The mean Brier score that it is of."""
        return self.reliability - self.resolution + self.uncertainty + self.within


def reliability(
    probability: ArrayLike, outcome: ArrayLike, rng: np.random.Generator, bins: int = 5
) -> tuple[Bin, ...]:
    """The bins of a reliability diagram that hold a forecast, with consistency bars.

    Args:
        probability: As of `scores.brier`.
        outcome: As of `scores.brier`.
        bins: Of equal width, from 0 to 1.

    References:
        Broecker, J., Smith, L. A. (2007). Increasing the reliability of reliability diagrams.
        Weather and Forecasting 22, 651-661. doi:10.1175/WAF993.1
    """
    p, o = np.asarray(probability, dtype=float), np.asarray(outcome, dtype=float)
    place = _places(p, bins)
    shares = np.full((_ROUNDS, bins), np.nan)
    for shared in shares:
        drawn = rng.integers(0, p.size, p.size)
        came = rng.random(p.size) < p[drawn]
        n = np.bincount(place[drawn], minlength=bins)
        held = n > 0
        shared[held] = np.bincount(place[drawn], came, minlength=bins)[held] / n[held]
    tail = (1 - LEVEL) / 2
    found = []
    for i in np.unique(place):
        mine, drawn_shares = place == i, shares[np.isfinite(shares[:, i]), i]
        ends = np.quantile(drawn_shares, [tail, 1 - tail]) if drawn_shares.size else [np.nan] * 2
        found.append(
            Bin(
                low=i / bins,
                high=(i + 1) / bins,
                n=int(mine.sum()),
                probability=float(p[mine].mean()),
                yes=int(o[mine].sum()),
                bar=(float(ends[0]), float(ends[1])),
            )
        )
    return tuple(found)


def murphy(probability: ArrayLike, outcome: ArrayLike, bins: int = 5) -> Murphy:
    """The parts of the mean Brier score.

    References:
        Murphy, A. H. (1973). A new vector partition of the probability score. Journal of Applied
        Meteorology 12, 595-600. doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2
        Stephenson, D. B., Coelho, C. A. S., Jolliffe, I. T. (2008). Two extra components in the
        Brier score decomposition. Weather and Forecasting 23, 752-757 (what lies within bins).
        doi:10.1175/2007WAF2006116.1
    """
    p, o = np.asarray(probability, dtype=float), np.asarray(outcome, dtype=float)
    place = _places(p, bins)
    n, every = np.bincount(place, minlength=bins), float(o.mean())
    held = n > 0
    weight = n[held] / p.size
    means = [np.bincount(place, x, minlength=bins)[held] / n[held] for x in (p, o)]
    reliable = float(weight @ (means[0] - means[1]) ** 2)
    resolved = float(weight @ (means[1] - every) ** 2)
    uncertain = every * (1 - every)
    whole = float(brier(p, o).mean())
    return Murphy(reliable, resolved, uncertain, whole - (reliable - resolved + uncertain))


def _places(p: FloatArray, bins: int) -> IntArray:
    # Some way above a border, so that 0.6 is not put below it for how it is rounded.
    edges = np.arange(1, check_count(bins, "bins", 1)) / bins - 1e-9
    result: IntArray = np.searchsorted(edges, p, side="right")
    return result
