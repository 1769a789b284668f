"""What questions about benchmark scores share: which runs count, and how sure each score is."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import product
from typing import Any

import polars as pl

from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Ask, ScopeWord
from headtohead.evidence.picking import estimate, where
from headtohead.evidence.tables import benchmarks, in_words
from headtohead.stats.intervals import difference, wilson

SCORE_WORDS = {
    "benchmarks": ScopeWord("texts", "Benchmarks; empty: every one.", (), column="benchmark"),
    "parts": ScopeWord(
        "texts",
        "Parts of each benchmark; each counts as a test.",
        ("overall",),
        column="part",
        within=("benchmarks",),
    ),
    "independent": ScopeWord("flag", "Leave out results that the models' makers report.", True),
}


SCORE_COLUMNS = (
    "test model_name model_id setting lab country score_frac tasks_n chance_corrected evaluator "
    "observed_on"
)


def runs(frame: pl.DataFrame, scope: Mapping[str, Any], day: date) -> pl.DataFrame:
    """The scores asked for, of models that existed by a day.

    Adds `test`: the benchmark, and the part if it is not the whole; and `unit`: the model, whatever
    it is called.
    """
    rows = frame.filter(
        pl.col("part").is_in(list(scope["parts"]))
        & (pl.col("observed_on").is_null() | (pl.col("observed_on") <= day))
    )
    if scope["independent"]:
        rows = rows.filter(pl.col("evaluator") == "third_party")
    if scope["benchmarks"]:
        rows = rows.filter(pl.col("benchmark").is_in(list(scope["benchmarks"])))
    return with_tests(rows)


def with_tests(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `test` (benchmark, and the part if it is not the whole) and `unit` (model)."""
    parted = pl.concat_str("benchmark", "part", separator=" ")
    return rows.with_columns(
        pl.when(pl.col("part") == "overall").then("benchmark").otherwise(parted).alias("test"),
        pl.coalesce("model_id", "model_name").alias("unit"),
    )


def untested(scope: Mapping[str, Any], tests: Collection[str]) -> tuple[str, ...]:
    """Those of the tests asked for by name that are not among some, as a reader calls them."""
    asked = product(scope["benchmarks"], scope["parts"])
    names = [name if part == "overall" else f"{name} {part}" for name, part in asked]
    return tuple(in_words(name) for name in names if name not in tests)


def best_run(rows: pl.DataFrame, filters: str) -> pl.DataFrame:
    """The best-scoring run of each test among the rows that fit."""
    fitting = where(rows, filters).sort(
        "score_frac", "model_name", "source_id", descending=[True, False, False]
    )
    return fitting.unique("test", keep="first", maintain_order=True).sort("test")


def score_interval(row: Mapping[str, Any]) -> Interval | None:
    """A score with its 95% interval from the number of tasks; None if that is not known.

    The expected number of solved tasks is rounded to whole tasks. A chance-corrected score is
    taken back to the plain one for the interval, which is then corrected again.
    """
    if row["tasks_n"] is None:
        return None
    known = benchmarks().get(row["benchmark"]) if row["chance_corrected"] else None
    plain = known.solved_frac(row["score_frac"]) if known else row["score_frac"]
    plain = min(1.0, max(0.0, plain))
    interval = wilson(min(row["tasks_n"], round(plain * row["tasks_n"])), row["tasks_n"])
    ends = (plain, min(interval.low, plain), max(interval.high, plain))
    return Interval(*(known.corrected_frac(end) if known else end for end in ends))


def pairs(
    a: pl.DataFrame, b: pl.DataFrame
) -> Iterator[tuple[str, pl.DataFrame, Interval, Interval]]:
    """Each test both sides were given: its name, both rows (A first) and both intervals.

    A test whose number of tasks is not known has no interval, so it is left out.
    """
    for name in sorted(set(a["test"]) & set(b["test"])):
        pair = pl.concat([f.filter(pl.col("test") == name) for f in (a, b)])
        first, second = (score_interval(r) for r in pair.iter_rows(named=True))
        if first is not None and second is not None:
            yield name, pair, first, second


def unmeasured(a: pl.DataFrame, b: pl.DataFrame) -> tuple[str, ...]:
    """A note on the tests both sides were given that `pairs` leaves out."""
    lacks = [set(rows.filter(pl.col("tasks_n").is_null())["test"]) for rows in (a, b)]
    shared = set(a["test"]) & set(b["test"])
    lost = sorted(shared & (lacks[0] | lacks[1]))
    names = f"{in_words(', '.join(lost))}: no number of tasks is known, so no interval"
    return (f"left out: {len(lost)} of {len(shared)} shared tests, {names}",) * bool(lost)


def gaps(ask: Ask, a: pl.DataFrame, b: pl.DataFrame) -> list[tuple[Estimate, pl.DataFrame]]:
    """B minus A on each shared test in percentage points, with the two rows behind it."""
    by_pair = []
    for name, pair, first, second in pairs(a, b):
        interval = difference(first, second)
        points = estimate(
            ask,
            pair,
            label=name,
            interval=interval.rescaled(100),
            unit="pp",
            method="difference of two scores, unpaired; Wilson intervals combined by MOVER",
            n=min(pair["tasks_n"].to_list()),
            n_of="tasks",
        )
        by_pair.append((points, pair))
    return by_pair
