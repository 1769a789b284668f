"""How much of the gap between two sides closed over time, on ratings and on an index."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from headtohead.capability.fitted import two_sides
from headtohead.capability.irt import drawn_interval
from headtohead.capability.settings import LEVEL
from headtohead.capability.tables import model_rows
from headtohead.capability.words import INDEX_WORDS, SIDE_WORDS, settings_of
from headtohead.core.estimate import Estimate
from headtohead.core.interval import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, listed, shown, side, where
from headtohead.ratings.published import BOARD_WORDS, best, board_rows, rating_interval
from headtohead.stats.intervals import difference

if TYPE_CHECKING:
    import polars as pl

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
    import polars as pl

    measured = {"rating": _rating, "index": _index}
    found = [measured[m](frames, ask) for m in ask.scope["measures"]]
    missing = [f for f in found if isinstance(f, str)]
    changes = [f for f in found if isinstance(f, _Change)]
    if missing:
        return Answer(missing=listed(missing))
    made = tuple(c.estimate(ask) for c in changes)
    rows = pl.concat([c.rows for c in changes], how="diagonal_relaxed")
    says = listed(c.says(e) for c, e in zip(changes, made, strict=True))
    return Answer(estimates=made, says=says, rows=shown(rows, _COLUMNS))


_COLUMNS = (
    "model_name", "lab", "country", "rating_elo", "rating_low_elo", "rating_high_elo",
    "observed_on", "model_released_on", "score_index", "score_low_index", "score_high_index",
    "released_on",
)  # fmt: skip


def _rating(frames: Frames, ask: Ask) -> "_Change | str":
    """Both gaps on one board, so that its scale cannot drift: by the models' release days."""
    import polars as pl

    since = date.fromisoformat(str(ask.scope["since"]))
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
    return _Change(
        "rating", "elo", 0.95, first, last, since, ask.about.end, rows, board.height,
        "entrants on the board",
    )  # fmt: skip


def _index(frames: Frames, ask: Ask) -> "_Change | str":
    """Both gaps on one index, so that what models share cancels in each joint draw."""
    since = date.fromisoformat(str(ask.scope["since"]))
    settings = settings_of(ask.scope)
    first, last = (two_sides(frames, ask, settings, day) for day in (since, ask.about.end))
    if isinstance(first, str):
        return first
    if isinstance(last, str):
        return last
    tops = {first.best_a, first.best_b, last.best_a, last.best_b}
    rows = model_rows(last.capability, last.a | last.b)
    ends = rows.filter(rows["model_name"].is_in(sorted(tops)))
    gaps = first.gap(), last.gap()
    drawn = last.gap_draws() - first.gap_draws()
    closed = drawn_interval(gaps[1].value - gaps[0].value, drawn, LEVEL)
    return _Change(
        "index", "index", LEVEL, *gaps, since, ask.about.end, ends, ends.height,
        "models at the two fronts", closed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Change:
    """A gap (B minus A) at two days; a gap that closes grows towards zero."""

    measure: str
    unit: str
    level: float
    first: Interval
    last: Interval
    start: date
    end: date
    rows: "pl.DataFrame"
    n: int
    n_of: str
    closed: Interval | None = None

    def estimate(self, ask: Ask) -> Estimate:
        """How much of the gap closed."""
        closed = self.closed or difference(self.first, self.last)
        how = "in each joint draw" if self.closed else "combined as independent (MOVER)"
        return estimate(
            ask,
            self.rows,
            label=f"{self.measure} gap closed",
            interval=closed,
            unit=self.unit,
            level=self.level,
            method=f"gap at the end less gap at the start, {how}",
            n=self.n,
            n_of=self.n_of,
        )

    def says(self, made: Estimate) -> str:
        """The change in half a sentence."""
        return (
            f"the {self.measure} gap went from {-self.first.value:.1f} points on {self.start} to "
            f"{-self.last.value:.1f} on {self.end}, {made.value:+.1f} ({made.low:+.1f} to "
            f"{made.high:+.1f}) closed"
        )
