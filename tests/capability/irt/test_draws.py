"""Joint draws: their weights, and the spread that each model gets."""

import numpy as np
import pytest
from scipy import stats as sp
from tests.capability.irt.capability_worlds import gap, interval, rng, table, world

from headtohead.capability.irt.draws import benchmark_weights, steadied, within_model_weights
from headtohead.capability.irt.index import drawn_interval, fit_index


def test_scores_of_a_benchmark_share_their_weight() -> None:
    scores = world(rng()).scores
    weights = benchmark_weights(scores, 4000, rng(2))
    assert weights.shape == (4000, scores.model.size)
    for b in range(len(scores.benchmarks)):
        own = weights[:, scores.benchmark == b]
        assert np.all(own == own[:, :1])
    # Rubin (1981): exponential weights, so mean and standard deviation are 1.
    first = weights[:, np.unique(scores.benchmark, return_index=True)[1]]
    assert float(first.mean()) == pytest.approx(1, abs=0.02)
    assert float(first.std()) == pytest.approx(1, abs=0.03)
    assert float(np.abs(np.corrcoef(first.T) - np.eye(first.shape[1])).max()) < 0.08


def test_each_model_keeps_its_number_of_scores() -> None:
    scores = world(rng()).scores
    weights = within_model_weights(scores, 50, rng(2))
    for m, count in enumerate(scores.per_model):
        np.testing.assert_array_equal(weights[:, scores.model == m].sum(axis=1), count)
    assert np.all(weights == np.rint(weights))


def test_steadied_draws_have_the_mixed_spread_worked_by_hand() -> None:
    # Four draws around 1 with variance 0.02; k = 5: 0.02 * 5 / 4 = 0.025 counts for 4, the
    # likelihood's 0.04 for 8: 0.035. Student's 95% quantile with 12 degrees of freedom is 1.7823,
    # the normal's 1.6449.
    draws = 1 + np.sqrt(0.02) * np.array([[1.0], [-1.0], [1.0], [-1.0]])
    found = steadied(draws, np.array([3.0]), np.array([0.04]), np.array([5.0]))
    expected = np.sqrt(0.035) * 1.7823 / 1.6449
    np.testing.assert_allclose(found[:, 0] - 3, expected * np.array([1, -1, 1, -1]), rtol=1e-4)


def test_draws_have_the_mean_of_the_point_fit_and_their_correlations() -> None:
    source = rng(4)
    raw = source.multivariate_normal([1, 2, 3], [[1, 0.8, 0], [0.8, 1, 0.3], [0, 0.3, 1]], 500)
    ability = np.array([0.0, 5.0, -1.0])
    found = steadied(raw, ability, np.array([0.1, 2.0, 0.5]), np.array([4.0, 9.0, 1.0]))
    np.testing.assert_allclose(found.mean(axis=0), ability, atol=1e-12)
    np.testing.assert_allclose(np.corrcoef(found.T), np.corrcoef(raw.T), atol=1e-12)


def test_one_benchmark_leaves_the_spread_to_the_likelihood() -> None:
    raw = rng(4).normal(0, 1e-3, (200, 1))
    found = steadied(raw, np.zeros(1), np.array([0.25]), np.ones(1))
    wider = sp.t.ppf(0.95, 8) / sp.norm.ppf(0.95)
    assert float(found.std()) == pytest.approx(0.5 * wider, rel=1e-6)


def test_interval_holds_its_level_of_new_values() -> None:
    source = rng(6)
    inside = []
    for _ in range(3000):
        draws = source.normal(size=100)
        found = drawn_interval(float(np.median(draws)), draws, 0.9)
        inside.append(found.low <= source.normal() <= found.high)
    assert float(np.mean(inside)) == pytest.approx(0.9, abs=0.015)


def test_without_draws_ends_are_open() -> None:
    index = fit_index(table(rng(), 6, 4), draws=0, rng=rng())
    assert index.ability_draws.shape == (0, 6)
    assert index.slope_draws.shape == (0, 4)
    found = interval(index, "m00")
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert gap(index, "m00", "m01").width == np.inf
    assert np.all(index.places()[0] == 1)
    assert np.all(index.places()[1] == 6)


def test_few_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="draws"):
        fit_index(table(rng(), 6, 4), draws=50, rng=rng())
    with pytest.raises(ValueError, match="level"):
        drawn_interval(0.0, np.arange(100.0), 1.0)


def test_draws_repeat_with_their_seed() -> None:
    scores = table(rng(), 6, 4)
    one, two, three = (fit_index(scores, draws=100, rng=rng(n)) for n in (1, 1, 2))
    np.testing.assert_array_equal(one.ability_draws, two.ability_draws)
    assert not np.array_equal(one.ability_draws, three.ability_draws)
    np.testing.assert_array_equal(one.ability, three.ability)
