"""The same quality for less, by what runs of a test cost."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from headtohead.core.dates import Period
from headtohead.core.question import Answer, Ask, Exhibit, Named, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.folder import from_folder
from headtohead.evidence.store import Store
from headtohead.questions import analysis
from headtohead.questions.cost import same_quality
from headtohead.questions.findings import finding

RUN_ON = date(2025, 8, 1)


def asked(facts: Facts, about: str = "2025-12-15", **scope: Any) -> Answer:
    return facts.ask(
        analysis("cost.same_quality"),
        about=Period.parse(about),
        as_of=date(2026, 10, 31),
        scope=scope,
    )


def one(model: str, score: float, usd: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "benchmark": "bench",
        "part": "overall",
        "model_name": model,
        "model_id": f"lab/{model}",
        "mode": None,
        "setting": None,
        "country": "US",
        "lab": "lab",
        "score_frac": score,
        "chance_corrected": False,
        "tasks_n": 500,
        "cost_usd": usd,
        "evaluator": "third_party",
        "observed_on": RUN_ON,
        "known_on": RUN_ON,
        "source_id": "s",
        "verified": True,
        **changes,
    }


def frames(
    runs: list[dict[str, Any]], prices: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    empty = pl.DataFrame(schema={"hours_utc": pl.String, "model_id": pl.String})
    return {
        "benchmark_scores": pl.DataFrame(runs, infer_schema_length=None),
        "task_results": pl.DataFrame(),
        "prices": empty,
    }


def of(made: dict[str, Any], **changes: Any) -> Answer:
    scope = {k: w.default for k, w in same_quality.QUESTION.scope.items()} | changes
    about, as_of = Period.parse("2025-12-15"), date(2026, 1, 1)
    ask = Ask(about, as_of, Sides(), scope, np.random.default_rng(0))
    return same_quality.run(made, ask)


RUNS = [
    one("best", 0.80, 500.0),
    one("near", 0.795, 100.0),
    one("far", 0.60, 5.0),
    one("beaten", 0.60, 250.0),
    one("unknown", 0.90, None),
]


def test_the_cheapest_that_is_as_good_saves_what_its_cost_says() -> None:
    answer = of(frames(RUNS))
    (saved,) = answer.estimates
    assert saved.value == pytest.approx(80)
    # Two scores on 500 tasks differ by over 2 points in a quarter of the draws.
    assert saved.low == 0
    assert saved.high == pytest.approx(80)
    assert "near (79.5% at $0.20 a task) is at most 2 points worse than lab/best" in answer.says
    rows = {row["model_name"]: row for row in answer.rows}
    assert set(rows) == {"best", "near", "far", "beaten"}
    assert rows["far"]["front_frac"] == 1
    assert rows["beaten"]["front_frac"] < 0.6
    assert rows["beaten"]["on_front"] is False
    assert rows["near"]["cost_usd_per_success"] == pytest.approx(100 / 500 / 0.795)
    assert rows["near"]["as_good_frac"] == pytest.approx(0.72, abs=0.06)
    assert "left out: 1 of 5 runs, of which no cost is known" in answer.notes


def test_a_wider_margin_a_named_model_and_a_side_are_heeded() -> None:
    better = of(frames(RUNS), margin_pp=-5, models=(Named("beaten", "lab/beaten"),))
    assert "nobody is cheaper and at least 5 points better than" not in better.says
    assert better.estimates[0].value == pytest.approx(60)
    assert of(frames(RUNS), margin_pp=30).estimates[0].value == pytest.approx(99)
    beaten = of(frames(RUNS), models=(Named("beaten", "lab/beaten"),))
    assert beaten.estimates[0].value == pytest.approx(98)
    chinese = [*RUNS[:3], {**RUNS[3], "country": "CN"}]
    alone = of(frames(chinese), of="country=CN")
    assert alone.estimates[0].value == 0
    assert "none of those asked for is cheaper and at most 2 points worse" in alone.says


def test_the_title_of_its_chart_says_the_test_the_saving_and_the_day() -> None:
    exhibit = Exhibit(
        slug="same-quality",
        analysis="cost.same_quality",
        about=Period.parse("2025-12"),
        answer=of(frames(RUNS)),
        citations=(),
    )
    assert finding(exhibit, Sides()) == (
        "On bench a run as good as best, within 2 points, costs 80% less (0 to 80%), in runs up to "
        "2025-08-01"
    )
    cheapest = of(frames(RUNS), models=(Named("far", "lab/far"),))
    none = replace(exhibit, answer=cheapest)
    assert finding(none, Sides()) == "On bench no cheaper run is as good as far of 2025-08-01"


def test_a_side_of_which_no_cost_is_known_saves_nobody_knows_what() -> None:
    answer = of(frames(RUNS), of="country=CN")
    assert not answer.estimates
    assert "no run with a cost of those that may stand in, on bench, was known" in answer.missing
    other = [{**run, "benchmark": "other"} for run in (*RUNS, one("ours", 0.79, 1, country="CN"))]
    both = of(frames([*RUNS, *other]), of="country=CN")
    assert [e.label for e in both.estimates] == ["saved at the quality of best, other"]
    assert "no run with a cost of those asked for: bench" in both.notes


def test_two_runs_of_one_model_and_day_are_told_apart() -> None:
    runs = [one("twin", 0.8, 500.0), one("twin", 0.79, 100.0, setting="less"), RUNS[2]]
    assert "another run of twin (79.0% at $0.20 a task) is at most 2 points worse than twin (" in (
        of(frames(runs)).says
    )


def test_without_a_number_of_tasks_nothing_bounds_the_saving() -> None:
    answer = of(frames([{**run, "tasks_n": None} for run in RUNS]))
    (saved,) = answer.estimates
    assert (saved.value, saved.low, saved.high) == pytest.approx((80, 0, 100))
    assert any("nothing says how sure scores are" in note for note in answer.notes)
    assert all(row.get("front_frac") is None for row in answer.rows)


def test_hours_of_other_prices_widen_a_cost(facts: Facts) -> None:
    # DeepSeek charged half for V3.1 from 16:30 to 00:30 UTC until 5 September 2025.
    prices = facts.frame("prices", date(2026, 10, 31))
    model = "deepseek/deepseek-v3.1"
    changed = [*RUNS, one("hourly", 0.70, 50.0, model_id=model, observed_on=date(2025, 8, 28))]
    made = frames(changed) | {"prices": prices}
    rows = {row["model_name"]: row for row in of(made).rows}
    assert rows["near"]["cost_low_usd_per_task"] == rows["near"]["cost_high_usd_per_task"]
    hourly = rows["hourly"]
    assert 0.05 <= hourly["cost_low_usd_per_task"] < 0.06
    assert 0.18 < hourly["cost_high_usd_per_task"] <= 0.2
    assert "hours of other prices unknown" in of(made).estimates[0].method


def test_runs_with_results_by_task_are_compared_task_by_task(
    shared_evidence: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    folder = shared_evidence / "swebench_bash_only"
    from_folder(store, ["swebench_bash_only"], folder, today=date(2026, 10, 31))
    answer = asked(
        Facts(store),
        benchmarks=["swe_bench_bash_only"],
        models=["GPT-5"],
        of="country=CN",
        margin_pp=10,
    )
    (saved,) = answer.estimates
    # DeepSeek V3.2 Reasoner solves 60.0% against 65.0%, at a tenth of the cost of a task.
    assert "tasks drawn together" in saved.method
    assert saved.n == 500
    assert 85 < saved.low < saved.value < saved.high < 95
    assert "DeepSeek" in answer.says


def test_the_evidence_that_ships_has_three_boards_with_costs(facts: Facts) -> None:
    answer = asked(facts, about="2026-10-31")
    tests = {str(row["test"]) for row in answer.rows}
    assert {"aider_polyglot", "bfcl_v4", "tau2 retail_pass_1"} <= tests
    by_label = {e.label: e for e in answer.estimates}
    aider = by_label["saved at the quality of gpt-5 (high), aider_polyglot"]
    assert aider.value == pytest.approx(39.2, abs=0.1)
    assert aider.low == 0
    # BFCL states no day of its runs: it speaks from the day it became known.
    assert "bfcl_v4" not in {row["test"] for row in asked(facts, about="2026-01-31").rows}
    missing = asked(facts, benchmarks=["gpqa_diamond"]).missing
    assert "no test with costs of 3 runs was known" in missing
