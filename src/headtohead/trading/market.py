"""Candles and funding of coins over time, and what could be known of them at a moment."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError, NoEvidence
from headtohead.core.units import counted, counted_of, first_few, lasting
from headtohead.files.opening import content, csv_batches, csv_header, files_of, kind_of
from headtohead.files.tables import UserTable, floats, open_tables, plain_text

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa  # type: ignore[import-untyped]

    from headtohead.evidence.store import Store

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Times = NDArray[np.datetime64]
_PRICES = ("open", "high", "low", "close")
_TIME = ("open_time", "timestamp", "datetime", "time", "date", "calc_time", "observed_at")
_COIN = ("coin", "symbol", "pair", "asset")
_TABLES = (".csv", ".parquet", ".feather", ".gz", ".zip", ".zst", ".xz", ".bz2")
_RATE = ("last_funding_rate", "funding_rate", "rate")
_QUOTES = re.compile(r"(?P<coin>[A-Z0-9]+?)[-_/]?(?:(?:USDT|USDC|BUSD|USD)(?:PERP)?|PERP)(?![A-Z])")
_SECOND = 1_000_000
_CANDLES = "binance_candles"


class Candles(NamedTuple):
    """Prices in USD, each of shape (bars, coins); nan where missing."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Coins over bars without a gap in time; where a coin has no bar, its prices are nan.

    Attributes:
        times: When bars open, UTC, shape (bars,), datetime64[us].
        bar: How long one is.
        candles: Traded prices.
        marks: Marks, where they are known apart from traded prices.
        funding: Rate a long pays at a bar's open, of the position's value, shape (bars, coins);
            below 0 if it is paid; 0 where nothing is due or known.
        funded: Whether funding is known then, shape (bars, coins).
        sources: What the prices were read from.
        notes: What a reader must know: bars that are missing, doubled or out of order.
    """

    coins: tuple[str, ...]
    times: Times
    bar: timedelta
    candles: Candles
    marks: Candles | None = None
    funding: FloatArray
    funded: BoolArray
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def open(self) -> FloatArray:
        """First prices, shape (bars, coins)."""
        return self.candles.open

    @property
    def high(self) -> FloatArray:
        """Highest prices, shape (bars, coins)."""
        return self.candles.high

    @property
    def low(self) -> FloatArray:
        """Lowest prices, shape (bars, coins)."""
        return self.candles.low

    @property
    def close(self) -> FloatArray:
        """Last prices, shape (bars, coins)."""
        return self.candles.close

    @property
    def funding_known(self) -> BoolArray:
        """Whether funding is known in every bar, shape (coins,)."""
        return np.asarray(self.funded.all(axis=0))

    @property
    def start(self) -> datetime:
        """When the first bar opens."""
        return _moment(self.times[0])

    @property
    def end(self) -> datetime:
        """When the last bar closes."""
        return _moment(self.times[-1]) + self.bar

    def window(self, start: datetime, end: datetime) -> "Market":
        """The bars that open at `start` or later and close at `end` or before.

        Raises:
            InputError: If there is none.
        """
        length = np.timedelta64(self.bar)
        inside = (self.times >= _instant(start)) & (self.times + length <= _instant(end))
        if not inside.any():
            raise InputError(
                f"No candle lies between {_said(_instant(start))} and {_said(_instant(end))}; they "
                f"are of {_said(self.times[0])} to {_said(self.times[-1] + length)}. Get candles "
                "of those days (`h2h update binance_candles`, or files of your own)."
            )
        first = int(inside.argmax())
        return self._rows(slice(first, first + int(inside.sum())))

    def closed_before(self, instant: datetime) -> "Market":
        """What could be known at a moment: the bars that had closed; perhaps none."""
        closed = self.times + np.timedelta64(self.bar) <= _instant(instant)
        return self._rows(slice(0, int(closed.sum())))

    def index_of(self, instant: datetime) -> int:
        """The row of the bar that a moment lies in.

        Raises:
            InputError: If it lies in none.
        """
        at = _instant(instant)
        row = int((at - self.times[0]) // np.timedelta64(self.bar))
        if not 0 <= row < len(self.times):
            raise InputError(
                f"{_said(at)} lies outside the candles, of {_said(self.times[0])} to "
                f"{_said(self.times[-1])}."
            )
        return row

    def of(self, coins: Sequence[str]) -> "Market":
        """Some coins, in that order.

        Raises:
            InputError: If there are no candles of one.
        """
        missing = [coin for coin in coins if coin not in self.coins]
        if missing:
            raise InputError(
                f"There are no candles of {first_few(missing)}; there are of "
                f"{first_few(self.coins, 12)}. Give files of them."
            )
        columns = [self.coins.index(coin) for coin in coins]
        return replace(
            self,
            coins=tuple(coins),
            candles=Candles(*(x[:, columns] for x in self.candles)),
            marks=self.marks and Candles(*(x[:, columns] for x in self.marks)),
            funding=self.funding[:, columns],
            funded=self.funded[:, columns],
        )

    def _rows(self, rows: slice) -> "Market":
        return replace(
            self,
            times=self.times[rows],
            candles=Candles(*(x[rows] for x in self.candles)),
            marks=self.marks and Candles(*(x[rows] for x in self.marks)),
            funding=self.funding[rows],
            funded=self.funded[rows],
        )


@dataclass(frozen=True, slots=True)
class _CoinRows:
    """Rows of one coin in one table."""

    coin: str
    place: str
    lines: NDArray[np.int64]
    times: NDArray[np.int64]
    values: FloatArray

    def where(self, row: int) -> str:
        return f"{self.place}, row {self.lines[row]}"


def read_market(
    files: Any,  # noqa: ANN401 - what `open_tables` takes
    *,
    funding: Any = (),  # noqa: ANN401
    marks: Any = (),  # noqa: ANN401
    bar: timedelta | None = None,
) -> Market:
    """Candles of coins from files: Parquet, CSV (also packed) and freqtrade's Feather.

    Columns are a time (`open_time`, `timestamp`, `time` or `date`), open, high, low, close; a
    coin's name is in a column (`coin`, `symbol` or `pair`) or begins the file's name, as in
    BTCUSDT-1h-2025-10.zip, BTCUSDT_1h.parquet and BTC_USDT_USDT-1h-futures.feather. Binance's
    monthly archives need no header line. Times without a zone are UTC; numbers are seconds,
    milliseconds, microseconds or nanoseconds since 1970.

    Args:
        files: Files or folders; among them those with "funding" or "mark" in their names are read
            as such.
        funding: Files of funding rates: in `last_funding_rate`, `funding_rate` or `rate`, in
            freqtrade's files in `open`.
        marks: Files of candles of the mark.
        bar: How long a bar is; by default the shortest time between two.

    Raises:
        InputError: Naming file and row, if a price is 0 or below, a high is below another price of
            its bar or a low above, one bar is given twice with different prices, or bars are of
            different lengths.
    """
    given = {"": list(_paths(files)), "funding": list(_paths(funding)), "mark": list(_paths(marks))}
    for path in list(given[""]):
        name = path.name.casefold() if isinstance(path, Path) else ""
        for kind in ("funding", "mark"):
            if kind in name:
                given[""].remove(path)
                given[kind].append(path)
    series = [part for path in given[""] for part in _read(path, _PRICES)]
    notes: list[str] = []
    traded = _checked(series, notes)
    if not traded:
        given_files = [files] if isinstance(files, str | Path) else files
        asked = [str(x) for x in given_files if isinstance(x, str | Path)]
        where = f"{first_few(asked)} holds no candles"
        raise InputError(
            f"{where if asked else 'No candles were given'}. Give files with open, high, low and "
            "close."
        )
    length = _bar_of(traded, bar)
    coins = tuple(traded)
    first = min(int(times[0]) for times, _ in traded.values())
    last = max(int(times[-1]) for times, _ in traded.values())
    times = np.arange(first, last + 1, length)
    candles = Candles(*_grid(traded, coins, times, length))
    notes += _gaps(coins, times, candles.open)
    marked = _checked([part for path in given["mark"] for part in _read(path, _PRICES)], notes)
    for coin in [c for c, (at, _) in marked.items() if len(at) > 1 and _step(at) != length]:
        of = timedelta(microseconds=_step(marked.pop(coin)[0]))
        notes.append(f"{coin}: marks are of bars of {of}, so traded prices stand for them")
    known_marks = None
    if marked:
        there = zip(_grid(marked, coins, times, length), candles, strict=True)
        known_marks = Candles(*(np.where(np.isnan(mark), price, mark) for mark, price in there))
        if none := [coin for coin in coins if coin not in marked]:
            notes.append(f"{first_few(none)}: no marks were given, so traded prices stand for them")
    rates = [part for path in given["funding"] for part in _read(path, ())]
    due, funded = _funding(rates, coins, times, length, notes)
    return Market(
        coins=coins,
        times=times.astype("datetime64[us]"),
        bar=timedelta(microseconds=length),
        candles=candles,
        marks=known_marks,
        funding=due,
        funded=funded,
        sources=tuple(dict.fromkeys(part.place for part in series)),
        notes=tuple(notes),
    )


def market_of(
    store: "Store", as_of: date, coins: Sequence[str], start: datetime, end: datetime
) -> Market:
    """The hourly candles of the evidence (`h2h update binance_candles`) between two moments.

    Funding is not in the evidence, so none is known.

    Raises:
        NoEvidence: If there are none of a coin.
    """
    return market_of_rows(store.read("coin_prices", as_of), coins, start, end)


def market_of_rows(
    rows: "pl.DataFrame", coins: Sequence[str], start: datetime, end: datetime
) -> Market:
    """The same of rows of the evidence's coin prices.

    Raises:
        NoEvidence: If there are none of a coin.
    """
    import polars as pl

    rows = rows.filter(
        (pl.col("source_id") == _CANDLES)
        & pl.col("close_usd").is_not_null()
        & pl.col("observed_at").is_between(start, end, closed="left")
    )
    columns = ["price_usd", "high_usd", "low_usd", "close_usd"]
    series = []
    for coin in coins:
        of_coin = rows.filter(pl.col("coin") == coin).sort("observed_at")
        if of_coin.is_empty():
            raise NoEvidence(
                f"No candles of {coin} from {start:%Y-%m-%d} to {end:%Y-%m-%d} are known. Run "
                "`h2h update binance_candles`, or give files of candles."
            )
        at = of_coin["observed_at"].dt.timestamp("us").to_numpy()
        values = of_coin.select(columns).to_numpy()
        series.append(_CoinRows(coin, "the evidence", np.arange(len(at)) + 1, at, values))
    notes: list[str] = []
    traded = _checked(series, notes)
    length = _bar_of(traded, timedelta(hours=1))
    first = min(int(times[0]) for times, _ in traded.values())
    last = max(int(times[-1]) for times, _ in traded.values())
    times = np.arange(first, last + 1, length)
    candles = Candles(*_grid(traded, tuple(coins), times, length))
    nothing = np.zeros((len(times), len(coins)))
    return Market(
        coins=tuple(coins),
        times=times.astype("datetime64[us]"),
        bar=timedelta(hours=1),
        candles=candles,
        funding=nothing,
        funded=nothing.astype(np.bool_),
        sources=(_CANDLES,),
        notes=(*notes, *_gaps(tuple(coins), times, candles.open)),
    )


def _words(microseconds: int) -> str:
    return lasting(timedelta(microseconds=microseconds))


def _paths(files: Any) -> Iterable[Any]:  # noqa: ANN401
    if isinstance(files, str | Path):
        path = Path(files)
        # Beside candles there lie notes, licences and what other tools keep.
        yield from (x for x in files_of(path) if x == path or x.suffix.lower() in _TABLES)
    elif isinstance(files, Mapping) or hasattr(files, "columns"):
        yield files
    else:
        for one in files:
            yield from _paths(one)


def _read(path: Any, prices: tuple[str, ...]) -> list[_CoinRows]:  # noqa: ANN401
    """The rows of one file, by coin: prices, or rates if no prices are asked for."""
    if isinstance(path, Path) and kind_of(content(path, 1 << 16)) in ("table", "yaml"):
        names, _ = csv_header(path)
        if names and re.fullmatch(r"\d{10,19}", names[0]) and len(names) >= 5:
            return [_headless(path, names)]
    result = []
    for table in open_tables(path):
        result += _of_table(table, prices)
    return result


def _headless(path: Path, first: list[str]) -> _CoinRows:
    """Binance's archives without a header line, whose columns are known by their places."""
    parts = [[array.to_pylist() for array in b.columns] for b in csv_batches(path, range(5))]
    columns = [[first[c], *(x for part in parts for x in part[c])] for c in range(5)]
    try:
        numbers = np.array(columns, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: a candle is not of five numbers ({error}). Mend it.") from None
    lines = np.arange(numbers.shape[1]) + 1
    return _CoinRows(
        _coin_of(path.name), str(path), lines, _microseconds(numbers[0]), numbers[1:].T
    )


def _of_table(table: UserTable, prices: tuple[str, ...]) -> list[_CoinRows]:
    columns = table.columns
    time = columns.alike(*_TIME)
    rate = None if prices else columns.alike(*_RATE, "open")
    wanted = [columns.alike(name) for name in prices] or [rate]
    if time is None or None in wanted:
        needs = "open, high, low and close" if prices else "a funding rate"
        raise InputError(
            f"{table.name}: needs a time ({first_few(_TIME, 9)}) and {needs}; its columns are "
            f"{first_few(columns.names, 12)}."
        )
    named = columns.alike(*_COIN)
    paths = [time, *wanted, *([named] if named else [])]
    at, values, coins, done = [], [], list[str | None](), 0
    for batch in table.batches([p for p in paths if p], 1 << 18):
        held = {name: batch.column(i) for i, name in enumerate(batch.schema.names)}
        at.append(_instants(held[time[0]], table.name, done))
        rows = []
        for path in wanted:
            numbers, wrong = floats(held[path[0]])  # type: ignore[index]
            if wrong.any():
                row = done + int(wrong.argmax()) + 1
                raise InputError(f"{table.name}, row {row}: {path[0]} is no number.")  # type: ignore[index]
            rows.append(numbers)
        values.append(np.stack(rows, axis=1))
        if named:
            coins += plain_text(held[named[0]]).to_pylist()
        done += batch.num_rows
    if not done:
        raise InputError(f"{table.name}: holds no rows.")
    times, numbers, lines = np.concatenate(at), np.concatenate(values), np.arange(done) + 1
    if not named:
        return [_CoinRows(_coin_of(Path(table.name).name), table.name, lines, times, numbers)]
    words = np.array([_coin_of(str(word)) for word in coins])
    return [
        _CoinRows(
            str(coin),
            table.name,
            lines[words == coin],
            times[words == coin],
            numbers[words == coin],
        )
        for coin in dict.fromkeys(words)
    ]


def _coin_of(name: str) -> str:
    """BTC, from BTCUSDT, BTC/USDT:USDT, BTC_USDT_USDT-1h-futures.feather or BTC.csv."""
    upper = name.upper()
    if found := _QUOTES.match(upper):
        return found["coin"]
    return re.split(r"[-_./:\s]", upper)[0]


def _instants(array: "pa.Array", place: str, done: int) -> NDArray[np.int64]:
    """Times as microseconds since 1970, UTC."""
    import pyarrow as pa

    array = plain_text(array)
    if pa.types.is_date(array.type):
        array = array.cast(pa.timestamp("us"))
    if array.null_count:
        row = done + int(np.argmax([x is None for x in array.to_pylist()])) + 1
        raise InputError(f"{place}, row {row}: the time is missing.")
    if pa.types.is_timestamp(array.type):
        whole = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False).cast(pa.int64())
        return np.array(whole.to_pylist(), np.int64)
    numbers, wrong = floats(array)
    if not wrong.any():
        return _microseconds(numbers)
    result = np.empty(len(array), np.int64)
    for row, text in enumerate(array.to_pylist()):
        try:
            at = datetime.fromisoformat(str(text))
        except ValueError:
            raise InputError(
                f"{place}, row {done + row + 1}: {text!r} is no time. Write it as "
                "2025-10-17T22:00:00Z, or as seconds since 1970."
            ) from None
        at = at.replace(tzinfo=at.tzinfo or UTC)
        result[row] = round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    return result


