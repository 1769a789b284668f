"""The AI chips that each side's owners hold, in H100-equivalents."""

import math
from datetime import date

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show, show_end
from headtohead.evidence.picking import (
    estimate,
    latest_day,
    shown,
    side,
    side_column,
    side_name,
    where,
)
from headtohead.names.names import country_name, in_sentence
from headtohead.questions.published import (
    FIGURE_COLUMNS,
    figure_interval,
    from_figures,
    latest_figures,
    of_sides,
)
from headtohead.stats.intervals import ratio

QUESTION = Question(
    asks="How many times more AI compute do side A's owners hold than side B's?",
    reads=(),
    optional=("compute_stock", "figures"),
    units=("ratio",),
    scope={
        "owners": ScopeWord("texts", "Owners that speak for side A; empty: all of them.", ()),
        "domestic": ScopeWord("flag", "Count chips designed by side B too.", False),
        "topic": ScopeWord(
            "text", "Published shares to use where no owner was counted yet.", "compute_share"
        ),
    },
)
_NOTE = (
    "counts Nvidia, AMD, Google and Amazon chips only: no Huawei or other domestic chips, no "
    "smuggled chips, nothing rented abroad; an owner is not a place"
)
_FOREIGN = ("Nvidia", "AMD", "Google", "Amazon")


def run(frames: Frames, ask: Ask) -> Answer:
    """A ratio at the last fully counted quarter's end; rows are every owner and quarter."""
    totals = frames["compute_stock"].filter(
        (pl.col("measure") == "stock") & (pl.col("chip") == "all") & (pl.col("owner") != "all")
    )
    name = side_name(side(ask, "b"))
    if ask.scope["domestic"] and totals.filter(~pl.col("maker").is_in(_FOREIGN)).is_empty():
        return Answer(
            missing=f"no count of {name}-designed chips may be used: the counts hold only "
            "Nvidia, AMD, Google and Amazon chips"
        )
    # Only days by which every chip maker was counted.
    makers = pl.col("maker").n_unique().over("window_end")
    whole = totals.filter(makers == totals["maker"].n_unique())
    day = latest_day(whole, "window_end", ask.about, 300)
    if day is None:
        return _published(frames["figures"], ask)
    return _ratio(totals, ask, day)


def _ratio(totals: pl.DataFrame, ask: Ask, day: date) -> Answer:
    a, b = _held(totals, ask, "a", day), _held(totals, ask, "b", day)
    if a.is_empty() or b.is_empty():
        return ask.lacks("no count of AI chips of both sides was known")
    stock_a, stock_b = _stock(a), _stock(b)
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    times = ratio(stock_b, stock_a)
    owners = a["owner"].n_unique()
    used = pl.concat([a, b])
    says = (
        f"at {day} the {owners} {name_a} owners counted held {show(stock_a.value, 'h100e')}, "
        f"{name_b} ones {show(stock_b.value, 'h100e')} ({show_end(stock_b.low, 'h100e')} to "
        f"{show_end(stock_b.high, 'h100e')}), {times.value:.0f} times less"
    )
    one = estimate(
        ask,
        used,
        label=f"{name_a} over {name_b}",
        interval=times,
        unit="ratio",
        level=0.9,
        method="sums of published medians, ends added as if fully dependent; ratio by MOVER-R",
        n=used.height,
        n_of="owner and chip-maker totals",
    )
    rows = totals.filter(pl.col("window_end") <= ask.about.end).with_columns(
        side=side_column(totals, ask)
    )
    return Answer(estimates=(one,), says=says, rows=shown(rows, _COLUMNS), notes=(_NOTE,))


_COLUMNS = (
    "owner country side maker window_end units_n compute_h100e compute_low_h100e compute_high_h100e"
)


def _held(totals: pl.DataFrame, ask: Ask, which: str, day: date) -> pl.DataFrame:
    rows = where(totals.filter(pl.col("window_end") == day), side(ask, which))
    if which == "a" and ask.scope["owners"]:
        rows = rows.filter(pl.col("owner").is_in(list(ask.scope["owners"])))
    return rows


def _stock(rows: pl.DataFrame) -> Interval:
    """The sum; its ends are added too, since one chip maker's figures err together."""
    columns = ("compute_h100e", "compute_low_h100e", "compute_high_h100e")
    return Interval(*(math.fsum(rows[c]) for c in columns))


def _published(figures: pl.DataFrame, ask: Ask) -> Answer:
    """The ratio of published shares of known clusters, where no owner was counted yet."""
    rows = latest_figures(figures, ask, str(ask.scope["topic"]))
    a, b = of_sides(rows, ask)
    if a.is_empty() or b.is_empty():
        return ask.lacks("no count of AI chips by owner was known")
    both = pl.concat([a, b])
    ours, theirs = (figure_interval(r) for r in both.iter_rows(named=True))
    how = "ratio of two published shares of known clusters, bounds from rounding"
    a_name, b_name = (in_sentence(country_name(x)) for x in (ask.sides.a, ask.sides.b))
    label = f"{a_name} over {b_name}"
    one = from_figures(ask, both, label, "ratio", ratio(theirs, ours), method=how)
    return Answer(
        estimates=(one,),
        says=f"of the clusters known, {a_name} held {ours.value:.0%} and {b_name} "
        f"{theirs.value:.0%} of the performance",
        rows=shown(both, FIGURE_COLUMNS),
        notes=("the clusters known are a part of all, and hidden ones are not spread evenly",),
    )
