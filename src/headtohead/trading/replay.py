"""Accounts over bars: many agents at once, in perpetual futures, by the rules of one venue.

What happens in a bar, in this order:

1.  Funding of its opening instant is paid on what is held: quantity times mark times rate.
2.  Of what is held, liquidations, stops and targets that the opening price has passed. What the
    price jumped over fills at the open.
3.  The orders of the bar, at its opening price: closings first, else as given.
4.  Inside the bar the worst order of events that its high and low allow: stops and liquidations
    before targets. The nearer of stop and liquidation comes first.
5.  The account is valued at the closing mark.

Stop, target and liquidation look at the mark, as at Hyperliquid; fills are at traded prices. A stop
is filled as taker with slippage, a target as maker at its price.

Isolated margin: a position is liquidated where its margin with its profit falls below maintenance,
and its margin is lost. Cross margin: where the account's value falls below the maintenance of all
positions, with all coins at their lows, all at their highs, or at the close, and the account is
lost. That is the venue's backstop (Hyperliquid docs, "Liquidations"); an order book that returns a
remainder is kinder. What is taken beyond the loss is `seized_usd`; where a jump leaves less than
nothing it is negative, the venue's insurance pays, and no account owes anything.

A coin without a price in a bar is valued at its last one and does not trade.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headtohead.trading.contract import Contract
from headtohead.trading.market import Market

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Margin = Literal["cross", "isolated"]
REASONS = (
    "",
    "no price at that bar",
    "leverage above the maximum",
    "not enough margin",
    "the account was lost",
    "what it closes was closed before",
)
"""Why an order was not filled, by its code in `Accounts.rejected`; 0 if it was."""
KINDS = ("order", "stop", "target", "liquidation")
"""What a fill was, by its code."""
_DUST = 1e-12
_STRETCH, _STEPS = 256, 4  # bars looked at together, and one by one where something may happen


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Orders at the open of bars, one a row; all arrays have shape (orders,).

    Attributes:
        bar: Of the replay, from 0.
        agent: Row of the accounts, from 0.
        coin: Column of the market.
        size: The position to hold from then on, below 0 for short, 0 to close; with `adds` the
            change of it.
        unit: What sizes are in: coins, or the position's value as a multiple of the account's value
            at that open, or of the stake.
        stop: Price of the stop of the position; nan for none.
        target: Price at which its profit is taken; nan for none.
        leverage: Value over margin; nan for the highest allowed.
        adds: Whether sizes are changes. Then `undoes` may name a row of an earlier bar, and the
            order takes back exactly what that one filled, if it is still there.
        undoes: Row, or -1.
        moment: Part of the bar that has passed, from 0 (its open) to below 1; the price is on the
            line from its open to its close, and all of the bar's high and low still count. For
            records of trades inside bars: who decides must not use it.
    """

    bar: ArrayLike
    agent: ArrayLike
    coin: ArrayLike
    size: ArrayLike
    unit: Literal["coins", "equity", "stake"] = "coins"
    stop: ArrayLike | None = None
    target: ArrayLike | None = None
    leverage: ArrayLike | None = None
    adds: bool = False
    undoes: ArrayLike | None = None
    moment: ArrayLike | None = None


@dataclass(frozen=True, kw_only=True)
class Fills:
    """What was bought and sold, in the order of time; all of shape (fills,).

    Attributes:
        quantity: Coins, below 0 if sold.
        kind: Place in `KINDS`.
    """

    bar: IntArray
    agent: IntArray
    coin: IntArray
    quantity: FloatArray
    price_usd: FloatArray
    fee_usd: FloatArray
    kind: IntArray


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """What became of accounts; amounts in USD, of shape (agents,) where not said.

    Value = stake + realised + unrealised - fees + funding - seized, to 1e-9 of what was traded.

    Attributes:
        equity_usd: Value at the start and at each bar's close, shape (agents, bars + 1).
        positions: Coins held at the end, shape (agents, coins).
        funding_usd: Received; below 0 if paid.
        seized_usd: Taken in liquidations beyond the loss; below 0 where insurance paid.
        liquidated_at: Bar of the first liquidation, -1 if there was none.
        rejected: For each order its place in `REASONS`.
    """

    stake_usd: FloatArray
    equity_usd: FloatArray
    positions: FloatArray
    realised_usd: FloatArray
    unrealised_usd: FloatArray
    fees_usd: FloatArray
    funding_usd: FloatArray
    seized_usd: FloatArray
    liquidated_at: IntArray
    rejected: NDArray[np.int8]
    fills: Fills

    @property
    def return_frac(self) -> FloatArray:
        """From the stake to the last value."""
        result: FloatArray = self.equity_usd[:, -1] / self.stake_usd - 1
        return result


