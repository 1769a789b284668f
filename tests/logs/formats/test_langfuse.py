"""Langfuse exports: observations, scores and items of experiments."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.logs.formats.lines import write_lines

from headtohead.core.errors import InputError
from headtohead.files.formats import Head
from headtohead.logs.calls import Call, CallStream, Usage
from headtohead.logs.formats.langfuse import FORMAT, cost_of, usage_of
from headtohead.logs.opening import fits, open_calls

_MESSAGES = [{"role": "user", "content": "Where is my parcel?"}]


def _row(which: int, trace: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"obs-{which}",
        "trace_id": trace,
        "type": "GENERATION",
        "start_time": "2026-03-01 09:00:00.000000",
        "end_time": "2026-03-01 09:00:02.500000",
        "name": "answer",
        "environment": "production",
        "metadata": {"task": "tracking"},
        "level": "DEFAULT",
        "input": json.dumps(_MESSAGES),
        "output": json.dumps({"role": "assistant", "content": "At the depot."}),
        "provided_model_name": "gpt-mini",
        "model_parameters": '{"temperature":"0.7","user":"someone"}',
        "usage_details": {
            "input": 20,
            "input_cached_tokens": 100,
            "output": 15,
            "output_reasoning_tokens": 25,
            "total": 160,
        },
        "cost_details": {"input": 0.0003, "output": 0.0001},
        "total_cost": 0.0004,
        "latency": 2500,
        "tags": ["b", "a"],
        "session_id": "s1",
        **more,
    }


def _score(name: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "trace_id": "t1",
        "observation_id": None,
        "name": name,
        "value": value,
        "data_type": "NUMERIC",
        "string_value": None,
        **more,
    }


def example(folder: Path) -> Path:
    """A folder of blob storage: enriched observations, and scores of traces and observations."""
    export = folder / "langfuse"
    write_lines(
        export / "observations_v2" / "2026-03-01.jsonl",
        [
            _row(1, "t1"),
            _row(2, "t2"),
            _row(3, "t3"),
            _row(4, "t3", level="ERROR", output=""),
            _row(5, "t1", type="SPAN"),
        ],
    )
    write_lines(
        export / "scores" / "2026-03-01.jsonl",
        [
            _score("helpful", 1),
            _score("helpful", 0, trace_id="t2", observation_id="obs-2"),
            _score("helpful", 1, trace_id="t3"),
            _score("tone", 0, data_type="CATEGORICAL", string_value="warm"),
        ],
    )
    return export


def _calls(path: Path, **mapping: str) -> tuple[list[Call], CallStream]:
    reading = open_calls(path, format=FORMAT.name, mapping=mapping)
    return list(reading.calls), reading


def test_observations_with_their_scores(tmp_path: Path) -> None:
    calls, reading = _calls(example(tmp_path))
    assert [(x.key, x.score) for x in calls] == [
        ("obs-1", 1),
        ("obs-2", 0),
        ("obs-3", None),
        ("obs-4", None),
    ]
    first = calls[0]
    assert (first.model, first.output, first.failure) == ("gpt-mini", "At the depot.", "")
    assert (first.messages, first.params) == (_MESSAGES, {"temperature": 0.7})
    assert first.usage == Usage(
        input_tokens=120, cache_read_tokens=100, output_tokens=40, reasoning_tokens=25
    )
    assert (first.cost_usd, first.latency_s) == (0.0004, 2.5)
    assert first.labels == {
        "task": "tracking",
        "name": "answer",
        "environment": "production",
        "session": "s1",
        "tags": "a,b",
    }
    assert (calls[3].failure, calls[3].output) == ("error", None)
    assert reading.meta.metric == "helpful"
    assert reading.dropped == {
        "score that is no number": 1,
        "observation of another type: SPAN": 1,
        "score of a trace with several generations": 1,
    }


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_every_kind_of_file_says_the_same(tmp_path: Path, kind: str) -> None:
    export = example(tmp_path) / "observations_v2" / "2026-03-01.jsonl"
    rows = [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines()]
    path = tmp_path / f"observations.{kind}"
    flat = [
        {x: json.dumps(y) if isinstance(y, dict | list) else y for x, y in row.items()}
        for row in rows
    ]
    if kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(flat[0]))
            table.writeheader()
            table.writerows(flat)
    elif kind == "parquet":
        pl.DataFrame(flat).write_parquet(path)
    else:
        path.write_text(json.dumps(rows), encoding="utf-8")
    ours, theirs = _calls(path)[0], _calls(export)[0]
    for call in (*ours, *theirs):
        call.where = ""
    assert ours == theirs


def test_names_of_the_api(tmp_path: Path) -> None:
    row = {
        "id": "o",
        "traceId": "t",
        "type": "GENERATION",
        "startTime": "2026-03-01T09:00:00.000Z",
        "endTime": "2026-03-01T09:00:01.000Z",
        "model": "opus",
        "input": {"messages": _MESSAGES, "tools": [{"type": "function", "function": {}}]},
        "output": [{"role": "assistant", "content": [{"type": "text", "text": "x"}]}],
        "usage": {"input": 5, "output": 6, "total": 11, "unit": "TOKENS"},
        "calculatedTotalCost": 0.5,
        "costDetails": {"total": 0.5},
    }
    path = tmp_path / "observations.json"
    path.write_text(json.dumps({"data": [row], "meta": {}}), encoding="utf-8")
    subject = {"kind": "observation", "id": "o", "traceId": "t"}
    score = {"name": "ok", "value": True, "dataType": "BOOLEAN", "subject": subject}
    (tmp_path / "scores.json").write_text(json.dumps({"data": [score]}), encoding="utf-8")
    call = _calls(tmp_path)[0][0]
    assert (call.model, call.cost_usd, call.latency_s, call.score) == ("opus", 0.5, 1, 1)
    assert call.messages == _MESSAGES
    assert call.params == {"tools": [{"type": "function", "function": {}}]}
    assert call.usage == Usage(input_tokens=5, output_tokens=6)
    assert call.output == "x"


def _item(item: str, run: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "id": f"span-{item}-{run}",
        "traceId": "t",
        "startTime": "2026-03-01T09:00:00Z",
        "endTime": "2026-03-01T09:00:01Z",
        "level": "DEFAULT",
        "environment": "default",
        "experimentId": run,
        "experimentName": run,
        "experimentItemId": item,
        "input": "Two and two?",
        "output": "4",
        "expectedOutput": {"answer": 4},
        "metadata": {"model": "mini"},
        "experimentItemMetadata": {"level": "easy"},
        "scores": [{"name": "exact", "value": value, "dataType": "NUMERIC"}],
        **more,
    }


def test_items_of_experiments_pair_by_item(tmp_path: Path) -> None:
    rows = [_item("i1", "a", 1), _item("i1", "a", 0), _item("i1", "b", 1), _item("i2", "a", 1)]
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"data": rows, "meta": {}}), encoding="utf-8")
    calls, reading = _calls(path)
    assert [(x.key, x.run, x.epoch, x.score) for x in calls] == [
        ("i1", "a", 1, 1),
        ("i1", "a", 2, 0),
        ("i1", "b", 1, 1),
        ("i2", "a", 1, 1),
    ]
    first = calls[0]
    assert (first.model, first.output, first.reference) == ("mini", "4", '{"answer":4}')
    assert first.messages == [{"role": "user", "content": "Two and two?"}]
    assert (first.labels, first.latency_s) == ({"level": "easy"}, 1)
    assert (reading.meta.metric, reading.dropped) == ("exact", {})
    assert fits(FORMAT, Head(path, record={"data": rows}))


def test_several_scores_need_a_choice(tmp_path: Path) -> None:
    export = example(tmp_path)
    write_lines(export / "scores" / "more.jsonl", [_score("short", 0.5)])
    calls, reading = _calls(export)
    assert {call.score for call in calls} == {None}
    reason = "score of several kinds (helpful, short): choose one by mapping score to its name"
    assert reading.dropped[reason] == 4
    calls, reading = _calls(export, score="short", key="trace_id", run="environment")
    assert (calls[0].key, calls[0].score) == ("t1", 0.5)
    assert {call.run for call in calls} == {"production"}
    assert reading.dropped["score that was not chosen: helpful"] == 3


@pytest.mark.parametrize(
    ("details", "into", "out"),
    [
        ({"input": 10, "output": 5}, 10, 5),
        ({"input": 10, "cache_read_input_tokens": 90, "output": 5}, 100, 5),
        ({"input": 100, "input_cached_tokens": 90, "output": 5, "total": 105}, 100, 5),
        ({"input": 10, "input_audio_tokens": 7, "output": 5, "output_audio_tokens": 3}, 17, 8),
        ('{"input":10,"output":5,"total":15}', 10, 5),
    ],
)
def test_kinds_of_usage_are_apart_unless_the_total_says_otherwise(
    details: Any, into: int, out: int
) -> None:
    usage = usage_of(details, None)
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (into, out)


def test_what_langfuse_did_not_know_is_unknown() -> None:
    assert usage_of({}, None) is None
    assert usage_of(None, {"input": 900, "unit": "CHARACTERS"}) is None
    assert cost_of(0, {}) is None
    assert cost_of(0, {"input": 0, "output": 0}) == 0
    assert cost_of(None, {"input": 0.25, "output": 0.5}) == 0.75


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [_row(1, "t"), _row(2, "t", end_time="soon")])
    with pytest.raises(InputError, match=r"a\.jsonl, line 2: its start or end is no time"):
        _calls(path)
    write_lines(path, [_row(1, "t"), {"trace_id": "t"}])
    with pytest.raises(InputError, match=r"line 2: not a record of Langfuse's .*`id`"):
        _calls(path)
    write_lines(path, [{"a": 1}])
    assert not fits(FORMAT, Head(path, record={"a": 1}))
    with pytest.raises(InputError, match="no observations and no items"):
        _calls(path)
