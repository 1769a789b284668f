"""How much of the gap between two sides closed over time, on ratings and on an index."""

from datetime import date

import polars as pl

from headtohead.capability.fitted import two_sides
from headtohead.capability.irt.index import drawn_interval
from headtohead.capability.model import model_rows
from headtohead.capability.settings import LEVEL
from headtohead.capability.words import INDEX_WORDS, SIDE_WORDS, settings_of
from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, listed, shown, side, where
from headtohead.ratings.published import BOARD_WORDS, best, board_rows, rating_interval
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="By how much did the gap between the best of two sides shrink?",
    reads=(),
    optional=("arena_ratings", "benchmark_scores", "index_scores", "index_benchmarks"),
    units=("elo", "index"),
    scope={
        **BOARD_WORDS,
        **INDEX_WORDS,
        **SIDE_WORDS,
        "since": ScopeWord("day", "Start of the comparison."),
        "measures": ScopeWord("texts", "rating, index or both.", ("rating", "index")),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Gap (A minus B) at the start less the gap at the end, one estimate a measure."""
    measured = {"rating": _rating, "index": _index}
    since = date.fromisoformat(str(ask.scope["since"]))
    measures = [measured[m](frames, ask, since) for m in ask.scope["measures"]]
    missing = [f for f in measures if isinstance(f, str)]
    if missing:
        return Answer(missing=listed(missing))
    closed = [f for f in measures if not isinstance(f, str)]
    return Answer(
        estimates=tuple(change for change, _, _ in closed),
        says=listed(
            f"the {change.label.removesuffix(' closed')} went from {-gaps[0].value:.1f} points on "
            f"{since} to {-gaps[1].value:.1f} on {ask.about.end}, {change.value:+.1f} "
            f"({change.low:+.1f} to {change.high:+.1f}) closed"
            for change, gaps, _ in closed
        ),
        rows=shown(pl.concat([rows for _, _, rows in closed], how="diagonal_relaxed"), _COLUMNS),
    )


_COLUMNS = (
    "model_name lab country rating_elo rating_low_elo rating_high_elo observed_on "
    "model_released_on score_index score_low_index score_high_index released_on"
)


# How much of the gap closed, the gap (B minus A) at both days, and the rows behind them.
_Closed = tuple[Estimate, tuple[Interval, Interval], pl.DataFrame]


def _rating(frames: Frames, ask: Ask, since: date) -> _Closed | str:
    """Both gaps on one board, so that its scale cannot drift: by the models' release days."""
    board = board_rows(frames["arena_ratings"], ask).filter(pl.col("rating_low_elo").is_not_null())
    ends = []
    for day in (since, ask.about.end):
        there = board.filter(pl.col("model_released_on") <= day)
        pair = [best(where(there, side(ask, w))) for w in ("a", "b")]
        if any(p.is_empty() for p in pair):
            return (
                f"no {ask.scope['board']} board with models of both sides was known by {ask.as_of}"
            )
        ends.append(pl.concat(pair))
    first, last = (
        difference(*(rating_interval(r) for r in pair.iter_rows(named=True))) for pair in ends
    )
    rows = pl.concat(ends)
    change = estimate(
        ask,
        rows,
        label="rating gap closed",
        interval=difference(first, last),
        unit="elo",
        method="gap at the end less gap at the start, combined as independent (MOVER)",
        n=board.height,
        n_of="entrants on the board",
    )
    return change, (first, last), rows


def _index(frames: Frames, ask: Ask, since: date) -> _Closed | str:
    """Both gaps on one index, so that what models share cancels in each joint draw."""
    settings = settings_of(ask.scope)
    first, last = (two_sides(frames, ask, settings, day) for day in (since, ask.about.end))
    if isinstance(first, str):
        return first
    if isinstance(last, str):
        return last
    tops = {first.best_a, first.best_b, last.best_a, last.best_b}
    rows = model_rows(last.capability, last.a | last.b)
    rows = rows.filter(rows["model_name"].is_in(sorted(tops)))
    gaps = first.gap(), last.gap()
    drawn = last.gap_draws() - first.gap_draws()
    change = estimate(
        ask,
        rows,
        label="index gap closed",
        interval=drawn_interval(gaps[1].value - gaps[0].value, drawn, LEVEL),
        unit="index",
        level=LEVEL,
        method="gap at the end less gap at the start, in each joint draw",
        n=rows.height,
        n_of="models at the two fronts",
        dated=last.dated,
    )
    return change, gaps, rows
