import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.nof1_alpha_arena import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_TRADE: dict[str, Any] = {
    "id": "alpha_1",
    "trade_id": "x",
    "model_id": "alpha",
    "symbol": "XRP",
    "side": "short",
    "trade_type": "short",
    "quantity": -100,
    "leverage": 1,
    "confidence": 0,
    "exit_plan": {},
    "entry_price": 2.5,
    "exit_price": 2.4,
    "entry_time": 1761314029.249,
    "exit_time": 1761418991.842,
    "realized_gross_pnl": 10.0,
    "total_commission_dollars": 0.25,
    "realized_net_pnl": 9.75,
}
_TOTAL: dict[str, Any] = {
    "id": "alpha_0",
    "model_id": "alpha",
    "timestamp": 1760741958.5,
    "realized_pnl": -32.9,
    "total_unrealized_pnl": 337.9,
    "dollar_equity": 10305.0,
    "sharpe_ratio": 0.1,
    "cum_pnl_pct": 3.05,
    "since_inception_minute_marker": 59,
    "since_inception_hourly_marker": 0,
    "positions": {},
}


def _parse(**texts: str) -> Parsed:
    names = {"totals": "account-totals.json", "trades": "trades.json"}
    files = tuple(RawFile(names.get(n, f"{n}.csv"), t.encode()) for n, t in sorted(texts.items()))
    return parse(RawFiles("nof1_alpha_arena", files, date(2026, 1, 1)))


def _trades(*changes: dict[str, Any]) -> Parsed:
    return _parse(trades=json.dumps({"trades": [_TRADE | c for c in changes]}))


def test_an_api_trade() -> None:
    (row,) = _trades({}).rows["trades"]
    assert (row["model_name"], row["coin"], row["side"]) == ("alpha", "XRP", "short")
    assert row["quantity_n"] == 100
    assert (row["entry_usd"], row["exit_usd"]) == (2.5, 2.4)
    assert (row["fees_usd"], row["net_usd"]) == (0.25, 9.75)
    assert row["closed_at"] == datetime(2025, 10, 25, 19, 3, 11, 842000, tzinfo=UTC)
    assert row["known_on"] == date(2025, 10, 25)
    assert row["note"] is None


def test_a_csv_trade_is_the_same_fact() -> None:
    fields = {k: v for k, v in _TRADE.items() if k != "exit_plan"} | {"dur_h": 29.2}
    text = ",".join(fields) + "\n" + ",".join(map(str, fields.values())) + "\n"
    parsed = _parse(closed_trades_unique=text, trades=json.dumps({"trades": [_TRADE]}))
    assert len(parsed.rows["trades"]) == 1
    assert parsed.dropped["given twice"] == 1


def test_a_net_that_the_prices_do_not_give_is_noted() -> None:
    (row,) = _trades({"realized_net_pnl": 5.0}).rows["trades"]
    assert row["net_usd"] == 5.0
    assert "do not give the net" in row["note"]


def test_agents_with_as_many_trades_as_nof1_lists_carry_a_warning() -> None:
    parsed = _trades({"model_id": "beta"}, *({"id": f"alpha_{n}"} for n in range(2, 102)))
    notes = {r["model_name"]: r["note"] for r in parsed.rows["trades"]}
    assert notes["beta"] is None
    assert "may be missing" in notes["alpha"]


def test_other_seasons_are_dropped_and_counted() -> None:
    parsed = _trades({"exit_time": 1762300000.0}, {"id": "alpha_2"})
    assert [r["trade_id"] for r in parsed.rows["trades"]] == ["alpha_2"]
    assert parsed.dropped["outside season 1"] == 1


def test_api_account_totals() -> None:
    answer = {"accountTotals": [_TOTAL], "lastHourlyMarkerRead": 0, "serverTime": 1761452335744}
    (row,) = _parse(totals=json.dumps(answer)).rows["equity"]
    assert (row["return_pct"], row["equity_usd"], row["is_final"]) == (3.05, 10305.0, False)
    assert row["observed_at"] == datetime(2025, 10, 17, 22, 59, 18, 500000, tzinfo=UTC)


def test_points_and_prices_from_the_prompts() -> None:
    parsed = _parse(
        equity_points_x="model,time_utc,return_pct,equity,cash,invocations,sharpe_shown\n"
        "alpha,2025-10-28 06:15:31.243953,9.18,10917.66,5555.87,3874,0.02\n",
        prompt_prices_x="time_utc,coin,price,funding_rate,open_interest\n"
        "2025-10-28 06:13:22,BNB,1125.25,-2.25902e-05,74807.95\n",
    )
    (point,), (price,) = parsed.rows["equity"], parsed.rows["coin_prices"]
    assert point["observed_at"] == datetime(2025, 10, 28, 6, 15, 31, 243953, tzinfo=UTC)
    assert point["return_pct"] == 9.18
    assert (price["coin"], price["price_usd"]) == ("BNB", 1125.25)
    assert price["known_on"] == date(2025, 10, 28)


def test_a_final_return_is_verified_only_where_two_reports_agree() -> None:
    rows = _parse(
        season1_final="model,bloc,final_return_pct,final_equity_forklog\n"
        "A,CN,22.31,12231.0\nB,US,-30.8,\nC,US,-45.3,5000\n"
    ).rows["equity"]
    assert [r["verified"] for r in rows] == [True, False, False]
    assert all(r["is_final"] for r in rows)
    assert rows[0]["observed_at"] == datetime(2025, 11, 3, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"side": "sideways"}, "'side' holds 'sideways'"),
        ({"symbol": "PEPE"}, "'symbol' holds 'PEPE'"),
        ({"exit_time": 1761418991842}, "'exit_time' holds"),
        ({"mood": "calm"}, "unknown field"),
    ],
)
def test_what_is_unknown_raises(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        _trades(change)


def test_another_file_or_answer_raises() -> None:
    with pytest.raises(UpstreamChanged, match="unknown kind"):
        _parse(leaderboard="a\n1\n")
    with pytest.raises(UpstreamChanged, match="'trades' is missing"):
        _parse(trades='{"error": "gone"}')
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _parse(trades='{"trades": [], "page": 1}')


def test_the_gathered_season(shared_evidence: Path) -> None:
    folder = shared_evidence / "alpha_arena"
    paths = sorted({p for pattern in SOURCE.patterns for p in folder.rglob(pattern)})
    files = tuple(RawFile(p.name, p.read_bytes()) for p in paths)
    parsed = parse(RawFiles("nof1_alpha_arena", files, date(2026, 1, 1)))
    assert {t: len(r) for t, r in parsed.rows.items()} == {
        "trades": 269,
        "equity": 139 + 6,
        "coin_prices": 822,
    }
    assert not parsed.dropped
    net = sum(
        r["net_usd"] for r in parsed.rows["trades"] if r["model_name"] == "deepseek-chat-v3.1"
    )
    assert net == pytest.approx(10_049, abs=1)
    finals = {r["model_name"]: r for r in parsed.rows["equity"] if r["is_final"]}
    assert finals["Qwen3-Max"]["return_pct"] == 22.31
    assert {n for n, r in finals.items() if r["verified"]} == {"Qwen3-Max", "DeepSeek-V3.1"}
