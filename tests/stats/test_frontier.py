"""Records, frontiers, lags and catch-up times."""

import csv
import math
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp  # type: ignore[import-untyped]

from headtohead.stats.frontier import (
    best_on,
    catch_up_times,
    frontier_probability,
    kaplan_meier_median,
    lag_days,
    lag_with_draws,
    running_best,
)

_MONTH = 365.25 / 12
# Epoch Capabilities Index, edition of 2026-08-11 (CC-BY-4.0): US records of a year.
_US_DAYS = [
    date(2024, 12, 20), date(2025, 6, 10), date(2025, 8, 7), date(2025, 10, 7),
    date(2025, 11, 18), date(2025, 12, 11), date(2026, 2, 5), date(2026, 3, 5), date(2026, 4, 23),
]  # fmt: skip
_US_INDEX = [146.90, 147.54, 150.00, 150.33, 153.20, 155.03, 155.69, 158.46, 161.49]
# Remissions in weeks under 6-mercaptopurine and placebo (Freireich et al. 1963,
# doi:10.1182/blood.V21.6.699.699).
_MP_ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
_MP_RUNNING = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
_PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _days(days: list[date]) -> list[int]:
    return [day.toordinal() for day in days]


_HISTORY = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 12).map(float)), min_size=1, max_size=20
)
_History = list[tuple[int, float]]


# ---------------------------------------------------------------- published examples


def test_lag_reproduces_caisi() -> None:
    # NIST's CAISI, evaluation of DeepSeek V4 Pro (May 2026): about 8 months behind, near
    # GPT-5 of 2025-08-07. Epoch's index puts V4 Pro, of 2026-04-24, at 149.07.
    released = date(2026, 4, 24).toordinal()
    lag = lag_days(_days(_US_DAYS), _US_INDEX, 149.07, released)
    assert lag == (date(2026, 4, 24) - date(2025, 8, 7)).days
    assert lag / _MONTH == pytest.approx(8, abs=0.6)


def test_catch_up_reproduces_epoch() -> None:
    # Epoch AI (2026), "Chinese AI models have lagged the US frontier by 7 months on average
    # since 2023": GPT-4 of March 2023 was first matched in May 2024, 14 months later.
    found = catch_up_times(
        _days([date(2023, 3, 14)]), [1.0], _days([date(2024, 5, 7)]), [1.0],
        date(2024, 12, 1).toordinal(),
    )  # fmt: skip
    assert round(found.durations[0] / _MONTH) == 14
    assert found.observed.tolist() == [True]


def test_epoch_index_shows_the_published_lag(shared_evidence: Path) -> None:
    # The same: 7 months on average, between 4 and 14.
    sides: dict[str, tuple[list[int], list[float]]] = {"United": ([], []), "China": ([], [])}
    with (shared_evidence / "epoch_eci" / "eci_scores.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for name, (days, values) in sides.items():
                if name in row["Country (of organization)"] and row["date"] >= "2023":
                    days.append(date.fromisoformat(row["date"][:10]).toordinal())
                    values.append(float(row["eci"]))
    found = catch_up_times(*sides["United"], *sides["China"], date(2026, 8, 11).toordinal())
    median = kaplan_meier_median(found.durations, found.observed)
    assert (found.observed.size, int(found.observed.sum())) == (20, 16)
    assert round(median.value / _MONTH) == 7
    assert 4 < median.low / _MONTH < median.high / _MONTH < 14


def test_records_reproduce_the_harmonic_numbers() -> None:
    # Glick (1978), doi:10.1080/00029890.1978.11994501: among 10 values in random order
    # 1 + 1/2 + ... + 1/10 = 2.93 records are expected.
    rng = _rng()
    counts = [running_best(range(10), rng.random(10))[0].size for _ in range(5000)]
    assert np.mean(counts) == pytest.approx(2.93, abs=0.06)


@pytest.mark.parametrize(("k", "gap"), [(2, 2.3262), (3, 2.7101), (4, 2.9162)])
def test_frontier_probability_reproduces_bechhofer(k: int, gap: float) -> None:
    # Bechhofer (1954), doi:10.1214/aoms/1177728845, table I: with this gap, in standard
    # errors, the best of k means comes out on top with probability .95.
    found = frontier_probability([gap] + [0] * (k - 1), 1, _rng(), 100_000)
    assert found[0] == pytest.approx(0.95, abs=0.003)


def test_median_reproduces_the_remission_data() -> None:
    # Venables and Ripley (2002), doi:10.1007/978-0-387-21706-2, section 13.1, log-log
    # limits: 6-MP 23 (13, none), placebo 8 (4, 11).
    mp = kaplan_meier_median(_MP_ENDED + _MP_RUNNING, [True] * 9 + [False] * 12)
    assert (mp.value, mp.low, mp.high) == (23, 13, math.inf)
    placebo = kaplan_meier_median(_PLACEBO, [True] * 21)
    assert (placebo.value, placebo.low, placebo.high) == (8, 4, 11)


# ---------------------------------------------------------------- properties


@settings(deadline=None, max_examples=150)
@given(_HISTORY)
def test_records_rise_and_hold_the_best(history: _History) -> None:
    days, values = (list(column) for column in zip(*history, strict=True))
    when, value = running_best(days, values)
    assert np.all(np.diff(when) > 0)
    assert np.all(np.diff(value) > 0)
    for day in days:
        assert value[when <= day].max() == max(v for d, v in history if d <= day)
        best = best_on(days, values, day)
        known = [(v, -d) for d, v in history if d <= day]
        assert (values[best], -days[best]) == max(known)


@settings(deadline=None, max_examples=150)
@given(_HISTORY, st.integers(0, 12).map(float), st.integers(0, 40))
def test_lag_agrees_with_walking_the_days(history: _History, value: float, on_day: int) -> None:
    days, values = (list(column) for column in zip(*history, strict=True))
    if min(days) > on_day:
        with pytest.raises(ValueError, match="no entry by day"):
            lag_days(days, values, value, on_day)
        return
    expected: int | None = 0
    for day in range(on_day, -1, -1):
        if any(d == day and v >= value for d, v in history):
            expected = None if day == min(days) else on_day - day
    assert lag_days(days, values, value, on_day) == expected
    certain = lag_with_draws(days, values, 0, value, 0, on_day, _rng(), 200)
    if expected is None:
        assert (certain.value, certain.high) == (on_day - min(days), math.inf)
    else:
        assert (certain.low, certain.value, certain.high) == (expected,) * 3


@settings(deadline=None, max_examples=100)
@given(_HISTORY, _HISTORY)
def test_catch_up_agrees_with_looking_up_each_record(leader: _History, other: _History) -> None:
    days, values = (list(column) for column in zip(*leader, strict=True))
    other_days, other_values = (list(column) for column in zip(*other, strict=True))
    found = catch_up_times(days, values, other_days, other_values, 40)
    records = list(zip(*running_best(days, values), strict=True))
    assert found.durations.size == len(records)
    for i, (day, level) in enumerate(records):
        reached = [d for d, v in other if v >= level]
        assert found.observed[i] == bool(reached)
        assert found.durations[i] == (max(min(reached) - day, 0) if reached else 40 - day)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8), st.integers(0, 99))
