"""How fast the two frontiers rise, and how far apart they run."""

from datetime import date

import numpy as np
import polars as pl

from headtohead.capability.fitted import about_sides
from headtohead.capability.irt.index import drawn_interval
from headtohead.capability.model import MODEL_COLUMNS, TwoSides, model_rows
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival.gaps import TrendGap, horizontal_gap, trend_gap
from headtohead.capability.words import question_between
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.estimate import Estimate
from headtohead.core.question import Answer, Ask, ScopeWord
from headtohead.evidence.picking import estimate, shown

QUESTION = question_between(
    "How fast do the two frontiers rise, and how far apart do they run?",
    "index_per_year",
    "index",
    "months",
    since=ScopeWord("day", "Lines through the records since this day.", "2024-04-01"),
    measure=ScopeWord(
        "text",
        "all; or only the slope of one side's frontier (slope_a, slope_b); rise_b: how many points "
        "side B's best is above its best of `since`, 0 if none was better.",
        "all",
        ("all", "slope_a", "slope_b", "rise_b"),
    ),
)
_STEP = 0.1  # points between two levels at which the frontiers are compared


@about_sides
def run(sides: TwoSides, ask: Ask) -> Answer:
    """Slopes, the gap between the lines, and the mean horizontal gap between the frontiers."""
    fit, day = sides.capability, sides.day.toordinal()
    a, b = fit.side(sides.a_past), fit.side(sides.b_past)
    since = date.fromisoformat(str(ask.scope["since"])).toordinal()
    names = sides.names
    rows = model_rows(fit, sides.a_past | sides.b_past)
    if ask.scope["measure"] == "rise_b":
        return _rise(sides, ask, date.fromordinal(since))
    notes, estimates = [], []
    try:
        lines = trend_gap(a, b, since, day, ask.rng, level=LEVEL)
        estimates += _lines(ask, rows, lines, sides)
    except ValueError:
        notes.append(
            f"no lines: a side has fewer than three records since {ask.scope['since']}, or the "
            "leader's line does not rise"
        )
    try:
        apart = horizontal_gap(a, b, _levels(sides), day, LEVEL)
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
                    dated=sides.dated,
                    called=(
                        f"{names[1]} before {names[0]} at the same level, on average, by",
                        f"{names[1]} after {names[0]} at the same level, on average, by",
                    ),
                )
            )
        notes.append(
            f"{apart.both} levels reached by both, a tenth of a point apart; {apart.only_leader} "
            f"only by {names[0]}, {apart.only_trailing} only by {names[1]}"
        )
    except ValueError:
        notes.append(f"no level of the one frontier was reached by the other by {sides.day}")
    if ask.scope["measure"] != "all":
        which = names[ask.scope["measure"] == "slope_b"]
        estimates = [e for e in estimates if e.label == _slope(which)]
    if not estimates:
        return Answer(missing="; ".join(notes))
    return Answer(
        estimates=tuple(estimates),
        says="; ".join(e.as_said().in_words(" was") for e in estimates),
        rows=shown(rows, MODEL_COLUMNS),
        notes=tuple(notes),
    )


def _rise(sides: TwoSides, ask: Ask, since: date) -> Answer:
    """How far side B's best has come since a day; each best is chosen anew in each draw."""
    fit, now = sides.capability, sides.b_past
    early = now & fit.out_by(since)
    if not early.any():
        return ask.lacks(f"no {sides.names[1]} model out by {since} with enough benchmarks")
    ability, draws = fit.index.ability, fit.index.ability_draws
    value = float(ability[now].max() - ability[early].max())
    risen = draws[:, now].max(axis=1) - draws[:, early].max(axis=1)
    rows = model_rows(fit, now)
    one = estimate(
        ask,
        rows,
        label=f"rise of the best {sides.names[1]} score",
        interval=drawn_interval(value, risen, LEVEL),
        unit="index",
        level=LEVEL,
        method=f"best now less best of {since}, in each joint draw",
        n=int(now.sum()),
        n_of="models that may mark a record",
        dated=sides.dated,
    )
    return Answer(
        estimates=(one,),
        says=f"the best {sides.names[1]} score rose by {one.value:.1f} points ({one.interval()}) "
        f"from {since} to {sides.day}",
        rows=shown(rows, MODEL_COLUMNS),
    )


def _levels(sides: TwoSides) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """From where both sides' first models stand to the higher of their best."""
    index, days = sides.capability.index.ability, sides.capability.days
    first, best = [], []
    for mask in (sides.a_past, sides.b_past):
        values = index[mask]
        first.append(float(values[days[mask] == days[mask].min()].max()))
        best.append(float(values.max()))
    return np.arange(max(first) + _STEP, max(best), _STEP)


def _slope(side: str) -> str:
    return f"slope of the {side} frontier"


def _lines(ask: Ask, rows: pl.DataFrame, lines: TrendGap, sides: TwoSides) -> list[Estimate]:
    a, b = sides.names
    a_n, b_n = lines.leader_records, lines.trailing_records
    estimates = []
    below = (f"{b} frontier above the {a} one by", f"{b} frontier below the {a} one by")
    for label, called, spread, by, unit, n in (
        (_slope(a), (), lines.leader_slope, 1.0, "index_per_year", a_n),
        (_slope(b), (), lines.trailing_slope, 1.0, "index_per_year", b_n),
        (below[1].removesuffix(" by"), below, lines.level_gap, 1.0, "index", a_n + b_n),
        (
            f"that gap at the pace of the {a} frontier",
            (
                f"lead of {b} at the pace of the {a} frontier",
                f"that gap at the pace of the {a} frontier",
            ),
            lines.days,
            MONTHS_A_DAY,
            "months",
            a_n + b_n,
        ),
    ):
        # Where records are too few to be drawn anew, the interval is for the scores alone.
        enough = np.isfinite(spread.both.low) and np.isfinite(spread.both.high)
        drawn = "scores and records drawn anew" if enough else "scores drawn anew, records as given"
        if np.isfinite(spread.both.value):
            one = estimate(
                ask,
                rows,
                label=label,
                interval=(spread.both if enough else spread.scores).rescaled(by),
                unit=unit,
                level=LEVEL,
                method=f"least squares through the records since {ask.scope['since']}, {drawn}",
                n=n,
                n_of="records",
                dated=sides.dated,
                called=called,
            )
            estimates.append(one)
    return estimates
