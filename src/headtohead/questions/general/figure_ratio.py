"""How many times one cited figure is another: of two subjects, or of one at two times."""

import math
from datetime import date

import polars as pl

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import unit
from headtohead.evidence.picking import shown
from headtohead.names.names import country_name, in_sentence
from headtohead.questions.published import (
    FIGURE_COLUMNS,
    FIGURE_WORDS,
    figure_interval,
    figure_words,
    from_figures,
    measured,
)

QUESTION = Question(
    asks="How many times the figure of one subject is that of another, or its own earlier one?",
    reads=("figures",),
    units=("ratio",),
    scope={
        **FIGURE_WORDS,
        "subject": ScopeWord(
            "text",
            "Whose figure; empty: side A.",
            "",
            column="subject",
            within=("topic", "measure"),
        ),
        "over": ScopeWord(
            "text",
            "Over whose figure; empty: side B.",
            "",
            column="subject",
            within=("topic", "measure"),
        ),
        "since": ScopeWord(
            "day", "Or over its own figure of this day or the last before; empty: no.", ""
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """One ratio, of figures of the last window that both have.

    Raises:
        InputError: If the figures are on a scale without a zero, where a ratio means nothing.
    """
    mine = str(ask.scope["subject"] or ask.sides.a)
    theirs = str(ask.scope["over"] or ask.sides.b)
    every = measured(frames["figures"], ask, (mine, theirs))
    a, b = (every.filter(pl.col("subject") == name) for name in (mine, theirs))
    mine_said, theirs_said = (in_sentence(country_name(name)) for name in (mine, theirs))
    label = f"{mine_said} over {theirs_said}"
    if since := str(ask.scope["since"]):
        b = a.filter(pl.col("window_end") <= date.fromisoformat(since))
        label = f"{mine_said} over itself of {since}"
    else:
        window = ["window_start", "window_end"]
        a, b = a.join(b, on=window, how="semi"), b.join(a, on=window, how="semi")
    if a.is_empty() or b.is_empty():
        whose = mine_said if since else f"{mine_said} and {theirs_said}"
        return ask.lacks(f"no figures of “{ask.scope['measure']}” of {whose} to compare were known")
    pair = pl.concat([a.tail(1), b.tail(1)])
    _check_scale(pair)
    top, bottom = (figure_interval(row) for row in pair.iter_rows(named=True))
    if bottom.value <= 0 or top.value < 0:
        return Answer(missing="a ratio to a figure of 0, or of one below 0, means nothing")
    times = _over(top, bottom)
    how = "published figures, one over the other, bounds from their rounding"
    base = f"its own of {since}" if since else f"that of {theirs_said}"
    said = (f"figure of {mine_said} as a multiple of {base}",)
    one = from_figures(ask, pair, label, "ratio", times, method=how, called=said)
    first, second = map(figure_words, pair.iter_rows(named=True))
    return Answer(
        estimates=(one,),
        says=f"published figures of “{ask.scope['measure']}”, {first} against {second}: "
        f"{times.value:.3g} times as much "
        f"({one.interval()})",
        rows=shown(pair, FIGURE_COLUMNS),
        notes=tuple(pair["scope"].unique(maintain_order=True)),
    )


def _over(top: Interval, bottom: Interval) -> Interval:
    """All ratios that two bounded figures leave open; unbounded where one has no bounds."""
    value = top.value / bottom.value
    if not all(map(math.isfinite, (top.low, top.high, bottom.low, bottom.high))):
        return Interval(value, -math.inf, math.inf)
    low = max(0.0, top.low) / bottom.high
    return Interval(value, low, top.high / bottom.low if bottom.low > 0 else math.inf)


def _check_scale(pair: pl.DataFrame) -> None:
    """Refuse figures of two units, or of a unit whose ratios mean nothing."""
    suffixes = sorted(pair["unit"].unique())
    if len(suffixes) > 1 or unit(suffixes[0]).scale not in ("ratio", "count"):
        raise InputError(
            f"A ratio of figures in {' and '.join(suffixes)} means nothing: ask for the figures "
            "themselves (general.figure), or for a measure in one unit with a true zero."
        )
