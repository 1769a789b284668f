"""Margins, paired counts and how many tasks it takes."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as sp

from headtohead.core.interval import Interval
from headtohead.trials.noninferiority import (
    mcnemar_exact,
    paired_difference_from_counts,
    paired_score_difference,
    tasks_needed,
    verdict,
)

_COUNT = st.integers(0, 60)
_Method = Callable[[int, int, int, int], Interval]


def _yes(table: list[int], margin: float, level: float) -> bool:
    n11, n10, n01, n00 = table
    return verdict(paired_score_difference(n11, n10, n01, n00, level), margin) == "yes"


# ---------------------------------------------------------------- published examples


@pytest.mark.parametrize(
    ("counts", "value", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 2635-2650, table II, method 10.
        ((36, 12, 2, 0), -0.2, -0.3404, -0.0569),
        # Fagerland, Lydersen, Laake (2017), doi:10.1201/9781315374116, table 8.3: complete
        # response before and after consolidation therapy (Cavo et al. 2012).
        ((59, 6, 16, 80), 0.0621, 0.0046, 0.1186),
    ],
)
def test_paired_difference_reproduces_newcombe(
    counts: tuple[int, int, int, int], value: float, low: float, high: float
) -> None:
    found = paired_difference_from_counts(*counts)
    assert [round(end, 4) for end in (found.value, found.low, found.high)] == [value, low, high]


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
    found = paired_score_difference(n - only_a, only_a, 0, 0, 0.9)
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)


@pytest.mark.parametrize(("b", "c", "p"), [(1, 7, 0.0703), (6, 16, 0.0525)])
def test_mcnemar_reproduces_fagerland(b: int, c: int, p: float) -> None:
    # Fagerland, Lydersen, Laake (2013), doi:10.1186/1471-2288-13-91: airway
    # hyper-responsiveness (Bentur et al. 2009) and complete response (Cavo et al. 2012).
    assert round(mcnemar_exact(b, c), 4) == p
    assert mcnemar_exact(c, b) == mcnemar_exact(b, c)


def test_tasks_needed_reproduces_tango() -> None:
    # Tango (1998), equation 30: without a single discordant pair, a margin of 0.1 needs more
    # than 9 x 1.6452^2 = 24.35 pairs at a one-sided 5%.
    assert tasks_needed(0.1, 0) == 25


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


@settings(deadline=None, max_examples=200)
@given(_COUNT, _COUNT, _COUNT, _COUNT)
def test_paired_difference_mirrors(n11: int, n10: int, n01: int, n00: int) -> None:
    if n11 + n10 + n01 + n00 == 0:
        return
    found = paired_difference_from_counts(n11, n10, n01, n00)
    swapped = paired_difference_from_counts(n11, n01, n10, n00)
    failures = paired_difference_from_counts(n00, n10, n01, n11)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(-swapped.high, abs=1e-12)
    assert found.low == pytest.approx(failures.low, abs=1e-12)
    assert found.width > 0
    score = paired_score_difference(n11, n10, n01, n00)
    back = paired_score_difference(n11, n01, n10, n00)
    assert -1 <= score.low <= score.value <= score.high <= 1
    assert score.low == pytest.approx(-back.high, abs=1e-9)
    assert score.value == found.value
    assert score.width > 0


@settings(deadline=None, max_examples=100)
@given(st.floats(0.01, 0.5), st.floats(0, 1), st.floats(0.5, 0.99), st.floats(0.001, 0.2))
def test_more_demands_need_more_tasks(margin: float, d: float, power: float, alpha: float) -> None:
    n = tasks_needed(margin, d, power, alpha)
    assert n >= 1
    assert tasks_needed(margin / 2, d, power, alpha) >= n
    assert tasks_needed(margin, min(1, d + 0.1), power, alpha) >= n
    assert tasks_needed(margin, d, min(0.999, power + 0.005), alpha) >= n
    assert tasks_needed(margin, d, power, alpha / 2) >= n


@settings(deadline=None, max_examples=100)
@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_verdict_is_one_of_three(value: float, down: float, up: float, margin: float) -> None:
    interval = Interval(value, value - down, value + up)
    said = verdict(interval, margin)
    assert (said == "yes") == (interval.low > -margin)
    assert (said == "no") == (interval.high < -margin)


# ---------------------------------------------------------------- coverage and power


@pytest.mark.parametrize("method", [paired_difference_from_counts, paired_score_difference])
@pytest.mark.parametrize("p", [(0.6, 0.1, 0.08, 0.22), (0.85, 0.05, 0.05, 0.05)])
def test_paired_difference_covers(method: _Method, p: tuple[float, ...]) -> None:
    tables = np.random.default_rng(1).multinomial(60, p, 2000)
    hits = 0
    for n11, n10, n01, n00 in tables.tolist():
        found = method(n11, n10, n01, n00)
        hits += found.low <= p[2] - p[1] <= found.high
    assert hits / 2000 == pytest.approx(0.955, abs=0.022)


def test_mcnemar_errs_at_most_as_often_as_it_says() -> None:
    splits = np.random.default_rng(2).binomial(30, 0.5, 3000)
    ps = np.array([mcnemar_exact(int(b), 30 - int(b)) for b in splits])
    for alpha in (0.01, 0.05, 0.2):
        assert np.mean(ps <= alpha) <= alpha + 0.01


@pytest.mark.parametrize(("margin", "discordance"), [(0.1, 0.2), (0.1, 0.05), (0.05, 0.1)])
def test_that_many_tasks_give_the_power(margin: float, discordance: float) -> None:
    n = tasks_needed(margin, discordance, 0.8, 0.05)
    half, rest = discordance / 2, 1 - discordance
    tables = np.random.default_rng(3).multinomial(n, [rest / 2, half, half, rest / 2], 2000)
    yes = [_yes(table, margin, 0.9) for table in tables.tolist()]
    assert np.mean(yes) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("only_b", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("n", [40, 150])
def test_a_worse_b_rarely_gets_a_yes(n: int, only_b: float) -> None:
    margin = 0.1
    rest = 1 - margin - 2 * only_b
    p = [0.4 * rest, margin + only_b, only_b, 0.6 * rest]
    tables = np.random.default_rng(4).multinomial(n, p, 2000).tolist()
    assert np.mean([_yes(table, margin, 0.95) for table in tables]) < 0.035


# ---------------------------------------------------------------- second implementations


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_agrees_with_scipy(b: int, c: int) -> None:
    expected = 1.0 if b + c == 0 else sp.binomtest(b, b + c).pvalue
    assert mcnemar_exact(b, c) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=100)
@given(_COUNT, _COUNT, _COUNT, _COUNT)
def test_paired_difference_agrees_with_scipys_limits(
    n11: int, n10: int, n01: int, n00: int
) -> None:
    n = n11 + n10 + n01 + n00
    if n == 0:
        return
    (la, ua), (lb, ub) = (
        (ci.low, ci.high)
        for ci in (
            sp.binomtest(x, n).proportion_ci(method="wilson") for x in (n11 + n10, n11 + n01)
        )
    )
    pa, pb = (n11 + n10) / n, (n11 + n01) / n
    cross = n11 * n00 - n10 * n01
    if cross > 0:
        cross = max(0, cross - n / 2)  # type: ignore[assignment]
    spread = math.sqrt((n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00))
    phi = cross / spread if spread else 0.0
    # As a covariance matrix of the two distances, the form of Tang et al. (2010).
    matrix = np.array([[1, -phi], [-phi, 1]])
    down, up = np.array([pb - lb, ua - pa]), np.array([ub - pb, pa - la])
    found = paired_difference_from_counts(n11, n10, n01, n00)
    assert found.low == pytest.approx(pb - pa - math.sqrt(down @ matrix @ down), abs=1e-9)
    assert found.high == pytest.approx(pb - pa + math.sqrt(up @ matrix @ up), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(_COUNT, _COUNT, _COUNT, _COUNT)
def test_score_difference_agrees_with_the_likelihood(
    n11: int, n10: int, n01: int, n00: int
) -> None:
    """At its ends the score test, with the null fitted by search, is at its critical value."""
    n = n11 + n10 + n01 + n00
    if n == 0:
        return
    found = paired_score_difference(n11, n10, n01, n00)
    for end, sign in ((found.low, 1), (found.high, -1)):
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


@pytest.mark.parametrize("method", [paired_difference_from_counts, paired_score_difference])
def test_large_samples_agree_with_wald(method: _Method) -> None:
    found = method(6000, 900, 1000, 2100)
    half = 1.959964 * math.sqrt((1900 - 100**2 / 10_000) / 10_000**2)
    assert (found.low, found.high) == pytest.approx((0.01 - half, 0.01 + half), rel=0.01)


# ---------------------------------------------------------------- degenerate input


def test_full_agreement_is_not_certainty() -> None:
    assert paired_score_difference(10, 0, 0, 0).high > 0.25
    assert paired_score_difference(0, 9, 0, 0).low == -1
    few, many = (paired_difference_from_counts(n, 0, 0, 0) for n in (10, 1000))
    assert few.value == many.value == 0
    assert few.high > 0.25
    assert many.high == pytest.approx(0.0038, abs=2e-4)
    assert mcnemar_exact(0, 0) == 1


def test_unbounded_intervals_decide_nothing() -> None:
    assert verdict(Interval(0, -math.inf, math.inf), 0.1) == "undecided"


def test_refuses_what_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="no items"):
        paired_difference_from_counts(0, 0, 0, 0)
    with pytest.raises(ValueError, match="n10 is -1"):
        paired_difference_from_counts(1, -1, 0, 0)
    with pytest.raises(ValueError, match=r"c is 1\.5"):
        mcnemar_exact(1, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="margin is -1"):
        verdict(Interval(0, 0, 0), -1)
    for margin in (0, 1, math.nan):
        with pytest.raises(ValueError, match="the margin is"):
            tasks_needed(margin, 0.1)
    with pytest.raises(ValueError, match="discordance is 2"):
        tasks_needed(0.1, 2)
    with pytest.raises(ValueError, match=r"alpha is 0\.5"):
        tasks_needed(0.1, 0.1, alpha=0.5)
    with pytest.raises(ValueError, match="level is 1"):
        tasks_needed(0.1, 0.1, power=1)
