"""Lags at release and as of a day, from values, standard errors and joint draws."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capability.survival.histories import (
    HISTORY,
    MONTH,
    History,
    columns,
    entry_lag,
    exact,
    rng,
    shaken,
)
from tests.simulations import examples

from headtohead.capability.survival.lags import CLOCKS, Clock, side_lag
from headtohead.capability.survival.sides import Side

# Epoch Capabilities Index, edition of 2026-08-11 (CC-BY-4.0): US records of a year.
_US_DAYS = [
    day.toordinal()
    for day in (
        date(2024, 12, 20),
        date(2025, 6, 10),
        date(2025, 8, 7),
        date(2025, 10, 7),
        date(2025, 11, 18),
        date(2025, 12, 11),
        date(2026, 2, 5),
        date(2026, 3, 5),
        date(2026, 4, 23),
    )
]
_US_INDEX = [146.90, 147.54, 150.00, 150.33, 153.20, 155.03, 155.69, 158.46, 161.49]


# ---------------------------------------------------------------- published examples


def test_lag_reproduces_caisi() -> None:
    # NIST's CAISI, evaluation of DeepSeek V4 Pro (May 2026): about 8 months behind, near
    # GPT-5 of 2025-08-07. Epoch's index puts V4 Pro, of 2026-04-24, at 149.07.
    released = date(2026, 4, 24).toordinal()
    lag = (date(2026, 4, 24) - date(2025, 8, 7)).days
    assert lag / MONTH == pytest.approx(8, abs=0.6)
    found = entry_lag(exact(_US_DAYS, _US_INDEX), released, 149.07, [149.07] * 40)
    assert (found.days.low, found.days.value, found.days.high) == (lag, lag, lag)
    assert found.matched == 2
    # A month later the model is a month further behind.
    later = entry_lag(exact(_US_DAYS, _US_INDEX), released, 149.07, [149.07] * 40, released + 30)
    assert later.days.value == lag + 30


# ---------------------------------------------------------------- second implementation


def _walk(days: list[int], values: list[float], value: float, clock: int) -> int | None:
    """The lag by walking back day by day."""
    found: int | None = 0
    for day in range(clock, -1, -1):
        if any(d == day and v >= value for d, v in zip(days, values, strict=True)):
            found = None if day == min(days) else clock - day
    return found


@settings(max_examples=examples(150))
@given(HISTORY, st.integers(0, 12).map(float), st.integers(0, 40))
def test_lag_agrees_with_walking_the_days(history: History, value: float, on_day: int) -> None:
    days, values = columns(history)
    if min(days) > on_day:
        with pytest.raises(ValueError, match="no entry by day"):
            entry_lag(exact(days, values), on_day, value, [value] * 40, on_day)
        return
    expected = _walk(days, values, value, on_day)
    certain = entry_lag(exact(days, values), on_day, value, [value] * 40, on_day).days
    if expected is None:
        assert (certain.value, certain.high) == (on_day - min(days), math.inf)
    else:
        assert (certain.low, certain.value, certain.high) == (expected,) * 3


@settings(max_examples=examples(150))
@given(HISTORY, HISTORY, st.integers(0, 35), st.integers(0, 99), st.sampled_from(CLOCKS))
def test_side_lag_agrees_with_one_draw_at_a_time(
    history: History, other: History, on_day: int, seed: int, clock: Clock
) -> None:
    leader, trailing = shaken(history, seed), shaken(other, seed + 1)
    days, late = leader.days.tolist(), trailing.days.tolist()
    expected, starts, tops = [], [], []
    for ours, theirs in zip(leader.rows.tolist(), trailing.rows.tolist(), strict=True):
        known = [(v, -d) for d, v in zip(late, theirs, strict=True) if d <= on_day]
        if not known:
            with pytest.raises(ValueError, match="trailing side has no entry"):
                side_lag(leader, trailing, on_day, clock, 0.5)
            return
        value, minus_day = max(known)
        start = -minus_day if clock == "release" else on_day
        expected.append(_walk(days, ours, value, start))
        starts.append(start)
        tops.append(value)
        if len(expected) == 1 and min(days) > start:
            with pytest.raises(ValueError, match="the leader has no entry"):
                side_lag(leader, trailing, on_day, clock, 0.5)
            return
    found = side_lag(leader, trailing, on_day, clock, 0.5)
    assert found.draws.tolist() == [math.inf if e is None else e for e in expected[1:]]
    assert found.open == pytest.approx(np.mean([e is None for e in expected[1:]]))
    if expected[0] is None:
        assert found.days.high == math.inf
    else:
        assert found.days.value == expected[0]
    if found.matched is None:
        assert expected[0] == 0
    else:
        assert leader.values[found.matched] >= tops[0]
        assert leader.days[found.matched] == starts[0] - found.days.value


# ---------------------------------------------------------------- coverage


def test_side_lag_covers_its_truth_where_errors_are_independent() -> None:
    source = rng(3)
    hits = total = 0
    for _ in range(400):
        days, late = np.sort(source.choice(900, 40, False)), np.sort(source.choice(900, 20, False))
        truth = 100 + 0.04 * days + source.normal(0, 3, 40)
        theirs = 100 + 0.04 * (late - 230) + source.normal(0, 3, 20)
        top = float(theirs.max())
        true = entry_lag(exact(days, truth), 900, top, [top] * 40, 900)
        if true.open:
            continue
        seen, seen_theirs = source.normal(truth, 1), source.normal(theirs, 1)
        found = side_lag(
            Side(days, seen, source.normal(seen, 1, (400, 40))),
            Side(late, seen_theirs, source.normal(seen_theirs, 1, (400, 20))),
            900,
            "as of",
        ).days
        hits += found.low <= true.days.value <= found.high
        total += 1
    # Redrawing noisy estimates and steps in time both err on the wide side.
    assert hits / total > 0.95


# ---------------------------------------------------------------- corner cases


def test_lag_of_what_the_leader_always_had_is_open() -> None:
    days, values = [100, 200, 300], [10.0, 12.0, 14.0]
    leader = Side(days, values, rng().normal(values, 0.1, (400, 3)))
    found = entry_lag(leader, 400, 9, [9] * 400, 400).days
    assert (found.value, found.low, found.high) == (300, 300, math.inf)
    ahead = side_lag(leader, Side([100, 200], [15.0, 3.0], [[15.0, 3.0]] * 400), 400, "as of").days
    assert (ahead.low, ahead.value, ahead.high) == (0, 0, 0)
    # On the leader's own first day nothing is known of before.
    same_day = entry_lag(leader, 100, 9, [9] * 400, 100).days
    assert (same_day.value, same_day.low, same_day.high) == (0, 0, math.inf)


def test_the_two_clocks_and_their_shares() -> None:
    leader = exact([100, 200, 300], [10.0, 12.0, 14.0])
    trailing = exact([250, 320], [11.0, 11.0])
    release = side_lag(leader, trailing, 400)
    assert (release.days.value, release.matched) == (50, 1)
    as_of = side_lag(leader, trailing, 400, "as of")
    assert as_of.days.value == 200
    # The leader's entry of day 300 does not count at a release of day 250.
    ahead = side_lag(leader, exact([250], [13.0]), 400)
    assert (ahead.days.high, ahead.ahead, ahead.matched) == (0, 1, None)
    assert side_lag(leader, exact([250], [13.0]), 400, "as of").days.value == 100
    always = side_lag(leader, exact([250], [9.0]), 400)
    assert (always.days.low, always.days.value, always.days.high) == (150, 150, math.inf)
    assert (always.open, always.matched, always.draws[0]) == (1, 0, math.inf)


@pytest.mark.parametrize(("share", "high"), [(0.02, 100.0), (0.1, math.inf)])
def test_the_high_end_opens_with_more_than_the_tail(share: float, high: float) -> None:
    n = 500
    values = np.array([10.0, 12.0, 14.0])
    drawn = np.tile(values, (n, 1))
    drawn[: int(n * share), 0] = 11.5  # the leader may have had 11 from the start
    found = side_lag(
        Side([100, 200, 300], values, drawn), Side([300], [11.0], np.full((n, 1), 11.0)), 300
    )
    assert found.open == pytest.approx(share)
    assert (found.days.low, found.days.value, found.days.high) == (100, 100, high)


def test_a_release_before_the_leader_began_is_ahead_in_that_draw() -> None:
    trailing = Side([50, 300], [8.0, 9.0], np.array([[9.5, 9.0], [8.0, 9.0]] * 20))
    found = side_lag(exact([100, 200], [9.0, 10.0]), trailing, 300, "release", 0.9)
    assert found.ahead == 0.5
    assert found.draws[:2].tolist() == [0, math.inf]


def test_later_entries_do_not_count() -> None:
    days, values = [100, 200, 300], [10.0, 12.0, 14.0]
    leader = Side(days, values, rng().normal(values, [1e-9, 1e-9, 9], (400, 3)))
    early = entry_lag(leader, 250, 11, [11] * 400, 250).days
    assert (early.low, early.value, early.high) == (50, 50, 50)
    late = side_lag(exact(days, values), exact([240, 251], [11.0, 13.0]), 250)
    assert late.days.value == 40


def test_refuses_what_has_no_lag() -> None:
    leader, trailing = exact([10], [1.0]), exact([20], [1.0])
    with pytest.raises(ValueError, match="trailing side has no entry by day 15; its first is 20"):
        side_lag(leader, trailing, 15)
    with pytest.raises(ValueError, match="the leader has no entry by day 20; its first is 30"):
        side_lag(exact([30], [1.0]), trailing, 40)
    with pytest.raises(ValueError, match="clock is"):
        side_lag(leader, trailing, 30, "noon")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="draw them together"):
        entry_lag(leader, 20, 1.0, [1.0] * 41)
