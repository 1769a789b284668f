"""A damped trend on what was known, and how its earlier forecasts did (its back-cast)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import around, student_quantile, wilson

FEWEST = 8  # values that a trend is fitted on
FEWEST_ORIGINS = 3  # earlier days of which a back-cast is made
LEVEL = 0.8
_MOST_STEPS = 200  # until an end of an interval is found, of which five are usual
_NEAR = 1e-11  # how near to it, in standard deviations
# Every way to smooth that is weighed; the same on every machine, as a search need not be.
_ALPHA = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98)
_BETA_OF_ALPHA = (0.001, 0.03, 0.1, 0.2, 0.4, 0.7)
_PHI = (0.8, 0.85, 0.9, 0.95, 0.98)
# Before any value is seen, in variances of an error: how far the first level may lie from the first
# value, and the first slope from none. With flat ones, ways that hardly use them outweigh all else.
_LEVEL_VARIANCE, _SLOPE_VARIANCE = 10.0, 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """A fitted damped trend: what it says of days ahead.

    Attributes:
        alpha: How far the level follows each error, in (0, 1), on average over the weights.
        beta: How far the slope does, on average.
        phi: By what the slope is damped each step, on average.
        errors: One step ahead, shape (n,), on average; NaN where no value is known.
        n: How many values it was fitted on.
    """

    alpha: float
    beta: float
    phi: float
    errors: FloatArray
    n: int
    _weights: FloatArray
    _ways: FloatArray  # alpha, beta and phi of each way, shape (3, k)
    _state: FloatArray  # level and slope at the end by their first values, shape (2, 3, k)
    _start: FloatArray  # 1, and the first level and slope of each way, shape (3, k)
    _unsure: FloatArray  # variance of those two for errors of variance 1, shape (2, 2, k)
    _sigma: FloatArray

    def _ahead(self, h: int) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation h steps ahead by each way, shape (k,)."""
        alpha, beta, phi = self._ways
        damped = np.cumsum(phi ** np.arange(1, h + 1)[:, None], axis=0)
        by_start = self._state[0] + damped[-1] * self._state[1]
        mean = np.einsum("sk,sk->k", by_start, self._start)
        later = 1 + np.sum((alpha + beta * damped[: h - 1]) ** 2, axis=0)
        first = np.einsum("ik,ijk,jk->k", by_start[1:], self._unsure, by_start[1:])
        return mean, self._sigma * np.sqrt(later + first)

    def below(self, h: int, x: ArrayLike) -> FloatArray:
        """The probability that what comes h >= 1 steps ahead is at most x, of the form of x."""
        from scipy.special import stdtr

        mean, spread = self._ahead(h)
        far = (np.asarray(x, dtype=float)[..., None] - mean) / spread
        result: FloatArray = stdtr(self.n - 2, far) @ self._weights
        return result

    def drawn(self, h: int, uniform: FloatArray) -> FloatArray:
        """What comes h steps ahead where its distribution has these probabilities below it."""
        wide = self.interval(h, 1 - 1e-4)
        places = np.linspace(wide.low, wide.high, 400)
        return np.interp(uniform, self.below(h, places), places)

    def interval(self, h: int, level: float = LEVEL) -> Interval:
        """The median h steps ahead, and the interval with the same probability on either side."""
        from scipy.special import gammaln, stdtr

        mean, spread = self._ahead(h)
        df = self.n - 2
        tails = np.array([0.5 - level / 2, 0.5, 0.5 + level / 2])
        reach = 20 * student_quantile(float(tails[2]), df) * float(spread.max())
        low = np.full(3, float(mean.min()) - reach)
        high = np.full(3, float(mean.max()) + reach)
        # Newton's steps on the probability below, halving where one leaves what is left to search.
        peak = float(np.exp(gammaln((df + 1) / 2) - gammaln(df / 2))) / math.sqrt(df * math.pi)
        middle = float(self._weights @ mean)
        wide = math.sqrt(float(self._weights @ (spread**2 + (mean - middle) ** 2)))
        near = _NEAR * wide
        at = middle + wide * np.array([student_quantile(float(p), df) for p in tails])
        for _ in range(_MOST_STEPS):
            far = (at[:, None] - mean) / spread
            over = stdtr(df, far) @ self._weights - tails
            steep = (peak * (1 + far**2 / df) ** (-(df + 1) / 2) / spread) @ self._weights
            low, high = np.where(over < 0, at, low), np.where(over < 0, high, at)
            ahead = at - over / np.maximum(steep, 1e-300)
            inside = (low - near <= ahead) & (ahead <= high + near)
            before, at = at, np.where(inside, ahead, (low + high) / 2)
            if np.abs(at - before).max() <= near:
                break
        return around(float(at[1]), float(at[0]), float(at[2]))


@dataclass(frozen=True, slots=True)
class TrendBackCast:
    """How forecasts of earlier days did, each made of what lay before it alone.

    Attributes:
        steps: How many steps ahead they looked.
        covered: How many of their 80% intervals held what came.
        n: Of how many.
        mean_error: What was predicted less what came, on average.
        mean_absolute_error: The same without signs.
    """

    steps: int
    covered: int
    n: int
    mean_error: float
    mean_absolute_error: float

    @property
    def coverage(self) -> Interval:
        """The share of intervals that held what came, with Wilson's 95% interval.

        Neighbouring forecasts share most of their data, so that the true uncertainty is larger.
        """
        return wilson(self.covered, self.n)


