"""How much of the gap between two sides closed over time, on ratings and on an index."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from headtohead.analyses.boards import BOARD_WORDS, best, board_rows, rating_interval
from headtohead.analyses.indexes import INDEX_WORDS, NO_INDEX, gap
from headtohead.analyses.picking import estimate, listed, shown, side, where
from headtohead.core.estimate import Estimate
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.stats.intervals import Interval, difference

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="By how much did the gap between the best of two sides shrink?",
    reads=(),
    optional=("arena_ratings", "index_scores"),
    units=("elo", "index"),
    scope={
        **BOARD_WORDS,
        **INDEX_WORDS,
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
    import polars as pl

    since = date.fromisoformat(str(ask.scope["since"]))
    first, last = (gap(frames["index_scores"], ask, day) for day in (since, ask.about.end))
    if first is None or last is None:
        return NO_INDEX.format(as_of=ask.as_of)
    ends = pl.concat([first[1], last[1]])
    return _Change(
        "index", "index", 0.9, first[0], last[0], since, ask.about.end, ends, ends.height,
        "models at the two fronts",
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

    def estimate(self, ask: Ask) -> Estimate:
        """How much of the gap closed."""
        closed = difference(self.first, self.last)
        return estimate(
            ask,
            self.rows,
            label=f"{self.measure} gap closed",
            interval=closed,
            unit=self.unit,
            level=self.level,
            method="gap at the end less gap at the start, combined as independent (MOVER)",
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
