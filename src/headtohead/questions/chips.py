"""What the questions about chips share: who designs them, and counts with what they leave open.

The published interval of a count does not narrow as quarters add up, so its error is common to all
quarters: of two days, both ends move together. A count without a published interval is taken to
lie between half and twice its value: what there was before, and what was added since, each apart.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.publish.words import listed

# Where the designer of the chips has its seat.
DESIGNERS = {
    **{"Nvidia": "US", "AMD": "US", "Google": "US", "Amazon": "US"},
    **{"Huawei": "CN", "Cambricon": "CN"},
}
_Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Count:
    """H100-equivalents of one kind, on an earlier day and now; 0 and now if only one day matters.

    Attributes:
        ends: For each thing that is uncertain, the pair at its low and at its high end.
    """

    both: _Pair
    ends: tuple[tuple[_Pair, _Pair], ...]


def lacks_ends(rows: pl.DataFrame) -> bool:
    """Whether some of the counts has no published interval."""
    return bool(rows["compute_low_h100e"].null_count() or rows["compute_high_h100e"].null_count())


def assumed_words(kinds: Sequence[str]) -> str:
    """What the ends of such counts rest on, for a method; empty if all are published."""
    if not kinds:
        return ""
    return f"; no interval is published for {listed(kinds)}: half to twice the figure is assumed"


def count(now: pl.DataFrame, before: pl.DataFrame | None = None) -> Count:
    """The sum of rows of one kind; their ends are added too, since such figures err together."""
    columns = ("compute_h100e", "compute_low_h100e", "compute_high_h100e")
    new, new_low, new_high = (float(now[c].sum()) for c in columns)
    earlier = now.clear() if before is None else before
    old, old_low, old_high = (float(earlier[c].sum()) for c in columns)
    if not (lacks_ends(now) or lacks_ends(earlier)):
        return Count((old, new), (((old_low, new_low), (old_high, new_high)),))
    added = new - old
    stood = ((old / 2, old / 2 + added), (2 * old, 2 * old + added))
    return Count((old, new), (stood, ((old, old + added / 2), (old, old + 2 * added))))


def spread(value: Callable[[Mapping[str, _Pair]], float], counts: Mapping[str, Count]) -> Interval:
    """What is computed of independent counts, and its interval of their level.

    Each uncertain thing is moved to its ends, alone; the distances from the value add in squares.
    Of a difference of two counts this is MOVER.

    References:
        Kragten, J. (1994). Calculating standard deviations and confidence intervals with a
        universally applicable spreadsheet technique. Analyst 119, 2161-2165.
        doi:10.1039/AN9941902161
    """
    published = {name: c.both for name, c in counts.items()}
    middle = value(published)
    down = up = 0.0
    for name, c in counts.items():
        for ends in c.ends:
            moved = [value({**published, name: end}) for end in ends]
            down = math.hypot(down, middle - min(middle, *moved))
            up = math.hypot(up, max(middle, *moved) - middle)
    return Interval(middle, middle - down, middle + up)