def replay(
    market: Market,
    contract: Contract,
    orders: Orders,
    *,
    agents: int,
    stake_usd: ArrayLike,
    margin: Margin = "cross",
    starts: ArrayLike | None = None,
    bars: int | None = None,
) -> Accounts:
    """Run accounts over the bars of a market.

    Args:
        agents: How many accounts.
        stake_usd: What they begin with, one for all or shape (agents,).
        starts: Row of the market that is an account's bar 0, shape (agents,); all 0 if None.
        bars: How many bars; by default as many as every account has.

    Raises:
        ValueError: If orders are of unequal lengths or outside the accounts, coins or bars.
        InputError: If the venue does not offer a coin.
    """
    first = None if starts is None else np.asarray(starts, np.int64)
    room = len(market.times) - (0 if first is None else int(first.max(initial=0)))
    length = room if bars is None else bars
    if not 0 < length <= room or (
        first is not None and (first.shape != (agents,) or min(first) < 0)
    ):
        raise ValueError(f"{length} bars from `starts` do not lie in {len(market.times)} bars")
    table = _Table(orders, (length, agents, len(market.coins)))
    run = _Run(market, contract, table, np.broadcast_to(stake_usd, agents), margin)
    equity = np.empty((agents, length + 1))
    equity[:, 0] = run.stake
    busy = run.busy(length) if first is None else np.arange(length)
    t = 0
    while t < length:
        span = int(busy[np.searchsorted(busy, t)] - t) if t <= busy[-1] else length - t
        if span and (still := run.still(t, min(span, _STRETCH))) is not None:
            equity[:, t + 1 : t + 1 + still.shape[1]] = still
            t += still.shape[1]
            continue
        for _ in range(min(span, _STEPS) or 1):
            equity[:, t + 1] = run.bar(t, t if first is None else first + t)
            t += 1
    return run.accounts(equity)


