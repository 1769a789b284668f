"""How far gap and lag move under other choices that one could have made."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from headtohead.capability.model import TwoSides, with_source
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival.lags import side_lag
from headtohead.capability.survival.sides import check_known, front
from headtohead.capability.variants import variants
from headtohead.capability.words import question_between, settings_of
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.estimate import Estimate, Interval, leads_by
from headtohead.core.question import Answer, Ask, Frames
from headtohead.core.units import lead_span
from headtohead.evidence.picking import estimate

QUESTION = question_between(
    "How far do gap and lag move under other choices that one could have made?",
    "index",
    "months",
)
_COLUMNS = (
    "topic choice a_model b_model gap_index gap_low_index gap_high_index lag_months "
    "lag_low_months lag_high_months benchmarks_n models_n why"
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Gap and lag as asked, and under each other choice of scores, dates, model and benchmarks."""
    others = list(variants(frames, ask, settings_of(ask.scope)))
    base = others[0].sides
    if isinstance(base, str):
        return Answer(missing=base)
    rows: list[dict[str, Any]] = []
    estimates: list[Estimate] = []
    for v in others:
        rows.append({**dict.fromkeys(_COLUMNS.split()), "topic": v.topic, "choice": v.choice})
        if isinstance(v.sides, str):
            rows[-1]["why"] = v.sides
            continue
        intervals = _intervals(v.sides, ask)
        rows[-1] |= _row(v.sides, intervals)
        # A choice without draws has no interval, so only its row shows.
        if _is_drawn(v.sides):
            estimates += _estimates(ask, v.choice, v.sides, intervals)
    gaps = [row["gap_index"] for row in rows if row["gap_index"] is not None]
    lags = [row["lag_months"] for row in rows if row["lag_months"] is not None]
    one_each = ask.sides.group == "unit"
    best = base.names if one_each else [f"best {name} model" for name in base.names]
    says = (
        f"on scores as of {base.day}, over {len(gaps)} choices: "
        f"{lead_span(min(gaps), max(gaps), 'index', *best)}"
    )
    if any(lags):
        says += f", and {best[1]} {min(lags):.1f} to {max(lags):.1f} months behind at release"
    return Answer(
        estimates=tuple(estimates),
        says=says,
        rows=tuple(with_source(rows, base.capability.rows)),
        notes=(*_notes(base), *base.unplaced),
    )


def _is_drawn(sides: TwoSides) -> bool:
    return len(sides.capability.index.ability_draws) > 0


def _intervals(sides: TwoSides, ask: Ask) -> dict[tuple[str, str], Interval]:
    """Gap and lag by name and unit, each where there is one."""
    intervals = {("gap", "index"): sides.gap()}
    if ask.sides.group != "unit":  # one model alone has no history to lag behind
        with suppress(ValueError):  # the leader has no model as old as B's best
            intervals["lag", "months"] = _lag(sides)
    return intervals


def _row(sides: TwoSides, intervals: Mapping[tuple[str, str], Interval]) -> dict[str, Any]:
    index = sides.capability.index
    cells: dict[str, Any] = {
        "a_model": sides.best_a,
        "b_model": sides.best_b,
        "benchmarks_n": float(len(index.benchmarks)),
        "models_n": float(len(index.models)),
    }
    for (what, unit), interval in intervals.items():
        cells[f"{what}_{unit}"] = interval.value
        for which, end in (("low", interval.low), ("high", interval.high)):
            known = _is_drawn(sides) and np.isfinite(end)
            cells[f"{what}_{which}_{unit}"] = float(end) if known else None
    return cells


def _lag(sides: TwoSides) -> Interval:
    """Months at release; open ends where no draws were made."""
    made, day = sides.capability, sides.day.toordinal()
    if _is_drawn(sides):
        lag = side_lag(made.side(sides.a_past), made.side(sides.b), day, "release", LEVEL)
        return lag.days.rescaled(MONTHS_A_DAY)
    best, past = sides.best(sides.b), sides.a_past
    clock = int(made.days[best])
    check_known(made.days[past], clock, "leader")
    leader = front(made.days[past], made.index.ability[None, past], clock)
    at = int(leader.reached(made.index.ability[[best]])[0, 0])
    value = clock - int(leader.days[at]) if at < leader.days.size else 0
    return Interval(value * MONTHS_A_DAY, 0.0, np.inf)


def _estimates(
    ask: Ask, choice: str, sides: TwoSides, intervals: Mapping[tuple[str, str], Interval]
) -> list[Estimate]:
    """Gap and lag of one choice."""
    rows = sides.capability.evidence(sides.best_a, sides.best_b)
    return [
        estimate(
            ask,
            rows,
            label=f"{what}, {choice}",
            interval=interval,
            unit=unit,
            level=LEVEL,
            method=sides.capability.settings.method_words(),
            n=len(sides.capability.index.benchmarks),
            n_of="benchmarks",
            dated=sides.dated,
            called=leads_by(*sides.names, f", {choice},") if unit == "index" else (),
        )
        for (what, unit), interval in intervals.items()
    ]


def _notes(base: TwoSides) -> tuple[str, ...]:
    fit = base.capability
    if fit.settings.method == "published":
        return (fit.lead_words(),)
    counts = fit.models["benchmarks_n"].to_numpy()
    a, b = (float(counts[mask].mean()) for mask in (base.a, base.b))
    return (
        f"models that may lead have {a:.1f} benchmarks on average if they are {base.names[0]}, and "
        f"{b:.1f} if {base.names[1]}: who is tested where is no accident",
        "leaving out one benchmark is shown without an interval",
    )
