"""Which share of a channel's tokens goes to one side, bounded for what nobody can attribute."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from headtohead.analyses.picking import estimate, side, side_name, where
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.stats.shares import ShareBounds, share_bounds

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="Which share of the tokens on this channel goes to side B?",
    reads=("token_usage",),
    units=("frac",),
    scope={
        "channel": ScopeWord("text", "Which channel.", "openrouter"),
        "b": ScopeWord("text", "Side B as column=value, ...; empty: the side asked for.", ""),
        "days": ScopeWord("number", "Length of the window, in days; 0: the whole of `about`.", 7),
        "back_days": ScopeWord("number", "How old the window may be and still serve.", 150),
        "measure": ScopeWord(
            "text",
            "share: B's share; lead: B's share less A's.",
            "share",
            ("share", "lead"),
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """B's share: of all tokens, and if every token nobody can attribute were B's."""
    import polars as pl

    usage = frames["token_usage"].filter(pl.col("channel") == ask.scope["channel"])
    usage = _finest(usage, side(ask, "b"))
    windows = _windows(usage, ask)
    if not windows:
        channel = ask.scope["channel"]
        return Answer(missing=f"no tokens of {channel} near {ask.about} were known by {ask.as_of}")
    last = windows[-1]
    share = _bounds(last.rows, side(ask, "b"))
    name = side_name(side(ask, "b"))
    value, low, high = share.low, share.low, share.high
    if ask.scope["measure"] == "lead":
        other = _bounds(last.rows, side(ask, "a"))
        value, low, high = share.low - other.low, share.low - other.high, share.high - other.low
    made = estimate(
        ask,
        last.rows,
        label=f"{name} share" if ask.scope["measure"] == "share" else f"{name} lead",
        interval=(value, low, high),
        unit="frac",
        level=1.0,
        method="logical bounds: unattributed tokens none of B's, or all of B's",
        n=int(last.rows["tokens"].sum()),
        n_of="tokens",
    )
    says = (
        f"{name} models had {share.low:.1%} of all {ask.scope['channel']} tokens from {last.start} "
        f"to {last.end} ({share.classified:.1%} of the classified ones, at most {share.high:.1%})"
    )
    return Answer(
        estimates=(made,), says=says, rows=_series(windows, ask),
        notes=("tokens of different tokenizers are not one unit; a router is not the world",),
    )  # fmt: skip


# What a channel lumps together instead of listing.
_LUMPED = ("other", "unknown")


@dataclass(frozen=True, slots=True)
class _Window:
    """The tokens of one stretch of days."""

    start: date
    end: date
    rows: "pl.DataFrame"


def _finest(usage: "pl.DataFrame", filters: str) -> "pl.DataFrame":
    """Only rows whose breakdown can tell this side: open or closed by access, else by maker."""
    import polars as pl

    column = filters.partition("=")[0].strip()
    wanted = ["access"] if column == "open" else ["lab", "model"]
    return usage.filter(pl.col("breakdown").is_in(wanted))


def _windows(usage: "pl.DataFrame", ask: Ask) -> list[_Window]:
    """Stretches of days up to `about`, oldest first; each of one breakdown, without gaps."""
    import polars as pl

    usage = usage.filter(pl.col("window_end") <= ask.about.end).sort("window_start")
    days = int(ask.scope["days"])
    if days == 0:
        usage = usage.filter(pl.col("window_start") >= ask.about.start)
    found = []
    for (_, _), rows in usage.group_by("source_id", "breakdown", maintain_order=True):
        found += _stretches(rows, days)
    found.sort(key=lambda w: (w.end, w.start))
    near = [w for w in found if (ask.about.start - w.end).days <= int(ask.scope["back_days"])]
    return found if near else []


def _stretches(rows: "pl.DataFrame", days: int) -> list[_Window]:
    """One breakdown's rows cut into windows of `days`; longer rows stay as they are."""
    import polars as pl

    made = []
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
            made.append(_Window(batch[0], ends[start], window))
            batch = []
    return made


def _bounds(rows: "pl.DataFrame", filters: str) -> ShareBounds:
    import polars as pl

    column = filters.partition("=")[0].strip()
    total, mine = int(rows["tokens"].sum()), int(where(rows, filters)["tokens"].sum())
    lost = int(rows.filter(pl.col(column).is_null())["tokens"].sum())
    lumped = int(rows.filter(pl.col("subject").is_in(_LUMPED))["tokens"].sum())
    # A stealth model is listed by itself, so it is classified, though nobody knows its maker.
    classified = share_bounds([mine], [total - mine - lumped], [lumped]).classified
    ends = share_bounds([mine], [total - mine - lost], [lost])
    return ShareBounds(ends.low, classified, ends.high)


def _series(windows: list[_Window], ask: Ask) -> "tuple[dict[str, object], ...]":
    """Every window with its bounds, for the chart and for `h2h show`."""
    rows: list[dict[str, object]] = []
    for w in windows:
        share = _bounds(w.rows, side(ask, "b"))
        first = w.rows.row(0, named=True)
        rows.append(
            {
                "side": side_name(side(ask, "b")),
                "breakdown": first["breakdown"],
                "window_start": w.start,
                "window_end": w.end,
                "low_frac": share.low,
                "classified_frac": share.classified,
                "high_frac": share.high,
                "tokens": int(w.rows["tokens"].sum()),
                "known_on": w.rows["known_on"].max(),
                "source_id": first["source_id"],
                "verified": bool(w.rows["verified"].all()),
            }
        )
    return tuple(rows)
