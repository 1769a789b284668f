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
_NEVER = np.iinfo(np.int64).max
_TOGETHER = 1 << 15  # bars, summed over accounts, that are looked at together


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


_NONE = Orders(bar=[], agent=[], coin=[], size=[])


@dataclass(frozen=True, kw_only=True)
class Fills:
    """What was bought and sold, by bar, then agent, then time; all of shape (fills,).

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
    first = np.zeros(agents, np.int64) if starts is None else np.asarray(starts, np.int64)
    room = len(market.times) - int(first.max(initial=0))
    length = room if bars is None else bars
    if not 0 < length <= room or first.shape != (agents,) or first.min(initial=0) < 0:
        raise ValueError(f"{length} bars from `starts` do not lie in {len(market.times)} bars")
    run = _Run(market, contract, np.broadcast_to(stake_usd, agents), margin, first, length)
    run.take(_Table(orders, (length, agents, len(market.coins))))
    run.to(length)
    return run.accounts()


class _Table:
    """Orders in the order in which each agent's are carried out, agent after agent.

    Attributes:
        rows: Which of the given orders each is.
        numbers: Size, stop, target, leverage and moment of each, shape (5, orders).
        first: Rows that are the first of their agent.
        then: Bar of the same agent's next order.
    """

    def __init__(self, orders: Orders, shape: tuple[int, int, int]) -> None:
        self.bar, self.agent, self.coin = (
            np.atleast_1d(np.asarray(x, np.int64)) for x in (orders.bar, orders.agent, orders.coin)
        )
        size = np.atleast_1d(np.asarray(orders.size, np.float64))
        n = self.n = size.size
        prices = orders.stop, orders.target, orders.leverage
        moment = 0.0 if orders.moment is None else orders.moment
        given = size, *(np.nan if x is None else x for x in prices), moment
        self.numbers = np.array([np.broadcast_to(x, n) for x in given], np.float64)
        undoes = -1 if orders.undoes is None else orders.undoes
        self.undoes = np.broadcast_to(np.asarray(undoes, np.int64), n)
        self.unit, self.adds = orders.unit, orders.adds
        self._check(shape)
        undoing, moments = self.undoes >= 0, self.numbers[4]
        self.undoing, self.inside = bool(undoing.any()), bool(moments.any())
        self.aimed = not np.isnan(self.numbers[1:3]).all()
        self.rows = np.lexsort((~(undoing | (size == 0)), moments, self.bar, self.agent))
        self.undoes = np.where(undoing, np.argsort(self.rows)[self.undoes], -1)
        for name in ("bar", "agent", "coin", "undoes"):
            setattr(self, name, getattr(self, name)[self.rows])
        self.numbers = self.numbers.take(self.rows, axis=1)
        self.first = np.flatnonzero(np.diff(self.agent, prepend=-1))
        self.then = np.append(self.bar[1:], _NEVER)[:n]
        self.then[self.first[1:] - 1] = _NEVER

    def _check(self, shape: tuple[int, int, int]) -> None:
        n, undoing, moments = self.n, self.undoes >= 0, self.numbers[4]
        for name, values, most in zip(
            ("bar", "agent", "coin"), (self.bar, self.agent, self.coin), shape, strict=True
        ):
            if values.shape != (n,) or (n and not 0 <= values.min() <= values.max() < most):
                raise ValueError(f"`{name}` has to hold {n} numbers from 0 to {most - 1}")
        if not np.isfinite(self.numbers[0]).all():
            raise ValueError("`size` has to hold finite numbers")
        if not ((moments >= 0) & (moments < 1)).all():
            raise ValueError("`moment` has to hold numbers from 0 to below 1")
        if undoing.any() and not self.adds:
            raise ValueError("`undoes` goes with `adds`")
        undone = self.undoes[undoing]
        if (undone >= n).any():
            raise ValueError(f"`undoes` has to hold rows from 0 to {n - 1}, or -1")
        for own in (self.agent, self.coin):
            if (own[undoing] != own[undone]).any():
                raise ValueError("`undoes` has to name an order of the same agent and coin")


class _Run:
    """The state of all accounts, and what happens to them.

    A value at prices p is cash + quantities @ p: cash is what would be there had all been bought
    with money. What was put in is cash + quantities @ entries.

    Accounts have nothing to do with each other. So each goes from order to order at its own pace,
    all of them one step at a time together; `now` is the bar that each is in. Where whole rows of
    many are fetched, `take` is several times as fast as an index; it needs arrays laid out by rows.
    """

    def __init__(
        self,
        market: Market,
        contract: Contract,
        stake: FloatArray,
        margin: Margin,
        first: IntArray,
        bars: int,
    ) -> None:
        agents, coins = stake.size, len(market.coins)
        self.contract, self.isolated = contract, margin == "isolated"
        self.aimed = self.isolated
        candles, marks = (
            [np.ascontiguousarray(x) for x in prices]
            for prices in (market.candles, market.marks or market.candles)
        )
        self.open, self.high, self.low, self.close = candles
        closing = _carried(marks[3])
        before = np.vstack([np.zeros((1, coins)), closing[:-1]])
        # Triggers need a price that was there; values are taken at the last one known.
        traded = ~np.isnan(self.open)
        self.mark_open, self.mark_high, self.mark_low = (
            np.where(traded, x, np.nan) for x in marks[:3]
        )
        self.worth_open = np.where(np.isnan(marks[0]), before, marks[0])
        self.worth_low, self.worth_high, self.worth_close = (
            np.where(np.isnan(x), closing, x) for x in (marks[2], marks[1], marks[3])
        )
        # From a bar's open to the next one's.
        following = np.vstack([self.worth_open[1:], self.worth_close[-1:]])
        around = self.worth_open, self.worth_low, self.worth_high, self.worth_close, following
        self.extremes = np.hstack([np.minimum.reduce(around), np.maximum.reduce(around)])
        self.funding = market.funding
        self.paying = (market.funding != 0).any(axis=1)
        rows = np.append(np.flatnonzero(self.paying), _NEVER)
        self.pays_next = rows[np.searchsorted(rows, np.arange(len(self.open)), side="right")]
        self.above, self.leverages = contract.steps(market.coins)
        self.rates, self.deductions = contract.maintenance(market.coins)
        # Coins held from which on a later step could hold at some price of the market.
        second = self.above[:, 1] if self.above.shape[1] > 1 else np.full(coins, np.inf)
        top = self.extremes[:, coins:].max(axis=0)
        self.large = np.divide(second, top, out=np.full(coins, np.inf), where=top > 0)
        self.stake, self.first = np.array(stake, np.float64), first
        self.now = np.zeros(agents, np.int64)
        self.equity = np.empty((agents, bars + 1))
        self.equity[:, 0] = self.stake
        self.cash = self.stake.copy()
        self.fees, self.paid, self.realised, self.seized = np.zeros((4, agents))
        self.lost = np.zeros(agents, np.bool_)
        self.liquidated_at = np.full(agents, -1)
        self.held = np.zeros((6, agents, coins))
        self.q, self.entry, self.margin, self.leverage, self.stop, self.target = self.held
        self.leverage[:] = 1.0
        self.stop[:] = self.target[:] = np.nan
        self.bust = np.full((agents, coins), np.nan)
        self.below, self.above_hit = self.bust - np.inf, self.bust + np.inf
        self.forced = np.zeros((agents, coins), np.int64)
        self.record: list[tuple[IntArray | FloatArray, ...]] = []

    def take(self, table: _Table) -> None:
        """Take the orders that are to be carried out from now on."""
        self.table, self.aimed = table, self.aimed or table.aimed
        self.codes = np.zeros(table.n, np.int8)
        self.filled = np.zeros(table.n)
        self.forced_then = np.zeros(table.n, np.int64)
        self.next = np.zeros(self.stake.size, np.int64)
        self.due = np.full(self.stake.size, _NEVER)
        self.next[table.agent[table.first]] = table.first
        self.due[table.agent[table.first]] = table.bar[table.first]

    @property
    def rejected(self) -> NDArray[np.int8]:
        """For each order, as they were given, its place in `REASONS`."""
        result = np.empty_like(self.codes)
        result[self.table.rows] = self.codes
        return result

    def to(self, end: int) -> None:
        """Take all accounts to the close of the bar before `end`."""
        going = opening = np.arange(self.stake.size)
        while going.size:
            if opening.size:
                self._at_open(opening)
            if (ordering := going[self.due[going] == self.now[going]]).size:
                self._carry_out(ordering)
            opening = self._onward(going[self.due[going] > self.now[going]], end)
            going = going[self.now[going] < end]

    def _at_open(self, a: IntArray) -> None:
        """Funding, and what the opening price has passed."""
        row = self.first[a] + self.now[a]
        if (pays := self.paying[row]).any():
            self._pay_funding(a[pays], row[pays])
        worth = self.worth_open[row]
        if not self.isolated:
            self._lose_if_short(a, worth)
        if not self.aimed:
            return
        mark = self.mark_open[row]
        i, c = np.nonzero((mark <= self.below[a]) | (mark >= self.above_hit[a]))
        if not i.size:
            return
        a, row, price = a[i], row[i], mark[i, c]
        side = np.sign(self.q[a, c])
        bust = side * price <= side * self.bust[a, c]
        self._liquidate(a[bust], c[bust], price[bust])
        stopped = ~bust & (side * price <= side * self.stop[a, c])
        traded = self.open[row, c]
        self._leave(a[stopped], c[stopped], traded[stopped], "stop")
        taken = ~bust & ~stopped
        self._leave(a[taken], c[taken], traded[taken], "target")

    def _pay_funding(self, a: IntArray, row: IntArray) -> None:
        due = self.q[a] * (self.worth_open[row] * self.funding[row])
        whole = due.sum(axis=1)
        self.cash[a] -= whole
        self.paid[a] -= whole
        if self.isolated:
            self.margin[a] -= due
            i, c = np.nonzero(due)
            self._aim(a[i], c)

    def _onward(self, a: IntArray, end: int) -> IntArray:
        """From after the orders of a bar to the next with orders or funding, or to `end`.

        Not further than to a bar in which something may happen; if this is one, through it. Returns
        those at whose new bar's open something may.
        """
        if not a.size:
            return a
        t, first = self.now[a], self.first[a]
        pays = self.pays_next[first + t] - first
        until = np.minimum(np.minimum(self.due[a], pays), end)
        span = np.minimum(until - t, max(1, _TOGETHER // a.size))
        # One row for each account and bar.
        i, head = np.repeat(np.arange(a.size), span), np.cumsum(span) - span
        step = np.arange(i.size) - head[i]
        row = (first + t)[i] + step
        opening = pays == t + span
        if (eventful := self._eventful(a, i, row)).any():
            span = np.minimum.reduceat(np.where(eventful, step, span[i]), head)
            through = span == 0
            self._inside(a[through])
            opening |= through
            span[through] = 1
            there = step < span[i]
            i, step, row = i[there], step[there], row[there]
        close = self.worth_close.take(row, axis=0)
        at = a[i]
        self.equity[at, t[i] + step + 1] = self.cash[at] + np.vecdot(self.q.take(at, axis=0), close)
        self.now[a] = t + span
        result: IntArray = a[opening & (self.now[a] < end)]
        return result

    def _eventful(self, a: IntArray, i: IntArray, row: IntArray) -> NDArray[np.bool_]:
        """Whether anything may happen to accounts a[i] from the open of a row to that of the next.

        A level is reached, or with every coin at its worst too little is left for the maintenance.
        """
        prices = self.extremes.take(row, axis=0)
        result: NDArray[np.bool_] = np.zeros(i.size, np.bool_)
        if self.aimed:
            low, high = np.split(prices, 2, axis=1)
            below, above = (x.take(a, axis=0).take(i, axis=0) for x in (self.below, self.above_hit))
            result |= ((low <= below) | (high >= above)).any(axis=1)
        if not self.isolated:
            # Value less maintenance as a sum over the lows and highs, by the most a coin may ask.
            q = self.q.take(a, axis=0)
            size = np.abs(q)
            asked = size * np.where(size > self.large, self.rates[:, -1], self.rates[:, 0])
            weights = np.hstack([np.maximum(q, 0.0), np.minimum(q, 0.0) - asked])
            cash = self.cash[a][i]
            left = cash + np.vecdot(weights.take(i, axis=0), prices)
            result |= left < _DUST * np.abs(cash)
        return result

    def _inside(self, a: IntArray) -> None:
        """What happens between the open and the close."""
        row = self.first[a] + self.now[a]
        mark_low, mark_high = self.mark_low[row], self.mark_high[row]
        hit = (mark_low <= self.below[a]) | (mark_high >= self.above_hit[a])
        if not self.isolated:
            # A stop beyond the opening price, given with the order, fills at the open.
            q, stop, opened = self.q[a], self.stop[a], self.worth_open[row]
            low, high = self.worth_low[row], self.worth_high[row]
            saved = np.where((q > 0) & (stop >= low), np.minimum(opened, stop), low)
            gone = self._lose_if_short(a, saved)
            saved = np.where((q < 0) & (stop <= high), np.maximum(opened, stop), high)
            hit &= ~(gone | self._lose_if_short(a, saved))[:, None]
        i, c = np.nonzero(hit)
        at, row_at = a[i], row[i]
        side, stop, bust = np.sign(self.q[at, c]), self.stop[at, c], self.bust[at, c]
        worst = np.where(side > 0, mark_low[i, c], -mark_high[i, c])
        stops, busts = worst <= side * stop, worst <= side * bust
        stops &= ~(busts & (side * bust >= side * stop))
        busts &= ~stops
        self._liquidate(at[busts], c[busts], bust[busts])
        opened, lowest, highest = (x[row_at, c] for x in (self.open, self.low, self.high))
        at_stop = np.clip(side * np.minimum(side * opened, side * stop), lowest, highest)
        self._leave(at[stops], c[stops], at_stop[stops], "stop")
        taken = ~stops & ~busts
        aim = self.target[at, c]
        at_target = np.clip(side * np.maximum(side * opened, side * aim), lowest, highest)
        self._leave(at[taken], c[taken], at_target[taken], "target")
        if not self.isolated:
            self._lose_if_short(a, self.worth_close[row])

    def _carry_out(self, a: IntArray) -> None:
        """The next order of each of these accounts, at the open of its bar."""
        table, contract, r = self.table, self.contract, self.next[a]
        self.next[a], self.due[a] = r + 1, table.then[r]
        c, row = table.coin[r], self.first[a] + self.now[a]
        size, stop, target, leverage, passed = table.numbers.take(r, axis=1)
        opened, marks = self.open[row, c], self.worth_open.take(row, axis=0)
        if table.inside:
            opened = opened + passed * (self.close[row, c] - opened)
            marks = marks + passed[:, None] * (self.worth_close[row] - marks)
        mark, holds = marks[np.arange(a.size), c], self.q.take(a, axis=0)
        value = self.cash[a] + np.vecdot(holds, marks)
        if table.unit != "coins":
            size = size * (value if table.unit == "equity" else self.stake[a]) / opened
        q, entry, tied_up, geared, old_stop, old_target = self.held[:, a, c]
        change = size if table.adds else size - q
        undoing = gone = np.zeros(a.size, np.bool_)
        if table.undoing:
            undone = table.undoes[r]
            undoing, filled = undone >= 0, self.filled[undone]
            change = np.where(undoing, -filled, change)
            gone = undoing & ((filled == 0) | (self.forced_then[undone] != self.forced[a, c]))
        side, moved = np.sign(change), np.abs(change)
        price = opened * (1 + side * contract.slippage_frac)
        closed = np.minimum(np.maximum(-side * q, 0.0), moved)
        added, new = moved - closed, np.abs(q + change)
        # Rounding may leave a little beyond what is closed; that is nothing to refuse.
        adding = added > _DUST * moved
        step = (self.above.take(c, axis=0) <= (new * mark)[:, None]).sum(axis=1) - 1
        allowed = self.leverages[c, step]
        leverage = np.where(np.isnan(leverage), allowed, leverage)
        cost = moved * price * contract.taker_frac
        if self.isolated:
            free = self.cash[a] + np.vecdot(holds, self.entry[a]) - self.margin[a].sum(axis=1)
            freed = tied_up / np.where(q == 0, 1.0, np.abs(q)) - side * (price - entry)
            free = free + closed * freed - cost - added * price / leverage
        else:
            tied = np.vecdot(np.abs(holds), marks / self.leverage.take(a, axis=0))
            tied += mark * (new / leverage - np.abs(q) / geared)
            free = value - change * (price - mark) - cost - tied
        code = np.zeros(a.size, np.int8)
        code[adding & (free < -_DUST * value)] = 3
        code[adding & ~((leverage >= 1) & (leverage <= allowed))] = 2
        code[gone] = 5
        code[self.lost[a]] = 4
        code[np.isnan(opened)] = 1
        good = code == 0
        change = np.where(good, change, 0.0)
        self.codes[r] = code
        if table.undoing:
            self.filled[r], self.forced_then[r] = change, self.forced[a, c]
        self.leverage[a, c] = np.where(good & adding, leverage, geared)
        if self.aimed:
            given = good & ~undoing
            self.stop[a, c] = np.where(given, stop, old_stop)
            self.target[a, c] = np.where(given, target, old_target)
        real = np.flatnonzero(change)
        part = a[real], c[real], change[real], closed[real], price[real]
        self._fill(*part, contract.taker_frac, "order")
        self._aim(a, c)

    def _leave(self, a: IntArray, c: IntArray, price: FloatArray, kind: str) -> None:
        """Close positions at a stop or a target."""
        fee = self.contract.maker_frac
        if kind == "stop":
            fee = self.contract.taker_frac
            price = price * (1 - np.sign(self.q[a, c]) * self.contract.slippage_frac)
        self._force(a, c, price, fee, kind)

    def _force(self, a: IntArray, c: IntArray, price: FloatArray, fee: float, kind: str) -> None:
        q = self.q[a, c]
        self.forced[a, c] += 1
        self._fill(a, c, -q, np.abs(q), price, fee, kind)
        self._aim(a, c)

    def _liquidate(self, a: IntArray, c: IntArray, price: FloatArray) -> None:
        """Take isolated positions with their margins."""
        rest = self.margin[a, c] + self.q[a, c] * (price - self.entry[a, c])
        self._force(a, c, price, 0.0, "liquidation")
        np.subtract.at(self.cash, a, rest)
        np.add.at(self.seized, a, rest)
        first = a[self.liquidated_at[a] < 0]
        self.liquidated_at[first] = self.now[first]

    def _lose_if_short(self, a: IntArray, prices: FloatArray) -> NDArray[np.bool_]:
        """Take the accounts that are worth less than their maintenance; which those are."""
        q = self.q[a]
        short: NDArray[np.bool_] = self.cash[a] + np.vecdot(q, prices) < self._needed(q, prices)
        if short.any():
            i, c = np.nonzero(q * short[:, None])
            self._force(a[i], c, prices[i, c], 0.0, "liquidation")
            lost = a[short]
            self.seized[lost] += self.cash[lost]
            self.cash[lost] = 0.0
            self.lost[lost] = True
            self.liquidated_at[lost] = self.now[lost]
        return short

    def _fill(
        self,
        a: IntArray,
        c: IntArray,
        change: FloatArray,
        closed: FloatArray,
        price: FloatArray,
        fee: float,
        kind: str,
    ) -> None:
        """Buy and sell, closing some of what is held; one fill of a coin and agent at most."""
        if not a.size:
            return
        q, entry, margin, leverage = self.held[:4, a, c]
        size, moved = np.abs(q), np.abs(change)
        kept, added, new = size - closed, moved - closed, q + change
        new[np.abs(new) <= _DUST * (size + moved)] = 0.0
        cost = moved * price * fee
        np.subtract.at(self.cash, a, change * price + cost)
        np.add.at(self.fees, a, cost)
        np.add.at(self.realised, a, closed * np.sign(q) * (price - entry))
        whole = kept + added
        self.q[a, c] = new
        self.entry[a, c] = np.divide(
            kept * entry + added * price, whole, where=whole > 0, out=price.copy()
        )
        if self.isolated:
            left = np.divide(kept, size, where=size > 0, out=np.zeros_like(size))
            self.margin[a, c] = margin * left + added * price / leverage
        kinds = np.full(a.size, KINDS.index(kind))
        self.record.append((self.now[a], a, c, change, price, cost, kinds))

    def _aim(self, a: IntArray, c: IntArray) -> None:
        """Set the prices at which something happens to positions."""
        if not self.aimed:
            return
        q, entry, margin, _, stop, target = self.held[:, a, c]
        side = np.sign(q)
        bust = np.full(q.size, np.nan)
        if self.isolated and q.size:
            size = np.abs(q)[:, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                least = (
                    size * entry[:, None] - side[:, None] * (margin[:, None] + self.deductions[c])
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

    def _needed(self, q: FloatArray, price: FloatArray) -> FloatArray:
        """Maintenance of quantities at prices, both of shape (accounts, coins)."""
        worth, steps = np.abs(q) * price, zip(self.rates.T, self.deductions.T, strict=True)
        needed = [worth * rates - deductions for rates, deductions in steps]
        result: FloatArray = np.maximum.reduce(needed).sum(axis=1)
        return result

    def accounts(self) -> Accounts:
        """The end of it."""
        equity = self.equity[:, : int(self.now.max(initial=0)) + 1]
        columns = [np.concatenate(x) for x in zip(*self.record, strict=True)] or [np.empty(0)] * 7
        bar, agent, coin, kind = (columns[n].astype(np.int64) for n in (0, 1, 2, 6))
        order = np.lexsort((agent, bar))
        unrealised = equity[:, -1] - self.cash - np.vecdot(self.q, self.entry)
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
                bar=bar[order],
                agent=agent[order],
                coin=coin[order],
                quantity=columns[3][order],
                price_usd=columns[4][order],
                fee_usd=columns[5][order],
                kind=kind[order],
            ),
        )


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
        self._next = 0
        stake = np.full(starts.size, float(stake_usd))
        self._run = _Run(market, contract, stake, margin, starts, bars)
        self._run.take(_Table(_NONE, self._shape))

    def bar(self, orders: Orders | None = None) -> NDArray[np.int8]:
        """Run the next bar, with orders at its open; for each of them its place in `REASONS`.

        Raises:
            ValueError: If an order is not of that bar.
        """
        table = _Table(orders or _NONE, self._shape)
        if (table.bar != self._next).any():
            raise ValueError(f"`bar` has to be that of the next bar, {self._next}")
        self._next += 1
        self._run.take(table)
        self._run.to(self._next)
        return self._run.rejected

    def held(self, agent: int) -> AccountNow:
        """An account as it stands at the last close."""
        run, row = self._run, int(self._run.first[agent]) + self._next - 1
        price = run.worth_close[row] if self._next else run.worth_open[row + 1]
        q, equity = run.q[agent], float(run.equity[agent, self._next])
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
        return self._run.accounts()
