"""A share that a study published for an earlier time."""

import polars as pl

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import shown
from headtohead.names.names import nationality
from headtohead.questions.published import FIGURE_COLUMNS, figure, figure_share_of

QUESTION = Question(
    asks="Which share of tokens did side B have, by this study's figure?",
    reads=("figures",),
    units=("frac",),
    scope={
        "topic": ScopeWord("text", "Topic of the figures.", "chinese_open_share", column="topic"),
        "measure": ScopeWord(
            "text", "Which figure of the topic.", column="measure", within=("topic",)
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The published share with the bounds of its rounding."""
    rows = frames["figures"].filter(
        (pl.col("topic") == ask.scope["topic"])
        & (pl.col("measure") == ask.scope["measure"])
        & (pl.col("subject") == ask.sides.b)
        & (pl.col("unit") == "frac")
        & (pl.col("window_end") <= ask.about.end)
    )
    if rows.is_empty():
        return ask.lacks(f"no such share of {nationality(ask.sides.b)} models was known")
    row = rows.sort("known_on", descending=True).head(1)
    share = figure(ask, row, str(ask.scope["measure"]), "frac")
    start, end = row["window_start"][0], row["window_end"][0]
    kind = "open " if "_open_" in str(ask.scope["topic"]) else ""
    says = (
        f"a study gives {kind}{nationality(ask.sides.b)} models {share.value:.1%} from {start} to "
        f"{end} ({ask.scope['measure']})"
    )
    notes = (figure_share_of(row),)
    return Answer(estimates=(share,), says=says, rows=shown(row, FIGURE_COLUMNS), notes=notes)
