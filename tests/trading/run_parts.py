"""A market of random walks, and runs on it."""

from datetime import timedelta
from pathlib import Path

import numpy as np

from headtohead.trading.market import Candles, Market

COINS = ("BTC", "ETH")


def walk(
    bars: int = 400, seed: int = 0, coins: tuple[str, ...] = COINS, hour: float = 0.006
) -> Market:
    """Hourly bars of random walks from 100 on, each opening where the last one closed."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, hour, (bars, len(coins))), axis=0))
    return bars_of(close)


def bars_of(close: np.ndarray, coins: tuple[str, ...] = COINS) -> Market:
    """Bars of closing prices, shape (bars, coins)."""
    opened = np.vstack([close[:1], close[:-1]])
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    hours = np.arange(len(close)) * np.timedelta64(1, "h")
    return Market(
        coins=coins[: close.shape[1]],
        times=(np.datetime64("2025-03-01") + hours).astype("datetime64[us]"),
        bar=timedelta(hours=1),
        candles=Candles(opened, high, low, close),
        funding=np.zeros(close.shape),
        funded=np.zeros(close.shape, np.bool_),
    )


def written(market: Market, folder: Path) -> Path:
    """The candles as files, one a coin."""
    folder.mkdir(exist_ok=True)
    times = market.times.astype("datetime64[ms]").astype(np.int64)
    for c, coin in enumerate(market.coins):
        table = np.column_stack([times, *(x[:, c] for x in market.candles)])
        rows = "\n".join(
            ",".join(f"{x:.10g}" if n else f"{x:.0f}" for n, x in enumerate(r)) for r in table
        )
        (folder / f"{coin}USDT_1h.csv").write_text(f"open_time,open,high,low,close\n{rows}\n")
    return folder
