"""What questions about published figures share: the latest window, and its bounds."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Ask, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import estimate
from headtohead.evidence.words import publisher
from headtohead.names.names import country_name, in_sentence

FIGURE_COLUMNS = (
    "topic subject measure value low_value high_value unit scope window_start window_end"
)


def latest_figures(frame: pl.DataFrame, ask: Ask, topic: str) -> pl.DataFrame:
    """Each subject's figure of the last window that ends by `about`; verified ones come first."""
    rows = frame.filter((pl.col("topic") == topic) & (pl.col("window_end") <= ask.about.end))
    if rows.is_empty():
        return rows
    last = rows.filter(pl.col("window_end") == pl.col("window_end").max().over("measure"))
    ordered = last.sort("verified", "known_on", descending=True)
    return ordered.unique(["subject", "measure"], keep="first", maintain_order=True).sort(
        "measure", "subject"
    )


def figure_interval(row: dict[str, Any]) -> Interval:
    """The published ends, or those of its rounding; open where none is published.

    What was counted whole is exact.
    """
    value = float(row["value"])
    low, high = row["low_value"], row["high_value"]
    if low is None and high is None and row["unit"] == "n":
        return Interval(value, value, value)
    return Interval(value, -math.inf if low is None else low, math.inf if high is None else high)


def figure(
    ask: Ask,
    row: pl.DataFrame,
    label: str,
    unit: str,
    *,
    method: str = "published figure, bounds from its rounding",
    n_of: str = "published figures",
    called: tuple[str, ...] = (),
) -> Estimate:
    """One published figure as an estimate."""
    interval = figure_interval(row.row(0, named=True))
    if math.isinf(interval.low) and math.isinf(interval.high):
        method = f"{method.partition(', bounds')[0]}, interval not published"
    return from_figures(ask, row, label, unit, interval, method=method, n_of=n_of, called=called)


def from_figures(
    ask: Ask,
    rows: pl.DataFrame,
    label: str,
    unit: str,
    interval: Interval,
    *,
    method: str,
    n_of: str = "published figures",
    called: tuple[str, ...] = (),
) -> Estimate:
    """What published figures, one a row, come to; the bounds are those of their rounding."""
    return estimate(
        ask,
        rows,
        label=label,
        interval=interval,
        unit=unit,
        level=1.0,
        method=method,
        n=rows.height,
        n_of=n_of,
        called=called,
    )


def figure_share_of(row: pl.DataFrame) -> str:
    """What a published share is a share of: what is counted, in which days, by whom."""
    scope = str(row["scope"][0]).rstrip(".")
    start, end = row["window_start"][0], row["window_end"][0]
    return f"share of what: {scope}; from {start} to {end}, by {publisher(row['source_id'][0])}"


def of_sides(rows: pl.DataFrame, ask: Ask) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The figure of side A and that of side B; empty where there is none."""
    a, b = (rows.filter(rows["subject"] == side).head(1) for side in (ask.sides.a, ask.sides.b))
    return a, b


FIGURE_WORDS = {
    "topic": ScopeWord("text", "Topic of the figures.", column="topic"),
    "measure": ScopeWord("text", "What exactly is counted.", column="measure", within=("topic",)),
}


def measured(frame: pl.DataFrame, ask: Ask, subjects: Sequence[str]) -> pl.DataFrame:
    """The figures of a measure up to `about`, one a subject and window, in order of windows.

    Of several for one window a verified one comes first, then the last that became known.
    """
    rows = frame.filter(
        (pl.col("topic") == ask.scope["topic"])
        & (pl.col("measure") == ask.scope["measure"])
        & pl.col("subject").is_in(subjects)
        & (pl.col("window_end") <= ask.about.end)
    ).sort("verified", "known_on", descending=True)
    one = rows.unique(["subject", "window_start", "window_end"], keep="first", maintain_order=True)
    return one.sort("window_end", "subject")


def figure_words(row: Mapping[str, Any]) -> str:
    """A figure with whose it is and of when: "the United States 59 in 2025"."""
    first, last = row["window_start"], row["window_end"]
    when = f"from {first} to {last}" if first != last else f"on {last}"
    if (first, last) == (date(last.year, 1, 1), date(last.year, 12, 31)):
        when = f"in {last.year}"
    whose = in_sentence(country_name(row["subject"]))
    return f"{whose} {show(row['value'], row['unit'])} {when}"
