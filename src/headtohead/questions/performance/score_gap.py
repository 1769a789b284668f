"""How many points a model is behind another on named tests."""

from dataclasses import replace

import polars as pl

from headtohead.capability.scores import (
    SCORE_COLUMNS,
    SCORE_WORDS,
    best_run,
    gaps,
    runs,
    unmeasured,
    untested,
)
from headtohead.core.estimate import leads_by
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import apart
from headtohead.evidence.picking import listed, named, shown, span
from headtohead.evidence.tables import in_words
from headtohead.questions.tasks import paired

QUESTION = Question(
    asks="How many percentage points does model B score above model A on these tests?",
    reads=("benchmark_scores",),
    optional=("task_results",),
    units=("pp",),
    scope={
        **SCORE_WORDS,
        "a_models": ScopeWord("models", "A: the models that would be replaced."),
        "b_models": ScopeWord("models", "B: the models that might stand in; the best counts."),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Best of B minus best of A on each test both were given, in percentage points.

    Results by task are paired, which makes intervals narrower; elsewhere two scores are compared.
    """
    rows = runs(frames["benchmark_scores"], ask.scope, ask.about.end)
    a, b = (
        best_run(pl.concat([named(rows, w) for w in ask.scope[which]]), "")
        for which in ("a_models", "b_models")
    )
    # A run made later still speaks of a model that was out by then; a run proves that it was.
    out = pl.min_horizontal("model_released_on", "observed_on")
    tasks = frames["task_results"].filter(out <= ask.about.end)
    by_task = paired(tasks, ask, ask.scope["a_models"], ask.scope["b_models"])
    by_label = {e.label: (e, pair) for e, pair in gaps(ask, a, b)} | by_task
    if not by_label:
        return ask.lacks("no test of both models with a known number of tasks was known")
    both = next(iter(by_label.values()))[1]
    names = (both["model_name"][0], both["model_name_b"][0]) if by_task else both["model_name"]
    estimates = [
        replace(by_label[name][0], called=leads_by(names[0], names[1], f" on {in_words(name)}"))
        for name in sorted(by_label)
    ]
    says = listed(
        f"{apart(e.value, e.low, e.high, 'pp')} on {in_words(e.label)}" for e in estimates
    )
    stacked = pl.concat([pair for _, pair in by_label.values()], how="diagonal_relaxed")
    unpaired = set(by_label) - set(by_task)
    return Answer(
        estimates=tuple(estimates),
        says=f"in runs of {span(stacked)} {names[1]} scores, against {names[0]}, {says}",
        rows=shown(stacked, f"task {SCORE_COLUMNS} score_frac_b model_name_b"),
        notes=(*(_NOTE,) * bool(unpaired), *unmeasured(a, b)),
        absent=untested(ask.scope, by_label),
    )


_NOTE = (
    "without results by task two scores count as unpaired, which widens intervals; "
    "`h2h update epoch_items --from FOLDER` adds results by task"
)
