"""What two sides had on each day, and how long a record stood, from the joint draws."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from headtohead.capability.irt import drawn_intervals
from headtohead.capability.model import TwoSides
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival import sides
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.estimate import Interval

if TYPE_CHECKING:
    import polars as pl

    from headtohead.stats.inputs import BoolArray, FloatArray

FRONT_COLUMNS = (
    "best_index",
    "best_low_index",
    "best_high_index",
    "gap_index",
    "gap_low_index",
    "gap_high_index",
)


def fronts(found: TwoSides) -> "dict[str, pl.DataFrame]":
    """For each side ("a", "b"), its best on each of its days and the gap on that day.

    Both bests are chosen anew in each draw, so the interval holds what the scores leave open
    about who led. The gap is B minus A, and is missing until both sides have a model.
    """
    import polars as pl

    made = {}
    for which, mask in (("a", found.a), ("b", found.b)):
        days = np.unique(found.capability.days[mask]).tolist()
        a, b = (_bests(found, m, days) for m in (found.a, found.b))
        own, gap = (a if which == "a" else b), b - a
        rows = [
            (date.fromordinal(day), *best, *apart)
            for day, best, apart in zip(days, _ends(own), _ends(gap), strict=True)
        ]
        kinds = {"released_on": pl.Date(), **dict.fromkeys(FRONT_COLUMNS, pl.Float64())}
        made[which] = pl.DataFrame(rows, schema=kinds, orient="row")
    return made


def stood(found: TwoSides, setter: int) -> Interval:
    """Months until side B first had what one model of side A has, between joint draws.

    `setter` is the position of that model in the index.

    Returns:
        Where B never had it, `value` and `low` are the months until the last day, and `high` is
        inf: it has stood so long at least.
    """
    made, last = found.capability, found.day.toordinal()
    theirs = made.side(found.b_past).front(last)
    level = np.append(made.index.ability[setter], made.index.ability_draws[:, setter])
    at = theirs.reached(level[:, None])[:, 0]
    start = float(made.days[setter])
    least, most = (
        np.maximum(np.append(theirs.days.astype(np.float64), end)[at] - start, 0.0)
        for end in (float(last), np.inf)
    )
    return sides.drawn_interval(most, LEVEL, 0.0, lower=least).rescaled(MONTHS_A_DAY)


def _bests(found: TwoSides, mask: "BoolArray", days: list[int]) -> "FloatArray":
    """A side's best so far on some days, shape (1 + R, days): the point value, then the draws.

    Not a number before the side's first model.
    """
    front = found.capability.side(mask).front(found.day.toordinal())
    at = np.searchsorted(front.days, days, side="right")
    none_yet = np.full((front.best.shape[0], 1), np.nan)
    return np.asarray(np.hstack([none_yet, front.best])[:, at])


def _ends(found: "FloatArray") -> list[tuple[float | None, float | None, float | None]]:
    """Value and ends of each column; none where there is no value."""
    known = ~np.isnan(found[0])
    intervals = iter(drawn_intervals(found[0, known], found[1:, known], LEVEL))
    made: list[tuple[float | None, float | None, float | None]] = []
    for there in known.tolist():
        one = next(intervals) if there else None
        made.append((one.value, one.low, one.high) if one else (None, None, None))
    return made
