"""What training cost, by the method and scope of each published figure."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import listed, shown
from headtohead.prices.training.scopes import METHODS, different, method_words
from headtohead.questions.published import FIGURE_COLUMNS, figure, figure_interval, from_figures


def _picked(figures: pl.DataFrame, scope: Mapping[str, Any]) -> pl.DataFrame:
    """The costs asked for, the smallest first."""
    rows = figures.filter((pl.col("topic") == "training_cost") & (pl.col("unit") == "usd"))
    for column, word in (("subject", "subjects"), ("measure", "measures")):
        if wanted := [*scope[word], *(scope["parts"] if word == "measures" else ())]:
            rows = rows.filter(pl.col(column).is_in(wanted))
    return rows.sort("value")


def _mixed(frames: Frames, scope: Mapping[str, Any]) -> str:
    """Why no one bound can hold the costs asked for; empty if they are of one scope."""
    scopes = different(_picked(frames["figures"], scope)["measure"])
    if not scopes or scope["show"] == "sum":
        return ""
    return (
        f"These are figures of different scope, which no one bound can hold: {listed(scopes)}. "
        "Name one of them in measures, or join one reading for each by all_of."
    )


QUESTION = Question(
    asks="What did training these models cost, by this method?",
    reads=("figures",),
    units=("usd",),
    scope={
        "subjects": ScopeWord(
            "texts",
            "Models or companies, as in the figures; empty: all.",
            (),
            column="subject",
            within=("topic=training_cost",),
        ),
        "measures": ScopeWord(
            "texts",
            "Methods, as in the figures; an empty list: all.",
            ("amortised",),
            column="measure",
            within=("topic=training_cost",),
        ),
        "show": ScopeWord(
            "text",
            "one: figures of one method; sum: the figures as parts of one whole, and what nobody "
            "published comes on top; side_by_side: figures of any method, which no bound can join.",
            "one",
            ("one", "sum", "side_by_side"),
        ),
        "parts": ScopeWord(
            "texts",
            "Of a sum, all methods that make up the whole: it is bounded once a figure of each of "
            "them is known, and open above until then.",
            (),
            tuple(METHODS),
        ),
    },
    refuses=_mixed,
)


def run(frames: Frames, ask: Ask) -> Answer:
    """One published cost for each model and method asked for, or their sum.

    Raises:
        InputError: If figures of different scope were to be held against one bound.
    """
    rows = _picked(frames["figures"], ask.scope)
    if rows.is_empty():
        return ask.lacks("no training cost of that scope was known")
    lost = [name for name in ask.scope["subjects"] if name not in set(rows["subject"])]
    if ask.scope["show"] == "one" and (fault := _mixed(frames, ask.scope)):
        raise InputError(fault)
    if ask.scope["show"] == "sum":
        return _sum(ask, rows)
    estimates = [
        figure(ask, row, f"{subject}, {how}", "usd", method=f"published figure: {how}")
        for row in rows.iter_slices(1)
        for subject, how in [(row["subject"][0], method_words(row["measure"][0]))]
    ]
    says = listed(f"{e.label} ({e.observed_on}): {show(e.value, 'usd')}" for e in estimates)
    return Answer(
        estimates=tuple(estimates), says=says, rows=shown(rows, _COLUMNS), absent=tuple(lost)
    )


_COLUMNS = f"{FIGURE_COLUMNS} lab country"


def _sum(ask: Ask, rows: pl.DataFrame) -> Answer:
    """The published parts of one whole, which bound it from below until all of them are known."""
    parts = {
        f"{r['subject']}, {method_words(r['measure'])}": figure_interval(r)
        for r in rows.iter_rows(named=True)
    }
    value, low, high = (
        sum(getattr(part, end) for part in parts.values()) for end in ("value", "low", "high")
    )
    lacking = [method_words(p) for p in ask.scope["parts"] if p not in set(rows["measure"])]
    is_whole = bool(ask.scope["parts"]) and not lacking
    on_top = "" if is_whole else "; what nobody published comes on top"
    whole = from_figures(
        ask,
        rows,
        "all that is published of the cost",
        "usd",
        Interval(value, low, high if is_whole else float("inf")),
        method=f"sum of published figures{on_top}",
    )
    rest = f"what {listed(lacking)} cost is not published" if lacking else "the rest is unknown"
    said = listed(f"{label}: {show(part.value, 'usd')}" for label, part in parts.items())
    return Answer(
        estimates=(whole,),
        says=f"what is published up to {whole.observed_on} adds up to {show(value, 'usd')} "
        f"({said})" + f", and {rest}" * (not is_whole),
        rows=shown(rows, _COLUMNS),
    )
