"""The average lead of one side over the days of a window."""

import math

from headtohead.core.estimate import Interval, leads_by
from headtohead.core.question import Answer, Ask, Frames, Question
from headtohead.evidence.picking import estimate, shown
from headtohead.questions.series import (
    SERIES_COLUMNS,
    SERIES_TABLES,
    SERIES_WORDS,
    lead_series,
)

QUESTION = Question(
    asks="How far was side B ahead of side A on average over the days of the window?",
    reads=(),
    optional=SERIES_TABLES,
    units=("elo", "pp"),
    scope=SERIES_WORDS,
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The mean lead over days, each day with the newest evidence that speaks for it.

    The errors of boards that share votes are not independent, so the ends are averaged too, as if
    all erred together: no interval could be wider.
    """
    series = lead_series(frames, ask)
    if series is None:
        return ask.lacks(f"nothing that speaks for a day of {ask.about.in_words} was known")
    if not series.mostly_known:
        return ask.lacks(
            f"for an average over {series.window} only {series.known_words()}, were known"
        )
    weights, total = series.weights, sum(series.weights)
    value, low, high = (
        math.fsum(
            w * getattr(lead.interval, end) for w, lead in zip(weights, series.leads, strict=True)
        )
        / total
        for end in ("value", "low", "high")
    )
    mean = Interval(value, low, high)
    one = estimate(
        ask,
        series.rows,
        label=f"{series.label}, mean over {series.window}",
        interval=mean,
        unit=series.unit,
        level=series.leads[0].level,
        method=f"mean over days of {series.known_words()}; ends averaged as if all erred together",
        n=len(series.leads),
        n_of=series.of,
        ages=False,
        called=leads_by(series.a, series.b, f", on average over {series.window},"),
    )
    says = f"on average over {series.window} {series.lead_words(mean)}, by {series.known_words()}"
    return Answer(
        estimates=(one,), says=says, rows=shown(series.rows, SERIES_COLUMNS), notes=series.notes
    )
