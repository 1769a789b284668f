"""Windows: many, spread over all candles, never overlapping, the same for everyone."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples
from tests.trading.run_parts import bars_of, walk

from headtohead.core.errors import InputError
from headtohead.trading.running.windows import Windows, windows_of

MARKET = walk(1000)


def _windows(n: int, hours: int, seed: int = 0, history: int = 48, bars: int = 1000) -> Windows:
    return windows_of(
        MARKET.window(MARKET.start, MARKET.start + bars * MARKET.bar),
        n=n,
        length=timedelta(hours=hours),
        every=timedelta(hours=1),
        history=history,
        rng=np.random.default_rng(seed),
    )


@given(n=st.integers(1, 30), hours=st.integers(1, 300), seed=st.integers(0, 99))
@settings(max_examples=examples(300))
def test_windows_lie_inside_the_candles_and_never_overlap(n: int, hours: int, seed: int) -> None:
    found = _windows(n, hours, seed)
    first = found.first
    fitting = 999 // hours  # a bar is known before the first decision
    assert first.size == min(n, fitting)
    assert first.min() >= 1
    assert first.max() + hours <= 1000
    assert (np.diff(first) >= hours).all()
    assert len(found.notes) == (n > fitting)


def test_each_part_of_the_candles_has_its_window() -> None:
    """Ten parts of 95.2 hours after the 48 that are shown first."""
    for seed in range(20):
        parts = (_windows(10, 24, seed).first - 48) // 95.2
        assert parts.tolist() == list(range(10))


def test_the_seed_alone_decides() -> None:
    assert (_windows(8, 24, 3).first == _windows(8, 24, 3).first).all()
    assert (_windows(8, 24, 3).first != _windows(8, 24, 4).first).any()


def test_a_window_begins_where_every_coin_has_a_price() -> None:
    close = MARKET.close.copy()
    close[:500, 1] = np.nan
    first = windows_of(
        bars_of(close),
        n=1,
        length=timedelta(hours=24),
        every=timedelta(hours=4),
        history=10,
        rng=np.random.default_rng(1),
    ).first
    assert first[0] > 500


@pytest.mark.parametrize(
    ("n", "hours", "bars", "says"),
    [(1, 1000, 1000, "do not fit into"), (3, 0.5, 1000, "multiple of a bar")],
)
def test_what_cannot_be_is_said(n: int, hours: int, bars: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        _windows(n, hours, bars=bars)
