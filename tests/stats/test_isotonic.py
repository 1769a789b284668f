"""The lowest price so far."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headtohead.stats.isotonic import step_envelope


def test_reproduces_r() -> None:
    # R's help page of cummin: cummin(c(3:1, 2:0, 4:2)) is 3 2 1 1 1 0 0 0 0.
    assert step_envelope(range(9), [3, 2, 1, 2, 1, 0, 4, 3, 2]).tolist() == [
        3, 2, 1, 1, 1, 0, 0, 0, 0,
    ]  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 12), st.floats(0, 100)), min_size=1, max_size=30))
def test_is_the_lowest_of_all_days_so_far(rows: list[tuple[int, float]]) -> None:
    days, prices = (list(column) for column in zip(*rows, strict=True))
    found = step_envelope(days, prices)
    assert found.tolist() == [min(p for d, p in rows if d <= day) for day in days]
    assert np.all(found <= prices)
    assert np.all(np.diff(found[np.argsort(days, kind="stable")]) <= 0)


def test_recovers_a_falling_price_under_mark_ups() -> None:
    rng = np.random.default_rng(1)
    days = np.arange(2000)
    truth = 10 * np.exp(-days / 700)
    found = step_envelope(days, truth * (1 + rng.exponential(0.3, 2000)))
    assert np.all(found[200:] >= truth[200:])
    assert np.median(found[200:] / truth[200:]) == pytest.approx(1, abs=0.06)


def test_refuses_what_is_no_price() -> None:
    with pytest.raises(ValueError, match="lengths differ"):
        step_envelope([1, 2], [1])
    with pytest.raises(ValueError, match="not finite"):
        step_envelope([1], [math.nan])
    with pytest.raises(ValueError, match="at least 1"):
        step_envelope([], [])
