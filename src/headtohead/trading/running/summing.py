"""What agents did over all windows, and whether it was more than the baselines or luck would do."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import student_quantile, student_tail
from headtohead.stats.tails import holm
from headtohead.trading.bootstrap import FEWEST_BLOCKS, draws_of, interval_of
from headtohead.trading.replay import REASONS
from headtohead.trading.running.runner import Played

Kind = Literal["model", "function", "baseline"]
BAND = (0.1, 0.9)
"""Share of windows below the band of accounts, and below its upper end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LuckOver:
    """Random agents that traded as one agent did, in every window.

    Attributes:
        chance: That their mean return over the windows is at least the agent's.
        corrected: The same by Holm's method for all agents that were tried.
        worse: The chance that it is at most the agent's, corrected likewise.
        mean_frac: Their mean return.
        draws: How many there were.
        alike: Whether all returned the same: its bets leave no other order of coins and sides.
    """

    chance: float
    corrected: float
    worse: float
    mean_frac: float
    draws: int
    alike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An agent's mean return minus that of a baseline, in the same windows.

    Attributes:
        pp: In percentage points; its interval holds jointly for all agents and baselines.
        p: The chance of one so large if there were none, corrected by Holm's method.
    """

    baseline: str
    pp: Interval
    p: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contender:
    """One agent or baseline over all windows.

    Attributes:
        returned_pct: Mean return of a window.
        by_window_pct: Return of each window, shape (windows,).
        drawdown_pct: Mean over windows of the deepest fall below the highest value so far.
        deepest_pct: The deepest of all.
        liquidated_n: Windows with a liquidation.
        turnover: Bought and sold a day over the stake.
        fees_pct: Of the stake, a window on average.
        acted_n: Decisions of which something was carried out.
        rejected: Kind -> how many actions counted as hold.
        failed: Why there was no answer -> how many decisions counted as hold.
        cost_usd: Of its answers; None where no price is known.
        path: Value in percent of the stake at the start and each bar's close: middle, lower and
            upper end of the band over windows, shape (3, bars + 1).
        luck: None where it traded too little to be imitated.
    """

    name: str
    kind: Kind
    returned_pct: Interval
    by_window_pct: FloatArray
    drawdown_pct: float
    deepest_pct: float
    liquidated_n: int
    trades_n: int
    turnover: float
    fees_pct: float
    funding_pct: float
    decisions_n: int
    acted_n: int
    rejected: Mapping[str, int]
    failed: Mapping[str, int]
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    unsure_usd: float
    path: FloatArray
    luck: LuckOver | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def ahead_of(self) -> tuple[str, ...]:
        """Baselines that it did better than, by its joint intervals."""
        return tuple(x.baseline for x in self.differences if x.pp.low > 0)

    @property
    def behind(self) -> tuple[str, ...]:
        """Baselines that did better."""
        return tuple(x.baseline for x in self.differences if x.pp.high < 0)


def summed(
    played: Played,
    kinds: Mapping[str, Kind],
    luck: Mapping[str, LuckOver],
    rng: np.random.Generator,
    *,
    length: timedelta,
    level: float,
    rounds: int,
) -> tuple[Contender, ...]:
    """All agents and baselines, with intervals by a bootstrap over windows.

    Intervals of differences hold jointly (Bonferroni).

    Args:
        kinds: Of the agents.
        luck: Agent -> its random agents, where they could be drawn.
    """
    returns = 100 * played.returns
    n = returns.shape[1]
    draws = draws_of(returns.T, lambda some: some.mean(axis=1), 1.0, rng, rounds=rounds)
    means = returns.mean(axis=1)
    baselines = range(played.agents, len(played.names))
    pairs = [(a, b) for a in range(played.agents) for b in baselines]
    together = 1 - (1 - level) / max(1, len(pairs))
    found = [
        _difference(float(means[a] - means[b]), draws[:, a] - draws[:, b], n, together)
        for a, b in pairs
    ]
    raised = holm([p for _, p in found]).tolist() if found else []
    differences: dict[int, list[Difference]] = {}
    for (a, b), (apart, _), p in zip(pairs, found, raised, strict=True):
        one = Difference(baseline=played.names[b], pp=apart, p=p)
        differences.setdefault(a, []).append(one)
    return tuple(
        _entrant(
            played,
            place,
            kinds.get(name, "baseline"),
            interval_of(float(means[place]), draws[:, place], n, level),
            tuple(differences.get(place, ())),
            luck.get(name),
            length,
        )
        for place, name in enumerate(played.names)
    )


def _difference(value: float, drawn: FloatArray, n: int, level: float) -> tuple[Interval, float]:
    """By Student's t with the bootstrap's standard error: the interval, and the chance of so much.

    Joint intervals end where a bootstrap of few windows has no draws. Unbounded, and a chance of 1,
    where there are too few, or nothing varies.
    """
    error = float(drawn.std()) * math.sqrt(n / max(n - 1, 1e-9))
    if n < FEWEST_BLOCKS or not error > 1e-12 * max(1.0, abs(value)):
        return Interval(value, -math.inf, math.inf), 1.0
    half = student_quantile(0.5 + level / 2, n - 1) * error
    p = min(1.0, 2 * student_tail(abs(value) / error, n - 1))
    return Interval(value, value - half, value + half), p


def _entrant(
    played: Played,
    place: int,
    kind: Kind,
    returned: Interval,
    differences: tuple[Difference, ...],
    luck: LuckOver | None,
    length: timedelta,
) -> Contender:
    name, equity = played.names[place], played.equity_usd[place]
    stake = float(equity[0, 0])
    mine = [x for x in played.decisions if x.agent == name]
    drawdowns = 100 * played.drawdowns[place]
    worth = 100 * equity / stake
    prices = [x.cost_usd for x in mine if x.cost_usd is not None]
    return Contender(
        name=name,
        kind=kind,
        returned_pct=returned,
        by_window_pct=100 * played.returns[place],
        drawdown_pct=float(drawdowns.mean()),
        deepest_pct=float(drawdowns.max()),
        liquidated_n=int(played.liquidated[place].sum()),
        trades_n=sum(len(played.trades[name, window]) for window in played.windows),
        turnover=float(played.turnover_usd[place].mean()) / stake / (length / timedelta(days=1)),
        fees_pct=100 * float(played.fees_usd[place].mean()) / stake,
        funding_pct=100 * float(played.funding_usd[place].mean()) / stake,
        decisions_n=len(mine),
        # Of those that fit the schema, the venue may reject some.
        acted_n=sum(len(x.actions) > sum(r.kind in REASONS for r in x.rejected) for x in mine),
        rejected=Counter(x.kind for x in played.rejected[name]),
        failed=Counter(x.failure.partition(":")[0] for x in mine if x.failure),
        input_tokens=sum(x.input_tokens or 0 for x in mine),
        output_tokens=sum(x.output_tokens or 0 for x in mine),
        cost_usd=sum(prices) if prices else None,
        unsure_usd=sum(x.unsure_usd for x in mine),
        path=np.vstack([np.median(worth, axis=0), np.quantile(worth, BAND, axis=0)]),
        luck=luck,
        differences=differences,
    )
