"""How far the best entrant of one side is ahead of the best of the other."""

import polars as pl

from headtohead.capability.words import SIDE_WORDS
from headtohead.core.estimate import leads_by
from headtohead.core.question import Answer, Ask, Frames, Question
from headtohead.core.units import apart, show_end
from headtohead.evidence.picking import estimate, shown, side, side_name
from headtohead.names.names import called
from headtohead.ratings.published import BOARD_WORDS, board_rows, board_words, gap_between

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
    pair, gap, notes = gap_between(rows, ask)
    if gap is None:
        return ask.lacks(f"no {ask.scope['board']} board with both sides was known")
    a, b = pair.iter_slices(1)
    both = pl.concat([b, a])
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    one = estimate(
        ask,
        both,
        label=f"{name_b} minus {name_a}",
        interval=gap,
        unit="elo",
        method="difference of two published ratings, intervals combined as independent (MOVER)",
        n=rows.height,
        n_of="entrants on the board",
        called=leads_by(f"best {name_a} entrant", f"best {name_b} one"),
    )
    fewer = apart(gap.value, gap.low, gap.high, "elo", "fewer")
    says = (
        f"on {board_words(rows, ask)} the best {name_b} entrant, {called(b['model_name'][0])}, "
        f"with {show_end(b['rating_elo'][0], 'elo')}, has {fewer} than the "
        f"best {name_a} one, {called(a['model_name'][0])}, with "
        f"{show_end(a['rating_elo'][0], 'elo')}"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(
            both,
            "model_name model_id mode lab country open rating_elo rating_low_elo rating_high_elo "
            "observed_on",
        ),
        notes=notes,
    )
