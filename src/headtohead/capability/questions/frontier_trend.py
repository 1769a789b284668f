"""How fast the two frontiers rise, and how far apart they run."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from headtohead.capability.fitted import two_sides
from headtohead.capability.model import MODEL_COLUMNS, TwoSides, model_rows
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival import Spread, TrendGap, horizontal_gap, trend_gap
from headtohead.capability.words import question_between, settings_of
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Answer, Ask, Frames, ScopeWord
from headtohead.evidence.picking import estimate, shown, side, side_name

if TYPE_CHECKING:
    import polars as pl

QUESTION = question_between(
    "How fast do the two frontiers rise, and how far apart do they run?",
    "index_per_year",
    "index",
    "months",
    since=ScopeWord("day", "Lines through the records since this day.", "2024-04-01"),
)
_STEP = 0.1  # points between two levels at which the frontiers are compared


def run(frames: Frames, ask: Ask) -> Answer:
    """Slopes, the gap between the lines, and the mean horizontal gap between the frontiers."""
    found = two_sides(frames, ask, settings_of(ask.scope), ask.about.end)
    if isinstance(found, str):
        return Answer(missing=found)
    made, day = found.capability, found.day.toordinal()
    a, b = made.side(found.a_past), made.side(found.b_past)
    since = date.fromisoformat(str(ask.scope["since"])).toordinal()
    names = [side_name(side(ask, w)) for w in ("a", "b")]
    rows = model_rows(made, found.a_past | found.b_past)
    notes, estimates = [], []
    try:
        lines = trend_gap(a, b, since, day, ask.rng, level=LEVEL)
        estimates += _lines(ask, rows, lines, names)
    except ValueError:
        notes.append(
            f"no lines: a side has fewer than three records since {ask.scope['since']}, or the "
            "leader's line does not rise"
        )
    try:
        apart = horizontal_gap(a, b, _levels(found), day, LEVEL)
        if apart.both and np.isfinite(apart.mean.value):
            estimates.append(
                estimate(
                    ask,
                    rows,
                    label=f"{names[1]} after {names[0]} at the same level, on average",
                    interval=apart.mean.rescaled(MONTHS_A_DAY),
                    unit="months",
                    level=LEVEL,
                    method="mean time between both sides' first model at a level, over levels that "
                    "both reached",
                    n=apart.both,
                    n_of="levels",
                )
            )
        notes.append(
            f"{apart.both} levels reached by both, a tenth of a point apart; {apart.only_leader} "
            f"only by {names[0]}, {apart.only_trailing} only by {names[1]}"
        )
    except ValueError:
        notes.append(f"no level of the one frontier was reached by the other by {found.day}")
    if not estimates:
        return Answer(missing="; ".join(notes))
    return Answer(
        estimates=tuple(estimates),
        says="; ".join(f"{e.label} {e.value:.1f} ({e.interval()})" for e in estimates),
        rows=shown(rows, MODEL_COLUMNS),
        notes=tuple(notes),
    )


def _levels(found: TwoSides) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """From where both sides' first models stand to the higher of their best."""
    index, days = found.capability.index.ability, found.capability.days
    first, best = [], []
    for mask in (found.a_past, found.b_past):
        values = index[mask]
        first.append(float(values[days[mask] == days[mask].min()].max()))
        best.append(float(values.max()))
    return np.arange(max(first) + _STEP, max(best), _STEP)


def _lines(ask: Ask, rows: "pl.DataFrame", lines: TrendGap, names: list[str]) -> list[Estimate]:
    a, b = lines.leader_records, lines.trailing_records
    wanted = (
        (f"slope of {names[0]}", lines.leader_slope, 1.0, "index_per_year", a),
        (f"slope of {names[1]}", lines.trailing_slope, 1.0, "index_per_year", b),
        (f"line of {names[1]} below that of {names[0]}", lines.level_gap, 1.0, "index", a + b),
        (f"that gap at the pace of {names[0]}", lines.days, MONTHS_A_DAY, "months", a + b),
    )
    made = []
    for label, spread, by, unit, n in wanted:
        if np.isfinite(spread.both.value):
            interval, method = _interval(spread, ask, by)
            made.append(
                estimate(
                    ask,
                    rows,
                    label=label,
                    interval=interval,
                    unit=unit,
                    level=LEVEL,
                    method=method,
                    n=n,
                    n_of="records",
                )
            )
    return made


def _interval(spread: Spread, ask: Ask, by: float) -> tuple[Interval, str]:
    """The interval that allows for other records too; where these are too few, for scores alone."""
    through = f"least squares through the records since {ask.scope['since']}"
    if np.isfinite(spread.both.low) and np.isfinite(spread.both.high):
        return spread.both.rescaled(by), f"{through}, scores and records drawn anew"
    return spread.scores.rescaled(by), f"{through}, scores drawn anew, records as given"
