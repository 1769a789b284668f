"""Trends of many short series, partly pooled: what one has too few points for, the others tell.

Series k at time t has the value a_k + (b + u_k) t + e: a level of its own, a slope u_k ~ N(0, tau)
away from the common slope b, and errors of Student's t, so that one odd point moves little. Nothing
pulls the levels together.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, IntArray, check_count, same_length, vector
from headtohead.stats.intervals import student_quantile

_CHAINS = 40
_WARM = 40  # steps before the first draw is kept
_KEPT_EACH = 2  # steps from one draw of a chain to its next
_GRID = 28
_BACK_DRAWS = 400
_FARTHEST = 6.0  # spread of the slopes looked at, times that of the least-squares slopes
_FEWEST_SERIES, _FEWEST_LEFT = 3, 3


@dataclass(frozen=True, slots=True, eq=False)
class PooledSlopes:
    """Draws from the posterior of a pooled trend.

    Attributes:
        common: The slope of the population, shape (draws,), in units of value per unit of time.
        spread: The standard deviation of slopes between series, shape (draws,).
        noise: The scale of the errors, shape (draws,).
        slopes: Of each series, shape (draws, series).
        levels: The value of each series at its `centres`, shape (draws, series).
        df: Degrees of freedom of the errors; inf for normal ones.
    """

    common: FloatArray
    spread: FloatArray
    noise: FloatArray
    slopes: FloatArray
    levels: FloatArray
    centres: FloatArray
    df: float

    def new_slope(self, rng: np.random.Generator) -> FloatArray:
        """The slope of a series not seen yet, shape (draws,)."""
        return self.common + self.spread * rng.standard_normal(self.common.size)

    def predicted(self, series: IntArray, time: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Values of known series at other times, with their errors, shape (draws, n)."""
        line = self.levels[:, series] + self.slopes[:, series] * (time - self.centres[series])
        return line + self.noise[:, None] * _errors(self.df, line.shape, rng)


def pooled_slopes(
    series: ArrayLike,
    time: ArrayLike,
    value: ArrayLike,
    rng: np.random.Generator,
    *,
    df: float = 4.0,
    draws: int = 2000,
) -> PooledSlopes:
    """The slope of each series and of the population they come from, by Gibbs sampling.

    The spread of slopes is drawn from its own posterior on a grid, with levels and slopes summed
    out, so that chains do not stick where it is near 0; its prior is flat, as is that of the common
    slope; that of the noise is 1/noise.

    Args:
        series: The number of each point's series, from 0 without a gap, shape (n,).
        time: Shape (n,), in any unit.
        value: Shape (n,).
        df: Of the errors, above 2; `math.inf` for normal errors.
        draws: How many, at least 200.

    Raises:
        ValueError: With fewer than three series of two times each, or fewer than three points more
            than levels and slopes.

    References:
        Gelman, A. (2006). Prior distributions for variance parameters in hierarchical models.
        Bayesian Analysis 1, 515-534. doi:10.1214/06-BA117A
        Lange, K. L., Little, R. J. A., Taylor, J. M. G. (1989). Robust statistical modeling using
        the t distribution. Journal of the American Statistical Association 84, 881-896.
        doi:10.1080/01621459.1989.10478852
    """
    times, values = vector(time, "time"), vector(value, "value")
    code = np.asarray(series, dtype=np.int64)
    same_length(series=code.astype(np.float64), time=times, value=values)
    if not df > 2:
        raise ValueError(f"df is {df}; errors need more than 2 degrees of freedom")
    many = check_count(draws, "draws", 200)
    counts = np.bincount(code)
    if counts.min() == 0:
        raise ValueError("series are numbered from 0 without a gap")
    centres = np.bincount(code, times) / counts
    x = times - centres[code]
    informs = np.bincount(code, x * x) > 1e-12 * max(1e-300, float(np.square(x).sum()))
    left = values.size - counts.size - int(informs.sum())
    if informs.sum() < _FEWEST_SERIES or left < _FEWEST_LEFT:
        raise ValueError(
            f"{int(informs.sum())} series with two times each and {values.size} points are too few"
            " for a pooled slope"
        )
    # Computed at a scale of 1 each way, so that no unit matters.
    x_scale, y_scale = float(x.std()), float(values.std()) or 1.0
    x, y = x / x_scale, values / y_scale
    chains = min(_CHAINS, many)
    steps = _WARM + _KEPT_EACH * math.ceil(many / chains)
    gibbs = _Gibbs(code, x, y, informs, df, left, chains)
    kept = []
    for step in range(steps):
        state = gibbs.step(rng)
        if step >= _WARM and (step - _WARM) % _KEPT_EACH == 0:
            kept.append(state)
    common, spread, noise, slopes, levels = (
        np.concatenate(parts)[:many] for parts in zip(*kept, strict=True)
    )
    per = y_scale / x_scale
    return PooledSlopes(
        common * per, spread * per, noise * y_scale, slopes * per, levels * y_scale, centres, df
    )


