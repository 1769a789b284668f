"""Trades, or values of accounts, in CSV, Parquet or JSON; columns by a mapping or by name."""

from collections.abc import Mapping
from itertools import chain, islice

from headtohead.core.errors import InputError
from headtohead.core.units import nearest_first
from headtohead.files.formats import PLAIN, Format
from headtohead.files.records import at_path, objects
from headtohead.trading.rows import check_paths, rows_read
from headtohead.trading.season import Recorded, TradeFile

FORMAT = Format(
    name=PLAIN,
    about="trades or account values in CSV, Parquet or JSON, columns by a mapping or by name",
    needs=((),),
)
_PEEK_N = 1000
# Names that leave no doubt; the first that is there is taken.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "agent": ("agent", "model", "model_name", "model_id", "strategy", "account"),
    "coin": ("coin", "symbol", "pair", "ticker", "asset", "market"),
    "side": ("side", "direction"),
    "opened_at": ("opened_at", "open_time", "entry_time", "open_date", "opened", "entered_at"),
    "closed_at": ("closed_at", "close_time", "exit_time", "close_date", "closed", "exited_at"),
    "entry_usd": ("entry_usd", "entry_price", "open_rate", "open_price"),
    "exit_usd": ("exit_usd", "exit_price", "close_rate", "close_price"),
    "quantity": ("quantity", "quantity_n", "amount", "size", "qty"),
    "fees_usd": ("fees_usd", "fees", "fee", "commission"),
    "funding_usd": ("funding_usd", "funding", "funding_fees"),
    "net_usd": ("net_usd", "net_pnl", "net_profit", "profit_abs", "pnl", "profit"),
    "at": ("at", "observed_at", "timestamp", "time", "datetime", "date"),
    "equity_usd": ("equity_usd", "equity", "account_value", "balance", "value"),
    "return_pct": ("return_pct", "cum_return_pct"),
}


def read(file: TradeFile) -> Recorded:
    """The trades or values in a file."""
    rows = objects(file.path)
    peeked = list(islice(rows, _PEEK_N))
    if not peeked:
        raise InputError(f"{file.path}: holds no records.")
    columns = list(dict.fromkeys(name for _, record in peeked for name in record))
    for field, path in file.mapping.items():
        if path not in columns and all(at_path(record, path) is None for _, record in peeked):
            raise InputError(
                f"{file.path}: no {path!r}, which is mapped to {field}. Columns found: "
                f"{nearest_first(columns, [path])}."
            )
    known = {name.strip().lower().replace(" ", "_"): name for name in columns}
    by_name = {
        field: known[found[0]]
        for field, names in _NAMES.items()
        if (found := [name for name in names if name in known])
    }
    paths = {**by_name, **file.mapping}
    check_paths(paths, file.path, columns)
    return rows_read(file, chain(peeked, rows), paths)
