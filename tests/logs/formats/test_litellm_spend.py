"""LiteLLM spend logs in four kinds of file."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.logs.formats.lines import write_lines

from headtohead.core.errors import InputError
from headtohead.files.formats import Head, first_fields
from headtohead.logs.calls import Call, CallStream, Usage
from headtohead.logs.formats.litellm_spend import FORMAT
from headtohead.logs.opening import fits, open_calls

_MESSAGES = [{"role": "user", "content": "Where is my parcel?"}]


def _row(which: int, **more: Any) -> dict[str, Any]:
    usage = {
        "prompt_tokens": 120,
        "completion_tokens": 40,
        "total_tokens": 160,
        "prompt_tokens_details": {"cached_tokens": 100},
        "completion_tokens_details": {"reasoning_tokens": 25},
    }
    choice = {"index": 0, "message": {"role": "assistant", "content": "At the depot."}}
    return {
        "request_id": f"chatcmpl-{which}",
        "call_type": "acompletion",
        "api_key": "hash",
        "spend": 0.00042,
        "total_tokens": 160,
        "prompt_tokens": 120,
        "completion_tokens": 40,
        "startTime": "2026-02-01T10:00:00.250000Z",
        "endTime": "2026-02-01T10:00:02.000000Z",
        "completionStartTime": "2026-02-01T10:00:01.000000Z",
        "model": "gpt-mini",
        "model_group": "support",
        "custom_llm_provider": "openai",
        "cache_hit": "False",
        "request_tags": ["team:returns", "beta", "User-Agent: python"],
        "metadata": {"usage_object": usage, "spend_logs_metadata": {"item": f"i{which}"}},
        "messages": _MESSAGES,
        "response": {"object": "chat.completion", "choices": [{**choice, "finish_reason": "stop"}]},
        "session_id": f"s{which}",
        "status": "success",
        **more,
    }


def example(folder: Path) -> Path:
    """Spend logs of four requests: a good one, one from the cache, a failure, an embedding."""
    rows = [
        _row(1),
        _row(2, cache_hit="True", spend=0.0),
        _row(3, status="failure", response={}, messages={}, spend=0, completion_tokens=0),
        _row(4, call_type="aembedding", response={}, messages={}),
    ]
    return write_lines(folder / "spend_logs.jsonl", rows)


def _calls(path: Path, **mapping: str) -> tuple[list[Call], CallStream]:
    reading = open_calls(path, format=FORMAT.name, mapping=mapping)
    return list(reading.calls), reading


def _as_text(row: dict[str, Any]) -> dict[str, Any]:
    return {x: json.dumps(y) if isinstance(y, dict | list) else y for x, y in row.items()}


@pytest.fixture(params=["jsonl", "text", "array", "pages", "csv", "parquet"])
def logged(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same rows in each kind of file."""
    rows = [json.loads(x) for x in example(tmp_path).read_text(encoding="utf-8").splitlines()]
    path = tmp_path / f"logs.{request.param}"
    if request.param == "jsonl":
        return write_lines(path, rows)
    if request.param == "text":
        return write_lines(path, [_as_text(row) for row in rows])
    if request.param == "array":
        path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    elif request.param == "pages":
        path.write_text(json.dumps({"data": rows, "total": 4}), encoding="utf-8")
    elif request.param == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(_as_text(row) for row in rows)
    else:
        pl.DataFrame([_as_text(row) for row in rows]).write_parquet(path)
    return path


def test_every_kind_of_file_says_the_same(logged: Path) -> None:
    calls, reading = _calls(logged)
    assert [call.key for call in calls] == ["chatcmpl-1", "chatcmpl-2", "chatcmpl-3"]
    first, cached, failed = calls
    assert (first.model, first.output, first.failure) == ("gpt-mini", "At the depot.", "")
    assert first.messages == _MESSAGES
    assert first.usage == Usage(
        input_tokens=120, cache_read_tokens=100, output_tokens=40, reasoning_tokens=25
    )
    assert (first.cost_usd, first.latency_s) == (0.00042, 1.75)
    assert first.labels == {
        "asked_for": "support",
        "provider": "openai",
        "session": "s1",
        "team": "returns",
        "tags": "beta",
        "item": "i1",
    }
    assert (cached.labels["cache_hit"], cached.cost_usd) == ("true", 0)
    assert (failed.failure, failed.output, failed.messages) == ("error", None, None)
    assert reading.dropped == {"not a request for text: aembedding": 1}
    assert fits(FORMAT, Head(logged, start=logged.read_bytes()[:4096]))
    assert "startTime" in first_fields(logged)


