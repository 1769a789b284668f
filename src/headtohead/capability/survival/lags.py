"""How long before the best of one side the leader first had what it has, and who leads."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from headtohead.capability.survival.sides import (
    Side,
    check_known,
    drawn_interval,
    matrix,
    pair,
)
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray

Clock = Literal["release", "as of"]
CLOCKS: tuple[Clock, ...] = get_args(Clock)


@dataclass(frozen=True, slots=True, eq=False)
class Lag:
    """How far one side is behind, in days.

    Attributes:
        days: Its interval covers what the scores leave open. Where the leader had the level
            from its first day, `value` is the least lag and `high` is inf.
        draws: Shape (R,): 0 where the trailing side is ahead, inf where only a least lag is
            known.
        ahead: Share of the draws in which the trailing side is ahead: the leader did not
            have the level by the clock.
        open: Share of the draws in which the leader had the level from its first day.
        matched: Position of the leader's entry that first had the level, for the point
            values; None if the trailing side is ahead.
    """

    days: Interval
    draws: FloatArray
    ahead: float
    open: float
    matched: int | None


def side_lag(
    leader: Side, trailing: Side, on_day: int, clock: Clock = "release", level: float = 0.95
) -> Lag:
    """How far the trailing side's best is behind the leader, from joint draws.

    In each draw the trailing side's best by `on_day` is chosen anew, and the leader's first
    day at or above it is looked up among the leader's entries by the clock's day.

    Both sides are drawn together.

    Args:
        on_day: Later entries of either side do not count.
        clock: "release": counted from the day on which that best came out (how far behind
            was it then?); "as of": counted from `on_day` (how far behind are they now?).
        level: Coverage, inside (0, 1).

    Returns:
        Days. In a draw where the leader has nothing by the clock, the trailing side is ahead.
        The best of many noisy entries is overrated, so entries with wide errors should be
        left out.

    Raises:
        ValueError: If a side has no entry by `on_day` (the leader: by the clock), the sides
            have different numbers of draws, or these are too few for the level.

    References:
        Epoch AI (2026). Chinese AI models have lagged the US frontier by 7 months on average
        since 2023 (for each day, how long ago the leader first had the other's best).
    """
    if clock not in CLOCKS:
        raise ValueError(f"clock is 'release' or 'as of', not {clock!r}")
    pair(leader, trailing)
    check_known(trailing.days, on_day, "trailing side")
    theirs = np.flatnonzero(trailing.days <= on_day)
    # Of equals the earliest counts, which is the first once the days are in order.
    theirs = theirs[np.argsort(trailing.days[theirs], kind="stable")]
    rows = trailing.rows[:, theirs]
    best = rows.argmax(axis=1)
    levels = rows[np.arange(best.size), best]
    days = trailing.days[theirs][best] if clock == "release" else np.full(best.size, on_day)
    first = int(days[0])
    check_known(leader.days, first, "leader")
    front = leader.front(int(days.max()))
    had = (front.best >= levels[:, None]) & (front.days <= days[:, None])
    ahead = np.logical_not(had.any(axis=1))
    since = front.days[had.argmax(axis=1)]
    # Of the leader's first day nothing says how long before it had the level.
    open_ = ~ahead & (since == front.days[0])
    least = np.where(ahead, 0.0, days - since).astype(np.float64)
    lags = np.where(open_, math.inf, least)
    matched = None
    if not ahead[0]:
        on_first = np.flatnonzero(leader.days == first - int(least[0]))
        matched = int(on_first[leader.values[on_first].argmax()])
    return Lag(
        days=drawn_interval(lags, level, 0.0, lower=least),
        draws=lags[1:],
        ahead=float(ahead[1:].mean()),
        open=float(open_[1:].mean()),
        matched=matched,
    )


def frontier_probability(draws: ArrayLike) -> FloatArray:
    """How probable it is that each entry is the best of all: its share of the draws.

    A noisy entry is favoured, since its draws reach high more often.

    Draws have shape (R, n), higher is better, of the entries known on the day asked about.

    Returns:
        Shape (n,), adding up to 1; entries that tie in a draw share it.

    Raises:
        ValueError: If there are no draws or entries, or a draw is not a finite number.

    References:
        Bechhofer, R. E. (1954). A single-sample multiple decision procedure for ranking
        means of normal populations with known variances. Annals of Mathematical Statistics
        25, 16-39. doi:10.1214/aoms/1177728845
    """
    array = np.asarray(draws, dtype=np.float64)
    n = array.shape[1] if array.ndim == 2 else 0
    if n == 0:
        raise ValueError(f"draws has shape {array.shape}; it must be (draws, entries)")
    array = matrix(array, n)
    top = array == array.max(axis=1, keepdims=True)
    share: FloatArray = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return share
