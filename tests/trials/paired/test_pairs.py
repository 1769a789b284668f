"""Exact limits on yes/no pairs: both ends err at most as often as they promise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special
from scipy import stats as sp
from tests.simulations import examples, leading

from headtohead.stats.inputs import FloatArray, IntArray
from headtohead.trials.paired.pairs import (
    EXACT_UP_TO,
    PairsTest,
    fewest_wins,
    is_exact,
    tango_low,
    tango_z,
)

_TAILS = (0.1, 0.05, 0.025, 0.01)  # of intervals at 80, 90, 95 and 98%


def _low(b_only: int, a_only: int, n: int, tail: float = 0.025) -> float:
    return PairsTest(b_only, a_only, n, tail).interval(1 - 2 * tail).low


def _chance(n: int, fewest: IntArray, differing: IntArray, true: float, share: float) -> float:
    """How often B wins at least `fewest` of the pairs that differ, all outcomes enumerated."""
    of_b = min(1.0, max(0.0, (share + true) / (2 * share)))
    within = np.where(
        fewest > differing, 0.0, sp.binom.sf(np.maximum(fewest, 0) - 1, differing, of_b)
    )
    return float(sp.binom.pmf(differing, n, share) @ within)


def _worst(n: int, true: float, tail: float, most: float, step: float) -> float:
    """The most often that the limit lies above the truth, over shares of pairs that differ."""
    first, last = (math.sqrt(n) * math.asin(math.sqrt(x)) for x in (max(abs(true), 1e-3 / n), most))
    shares = np.sin(np.append(np.arange(first, last, step), last) / math.sqrt(n)) ** 2
    lows, highs = sp.binom.ppf(1e-9, n, shares), sp.binom.isf(1e-9, n, shares)
    differing = np.arange(int(lows.min()), int(highs.max()) + 1)
    fewest = fewest_wins(n, differing, true, tail)
    return max(_chance(n, fewest, differing, true, float(share)) for share in shares)


# ---------------------------------------------------------------- worked examples


@pytest.mark.parametrize("n", [4, 10, 40])
def test_all_for_b_is_solved_by_hand(n: int) -> None:
    # The outcome comes first in the order, so its chance alone counts: ((1 + d) / 2)^n at most.
    assert _low(n, 0, n) == pytest.approx(2 * 0.025 ** (1 / n) - 1, abs=1e-4)


def test_where_many_differ_tangos_limit_is_half_a_pair_wider() -> None:
    b, a, n = 900, 1000, 10_000
    assert not is_exact(b, a, n)
    low = _low(b, a, n)
    assert float(tango_z(b, a, n, low, 0.5)) == pytest.approx(1.96, abs=1e-4)
    assert low == pytest.approx(float(tango_low(b, a, n, 1.959964)) - 0.5 / n, abs=1e-5)


# ---------------------------------------------------------------- second implementation


def _by_search(b_only: int, a_only: int, n: int, tail: float) -> float:
    """Buehler's limit by brute force: every outcome, every share of pairs that differ."""
    z = float(sp.norm.isf(tail))
    b, a = (grid.ravel() for grid in np.mgrid[0 : n + 1, 0 : n + 1])
    b, a = b[b + a <= n], a[b + a <= n]

    def limit(b: float, a: float) -> float:
        if tango_z(b, a, n, -1 + 1e-12) <= z:
            return -1.0
        return float(
            optimize.brentq(lambda d: min(50.0, float(tango_z(b, a, n, d))) - z, -1 + 1e-12, 1)
        )

    limits = np.array([limit(*outcome) for outcome in zip(b.tolist(), a.tolist(), strict=True)])
    counted = limits >= limit(b_only, a_only) - 1e-9
    b, a = b[counted], a[counted]

    # Shares of differing pairs that the data do not rule out, by Chernoff's bound.
    seen = (b_only + a_only) / n
    shares = np.linspace(1e-9, 1 - 1e-9, 20_001)
    apart = special.rel_entr(seen, shares) + special.rel_entr(1 - seen, 1 - shares)
    least, *_, most = shares[n * apart <= math.log(2e6)]

    def p(shift: float) -> float:
        shares = np.linspace(max(abs(shift), least), max(abs(shift), most), 400)[:, None]
        chances = np.stack(
            [*np.broadcast_arrays((shares + shift) / 2, (shares - shift) / 2, 1 - shares)], axis=-1
        )
        counts = np.column_stack([b, a, n - b - a])
        rows: FloatArray = sp.multinomial.pmf(counts, n, np.maximum(chances, 0)).sum(axis=1)
        return float(rows.max())

    return float(optimize.brentq(lambda d: p(d) - tail, -0.999, (b_only - a_only) / n, xtol=1e-7))


