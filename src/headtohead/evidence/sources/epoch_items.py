"""Epoch AI's own benchmark runs, task by task: ids and scores only, never a question's text.

`epoch_runs.csv` describes each run, `epoch_items.parquet` holds its results (joined on run_id). A
row's `setting` says what two runs must share to be compared, then which run it is, for example
"harness 2026; effort high; run 2VVQ...":

* `harness`: SWE-bench Verified was run by `swe_bench_agent` on all 500 tasks in 2025, and by
  `bash_agent` on 484 of them in 2026. Both call themselves version 0, yet GPT-5 scores 0.59 with
  the one and 0.72 with the other: compare within a harness only.
* `grader`: the OTIS mock AIME was graded by a model until August 2025, by exact match after.
* `effort` and `thinking` (a token budget), where the run set them.

A run's day is the day it was made; Epoch publishes its runs some days later.
"""

from datetime import datetime

import polars as pl

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles, Record, Row, Source

_ID = "epoch_items"

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="benchmarking hub, results of its own runs by task",
    citation="Epoch AI (2026). AI Benchmarking Hub, evaluation logs. https://epoch.ai/benchmarks",
    url="https://epoch.ai/benchmarks",
    # The hub's terms; the repository that holds the logs states none, so nothing is shipped.
    licence="CC-BY-4.0",
    ship="no",
    how_to_get=(
        "Epoch's hub links the log of each run. Make epoch_runs.csv (one line a run, from the log "
        "headers) and epoch_items.parquet (run_id, task, model, item, epoch, score and token "
        "counts, from the summaries) of those you need, and import their folder."
    ),
    patterns=("epoch_items.parquet", "epoch_runs.csv"),
    rows={"task_results": (50_000, 5_000_000)},
)

# Task as logged -> our benchmark id, as epoch_eci makes it from the index's own names.
_BENCHMARKS = {
    "GPQA Diamond": "gpqa_diamond",
    "OTIS Mock AIME 2024-2025": "otis_mock_aime_2024_2025",
    "simpleqa_verified": "simpleqa_verified",
    "swe_bench_verified": "swe_bench_verified",
    "Chess Puzzles": "chess_puzzles",
}
# SWE-bench solver -> (harness era, tasks of its item set).
_HARNESSES = {"swe_bench_agent": ("2025", 500), "bash_agent": ("2026", 484)}
_PLAIN_SOLVERS = frozenset({"generate", "multiple_choice"})
_GRADERS = {"model_graded": "model", "model_extracted_exact_match": "exact match"}
_PLAIN_SCORERS = frozenset({"choice", "simpleqa_scorer", "swe_bench_scorer"})
_COLUMNS = frozenset(
    {
        *("run_id", "task", "model", "item", "epoch", "score", "limit"),
        *("in_tok", "out_tok", "cache_read", "reason_tok", "working_s"),
    }
)
_LONGEST_ID = 64
_TOLERANCE = 0.005


# What a run's results must agree with, its headline, how many they are, and what its rows share.
_Run = tuple[dict[str, str], float, int, Row]


def parse(raw: RawFiles) -> Parsed:
    """One row a run, task and attempt; results without a score are counted."""
    from headtohead.evidence.traps import headlines

    parsed = Parsed()
    runs = dict(_run(record) for record in raw.csv("epoch_runs.csv"))
    f = raw.one("epoch_items.parquet")
    ids: dict[str, str] = {}
    waiting = set(runs)
    for (run_id,), table in _table(f).group_by("run_id", maintain_order=True):
        if run_id not in runs:
            raise UpstreamChanged(_ID, f.name, f"a run {run_id!r} that epoch_runs.csv lacks")
        stated, accuracy, results, row = runs[str(run_id)]
        waiting.discard(str(run_id))
        where = f"{f.name} run {run_id}"
        for column, expected in stated.items():
            if table[column].unique().to_list() != [expected]:
                raise UpstreamChanged(_ID, where, f"a {column} other than {expected!r}")
        if table.height != results:
            raise UpstreamChanged(_ID, where, f"{table.height} results, not {results}")
        scores = table["score"].to_numpy()
        if contradicted := headlines(scores, accuracy, name=where, tolerance=_TOLERANCE):
            raise UpstreamChanged(_ID, where, contradicted[0].what)
        if lost := table["score"].null_count():
            parsed.dropped["no score"] += lost
        scored = table.filter(pl.col("score").is_not_null())
        for item, attempt, score, limit in scored.select(
            "item", "epoch", "score", "limit"
        ).iter_rows():
            parsed.add(
                "task_results",
                {
                    **row,
                    # One string for each task, however many runs it is in.
                    "task": ids.setdefault(item, item),
                    "attempt_n": attempt,
                    "score_frac": score,
                    "note": f"Stopped at the {limit} limit." if limit else None,
                },
            )
    for _ in waiting:
        parsed.drop("a run without results by task")
    return parsed


def _run(record: Record) -> tuple[str, _Run]:
    run_id, model = record.text("run_id"), record.text("model")
    task = record.one_of("task", _BENCHMARKS)
    record.one_of("status", ("success",))
    day = record.convert("created", datetime.fromisoformat).date()
    samples = record.convert("n_samples", int)
    graders = {**_GRADERS, **dict.fromkeys(_PLAIN_SCORERS)}
    setting = {
        "harness": _harness(record, task, samples),
        "grader": graders[record.one_of("scorer", graders)],
        "effort": record.maybe("effort"),
        "thinking": record.convert_maybe("reasoning_tokens_cfg", lambda text: int(float(text))),
        "run": run_id,
    }
    row = {
        "benchmark": _BENCHMARKS[task],
        "model_name": model,
        "setting": "; ".join(f"{k} {v}" for k, v in setting.items() if v is not None),
        "observed_on": day,
        "known_on": day,
    }
    accuracy, results = record.number("acc"), samples * record.convert("epochs", int)
    record.skip("task_version", "max_tokens", "temperature", "se", "has_items")
    record.done("in_tok", "out_tok", "cache_read", "reason_tok")
    return run_id, ({"task": task, "model": model}, accuracy, results, row)


def _harness(record: Record, task: str, samples: int) -> str | None:
    """The SWE-bench era of a run, told by its solver and confirmed by its item set."""
    if task != "swe_bench_verified":
        record.one_of("solver", _PLAIN_SOLVERS)
        return None
    solver = record.one_of("solver", _HARNESSES)
    era, tasks = _HARNESSES[solver]
    if samples != tasks:
        raise record.wrong("n_samples", f"{samples} tasks with {solver}, which had {tasks}")
    return era


def _table(f: RawFile) -> pl.DataFrame:
    table = f.parquet()
    if odd := set(table.columns) ^ _COLUMNS:
        raise UpstreamChanged(_ID, f.name, f"unknown or missing field(s) {', '.join(sorted(odd))}")
    longest = table["item"].str.len_chars().max()
    if isinstance(longest, int) and longest > _LONGEST_ID:
        raise UpstreamChanged(_ID, f.name, f"a task id of {longest} characters (question text?)")
    if not table["score"].drop_nulls().is_between(0, 1).all():
        raise UpstreamChanged(_ID, f.name, "a score outside 0..1")
    return table