def _microseconds(numbers: FloatArray) -> NDArray[np.int64]:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by their size."""
    size = float(np.abs(numbers).max(initial=0.0))
    factor = 1e6 if size < 1e11 else 1e3 if size < 1e14 else 1.0 if size < 1e17 else 1e-3
    return np.rint(numbers * factor).astype(np.int64)


def _checked(
    series: Sequence[_CoinRows], notes: list[str]
) -> dict[str, tuple[NDArray[np.int64], FloatArray]]:
    """Coin -> times and prices, in order and once each."""
    result = {}
    for coin in dict.fromkeys(part.coin for part in series):
        parts = [part for part in series if part.coin == coin]
        for part in parts:
            _refuse(part)
        spans = {_step(part.times): part.place for part in parts if len(part.times) > 1}
        if len(spans) > 1:
            said = first_few([f"{_words(x)} in {y}" for x, y in spans.items()])
            raise InputError(f"{coin} has bars of different lengths: {said}. Give one of them.")
        times = np.concatenate([part.times for part in parts])
        values = np.concatenate([part.values for part in parts])
        disorder = sum(int((np.diff(part.times) < 0).sum()) for part in parts)
        if disorder:
            one, many = (f"{x} out of order, sorted here" for x in ("bar", "bars"))
            notes.append(f"{coin}: {counted(disorder, one, many)}")
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        again = np.flatnonzero(np.diff(times) == 0)
        for row in again:
            if not np.array_equal(values[row], values[row + 1], equal_nan=True):
                a, b = (_where(parts, int(x)) for x in order[row : row + 2])
                at = _said(times[row])
                raise InputError(f"{a} and {b} give different prices of {coin} at {at}. Leave one.")
        if again.size:
            one, many = (
                "bar was given twice and counts once",
                "bars were given twice and count once",
            )
            notes.append(f"{coin}: {counted(again.size, one, many)}")
        once = np.r_[True, np.diff(times) != 0]
        result[coin] = times[once], values[once]
    return result


def _step(times: NDArray[np.int64]) -> int:
    """Microseconds of the shortest time between two bars."""
    apart = np.diff(np.unique(times))
    return int(apart.min(initial=np.iinfo(np.int64).max))


def _where(parts: Sequence[_CoinRows], row: int) -> str:
    """The place of a row of several parts, one after another."""
    for part in parts:
        if row < len(part.times):
            return part.where(row)
        row -= len(part.times)
    raise IndexError(row)


def _refuse(part: _CoinRows) -> None:
    first, high, low, last = part.values.T
    with np.errstate(invalid="ignore"):
        faults = (
            ((part.values <= 0).any(axis=1), "a price is 0 or below"),
            (np.isinf(part.values).any(axis=1), "a price is not finite"),
            (high < low, "the high is below the low"),
            ((first > high) | (last > high), "the high is below the open or the close"),
            ((first < low) | (last < low), "the low is above the open or the close"),
        )
    for wrong, why in faults:
        if wrong.any():
            row = int(wrong.argmax())
            raise InputError(
                f"{part.where(row)}: {why} ({part.coin} at {_said(part.times[row])}: open "
                f"{first[row]:g}, high {high[row]:g}, low {low[row]:g}, close {last[row]:g}). "
                "Mend or leave out that bar."
            )


def _bar_of(
    traded: Mapping[str, tuple[NDArray[np.int64], FloatArray]], bar: timedelta | None
) -> int:
    """Microseconds of a bar."""
    lengths = {c: _step(t) for c, (t, _) in traded.items() if len(t) > 1}
    if bar is not None:
        length = round(bar / timedelta(microseconds=1))
    elif not lengths:
        raise InputError("One candle does not tell how long a bar is. Give more, or `bar`.")
    else:
        length = min(lengths.values())
    start = {coin: int(times[0]) for coin, (times, _) in traded.items()}
    begin = min(start.values())
    for coin, (times, _) in traded.items():
        off = (times - begin) % length != 0
        if off.any() or lengths.get(coin, length) % length:
            raise InputError(
                f"{coin} has a bar at {_said(times[int(off.argmax())])}, which does not follow the "
                f"others by bars of {timedelta(microseconds=length)}. Give candles of one length."
            )
    if bar is None and len(set(lengths.values())) > 1:
        said = first_few([f"{c} {_words(x)}" for c, x in lengths.items()], 8)
        raise InputError(f"Bars are of different lengths: {said}. Give candles of one length.")
    return length


def _grid(
    traded: Mapping[str, tuple[NDArray[np.int64], FloatArray]],
    coins: tuple[str, ...],
    times: NDArray[np.int64],
    length: int,
) -> tuple[FloatArray, ...]:
    """Opens, highs, lows and closes, each of shape (bars, coins)."""
    result = np.full((4, len(times), len(coins)), np.nan)
    for column, coin in enumerate(coins):
        if coin in traded:
            at, values = traded[coin]
            rows = (at - times[0]) // length
            inside = (rows >= 0) & (rows < len(times)) & ~np.isnan(values).any(axis=1)
            result[:, rows[inside], column] = values[inside].T
    return tuple(result)


def _gaps(coins: tuple[str, ...], times: NDArray[np.int64], opens: FloatArray) -> list[str]:
    """What is missing, in words."""
    notes = []
    for column, coin in enumerate(coins):
        gone = np.flatnonzero(np.isnan(opens[:, column]))
        if gone.size:
            notes.append(
                f"{coin}: {gone.size:,} of {len(times):,} bars are missing, the first at "
                f"{_said(times[gone[0]])}"
            )
    return notes


def _funding(
    rates: Sequence[_CoinRows],
    coins: tuple[str, ...],
    times: NDArray[np.int64],
    length: int,
    notes: list[str],
) -> tuple[FloatArray, BoolArray]:
    """Rates due at the opens of bars, and where they are known: from the first to the last one.

    Publishers write some milliseconds after the hour; of several instants in a bar the rates are
    added.
    """
    due = np.zeros((len(times), len(coins)))
    funded = np.zeros((len(times), len(coins)), np.bool_)
    for part in rates:
        if part.coin not in coins:
            continue
        column = coins.index(part.coin)
        at = np.rint(part.times / (60 * _SECOND)).astype(np.int64) * 60 * _SECOND
        order = np.argsort(at, kind="stable")
        at, values = at[order], part.values[order, 0]
        whole = np.isfinite(values)
        at, values = at[whole], values[whole]
        once = np.r_[True, np.diff(at) != 0][: at.size]
        if not once.all():
            notes.append(
                f"{part.coin}: {counted_of(int((~once).sum()), 'funding rates')} given twice"
            )
        at, values = at[once], values[once]
        rows = (at - times[0]) // length
        inside = (rows >= 0) & (rows < len(times))
        np.add.at(due[:, column], rows[inside], values[inside])
        if at.size > 1:
            step = int(np.diff(at).min())
            funded[:, column] |= (times > at[0] - step) & (times < at[-1] + step)
    return due, funded


def _instant(moment: datetime) -> np.datetime64:
    """A moment as numpy has it; without a zone it is UTC."""
    return np.datetime64(
        moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment, "us"
    )


def _moment(instant: np.datetime64) -> datetime:
    at: datetime = instant.astype("datetime64[us]").astype(datetime)
    return at.replace(tzinfo=UTC)


def _said(instant: Any) -> str:  # noqa: ANN401 - a numpy time, or microseconds
    return f"{_moment(np.datetime64(int(instant.astype(np.int64)), 'us')):%Y-%m-%d %H:%M} UTC"
