"""What questions about token usage share: windows without gaps, and logical bounds of a share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from headtohead.core.estimate import Estimate, Interval, leads_by
from headtohead.core.question import FILTER, Ask, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import estimate, side, side_name, where
from headtohead.evidence.words import publisher
from headtohead.names.names import Names

USAGE_WORDS = {
    "channel": ScopeWord("text", "Which channel.", "openrouter", column="channel"),
    "b": ScopeWord(
        "text", "Side B as column=value, ...; empty: the side asked for.", "", column=FILTER
    ),
    "days": ScopeWord(
        "number", "Length of the window, in days; 0: the whole of `about`.", 7, ends=(0, 36_500)
    ),
    "back_days": ScopeWord(
        "number", "How old the window may be and still serve.", 150, ends=(0, 36_500)
    ),
}

# What a channel lumps together instead of listing.
_LUMPED = ("other", "unknown")


def channel_name(ask: Ask) -> str:
    """How the channel asked about calls itself."""
    channel = str(ask.scope["channel"])
    seller = Names.load().operator(channel)
    return seller.name if seller else channel


@dataclass(frozen=True, slots=True)
class UsageWindow:
    """The tokens of one stretch of days."""

    start: date
    end: date
    rows: pl.DataFrame


def windows(usage: pl.DataFrame, ask: Ask, by: Sequence[str] | None = None) -> list[UsageWindow]:
    """Stretches of days up to `about`, oldest first; each of one breakdown, without gaps.

    Breakdowns are those of `by`, or else those that can tell the side asked for.

    Empty if the last of them is older than the scope word `back_days` allows.
    """
    # Only rows whose breakdown can tell this side.
    column = side(ask, "b").partition("=")[0].strip()
    told_by = {"open": ["access"], "country": ["lab", "model"], "lab": ["lab", "model"]}
    usage = usage.filter(
        (pl.col("channel") == ask.scope["channel"])
        & pl.col("breakdown").is_in(by or told_by.get(column, ["model"]))
        & (pl.col("window_end") <= ask.about.end)
    ).sort("window_start")
    days = int(ask.scope["days"])
    if days == 0:
        usage = usage.filter(pl.col("window_start") >= ask.about.start)
    stretches = []
    for (_, _), rows in usage.group_by("source_id", "breakdown", maintain_order=True):
        stretches += _stretches(rows, days)
    stretches.sort(key=lambda w: (w.end, w.start))
    near = [w for w in stretches if (ask.about.start - w.end).days <= int(ask.scope["back_days"])]
    return stretches if near else []


def _stretches(rows: pl.DataFrame, days: int) -> list[UsageWindow]:
    """One breakdown's rows cut into windows of `days`; longer rows stay as they are."""
    stretches = []
    starts = rows["window_start"].unique().sort().to_list()
    ends = dict(rows.select("window_start", "window_end").iter_rows())
    batch: list[date] = []
    for start in starts:
        if batch and ((start - ends[batch[-1]]).days != 1 or (days and len(batch) >= days)):
            batch = []
        batch.append(start)
        is_long = ends[start] != start
        if is_long or (days and len(batch) == days) or (not days and start == starts[-1]):
            window = rows.filter(pl.col("window_start").is_in(batch))
            stretches.append(UsageWindow(batch[0], ends[start], window))
            batch = []
    return stretches


@dataclass(frozen=True, slots=True)
class ShareBounds:
    """What a share can be, as fractions from 0 to 1.

    Attributes:
        low: If nothing of the unknown part is the subject's.
        classified: Of the part that is known.
        high: If all of the unknown part is the subject's.
    """

    low: float
    classified: float
    high: float


