"""What the questions about chips share: who designs them, counts and what those leave open.

A count is in H100-equivalents, by compute or by memory bandwidth: an H20 is 0.15 of an H100 by the
first and 1.19 by the second, which decides how fast a model writes.

The published interval of a count does not narrow as quarters add up, so its error is common to all
quarters: of two days, both ends move together. A count without a published interval is taken to
lie between half and twice its value: what there was before, and what was added since, each apart.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.evidence.picking import known
from headtohead.publish.words import listed

# Where the designer of the chips has its seat.
DESIGNERS = {
    **{"Nvidia": "US", "AMD": "US", "Google": "US", "Amazon": "US"},
    **{"Huawei": "CN", "Cambricon": "CN"},
}
_Pair = tuple[float, float]
SMUGGLED = "China (smuggled)"
BY = ("compute", "bandwidth")
BY_WORDS = {"compute": "by compute", "bandwidth": "by memory bandwidth"}
_H100_GB_PER_S = 3350.0
# Bandwidth over compute, H100 = 1, of what may have been smuggled: least of a B200, most of an
# H200, and of an H100.
_SMUGGLED_ENDS = (8000 / 3350 / 2.53, 1.0, 4800 / 3350)
_AS_SMUGGLED = (
    "which chips were smuggled is not published: taken as H100s, at the ends as B200s or H200s",
)
_HOLDING = ["owner", "maker", "window_end"]


@dataclass(frozen=True, slots=True)
class Count:
    """H100-equivalents of one kind, on an earlier day and now; 0 and now if only one day matters.

    Attributes:
        ends: For each thing that is uncertain, the pair at its low and at its high end.
    """

    both: _Pair
    ends: tuple[tuple[_Pair, _Pair], ...]


def by_bandwidth(stock: pl.DataFrame, bandwidth: pl.DataFrame) -> pl.DataFrame:
    """Totals of stocks, with H100-equivalents by memory bandwidth in the columns of compute.

    The chips of an owner tell how its bandwidth goes with its compute; the published total is
    scaled by that. Ends are those of the count, times those of the boards.

    Args:
        stock: Rows of the table `compute_stock`, by chip type and in total.
        bandwidth: Rows of the table `stock_bandwidth`.
    """
    columns = ("memory_low_gb_per_s", "memory_gb_per_s", "memory_high_gb_per_s")
    rate = bandwidth.select("maker", "chip", *columns, sure="verified")
    held = stock.filter(pl.col("measure") == "stock").join(rate, on=["maker", "chip"], how="inner")
    parts = held.group_by(_HOLDING).agg(
        *((pl.col("units_n") * pl.col(c) / _H100_GB_PER_S).sum().alias(c) for c in columns),
        pl.col("compute_h100e").sum().alias("of_these"),
        pl.col("sure").all(),
    )
    totals = stock.filter((pl.col("measure") == "stock") & (pl.col("chip") == "all"))
    smuggled = pl.col("owner") == SMUGGLED
    ends = ("compute_low_h100e", "compute_h100e", "compute_high_h100e")
    joined = totals.join(parts, on=_HOLDING, how="left", maintain_order="left")
    weighed = (
        pl.col(end) * pl.when(smuggled).then(factor).otherwise(pl.col(c) / pl.col("of_these"))
        for end, c, factor in zip(ends, columns, _SMUGGLED_ENDS, strict=True)
    )
    source = bandwidth["source_id"].first() if bandwidth.height else None
    return (
        joined.filter(smuggled | pl.col("of_these").is_not_null())
        .with_columns(
            *weighed,
            pl.col("verified") & pl.col("sure").fill_null(value=False),
            also_source_id=pl.lit(source, pl.String),
        )
        .drop(*columns, "of_these", "sure")
    )


def bandwidth_notes(stock: pl.DataFrame, *, smuggled: bool = False) -> tuple[str, ...]:
    """What a reader has to know of these stocks by bandwidth, `smuggled` ones among them or not."""
    weighed = stock.filter((pl.col("measure") == "stock") & (pl.col("owner") != SMUGGLED))
    _, uncounted = known(weighed, "units_n", "counts, which name no number of chips")
    return (
        "by memory bandwidth, the published counts are weighed by what each chip reads a second, "
        "an H100 being 3,350 GB/s; which part of the H100s are H200s, and of Huawei's chips 910Cs, "
        "is not published, so that the ends hold either",
        *_AS_SMUGGLED[: int(smuggled)],
        *uncounted,
    )


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