def fit(values: ArrayLike) -> Trend:
    """The damped additive trend of some values.

    y[t] = l[t-1] + phi b[t-1] + e[t]; l[t] = l[t-1] + phi b[t-1] + alpha e[t];
    b[t] = phi b[t-1] + beta e[t]. Few values do not tell alpha, beta and phi, and intervals at the
    best of them alone are far too narrow: every way of a grid is weighed by its likelihood, with
    the first level, the first slope and the size of errors integrated out (normal priors,
    and a flat one for their variance). A value that is not known moves nothing.

    Args:
        values: At even steps, shape (n,), the oldest first; NaN where none is known.

    Raises:
        ValueError: If fewer than `FEWEST` are known, or they do not vary.

    References:
        Gardner, E. S., McKenzie, E. (1985). Forecasting trends in time series. Management Science
        31, 1237-1246. doi:10.1287/mnsc.31.10.1237
        Hyndman, R. J., Koehler, A. B., Ord, J. K., Snyder, R. D. (2008). Forecasting with
        exponential smoothing, ch. 3 and 6 (predictive variance). doi:10.1007/978-3-540-71918-2
        Hoeting, J. A., Madigan, D., Raftery, A. E., Volinsky, C. T. (1999). Bayesian model
        averaging. Statistical Science 14, 382-417. doi:10.1214/ss/1009212519
    """
    y = np.asarray(values, dtype=float)
    known = np.isfinite(y)
    n = int(known.sum())
    if n < FEWEST:
        raise ValueError(f"a trend needs {FEWEST} values, not {n}")
    first, scale = float(y[known][0]), float(np.ptp(y[known]))
    if scale == 0:
        raise ValueError("values that do not vary have no spread to forecast with")
    ways = np.array([(a, a * b, p) for a in _ALPHA for b in _BETA_OF_ALPHA for p in _PHI]).T
    alpha, beta, phi = ways
    # All is linear in the first level and slope: one run from (0, 0), and one for each of them.
    level, slope = np.zeros((2, 3, alpha.size))
    level[1], slope[2] = 1.0, 1.0
    errors = np.full((y.size, 3, alpha.size), np.nan)
    for t, value in enumerate((y - first) / scale):
        slope = slope * phi
        level = level + slope
        if known[t]:
            errors[t] = -level
            errors[t, 0] += value
            level, slope = level + alpha * errors[t], slope + beta * errors[t]
    seen = errors[known]
    products = np.einsum("tik,tjk->ijk", seen, seen)
    products[1, 1] += 1 / _LEVEL_VARIANCE
    products[2, 2] += 1 / _SLOPE_VARIANCE
    (aa, ab), (_, bb) = products[1:, 1:]
    determinant = aa * bb - ab**2
    unsure = np.array([[bb, -ab], [-ab, aa]]) / determinant
    best = -np.einsum("ijk,jk->ik", unsure, products[1:, 0])
    start = np.stack([np.ones_like(aa), *best])
    squares = np.einsum("ik,ijk,jk->k", start, products, start).clip(1e-12)
    likelihood = -(n - 2) / 2 * np.log(squares) - np.log(determinant) / 2
    weights = np.exp(likelihood - likelihood.max())
    weights /= weights.sum()
    state = np.stack([level, slope]) * scale
    state[0, 0] += first
    return Trend(
        alpha=float(weights @ alpha),
        beta=float(weights @ beta),
        phi=float(weights @ phi),
        errors=np.einsum("tik,ik,k->t", errors, start, weights) * scale,
        n=n,
        _weights=weights,
        _ways=ways,
        _state=state,
        _start=start,
        _unsure=unsure / scale**2,
        _sigma=np.sqrt(squares / (n - 2)) * scale,
    )


def back_cast(values: ArrayLike, steps: int) -> TrendBackCast | None:
    """How the trend would have done at every earlier day, each time fitted on what lay before.

    Args:
        values: As for `fit`.
        steps: How far ahead the forecast looks; fewer are taken where too little is known.

    Returns:
        None where fewer than `FEWEST_ORIGINS` earlier days can be looked back from.
    """
    y = np.asarray(values, dtype=float)
    known = np.isfinite(y)
    enough = np.flatnonzero(np.cumsum(known) >= FEWEST)
    for ahead in range(steps, 0, -1):
        origins = [t for t in enough if t + ahead < y.size and known[t] and known[t + ahead]]
        if len(origins) >= FEWEST_ORIGINS:
            break
    else:
        return None
    covered, misses = 0, []
    for t in origins:
        predicted = fit(y[: t + 1]).interval(ahead)
        covered += bool(predicted.low <= y[t + ahead] <= predicted.high)
        misses.append(predicted.value - y[t + ahead])
    return TrendBackCast(
        steps=ahead,
        covered=covered,
        n=len(origins),
        mean_error=float(np.mean(misses)),
        mean_absolute_error=float(np.mean(np.abs(misses))),
    )
