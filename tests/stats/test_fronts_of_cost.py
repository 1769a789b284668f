"""Fronts of cost and value."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples, lengths, slack

from headtohead.stats import fronts
from headtohead.stats.fronts import (
    Drawn,
    cheapest_as_good,
    front_probability,
    pareto_front,
    resampled,
    same_quality,
)
from headtohead.stats.inputs import FloatArray

_POINTS = st.lists(
    st.tuples(st.integers(0, 6).map(float), st.integers(0, 6).map(float)), min_size=1, max_size=25
)


def test_reproduces_moocore() -> None:
    # moocore's reference page of is_nondominated (both columns minimised, equals kept):
    # [[1, 1], [0, 1], [1, 0], [1, 0]] gives False, True, True, True.
    rows = np.array([[1, 1], [0, 1], [1, 0], [1, 0]], dtype=float)
    assert pareto_front(rows[:, 0], -rows[:, 1]).tolist() == [False, True, True, True]


def test_front_size_of_unrelated_points_is_harmonic() -> None:
    # Barndorff-Nielsen and Sobel (1966), doi:10.1137/1111020: of n points whose two
    # coordinates are independent, 1 + 1/2 + ... + 1/n are expected on the front.
    rng = np.random.default_rng(1)
    sizes = [pareto_front(*rng.random((2, 20))).sum() for _ in range(1500)]
    expected = sum(1 / i for i in range(1, 21))
    assert np.mean(sizes) == pytest.approx(expected, abs=0.1)


@settings(max_examples=examples(200))
@given(_POINTS)
def test_agrees_with_comparing_every_pair(points: list[tuple[float, float]]) -> None:
    cost, value = np.array(points).T
    mask = pareto_front(cost, value)
    beaten = [
        any(
            cost[j] <= cost[i]
            and value[j] >= value[i]
            and (cost[j] < cost[i] or value[j] > value[i])
            for j in range(cost.size)
        )
        for i in range(cost.size)
    ]
    assert mask.tolist() == [not b for b in beaten]


@settings(max_examples=examples(100))
@given(_POINTS)
def test_front_rises_with_cost(points: list[tuple[float, float]]) -> None:
    cost, value = np.array(points).T
    mask = pareto_front(cost, value)
    assert mask.any()
    pairs = sorted(set(zip(cost[mask], value[mask], strict=True)))
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(pairs))


def test_probability_of_two_is_normal() -> None:
    # The dearer of two is on the front where it is better: Phi of the gap over its error.
    rng = np.random.default_rng(2)
    found = front_probability([1, 2], [10, 11], [0.8, 1.5], rng, 40_000)
    assert found[0] == 1
    assert found[1] == pytest.approx(float(sp.norm.cdf(1 / math.hypot(0.8, 1.5))), abs=0.01)


def test_probability_recovers_how_often_an_entrant_is_on_the_front() -> None:
    rng = np.random.default_rng(3)
    cost, truth, sd = np.arange(6.0), np.array([1, 3, 2.5, 4, 3.9, 4.4]), 0.4
    often = np.mean([pareto_front(cost, rng.normal(truth, sd)) for _ in range(2000)], axis=0)
    assert front_probability(cost, truth, sd, rng, 4000) == pytest.approx(often, abs=0.04)


def test_certain_values_are_certain() -> None:
    rng = np.random.default_rng(4)
    cost, value = [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]
    assert front_probability(cost, value, 0, rng).tolist() == [1, 1, 0]


def test_many_draws_come_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    n, cells = 40, fronts._CELLS
    found = []
    for block in (cells, 3 * n):
        monkeypatch.setattr(fronts, "_CELLS", block)
        rng = np.random.default_rng(5)
        found.append(front_probability(np.arange(n), np.arange(n), 2, rng, 100).tolist())
    assert found[0] == found[1]
    assert min(found[0]) < 1


ITEMS = np.arange(60)
SCORES = np.column_stack(
    [ITEMS * 7 % 10 < 4, ITEMS * 3 % 10 < 5, ITEMS * 11 % 10 < 7, ITEMS * 13 % 20 < 13]
).astype(float)
COSTS = np.column_stack(
    [
        0.01 + 0.002 * (ITEMS % 5),
        0.02 + 0.004 * (ITEMS % 3),
        0.05 + 0.01 * (ITEMS % 7),
        0.04 + 0.03 * (ITEMS % 4),
    ]
)


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        # honestboard 0.6.1, pareto_frontier(B=20_000, seed=1), undominated_frequency: with one
        # cost a system, and with the cost of each task drawn with its outcome.
        (np.tile(COSTS.mean(axis=0), (60, 1)), [1.0, 0.80675, 0.9745, 0.25225]),
        (COSTS, [1.0, 0.80675, 0.93975, 0.33225]),
    ],
    ids=["one cost a system", "costs by task"],
)
def test_agrees_with_honestboard(costs: FloatArray, expected: list[float]) -> None:
    drawn = resampled(costs, SCORES, np.random.default_rng(1), rounds=20_000)
    assert drawn.on_front().tolist() == [True, True, True, False]
    assert drawn.front_chance() == pytest.approx(expected, abs=0.012)


@settings(max_examples=examples(60))
@given(st.integers(0, 10_000))
def test_fronts_of_draws_are_the_front_of_each(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs, values = rng.integers(0, 4, (2, 12, 6)).astype(float)
    drawn = Drawn(costs[0], values[0], costs, values)
    each = [pareto_front(c, v) for c, v in zip(costs, values, strict=True)]
    assert drawn.front_chance() == pytest.approx(np.mean(each, axis=0))


def test_clusters_are_drawn_whole() -> None:
    rng = np.random.default_rng(7)
    items = rng.normal(size=(200, 2))
    apart, together = (
        resampled(np.exp(items), items, rng, clusters=code)
        for code in (None, np.repeat(np.arange(10), 20))
    )
    blocks = items.reshape(10, 20, 2).mean(axis=1).std(axis=0) / np.sqrt(10)
    assert together.values.std(axis=0) == pytest.approx(blocks, rel=0.15)
    assert apart.values.std(axis=0) == pytest.approx(items.std(axis=0) / np.sqrt(200), rel=0.15)


@pytest.mark.parametrize("rounds", lengths(60, 2000))
def test_a_saving_holds_the_truth_as_often_as_it_says(rounds: int) -> None:
    # Costs of an item go together; the second saves three quarters of the first's mean cost.
    rng = np.random.default_rng(8)
    held = []
    for _ in range(rounds):
        hard = rng.gamma(2.0, 1.0, 80)
        costs = np.column_stack([hard, 0.25 * hard]) * rng.gamma(4.0, 0.25, (80, 2))
        scores = (rng.random((80, 2)) < 0.6).astype(float)
        found = resampled(costs, scores, rng, rounds=300).saving(0, 1, 0.8)
        held.append(found.low <= 0.75 <= found.high)
    assert np.mean(held) == pytest.approx(0.8, abs=max(0.03, slack(0.8, rounds)))


def test_the_cheapest_that_is_surely_as_good_is_picked() -> None:
    rng = np.random.default_rng(9)
    value = np.array([0.80, 0.79, 0.70, 0.81])
    cost = np.array([1.0, 0.3, 0.1, 0.5])
    values = value + 0.005 * rng.standard_normal((2000, 4))
    drawn = Drawn(cost, value, np.tile(cost, (2000, 1)), values)
    everyone = np.ones(4, dtype=bool)
    assert cheapest_as_good(drawn, 0, 0.03, among=everyone) == 1
    assert cheapest_as_good(drawn, 0, 0.0, among=everyone) is None
    assert cheapest_as_good(drawn, 0, 0.2, among=everyone) == 2
    assert cheapest_as_good(drawn, 0, 0.2, among=np.array([True, True, False, True])) == 1
    assert cheapest_as_good(drawn, 2, 0.2, among=everyone) is None
    assert drawn.saving(0, 1).value == pytest.approx(0.7)


def test_refuses_what_cannot_be_compared() -> None:
    rng = np.random.default_rng(6)
    with pytest.raises(ValueError, match="lengths differ"):
        pareto_front([1, 2], [1])
    with pytest.raises(ValueError, match="not finite"):
        pareto_front([1, math.nan], [1, 2])
    with pytest.raises(ValueError, match="negative"):
        front_probability([1], [1], [-1], rng)
    with pytest.raises(ValueError, match="at least 100"):
        front_probability([1], [1], [1], rng, 10)


@pytest.mark.parametrize("rounds", lengths(40, 1000))
def test_what_the_same_quality_costs_at_the_least_is_inside_its_interval(rounds: int) -> None:
    # Of five entrants the third is the cheapest that is truly within the margin of the first.
    truth = np.array([0.80, 0.79, 0.79, 0.55, 0.50])
    cost = np.array([1.0, 0.6, 0.3, 0.1, 0.05])
    rng = np.random.default_rng(10)
    held = []
    for _ in range(rounds):
        scores = rng.binomial(400, truth) / 400
        values = rng.beta(400 * scores + 0.5, 400 * (1 - scores) + 0.5, (800, 5))
        drawn = Drawn(cost, scores, np.tile(cost, (800, 1)), values)
        found = same_quality(drawn, 0, 0.03, among=np.ones(5, dtype=bool))
        held.append(found.saving.low <= 0.7 <= found.saving.high)
        assert found.picked.sum() == pytest.approx(1)
        assert found.picked[3:].max() < 0.05
    # Only a third of the draws need to agree with the truth for the interval to reach it.
    assert np.mean(held) >= 0.95 - slack(0.95, rounds)


def test_the_same_quality_never_costs_more_than_the_reference() -> None:
    drawn = Drawn(np.array([1.0, 2.0]), np.array([0.5, 0.9]), np.ones((200, 2)), np.ones((200, 2)))
    found = same_quality(drawn, 0, 0.0, among=np.array([False, True]))
    assert found.place == 0
    assert (found.saving.value, found.saving.low, found.saving.high) == (0, 0, 0)
