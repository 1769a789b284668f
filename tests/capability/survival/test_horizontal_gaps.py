"""The days between two frontiers, level by level."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capability.survival.histories import HISTORY, History, exact, shaken
from tests.simulations import examples

from headtohead.capability.survival.gaps import horizontal_gap
from headtohead.capability.survival.sides import Side

_GRID = np.arange(0, 12, 0.5)


# ---------------------------------------------------------------- published example


def test_reproduces_epochs_area_between_curves() -> None:
    # Epoch AI (2024), "How far behind are open models?": an average horizontal distance. Of two
    # staircases with steps of 1 level, one 150 days after the other, it is 150 at every level.
    days = np.arange(0, 1000, 100)
    levels = np.arange(10.0)
    found = horizontal_gap(exact(days, levels), exact(days + 150, levels), [0.5, 3.2, 7], 2000)
    assert (found.mean.value, found.mean.low, found.mean.high) == (150, 150, 150)


# ---------------------------------------------------------------- second implementation


def _loop(
    leader: list[tuple[int, float]], other: list[tuple[int, float]], on_day: int
) -> tuple[list[int], int, int]:
    """Gaps of levels both reached, and how many one side alone had."""
    both, ours, theirs = [], 0, 0
    for level in _GRID:
        a = min((d for d, v in leader if v >= level and d <= on_day), default=None)
        b = min((d for d, v in other if v >= level and d <= on_day), default=None)
        if a is not None and b is not None:
            both.append(b - a)
        ours += a is not None and b is None
        theirs += a is None and b is not None
    return both, ours, theirs


@settings(max_examples=examples(100))
@given(HISTORY, HISTORY, st.integers(0, 35), st.integers(0, 99))
def test_agrees_with_loops(history: History, other: History, on_day: int, seed: int) -> None:
    leader, trailing = shaken(history, seed), shaken(other, seed + 1)
    loops = [
        _loop(
            list(zip(leader.days.tolist(), a, strict=True)),
            list(zip(trailing.days.tolist(), b, strict=True)),
            on_day,
        )
        for a, b in zip(leader.rows.tolist(), trailing.rows.tolist(), strict=True)
    ]
    both, ours, theirs = loops[0]
    if not both:
        with pytest.raises(ValueError, match=r"no level was reached by both|has no entry"):
            horizontal_gap(leader, trailing, _GRID, on_day, 0.5)
        return
    found = horizontal_gap(leader, trailing, _GRID, on_day, 0.5)
    assert found.mean.value == pytest.approx(np.mean(both))
    assert (found.both, found.only_leader, found.only_trailing) == (len(both), ours, theirs)
    for i, (both, _, _) in enumerate(loops[1:]):
        mean = np.mean(both) if both else math.nan
        assert found.means[i] == pytest.approx(mean, nan_ok=True)


# ---------------------------------------------------------------- corner cases


def test_levels_of_one_side_are_counted() -> None:
    leader, trailing = exact([100, 200], [10.0, 12.0]), exact([150], [10.0])
    found = horizontal_gap(leader, trailing, [9, 10, 11, 12, 13], 300)
    assert (found.both, found.only_leader, found.only_trailing) == (2, 2, 0)
    assert found.mean.value == 50
    turned = horizontal_gap(trailing, leader, [9, 10, 11, 12, 13], 300)
    assert (turned.mean.value, turned.only_trailing) == (-50, 2)


def test_draws_without_a_common_level_count_against_both_ends() -> None:
    drawn = np.full((100, 1), 10.0)
    drawn[:20] = 5.0
    leader = Side([100], [10.0], np.full((100, 1), 10.0))
    found = horizontal_gap(leader, Side([150], [10.0], drawn), [8.0], 200, 0.9)
    assert (found.mean.low, found.mean.value, found.mean.high) == (-math.inf, 50, math.inf)


def test_refuses_frontiers_that_share_nothing() -> None:
    leader, trailing = exact([10], [5.0]), exact([20], [3.0])
    with pytest.raises(ValueError, match="the leader's best is 5, the trailing side's 3"):
        horizontal_gap(leader, trailing, [4.0], 30)
    with pytest.raises(ValueError, match="the trailing side has no entry by day 15"):
        horizontal_gap(leader, trailing, [3.0], 15)
    with pytest.raises(ValueError, match="the leader has no entry by day 5"):
        horizontal_gap(leader, trailing, [3.0], 5)
    with pytest.raises(ValueError, match="at least 1"):
        horizontal_gap(leader, trailing, [], 30)
