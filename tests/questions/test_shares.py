"""Shares with an unknown part."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples

from headtohead.questions.usage import share_bounds

_AMOUNT = st.floats(0, 1e15)


def test_reproduces_manski() -> None:
    # Manski (1989), doi:10.2307/145818: of 106 homeless men 64 were found again, 21 of whom
    # had left the streets; so the share who left is between .20 and .59.
    found = share_bounds(21, 64 - 21, 106 - 64)
    assert (round(found.low, 2), round(found.high, 2)) == (0.20, 0.59)
    assert found.classified == pytest.approx(21 / 64)


@settings(max_examples=examples(300))
@given(_AMOUNT, _AMOUNT, _AMOUNT)
def test_bounds_are_in_order(subject: float, others: float, unknown: float) -> None:
    if subject + others == 0:
        with pytest.raises(ValueError, match="nothing is classified"):
            share_bounds(subject, others, unknown)
        return
    found = share_bounds(subject, others, unknown)
    assert 0 <= found.low <= found.classified <= found.high <= 1


@settings(max_examples=examples(100))
@given(st.floats(1, 1e9), st.floats(1, 1e9), st.floats(0, 1e9), st.floats(0.001, 1000))
def test_the_unit_does_not_matter(s: float, o: float, u: float, factor: float) -> None:
    one, other = share_bounds(s, o, u), share_bounds(s * factor, o * factor, u * factor)
    assert (one.low, one.classified, one.high) == pytest.approx(
        (other.low, other.classified, other.high)
    )


def test_whatever_the_unknown_is_the_truth_is_inside() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        amounts = rng.lognormal(0, 1.5, 30)
        mine, known = rng.random(30) < 0.4, rng.random(30) < 0.7
        known[0] = True
        found = share_bounds(
            *(float(amounts[part].sum()) for part in (mine & known, ~mine & known, ~known))
        )
        assert found.low - 1e-12 <= amounts[mine].sum() / amounts.sum() <= found.high + 1e-12


def test_agrees_with_trying_every_split() -> None:
    splits = np.linspace(0, 1, 1001)
    shares = (30 + splits * 20) / 100
    found = share_bounds(30, 50, 20)
    assert (found.low, found.high) == pytest.approx((shares.min(), shares.max()))


def test_refuses_what_is_no_amount() -> None:
    for amounts in ((-1, 1, 0), (1, -1, 0), (1, 1, -1), (1, math.nan, 0), (1, 1, math.inf)):
        with pytest.raises(ValueError, match="finite, and 0 or more"):
            share_bounds(*amounts)
    with pytest.raises(ValueError, match="nothing is classified"):
        share_bounds(0, 0, 5)
