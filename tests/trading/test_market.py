"""Candles from files: layouts, times, and what is wrong with them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from headtohead.core.errors import InputError, NoEvidence
from headtohead.evidence.store import Store
from headtohead.trading.contract import read_contract
from headtohead.trading.market import market_of, read_market

HOUR = timedelta(hours=1)
START = datetime(2025, 10, 17, 22, tzinfo=UTC)
BARS = [(100.0, 110.0, 90.0, 105.0), (105.0, 120.0, 104.0, 110.0), (110.0, 111.0, 100.0, 101.0)]


def frame(bars: Sequence[tuple[float, ...]] = BARS, name: str = "time") -> pl.DataFrame:
    times = [START + n * HOUR for n in range(len(bars))]
    columns = dict(zip(("open", "high", "low", "close"), zip(*bars, strict=True), strict=True))
    return pl.DataFrame({name: times, **columns})


def text(path: Path, rows: list[str], header: str = "time,open,high,low,close") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


class TestLayouts:
    """Every layout gives the same market."""

    @pytest.mark.parametrize("kind", ["parquet", "feather", "csv", "milliseconds", "headless"])
    def test_one_market(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / f"BTCUSDT-1h-2025-10.{kind}"
        if kind == "parquet":
            frame(name="timestamp").write_parquet(path)
        elif kind == "feather":
            path = tmp_path / "BTC_USDT_USDT-1h-futures.feather"
            frame(name="date").write_ipc(path, compression="lz4")
        elif kind == "csv":
            frame().write_csv(path)
        else:
            at = [int((START + n * HOUR).timestamp() * 1000) for n in range(3)]
            rows = [
                f"{t},{a},{b},{c},{d},1.5,{t + 3599999}"
                for t, (a, b, c, d) in zip(at, BARS, strict=True)
            ]
            header = "open_time,open,high,low,close,volume,close_time"
            if kind == "headless":
                header, rows = rows[0], rows[1:]
            text(path, rows, header)
        market = read_market(path)
        assert (market.coins, market.bar, market.start, market.end) == (
            ("BTC",),
            HOUR,
            START,
            START + 3 * HOUR,
        )
        assert_allclose(np.column_stack(market.candles), BARS)
        assert not market.funding_known.any()

    def test_several_coins_in_one_table(self) -> None:
        rows = pl.concat(
            [frame().with_columns(symbol=pl.lit(s)) for s in ("BTC/USDT:USDT", "BNBUSDT", "kPEPE")]
        )
        assert read_market(rows).coins == ("BTC", "BNB", "KPEPE")

    def test_times_with_a_zone_are_turned_to_utc(self, tmp_path: Path) -> None:
        zone = timezone(timedelta(hours=-4))
        rows = [
            f"{(START + n * HOUR).astimezone(zone).isoformat()},100,110,90,105" for n in range(2)
        ]
        assert read_market(text(tmp_path / "ETH.csv", rows)).start == START

    def test_months_of_a_coin_follow_each_other(self, tmp_path: Path) -> None:
        frame().head(2).write_parquet(tmp_path / "BTCUSDT-1h-2025-10.parquet")
        frame().tail(1).write_parquet(tmp_path / "BTCUSDT-1h-2025-11.parquet")
        market = read_market(tmp_path)
        assert_allclose(market.close[:, 0], [105, 110, 101])
        assert market.notes == ()

    def test_funding_beside_candles(self, tmp_path: Path) -> None:
        """In freqtrade's files the rate is in `open`; Binance writes some milliseconds late."""
        for coin in ("BTC", "ETH", "XRP"):
            frame().write_csv(tmp_path / f"{coin}USDT-1h.csv")
        rates = pl.DataFrame({"date": [START, START + 2 * HOUR], "open": [1e-4, -2e-4]})
        rates.write_ipc(tmp_path / "BTC_USDT_USDT-8h-funding_rate.feather")
        late = [int((START + n * HOUR).timestamp() * 1000) + 5 for n in (0, 2)]
        rows = [f"{t},8,{r}" for t, r in zip(late, (1e-4, -2e-4), strict=True)]
        header = "calc_time,funding_interval_hours,last_funding_rate"
        text(tmp_path / "ETHUSDT-fundingRate-2025-10.csv", rows, header)
        market = read_market(tmp_path)
        assert_allclose(market.funding, np.outer([1e-4, 0, -2e-4], [1, 1, 0]))
        assert market.funding_known.tolist() == [True, True, False]

    def test_marks_are_kept_apart(self, tmp_path: Path) -> None:
        for coin in ("BTC", "ETH"):
            frame().write_csv(tmp_path / f"{coin}USDT-1h.csv")
        calm = [(100.0, 101.0, 99.0, 100.0)] * 3
        frame(calm).write_csv(tmp_path / "BTC_USDT_USDT-1h-mark.csv")
        market = read_market(tmp_path)
        assert market.marks is not None
        assert_allclose(market.marks.high, np.column_stack([[101] * 3, [110, 120, 111]]))
        assert market.notes == ("ETH: no marks were given, so traded prices stand for them",)

    def test_marks_of_longer_bars_are_not_taken_for_bars(self, tmp_path: Path) -> None:
        frame().write_csv(tmp_path / "BTCUSDT-1h.csv")
        rows = [f"2025-10-{d}T22:00Z,100,900,1,100" for d in (17, 18)]
        text(tmp_path / "BTC_USDT_USDT-8h-mark.csv", rows)
        market = read_market(tmp_path)
        assert market.marks is None
        said = "BTC: marks are of bars of 1 day, 0:00:00, so traded prices stand for them"
        assert market.notes == (said,)


