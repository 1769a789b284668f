"""Which models were trained on chips that export rules had weakened or banned."""

import re
from datetime import date

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    known,
    listed,
    shown,
    side,
    side_name,
    span,
    unplaced,
    where,
)

QUESTION = Question(
    asks="How many of side B's large models have documented training on these chips?",
    reads=("training_runs",),
    optional=("controlled_chips",),
    units=("n", "frac"),
    scope={
        "chips": ScopeWord(
            "texts",
            "Parts of hardware names that count; empty: chips made to stay below an export rule, "
            "and those of Chinese design.",
            (),
            column="hardware",
            part=True,
        ),
        "min_flop": ScopeWord("number", "Smallest training compute that counts as large.", 1e24),
        "since": ScopeWord("day", "First publication day.", "2022-10-07"),
        "measure": ScopeWord(
            "text",
            "count; share of all, bounded for those without known hardware; or documented, the "
            "share of those with known hardware.",
            "count",
            ("count", "share", "documented"),
        ),
        "b": ScopeWord("text", "The side as column=value, ...; empty: side B.", "", column=FILTER),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The count; or the share among documented ones, undocumented ones bounding it."""
    since = date.fromisoformat(str(ask.scope["since"]))
    every = frames["training_runs"].filter(pl.col("published_on").is_between(since, ask.about.end))
    notes = unplaced(every, "models", side(ask, "b"))
    rows, unmeasured = known(
        where(every, side(ask, "b")), "train_flop", "models, whose training compute is not known"
    )
    rows = rows.filter(pl.col("train_flop") >= float(ask.scope["min_flop"]))
    if rows.is_empty():
        return ask.lacks("no large training run of that side was known")
    chips = frames["controlled_chips"]
    if chips.is_empty() and not ask.scope["chips"]:
        return ask.lacks("no list of the chips made for export rules was known")
    pattern = "|".join(ask.scope["chips"]) or _weakened(chips)
    documented = rows.filter(pl.col("hardware").is_not_null())
    fitting = documented.filter(pl.col("hardware").str.contains(pattern)).sort("published_on")
    n, documented_n, total = fitting.height, documented.height, rows.height
    if ask.scope["measure"] == "count":
        interval, unit = Interval(n, n, n + total - documented_n), "n"
    elif ask.scope["measure"] == "documented":
        if not documented_n:
            return ask.lacks("no training hardware of a large model of that side was known")
        share = n / documented_n
        interval, unit, total = Interval(share, share, share), "frac", documented_n
    else:
        low, high = n / total, (n + total - documented_n) / total
        interval, unit = Interval(min(max(n / max(documented_n, 1), low), high), low, high), "frac"
    one = estimate(
        ask,
        fitting if n else rows,
        label="models on weakened or domestic chips",
        interval=interval,
        unit=unit,
        level=1.0,
        method="count of documented training hardware; undocumented models bound it from above",
        n=total,
        n_of="large models" + " with documented hardware" * (total == documented_n),
    )
    newest = listed(fitting["model_name"].to_list()[-5:])
    says = (
        f"of {rows.height} large {side_name(side(ask, 'b'))} models, published {span(rows)}, "
        f"{documented_n} have documented hardware and {n} of these trained on such chips "
        f"(the last: {newest})"
    )
    columns = "model_name organisation published_on train_flop hardware chips_n confidence"
    return Answer(
        estimates=(one,), says=says, rows=shown(documented, columns), notes=(*notes, *unmeasured)
    )


def _weakened(chips: pl.DataFrame) -> str:
    """What the names of chips made to stay below a rule, or of Chinese design, hold."""
    made_for = chips.filter(pl.col("weakened") & (pl.col("country") != "CN"))["chip"]
    own = chips.filter(pl.col("country") == "CN")
    family = own["chip"].str.split(" ").list.first()
    names = {*made_for, *own["maker"], *family}
    return rf"\b(?:{'|'.join(sorted(map(re.escape, names)))})\b"
