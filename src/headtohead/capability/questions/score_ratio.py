"""What share of the leader's score the other side reaches on tests both were given."""

from itertools import product

import polars as pl

from headtohead.capability.fitted import capability
from headtohead.capability.matrix import corrected
from headtohead.capability.scores import (
    SCORE_COLUMNS,
    SCORE_WORDS,
    best_run,
    pairs,
    runs,
    unmeasured,
)
from headtohead.capability.settings import LEVEL, IndexSettings
from headtohead.capability.words import SIDE_WORDS
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    listed,
    shown,
    side,
    side_name,
    span,
    unplaced,
    where,
)
from headtohead.evidence.tables import in_words
from headtohead.stats.bootstrap import ratio_of_sums
from headtohead.stats.intervals import ratio

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
        **SIDE_WORDS,
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


def _each(rows: pl.DataFrame, ask: Ask) -> Answer:
    a, b = best_run(rows, side(ask, "a")), best_run(rows, side(ask, "b"))
    estimates, kept = [], []
    sides = [side_name(side(ask, w)) for w in ("a", "b")]
    best = f"best {sides[1]} score as a multiple of the best {sides[0]} one"
    for name, pair, low, high in pairs(a, b):
        if low.value <= 0:
            continue
        interval = ratio(low, high)
        estimates.append(
            estimate(
                ask,
                pair,
                label=name,
                interval=interval,
                unit="ratio",
                method="best score of B over best of A; Wilson intervals combined by MOVER-R",
                n=min(pair["tasks_n"].to_list()),
                n_of="tasks",
                called=(f"{best}, {in_words(name)}",),
            )
        )
        kept.append(pair)
    if not estimates:
        return Answer(missing="no shared benchmark has a known number of tasks")
    estimates.sort(key=lambda e: -e.value)
    used = pl.concat(kept)
    says = listed(
        f"{in_words(e.label)} {e.value:.2f} ({e.low:.2f} to {e.high:.2f})" for e in estimates[:4]
    )
    return Answer(
        estimates=tuple(estimates),
        says=f"the best {sides[1]} score over the best {sides[0]} one, in runs of {span(used)}, is "
        f"{says}",
        rows=shown(used, SCORE_COLUMNS),
        notes=(*unmeasured(a, b), *unplaced(rows, "scores", side(ask, "a"), side(ask, "b"))),
    )


def _pooled(rows: pl.DataFrame, frames: Frames, ask: Ask) -> Answer:
    apart = unplaced(rows, "scores", side(ask, "a"), side(ask, "b"))
    top = best_run(rows, side(ask, "a")).filter(
        pl.col("score_frac") < float(ask.scope["saturated_at"])
    )
    every, rows = rows, rows.filter(pl.col("test").is_in(top["test"].to_list()))
    pair = _leaders(rows, _order(rows, frames, ask), ask) if rows.height else None
    if pair is None:
        sides = listed(side_name(side(ask, which)) for which in ("a", "b"))
        who = sides if ask.sides.group == "unit" else f"two models, {sides},"
        most, in_all = _most_shared(rows, ask), _most_shared(every, ask)
        return Answer(
            missing=f"{who} share at most {most} unsaturated tests, and {in_all} tests in all, "
            f"known by {ask.as_of}; a pooled ratio needs {ask.scope['min_shared']} unsaturated ones"
        )
    x, y = (own.sort("test")["score"].clip(0).to_numpy() for own in pair)
    pooled = ratio_of_sums(y, x, ask.rng, level=LEVEL)
    names = [own["model_name"].mode().sort()[0] for own in pair]
    both = pl.concat(pair).sort("test", "unit")
    one = estimate(
        ask,
        both,
        label=f"{names[1]} over {names[0]}",
        interval=pooled,
        unit="ratio",
        method="sum of scores of B over A on shared tests; Bayesian bootstrap over tests",
        n=len(x),
        n_of="shared tests",
        level=LEVEL,
        called=(f"{names[1]}'s score as a multiple of {names[0]}'s",),
    )
    some_left_out = float(ask.scope["saturated_at"]) <= 1
    says = (
        f"{names[1]} reaches {pooled.value:.2f} ({pooled.low:.2f} to {pooled.high:.2f}) of "
        f"{names[0]}'s score on {len(x)} shared {'unsaturated ' if some_left_out else ''}tests, in "
        f"runs of {span(both)}"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(both, SCORE_COLUMNS),
        notes=(*(_SOLVED,) * some_left_out, *apart),
    )


_SOLVED = "tests that the leader has all but solved are left out: they tell no model apart"


def _leaders(
    rows: pl.DataFrame, order: dict[str, float], ask: Ask
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Shared scores of A's and of B's best model, where A's is the best that shares enough tests.

    A model is one set of weights, whatever each source calls it. Best is by `order`; a model that
    it does not hold is passed over.
    """
    per = (
        corrected(rows)
        .sort("score", "source_id", "model_name", descending=[True, False, False])
        .unique(["unit", "test"], keep="first", maintain_order=True)
    )
    need = int(ask.scope["min_shared"])
    scores = per.partition_by("unit", as_dict=True)
    leaders, others = (
        [scores[unit,] for unit in _units(where(per, side(ask, w)), order)] for w in ("a", "b")
    )
    for b, a in product((b for b in others if b.height >= need), leaders):
        first, second = (x.join(y, on="test", how="semi") for x, y in ((a, b), (b, a)))
        if a["unit"][0] != b["unit"][0] and first.height >= need:
            return first, second
    return None


def _most_shared(rows: pl.DataFrame, ask: Ask) -> int:
    """The most tests that a model of the one side shares with another of the other side."""
    given = [
        {unit: set(own["test"]) for (unit,), own in where(rows, side(ask, w)).group_by("unit")}
        for w in ("a", "b")
    ]
    pairs = product(given[0].items(), given[1].items())
    return max((len(x & y) for (a, x), (b, y) in pairs if a != b), default=0)


def _order(rows: pl.DataFrame, frames: Frames, ask: Ask) -> dict[str, float]:
    """Weights -> how able they are: by the index made of these scores, else their mean score."""
    if ask.sides.group == "unit":  # two models that were named need no index to be the best
        return dict.fromkeys(rows["unit"], 0.0)
    sources = tuple(sorted(rows["source_id"].unique()))
    try:
        fit = capability(frames, ask, IndexSettings(source=sources, draws=0))
    except ValueError:
        return dict(rows.group_by("unit").agg(pl.col("score_frac").mean()).iter_rows())
    units = dict(fit.rows.select("label", "unit").iter_rows())
    return {
        units[label]: ability
        for label, ability in zip(fit.index.models, fit.index.ability.tolist(), strict=True)
    }


def _units(rows: pl.DataFrame, order: dict[str, float]) -> list[str]:
    return sorted(set(rows["unit"]) & set(order), key=lambda unit: (-order[unit], unit))