class TestFaults:
    """What is wrong is said with file and row, or counted."""

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("2025-10-17T23:00Z,100,90,95,92", r"BTC\.csv, row 2: the high is below the low"),
            ("2025-10-17T23:00Z,0,90,0,92", r"row 2: a price is 0 or below"),
            ("2025-10-17T23:00Z,100,99,90,92", r"row 2: the high is below the open or the close"),
            ("2025-10-17T23:00Z,95,99,94,92", r"row 2: the low is above the open or the close"),
            ("2025-10-17T23:00Z,100,inf,90,92", r"row 2: a price is not finite"),
            ("2025-10-17T22:00Z,1,1,1,1", r"row 1 and .*row 2 give different prices of BTC"),
            ("2025-10-17T22:25Z,1,1,1,1", r"does not follow the others|of one length"),
            ("2025-10-17T23:00Z,much,1,1,1", r"row 2: open is no number"),
            ("yesterday,1,1,1,1", r"row 2: 'yesterday' is no time"),
            (",1,1,1,1", r"row 2: the time is missing"),
        ],
    )
    def test_refused(self, tmp_path: Path, row: str, said: str) -> None:
        first, last = "2025-10-17T22:00Z,100,110,90,105", "2025-10-18T00:00Z,100,110,90,105"
        with pytest.raises(InputError, match=said):
            read_market(text(tmp_path / "BTC.csv", [first, row, last]))

    def test_counted(self, tmp_path: Path) -> None:
        rows = [f"2025-10-17T{h}:00Z,100,110,90,105" for h in ("20", "19", "19", "23")]
        market = read_market(text(tmp_path / "BTC.csv", rows))
        assert market.notes == (
            "BTC: 1 bar out of order, sorted here",
            "BTC: 1 bar was given twice and counts once",
            "BTC: 2 of 5 bars are missing, the first at 2025-10-17 21:00 UTC",
        )
        assert np.isnan(market.open[:, 0]).tolist() == [False, False, True, True, False]

    def test_a_bar_of_another_coin_of_another_length(self, tmp_path: Path) -> None:
        text(tmp_path / "BTC.csv", [f"2025-10-17T{h}:00Z,1,1,1,1" for h in ("20", "21")])
        text(tmp_path / "ETH.csv", [f"2025-10-17T{h}:00Z,1,1,1,1" for h in ("20", "22")])
        with pytest.raises(InputError, match="BTC 1 hour, ETH 2 hours"):
            read_market(tmp_path)

    def test_two_lengths_of_bars_of_one_coin(self, tmp_path: Path) -> None:
        text(tmp_path / "BTC-1h.csv", [f"2025-10-17T{h}:00Z,1,1,1,1" for h in ("20", "21")])
        text(tmp_path / "BTC-4h.csv", [f"2025-10-17T{h}:00Z,1,1,1,1" for h in ("16", "20")])
        with pytest.raises(InputError, match=r"1 hour in .*BTC-1h\.csv, 4 hours in .*BTC-4h\.csv"):
            read_market(tmp_path)

    def test_columns_that_are_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"needs a time .* and open, high, low and close"):
            read_market(text(tmp_path / "BTC.csv", ["1,2"], "when,price"))


