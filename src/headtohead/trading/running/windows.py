"""Which spans of the candles agents trade in: many of equal length, spread over the whole."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError
from headtohead.core.units import counted, first_few
from headtohead.trading.market import Market


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a run, in the order of time.

    Attributes:
        first: Row of the market at which each starts, shape (windows,).
        bars: Length of each.
        every: Bars from one decision to the next.
        overlapping: How many windows may share a bar; 1 if none does.
        notes: What a reader must know.
    """

    first: NDArray[np.int64]
    bars: int
    every: int
    overlapping: float
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

    Where the parts are shorter than a window, starts are drawn from n equal parts of all possible
    starts, and windows overlap. Before a window lie the bars that are shown at its first decision,
    as many as can be spared and at least one.

    Raises:
        InputError: If the candles are too short, or a length is no multiple of a bar.
    """
    bars, step = (_in_bars(x, name, market.bar) for x, name in ((length, "days"), (every, "every")))
    if step > bars:
        raise InputError(f"`every` {every} is longer than a window of {length}.")
    total = len(market.times)
    spare = total - n * bars
    before = max(1, min(history, total - bars - 1 if spare <= 0 else spare))
    room = total - before
    if room < bars:
        have = market.bar * total
        raise InputError(
            f"A window of {length / timedelta(days=1):g} days and a bar before it do not fit into "
            f"{have / timedelta(days=1):.1f} days of candles. Give more candles, or fewer `days`."
        )
    good = np.atleast_1d(np.isfinite(market.close).all(axis=1))
    apart = n * bars <= room
    edges = np.linspace(before, total if apart else total - bars + 1, n + 1)
    last = edges[1:] - bars if apart else edges[1:] - 1
    first = np.array(
        [_draw(good, lo, hi, rng, market) for lo, hi in zip(edges[:-1], last, strict=True)]
    )
    notes = []
    if not apart:
        notes.append(
            f"{counted(n, 'window')} of {length / timedelta(days=1):g} days do not fit side by "
            f"side into the candles of {market.bar * total / timedelta(days=1):.0f} days, so they "
            "overlap and say less than as many separate ones; intervals allow for it"
        )
    shared = 1.0 if apart else max(1.0, n * bars / (total - before))
    thin = np.isnan(market.open[first[:, None] + np.arange(bars)]).any(axis=1).sum()
    if thin:
        notes.append(
            f"{counted(int(thin), 'window holds', 'windows hold')} bars without a price of a coin"
        )
    return Windows(first, bars, step, shared, tuple(notes))


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
        raise InputError(f"`{name}` is {length}; it must be a multiple of a bar, {bar}.")
    return round(bars)
