import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.sources.binance_candles import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore\n"
)
_START = 1760738400000  # 2025-10-17 22:00 UTC
_HOUR = 3_600_000


def _line(opened: int = _START, prices: str = "100,110,90,105") -> str:
    return f"{opened},{prices},7,{opened + _HOUR - 1},700,9,3,300,0\n"


def _zipped(text: str, name: str = "BTCUSDT-1h-2025-10.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def _parse(content: bytes, name: str = "BTCUSDT-1h-2025-10.zip") -> Parsed:
    return parse(RawFiles("binance_candles", (RawFile(name, content),), date(2026, 1, 1)))


@pytest.mark.parametrize("header", [_HEADER, ""])
def test_an_archive_with_and_without_header(header: str) -> None:
    (row,) = _parse(_zipped(header + _line())).rows["coin_prices"]
    assert (row["coin"], row["observed_at"]) == ("BTC", datetime(2025, 10, 17, 22, tzinfo=UTC))
    assert (row["price_usd"], row["high_usd"], row["low_usd"], row["close_usd"]) == (
        100,
        110,
        90,
        105,
    )
    assert row["known_on"] == date(2025, 10, 17)


def test_an_unpacked_file_is_read_too_and_the_last_hour_is_known_next_day() -> None:
    (row,) = _parse(_line(_START + _HOUR).encode(), "BTCUSDT-1h-2025-10.csv").rows["coin_prices"]
    assert row["observed_at"].hour == 23
    assert row["known_on"] == date(2025, 10, 18)


def test_parquet() -> None:
    frame = pl.DataFrame(
        {
            "open": [100.0, 1.0],
            "high": [110.0, 1.0],
            "low": [90.0, 1.0],
            "close": [105.0, 1.0],
            "volume": [7.0, 1.0],
            "timestamp": [
                datetime(2025, 11, 30, 23, tzinfo=UTC),
                datetime(2025, 12, 1, 0, tzinfo=UTC),
            ],
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    parsed = _parse(buffer.getvalue(), "ETHUSDT_1h.parquet")
    (row,) = parsed.rows["coin_prices"]
    assert (row["coin"], row["close_usd"]) == ("ETH", 105.0)
    assert row["known_on"] == date(2025, 12, 1)
    assert dict(parsed.dropped) == {"outside the season": 1}


def test_a_candle_given_twice_is_counted() -> None:
    parsed = _parse(_zipped(_line() + _line()))
    assert len(parsed.rows["coin_prices"]) == 1
    assert parsed.dropped["given twice"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_HEADER.replace("volume", "tokens", 1) + _line(), "the header"),
        (_line().replace("\n", ",1\n"), "13 cells"),
        (_line().replace(str(_START), str(_START * 1000)), "'open_time' holds"),
        (_line().replace(str(_START + _HOUR - 1), str(_START + 60_000)), "'close_time' holds"),
        (_line(prices="100,110,101,105"), "'low, open, close, high' holds"),
        (_line(prices="100,104,90,105"), "'low, open, close, high' holds"),
        (_line(prices="NaN,110,90,105"), "'open' holds"),
    ],
)
def test_changed_layouts_raise(text: str, message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        _parse(_zipped(text))


def test_unknown_coins_and_archives_raise() -> None:
    with pytest.raises(UpstreamChanged, match="unknown coin"):
        _parse(_zipped(_line()), "PEPEUSDT-1h-2025-10.zip")
    with pytest.raises(UpstreamChanged, match=r"an archive of readme\.txt"):
        _parse(_zipped(_line(), "readme.txt"))


@pytest.mark.parametrize("name", ["BTCUSDT-1h-2025-10.zip", "BTCUSDT_1h.parquet"])
def test_a_cut_download_says_so(name: str) -> None:
    with pytest.raises(DamagedDownload, match="Download it again"):
        _parse(b"PK\x03\x04 cut", name)


def test_every_coin_and_month_has_an_address() -> None:
    assert len(SOURCE.downloads) == 12
    assert {d.url.split("/klines/")[1] for d in SOURCE.downloads} >= {
        "BTCUSDT/1h/BTCUSDT-1h-2025-10.zip",
        "XRPUSDT/1h/XRPUSDT-1h-2025-11.zip",
    }


def test_holding_bitcoin_through_the_season(shared_evidence: Path) -> None:
    raw = raw_from_folder(SOURCE, shared_evidence / "crypto_candles", date(2026, 3, 26))
    frames, dropped = rows_of(importer("binance_candles"), raw)
    rows = frames["coin_prices"]
    assert rows.height == 6 * 61 * 24
    assert dropped == {"outside the season": 6 * (28_310 - 61 * 24)}
    price = dict(rows.filter(coin="BTC").select("observed_at", "price_usd").iter_rows())
    start, end = datetime(2025, 10, 17, 22, tzinfo=UTC), datetime(2025, 11, 3, 22, tzinfo=UTC)
    assert round(100 * (price[end] / price[start] - 1), 1) == -0.4
