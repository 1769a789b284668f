"""The importer of Epoch's item results: two harness eras, and runs that must add up."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.sources import epoch_items
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles, benchmark_id

DAY = date(2026, 5, 2)
RUN: dict[str, Any] = {
    "run_id": "r1",
    "task": "GPQA Diamond",
    "task_version": 0,
    "model": "lab/model-x",
    "created": "2025-10-30T16:20:33+00:00",
    "status": "success",
    "effort": "high",
    "max_tokens": "",
    "reasoning_tokens_cfg": "32000.0",
    "temperature": "",
    "epochs": 2,
    "n_samples": 2,
    "acc": 0.75,
    "se": 0.02,
    "scorer": "choice",
    "in_tok": 1,
    "out_tok": 1,
    "cache_read": 0,
    "reason_tok": 0,
    "solver": "multiple_choice",
    "has_items": True,
}
Result = tuple[str, int, float | None, str | None]
RESULTS: list[Result] = [
    ("recA", 1, 1.0, None),
    ("recA", 2, 1.0, None),
    ("recB", 1, 0.0, "token"),
    ("recB", 2, 1.0, None),
]


def runs_csv(*runs: dict[str, Any]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(runs[0]))
    writer.writeheader()
    writer.writerows(runs)
    return out.getvalue().encode()


def items_parquet(run: dict[str, Any], results: Sequence[Result], **extra: Any) -> bytes:
    table = pl.DataFrame(
        results,
        schema={"item": pl.String, "epoch": pl.Int64, "score": pl.Float64, "limit": pl.String},
        orient="row",
    ).with_columns(
        *(pl.lit(run[name]).alias(name) for name in ("run_id", "task", "model")),
        *(
            pl.lit(1.0).alias(name)
            for name in ("in_tok", "out_tok", "cache_read", "reason_tok", "working_s")
        ),
        *(pl.lit(value).alias(name) for name, value in extra.items()),
    )
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


def read(runs: bytes, items: bytes) -> Parsed:
    files = (RawFile("epoch_items.parquet", items), RawFile("epoch_runs.csv", runs))
    return epoch_items.parse(RawFiles("epoch_items", files, DAY))


def parse(run: dict[str, Any], results: Sequence[Result] = RESULTS) -> Parsed:
    return read(runs_csv(run), items_parquet(run, results))


def test_a_result_becomes_a_row() -> None:
    rows = parse(RUN).rows["task_results"]
    assert rows[0] == {
        "benchmark": "gpqa_diamond",
        "task": "recA",
        "model_name": "lab/model-x",
        "setting": "effort high; thinking 32000; run r1",
        "attempt_n": 1,
        "score_frac": 1.0,
        "observed_on": date(2025, 10, 30),
        "known_on": date(2025, 10, 30),
        "note": None,
    }
    assert [r["attempt_n"] for r in rows] == [1, 2, 1, 2]
    assert rows[2]["note"] == "Stopped at the token limit."


@pytest.mark.parametrize(
    ("solver", "tasks", "era"), [("swe_bench_agent", 500, "2025"), ("bash_agent", 484, "2026")]
)
def test_the_two_swe_bench_harnesses_are_told_apart(solver: str, tasks: int, era: str) -> None:
    run = {
        **RUN,
        "task": "swe_bench_verified",
        "solver": solver,
        "scorer": "swe_bench_scorer",
        "n_samples": tasks,
        "epochs": 1,
        "acc": 0.5,
    }
    results = [(f"repo__repo-{i}", 1, float(i % 2), None) for i in range(tasks)]
    rows = parse(run, results).rows["task_results"]
    assert {r["setting"].split("; ")[0] for r in rows} == {f"harness {era}"}
    with pytest.raises(UpstreamChanged, match="n_samples"):
        parse({**run, "n_samples": 499}, results)


def test_the_graders_of_the_mock_aime_are_told_apart() -> None:
    run = {**RUN, "task": "OTIS Mock AIME 2024-2025", "solver": "generate"}
    by_model = parse({**run, "scorer": "model_graded"}).rows["task_results"][0]
    by_match = parse({**run, "scorer": "model_extracted_exact_match"}).rows["task_results"][0]
    assert by_model["setting"].startswith("grader model; ")
    assert by_match["setting"].startswith("grader exact match; ")


@pytest.mark.parametrize("accuracy", [0.5, 0.66])
def test_missing_scores_are_counted_whichever_way_the_grader_took_them(accuracy: float) -> None:
    results = [*RESULTS[:3], ("recB", 2, None, None)]
    parsed = parse({**RUN, "acc": accuracy}, results)
    assert len(parsed.rows["task_results"]) == 3
    assert parsed.dropped == {"no score": 1}


@pytest.mark.parametrize(
    ("run", "results", "what"),
    [
        ({**RUN, "acc": 0.6}, RESULTS, "0.750"),
        ({**RUN, "epochs": 3}, RESULTS, "4 results"),
        ({**RUN, "mood": "good"}, RESULTS, "mood"),
        ({**RUN, "task": "Knitting"}, RESULTS, "task"),
        ({**RUN, "solver": "oracle"}, RESULTS, "solver"),
        ({**RUN, "scorer": "coin"}, RESULTS, "scorer"),
        ({**RUN, "status": "error"}, RESULTS, "status"),
        (RUN, [*RESULTS[:3], ("recB", 2, 3.0, None)], "outside 0..1"),
        (RUN, [*RESULTS[:3], ("What is the capital " * 5, 2, 1.0, None)], "question text"),
    ],
)
def test_what_does_not_fit_is_refused(
    run: dict[str, Any], results: Sequence[Result], what: str
) -> None:
    with pytest.raises(UpstreamChanged, match=re.escape(what)):
        parse(run, results)


def test_a_run_without_results_is_counted() -> None:
    parsed = read(runs_csv(RUN, {**RUN, "run_id": "r2"}), items_parquet(RUN, RESULTS))
    assert parsed.dropped == {"a run without results by task": 1}


def test_runs_and_items_must_belong_together() -> None:
    with pytest.raises(UpstreamChanged, match="lacks"):
        read(runs_csv({**RUN, "run_id": "r2"}), items_parquet(RUN, RESULTS))
    with pytest.raises(UpstreamChanged, match="model"):
        read(runs_csv({**RUN, "model": "lab/other"}), items_parquet(RUN, RESULTS))
    with pytest.raises(UpstreamChanged, match="prompt"):
        read(runs_csv(RUN), items_parquet(RUN, RESULTS, prompt="x"))
    with pytest.raises(DamagedDownload):
        read(runs_csv(RUN), items_parquet(RUN, RESULTS)[:-9])


def test_benchmark_names_agree_with_the_capability_index() -> None:
    printed = (
        "GPQA diamond",
        "OTIS Mock AIME 2024-2025",
        "SimpleQA Verified",
        "SWE-Bench verified",
        "Chess Puzzles",
    )
    names = {benchmark_id(name) for name in printed}
    assert set(epoch_items._BENCHMARKS.values()) == names


@pytest.fixture(scope="module")
def results(shared_evidence: Path) -> pl.DataFrame:
    found = importer("epoch_items")
    raw = raw_from_folder(found.source, shared_evidence / "epoch_items", DAY)
    frames, dropped = rows_of(found, raw)
    assert dropped == {"no score": 309}
    return frames["task_results"]


def test_the_real_runs(results: pl.DataFrame) -> None:
    assert results.height == 218_922 - 309
    assert results["setting"].str.extract(r"run (\w+)$").n_unique() == 333
    assert results["observed_on"].min() == date(2025, 1, 17)


def test_gpt_5_scores_differ_between_the_harnesses(results: pl.DataFrame) -> None:
    rows = results.filter(
        pl.col("benchmark") == "swe_bench_verified",
        pl.col("model_name") == "openai/gpt-5-2025-08-07",
        pl.col("setting").str.contains("effort medium"),
    ).with_columns(era=pl.col("setting").str.extract(r"harness (\d+)"))
    shares = dict(rows.group_by("era").agg(pl.col("score_frac").mean()).iter_rows())
    assert shares["2025"] == pytest.approx(0.588, abs=0.002)
    assert shares["2026"] == pytest.approx(0.715, abs=0.002)
    assert rows.group_by("era").len().sort("era")["len"].to_list() == [500, 484]
