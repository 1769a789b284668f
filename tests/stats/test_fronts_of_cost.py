"""Fronts of cost and value."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples

from headtohead.stats.fronts import front_probability, pareto_front

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
    sizes = [pareto_front(*rng.random((2, 20))).sum() for _ in range(3000)]
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
    often = np.mean([pareto_front(cost, rng.normal(truth, sd)) for _ in range(4000)], axis=0)
    assert front_probability(cost, truth, sd, rng, 4000) == pytest.approx(often, abs=0.04)


def test_certain_values_are_certain() -> None:
    rng = np.random.default_rng(4)
    cost, value = [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]
    assert front_probability(cost, value, 0, rng).tolist() == [1, 1, 0]


def test_many_draws_come_in_blocks() -> None:
    rng = np.random.default_rng(5)
    n = 1500
    found = front_probability(np.arange(n), np.arange(n), 0, rng, 5000)
    assert found.tolist() == [1] * n


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
