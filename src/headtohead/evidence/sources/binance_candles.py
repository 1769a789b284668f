"""Binance perpetual futures: hourly candles of six coins through Alpha Arena's season 1.

Reads Binance's monthly archives (a zip with one CSV, with or without a header line) and Parquet
files of the same candles. Only October and November 2025 are kept.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import Download, Parsed, RawFile, RawFiles, Record, Source, names

_ID = "binance_candles"
_COINS = ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP")
_MONTHS = ("2025-10", "2025-11")
_FIRST, _LAST = date(2025, 10, 1), date(2025, 11, 30)
_HOUR = timedelta(hours=1)

SOURCE = Source(
    source_id=_ID,
    publisher="Binance",
    product="USD-margined perpetual futures, hourly candles, October-November 2025",
    citation="Binance (2025). Public market data. https://data.binance.vision",
    url="https://data.binance.vision",
    licence="LicenseRef-none-stated",
    ship="no",
    downloads=tuple(
        Download(
            f"{coin}USDT-1h-{month}.zip",
            "https://data.binance.vision/data/futures/um/monthly/klines/"
            f"{coin}USDT/1h/{coin}USDT-1h-{month}.zip",
        )
        for coin in _COINS
        for month in _MONTHS
    ),
    patterns=("*USDT-1h-*.zip", "*USDT-1h-*.csv", "*USDT_1h.parquet"),
    rows={"coin_prices": (700, 20_000)},
)

_NAME = re.compile(r"(?P<coin>[A-Z]+)USDT[-_]1h(-\d{4}-\d{2})?\.(?P<kind>zip|csv|parquet)$")
_FIELDS = names(
    "open_time open high low close volume close_time quote_volume count taker_buy_volume "
    "taker_buy_quote_volume ignore"
)


def parse(raw: RawFiles) -> Parsed:
    """One row a coin and hour of the season's two months."""
    parsed = Parsed()
    seen: set[tuple[str, datetime]] = set()
    for f in raw.files:
        match = _NAME.search(f.name)
        if not match or match["coin"] not in _COINS:
            raise UpstreamChanged(_ID, f.name, "a file of an unknown coin or kind")
        candles = _from_parquet(f, parsed) if match["kind"] == "parquet" else _from_csv(f)
        for record, opened in candles:
            if not _FIRST <= opened.date() <= _LAST:
                parsed.drop("outside the season")
                continue
            coin = match["coin"]
            first, high, low, last = (record.number(n) for n in ("open", "high", "low", "close"))
            record.take("volume")
            record.done()
            if not (low <= first <= high and low <= last <= high):
                raise record.wrong("low, open, close, high", (low, first, last, high))
            row = {
                "coin": coin,
                "observed_at": opened,
                "price_usd": first,
                "high_usd": high,
                "low_usd": low,
                "close_usd": last,
                "known_on": (opened + _HOUR).date(),
            }
            if (coin, opened) in seen:
                parsed.drop("given twice")
            else:
                seen.add((coin, opened))
                parsed.add("coin_prices", row)
    return parsed


def _from_csv(f: RawFile) -> Iterator[tuple[Record, datetime]]:
    """The candles of an archive; older ones have no header line."""
    for number, cells in enumerate(csv.reader(io.StringIO(_text(f), newline=""))):
        where = f"{f.name} line {number + 1}"
        if number == 0 and cells[0] == _FIELDS[0]:
            if tuple(cells) != _FIELDS:
                raise UpstreamChanged(_ID, where, f"the header {','.join(cells)}")
            continue
        if len(cells) != len(_FIELDS):
            raise UpstreamChanged(_ID, where, f"{len(cells)} cells, not {len(_FIELDS)}")
        record = Record(_ID, where, dict(zip(_FIELDS, cells, strict=True)))
        opened = record.convert("open_time", _from_milliseconds)
        closed = record.convert("close_time", _from_milliseconds)
        if closed - opened != _HOUR - timedelta(milliseconds=1):
            raise record.wrong("close_time", closed)
        record.skip(*_FIELDS[7:])
        yield record, opened


def _text(f: RawFile) -> str:
    if not f.name.endswith(".zip"):
        return f.text()
    try:
        with zipfile.ZipFile(io.BytesIO(f.content)) as archive:
            inside = archive.namelist()
            if len(inside) != 1 or not inside[0].endswith(".csv"):
                raise UpstreamChanged(_ID, f.name, f"an archive of {', '.join(inside)}")
            return archive.read(inside[0]).decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error) as error:
        raise f.damaged("is no whole zip", error) from None


def _from_parquet(f: RawFile, parsed: Parsed) -> Iterator[tuple[Record, datetime]]:
    import polars as pl

    rows = f.parquet().with_row_index("number")
    if getattr(rows.schema.get("timestamp"), "time_zone", None):
        # Files of whole years are long, and all but two months of them are not kept.
        day = pl.col("timestamp").dt.convert_time_zone("UTC").dt.date()
        kept = rows.filter(day.is_between(_FIRST, _LAST).fill_null(value=True))
        if lost := rows.height - kept.height:
            parsed.dropped["outside the season"] += lost
        rows = kept
    for fields in rows.iter_rows(named=True):
        record = Record(_ID, f"{f.name} row {fields.pop('number')}", fields)
        yield record, record.convert("timestamp", _in_utc)


def _in_utc(value: Any) -> datetime:  # noqa: ANN401 - upstream value
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise TypeError(value)
    return value.astimezone(UTC)


def _from_milliseconds(text: str) -> datetime:
    """The moment, if the number is of milliseconds and not of seconds or microseconds."""
    number = int(text)
    if not 1e12 <= number < 1e13:
        raise ValueError(text)
    return datetime.fromtimestamp(number / 1000, tz=UTC)