_State = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]


class _Gibbs:
    """Chains side by side: arrays have shape (chains, series) or (chains, points)."""

    def __init__(
        self,
        code: IntArray,
        x: FloatArray,
        y: FloatArray,
        informs: np.ndarray[tuple[int], np.dtype[np.bool_]],
        df: float,
        left: int,
        chains: int,
    ) -> None:
        self.code, self.x, self.y, self.df, self.informs = code, x, y, df, informs
        self.member = np.eye(informs.size)[code]  # (points, series): sums by series
        self.weight = np.ones((chains, y.size))
        slope, _, _ = self._lines()
        level = (self.weight * y) @ self.member / (self.weight @ self.member)
        off = y - level[:, code] - slope[:, code] * x
        self.floor = 1e-9
        self.noise = np.full(chains, max(self.floor, math.sqrt(float((off[0] ** 2).sum()) / left)))
        reach = float(slope[0, informs].std()) or float(np.abs(slope[0]).max()) or 1.0
        # Denser near 0, where the spread of few series often lies.
        self.grid = _FARTHEST * reach * ((np.arange(_GRID) + 0.5) / _GRID) ** 2
        self.width = np.log(np.gradient(self.grid))

    def _lines(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Weighted least-squares slopes, their information, and the weighted mean time."""
        w = self.weight
        total = w @ self.member
        middle = (w * self.x) @ self.member / total
        away = self.x - middle[:, self.code]
        informed = (w * away * away) @ self.member
        slope = np.where(
            self.informs,
            (w * away * self.y) @ self.member / np.where(self.informs, informed, 1.0),
            0.0,
        )
        return slope, np.where(self.informs, informed, 0.0), middle

    def step(self, rng: np.random.Generator) -> _State:
        """One round: spread, common slope, slopes, levels, noise, weights."""
        chains, series = self.weight.shape[0], self.informs.size
        slope, informed, middle = self._lines()
        some = self.informs
        # Variance of each slope by itself; series of one time say nothing of slopes.
        alone = self.noise[:, None] ** 2 / informed[:, some]
        each = slope[:, some][:, None, :]
        apart = 1 / (self.grid[None, :, None] ** 2 + alone[:, None, :])
        total = apart.sum(2)
        mean = (apart * each).sum(2) / total
        fit = 0.5 * np.log(apart).sum(2) - 0.5 * np.log(total)
        fit += self.width - 0.5 * (apart * (each - mean[:, :, None]) ** 2).sum(2)
        # The largest of log weights with Gumbel noise is a draw by those weights.
        place = (fit + rng.gumbel(size=fit.shape)).argmax(1)
        row = np.arange(chains)
        spread = self.grid[place]
        common = mean[row, place] + rng.standard_normal(chains) / np.sqrt(total[row, place])
        precision = informed / self.noise[:, None] ** 2 + 1 / spread[:, None] ** 2
        pulled = (slope * informed / self.noise[:, None] ** 2) + (common / spread**2)[:, None]
        drawn = rng.standard_normal((chains, series))
        slopes = pulled / precision + drawn / np.sqrt(precision)
        weights = self.weight @ self.member
        level = (self.weight * self.y) @ self.member / weights - slopes * middle
        level += self.noise[:, None] * rng.standard_normal((chains, series)) / np.sqrt(weights)
        off = self.y - level[:, self.code] - slopes[:, self.code] * self.x
        square = (self.weight * off * off).sum(1)
        noise = np.sqrt(square / rng.chisquare(self.y.size, chains))
        self.noise = np.maximum(noise, self.floor)
        if math.isfinite(self.df):
            shape, rate = (self.df + 1) / 2, (self.df + (off / self.noise[:, None]) ** 2) / 2
            self.weight = rng.standard_gamma(shape, off.shape) / rate
        return common, spread, self.noise, slopes, level


@dataclass(frozen=True, slots=True)
class BackCast:
    """How a way to forecast did on points that it was not shown.

    Attributes:
        error: Mean absolute error, in the unit of the values.
        coverage: Share of the points inside the intervals, 0 to 1; None if it gives none.
    """

    error: float
    coverage: float | None = None


OWN, COMMON, UNCHANGED = "own slope", "one slope", "unchanged"


def back_cast(
    series: IntArray,
    time: FloatArray,
    value: FloatArray,
    origins: Sequence[float],
    rng: np.random.Generator,
    *,
    clocks: Mapping[str, FloatArray],
    level: float = 0.8,
    fewest: int = 3,
    df: float = 4.0,
) -> tuple[dict[str, BackCast], int]:
    """Forecasts from each origin of all later points, against what came.

    The pooled slopes on each clock, with their intervals; each series' own least-squares line with
    Student's prediction intervals; the mean of those slopes for all; the last value unchanged.

    Args:
        series: As for `pooled_slopes`; so are `time` and `value`.
        origins: A forecast from one uses points before it alone.
        clocks: Way -> the time of each point that its trend is linear in.
        fewest: Points before an origin that a series needs to be forecast from it.

    Returns:
        The score of every way, and the number of points forecast; no scores if there were none.

    References:
        Tashman, L. J. (2000). Out-of-sample tests of forecasting accuracy: an analysis and review.
        International Journal of Forecasting 16, 437-450. doi:10.1016/S0169-2070(00)00065-0
    """
    misses: dict[str, list[FloatArray]] = {way: [] for way in (*clocks, OWN, COMMON, UNCHANGED)}
    inside: dict[str, list[FloatArray]] = {way: [] for way in (*clocks, OWN)}
    for origin in origins:
        past = time < origin
        counts = np.bincount(series[past], minlength=int(series.max()) + 1)
        begun = np.flatnonzero(counts >= 2)
        number = np.full(counts.size, -1)
        number[begun] = np.arange(begun.size)
        seen = past & (number[series] >= 0)
        asked = ~past & (counts[series] >= fewest)
        if not asked.any():
            continue
        code, t, y = number[series[seen]], time[seen], value[seen]
        whose, when, came = number[series[asked]], time[asked], value[asked]
        try:
            fits = {
                way: pooled_slopes(code, clock[seen], y, rng, df=df, draws=_BACK_DRAWS)
                for way, clock in clocks.items()
            }
        except ValueError:
            continue
        for way, fit in fits.items():
            drawn = fit.predicted(whose, clocks[way][asked], rng)
            low, middle, high = np.quantile(drawn, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0)
            misses[way].append(came - middle)
            inside[way].append((low <= came) & (came <= high))
        lines = [_line(t[code == k], y[code == k]) for k in range(begun.size)]
        common = float(np.mean([line.slope for line in lines]))
        for k in np.unique(whose):
            at, line = whose == k, lines[k]
            expected, half = line.at(when[at], level)
            misses[OWN].append(came[at] - expected)
            inside[OWN].append(np.abs(came[at] - expected) <= half)
            misses[COMMON].append(came[at] - line.level - common * (when[at] - line.centre))
            misses[UNCHANGED].append(came[at] - y[code == k][t[code == k].argmax()])
    n = sum(map(len, misses[UNCHANGED]))
    scores = {
        way: BackCast(
            float(np.abs(np.concatenate(off)).mean()),
            float(np.concatenate(inside[way]).mean()) if way in inside else None,
        )
        for way, off in misses.items()
        if n
    }
    return scores, n


@dataclass(frozen=True, slots=True)
class _Line:
    """A least-squares line."""

    centre: float
    level: float
    slope: float
    sd: float
    spread: float
    n: int

    def at(self, time: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Expected values, and half the width of their prediction intervals."""
        away = time - self.centre
        wide = self.sd * np.sqrt(1 + 1 / self.n + away**2 / self.spread)
        return self.level + self.slope * away, student_quantile(0.5 + level / 2, self.n - 2) * wide


def _line(time: FloatArray, value: FloatArray) -> _Line:
    centre, level = float(time.mean()), float(value.mean())
    away = time - centre
    spread = float((away**2).sum()) or 1.0
    slope = float((away * value).sum()) / spread
    off = value - level - slope * away
    sd = math.sqrt(float((off**2).sum()) / max(1, time.size - 2))
    return _Line(centre, level, slope, sd, spread, time.size)


def posterior(draws: FloatArray, level: float = 0.95) -> Interval:
    """The median of draws and the ends of their central interval."""
    low, middle, high = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Interval(float(middle), float(low), float(high))


def _errors(df: float, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    return rng.standard_t(df, shape) if math.isfinite(df) else rng.standard_normal(shape)
