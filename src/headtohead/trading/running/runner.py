"""Takes agents and baselines through all windows, decision by decision, on one clock."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec
import numpy as np

from headtohead.core.errors import InputError
from headtohead.stats.inputs import BoolArray, FloatArray
from headtohead.trading.contract import Contract
from headtohead.trading.market import Market
from headtohead.trading.replay import REASONS, Accounts, Margin, Orders, Walk
from headtohead.trading.running.actions import Rejection, check, read_answer
from headtohead.trading.running.agents import Opened
from headtohead.trading.running.baselines import BASELINES
from headtohead.trading.running.decisions import Decision, DecisionLog, Place
from headtohead.trading.running.observation import Eyes, digest
from headtohead.trading.running.windows import Windows
from headtohead.trading.season import Trade
from headtohead.trials.replay.limits import CeilingReached

Stopped = Literal["end", "ceiling", "unfinished"]


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    Attributes:
        waiting: What is waited for, as a sentence; empty if decisions were made.
    """

    decided_n: int
    of_n: int
    spent_usd: float
    ceiling_usd: float | None
    waiting: str = ""


OnProgress = Callable[[RunProgress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What agents are taken through.

    Attributes:
        at_once: Windows that are run side by side.
    """

    market: Market
    contract: Contract
    margin: Margin
    stake_usd: float
    windows: Windows
    history: int
    anonymous: bool
    seed: int
    at_once: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Played:
    """Accounts in the windows that came to their ends; arrays of shape (entrants, windows).

    Attributes:
        names: Agents, then baselines.
        windows: Which windows of the run.
        equity_usd: Shape (entrants, windows, bars + 1).
        turnover_usd: Bought and sold.
        liquidated: Whether anything was.
        trades: Of each entrant in each window; what is open at the end is closed at its last price.
        decisions: Of the agents in these windows.
        stopped: Why no more windows were run.
    """

    names: tuple[str, ...]
    agents: int
    windows: tuple[int, ...]
    equity_usd: FloatArray
    fees_usd: FloatArray
    funding_usd: FloatArray
    turnover_usd: FloatArray
    liquidated: BoolArray
    trades: Mapping[tuple[str, int], tuple[Trade, ...]]
    decisions: tuple[Decision, ...]
    rejected: Mapping[str, tuple[Rejection, ...]]
    stopped: Stopped

    @property
    def returns(self) -> FloatArray:
        """From the stake to the end of each window, shape (entrants, windows)."""
        value: FloatArray = self.equity_usd[:, :, -1] / self.equity_usd[:, :, 0] - 1
        return value

    @property
    def drawdowns(self) -> FloatArray:
        """The deepest fall below the highest value so far, 0 to 1, shape (entrants, windows)."""
        held = np.maximum(self.equity_usd, 0.0)
        deepest: FloatArray = (1 - held / np.maximum.accumulate(held, axis=2)).max(axis=2)
        return deepest


@dataclass(slots=True)
class _Gathered:
    """What finished windows gave, one entry a group of windows."""

    windows: list[int] = field(default_factory=list)
    arrays: list[tuple[FloatArray, ...]] = field(default_factory=list)
    trades: dict[tuple[str, int], tuple[Trade, ...]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    rejected: dict[str, list[Rejection]] = field(default_factory=dict)


class Unfinished(Exception):
    """The log does not hold a decision, and nobody may be asked."""


async def play(
    course: RunPlan,
    names: Sequence[str],
    log: DecisionLog,
    opened: Opened | None,
    on_progress: OnProgress = lambda _: None,
    ceiling_usd: float | None = None,
) -> Played:
    """Run agents and baselines through the windows.

    Decisions that the log holds are not asked again. Windows run in groups, and count once their
    group has come to its end.

    Args:
        names: Of the agents.
        opened: The agents; None to take all decisions from the log.

    Raises:
        InputError: If an observation is not that of the log, or no window came to its end.
    """
    got = _Gathered()
    stopped: Stopped = "end"
    of = len(names) * course.windows.first.size * course.windows.decisions
    decided = 0

    def tell(more: int) -> None:
        nonlocal decided
        decided += more
        spent = opened.budget.spent_usd if opened else 0.0
        on_progress(RunProgress(decided, of, spent, ceiling_usd))

    tell(0)
    for start in range(0, course.windows.first.size, course.at_once):
        these = range(start, min(start + course.at_once, course.windows.first.size))
        group = _Group(course, names, tuple(these), log, opened)
        try:
            await group.run(tell)
        except CeilingReached:
            stopped = "ceiling"
            break
        except Unfinished:
            stopped = "unfinished"
            break
        group.give(got)
    if not got.windows:
        why = (
            f"`max_usd` of {ceiling_usd:g} was reached before a window came to its end"
            if stopped == "ceiling"
            else f"{log.path} holds no window that came to its end"
        )
        raise InputError(
            f"{why}: {decided:,} of {of:,} decisions were made. Run again with more "
            "`max_usd`, and it goes on there, or ask for less: fewer `windows`, a longer `every`."
        )
    equity, fees, funding, turnover, liquidated = (
        np.concatenate(parts, axis=1) for parts in zip(*got.arrays, strict=True)
    )
    return Played(
        names=(*names, *BASELINES),
        agents=len(names),
        windows=tuple(got.windows),
        equity_usd=equity,
        fees_usd=fees,
        funding_usd=funding,
        turnover_usd=turnover,
        liquidated=liquidated > 0,
        trades=got.trades,
        decisions=tuple(got.decisions),
        rejected={name: tuple(got.rejected.get(name, ())) for name in (*names, *BASELINES)},
        stopped=stopped,
    )


class _Group:
    """Some windows side by side: an account for each entrant in each of them."""

    def __init__(
        self,
        course: RunPlan,
        names: Sequence[str],
        windows: tuple[int, ...],
        log: DecisionLog,
        opened: Opened | None,
    ) -> None:
        self._course, self._log, self._opened = course, log, opened
        self._agents, self._names = len(names), (*names, *BASELINES)
        self._windows = windows
        first = course.windows.first[list(windows)]
        self._eyes = [
            Eyes(
                course.market,
                course.contract,
                course.margin,
                first=int(row),
                history=course.history,
                anonymous=course.anonymous,
                every=course.windows.every,
                decisions=course.windows.decisions,
            )
            for row in first
        ]
        self._walk = Walk(
            course.market,
            course.contract,
            stake_usd=course.stake_usd,
            margin=course.margin,
            starts=np.tile(first, len(self._names)),
            bars=course.windows.bars,
        )
        self._decisions: list[Decision] = []
        self._rejected: dict[str, list[Rejection]] = {}

    async def run(self, tell: Callable[[int], None]) -> None:
        """Take all accounts through the bars.

        Raises:
            CeilingReached: If the money does not suffice.
            Unfinished: If a decision is missing and may not be asked for.
        """
        windows = self._course.windows
        for t in range(windows.bars):
            if t % windows.every:
                self._walk.bar()
                continue
            number = t // windows.every
            made = [*await self._asked(number), *self._baselines(number)]
            made = self._carried_out(t, made)
            mine = made[: self._agents * len(self._windows)]
            self._log.keep([x for x in mine if x.place not in self._log.kept])
            self._decisions += mine
            for decision in made:
                self._rejected.setdefault(decision.agent, []).extend(decision.rejected)
            tell(len(mine))

    def _places(self, names: Sequence[str], number: int) -> list[tuple[int, int, Place]]:
        """Account, window of this group and place of the decisions of some entrants."""
        of = len(self._windows)
        return [
            (self._names.index(name) * of + w, w, (name, window, number))
            for name in names
            for w, window in enumerate(self._windows)
        ]

    async def _asked(self, number: int) -> list[Decision]:
        """What the agents decide, in the order of the accounts."""
        places = self._places(self._names[: self._agents], number)
        tasks = {
            asyncio.create_task(self._of_agent(account, w, place)): place
            for account, w, place in places
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            await self._heard_out(tasks)
        return [task.result() for task in tasks]

    async def _heard_out(self, tasks: Mapping["asyncio.Task[Decision]", Place]) -> None:
        """End what was begun: what is under way is billed, so it is heard out and kept."""
        left = {task: place for task, place in tasks.items() if not task.done()}
        if not left:
            return
        assert self._opened
        for agent in self._opened.agents.values():
            agent.close()
        for task, place in left.items():
            if not self._opened.agents[place[0]].busy(place):
                task.cancel()
        await asyncio.wait(left)
        for task in left:
            with suppress(asyncio.CancelledError, Exception):
                task.result()

    async def _of_agent(self, account: int, w: int, place: Place) -> Decision:
        eyes, held = self._eyes[w], self._walk.held(account)
        seen = eyes.seen(place[2], held)
        content = seen.encoded()
        mark = digest(content)
        kept = self._log.kept.get(place)
        if kept is not None:
            if kept.observation != mark:
                raise InputError(
                    f"{self._log.path}: what {place[0]} sees at decision {place[2] + 1} of window "
                    f"{place[1] + 1} is not what it saw then. The log is of other candles, or of "
                    "another version of headtohead: name another `log`."
                )
            return kept
        agent, window, number = place
        decision = Decision(
            agent=agent,
            window=window,
            number=number,
            at=f"{eyes.at(number):%Y-%m-%dT%H:%MZ}",
            observation=mark,
        )
        if held.lost:
            return msgspec.structs.replace(decision, failure="the account was lost")
        if self._opened is None:
            raise Unfinished
        said = await self._opened.agents[agent].ask(place, content)
        actions, rejected = ((), ()) if said.failure else read_answer(said.raw, seen)
        return msgspec.structs.replace(
            decision, **msgspec.structs.asdict(said), actions=actions, rejected=rejected
        )

    def _baselines(self, number: int) -> list[Decision]:
        made = []
        for account, w, place in self._places(tuple(BASELINES), number):
            name, window, _ = place
            seen = self._eyes[w].seen(number, self._walk.held(account))
            entropy = [self._course.seed, 1, window, number]
            actions, rejected = check(BASELINES[name](seen, np.random.default_rng(entropy)), seen)
            decision = Decision(
                agent=name,
                window=window,
                number=number,
                at="",
                observation="",
                actions=actions,
                rejected=rejected,
            )
            made.append(decision)
        return made

    def _carried_out(self, t: int, made: Sequence[Decision]) -> list[Decision]:
        """Run a bar with the orders decided, and note which of them the venue rejected."""
        coins, rows = self._course.market.coins, []
        for account, decision in enumerate(made):
            scale = self._eyes[account % len(self._windows)].scale
            equity = self._walk.held(account).equity_usd if decision.actions else 0.0
            for action in decision.actions:
                c = coins.index(str(action.coin))
                opens = action.action == "open"
                rows.append(
                    (
                        account,
                        c,
                        action.size(equity) if opens else 0.0,
                        np.nan if action.stop is None else action.stop / scale[c],
                        np.nan if action.target is None else action.target / scale[c],
                        (action.leverage or 1.0) if opens else np.nan,
                    )
                )
        if not rows:
            self._walk.bar()
            return list(made)
        agent, coin, size, stop, target, leverage = zip(*rows, strict=True)
        codes = self._walk.bar(
            Orders(
                bar=[t] * len(rows),
                agent=agent,
                coin=coin,
                size=size,
                unit="equity",
                stop=stop,
                target=target,
                leverage=leverage,
            )
        )
        result = list(made)
        for account, c, code in zip(agent, coin, codes.tolist(), strict=True):
            decision = result[account]
            if code and decision.place not in self._log.kept:
                why = Rejection(REASONS[code], f"{coins[c]}: {REASONS[code]}")
                result[account] = msgspec.structs.replace(
                    decision, rejected=(*decision.rejected, why)
                )
        return result

    def give(self, got: _Gathered) -> None:
        """Add these windows, which have come to their ends."""
        accounts, of = self._walk.accounts(), len(self._windows)
        fills = accounts.fills
        turned: FloatArray = np.zeros(len(accounts.stake_usd))
        np.add.at(turned, fills.agent, np.abs(fills.quantity) * fills.price_usd)
        shape = (len(self._names), of)
        got.windows += self._windows
        got.arrays.append(
            (
                accounts.equity_usd.reshape(*shape, -1),
                accounts.fees_usd.reshape(shape),
                accounts.funding_usd.reshape(shape),
                turned.reshape(shape),
                (accounts.liquidated_at >= 0).reshape(shape).astype(float),
            )
        )
        for account, w, (name, window, _) in self._places(self._names, 0):
            got.trades[name, window] = self._trades(accounts, account, w, name)
        got.decisions += self._decisions
        for name, rejected in self._rejected.items():
            got.rejected.setdefault(name, []).extend(rejected)

    def _trades(self, accounts: Accounts, account: int, w: int, name: str) -> tuple[Trade, ...]:
        """What was opened and closed, each from an empty position to the next."""
        return trades_of(
            accounts,
            account,
            self._course.market,
            int(self._course.windows.first[self._windows[w]]),
            name,
        )


def trades_of(
    accounts: Accounts, account: int, market: Market, first: int, name: str
) -> tuple[Trade, ...]:
    """The trades of one account whose bar 0 is row `first` of the market.

    A trade lasts from an empty position to the next; one that turns from long to short is two. What
    is open at the end is closed at the last price, without a fee.
    """
    fills = accounts.fills
    mine = np.flatnonzero(fills.agent == account)
    bars = accounts.equity_usd.shape[1] - 1
    trades: list[Trade] = []
    going: dict[int, _Going] = {}
    # At the end of the last bar, at its closing price.
    for row in mine:
        c, price = int(fills.coin[row]), float(fills.price_usd[row])
        change, fee = float(fills.quantity[row]), float(fills.fee_usd[row])
        at = market.start + (first + int(fills.bar[row])) * market.bar
        one = going.get(c)
        if one is not None and one.held * change < 0:
            closed = min(abs(one.held), abs(change))
            part = closed / abs(change)
            one.leave(closed, price, fee * part)
            if abs(one.held) <= 1e-9 * one.entered:
                trades.append(going.pop(c).trade(name, market.coins[c], at))
            change, fee = change * (1 - part), fee * (1 - part)
            if abs(change) <= 1e-9 * closed:
                continue
        going.setdefault(c, _Going(at)).enter(change, price, fee)
    end = market.start + (first + bars) * market.bar
    last = market.close[first : first + bars]
    for c, one in going.items():
        known = last[np.isfinite(last[:, c]), c]
        one.leave(abs(one.held), float(known[-1]), 0.0)
        trades.append(one.trade(name, market.coins[c], end))
    return tuple(sorted(trades, key=lambda x: x.closed_at))


@dataclass(slots=True)
class _Going:
    """A trade that is not closed yet."""

    opened_at: datetime
    held: float = 0.0
    side: float = 0.0
    entered: float = 0.0
    paid_usd: float = 0.0
    got_usd: float = 0.0
    fees_usd: float = 0.0

    def enter(self, change: float, price: float, fee: float) -> None:
        self.held += change
        self.side = 1.0 if change > 0 else -1.0
        self.entered += abs(change)
        self.paid_usd += abs(change) * price
        self.fees_usd += fee

    def leave(self, quantity: float, price: float, fee: float) -> None:
        self.held -= self.side * quantity
        self.got_usd += quantity * price
        self.fees_usd += fee

    def trade(self, agent: str, coin: str, at: datetime) -> Trade:
        return Trade(
            agent=agent,
            coin=coin,
            side="long" if self.side > 0 else "short",
            opened_at=self.opened_at,
            closed_at=at,
            entry_usd=self.paid_usd / self.entered,
            exit_usd=self.got_usd / self.entered,
            quantity=self.entered,
            fees_usd=self.fees_usd,
            net_usd=self.side * (self.got_usd - self.paid_usd) - self.fees_usd,
        )
