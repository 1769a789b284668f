"""The AI chips that each side's owners hold, in H100-equivalents."""

from typing import TYPE_CHECKING

from headtohead.analyses.picking import estimate, latest_day, shown, side, side_name, where
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show
from headtohead.stats.intervals import Interval, ratio, sum_of

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="How many times more AI compute do side A's owners hold than side B's?",
    reads=("compute_stock",),
    units=("ratio", "h100e"),
    scope={
        "owners": ScopeWord("texts", "Owners that speak for side A; empty: all of them.", ()),
        "measure": ScopeWord(
            "text",
            "ratio: A over B; a or b: one side's stock; growth: B's stock over a year before.",
            "ratio",
            ("ratio", "a", "b", "growth"),
        ),
        "domestic": ScopeWord("flag", "Count chips designed by side B too.", False),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Stock at the last quarter's end in the window; rows are every owner and quarter."""
    import polars as pl

    totals = frames["compute_stock"].filter(
        (pl.col("measure") == "stock") & (pl.col("chip") == "all") & (pl.col("owner") != "all")
    )
    day = latest_day(totals, "window_end", ask.about, 200)
    if day is None:
        return Answer(missing=f"no count of AI chips by owner was known by {ask.as_of}")
    if ask.scope["domestic"] and where(totals, side(ask, "b")).filter(_made_by_b(ask)).is_empty():
        name = side_name(side(ask, "b"))
        return Answer(
            missing=f"no count of {name}-designed chips may be used: the chip counts hold only "
            "Nvidia, AMD, Google and Amazon chips"
        )
    now, before = _sides(totals, ask, day), _sides(totals, ask, day.replace(year=day.year - 1))
    if now["b"].is_empty() or now["a"].is_empty():
        return Answer(missing=f"no count of AI chips of both sides was known by {ask.as_of}")
    stock = {w: _stock(now[w]) for w in ("a", "b")}
    measure = str(ask.scope["measure"])
    if measure == "growth":
        if before["b"].is_empty():
            return Answer(missing=f"no count a year before {day} was known by {ask.as_of}")
        found, used = ratio(_stock(before["b"]), stock["b"]), pl.concat([now["b"], before["b"]])
    elif measure == "ratio":
        found, used = ratio(stock["b"], stock["a"]), pl.concat([now["a"], now["b"]])
    else:
        found, used = stock[measure], now[measure]
    made = estimate(
        ask,
        used,
        label={"ratio": "A over B", "a": "A", "b": "B", "growth": "B now over a year before"}[
            measure
        ],
        interval=(found.value, found.low, found.high),
        unit="ratio" if measure in ("ratio", "growth") else "h100e",
        level=0.9,
        method="sum of published medians; ends added as if fully dependent; ratio by MOVER",
        n=used.height,
        n_of="owner and chip-maker totals",
    )
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    says = (
        f"at {day} {name_a} owners held {show(stock['a'].value, 'h100e')} and {name_b} owners "
        f"{show(stock['b'].value, 'h100e')} ({show(stock['b'].low, 'h100e')} to "
        f"{show(stock['b'].high, 'h100e')})"
    )
    if measure in ("ratio", "growth"):
        says += f": {made.label} {found.value:.1f} ({found.low:.1f} to {found.high:.1f})"
    rows = totals.filter(pl.col("window_end") <= ask.about.end).with_columns(side=pl.col("country"))
    return Answer(estimates=(made,), says=says, rows=shown(rows, _COLUMNS), notes=_NOTES)


_COLUMNS = (
    "owner", "country", "side", "maker", "window_end", "units_n", "compute_h100e",
    "compute_low_h100e", "compute_high_h100e",
)  # fmt: skip
_NOTES = (
    "counts Nvidia, AMD, Google and Amazon chips only: no Huawei or other domestic chips, no "
    "smuggled chips, nothing rented abroad; an owner is not a place",
)


def _made_by_b(ask: Ask) -> "pl.Expr":
    import polars as pl

    return ~pl.col("maker").is_in(["Nvidia", "AMD", "Google", "Amazon"])


def _sides(totals: "pl.DataFrame", ask: Ask, day: object) -> "dict[str, pl.DataFrame]":
    import polars as pl

    rows = totals.filter(pl.col("window_end") == day)
    a = where(rows, side(ask, "a"))
    if ask.scope["owners"]:
        a = a.filter(pl.col("owner").is_in(list(ask.scope["owners"])))
    return {"a": a, "b": where(rows, side(ask, "b"))}


def _stock(rows: "pl.DataFrame") -> Interval:
    columns = ("compute_h100e", "compute_low_h100e", "compute_high_h100e")
    parts = [Interval(*(float(row[c]) for c in columns)) for row in rows.iter_rows(named=True)]
    return sum_of(parts, dependent=True)
