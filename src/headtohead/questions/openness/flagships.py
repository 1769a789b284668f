"""How many flagship models are open, by which standard."""

from datetime import timedelta

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    listed,
    named,
    shown,
    side_column,
    side_name,
    span,
    unplaced,
    where,
)

CRITERIA = {
    "weights_open": "open weights",
    "licence_osi": "an OSI licence",
    "code_open": "open training code",
    "data_open": "open training data",
    "closed": "closed weights",
    "open_model": "class III or better of the Model Openness Framework",
}

QUESTION = Question(
    asks="Which share of the flagship models meets these standards of openness?",
    reads=("openness",),
    optional=("openness_classes",),
    units=("frac",),
    scope={
        "which": ScopeWord(
            "text", "Models as column=value, ...; empty: all flagships.", "", column=FILTER
        ),
        "models": ScopeWord("models", "Or exactly these models.", ()),
        "criteria": ScopeWord(
            "texts",
            "All must hold: weights_open, licence_osi, code_open, data_open, closed; open_model: "
            "class III or better of the Model Openness Framework, where it was evaluated.",
            ("weights_open",),
            tuple(CRITERIA),
        ),
        "months": ScopeWord(
            "number", "Flagships released in so many months before.", 18, ends=(0, 1_200)
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The share that meets every criterion; what is not known bounds it from both sides."""
    # The latest state of each model as of the end of `about`.
    rows = frames["openness"].filter(pl.col("valid_from") <= ask.about.end).sort("valid_from")
    rows = rows.unique("model_name", keep="last", maintain_order=True)
    since = ask.about.end - timedelta(days=round(float(ask.scope["months"]) * 30.44))
    notes: tuple[str, ...] = ()
    unlisted: list[str] = []
    if ask.scope["models"]:
        picked = [named(rows, wanted) for wanted in ask.scope["models"]]
        unlisted = [
            wanted.name
            for wanted, found in zip(ask.scope["models"], picked, strict=True)
            if found.is_empty()
        ]
        rows = pl.concat(picked).unique("model_name", maintain_order=True)
    else:
        recent = pl.col("flagship") & (pl.col("valid_from") >= since)
        rows = rows.filter(recent)
        notes = unplaced(rows, "flagship models", str(ask.scope["which"]))
        rows = where(rows, str(ask.scope["which"]))
    if rows.is_empty():
        return ask.lacks("no openness of these models was known")
    rows = _with_classes(rows, frames["openness_classes"])
    tests = [~pl.col("weights_open") if c == "closed" else pl.col(c) for c in ask.scope["criteria"]]
    rows = rows.with_columns(
        sure=pl.all_horizontal([t.fill_null(False) for t in tests]),
        perhaps=pl.all_horizontal([t.fill_null(True) for t in tests]),
        side=side_column(rows, ask),
    )
    sure, n = int(rows["sure"].sum()), rows.height + len(unlisted)
    # A model of which no state is known may be as open as any.
    perhaps = int(rows["perhaps"].sum()) + len(unlisted)
    if unlisted:
        notes += (f"nothing is known of {listed(unlisted)}, which may meet them or not",)
    one = estimate(
        ask,
        rows,
        label=listed(CRITERIA[c] for c in ask.scope["criteria"]),
        interval=Interval(sure / n, sure / n, perhaps / n),
        unit="frac",
        level=1.0,
        method="count over a listed set; what is not known counts against, then for",
        n=n,
        n_of="models listed",
    )
    fails = rows.filter(~pl.col("perhaps"))["model_name"].to_list()
    some = [*fails[:6], *([f"{len(fails) - 6} more"] if len(fails) > 6 else [])]
    without = f" (not {listed(some)})" if fails and len(fails) < n else ""
    who = side_name(str(ask.scope["which"]))
    says = (
        f"{sure} of {n} {who + ' ' if who else ''}models, released {span(rows)}, have "
        f"{listed(CRITERIA[c] for c in ask.scope['criteria'])}{without}"
    )
    return Answer(
        estimates=(one,), says=says, rows=shown(rows, _COLUMNS), notes=(*_evaluations(rows), *notes)
    )


def _with_classes(rows: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """The rows with the framework's class and open components of the same weights."""
    found = (
        classes.filter(pl.col("model_id").is_not_null())
        .sort("evaluated_on")
        .unique("model_id", keep="last", maintain_order=True)
        .select(
            "model_id",
            "openness_class",
            "open_components",
            open_model=pl.col("openness_class") != "none",
            also_source_id="source_id",
        )
    )
    joined = rows.join(found, on="model_id", how="left", maintain_order="left")
    # Without weights there is no class, evaluated or not.
    return joined.with_columns(pl.col("open_model") & pl.col("weights_open"))


def _evaluations(rows: pl.DataFrame) -> tuple[str, ...]:
    """What the framework says of each model that it evaluated."""
    lines = []
    for row in rows.filter(pl.col("openness_class").is_not_null()).iter_rows(named=True):
        reached = row["openness_class"]
        stands = "no class" if reached == "none" else f"class {reached}"
        lines.append(
            f"the Model Openness Framework gives {row['model_name']} {stands}; open there: "
            f"{(row['open_components'] or 'nothing').lower()}"
        )
    return tuple(lines)


_COLUMNS = (
    "model_name model_id organisation country side flagship weights_open licence licence_osi "
    "code_open data_open valid_from openness_class open_components"
)
