"""Which share of one side's leading models has open weights, and how that moved."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from headtohead.core.dates import Period
from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    side,
    side_column,
    side_name,
    unplaced,
    where,
)
from headtohead.stats.intervals import around, exact_binomial

QUESTION = Question(
    asks="Which share of side B's leading models has open weights?",
    reads=("index_scores",),
    units=("frac",),
    scope={
        "of": ScopeWord("text", "Whose leading models: those of side b, or of a.", "b", ("a", "b")),
        "index": ScopeWord("text", "The index that ranks them.", "eci", column="index_name"),
        "leading": ScopeWord(
            "number", "How many of a side's best models count.", 10, ends=(1, 1_000)
        ),
        "a": ScopeWord(
            "text", "Side A as column=value, ...; empty: the side asked for.", "", column=FILTER
        ),
        "b": ScopeWord("text", "Side B likewise.", "", column=FILTER),
    },
)
_LEVEL = 0.9
_OPEN = "Open weights"
_CLOSED = ("API access", "Hosted access (no API)", "Unreleased")


def run(frames: Frames, ask: Ask) -> Answer:
    """The share at the end of `about`; its rows are those of both sides at every quarter's end.

    Which models are the best is told by one edition of the index for all days: by release, not by
    what was known then. The interval is that of a count of so few; what is not known counts as
    closed for the lower end and as open for the upper one.
    """
    rows = frames["index_scores"].filter(pl.col("index_name") == ask.scope["index"])
    rows = _with_access(rows).with_columns(side=side_column(rows, ask))
    filters = {which: side(ask, which) for which in ("a", "b")}
    named = {which: side_name(words) for which, words in filters.items()}
    leading = int(ask.scope["leading"])
    last: dict[str, pl.DataFrame] = {}
    series: list[Mapping[str, Any]] = []
    for which, words in filters.items():
        every = where(rows, words)
        for day in _quarter_ends(every, ask.about.start, ask.about.end):
            front = _best(every, day, leading)
            if front.height:
                series.append(_row(front, day, named[which]))
                last[which] = front
    wanted = str(ask.scope["of"])
    if wanted not in last:
        return ask.lacks(f"no scored model of the {named[wanted]} side was known")
    front = last[wanted]
    n = front.height
    one = estimate(
        replace(ask, about=Period(ask.about.end, ask.about.end)),
        front,
        label=f"share of the {n} leading {named[wanted]} models with open weights",
        interval=_share(front),
        unit="frac",
        level=_LEVEL,
        method="exact binomial of a count (Clopper and Pearson); what is not known counts against, "
        "then for",
        n=n,
        n_of="leading models",
        dated=("index_scores", _newest(front)),
        ages=False,
    )
    says = "; ".join(
        f"{_count(last[w])} of the {last[w].height} ablest {named[w]} models, the newest released "
        f"on {_newest(last[w])}, {'has' if _count(last[w]) == '1' else 'have'} open weights"
        for w in ("b", "a")
        if w in last
    )
    notes = (
        "the ablest are told by one edition of the index for all days, by release; the interval is "
        "that of a count of so few models, and leaves out how sure their order is",
        *unplaced(rows, "scored models", *filters.values()),
    )
    return Answer(estimates=(one,), says=says, rows=tuple(series), notes=notes)


def _with_access(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `is_open`: by our list of models, else as the index prints it."""
    access = pl.col("access")
    printed = (
        pl.when(access.str.starts_with(_OPEN))
        .then(pl.lit(value=True))
        .when(access.is_in(_CLOSED))
        .then(pl.lit(value=False))
    )
    listed = pl.col("open").replace_strict(
        {"open": True, "closed": False}, default=None, return_dtype=pl.Boolean
    )
    return rows.with_columns(is_open=pl.coalesce(listed, printed))


def _best(rows: pl.DataFrame, day: date, leading: int) -> pl.DataFrame:
    """The ablest models released by a day, each set of weights once."""
    out = rows.filter(pl.col("released_on") <= day)
    ordered = out.sort("score_index", "model_name", descending=[True, False])
    unit = pl.coalesce("model_id", "model_name")
    return ordered.filter(unit.is_first_distinct()).head(leading)


def _quarter_ends(rows: pl.DataFrame, start: date, end: date) -> Iterator[date]:
    """The last day of each quarter from the first model on, and the last day asked about."""
    first = rows["released_on"].min()
    if not isinstance(first, date):
        return
    days = pl.date_range(max(first, start), end, "1d", eager=True)
    closing = (days == days.dt.month_end()) & (days.dt.month() % 3 == 0) & (days != end)
    yield from days.filter(closing)
    yield end


def _share(front: pl.DataFrame) -> Interval:
    """The share with open weights, with the interval of a count; unknown ones widen it."""
    yes, unknown, n = int(front["is_open"].sum()), front["is_open"].null_count(), front.height
    low, high = (exact_binomial(k, n, _LEVEL) for k in (yes, yes + unknown))
    return around(yes / n, low.low, high.high)


def _newest(front: pl.DataFrame) -> date:
    days: list[date] = front["released_on"].to_list()
    return max(days)


def _count(front: pl.DataFrame) -> str:
    yes, unknown = int(front["is_open"].sum()), front["is_open"].null_count()
    return f"{yes} to {yes + unknown}" if unknown else str(yes)


def _row(front: pl.DataFrame, day: date, side_label: str) -> Mapping[str, Any]:
    share = _share(front)
    names = front.filter(pl.col("is_open").fill_null(value=False))["model_name"].to_list()
    cited = front.sort("known_on").row(-1, named=True)
    return {
        "side": side_label,
        "observed_on": day,
        "open_frac": share.value,
        "open_low_frac": share.low,
        "open_high_frac": share.high,
        "open_n": int(front["is_open"].sum()),
        "models_n": front.height,
        "open_models": ", ".join(names) or None,
        **{name: cited[name] for name in ("known_on", "source_id", "row_url", "verified")},
    }
