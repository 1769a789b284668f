"""By which share the gap between two sides on tests closed between two days."""

from datetime import date

import polars as pl

from headtohead.capability.scores import (
    SCORE_COLUMNS,
    SCORE_WORDS,
    best_run,
    pairs,
    runs,
    unmeasured,
    untested,
)
from headtohead.capability.words import SIDE_WORDS
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    known,
    listed,
    shown,
    side,
    side_name,
    span,
    unplaced,
)
from headtohead.evidence.tables import in_words
from headtohead.questions.closing import share_closed
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="Which share of the gap on these tests had closed by the later day?",
    reads=("benchmark_scores",),
    units=("frac",),
    scope={
        **SCORE_WORDS,
        "since": ScopeWord("day", "The earlier day."),
        **SIDE_WORDS,
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """One minus the later gap over the earlier one; 1 is closed, above 1 overtaken."""
    since = date.fromisoformat(str(ask.scope["since"]))
    estimates, kept, says = [], [], []
    before, notes = _gaps(frames["benchmark_scores"], ask, since)
    after, late_notes = _gaps(frames["benchmark_scores"], ask, ask.about.end)
    for name, (first, early) in before.items():
        if name not in after or first.value <= 0:
            continue
        last, late = after[name]
        closed = share_closed(first, last)
        rows = pl.concat([early, late])
        estimates.append(
            estimate(
                ask,
                rows,
                label=name,
                interval=closed,
                unit="frac",
                method="1 less later gap over earlier gap; Wilson intervals combined by MOVER",
                n=min(rows["tasks_n"].to_list()),
                n_of="tasks",
            )
        )
        kept.append(rows)
        says.append(
            f"{in_words(name)} from {100 * first.value:.1f} (runs of {span(early)}) to "
            f"{100 * last.value:.1f} percentage points (runs of {span(late)})"
        )
    if not estimates:
        return ask.lacks("no test of both sides at both days was known")
    names = f"{side_name(side(ask, 'a'))} over {side_name(side(ask, 'b'))}"
    return Answer(
        estimates=tuple(estimates),
        says=f"the lead of {names} went on {listed(says)}",
        rows=shown(pl.concat(kept), SCORE_COLUMNS),
        notes=tuple(dict.fromkeys((*notes, *late_notes))),
        absent=untested(ask.scope, [e.label for e in estimates]),
    )


_Gaps = dict[str, tuple[Interval, pl.DataFrame]]


def _gaps(frame: pl.DataFrame, ask: Ask, day: date) -> tuple[_Gaps, tuple[str, ...]]:
    """Test -> (best of A minus best of B, the two rows), among models there by a day; and notes."""
    rows, undated = known(
        runs(frame, ask.scope, day), "observed_on", "scores, of which no day is known"
    )
    filters = side(ask, "a"), side(ask, "b")
    a, b = (best_run(rows, words) for words in filters)
    gaps = {name: (difference(low, high), pair) for name, pair, high, low in pairs(a, b)}
    return gaps, (*undated, *unmeasured(a, b), *unplaced(rows, "scores", *filters))