class _Table:
    """Orders in the order in which they are carried out: by bar, then one a time of each agent.

    Attributes:
        rows: Which of the given orders each is.
        at: Bar -> its orders, each part of different agents.
    """

    def __init__(self, orders: Orders, shape: tuple[int, int, int]) -> None:
        self.bar, self.agent, self.coin = (
            np.atleast_1d(np.asarray(x, np.int64)) for x in (orders.bar, orders.agent, orders.coin)
        )
        self.size = np.atleast_1d(np.asarray(orders.size, np.float64))
        n = self.n = self.size.size
        none = np.full(n, np.nan)
        self.stop, self.target, self.leverage = (
            none if x is None else np.broadcast_to(np.asarray(x, np.float64), n)
            for x in (orders.stop, orders.target, orders.leverage)
        )
        undoes = -1 if orders.undoes is None else orders.undoes
        self.undoes = np.broadcast_to(np.asarray(undoes, np.int64), n)
        moment = 0.0 if orders.moment is None else orders.moment
        self.moment = np.broadcast_to(np.asarray(moment, np.float64), n)
        self.unit, self.adds = orders.unit, orders.adds
        self._check(shape)
        closing = (self.size == 0) | (self.undoes >= 0)
        by_agent = np.lexsort((~closing, self.moment, self.agent, self.bar))
        bar, agent = self.bar[by_agent], self.agent[by_agent]
        new = np.flatnonzero(np.r_[True, (np.diff(bar) != 0) | (np.diff(agent) != 0)][:n])
        turn = np.arange(n) - np.repeat(new, np.diff(np.r_[new, n]))
        order = np.lexsort((turn, bar))
        self.rows = by_agent[order]
        cuts = np.flatnonzero(
            np.r_[True, (np.diff(bar[order]) != 0) | (np.diff(turn[order]) != 0)][:n]
        )
        place = np.empty(n, np.int64)
        place[self.rows] = np.arange(n)
        self.undoes = np.where(self.undoes >= 0, place[self.undoes], -1)
        for name in (
            "bar",
            "agent",
            "coin",
            "size",
            "stop",
            "target",
            "leverage",
            "undoes",
            "moment",
        ):
            setattr(self, name, getattr(self, name)[self.rows])
        self.undoing = bool((self.undoes >= 0).any())
        self.aimed = not (np.isnan(self.stop).all() and np.isnan(self.target).all())
        self.at: dict[int, list[slice]] = {}
        for begin, end in zip(cuts, np.r_[cuts[1:], n], strict=False):
            self.at.setdefault(int(self.bar[begin]), []).append(slice(begin, end))

    def _check(self, shape: tuple[int, int, int]) -> None:
        n = self.n
        for name, values, most in zip(
            ("bar", "agent", "coin"), (self.bar, self.agent, self.coin), shape, strict=True
        ):
            if values.shape != (n,) or (n and not 0 <= values.min() <= values.max() < most):
                raise ValueError(f"`{name}` has to hold {n} numbers from 0 to {most - 1}")
        if not np.isfinite(self.size).all():
            raise ValueError("`size` has to hold finite numbers")
        if not ((self.moment >= 0) & (self.moment < 1)).all():
            raise ValueError("`moment` has to hold numbers from 0 to below 1")
        if (self.undoes >= 0).any() and not self.adds:
            raise ValueError("`undoes` goes with `adds`")
        undone = self.undoes[self.undoes >= 0]
        if (undone >= n).any():
            raise ValueError(f"`undoes` has to hold rows from 0 to {n - 1}, or -1")
        for own in (self.agent, self.coin):
            if (own[self.undoes >= 0] != own[undone]).any():
                raise ValueError("`undoes` has to name an order of the same agent and coin")


