"""Files of seasons and backtests: each layout, by what its tool wrote, and what is left out."""

import json
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.trading.seasons import hours, trade

from headtohead.core.errors import InputError, UnknownName
from headtohead.trading.reading import recorded
from headtohead.trading.rows import coin_of, moment
from headtohead.trading.season import AccountValue, Recorded, Season, season_of
from headtohead.trading.verb import trade_judge

REAL = Path(__file__).parent / "real_files" / "freqtrade-2026.9"
BACKTEST = REAL / "backtest-result-2026-11-29_22-03-00.zip"
PLAIN = (
    "Strategy,Symbol,Side,Entry time,Exit time,Entry price,Exit price,Quantity,Fees\n"
    "mine,BTCUSDT,buy,2025-03-01T00:00:00Z,2025-03-01T10:00:00Z,100,110,2,1.5\n"
    "mine,ETH/USDT:USDT,sell,2025-03-01 02:00:00,2025-03-02 02:00:00,10,9,5,0.1\n"
)


def read(*files: Path, **how: object) -> Season:
    return season_of(recorded(files, **how)[0], stake_usd=10_000)  # type: ignore[arg-type]


def test_a_plain_table_is_read_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text(PLAIN)
    season = read(tmp_path / "trades.csv")
    first, second = season.trades
    assert (first.agent, first.coin, first.side, first.net_usd) == ("mine", "BTC", "long", 18.5)
    assert not first.net_recorded
    assert (second.coin, second.side) == ("ETH", "short")
    assert second.net_usd == pytest.approx(4.9)
    assert second.opened_at == datetime(2025, 3, 1, 2, tzinfo=UTC)
    assert season.coins == ("BTC", "ETH")


def test_parquet_with_other_names_is_read_by_a_mapping(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "wer": ["a", "a"],
            "was": ["SOL-PERP", "SOL-PERP"],
            "auf": [1_740_787_200_000, 1_740_790_800_000],
            "zu": [1_740_790_800_000, None],
            "kurs": [100.0, 101.0],
            "ende": [101.0, None],
            "menge": [-3.0, 2.0],
        }
    )
    table.write_parquet(tmp_path / "x.parquet")
    mapping = {
        "agent": "wer",
        "coin": "was",
        "opened_at": "auf",
        "closed_at": "zu",
        "entry_usd": "kurs",
        "exit_usd": "ende",
        "quantity": "menge",
    }
    season = read(tmp_path / "x.parquet", mapping=mapping)
    (only,) = season.trades
    assert (only.side, only.quantity, only.fees_usd, only.net_usd) == ("short", 3.0, None, -3.0)
    assert only.opened_at == datetime(2025, 3, 1, tzinfo=UTC)
    assert season.left_out == {"trades that were still open": 1}
    with pytest.raises(UnknownName, match="opened_at"):
        recorded([tmp_path / "x.parquet"], mapping={"opened": "auf"})
    with pytest.raises(InputError, match="no 'auff', which is mapped to opened_at"):
        recorded([tmp_path / "x.parquet"], mapping={**mapping, "opened_at": "auff"})


