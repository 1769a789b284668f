"""What training cost, by the method and scope of each published figure."""

import polars as pl

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import listed, shown
from headtohead.questions.published import FIGURE_COLUMNS, figure

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
            "Methods, as in the figures; empty: all.",
            (),
            column="measure",
            within=("topic=training_cost",),
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """One published cost for each model and method asked for."""
    rows = frames["figures"].filter(
        (pl.col("topic") == "training_cost") & (pl.col("unit") == "usd")
    )
    for column, word in (("subject", "subjects"), ("measure", "measures")):
        if ask.scope[word]:
            rows = rows.filter(pl.col(column).is_in(list(ask.scope[word])))
    if rows.is_empty():
        return ask.lacks("no training cost of that scope was known")
    rows = rows.sort("value")
    estimates = [
        figure(ask, row, f"{subject}, {how}", "usd", method=f"published figure: {how}")
        for row in rows.iter_slices(1)
        for subject, how in [(row["subject"][0], str(row["measure"][0]).replace("_", " "))]
    ]
    says = listed(f"{e.label}: {show(e.value, 'usd')}" for e in estimates[:6])
    return Answer(estimates=tuple(estimates), says=says, rows=shown(rows, FIGURE_COLUMNS))
