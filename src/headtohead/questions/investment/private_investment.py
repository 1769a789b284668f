"""Private investment in AI by country, as published."""

import polars as pl

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import shown
from headtohead.names.names import country_name, in_sentence
from headtohead.questions.published import (
    FIGURE_COLUMNS,
    figure,
    figure_interval,
    from_figures,
    latest_figures,
    of_sides,
)
from headtohead.stats.intervals import ratio

QUESTION = Question(
    asks="How much private investment went into AI on each side, and what is the ratio?",
    reads=("figures",),
    units=("usd", "ratio"),
    scope={
        "measure": ScopeWord(
            "text", "amounts (one a side) or ratio (A over B).", "amounts", ("amounts", "ratio")
        ),
        "topic": ScopeWord("text", "Topic of the figures.", "private_investment", column="topic"),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Both published amounts of the last year known, or their ratio, with rounding bounds."""
    rows = latest_figures(frames["figures"], ask, str(ask.scope["topic"]))
    pair = of_sides(rows, ask)
    if any(side.is_empty() for side in pair):
        return ask.lacks("no private investment of both sides was known")
    ours, theirs = (figure_interval(side.row(0, named=True)) for side in pair)
    times = ratio(theirs, ours)
    both = pl.concat(pair)
    year = both["window_start"][0].year
    a_name, b_name = (in_sentence(country_name(x)) for x in (ask.sides.a, ask.sides.b))
    amounts = [
        figure(
            ask, side, side["subject"][0], "usd", called=(f"private investment in AI in {name}",)
        )
        for side, name in zip(pair, (a_name, b_name), strict=True)
    ]
    label = f"{a_name} over {b_name}"
    how = "ratio of two published figures, bounds from rounding"
    said = (f"private investment in AI in {a_name} as a multiple of that in {b_name}",)
    over = from_figures(ask, both, label, "ratio", times, method=how, n_of="figures", called=said)
    says = (
        f"private investment in AI in {year} was {show(ours.value, 'usd')} "
        f"({a_name}) and {show(theirs.value, 'usd')} "
        f"({b_name}), {times.value:.1f} times as much"
    )
    every = frames["figures"].filter(
        (pl.col("topic") == ask.scope["topic"]) & (pl.col("window_end") <= ask.about.end)
    )
    return Answer(
        estimates=(over,) if ask.scope["measure"] == "ratio" else tuple(amounts),
        says=says,
        rows=shown(every.sort("window_start", "subject"), FIGURE_COLUMNS),
        notes=("leaves out state funds, listed companies' own spending and their data centres",),
    )
