"""What must not change a lag, a catch-up time or a gap."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capability.survival.histories import HISTORY, History, entry_lag, rng, shaken
from tests.simulations import examples

from headtohead.capability.survival.catch_ups import catch_up
from headtohead.capability.survival.gaps import horizontal_gap
from headtohead.capability.survival.lags import Lag, side_lag
from headtohead.capability.survival.sides import Side
from headtohead.stats.inputs import FloatArray

_GRID = np.arange(2.0, 10)
_LEVEL = 0.5


def _numbers(
    leader: Side, trailing: Side, on_day: int, grid: FloatArray = _GRID, both: bool = True
) -> list[float]:
    """Every number of every estimator, or -1 where it is refused."""
    found: list[float] = []

    def add(made: Callable[[], list[float]]) -> None:
        try:
            found.extend(made())
        except ValueError:
            found.append(-1.0)

    def lag(at: Callable[[], Lag]) -> list[float]:
        one = at()
        interval = one.days
        return [
            interval.value,
            interval.low,
            interval.high,
            one.ahead,
            one.open,
            *one.draws,
        ]

    def times() -> list[float]:
        one = catch_up(leader, trailing, on_day, rng(), level=_LEVEL)
        spread = one.median
        intervals = (spread.scores, spread.both) if both else (spread.scores,)
        ends = [end for i in intervals for end in (i.value, i.low, i.high)]
        return [*one.durations, *one.observed, *one.medians, *ends]

    def gap() -> list[float]:
        one = horizontal_gap(leader, trailing, grid, on_day, _LEVEL)
        return [*one.means, one.mean.value, one.both, one.only_leader]

    day, value, draws = trailing.days.min(), trailing.values[0], trailing.draws[:, 0]
    add(lambda: lag(lambda: side_lag(leader, trailing, on_day, "release", _LEVEL)))
    add(lambda: lag(lambda: side_lag(leader, trailing, on_day, "as of", _LEVEL)))
    add(lambda: lag(lambda: entry_lag(leader, int(day), value, draws, None, _LEVEL)))
    add(times)
    add(gap)
    return found


def _same(a: list[float], b: list[float]) -> None:
    np.testing.assert_array_equal(a, b)


_GIVEN = given(HISTORY, HISTORY, st.integers(0, 35), st.integers(0, 99))


@settings(max_examples=examples(50))
@_GIVEN
def test_other_calendars_and_scales(a: History, b: History, on_day: int, seed: int) -> None:
    leader, trailing = shaken(a, seed), shaken(b, seed + 1)
    before = _numbers(leader, trailing, on_day)
    later = [Side(s.days + 700_000, s.values, s.draws) for s in (leader, trailing)]
    _same(before, _numbers(later[0], later[1], on_day + 700_000))
    curved = [Side(s.days, np.exp(s.values / 4), np.exp(s.draws / 4)) for s in (leader, trailing)]
    _same(before, _numbers(curved[0], curved[1], on_day, np.exp(_GRID / 4)))


@settings(max_examples=examples(50))
@_GIVEN
def test_another_order_of_entries(a: History, b: History, on_day: int, seed: int) -> None:
    leader, trailing = shaken(a, seed), shaken(b, seed + 1)
    order = rng(seed).permutation(leader.days.size)
    mixed = Side(leader.days[order], leader.values[order], leader.draws[:, order])
    _same(_numbers(leader, trailing, on_day), _numbers(mixed, trailing, on_day))
    # The first entry stays where it is: it is the one whose own lag is asked for.
    order = np.concatenate([[0], 1 + rng(seed).permutation(trailing.days.size - 1)])
    mixed = Side(trailing.days[order], trailing.values[order], trailing.draws[:, order])
    _same(_numbers(leader, trailing, on_day), _numbers(leader, mixed, on_day))


@settings(max_examples=examples(50))
@given(HISTORY, HISTORY, st.integers(0, 35), st.integers(0, 99), st.integers(0, 9))
def test_entries_below_the_frontier(
    a: History, b: History, on_day: int, seed: int, after: int
) -> None:
    leader, trailing = shaken(a, seed), shaken(b, seed + 1)
    before = _numbers(leader, trailing, on_day, both=False)

    def with_dud(side: Side) -> Side:
        # A dud before the first entry would be news: from when the side is known.
        day = side.days.min() + after
        return Side(
            np.append(side.days, day),
            np.append(side.values, -99.0),
            np.column_stack([side.draws, np.full(side.draws.shape[0], -99.0)]),
        )

    _same(before, _numbers(with_dud(leader), trailing, on_day, both=False))
    _same(before, _numbers(leader, with_dud(trailing), on_day, both=False))


@settings(max_examples=examples(50))
@_GIVEN
def test_entries_after_the_last_day(a: History, b: History, on_day: int, seed: int) -> None:
    leader, trailing = shaken(a, seed), shaken(b, seed + 1)
    last = max(on_day, int(leader.days.max()), int(trailing.days.max()))
    wide = [
        Side(
            np.append(s.days, last + 1),
            np.append(s.values, 99.0),
            np.column_stack([s.draws, np.full(s.draws.shape[0], 99.0)]),
        )
        for s in (leader, trailing)
    ]
    _same(_numbers(leader, trailing, on_day), _numbers(wide[0], wide[1], on_day))


def test_a_lag_grows_with_the_days_that_pass() -> None:
    leader, trailing = shaken([(0, 1.0), (5, 8.0), (9, 11.0)], 1), shaken([(10, 8.0)], 2)
    first, later = (side_lag(leader, trailing, day, "as of", _LEVEL) for day in (10, 17))
    behind = first.draws > 0
    assert later.draws[behind] == pytest.approx(first.draws[behind] + 7)
