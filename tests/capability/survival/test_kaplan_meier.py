"""Kaplan-Meier medians, row by row."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.capability.survival.histories import median_of
from tests.simulations import examples

from headtohead.capability.survival.catch_ups import row_medians

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
    # Venables and Ripley (2002), doi:10.1007/978-0-387-21706-2, section 13.1: 6-MP 23, placebo 8.
    assert median_of(_MP, _MP_ENDED) == 23
    assert median_of(_PLACEBO, [True] * 21) == 8


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(100))
@given(_ROWS, st.integers(1, 9))
def test_median_follows_the_unit(rows: _Rows, unit: int) -> None:
    durations, observed = _columns(rows)
    median = median_of(durations, observed)
    assert median_of(durations * unit, observed) == pytest.approx(median * unit)
    if observed.all():
        assert durations.min() <= median <= durations.max()


@settings(max_examples=examples(80))
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 3)), min_size=1))
def test_weights_are_repeats(rows: list[tuple[int, bool, int]]) -> None:
    durations, observed, weights = (np.array(column) for column in zip(*rows, strict=True))
    args = (durations[None].astype(float), observed[None], weights[None].astype(float))
    (median,) = row_medians(*args)
    if weights.sum() == 0:
        assert math.isnan(median)
        return
    time, ended = np.repeat(durations, weights), np.repeat(observed, weights)
    assert median == median_of(time, ended)


# ---------------------------------------------------------------- second implementation


@settings(max_examples=examples(60))
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=6, max_size=40))
def test_agrees_with_scipy(rows: _Rows) -> None:
    durations, observed = _columns(rows)
    if not observed.any():
        assert median_of(durations, observed) == math.inf
        return
    data = sp.CensoredData(uncensored=durations[observed], right=durations[~observed])
    curve = sp.ecdf(data).sf
    half = (curve.probabilities <= 0.5 + 1e-12) & np.isin(curve.quantiles, durations[observed])
    first = float(curve.quantiles[half].min()) if half.any() else math.inf
    assert median_of(durations, observed) >= first
    assert math.isinf(median_of(durations, observed)) == math.isinf(first)


# ---------------------------------------------------------------- degenerate input


def test_few_durations() -> None:
    assert median_of([3, 5, 8, 9, 11], [True] * 5) == 8
    assert median_of([4, 8], [True, True]) == 6
    assert median_of([4, 8], [True, False]) == 4
    assert median_of([1] + [9] * 30, [True] + [False] * 30) == math.inf
