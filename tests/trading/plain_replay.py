"""The replay again, one account after another in plain Python: the second implementation."""

import math
from dataclasses import dataclass, field

import numpy as np

from headtohead.trading.contract import Contract
from headtohead.trading.market import Market
from headtohead.trading.replay import Orders


@dataclass
class PlainPosition:
    """One position."""

    quantity: float
    entry: float
    margin: float
    leverage: float
    stop: float
    target: float


@dataclass
class PlainAccount:
    """One account."""

    market: Market
    contract: Contract
    stake: float
    isolated: bool
    settled: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    realised: float = 0.0
    seized: float = 0.0
    lost: bool = False
    liquidated_at: int = -1
    held: dict[int, PlainPosition] = field(default_factory=dict)
    forced: dict[int, int] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settled = self.stake
        self.marks = self.market.marks or self.market.candles

    def value(self, prices: dict[int, float]) -> float:
        return self.settled + sum(h.quantity * (prices[c] - h.entry) for c, h in self.held.items())

    def maintenance(self, coin: int, notional: float) -> float:
        """By the tier that the notional lies in, as the venue's documentation has it."""
        tiers = self.contract.tiers[self.market.coins[coin]]
        deduction, needed, before = 0.0, 0.0, 0.0
        for n, tier in enumerate(tiers):
            rate = 0.5 / tier.max_leverage
            if n:
                deduction += tier.above_usd * (rate - before)
            if n == 0 or notional > tier.above_usd:
                needed = notional * rate - deduction
            before = rate
        return needed

    def needed(self, prices: dict[int, float]) -> float:
        return sum(self.maintenance(c, abs(h.quantity) * prices[c]) for c, h in self.held.items())

    def rest(self, coin: int, price: float) -> float:
        h = self.held[coin]
        return h.margin + h.quantity * (price - h.entry)

    def bust(self, coin: int) -> float:
        """The price of liquidation, by bisection."""
        h = self.held[coin]
        side = math.copysign(1, h.quantity)

        def safe(price: float) -> bool:
            notional = abs(h.quantity) * price
            return self.rest(coin, price) > self.maintenance(coin, notional)

        low, high = 0.0, 1e3 * h.entry
        if side > 0 and safe(0.0):
            return -1.0
        for _ in range(200):
            middle = (low + high) / 2
            if safe(middle) == (side > 0):
                high = middle
            else:
                low = middle
        return (low + high) / 2

    def trade(
        self, coin: int, change: float, price: float, fee: float, leverage: float = 1.0
    ) -> None:
        h = self.held.get(coin) or PlainPosition(0.0, price, 0.0, leverage, math.nan, math.nan)
        cost = abs(change) * price * fee
        self.settled -= cost
        self.fees += cost
        if h.quantity * change < 0:
            closed = min(abs(h.quantity), abs(change))
            gain = closed * math.copysign(1, h.quantity) * (price - h.entry)
            self.settled += gain
            self.realised += gain
            h.margin *= 1 - closed / abs(h.quantity)
            rest = abs(change) - closed
            h.quantity += math.copysign(closed, change)
            if rest > 1e-12 * abs(change):
                h = PlainPosition(0.0, price, 0.0, leverage, h.stop, h.target)
                change = math.copysign(rest, change)
            else:
                change = 0.0
        if change:
            whole = abs(h.quantity) + abs(change)
            h.entry = (abs(h.quantity) * h.entry + abs(change) * price) / whole
            h.margin += abs(change) * price / leverage
            h.leverage = leverage
            h.quantity += change
        if abs(h.quantity) < 1e-12:
            self.held.pop(coin, None)
        else:
            self.held[coin] = h

    def leave(self, coin: int, price: float, kind: str) -> None:
        h = self.held[coin]
        side = math.copysign(1, h.quantity)
        fee = self.contract.maker_frac
        if kind == "stop":
            fee, price = self.contract.taker_frac, price * (1 - side * self.contract.slippage_frac)
        self.forced[coin] = self.forced.get(coin, 0) + 1
        self.trade(coin, -h.quantity, price, fee)

    def liquidate(self, coin: int, price: float, t: int) -> None:
        rest = self.rest(coin, price)
        self.forced[coin] = self.forced.get(coin, 0) + 1
        self.trade(coin, -self.held[coin].quantity, price, 0.0)
        self.settled -= rest
        self.seized += rest
        self.liquidated_at = t if self.liquidated_at < 0 else self.liquidated_at

    def lose(self, prices: dict[int, float], t: int) -> None:
        for coin in list(self.held):
            self.forced[coin] = self.forced.get(coin, 0) + 1
            self.trade(coin, -self.held[coin].quantity, prices[coin], 0.0)
        self.seized += self.settled
        self.settled, self.lost, self.liquidated_at = 0.0, True, t

    def order(
        self,
        coin: int,
        change: float,
        leverage: float,
        stop: float,
        target: float,
        passed: float,
        t: int,
    ) -> int:
        """Reason for refusal, 0 if filled."""
        market, contract = self.market, self.contract
        first, last = float(market.open[t, coin]), float(market.close[t, coin])
        if math.isnan(first):
            return 1
        if self.lost:
            return 4
        prices = self.during(t, passed)
        price = (first + passed * (last - first)) * (
            1 + (change > 0) * contract.slippage_frac - (change < 0) * contract.slippage_frac
        )
        h = self.held.get(coin)
        q = h.quantity if h else 0.0
        closed = min(abs(q), abs(change)) if q * change < 0 else 0.0
        added = abs(change) - closed
        new = abs(q + change)
        allowed = max(
            (
                tier
                for tier in contract.tiers[market.coins[coin]]
                if tier.above_usd <= new * prices[coin]
            ),
            key=lambda tier: tier.above_usd,
        ).max_leverage
        leverage = allowed if math.isnan(leverage) else leverage
        adding = added > 1e-12 * abs(change)
        if adding and not 1 <= leverage <= allowed:
            return 2
        cost = abs(change) * price * contract.taker_frac
        if adding:
            if self.isolated:
                free = self.settled - sum(x.margin for x in self.held.values()) - cost
                if h and closed:
                    free += h.margin * closed / abs(q) + closed * math.copysign(1, q) * (
                        price - h.entry
                    )
                free -= added * price / leverage
            else:
                free = self.value(prices) - change * (price - prices[coin]) - cost
                free -= new * prices[coin] / leverage
                free -= sum(
                    abs(x.quantity) * prices[c] / x.leverage
                    for c, x in self.held.items()
                    if c != coin
                )
            if free < -1e-12 * self.value(prices):
                return 3
        self.trade(coin, change, price, contract.taker_frac, leverage if adding else 1.0)
        if coin in self.held:
            self.held[coin].stop, self.held[coin].target = stop, target
        return 0

    def during(self, t: int, passed: float) -> dict[int, float]:
        result = {}
        for c in range(len(self.market.coins)):
            first, last = float(self.marks.open[t, c]), float(self.marks.close[t, c])
            first = self.last.get(c, 0.0) if math.isnan(first) else first
            last = self.last.get(c, 0.0) if math.isnan(last) else last
            result[c] = first + passed * (last - first)
        return result

    def pay(self, t: int) -> None:
        prices = self.during(t, 0.0)
        for coin, h in self.held.items():
            due = h.quantity * prices[coin] * float(self.market.funding[t, coin])
            self.settled -= due
            self.funding -= due
            h.margin -= due

    def opening(self, t: int) -> None:
        """What the opening price has passed."""
        prices = self.during(t, 0.0)
        if not self.isolated and self.value(prices) < self.needed(prices):
            self.lose(prices, t)
        for coin in sorted(self.held):
            h = self.held[coin]
            if math.isnan(self.market.open[t, coin]):
                continue
            mark, traded = float(self.marks.open[t, coin]), float(self.market.open[t, coin])
            side = math.copysign(1, h.quantity)
            if self.isolated and side * mark <= side * self.bust(coin):
                self.liquidate(coin, mark, t)
            elif side * mark <= side * h.stop:
                self.leave(coin, traded, "stop")
            elif side * mark >= side * h.target:
                self.leave(coin, traded, "target")

    def inside(self, t: int) -> None:
        """What happens between the open and the close."""
        if not self.isolated:
            for end in ("low", "high"):
                prices = self.ends(t, end)
                first = self.during(t, 0.0)
                for coin, h in self.held.items():
                    if end == "low" and h.quantity > 0 and h.stop >= prices[coin]:
                        prices[coin] = min(first[coin], h.stop)
                    if end == "high" and h.quantity < 0 and h.stop <= prices[coin]:
                        prices[coin] = max(first[coin], h.stop)
                if self.value(prices) < self.needed(prices):
                    self.lose(prices, t)
                    break
        for coin in sorted(self.held):
            h = self.held[coin]
            if math.isnan(self.market.open[t, coin]):
                continue
            side = math.copysign(1, h.quantity)
            low, high = float(self.market.low[t, coin]), float(self.market.high[t, coin])
            opened = float(self.market.open[t, coin])
            extremes = float(self.marks.low[t, coin]), float(self.marks.high[t, coin])
            worst, best = extremes if side > 0 else extremes[::-1]
            bust = self.bust(coin) if self.isolated else -side * math.inf
            if side * worst <= side * bust and not side * h.stop > side * bust:
                self.liquidate(coin, bust, t)
            elif side * worst <= side * h.stop:
                at = min(opened, h.stop) if side > 0 else max(opened, h.stop)
                self.leave(coin, min(max(at, low), high), "stop")
            elif side * best >= side * h.target:
                at = max(opened, h.target) if side > 0 else min(opened, h.target)
                self.leave(coin, min(max(at, low), high), "target")

    def ends(self, t: int, end: str) -> dict[int, float]:
        result = {}
        for c in range(len(self.market.coins)):
            price, close = float(getattr(self.marks, end)[t, c]), float(self.marks.close[t, c])
            close = self.last.get(c, 0.0) if math.isnan(close) else close
            result[c] = close if math.isnan(price) else price
        return result

    def closing(self, t: int) -> float:
        prices = self.ends(t, "close")
        if not self.isolated and self.value(prices) < self.needed(prices):
            self.lose(prices, t)
        self.last = prices
        return self.value(prices)


