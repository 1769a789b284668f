"""Records of a table as trades, or as values of accounts: each field converted, faults named.

A record that lacks a needed field is left out and counted; one that holds something else is an
error.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from headtohead.core.errors import InputError
from headtohead.core.units import nearest_first, shortened
from headtohead.files.opening import wrong
from headtohead.files.records import at_path, number_of, text_of
from headtohead.trading.season import AccountValue, Recorded, Side, Trade, TradeFile

TRADE = ("coin", "side", "opened_at", "closed_at", "entry_usd", "exit_usd", "quantity")
"""What every trade needs."""
TRADE_MORE = ("agent", "fees_usd", "funding_usd", "net_usd")
VALUE = ("at",)
VALUE_MORE = ("agent", "equity_usd", "return_pct")
FIELDS = tuple(dict.fromkeys((*TRADE, *TRADE_MORE, *VALUE, *VALUE_MORE)))
"""What a mapping may name."""

_MS, _US = 1e11, 1e14  # seconds of the years 5138 and beyond
_QUOTES = ("USDT", "USDC", "BUSD", "USD")
_SIDES: Mapping[str, Side] = {
    **dict.fromkeys(("long", "buy", "b", "1", "+1"), "long"),
    **dict.fromkeys(("short", "sell", "s", "-1"), "short"),
}
Rows = Iterable[tuple[str, Mapping[str, Any]]]


def rows_read(file: TradeFile, rows: Rows, paths: Mapping[str, str]) -> Recorded:
    """Trades if the paths lead to a coin, else values of accounts.

    Args:
        paths: Field -> column or dotted path. Without one of the agent, the file's name is it.

    Raises:
        InputError: If a value is none of its kind; the message names file, record and column.
    """
    trades: list[Trade] = []
    values: list[AccountValue] = []
    left: Counter[str] = Counter()
    is_trade = "coin" in paths
    needed = [x for x in (TRADE if is_trade else VALUE) if x in paths]
    for where, record in rows:
        got: dict[str, Any] = {}
        for field, path in paths.items():
            value = record.get(path) if path in record else at_path(record, path)
            try:
                got[field] = None if value is None or value == "" else _CONVERT[field](value)
            except (ValueError, TypeError, LookupError, OverflowError, OSError):
                said = shortened(repr(value))
                raise wrong(
                    file.path, where, f"{path} is {said}, which is no {_KIND[field]}."
                ) from None
        got["agent"] = got.get("agent") or file.path.name.split(".")[0]
        lacking = [field for field in needed if got[field] is None]
        if is_trade and lacking:
            open_yet = {"closed_at", "exit_usd"} >= set(lacking)
            left["trades that were still open" if open_yet else f"no {lacking[0]}"] += 1
        elif is_trade:
            trades.append(_trade(file, where, got))
        elif lacking or (got.get("equity_usd") is None and got.get("return_pct") is None):
            left["no time or no account value"] += 1
        else:
            percent = got.get("return_pct")
            share = None if percent is None else percent / 100
            values.append(AccountValue(got["agent"], got["at"], got.get("equity_usd"), share))
    return Recorded(trades=tuple(trades), values=tuple(values), left_out=left)


def _trade(file: TradeFile, where: str, got: Mapping[str, Any]) -> Trade:
    """A trade whose fields make sense together."""
    quantity = got["quantity"]
    side: Side = got.get("side") or ("long" if quantity > 0 else "short")
    if got["closed_at"] < got["opened_at"]:
        raise wrong(file.path, where, "it was closed before it was opened.")
    for name in ("entry_usd", "exit_usd"):
        if not got[name] > 0:
            raise wrong(file.path, where, f"{name} is {got[name]}; a price is above 0.")
    if not quantity:
        raise wrong(file.path, where, "quantity is 0, so nothing was traded.")
    gross = (1 if side == "long" else -1) * abs(quantity) * (got["exit_usd"] - got["entry_usd"])
    net, fees, funding = (got.get(name) for name in ("net_usd", "fees_usd", "funding_usd"))
    return Trade(
        agent=got["agent"],
        coin=got["coin"],
        side=side,
        opened_at=got["opened_at"],
        closed_at=got["closed_at"],
        entry_usd=got["entry_usd"],
        exit_usd=got["exit_usd"],
        quantity=abs(quantity),
        fees_usd=fees,
        funding_usd=funding,
        net_usd=gross - (fees or 0.0) + (funding or 0.0) if net is None else net,
        net_recorded=net is not None,
    )


def moment(value: object) -> datetime:
    """A time: ISO text (UTC where it names no zone), or seconds, ms or microseconds since 1970.

    Raises:
        ValueError: If it is none, or before 2000.
    """
    if isinstance(value, datetime):
        at = value
    else:
        try:
            number = float(str(value))
            number /= 1e6 if number > _US else 1e3 if number > _MS else 1
            at = datetime.fromtimestamp(number, UTC)
        except ValueError:
            at = datetime.fromisoformat(str(value).strip())
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if at.year < 2000:
        raise ValueError(value)
    return at


def coin_of(value: object) -> str:
    """The coin of a symbol or pair: BTC of BTC, BTCUSDT, BTC/USDT:USDT, BTC-USD, BTC-PERP."""
    text = text_of(value).strip().upper().replace("_", "-")
    for mark in (":", "/", "-"):
        text = text.partition(mark)[0]
    quote = next((q for q in _QUOTES if text.endswith(q) and text != q), "")
    coin = text.removesuffix(quote)
    if not coin:
        raise ValueError(value)
    return coin


def check_paths(paths: Mapping[str, str], path: object, columns: list[str]) -> None:
    """Refuse a table in which a needed field has no column.

    Raises:
        InputError: If one is lacking.
    """
    is_value = "at" in paths and ("equity_usd" in paths or "return_pct" in paths)
    if "coin" not in paths and is_value:
        return
    lacking = [x for x in TRADE if x not in paths and x != "side"]
    if lacking:
        if {"open", "high", "low", "close"} <= {name.strip().lower() for name in columns}:
            raise InputError(f"{path} holds candles, and no trades. Give it as `candles`.")
        there = nearest_first(columns, lacking)
        raise InputError(
            f"{path}: no column is known to hold {lacking[0]}. Trades need {', '.join(TRADE)}; "
            f"values of accounts need at, and equity_usd or return_pct. Columns found: {there}. "
            f"Say which with `mapping={{'{lacking[0]}': 'COLUMN'}}`, or leave out a file that "
            "holds something else."
        )


def _number(value: object) -> float:
    number = number_of(value)
    if number is None:
        raise ValueError(value)
    return number


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "agent": lambda value: text_of(value).strip(),
    "coin": coin_of,
    "side": lambda value: _SIDES[text_of(value).strip().lower()],
    **dict.fromkeys(("opened_at", "closed_at", "at"), moment),
    **dict.fromkeys(("entry_usd", "exit_usd", "quantity", "fees_usd", "funding_usd"), _number),
    **dict.fromkeys(("net_usd", "equity_usd", "return_pct"), _number),
}
_KIND = {
    **dict.fromkeys(_CONVERT, "number"),
    **dict.fromkeys(("opened_at", "closed_at", "at"), "time"),
    "agent": "name",
    "coin": "coin",
    "side": "side (long or short, buy or sell)",
}
