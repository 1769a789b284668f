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
from headtohead.names.names import Names, brand_name, called, nationality
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


def known(
    frame: pl.DataFrame, columns: str | Sequence[str], which: str
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The rows that have a value in some columns, and a note that counts the others.

    Args:
        which: Plural of what lacks it, for the note: "entrants without a published interval".
    """
    kept = frame.drop_nulls(columns)
    lost = frame.height - kept.height
    return kept, (f"left out: {lost} of {frame.height} {which}",) * bool(lost)


_SIDED = {"lab": "maker", "open": "openness", "brand": "family", "unit": "model"}


def unplaced(frame: pl.DataFrame, of: str, *filters: str) -> tuple[str, ...]:
    """Notes on rows that no filter can place, since what it asks for is not known of them.

    Args:
        of: Plural of what the rows are ("entrants").
        filters: As of `where`.
    """
    parts = (part.partition("=")[0].strip() for words in filters for part in words.split(","))
    notes = []
    for column in dict.fromkeys(filter(None, parts)):
        lost = frame[column].null_count() if column in frame.columns else 0
        if lost:
            what = _SIDED.get(column, column.replace("_", " "))
            are, their = ("is", "its") if lost == 1 else ("are", "their")
            notes.append(
                f"{lost} of {frame.height} {of} {are} on no side: {their} {what} is not known"
            )
    return tuple(notes)


def side(ask: Ask, which: str) -> str:
    """The filter for side "a" or "b": the reading's own words, or the sides asked for."""
    own = str(ask.scope.get(which, ""))
    return own or f"{ask.sides.group}={getattr(ask.sides, which)}"


def side_column(frame: pl.DataFrame, ask: Ask) -> pl.Expr:
    """The column that tells the sides apart; the country where rows do not have it."""
    return pl.col(ask.sides.group if ask.sides.group in frame.columns else "country")


def side_name(filters: str) -> str:
    """How a side is called in a sentence."""
    parts = [p.strip().partition("=")[::2] for p in filters.split(",") if "=" in p]
    return " ".join(_called(column, value) for column, value in reversed(parts))


def _called(column: str, value: str) -> str:
    """How a value of an entity column is called: a model without its maker, a lab by its name."""
    if column in ("unit", "model_id"):
        known = Names.load().model(value)
        return known.name if known else value.rpartition("/")[2]
    if column in ("brand", "family"):
        return brand_name(value)
    if column == "model_name":
        return called(value)
    lab = Names.load().labs().get(value) if column == "lab" else None
    return lab.name if lab else nationality(value)


_APART = ("benchmark", "source_id")


def named(
    frame: pl.DataFrame,
    wanted: Named,
    column: str = "model_name",
    *,
    per: Sequence[str] = (),
) -> pl.DataFrame:
    """The rows of one named model: as printed, else same weights and mode.

    Only a name that gives no mode may stand for any mode of its weights. What fits best is chosen
    within each group of `per`, and where rows are of benchmarks within each benchmark of each
    source: how one publisher spells the name must not push out the rows of another.
    """
    same = pl.col("model_id") == wanted.model if wanted.model else pl.lit(value=False)
    printed = pl.col(column) == wanted.name
    mode = pl.col("mode").fill_null("") == wanted.mode
    fit = pl.when(printed).then(0).when(same & mode).then(1).when(same & (not wanted.mode)).then(2)
    keys = [*per, *(_APART if "benchmark" in frame.columns else ())]
    best = fit.min().over(keys) if keys else fit.min()
    # Most rows are of other models, and how well those fit need not be told.
    rows = frame.filter(printed | same)
    return rows.filter(fit == best) if rows.height else rows


def once(frame: pl.DataFrame, moment: str) -> pl.DataFrame:
    """Each agent's row of a moment once, though several publishers may give it; verified first."""
    who = pl.coalesce("model_id", "model_name")
    ordered = frame.with_columns(who.alias("agent")).sort(
        ["agent", moment, "verified", "source_id"], descending=[False, False, True, False]
    )
    return ordered.unique(["agent", moment], keep="first", maintain_order=True)


def latest_day(frame: pl.DataFrame, column: str, about: Period, back_days: int) -> date | None:
    """The last day on which the frame has rows, at or before the end of `about`.

    Days up to `back_days` before the window's start may still serve; a later day never speaks for
    an earlier one.
    """
    first = about.start - timedelta(days=back_days)
    # The days alone: a frame has many columns, and only this one is asked for.
    days = frame[column]
    last = days.filter(days.is_between(first, about.end)).max()
    return last if isinstance(last, date) else None


def cited(frame: pl.DataFrame) -> tuple[str, ...]:
    """The sources of the rows, and of rows joined to them (`also_source_id`), sorted."""
    columns = [c for c in ("source_id", "also_source_id") if c in frame.columns]
    return tuple(sorted({s for c in columns for s in frame[c].to_list()} - {None}))


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
    ages: bool = True,
    called: tuple[str, ...] = (),
) -> Estimate:
    """An estimate that cites the rows it was made from.

    A number alone as `interval` is exact, with a `level` of 1. It answers for the window of the
    rows where they say so, else for the one asked about.

    Args:
        dated: The table that the rows come from, whose limit of age holds, and the last day that
            they speak of; as the columns of the rows say if None.
        ages: False if it speaks for the day of its data alone, so that it cannot be too old.
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
        limit=limit if ages else None,
        called=called,
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


def day_of(frame: pl.DataFrame) -> pl.Expr:
    """The day that each row speaks of; null where it names none."""
    days = [pl.col(column).cast(pl.Date) for column in _DAYS if column in frame.columns]
    return pl.coalesce(*days, pl.lit(None, pl.Date))


def last_day(frame: pl.DataFrame) -> date | None:
    """The last day that the rows speak of; None if they name none."""
    days = (_latest(frame, column) for column in _DAYS if column in frame.columns)
    return next(filter(None, days), None)


def _latest(frame: pl.DataFrame, column: str) -> date | None:
    last = frame[column].max()
    if isinstance(last, datetime):
        return last.date()
    return last if isinstance(last, date) else None


def span(frame: pl.DataFrame) -> str:
    """The days that the rows speak of, as "2025-12-11" or "2025-11-05 to 2025-12-11"."""
    for column in filter(frame.columns.__contains__, _DAYS):
        days = frame[column].cast(pl.Date)
        first, last = str(days.min()), str(days.max())
        if days.null_count() < days.len():
            return first if first == last else f"{first} to {last}"
    return "no stated day"


def limit_of(frame: pl.DataFrame) -> AgeLimit | None:
    """How old the rows may be, by the limits of their table, or of the topic of their figures."""
    columns = set(frame.columns)
    for declared in tables().values():
        if set(declared.key) <= columns and (declared.limit or declared.limits):
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
