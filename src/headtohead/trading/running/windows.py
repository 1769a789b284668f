"""Which spans of the candles agents trade in: many of equal length, spread over the whole."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError
from headtohead.core.units import counted, first_few, lasting
from headtohead.trading.market import Market


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a run, in the order of time.

    Attributes:
        first: Row of the market at which each starts, shape (windows,).
        bars: Length of each.
        every: Bars from one decision to the next.
        notes: What a reader must know.
    """

    first: NDArray[np.int64]
    bars: int
    every: int
    notes: tuple[str, ...] = ()

    @property
    def decisions(self) -> int:
        """How often an agent decides in each."""
        return -(-self.bars // self.every)


def windows_of(
    market: Market,
    *,
    n: int,
    length: timedelta,
    every: timedelta,
    history: int,
    rng: np.random.Generator,
) -> Windows:
    """One window in each of n equal parts of the candles, at a random place of it.

    Windows never overlap, for what two of them share would count twice: where n do not fit side by
    side, as many as fit are taken. Before the first one lie the bars that are shown at its first
    decision, as many as can be spared and at least one.

    Raises:
        InputError: If the candles are too short, or a length is no multiple of a bar.
    """
    bars, step = (_in_bars(x, name, market.bar) for x, name in ((length, "days"), (every, "every")))
    if step > bars:
        raise InputError(f"`every` {every} is longer than a window of {length}.")
    total, days = len(market.times), length / timedelta(days=1)
    fitting = (total - 1) // bars
    if not fitting:
        raise InputError(
            f"A window of {days:g} days and a bar before it do not fit into "
            f"{market.bar * total / timedelta(days=1):.1f} days of candles. Give more candles, or "
            "fewer `days`."
        )
    notes = []
    if n > fitting:
        notes.append(
            f"{counted(n, 'window')} were asked for; {fitting} of {days:g} days fit side by side "
            f"into the candles, so {fitting} are run. Give more candles, or fewer `days`"
        )
        n = fitting
    before = max(1, min(history, total - n * bars))
    good = np.atleast_1d(np.isfinite(market.close).all(axis=1))
    edges = np.linspace(before, total, n + 1)
    first = np.array([_draw(good, lo, hi - bars, rng, market) for lo, hi in pairwise(edges)])
    thin = int(np.isnan(market.open[first[:, None] + np.arange(bars)]).any(axis=(1, 2)).sum())
    if thin:
        notes.append(
            f"{counted(thin, 'window holds', 'windows hold')} bars without a price of a coin"
        )
    return Windows(first, bars, step, tuple(notes))


def _draw(
    good: NDArray[np.bool_], low: float, high: float, rng: np.random.Generator, market: Market
) -> int:
    """A row to start at, before which every coin has a price."""
    rows = np.arange(int(np.ceil(low)), max(int(np.ceil(low)), int(np.floor(high))) + 1)
    rows = rows[good[rows - 1]]
    if not rows.size:
        known = np.isfinite(market.close).mean(axis=0)
        thin = [coin for coin, share in zip(market.coins, known, strict=True) if share < 1]
        raise InputError(
            f"In a part of the candles no bar has prices of all coins; there are gaps in those of "
            f"{first_few(thin, 12)}. Give complete candles, other `coins` or fewer `windows`."
        )
    return int(rng.choice(rows))


def _in_bars(length: timedelta, name: str, bar: timedelta) -> int:
    bars = length / bar
    if bars < 1 or abs(bars - round(bars)) > 1e-9:
        raise InputError(
            f"`{name}` is {lasting(length)}; it must be a multiple of a bar, {lasting(bar)}."
        )
    return round(bars)
