"""What questions about a capability index share: who had been released, who led, by how much."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from headtohead.analyses.picking import side, where
from headtohead.core.question import Ask, ScopeWord
from headtohead.stats.intervals import Interval, difference

if TYPE_CHECKING:
    import polars as pl

INDEX_WORDS = {
    "index": ScopeWord("text", "Which index.", "eci"),
    "back_days": ScopeWord("number", "How old an edition or board may be and still serve.", 120),
    "a": ScopeWord("text", "Side A as column=value, ...; empty: the side asked for.", ""),
    "b": ScopeWord("text", "Side B likewise.", ""),
}

NO_INDEX = "no edition of the capability index near enough to the time asked was known by {as_of}"


def released(frame: "pl.DataFrame", ask: Ask, which: str, day: date) -> "pl.DataFrame":
    """The models of side "a" or "b" released by a day, best first.

    The scores are those of the latest edition known, whatever the day: an index is refitted as a
    whole, so only one edition speaks at a time.
    """
    import polars as pl

    edition = frame.filter(pl.col("index_name") == ask.scope["index"])
    newest = edition["vintage"].max()
    oldest = ask.about.start - timedelta(days=int(ask.scope["back_days"]))
    # An edition tells nothing of models that came long after it.
    if isinstance(newest, date) and newest < oldest:
        return edition.clear()
    rows = where(edition, side(ask, which)).filter(pl.col("released_on") <= day)
    return rows.sort("score_index", "model_name", descending=[True, False])


def score_interval(row: dict[str, Any]) -> Interval:
    """The published score with its published interval; unbounded where there is none."""
    low, high = row["score_low_index"], row["score_high_index"]
    value = row["score_index"]
    return Interval(
        value,
        float("-inf") if low is None else min(low, value),
        float("inf") if high is None else max(high, value),
    )


def gap(frame: "pl.DataFrame", ask: Ask, day: date) -> "tuple[Interval, pl.DataFrame] | None":
    """Best of B minus best of A among models released by a day, with the two rows (A first)."""
    import polars as pl

    a, b = (released(frame, ask, w, day).head(1) for w in ("a", "b"))
    if a.is_empty() or b.is_empty():
        return None
    found = difference(score_interval(a.row(0, named=True)), score_interval(b.row(0, named=True)))
    return found, pl.concat([a, b])
