"""Calls summed before they are priced, since many of them cost alike."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from headtohead.files.opening import PARQUET, content, held, parquet
from headtohead.logs.calls import TOGETHER, Call, CallStream, Spending, Usage, instant_of, together
from headtohead.logs.opening import DEAREST
from headtohead.prices.at_calls import LONG_TOKENS, Prices
from headtohead.prices.listing.usage import Alike

_TOKENS = Usage.__struct_fields__
_INSTANT = pa.timestamp("us", "UTC")
_TYPES = {
    "model": pa.string(),
    "instant": _INSTANT,
    "from_cache": pa.bool_(),
    "cost_usd": pa.float64(),
    "tells": pa.bool_(),
    **dict.fromkeys(_TOKENS, pa.int64()),
}
_KEY = ("model", "day", "moment", "size", "from_cache", "tells", "bills", "odd")
_UNREAD = ("usage", "score", "label.cache_hit")  # which say more of a call than its columns do
_MOST = 10**9  # tokens of a call that is summed with others, since a column's sums have an end
_ROWS = 65_536  # of a table


def summed(
    tables: Iterable[pl.DataFrame | Call], prices: Prices, operator: str
) -> Iterator[Call | Alike]:
    """The calls of tables, those together that one price holds for, in order of the first of each.

    One price holds for calls of a model on a day, with prompts of a length between those from
    which sellers ask more; or of a minute, on days on which the price changes or goes by the hour.
    Calls whose counts cannot be stay alone.

    Args:
        tables: As `tables_of` gives them.
    """
    frame = prices.frame(prices.day)
    tiers = frame["tier"].unique().drop_nulls().to_list()
    above = {int(x[5:].replace("k", "000")) for x in tiers if x.startswith("over_")} | {LONG_TOKENS}
    turns = pl.concat([frame["valid_from_at"], frame["valid_to_at"]]).drop_nulls()
    minute = pl.col("instant").dt.truncate("1m")
    turning = minute.is_in(turns.dt.truncate("1m").unique().implode())
    moment = pl.when("hourly").then(pl.when(turning).then("instant").otherwise(minute))
    odd = (
        pl.any_horizontal(~pl.col(x).is_between(0, _MOST) for x in _TOKENS)
        | (pl.col("cache_read_tokens") + pl.col("cache_write_tokens") > pl.col("input_tokens"))
        | (pl.col("reasoning_tokens") > pl.col("output_tokens"))
    )
    groups, rows = list[pl.DataFrame](), 0
    for table in tables:
        if isinstance(table, Call):
            yield table
            continue
        calls = table.with_row_index("row", rows).with_columns(
            day=pl.col("instant").dt.date(),
            size=pl.sum_horizontal((pl.col("input_tokens") > x).cast(pl.Int8) for x in above),
            bills=pl.col("cost_usd").is_not_null(),
            odd=pl.when(odd).then("row"),
            prompt="input_tokens",
            n=pl.lit(1, pl.Int64),
        )
        rows += table.height
        asked = calls.filter(pl.col("tells") & ~pl.col("from_cache")).select("model", "day")
        pairs = asked.unique(maintain_order=True)
        named = [(model.strip(), day) for model, day in pairs.iter_rows()]
        for name in dict.fromkeys(name for name, _ in named if name):
            prices.in_force(name, prices.day, operator)  # so that notes stand in order of calls
        steady = [not (name and day) or prices.steady(name, day, operator) for name, day in named]
        pairs = pairs.with_columns(hourly=~pl.Series(steady, dtype=pl.Boolean))
        calls = calls.join(pairs, on=["model", "day"], how="left", maintain_order="left")
        groups.append(_grouped(calls.with_columns(moment=moment)))
        if sum(x.height for x in groups[1:]) > max(_ROWS, groups[0].height):
            groups = [_grouped(pl.concat(groups))]
    for one in _grouped(pl.concat(groups)).sort("row").iter_rows(named=True) if groups else ():
        one["instant"] = one["instant"].isoformat() if one["instant"] else ""
        call = _call(*(one[name] for name in _TYPES))
        usage, call.usage = call.usage, call.usage and Usage(input_tokens=one["prompt"])
        yield Alike(call, one["n"], usage, call.cost_usd if one["bills"] else None)


def _grouped(calls: pl.DataFrame) -> pl.DataFrame:
    """Sums of calls alike in everything that decides their price, or sums of such sums."""
    return calls.group_by(_KEY).agg(
        pl.col("row", "instant").min(),
        pl.col("prompt").max(),
        pl.col("n", "cost_usd", *_TOKENS).sum(),
    )


def _call(
    model: str,
    started: str,
    from_cache: bool,
    cost_usd: float | None,
    tells: bool,
    *counts: int,
) -> Call:
    return Call(
        key="",
        model=model,
        started=started,
        labels={"cache_hit": "true"} if from_cache else {},
        cost_usd=cost_usd,
        usage=Usage(**dict(zip(_TOKENS, counts, strict=True))) if tells else None,
    )


def tables_of(path: Path, stream: CallStream) -> Iterator[pl.DataFrame | Call]:
    """What prices the calls of a file, many in a table; calls that no table can hold, alone.

    The columns of a Parquet file are taken as they are where they plainly say it.
    """
    columns = _plain_columns(path, stream.columns)
    if columns:
        return _of_columns(path, columns, stream.calls)
    return _gathered(stream.together or together(stream.calls))


def _gathered(some: Iterator[Spending]) -> Iterator[pl.DataFrame | Call]:
    while parts := list(islice(some, _ROWS // TOGETHER)):
        tables = list[pa.Table]()
        for *said, tokens in parts:
            columns = (*said, *tokens)
            try:
                arrays = list(map(_array, columns, _TYPES.values()))
                tables.append(pa.table(arrays, list(_TYPES)))
            except OverflowError:
                yield from (_call(*call) for call in zip(*columns, strict=True))
        if tables:
            yield pl.DataFrame(pa.concat_tables(tables))


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Values as Arrow has them, starts of calls as the instants that they mean.

    Raises:
        OverflowError: If a number is larger than Arrow's.
    """
    if kind != _INSTANT:
        return pa.array(values, kind)
    if min(map(len, values)) > len("2026-09-01"):
        for zone in ("UTC", None):
            with suppress(pa.ArrowInvalid, OverflowError):
                instants = pa.array(values, pa.string()).cast(pa.timestamp("us", zone))
                pc.min_max(instants).as_py()  # Arrow knows years that no calendar has
                return instants.cast(kind)
    return pa.array(list(map(instant_of, values)), kind)


