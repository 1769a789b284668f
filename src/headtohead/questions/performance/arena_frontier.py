"""The best entrant of each side on every published board, over time."""

import polars as pl

from headtohead.capability.words import SIDE_WORDS
from headtohead.core.estimate import leads_by
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import apart
from headtohead.evidence.picking import estimate, shown, side, side_name, unplaced
from headtohead.ratings.published import BOARD_WORDS, board_words, fronts, gap_on, one_board

QUESTION = Question(
    asks="How far apart were the best entrants of the two sides on each board?",
    reads=("arena_ratings",),
    units=("elo",),
    scope={
        **BOARD_WORDS,
        "since": ScopeWord("day", "First day to look at.", "2023-01-01"),
        **SIDE_WORDS,
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The gap (B minus A) on the last board; its rows are the fronts on all boards."""
    points = fronts(frames["arena_ratings"], ask)
    if points.is_empty():
        return ask.lacks(f"no {ask.scope['board']} board with both sides was known")
    last = points["observed_on"].to_list()[-1]
    newest, gap = points.filter(pl.col("observed_on") == last), gap_on(points, last)
    on_it = one_board(frames["arena_ratings"], ask.scope).filter(pl.col("observed_on") == last)
    a, b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    one = estimate(
        ask,
        newest,
        label=f"{b} minus {a}",
        interval=gap,
        unit="elo",
        method="difference of two published ratings, intervals combined as independent (MOVER)",
        n=on_it.height,
        n_of="entrants on the board",
        called=leads_by(f"best {a} entrant", f"best {b} one"),
    )
    says = (
        f"on {board_words(newest, ask)} the best {b} entrant was "
        f"{apart(gap.value, gap.low, gap.high, 'elo', 'below', 'above')} the best {a} one"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(points, _COLUMNS),
        notes=unplaced(on_it, "entrants", side(ask, "a"), side(ask, "b")),
    )


_COLUMNS = "side model_name lab rating_elo rating_low_elo rating_high_elo observed_on stretch_n"
