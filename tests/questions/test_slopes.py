"""Slopes of many short series, partly pooled."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples, lengths, slack

from headtohead.questions.slopes import (
    COMMON,
    OWN,
    UNCHANGED,
    back_cast,
    pooled_slopes,
    posterior,
)
from headtohead.stats.inputs import FloatArray, IntArray

# Distance in mm from the pituitary to the pterygomaxillary fissure of 11 girls at 8, 10, 12 and 14
# years: Potthoff, R. F., Roy, S. N. (1964), Biometrika 51, 313-326. doi:10.1093/biomet/51.3-4.313
GIRLS = np.array(
    [
        (21, 20, 21.5, 23),
        (21, 21.5, 24, 25.5),
        (20.5, 24, 24.5, 26),
        (23.5, 24.5, 25, 26.5),
        (21.5, 23, 22.5, 23.5),
        (20, 21, 21, 22.5),
        (21.5, 22.5, 23, 25),
        (23, 23, 23.5, 24),
        (20, 21, 22, 21.5),
        (16.5, 19, 19, 19.5),
        (24.5, 25, 28, 28),
    ]
)


def series_of(table: FloatArray) -> tuple[IntArray, FloatArray]:
    """The numbers of the series and their values, row by row."""
    return np.repeat(np.arange(len(table)), table.shape[1]), table.ravel()


def test_reproduces_a_published_growth_curve() -> None:
    # Pinheiro, J. C., Bates, D. M. (2000), Mixed-Effects Models in S and S-PLUS, section 4.1
    # (doi:10.1007/b98882), fit by REML a slope of 0.4795 mm a year, a spread of slopes of 0.1609
    # and a residual of 0.6683; statsmodels 0.15.0, MixedLM, gives 0.479545, 0.160927 and 0.668275
    # with a standard error of the slope of 0.0662. A posterior is a little wider than REML.
    code, value = series_of(GIRLS)
    age = np.tile([8.0, 10, 12, 14], len(GIRLS))
    fit = pooled_slopes(code, age, value, np.random.default_rng(1), df=math.inf, draws=8000)
    assert fit.common.mean() == pytest.approx(0.4795, abs=0.005)
    assert 0.0662 < fit.common.std() < 0.08
    assert np.median(fit.spread) == pytest.approx(0.1609, abs=0.02)
    assert np.median(fit.noise) == pytest.approx(0.6683, abs=0.04)


def simulated(
    rng: np.random.Generator, series: int, points: int, df: float = 4.0
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Series of unequal length with their true slopes: numbers, times, values, slopes."""
    counts = rng.integers(2, 2 * points, series)
    code = np.repeat(np.arange(series), counts)
    time = rng.uniform(0, 3, code.size)
    slopes = rng.normal(-1.2, 0.4, series)
    errors = rng.standard_t(df, code.size) if math.isfinite(df) else rng.standard_normal(code.size)
    value = rng.normal(0, 2, series)[code] + slopes[code] * time + 0.3 * errors
    return code, time, value, slopes


@pytest.mark.parametrize("rounds", lengths(12, 300))
def test_intervals_hold_the_truth_as_often_as_they_say(rounds: int) -> None:
    rng = np.random.default_rng(2)
    common, own, later = [], [], []
    for _ in range(rounds):
        code, time, value, slopes = simulated(rng, 15, 5)
        fit = pooled_slopes(code, time, value, rng, draws=600)
        held = posterior(fit.common, 0.8)
        common.append(held.low <= -1.2 <= held.high)
        each = np.quantile(fit.slopes, [0.1, 0.9], axis=0)
        own.append(np.mean((each[0] <= slopes) & (slopes <= each[1])))
        some = np.arange(15)
        drawn = fit.predicted(some, np.full(15, 4.0), rng)
        # What came is simulated from the same truth: level at the centre of each series.
        levels = np.array([(value - slopes[code] * time)[code == k].mean() for k in some])
        came = levels + slopes * 4.0 + 0.3 * rng.standard_t(4, 15)
        ends = np.quantile(drawn, [0.1, 0.9], axis=0)
        later.append(np.mean((ends[0] <= came) & (came <= ends[1])))
    assert np.mean(common) == pytest.approx(0.8, abs=max(0.05, slack(0.8, rounds)))
    assert np.mean(own) == pytest.approx(0.8, abs=max(0.04, slack(0.8, 15 * rounds)))
    assert np.mean(later) == pytest.approx(0.8, abs=max(0.05, slack(0.8, 15 * rounds)))


