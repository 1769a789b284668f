"""promptfoo: results.json of version 3 and results.jsonl."""

import json
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError
from headtohead.logs.calls import Usage
from headtohead.logs.opening import load


def _result(
    question: str, model: str = "openai:small-1", success: bool = True, **more: Any
) -> dict[str, Any]:
    return {
        "cost": 0.0002,
        "gradingResult": {"pass": success, "score": float(success), "reason": "ok"},
        "id": "5f3c",
        "latencyMs": 840,
        "namedScores": {"tone": 0.4},
        "prompt": {"raw": f"Answer: {question}", "label": "Answer: {{question}}"},
        "promptId": "p",
        "promptIdx": 0,
        "provider": {"id": model, "label": ""},
        "response": {
            "output": "Lisbon",
            "tokenUsage": {
                "total": 32,
                "prompt": 20,
                "completion": 12,
                "completionDetails": {"reasoning": 5},
            },
            "cached": False,
        },
        "score": 1.0 if success else 0.5,
        "success": success,
        "testCase": {
            "vars": {"question": question},
            "assert": [{"type": "contains", "value": "Lis"}],
            "metadata": {"topic": "geo"},
        },
        "testIdx": 0,
        "vars": {"question": question, "sessionId": "changes"},
        "failureReason": 0 if success else 1,
        **more,
    }


