"""How many points the best of one side is behind the best of the other on named tests."""

from headtohead.analyses.picking import estimate, listed, shown, side, side_name
from headtohead.analyses.scores import SCORE_WORDS, best_run, runs, score_interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="How many percentage points is the best of side B above the best of A on these tests?",
    reads=("benchmark_scores",),
    units=("pp",),
    scope={
        **SCORE_WORDS,
        "a": ScopeWord("text", "Side A as column=value, ...; empty: the side asked for.", ""),
        "b": ScopeWord("text", "Side B likewise.", ""),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Best of B minus best of A on each test, in percentage points."""
    import polars as pl

    rows = runs(frames["benchmark_scores"], ask.scope, ask.about.end)
    a, b = best_run(rows, side(ask, "a")), best_run(rows, side(ask, "b"))
    made, kept, says = [], [], []
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
                method="difference of two best scores; Wilson intervals combined by MOVER",
                n=min(pair["tasks_n"].to_list()),
                n_of="tasks",
            )
        )
        kept.append(pair)
        says.append(
            f"{name}: {pair['model_name'][1]} against {pair['model_name'][0]} "
            f"{100 * found.value:+.1f} points ({100 * found.low:+.1f} to {100 * found.high:+.1f})"
        )
    if not made:
        return Answer(missing=f"no test of both sides was known by {ask.as_of}")
    names = f"best {side_name(side(ask, 'b'))} against best {side_name(side(ask, 'a'))}"
    columns = (
        "test", "model_name", "model_id", "setting", "country", "score_frac", "tasks_n",
        "evaluator", "observed_on",
    )  # fmt: skip
    return Answer(
        estimates=tuple(made),
        says=f"{names}, {listed(says)}",
        rows=shown(pl.concat(kept), columns),
    )
