"""What a gap on the index means: the scores it stands for on benchmarks people know."""

from typing import Any

import polars as pl

from headtohead.capability.fitted import about_sides
from headtohead.capability.irt.index import drawn_interval
from headtohead.capability.model import TwoSides, with_source
from headtohead.capability.settings import LEVEL
from headtohead.capability.words import question_between
from headtohead.core.estimate import Interval, leads_by
from headtohead.core.question import Answer, Ask, ScopeWord
from headtohead.core.units import apart
from headtohead.evidence.picking import estimate
from headtohead.evidence.tables import benchmarks, title

QUESTION = question_between(
    "What score would the best model of each side be expected to reach on each benchmark?",
    "pp",
    benchmarks=ScopeWord(
        "texts", "Which benchmarks; empty: all of the index.", (), column="benchmark"
    ),
)


@about_sides
def run(sides: TwoSides, ask: Ask) -> Answer:
    """Expected score of B's best minus that of A's best, benchmark by benchmark."""
    index = sides.capability.index
    asked = tuple(ask.scope["benchmarks"]) or index.benchmarks
    unknown = [name for name in asked if name not in index.benchmarks]
    if unknown:
        return Answer(missing=f"the index has no benchmark {', '.join(unknown)}")
    evidence = sides.capability.evidence(sides.best_a, sides.best_b)
    i, j = index.place(sides.best_a), index.place(sides.best_b)
    gaps = {}
    for name in asked:
        points = index.expected(name, index.ability[[i, j]])
        drawn = [index.expected(name, index.ability_draws[:, n], draws=True) for n in (i, j)]
        gaps[name] = drawn_interval(float(points[1] - points[0]), drawn[1] - drawn[0], LEVEL)
    order = sorted(asked, key=lambda name: (-abs(gaps[name].value), name))
    estimates = [
        estimate(
            ask,
            evidence,
            label=title(name),
            interval=gaps[name].rescaled(100),
            unit="pp",
            level=LEVEL,
            method="expected by the index, not observed; joint draws of models and curves",
            n=len(index.models),
            n_of="models of the index",
            dated=sides.dated,
            called=leads_by(sides.best_a, sides.best_b, f" on {title(name)}, as expected,"),
        )
        for name in order
    ]
    widest, least = estimates[0], estimates[-1]
    says = (
        f"on {widest.label} {sides.best_b} is expected to score "
        f"{apart(widest.value, widest.low, widest.high, 'pp')} than {sides.best_a}, and on "
        f"{least.label} {apart(least.value, least.low, least.high, 'pp')}"
    )
    return Answer(
        estimates=tuple(estimates),
        says=says,
        rows=tuple(with_source((_row(sides, name, gaps[name]) for name in order), evidence)),
        notes=(
            "scores are corrected for guessing; where a model was tested, its own score, which is "
            "in the rows, says more than what the index expects",
        ),
    )


def _row(sides: TwoSides, name: str, gap: Interval) -> dict[str, Any]:
    index, rows = sides.capability.index, sides.capability.rows
    cells: dict[str, Any] = {
        "benchmark": name,
        "title": title(name),
        "domain": benchmarks()[name].domain if name in benchmarks() else "",
    }
    for which, model in (("a", sides.best_a), ("b", sides.best_b)):
        points = index.ability[[index.place(model)]]
        cells[f"{which}_model"] = model
        cells[f"{which}_expected_frac"] = float(index.expected(name, points)[0])
        scored = None  # unless the index is made of scores, and the model met the benchmark
        if "test" in rows.columns:
            own = rows.filter((pl.col("label") == model) & (pl.col("test") == name))["score"]
            scored = own.first()
        cells[f"{which}_scored_frac"] = scored
    gap = gap.rescaled(100)
    return cells | {"gap_pp": gap.value, "gap_low_pp": gap.low, "gap_high_pp": gap.high}