def share_bounds(subject: float, others: float, unknown: float) -> ShareBounds:
    """The subject's share of amounts >= 0, bounded for what is unknown and could be anybody's.

    These are logical bounds, not a confidence interval: no draw of the sample is
    described, only what cannot be attributed.

    Raises:
        ValueError: If an amount is negative or not finite, or nothing is classified.

    References:
        Manski, C. F. (1989). Anatomy of the selection problem. Journal of Human Resources
        24, 343-360. doi:10.2307/145818
    """
    known = subject + others
    if not (math.isfinite(known + unknown) and min(subject, others, unknown) >= 0):
        raise ValueError(f"{subject}, {others} and {unknown}: an amount is finite, and 0 or more")
    if known == 0:
        raise ValueError("nothing is classified, so no share can be told")
    # Rounding of tiny amounts beside huge ones must not undo low <= classified <= high.
    classified = subject / known
    low = min(subject / (known + unknown), classified)
    high = max((subject + unknown) / (known + unknown), classified)
    return ShareBounds(low, classified, min(1.0, high))


def bounds(rows: pl.DataFrame, filters: str) -> ShareBounds:
    """One side's share of the tokens in the rows: low, classified and high."""
    column = filters.partition("=")[0].strip()
    total, mine = int(rows["tokens"].sum()), int(where(rows, filters)["tokens"].sum())
    lost = int(rows.filter(pl.col(column).is_null())["tokens"].sum())
    lumped = int(rows.filter(pl.col("subject").is_in(_LUMPED))["tokens"].sum())
    # A stealth model is listed by itself, so it is classified, though nobody knows its maker.
    classified = share_bounds(mine, total - mine - lumped, lumped).classified
    ends = share_bounds(mine, total - mine - lost, lost)
    return ShareBounds(ends.low, classified, ends.high)


def lead(rows: pl.DataFrame, b: str, a: str) -> Interval:
    """B's share less A's in percentage points, and its logical bounds.

    They give what cannot be attributed all to A, or all to B.
    """
    mine, theirs = bounds(rows, b), bounds(rows, a)
    apart = Interval(mine.low - theirs.low, mine.low - theirs.high, mine.high - theirs.low)
    return apart.rescaled(100)


def share_of(ask: Ask, window: UsageWindow, what: str = "") -> str:
    """What a share is a share of: how much, on which channel, in which days, by whose count."""
    rows = window.rows
    lost = rows.filter(pl.col("lab").is_null()) if "lab" in rows.columns else rows.clear()
    unclear = float(lost["tokens"].sum()) / float(rows["tokens"].sum())
    nobody = f", {unclear:.1%} of them of no known maker" if unclear else ""
    return (
        f"share of what: {what}{show(float(rows['tokens'].sum()), 'tokens')} that "
        f"{channel_name(ask)} routed from {window.start} to {window.end}, by the count of "
        f"{publisher(rows['source_id'][0])}{nobody}"
    )


def subject(ask: Ask, which: str) -> str:
    """Whose tokens are counted: "Chinese models", or one model by its name."""
    filters = side(ask, which)
    one = filters.startswith(("model_id=", "unit="))
    return f"{side_name(filters)}{'' if one else ' models'}"


def token_estimate(ask: Ask, window: UsageWindow, label: str, measure: str) -> Estimate:
    """B's share of the tokens in a window, or its lead over A."""
    share = bounds(window.rows, side(ask, "b"))
    is_lead = measure == "lead"
    a, b = (subject(ask, which) for which in ("a", "b"))
    interval = Interval(share.low, share.low, share.high)
    return estimate(
        ask,
        window.rows,
        label=label,
        interval=lead(window.rows, side(ask, "b"), side(ask, "a")) if is_lead else interval,
        unit="pp" if is_lead else "frac",
        level=1.0,
        method="logical bounds: unattributed tokens none of B's, or all of B's",
        n=int(window.rows["tokens"].sum()),
        n_of="tokens",
        called=leads_by(a, b, f" in {channel_name(ask)} tokens")
        if is_lead
        else (f"share of {b} in {channel_name(ask)} tokens",),
    )
