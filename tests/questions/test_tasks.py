"""Results by task: runs of one protocol only, the best run of each side, paired by task."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from headtohead.core.dates import Period
from headtohead.core.question import Answer, Ask, Named, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.folder import from_folder
from headtohead.evidence.store import Store
from headtohead.questions import analysis
from headtohead.questions.tasks import by_task, paired

A, B = Named("a", "lab/a"), Named("b", "lab/b")


def result(model: str, task: int, score: float, **changes: Any) -> dict[str, Any]:
    return {
        "benchmark": "bench",
        "task": f"t{task:02}",
        "model_name": model,
        "model_id": f"lab/{model}",
        "mode": None,
        "setting": f"run {model}",
        "score_frac": score,
        "source_id": "s",
        "observed_on": date(2025, 10, 1),
        "known_on": date(2025, 10, 1),
        "verified": True,
        **changes,
    }


def ask() -> Ask:
    scope = {"benchmarks": ["bench"]}
    rng = np.random.default_rng(0)
    return Ask(Period.parse("2025-12-15"), date(2026, 1, 1), Sides(), scope, rng)


def test_attempts_are_averaged_and_the_best_run_of_a_model_counts() -> None:
    rows = [result("a", n, 0.0, setting="run bad") for n in range(8)]
    rows += [
        result("a", n, s, setting="effort high; run good") for n in range(8) for s in (0.0, 1.0)
    ]
    made = by_task(pl.DataFrame(rows), (A,))
    assert made["setting"].unique().to_list() == ["effort high; run good"]
    assert made["score_frac"].to_list() == [0.5] * 8


def test_runs_of_two_harness_eras_are_never_compared() -> None:
    rows = [result("a", n, 1.0, setting="harness 2026; run x") for n in range(20)]
    rows += [result("b", n, 0.0, setting="harness 2025; run y") for n in range(20)]
    assert paired(pl.DataFrame(rows), ask(), (A,), (B,)) == {}


def test_the_difference_is_b_minus_a_over_shared_tasks() -> None:
    rows = [result("a", n, float(n % 2)) for n in range(40)]
    rows += [result("b", n, float(n % 4 == 1)) for n in range(10, 60)]
    estimate, pair = paired(pl.DataFrame(rows), ask(), (A,), (B,))["bench"]
    assert pair.height == estimate.n == 30
    theirs = np.array([float(n % 4 == 1) for n in range(10, 40)])
    ours = np.array([float(n % 2) for n in range(10, 40)])
    assert estimate.value == pytest.approx(100 * (theirs - ours).mean())
    assert estimate.low < estimate.value < estimate.high


def test_too_few_shared_tasks_are_no_comparison() -> None:
    rows = [result(m, n, 1.0) for m in "ab" for n in range(5)]
    assert paired(pl.DataFrame(rows), ask(), (A,), (B,)) == {}


def test_results_by_task_narrow_the_comparison_of_deepseek_and_gpt_5(
    shared_evidence: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    scope = {
        "benchmarks": ["otis_mock_aime_2024_2025", "gpqa_diamond"],
        "a_models": ["GPT-5"],
        "b_models": ["DeepSeek-V3.2", "DeepSeek-V3.2-Exp", "DeepSeek-V3.1", "DeepSeek-R1"],
    }

    def gaps() -> Answer:
        about, known = Period.parse("2025-12-15"), date(2026, 10, 31)
        asked = analysis("performance.score_gap")
        return Facts(store).ask(asked, about=about, as_of=known, scope=scope)

    plain = gaps()
    from_folder(store, ["epoch_items"], shared_evidence / "epoch_items", today=date(2026, 10, 31))
    by_item = gaps()
    widths = [{e.label: e.high - e.low for e in answer.estimates} for answer in (plain, by_item)]
    assert widths[1]["gpqa_diamond"] < 0.7 * widths[0]["gpqa_diamond"]
    (gpqa,) = [e for e in by_item.estimates if e.label == "gpqa_diamond"]
    assert gpqa.value == pytest.approx(-2.8, abs=0.2)
