"""What questions about arena boards share: which board, which day, which interval."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Ask, ScopeWord
from headtohead.evidence.picking import latest_day, side, side_name, where
from headtohead.stats.intervals import difference

BOARD_WORDS = {
    "board": ScopeWord("text", "text, vision, text_to_image, webdev, ...", "text"),
    "style_control": ScopeWord(
        "flag", "The style-controlled board, the publisher's default.", True
    ),
    "category": ScopeWord("text", "full, or a category of the board.", "full"),
    "back_days": ScopeWord("number", "How old a board may be and still serve, in days.", 120),
}


def one_board(frame: pl.DataFrame, scope: Mapping[str, Any]) -> pl.DataFrame:
    """The entrants of the board and category asked for, on every day.

    A board whose style control is not stated serves as the publisher's default. Where two
    publishers carry one day, only the one with more entrants is kept.
    """
    rows = frame.filter(
        (pl.col("board") == scope["board"]) & (pl.col("category") == scope["category"])
    )
    if not scope.get("both_styles"):
        style = bool(scope["style_control"])
        rows = rows.filter(pl.col("style_control").fill_null(True) == style)
    size = pl.len().over("source_id", "observed_on", "style_control")
    rows = rows.with_columns(size.alias("entrants_n"))
    return rows.filter(
        pl.col("entrants_n") == pl.col("entrants_n").max().over("observed_on", "style_control")
    )


def _board(frame: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """As `one_board`; many questions ask for the same."""
    key = tuple(ask.scope.get(word) for word in (*BOARD_WORDS, "both_styles"))
    return ask.of(frame, ("board", key), lambda: one_board(frame, ask.scope))


def board_rows(frame: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """The board on its last day in the window; on every day in it if the scope says `each`.

    A window without any board is served by the nearest one.
    """
    rows = _board(frame, ask)
    if ask.scope.get("days") == "each":
        inside = rows.filter(pl.col("observed_on").is_between(ask.about.start, ask.about.end))
        if inside.height:
            return inside
    # A board of the same month speaks for a day shortly before it, if nothing nearer is known.
    day = latest_day(rows, "observed_on", ask.about, int(ask.scope["back_days"]), ahead_days=31)
    return rows.filter(pl.col("observed_on") == day) if day else rows.clear()


def rating_interval(row: dict[str, Any]) -> Interval:
    """As published; unbounded where no interval was published."""
    low, high = row["rating_low_elo"], row["rating_high_elo"]
    return Interval(
        row["rating_elo"],
        float("-inf") if low is None else low,
        float("inf") if high is None else high,
    )


def best(frame: pl.DataFrame) -> pl.DataFrame:
    """The one row with the highest rating."""
    return frame.sort("rating_elo", "model_name", descending=[True, False]).head(1)


def fronts(frame: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """The best entrant of each side on each day of the board up to `about` that has both sides.

    Adds `side` (its name for a reader) and `which` ("a" or "b"); ordered by day, then side.
    """
    rows = _board(frame, ask)
    since = pl.lit(str(ask.scope["since"])).str.to_date()
    rows = rows.filter((pl.col("observed_on") >= since) & (pl.col("observed_on") <= ask.about.end))
    result = [rows.clear().with_columns(side=pl.lit(""), which=pl.lit(""))]
    for _, day in rows.group_by("observed_on", maintain_order=True):
        tops = {w: best(where(day, side(ask, w))) for w in ("a", "b")}
        if all(top.height for top in tops.values()):
            result += [
                top.with_columns(side=pl.lit(side_name(side(ask, w))), which=pl.lit(w))
                for w, top in tops.items()
            ]
    return pl.concat(result).sort("observed_on", "which")


def gap_on(points: pl.DataFrame, day: object) -> Interval:
    """Side B minus side A on one day of `fronts`."""
    pair = points.filter(pl.col("observed_on") == day).sort("which")
    a, b = (rating_interval(row) for row in pair.iter_rows(named=True))
    return difference(a, b)
