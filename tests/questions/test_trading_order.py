"""How often luck alone brings about an order."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples

from headtohead.questions.performance.trading_order import order_p

# ---------------------------------------------------------------- published examples


def test_order_reproduces_the_lady_tasting_tea() -> None:
    # Fisher (1935), section 5: all four right of eight cups, 1 in 70.
    assert order_p([True] * 4 + [False] * 4, [8, 7, 6, 5, 4, 3, 2, 1]) == pytest.approx(1 / 70)
    returns = [22.3, 4.9, -30.8, -45.3, -56.7, -62.7]
    assert order_p([True] * 2 + [False] * 4, returns) == pytest.approx(1 / 15)


def test_order_reproduces_hollander_and_wolfe() -> None:
    # Hollander and Wolfe (1973), p. 69: permeability of the membrane at term against 12 to 26
    # weeks; exact one-sided p = 0.1272 (help page of R's wilcox.test).
    term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    early = [1.15, 0.88, 0.90, 0.74, 1.21]
    assert round(order_p([True] * 10 + [False] * 5, term + early), 4) == 0.1272


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(60))
@given(st.lists(st.integers(0, 6), min_size=2, max_size=8), st.data())
def test_order_agrees_with_trying_every_order(values: list[int], data: st.DataObject) -> None:
    n = len(values)
    size = data.draw(st.integers(1, n - 1))
    ranks = sp.rankdata([-v for v in values])
    observed = ranks[:size].sum()
    sums = [sum(ranks[list(c)]) for c in itertools.combinations(range(n), size)]
    expected = float(np.mean([s <= observed for s in sums]))
    assert order_p(np.arange(n) < size, values) == pytest.approx(expected)


# ---------------------------------------------------------------- recovery


def test_p_values_are_uniform_without_skill() -> None:
    rng = np.random.default_rng(3)
    order = [order_p([True] * 6 + [False] * 8, rng.normal(size=14)) for _ in range(600)]
    for alpha in (0.05, 0.2, 0.5):
        # Sums of ranks come in steps, so the last step below alpha may lie well below it.
        assert alpha - 0.1 < np.mean(np.array(order) <= alpha) < alpha + 0.03


# ---------------------------------------------------------------- second implementations


def test_order_agrees_with_scipy() -> None:
    values = np.random.default_rng(6).normal(size=17)
    mask = np.arange(17) % 3 == 0
    theirs = sp.mannwhitneyu(values[mask], values[~mask], alternative="greater", method="exact")
    assert order_p(mask, values) == pytest.approx(theirs.pvalue)


# ---------------------------------------------------------------- degenerate input


def test_refuses_what_cannot_be_tested() -> None:
    with pytest.raises(ValueError, match="2 of 2 agents"):
        order_p([True, True], [1, 2])
    with pytest.raises(ValueError, match="0 of 2 agents"):
        order_p([False, False], [1, 2])
    with pytest.raises(ValueError, match="lengths differ"):
        order_p([True], [1, 2])
