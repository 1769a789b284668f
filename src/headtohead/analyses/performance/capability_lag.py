"""How many months ago the leading side first had what the trailing side has now."""

from typing import TYPE_CHECKING

import numpy as np

from headtohead.analyses.indexes import INDEX_WORDS, NO_INDEX, released
from headtohead.analyses.picking import estimate, shown, side, side_name
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.stats.frontier import lag_days, lag_with_draws
from headtohead.stats.intervals import Interval, normal_quantile

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="How many months behind side A is side B on a capability index?",
    reads=("index_scores",),
    units=("months",),
    scope={
        **INDEX_WORDS,
        "clock": ScopeWord(
            "text",
            "release: lag when B's best came out; about: lag on the day asked about.",
            "release",
            ("release", "about"),
        ),
    },
)
_DAYS_A_MONTH = 365.25 / 12


def run(frames: Frames, ask: Ask) -> Answer:
    """Months since side A first reached the level of side B's best model."""
    import polars as pl

    a, b = (released(frames["index_scores"], ask, w, ask.about.end) for w in ("a", "b"))
    if a.is_empty() or b.is_empty():
        return Answer(missing=NO_INDEX.format(as_of=ask.as_of))
    best = b.row(0, named=True)
    clock = best["released_on"] if ask.scope["clock"] == "release" else ask.about.end
    days = np.array([d.toordinal() for d in a["released_on"]])
    values = a["score_index"].to_numpy()
    lag = lag_days(days, values, best["score_index"], clock.toordinal())
    if lag is None:
        return Answer(
            missing=f"{side_name(side(ask, 'a'))} models were at that level before the index begins"
        )
    spread = lag_with_draws(
        days, values, _sd(a), b["score_index"].to_numpy(), _sd(b), clock.toordinal(), ask.rng
    )
    first = a.filter(pl.col("score_index") >= best["score_index"]).sort("released_on").head(1)
    rows = pl.concat([b.head(1), first, a.head(1)])
    months = lag / _DAYS_A_MONTH
    made = estimate(
        ask,
        rows,
        label=f"{side_name(side(ask, 'b'))} behind {side_name(side(ask, 'a'))}",
        interval=Interval(
            months,
            min(months, spread.low / _DAYS_A_MONTH),
            max(months, spread.high / _DAYS_A_MONTH),
        ),
        unit="months",
        method="horizontal distance of the two fronts; joint normal draws of all published scores",
        n=a.height + b.height,
        n_of="models released by then",
    )
    matched = (
        f"; {first['model_name'][0]} had that level on {first['released_on'][0]}"
        if first.height
        else ""
    )
    says = (
        f"{best['model_name']} is {months:.1f} months behind ({made.low:.1f} to {made.high:.1f})"
        f"{matched}"
    )
    return Answer(
        estimates=(made,),
        says=says,
        rows=shown(rows, ("model_name", "lab", "score_index", "score_low_index", "score_high_index",
                          "released_on", "vintage")),
        notes=("release dates follow the publisher's convention: o3 counts from its preview",),
    )  # fmt: skip


def _sd(rows: "pl.DataFrame") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Standard deviations from the published intervals; zero where none was published."""
    import polars as pl

    z = normal_quantile(0.95)
    wide = rows.select(
        ((pl.col("score_high_index") - pl.col("score_low_index")) / (2 * z))
        .fill_null(0.0)
        .alias("sd")
    )
    return np.asarray(wide["sd"].to_numpy(), dtype=np.float64)