def test_the_request_may_stand_in_the_body_that_the_proxy_got(tmp_path: Path) -> None:
    sent = {"model": "support", "messages": _MESSAGES, "temperature": 0.2, "api_key": "never"}
    row = _row(1, messages={}, proxy_server_request=sent, request_duration_ms=900)
    call = _calls(write_lines(tmp_path / "a.jsonl", [row]))[0][0]
    assert (call.messages, call.params, call.latency_s) == (_MESSAGES, {"temperature": 0.2}, 0.9)


def test_what_the_proxy_cut_or_hid_is_not_sent_again(tmp_path: Path) -> None:
    cut = "begin... (litellm_truncated skipped 900 chars) ...end"
    hidden = "redacted-by-litellm"
    choice = {"index": 0, "message": {"content": hidden}, "finish_reason": "stop"}
    rows = [
        _row(1, messages=[{"role": "user", "content": cut}]),
        _row(2, response={"choices": [choice]}),
    ]
    first, second = _calls(write_lines(tmp_path / "a.jsonl", rows))[0]
    assert (first.messages, first.output) == (None, "At the depot.")
    assert first.labels["request"] == "cut or hidden by the proxy"
    assert (second.messages, second.output) == (_MESSAGES, None)


def test_answers_in_the_shape_of_messages(tmp_path: Path) -> None:
    parts = [{"type": "thinking"}, {"type": "text", "text": "At "}, {"type": "text", "text": "it."}]
    tool = [{"type": "tool_use", "name": "find", "input": {"id": 1}}]
    rows = [
        _row(1, response={"type": "message", "content": parts, "stop_reason": "end_turn"}),
        _row(2, response={"type": "message", "content": tool, "stop_reason": "tool_use"}),
        _row(3, response={"content": "plain"}),
        _row(4, response="said"),
    ]
    found = [x.output for x in _calls(write_lines(tmp_path / "a.jsonl", rows))[0]]
    calls = '{"tool_calls":[{"name":"find","arguments":{"id":1}}]}'
    assert found == ["At it.", calls, "plain", "said"]


def test_tokens_without_the_usage_object(tmp_path: Path) -> None:
    more = {"cache_read_input_tokens": 300, "cache_creation_input_tokens": 50}
    rows = [
        _row(1, metadata={}),
        _row(2, metadata={"additional_usage_values": more}, prompt_tokens=400),
        _row(3, metadata={"additional_usage_values": more}, prompt_tokens=20),
        _row(4, metadata=None, prompt_tokens=None, completion_tokens=None),
    ]
    found = [call.usage for call in _calls(write_lines(tmp_path / "a.jsonl", rows))[0]]
    assert found[0] == Usage(input_tokens=120, output_tokens=40)
    cached = {"cache_read_tokens": 300, "cache_write_tokens": 50, "output_tokens": 40}
    assert found[1] == Usage(input_tokens=400, **cached)
    # Fewer input tokens than cached ones: this count leaves the cached ones out.
    assert found[2] == Usage(input_tokens=370, **cached)
    assert found[3] is None


def test_a_chosen_key_pairs_runs(tmp_path: Path) -> None:
    at = "metadata.spend_logs_metadata.item"
    calls, _ = _calls(example(tmp_path), key=at, score="spend")
    assert [(call.key, call.score) for call in calls] == [("i1", 0.00042), ("i2", 0), ("i3", 0)]
    with pytest.raises(InputError, match=r"line 1: nothing stands at metadata\.ticket"):
        _calls(example(tmp_path), key="metadata.ticket")
    with pytest.raises(InputError, match="'gpt-mini' at model is not a number"):
        _calls(example(tmp_path), score="model")
    with pytest.raises(InputError, match="format='plain'"):
        _calls(example(tmp_path), output="response")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"request_id": "a"}, r"line 2: not a row of LiteLLM_SpendLogs \(.*startTime"),
        (_row(2, startTime="yesterday"), "line 2: startTime or endTime is no time"),
        (_row(2, prompt_tokens="many"), r"line 2: not a row .*prompt_tokens"),
        (_row(2, response={"choices": "none"}), "line 2: not a row"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, row: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        _calls(write_lines(tmp_path / "a.jsonl", [_row(1), row]))


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + bytes(60))
    for read in (_calls, lambda path: fits(FORMAT, Head(path, start=path.read_bytes()))):
        with pytest.raises(InputError, match="cannot be read as Parquet"):
            read(path)
