"""What share of the leader's score the other side reaches on tests both were given."""

from typing import TYPE_CHECKING

import numpy as np

from headtohead.capability.fitted import capability
from headtohead.capability.matrix import corrected
from headtohead.capability.scores import SCORE_COLUMNS, SCORE_WORDS, best_run, pairs, runs
from headtohead.capability.settings import LEVEL, IndexSettings
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, listed, shown, side, side_name, where
from headtohead.evidence.tables import in_words
from headtohead.stats.bootstrap import ratio_of_sums
from headtohead.stats.intervals import ratio

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="What share of side A's score does side B reach on shared benchmarks?",
    reads=("benchmark_scores",),
    optional=("index_scores", "index_benchmarks"),
    units=("ratio",),
    scope={
        **SCORE_WORDS,
        "mode": ScopeWord(
            "text",
            "pooled: B's best model against A's best model, over all shared unsaturated tests; "
            "each: best of B against best of A, test by test.",
            "pooled",
            ("pooled", "each"),
        ),
        "saturated_at": ScopeWord(
            "number",
            "A test on which A's best reaches this is left out; above 1: none is.",
            0.95,
        ),
        "min_shared": ScopeWord("number", "Fewest shared tests for a pooled ratio.", 5),
        "a": ScopeWord("text", "Side A as column=value, ...; empty: the side asked for.", ""),
        "b": ScopeWord("text", "Side B likewise.", ""),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Ratios of expected scores: real zeros, so a ratio means something here."""
    rows = runs(frames["benchmark_scores"], ask.scope, ask.about.end)
    if where(rows, side(ask, "a")).is_empty() or where(rows, side(ask, "b")).is_empty():
        return Answer(missing=f"no shared benchmark of both sides was known by {ask.as_of}")
    if ask.scope["mode"] == "each":
        return _each(rows, ask)
    return _pooled(rows, frames, ask)


def _each(rows: "pl.DataFrame", ask: Ask) -> Answer:
    import polars as pl

    a, b = best_run(rows, side(ask, "a")), best_run(rows, side(ask, "b"))
    made, kept = [], []
    for name, pair, low, high in pairs(a, b):
        if low.value <= 0:
            continue
        found = ratio(low, high)
        made.append(
            estimate(
                ask,
                pair,
                label=name,
                interval=found,
                unit="ratio",
                method="best score of B over best of A; Wilson intervals combined by MOVER-R",
                n=min(pair["tasks_n"].to_list()),
                n_of="tasks",
            )
        )
        kept.append(pair)
    if not made:
        return Answer(missing="no shared benchmark has a known number of tasks")
    made.sort(key=lambda e: -e.value)
    says = listed(
        f"{in_words(e.label)} {e.value:.2f} ({e.low:.2f} to {e.high:.2f})" for e in made[:4]
    )
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    return Answer(
        estimates=tuple(made),
        says=f"the best {name_b} score over the best {name_a} one is {says}",
        rows=shown(pl.concat(kept), SCORE_COLUMNS),
    )


def _pooled(rows: "pl.DataFrame", frames: Frames, ask: Ask) -> Answer:
    import polars as pl

    top = best_run(rows, side(ask, "a")).filter(
        pl.col("score_frac") < float(ask.scope["saturated_at"])
    )
    rows = rows.filter(pl.col("test").is_in(top["test"].to_list()))
    pair = _leaders(rows, _order(rows, frames, ask), ask) if rows.height else None
    if pair is None:
        need = int(ask.scope["min_shared"])
        return Answer(
            missing=f"no two leading models share {need} unsaturated tests known by {ask.as_of}"
        )
    a, b, both = pair
    x, y = (
        both.filter(pl.col("unit") == m).sort("test")["score"].cast(pl.Float64()).to_numpy()
        for m in (a, b)
    )
    found = ratio_of_sums(np.maximum(y, 0.0), np.maximum(x, 0.0), ask.rng, level=LEVEL)
    names = [both.filter(pl.col("unit") == m)["model_name"].mode().sort()[0] for m in (a, b)]
    made = estimate(
        ask,
        both,
        label=f"{names[1]} over {names[0]}",
        interval=found,
        unit="ratio",
        method="sum of scores of B over A on shared tests; Bayesian bootstrap over tests",
        n=len(x),
        n_of="shared tests",
        level=LEVEL,
    )
    some_left_out = float(ask.scope["saturated_at"]) <= 1
    says = (
        f"{names[1]} reaches {found.value:.2f} ({found.low:.2f} to {found.high:.2f}) of "
        f"{names[0]}'s score on {len(x)} shared {'unsaturated ' if some_left_out else ''}tests"
    )
    return Answer(
        estimates=(made,),
        says=says,
        rows=shown(both, SCORE_COLUMNS),
        notes=("tests that the leader has all but solved are left out: they tell no model apart",)
        if some_left_out
        else (),
    )


def _leaders(
    rows: "pl.DataFrame", order: dict[str, float], ask: Ask
) -> "tuple[str, str, pl.DataFrame] | None":
    """B's best model, and A's best that shares enough tests with it, and their scores.

    A model is one set of weights, whatever each source calls it. Best is by `order`; a model that
    it does not hold is passed over.
    """
    import polars as pl

    named = rows.with_columns(pl.coalesce("model_id", "model_name").alias("unit"))
    per = (
        corrected(named)
        .sort("score", "source_id", "model_name", descending=[True, False, False])
        .unique(["unit", "test"], keep="first", maintain_order=True)
    )
    need = int(ask.scope["min_shared"])
    for b in _units(where(per, side(ask, "b")), order):
        tests = set(per.filter(pl.col("unit") == b)["test"])
        if len(tests) < need:
            continue
        for a in _units(where(per, side(ask, "a")), order):
            shared = tests & set(per.filter(pl.col("unit") == a)["test"])
            if a != b and len(shared) >= need:
                both = per.filter(
                    pl.col("unit").is_in([a, b]) & pl.col("test").is_in(sorted(shared))
                )
                return a, b, both.sort("test", "unit")
    return None


def _order(rows: "pl.DataFrame", frames: Frames, ask: Ask) -> dict[str, float]:
    """Weights -> how able they are: by the index made of these scores, else their mean score."""
    import polars as pl

    sources = tuple(sorted(rows["source_id"].unique()))
    try:
        made = capability(frames, ask, IndexSettings(source=sources, draws=0))
    except ValueError:
        unit = pl.coalesce("model_id", "model_name").alias("unit")
        return dict(rows.group_by(unit).agg(pl.col("score_frac").mean()).iter_rows())
    units = dict(made.rows.select("label", "unit").iter_rows())
    return {
        units[label]: ability
        for label, ability in zip(made.index.models, made.index.ability.tolist(), strict=True)
    }


def _units(rows: "pl.DataFrame", order: dict[str, float]) -> list[str]:
    return sorted(set(rows["unit"]) & set(order), key=lambda unit: (-order[unit], unit))
