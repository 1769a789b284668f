"""DeepEval: the JSON of a test run."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.logs.formats.real import copied

from headtohead.core.errors import InputError
from headtohead.logs.opening import load


def example(folder: Path) -> Path:
    return copied("deepeval-4.3.1/small-a.json", folder)


def test_a_case_has_verdict_answer_cost_and_time(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert found.meta.metric == "success"
    assert found.meta.scores == ("success", "Exact", "Brief")
    assert found.meta.must_agree == {
        "metric Exact": "threshold 0.5",
        "metric Brief": "threshold 0.5",
    }
    paris = found.calls[0]
    assert (paris.key, paris.model, paris.score) == ("france", "small-a", 1.0)
    assert (paris.output, paris.reference) == ("Paris", "Paris")
    assert (paris.cost_usd, paris.latency_s) == (1.7e-05, 0.5317)
    assert paris.labels == {"kind": "capital"}
    assert [call.score for call in found.calls] == [1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1]


def test_a_judge_that_broke_is_unknown_not_wrong(tmp_path: Path) -> None:
    scores = {c.key: c.score for c in load(example(tmp_path), mapping={"score": "Brief"}).calls}
    assert scores["story"] is None
    assert scores["france"] == 1.0
    file = tmp_path / "broken.json"
    run = json.loads(example(tmp_path).read_text())
    story = next(x for x in run["testCases"] if x["name"] == "story")
    story["metricsData"][0] |= {"success": True, "score": 1.0}  # the metric that could be asked
    file.write_text(json.dumps(run))
    assert {c.key: c.score for c in load(file).calls}["story"] is None


def test_older_runs_name_cases_by_their_text(tmp_path: Path) -> None:
    old = load(copied("deepeval-2.5.5/small-a.json", tmp_path))
    assert [call.score for call in old.calls] == [1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1]
    assert old.calls[0].labels == {"kind": "capital"}


def _run(tmp_path: Path, *cases: dict[str, Any]) -> Path:
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"testCases": list(cases), "metricsScores": []}))
    return file


def test_numbered_names_are_replaced_by_the_text_that_was_asked(tmp_path: Path) -> None:
    case = {"input": "2 + 2?", "actualOutput": "4", "metricsData": [], "success": True}
    names = [{**case, "name": f"test_case_{n}"} for n in range(2)]
    calls = load(_run(tmp_path, *names)).calls
    assert calls[0].key.startswith("2 + 2? #")
    assert [(call.key == calls[0].key, call.epoch) for call in calls] == [(True, 1), (True, 2)]


def test_a_metric_without_a_threshold_gives_its_score(tmp_path: Path) -> None:
    metric = {"name": "Depth", "score": 0.25}
    case = {"name": "a", "input": "?", "actualOutput": "!", "metricsData": [metric]}
    found = load(_run(tmp_path, case))
    assert (found.meta.metric, found.calls[0].score) == ("Depth", 0.25)


def test_a_conversation_is_answered_by_its_last_turn(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    case = {"name": "a", "scenario": "greets", "turns": turns, "success": True, "metricsData": []}
    file = tmp_path / "run.json"
    run = {"testCases": [], "conversationalTestCases": [case], "metricsScores": []}
    file.write_text(json.dumps({"testRunData": run}))
    call = load(file).calls[0]
    assert (call.output, call.messages, call.score) == ("Hello", turns[:1], 1.0)


def test_a_score_that_is_no_number_names_the_case(tmp_path: Path) -> None:
    metric = {"name": "Depth", "score": "deep", "success": True}
    case = {"name": "a", "input": "?", "actualOutput": "!", "metricsData": [metric]}
    with pytest.raises(InputError, match=r"run\.json, test case 1 \(a\): Depth"):
        load(_run(tmp_path, case), mapping={"score": "Depth"})