def plainly(
    market: Market, contract: Contract, orders: Orders, agents: int, stake: float, *, isolated: bool
) -> tuple[list[PlainAccount], list[list[float]], list[int]]:
    """The accounts, their values at the start and each close, and the reasons for refusals."""
    n = len(np.asarray(orders.size))

    def column(values: object, other: float) -> list[float]:
        return [other] * n if values is None else [float(x) for x in np.asarray(values)]

    size, moment, undoes = (
        column(orders.size, 0),
        column(orders.moment, 0),
        column(orders.undoes, -1),
    )
    stop, target, leverage = (
        column(x, math.nan) for x in (orders.stop, orders.target, orders.leverage)
    )
    bar, agent, coin = (
        [int(x) for x in np.asarray(y)] for y in (orders.bar, orders.agent, orders.coin)
    )
    codes, filled, forced_then = [0] * n, [0.0] * n, [0] * n
    accounts = [PlainAccount(market, contract, stake, isolated) for _ in range(agents)]
    values = [[stake] for _ in accounts]
    for t in range(len(market.times)):
        for a, account in enumerate(accounts):
            account.pay(t)
            account.opening(t)
            due = [r for r in range(n) if bar[r] == t and agent[r] == a]
            due.sort(key=lambda r: (moment[r], not (size[r] == 0 or undoes[r] >= 0), r))
            for r in due:
                h = account.held.get(coin[r])
                q = h.quantity if h else 0.0
                undone = int(undoes[r])
                if undone >= 0:
                    change = -filled[undone]
                else:
                    change = size[r]
                    if orders.unit != "coins":
                        prices = account.during(t, moment[r])
                        first, last = (float(x[t, coin[r]]) for x in (market.open, market.close))
                        of = account.value(prices) if orders.unit == "equity" else stake
                        change *= of / (first + moment[r] * (last - first))
                    change -= 0.0 if orders.adds else q
                gone = undone >= 0 and (
                    filled[undone] == 0 or forced_then[undone] != account.forced.get(coin[r], 0)
                )
                priced = not math.isnan(market.open[t, coin[r]])
                if gone and priced and not account.lost:
                    codes[r] = 5
                    continue
                given = (stop[r], target[r])
                if undone >= 0 and h:
                    given = (h.stop, h.target)
                codes[r] = account.order(coin[r], change, leverage[r], *given, moment[r], t)
                if codes[r] == 0:
                    filled[r], forced_then[r] = change, account.forced.get(coin[r], 0)
            account.inside(t)
            values[a].append(account.closing(t))
    return accounts, values, codes
