"""Catch-up times of records, and their median from joint draws."""

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
    catch_up_times,
    columns,
    exact,
    median_of,
    rng,
    running_best,
    shaken,
)
from tests.simulations import examples

from headtohead.capability.survival.catch_ups import catch_up
from headtohead.capability.survival.sides import Side

# ---------------------------------------------------------------- published examples


def test_catch_up_reproduces_epoch() -> None:
    # Epoch AI (2026), "Chinese AI models have lagged the US frontier by 7 months on average
    # since 2023": GPT-4 of March 2023 was first matched in May 2024, 14 months later.
    leader, trailing = [date(2023, 3, 14).toordinal()], [date(2024, 5, 7).toordinal()]
    on_day = date(2024, 12, 1).toordinal()
    found = catch_up_times(leader, [1.0], trailing, [1.0], on_day)
    assert round(found.durations[0] / MONTH) == 14
    assert found.observed.tolist() == [True]
    joint = catch_up(exact(leader, [1.0]), exact(trailing, [1.0]), on_day, rng())
    assert joint.median.scores.value == found.durations[0]
    # One record says nothing of other records.
    assert (joint.median.both.low, joint.median.both.high) == (0, math.inf)


# ---------------------------------------------------------------- second implementation


@settings(max_examples=examples(100))
@given(HISTORY, HISTORY, st.integers(0, 20))
def test_catch_up_agrees_with_looking_up_each_record(
    leader: History, other: History, since: int
) -> None:
    args = (*columns(leader), *columns(other), 40)
    records = list(zip(*running_best(*columns(leader)), strict=True))
    records = [(day, level) for day, level in records if day >= since]
    if not records:
        with pytest.raises(ValueError, match="no record from day"):
            catch_up_times(*args, since)
        return
    found = catch_up_times(*args, since)
    assert list(zip(found.days, found.levels, strict=True)) == records
    for i, (day, level) in enumerate(records):
        reached = [d for d, v in other if v >= level]
        assert found.observed[i] == bool(reached)
        assert found.durations[i] == (max(min(reached) - day, 0) if reached else 40 - day)


@settings(max_examples=examples(60))
@given(HISTORY, HISTORY, st.integers(0, 99))
def test_medians_agree_with_one_draw_at_a_time(history: History, other: History, seed: int) -> None:
    leader, trailing = shaken(history, seed), shaken(other, seed + 1)
    found = catch_up(leader, trailing, 40, rng(seed), level=0.5)
    expected = []
    for ours, theirs in zip(leader.rows, trailing.rows, strict=True):
        times = catch_up_times(leader.days, ours, trailing.days, theirs, 40)
        expected.append(median_of(times.durations, times.observed))
    assert found.median.scores.value == found.median.both.value == expected[0]
    assert found.medians.tolist() == expected[1:]


def test_certain_scores_leave_the_records() -> None:
    source = rng(4)
    days = np.sort(source.choice(2000, 25, False))
    levels = np.arange(25.0)
    late = np.maximum.accumulate(days + source.integers(50, 400, 25))
    leader, trailing = exact(days, levels), Side(late, levels, np.tile(levels, (40, 1)))
    found = catch_up(leader, trailing, 2100, rng(), level=0.9)
    alone = median_of(found.durations, found.observed)
    scores, both = found.median.scores, found.median.both
    assert scores.low == scores.value == scores.high == alone
    assert both.low < both.value < both.high


def test_records_closed_together_are_one_piece_of_evidence() -> None:
    days, levels = np.arange(0, 240, 10), np.arange(24.0)
    one_by_one = catch_up(exact(days, levels), exact(days + 100, levels), 400, rng(), level=0.9)
    at_once = catch_up(exact(days, levels), exact([330], [30.0]), 400, rng(), level=0.9)
    assert one_by_one.median.both.high == 100
    assert at_once.observed.all()
    assert (at_once.median.both.low, at_once.median.both.high) == (0, math.inf)


@pytest.mark.parametrize(("closers", "high"), [(4, math.inf), (5, 140.0)])
def test_too_few_closing_entries_say_nothing(closers: int, high: float) -> None:
    days, levels = np.arange(0, 50, 10), np.arange(5.0)
    late = np.array([100, 120, 140, 160, 180])[:closers]
    closing = exact(late, np.append(levels[: closers - 1], 9.0))
    found = catch_up(exact(days, levels), closing, 400, rng(), level=0.9)
    assert found.observed.all()
    assert found.median.both.high == high


# ---------------------------------------------------------------- corner cases


def test_later_entries_do_not_count() -> None:
    days, values = [100, 200, 300], [10.0, 12.0, 14.0]
    found = catch_up_times(days, values, [150, 320], [10, 14], 310)
    assert found.durations.tolist() == [50, 110, 10]
    assert found.observed.tolist() == [True, False, False]
    nobody = catch_up_times(days, values, [320], [14], 310)
    assert not nobody.observed.any()
    assert nobody.durations.tolist() == [210, 110, 10]
    joint = catch_up(exact(days, values), exact([320], [14.0]), 310, rng())
    for spread in (joint.median.scores, joint.median.both):
        assert (spread.value, spread.high) == (math.inf, math.inf)


def test_since_keeps_what_was_a_record_at_the_time() -> None:
    args = ([100, 200, 300, 400], [10.0, 9.0, 12.0, 11.0], [500], [20.0], 600)
    found = catch_up_times(*args, since=150)
    assert (found.days.tolist(), found.levels.tolist()) == ([300], [12.0])


def test_a_draw_without_a_record_counts_against_both_ends() -> None:
    drawn = np.tile([10.0, 12.0], (100, 1))
    drawn[:20, 0] = 13.0  # in these, day 200 sets no record
    found = catch_up(
        Side([100, 200], [10.0, 12.0], drawn),
        Side([260], [13.0], np.full((100, 1), 13.0)),
        400,
        rng(),
        since=150,
        level=0.9,
    )
    assert np.count_nonzero(np.isnan(found.medians)) == 20
    scores = found.median.scores
    assert (scores.low, scores.value, scores.high) == (0, 60, math.inf)


def test_all_equal_values_are_one_record() -> None:
    found = catch_up(exact([1, 5, 9], [3.0] * 3), exact([7, 8], [3.0] * 2), 20, rng())
    assert (found.durations.tolist(), found.median.scores.value) == ([6.0], 6)


def test_refuses_what_cannot_be_caught_up() -> None:
    with pytest.raises(ValueError, match="no entry by day 5"):
        catch_up(exact([10], [1.0]), exact([1], [1.0]), 5, rng())
    with pytest.raises(ValueError, match="no record from day 4 to day 5"):
        catch_up(exact([1], [1.0]), exact([1], [1.0]), 5, rng(), since=4)
