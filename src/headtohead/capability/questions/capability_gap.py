"""How many index points apart the best models of the two sides are."""

from typing import TYPE_CHECKING

from headtohead.capability.fitted import two_sides
from headtohead.capability.model import FRONT_COLUMNS, MODEL_COLUMNS, TwoSides, fronts, model_rows
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival import frontier_probability
from headtohead.capability.words import question_between, settings_of
from headtohead.core.question import Answer, Ask, Frames
from headtohead.evidence.picking import estimate, shown, side, side_name

if TYPE_CHECKING:
    import polars as pl

    from headtohead.stats.inputs import BoolArray

QUESTION = question_between(
    "How many index points apart are the best models of the two sides?",
    "index",
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Best of B minus best of A among models released by the end of `about`.

    In each joint draw the best of each side is chosen anew.
    """
    import polars as pl

    found = two_sides(frames, ask, settings_of(ask.scope), ask.about.end)
    if isinstance(found, str):
        return Answer(missing=found)
    index = found.capability.index
    names = [side_name(side(ask, w)) for w in ("a", "b")]
    best = fronts(found)
    rows = pl.concat(
        [
            _series(found, ask, w, m).join(best[w], on="released_on", maintain_order="left")
            for w, m in (("a", found.a), ("b", found.b))
        ]
    )
    both = rows.filter(pl.col("model_name").is_in([found.best_a, found.best_b]))
    made = estimate(
        ask,
        both,
        label=f"{names[1]} minus {names[0]}",
        interval=found.gap(),
        unit="index",
        level=LEVEL,
        method=f"{found.capability.settings.method_words()}; best against best in each joint draw",
        n=int(found.a.sum() + found.b.sum()),
        n_of="models that may lead",
    )
    best_a, best_b = (index.interval(m, LEVEL) for m in (found.best_a, found.best_b))
    says = (
        f"{found.best_b} scores {best_b.value:.1f} and {found.best_a} {best_a.value:.1f} index "
        f"points: {made.value:+.1f} ({made.low:+.1f} to {made.high:+.1f})"
        if ask.sides.group == "unit"
        else f"the best {names[1]} model, {found.best_b}, scores {best_b.value:.1f} and the best "
        f"{names[0]} one, {found.best_a}, {best_a.value:.1f} index points: {made.value:+.1f} "
        f"({made.low:+.1f} to {made.high:+.1f})"
    )
    return Answer(
        estimates=(made,),
        says=says,
        rows=shown(rows, f"{MODEL_COLUMNS} {FRONT_COLUMNS}"),
        notes=() if ask.sides.group == "unit" else _notes(found, names),
    )


def _series(found: TwoSides, ask: Ask, which: str, mask: "BoolArray") -> "pl.DataFrame":
    """One side's models by release day: records, and the chance that each is the side's best."""
    import polars as pl

    made = found.capability
    rows = model_rows(made, mask).sort("released_on", "score_index", descending=[False, True])
    chances = dict(
        zip(made.names(mask), frontier_probability(made.index.ability_draws[:, mask]), strict=True)
    )
    before = pl.col("score_index").cum_max().shift(1).fill_null(float("-inf"))
    return rows.with_columns(
        side=pl.lit(side_name(side(ask, which))),
        is_record=pl.col("score_index") > before,
        frontier_frac=pl.col("model_name").replace_strict(chances, return_dtype=pl.Float64()),
    )


def _notes(found: TwoSides, names: list[str]) -> tuple[str, ...]:
    made, notes = found.capability, []
    for name, mask in zip(names, (found.a, found.b), strict=True):
        chances = frontier_probability(made.index.ability_draws[:, mask])
        ranked = sorted(zip(made.names(mask), chances, strict=True), key=lambda pair: -pair[1])
        notes.append(
            f"best {name} model: "
            + ", ".join(f"{model} with probability {p:.2f}" for model, p in ranked[:3] if p >= 0.05)
        )
    return (
        *notes,
        f"{made.lead_words()}; the scale has no zero, so no ratio is made",
    )
