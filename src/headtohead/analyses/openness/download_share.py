"""Which share of open-model downloads goes to one side."""

from headtohead.analyses.picking import estimate, shown
from headtohead.analyses.published import FIGURE_COLUMNS, figure_interval, latest_figures
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.stats.intervals import Interval, difference

QUESTION = Question(
    asks="Which share of the model downloads goes to side B, and is it ahead of side A?",
    reads=("figures",),
    units=("frac",),
    scope={
        "measure": ScopeWord(
            "text", "share of B, or lead of B over A.", "share", ("share", "lead")
        ),
        "topic": ScopeWord("text", "Topic of the figures.", "hf_download_share"),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The published share of B, or its lead over A, with rounding bounds."""
    import polars as pl

    rows = latest_figures(frames["figures"], ask, str(ask.scope["topic"]))
    rows = rows.filter(pl.col("unit") == "frac")
    a, b = (rows.filter(pl.col("subject") == getattr(ask.sides, w)).head(1) for w in ("a", "b"))
    if a.is_empty() or b.is_empty():
        return Answer(missing=f"no download share of both sides was known by {ask.as_of}")
    both = pl.concat([b, a])
    share, other = (Interval(*figure_interval(r)) for r in both.iter_rows(named=True))
    is_lead = ask.scope["measure"] == "lead"
    found = difference(other, share) if is_lead else share
    made = estimate(
        ask,
        both,
        label="lead in downloads" if is_lead else "share of downloads",
        interval=(found.value, found.low, found.high),
        unit="frac",
        level=1.0,
        method="published share, bounds from its rounding",
        n=2,
        n_of="published figures",
    )
    says = (
        f"{ask.sides.b} had {share.value:.1%} and {ask.sides.a} {other.value:.1%} of downloads in "
        f"the year to {both['window_end'][0]}"
    )
    return Answer(
        estimates=(made,),
        says=says,
        rows=shown(both, FIGURE_COLUMNS),
        notes=("downloads are not users, and mirrors and tests count too",),
    )
