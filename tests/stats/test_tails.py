"""Tails and corrections: enumeration, scipy beside them, and the saddlepoint against the exact."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples

from headtohead.stats import tails
from headtohead.stats.inputs import FloatArray, IntArray
from headtohead.stats.tails import (
    benjamini_hochberg,
    chi_square_tail,
    coin_tail,
    holm,
    normal_tail,
    sum_tail,
)

_P = st.lists(st.floats(0, 1), min_size=1, max_size=12)

# Fifteen p-values of a trial of two drugs: Benjamini and Hochberg (1995), section 4.1. Holm's and
# Bonferroni's rule reject three at 0.05, theirs four.
_PRINTED = (
    "0.0001 0.0004 0.0019 0.0095 0.0201 0.0278 0.0298 0.0344 0.0459 0.3240 0.4262 0.5719 0.6528 "
    "0.7590 1.0000"
)
_TRIAL = [float(p) for p in _PRINTED.split()]


def test_corrections_reproduce_the_published_trial() -> None:
    assert int((holm(_TRIAL) <= 0.05).sum()) == 3
    assert int((benjamini_hochberg(_TRIAL) <= 0.05).sum()) == 4


@given(_P)
def test_corrections_agree_with_scipy_and_with_their_definition(p: list[float]) -> None:
    assert benjamini_hochberg(p) == pytest.approx(sp.false_discovery_control(p))
    by_size = sorted(p)
    for value, corrected in zip(p, holm(p), strict=True):
        steps = [min(1.0, (len(p) - k) * each) for k, each in enumerate(by_size) if each <= value]
        assert corrected == pytest.approx(max(steps))


def test_corrections_refuse_what_is_no_p_value() -> None:
    for bad in ([0.2, 1.2], [-0.1], [math.nan]):
        with pytest.raises(ValueError, match="p"):
            holm(bad)
        with pytest.raises(ValueError, match="p"):
            benjamini_hochberg(bad)
    assert holm([]).size == 0


@pytest.mark.parametrize("df", [1, 2, 7.5, 40, 3332])
@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.9, 1.0, 1.1, 2.0, 5.0])
def test_chi_square_agrees_with_scipy(df: float, ratio: float) -> None:
    assert chi_square_tail(df * ratio, df) == pytest.approx(
        float(sp.chi2.sf(df * ratio, df)), rel=1e-9, abs=1e-280
    )


def test_chi_square_refuses_the_impossible() -> None:
    for x, df in ((-1.0, 2.0), (1.0, 0.0)):
        with pytest.raises(ValueError, match="chi-square"):
            chi_square_tail(x, df)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_coin_agrees_with_scipy(heads: int, tails_: int) -> None:
    n = heads + tails_
    assert coin_tail(heads, n) == pytest.approx(float(sp.binom.sf(heads - 1, n, 0.5)), rel=1e-8)


def test_coin_of_many_tosses_and_of_impossible_ones() -> None:
    assert coin_tail(500_700, 1_000_000) == pytest.approx(
        float(sp.binom.sf(500_699, 1_000_000, 0.5)), rel=1e-4
    )
    with pytest.raises(ValueError, match="5 heads in 4 tosses"):
        coin_tail(5, 4)


def test_normal_tail_agrees_with_scipy_and_keeps_the_shape() -> None:
    z = np.array([[-8.0, 0.0], [3.0, 20.0]])
    assert normal_tail(z) == pytest.approx(sp.norm.sf(z), rel=1e-12)


def _enumerated(chances: FloatArray, scores: IntArray, n: IntArray, reached: int) -> float:
    votes = [row for row, times in enumerate(n.tolist()) for _ in range(times)]
    total = 0.0
    for outcomes in itertools.product(range(3), repeat=len(votes)):
        if sum(int(scores[v, o]) for v, o in zip(votes, outcomes, strict=True)) >= reached:
            total += math.prod(float(chances[v, o]) for v, o in zip(votes, outcomes, strict=True))
    return total


@settings(max_examples=examples(60))
@given(st.integers(0, 10_000), st.integers(-1, 30))
def test_exact_tail_agrees_with_enumeration(seed: int, reached: int) -> None:
    rng = np.random.default_rng(seed)
    chances, scores = rng.dirichlet(np.ones(3), 3), rng.integers(0, 5, (3, 3))
    n = rng.integers(0, 3, 3)
    expected = _enumerated(chances, scores, n, reached)
    assert sum_tail(chances, scores, n, reached) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("p", [0.5, 0.03, 0.9])
@pytest.mark.parametrize("z", [-2.0, 0.0, 1.0, 3.0, 6.0])
def test_saddlepoint_agrees_with_the_exact_tail(
    p: float, z: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    votes = np.array([900, 600])
    chances = np.array([[p, 1 - p, 0.0], [0.3, 0.3, 0.4]])
    scores = np.array([[2, 0, 1], [2, 0, 1]])
    mean = float(votes @ (chances * scores).sum(axis=1))
    spread = votes @ ((chances * scores**2).sum(axis=1) - (chances * scores).sum(axis=1) ** 2)
    reached = round(mean + z * math.sqrt(float(spread)))
    quick = sum_tail(chances, scores, votes, reached)
    monkeypatch.setattr(tails, "_EXACT_VOTES", 10_000)
    assert quick == pytest.approx(sum_tail(chances, scores, votes, reached), rel=0.02)


@pytest.mark.parametrize("reached", [22, 26, 30, 34])
def test_saddlepoint_knows_that_scores_are_whole(
    reached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chances, scores, n = np.array([[0.3, 0.4, 0.3]]), np.array([[2, 0, 1]]), np.array([20])
    exact = sum_tail(chances, scores, n, reached)
    monkeypatch.setattr(tails, "_EXACT_VOTES", 0)
    assert sum_tail(chances, scores, n, reached) == pytest.approx(exact, rel=0.01)


def test_saddlepoint_at_the_ends() -> None:
    chances, scores, n = np.array([[0.99, 0.01, 0.0]]), np.array([[2, 0, 1]]), np.array([1000])
    assert sum_tail(chances, scores, n, 2000) == pytest.approx(0.99**1000)
    assert sum_tail(chances, scores, n, 2001) == 0
    assert sum_tail(chances, scores, n, 0) == 1
