"""OpenAI Batch files: requests and answers, joined."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.logs.formats.lines import write_lines

from headtohead.core.errors import InputError
from headtohead.files.formats import Head
from headtohead.logs.calls import Call, CallStream, Usage
from headtohead.logs.formats.openai_batch import FORMAT
from headtohead.logs.opening import fits, open_calls


def _ask(key: str, url: str = "/v1/chat/completions", **body: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"What is the answer to {key}?"}]
    made = {"model": "small-1", "messages": messages, "temperature": 0, **body}
    return {"custom_id": key, "method": "POST", "url": url, "body": made}


def _say(key: str, text: str | None = "42", finish: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, **more.pop("message", {})}
    body = {
        "id": f"chatcmpl-{key}",
        "object": "chat.completion",
        "created": 1760000000,
        "model": "small-1-2026-01-01",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 30,
            "total_tokens": 130,
            "prompt_tokens_details": {"cached_tokens": 64},
            "completion_tokens_details": {"reasoning_tokens": 12},
        },
        **more,
    }
    answered = {"status_code": 200, "request_id": f"req_{key}", "body": body}
    return {"id": f"batch_req_{key}", "custom_id": key, "response": answered, "error": None}


def _fail(key: str, status: int = 429) -> dict[str, Any]:
    body = {"error": {"message": "slow down", "usage": "none"}, "usage": "none"}
    answered = {"status_code": status, "request_id": "r", "body": body}
    return {"id": "b", "custom_id": key, "response": answered, "error": None}


def example(folder: Path) -> Path:
    """A folder with the requests, answers and errors of one small batch."""
    batch = folder / "batch"
    write_lines(
        batch / "requests.jsonl",
        [
            _ask("ticket-1", metadata={"task": "billing"}),
            _ask("ticket-2", tools=[{"type": "function", "function": {"name": "look_up"}}]),
            _ask("ticket-3"),
            _ask("ticket-4"),
        ],
    )
    calls = [{"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}]
    write_lines(
        batch / "output.jsonl",
        [
            _say("ticket-2", None, "tool_calls", message={"tool_calls": calls}),
            _say("ticket-1"),
        ],
    )
    expired = {"code": "batch_expired", "message": "not before the window closed"}
    write_lines(
        batch / "errors.jsonl",
        [{"id": "b", "custom_id": "ticket-3", "response": None, "error": expired}],
    )
    return batch


def _calls(path: Path) -> tuple[list[Call], CallStream]:
    reading = open_calls(path, format=FORMAT.name)
    return list(reading.calls), reading


def test_answers_find_their_requests(tmp_path: Path) -> None:
    calls, reading = _calls(example(tmp_path))
    by_key = {call.key: call for call in calls}
    assert list(by_key) == ["ticket-3", "ticket-2", "ticket-1"]
    first = by_key["ticket-1"]
    assert (first.output, first.model, first.failure) == ("42", "small-1-2026-01-01", "")
    assert first.messages == [{"role": "user", "content": "What is the answer to ticket-1?"}]
    assert first.params == {"temperature": 0}
    assert first.labels == {"asked_for": "small-1", "task": "billing"}
    assert first.usage == Usage(
        input_tokens=100, cache_read_tokens=64, output_tokens=30, reasoning_tokens=12
    )
    assert first.started == "2025-10-09T08:53:20+00:00"
    tool = by_key["ticket-2"]
    assert json.loads(tool.output or "") == {"tool_calls": [{"name": "look_up", "arguments": {}}]}
    assert tool.params["tools"][0]["function"]["name"] == "look_up"
    failed = by_key["ticket-3"]
    assert (failed.failure, failed.labels["error"]) == ("error", "batch_expired")
    assert failed.model == "small-1"
    assert failed.messages is not None
    assert reading.dropped == {"request without an answer in the output or error files": 1}


@pytest.mark.parametrize("packed", [False, True])
def test_the_order_of_answers_does_not_matter(tmp_path: Path, packed: bool) -> None:
    keys = [f"item-{i}-{'é' * (i % 7)}" for i in range(200)]
    asked = "\n".join(json.dumps(_ask(key), ensure_ascii=False) + "\n" for key in keys)
    content = b"\xef\xbb\xbf" + asked.encode()
    name = "requests.jsonl.gz" if packed else "requests.jsonl"
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    np.random.default_rng(1).shuffle(keys)
    write_lines(tmp_path / "output.jsonl", [_say(key) for key in keys])
    calls, reading = _calls(tmp_path)
    assert [call.key for call in calls] == keys
    for call in calls:
        assert call.messages == [{"role": "user", "content": f"What is the answer to {call.key}?"}]
    assert reading.dropped == {}


def test_either_file_alone(tmp_path: Path) -> None:
    batch = example(tmp_path)
    answers, _ = _calls(batch / "output.jsonl")
    assert [x.messages for x in answers] == [None, None]
    assert all(x.output and x.usage for x in answers)
    requests, _ = _calls(batch / "requests.jsonl")
    assert [x.key for x in requests] == [f"ticket-{i}" for i in range(1, 5)]
    assert all(x.messages and x.output is None and not x.failure for x in requests)
    assert requests[0].model == "small-1"


@pytest.mark.parametrize(
    ("row", "failure", "output"),
    [
        (_say("k", "", "stop"), "empty", ""),
        (_say("k", None, "length"), "limit", ""),
        (_say("k", "cut he", "length"), "", "cut he"),
        (_say("k", None, "content_filter"), "refused", None),
        (_say("k", None, message={"refusal": "I cannot."}), "refused", "I cannot."),
        (_fail("k"), "error", None),
    ],
)
def test_why_an_answer_is_not_usable(
    tmp_path: Path, row: dict[str, Any], failure: str, output: str | None
) -> None:
    calls, _ = _calls(write_lines(tmp_path / "output.jsonl", [row]))
    assert (calls[0].failure, calls[0].output) == (failure, output)


def test_responses_become_chat(tmp_path: Path) -> None:
    ask = {
        "custom_id": "r1",
        "method": "POST",
        "url": "/v1/responses",
        "body": {
            "model": "think-1",
            "instructions": "Be short.",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
                {"type": "reasoning", "summary": []},
                {"type": "function_call", "call_id": "c", "name": "now", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "rain"},
            ],
            "max_output_tokens": 50,
            "reasoning": {"effort": "low"},
            "text": {"format": {"type": "json_schema", "name": "w", "schema": {}, "strict": True}},
            "tools": [{"type": "function", "name": "now", "parameters": {}}],
        },
    }
    body = {
        "object": "response",
        "created_at": 1760000000,
        "model": "think-1",
        "status": "completed",
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": "Rain."}]},
        ],
        "usage": {
            "input_tokens": 50,
            "input_tokens_details": {"cached_tokens": 8},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 15},
            "total_tokens": 70,
        },
    }
    write_lines(tmp_path / "in.jsonl", [ask])
    out = {"id": "b", "custom_id": "r1", "response": {"status_code": 200, "body": body}}
    write_lines(tmp_path / "out.jsonl", [{**out, "error": None}])
    call = _calls(tmp_path)[0][0]
    assert call.messages == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "now", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": "rain"},
    ]
    assert call.params == {
        "max_completion_tokens": 50,
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "w", "schema": {}, "strict": True},
        },
        "tools": [{"type": "function", "function": {"name": "now", "parameters": {}}}],
    }
    assert call.output == "Rain."
    assert call.usage == Usage(
        input_tokens=50, cache_read_tokens=8, output_tokens=20, reasoning_tokens=15
    )


def test_what_is_not_text_is_counted(tmp_path: Path) -> None:
    ask = {"custom_id": "e", "method": "POST", "url": "/v1/embeddings", "body": {"input": "x"}}
    calls, reading = _calls(write_lines(tmp_path / "in.jsonl", [_ask("a"), ask]))
    assert [x.key for x in calls] == ["a"]
    assert reading.dropped == {"not a request for text: /v1/embeddings": 1}
    body = {"object": "list", "data": [], "model": "embed"}
    vectors = {"custom_id": "e", "response": {"status_code": 200, "body": body}, "error": None}
    calls, reading = _calls(write_lines(tmp_path / "out.jsonl", [_say("a"), vectors]))
    assert reading.dropped == {"not an answer in text: list": 1}


def test_further_choices_are_counted(tmp_path: Path) -> None:
    message = {"role": "assistant", "content": "b"}
    more = [
        {"index": 1, "message": message, "finish_reason": "stop"},
        {"index": 0, "message": {**message, "content": "a"}, "finish_reason": "stop"},
    ]
    calls, reading = _calls(write_lines(tmp_path / "out.jsonl", [_say("k", choices=more)]))
    assert calls[0].output == "a"
    assert reading.dropped == {"further choice of the same request": 1}


@pytest.mark.parametrize(
    ("asked", "said", "why"),
    [
        ([_ask("a"), _ask("a")], [_say("a")], "requests.jsonl, line 2: custom_id 'a' comes twice"),
        ([_ask("a")], [_say("b")], "output.jsonl, line 1: custom_id 'b' answers no request in"),
        ([_ask("a")], [_say("a"), _say("a")], "output.jsonl, line 2: custom_id 'a' comes twice"),
        ([], [_say("a"), _say("a")], "output.jsonl, line 2: custom_id 'a' comes twice"),
        ([], [_say("a"), _ask("b")], "line 2: a request among answers"),
        ([], [_say("a"), {"custom_id": "b", "response": None}], "neither response nor error"),
        ([], [_say("a"), {"custom_id": 5}], r"line 2: not an answer of a batch \(Expected `str`"),
        ([], [_say("a"), _say("b", usage="none")], "line 2: not an answer of a batch"),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path, asked: list[dict[str, Any]], said: list[dict[str, Any]], why: str
) -> None:
    if asked:
        write_lines(tmp_path / "requests.jsonl", asked)
    write_lines(tmp_path / "output.jsonl", said)
    with pytest.raises(InputError, match=why):
        _calls(tmp_path)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "output.jsonl", [_say("a"), _say("b")])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"output\.jsonl, line 2: not complete JSON"):
        _calls(path)
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no requests and no answers of a batch"):
        _calls(tmp_path / "other.jsonl")


def test_recognised_by_its_first_record(tmp_path: Path) -> None:
    batch = example(tmp_path)
    assert fits(FORMAT, Head(batch, names=("requests.jsonl", "output.jsonl")))
    assert fits(FORMAT, Head(batch / "output.jsonl", record=_say("a")))
    assert fits(FORMAT, Head(batch / "requests.jsonl", record=_ask("a")))
    assert not fits(FORMAT, Head(batch / "x.jsonl", record={"custom_id": "a", "text": "b"}))
