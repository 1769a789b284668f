"""Account values over a trading season, against holding the coin."""

from datetime import timedelta

import polars as pl

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, once, shown, span

QUESTION = Question(
    asks="How did the agents' accounts move, and what did simply holding a coin return?",
    reads=("equity",),
    optional=("coin_prices",),
    units=("pct",),
    scope={
        "season": ScopeWord("text", "Which season.", "alpha_arena_1", column="season"),
        "coin": ScopeWord("text", "The coin to hold.", "BTC", column="coin"),
        "start": ScopeWord("text", "First hour, UTC.", "2025-10-17T22:00:00"),
        "end": ScopeWord("text", "Last hour, UTC.", "2025-11-03T22:00:00"),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The return of holding over the season, as far as prices are known; rows are both series."""
    agents = frames["equity"].filter(pl.col("season") == ask.scope["season"])
    agents = once(agents, "observed_at").with_columns(series=pl.lit("agent"))
    hold = _hold(frames["coin_prices"], ask)
    rows = pl.concat([agents, hold], how="diagonal_relaxed").sort(
        "series", "model_name", "observed_at"
    )
    final = agents.filter(pl.col("is_final"))
    if hold.is_empty():
        return _agents_only(ask, agents, rows)
    value = float(hold["return_pct"][-1])
    last = hold["observed_at"][-1]
    days = f"{str(hold['observed_at'][0])[:16]} to {str(last)[:16]}"
    one = estimate(
        ask,
        hold,
        label=f"holding {ask.scope['coin']}",
        interval=value,
        unit="pct",
        method=f"price change from {days} UTC",
        n=hold.height,
        n_of="prices",
    )
    # Like with like: the agents' accounts as they stood when the last coin price was taken.
    stood = agents.filter(pl.col("observed_at") <= last).sort("observed_at")
    stood = stood.unique("agent", keep="last", maintain_order=True)
    ahead = stood.filter(pl.col("return_pct") > value)
    ends = final["observed_at"].to_list()
    whole = bool(ends) and last >= min(ends) - timedelta(hours=2)
    says = (
        f"holding {ask.scope['coin']} returned {value:+.1f}% from {days} UTC; "
        f"{ahead.height} of {stood.height} agents stood above that then"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(rows, _COLUMNS),
        notes=() if whole else (_PART,),
    )


_PART = (
    "no coin price after that day may ship with the package; `h2h update binance_candles` adds the "
    "rest of the season"
)
_COLUMNS = "series model_name country observed_at return_pct is_final"


def _hold(prices: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """Returns of holding since the first price of the season; candles beat scattered prices."""
    if prices.is_empty():
        return prices.with_columns(return_pct=pl.lit(None, dtype=pl.Float64))
    first, last = (
        pl.lit(str(ask.scope[w])).str.to_datetime(time_zone="UTC", time_unit="us")
        for w in ("start", "end")
    )
    rows = prices.filter(
        (pl.col("coin") == ask.scope["coin"]) & pl.col("observed_at").is_between(first, last)
    )
    candles = rows.filter(pl.col("close_usd").is_not_null())
    rows = (candles if candles.height else rows).sort("observed_at")
    return rows.with_columns(
        ((pl.col("price_usd") / pl.col("price_usd").first() - 1) * 100).alias("return_pct"),
        (pl.lit("hold ") + pl.col("coin")).alias("model_name"),
        series=pl.lit("hold"),
        is_final=pl.lit(False),
    )


def _agents_only(ask: Ask, agents: pl.DataFrame, rows: pl.DataFrame) -> Answer:
    best = agents.filter(pl.col("is_final")).sort("return_pct", descending=True).head(1)
    if best.is_empty():
        return ask.lacks("no final account values were known")
    value = float(best["return_pct"][0])
    one = estimate(
        ask,
        best,
        label=str(best["model_name"][0]),
        interval=value,
        unit="pct",
        method="final account value",
        n=agents.height,
        n_of="account values",
    )
    says = (
        f"the best agent, {best['model_name'][0]}, ended at {value:+.1f}% on {span(best)}; no coin "
        "price was known"
    )
    return Answer(estimates=(one,), says=says, rows=shown(rows, _COLUMNS))
