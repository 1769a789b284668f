"""What questions about arena boards share: which board, which day, which interval.

Differences are made on one board only: its publisher has moved the whole scale between boards
(data/scale_breaks.toml).
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Ask, ScopeWord
from headtohead.evidence.picking import latest_day, side, side_name, unplaced, where
from headtohead.evidence.tables import table
from headtohead.stats.intervals import difference

BOARD_WORDS = {
    "board": ScopeWord("text", "text, vision, text_to_image, webdev, ...", "text", column="board"),
    "style_control": ScopeWord(
        "flag", "The style-controlled board, the publisher's default.", True
    ),
    "category": ScopeWord(
        "text", "full, or a category of the board.", "full", column="category", within=("board",)
    ),
    "back_days": ScopeWord(
        "number", "How old a board may be and still serve, in days.", 400, ends=(0, 36_500)
    ),
}
RATING_ENDS = ("rating_low_elo", "rating_high_elo")


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

    A window without any board is served by the last one before it.
    """
    rows = _board(frame, ask)
    if ask.scope.get("days") == "each":
        inside = rows.filter(pl.col("observed_on").is_between(ask.about.start, ask.about.end))
        if inside.height:
            return inside
    day = latest_day(rows, "observed_on", ask.about, int(ask.scope["back_days"]))
    return rows.filter(pl.col("observed_on") == day) if day else rows.clear()


def board_words(rows: pl.DataFrame, ask: Ask) -> str:
    """Which board it is, and of which day: "the text board of 2025-12-11"."""
    name = str(ask.scope["board"]).replace("_", " ")
    category = str(ask.scope["category"]).replace("_", " ")
    part = "" if category == "full" else f" ({category})"
    raw = "" if ask.scope["style_control"] else " without style control"
    if ask.scope.get("both_styles"):
        raw = " with and without style control"
    first, last = str(rows["observed_on"].min()), str(rows["observed_on"].max())
    days = f"board{part} of {last}" if first == last else f"boards{part} of {first} to {last}"
    return f"the {name} {days}{raw}"


def out_on(rows: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with `out_on`, the day by which each entrant was out, and `seen_on`.

    That is its release or the first board of the frame that has it, `seen_on`, whichever is
    earlier: an entrant that people voted on was out, whether anybody wrote down its release or not.
    """
    first = frame.group_by("model_name").agg(pl.col("observed_on").min().alias("seen_on"))
    joined = rows.join(first, on="model_name", how="left", maintain_order="left")
    return joined.with_columns(pl.min_horizontal("model_released_on", "seen_on").alias("out_on"))


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

    Adds `side` (its name for a reader), `which` ("a" or "b") and `stretch_n` (boards of one number
    share a scale and lie near enough for a line through them); ordered by day, then side.
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
    points = pl.concat(result).sort("observed_on", "which")
    days = points["observed_on"].unique().sort().to_list()
    numbers = dict(
        zip(
            days,
            stretches(days, str(ask.scope["board"]), bool(ask.scope["style_control"])),
            strict=True,
        )
    )
    stretch = pl.col("observed_on").replace_strict(numbers, default=None, return_dtype=pl.Int64)
    return points.with_columns(stretch.alias("stretch_n"))


@cache
def scale_breaks() -> dict[tuple[str, bool], dict[date, float]]:
    """By board and style control: from which day the scale is another, by how many points."""
    text = files("headtohead").joinpath("data/scale_breaks.toml").read_text(encoding="utf-8")
    breaks: dict[tuple[str, bool], dict[date, float]] = {}
    for row in tomllib.loads(text)["break"]:
        of_board = breaks.setdefault((row["board"], row["style_control"]), {})
        of_board[row["from"]] = float(row["shift_elo"])
    return breaks


def stretches(days: Sequence[date], board: str, style_control: bool) -> list[int]:
    """For each day of a board, in order, the number of its stretch, from 0.

    A stretch ends where the scale changed, and where the next board is further away than a board
    may be old.
    """
    limit = table("arena_ratings").limit
    changed = scale_breaks().get((board, style_control), {})
    numbers = [0] * len(days)
    for n in range(1, len(days)):
        apart = limit is not None and (days[n] - days[n - 1]).days > limit.days
        moved = any(days[n - 1] < day <= days[n] for day in changed)
        numbers[n] = numbers[n - 1] + (apart or moved)
    return numbers


def moved_scale(rows: pl.DataFrame) -> tuple[str, ...]:
    """Notes on changes of scale between the boards that the rows are from."""
    first, last = rows["observed_on"].min(), rows["observed_on"].max()
    boards = rows.select("board", pl.col("style_control").fill_null(True)).unique().sort(pl.all())
    return tuple(
        f"between the {board} boards before and from {day} the scale moved by {shift:+.0f} points, "
        "so their ratings cannot be compared"
        for board, style in boards.iter_rows()
        for day, shift in scale_breaks().get((board, style), {}).items()
        if isinstance(first, date) and isinstance(last, date) and first < day <= last
    )


def gap_between(
    rows: pl.DataFrame, ask: Ask
) -> tuple[pl.DataFrame, Interval | None, tuple[str, ...]]:
    """The best entrant of A and that of B on one board, and how far B is above A.

    Returns:
        Both rows, A first; B minus A in rating points, None if a side has no entrant; and notes
        on entrants that are on no side.
    """
    filters = [side(ask, which) for which in ("a", "b")]
    pair = pl.concat([best(where(rows, words)) for words in filters])
    notes = unplaced(rows, "entrants", *filters)
    if pair.height < len(filters):
        return pair, None, notes
    return pair, difference(*(rating_interval(row) for row in pair.iter_rows(named=True))), notes


def gap_on(points: pl.DataFrame, day: object) -> Interval:
    """Side B minus side A on one day of `fronts`."""
    pair = points.filter(pl.col("observed_on") == day).sort("which")
    a, b = (rating_interval(row) for row in pair.iter_rows(named=True))
    return difference(a, b)
