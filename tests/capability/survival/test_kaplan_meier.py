"""The Kaplan-Meier curve, its median and its restricted mean."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.capability.survival.histories import rng

from headtohead.capability.survival import kaplan_meier, kaplan_meier_median, restricted_mean
from headtohead.capability.survival.kaplan_meier import row_medians, row_restricted_means

# Remissions in weeks under 6-mercaptopurine and placebo (Freireich et al. 1963,
# doi:10.1182/blood.V21.6.699.699).
_MP = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
_MP_ENDED = [True] * 9 + [False] * 12
_PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

_Rows = list[tuple[int, bool]]
_ROWS = st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=40)


def _columns(rows: _Rows) -> tuple[np.ndarray, np.ndarray]:
    durations, observed = (np.array(column) for column in zip(*rows, strict=True))
    return durations.astype(float), observed


# ---------------------------------------------------------------- published examples


def test_median_reproduces_the_remission_data() -> None:
    # Venables and Ripley (2002), doi:10.1007/978-0-387-21706-2, section 13.1, log-log
    # limits: 6-MP 23 (13, none), placebo 8 (4, 11).
    mp = kaplan_meier_median(_MP, _MP_ENDED)
    assert (mp.value, mp.low, mp.high) == (23, 13, math.inf)
    placebo = kaplan_meier_median(_PLACEBO, [True] * 21)
    assert (placebo.value, placebo.low, placebo.high) == (8, 4, 11)


def test_curve_reproduces_the_remission_data() -> None:
    # Kleinbaum and Klein (2012), doi:10.1007/978-1-4419-6646-9, chapter 2: 6-MP, to 3 places.
    curve = kaplan_meier(_MP, _MP_ENDED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    expected = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.running == pytest.approx(expected, abs=0.0006)


def test_restricted_mean_reproduces_r() -> None:
    # R's survival package, survfit and print(rmean): ends at 10, 15, 23, 30, 35, 52, and one
    # running at 100 give 37.85714 with standard error 10.73888, without the factor 6/5.
    found = restricted_mean([10, 15, 23, 30, 35, 52, 100], [True] * 6 + [False], 100)
    half = 1.959964 * 10.73888 * math.sqrt(6 / 5)
    assert found.value == pytest.approx(37.85714, abs=1e-5)
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


# ---------------------------------------------------------------- properties


@settings(deadline=None, max_examples=100)
@given(_ROWS, st.integers(1, 9))
def test_median_and_mean_follow_the_unit(rows: _Rows, unit: int) -> None:
    durations, observed = _columns(rows)
    horizon = float(durations.max())
    for found, scaled in (
        (
            kaplan_meier_median(durations, observed),
            kaplan_meier_median(durations * unit, observed),
        ),
        (
            restricted_mean(durations, observed, horizon),
            restricted_mean(durations * unit, observed, horizon * unit),
        ),
    ):
        assert (scaled.value, scaled.low, scaled.high) == pytest.approx(
            (found.value * unit, found.low * unit, found.high * unit)
        )
    mean = restricted_mean(durations, observed, horizon)
    assert 0 <= mean.low <= mean.value <= mean.high <= horizon + 1e-9
    if observed.all():
        assert durations.min() <= kaplan_meier_median(durations, observed).value <= durations.max()
        assert mean.value == pytest.approx(durations.mean())


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 3)), min_size=1))
def test_weights_are_repeats(rows: list[tuple[int, bool, int]]) -> None:
    durations, observed, weights = (np.array(column) for column in zip(*rows, strict=True))
    args = (durations[None].astype(float), observed[None], weights[None].astype(float))
    (median,) = row_medians(*args)
    (most,), (least,) = row_restricted_means(*args, 12.0)
    if weights.sum() == 0:
        assert math.isnan(median)
        assert math.isnan(most)
        return
    time, ended = np.repeat(durations, weights), np.repeat(observed, weights)
    assert median == kaplan_meier_median(time, ended).value
    short = restricted_mean(time, ended, float(time.max())).value
    left = float(kaplan_meier(time, ended).running[-1]) if ended.any() else 1.0
    assert least == pytest.approx(short)
    assert most == pytest.approx(short + left * (12 - time.max()))


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize(("n", "expected"), [(12, 0.97), (40, 0.945)])
def test_median_covers_under_censoring(n: int, expected: float) -> None:
    source = rng(2)
    truth = 10 * math.log(2)
    hits = 0
    for _ in range(1500):
        time, limit = source.exponential(10, n), source.uniform(5, 30, n)
        found = kaplan_meier_median(np.minimum(time, limit), time <= limit)
        hits += found.low <= truth <= found.high
    assert hits / 1500 == pytest.approx(expected, abs=0.018)


@pytest.mark.parametrize("n", [12, 40])
def test_restricted_mean_covers_under_censoring(n: int) -> None:
    source = rng(3)
    truth = 10 * (1 - math.exp(-1.5))
    hits = total = 0
    for _ in range(1500):
        time, limit = source.exponential(10, n), source.uniform(5, 40, n)
        durations, observed = np.minimum(time, limit), time <= limit
        last = durations.argmax()
        if durations[last] < 15 and not observed[last]:
            continue
        found = restricted_mean(durations, observed, 15)
        hits += found.low <= truth <= found.high
        total += 1
    assert hits / total == pytest.approx(0.94, abs=0.025)


# ---------------------------------------------------------------- second implementation


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=6, max_size=40))
def test_agrees_with_scipy(rows: _Rows) -> None:
    durations, observed = _columns(rows)
    found = kaplan_meier_median(durations, observed)
    if not observed.any():
        assert (found.value, found.low, found.high) == (math.inf, 0, math.inf)
        return
    data = sp.CensoredData(uncensored=durations[observed], right=durations[~observed])
    curve = sp.ecdf(data).sf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns that the band of 0 and 1 is undefined
        band = curve.confidence_interval(0.95, method="log-log")
    times = curve.quantiles
    ended = np.isin(times, durations[observed])
    zero = curve.probabilities <= 0
    lower = np.where(zero, 0.0, band.low.probabilities)
    upper = np.where(zero, 1.0, band.high.probabilities)
    mine = kaplan_meier(durations, observed)
    assert mine.times.tolist() == times[ended].tolist()
    assert mine.running == pytest.approx(curve.probabilities[ended])
    assert mine.low == pytest.approx(lower[ended])
    assert mine.high == pytest.approx(upper[ended])

    def first(mask: np.ndarray, otherwise: float) -> float:
        return float(times[mask & ended].min()) if (mask & ended).any() else otherwise

    half = curve.probabilities <= 0.5 + 1e-12
    assert found.low == min(first(lower <= 0.5, float(times[ended].max())), found.value)
    assert found.high == max(first(upper <= 0.5, math.inf), found.value)
    assert found.value >= first(half, math.inf)
    longest = float(durations.max())
    grid = np.arange(0, longest, 0.5)  # whole times, so steps fall on the grid
    area = float(curve.evaluate(grid).sum() * 0.5)
    assert restricted_mean(durations, observed, longest).value == pytest.approx(area)


# ---------------------------------------------------------------- degenerate input


def test_too_few_durations_say_nothing() -> None:
    found = kaplan_meier_median([3, 5, 8, 9, 11], [True] * 5)
    assert (found.value, found.low, found.high) == (8, 0, math.inf)
    assert kaplan_meier_median([4, 8], [True, True]).value == 6
    assert kaplan_meier_median([4, 8], [True, False]).value == 4
    rare = kaplan_meier_median([1] + [9] * 30, [True] + [False] * 30)
    assert (rare.value, rare.low, rare.high) == (math.inf, 1, math.inf)


def test_a_mean_without_spread_says_nothing() -> None:
    for durations, observed, value in (
        ([5], [True], 5),
        ([5] * 9, [True] * 9, 5),
        ([20, 20], [False, False], 10),
        ([4, 20], [True, True], 7),
    ):
        found = restricted_mean(durations, observed, 10)
        assert (found.value, found.low, found.high) == (value, 0, 10)
    assert kaplan_meier([3, 4], [False, False]).times.size == 0


def test_refuses_what_is_no_duration() -> None:
    with pytest.raises(ValueError, match="duration is negative"):
        kaplan_meier_median([-1], [True])
    with pytest.raises(ValueError, match="lengths differ"):
        kaplan_meier_median([1, 2], [True])
    with pytest.raises(ValueError, match="level is 1"):
        kaplan_meier([1, 2], [True, True], 1)
    with pytest.raises(ValueError, match="ask for a horizon up to 9"):
        restricted_mean([1, 9], [True, False], 10)
    with pytest.raises(ValueError, match="ask for a horizon up to 9"):
        restricted_mean([9, 9], [True, False], 10)
    for horizon in (0, math.inf, math.nan):
        with pytest.raises(ValueError, match="a time above 0"):
            restricted_mean([1, 9], [True, True], horizon)