def _document(results: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    good = sum(result["success"] for result in results)
    return {
        "evalId": "eval-abc",
        "results": {
            "version": 3,
            "timestamp": "2026-04-01T00:00:00.000Z",
            "prompts": [],
            "results": results,
            "stats": {"successes": good, "failures": len(results) - good, "errors": 0},
            **more,
        },
        "config": {"description": "capitals"},
        "shareableUrl": None,
        "metadata": {"promptfooVersion": "0.123.1"},
    }


def _write(path: Path, results: list[dict[str, Any]], **more: Any) -> Path:
    path.write_text(json.dumps(_document(results, **more), indent=2), encoding="utf-8")
    return path


def example(folder: Path) -> Path:
    """Two providers on two tests."""
    results = [
        _result("Capital of Portugal?"),
        _result("Capital of Chad?", success=False),
        _result("Capital of Portugal?", "openai:large-1", promptIdx=1),
        _result("Capital of Chad?", "openai:large-1", promptIdx=1),
    ]
    return _write(folder / "results.json", results)


def test_each_provider_is_a_model(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert [(call.model, call.score) for call in found.calls] == [
        ("openai:small-1", 1.0),
        ("openai:small-1", 0.0),
        ("openai:large-1", 1.0),
        ("openai:large-1", 1.0),
    ]
    first, _, other, _ = found.calls
    assert first.key == other.key
    assert first.key.startswith("question=Capital of Portugal? #")
    assert first.usage == Usage(input_tokens=20, output_tokens=12, reasoning_tokens=5)
    assert (first.cost_usd, first.latency_s, first.run) == (0.0002, 0.84, "")
    assert first.labels == {"question": "Capital of Portugal?", "topic": "geo"}
    assert first.messages == [{"role": "user", "content": "Answer: Capital of Portugal?"}]
    assert found.meta.may_differ["promptfoo"] == "0.123.1"


def test_lines_and_document_say_the_same(tmp_path: Path) -> None:
    document = example(tmp_path)
    results = json.loads(document.read_text())["results"]["results"]
    lines = tmp_path / "results.jsonl"
    lines.write_text("".join(json.dumps(result) + "\n" for result in results))
    skip = {"where"}
    for one, two in zip(load(document).calls, load(lines).calls, strict=True):
        for name in one.__struct_fields__:
            assert name in skip or getattr(one, name) == getattr(two, name)


def test_the_graded_score_or_a_named_one_on_request(tmp_path: Path) -> None:
    path = example(tmp_path)
    assert [x.score for x in load(path, mapping={"score": "score"}).calls] == [1, 0.5, 1, 1]
    assert [x.score for x in load(path, mapping={"score": "tone"}).calls] == [0.4] * 4
    with pytest.raises(InputError, match=r"No score in .* is called .*: score, success, tone"):
        load(path, mapping={"score": "style"})


def test_repeats_are_epochs(tmp_path: Path) -> None:
    path = _write(tmp_path / "r.json", [_result("Why?", testIdx=i) for i in range(3)])
    assert [call.epoch for call in load(path).calls] == [1, 2, 3]


def test_several_prompts_or_settings_of_a_provider_are_runs(tmp_path: Path) -> None:
    prompts = [
        _result("Why?", prompt={"raw": "a", "label": "short"}, promptIdx=0),
        _result("Why?", prompt={"raw": "b", "label": "x" * 90}, promptIdx=1),
    ]
    found = load(_write(tmp_path / "p.json", prompts)).calls
    assert [(x.run, x.epoch) for x in found] == [("short", 1), ("prompt 2", 1)]
    labelled = [
        _result("Why?", provider={"id": "m", "label": label}, promptIdx=i)
        for i, label in enumerate(("high", "low"))
    ]
    found = load(_write(tmp_path / "l.json", labelled)).calls
    assert [(x.model, x.run, x.epoch) for x in found] == [("m", "high", 1), ("m", "low", 1)]
    alike = [_result("Why?", promptIdx=i) for i in range(2)]
    found = load(_write(tmp_path / "a.json", alike)).calls
    assert [(x.run, x.epoch) for x in found] == [("column 1", 1), ("column 2", 1)]


def test_errors_have_no_score_and_cached_answers_no_cost(tmp_path: Path) -> None:
    cached = {"output": "x", "cached": True, "tokenUsage": {"total": 32, "cached": 32}}
    results = [
        _result("a", success=False, failureReason=2, error="429", response=None),
        _result("b", response=cached, cost=0, latencyMs=1),
        _result("c", success=False, response={"output": ""}),
        _result("d", success=False, response={"output": "no", "isRefusal": True}),
    ]
    error, replayed, empty, refused = load(_write(tmp_path / "e.json", results)).calls
    assert (error.failure, error.score) == ("error", None)
    assert (replayed.cost_usd, replayed.latency_s, replayed.usage) == (None, None, None)
    assert (empty.failure, refused.failure) == ("empty", "refused")


def test_other_assertions_make_another_item(tmp_path: Path) -> None:
    test = {"vars": {"question": "Why?"}, "assert": [{"type": "equals", "value": "x"}]}
    results = [_result("Why?"), _result("Why?", testCase=test)]
    one, two = load(_write(tmp_path / "o.json", results)).calls
    assert one.key != two.key


def test_missing_results_and_other_versions_are_errors(tmp_path: Path) -> None:
    short = _write(tmp_path / "s.json", [_result("a")], stats={"successes": 5})
    with pytest.raises(InputError, match=r"s\.json.*holds 1 results.*speaks of 5"):
        load(short)
    other = _write(tmp_path / "v.json", [_result("a")], version=4)
    with pytest.raises(InputError, match=r"v\.json.*version 4; versions 2 and 3 are known"):
        load(other)


def test_a_metric_that_some_tests_have_is_unknown_for_the_others(tmp_path: Path) -> None:
    results = [_result(q, namedScores={"style": 0.5} if q < "c" else {}) for q in "abcd"]
    path = _write(tmp_path / "some.json", results)
    found = load(path, mapping={"score": "style"})
    assert [call.score for call in found.calls] == [0.5, 0.5, None, None]
    assert found.meta.scores == ("success", "score", "style")


def test_a_trimmed_file_is_read_on_request(tmp_path: Path) -> None:
    path = _write(tmp_path / "s.json", [_result("a")], stats={"successes": 5})
    found = load(path, partial=True)
    assert found.dropped == {"results that the header speaks of and the file lacks": 4}
