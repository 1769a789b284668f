"""Lines through two frontiers, and the gap between them in levels and days."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capability.survival.histories import exact, rng, running_best, world
from tests.simulations import examples

from headtohead.capability.survival.gaps import block_weights, trend_gap
from headtohead.capability.survival.sides import Side
from headtohead.stats.inputs import FloatArray, IntArray

_YEAR = 365.25


def _fit(days: IntArray, values: FloatArray, since: int, on_day: int) -> tuple[float, float]:
    """Slope a year and height on the last day, by numpy's polyfit."""
    when, best = running_best(days[days <= on_day], values[days <= on_day])
    kept = when >= since
    a, b = np.polyfit((when[kept] - on_day) / _YEAR, best[kept], 1)
    return float(a), float(b)


# ---------------------------------------------------------------- worked example


def test_a_straight_frontier_is_its_own_line() -> None:
    # Epoch AI (2025), doi:10.48550/arXiv.2512.00193, reads the speed of progress off the slope
    # of the best models. 12 levels a year, 8 behind: 8 months.
    days = np.arange(0, 1000, 50)
    leader, trailing = exact(days, 100 + 12 / _YEAR * days), exact(days, 92 + 12 / _YEAR * days)
    found = trend_gap(leader, trailing, 0, 1000, rng())
    for spread, value in (
        (found.leader_slope, 12),
        (found.trailing_slope, 12),
        (found.level_gap, 8),
        (found.days, 8 * _YEAR / 12),
    ):
        assert spread.scores.value == pytest.approx(value)
        assert spread.both.low == pytest.approx(value)
        assert spread.both.high == pytest.approx(value)
    assert (found.leader_records, found.trailing_records) == (20, 20)


# ---------------------------------------------------------------- second implementation


@pytest.mark.parametrize("since", [-50, 0, 200])
def test_agrees_with_polyfit(since: int) -> None:
    w = world(rng(since + 60), draws=40)
    found = trend_gap(w.leader, w.trailing, since, 900, rng())
    for i, (ours, theirs) in enumerate(zip(w.leader.rows, w.trailing.rows, strict=True)):
        (a, top), (b, low) = (
            _fit(side.days, values, since, 900)
            for side, values in ((w.leader, ours), (w.trailing, theirs))
        )
        gap, days = top - low, (top - low) / a * _YEAR
        if i == 0:
            assert found.leader_slope.scores.value == pytest.approx(a)
            assert found.trailing_slope.scores.value == pytest.approx(b)
            assert found.level_gap.both.value == pytest.approx(gap)
            assert found.days.scores.value == pytest.approx(days)
        else:
            assert found.gap_draws[i - 1] == pytest.approx(gap)
            assert found.days_draws[i - 1] == pytest.approx(days)


def test_slope_agrees_with_numpys_line() -> None:
    w = world(rng(5), draws=40)
    found = trend_gap(w.leader, w.trailing, 0, 900, rng())
    when, best = running_best(w.leader.days, w.leader.values)
    assert found.leader_slope.scores.value == pytest.approx(np.polyfit(when / _YEAR, best, 1)[0])


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(40))
@given(st.integers(0, 99), st.floats(0.1, 20), st.floats(-50, 50), st.integers(-400, 400))
def test_a_change_of_scale_leaves_the_days(seed: int, by: float, plus: float, later: int) -> None:
    w = world(rng(seed), draws=40)
    sides = [
        Side(s.days + later, s.values * by + plus, s.draws * by + plus)
        for s in (w.leader, w.trailing)
    ]
    plain = trend_gap(w.leader, w.trailing, 0, 900, rng())
    moved = trend_gap(sides[0], sides[1], later, 900 + later, rng())
    for end in ("value", "low", "high"):
        for interval in ("scores", "both"):
            (a, b), (c, d) = (
                [getattr(getattr(x, interval), end) for x in (f.days, f.level_gap)]
                for f in (plain, moved)
            )
            assert c == pytest.approx(a, abs=1e-6)
            assert d == pytest.approx(b * by, abs=1e-6)


def test_three_neighbouring_records_share_a_weight() -> None:
    side = exact(np.arange(14), [0.0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    weights = block_weights(side.front(13), rng())
    assert np.all(weights[0] == 1)
    assert np.all(weights[:, 3] == weights[:, 2])  # day 3 set no record
    runs = np.diff(np.delete(weights[1:], 3, axis=1), axis=1) != 0
    for row in runs:
        ends = np.flatnonzero(row)
        assert np.all(np.diff(ends) == 3)
        assert ends[0] < 3
    assert len({int(np.argmax(row)) for row in runs}) == 3  # blocks begin anywhere


# ---------------------------------------------------------------- corner cases


def test_draws_with_too_few_records_count_against_both_ends() -> None:
    days, values = [100, 200, 300, 400], np.array([1.0, 2.0, 3.0, 4.0])
    drawn = np.tile(values, (100, 1))
    drawn[:20, 0] = 9.0  # the only record of that draw
    leader = Side(days, values, drawn)
    trailing = Side(days, values - 1, np.tile(values - 1, (100, 1)))
    found = trend_gap(leader, trailing, 0, 500, rng(), level=0.9)
    assert np.count_nonzero(np.isnan(found.gap_draws)) == 20
    for interval in (found.level_gap.scores, found.days.scores):
        assert (interval.low, interval.high) == (-math.inf, math.inf)


def test_refuses_what_has_no_line() -> None:
    good, two = exact([1, 2, 3], [1.0, 2.0, 3.0]), exact([1, 2, 3], [1.0, 2.0, 2.0])
    with pytest.raises(ValueError, match="the trailing side has 2 records since day 0"):
        trend_gap(good, two, 0, 9, rng())
    with pytest.raises(ValueError, match="the leader has 2 records since day 2"):
        trend_gap(good, good, 2, 9, rng())
    with pytest.raises(ValueError, match="the leader has 0 records"):
        trend_gap(good, good, -9, 0, rng())
    with pytest.raises(ValueError, match="lies after"):
        trend_gap(good, good, 9, 8, rng())
    # Three records say nothing of other records.
    alone = trend_gap(good, good, 0, 9, rng()).level_gap
    assert (alone.scores.low, alone.both.low, alone.both.high) == (0, -math.inf, math.inf)
