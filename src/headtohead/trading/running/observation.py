"""What an agent sees when it decides: closed bars, its own account, the rules. Nothing else.

It is made into bytes, and an agent gets what these bytes hold: there is no way back from it to the
candles that are yet to come.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from headtohead.trading.contract import Contract
from headtohead.trading.market import Market
from headtohead.trading.replay import AccountNow

_DIGITS = 8
BASE = 100.0
"""Last price of every coin before a window's start, where dates and prices are hidden."""

_SHOWN = ("open", "high", "low", "close", "funding")
Series = Mapping[str, tuple[float | None, ...]]


class AgentRules(msgspec.Struct, frozen=True, kw_only=True):
    """The contract in an agent's words; fees and slippage in basis points of a fill's value.

    Attributes:
        max_leverage: Coin -> value of a position over its margin, at most.
        margin: "cross" or "isolated".
    """

    taker_bp: float
    maker_bp: float
    slippage_bp: float
    max_leverage: Mapping[str, float]
    margin: str
    funding_hours: int


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A position at the last closing price.

    Attributes:
        value_usd: Above 0 on both sides.
        profit_usd: What it would have won if closed now, without fees.
        stop: Price of its stop; None without one.
    """

    side: str
    value_usd: float
    entry: float
    profit_usd: float
    leverage: float
    stop: float | None
    target: float | None


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at the moment of a decision.

    Attributes:
        number: Of the decision in its window, from 0.
        of: How many decisions the window has.
        hours: Since the window's start.
        every_hours: From one decision to the next.
        bar_hours: Length of a bar.
        at: The moment in UTC; empty where dates are hidden.
        coins: Their names.
        open: Coin -> prices of the bars that have closed, the last one closed just now; None where
            there is none.
        funding: Coin -> rate that a long paid at a bar's open; None where it is not known.
        equity_usd: Value of the account.
        free_usd: What is not tied up as margin.
        positions: Coin -> the position in it.
    """

    number: int
    of: int
    hours: float
    every_hours: float
    bar_hours: float
    at: str
    coins: tuple[str, ...]
    open: Series
    high: Series
    low: Series
    close: Series
    funding: Series
    stake_usd: float
    equity_usd: float
    free_usd: float
    positions: Mapping[str, Position]
    rules: AgentRules

    def encoded(self) -> bytes:
        """As JSON, the same bytes for the same content."""
        return msgspec.json.encode(self, order="deterministic")


def decoded(content: bytes) -> Observation:
    """The observation in bytes, sharing nothing with any other."""
    return msgspec.json.decode(content, type=Observation)


def digest(content: bytes) -> str:
    """32 hexadecimal digits that change whenever the content does."""
    return hashlib.sha256(content).hexdigest()[:32]


class Eyes:
    """Makes the observations of one window.

    Args:
        first: Row of the market at which the window starts; 1 or more.
        history: Closed bars that are shown, at most.
        anonymous: Whether prices are `BASE` before the window's start and no date is said.
        every: Bars from one decision to the next.
        decisions: How many there are.

    Attributes:
        scale: What prices are multiplied by before they are shown, shape (coins,).
    """

    def __init__(
        self,
        market: Market,
        contract: Contract,
        margin: str,
        *,
        first: int,
        history: int,
        anonymous: bool,
        every: int,
        decisions: int,
    ) -> None:
        self._market, self._first, self._history = market, first, history
        self._anonymous, self._every, self._decisions = anonymous, every, decisions
        self._rules = _rules(contract, market.coins, margin)
        before = market.close[first - 1]
        self.scale = BASE / before if anonymous else np.ones_like(before)
        self._read_n = max(0, first - history)
        self._read_at: datetime | None = None
        # Rows that were read stay as they are, so each is made into numbers to show once.
        self._rows: dict[str, list[list[float | None]]] = {
            name: [[] for _ in market.coins] for name in _SHOWN
        }

    def at(self, number: int) -> datetime:
        """The moment of a decision."""
        return self._market.start + (self._first + number * self._every) * self._market.bar

    def seen(self, number: int, held: AccountNow) -> Observation:
        """What the agent of an account sees before a decision."""
        coins, at, scale = self._market.coins, self.at(number), self.scale
        hours = self._market.bar.total_seconds() / 3600
        self._read(at)
        return Observation(
            number=number,
            of=self._decisions,
            hours=number * self._every * hours,
            every_hours=self._every * hours,
            bar_hours=hours,
            at="" if self._anonymous else f"{at:%Y-%m-%dT%H:%MZ}",
            coins=coins,
            stake_usd=_round(held.stake_usd),
            equity_usd=_round(held.equity_usd),
            free_usd=_round(held.free_usd),
            positions={
                coin: Position(
                    side="long" if q > 0 else "short",
                    value_usd=_round(abs(q) * held.price[c]),
                    entry=_round(held.entry[c] * scale[c]),
                    profit_usd=_round(q * (held.price[c] - held.entry[c])),
                    leverage=_round(held.leverage[c]),
                    stop=_maybe(held.stop[c] * scale[c]),
                    target=_maybe(held.target[c] * scale[c]),
                )
                for c, (coin, q) in enumerate(zip(coins, held.quantity.tolist(), strict=True))
                if q
            },
            rules=self._rules,
            **{
                name: {c: tuple(rows[-self._history :]) for c, rows in zip(coins, of, strict=True)}
                for name, of in self._rows.items()
            },
        )

    def _read(self, at: datetime) -> None:
        """Take in the bars that have closed since the last decision."""
        if at == self._read_at:
            return
        known = self._market.closed_before(at)
        new = slice(self._read_n, None)
        rates = np.where(known.funded[new], known.funding[new], np.nan)
        for name, of in self._rows.items():
            values = rates if name == "funding" else getattr(known, name)[new] * self.scale
            for rows, column in zip(of, values.T.tolist(), strict=True):
                rows += map(_maybe, column)
        self._read_n, self._read_at = len(known.times), at


def _rules(contract: Contract, coins: Sequence[str], margin: str) -> AgentRules:
    """A contract as agents are shown it."""
    return AgentRules(
        taker_bp=_round(1e4 * contract.taker_frac),
        maker_bp=_round(1e4 * contract.maker_frac),
        slippage_bp=_round(1e4 * contract.slippage_frac),
        max_leverage={coin: contract.max_leverage[coin] for coin in coins},
        margin=margin,
        funding_hours=contract.funding_hours,
    )


def _round(value: Any) -> float:  # noqa: ANN401 - a number of numpy or of Python
    """To eight digits, so that two machines say the same."""
    return float(f"{value:.{_DIGITS}g}")


def _maybe(value: float) -> float | None:
    return _round(value) if math.isfinite(value) else None
