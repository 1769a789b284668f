"""OpenTelemetry traces of calls of models, as OTLP JSON: `gen_ai.*` spans, new and old names.

Layout: opentelemetry.io/docs/specs/otlp (JSON encoding) and
github.com/open-telemetry/semantic-conventions-genai.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.trials.calls import Call, Format, Meta, Reading, Usage
from headtohead.trials.reading.openai_answers import usage_from
from headtohead.trials.reading.otel_messages import (
    Event,
    NotSendable,
    answer_in,
    messages_in,
    tools_of,
)
from headtohead.trials.reading.records import (
    add_mapped,
    check_mapping,
    field_names,
    files_of,
    first_names,
    records,
    wrong,
)
from headtohead.trials.reading.scores import chosen
from headtohead.trials.reading.source import Head, Source

FORMAT = Format(
    name="otel",
    about="OpenTelemetry gen_ai spans as OTLP JSON, one document or one a line (file exporter)",
    pairs_by="trace and span, or the attribute that --map key=... names",
    holds=("scores", "requests", "tokens", "cost", "latency"),
)

_NAMES = (frozenset(("resourceSpans",)), frozenset(("resourceLogs",)))
_CALLS = frozenset(("chat", "text_completion", "generate_content", "completion"))
_RESULT = "gen_ai.evaluation.result"
_LABELS = {"pass": 1.0, "fail": 0.0, "correct": 1.0, "incorrect": 0.0, "true": 1.0, "false": 0.0}
_PARAMS = {
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.top_k": "top_k",
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.seed": "seed",
    "gen_ai.request.frequency_penalty": "frequency_penalty",
    "gen_ai.request.presence_penalty": "presence_penalty",
    "gen_ai.request.stop_sequences": "stop",
}
_TOKENS = (
    ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"),
    ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"),
    ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens"),
    ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens"),
    ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"),
    ("gen_ai.usage.total_tokens", "llm.usage.total_tokens"),
)
_OWN = "traceloop.association.properties."
# Attributes of the plumbing, or about persons: no slices of the work.
_RESERVED = tuple(
    f"{x}."
    for x in (
        *("gen_ai", "llm", "openai", "aws", "azure", "az", "traceloop", "otel", "telemetry"),
        *("server", "client", "peer", "net", "network", "http", "url", "rpc", "db", "session"),
        *("error", "exception", "code", "thread", "process", "host", "user", "enduser"),
    )
)


class _Array(msgspec.Struct, gc=False):
    values: list["_Any"] = []


class _Map(msgspec.Struct, gc=False):
    values: list["_Attribute"] = []


class _Any(msgspec.Struct, gc=False, rename="camel"):
    string_value: str | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bool_value: bool | None = None
    array_value: _Array | None = None
    kvlist_value: _Map | None = None


class _Attribute(msgspec.Struct, gc=False):
    key: str
    value: _Any | None = None


class _Event(msgspec.Struct, gc=False):
    name: str = ""
    attributes: list[_Attribute] = []


class _Status(msgspec.Struct, gc=False):
    code: int | str = 0


class _Span(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str
    span_id: str
    start_time_unix_nano: int | str = 0
    end_time_unix_nano: int | str = 0
    attributes: list[_Attribute] = []
    events: list[_Event] = []
    status: _Status | None = None


class _Log(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str = ""
    span_id: str = ""
    event_name: str = ""
    attributes: list[_Attribute] = []
    body: _Any | None = None


class _Scope(msgspec.Struct, gc=False, rename="camel"):
    spans: list[_Span] = []
    log_records: list[_Log] = []


class _Resource(msgspec.Struct, gc=False):
    attributes: list[_Attribute] = []


class _Group(msgspec.Struct, gc=False, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_Scope] = []
    scope_logs: list[_Scope] = []


class _Export(msgspec.Struct, gc=False, rename="camel"):
    resource_spans: list[_Group] = []
    resource_logs: list[_Group] = []


_decode = msgspec.json.Decoder(_Export).decode
_Key = tuple[str, str]


class _Beside:
    """What stands outside the span it belongs to: evaluations, and messages in logs."""

    def __init__(self) -> None:
        self.scores: dict[_Key, dict[str, float]] = {}
        self.by_response: dict[str, dict[str, float]] = {}
        self.events: dict[_Key, list[Event]] = {}
        self.names: Counter[str] = Counter()
        self.unread_n = 0

    def add(self, key: _Key, name: str, given: dict[str, Any]) -> None:
        """Keeps an event for its span."""
        if name != _RESULT:
            self.events.setdefault(key, []).append((name, given))
            return
        metric = str(given.get("gen_ai.evaluation.name", ""))
        value = given.get("gen_ai.evaluation.score.value")
        if value is None:
            value = _LABELS.get(str(given.get("gen_ai.evaluation.score.label", "")).lower())
        if value is None:
            self.unread_n += 1
            return
        self.names[metric] += 1
        self.scores.setdefault(key, {})[metric] = float(value)
        response = given.get("gen_ai.response.id")
        if response:
            self.by_response.setdefault(str(response), {})[metric] = float(value)


def recognise(head: Head) -> bool:
    """Whether it is an OTLP export, or a folder with one.

    Args:
        head: The beginning of the file.
    """
    if head.path.is_dir():
        return any(_is_export(first_names(path)) for path in files_of(head.path))
    return _is_export(field_names(head))


def read(source: Source) -> Reading:
    """One call for each span of a chat, text completion or generated content.

    Files are read twice where evaluations or logs with messages are among them: both may stand
    before or after their span, in another file too.

    Args:
        source: A file, or a folder with traces and logs. Its mapping may name `key`, `score`,
            `reference` and `run` by an attribute of the span; `score` may also be the name of an
            evaluation.

    Raises:
        InputError: If a record is not OTLP.
    """
    check_mapping(source)
    paths = [path for path in files_of(source.path) if _is_export(first_names(path))]
    if not paths:
        raise InputError(f"{source.path}: no OTLP export. Each record must have resourceSpans.")
    beside = _Beside()
    for path in paths:
        for where, line in records(path):
            if b"resourceLogs" in line or b"gen_ai.evaluation." in line:
                _gather(beside, _export(path, where, line))
    dropped: dict[str, int] = {}
    metric, rest = chosen(beside.names, source)
    dropped.update(rest)
    if beside.unread_n:
        dropped["evaluation without a number"] = beside.unread_n
    meta = Meta(format=FORMAT.name, metric=metric)
    return Reading(meta=meta, calls=_calls(paths, source, beside, metric, dropped), dropped=dropped)


def _is_export(names: frozenset[str]) -> bool:
    return any(names >= wanted for wanted in _NAMES)


def _export(path: Path, where: str, line: bytes) -> _Export:
    try:
        return _decode(line)
    except msgspec.DecodeError as error:
        raise wrong(path, where, f"not OTLP JSON ({error}).") from error


def _gather(beside: _Beside, export: _Export) -> None:
    logs = (x for y in export.resource_logs for z in y.scope_logs for x in z.log_records)
    for log in logs:
        given = _plain(log.attributes)
        name = log.event_name or str(given.get("event.name", ""))
        if not name.startswith("gen_ai."):
            continue
        body = _value(log.body) if log.body is not None else None
        if isinstance(body, dict):
            given.update(body)
        elif body is not None:
            given.setdefault("content", body)
        beside.add((log.trace_id, log.span_id), name, given)
    spans = (x for y in export.resource_spans for z in y.scope_spans for x in z.spans)
    for span in spans:
        for event in span.events:
            if event.name == _RESULT:
                beside.add((span.trace_id, span.span_id), event.name, _plain(event.attributes))


def _calls(
    paths: list[Path], source: Source, beside: _Beside, metric: str, dropped: dict[str, int]
) -> Iterator[Call]:
    mapped = Source(source.path, {x: y for x, y in source.mapping.items() if y != metric})
    for path in paths:
        for where, line in records(path):
            for group in _export(path, where, line).resource_spans:
                service = _plain(group.resource.attributes) if group.resource else {}
                for span in (x for scope in group.scope_spans for x in scope.spans):
                    given = _plain(span.attributes)
                    reason = _no_call(given)
                    if reason:
                        dropped[reason] = dropped.get(reason, 0) + 1
                        continue
                    call = _call(span, given, beside, metric, dropped)
                    call.where = f"{where}, span {span.span_id}"
                    if "service.name" in service:
                        call.labels["service"] = str(service["service.name"])
                    add_mapped(call, given, mapped, call.where)
                    yield call


def _no_call(given: dict[str, Any]) -> str:
    """Why a span is no call of a model; empty if it is one."""
    operation = given.get("gen_ai.operation.name") or given.get("llm.request.type")
    if operation in _CALLS:
        return ""
    if operation:
        return f"span of another operation: {operation}"
    # Before version 1.27 of the conventions spans did not name their operation.
    return "" if "gen_ai.request.model" in given else "span that calls no model"


def _call(
    span: _Span, given: dict[str, Any], beside: _Beside, metric: str, dropped: dict[str, int]
) -> Call:
    key = span.trace_id, span.span_id
    events: list[Event] = list(beside.events.get(key, ()))
    events += [(x.name, _plain(x.attributes)) for x in span.events if x.name != _RESULT]
    answer = answer_in(given, events)
    if answer.more_n:
        reason = "further choice of the same request"
        dropped[reason] = dropped.get(reason, 0) + answer.more_n
    labels = _labels(given)
    if answer.finish:
        labels["finish"] = answer.finish
    messages = None
    try:
        messages = messages_in(given, events)
    except NotSendable as error:
        labels["request"] = f"not to be sent again: {error}"
    failed = span.status is not None and span.status.code in (2, "STATUS_CODE_ERROR")
    start, end = int(span.start_time_unix_nano), int(span.end_time_unix_nano)
    scores = beside.scores.get(key) or beside.by_response.get(
        str(given.get("gen_ai.response.id", "")), {}
    )
    return Call(
        key=f"{span.trace_id}/{span.span_id}",
        model=str(given.get("gen_ai.response.model") or given.get("gen_ai.request.model") or ""),
        score=scores.get(metric),
        failure="error" if failed or "error.type" in given else answer.failure,
        messages=messages,
        params=_params(given),
        output=answer.text,
        usage=_usage(given),
        cost_usd=given.get("gen_ai.usage.cost"),
        latency_s=(end - start) / 1e9 if start and end else None,
        started=datetime.fromtimestamp(start / 1e9, UTC).isoformat() if start else "",
        labels=labels,
    )


def _params(given: dict[str, Any]) -> dict[str, Any]:
    params = {ours: given[theirs] for theirs, ours in _PARAMS.items() if theirs in given}
    tools = tools_of(given.get("gen_ai.tool.definitions"))
    return {**params, "tools": tools} if tools else params


def _usage(given: dict[str, Any]) -> Usage | None:
    found = [next((int(given[x]) for x in names if x in given), None) for names in _TOKENS]
    into, read, write, out, thought, total = found
    if into is None and out is None:
        return None
    return usage_from(into or 0, read or 0, write or 0, out or 0, thought or 0, total)


def _labels(given: dict[str, Any]) -> dict[str, str]:
    labels = {}
    for name, value in given.items():
        if name.startswith("gen_ai."):
            continue
        if name.startswith(_OWN):
            name = name.removeprefix(_OWN)
        elif name.startswith(_RESERVED):
            continue
        if isinstance(value, str | bool | int | float):
            labels[name] = str(value)
    provider = given.get("gen_ai.provider.name") or given.get("gen_ai.system")
    if provider:
        labels["provider"] = str(provider)
    if "gen_ai.conversation.id" in given:
        labels["session"] = str(given["gen_ai.conversation.id"])
    asked_for = given.get("gen_ai.request.model")
    if asked_for and given.get("gen_ai.response.model") not in (None, asked_for):
        labels["asked_for"] = str(asked_for)
    if "error.type" in given:
        labels["error"] = str(given["error.type"])
    return labels


def _plain(attributes: list[_Attribute]) -> dict[str, Any]:
    made = {}
    for one in attributes:
        value = one.value
        if value is not None:
            text = value.string_value
            made[one.key] = _value(value) if text is None else text
    return made


def _value(value: _Any) -> Any:  # noqa: ANN401
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return int(value.int_value)
    if value.double_value is not None:
        return float(value.double_value)
    if value.bool_value is not None:
        return value.bool_value
    if value.array_value is not None:
        return [_value(x) for x in value.array_value.values]
    return _plain(value.kvlist_value.values) if value.kvlist_value is not None else None
