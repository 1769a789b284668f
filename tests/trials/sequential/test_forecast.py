"""Forecasts beside what simulation finds."""

import math

import numpy as np
import pytest
from benchmarks.sequential_whole import add_all, chance, decide

from headtohead.stats.inputs import FloatArray
from headtohead.trials.power import Assumed
from headtohead.trials.sequential import Sequential, SequentialPlan


def _pairs(seed: int, runs: int, n: int, discordance: float, mean: float) -> FloatArray:
    u = np.random.default_rng(seed).random((runs, n))
    only_b = (discordance + mean) / 2
    return np.where(u < only_b, 1.0, np.where(u < discordance, -1.0, 0.0))


def _taken(x: FloatArray, plan: SequentialPlan) -> FloatArray:
    found = decide(x, plan)
    at = np.where(found.yes_at > 0, found.yes_at, found.no_at)
    return np.where(at > 0, at, x.shape[1]).astype(np.float64)


def test_needed_is_about_right_half_way() -> None:
    """From the middle of runs whose mean is the truth so far."""
    plan, begun = SequentialPlan(0.1, spread=0.45), np.tile([1.0, -1.0] + 8 * [0.0], 6)
    test = Sequential(plan)
    assert add_all(test, begun).verdict == "undecided"
    runs = np.hstack([np.tile(begun, (60, 1)), _pairs(3, 60, 1500, 0.2, 0.0)])
    assert test.needed() == pytest.approx(np.mean(_taken(runs, plan) - 60), rel=0.25)


def test_nothing_decides_on_the_margin() -> None:
    plan = SequentialPlan(0.1, spread=0.5)
    test = Sequential(plan)
    assert test.needed() == math.inf
    add_all(test, [-1.0] + 9 * [0.0])
    assert test.needed() == math.inf


def test_a_verdict_needs_no_more() -> None:
    test = Sequential(SequentialPlan(0.1))
    add_all(test, np.ones(40))
    assert test.needed() == 0
    assert chance(np.ones(40), 0, test.plan) == 1


def test_chance_of_the_rest() -> None:
    seen = np.tile([-1.0, 0, 0, 0, 1.0, 0, 0, 0, 0, 0], 20)
    plan = SequentialPlan(0.05, spread=0.45)
    chances = [chance(seen, more, plan) for more in (0, 50, 200, 1000, 5000)]
    assert chances == sorted(chances)
    assert chances[0] == 0
    assert chances[-1] > 0.8


def test_ties_alone_need_about_what_the_fixed_test_needs() -> None:
    test = Sequential(SequentialPlan(0.05))
    add_all(test, np.zeros(60))
    more = test.needed()
    state = add_all(test, np.zeros(200))
    assert state.first_decided_at is not None
    assert state.first_decided_at - 60 == pytest.approx(more, abs=25)
    fixed = Assumed(kind="binary", margin=0.05, spread=0, power=0.9).size().formula_n
    assert fixed <= state.first_decided_at < 120