class TestViews:
    """Parts of a market."""

    market = read_market({"coin": ["BTC"] * 3, **frame().to_dict(as_series=False)})

    def test_only_closed_bars_are_known(self) -> None:
        """A bar is known from its close on, and not a microsecond before."""
        close = START + HOUR
        assert len(self.market.closed_before(close).times) == 1
        assert len(self.market.closed_before(close - timedelta(microseconds=1)).times) == 0
        assert len(self.market.closed_before(START + 9 * HOUR).times) == 3

    def test_a_window_holds_whole_bars(self) -> None:
        inside = self.market.window(START + timedelta(minutes=1), START + 3 * HOUR)
        assert_allclose(inside.close[:, 0], [110, 101])
        with pytest.raises(InputError, match="No candle lies between"):
            self.market.window(START - 5 * HOUR, START)

    def test_where_a_moment_lies(self) -> None:
        assert self.market.index_of(START + timedelta(minutes=119)) == 1
        with pytest.raises(InputError, match="outside the candles"):
            self.market.index_of(START + 3 * HOUR)

    def test_coins_by_name(self) -> None:
        with pytest.raises(InputError, match="no candles of DOGE; there are of BTC"):
            self.market.of(["DOGE"])


class TestContracts:
    """A venue's rules of one's own."""

    def test_read(self, tmp_path: Path) -> None:
        path = tmp_path / "venue.toml"
        path.write_text(
            'name = "Mine"\ntaker_bp = 5\nmaker_bp = 2\n[[coin]]\ncoin = "BTC"\n'
            'tiers = [[0, 50], [5e6, 20]]\n[[coin]]\ncoin = "ETH"\nmax_leverage = 10\n'
        )
        contract = read_contract(path)
        assert (contract.taker_frac, contract.funding_hours) == (5e-4, 8)
        assert contract.max_leverage == {"BTC": 50, "ETH": 10}

    def test_every_mistake_has_its_line(self, tmp_path: Path) -> None:
        path = tmp_path / "venue.toml"
        path.write_text(
            'taker_bp = "five"\nmaker_bp = 2\n[[coin]]\ncoin = "BTC"\ntiers = [[5, 50]]\n'
            '[[coin]]\ncoin = "ETH"\nleverage = 3\n'
        )
        with pytest.raises(InputError) as error:
            read_contract(path)
        lines = [
            line.partition(": ")[0].rpartition(" ")[2] for line in str(error.value).split("\n")
        ]
        assert lines == ["1", "1", "5", "6", "8"]


def test_the_season_of_alpha_arena(shared_evidence: Path) -> None:
    """Holding from 2025-10-17 22:00 to 2025-11-03 22:00 UTC, at the opens of Binance's candles."""
    market = read_market([shared_evidence / name for name in ("crypto_candles", "crypto_funding")])
    end = datetime(2025, 11, 3, 22, tzinfo=UTC)
    season = market.window(START, end)
    held = 100 * (market.open[market.index_of(end)] / season.open[0] - 1)
    found = dict(zip(season.coins, held, strict=True))
    said = {"BTC": -0.36, "ETH": -7.1, "SOL": -10.5, "BNB": -8.5, "DOGE": -10.5, "XRP": -1.0}
    assert {c: round(found[c], 2 if c == "BTC" else 1) for c in said} == said
    assert round(float(held.mean()), 1) == -6.3
    known = dict(zip(season.coins, season.funding_known, strict=True))
    assert known == {
        "BNB": False,
        "BTC": False,
        "DOGE": True,
        "ETH": True,
        "SOL": True,
        "XRP": True,
    }


def test_candles_of_the_evidence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Scattered prices of other sources are no candles."""
    names = {"time": "observed_at", "open": "price_usd"}
    rows = frame().rename({**names, **{x: f"{x}_usd" for x in ("high", "low", "close")}})
    rows = rows.with_columns(coin=pl.lit("BTC"), source_id=pl.lit("binance_candles"))
    other = rows.with_columns(source_id=pl.lit("nof1_alpha_arena"), price_usd=1.0)
    monkeypatch.setattr(Store, "read", lambda *_: pl.concat([other, rows]))
    market = market_of(Store(tmp_path), date(2026, 1, 1), ["BTC"], START, START + 2 * HOUR)
    assert_allclose(np.column_stack(market.candles), BARS[:2])
    assert market.sources == ("binance_candles",)


def test_evidence_without_candles_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(NoEvidence, match="h2h update binance_candles"):
        market_of(Store(tmp_path), date(2026, 1, 1), ["BTC"], START, START + HOUR)
