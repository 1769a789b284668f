"""How far two frontiers lie apart: between straight lines through them, and level by level."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.capability.survival.sides import (
    Front,
    Side,
    Spread,
    check_known,
    drawn_interval,
    pair,
)
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, vector

_YEAR = 365.25
_FEWEST = 3
_BLOCK = 3  # neighbouring records that share a weight; found by simulation


@dataclass(frozen=True, slots=True, eq=False)
class TrendGap:
    """Lines through two frontiers.

    Attributes:
        leader_slope: Levels a year.
        trailing_slope: Levels a year.
        level_gap: The leader's line minus the trailing side's, on the last day known.
        days: That gap over the leader's slope: how long the leader's line takes for it.
        leader_records: How many records carry the leader's line, for the point values.
        trailing_records: How many carry the trailing side's.
        gap_draws: Shape (R,): `level_gap` in each draw; nan where a line had too few records.
        days_draws: Shape (R,): `days` in each draw; nan also where the leader does not rise.
    """

    leader_slope: Spread
    trailing_slope: Spread
    level_gap: Spread
    days: Spread
    leader_records: int
    trailing_records: int
    gap_draws: FloatArray
    days_draws: FloatArray


def trend_gap(
    leader: Side,
    trailing: Side,
    since: int,
    on_day: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> TrendGap:
    """Least-squares lines through both frontiers since a day, and the gap between them.

    In each draw the records are found and the lines fitted anew. `scores` covers what the
    scores leave open about these entries. For `both`, the records of each draw also get
    exponential weights (Bayesian bootstrap), three neighbours sharing one, since records
    near in time lie on the same side of the line: it covers also which records there
    happened to be around a line. Neither says whether a line is right.

    Both sides are drawn together.

    Args:
        since: Only records set on this day or later (records of all the side's history).
        on_day: The last day known, on which the gap is taken; later entries do not count.
        level: Coverage, inside (0, 1).

    Returns:
        Slopes per year of 365.25 days. A line through records lies above one through the best
        of every day. Draws in which a line has fewer than 3 records, or the leader does not
        rise, count against both ends.

    Raises:
        ValueError: If a side has fewer than 3 records, the sides have different numbers of
            draws, these are too few for the level, or the leader does not rise.

    References:
        Ho, A. et al. (2025). A Rosetta Stone for AI benchmarks. doi:10.48550/arXiv.2512.00193
    """
    if since > on_day:
        raise ValueError(f"since, day {since}, lies after the last day known, {on_day}")
    pair(leader, trailing)
    plain, shuffled, counts = [], [], []
    for side, name in ((leader, "leader"), (trailing, "trailing side")):
        front = side.front(on_day)
        n = int(np.count_nonzero(front.records(since)[0]))
        if n < _FEWEST:
            raise ValueError(f"the {name} has {n} records since day {since}; a line needs 3")
        weights = block_weights(front, rng)
        counts.append(n)
        plain.append(_lines(front, np.ones_like(weights), since, on_day))
        shuffled.append(_lines(front, weights, since, on_day))
    if plain[0][0][0] <= 0:
        raise ValueError("the leader's line does not rise, so the gap has no length in days")
    units = min(counts) / _BLOCK
    alone, resampled = _numbers(*plain), _numbers(*shuffled)
    first, second, gap, days = (
        Spread(drawn_interval(a, level), drawn_interval(b, level, units=units))
        for a, b in zip(alone, resampled, strict=True)
    )
    return TrendGap(first, second, gap, days, counts[0], counts[1], alone[2][1:], alone[3][1:])


_Line = tuple[FloatArray, FloatArray]


def block_weights(front: Front, rng: np.random.Generator) -> FloatArray:
    """Exponential weights of the days of every row, one for a block of records; 1 in row 0.

    A day that set no record has the weight of the record that stood. Blocks begin anywhere.
    """
    rows = front.best.shape[0]
    record = np.cumsum(front.records(), axis=1) - 1
    block = (record + rng.integers(0, _BLOCK, (rows, 1))) // _BLOCK
    weights: FloatArray = np.take_along_axis(
        rng.standard_exponential((rows, int(block.max()) + 1)), block, axis=1
    )
    weights[0] = 1.0
    return weights


def _numbers(leader: _Line, trailing: _Line) -> tuple[FloatArray, ...]:
    """Both slopes a year, the level gap, and that in days, each of shape (rows,)."""
    gap = leader[1] - trailing[1]
    rises = leader[0] > 0
    days = np.divide(gap, leader[0], out=np.full(gap.shape, math.nan), where=rises)
    return leader[0], trailing[0], gap, days * _YEAR


def _lines(front: Front, weights: FloatArray, since: int, on_day: int) -> _Line:
    """The slope a year and the height on the day of every row's line; nan with few records."""
    record = front.records(since)
    enough = record.sum(axis=1) >= _FEWEST
    x = (front.days - on_day) / _YEAR
    weight = np.where(record, weights, 0.0)
    weight = weight / np.where(enough, weight.sum(axis=1), 1.0)[:, None]
    x_mean, y_mean = weight @ x, (weight * front.best).sum(axis=1)
    centred = x - x_mean[:, None]
    spread = (weight * centred**2).sum(axis=1)
    shared = (weight * centred * front.best).sum(axis=1)
    slope = np.divide(shared, spread, out=np.full(spread.shape, math.nan), where=enough)
    return slope, y_mean - slope * x_mean


@dataclass(frozen=True, slots=True, eq=False)
class HorizontalGap:
    """Days from the leader's first reaching a level to the trailing side's, over levels.

    Attributes:
        mean: Over the levels that both reached. It leaves out what only one side has, so it
            flatters the trailing side while the leader is moving away.
        both: How many levels both reached, for the point values.
        only_leader: How many only the leader reached (censored).
        only_trailing: How many only the trailing side reached.
        means: Shape (R,): `mean` in each draw; nan where no level was reached by both.
    """

    mean: Interval
    both: int
    only_leader: int
    only_trailing: int
    means: FloatArray


def horizontal_gap(
    leader: Side, trailing: Side, levels: ArrayLike, on_day: int, level: float = 0.95
) -> HorizontalGap:
    """The mean days between two frontiers over a grid of levels, from joint draws of both sides.

    Args:
        levels: Where the frontiers are compared, shape (q,), as `np.arange(116, 150, 0.1)`.
            Each counts the same, so their spacing decides what counts.
        on_day: The last day known; later entries do not count.
        level: Coverage of the intervals, inside (0, 1).

    Returns:
        Days; below 0 at levels where the trailing side was first. The intervals cover what
        the scores leave open at these levels, not which levels were chosen.

    Raises:
        ValueError: If a side has no entry by `on_day`, no level was reached by both, the
            sides have different numbers of draws, or these are too few for the level.

    References:
        Epoch AI, Cottier, B. et al. (2024). How far behind are open models?
        https://epoch.ai/blog/open-models-report
    """
    pair(leader, trailing)
    grid = vector(levels, "levels")
    ahead = _first_days(leader, "leader", grid, on_day)
    behind = _first_days(trailing, "trailing side", grid, on_day)
    has, had = ahead < math.inf, behind < math.inf
    shared = has & had
    if not shared[0].any():
        tops = [f"{s.rows[0, s.days <= on_day].max():g}" for s in (leader, trailing)]
        raise ValueError(
            f"no level was reached by both sides by day {on_day}; "
            f"the leader's best is {tops[0]}, the trailing side's {tops[1]}"
        )
    n = shared.sum(axis=1)
    apart = np.subtract(behind, ahead, out=np.zeros(shared.shape), where=shared).sum(axis=1)
    # A draw in which no level was reached by both has no mean.
    means: FloatArray = np.divide(apart, n, out=np.full(n.shape, math.nan), where=n > 0)
    return HorizontalGap(
        mean=drawn_interval(means, level),
        both=int(n[0]),
        only_leader=int(np.count_nonzero(has[0] & ~had[0])),
        only_trailing=int(np.count_nonzero(had[0] & ~has[0])),
        means=means[1:],
    )


def _first_days(side: Side, name: str, grid: FloatArray, on_day: int) -> FloatArray:
    """The first day of each level in every row, inf where never."""
    check_known(side.days, on_day, name)
    front = side.front(on_day)
    return np.append(front.days.astype(np.float64), math.inf)[front.reached(grid)]