def test_one_odd_point_moves_errors_of_student_less_than_normal_ones() -> None:
    rng = np.random.default_rng(3)
    code, time, value, _ = simulated(rng, 12, 5, df=math.inf)
    odd = value.copy()
    odd[code == 0] += np.where(np.arange((code == 0).sum()) == 0, 6.0, 0.0)
    moved = []
    for df in (4.0, math.inf):
        fits = [pooled_slopes(code, time, v, np.random.default_rng(4), df=df) for v in (value, odd)]
        moved.append(abs(float(np.median(fits[1].common) - np.median(fits[0].common))))
    assert moved[0] < moved[1]


@settings(max_examples=examples(30))
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(0.01, 100))
def test_units_and_zeros_do_not_matter(seed: int, per_time: float, per_value: float) -> None:
    code, time, value, _ = simulated(np.random.default_rng(seed), 5, 4)
    one = pooled_slopes(code, time, value, np.random.default_rng(5), draws=200)
    other = pooled_slopes(
        code, 7 + per_time * time, per_value * value - 3, np.random.default_rng(5), draws=200
    )
    assert other.common * per_time / per_value == pytest.approx(one.common, rel=1e-4, abs=1e-6)
    assert other.spread * per_time / per_value == pytest.approx(one.spread, rel=1e-4, abs=1e-6)


def test_a_series_is_pulled_to_the_others_the_fewer_points_it_has() -> None:
    rng = np.random.default_rng(6)
    code, time, value, _ = simulated(rng, 14, 6)
    odd_time = np.array([0.0, 1.0, 2.0])
    few = pooled_slopes(
        np.append(code, [14] * 3), np.append(time, odd_time), np.append(value, -4 * odd_time), rng
    )
    many_time = np.linspace(0, 3, 30)
    many = pooled_slopes(
        np.append(code, [14] * 30),
        np.append(time, many_time),
        np.append(value, -4 * many_time),
        rng,
    )
    assert -4 < np.median(many.slopes[:, 14]) < np.median(few.slopes[:, 14]) < -1.2


def test_a_straight_line_is_forecast_and_the_last_value_is_not() -> None:
    rng = np.random.default_rng(7)
    code = np.repeat(np.arange(6), 8)
    time = np.tile(np.arange(8.0), 6)
    value = 2.0 - 0.5 * time + rng.normal(0, 0.01, code.size)
    scores, n = back_cast(code, time, value, [4.5, 5.5], rng, clocks={"steady": time})
    assert n == 6 * (3 + 2)
    assert scores["steady"].error < 0.05
    assert scores[OWN].error < 0.05
    assert scores[COMMON].error < 0.05
    assert scores[UNCHANGED].error == pytest.approx((0.5 + 1 + 1.5 + 0.5 + 1) / 5, abs=0.05)
    assert scores[UNCHANGED].coverage is None
    assert back_cast(code, time, value, [0.5], rng, clocks={"steady": time}) == ({}, 0)


def test_refuses_what_cannot_be_pooled() -> None:
    rng = np.random.default_rng(9)
    with pytest.raises(ValueError, match="2 series with two times each and 8 points are too few"):
        pooled_slopes([0] * 4 + [1] * 4, [0, 1, 2, 3] * 2, [0, 1, 2, 4] * 2, rng)
    with pytest.raises(ValueError, match="too few"):
        pooled_slopes([0, 0, 1, 1, 2, 2], [0, 1] * 3, [0, 1] * 3, rng)
    with pytest.raises(ValueError, match="without a gap"):
        pooled_slopes([0, 0, 2, 2], [0, 1] * 2, [0, 1] * 2, rng)
    with pytest.raises(ValueError, match="lengths differ"):
        pooled_slopes([0, 0], [0, 1, 2], [0, 1, 2], rng)
    with pytest.raises(ValueError, match="not finite"):
        pooled_slopes([0, 0], [0, math.nan], [0, 1], rng)
    with pytest.raises(ValueError, match="degrees of freedom"):
        pooled_slopes([0, 0], [0, 1], [0, 1], rng, df=2)
