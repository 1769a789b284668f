"""The best model of each side on a published capability index, by release date."""

from typing import TYPE_CHECKING

from headtohead.analyses.indexes import INDEX_WORDS, NO_INDEX, gap, released
from headtohead.analyses.picking import estimate, shown, side, side_name
from headtohead.core.question import Answer, Ask, Frames, Question
from headtohead.core.units import show

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="How far apart are the best models of the two sides on a capability index?",
    reads=("index_scores",),
    units=("index",),
    scope=dict(INDEX_WORDS),
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Best of B minus best of A among models released by the end of `about`, in index points."""
    import polars as pl

    found = gap(frames["index_scores"], ask, ask.about.end)
    if found is None:
        return Answer(missing=NO_INDEX.format(as_of=ask.as_of))
    diff, both = found
    level = both["level_frac"].drop_nulls()
    series = pl.concat([_records(released(frames["index_scores"], ask, w, ask.about.end), ask, w)
                        for w in ("a", "b")])  # fmt: skip
    made = estimate(
        ask,
        both,
        label=f"{side_name(side(ask, 'b'))} minus {side_name(side(ask, 'a'))}",
        interval=diff,
        unit="index",
        level=level[0] if level.len() else 0.9,
        method="difference of two published scores, combined as independent (MOVER)",
        n=series.height,
        n_of="models released by then",
    )
    a, b = both.row(0, named=True), both.row(1, named=True)
    says = (
        f"the best {side_name(side(ask, 'b'))} model, {b['model_name']}, scores "
        f"{show(b['score_index'], 'index')} and the best {side_name(side(ask, 'a'))} one, "
        f"{a['model_name']}, {show(a['score_index'], 'index')}: {diff.value:+.1f} "
        f"({diff.low:+.1f} to {diff.high:+.1f})"
    )
    edition = both["vintage"][0]
    return Answer(
        estimates=(made,),
        says=says,
        rows=shown(series, _COLUMNS),
        notes=(f"index edition of {edition}; the scale has no zero, so no ratio is made",),
    )


_COLUMNS = (
    "side", "is_record", "model_name", "lab", "country", "score_index", "score_low_index",
    "score_high_index", "released_on", "vintage",
)  # fmt: skip


def _records(rows: "pl.DataFrame", ask: Ask, which: str) -> "pl.DataFrame":
    """One side's models by release date, marking those that were its best when they came."""
    import polars as pl

    rows = rows.sort("released_on", "score_index", descending=[False, True])
    best_before = pl.col("score_index").cum_max().shift(1).fill_null(float("-inf"))
    return rows.with_columns(
        side=pl.lit(side_name(side(ask, which))), is_record=pl.col("score_index") > best_before
    )
