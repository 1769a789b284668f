"""What an account did: return, Sharpe ratio, drawdown, turnover, and what the market did for it.

All are computed from the account's curve, its value at the end of each step of equal length. It is
as recorded where values are recorded all along, else made from the trades: closed ones as booked,
open ones at each bar's closing price.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.core.units import counted, lasting
from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import around
from headtohead.trading.bootstrap import block_length, draws_of, interval_of
from headtohead.trading.season import Season, Trade

if TYPE_CHECKING:
    from headtohead.trading.market import Market

Made = Literal["recorded", "trades", "closings"]
_YEAR = timedelta(days=365)
_STEPS = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
_MOST_STEPS, _FEWEST_STEPS = 2500, 20
_GAP = 20  # parts of a season that recorded values may leave out at most one of
_RUIN = 1e-6  # of the stake: below it a logarithm says nothing


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The value of an account at the end of equal steps.

    Attributes:
        times: UTC, shape (n + 1,), the start first.
        equity_usd: Shape (n + 1,).
        step: Length of a step.
        made: From recorded values, from trades and candles, or from trades at their ends alone.
    """

    times: tuple[datetime, ...]
    equity_usd: FloatArray
    step: timedelta
    made: Made

    @property
    def returns(self) -> FloatArray:
        """The return of each step, shape (n,); -1 at ruin, 0 after it."""
        floor = _RUIN * self.equity_usd[0]
        held = np.maximum(self.equity_usd, floor)
        found: FloatArray = held[1:] / held[:-1] - 1
        return found

    @property
    def drawdowns(self) -> FloatArray:
        """How far it stands below its highest value so far, 0 to 1, shape (n + 1,)."""
        held = np.maximum(self.equity_usd, 0.0)
        return 1 - held / np.maximum.accumulate(held)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of an account.

    Attributes:
        name: For machines: return, sharpe, drawdown, ...
        value: In the unit.
        unit: Of the unit registry.
        interval: None where it is a fact of this path and no sample of anything.
        method: How it was computed, in a line.
        n: Steps, trades or days behind it.
    """

    name: str
    value: float
    unit: str
    interval: Interval | None
    method: str
    n: int
    n_of: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Account:
    """One agent's account, measured.

    Attributes:
        final_frac: Its last known value over the stake, less 1.
        final_at: When that was.
        curve: None where nothing of it is known between its ends.
        measures: By name; what could not be computed is not there.
        growth: Draws of the log growth over the season, centred on 0; empty without an interval.
        blocks: Steps known over the mean length of a block of those draws.
        notes: What could not be computed, and why.
    """

    agent: str
    trades: tuple[Trade, ...]
    final_frac: float
    final_at: datetime
    curve: Curve | None
    measures: Mapping[str, Measure]
    growth: FloatArray
    blocks: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def skews(self) -> tuple[float, float]:
        """Skewness and kurtosis of its returns by step; 0 and 3 without a curve."""
        if self.curve is None or not self.curve.returns.std() > 0:
            return 0.0, 3.0
        z = (self.curve.returns - self.curve.returns.mean()) / self.curve.returns.std()
        return float((z**3).mean()), float((z**4).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """Holding every coin of the market in equal parts from the start.

    Attributes:
        times: UTC, the start first.
        value: 1 at the start.
        by_coin: Coin -> its return to the end.
    """

    times: tuple[datetime, ...]
    value: FloatArray
    by_coin: Mapping[str, float] = field(default_factory=dict)

    def at(self, times: Sequence[datetime]) -> FloatArray:
        """Its value at moments, as last known before them."""
        return _stepped(times, list(zip(self.times, self.value.tolist(), strict=True)))


def hold(market: "Market", season: Season) -> Hold:
    """Holding over a season; a coin without a price at its start is left out."""
    inside = [n for n, t in enumerate(_ends(market)) if season.start < t <= season.end]
    if not inside:
        return Hold((season.start,), np.ones(1))
    first = market.open[inside[0]]
    have = np.isfinite(first)
    path = _filled(np.vstack([np.ones(have.sum()), market.close[inside][:, have] / first[have]]))
    coins = [coin for coin, there in zip(market.coins, have, strict=True) if there]
    ends = _ends(market)
    return Hold(
        (season.start, *(ends[n] for n in inside)),
        path.mean(axis=1),
        dict(zip(coins, (path[-1] - 1).tolist(), strict=True)),
    )


def curve_of(season: Season, agent: str, market: "Market | None") -> Curve | None:
    """The account's curve; None where nothing of it is known between its ends."""
    values, trades = season.equity[agent], season.trades_of(agent)
    gaps = [b - a for (a, _), (b, _) in pairwise(values)]
    whole = values[-1][0] - season.start
    if len(values) > _FEWEST_STEPS and max([*gaps, season.end - values[-1][0]]) <= whole / _GAP:
        times = _grid(season.start, values[-1][0], sorted(gaps)[len(gaps) // 2])
        return Curve(times, _stepped(times, values), times[1] - times[0], "recorded")
    if not trades:
        return None
    until = trades[-1].closed_at
    if market is not None and {t.coin for t in trades} <= set(market.coins):
        return _marked(season, trades, market, until)
    times = _grid(season.start, until, timedelta(0))
    booked = [(season.start, season.stake_usd)]
    for t in trades:
        booked.append((t.closed_at, booked[-1][1] + t.net_usd))
    return Curve(times, _stepped(times, booked), times[1] - times[0], "closings")


def account_of(
    season: Season,
    agent: str,
    market: "Market | None",
    holding: Hold | None,
    rng: np.random.Generator,
    *,
    rounds: int,
    level: float,
) -> Account:
    """One agent's account, with intervals by the stationary bootstrap of its steps.

    Args:
        holding: What the market did; None if no candles are known.
        rounds: Paths drawn.
    """
    curve, trades = curve_of(season, agent, market), season.trades_of(agent)
    final, final_at = season.final_return(agent), season.equity[agent][-1][0]
    if final is None:
        final, final_at = sum(t.net_usd for t in trades) / season.stake_usd, trades[-1].closed_at
    measures = {
        "return": Measure("return", 100 * final, "pct", None, "last account value", 1, "seasons"),
        **_facts(season, agent, curve),
    }
    account = Account(
        agent=agent,
        trades=trades,
        final_frac=final,
        final_at=final_at,
        curve=curve,
        measures=measures,
        growth=np.empty(0),
    )
    n = 0 if curve is None else curve.returns.size
    if curve is None or n < _FEWEST_STEPS:
        note = f"{agent}'s account is known at {counted(n, 'step')}, too few for an interval"
        return replace(account, notes=(note,))
    if not curve.returns.std() > 1e-12:
        note = f"All {n:,} steps of {agent}'s account are alike, so nothing tells skill from luck"
        return replace(account, notes=(note,))
    r = curve.returns
    held = None if holding is None else np.log(holding.at(curve.times))
    market_log = np.zeros(n) if held is None else np.diff(held)
    path = np.column_stack([r, np.log1p(r), market_log])
    block, a_year = block_length(r), _YEAR / curve.step
    blocks = n / block
    by = (
        f"stationary bootstrap of {n:,} steps of {lasting(curve.step)} in blocks of {block:.0f} "
        "on average"
    )
    moved = float(market_log.sum())

    def statistics(some: FloatArray) -> FloatArray:
        return _statistics(some, a_year, moved)

    drawn = draws_of(path, statistics, block, rng, rounds=rounds)
    own = statistics(path[None])[0]
    kinds = (
        ("sharpe", "value"),
        ("drawdown", "pct"),
        ("beta", "value"),
        ("market", "pct"),
        ("rest", "pct"),
    )
    for place, (name, unit) in enumerate(kinds):
        if (place < 2 or moved) and math.isfinite(own[place]):
            interval = interval_of(float(own[place]), drawn[:, place], blocks, level)
            measures[name] = Measure(name, float(own[place]), unit, interval, by, n, "steps")
    # Over the whole season, of which the steps known may be a part.
    length = max(n, round((final_at - season.start) / curve.step))
    growth = draws_of(
        path[:, 1:2], lambda some: some.sum(axis=1), block, rng, rounds=rounds, length=length
    )[:, 0] - length * float(path[:, 1].mean())
    log_final = math.log(max(1 + final, _RUIN))
    ends = interval_of(log_final, log_final + growth, blocks, level)
    total = around(100 * final, 100 * math.expm1(ends.low), _grown(ends.high))
    measures["return"] = Measure("return", 100 * final, "pct", total, by, n, "steps")
    if math.isinf(ends.high):
        note = f"{agent}'s {n} known steps hold {blocks:.0f} blocks, too few for an interval"
        return replace(account, notes=(note,))
    return replace(account, growth=growth, blocks=blocks)


def _statistics(paths: FloatArray, a_year: float, moved: float) -> FloatArray:
    """Sharpe ratio, drawdown, beta, market part and rest of paths, shape (some, 5).

    Args:
        paths: Shape (some, n, 3): return, log return, log return of the market.
        moved: What the market really did over the steps, as a log.
    """
    r, grown, held = paths[..., 0], paths[..., 1], paths[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        sharpe = r.mean(axis=1) / r.std(axis=1, ddof=1) * math.sqrt(a_year)
        apart = held - held.mean(axis=1, keepdims=True)
        beta = (apart * grown).sum(axis=1) / (apart**2).sum(axis=1)
    total = np.cumsum(grown, axis=1)
    fallen = (np.maximum.accumulate(np.maximum(total, 0.0), axis=1) - total).max(axis=1)
    market = _grown(np.nan_to_num(beta) * moved)
    rest = _grown(total[:, -1] - np.nan_to_num(beta) * held.sum(axis=1))
    return np.column_stack([sharpe, -100 * np.expm1(-fallen), beta, market, rest])


def _facts(season: Season, agent: str, curve: Curve | None) -> dict[str, Measure]:
    """What is a fact of its trades, and has no interval."""
    trades = season.trades_of(agent)
    if not trades:
        return {}
    n = len(trades)
    days = max((trades[-1].closed_at - season.start) / timedelta(days=1), 1e-9)
    worth = season.stake_usd if curve is None else float(np.maximum(curve.equity_usd, 0).mean())
    worth = worth or season.stake_usd
    traded = sum(t.quantity * (t.entry_usd + t.exit_usd) for t in trades)
    held = sum(t.notional_usd * ((t.closed_at - t.opened_at) / timedelta(days=1)) for t in trades)
    facts = [
        ("trades", n, "n", "closed trades"),
        ("wins", sum(t.net_usd > 0 for t in trades) / n, "frac", "trades with a profit"),
        ("long", sum(t.side == "long" for t in trades) / n, "frac", "long trades"),
        ("turnover", traded / worth / days, "ratio", "bought and sold a day over mean value"),
        ("exposure", held / worth / days, "ratio", "value held over that of the account, in time"),
    ]
    for name, paid in (
        ("fees", [t.fees_usd for t in trades]),
        ("funding", [t.funding_usd for t in trades]),
    ):
        known = [x for x in paid if x is not None]
        if len(known) == n:
            facts.append((name, sum(known), "usd", f"{name} of all trades, as recorded"))
    return {
        name: Measure(name, float(value), unit, None, how, n, "trades")
        for name, value, unit, how in facts
    }


def _marked(
    season: Season, trades: Sequence[Trade], market: "Market", until: datetime
) -> Curve | None:
    """The curve by trades and candles: closed trades as booked, open ones at closing prices."""
    ends = [t for t in _ends(market) if season.start < t and t - market.bar < until]
    if not ends:
        return None
    first = _ends(market).index(ends[0])
    closes = _filled(market.close[first : first + len(ends)])
    stamps = np.array([t.timestamp() for t in ends])
    profit = np.zeros(len(ends))
    for t in trades:
        opened = np.searchsorted(stamps, t.opened_at.timestamp())
        closed = np.searchsorted(stamps, t.closed_at.timestamp())
        prices = closes[opened:closed, market.coins.index(t.coin)]
        # A coin without any price yet is worth what was paid.
        moved = np.nan_to_num(prices, nan=t.entry_usd) - t.entry_usd
        profit[opened:closed] += t.sign * t.quantity * moved - (t.fees_usd or 0.0) / 2
        profit[closed:] += t.net_usd
    every = max(1, math.ceil(len(ends) / _MOST_STEPS))
    kept = slice(every - 1, None, every)
    times = (season.start, *ends[kept])
    equity = np.concatenate([[season.stake_usd], season.stake_usd + profit[kept]])
    return Curve(times, equity, every * market.bar, "trades")


def _ends(market: "Market") -> list[datetime]:
    """When each bar ends, in UTC."""
    seconds = market.times.astype("datetime64[s]").astype(np.int64).tolist()
    return [datetime.fromtimestamp(x, UTC) + market.bar for x in seconds]


def _filled(prices: FloatArray) -> FloatArray:
    """Prices with the last known one where a bar has none, shape (bars, coins)."""
    rows = np.arange(len(prices))[:, None]
    last = np.maximum.accumulate(np.where(np.isfinite(prices), rows, 0), axis=0)
    return np.take_along_axis(prices, last, axis=0)


def _grid(start: datetime, end: datetime, least: timedelta) -> tuple[datetime, ...]:
    """Equal steps of an hour, four or a day, none shorter than `least`, at most 2,500 of them."""
    fine = [x for x in _STEPS if x >= least and (end - start) / x <= _MOST_STEPS]
    step = fine[0] if fine else _STEPS[-1]
    return tuple(start + n * step for n in range(max(1, math.ceil((end - start) / step)) + 1))


def _stepped(times: Sequence[datetime], values: Sequence[tuple[datetime, float]]) -> FloatArray:
    """The last value known at each moment, shape (n,)."""
    stamps = np.array([at.timestamp() for at, _ in values])
    places = np.searchsorted(stamps, [t.timestamp() for t in times], "right") - 1
    return np.array([v for _, v in values])[np.maximum(places, 0)]


def _grown(log: Any) -> Any:  # noqa: ANN401 - a number or an array
    """A log growth in percent; beyond any number it is inf."""
    with np.errstate(over="ignore"):
        return 100 * np.expm1(log)
