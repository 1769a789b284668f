"""How many families of one side have open weights, besides those named."""

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    listed,
    shown,
    side,
    side_name,
    span,
    unplaced,
    where,
)

QUESTION = Question(
    asks="How many families of side A besides these have models with open weights?",
    reads=("openness",),
    units=("n",),
    scope={
        "a": ScopeWord(
            "text", "Side A as column=value, ...; empty: the side asked for.", "", column=FILTER
        ),
        "besides": ScopeWord("texts", "Families that do not count.", (), column="brand"),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The count over a listed set, which bounds the truth from below."""
    rows = frames["openness"].filter(pl.col("valid_from") <= ask.about.end).sort("valid_from")
    rows = rows.unique("model_name", keep="last", maintain_order=True)
    known = where(rows, side(ask, "a"))
    if known.is_empty():
        return ask.lacks("no openness of models of that side was known")
    family = pl.coalesce("brand", "model_name")
    others = known.filter(
        pl.col("weights_open").fill_null(False) & ~family.is_in(list(ask.scope["besides"]))
    ).sort("valid_from", "model_name")
    families = others.select(family.alias("family_name")).unique().height
    name = side_name(side(ask, "a"))
    counted = estimate(
        ask,
        known,
        label=f"other {name} families with open weights",
        interval=Interval(families, families, float("inf")),
        unit="n",
        level=1.0,
        method="count over a listed set of models; what is not listed comes on top",
        n=known.height,
        n_of="models listed",
    )
    models = others["model_name"].to_list()
    says = (
        f"of models released {span(known)}, {families} other {name} "
        f"{'family has' if families == 1 else 'families have'} open weights"
    )
    says += f" ({listed(models)})" if models else ""
    columns = "model_name model_id organisation country brand weights_open licence valid_from"
    notes = unplaced(rows, "models listed", side(ask, "a"))
    nameless = others["brand"].null_count()
    if nameless:
        notes += (f"{nameless} of {others.height} such models are of no known family: each counts",)
    return Answer(estimates=(counted,), says=says, rows=shown(others, columns), notes=notes)
