"""What was recorded of a trading season or a backtest: trades, and values of accounts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from headtohead.core.errors import InputError
from headtohead.core.units import counted, first_few

Side = Literal["long", "short"]
_LONGEST = timedelta(days=50 * 365)
_UNEXPLAINED = 0.05  # of the stake: a difference that fees and funding do not make
_SAME = 0.01  # by so much two values of one moment may differ, as one is rounded
_TWICE = 2.0  # nobody doubles or halves a stake before the first value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One closed trade of one agent.

    Attributes:
        coin: What was traded, without its quote currency: BTC.
        quantity: Coins, above 0 on both sides.
        fees_usd: Both fees; None where the file does not say.
        funding_usd: What funding added (below 0: took); None where the file does not say.
        net_usd: Profit as recorded, or by prices and fees where the file does not say.
        net_recorded: Whether the file says the profit.
    """

    agent: str
    coin: str
    side: Side
    opened_at: datetime
    closed_at: datetime
    entry_usd: float
    exit_usd: float
    quantity: float
    fees_usd: float | None = None
    funding_usd: float | None = None
    net_usd: float
    net_recorded: bool = True

    @property
    def sign(self) -> int:
        """1 for long, -1 for short."""
        return 1 if self.side == "long" else -1

    @property
    def notional_usd(self) -> float:
        """What was bought or sold at entry."""
        return self.quantity * self.entry_usd

    @property
    def gross_usd(self) -> float:
        """Profit by the prices alone."""
        return self.sign * self.quantity * (self.exit_usd - self.entry_usd)


@dataclass(frozen=True, slots=True)
class TradeFile:
    """What the reader of a format is given.

    Attributes:
        mapping: Field -> column or dotted path in the file.
    """

    path: Path
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountValue:
    """What an account was worth at a moment.

    Attributes:
        equity_usd: None where only the return is recorded.
        return_frac: Since the start; None where only the value is recorded.
    """

    agent: str
    at: datetime
    equity_usd: float | None
    return_frac: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one file holds.

    Attributes:
        stake_usd: What an account began with, where the file says so.
        start: When the season began, where the file says so.
        left_out: Reason -> rows that were not read.
        idle: Agents that never traded.
        notes: What a reader must know of the file.
    """

    trades: tuple[Trade, ...] = ()
    values: tuple[AccountValue, ...] = ()
    stake_usd: float | None = None
    start: datetime | None = None
    end: datetime | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A season, or backtests side by side.

    Attributes:
        agents: Their names, the highest final return first.
        trades: In the order of their ends.
        equity: Agent -> (moment, account value in USD), in order, the stake at the start first.
        stake_usd: What every account began with.
        left_out: Reason -> rows that do not count.
        idle: Who was tried and never traded, so that there is nothing to judge.
    """

    agents: tuple[str, ...]
    trades: tuple[Trade, ...]
    equity: Mapping[str, tuple[tuple[datetime, float], ...]]
    start: datetime
    end: datetime
    stake_usd: float
    left_out: Mapping[str, int] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def days(self) -> float:
        """How long it lasted."""
        return (self.end - self.start) / timedelta(days=1)

    @property
    def coins(self) -> tuple[str, ...]:
        """What was traded, the most often traded first."""
        return tuple(coin for coin, _ in Counter(t.coin for t in self.trades).most_common())

    def trades_of(self, agent: str) -> tuple[Trade, ...]:
        """The trades of one agent, in the order of their ends."""
        return tuple(t for t in self.trades if t.agent == agent)

    @property
    def recorded_until(self) -> datetime:
        """Until when trades are recorded: the end, unless accounts moved after the last of them."""
        last = max((t.closed_at for t in self.trades), default=self.start)
        if self.end - last < timedelta(days=1):
            return self.end
        for agent in self.agents:
            booked = sum(t.net_usd for t in self.trades_of(agent)) / self.stake_usd
            final = self.final_return(agent)
            if final is not None and abs(final - booked) > _UNEXPLAINED:
                return last
        return self.end

    def final_return(self, agent: str) -> float | None:
        """Its last account value over the stake, less 1; None where no value is recorded."""
        values = self.equity[agent]
        return values[-1][1] / self.stake_usd - 1 if len(values) > 1 else None


