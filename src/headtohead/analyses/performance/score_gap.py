"""How many points a model is behind another on named tests."""

from headtohead.analyses.picking import estimate, listed, named, shown
from headtohead.analyses.scores import SCORE_WORDS, best_run, runs, score_interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="How many percentage points does model B score above model A on these tests?",
    reads=("benchmark_scores",),
    units=("pp",),
    scope={
        **SCORE_WORDS,
        "a_models": ScopeWord("models", "A: the models that would be replaced."),
        "b_models": ScopeWord("models", "B: the models that might stand in; the best counts."),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Best of B minus best of A on each test both were given, in percentage points."""
    import polars as pl

    rows = runs(frames["benchmark_scores"], ask.scope, ask.about.end)
    a, b = (
        best_run(pl.concat([named(rows, w) for w in ask.scope[which]]), "")
        for which in ("a_models", "b_models")
    )
    made, kept = [], []
    for name in sorted(set(a["test"]) & set(b["test"])):
        pair = pl.concat([f.filter(pl.col("test") == name) for f in (a, b)])
        first, second = (score_interval(r) for r in pair.iter_rows(named=True))
        if first is None or second is None:
            continue
        found = difference(first, second)
        made.append(
            estimate(
                ask,
                pair,
                label=name,
                interval=(100 * found.value, 100 * found.low, 100 * found.high),
                unit="pp",
                method="difference of two scores; Wilson intervals combined by MOVER, unpaired",
                n=int(pair["tasks_n"][0]),
                n_of="tasks",
            )
        )
        kept.append(pair)
    if not made:
        return Answer(
            missing=f"no test of both models with a known number of tasks was known by {ask.as_of}"
        )
    says = listed(f"{e.label} {e.value:+.1f} points ({e.low:+.1f} to {e.high:+.1f})" for e in made)
    who = f"{kept[0]['model_name'][1]} against {kept[0]['model_name'][0]}"
    return Answer(
        estimates=tuple(made),
        says=f"{who}: {says}",
        rows=shown(
            pl.concat(kept),
            ("test", "model_name", "model_id", "setting", "score_frac", "tasks_n",
             "chance_corrected", "evaluator", "observed_on"),
        ),
        notes=("without results by task the two scores count as unpaired, which widens intervals",),
    )  # fmt: skip
