"""freqtrade's backtest results: a zip as `freqtrade backtesting` writes it, or the JSON inside."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from headtohead.core.errors import InputError
from headtohead.files.formats import Format
from headtohead.files.opening import (
    NOT_JSON,
    ZIP,
    document,
    held,
    json_value,
    member,
    members,
    not_json,
    zipped,
)
from headtohead.trading.rows import moment, rows_read
from headtohead.trading.season import Recorded, TradeFile

FORMAT = Format(
    name="freqtrade",
    about="freqtrade backtest results, as zip or JSON; each strategy is an agent",
    needs=(("strategy", "strategy_comparison"),),
)
_PATHS = {
    "agent": "agent",
    "coin": "pair",
    "side": "side",
    "opened_at": "open_timestamp",
    "closed_at": "close_timestamp",
    "entry_usd": "open_rate",
    "exit_usd": "close_rate",
    "quantity": "amount",
    "fees_usd": "fees",
    "funding_usd": "funding_fees",
    "net_usd": "profit_abs",
}
_OPEN_AT_END = "force_exit"


def read(file: TradeFile) -> Recorded:
    """The trades of every strategy in a result."""
    result = _result(file)
    by_strategy = result.get("strategy")
    if not isinstance(by_strategy, dict) or not by_strategy:
        raise InputError(f"{file.path}: its backtest holds no strategy.")
    rows: list[tuple[str, dict[str, Any]]] = []
    stakes: set[float] = set()
    ends: list[datetime] = []
    quotes: set[str] = set()
    try:
        for agent, one in by_strategy.items():
            stakes.add(float(one["starting_balance"]))
            quotes.add(str(one.get("stake_currency", "USDT")))
            ends += [moment(one[f"backtest_{end}_ts"]) for end in ("start", "end")]
            rows += [
                (f"strategy {agent}, trade {n}", {**trade, **_more(trade), "agent": agent})
                for n, trade in enumerate(one["trades"], 1)
            ]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{file.path}: no result as freqtrade writes it ({type(error).__name__}: {error}). Run "
            "the backtest again with a newer version, or give its trades as a table."
        ) from error
    odd = sorted(q for q in quotes if not q.startswith(("USD", "BUSD")))
    if len(stakes) > 1 or odd:
        why = f"{odd[0]} is no dollar" if odd else "the strategies began with different balances"
        raise InputError(f"{file.path}: {why}, so their returns cannot be compared.")
    recorded = rows_read(file, rows, _PATHS)
    closed = sum(row.get("exit_reason") == _OPEN_AT_END for _, row in rows)
    note = f"{closed} trades were open when the backtest ended, and closed at its last price."
    return replace(
        recorded,
        stake_usd=stakes.pop(),
        start=min(ends),
        end=max(ends),
        notes=(note,) if closed else (),
    )


def _more(trade: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in a trade under no name of its own."""
    ends = (("open_rate", "fee_open"), ("close_rate", "fee_close"))
    fees = sum(float(trade[rate]) * float(trade[fee]) for rate, fee in ends)
    side = "short" if trade.get("is_short") else "long"
    return {"side": side, "fees": float(trade["amount"]) * fees}


def _result(file: TradeFile) -> dict[str, Any]:
    with held(file.path).open("rb") as opened:
        packed = opened.read(4) == ZIP
    if not packed:
        whole = document(file.path)
        return whole if isinstance(whole, dict) else {}
    with zipped(file.path) as archive:
        names = [x for x in members(archive) if x.endswith(".json") and "_config" not in x]
        for name in names:
            try:
                whole = json_value(member(archive, file.path, name))
            except NOT_JSON as error:
                raise not_json(file.path, error) from error
            if isinstance(whole, dict) and "strategy" in whole:
                return whole
    raise InputError(f"{file.path}: no backtest result is in this archive.")
