"""Limits of paired yes/no results, exact and Tango's, McNemar's test, verdicts at a margin."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as sp
from tests.simulations import examples, leading, lengths, slack

from headtohead.core.estimate import Interval
from headtohead.trials.paired.differences import difference, verdict
from headtohead.trials.paired.pairs import PairsTest, tango_low

_COUNT = st.integers(0, 60)


def _score(n11: int, n10: int, n01: int, n00: int, level: float = 0.95) -> Interval:
    """B's share of yes minus A's: n11 both, n10 only A, n01 only B, n00 neither."""
    return PairsTest(n01, n10, n11 + n10 + n01 + n00, (1 - level) / 2).interval(level)


def _tango(n11: int, n10: int, n01: int, n00: int, level: float = 0.95) -> tuple[float, float]:
    n, z = n11 + n10 + n01 + n00, sp.norm.ppf(0.5 + level / 2)
    return float(tango_low(n01, n10, n, z)), -float(tango_low(n10, n01, n, z))


def _yes(table: list[int], margin: float, level: float) -> bool:
    n11, n10, n01, n00 = table
    return verdict(_score(n11, n10, n01, n00, level), margin) == "yes"


def _mcnemar(only_a: int, only_b: int, same: int = 0) -> float:
    a = [1] * only_a + [0] * only_b + [1] * same
    b = [0] * only_a + [1] * only_b + [1] * same
    p = difference(a, b).p_exact
    assert p is not None
    return p


# ---------------------------------------------------------------- published examples


@pytest.mark.parametrize(
    ("n", "only_a", "low", "high"),
    [
        # Tango (1998), table I: 90% limits of data in which the new test never wins.
        (30, 0, -0.083, 0.083),
        (30, 1, -0.136, 0.052),
        (30, 2, -0.183, 0.022),
        (50, 0, -0.051, 0.051),
        (50, 1, -0.085, 0.032),
        (50, 2, -0.114, 0.013),
        (80, 1, -0.054, 0.021),
        (80, 2, -0.073, 0.009),
    ],
)
def test_score_difference_reproduces_tango(n: int, only_a: int, low: float, high: float) -> None:
    limits = _tango(n - only_a, only_a, 0, 0, 0.9)
    assert tuple(round(end, 3) for end in limits) == (low, high)


@pytest.mark.parametrize(("b", "c", "p"), [(1, 7, 0.0703), (6, 16, 0.0525)])
def test_mcnemar_reproduces_fagerland(b: int, c: int, p: float) -> None:
    # Fagerland, Lydersen, Laake (2013), doi:10.1186/1471-2288-13-91: airway
    # hyper-responsiveness (Bentur et al. 2009) and complete response (Cavo et al. 2012).
    assert round(_mcnemar(b, c), 4) == p
    assert _mcnemar(c, b) == _mcnemar(b, c)


def test_verdict_reproduces_piaggio() -> None:
    # Piaggio et al. (2012), doi:10.1001/jama.2012.87802, figure 1, with benefit upwards:
    # A superior, B and C and D non-inferior, E-F inconclusive, H inferior.
    margin = 10
    for low, high, said in (
        (2, 12, "yes"),
        (-5, 5, "yes"),
        (-8, -2, "yes"),
        (-15, 5, "undecided"),
        (-15, -2, "undecided"),
        (-20, -12, "no"),
    ):
        assert verdict(Interval((low + high) / 2, low, high), margin) == said


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(200))
@given(_COUNT, _COUNT, _COUNT, _COUNT)
def test_score_difference_mirrors(n11: int, n10: int, n01: int, n00: int) -> None:
    if n11 + n10 + n01 + n00 == 0:
        return
    score, back = _score(n11, n10, n01, n00), _score(n11, n01, n10, n00)
    assert -1 <= score.low <= score.value <= score.high <= 1
    assert score.low == pytest.approx(-back.high, abs=1e-9)
    assert score.width > 0


@settings(max_examples=examples(100))
@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_verdict_is_one_of_three(value: float, down: float, up: float, margin: float) -> None:
    interval = Interval(value, value - down, value + up)
    said = verdict(interval, margin)
    assert (said == "yes") == (interval.low > -margin)
    assert (said == "no") == (interval.high < -margin)


# ---------------------------------------------------------------- coverage and power


@pytest.mark.parametrize("p", [(0.6, 0.1, 0.08, 0.22), (0.85, 0.05, 0.05, 0.05)])
@pytest.mark.parametrize("rounds", lengths(200, 2000))
def test_score_difference_covers(p: tuple[float, ...], rounds: int) -> None:
    tables = np.random.default_rng(1).multinomial(60, p, rounds)
    hits = 0
    for n11, n10, n01, n00 in tables.tolist():
        found = _score(n11, n10, n01, n00)
        hits += found.low <= p[2] - p[1] <= found.high
    assert hits / rounds == pytest.approx(0.955, abs=slack(0.955, rounds, 4.7))


def test_mcnemar_errs_at_most_as_often_as_it_says() -> None:
    splits = np.random.default_rng(2).binomial(30, 0.5, 3000)
    known = [_mcnemar(b, 30 - b) for b in range(31)]
    ps = np.array(known)[splits]
    for alpha in (0.01, 0.05, 0.2):
        assert np.mean(ps <= alpha) <= alpha + 0.01


@pytest.mark.parametrize("only_b", leading([0.0, 0.2, 0.05]))
@pytest.mark.parametrize("n", [40, 150])
@pytest.mark.parametrize("rounds", lengths(60, 2000))
def test_a_worse_b_rarely_gets_a_yes(n: int, only_b: float, rounds: int) -> None:
    margin = 0.1
    rest = 1 - margin - 2 * only_b
    p = [0.4 * rest, margin + only_b, only_b, 0.6 * rest]
    tables = np.random.default_rng(4).multinomial(n, p, rounds).tolist()
    share = np.mean([_yes(table, margin, 0.95) for table in tables])
    assert share < 0.025 + slack(0.025, rounds, 3)


# ---------------------------------------------------------------- second implementations


@settings(max_examples=examples(100))
@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_agrees_with_scipy(b: int, c: int) -> None:
    if b + c == 0:
        return
    expected = sp.binomtest(b, b + c).pvalue
    assert _mcnemar(b, c) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=examples(60))
@given(_COUNT, _COUNT, _COUNT, _COUNT)
def test_score_difference_agrees_with_the_likelihood(
    n11: int, n10: int, n01: int, n00: int
) -> None:
    """At its ends the score test, with the null fitted by search, is at its critical value."""
    n = n11 + n10 + n01 + n00
    if n == 0:
        return
    for end, sign in zip(_tango(n11, n10, n01, n00), (1, -1), strict=True):
        if abs(end) > 1 - 1e-9:
            continue

        def loss(q10: float, end: float = end) -> float:
            rest = max(1 - 2 * q10 - end, 1e-300)
            parts = ((n10, q10), (n01, q10 + end), (n - n10 - n01, rest))
            return -sum(k * math.log(max(q, 1e-300)) for k, q in parts if k)

        span = (max(0.0, -end), (1 - end) / 2)
        q10 = optimize.minimize_scalar(loss, bounds=span, options={"xatol": 1e-12}).x
        score = (n01 - n10 - n * end) / math.sqrt(n * (2 * q10 + end - end**2))
        assert score == pytest.approx(sign * 1.959964, abs=0.005)


def test_large_samples_agree_with_wald() -> None:
    found = _score(6000, 900, 1000, 2100)
    # Wald's, half a pair wider.
    half = 1.959964 * math.sqrt((1900 - 100**2 / 10_000) / 10_000**2) + 0.5 / 10_000
    assert (found.low, found.high) == pytest.approx((0.01 - half, 0.01 + half), rel=0.01)


# ---------------------------------------------------------------- degenerate input


def test_full_agreement_is_not_certainty() -> None:
    assert _score(10, 0, 0, 0).high > 0.25
    assert _score(0, 9, 0, 0).low == -1
    assert _mcnemar(0, 0, same=3) == 1


def test_unbounded_intervals_decide_nothing() -> None:
    assert verdict(Interval(0, -math.inf, math.inf), 0.1) == "undecided"


def test_a_margin_is_not_negative() -> None:
    with pytest.raises(ValueError, match="margin is -1"):
        verdict(Interval(0, 0, 0), -1)
