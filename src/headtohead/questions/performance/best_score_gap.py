"""How many points the best of one side is behind the best of the other on named tests."""

from dataclasses import replace

import polars as pl

from headtohead.capability.scores import (
    SCORE_COLUMNS,
    SCORE_WORDS,
    best_run,
    gaps,
    runs,
    unmeasured,
)
from headtohead.capability.words import SIDE_WORDS
from headtohead.core.estimate import leads_by
from headtohead.core.question import Answer, Ask, Frames, Question
from headtohead.core.units import apart
from headtohead.evidence.picking import listed, shown, side, side_name, span, unplaced
from headtohead.evidence.tables import in_words

QUESTION = Question(
    asks="How many percentage points is the best of side B above the best of A on these tests?",
    reads=("benchmark_scores",),
    units=("pp",),
    scope={
        **SCORE_WORDS,
        **SIDE_WORDS,
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Best of B minus best of A on each test, in percentage points."""
    rows = runs(frames["benchmark_scores"], ask.scope, ask.about.end)
    filters = side(ask, "a"), side(ask, "b")
    a, b = (best_run(rows, words) for words in filters)
    pairs = gaps(ask, a, b)
    if not pairs:
        return ask.lacks("no test of both sides was known")
    names = f"best {side_name(side(ask, 'b'))} against best {side_name(side(ask, 'a'))}"
    says = listed(
        f"{in_words(e.label)}: {pair['model_name'][1]} against {pair['model_name'][0]} "
        f"{apart(e.value, e.low, e.high, 'pp')}"
        for e, pair in pairs
    )
    used = pl.concat([pair for _, pair in pairs])
    return Answer(
        estimates=tuple(
            replace(
                e,
                called=leads_by(
                    pair["model_name"][0], pair["model_name"][1], f" on {in_words(e.label)}"
                ),
            )
            for e, pair in pairs
        ),
        says=f"in runs of {span(used)} {names}, {says}",
        rows=shown(used, SCORE_COLUMNS),
        notes=(*unmeasured(a, b), *unplaced(rows, "scores", *filters)),
    )
