"""One test, one observation at a time: the interval, the verdict, and how they hang together."""

import math

import numpy as np
import pytest
from benchmarks.sequential_whole import add_all, decide, log_wealth
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples, lengths

from headtohead.stats.inputs import FloatArray
from headtohead.trials.paired.differences import verdict
from headtohead.trials.sequential import Sequential, SequentialPlan, State

_PAIRS = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=150).map(np.array)
_SCORES = st.lists(st.floats(-1, 1), min_size=1, max_size=60).map(np.array)
_MARGINS = st.sampled_from([0.02, 0.1, 0.3, -0.1, 0.0])


def _states(x: FloatArray, plan: SequentialPlan) -> list[State]:
    test = Sequential(plan)
    return [test.add(float(value)) for value in x]


def _drawn(n: int, only_a: float, only_b: float, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.choice([-1.0, 0.0, 1.0], n, p=[only_a, 1 - only_a - only_b, only_b])


@settings(max_examples=examples(60))
@given(_PAIRS | _SCORES, _MARGINS)
def test_interval_and_verdict_are_one(x: FloatArray, margin: float) -> None:
    plan, before = SequentialPlan(margin), Sequential(SequentialPlan(margin)).state
    assert (before.n, before.low, before.high, before.verdict) == (0, -1, 1, "undecided")
    assert math.isnan(before.estimate)
    for state in _states(x, plan):
        assert before.low <= state.low <= state.high <= before.high
        assert (state.verdict == "yes") == (state.low > -margin)
        assert (state.verdict == "no") == (state.high < -margin)
        if margin >= 0:
            assert state.verdict == verdict(state.interval, margin)
        assert (state.first_decided_at is None) == (state.verdict == "undecided")
        if before.first_decided_at is not None:
            assert state.first_decided_at == before.first_decided_at
            assert state.verdict == before.verdict
        before = state
    assert state.estimate == pytest.approx(x.mean(), abs=1e-12)


@settings(max_examples=examples(60))
@given(_PAIRS | _SCORES, _MARGINS)
def test_agrees_with_whole_sequences(x: FloatArray, margin: float) -> None:
    plan = SequentialPlan(margin)
    found, last = decide(x, plan), _states(x, plan)[-1]
    at = [int(n) for n in (found.yes_at, found.no_at) if n]
    assert last.first_decided_at == (min(at) if at else None)
    assert last.log_wealth_yes == pytest.approx(log_wealth(x, plan.null, plan)[-1], abs=1e-8)


@settings(max_examples=examples(40))
@given(_PAIRS | _SCORES, _MARGINS)
def test_turning_everything_round_swaps_the_verdicts(x: FloatArray, margin: float) -> None:
    plan = SequentialPlan(margin, design=0.05 - margin)
    turned = SequentialPlan(-margin, design=margin - 0.05)
    ours, theirs = _states(x, plan)[-1], _states(-x, turned)[-1]
    swapped = {"yes": "no", "no": "yes", "undecided": "undecided"}
    assert theirs.verdict == swapped[ours.verdict]
    assert (theirs.low, theirs.high) == pytest.approx((-ours.high, -ours.low), abs=1e-9)
    assert theirs.first_decided_at == ours.first_decided_at


@pytest.mark.parametrize(("only_a", "only_b"), [(0.1, 0.1), (0.02, 0.3), (0.004, 0.006)])
@pytest.mark.parametrize("means", lengths(251, 1001))
def test_ends_agree_with_a_grid(only_a: float, only_b: float, means: int) -> None:
    """Every grid mean is tested at every moment; the ends may lag by 1% of n, never lead."""
    plan, x = SequentialPlan(0.05), _drawn(600, only_a, only_b)
    state = add_all(Sequential(plan), x)
    grid, step = np.linspace(-1, 1, means, retstep=True)
    for sign, end in ((1.0, state.low), (-1.0, -state.high)):
        refuted = [m for m in grid if log_wealth(sign * x, m, plan).max() >= plan.threshold]
        assert max(refuted) - 0.004 <= end < max(refuted) + step


def test_ties_alone_are_no_certainty() -> None:
    test = Sequential(SequentialPlan(0.05))
    early = add_all(test, np.zeros(20))
    assert early.verdict == "undecided"
    assert early.low == -early.high < -0.2
    late = add_all(test, np.zeros(480))
    # Not one loss in n still allows -log(0.025) / n or so: 0.0074 here.
    assert -0.02 < late.low < -0.0074
    assert late.verdict == "yes"
    assert late.first_decided_at is not None
    assert late.first_decided_at > 73  # what the exact fixed-sample test needs


def test_a_verdict_stays_when_the_data_turn() -> None:
    test = Sequential(SequentialPlan(0.05))
    first = add_all(test, np.ones(30))
    assert first.verdict == "yes"
    later = add_all(test, -np.ones(300))
    assert later.verdict == "yes"
    assert later.first_decided_at == first.first_decided_at
    assert later.low <= later.high
    assert later.interval.value == later.low > later.estimate


def test_weights_and_other_units_are_bounded_observations() -> None:
    rng, plan = np.random.default_rng(5), SequentialPlan(0.05, bound=3.0)
    x = rng.choice([0.5, 3.0], 3000, p=[0.8, 0.2]) * _drawn(3000, 0.02, 0.05)
    state = add_all(Sequential(plan), x)
    assert state.low < 0.03 < state.high
    assert state.verdict == "yes"


def test_gives_up_on_a_plan_that_fails() -> None:
    # Truly between the margin and the plan: B is worse, but hardly by the margin.
    x = _drawn(4000, 0.13, 0.09, seed=2)
    assert decide(x, SequentialPlan(0.05)).gave_up_at == 0
    found = decide(x, SequentialPlan(0.05, design=0.01), give_up=0.1)
    decided = [at for at in (int(found.yes_at), int(found.no_at)) if at]
    assert 0 < found.gave_up_at < min(decided, default=math.inf)


@pytest.mark.parametrize("n", lengths(2500, 10_000))
def test_the_ends_of_many_observations_are_found_seldom(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_at: list[int] = []
    narrow = Sequential._narrow

    def counted(self: Sequential) -> None:
        found_at.append(self._n)
        narrow(self)

    monkeypatch.setattr(Sequential, "_narrow", counted)
    state = add_all(Sequential(SequentialPlan(0.05)), _drawn(n, 0.1, 0.1))
    # Each time takes as long as there are observations: in all no longer than 200 times the last.
    assert sum(found_at) <= 200 * n
    assert found_at[-1] > 0.98 * n
    assert state.high - state.low < 0.05 * math.sqrt(10_000 / n)


def test_refuses_what_it_cannot_use() -> None:
    test = Sequential(SequentialPlan(0.1))
    for bad in (1.5, math.nan, -math.inf):
        with pytest.raises(ValueError, match="an observation is"):
            test.add(bad)
    assert test.state.n == 0
    assert decide(np.zeros((3, 0)), SequentialPlan(0.1)).yes_at.tolist() == [0, 0, 0]
