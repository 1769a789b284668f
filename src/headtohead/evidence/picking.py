"""What several questions share: picking rows by side, by name and by day, and citing them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.core.estimate import AgeLimit, Estimate, Interval
from headtohead.core.question import Ask, Named
from headtohead.evidence.tables import table, tables
from headtohead.names.names import nationality
from headtohead.publish.words import listed as listed  # questions take it from here


def where(frame: pl.DataFrame, filters: str) -> pl.DataFrame:
    """The rows that fit "column=value, column=value"; all of them if it is empty.

    Raises:
        UnknownName: If a filter names no column of the frame.
    """
    for part in filter(None, (p.strip() for p in filters.split(","))):
        column, _, value = part.partition("=")
        frame = equal(frame, column, value)
    return frame


def equal(frame: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    """The rows whose value in a column is written so.

    Raises:
        UnknownName: If the frame has no such column.
    """
    if column not in frame.columns:
        raise UnknownName("column", column, frame.columns)
    return frame.filter(pl.col(column).cast(pl.String) == value)


def side(ask: Ask, which: str) -> str:
    """The filter for side "a" or "b": the reading's own words, or the sides asked for."""
    own = str(ask.scope.get(which, ""))
    return own or f"{ask.sides.group}={getattr(ask.sides, which)}"


def side_column(frame: pl.DataFrame, ask: Ask) -> pl.Expr:
    """The column that tells the sides apart; the country where rows do not have it."""
    return pl.col(ask.sides.group if ask.sides.group in frame.columns else "country")


def side_name(filters: str) -> str:
    """How a side is called in a sentence."""
    parts = [p.strip().partition("=")[2] for p in filters.split(",") if "=" in p]
    # A model is called without its maker.
    if filters.startswith("unit="):
        parts = [p.rpartition("/")[2] for p in parts]
    return " ".join(nationality(p) for p in reversed(parts))


def named(frame: pl.DataFrame, wanted: Named, column: str = "model_name") -> pl.DataFrame:
    """The rows of one named model: as printed, else same weights and mode.

    Only a name that gives no mode may stand for any mode of its weights.
    """
    printed = frame.filter(pl.col(column) == wanted.name)
    if printed.height or wanted.model is None:
        return printed
    same = frame.filter(pl.col("model_id") == wanted.model)
    exact = same.filter(pl.col("mode").fill_null("") == wanted.mode)
    return exact if exact.height or wanted.mode else same


def once(frame: pl.DataFrame, moment: str) -> pl.DataFrame:
    """Each agent's row of a moment once, though several publishers may give it; verified first."""
    who = pl.coalesce("model_id", "model_name")
    ordered = frame.with_columns(who.alias("agent")).sort(
        ["agent", moment, "verified", "source_id"], descending=[False, False, True, False]
    )
    return ordered.unique(["agent", moment], keep="first", maintain_order=True)


def latest_day(
    frame: pl.DataFrame, column: str, about: Period, back_days: int, ahead_days: int = 0
) -> date | None:
    """The last day on which the frame has rows, at or before the end of `about`.

    Days up to `back_days` before the window's start may still serve; if none does, the next one may
    lie up to `ahead_days` after its end.
    """
    first = about.start - timedelta(days=back_days)
    days = frame.filter(pl.col(column).is_between(first, about.end))[column]
    last = days.max()
    if last is None and ahead_days:
        until = about.end + timedelta(days=ahead_days)
        last = frame.filter(pl.col(column).is_between(about.end, until))[column].min()
    return last if isinstance(last, date) else None


def cited(frame: pl.DataFrame) -> tuple[str, ...]:
    """The sources of the rows, and of rows joined to them (`also_source_id`), sorted."""
    columns = [c for c in ("source_id", "also_source_id") if c in frame.columns]
    return tuple(sorted({s for c in columns for s in frame[c].unique().drop_nulls()}))


def unverified(frame: pl.DataFrame) -> bool:
    """True if some row could not be checked against its origin."""
    return not bool(frame["verified"].all())


def shown(frame: pl.DataFrame, columns: str | Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    """The rows for `h2h show`: some columns, and always dates, source, address and marks."""
    some = columns.split() if isinstance(columns, str) else columns
    always = ("known_on", "source_id", "also_source_id", "row_url", "verified", "note", "join_rule")
    wanted = list(dict.fromkeys([*some, *always]))
    return tuple(frame.select([c for c in wanted if c in frame.columns]).iter_rows(named=True))


def estimate(
    ask: Ask,
    frame: pl.DataFrame,
    *,
    label: str,
    interval: Interval | float,
    unit: str,
    method: str,
    n: int,
    n_of: str,
    level: float = 0.95,
    dated: tuple[str, date] | None = None,
) -> Estimate:
    """An estimate that cites the rows it was made from.

    A number alone as `interval` is exact, with a `level` of 1. It answers for the window of the
    rows where they say so, else for the one asked about.

    Args:
        dated: The table that the rows come from, whose limit of age holds, and the last day that
            they speak of; told by the columns of the rows if None.
    """
    if not isinstance(interval, Interval):
        interval, level = Interval(interval, interval, interval), 1.0
    limit = limit_of(frame) if dated is None else table(dated[0]).limit
    return Estimate(
        label=label,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        level=level,
        unit=unit,
        method=method,
        n=n,
        n_of=n_of,
        about=_window(frame) or ask.about,
        as_of=ask.as_of,
        source_ids=cited(frame),
        unverified=unverified(frame),
        observed_on=dated[1] if dated else last_day(frame),
        known_on=_latest(frame, "known_on"),
        limit=limit,
    )


# The columns that give the day of a fact, the more telling first.
_DAYS = (
    "observed_on",
    "window_end",
    "observed_at",
    "published_on",
    "valid_from",
    "effective_from",
    "released_on",
)


def last_day(frame: pl.DataFrame) -> date | None:
    """The last day that the rows speak of; None if they name none."""
    days = (_latest(frame, column) for column in _DAYS if column in frame.columns)
    return next(filter(None, days), None)


def _latest(frame: pl.DataFrame, column: str) -> date | None:
    last = frame[column].max()
    if isinstance(last, datetime):
        return last.date()
    return last if isinstance(last, date) else None


def limit_of(frame: pl.DataFrame) -> AgeLimit | None:
    """How old the rows may be, by the limits of their table, or of the topic of their figures."""
    for declared in tables().values():
        if set(declared.key) <= set(frame.columns) and (declared.limit or declared.limits):
            topics = frame["topic"].unique() if declared.limits else ()
            limits = [declared.limits[topic] for topic in topics if topic in declared.limits]
            return min(limits, key=lambda limit: limit.days, default=declared.limit)
    return None


def _window(frame: pl.DataFrame) -> Period | None:
    """The days that the rows themselves speak of, where they say so."""
    pair = ("window_start", "window_end")
    if "rating_elo" in frame.columns:
        pair = ("observed_on", "observed_on")
    if frame.is_empty() or not set(pair) <= set(frame.columns):
        return None
    first, last = frame[pair[0]].min(), frame[pair[1]].max()
    return Period(first, last) if isinstance(first, date) and isinstance(last, date) else None
