"""The damped trend: a worked example, a second recursion, what always holds, and its coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from headtohead.claims.forecasts import trend
from headtohead.claims.forecasts.trend import FEWEST, FEWEST_ORIGINS, back_cast, fit
from headtohead.stats.inputs import FloatArray

# Passengers of Australian airlines in millions, 1990 to 2004: Hyndman, R. J., Athanasopoulos, G.,
# Forecasting: principles and practice, the data set of its chapter on exponential smoothing.
AIR = [17.55, 21.86, 23.89, 26.93, 26.89, 28.83, 30.08, 30.95, 30.19, 31.58]
AIR += [32.58, 33.48, 39.02, 41.39, 41.6]


def one_way(monkeypatch: pytest.MonkeyPatch, alpha: float, share: float, phi: float) -> None:
    monkeypatch.setattr(trend, "_ALPHA", (alpha,))
    monkeypatch.setattr(trend, "_BETA_OF_ALPHA", (share,))
    monkeypatch.setattr(trend, "_PHI", (phi,))


def simulated(
    n: int, alpha: float, beta: float, phi: float, rng: np.random.Generator
) -> FloatArray:
    return moved(rng.normal(size=n), alpha, beta, phi)[0]


def moved(
    errors: FloatArray, alpha: float, beta: float, phi: float
) -> tuple[FloatArray, float, float]:
    """Values by their errors, and the level and slope after them."""
    level, slope, values = 0.0, 0.3, []
    for error in errors:
        before = level + phi * slope
        values.append(before + error)
        level, slope = before + alpha * error, phi * slope + beta * error
    return np.array(values), level, slope


def test_it_forecasts_as_statsmodels_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # statsmodels 0.15.0 (Seabold and Perktold 2010): ETSModel(air, error="add", trend="add",
    # damped_trend=True) with these three fixed, fit() and forecast(5); its first level and slope
    # are of greatest likelihood.
    one_way(monkeypatch, alpha=0.8, share=0.2, phi=0.9)
    for prior in ("_LEVEL_VARIANCE", "_SLOPE_VARIANCE"):
        monkeypatch.setattr(trend, prior, 1e9)
    found = fit(AIR)
    assert np.sum(found.errors**2) == pytest.approx(41.453004, abs=1e-4)
    ahead = [found.interval(h).value for h in range(1, 6)]
    assert ahead == pytest.approx([42.96384, 44.04011, 45.00875, 45.88053, 46.66512], abs=1e-3)


def test_level_slope_and_spread_are_those_of_a_plain_recursion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alpha, beta, phi = 0.6, 0.18, 0.85
    one_way(monkeypatch, alpha, beta / alpha, phi)
    y = np.array(AIR)
    y[4] = np.nan  # a value that nobody knows moves nothing

    def run(level: float, slope: float) -> tuple[FloatArray, float, float]:
        errors = []
        for value in y:
            level, slope = level + phi * slope, phi * slope
            if np.isfinite(value):
                error = value - level
                level, slope = level + alpha * error, slope + beta * error
                errors.append(error)
        return np.array(errors), level, slope

    zero, one, two = (run(*start)[0] for start in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    # Ridge: two more equations, that the level begins at the first value and the slope at none.
    ridge = np.eye(2) / np.sqrt(10)
    design = np.vstack([np.column_stack([zero - one, zero - two]), ridge])
    aim = np.concatenate([zero, ridge @ [y[0], 0]])
    start = np.linalg.lstsq(design, aim, rcond=None)[0]
    errors, level, slope = run(*start)
    found = fit(y)
    known = np.isfinite(y)
    assert found.errors[known] == pytest.approx(errors)
    h, n = 4, int(known.sum())
    damped = sum(phi**j for j in range(1, h + 1))
    mean = level + slope * damped
    assert found.interval(h).value == pytest.approx(mean)
    variance = 1 + sum(
        (alpha + beta * sum(phi**i for i in range(1, j + 1))) ** 2 for j in range(1, h)
    )
    # What is not sure of the first level and slope: how the forecast moves with each.
    ends = [run(*(start + step))[1:] for step in np.eye(2)]
    moves = np.array([end + damped * last - mean for end, last in ends])
    variance += moves @ np.linalg.inv(design.T @ design) @ moves
    sigma = np.sqrt(np.sum((aim - design @ start) ** 2) / (n - 2))
    assert n == 14
    t_80 = 1.3562173  # Student's with 12 degrees of freedom
    assert found.interval(h).high - mean == pytest.approx(t_80 * sigma * np.sqrt(variance))


@settings(deadline=None, max_examples=8)
@given(
    st.integers(0, 10_000),
    st.floats(0.001, 1000),
    st.floats(-1e4, 1e4),
    st.integers(FEWEST, 20),
)
def test_it_moves_with_the_scale_and_the_zero_of_its_values(
    seed: int, by: float, plus: float, n: int
) -> None:
    values = simulated(n, 0.4, 0.1, 0.9, np.random.default_rng(seed))
    first, other = fit(values), fit(values * by + plus)
    h = 3
    moved = first.interval(h).rescaled(by, plus)
    ends = moved.value, moved.low, moved.high
    found = other.interval(h)
    assert (found.value, found.low, found.high) == pytest.approx(ends, abs=1e-4 * by, rel=1e-6)
    assert found.low < found.value < found.high
    assert other.below(h, found.low) == pytest.approx(0.1, abs=1e-6)
    places = np.linspace(found.low, found.high, 9)
    assert np.all(np.diff(other.below(h, places)) > 0)
    assert other.drawn(h, np.array([0.1, 0.5]))[1] == pytest.approx(found.value, abs=0.02 * by)


@pytest.mark.parametrize("last", [1e-3, 1.0, 1e6], ids=["hair", "step", "leap"])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.9998])
def test_an_interval_ends_where_its_tails_begin(last: float, level: float) -> None:
    # Values that stood still until the last make ways whose forecasts lie far apart.
    found = fit([7.0] * 9 + [7.0 + last])
    for h in (1, 12):
        ends = found.interval(h, level)
        tails = found.below(h, [ends.low, ends.value, ends.high])
        assert tails == pytest.approx([0.5 - level / 2, 0.5, 0.5 + level / 2], abs=1e-9)


def test_too_few_values_and_values_that_do_not_vary_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 8 values, not 7"):
        fit(np.arange(7.0))
    with pytest.raises(ValueError, match="do not vary"):
        fit(np.ones(9))


def test_a_back_cast_looks_at_nothing_later() -> None:
    values = simulated(20, 0.4, 0.1, 0.9, np.random.default_rng(3))
    looked = back_cast(values, 3)
    assert looked
    origins = range(FEWEST - 1, values.size - 3)
    alone = [(fit(values[: t + 1]).interval(3), values[t + 3]) for t in origins]
    assert (looked.n, looked.steps) == (len(alone), 3)
    assert looked.covered == sum(p.low <= came <= p.high for p, came in alone)
    assert looked.mean_error == pytest.approx(np.mean([p.value - came for p, came in alone]))


def test_a_back_cast_looks_less_far_ahead_rather_than_at_too_few_days() -> None:
    values = simulated(FEWEST + FEWEST_ORIGINS, 0.4, 0.1, 0.9, np.random.default_rng(4))
    looked = back_cast(values, 9)
    assert looked
    assert (looked.steps, looked.n) == (1, FEWEST_ORIGINS)
    assert back_cast(values[:-1], 9) is None


def coverage(rounds: int, n: int, h: int, way: tuple[float, float, float], seed: int) -> float:
    """How likely 80% intervals h steps after n values hold what comes.

    By the distribution of what may come, which is known where values are made: to count what came
    is off by 3 points in 150 series.
    """
    alpha, beta, phi = way
    damped = np.cumsum(phi ** np.arange(1, h + 1))
    spread = np.sqrt(1 + np.sum((alpha + beta * damped[:-1]) ** 2))
    rng, held = np.random.default_rng(seed), 0.0
    for _ in range(rounds):
        values, level, slope = moved(rng.normal(size=n), *way)
        predicted = fit(values).interval(h)
        ends = stats.norm.cdf([predicted.low, predicted.high], level + damped[-1] * slope, spread)
        held += float(ends[1] - ends[0])
    return held / rounds


@pytest.mark.parametrize(("n", "h", "off"), [(24, 6, 0.08), (48, 1, 0.04)])
def test_eight_in_ten_intervals_hold_what_comes(n: int, h: int, off: float) -> None:
    assert coverage(24, n, h, (0.4, 0.08, 0.9), seed=1) == pytest.approx(0.8, abs=off)


@pytest.mark.slow
@pytest.mark.parametrize("way", [(0.4, 0.08, 0.9), (0.9, 0.01, 0.85), (0.2, 0.02, 0.95)])
@pytest.mark.parametrize(("n", "h"), [(10, 6), (24, 1), (24, 6), (48, 1), (48, 12)])
def test_eight_in_ten_intervals_hold_what_comes_whatever_moves_it(
    way: tuple[float, float, float], n: int, h: int
) -> None:
    # Ten values hardly tell a level that follows every error from one that follows few, which makes
    # intervals wider than they need be.
    assert 0.76 <= coverage(300, n, h, way, seed=2) <= (0.95 if n == 10 else 0.89)
