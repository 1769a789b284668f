"""Whether one side led on some day of a window."""

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
from headtohead.stats.intervals import jointly

QUESTION = Question(
    asks="How far was side B ahead of side A on its best day of the window?",
    reads=(),
    optional=SERIES_TABLES,
    units=("elo", "pp"),
    scope=SERIES_WORDS,
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The largest lead of any day, above zero if B led once; the best of many is corrected for.

    The intervals of all days are widened so that they hold together: the largest of their lower
    ends is then below the largest lead, and the largest of their upper ends above it. Where most
    days are without evidence, B may have led on one of them, and no upper end is given.
    """
    series = lead_series(frames, ask)
    if series is None:
        return ask.lacks(f"nothing that speaks for a day of {ask.about.in_words} was known")
    level = series.leads[0].level
    joint = [jointly(lead.interval, level, len(series.leads)) for lead in series.leads]
    best = max(series.leads, key=lambda lead: lead.interval.value)
    high = max(i.high for i in joint) if series.mostly_known else math.inf
    most = Interval(best.interval.value, max(i.low for i in joint), high)
    one = estimate(
        ask,
        series.rows,
        label=f"{series.label}, largest of {series.window}",
        interval=most,
        unit=series.unit,
        level=level,
        method=f"largest of {series.known_words()}; intervals widened for their number",
        n=len(series.leads),
        n_of=series.of,
        ages=False,
        called=leads_by(series.a, series.b, f", at most over {series.window},"),
    )
    says = (
        f"at their best in {series.window}, on {best.first}, {series.lead_words(most)}, by "
        f"{series.known_words()}"
    )
    return Answer(
        estimates=(one,), says=says, rows=shown(series.rows, SERIES_COLUMNS), notes=series.notes
    )