@pytest.mark.parametrize(
    ("b", "a", "n"), [(0, 0, 12), (1, 0, 15), (0, 2, 15), (7, 1, 21), (4, 4, 16)]
)
@pytest.mark.parametrize("tail", leading([0.025, 0.1], 1))
def test_limits_agree_with_a_search_over_all_outcomes(b: int, a: int, n: int, tail: float) -> None:
    # A few shares beyond the bound are looked at too.
    found, known = _low(b, a, n, tail), _by_search(b, a, n, tail)
    assert known - 0.015 < found < known + 1e-3


@pytest.mark.parametrize(("n", "shift"), [(7, -0.2), (25, -0.1), (25, 0.1), (40, -0.03)])
@pytest.mark.parametrize("tail", leading([0.025, 0.1], 1))
def test_the_planned_rule_is_that_of_the_limits(n: int, shift: float, tail: float) -> None:
    differing = np.arange(n + 1)
    fewest = fewest_wins(n, differing, shift, tail)
    for d, least in zip(differing.tolist(), fewest.tolist(), strict=True):
        if least <= d:
            assert _low(least, d - least, n, tail) > shift
        if least > 0:
            assert _low(least - 1, d - least + 1, n, tail) <= shift


# ---------------------------------------------------------------- properties


def test_limits_rise_with_wins_and_fall_with_losses() -> None:
    n = 14
    lows = {(b, a): _low(b, a, n) for b in range(n + 1) for a in range(n + 1 - b)}
    for (b, a), low in lows.items():
        assert -1 <= low <= (b - a) / n
        assert low < lows.get((b + 1, a), math.inf)
        assert low <= lows.get((b + 1, a - 1), math.inf)
        assert lows.get((b, a + 1), -1.0) <= low


@settings(max_examples=examples(15))
@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 200), st.sampled_from(_TAILS))
def test_sides_mirror_and_p_values_agree(b: int, a: int, same: int, tail: float) -> None:
    n = a + b + same
    one, other = PairsTest(b, a, n, tail), PairsTest(a, b, n, tail)
    interval = one.interval(1 - 2 * tail)
    assert interval.low == -other.interval(1 - 2 * tail).high
    wider = one.interval(1 - tail)
    assert wider.low < interval.low
    assert interval.high < wider.high
    for shift in (interval.low - 1e-6, interval.low + 1e-6, 0.0):
        p = one.p_above(shift)
        assert p <= tail if shift < interval.low else p >= tail
        assert p == other.p_below(-shift)


# ---------------------------------------------------------------- both ends keep their promise

_SLACK = 0.001  # shares between those looked at are allowed a tenth of a point


@pytest.mark.parametrize(
    ("n", "margin", "share"), [(400, 0.01, 0.0125), (200, 0.02, 0.026), (100, 0.03, 0.058)]
)
def test_a_no_is_rarely_wrong_where_items_rarely_differ(
    n: int, margin: float, share: float
) -> None:
    differing = np.arange(n + 1)
    lost = differing[:, None] - differing
    reached = tango_z(differing, np.maximum(lost, 0), n, margin) > 1.96
    by_tango = np.where((reached & (lost >= 0)).any(axis=1), reached.argmax(axis=1), n + 1)
    assert _chance(n, by_tango, differing, margin, share) > 0.04
    fewest = fewest_wins(n, differing, margin, 0.025)
    assert _chance(n, fewest, differing, margin, share) < 0.025


@pytest.mark.parametrize("tail", _TAILS)
@pytest.mark.parametrize("n", [15, 100])
def test_both_ends_err_at_most_as_often_as_they_promise(n: int, tail: float) -> None:
    for margin in (0.0, 0.02, 0.1):
        for true in {-margin, margin}:
            assert _worst(n, true, tail, 1.0 if n < 50 else 0.4, 0.2) < tail + _SLACK


@pytest.mark.slow
@pytest.mark.parametrize("tail", _TAILS)
@pytest.mark.parametrize("n", [5, 10, 20, 50, 100, 200, 400, 1000, 3000])
def test_both_ends_over_a_wide_grid(n: int, tail: float) -> None:
    for margin in (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2):
        for true in {-margin, margin}:
            most = 1.0 if n <= 100 else 0.5 if n <= 400 else 0.3
            assert _worst(n, true, tail, most, 0.1) < tail + _SLACK


@pytest.mark.parametrize("tail", _TAILS)
def test_the_end_of_the_exact_limits_is_no_step(tail: float) -> None:
    n = 5000
    share = EXACT_UP_TO / n
    differing = np.arange(700, 1400)
    for true in (-0.01, 0.01, 0.1, -0.1):
        error = _chance(n, fewest_wins(n, differing, true, tail), differing, true, share)
        assert tail - 3 * _SLACK < error < tail + _SLACK