def season_of(
    parts: Sequence[Recorded],
    *,
    stake_usd: float | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Season:
    """One season of what several files hold.

    Args:
        stake_usd: What every account began with; by the files if None, else the first value.
        start: Later trades and values count; by default from the hour of the first one on. What an
            account was worth then counts as its stake: all amounts of it are scaled.
        end: Earlier ones count; by default to the last one.

    Raises:
        InputError: If nothing is left, the stake is not known or contradicted, an account has two
            values at once, or was worth nothing at the start.
    """
    trades = [t for part in parts for t in part.trades]
    values = [v for part in parts for v in part.values]
    moments = [t.opened_at for t in trades] + [v.at for v in values]
    if not moments:
        raise InputError("The files hold no closed trade and no account value, so none is judged.")
    said = [part.start for part in parts if part.start]
    first = min([*said, *moments]).replace(minute=0, second=0, microsecond=0)
    last = max([t.closed_at for t in trades] + [v.at for v in values])
    last = max([last, *(part.end for part in parts if part.end)])
    start, end = start or first, end or last
    if start >= end:
        raise InputError(
            f"`start` {start:%Y-%m-%d %H:%M} is not before the end, {end:%Y-%m-%d %H:%M} (UTC)."
        )
    if end - start > _LONGEST:
        raise InputError(
            f"The files reach from {start:%Y-%m-%d} to {end:%Y-%m-%d}. Is a time in another unit? "
            "Give `start` and `end` to leave it out."
        )
    left: Counter[str] = Counter()
    for part in parts:
        left.update(part.left_out)
    kept = [t for t in trades if start <= t.opened_at and t.closed_at <= end]
    left["trades outside the days asked for"] += len(trades) - len(kept)
    stake = _stake([p.stake_usd for p in parts if p.stake_usd], trades, values, stake_usd)
    known = _in_dollars(values, stake)
    scale = (
        {agent: 1.0 for agent in known} if start <= first else _scale(trades, known, start, stake)
    )
    once = [_scaled(t, scale.get(t.agent, 1.0)) for t in dict.fromkeys(kept)]
    left["trades given twice"] += len(kept) - len(once)
    inside = [v for v in dict.fromkeys(values) if start <= v.at <= end]
    left["account values outside the days asked for"] += len(set(values)) - len(inside)
    if not once and not inside:
        raise InputError(f"No trade and no account value lies between {start} and {end}.")
    equity: dict[str, dict[datetime, float]] = {}
    for agent in dict.fromkeys([*(t.agent for t in once), *(v.agent for v in inside)]):
        held = known.get(agent, {}).items()
        factor = scale.get(agent, 1.0)
        later = {at: factor * usd for at, usd in held if start <= at <= end}
        equity[agent] = {start: stake, **later}
    notes = [note for part in parts for note in part.notes]
    if any(x != 1 for x in scale.values()):
        notes.append(
            f"Every account counts as if it had begun with ${stake:,.0f} on "
            f"{start:%Y-%m-%d %H:%M}, UTC."
        )
    if bare := sum(t.fees_usd is None and not t.net_recorded for t in once):
        notes.append(
            f"Of {counted(len(once), 'trade')} {bare:,} say neither fee nor profit. They count by "
            "their prices, as if trading had cost nothing; random agents pay fees."
        )
    whole = Season(
        agents=(),
        trades=tuple(sorted(once, key=lambda t: t.closed_at)),
        equity={agent: tuple(held.items()) for agent, held in equity.items()},
        start=start,
        end=end,
        stake_usd=stake,
        left_out={reason: n for reason, n in left.items() if n},
        idle=tuple(sorted({name for part in parts for name in part.idle} - {*equity})),
        notes=tuple(dict.fromkeys(notes)),
    )
    net = {a: sum(t.net_usd for t in whole.trades_of(a)) / stake for a in equity}
    by_return = sorted(
        equity, key=lambda a: -(net[a] if (r := whole.final_return(a)) is None else r)
    )
    return replace(whole, agents=tuple(by_return))


def _in_dollars(values: Iterable[AccountValue], stake: float) -> dict[str, dict[datetime, float]]:
    """Agent -> moment -> value of the account, in the order of time."""
    known: dict[str, dict[datetime, float]] = {}
    for v in sorted(values, key=lambda v: v.at):
        worth = v.equity_usd if v.equity_usd is not None else stake * (1 + (v.return_frac or 0.0))
        held = known.setdefault(v.agent, {})
        if abs(held.setdefault(v.at, worth) - worth) > _SAME * max(abs(worth), stake):
            raise InputError(
                f"The account of {v.agent} has two values at {v.at:%Y-%m-%d %H:%M:%S}: "
                f"${held[v.at]:,.2f} and ${worth:,.2f}. Leave one out."
            )
        if v.equity_usd is not None:
            held[v.at] = worth
    return known


def _scale(
    trades: Sequence[Trade],
    known: Mapping[str, Mapping[datetime, float]],
    start: datetime,
    stake: float,
) -> dict[str, float]:
    """Agent -> the stake over what its account was worth at the start, if it was known earlier."""
    scale = {}
    for agent in dict.fromkeys([*known, *(t.agent for t in trades)]):
        closed = [t for t in trades if t.agent == agent and t.closed_at <= start]
        before = [(at, usd) for at, usd in known.get(agent, {}).items() if at <= start]
        seen, worth = before[-1] if before else (None, stake)
        worth += sum(t.net_usd for t in closed if seen is None or t.closed_at > seen)
        if worth <= 0:
            raise InputError(f"The account of {agent} was worth nothing at `start`, {start}.")
        scale[agent] = stake / worth
    return scale


def _scaled(trade: Trade, factor: float) -> Trade:
    if factor == 1:
        return trade
    return replace(
        trade,
        quantity=factor * trade.quantity,
        fees_usd=None if trade.fees_usd is None else factor * trade.fees_usd,
        funding_usd=None if trade.funding_usd is None else factor * trade.funding_usd,
        net_usd=factor * trade.net_usd,
    )


def _stake(
    said: Sequence[float],
    trades: Iterable[Trade],
    values: Iterable[AccountValue],
    given: float | None,
) -> float:
    """What every account began with: as given, as the files say, else by a value and its return.

    Raises:
        InputError: If it is not known, or the files say otherwise than what is given.
    """
    if given is not None:
        opened = min([t.opened_at for t in trades] + [v.at for v in values])
        first_of = [v.equity_usd for v in values if v.equity_usd and v.at == opened]
        begun = said if len(set(said)) == 1 else first_of
        most = 1.0 if said else _TWICE
        for other in begun:
            if not given / most <= other <= given * most:
                raise InputError(
                    f"`stake` is {given:,.0f}, and by the files an account began with "
                    f"${other:,.0f}. Leave it out."
                )
        return given
    if len(set(said)) > 1:
        amounts = first_few([f"${x:,.0f}" for x in sorted(set(said))])
        raise InputError(f"The files begin with different stakes: {amounts}. Give `stake`.")
    if said:
        return said[0]
    both = [
        v.equity_usd / (1 + v.return_frac)
        for v in values
        if v.equity_usd and v.return_frac is not None and v.return_frac > -1
    ]
    if both:
        rounded = Counter(round(x, -1) or x for x in both)
        return rounded.most_common(1)[0][0]
    first: dict[str, AccountValue] = {}
    for v in sorted(values, key=lambda v: v.at):
        first.setdefault(v.agent, v)
    amounts_seen = {v.equity_usd for v in first.values()}
    if len(amounts_seen) == 1 and (only := amounts_seen.pop()):
        return only
    raise InputError(
        "The files do not say with how much money an account began. Give it as `stake`, in USD."
    )