def test_values_of_accounts_are_read_and_say_the_stake(tmp_path: Path) -> None:
    (tmp_path / "fund.csv").write_text(
        "date,equity,return_pct\n2025-03-01,500,0\n2025-03-02,550,10\n"
    )
    season = season_of(recorded([tmp_path / "fund.csv"])[0])
    assert (season.agents, season.stake_usd) == (("fund",), 500)
    assert season.final_return("fund") == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mine,BTC,up,2025-03-01,2025-03-02,1,1,1,0", "row 3: Side is 'up', which is no side"),
        (
            "mine,BTC,buy,yesterday,2025-03-02,1,1,1,0",
            "row 3: Entry time is 'yesterday', which is no time",
        ),
        ("mine,BTC,buy,2025-03-03,2025-03-02,1,1,1,0", "row 3: it was closed before it was opened"),
        (
            "mine,BTC,buy,2025-03-01,2025-03-02,0,1,1,0",
            "row 3: entry_usd is 0.0; a price is above 0",
        ),
        ("mine,BTC,buy,2025-03-01,2025-03-02,1,1,0,0", "row 3: quantity is 0"),
        (
            "mine,BTC,buy,2025-03-01,2025-03-02,1,one,1,0",
            "row 3: Exit price is 'one', which is no number",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_row_and_column(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "t.csv").write_text(PLAIN + line + "\n")
    with pytest.raises(InputError, match=said) as raised:
        read(tmp_path / "t.csv")
    assert "t.csv" in str(raised.value)


def test_what_a_folder_holds_beside_trades_is_named(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(
        "model,time_utc,return_pct,equity\n"
        "qwen3-max,2025-10-18,0,10000\nqwen3-max,2025-10-19,5,10500\n"
    )
    (tmp_path / "prices.csv").write_text("time_utc,coin,price\n2025-10-28,BTC,1\n")
    season = season_of(recorded([tmp_path])[0])
    assert season.agents == ("Qwen3-Max",)
    assert [note for note in season.notes if "not read: prices.csv." in note]
    with pytest.raises(InputError, match="or leave out a file that holds something else"):
        recorded([tmp_path / "points.csv", tmp_path / "prices.csv"])


def test_a_table_of_something_else_says_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_text("model_a,model_b,winner\na,b,a\n")
    with pytest.raises(InputError, match=r"no column is known to hold coin.*values of accounts"):
        read(tmp_path / "votes.csv")
    (tmp_path / "open.csv").write_text(
        PLAIN.replace("2025-03-01T10:00:00Z", "").replace("2025-03-02 02:00:00", "")
    )
    with pytest.raises(InputError, match="no closed trade and no account value"):
        read(tmp_path / "open.csv")


def test_a_backtest_of_freqtrade_is_read_and_its_profits_follow_from_prices() -> None:
    parts, files = recorded([BACKTEST])
    season = season_of(parts)
    assert files == [BACKTEST]
    assert Counter(t.agent for t in season.trades) == {"Crossing": 114, "Slow": 24}
    assert season.agents == ("Slow", "Crossing")
    assert (season.stake_usd, f"{season.start:%m-%d}", f"{season.end:%m-%d}") == (
        10_000,
        "10-08",
        "11-08",
    )
    for t in season.trades:
        assert t.fees_usd is not None
        assert t.funding_usd is not None
        assert t.gross_usd - t.fees_usd + t.funding_usd == pytest.approx(t.net_usd, abs=1e-6)
    assert sum(t.net_usd for t in season.trades_of("Slow")) == pytest.approx(3929.10616894)
    assert "open when the backtest ended" in season.notes[0]


def test_the_json_inside_an_archive_of_freqtrade_reads_alike(tmp_path: Path) -> None:
    with zipfile.ZipFile(BACKTEST) as archive:
        name = next(x for x in archive.namelist() if "_config" not in x)
        (tmp_path / "result.json").write_bytes(archive.read(name))
    assert read(tmp_path / "result.json").trades == read(BACKTEST).trades


_TRADE = {
    "id": "x1",
    "model_id": "gpt-5",
    "symbol": "XRP",
    "side": "long",
    "entry_time": 1_761_314_029.249,
    "exit_time": 1_761_418_991.842,
    "entry_price": 2.499,
    "exit_price": 2.6463,
    "quantity": 1818.0,
    "total_commission_dollars": 3.741711,
    "realized_net_pnl": 264.176789,
    "leverage": 1,
}


def test_answers_of_nof1_are_read_and_a_cut_list_is_told(tmp_path: Path) -> None:
    often = [{**_TRADE, "id": f"x{n}", "entry_price": 2.4 + n / 1e4} for n in range(100)]
    (tmp_path / "trades.json").write_text(json.dumps({"trades": often, "serverTime": 1}))
    totals = [
        {
            "model_id": "gpt-5",
            "timestamp": 1_761_418_991.8,
            "dollar_equity": 9000.0,
            "cum_pnl_pct": -10.0,
        }
    ]
    (tmp_path / "account-totals.json").write_text(json.dumps({"accountTotals": totals}))
    season = season_of(recorded([tmp_path])[0])
    assert season.agents == ("GPT-5",)
    assert (len(season.trades), season.stake_usd) == (100, 10_000)
    assert "older ones of GPT-5 may be missing" in season.notes[0]
    assert season.final_return("GPT-5") == pytest.approx(-0.1)


def test_the_recorded_season_has_its_known_figures(shared_evidence: Path) -> None:
    parts, files = recorded([shared_evidence / "alpha_arena"])
    season = season_of(parts)
    assert sorted(f.name[:6] for f in files) == ["closed", "equity", "season"]
    finals = {agent: round(100 * (season.final_return(agent) or 0), 2) for agent in season.agents}
    assert finals == {
        "Qwen3-Max": 22.31,
        "DeepSeek-V3.1": 4.89,
        "Claude Sonnet 4.5": -30.8,
        "Grok 4": -45.3,
        "Gemini 2.5 Pro": -56.7,
        "GPT-5": -62.7,
    }
    assert (len(season.trades), season.stake_usd) == (269, 10_000)
    assert (str(season.start)[:16], str(season.end)[:16]) == (
        "2025-10-17 22:00",
        "2025-11-03 22:00",
    )
    assert max(usd for _, usd in season.equity["DeepSeek-V3.1"]) == pytest.approx(21_610.74, abs=1)
    # Where a trade was filled at several prices, the one printed does not give its net.
    off = [t for t in season.trades if abs(t.gross_usd - (t.fees_usd or 0) - t.net_usd) > 1]
    assert len(off) == 30


def test_what_a_symbol_and_a_time_stand_for() -> None:
    written = ("BTC", "btcusdt", "BTC/USDT:USDT", "BTC-USD", "BTC-PERP", "BTC_USDT", "BTCUSD")
    assert {coin_of(x) for x in written} == {"BTC"}
    assert coin_of("USDT") == "USDT"
    at = datetime(2025, 3, 1, tzinfo=UTC)
    for x in (
        1_740_787_200,
        1_740_787_200_000,
        1_740_787_200_000_000,
        "2025-03-01",
        "2025-03-01T01:00+01:00",
    ):
        assert moment(x) == at
    with pytest.raises(ValueError, match="12"):
        moment(12)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '{"strategy": {"S": {"trades": []}}, "strategy_comparison": []}', "freqtrade"),
        ("a.json", '{"strategy": {}, "strategy_comparison": []}', "holds no strategy"),
        ("trades.json", '{"trades": [1], "serverTime": 1}', "record 1: not an object"),
        ("trades.json", '{"trades": [], "serverTime": 1}', "holds no records"),
        ("a.csv", "coin,side\n", "no records"),
        ("a.csv", "time,equity\n2001-01-01,1\n2090-01-01,2\n", "another unit"),
    ],
)
def test_odd_files_are_errors_that_say_what_is_odd(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read(tmp_path / name)


_FT_TRADE: dict[str, object] = {
    "pair": "BTC/USDT:USDT",
    "open_timestamp": 1_741_000_000_000,
    "close_timestamp": 1_741_010_000_000,
    "open_rate": 100.0,
    "close_rate": 101.0,
    "amount": 2.0,
    "fee_open": 0.001,
    "fee_close": 0.001,
    "is_short": True,
    "leverage": 3.0,
    "profit_abs": -2.4,
}
_FT_ENDS = {"backtest_start_ts": 1_740_900_000_000, "backtest_end_ts": 1_741_900_000_000}
_FT_ONE = {"starting_balance": 1000, "stake_currency": "USDT", **_FT_ENDS}


class TestBacktestsThatLackSomething:
    """What freqtrade leaves empty is unknown; what it never writes is named."""

    def part(self, tmp_path: Path, one: object) -> Recorded:
        other = {**_FT_ONE, "trades": [_FT_TRADE]}
        whole = {"strategy": {"One": one, "Other": other}, "strategy_comparison": []}
        (tmp_path / "result.json").write_text(json.dumps(whole))
        return recorded([tmp_path / "result.json"])[0][0]

    def test_unknown_fees_and_open_trades(self, tmp_path: Path) -> None:
        blank = {**_FT_TRADE, "fee_open": None}
        open_yet = {**_FT_TRADE, "close_timestamp": None, "close_rate": None}
        found = self.part(tmp_path, {**_FT_ONE, "trades": [blank, open_yet]})
        assert [t.fees_usd for t in found.trades] == [None, pytest.approx(0.402)]
        assert [t.side for t in found.trades] == ["short", "short"]
        assert found.left_out == {"trades that were still open": 1}

    def test_a_strategy_without_a_trade_is_told_and_counts_as_tried(self, tmp_path: Path) -> None:
        found = self.part(tmp_path, {**_FT_ONE, "trades": []})
        assert found.notes == ("One closed no trade: it is not judged, but was tried.",)
        judged = trade_judge(tmp_path / "result.json", draws=100).judgement
        assert (judged.tried, [v.account.agent for v in judged.verdicts]) == (2, ["Other"])

    @pytest.mark.parametrize(
        ("one", "said"),
        [
            ([1], "strategy One: no starting_balance is there"),
            ({**_FT_ONE, "trades": None}, "strategy One: trades is None"),
            ({**_FT_ONE, "backtest_end_ts": "soon"}, "strategy One: backtest_end_ts is 'soon'"),
            ({**_FT_ONE, "trades": [{**_FT_TRADE, "amount": "x"}]}, "trade 1: amount is 'x'"),
        ],
    )
    def test_what_it_never_writes(self, tmp_path: Path, one: object, said: str) -> None:
        with pytest.raises(InputError, match=said):
            self.part(tmp_path, one)


def test_candles_in_place_of_trades_are_sent_where_they_belong(tmp_path: Path) -> None:
    (tmp_path / "BTC.csv").write_text("timestamp,open,high,low,close\n2025-03-01,1,1,1,1\n")
    with pytest.raises(InputError, match=r"holds candles, and no trades\. Give it as `candles`"):
        read(tmp_path / "BTC.csv")


_RISING = tuple(AccountValue("A", hours(n), 1000.0 + 100 * n) for n in range(11))


class TestOneStake:
    """An account begins with one amount, and has one value at a time."""

    def test_a_later_start_begins_anew(self) -> None:
        late = trade("B", opened_at=hours(6), closed_at=hours(8), fees_usd=None, net_usd=30.0)
        early = trade("B", opened_at=hours(0), closed_at=hours(2), net_usd=500.0)
        part = Recorded(trades=(early, late), values=_RISING)
        found = season_of([part], stake_usd=1000, start=hours(5))
        assert found.final_return("A") == pytest.approx(2000 / 1500 - 1)
        (kept,) = found.trades
        assert kept.net_usd == pytest.approx(20)
        assert kept.quantity == pytest.approx(2 / 3)
        assert "begun with $1,000 on 2025-03-01 05:00" in found.notes[0]
        whole = season_of([part], stake_usd=1000, start=hours(0))
        assert whole.final_return("A") == pytest.approx(1.0)
        assert whole.notes == ()
        # What was booked after the last value before the start is part of it.
        stale = Recorded(trades=(early, late), values=(AccountValue("B", hours(1), 1000.0),))
        assert season_of([stale], stake_usd=1000, start=hours(5)).trades == found.trades
        lost = AccountValue("A", hours(1), 0.0)
        with pytest.raises(InputError, match="A was worth nothing at `start`"):
            season_of([Recorded(values=(lost, _RISING[9]))], stake_usd=9, start=hours(5))

    def test_a_stake_against_the_files(self) -> None:
        with pytest.raises(InputError, match=r"`stake` is 10, and .* began with \$1,000"):
            season_of([Recorded(values=_RISING)], stake_usd=10)
        with pytest.raises(InputError, match=r"`stake` is 900, and .* began with \$1,000"):
            season_of([Recorded(trades=(trade(),), stake_usd=1000)], stake_usd=900)
        # A first value some way from the stake is what the account had made by then.
        assert season_of([Recorded(values=_RISING)], stake_usd=900).stake_usd == 900

    def test_two_values_at_once(self) -> None:
        other = AccountValue("A", hours(3), 99_999.0)
        with pytest.raises(InputError, match=r"A has two values at 2025-03-01 03:00:00: \$1,300"):
            season_of([Recorded(values=(*_RISING, other))])

    def test_trades_without_fee_and_profit_are_told(self) -> None:
        bare = trade(fees_usd=None, net_recorded=False)
        found = season_of([Recorded(trades=(bare, trade("B")))], stake_usd=1000)
        assert found.notes[0].startswith("Of 2 trades 1 say neither fee nor profit")
