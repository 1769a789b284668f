"""By which share the gap between two sides on tests closed between two days."""

from datetime import date

import polars as pl

from headtohead.capability.scores import SCORE_COLUMNS, SCORE_WORDS, best_run, pairs, runs
from headtohead.capability.words import SIDE_WORDS
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, listed, shown, side, side_name
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
    gaps = {day: _gaps(frames["benchmark_scores"], ask, day) for day in (since, ask.about.end)}
    for name, (first, early) in gaps[since].items():
        if name not in gaps[ask.about.end] or first.value <= 0:
            continue
        last, late = gaps[ask.about.end][name]
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
        says.append(f"{name} from {100 * first.value:.1f} to {100 * last.value:.1f} points")
    if not estimates:
        return ask.lacks("no test of both sides at both days was known")
    names = f"{side_name(side(ask, 'a'))} over {side_name(side(ask, 'b'))}"
    return Answer(
        estimates=tuple(estimates),
        says=f"the lead of {names} went on {listed(says)} between {since} and {ask.about.end}",
        rows=shown(pl.concat(kept), SCORE_COLUMNS),
    )


def _gaps(frame: pl.DataFrame, ask: Ask, day: date) -> dict[str, tuple[Interval, pl.DataFrame]]:
    """Test -> (best of A minus best of B, the two rows), among models there by a day."""
    rows = runs(frame, ask.scope, day).filter(pl.col("observed_on").is_not_null())
    a, b = best_run(rows, side(ask, "a")), best_run(rows, side(ask, "b"))
    return {name: (difference(low, high), pair) for name, pair, high, low in pairs(a, b)}