def test_frontier_probabilities_add_up(values: list[float], seed: int) -> None:
    found = frontier_probability(values, 1, _rng(seed), 500)
    assert found.sum() == pytest.approx(1)
    assert frontier_probability([2.0] * 4, 0, _rng(), 100).tolist() == [0.25] * 4


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 9),
)
def test_median_follows_the_unit(rows: list[tuple[int, bool]], unit: int) -> None:
    durations, observed = (list(column) for column in zip(*rows, strict=True))
    plain = kaplan_meier_median(durations, observed)
    scaled = kaplan_meier_median([d * unit for d in durations], observed)
    assert (scaled.value, scaled.low, scaled.high) == pytest.approx(
        (plain.value * unit, plain.low * unit, plain.high * unit)
    )
    if all(observed):
        assert min(durations) <= plain.value <= max(durations)


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize(("n", "expected"), [(12, 0.97), (40, 0.945)])
def test_median_covers_under_censoring(n: int, expected: float) -> None:
    rng = _rng(2)
    truth = 10 * math.log(2)
    hits = 0
    for _ in range(1500):
        time, limit = rng.exponential(10, n), rng.uniform(5, 30, n)
        found = kaplan_meier_median(np.minimum(time, limit), time <= limit)
        hits += found.low <= truth <= found.high
    assert hits / 1500 == pytest.approx(expected, abs=0.018)


def test_lag_covers_its_truth() -> None:
    rng = _rng(3)
    hits = total = 0
    for _ in range(400):
        days, late = np.sort(rng.choice(900, 40, False)), np.sort(rng.choice(900, 20, False))
        truth = 100 + 0.04 * days + rng.normal(0, 3, 40)
        theirs = 100 + 0.04 * (late - 230) + rng.normal(0, 3, 20)
        true_lag = lag_days(days, truth, float(theirs.max()), 900)
        if true_lag is None:
            continue
        found = lag_with_draws(
            days, rng.normal(truth, 1), 1, rng.normal(theirs, 1), 1, 900, rng, 400
        )
        hits += found.low <= true_lag <= found.high
        total += 1
    # Redrawing noisy estimates and steps in time both err on the wide side.
    assert hits / total > 0.95


