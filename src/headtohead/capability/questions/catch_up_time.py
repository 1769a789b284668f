"""How long each record of the leading side stood until the other side matched it."""

import math
from datetime import date

import numpy as np
import polars as pl

from headtohead.capability.fitted import about_sides
from headtohead.capability.model import TwoSides, model_rows, stood
from headtohead.capability.settings import LEVEL, PAST
from headtohead.capability.survival.catch_ups import CatchUp, catch_up
from headtohead.capability.words import question_between
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, ScopeWord
from headtohead.core.units import show_end, span_of
from headtohead.evidence.picking import estimate, shown

QUESTION = question_between(
    "How long do records of side A stand until side B matches them?",
    "months",
    since=ScopeWord("day", "Records set on this day or later.", "2023-01-01"),
)
_COLUMNS = (
    "side model_name lab country score_index score_low_index score_high_index released_on "
    "matched_by matched_on stood_until stood_months stood_low_months stood_high_months is_matched"
)


@about_sides
def run(sides: TwoSides, ask: Ask) -> Answer:
    """The median of all records, those still standing included (Kaplan-Meier)."""
    fit, on_day = sides.capability, sides.day.toordinal()
    since = date.fromisoformat(str(ask.scope["since"])).toordinal()
    try:
        a, b = fit.side(sides.a_past), fit.side(sides.b_past)
        times = catch_up(a, b, on_day, ask.rng, since=since, level=LEVEL)
    except ValueError as error:
        return Answer(missing=f"no catch-up time: {error}")
    median = times.median.scores.rescaled(MONTHS_A_DAY)
    standing = int((~times.observed).sum())
    records = int(times.observed.size)
    # Not reached yet: it is longer than any record has stood so far.
    longest = float(times.durations.max()) * MONTHS_A_DAY
    reached = median.value != float("inf")
    least = median if reached else Interval(longest, min(median.low, longest), float("inf"))
    names = sides.names
    rows = _records(sides, times).with_columns(side=pl.lit(names[0]))
    result = estimate(
        ask,
        pl.concat([rows, model_rows(fit, sides.b_past)], how="diagonal_relaxed"),
        label=f"{names[1]} catching up with {names[0]}",
        interval=least,
        unit="months",
        level=LEVEL,
        method="Kaplan-Meier median over records, in each joint draw of the index",
        n=records,
        n_of="records",
        dated=sides.dated,
    )
    wide = times.median.both.rescaled(MONTHS_A_DAY)
    wider = span_of(wide.low, wide.high, lambda end: show_end(end, "months"))
    many = f"{records} {names[0]} records since {ask.scope['since']}"
    says = (
        f"half of {many} were matched within {result.value:.1f} months ({result.interval()}); "
        f"{standing} still stand"
        if reached and result.value > 0
        else f"at least half of {many} came when a {names[1]} model had the level already, so "
        f"there was nothing to catch up; {standing} still stand"
        if reached
        else f"{standing} of {many} still stand, so their median is not reached yet: it is more "
        f"than {result.value:.1f} months ({result.interval()})"
    )
    notes: tuple[str, ...] = (
        f"had there been other records of the same kind, in months: {wider}",
        "records still standing count as standing that long at least; a mean of the matched ones "
        "would leave them out and look too short",
    )
    if fit.settings.method != "published":
        notes += (f"a model needs {PAST} benchmarks to set or match a record here",)
    return Answer(estimates=(result,), says=says, rows=shown(rows, _COLUMNS), notes=notes)


def _records(sides: TwoSides, times: CatchUp) -> pl.DataFrame:
    """Each record of side A with the model of side B that first matched it."""
    fit = sides.capability
    days, ability, models = fit.days, fit.index.ability, fit.index.models
    rows = []
    for level, day, lasted, matched in zip(
        times.levels.tolist(),
        times.days.tolist(),
        times.durations.tolist(),
        times.observed.tolist(),
        strict=True,
    ):
        setter = int((sides.a_past & (days == day) & (ability == level)).argmax())
        able = np.flatnonzero(sides.b_past & (ability >= level)).tolist()
        first = min(((days[n], models[n]) for n in able), default=(0, None))[1]
        until = date.fromordinal(day + int(lasted))
        months = stood(sides, setter)
        rows.append(
            {
                "model_name": models[setter],
                "matched_by": first if matched else None,
                "matched_on": until if matched else None,
                "stood_until": until,
                "stood_months": lasted * MONTHS_A_DAY,
                "stood_low_months": months.low,
                "stood_high_months": months.high if math.isfinite(months.high) else None,
                "is_matched": matched,
            }
        )
    table = pl.DataFrame(rows, infer_schema_length=None)
    records_of = model_rows(fit, sides.a_past)
    return table.join(records_of, on="model_name", how="left").sort("released_on")
