"""How far the best entrant of one side is ahead of the best of the other."""

import polars as pl

from headtohead.capability.words import SIDE_WORDS
from headtohead.core.question import Answer, Ask, Frames, Question
from headtohead.core.units import show
from headtohead.evidence.picking import estimate, shown, side, side_name, where
from headtohead.ratings.published import BOARD_WORDS, best, board_rows, rating_interval
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="How many rating points is the best of side B above the best of side A?",
    reads=("arena_ratings",),
    units=("elo",),
    scope={
        **BOARD_WORDS,
        **SIDE_WORDS,
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Best of B minus best of A, in rating points; above zero if B leads."""
    rows = board_rows(frames["arena_ratings"], ask)
    a, b = best(where(rows, side(ask, "a"))), best(where(rows, side(ask, "b")))
    if a.is_empty() or b.is_empty():
        return ask.lacks(f"no {ask.scope['board']} board with both sides was known")
    ours, theirs = (rating_interval(best_row.row(0, named=True)) for best_row in (a, b))
    gap = difference(ours, theirs)
    both = pl.concat([b, a])
    one = estimate(
        ask,
        both,
        label=f"{side_name(side(ask, 'b'))} minus {side_name(side(ask, 'a'))}",
        interval=gap,
        unit="elo",
        method="difference of two published ratings, intervals combined as independent (MOVER)",
        n=rows.height,
        n_of="entrants on the board",
    )
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    says = (
        f"the best {name_b} entrant, {b['model_name'][0]}, has {show(theirs.value, 'elo')} and "
        f"the best {name_a} one, {a['model_name'][0]}, {show(ours.value, 'elo')}: "
        f"{gap.value:+.0f} ({gap.low:+.0f} to {gap.high:+.0f})"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(
            both,
            "model_name model_id mode lab country open rating_elo rating_low_elo rating_high_elo "
            "observed_on",
        ),
    )
