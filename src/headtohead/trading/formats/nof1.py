"""nof1's Alpha Arena: its API's answers (trades, account totals), and CSV files of the same fields.

`/api/trades` keeps the last 100 trades of an agent, and prints a leverage of 1 whatever was used.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.files.formats import Format
from headtohead.files.opening import content, document, kind_of, wrong
from headtohead.files.records import objects
from headtohead.names.names import Names
from headtohead.trading.rows import rows_read
from headtohead.trading.season import Recorded, TradeFile

FORMAT = Format(
    name="nof1",
    about="nof1 Alpha Arena: trades.json, account-totals.json, and CSV files made from them",
    needs=(
        ("model_id", "symbol", "entry_time", "exit_time", "realized_net_pnl"),
        ("trades", "serverTime"),
        ("accountTotals",),
        ("model", "time_utc", "return_pct", "equity"),
        ("model", "bloc", "final_return_pct"),
    ),
)
_TRADES = {
    "agent": "model_id",
    "coin": "symbol",
    "side": "side",
    "opened_at": "entry_time",
    "closed_at": "exit_time",
    "entry_usd": "entry_price",
    "exit_usd": "exit_price",
    "quantity": "quantity",
    "fees_usd": "total_commission_dollars",
    "net_usd": "realized_net_pnl",
}
_TOTALS = {
    "agent": "model_id",
    "at": "timestamp",
    "equity_usd": "dollar_equity",
    "return_pct": "cum_pnl_pct",
}
_POINTS = {"agent": "model", "at": "time_utc", "equity_usd": "equity", "return_pct": "return_pct"}
_FINALS = {"agent": "model", "at": "ended_at", "return_pct": "final_return_pct"}
_SEASON_1 = datetime(2025, 11, 3, 22, tzinfo=UTC)  # its end, 17:00 in New York
_LISTED = 100
_CUT = "nof1 lists an agent's last 100 trades, so older ones of {} may be missing from its trades."


def read(file: TradeFile) -> Recorded:
    """Trades, or values of accounts, whichever the file holds."""
    rows = list(_rows(file.path))
    if not rows:
        raise InputError(f"{file.path}: holds no records.")
    for where, row in rows:
        if not isinstance(row, dict):
            raise wrong(file.path, where, "not an object with named fields.")
    fields = rows[0][1]
    column = "model_id" if "model_id" in fields else "model"
    rows = [(where, {**row, column: _called(str(row.get(column)))}) for where, row in rows]
    if "final_return_pct" in fields:
        ended = [(where, {**row, "ended_at": _SEASON_1.isoformat()}) for where, row in rows]
        return rows_read(file, ended, _FINALS)
    if "symbol" not in fields:
        return rows_read(file, rows, _POINTS if "time_utc" in fields else _TOTALS)
    recorded = rows_read(file, rows, _TRADES)
    often = Counter(t.agent for t in recorded.trades)
    cut = [agent for agent, n in often.items() if n >= _LISTED]
    return replace(recorded, notes=tuple(_CUT.format(agent) for agent in cut))


def _called(printed: str) -> str:
    """What readers call the model that its files spell in several ways."""
    names = Names.load()
    meant = names.resolve(printed)
    known = names.model(meant.model or "")
    if known is None:
        return printed
    return f"{known.name} ({meant.mode})" if meant.mode else known.name


def _rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    if kind_of(content(path, 1 << 12)) != "json":
        return objects(path)
    whole = document(path)
    for name in ("trades", "accountTotals"):
        if isinstance(whole, dict) and isinstance(whole.get(name), list):
            return [(f"record {n}", one) for n, one in enumerate(whole[name], 1)]
    return objects(path)
