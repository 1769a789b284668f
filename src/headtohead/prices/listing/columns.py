"""Calls in a Parquet file, summed before they are priced, since many of them cost alike."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from headtohead.logs.calls import Call, Usage
from headtohead.prices.at_calls import LONG_TOKENS, Prices
from headtohead.prices.listing.usage import Alike

_TOKENS = Usage.__struct_fields__
_KEY = ("model", "day", "moment", "size", "tells", "bills")
_UNREAD = ("usage", "score", "label.cache_hit")  # which say more of a call than its columns do
_DEAREST = 1e6  # US dollars of one call; more is for the reader of single calls to refuse


def summed(
    path: Path, columns: Mapping[str, str], prices: Prices, operator: str
) -> Iterator[Alike] | None:
    """The calls of a file, those together that one price holds for; None to read them one by one.

    One price holds for calls of a model on a day, with prompts of a length between those from
    which sellers ask more; or of a minute, on days on which the price changes or goes by the hour.
    What needs a word on a single call, as counts that cannot be, is left to the reader of calls.

    Args:
        columns: Field of a call -> the column where it stands, as `CallStream` says.
    """
    calls = _table(path, columns)
    if calls is None:
        return None
    frame = prices.frame(prices.day)
    tiers = frame["tier"].unique().drop_nulls().to_list()
    above = {int(x[5:].replace("k", "000")) for x in tiers if x.startswith("over_")} | {LONG_TOKENS}
    size = pl.sum_horizontal((pl.col("input_tokens") > x).cast(pl.Int8) for x in sorted(above))
    calls = calls.with_columns(size=size)
    by_day = _grouped(calls, pl.lit(None, pl.Datetime("us", "UTC")))
    if by_day["wrong"].any():
        return None
    pairs = by_day.select("model", "day").unique().drop_nulls("day")
    hourly = pairs.filter(
        [not prices.steady(model, day, operator) for model, day in pairs.iter_rows()]
    )
    parts = [by_day.join(hourly, on=["model", "day"], how="anti")]
    if hourly.height:
        turns = pl.concat([frame["valid_from_at"], frame["valid_to_at"]]).drop_nulls()
        minute = pl.col("instant").dt.truncate("1m")
        turning = minute.is_in(turns.dt.truncate("1m").unique().implode())
        moment = pl.when(turning).then("instant").otherwise(minute)
        some = calls.join(hourly.lazy(), on=["model", "day"], how="semi")
        parts.append(_grouped(some, moment))
    return (_alike(row) for part in parts for row in part.iter_rows(named=True))


def _table(path: Path, columns: Mapping[str, str]) -> pl.LazyFrame | None:
    """Model, instant, tokens and bill of each call; None if the columns are not plainly those."""
    if path.suffix != ".parquet" or not path.is_file() or any(x in columns for x in _UNREAD):
        return None
    table = pl.scan_parquet(path)
    types = table.collect_schema()
    tokens = {name: columns[name] for name in _TOKENS if name in columns}
    kinds = {
        columns.get("model", ""): types.get(columns.get("model", "")) == pl.String,
        columns.get("started", ""): isinstance(types.get(columns.get("started", "")), pl.Datetime),
        **{x: x in types and types[x].is_integer() for x in tokens.values()},
    }
    bill = columns.get("cost_usd")
    if not tokens or not all(kinds.values()) or (bill and types.get(bill) != pl.Float64):
        return None
    started = types[columns["started"]]
    instant = pl.col(columns["started"]).cast(
        pl.Datetime("us", getattr(started, "time_zone", None))
    )
    zoned = getattr(started, "time_zone", None)
    utc = instant.dt.convert_time_zone("UTC") if zoned else instant.dt.replace_time_zone("UTC")
    counts = {
        name: pl.col(tokens[name]).cast(pl.Int64).fill_null(0) if name in tokens else pl.lit(0)
        for name in _TOKENS
    }
    return table.select(
        model=pl.col(columns["model"]).fill_null("").str.strip_chars(),
        instant=utc,
        day=utc.dt.date(),
        tells=pl.any_horizontal(pl.col(x).is_not_null() for x in tokens.values()),
        bill=pl.col(bill) if bill else pl.lit(None, pl.Float64),
        **counts,
    )


def _grouped(calls: pl.LazyFrame, moment: pl.Expr) -> pl.DataFrame:
    """Sums of calls alike in everything that decides their price."""
    cached = pl.col("cache_read_tokens") + pl.col("cache_write_tokens")
    wrong = (
        pl.any_horizontal(pl.col(x) < 0 for x in _TOKENS)
        | (cached > pl.col("input_tokens"))
        | (pl.col("reasoning_tokens") > pl.col("output_tokens"))
        | ~pl.col("bill").fill_null(0.0).is_between(0, _DEAREST)
    )
    return (
        calls.with_columns(moment=moment, bills=pl.col("bill").is_not_null())
        .group_by(_KEY)
        .agg(
            pl.len().alias("n"),
            pl.col("instant").min(),
            pl.col("input_tokens").max().alias("prompt"),
            pl.col("bill").sum(),
            *(pl.col(name).sum() for name in _TOKENS),
            wrong=wrong.any(),
        )
        .collect(engine="streaming")
        .sort(_KEY)
    )


def _alike(row: Mapping[str, Any]) -> Alike:
    usage = Usage(**{name: row[name] for name in _TOKENS}) if row["tells"] else None
    call = Call(
        key="",
        model=row["model"],
        started=row["instant"].isoformat() if row["instant"] else "",
        usage=Usage(input_tokens=row["prompt"]) if row["tells"] else None,
    )
    return Alike(call, row["n"], usage, row["bill"] if row["bills"] else None)
