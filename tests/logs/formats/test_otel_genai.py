"""OpenTelemetry traces with the new and the old names."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.logs.formats.lines import write_lines

from headtohead.core.errors import InputError
from headtohead.files.formats import Head
from headtohead.logs.calls import Call, CallStream, Usage
from headtohead.logs.formats.otel_genai import FORMAT
from headtohead.logs.opening import fits, open_calls

_START = 1_770_000_000_000_000_000


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(x) for x in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {"stringValue": value}


def _attributes(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in given.items()]


def _span(which: str, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    events = [{"name": x, "attributes": _attributes(y)} for x, y in more.pop("events", [])]
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": which,
        "name": "chat",
        "startTimeUnixNano": str(_START),
        "endTimeUnixNano": str(_START + 1_500_000_000),
        "attributes": _attributes(given),
        "events": events,
        "status": {},
        **more,
    }


def _traces(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": _attributes({"service.name": "helpdesk"})}
    scope = {"scope": {"name": "made.up"}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _logs(*records: dict[str, Any]) -> dict[str, Any]:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


_NEW = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "opus",
    "gen_ai.response.model": "opus-2026",
    "gen_ai.response.id": "msg_1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.request.temperature": 0.5,
    "gen_ai.request.stop_sequences": ["END"],
    "gen_ai.conversation.id": "conv_1",
    "gen_ai.usage.input_tokens": 500,
    "gen_ai.usage.cache_read.input_tokens": 300,
    "gen_ai.usage.cache_creation.input_tokens": 100,
    "gen_ai.usage.output_tokens": 60,
    "gen_ai.usage.reasoning.output_tokens": 20,
    "task": "weather",
    "user.id": "someone",
}
_PARTS = [
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}},
        ],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "rain"}]},
]
_CHAT = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "Weather in Paris?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "rain"},
]
_SYSTEM = [{"type": "text", "content": "Be short."}]
_OUTPUT = [
    {
        "role": "assistant",
        "parts": [{"type": "text", "content": "Rainy."}],
        "finish_reason": "stop",
    }
]
_RESULT = "gen_ai.evaluation.result"


def example(folder: Path) -> Path:
    """A file of the collector: three traces and a log with an evaluation, one a line."""
    old = {
        "gen_ai.system": "openai",
        "llm.request.type": "chat",
        "gen_ai.request.model": "mini",
        "gen_ai.usage.prompt_tokens": 10,
        "gen_ai.usage.completion_tokens": 5,
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "Hello?",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "Hello!",
        "traceloop.association.properties.task": "greeting",
    }
    new = {
        **_NEW,
        "gen_ai.system_instructions": json.dumps(_SYSTEM),
        "gen_ai.input.messages": json.dumps(_PARTS),
        "gen_ai.output.messages": json.dumps(_OUTPUT),
    }
    verdict = {"gen_ai.evaluation.name": "correct", "gen_ai.evaluation.score.value": 1.0}
    log = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "a1",
        "eventName": _RESULT,
        "attributes": _attributes(verdict),
    }
    lines = [
        _traces(_span("a1", new), _span("a2", {"gen_ai.operation.name": "execute_tool"})),
        _logs(log),
        _traces(_span("b1", old), _span("b2", {"http.url": "x"})),
    ]
    path = folder / "traces.jsonl"
    write_lines(path, lines)
    return path


def _calls(path: Path, **mapping: str) -> tuple[list[Call], CallStream]:
    reading = open_calls(path, format=FORMAT.name, mapping=mapping)
    return list(reading.calls), reading


def _one(tmp_path: Path, span: dict[str, Any], *more: dict[str, Any]) -> Call:
    path = tmp_path / "one.jsonl"
    lines = [*more, _traces(span)]
    write_lines(path, lines)
    return _calls(path)[0][0]


def test_new_and_old_names(tmp_path: Path) -> None:
    (new, old), reading = _calls(example(tmp_path))
    assert new.key == "5b8efff798038103d269b633813fc60c/a1"
    assert (new.model, new.output, new.failure, new.score) == ("opus-2026", "Rainy.", "", 1)
    assert new.messages == _CHAT
    assert new.params == {"temperature": 0.5, "stop": ["END"]}
    assert new.usage == Usage(
        input_tokens=500,
        cache_read_tokens=300,
        cache_write_tokens=100,
        output_tokens=60,
        reasoning_tokens=20,
    )
    assert (new.latency_s, new.started) == (1.5, "2026-02-02T02:40:00+00:00")
    assert new.labels == {
        "task": "weather",
        "provider": "anthropic",
        "session": "conv_1",
        "asked_for": "opus",
        "service": "helpdesk",
    }
    assert old.messages == [{"role": "user", "content": "Hello?"}]
    assert (old.output, old.model, old.score) == ("Hello!", "mini", None)
    assert old.usage == Usage(input_tokens=10, output_tokens=5)
    assert old.labels["task"] == "greeting"
    assert reading.meta.metric == "correct"
    assert reading.dropped == {
        "span of another operation: execute_tool": 1,
        "span that calls no model": 1,
    }


def test_one_document_says_the_same_as_lines(tmp_path: Path) -> None:
    lines = example(tmp_path).read_text(encoding="utf-8").splitlines()
    whole: dict[str, list[Any]] = {"resourceSpans": [], "resourceLogs": []}
    for line in lines:
        for name, groups in json.loads(line).items():
            whole[name] += groups
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(whole, indent=2), encoding="utf-8")
    ours = _calls(path)[0]
    theirs = _calls(tmp_path / "traces.jsonl")[0]
    for call in (*ours, *theirs):
        call.where = ""
    assert ours == theirs


def test_traces_and_logs_of_a_folder(tmp_path: Path) -> None:
    lines = example(tmp_path).read_text(encoding="utf-8").splitlines()
    (tmp_path / "traces.jsonl").unlink()
    (tmp_path / "otlp").mkdir()
    (tmp_path / "otlp" / "logs.json").write_text(lines[1] + "\n", encoding="utf-8")
    (tmp_path / "otlp" / "spans.json").write_text(lines[0] + "\n", encoding="utf-8")
    assert fits(FORMAT, Head(tmp_path / "otlp", names=("logs.json", "spans.json")))
    assert [call.score for call in _calls(tmp_path / "otlp")[0]] == [1]


_OLD = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


@pytest.mark.parametrize(
    "events",
    [
        [
            ("gen_ai.user.message", {"gen_ai.event.content": '{"role":"user","content":"Hi"}'}),
            ("gen_ai.choice", {"gen_ai.event.content": '{"index":0,"message":{"content":"Ho"}}'}),
        ],
        [
            ("gen_ai.user.message", {"content": "Hi", "role": "user"}),
            ("gen_ai.choice", {"message": '{"content":"Ho"}', "finish_reason": "stop"}),
        ],
        [
            ("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role":"user","content":"Hi"}]'}),
            ("gen_ai.content.completion", {"gen_ai.completion": '[{"role":"a","content":"Ho"}]'}),
        ],
        [
            ("gen_ai.content.prompt", {"gen_ai.prompt": "Hi"}),
            ("gen_ai.content.completion", {"gen_ai.completion": "Ho"}),
        ],
    ],
)
def test_messages_in_events(tmp_path: Path, events: list[tuple[str, dict[str, Any]]]) -> None:
    call = _one(tmp_path, _span("e", _OLD, events=events))
    assert call.messages == [{"role": "user", "content": "Hi"}]
    assert (call.output, call.failure) == ("Ho", "")


def test_messages_in_logs(tmp_path: Path) -> None:
    at = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "e"}
    tool = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    said = {"index": 0, "finish_reason": "tool_calls", "message": {"tool_calls": tool}}
    first = {**at, "eventName": "gen_ai.system.message", "body": _value({"content": "Be kind."})}
    name = _attributes({"event.name": "gen_ai.user.message"})
    second = {**at, "attributes": name, "body": _value({"content": "Hi"})}
    third = {**at, "eventName": "gen_ai.choice", "body": _value(said)}
    call = _one(tmp_path, _span("e", _OLD), _logs(first, second, third))
    assert call.messages == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
    ]
    assert json.loads(call.output or "") == {"tool_calls": [{"name": "f", "arguments": {}}]}


def test_details_in_a_log_are_structured(tmp_path: Path) -> None:
    log = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "e",
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": _attributes(
            {
                "gen_ai.system_instructions": _SYSTEM,
                "gen_ai.input.messages": _PARTS,
                "gen_ai.output.messages": _OUTPUT,
            }
        ),
    }
    call = _one(tmp_path, _span("e", _OLD), _logs(log))
    assert (call.messages, call.output) == (_CHAT, "Rainy.")


def test_tools_asked_for_in_numbered_attributes(tmp_path: Path) -> None:
    given = {
        **_OLD,
        "gen_ai.prompt.0.role": "assistant",
        "gen_ai.prompt.0.tool_calls.0.id": "c",
        "gen_ai.prompt.0.tool_calls.0.name": "f",
        "gen_ai.prompt.0.tool_calls.0.arguments": "{}",
        "gen_ai.prompt.1.role": "tool",
        "gen_ai.prompt.1.content": "done",
        "gen_ai.prompt.1.tool_call_id": "c",
        "gen_ai.completion.0.content": "",
        "gen_ai.completion.0.finish_reason": "length",
        "gen_ai.tool.definitions": json.dumps([{"type": "function", "name": "f"}]),
    }
    call = _one(tmp_path, _span("e", given))
    function = {"name": "f", "arguments": "{}"}
    assert call.messages == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": function}],
        },
        {"role": "tool", "content": "done", "tool_call_id": "c"},
    ]
    assert (call.failure, call.output) == ("limit", "")
    assert call.params["tools"] == [{"type": "function", "function": {"name": "f"}}]


def test_pictures_are_kept_and_other_media_are_not_sent_again(tmp_path: Path) -> None:
    uri = {"type": "uri", "modality": "image", "uri": "https://example.org/a.png"}
    parts = [{"type": "text", "content": "What is this?"}, uri]
    given = {**_OLD, "gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}])}
    assert _one(tmp_path, _span("e", given)).messages == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            ],
        }
    ]
    other = [{"role": "user", "parts": [{"type": "file", "modality": "video", "file_id": "f"}]}]
    call = _one(tmp_path, _span("e", {**_OLD, "gen_ai.input.messages": json.dumps(other)}))
    assert call.messages is None
    assert call.labels["request"] == "not to be sent again: a part of type file"


def test_cached_tokens_that_the_input_leaves_out_are_added(tmp_path: Path) -> None:
    given = {**_NEW, "gen_ai.usage.input_tokens": 100}
    usage = _one(tmp_path, _span("e", given)).usage
    assert usage is not None
    assert usage.input_tokens == 500


def test_errors(tmp_path: Path) -> None:
    call = _one(tmp_path, _span("e", _OLD, status={"code": 2}))
    assert (call.failure, call.output) == ("error", None)
    call = _one(tmp_path, _span("e", {**_OLD, "error.type": "timeout"}))
    assert (call.failure, call.labels["error"]) == ("error", "timeout")


def test_one_of_several_evaluations_is_chosen(tmp_path: Path) -> None:
    def result(name: str, **given: Any) -> tuple[str, dict[str, Any]]:
        more = {f"gen_ai.evaluation.score.{x}": y for x, y in given.items()}
        return _RESULT, {"gen_ai.evaluation.name": name, **more}

    events = [result("kind", label="pass"), result("long", value=3.5), result("odd", label="blue")]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(_traces(_span("e", _OLD, events=events))), encoding="utf-8")
    calls, reading = _calls(path)
    assert calls[0].score is None
    assert reading.dropped == {
        "score of several kinds (kind, long): choose one by mapping score to its name": 2,
        "evaluation without a number": 1,
    }
    calls, reading = _calls(path, score="long")
    assert (calls[0].score, reading.meta.metric) == (3.5, "long")
    assert _calls(path, score="kind")[0][0].score == 1
    with pytest.raises(InputError, match=r"no score is called 'short'. There are kind, long"):
        _calls(path, score="short")


def test_a_chosen_key_pairs_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    span = _span("e", {**_OLD, "test.case.id": "case-7"})
    path.write_text(json.dumps(_traces(span)), encoding="utf-8")
    assert _calls(path, key="test.case.id")[0][0].key == "case-7"
    with pytest.raises(InputError, match=r"line 1, span e: nothing stands at test\.case"):
        _calls(path, key="test.case")


@pytest.mark.parametrize("held", ["5", "[5]", '[{"role": "user", "parts": [5]}]', '[{"parts": 5}]'])
def test_messages_of_other_kinds_are_no_messages(tmp_path: Path, held: str) -> None:
    given = {"gen_ai.input.messages": held, "gen_ai.output.messages": held}
    call = _one(tmp_path, _span("e", {**_NEW, **given, "gen_ai.system_instructions": "[5]"}))
    assert call.output in (None, "")
    assert not call.messages or call.messages[0]["content"] in (None, "")


def test_the_id_of_an_item_on_a_span_around_is_its_key(tmp_path: Path) -> None:
    path = tmp_path / "nested.jsonl"
    spans = [
        _span("call", _OLD, parentSpanId="step"),
        _span("step", {"step": 1}, parentSpanId="root"),
        _span("root", {"item.id": "q-1", "score": 0.5, "step": 0}),
        _span("other", _OLD, parentSpanId="root"),
        _span("loop", _OLD | {"item.id": "q-2", "score": 1}, parentSpanId="loop"),
    ]
    path.write_text("\n".join(json.dumps(_traces(span)) for span in spans), encoding="utf-8")
    calls, stream = _calls(path, key="item.id", score="score")
    assert [(call.key, call.score) for call in calls] == [("q-1", 0.5), ("q-1", 0.5), ("q-2", 1)]
    assert "item.id" not in stream.meta.scores
    assert _calls(path, key="item.id", run="step")[0][0].run == "1"


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    path = example(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": 5}]}]}]}\n')
    with pytest.raises(InputError, match=r"traces\.jsonl, line 4: not OTLP JSON .*traceId"):
        _calls(path)
    path.write_text('{"spans": []}\n', encoding="utf-8")
    assert not fits(FORMAT, Head(path, record={"spans": []}))
    with pytest.raises(InputError, match="no OTLP export"):
        _calls(path)
