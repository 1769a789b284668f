"""How far gap and lag move under other choices that one could have made."""

from typing import Any

import numpy as np

from headtohead.capability.model import TwoSides
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival import lag_days, side_lag
from headtohead.capability.variants import Variant, variants
from headtohead.capability.words import question_between, settings_of
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Answer, Ask, Frames
from headtohead.evidence.picking import estimate, shown, side, side_name

QUESTION = question_between(
    "How far do gap and lag move under other choices that one could have made?",
    "index",
    "months",
)
_COLUMNS = (
    "topic",
    "choice",
    "a_model",
    "b_model",
    "gap_index",
    "gap_low_index",
    "gap_high_index",
    "lag_months",
    "lag_low_months",
    "lag_high_months",
    "benchmarks_n",
    "models_n",
    "why",
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Gap and lag as asked, and under each other choice of scores, dates, model and benchmarks."""
    import polars as pl

    found = list(variants(frames, ask, settings_of(ask.scope)))
    base = found[0].sides
    if isinstance(base, str):
        return Answer(missing=base)
    rows = [_row(v) for v in found]
    if ask.sides.group == "unit":  # one model alone has no history to lag behind
        lags_of_none = {c: None for c in _COLUMNS if c.startswith("lag_")}
        rows = [row | lags_of_none for row in rows]
    estimates = [
        made
        for v, row in zip(found, rows, strict=True)
        if isinstance(v.sides, TwoSides)
        for made in _estimates(ask, v, v.sides, row)
    ]
    names = [side_name(side(ask, w)) for w in ("a", "b")]
    gaps = [row["gap_index"] for row in rows if row["gap_index"] is not None]
    lags = [row["lag_months"] for row in rows if row["lag_months"] is not None]
    says = (
        f"over {len(gaps)} choices the gap of {names[1]} to {names[0]} runs from {min(gaps):+.1f} "
        f"to {max(gaps):+.1f} index points"
    )
    if lags:
        says += f" and the lag at release from {min(lags):.1f} to {max(lags):.1f} months"
    cited = base.capability.evidence().head(1)
    kinds = {c: pl.String() if c in _TEXTS else pl.Float64() for c in _COLUMNS}
    table = pl.DataFrame(rows, schema=kinds).join(
        cited.select("known_on", "source_id", "row_url", "verified"), how="cross"
    )
    return Answer(
        estimates=tuple(estimates),
        says=says,
        rows=shown(table, _COLUMNS),
        notes=_notes(base),
    )


_TEXTS = frozenset({"topic", "choice", "a_model", "b_model", "why"})


def _row(v: Variant) -> dict[str, Any]:
    made: dict[str, Any] = {**dict.fromkeys(_COLUMNS), "topic": v.topic, "choice": v.choice}
    if isinstance(v.sides, str):
        return made | {"why": v.sides}
    index = v.sides.capability.index
    gap, drawn = v.sides.gap(), index.ability_draws.shape[0] > 0
    try:
        lag: Interval | None = _lag(v.sides)
    except ValueError:
        lag = None  # the leader has no model as old as B's best
    return made | {
        "a_model": v.sides.best_a,
        "b_model": v.sides.best_b,
        "gap_index": gap.value,
        "gap_low_index": _end(gap.low),
        "gap_high_index": _end(gap.high),
        "lag_months": lag.value if lag else None,
        "lag_low_months": _end(lag.low) if lag and drawn else None,
        "lag_high_months": _end(lag.high) if lag and drawn else None,
        "benchmarks_n": float(len(index.benchmarks)),
        "models_n": float(len(index.models)),
    }


def _lag(sides: TwoSides) -> Interval:
    """Months at release; open ends where no draws were made."""
    made, day = sides.capability, sides.day.toordinal()
    if made.index.ability_draws.shape[0]:
        lag = side_lag(made.side(sides.a_past), made.side(sides.b), day, "release", LEVEL)
        return lag.days.rescaled(MONTHS_A_DAY)
    best = sides.best(sides.b)
    clock = int(made.days[best])
    days = lag_days(
        made.days[sides.a_past],
        made.index.ability[sides.a_past],
        float(made.index.ability[best]),
        clock,
    )
    value = clock - int(made.days[sides.a_past].min()) if days is None else days
    return Interval(value * MONTHS_A_DAY, 0.0, np.inf)


def _estimates(ask: Ask, v: Variant, sides: TwoSides, row: dict[str, Any]) -> list[Estimate]:
    """Gap and lag of one choice; a choice without draws has no interval, so only its row shows."""
    if row["gap_low_index"] is None:
        return []
    rows = sides.capability.evidence(sides.best_a, sides.best_b)
    made = []
    for what, unit in (("gap", "index"), ("lag", "months")):
        if row[f"{what}_{unit}"] is None:
            continue
        low, high = row[f"{what}_low_{unit}"], row[f"{what}_high_{unit}"]
        made.append(
            estimate(
                ask,
                rows,
                label=f"{what}, {v.choice}",
                interval=Interval(
                    row[f"{what}_{unit}"],
                    -np.inf if low is None else low,
                    np.inf if high is None else high,
                ),
                unit=unit,
                level=LEVEL,
                method=sides.capability.settings.method_words(),
                n=len(sides.capability.index.benchmarks),
                n_of="benchmarks",
            )
        )
    return made


def _end(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _notes(base: TwoSides) -> tuple[str, ...]:
    made = base.capability
    counts = made.models["benchmarks_n"].to_numpy()
    if made.settings.method == "published":
        return (made.lead_words(),)
    a, b = (float(counts[mask].mean()) for mask in (base.a, base.b))
    return (
        f"models that may lead have {a:.1f} benchmarks on side A and {b:.1f} on side B: who is "
        "tested where is no accident",
        "leaving out one benchmark is shown without an interval",
    )
