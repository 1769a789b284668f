"""nof1's Alpha Arena, season 1: closed trades, account values, coin prices and final returns.

Two layouts are read: nof1's own API answers (`trades.json`, `account-totals.json`), and CSV files
made from them, from the agents' prompts and from press reports of the finish. `/api/trades` keeps
only the last 100 trades of an agent, so one answer is not the whole season.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import (
    Download,
    Parsed,
    RawFile,
    RawFiles,
    Record,
    Row,
    Source,
    csv_records,
    finite,
    json_record,
    names,
)

_ID = "nof1_alpha_arena"
_SEASON = "alpha_arena_1"
_STAKE_USD = 10_000.0
_LISTED = 100
_OPENED = datetime(2025, 10, 17, 22, tzinfo=UTC)
_CLOSED = datetime(2025, 11, 3, 22, tzinfo=UTC)

SOURCE = Source(
    source_id=_ID,
    publisher="nof1.ai",
    product="Alpha Arena season 1: trades, account values, prices, final returns",
    citation="nof1.ai (2025). Alpha Arena, season 1, 17 October - 3 November 2025.",
    url="https://nof1.ai",
    licence="LicenseRef-nof1",
    ship="figures",
    downloads=(
        Download("trades.json", "https://nof1.ai/api/trades", optional=True),
        Download(
            "account-totals.json",
            "https://nof1.ai/api/account-totals?lastHourlyMarker=0",
            optional=True,
        ),
    ),
    how_to_get="Save https://nof1.ai/api/trades as trades.json and "
    "https://nof1.ai/api/account-totals?lastHourlyMarker=0 as account-totals.json. The trades "
    "answer holds the last 100 of each agent; save it repeatedly while a season runs. The "
    "leaderboard is not read: it carries no time and stands still between trades.",
    patterns=(
        "trades.json",
        "account-totals*.json",
        "closed_trades*.csv",
        "equity_points*.csv",
        "prompt_prices*.csv",
        "season1_final.csv",
    ),
    rows={"trades": (1, 50_000), "equity": (0, 500_000), "coin_prices": (0, 500_000)},
)

_COINS = frozenset({"BTC", "ETH", "SOL", "BNB", "DOGE", "XRP"})
_SIDES = frozenset({"long", "short"})
_TRADE_UNUSED = (
    "trade_id",
    "trade_type",
    "leverage",  # always 1, whatever the agent used
    "confidence",
    "exit_plan",
    "dur_h",
    *(
        f"{end}_{field}"
        for end in ("entry", "exit")
        for field in names(
            "sz human_time commission_dollars liquidation tid oid crossed closed_pnl"
        )
    ),
)


def parse(raw: RawFiles) -> Parsed:
    """Trades, account values and prices of season 1, each known on its own day."""
    parsed = Parsed()
    seen: set[tuple[object, ...]] = set()
    for f in raw.files:
        for table, row in _rows(f):
            moment = row["closed_at"] if table == "trades" else row["observed_at"]
            who = row["trade_id"] if table == "trades" else row.get("model_name", row.get("coin"))
            if not _OPENED <= moment <= _CLOSED:
                parsed.drop("outside season 1")
            elif (table, who, moment) in seen:
                parsed.drop("given twice")
            else:
                seen.add((table, who, moment))
                parsed.add(table, {**row, "known_on": moment.date()})
    trades = parsed.rows.get("trades", [])
    count = Counter(t["model_name"] for t in trades)
    for trade in trades:
        if count[trade["model_name"]] >= _LISTED:
            gap = f"nof1 lists an agent's last {_LISTED} trades, so older ones may be missing"
            trade["note"] = f"{trade['note']}; {gap}" if trade["note"] else gap
    return parsed


def _rows(f: RawFile) -> Iterator[tuple[str, Row]]:
    name = f.name.split("/")[-1]
    for start, (table, read, field) in _FILES.items():
        if name.startswith(start):
            records: Iterable[Record] = csv_records(_ID, f)
            if field:
                answer = json_record(_ID, f)
                records = answer.parts(field, answer.take(field))
                answer.done("serverTime", "lastHourlyMarkerRead")
            return ((table, read(record)) for record in records)
    raise UpstreamChanged(_ID, f.name, "a file of an unknown kind")


def _trade(record: Record) -> Row:
    fees, net = (record.number(name) for name in ("total_commission_dollars", "realized_net_pnl"))
    gross = record.number("realized_gross_pnl")
    side = record.one_of("side", _SIDES)
    row = {
        "season": _SEASON,
        "trade_id": record.take("id"),
        "model_name": record.take("model_id"),
        "coin": record.one_of("symbol", _COINS),
        "side": side,
        "opened_at": record.convert("entry_time", _from_seconds),
        "closed_at": record.convert("exit_time", _from_seconds),
        "entry_usd": record.number("entry_price"),
        "exit_usd": record.number("exit_price"),
        "quantity_n": abs(record.number("quantity")),
        "fees_usd": fees,
        "net_usd": net,
        # Fills at several prices are booked one by one, but only one price is printed.
        "note": "printed prices do not give the net" if abs(gross - fees - net) > 1 else None,
    }
    record.done(*_TRADE_UNUSED)
    return row


def _account(record: Record) -> Row:
    row = {
        "season": _SEASON,
        "model_name": record.take("model_id"),
        "observed_at": record.convert("timestamp", _from_seconds),
        "return_pct": record.number("cum_pnl_pct"),
        "equity_usd": record.number("dollar_equity"),
        "is_final": False,
    }
    record.skip("id", "realized_pnl", "total_unrealized_pnl", "sharpe_ratio", "positions")
    record.done("since_inception_minute_marker", "since_inception_hourly_marker")
    return row


def _point(record: Record) -> Row:
    row = {
        "season": _SEASON,
        "model_name": record.take("model"),
        "observed_at": record.convert("time_utc", _utc),
        "return_pct": record.number("return_pct"),
        "equity_usd": record.number("equity"),
        "is_final": False,
        "note": "as the agent's own prompt stated it",
    }
    record.take("sharpe_shown")
    record.done("cash", "invocations")
    return row


def _price(record: Record) -> Row:
    row = {
        "coin": record.one_of("coin", _COINS),
        "observed_at": record.convert("time_utc", _utc),
        "price_usd": record.number("price"),
    }
    record.take("open_interest")
    record.done("funding_rate")
    return row


def _final(record: Record) -> Row:
    gain = record.number("final_return_pct")
    equity = record.number_maybe("final_equity_forklog")
    agrees = equity is not None and abs(equity / _STAKE_USD - 1 - gain / 100) < 1e-4
    row = {
        "season": _SEASON,
        "model_name": record.take("model"),
        "observed_at": _CLOSED,
        "return_pct": gain,
        "equity_usd": equity,
        "is_final": True,
        "verified": agrees,
        "note": "as two news outlets reported it"
        if agrees
        else "as the press reported it; outlets print different balances",
    }
    record.done("bloc")
    return row


def _from_seconds(value: object) -> datetime:
    """The moment a number of seconds after 1970, if it lies in this century's first half."""
    seconds = finite(value)
    if not 946_684_800 <= seconds <= 2_524_608_000:
        raise ValueError(value)
    return datetime.fromtimestamp(seconds, tz=UTC)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Start of a file's name -> its table, the reader of a record, the field of an API answer, if it
# is one, that holds the records.
_FILES: Mapping[str, tuple[str, Callable[[Record], Row], str]] = {
    "trades.json": ("trades", _trade, "trades"),
    "account-totals": ("equity", _account, "accountTotals"),
    "closed_trades": ("trades", _trade, ""),
    "equity_points": ("equity", _point, ""),
    "prompt_prices": ("coin_prices", _price, ""),
    "season1_final.csv": ("equity", _final, ""),
}
