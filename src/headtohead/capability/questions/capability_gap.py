"""How many index points apart the best models of the two sides are."""

from typing import TYPE_CHECKING

import polars as pl

from headtohead.capability.fitted import about_sides
from headtohead.capability.model import (
    FRONT_COLUMNS,
    MODEL_COLUMNS,
    Capability,
    TwoSides,
    fronts,
    model_rows,
)
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival.lags import frontier_probability
from headtohead.capability.words import question_between
from headtohead.core.estimate import leads_by
from headtohead.core.question import Answer, Ask
from headtohead.core.units import apart
from headtohead.evidence.picking import estimate, shown

if TYPE_CHECKING:
    from headtohead.stats.inputs import BoolArray

QUESTION = question_between(
    "How many index points apart are the best models of the two sides?",
    "index",
)
_COLUMNS = f"{MODEL_COLUMNS} {FRONT_COLUMNS}"


@about_sides
def run(pair: TwoSides, ask: Ask) -> Answer:
    """Best of B minus best of A among models released by the end of `about`.

    In each joint draw the best of each side is chosen anew.
    """
    index = pair.capability.index
    sides = [
        _series(pair.capability, name, mask).join(
            best, on="released_on", how="left", maintain_order="left"
        )
        for name, mask, best in zip(pair.names, (pair.a, pair.b), fronts(pair), strict=True)
    ]
    rows = pl.concat(sides)
    one_each = ask.sides.group == "unit"
    best, called = (pair.best_a, pair.best_b), [f"best {name} model" for name in pair.names]
    points = estimate(
        ask,
        rows.filter(pl.col("model_name").is_in([pair.best_a, pair.best_b])),
        label=f"{pair.names[1]} minus {pair.names[0]}",
        interval=pair.gap(),
        unit="index",
        level=LEVEL,
        method=f"{pair.capability.settings.method_words()}; best against best in each joint draw",
        n=int(pair.a.sum() + pair.b.sum()),
        n_of="models that may lead",
        dated=pair.dated,
        called=leads_by(*(best if one_each else called)),
    )
    points_a, points_b = (index.ability[index.place(m)] for m in (pair.best_a, pair.best_b))
    gap = apart(points.value, points.low, points.high, "index", "fewer")
    if one_each:
        says = (
            f"{pair.best_b}, with {points_b:.1f}, has {gap} than {pair.best_a}, with {points_a:.1f}"
        )
        return Answer(estimates=(points,), says=says, rows=shown(rows, _COLUMNS))
    return Answer(
        estimates=(points,),
        says=f"the best {pair.names[1]} model, {pair.best_b}, with {points_b:.1f}, has {gap} than "
        f"the best {pair.names[0]} one, {pair.best_a}, with {points_a:.1f}",
        rows=shown(rows, _COLUMNS),
        notes=(
            *(_likeliest(name, series) for name, series in zip(pair.names, sides, strict=True)),
            f"{pair.capability.lead_words()}; the scale has no zero, so no ratio is made",
        ),
    )


def _series(fit: Capability, name: str, mask: "BoolArray") -> pl.DataFrame:
    """One side's models by release day: records, and the chance that each is the side's best."""
    rows = model_rows(fit, mask).sort("released_on", "score_index", descending=[False, True])
    chances = dict(
        zip(fit.names(mask), frontier_probability(fit.index.ability_draws[:, mask]), strict=True)
    )
    before = pl.col("score_index").cum_max().shift(1).fill_null(float("-inf"))
    return rows.with_columns(
        side=pl.lit(name),
        is_record=pl.col("score_index") > before,
        frontier_frac=pl.col("model_name").replace_strict(chances, return_dtype=pl.Float64()),
    )


def _likeliest(name: str, series: pl.DataFrame) -> str:
    """Which models of a side are probably its best, for a note."""
    likely = series.sort("frontier_frac", descending=True).head(3)
    return f"best {name} model: " + ", ".join(
        f"{model} with probability {p:.2f}"
        for model, p in likely.select("model_name", "frontier_frac").iter_rows()
        if p >= 0.05
    )
