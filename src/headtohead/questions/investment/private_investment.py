"""Private investment in AI by country, as published."""

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import estimate, shown
from headtohead.questions.published import FIGURE_COLUMNS, figure_interval, latest_figures
from headtohead.stats.intervals import ratio

QUESTION = Question(
    asks="How much private investment went into AI on each side, and what is the ratio?",
    reads=("figures",),
    units=("usd", "ratio"),
    scope={
        "measure": ScopeWord("text", "amounts (one a side) or ratio (A over B).", "amounts",
                             ("amounts", "ratio")),
        "topic": ScopeWord("text", "Topic of the figures.", "private_investment"),
    },
)  # fmt: skip


def run(frames: Frames, ask: Ask) -> Answer:
    """Both published amounts of the last year known, or their ratio, with rounding bounds."""
    import polars as pl

    rows = latest_figures(frames["figures"], ask, str(ask.scope["topic"]))
    pair = {w: rows.filter(pl.col("subject") == getattr(ask.sides, w)) for w in ("a", "b")}
    if pair["a"].is_empty() or pair["b"].is_empty():
        return Answer(missing=f"no private investment of both sides was known by {ask.as_of}")
    sums = {w: figure_interval(f.row(0, named=True)) for w, f in pair.items()}
    times = ratio(sums["b"], sums["a"])
    both = pl.concat([pair["a"], pair["b"]])
    year = both["window_start"][0].year
    made = [
        estimate(
            ask, pair[w], label=getattr(ask.sides, w),
            interval=sums[w], unit="usd", level=1.0,
            method="published figure, bounds from its rounding", n=1, n_of="published figures",
        )
        for w in ("a", "b")
    ]  # fmt: skip
    over = estimate(
        ask, both, label=f"{ask.sides.a} over {ask.sides.b}",
        interval=times, unit="ratio", level=1.0,
        method="ratio of two published figures, bounds from rounding", n=2, n_of="figures",
    )  # fmt: skip
    says = (
        f"private investment in {year} was {show(sums['a'].value, 'usd')} in {ask.sides.a} and "
        f"{show(sums['b'].value, 'usd')} in {ask.sides.b}, {times.value:.1f} times as much"
    )
    every = frames["figures"].filter(
        (pl.col("topic") == ask.scope["topic"]) & (pl.col("window_end") <= ask.about.end)
    )
    return Answer(
        estimates=(over,) if ask.scope["measure"] == "ratio" else tuple(made),
        says=says,
        rows=shown(every.sort("window_start", "subject"), FIGURE_COLUMNS),
        notes=("leaves out state funds, listed companies' own spending and their data centres",),
    )
