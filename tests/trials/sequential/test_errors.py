"""Error rates when every single observation is looked at, by simulation."""

import math

import numpy as np
import pytest
from benchmarks.sequential_whole import decide, log_wealth
from tests.simulations import lengths

from headtohead.stats.inputs import BoolArray, FloatArray, IntArray
from headtohead.trials.sequential import SequentialPlan

_RUNS, _N = 500, 1000
_SOME = pytest.mark.parametrize("runs", lengths(200, _RUNS))


def _pairs(seed: int, discordance: float, mean: float, n: int = _N) -> FloatArray:
    u = np.random.default_rng(seed).random((_RUNS, n))
    only_b = (discordance + mean) / 2
    return np.where(u < only_b, 1.0, np.where(u < discordance, -1.0, 0.0))


def _graded(seed: int, mean: float) -> FloatArray:
    u = np.random.default_rng(seed).beta(0.5, 0.5, (_RUNS, _N))
    return 0.8 * (u - 0.5) + mean


def _weighted(seed: int, mean: float) -> FloatArray:
    """A class sampled at half its share has weight 2, the other 0.5; both have the mean."""
    rare = np.random.default_rng(seed).random((_RUNS, _N)) < 1 / 3
    x: FloatArray = np.where(rare, 2.0, 0.5) * _pairs(seed + 1, 0.2, mean)
    return x


def _at_most(wrong: BoolArray | IntArray, promised: float) -> bool:
    """Whether no more runs are wrong (not 0) than is promised, within chance."""
    share = int(np.count_nonzero(wrong)) / wrong.size
    return share <= promised + 3 * math.sqrt(promised * (1 - promised) / wrong.size)


_WORLDS = {
    "rare, only A wins": (_pairs(1, 0.01, -0.01), SequentialPlan(0.01)),
    "rare": (_pairs(2, 0.015, -0.01), SequentialPlan(0.01)),
    "near 0 and 1": (_pairs(3, 0.05, -0.05), SequentialPlan(0.05)),
    "usual": (_pairs(4, 0.2, -0.05), SequentialPlan(0.05)),
    "always different": (_pairs(5, 1.0, -0.05), SequentialPlan(0.05, spread=1.0)),
    "wrong plan": (_pairs(6, 0.4, -0.05), SequentialPlan(0.05, design=0.3, spread=0.05, trust=200)),
    "graded": (_graded(7, -0.05), SequentialPlan(0.05)),
    "weighted": (_weighted(8, -0.05), SequentialPlan(0.05, bound=2.0)),
}


@pytest.mark.parametrize("world", _WORLDS)
@_SOME
def test_verdicts_err_no_more_than_promised(world: str, runs: int) -> None:
    """The truth is the margin itself, so that either verdict is wrong, and the interval misses."""
    x, plan = _WORLDS[world]
    found = decide(x[:runs], plan)
    assert _at_most(found.yes_at, 0.025)
    assert _at_most(found.no_at, 0.025)
    assert _at_most((found.yes_at > 0) | (found.no_at > 0), 0.05)


def test_the_errors_are_used() -> None:
    """Not so careful that it is blunt: one error in 40 is allowed, some must be made."""
    x, plan = _WORLDS["usual"]
    assert np.count_nonzero(decide(x, plan).yes_at) >= 2


@pytest.mark.parametrize("truth", [-0.2, 0.0, 0.1])
@_SOME
def test_interval_holds_the_truth_at_all_times(truth: float, runs: int) -> None:
    plan, x = SequentialPlan(0.05), _pairs(11, 0.3, truth)[:runs]
    most = np.maximum(log_wealth(x, truth, plan), log_wealth(-x, -truth, plan)).max(axis=1)
    assert _at_most(most >= plan.threshold, 0.05)


@pytest.mark.parametrize("truth", [0.0, 0.05])
@_SOME
def test_gives_up_rarely_where_the_plan_holds(truth: float, runs: int) -> None:
    found = decide(_pairs(12, 0.2, truth)[:runs], SequentialPlan(0.1, spread=0.45), give_up=0.1)
    gave_up = found.gave_up_at > 0
    gave_up &= (found.yes_at == 0) | (found.gave_up_at < found.yes_at)
    assert _at_most(gave_up, 0.1)
    assert np.mean((found.yes_at > 0) & ~gave_up) >= 0.88


def test_a_long_dependent_sequence_keeps_the_error() -> None:
    """The spread swings with the past; only the mean given the past must be the margin."""
    rng, plan = np.random.default_rng(13), SequentialPlan(0.05)
    x = np.empty((_RUNS, _N))
    wide = np.ones(_RUNS, dtype=bool)
    for i in range(_N):
        size = np.where(wide, 0.9, 0.05)
        x[:, i] = -0.05 + size * rng.choice([-1.0, 1.0], _RUNS)
        wide = x[:, i] < -0.05
    found = decide(x, plan)
    assert _at_most(found.yes_at, 0.025)
    assert _at_most(found.no_at, 0.025)
