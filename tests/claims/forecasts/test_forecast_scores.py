"""Scores of probabilities: worked examples, plain second implementations, what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulations import lengths, slack

from headtohead.claims.forecasts.calibration import murphy, reliability
from headtohead.claims.forecasts.scores import brier, log_score, mean_score, of_each, skill
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray

SEED = 11
PAIRS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40)


def split(pairs: list[tuple[int, bool]]) -> tuple[FloatArray, FloatArray]:
    return np.array([p / 20 for p, _ in pairs]), np.array([float(o) for _, o in pairs])


def test_the_brier_score_of_an_example() -> None:
    # scikit-learn's documentation of sklearn.metrics.brier_score_loss: 0.0375, printed as 0.037.
    scores = brier([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0])
    assert scores.mean() == pytest.approx(0.0375)


def test_the_log_score_of_an_example() -> None:
    # scikit-learn's documentation of sklearn.metrics.log_loss: 0.21616.
    scores = log_score([0.9, 0.1, 0.2, 0.65], [1, 0, 0, 1])
    assert scores.mean() == pytest.approx(0.21616, abs=5e-6)


def test_what_was_called_impossible_and_came_is_infinite_and_not_clipped() -> None:
    scores = log_score([0.0, 1.0, 1.0], [1, 0, 1])
    assert scores.tolist() == [math.inf, math.inf, 0.0]
    rng = np.random.default_rng(SEED)
    assert mean_score(scores, rng).value == math.inf
    few = mean_score([0.04, 1.0], rng, most=1.0)
    assert (few.low, few.high) == (0.0, 1.0)
    assert skill(scores, [1, 1, 1], rng) is None


@pytest.mark.parametrize(("p", "o"), [([1.1], [1]), ([-0.1], [1]), ([0.5], [0.5])])
def test_what_is_no_probability_or_no_outcome_is_refused(p: list[float], o: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities are 0 to 1, and outcomes 0 or 1"):
        brier(p, o)


def test_a_proposition_counts_once_however_often_it_was_forecast() -> None:
    assert of_each(np.array([1.0, 0.0, 0.5]), [0, 0, 1]).tolist() == [0.5, 0.5]


def test_skill_of_an_example() -> None:
    # By hand: 0.05 over 0.25 leaves four fifths.
    found = skill([0.01, 0.09, 0.04, 0.06, 0.05], [0.25] * 5, np.random.default_rng(SEED))
    assert found
    assert found.value == pytest.approx(0.8)
    assert found.low < 0.8 < found.high < 1
    few = skill([0.01, 0.09], [0.25, 0.25], np.random.default_rng(SEED))
    assert few == Interval(0.8, -math.inf, 1.0)
    assert skill([0.1], [0.0], np.random.default_rng(SEED)) is None


@given(PAIRS)
def test_the_parts_add_up_to_the_brier_score(pairs: list[tuple[int, bool]]) -> None:
    p, o = split(pairs)
    for bins in (1, 5, 20):
        parts = murphy(p, o, bins)
        assert parts.brier == pytest.approx(brier(p, o).mean())
        assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0
        assert parts.resolution <= parts.uncertainty + 1e-12


@given(PAIRS)
def test_bins_of_one_probability_are_murphys_own_parts(pairs: list[tuple[int, bool]]) -> None:
    p, o = split(pairs)
    # The parts by the formula of 1973, over distinct probabilities.
    groups = [(value, o[p == value]) for value in np.unique(p)]
    plain = [
        sum(len(x) * (value - x.mean()) ** 2 for value, x in groups) / p.size,
        sum(len(x) * (x.mean() - o.mean()) ** 2 for _, x in groups) / p.size,
    ]
    alone = p < 1  # a probability of 1 shares the last bin with 0.95
    if alone.all():
        parts = murphy(p, o, 20)
        assert [parts.reliability, parts.resolution] == pytest.approx(plain)
        assert parts.within == pytest.approx(0, abs=1e-12)


def test_always_saying_their_share_is_all_uncertainty() -> None:
    parts = murphy([0.25] * 4, [1, 0, 0, 0])
    assert (parts.reliability, parts.resolution) == (0, 0)
    assert parts.brier == pytest.approx(parts.uncertainty) == pytest.approx(3 / 16)


def test_a_border_belongs_to_the_bin_above_and_one_to_the_last() -> None:
    bins = reliability([0.2, 0.6, 0.999, 1.0], [0, 1, 1, 1], np.random.default_rng(SEED))
    assert [(b.low, b.n, b.yes) for b in bins] == [(0.2, 1, 0), (0.6, 1, 1), (0.8, 2, 2)]
    assert bins[-1].probability == pytest.approx(0.9995)


def test_a_bar_is_that_of_a_binomial_where_a_bin_is_full() -> None:
    # 400 forecasts of 30%: nine in ten shares lie within 1.645 standard errors of 0.3.
    (only,) = reliability([0.3] * 400, [0] * 400, np.random.default_rng(SEED))
    half = 1.645 * math.sqrt(0.3 * 0.7 / 400)
    assert only.bar == pytest.approx((0.3 - half, 0.3 + half), abs=0.008)


@pytest.mark.parametrize("rounds", lengths(40, 600))
def test_nine_in_ten_bars_hold_the_share_of_right_probabilities(rounds: int) -> None:
    rng = np.random.default_rng(SEED)
    held = bins_n = 0
    for _ in range(rounds):
        p = rng.uniform(size=80)
        for one in reliability(p, rng.random(80) < p, rng):
            held += one.bar[0] - 1e-9 <= one.share <= one.bar[1] + 1e-9
            bins_n += 1
    # Shares are steps of one over n, so that bars hold somewhat more than nine in ten.
    assert 0.9 - slack(0.9, rounds) <= held / bins_n <= 0.97


@pytest.mark.parametrize("rounds", lengths(60, 600))
def test_intervals_of_the_mean_score_hold_the_truth(rounds: int) -> None:
    rng = np.random.default_rng(SEED)
    truth, held = 1 / 6, 0  # uniform right probabilities: the mean of p (1 - p)
    for _ in range(rounds):
        p = rng.uniform(size=40)
        found = mean_score(brier(p, (rng.random(40) < p).astype(float)), rng)
        held += found.low <= truth <= found.high
    assert abs(held / rounds - 0.95) <= slack(0.95, rounds) + 0.02
