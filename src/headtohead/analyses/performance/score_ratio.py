"""What share of the leader's score the other side reaches on tests both were given."""

from typing import TYPE_CHECKING

import numpy as np

from headtohead.analyses.picking import estimate, listed, shown, side, side_name, where
from headtohead.analyses.scores import SCORE_COLUMNS, SCORE_WORDS, best_run, pairs, runs
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.stats.bootstrap import ratio_of_sums
from headtohead.stats.intervals import ratio

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="What share of side A's score does side B reach on shared benchmarks?",
    reads=("benchmark_scores",),
    optional=("index_scores",),
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
            "number", "A test on which A's best reaches this is left out.", 0.95
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
    return _pooled(rows, frames["index_scores"], ask)


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
    says = listed(f"{e.label} {e.value:.2f} ({e.low:.2f} to {e.high:.2f})" for e in made[:4])
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    return Answer(
        estimates=tuple(made),
        says=f"the best {name_b} score over the best {name_a} one is {says}",
        rows=shown(pl.concat(kept), SCORE_COLUMNS),
    )


def _pooled(rows: "pl.DataFrame", index: "pl.DataFrame", ask: Ask) -> Answer:
    import polars as pl

    top = best_run(rows, side(ask, "a")).filter(
        pl.col("score_frac") < float(ask.scope["saturated_at"])
    )
    rows = rows.filter(pl.col("test").is_in(top["test"].to_list()))
    pair = _leaders(rows, index, ask)
    if pair is None:
        need = int(ask.scope["min_shared"])
        return Answer(
            missing=f"no two leading models share {need} unsaturated tests known by {ask.as_of}"
        )
    a, b, both = pair
    x, y = (_scores(both, m) for m in (a, b))
    found = ratio_of_sums(np.maximum(y, 0.0), np.maximum(x, 0.0), ask.rng)
    made = estimate(
        ask,
        both,
        label=f"{b} over {a}",
        interval=found,
        unit="ratio",
        method="sum of scores of B over A on shared tests; Bayesian bootstrap over tests",
        n=len(x),
        n_of="shared tests",
    )
    says = (
        f"{b} reaches {found.value:.2f} ({found.low:.2f} to {found.high:.2f}) of {a}'s score on "
        f"{len(x)} shared unsaturated tests"
    )
    return Answer(
        estimates=(made,),
        says=says,
        rows=shown(both, SCORE_COLUMNS),
        notes=("tests that the leader has all but solved are left out: they tell no model apart",),
    )


def _leaders(
    rows: "pl.DataFrame", index: "pl.DataFrame", ask: Ask
) -> "tuple[str, str, pl.DataFrame] | None":
    """B's best model, and A's best that shares enough tests with it, and their scores.

    Best is by the capability index where one is known, else by mean score.
    """
    import polars as pl

    per = rows.sort("score_frac", descending=True).unique(["model_name", "test"], keep="first")
    order = _order(per, index)
    need = int(ask.scope["min_shared"])
    for b in _names(where(per, side(ask, "b")), order):
        tests = set(per.filter(pl.col("model_name") == b)["test"])
        if len(tests) < need:
            continue
        for a in _names(where(per, side(ask, "a")), order):
            shared = tests & set(per.filter(pl.col("model_name") == a)["test"])
            if len(shared) >= need:
                both = per.filter(
                    pl.col("model_name").is_in([a, b]) & pl.col("test").is_in(sorted(shared))
                )
                return a, b, both.sort("test", "model_name")
    return None


def _order(per: "pl.DataFrame", index: "pl.DataFrame") -> dict[str, float]:
    import polars as pl

    if index.height:
        return dict(zip(index["model_name"], index["score_index"], strict=True))
    means = per.group_by("model_name").agg(pl.col("score_frac").mean())
    return dict(means.iter_rows())


def _names(rows: "pl.DataFrame", order: dict[str, float]) -> list[str]:
    return sorted(set(rows["model_name"]) & set(order), key=lambda m: (-order[m], m))


def _scores(both: "pl.DataFrame", model: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    import polars as pl

    rows = both.filter(pl.col("model_name") == model).sort("test")
    return np.asarray(rows["score_frac"].to_numpy(), dtype=np.float64)
