"""What luck alone reaches."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp

from headtohead.questions.luck import (
    best_of_k_null,
    best_of_k_sign_flip_p,
    order_p,
    sign_flip_p,
    trade_sum_interval,
)

# Darwin's fifteen pairs of maize, cross minus self, eighths of an inch.
_MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# ---------------------------------------------------------------- published examples


def test_sign_flips_reproduce_fisher() -> None:
    # Fisher (1935), The Design of Experiments, section 21: 863 of the 32,768 sign patterns
    # of Darwin's differences add up to 314 or more.
    assert sign_flip_p(_MAIZE, _rng(), 32_768) * 32_768 == pytest.approx(863)
    assert sign_flip_p(_MAIZE, _rng(), 20_000) == pytest.approx(863 / 32_768, abs=0.005)


def test_trade_sum_reproduces_student() -> None:
    # Fisher (1935), section 17: Student's 95% limits of the mean are 0.03 and 41.84.
    found = trade_sum_interval(_MAIZE, _rng(), 20_000)
    assert found.value == 314
    assert found.width == pytest.approx(15 * (41.84 - 0.03), rel=0.05)


def test_order_reproduces_the_lady_tasting_tea() -> None:
    # Fisher (1935), section 5: all four right of eight cups, 1 in 70.
    cups = ["milk"] * 4 + ["tea"] * 4
    assert order_p(cups, [8, 7, 6, 5, 4, 3, 2, 1]) == pytest.approx(1 / 70)
    assert order_p("ccuuuu", [22.3, 4.9, -30.8, -45.3, -56.7, -62.7]) == pytest.approx(1 / 15)


def test_order_reproduces_hollander_and_wolfe() -> None:
    # Hollander and Wolfe (1973), p. 69: permeability of the membrane at term against 12 to 26
    # weeks; exact one-sided p = 0.1272 (help page of R's wilcox.test).
    term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    early = [1.15, 0.88, 0.90, 0.74, 1.21]
    groups = ["term"] * 10 + ["early"] * 5
    assert round(order_p(groups, term + early, group="term"), 4) == 0.1272


def test_best_of_twenty_reproduces_bland_and_altman() -> None:
    # Bland and Altman (1995), doi:10.1136/bmj.310.6973.170: twenty true null hypotheses at
    # the 5% level give at least one significant result with probability 0.64.
    found = best_of_k_null(1, 20, 1.6448536, _rng(), 40_000)
    assert round(found, 2) == pytest.approx(0.64, abs=0.011)


# ---------------------------------------------------------------- properties


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=10), st.integers(1, 9))
def test_sign_flip_depends_on_direction_not_unit(net: list[int], unit: int) -> None:
    p = sign_flip_p(net, _rng(), 2000)
    assert 2.0 ** -len(net) <= p <= 1
    assert sign_flip_p([v * unit for v in net], _rng(), 2000) == p
    # Both tails share the patterns that add up to exactly the observed sum.
    assert p + sign_flip_p([-v for v in net], _rng(), 2000) >= 1


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=8), st.data())
def test_order_agrees_with_trying_every_order(values: list[int], data: st.DataObject) -> None:
    n = len(values)
    size = data.draw(st.integers(1, n - 1))
    ranks = sp.rankdata([-v for v in values])
    observed = ranks[:size].sum()
    sums = [sum(ranks[list(c)]) for c in itertools.combinations(range(n), size)]
    expected = float(np.mean([s <= observed for s in sums]))
    mask = np.arange(n) < size
    assert order_p(mask, values) == pytest.approx(expected)
    assert order_p(mask.tolist(), values, group=True) == pytest.approx(expected)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.floats(0.1, 3), st.integers(0, 99))
def test_more_agents_reach_further(k: int, threshold: float, seed: int) -> None:
    few = best_of_k_null(1, k, threshold, _rng(seed), 4000)
    more = best_of_k_null(1, k + 5, threshold, _rng(seed), 4000)
    alike = best_of_k_null(1, k + 5, threshold, _rng(seed), 4000, correlation=0.95)
    assert few <= more + 0.03
    assert alike <= more + 0.03


# ---------------------------------------------------------------- recovery


def test_trade_sum_covers() -> None:
    rng = _rng(2)
    hits = 0
    for _ in range(800):
        found = trade_sum_interval(rng.standard_t(5, 60) + 0.2, rng, 300)
        hits += found.low <= 60 * 0.2 <= found.high
    assert hits / 800 == pytest.approx(0.95, abs=0.022)


def test_p_values_are_uniform_without_skill() -> None:
    rng = _rng(3)
    single, best, order = [], [], []
    for _ in range(600):
        nets = [rng.laplace(0, rng.uniform(1, 3), n) for n in (12, 20, 35)]
        single.append(sign_flip_p(nets[2], rng, 300))
        best.append(best_of_k_sign_flip_p(nets, rng, 300))
        order.append(order_p([True] * 6 + [False] * 8, rng.normal(size=14)))
    for alpha in (0.05, 0.2, 0.5):
        assert np.mean(np.array(single) <= alpha) == pytest.approx(alpha, abs=0.055)
        assert np.mean(np.array(best) <= alpha) == pytest.approx(alpha, abs=0.055)
        # Sums of ranks come in steps, so the last step below alpha may lie well below it.
        assert alpha - 0.1 < np.mean(np.array(order) <= alpha) < alpha + 0.03


def test_choosing_the_winner_has_a_price() -> None:
    rng = _rng(4)
    winner, rest = rng.normal(0.6, 1, 25), [rng.normal(0, 1, 25) for _ in range(5)]
    alone = sign_flip_p(winner, rng, 5000)
    assert alone < best_of_k_sign_flip_p([winner, *rest], rng, 5000) < 8 * alone


# ---------------------------------------------------------------- second implementations


def test_sign_flip_agrees_with_scipy() -> None:
    net = _rng(5).normal(0.3, 1, 11)
    theirs = sp.permutation_test(
        (net,), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert sign_flip_p(net, _rng()) == pytest.approx(theirs.pvalue)
    assert best_of_k_sign_flip_p([net], _rng(), 20_000) == pytest.approx(theirs.pvalue, abs=0.01)


def test_order_agrees_with_scipy() -> None:
    values = _rng(6).normal(size=17)
    mask = np.arange(17) % 3 == 0
    theirs = sp.mannwhitneyu(values[mask], values[~mask], alternative="greater", method="exact")
    assert order_p(mask, values) == pytest.approx(theirs.pvalue)


def test_best_of_k_agrees_with_the_product() -> None:
    sd = np.array([0.5, 1.0, 2.0, 3.0])
    expected = 1 - np.prod(sp.norm.cdf(2.5 / sd))
    assert best_of_k_null(sd, 4, 2.5, _rng(), 60_000) == pytest.approx(expected, abs=0.008)
    both = sp.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], seed=1).cdf([1, 1])
    found = best_of_k_null(1, 2, 1, _rng(), 60_000, correlation=0.6)
    assert found == pytest.approx(1 - both, abs=0.008)


# ---------------------------------------------------------------- degenerate input


def test_no_draw_gives_zero() -> None:
    assert best_of_k_null(1, 2, 50, _rng(), 1000) == pytest.approx(1 / 1001)
    assert sign_flip_p(np.ones(60), _rng(), 1000) == pytest.approx(1 / 1001)
    assert best_of_k_sign_flip_p([np.ones(60)], _rng(), 1000) == pytest.approx(1 / 1001)


def test_little_evidence_shows_little() -> None:
    assert sign_flip_p([100], _rng()) == 0.5
    assert sign_flip_p([-100], _rng()) == 1
    assert sign_flip_p([0, 0], _rng()) == 1
    one = trade_sum_interval([100], _rng())
    assert (one.value, one.low, one.high) == (100, -math.inf, math.inf)


def test_refuses_what_cannot_be_tested() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        sign_flip_p([], _rng())
    with pytest.raises(ValueError, match="no agent"):
        best_of_k_sign_flip_p([], _rng())
    with pytest.raises(ValueError, match="sd must be above 0"):
        best_of_k_null(0, 3, 1, _rng())
    with pytest.raises(ValueError, match="2 values for 3 entries"):
        best_of_k_null([1, 2], 3, 1, _rng())
    with pytest.raises(ValueError, match="correlation is 1"):
        best_of_k_null(1, 3, 1, _rng(), correlation=1)
    with pytest.raises(ValueError, match="threshold"):
        best_of_k_null(1, 3, math.nan, _rng())
    with pytest.raises(ValueError, match="share the first place"):
        order_p(["a", "b"], [1, 1])
    with pytest.raises(ValueError, match="2 of 2 agents"):
        order_p(["a", "a"], [1, 2])
    with pytest.raises(ValueError, match="0 of 2 agents"):
        order_p(["a", "b"], [1, 2], group="c")
    with pytest.raises(ValueError, match="1 group labels for 2"):
        order_p(["a"], [1, 2])