def _plain_columns(path: Path, columns: Mapping[str, str]) -> dict[str, str]:
    """Where a Parquet file plainly says model, time, tokens and bill; empty if it does not."""
    of_parquet = held(path).is_file() and content(path, len(PARQUET)) == PARQUET
    if not of_parquet or any(x in columns for x in _UNREAD):
        return {}
    with parquet(path) as file:
        types = dict(zip(file.schema_arrow.names, file.schema_arrow.types, strict=True))
    is_ = pa.types
    counts = (is_.is_signed_integer, is_.is_uint8, is_.is_uint16, is_.is_uint32)
    tests = {
        "model": (is_.is_string, is_.is_large_string, is_.is_string_view),
        "started": (is_.is_timestamp,),
        "cost_usd": (is_.is_float64,),
        **dict.fromkeys(_TOKENS, counts),
    }
    there = {x: columns[x] for x in tests if x in columns}
    needed = "model" in there and "started" in there and not there.keys().isdisjoint(_TOKENS)
    plain = all(y in types and any(t(types[y]) for t in tests[x]) for x, y in there.items())
    return there if needed and plain else {}


def _of_columns(
    path: Path, columns: Mapping[str, str], calls: Iterator[Call]
) -> Iterator[pl.DataFrame]:
    places = {name: columns.get("started" if name == "instant" else name) for name in _TYPES}
    refused = (pl.min_horizontal("cost_usd", *_TOKENS) < 0) | (pl.col("cost_usd") > DEAREST)
    # Unbuffered, a column of a row group is held whole: some files have one row group.
    with parquet(path, pre_buffer=False, buffer_size=1 << 20) as file:
        for batch in file.iter_batches(_ROWS, columns=list({*columns.values()}), use_threads=False):
            nothing = pa.nulls(len(batch))
            arrays = [
                (batch[at] if at else nothing).cast(_TYPES[name], safe=False)
                for name, at in places.items()
            ]
            table = pl.DataFrame(pa.table(arrays, list(places))).with_columns(
                pl.col("model").fill_null(""),
                pl.col(_TOKENS).fill_null(0),
                from_cache=pl.lit(False),
                cost_usd=pl.when(pl.col("cost_usd").is_finite()).then("cost_usd"),
                tells=pl.any_horizontal(pl.col(_TOKENS).is_not_null()),
            )
            if table.select(refused.any()).item():
                deque(calls, 0)  # the reader of single calls says where
            yield table