class _Run:
    """The state of all accounts, and what a bar does to it.

    A value at prices p is cash + quantities @ p: cash is what would be there had all been bought
    with money. What was put in is cash + quantities @ entries.
    """

    def __init__(
        self, market: Market, contract: Contract, table: _Table, stake: FloatArray, margin: Margin
    ) -> None:
        agents, coins = stake.size, len(market.coins)
        self.contract, self.isolated = contract, margin == "isolated"
        self.aimed = self.isolated
        self.take(table)
        self.open, self.high, self.low, self.close = market.candles
        marks = market.marks or market.candles
        closing = _carried(marks.close)
        before = np.vstack([np.zeros((1, coins)), closing[:-1]])
        # Triggers need a price that was there; values are taken at the last one known.
        traded = ~np.isnan(self.open)
        self.mark_open, self.mark_high, self.mark_low = (
            np.where(traded, x, np.nan) for x in marks[:3]
        )
        self.worth_open = np.where(np.isnan(marks.open), before, marks.open)
        self.ends = tuple(
            np.where(np.isnan(x), closing, x) for x in (marks.low, marks.high, marks.close)
        )
        self.funding = market.funding
        self.paying = (market.funding != 0).any(axis=1)
        self.above, self.leverages = contract.steps(market.coins)
        self.rates, self.deductions = contract.maintenance(market.coins)
        self.rated_ends = tuple(x * self.rates[:, 0] for x in self.ends)
        top = self.ends[1].max(axis=0, initial=0.0)
        second = self.above[:, 1] if self.above.shape[1] > 1 else np.full(coins, np.inf)
        # Coins held from which on a later step could hold at some price of the market.
        self.large = second / np.where(top > 0, top, np.nan)
        self.stake = np.array(stake, np.float64)
        self.cash = self.stake.copy()
        self.fees, self.paid, self.realised, self.seized = np.zeros((4, agents))
        self.lost = np.zeros(agents, np.bool_)
        self.liquidated_at = np.full(agents, -1)
        held = (agents, coins)
        self.q, self.entry, self.margin = np.zeros(held), np.zeros(held), np.zeros(held)
        self.size = np.zeros(held)
        self.leverage = np.ones(held)
        self.stop, self.target, self.bust = (np.full(held, np.nan) for _ in range(3))
        self.below, self.above_hit = np.full(held, -np.inf), np.full(held, np.inf)
        self.forced = np.zeros(held, np.int64)
        self.record: list[tuple[IntArray | FloatArray, ...]] = []
        self.any, self.tiered = False, False

    def take(self, table: _Table) -> None:
        """Take the orders that are to be carried out from now on."""
        self.table, self.aimed = table, self.aimed or table.aimed
        self.codes = np.zeros(table.n, np.int8)
        self.filled = np.zeros(table.n)
        self.forced_then = np.zeros(table.n, np.int64)

    @property
    def rejected(self) -> NDArray[np.int8]:
        """For each order, as they were given, its place in `REASONS`."""
        result = np.empty_like(self.codes)
        result[self.table.rows] = self.codes
        return result

    def busy(self, length: int) -> IntArray:
        """The bars in which orders come or funding is due, and the end."""
        paying = np.flatnonzero(self.paying[:length])
        return np.unique(np.r_[list(self.table.at), paying, length].astype(np.int64))

    def still(self, t: int, span: int) -> FloatArray | None:
        """Values at the closes of bars from t on in which nothing can happen, shape (agents, bars).

        Nothing can where no level is reached and no account is near its maintenance with every coin
        at its worst of all the bars. None if that is so of fewer than `_STEPS` bars.
        """
        while span >= _STEPS:
            rows = slice(t, t + span)
            low, high = self.ends[0][rows].min(axis=0), self.ends[1][rows].max(axis=0)
            quiet = not ((low <= self.below) | (high >= self.above_hit)).any()
            if quiet and not self.isolated:
                worst = self.cash + np.minimum(self.q * low, self.q * high).sum(axis=1)
                quiet = bool((worst >= self._needed(high)).all())
            if quiet:
                result: FloatArray = self.cash[:, None] + self.q @ self.ends[2][rows].T
                return result
            span //= 4
        return None

    def bar(self, t: int, row: "int | IntArray") -> FloatArray:
        """Run bar t, which is this row of the market; the values at its close."""
        if self.any:
            if np.any(self.paying[row]):
                self._pay_funding(row)
            self._at_open(t, row)
        for rows in self.table.at.get(t, ()):
            self._carry_out(t, row, rows)
        if not self.any:
            return self.cash.copy()
        self._inside(t, row)
        value, needed = self._values(row, 2)
        if not self.isolated and (gone := value < needed).any():
            self._lose(t, np.flatnonzero(gone), self._prices(self.ends[2], row, gone))
            value, _ = self._values(row, 2)
        return value

    def _pay_funding(self, row: "int | IntArray") -> None:
        due = self.q * (self.worth_open[row] * self.funding[row])
        whole = due.sum(axis=1)
        self.cash -= whole
        self.paid -= whole
        if self.isolated:
            self.margin -= due
            self._aim(*np.nonzero(due))

    def _at_open(self, t: int, row: "int | IntArray") -> None:
        """What the opening price has passed."""
        mark = self.mark_open[row]
        if not self.isolated:
            value = self.cash + _dot(self.q, self.worth_open[row])
            gone = value < self._needed(self.worth_open[row])
            if gone.any():
                self._lose(t, np.flatnonzero(gone), self._prices(self.worth_open, row, gone))
        if not self.aimed or not (hit := (mark <= self.below) | (mark >= self.above_hit)).any():
            return
        a, c = np.nonzero(hit)
        price = self._at(self.mark_open, row, a, c)
        side = np.sign(self.q[a, c])
        bust = side * price <= side * self.bust[a, c]
        self._liquidate(t, a[bust], c[bust], price[bust])
        stopped = ~bust & (side * price <= side * self.stop[a, c])
        traded = self._at(self.open, row, a, c)
        self._leave(t, a[stopped], c[stopped], traded[stopped], "stop")
        taken = ~bust & ~stopped
        self._leave(t, a[taken], c[taken], traded[taken], "target")

    def _inside(self, t: int, row: "int | IntArray") -> None:
        """What happens between the open and the close."""
        low, high = self.mark_low[row], self.mark_high[row]
        hit = (low <= self.below) | (high >= self.above_hit)
        some = hit.any()
        if not self.isolated:
            # With every coin at its worst, before a stop is thought of: nobody else is in danger.
            endangered = np.zeros(self.cash.size, np.bool_)
            for end in (0, 1):
                value, needed = self._values(row, end)
                endangered |= value < needed
            if endangered.any():
                hit &= ~self._lost_inside(t, row, np.flatnonzero(endangered))[:, None]
        if not some:
            return
        a, c = np.nonzero(hit)
        side, stop, bust = np.sign(self.q[a, c]), self.stop[a, c], self.bust[a, c]
        worst = np.where(
            side > 0, self._at(self.mark_low, row, a, c), -self._at(self.mark_high, row, a, c)
        )
        stops, busts = worst <= side * stop, worst <= side * bust
        stops &= ~(busts & (side * bust >= side * stop))
        busts &= ~stops
        self._liquidate(t, a[busts], c[busts], bust[busts])
        opened, lowest, highest = (self._at(x, row, a, c) for x in (self.open, self.low, self.high))
        at_stop = np.clip(side * np.minimum(side * opened, side * stop), lowest, highest)
        self._leave(t, a[stops], c[stops], at_stop[stops], "stop")
        taken = ~stops & ~busts
        aim = self.target[a, c]
        at_target = np.clip(side * np.maximum(side * opened, side * aim), lowest, highest)
        self._leave(t, a[taken], c[taken], at_target[taken], "target")

    def _lost_inside(self, t: int, row: "int | IntArray", agents: IntArray) -> NDArray[np.bool_]:
        """Lose the accounts whose stops do not save them, shape (all agents,)."""
        result = np.zeros(self.cash.size, np.bool_)
        q, stop = self.q[agents], self.stop[agents]
        for end in (0, 1):
            price = self._prices(self.ends[end], row, agents)
            saved = (q > 0) & (stop >= price) if end == 0 else (q < 0) & (stop <= price)
            opened = self._prices(self.worth_open, row, agents)
            # A stop beyond the opening price, given with the order, fills at the open.
            reached = np.minimum(opened, stop) if end == 0 else np.maximum(opened, stop)
            price = np.where(saved, reached, price)
            value = self.cash[agents] + _dot(q, price)
            gone = (value < self._needed(price, agents)) & ~result[agents]
            self._lose(t, agents[gone], price[gone])
            result[agents[gone]] = True
        return result

    def _carry_out(self, t: int, row: "int | IntArray", rows: slice) -> None:
        """Orders of different agents, at the open."""
        table, contract = self.table, self.contract
        a, c = table.agent[rows], table.coin[rows]
        opened = self._at(self.open, row, a, c)
        marks = self.worth_open[row] if isinstance(row, int) else self.worth_open[row[a]]
        passed = table.moment[rows]
        if passed.any():
            opened = opened + passed * (self._at(self.close, row, a, c) - opened)
            marks = marks + passed[:, None] * (self._prices(self.ends[2], row, a) - marks)
        mark = marks[c] if marks.ndim == 1 else marks[np.arange(a.size), c]
        q = self.q[a, c]
        wanted = table.size[rows]
        value = self.cash[a] + _dot(self.q[a], marks)
        if table.unit != "coins":
            wanted = wanted * (value if table.unit == "equity" else self.stake[a]) / opened
        change = wanted if table.adds else wanted - q
        undoing = gone = np.zeros(a.size, np.bool_)
        if table.undoing:
            undone = table.undoes[rows]
            undoing = undone >= 0
            filled = self.filled[undone]
            change = np.where(undoing, -filled, change)
            gone = undoing & ((filled == 0) | (self.forced_then[undone] != self.forced[a, c]))
        price = opened * (1 + np.sign(change) * contract.slippage_frac)
        closed = np.where(q * change < 0, np.minimum(np.abs(q), np.abs(change)), 0.0)
        added = np.abs(change) - closed
        new = np.abs(q + change)
        step = (self.above[c] <= (new * mark)[:, None]).sum(axis=1) - 1
        allowed = self.leverages[c, step]
        leverage = np.where(np.isnan(table.leverage[rows]), allowed, table.leverage[rows])
        cost = np.abs(change) * price * contract.taker_frac
        if self.isolated:
            free = self.cash[a] + _dot(self.q[a], self.entry[a]) - self.margin[a].sum(axis=1)
            freed = closed * (self.margin[a, c] / np.where(q == 0, 1.0, np.abs(q)))
            gain = closed * np.sign(q) * (price - self.entry[a, c])
            free = free + freed + gain - cost - added * price / leverage
        else:
            tied = (np.abs(self.q[a]) * marks / self.leverage[a]).sum(axis=1)
            tied += new * mark / leverage - np.abs(q) * mark / self.leverage[a, c]
            free = value - change * (price - mark) - cost - tied
        code = np.zeros(a.size, np.int8)
        code[(added > _DUST * new) & (free < -_DUST * value)] = 3
        code[(added > 0) & ~((leverage >= 1) & (leverage <= allowed))] = 2
        code[gone] = 5
        code[self.lost[a]] = 4
        code[np.isnan(opened)] = 1
        good = code == 0
        self.codes[rows] = code
        self.filled[rows] = np.where(good, change, 0.0)
        self.forced_then[rows] = self.forced[a, c]
        stop, target = table.stop[rows], table.target[rows]
        if not good.all():
            a, c, change, price = a[good], c[good], change[good], price[good]
            added, leverage, undoing = added[good], leverage[good], undoing[good]
            stop, target = stop[good], target[good]
        self.leverage[a, c] = np.where(added > 0, leverage, self.leverage[a, c])
        for held, given in ((self.stop, stop), (self.target, target)):
            held[a, c] = np.where(undoing, held[a, c], given)
        real = change != 0
        if real.all():
            self._fill(t, a, c, change, price, contract.taker_frac, "order")
        else:
            part = a[real], c[real], change[real], price[real]
            self._fill(t, *part, contract.taker_frac, "order")
        self._aim(a, c)

    def _leave(self, t: int, a: IntArray, c: IntArray, price: FloatArray, kind: str) -> None:
        """Close positions at a stop or a target."""
        if not a.size:
            return
        fee = self.contract.maker_frac
        if kind == "stop":
            fee = self.contract.taker_frac
            price = price * (1 - np.sign(self.q[a, c]) * self.contract.slippage_frac)
        self._force(t, a, c, price, fee, kind)

    def _force(
        self, t: int, a: IntArray, c: IntArray, price: FloatArray, fee: float, kind: str
    ) -> None:
        self.forced[a, c] += 1
        self._fill(t, a, c, -self.q[a, c], price, fee, kind)
        self._aim(a, c)

    def _liquidate(self, t: int, a: IntArray, c: IntArray, price: FloatArray) -> None:
        """Take isolated positions with their margins."""
        if not a.size:
            return
        rest = self.margin[a, c] + self.q[a, c] * (price - self.entry[a, c])
        self._force(t, a, c, price, 0.0, "liquidation")
        np.subtract.at(self.cash, a, rest)
        np.add.at(self.seized, a, rest)
        first = self.liquidated_at[a] < 0
        self.liquidated_at[a[first]] = t

    def _lose(self, t: int, agents: IntArray, prices: FloatArray) -> None:
        """Take whole accounts."""
        held, c = np.nonzero(self.q[agents])
        self._force(t, agents[held], c, prices[held, c], 0.0, "liquidation")
        self.seized[agents] += self.cash[agents]
        self.cash[agents] = 0.0
        self.lost[agents] = True
        self.liquidated_at[agents] = t

    def _fill(
        self,
        t: int,
        a: IntArray,
        c: IntArray,
        change: FloatArray,
        price: FloatArray,
        fee: float,
        kind: str,
    ) -> None:
        """Buy and sell; one fill of a coin and agent at most."""
        if not a.size:
            return
        q, entry = self.q[a, c], self.entry[a, c]
        size, moved = np.abs(q), np.abs(change)
        closed = np.where(q * change < 0, np.minimum(size, moved), 0.0)
        kept, added = size - closed, moved - closed
        new = q + change
        new[np.abs(new) <= _DUST * (size + moved)] = 0.0
        cost = moved * price * fee
        np.subtract.at(self.cash, a, change * price + cost)
        np.add.at(self.fees, a, cost)
        np.add.at(self.realised, a, closed * np.sign(q) * (price - entry))
        whole = kept + added
        self.entry[a, c] = np.divide(
            kept * entry + added * price, whole, where=whole > 0, out=price.copy()
        )
        left = np.divide(kept, size, where=size > 0, out=np.zeros_like(size))
        self.margin[a, c] = self.margin[a, c] * left + added * price / self.leverage[a, c]
        self.q[a, c], self.size[a, c] = new, np.abs(new)
        self.any = bool(self.q.any())
        self.tiered = bool((self.size > self.large).any())
        n = a.size
        self.record.append(
            (np.full(n, t), a, c, change, price, cost, np.full(n, KINDS.index(kind)))
        )

    def _aim(self, a: IntArray, c: IntArray) -> None:
        """Set the prices at which something happens to positions."""
        if not self.aimed:
            return
        q = self.q[a, c]
        side = np.sign(q)
        stop, target = self.stop[a, c], self.target[a, c]
        bust = np.full(q.size, np.nan)
        if self.isolated and q.size:
            size = np.abs(q)[:, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                least = (
                    size * self.entry[a, c][:, None]
                    - side[:, None] * (self.margin[a, c][:, None] + self.deductions[c])
                ) / (size * (1 - side[:, None] * self.rates[c]))
            bust = side * np.max(side[:, None] * least, axis=1)
        for held, price in ((self.stop, stop), (self.target, target), (self.bust, bust)):
            held[a, c] = np.where(side == 0, np.nan, price)
        adverse = np.fmax(
            np.where(np.isnan(stop), -np.inf, side * stop),
            np.where(np.isnan(bust), -np.inf, side * bust),
        )
        favourable = np.where(np.isnan(target), np.inf, side * target)
        long = side > 0
        below, above = np.where(long, adverse, -favourable), np.where(long, favourable, -adverse)
        self.below[a, c] = np.where(side == 0, -np.inf, below)
        self.above_hit[a, c] = np.where(side == 0, np.inf, above)

    def _values(self, row: "int | IntArray", end: int) -> tuple[FloatArray, FloatArray]:
        """Values and maintenance of all accounts at the low (0), high (1) or close (2)."""
        price = self.ends[end][row]
        if self.isolated:
            return self.cash + _dot(self.q, price), self.cash
        needed = _dot(self.size, self.rated_ends[end][row])
        return self.cash + _dot(self.q, price), self._needed(price) if self.tiered else needed

    def _needed(self, price: FloatArray, agents: "IntArray | slice" = slice(None)) -> FloatArray:
        """Maintenance of accounts at prices of shape (coins,) or (agents, coins)."""
        worth = (self.size[agents] * price)[..., None]
        result: FloatArray = (worth * self.rates - self.deductions).max(axis=-1).sum(axis=-1)
        return result

    @staticmethod
    def _at(prices: FloatArray, row: "int | IntArray", a: IntArray, c: IntArray) -> FloatArray:
        result: FloatArray = prices[row, c] if isinstance(row, int) else prices[row[a], c]
        return result

    @staticmethod
    def _prices(
        prices: FloatArray, row: "int | IntArray", agents: NDArray[np.generic]
    ) -> FloatArray:
        """Prices of agents, shape (agents, coins)."""
        if isinstance(row, int):
            n = int(agents.sum()) if agents.dtype == np.bool_ else agents.size
            return np.broadcast_to(prices[row], (n, prices.shape[1]))
        result: FloatArray = prices[row[agents]]
        return result

    def accounts(self, equity: FloatArray) -> Accounts:
        """The end of it."""
        columns = (
            [np.concatenate(x) for x in zip(*self.record, strict=True)]
            if self.record
            else [np.empty(0)] * 7
        )
        whole = [x.astype(np.int64) for x in (columns[0], columns[1], columns[2], columns[6])]
        bar, agent, coin, kind = whole
        unrealised = equity[:, -1] - self.cash - _dot(self.q, self.entry)
        return Accounts(
            stake_usd=self.stake,
            equity_usd=equity,
            positions=self.q,
            realised_usd=self.realised,
            unrealised_usd=np.where(self.q.any(axis=1), unrealised, 0.0),
            fees_usd=self.fees,
            funding_usd=self.paid,
            seized_usd=self.seized,
            liquidated_at=self.liquidated_at,
            rejected=self.rejected,
            fills=Fills(
                bar=bar,
                agent=agent,
                coin=coin,
                quantity=columns[3],
                price_usd=columns[4],
                fee_usd=columns[5],
                kind=kind,
            ),
        )


def _dot(held: FloatArray, price: FloatArray) -> FloatArray:
    """Sum over coins, with one price for all or one for each."""
    result: FloatArray = held @ price if price.ndim == 1 else np.einsum("ac,ac->a", held, price)
    return result


def _carried(prices: FloatArray) -> FloatArray:
    """Where a price is missing the last one before it; 0 before the first."""
    at = np.where(np.isnan(prices), -1, np.arange(len(prices))[:, None])
    at = np.maximum.accumulate(at, axis=0)
    result: FloatArray = np.where(at >= 0, np.take_along_axis(prices, at.clip(0), axis=0), 0.0)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class AccountNow:
    """One account after the bars that were run; arrays have shape (coins,).

    Attributes:
        price: Last closing mark of each coin.
        entry: Mean price at which a position was entered.
        stop: nan without one.
        free_usd: What is not tied up as margin.
    """

    stake_usd: float
    equity_usd: float
    free_usd: float
    quantity: FloatArray
    entry: FloatArray
    price: FloatArray
    leverage: FloatArray
    stop: FloatArray
    target: FloatArray
    lost: bool


class Walk:
    """Accounts carried on bar by bar, for orders that depend on what came before.

    Args:
        bars: How many there will be.
        starts: Row of the market that is an account's bar 0, shape (agents,).
    """

    def __init__(
        self,
        market: Market,
        contract: Contract,
        *,
        stake_usd: float,
        margin: Margin,
        starts: IntArray,
        bars: int,
    ) -> None:
        self._shape = (bars, starts.size, len(market.coins))
        self._starts, self._next = starts, 0
        none = _Table(Orders(bar=[], agent=[], coin=[], size=[]), self._shape)
        stake = np.full(starts.size, float(stake_usd))
        self._run = _Run(market, contract, none, stake, margin)
        self._equity = np.full((starts.size, bars + 1), float(stake_usd))

    def bar(self, orders: Orders | None = None) -> NDArray[np.int8]:
        """Run the next bar, with orders at its open; for each of them its place in `REASONS`."""
        run, t = self._run, self._next
        given = orders or Orders(bar=[], agent=[], coin=[], size=[])
        run.take(_Table(given, self._shape))
        self._equity[:, t + 1] = run.bar(t, self._starts + t)
        self._next += 1
        return run.rejected

    def held(self, agent: int) -> AccountNow:
        """An account as it stands at the last close."""
        run, row = self._run, int(self._starts[agent]) + self._next - 1
        opening = self._next == 0
        price = run.worth_open[row + 1] if opening else run.ends[2][row]
        q, equity = run.q[agent], float(self._equity[agent, self._next])
        if run.isolated:
            tied = float(run.margin[agent].sum())
            free = float(run.cash[agent] + q @ run.entry[agent]) - tied
        else:
            free = equity - float((np.abs(q) * price / run.leverage[agent]).sum())
        return AccountNow(
            stake_usd=float(run.stake[agent]),
            equity_usd=equity,
            free_usd=max(0.0, free),
            quantity=q.copy(),
            entry=run.entry[agent].copy(),
            price=price.copy(),
            leverage=run.leverage[agent].copy(),
            stop=run.stop[agent].copy(),
            target=run.target[agent].copy(),
            lost=bool(run.lost[agent]),
        )

    def accounts(self) -> Accounts:
        """What became of the accounts, up to the last bar that was run."""
        return self._run.accounts(self._equity[:, : self._next + 1])
