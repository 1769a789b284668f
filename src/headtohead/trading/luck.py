"""How often agents without skill do as well: the same bets, on coins and sides drawn anew.

What an agent decided is when to bet, how much, how long, on which coins and on which sides. A
random agent keeps when, how much and how long (its slots), how many were long and how often
each coin was used. Only which coin and which side goes with which slot is drawn. So a rising
market, courage and activity are no skill, and knowing what will rise, and when, is.

Coins and sides are permuted, so for an agent that puts them to slots at random the chance is
uniform whatever the candles did: a permutation test. Where an agent never held a coin twice at
once, neither do the random ones: their permutations are reached by swaps of two slots, of which
those are not taken that would hold a coin twice at once. A chain of swaps runs from the record
to a hub, and one from the hub to every draw, which makes record and draws exchangeable (Besag &
Clifford 1989, doi:10.1093/biomet/76.4.633).

The chance is (k + 1) / (n + 1) with k of n draws at least as good (Phipson & Smyth 2010,
doi:10.2202/1544-6115.1585), never 0.

From account values alone there is no null: they do not say what was bet.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError
from headtohead.core.units import counted_of, lasting
from headtohead.trading.contract import Contract
from headtohead.trading.market import Market
from headtohead.trading.replay import Accounts, Margin, Orders, replay
from headtohead.trading.season import Season, Trade

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Coins = Literal["used", "evenly"]
_BLOCK = timedelta(days=3)
_ALIKE = 10  # draws that share the slots drawn for days without a record
_CELLS, _SWAPS, _MOST_SWAPS = 4_000_000, 5, 2000
_LEAST_SHARE, _INSTANT = 0.1, 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How an agent bet.

    Attributes:
        trades: Closed ones in the order of their openings; each is a slot.
        until: Until when a random agent trades.
        known_until: Until when trades are recorded. Beyond, slots are those of blocks of three days
            of the record, drawn anew: the same rate, lengths and sizes.
    """

    agent: str
    trades: tuple[Trade, ...]
    start: datetime
    known_until: datetime
    until: datetime
    stake_usd: float

    @property
    def long_frac(self) -> float:
        """Share of the slots that were long."""
        return sum(t.sign > 0 for t in self.trades) / len(self.trades)


@dataclass(frozen=True, slots=True, kw_only=True)
class LuckChance:
    """How often random agents do as well as one did.

    Attributes:
        value: Chance that one does at least as well, above 0.
        se: Standard error of `value` by what was drawn alone.
        worse: Chance that one does at most as well.
        replayed_frac: What the agent's own coins and sides return in the replay, at prices between
            the opens and closes of bars; None where slots are drawn beyond the record.
        returns_frac: Of the random agents, shape (draws,).
        times: Moments of the band.
        low: Value over stake of the random agents at the lower end of the band, shape (times,).
        high: At its upper end.
        lost_frac: Share of random agents that a liquidation ended or cost a position.
        refused_frac: Share of their orders that margin or leverage did not allow.
        extended: Whether slots were drawn for days of which no trades are recorded.
        groups: Parts of `returns_frac`, as `numpy.array_split` makes them, that share those slots.
    """

    value: float
    se: float
    worse: float
    draws: int
    observed_frac: float
    replayed_frac: float | None
    returns_frac: FloatArray
    times: tuple[datetime, ...]
    median: FloatArray
    low: FloatArray
    high: FloatArray
    lost_frac: float
    refused_frac: float
    extended: bool
    groups: int = 1
    notes: tuple[str, ...] = ()

    @property
    def alike(self) -> bool:
        """Whether every draw returns the same: with one coin and side nothing can be permuted."""
        return bool(np.ptp(self.returns_frac) <= 1e-9)


@dataclass(frozen=True, slots=True)
class _Slots:
    """Slots in a market; all of shape (slots,).

    Attributes:
        opens: Bars since the market's start, and the part of one that had passed.
        closes: Likewise.
        size: Value of the position over that of the account.
    """

    opens: FloatArray
    closes: FloatArray
    size: FloatArray
    coin: IntArray
    side: FloatArray


_Drawn: TypeAlias = tuple[_Slots, IntArray, FloatArray]
"""Slots, and the coins and sides of agents, both of shape (agents, slots)."""


def profile_of(season: Season, agent: str, *, until: datetime | None = None) -> Profile:
    """How an agent bet, by its recorded trades.

    Args:
        until: Until when it traded, if trades are recorded only for a part of the season.

    Raises:
        InputError: If no trades of it are recorded.
    """
    trades = tuple(sorted(season.trades_of(agent), key=lambda t: (t.opened_at, t.closed_at)))
    if not trades:
        raise InputError(
            f"No trades of {agent} are recorded, only account values. Those do not say what was "
            "bet, so no random agents can bet alike. Give its trades."
        )
    recorded = max(t.closed_at for t in season.trades)
    end = until or season.end
    return Profile(
        agent=agent,
        trades=trades,
        start=season.start,
        known_until=end if until is None else min(recorded, end),
        until=end,
        stake_usd=season.stake_usd,
    )


