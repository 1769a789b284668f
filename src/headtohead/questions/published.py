"""What questions about published figures share: the latest window, and its bounds."""

from typing import TYPE_CHECKING, Any

from headtohead.core.interval import Interval
from headtohead.core.question import Ask

if TYPE_CHECKING:
    import polars as pl

FIGURE_COLUMNS = (
    "topic", "subject", "measure", "value", "low_value", "high_value", "unit", "scope",
    "window_start", "window_end",
)  # fmt: skip


def latest_figures(
    frame: "pl.DataFrame", ask: Ask, topic: str, measure: str = ""
) -> "pl.DataFrame":
    """Each subject's figure of the last window that ends by `about`; verified ones come first."""
    import polars as pl

    rows = frame.filter((pl.col("topic") == topic) & (pl.col("window_end") <= ask.about.end))
    if measure:
        rows = rows.filter(pl.col("measure") == measure)
    if rows.is_empty():
        return rows
    last = rows.filter(pl.col("window_end") == pl.col("window_end").max().over("measure"))
    ordered = last.sort("verified", "known_on", descending=True)
    return ordered.unique(["subject", "measure"], keep="first", maintain_order=True).sort(
        "measure", "subject"
    )


def figure_interval(row: dict[str, Any]) -> Interval:
    """The published ends, or those of its rounding; the value if exact."""
    value = float(row["value"])
    low, high = row["low_value"], row["high_value"]
    return Interval(value, value if low is None else low, value if high is None else high)
