"""How much of the gap between two sides closed over time, on ratings and on an index."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from headtohead.capability.fitted import two_sides
from headtohead.capability.irt.index import drawn_interval
from headtohead.capability.model import model_rows
from headtohead.capability.settings import LEVEL
from headtohead.capability.words import INDEX_WORDS, SIDE_WORDS, settings_of
from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import estimate, listed, shown, side, side_name
from headtohead.questions.closing import share_closed
from headtohead.ratings.published import BOARD_WORDS, board_rows, board_words, gap_between, out_on
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="By how much did the gap between the best of two sides shrink?",
    reads=(),
    optional=("arena_ratings", "benchmark_scores", "index_scores", "index_benchmarks"),
    units=("elo", "index", "frac"),
    scope={
        **INDEX_WORDS,
        **BOARD_WORDS,
        **SIDE_WORDS,
        "since": ScopeWord("day", "Start of the comparison."),
        "measures": ScopeWord(
            "texts", "rating, index or both.", ("rating", "index"), ("rating", "index")
        ),
        "closed": ScopeWord(
            "text",
            "points: by how many the gap shrank; share: by which share of it.",
            "points",
            ("points", "share"),
        ),
    },
)


@dataclass(frozen=True, slots=True)
class _Closed:
    """How much of one gap closed.

    Attributes:
        on: What both gaps were read on, with its day.
        gaps: A minus B at both days.
    """

    on: str
    days: tuple[date, date]
    gaps: tuple[Interval, Interval]
    change: Estimate
    rows: pl.DataFrame
    notes: tuple[str, ...] = ()

    def says(self, a: str, b: str) -> str:
        """The finding in half a sentence."""
        (first, last), (since, until) = self.gaps, self.days
        return (
            f"on {self.on} the best {a} entry out by {since} was {first.value:.1f} points above "
            f"the best {b} one, the best out by {until} {last.value:.1f}: "
            f"{show(self.change.value, self.change.unit)} ({self.change.interval()}) closed"
        )


def _lead(gap: Interval) -> Interval:
    """A minus B, of B minus A."""
    return Interval(-gap.value, -gap.high, -gap.low)


def run(frames: Frames, ask: Ask) -> Answer:
    """Gap (A minus B) at the start less the gap at the end, one estimate a measure."""
    measured = {"rating": _rating, "index": _index}
    since = date.fromisoformat(str(ask.scope["since"]))
    measures = [measured[m](frames, ask, since) for m in ask.scope["measures"]]
    missing = [f for f in measures if isinstance(f, str)]
    if missing:
        return Answer(missing=listed(missing))
    closed = [f for f in measures if not isinstance(f, str)]
    a, b = (side_name(side(ask, which)) for which in ("a", "b"))
    return Answer(
        estimates=tuple(one.change for one in closed),
        says=listed(one.says(a, b) for one in closed),
        rows=shown(pl.concat([one.rows for one in closed], how="diagonal_relaxed"), _COLUMNS),
        notes=tuple(note for one in closed for note in one.notes),
    )


_COLUMNS = (
    "model_name lab country rating_elo rating_low_elo rating_high_elo observed_on out_on "
    "model_released_on score_index score_low_index score_high_index released_on"
)


def _rating(frames: Frames, ask: Ask, since: date) -> _Closed | str:
    """Both gaps on one board, so that its scale cannot drift: by the days the entrants were out.

    The later gap is that of the board itself.
    """
    ratings = frames["arena_ratings"]
    board = out_on(board_rows(ratings, ask), ratings)
    early, first, _ = gap_between(board.filter(pl.col("out_on") <= since), ask)
    late, last, notes = gap_between(board, ask)
    if first is None or last is None:
        return f"no {ask.scope['board']} board with models of both sides was known by {ask.as_of}"
    rows = pl.concat([early, late])
    undated = board["model_released_on"].null_count()
    if undated:
        notes = (
            f"{undated} of {board.height} entrants have no known release day: they count as out "
            "from the first board that has them",
            *notes,
        )
    gaps = _lead(first), _lead(last)
    share = ask.scope["closed"] == "share"
    if share and gaps[0].value <= 0:
        return f"side A did not lead on {since}, so there was no gap to close"
    change = estimate(
        ask,
        rows,
        label="rating gap closed",
        interval=share_closed(*gaps) if share else difference(first, last),
        unit="frac" if share else "elo",
        method="gap at the end less gap at the start, combined as independent (MOVER)",
        n=board.height,
        n_of="entrants on the board",
    )
    day = board["observed_on"][0]
    return _Closed(board_words(board, ask), (since, day), gaps, change, rows, notes)


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
    before, after = first.gap(), last.gap()
    drawn = last.gap_draws() - first.gap_draws()
    value = after.value - before.value
    share = ask.scope["closed"] == "share"
    if share:
        if before.value >= 0:
            return f"side A did not lead on {since}, so there was no gap to close"
        value = 1 - after.value / before.value
        drawn = 1 - last.gap_draws() / first.gap_draws()
    interval = drawn_interval(value, drawn, LEVEL)
    if share and before.high >= 0:
        interval = Interval(value, float("-inf"), float("inf"))
    change = estimate(
        ask,
        rows,
        label="index gap closed",
        interval=interval,
        unit="frac" if share else "index",
        level=LEVEL,
        method="gap at the end less gap at the start, in each joint draw",
        n=int(last.a.sum() + last.b.sum()),
        n_of="models that may lead",
        dated=last.dated,
    )
    gaps = _lead(before), _lead(after)
    return _Closed(last.on, (since, last.day), gaps, change, rows, last.unplaced)
