"""How many points a model is behind another on named tests."""

from headtohead.analyses.picking import listed, named, shown
from headtohead.analyses.scores import SCORE_COLUMNS, SCORE_WORDS, best_run, gaps, runs
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord

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
    found = gaps(ask, a, b)
    if not found:
        return Answer(
            missing=f"no test of both models with a known number of tasks was known by {ask.as_of}"
        )
    both = found[0][1]["model_name"]
    says = listed(
        f"{e.label} {e.value:+.1f} points ({e.low:+.1f} to {e.high:+.1f})" for e, _ in found
    )
    return Answer(
        estimates=tuple(e for e, _ in found),
        says=f"{both[1]} against {both[0]}: {says}",
        rows=shown(pl.concat([pair for _, pair in found]), SCORE_COLUMNS),
        notes=("without results by task the two scores count as unpaired, which widens intervals",),
    )
