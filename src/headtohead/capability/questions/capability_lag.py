"""How many months ago the leading side first had what the trailing side has now."""

from datetime import date

import polars as pl

from headtohead.capability.fitted import about_sides
from headtohead.capability.model import MODEL_COLUMNS, TwoSides, model_rows
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival.lags import Clock, Lag, side_lag
from headtohead.capability.words import question_between
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.question import Answer, Ask, ScopeWord
from headtohead.evidence.picking import estimate, shown

QUESTION = question_between(
    "How many months behind side A is side B on a capability index?",
    "months",
    clock=ScopeWord(
        "text",
        "release: lag when B's best came out; about: lag on the day asked about.",
        "release",
        ("release", "about"),
    ),
)
_WORTH_SAYING = 0.005


@about_sides
def run(sides: TwoSides, ask: Ask) -> Answer:
    """Months since side A first had the level of side B's best, that best drawn anew each time."""
    clock: Clock = "release" if ask.scope["clock"] == "release" else "as of"
    fit = sides.capability
    try:
        lag = side_lag(
            fit.side(sides.a_past), fit.side(sides.b), sides.day.toordinal(), clock, LEVEL
        )
    except ValueError as error:
        return Answer(missing=f"no lag: {error}")
    match = fit.names(sides.a_past)[lag.matched] if lag.matched is not None else ""
    rows = model_rows(fit, sides.a_past | sides.b).filter(
        pl.col("model_name").is_in([sides.best_a, sides.best_b, match])
    )
    result = estimate(
        ask,
        rows,
        label=f"{sides.names[1]} behind {sides.names[0]}",
        interval=lag.days.rescaled(MONTHS_A_DAY),
        unit="months",
        level=LEVEL,
        method=f"{fit.settings.method_words()}; first day at the level, in each joint draw",
        n=int(sides.a.sum() + sides.b.sum()),
        n_of="models that may lead",
        dated=sides.dated,
    )
    when = "at its release" if clock == "release" else f"on {sides.day}"
    if match:
        day = date.fromordinal(int(fit.days[fit.index.place(match)]))
        says = (
            f"{sides.best_b} was {result.value:.1f} months behind {when} ({result.interval()}); "
            f"{match} had that level on {day}"
        )
    else:
        sure = f" ({result.interval()} months)" if result.high > 0 else ""
        says = (
            f"{sides.best_b} led {when}: no {sides.names[0]} model had its level yet, so there is "
            f"no lag to catch up{sure}"
        )
    return Answer(
        estimates=(result,),
        says=says,
        rows=shown(rows, MODEL_COLUMNS),
        notes=_notes(sides, lag, match),
    )


def _notes(sides: TwoSides, lag: Lag, match: str) -> tuple[str, ...]:
    a, b = sides.names
    notes = []
    if lag.ahead >= _WORTH_SAYING:
        notes.append(
            f"{b} models are ahead in {lag.ahead:.0%} of the draws, which count as 0 months"
        )
    if lag.open >= _WORTH_SAYING:
        notes.append(
            f"in {lag.open:.0%} of the draws {a} had the level from its first model on, so "
            "the lag has no upper end there"
        )
    notes.append(
        "models count from their general release"
        if sides.capability.settings.dates == "release"
        else "models count from the day the index's publisher gives"
    )
    return (*notes, *_previews(sides, match))


def _previews(sides: TwoSides, match: str) -> tuple[str, ...]:
    """Notes on models of the finding that the index counts from a day before their release."""
    fit, notes = sides.capability, []
    released = dict(fit.rows.select("label", "model_released_on").iter_rows())
    for name in filter(None, (sides.best_b, match)):
        day = date.fromordinal(int(fit.days[fit.index.place(name)]))
        if released[name] and day < released[name]:
            notes.append(
                f"{name} counts from {day}, before its general release on {released[name]}"
            )
    return tuple(notes)
