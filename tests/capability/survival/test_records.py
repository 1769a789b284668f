"""Records, and the probability of being the best."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.capability.survival.histories import HISTORY, History, columns, rng, running_best
from tests.simulations import examples

from headtohead.capability.survival.lags import frontier_probability
from headtohead.stats.inputs import FloatArray


def _drawn(values: list[float] | FloatArray, sds: object, draws: int, seed: int = 1) -> FloatArray:
    value, sd = np.asarray(values, dtype=float), np.asarray(sds, dtype=float)
    return value + sd * rng(seed).standard_normal((draws, value.size))


# ---------------------------------------------------------------- published examples


def test_records_reproduce_the_harmonic_numbers() -> None:
    # Glick (1978), doi:10.1080/00029890.1978.11994501: among 10 values in random order
    # 1 + 1/2 + ... + 1/10 = 2.93 records are expected.
    source = rng()
    counts = [running_best(range(10), source.random(10))[0].size for _ in range(5000)]
    assert np.mean(counts) == pytest.approx(2.93, abs=0.06)


@pytest.mark.parametrize(("k", "gap"), [(2, 2.3262), (3, 2.7101), (4, 2.9162)])
def test_frontier_probability_reproduces_bechhofer(k: int, gap: float) -> None:
    # Bechhofer (1954), doi:10.1214/aoms/1177728845, table I: with this gap, in standard
    # errors, the best of k means comes out on top with probability .95.
    found = frontier_probability(_drawn([gap] + [0.0] * (k - 1), 1, 100_000))
    assert found[0] == pytest.approx(0.95, abs=0.003)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(150))
@given(HISTORY)
def test_records_rise_and_hold_the_best(history: History) -> None:
    days, values = columns(history)
    when, value = running_best(days, values)
    assert np.all(np.diff(when) > 0)
    assert np.all(np.diff(value) > 0)
    for day in days:
        assert value[when <= day].max() == max(v for d, v in history if d <= day)


@settings(max_examples=examples(60))
@given(
    st.integers(1, 8).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=1)
    )
)
def test_frontier_probability_counts_shares(draws: list[list[int]]) -> None:
    found = frontier_probability(draws)
    assert found.sum() == pytest.approx(1)
    for j in range(len(draws[0])):
        share = [(row[j] == max(row)) / row.count(max(row)) for row in draws]
        assert found[j] == pytest.approx(np.mean(share))


# ---------------------------------------------------------------- coverage


def test_frontier_probability_is_calibrated() -> None:
    source = rng(4)
    stated, true = [], []
    for i in range(600):
        truth = source.normal(0, 2, 4)
        seen = truth + source.normal(0, 0.7, 4)
        # Values and errors as a prior of that width leaves them: then stated chances come true.
        found = frontier_probability(_drawn(seen * 4 / 4.49, 0.7 * math.sqrt(4 / 4.49), 300, i))
        stated.append(found)
        true.append(truth == truth.max())
    stated_all, true_all = np.concatenate(stated), np.concatenate(true)
    sure = stated_all > 0.8
    assert true_all[sure].mean() == pytest.approx(stated_all[sure].mean(), abs=0.04)
    half = (stated_all > 0.3) & (stated_all < 0.7)
    assert true_all[half].mean() == pytest.approx(stated_all[half].mean(), abs=0.09)


# ---------------------------------------------------------------- second implementation


def test_frontier_probability_agrees_with_the_integral() -> None:
    value, sd = np.array([1.0, 0.5, -0.3]), np.array([0.6, 1.1, 2.0])
    x = np.linspace(-12, 14, 20_001)
    density = sp.norm.pdf(x, value[0], sd[0])
    below = sp.norm.cdf((x - value[1]) / sd[1]) * sp.norm.cdf((x - value[2]) / sd[2])
    expected = float(np.trapezoid(density * below, x))
    assert frontier_probability(_drawn(value, sd, 60_000))[0] == pytest.approx(expected, abs=0.008)


# ---------------------------------------------------------------- degenerate input


def test_equal_values_share_and_one_entry_is_the_best() -> None:
    assert frontier_probability(np.full((5, 4), 2.0)).tolist() == [0.25] * 4
    assert frontier_probability([[3.0], [1.0]]).tolist() == [1.0]
    days, values = running_best([5, 3, 3], [2, 2, 2])
    assert (days.tolist(), values.tolist()) == ([3], [2.0])


def test_refuses_what_has_no_frontier() -> None:
    with pytest.raises(ValueError, match="whole days"):
        running_best([1.5], [1])
    with pytest.raises(ValueError, match="lengths differ"):
        running_best([1, 2], [1])
    with pytest.raises(ValueError, match="at least 1"):
        running_best([], [])
    with pytest.raises(ValueError, match=r"must be \(draws, entries\)"):
        frontier_probability([1.0, 2.0])
    with pytest.raises(ValueError, match="not finite"):
        frontier_probability([[1.0, math.nan]])
    with pytest.raises(ValueError, match=r"shape \(0, 2\)"):
        frontier_probability(np.empty((0, 2)))