def test_frontier_probability_is_calibrated() -> None:
    rng = _rng(4)
    stated, true = [], []
    for _ in range(600):
        truth = rng.normal(0, 2, 4)
        seen = truth + rng.normal(0, 0.7, 4)
        # Values and errors as a prior of that width leaves them: then stated chances come true.
        found = frontier_probability(seen * 4 / 4.49, 0.7 * math.sqrt(4 / 4.49), rng, 300)
        stated.append(found)
        true.append(truth == truth.max())
    stated_all, true_all = np.concatenate(stated), np.concatenate(true)
    sure = stated_all > 0.8
    assert true_all[sure].mean() == pytest.approx(stated_all[sure].mean(), abs=0.04)
    half = (stated_all > 0.3) & (stated_all < 0.7)
    assert true_all[half].mean() == pytest.approx(stated_all[half].mean(), abs=0.09)


# ---------------------------------------------------------------- second implementations


def test_frontier_probability_agrees_with_the_integral() -> None:
    value, sd = np.array([1.0, 0.5, -0.3]), np.array([0.6, 1.1, 2.0])
    x = np.linspace(-12, 14, 20_001)
    density = sp.norm.pdf(x, value[0], sd[0])
    below = sp.norm.cdf((x - value[1]) / sd[1]) * sp.norm.cdf((x - value[2]) / sd[2])
    expected = float(np.trapezoid(density * below, x))
    assert frontier_probability(value, sd, _rng(), 60_000)[0] == pytest.approx(expected, abs=0.008)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=6, max_size=40))
def test_median_agrees_with_scipy(rows: list[tuple[int, bool]]) -> None:
    durations, observed = (np.array(column) for column in zip(*rows, strict=True))
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

    def first(mask: np.ndarray, otherwise: float) -> float:
        return float(times[mask & ended].min()) if (mask & ended).any() else otherwise

    half = curve.probabilities <= 0.5 + 1e-12
    assert found.low == min(first(lower <= 0.5, float(times[ended].max())), found.value)
    assert found.high == max(first(upper <= 0.5, math.inf), found.value)
    assert found.value >= first(half, math.inf)


# ---------------------------------------------------------------- degenerate input


def test_lag_of_what_the_leader_always_had_is_open() -> None:
    days, values = [100, 200, 300], [10.0, 12.0, 14.0]
    assert lag_days(days, values, 9, 400) is None
    found = lag_with_draws(days, values, 0.1, 9, 0.1, 400, _rng())
    assert (found.value, found.low, found.high) == (300, 300, math.inf)
    assert lag_days(days, values, 15, 400) == 0
    ahead = lag_with_draws(days, values, 0.1, [15, 3], 0.1, 400, _rng())
    assert (ahead.low, ahead.value, ahead.high) == (0, 0, 0)
    # On the leader's own first day nothing is known of before.
    same_day = lag_with_draws(days, values, 0.1, 9, 0.1, 100, _rng())
    assert (same_day.value, same_day.low, same_day.high) == (0, 0, math.inf)


def test_later_entries_do_not_count() -> None:
    days, values = [100, 200, 300], [10.0, 12.0, 14.0]
    early = lag_with_draws(days, values, [0, 0, 9], 11, 0, 250, _rng())
    assert (early.low, early.value, early.high) == (50, 50, 50)
    assert best_on(days, values, 250) == 1
    found = catch_up_times(days, values, [150, 320], [10, 14], 310)
    assert found.durations.tolist() == [50, 110, 10]
    assert found.observed.tolist() == [True, False, False]
    nobody = catch_up_times(days, values, [320], [14], 310)
    assert not nobody.observed.any()


def test_too_few_durations_say_nothing() -> None:
    found = kaplan_meier_median([3, 5, 8, 9, 11], [True] * 5)
    assert (found.value, found.low, found.high) == (8, 0, math.inf)
    assert kaplan_meier_median([4, 8], [True, True]).value == 6
    assert kaplan_meier_median([4, 8], [True, False]).value == 4
    rare = kaplan_meier_median([1] + [9] * 30, [True] + [False] * 30)
    assert (rare.value, rare.low, rare.high) == (math.inf, 1, math.inf)


def test_refuses_what_has_no_frontier() -> None:
    with pytest.raises(ValueError, match="nothing by day 5"):
        best_on([10], [1], 5)
    with pytest.raises(ValueError, match="no entry by day 5"):
        catch_up_times([10], [1], [1], [1], 5)
    with pytest.raises(ValueError, match="whole days"):
        running_best([1.5], [1])
    with pytest.raises(ValueError, match="trailing_value"):
        lag_days([1], [1], math.nan, 5)
    with pytest.raises(ValueError, match="leader_sd has 2 values for 3"):
        lag_with_draws([1, 2, 3], [1, 2, 3], [1, 1], 1, 1, 5, _rng())
    with pytest.raises(ValueError, match="draws is 10"):
        lag_with_draws([1], [1], 1, 1, 1, 5, _rng(), 10)
    with pytest.raises(ValueError, match="sds must not be negative"):
        frontier_probability([1], [-1], _rng())
    with pytest.raises(ValueError, match="duration is negative"):
        kaplan_meier_median([-1], [True])
    with pytest.raises(ValueError, match="lengths differ"):
        kaplan_meier_median([1, 2], [True])
