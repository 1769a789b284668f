"""What a side accepts, and when draws are too few."""

import math

import numpy as np
import pytest
from tests.capability.survival.histories import exact, rng

from headtohead.capability.survival.lags import side_lag
from headtohead.capability.survival.sides import Side, drawn_interval


def test_rows_are_the_values_and_then_the_draws() -> None:
    side = Side([5, 3], [1, 2], [[0, 4], [9, 8], [2, 2]])
    assert side.rows.tolist() == [[1, 2], [0, 4], [9, 8], [2, 2]]
    found = side.front(5)
    assert found.days.tolist() == [3, 5]
    assert found.best.tolist() == [[2, 2], [4, 4], [8, 9], [2, 2]]
    assert found.records(5)[:, 1].tolist() == [False, False, True, False]
    assert not found.records(5)[:, 0].any()
    assert found.records()[:, 0].all()
    assert found.reached(np.array([2.0, 5.0])).tolist() == [[0, 2], [0, 2], [0, 0], [0, 2]]
    assert side.front(2).days.size == 0


def test_refuses_draws_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 1\); it must be \(draws, 2\)"):
        Side([1, 2], [1, 2], [[1], [2]])
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        Side([1, 2], [1, 2], [1, 2])
    with pytest.raises(ValueError, match="not finite"):
        Side([1], [1], [[math.inf]])
    with pytest.raises(ValueError, match="lengths differ"):
        Side([1], [1, 2], [[1, 2]])
    with pytest.raises(ValueError, match="draw them together"):
        side_lag(exact([1], [1]), Side([1], [1], [[1]]), 3)


def test_few_draws_cannot_show_a_high_level() -> None:
    rows = np.arange(20.0)  # a point and 19 draws
    found = drawn_interval(rows, 0.9)
    assert (found.value, found.low, found.high) == (0, 0, 19)
    with pytest.raises(ValueError, match=r"19 draws cannot show a level of 0[.]95; 39 are needed"):
        drawn_interval(rows, 0.95)
    assert drawn_interval(np.arange(40.0), 0.95).high == 39


def test_resampling_one_unit_says_nothing() -> None:
    rows = np.concatenate([[0.0], rng().normal(size=400)])
    open_ = drawn_interval(rows, 0.9, -9.0, units=1)
    assert (open_.low, open_.high) == (-9, math.inf)
    plain = drawn_interval(rows, 0.9)
    widths = [drawn_interval(rows, 0.9, units=n).width for n in (4, 12, 100)]
    assert widths[0] > widths[1] > widths[2] >= plain.width