def chance(
    profile: Profile,
    market: Market,
    contract: Contract,
    observed_return: float | None,
    *,
    draws: int,
    rng: np.random.Generator,
    coins: Coins = "used",
    margin: Margin = "cross",
    level: float = 0.95,
) -> LuckChance:
    """How often random agents that bet as this one do as well.

    A slot begins and ends when its trade did, at a price on the line from the bar's open to its
    close. Its size is the trade's value over the account's value then: the stake, what closed
    trades had earned, and open ones at that price. So a random agent that has lost bets less, as it
    would have to.

    Args:
        market: Candles of every coin that was traded; bars outside the profile's days are not used.
        observed_return: What the agent returned, as a share of the stake; if None, what its own
            coins and sides return in the replay, which makes the test exact.
        coins: "used", each coin as often as the agent used it, so that random agents bet as boldly;
            "evenly", any coin of the market as likely, so that the choice of coins counts too.
        level: Coverage of the band, at each moment.

    Raises:
        InputError: If there are no candles of a coin or of the profile's days.
        ValueError: If there are fewer than 1 draws.
    """
    if draws < 1:
        raise ValueError(f"{draws} draws, of which at least 1 is needed")
    market = market.window(profile.start, profile.until + market.bar)
    notes: list[str] = []
    own = _slots(profile, market, notes)
    length = len(market.times)
    shown = np.unique(np.linspace(0, length, min(length + 1, 500)).astype(np.int64))
    extended = profile.until - profile.known_until >= market.bar
    groups = -(-draws // _ALIKE) if extended else 1
    counts = [draws // groups + (group < draws % groups) for group in range(groups)]
    run = partial(_run, market=market, contract=contract, profile=profile, margin=margin)
    room = max(1, _CELLS // max(length, 4 * own.opens.size))
    drawn = _groups(own, profile, market, counts, rng, coins, extended=extended)
    paths, returns, refused, opened, lost = [], [], 0, 0, 0
    for batch in _batches(drawn, room):
        accounts, orders = run(batch)
        paths.append(accounts.equity_usd[:, shown] / profile.stake_usd)
        returns.append(accounts.return_frac)
        openings = accounts.rejected[np.asarray(orders.undoes) < 0]
        refused, opened = refused + int((openings > 0).sum()), opened + openings.size
        lost += int((accounts.liquidated_at >= 0).sum())
    replayed = None
    if not extended:
        alone, _ = run([(own, own.coin[None], own.side[None])])
        replayed = float(alone.return_frac[0])
    observed = replayed if observed_return is None else observed_return
    if observed is None:
        raise InputError("`observed_return` is needed where trades are known only for a part.")
    every, band = np.concatenate(returns), np.concatenate(paths)
    # What rounding of sums makes unequal is equal.
    slack = 1e-9 * max(1.0, abs(observed))
    well = every >= observed - slack
    value = (int(well.sum()) + 1) / (draws + 1)
    low, median, high = np.quantile(band, [0.5 - level / 2, 0.5, 0.5 + level / 2], axis=0)
    starts = market.start
    return LuckChance(
        value=value,
        se=_error(value, well, groups),
        worse=(int((every <= observed + slack).sum()) + 1) / (draws + 1),
        draws=draws,
        observed_frac=observed,
        replayed_frac=replayed,
        returns_frac=every,
        times=tuple(starts + int(n) * market.bar for n in shown),
        median=median,
        low=low,
        high=high,
        lost_frac=lost / draws,
        refused_frac=refused / max(opened, 1),
        extended=extended,
        groups=groups,
        notes=tuple(notes),
    )


def _error(value: float, well: BoolArray, groups: int) -> float:
    """Standard error of a chance, not 0 where all draws or none do as well.

    Draws of one group share what was drawn for days without a record, so groups count as the units.
    """
    draws = well.size
    share = (value * (draws + 1)) / (draws + 2)
    alone = float(np.sqrt(share * (1 - share) / draws))
    if groups == 1:
        return alone
    shares = [part.mean() for part in np.array_split(well, groups)]
    return max(alone, float(np.std(shares, ddof=1) / np.sqrt(groups)))


def _groups(
    own: _Slots,
    profile: Profile,
    market: Market,
    counts: Sequence[int],
    rng: np.random.Generator,
    how: Coins,
    *,
    extended: bool,
) -> Iterator[_Drawn]:
    """Random agents, in groups that share their slots."""
    for count in counts:
        slots = _extended(own, profile, market, rng) if extended else own
        yield (slots, *_drawn(slots, len(market.coins), count, rng, how, exact=not extended))


def _batches(groups: Iterable[_Drawn], room: int) -> Iterator[list[_Drawn]]:
    """The same agents, as many at once as there is room for."""
    batch: list[_Drawn] = []
    for slots, coin, side in groups:
        for first in range(0, len(coin), room):
            part = slice(first, first + room)
            batch.append((slots, coin[part], side[part]))
            if sum(len(x) for _, x, _ in batch) >= room:
                yield batch
                batch = []
    if batch:
        yield batch


def _slots(profile: Profile, market: Market, notes: list[str]) -> _Slots:
    """The trades as slots of a market's bars, with sizes as shares of the account then."""
    market.of(sorted({t.coin for t in profile.trades}))
    length = len(market.times)
    opens, closes = (
        np.array([(at - market.start) / market.bar for at in moments])
        for moments in (
            [t.opened_at for t in profile.trades],
            [t.closed_at for t in profile.trades],
        )
    )
    inside = (opens >= 0) & (opens < length)
    trades = [t for t, there in zip(profile.trades, inside, strict=True) if there]
    # What is closed as it is opened has to be opened first.
    opens, closes = opens[inside], np.maximum(closes, opens + _INSTANT)[inside]
    outside = len(profile.trades) - len(trades)
    if outside:
        notes.append(f"{counted_of(outside, 'trades')} opened outside the candles and do not count")
    if not trades:
        raise InputError(f"No trade of {profile.agent} opened within the candles.")
    short = sum(t.closed_at - t.opened_at < market.bar for t in trades)
    if short:
        notes.append(
            f"{short} of {len(trades)} trades were shorter than a bar of {lasting(market.bar)}; "
            "prices inside a bar are taken to run straight from its open to its close"
        )
    worth = _worth(trades, opens, market, profile.stake_usd)
    least = _LEAST_SHARE * profile.stake_usd
    if (worth < least).any():
        notes.append(
            f"By its recorded trades the account was worth less than {_LEAST_SHARE:.0%} of the "
            f"stake at {(worth < least).sum()} openings; sizes are taken of that much"
        )
    return _Slots(
        opens,
        closes,
        np.array([t.notional_usd for t in trades]) / np.maximum(worth, least),
        np.array([market.coins.index(t.coin) for t in trades], np.int64),
        np.array([float(t.sign) for t in trades]),
    )


def _worth(trades: Sequence[Trade], opens: FloatArray, market: Market, stake: float) -> FloatArray:
    """The account's value when each trade opened, by the trades alone."""
    opened, closed = (
        np.array([at.timestamp() for at in moments])
        for moments in ([t.opened_at for t in trades], [t.closed_at for t in trades])
    )
    net, entry, held = (
        np.array(x)
        for x in (
            [t.net_usd for t in trades],
            [t.entry_usd for t in trades],
            [t.sign * t.quantity for t in trades],
        )
    )
    coin = np.array([market.coins.index(t.coin) for t in trades])
    worth = np.full(len(trades), stake)
    for n, at in enumerate(opened):
        row = int(opens[n])
        first, last = market.open[row, coin], market.close[row, coin]
        gain = held * (first + (opens[n] - row) * (last - first) - entry)
        still = (opened < at) & (closed > at) & np.isfinite(gain)
        worth[n] += net[closed <= at].sum() + gain[still].sum()
    return worth


def _extended(slots: _Slots, profile: Profile, market: Market, rng: np.random.Generator) -> _Slots:
    """The slots, and for the days without a record those of blocks of it drawn with replacement."""
    recorded = round((profile.known_until - market.start) / market.bar)
    known = min(max(recorded, 1), len(market.times))
    block = max(1, min(known, round(_BLOCK / market.bar)))
    rows, shifts = [np.arange(slots.opens.size)], [np.zeros(slots.opens.size)]
    for at in range(known, len(market.times), block):
        first = int(rng.integers(0, known - block + 1))
        last = first + min(block, len(market.times) - at)
        of_block = np.flatnonzero((slots.opens >= first) & (slots.opens < last))
        rows.append(of_block)
        shifts.append(np.full(of_block.size, float(at - first)))
    row, shift = np.concatenate(rows), np.concatenate(shifts)
    return _Slots(
        slots.opens[row] + shift,
        slots.closes[row] + shift,
        slots.size[row],
        slots.coin[row],
        slots.side[row],
    )


def _drawn(
    slots: _Slots,
    coins: int,
    draws: int,
    rng: np.random.Generator,
    how: Coins,
    *,
    exact: bool = True,
) -> tuple[IntArray, FloatArray]:
    """Coins and sides of random agents, both of shape (draws, slots).

    If exact, the chains start from a hub, which makes the record one of them.
    """
    side = rng.permuted(np.broadcast_to(slots.side, (draws, slots.side.size)), axis=1)
    if how == "evenly":
        return _evenly(slots, coins, draws, rng), side
    near = _overlaps(slots)
    if near.shape[1] == 0:
        return rng.permuted(np.broadcast_to(slots.coin, side.shape), axis=1), side
    steps = min(_SWAPS * slots.coin.size, _MOST_SWAPS)
    first, spare = slots.coin[None], np.zeros(1, np.int64)
    if exact:
        first, spare = _swapped(first, spare, near, steps, rng)
    many = np.repeat(first, draws, axis=0), np.repeat(spare, draws)
    return _swapped(*many, near, steps, rng)[0], side


def _overlaps(slots: _Slots) -> IntArray:
    """For each slot those that are open at the same time, filled up with the number of slots."""
    n, each = slots.opens.size, np.arange(slots.opens.size)
    rows = [
        each[(slots.opens < slots.closes[x]) & (slots.closes > slots.opens[x]) & (each != x)]
        for x in each
    ]
    near = np.full((n, max(map(len, rows))), n)
    for x, row in enumerate(rows):
        near[x, : len(row)] = row
    return near


def _swapped(
    coin: IntArray, spare: IntArray, near: IntArray, steps: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Coins after random swaps of two slots, and how often more a coin may be held twice at once.

    No swap is taken that would use up more than what is spare: then every state within reach is as
    likely as any other, as a swap and its reverse are.
    """
    draws, n = coin.shape
    held = np.full((draws, n + 1), -1, np.int16)  # the last column is where no slot is
    held[:, :n] = coin
    flat, begin = held.reshape(-1), np.arange(draws) * (n + 1)
    beside = np.ascontiguousarray(near.T)
    # Slots near each other are so before and after, with the coins the other way round.
    twice = np.zeros((n, n + 1), np.int8)
    twice[np.arange(n)[:, None], near] = 2
    for _ in range(steps):
        pair = rng.integers(0, n, (2, draws))
        place = begin + pair
        mine = flat[place]
        yours = mine[::-1]
        around = flat[begin + beside.take(pair, axis=1)]
        before, after = ((around == x).sum(axis=(0, 1)) for x in (mine, yours))
        more = after - twice[pair[0], pair[1]] - before
        taken = (more <= spare) & (mine[0] != yours[0])
        spare = spare - np.where(taken, more, 0)
        flat[place] = np.where(taken, yours, mine)
    return held[:, :n].astype(np.int64), spare


def _evenly(slots: _Slots, coins: int, draws: int, rng: np.random.Generator) -> IntArray:
    """Any coin as likely for each slot, of those that are not held then."""
    result = np.zeros((draws, slots.opens.size), np.int64)
    busy = np.zeros((draws, coins))
    for slot in np.argsort(slots.opens, kind="stable"):
        free = busy <= slots.opens[slot]
        free |= ~free.any(axis=1, keepdims=True)
        result[:, slot] = np.where(free, rng.random((draws, coins)), -1.0).argmax(axis=1)
        each = np.arange(draws), result[:, slot]
        busy[each] = np.maximum(busy[each], slots.closes[slot])
    return result


def _run(
    batch: Sequence[_Drawn], market: Market, contract: Contract, profile: Profile, margin: Margin
) -> tuple[Accounts, Orders]:
    """The accounts of agents that put coins and sides, shape (agents, slots), to slots."""
    columns: list[list[NDArray[Any]]] = [[], [], [], [], []]
    agents = rows = 0
    for slots, coin, side in batch:
        count = coin.size
        opens, closes = np.tile(slots.opens, len(coin)), np.tile(slots.closes, len(coin))
        agent = agents + np.repeat(np.arange(len(coin)), slots.opens.size)
        ends = np.flatnonzero(closes < len(market.times))
        parts = (
            np.r_[opens, closes[ends]],
            np.r_[agent, agent[ends]],
            np.r_[coin.ravel(), coin.ravel()[ends]],
            np.r_[(side * slots.size).ravel(), np.zeros(ends.size)],
            np.r_[np.full(count, -1), rows + ends],
        )
        for column, part in zip(columns, parts, strict=True):
            column.append(part)
        agents, rows = agents + len(coin), rows + count + ends.size
    at, agent, coin, size, undoes = map(np.concatenate, columns)
    orders = Orders(
        bar=at.astype(np.int64),
        moment=at % 1,
        agent=agent,
        coin=coin,
        size=size,
        unit="equity",
        adds=True,
        undoes=undoes,
    )
    accounts = replay(
        market, contract, orders, agents=agents, stake_usd=profile.stake_usd, margin=margin
    )
    return accounts, orders
