"""freqtrade's backtest results: a zip as `freqtrade backtesting` writes it, or the JSON inside."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from headtohead.core.errors import InputError
from headtohead.core.units import counted, shortened
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
    wrong,
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
_Value = TypeVar("_Value")


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
    for agent, one in by_strategy.items():
        where = f"strategy {agent}"
        of = one if isinstance(one, dict) else {}
        stakes.add(_value(file, where, of, "starting_balance", float))
        quotes.add(str(of.get("stake_currency", "USDT")))
        ends += [_value(file, where, of, f"backtest_{end}_ts", moment) for end in ("start", "end")]
        rows += [
            (f"{where}, trade {n}", {**trade, **_more(trade), "agent": agent})
            for n, trade in enumerate(_value(file, where, of, "trades", _dicts), 1)
        ]
    odd = sorted(q for q in quotes if not q.startswith(("USD", "BUSD")))
    if len(stakes) > 1 or odd:
        why = f"{odd[0]} is no dollar" if odd else "the strategies began with different balances"
        raise InputError(f"{file.path}: {why}, so their returns cannot be compared.")
    recorded = rows_read(file, rows, _PATHS)
    closed = sum(row.get("exit_reason") == _OPEN_AT_END for _, row in rows)
    idle = [agent for agent, one in by_strategy.items() if not one["trades"]]
    notes = [f"{agent} closed no trade: it is not judged, but was tried." for agent in idle]
    if closed:
        many = counted(closed, "trade was", "trades were")
        notes.append(f"{many} open when the backtest ended, and closed at its last price.")
    return replace(
        recorded,
        stake_usd=stakes.pop(),
        start=min(ends),
        end=max(ends),
        idle=tuple(idle),
        notes=tuple(notes),
    )


def _more(trade: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in a trade under no name of its own; no fees where a part of them is lacking."""
    found: dict[str, Any] = {"side": "short" if trade.get("is_short") else "long"}
    names = ("amount", "open_rate", "fee_open", "close_rate", "fee_close")
    parts = [x for name in names if isinstance(x := trade.get(name), int | float)]
    if len(parts) == len(names):
        amount, opened, fee_open, closed, fee_close = parts
        found["fees"] = amount * (opened * fee_open + closed * fee_close)
    return found


def _value(
    file: TradeFile, where: str, of: Mapping[str, Any], name: str, how: Callable[[Any], _Value]
) -> _Value:
    try:
        return how(of[name])
    except (LookupError, TypeError, ValueError):
        what = f"{name} is {shortened(repr(of[name]))}" if name in of else f"no {name} is there"
        raise wrong(file.path, where, f"{what}. Give the file as freqtrade wrote it.") from None


def _dicts(trades: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    if not isinstance(trades, list) or not all(isinstance(x, dict) for x in trades):
        raise TypeError
    return trades


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
