"""Made-up markets and trades, small enough to count by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from headtohead.stats.inputs import FloatArray
from headtohead.trading.market import Market, read_market
from headtohead.trading.season import AccountValue, Recorded, Season, Trade, season_of

START = datetime(2025, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours(n: float) -> datetime:
    """So many hours after the start."""
    return START + n * HOUR


def trade(agent: str = "A", coin: str = "BTC", side: str = "long", **given: object) -> Trade:
    """A trade of one coin from 100 to 110 in ten hours, for a fee of 1, unless given otherwise."""
    fields: dict[str, object] = {
        "agent": agent,
        "coin": coin,
        "side": side,
        "opened_at": hours(0),
        "closed_at": hours(10),
        "entry_usd": 100.0,
        "exit_usd": 110.0,
        "quantity": 1.0,
        "fees_usd": 1.0,
        **given,
    }
    sign = 1 if fields["side"] == "long" else -1
    moved = float(fields["exit_usd"]) - float(fields["entry_usd"])  # type: ignore[arg-type]
    gross = sign * float(fields["quantity"]) * moved  # type: ignore[arg-type]
    fields.setdefault("net_usd", gross - float(fields["fees_usd"] or 0))  # type: ignore[arg-type]
    return Trade(**fields)  # type: ignore[arg-type]


def season(
    trades: Sequence[Trade] = (),
    values: Sequence[AccountValue] = (),
    stake: float = 1000.0,
    end: datetime | None = None,
) -> Season:
    """A season of these, that begins at the start."""
    part = Recorded(trades=tuple(trades), values=tuple(values), start=START, end=end)
    return season_of([part], stake_usd=stake)


def market(folder: Path, **closes: Sequence[float] | FloatArray) -> Market:
    """Hourly candles from the start on, each opening at the close before, as files hold them."""
    for coin, path in closes.items():
        shut = np.asarray(path, dtype=float)
        opened = np.concatenate([shut[:1], shut[:-1]])
        rows = [
            f"{hours(n):%Y-%m-%dT%H:%M:%SZ},{float(o)!r},{float(max(o, c))!r},{float(min(o, c))!r},"
            f"{float(c)!r}"
            for n, (o, c) in enumerate(zip(opened, shut, strict=True))
        ]
        text = "\n".join(["timestamp,open,high,low,close", *rows])
        (folder / f"{coin}USDT_1h.csv").write_text(text + "\n", encoding="utf-8")
    return read_market([folder])


def walk(rng: np.random.Generator, n: int, first: float = 100.0, step: float = 0.01) -> FloatArray:
    """A price that moves by independent log returns."""
    return first * np.exp(np.cumsum(rng.normal(0, step, n)))
