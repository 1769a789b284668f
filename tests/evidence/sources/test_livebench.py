"""The importer of LiveBench's score and cost tables."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.livebench import parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 8, 22)
TABLE = (
    "model,math_comp,olympiad,AMPS_Hard\n"
    "deepseek-v3.2-thinking,95.098,85.037,98.0\n"
    "claude-opus-4-5-20251101-thinking-64k-high-effort,95.098,89.5,\n"
    "gpt-5.5-high,50.0,60.0,70.0\n"
)
COST = (
    "model,math_comp,olympiad,AMPS_Hard,nq_math_comp,nq_olympiad,nq_AMPS_Hard,avg_input_tokens,"
    "avg_output_tokens,input_price_per_million,output_price_per_million,out_math_comp,out_olympiad,"
    "out_AMPS_Hard,cost_per_question,cost_per_successful_task\n"
    "deepseek-v3.2-thinking,0.2,0.4,0.6,102,77,100,1,2,3,4,5,6,7,0.0050,0.0100\n"
    "gpt-5.5-high,0,0,0,102,77,100,1,2,3,4,5,6,7,0,0\n"
)


def read(**texts: str) -> Parsed:
    names = {"old": "table_2025_12_23.csv", "new": "table_2026_06_25.csv"}
    names["cost"] = "cost_2026_06_25.csv"
    files = tuple(RawFile(names[n], t.encode()) for n, t in texts.items())
    return parse(RawFiles("livebench", files, DAY))


def scores(parsed: Parsed) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = parsed.rows["benchmark_scores"]
    return {(r["benchmark"], r["model_name"], r["part"]): r for r in rows}


def test_each_table_is_a_benchmark_of_its_own() -> None:
    found = scores(read(old=TABLE, new=TABLE))
    assert {b for b, _, _ in found} == {"livebench_2025_12_23", "livebench_2026_06_25"}
    row = found["livebench_2025_12_23", "deepseek-v3.2-thinking", "olympiad"]
    assert (row["score_frac"], row["tasks_n"], row["cost_usd"]) == (0.85037, 77, None)
    assert row["evaluator"] == "third_party"
    assert row["observed_on"] == date(2025, 12, 23)
    hard = found["livebench_2025_12_23", "deepseek-v3.2-thinking", "amps_hard"]
    assert hard["tasks_n"] is None


def test_efforts_that_end_a_name_are_the_setting_and_empty_cells_are_counted() -> None:
    parsed = read(old=TABLE)
    row = scores(parsed)["livebench_2025_12_23", "claude-opus-4-5-20251101", "olympiad"]
    assert row["setting"] == "thinking-64k-high-effort"
    assert parsed.dropped == {"a task not taken": 1}


def test_no_run_is_older_than_its_model() -> None:
    row = scores(read(old=TABLE))["livebench_2025_12_23", "gpt-5.5-high", "olympiad"]
    assert row["observed_on"] == date(2026, 4, 23)


def test_costs_of_tasks_and_of_the_whole_run() -> None:
    found = scores(read(new=TABLE, cost=COST))
    task = found["livebench_2026_06_25", "deepseek-v3.2-thinking", "amps_hard"]
    assert (task["tasks_n"], task["cost_usd"]) == (100, 0.6)
    whole = found["livebench_2026_06_25", "deepseek-v3.2-thinking", "overall"]
    assert (whole["score_frac"], whole["tasks_n"]) == (0.5, 279)
    # Per successful task as printed.
    assert whole["cost_usd"] / (whole["score_frac"] * whole["tasks_n"]) == pytest.approx(0.01)
    # A price of 0 is none.
    free = found["livebench_2026_06_25", "gpt-5.5-high", "olympiad"]
    assert free["cost_usd"] is None
    assert ("livebench_2026_06_25", "gpt-5.5-high", "overall") not in found


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ({"old": TABLE.replace("85.037", "185.037")}, "olympiad"),
        ({"old": TABLE, "cost": COST}, "without its score table"),
        ({"new": TABLE, "cost": COST.replace("out_olympiad", "moon")}, "moon"),
        ({"new": TABLE, "cost": COST.replace("cost_per_question", "cpq")}, "cost_per_question"),
    ],
)
def test_a_changed_layout_is_refused(texts: dict[str, str], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(**texts)


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> list[dict[str, Any]]:
    folder = shared_evidence / "livebench"
    files = tuple(RawFile(p.name, p.read_bytes()) for p in sorted(folder.glob("*.csv")))
    return parse(RawFiles("livebench", files, DAY)).rows["benchmark_scores"]


def test_the_real_tables(real: list[dict[str, Any]]) -> None:
    assert len(real) == 6548
    whole = {r["model_name"]: r for r in real if r["part"] == "overall"}
    v4 = whole["deepseek-v4-pro-0813"]
    assert v4["cost_usd"] / (v4["score_frac"] * v4["tasks_n"]) == pytest.approx(0.0442, rel=0.002)


def test_contest_questions_are_the_same_in_every_real_table(real: list[dict[str, Any]]) -> None:
    changed = {}
    for part in ("math_comp", "olympiad"):
        by_model: dict[Any, set[float]] = {}
        for r in real:
            if r["part"] == part:
                by_model.setdefault((r["model_name"], r["setting"]), set()).add(r["score_frac"])
        changed[part] = sum(len(scores) > 1 for scores in by_model.values())
    assert changed == {"math_comp": 0, "olympiad": 2}
