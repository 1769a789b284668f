"""The horizontal gap of two frontiers: how many days lie between them, level by level."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.capability.survival.sides import Side, check_known, drawn_interval, pair
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, vector


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
