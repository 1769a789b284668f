"""OpenTelemetry traces of calls of models, as OTLP JSON: `gen_ai.*` spans, new and old names.

Spans of OpenInference are read too. Layout: opentelemetry.io/docs/specs/otlp (JSON encoding) and
github.com/open-telemetry/semantic-conventions-genai.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from headtohead.core.errors import InputError
from headtohead.files.formats import first_fields
from headtohead.files.opening import decoded, files_of, wrong
from headtohead.files.records import at_path, count_of, mentions, records, text_of, unpacked
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat, started_at
from headtohead.logs.openai import (
    LoggedAnswer,
    Messages,
    answer_of_message,
    chat_tool,
    judged,
    messages_of,
    tool_call,
    usage_from,
)
from headtohead.logs.openinference import KIND, call_of, nested
from headtohead.logs.opening import add_mapped, chosen_score

FORMAT = RunFormat(
    name="otel",
    about="OpenTelemetry: spans of gen_ai or OpenInference as OTLP JSON, whole or one a line",
    needs=(("resourceSpans",), ("resourceLogs",)),
    folders=True,
    holds=("scores", "requests", "tokens", "cost", "latency"),
    pairs="trace and span, or an attribute that is named",
    tried=(
        "opentelemetry-instrumentation-openai-v2 2.1b0 2.4b0",
        "traceloop-sdk 0.33.12 0.62.4",
        "openinference-instrumentation-openai 0.1.18 0.1.66",
    ),
)

_CALLS = frozenset(("chat", "text_completion", "generate_content", "completion"))
_OPERATION = "gen_ai.operation.name"
_RESULT = "gen_ai.evaluation.result"
_VERDICTS = {"pass": 1.0, "fail": 0.0, "correct": 1.0, "incorrect": 0.0, "true": 1.0, "false": 0.0}
_SAME = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "seed",
    "frequency_penalty",
    "presence_penalty",
)
_PARAMS = {
    **{f"gen_ai.request.{name}": name for name in _SAME},
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
# Attribute -> which of these counts it is, and the rank of its name.
_NAMES_N = 10
_PLACES = {
    name: _NAMES_N * place + rank
    for place, names in enumerate(_TOKENS)
    for rank, name in enumerate(names)
}
_SCALAR = (str, bool, int, float)
_OWN = "traceloop.association.properties."
# Attributes of the plumbing, or about persons: no slices of the work.
_RESERVED = (
    *("gen_ai.", "llm.", "openai.", "aws.", "azure.", "az.", "traceloop.", "otel.", "telemetry."),
    *("server.", "client.", "peer.", "net.", "network.", "http.", "url.", "rpc.", "db."),
    *("error.", "exception.", "code.", "thread.", "process.", "host.", "user.", "enduser."),
    "session.",
)


class _Array(msgspec.Struct, gc=False):
    values: list["_Any"] = []


class _Map(msgspec.Struct, gc=False):
    values: list["_Attribute"] = []


# As protocol buffers write what JSON has no number for.
_NoNumber = Annotated[str, msgspec.Meta(pattern=r"^(NaN|-?Infinity)$")]


class _Any(msgspec.Struct, gc=False, rename="camel"):
    string_value: str | None = None
    int_value: int | None = None
    double_value: float | _NoNumber | None = None
    bool_value: bool | None = None
    array_value: _Array | None = None
    kvlist_value: _Map | None = None


class _Attribute(msgspec.Struct, gc=False):
    key: str
    value: _Any | None = None


class _SpanEvent(msgspec.Struct, gc=False):
    name: str = ""
    attributes: list[_Attribute] = []


class _Span(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str
    span_id: str
    parent_span_id: str = ""
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    attributes: list[_Attribute] = []
    events: list[_SpanEvent] = []
    status: dict[str, Any] | None = None


class _LogRecord(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str = ""
    span_id: str = ""
    event_name: str = ""
    attributes: list[_Attribute] = []
    body: _Any | None = None


class _Scope(msgspec.Struct, gc=False, rename="camel"):
    spans: list[_Span] = []
    log_records: list[_LogRecord] = []


class _Resource(msgspec.Struct, gc=False):
    attributes: list[_Attribute] = []


class _ExportGroup(msgspec.Struct, gc=False, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_Scope] = []
    scope_logs: list[_Scope] = []


class _Export(msgspec.Struct, gc=False, rename="camel"):
    resource_spans: list[_ExportGroup] = []
    resource_logs: list[_ExportGroup] = []


# Protocol buffers write whole numbers of 64 bits as text; strict=False reads both.
_decode = msgspec.json.Decoder(_Export, strict=False).decode
_OTLP = "OTLP JSON"
_OUTSIDE = (b'"resourceLogs"', _RESULT.encode())
_Key = tuple[str, str]


class _Beside:
    """What stands outside the span it belongs to: evaluations, and messages in logs."""

    def __init__(self) -> None:
        self.scores: dict[_Key, dict[str, float]] = {}
        self.by_response: dict[str, dict[str, float]] = {}
        self.events: dict[_Key, list[_NamedEvent]] = {}
        self.names: Counter[str] = Counter()
        # Span -> the one around it, and what the mapping names of its attributes.
        self.around: dict[_Key, tuple[str, dict[str, Any]]] = {}
        self.unread_n = 0

    def inherited(self, span: "_Span") -> dict[str, Any]:
        """What the mapping names of the spans around one, the nearest first."""
        values: dict[str, Any] = {}
        at, seen = span.parent_span_id, set[str]()
        while at and at not in seen:
            seen.add(at)
            at, held = self.around.get((span.trace_id, at), ("", {}))
            values = {**held, **values}
        return values

    def add(self, key: _Key, name: str, given: dict[str, Any]) -> None:
        """Keeps an event for its span."""
        if name != _RESULT:
            self.events.setdefault(key, []).append((name, given))
            return
        metric = str(given.get("gen_ai.evaluation.name", ""))
        value = given.get("gen_ai.evaluation.score.value")
        if value is None:
            value = _VERDICTS.get(str(given.get("gen_ai.evaluation.score.label", "")).lower())
        if value is None:
            self.unread_n += 1
            return
        self.names[metric] += 1
        self.scores.setdefault(key, {})[metric] = float(value)
        response = given.get("gen_ai.response.id")
        if response:
            self.by_response.setdefault(str(response), {})[metric] = float(value)


def read(file: RunFile) -> CallStream:
    """One call for each span of a chat, text completion or generated content.

    Files are read twice where evaluations or logs with messages are among them: both may stand
    before or after their span, in another file too.

    Args:
        file: A file, or a folder with traces and logs. Its mapping may name `key`, `score`,
            `reference` and `run` by an attribute of the span or of one around it; `score` may also
            be the name of an evaluation.

    Raises:
        InputError: If a record is not OTLP.
    """
    paths = [
        path
        for path in files_of(file.path)
        if {"resourceSpans", "resourceLogs"} & first_fields(path)
    ]
    if not paths:
        raise InputError(f"{file.path}: no OTLP export. Each record must have resourceSpans.")
    beside = _Beside()
    for path in paths:
        for where, line in records(path) if file.mapping or mentions(path, *_OUTSIDE) else ():
            if file.mapping or any(word in line for word in _OUTSIDE):
                _gather(beside, decoded(_decode, path, where, line, _OTLP), file)
    dropped = Counter[str]()
    metric, mapped = chosen_score(beside.names, file, dropped)
    if beside.unread_n:
        dropped["evaluation without a number"] = beside.unread_n
    calls = _calls(paths, mapped, beside, metric, dropped)
    meta = Meta(
        format=FORMAT.name, metric=metric, scores=tuple(sorted(beside.names or _attributes(paths)))
    )
    return CallStream(meta=meta, calls=calls, dropped=dropped)


def _attributes(paths: list[Path]) -> set[str]:
    """The attributes of the first spans that may hold a score: not those of the plumbing."""
    where, line = next(records(paths[0]))
    groups = decoded(_decode, paths[0], where, line, _OTLP).resource_spans
    spans = (span for group in groups for scope in group.scope_spans for span in scope.spans)
    names = (one.key for span in spans for one in span.attributes)
    return {name for name in names if name.startswith(_OWN) or not name.startswith(_RESERVED)}


def _gather(beside: _Beside, export: _Export, file: RunFile) -> None:
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
        if file.mapping:
            given = _plain(span.attributes)
            values = {path: at_path(given, path) for path in file.mapping.values()}
            held = {path: value for path, value in values.items() if value is not None}
            beside.around[span.trace_id, span.span_id] = span.parent_span_id, held


def _calls(
    paths: list[Path], file: RunFile, beside: _Beside, metric: str, dropped: Counter[str]
) -> Iterator[Call]:
    for path in paths:
        for where, line in records(path):
            for group in decoded(_decode, path, where, line, _OTLP).resource_spans:
                service = _plain(group.resource.attributes) if group.resource else {}
                for span in (x for scope in group.scope_spans for x in scope.spans):
                    given = _plain(span.attributes)
                    names = _names(tuple(given))
                    if why := _no_call(given, names):
                        dropped[why] += 1
                        continue
                    place = f"{where}, span {span.span_id}"
                    try:
                        call = _call(span, given, names, beside, metric, dropped)
                    except ValueError as error:
                        raise wrong(path, place, f"{error}.") from error
                    call.where = place
                    if "service.name" in service:
                        call.labels["service"] = str(service["service.name"])
                    if file.mapping:
                        inside = nested(given) if names.openinference else {}
                        record = {**beside.inherited(span), **given, **inside}
                        add_mapped(call, record, file, call.where)
                    yield call


class _Names(NamedTuple):
    """What the names of a span's attributes say, whatever their values.

    Attributes:
        openinference: Whether the span speaks OpenInference alone.
        labels: Attribute -> what it is called as a slice of the work.
        params: Attribute -> parameter of the request.
        counts: Attribute -> place of the count of tokens that it is, of two names the newer.
    """

    openinference: bool
    labels: dict[str, str]
    params: dict[str, str]
    counts: dict[str, int]


@lru_cache(1000)
def _names(names: tuple[str, ...]) -> _Names:
    oldest_first = sorted(_PLACES.keys() & names, key=_PLACES.__getitem__, reverse=True)
    newest = {_PLACES[name] // _NAMES_N: name for name in oldest_first}
    return _Names(
        KIND in names and _OPERATION not in names and "gen_ai.request.model" not in names,
        {name: label for name in names if (label := _slice(name))},
        {name: ours for name, ours in _PARAMS.items() if name in names},
        {name: place for place, name in newest.items()},
    )


def _no_call(given: dict[str, Any], names: _Names) -> str:
    """Why a span is no call of a model; empty if it is one."""
    if names.openinference:
        return "" if given[KIND] == "LLM" else f"span of another kind: {given[KIND]}"
    operation = given.get(_OPERATION) or given.get("llm.request.type")
    # Before version 1.27 of the conventions spans did not name their operation.
    if not operation and "gen_ai.request.model" not in given:
        return "span that calls no model"
    known = not operation or operation in _CALLS
    return "" if known else f"span of another operation: {operation}"


def _call(
    span: _Span,
    given: dict[str, Any],
    names: _Names,
    beside: _Beside,
    metric: str,
    dropped: Counter[str],
) -> Call:
    call = call_of(given) if names.openinference else _gen_ai(given, names, span, beside, dropped)
    failed = (span.status or {}).get("code") in (2, "STATUS_CODE_ERROR")
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    call.key = f"{span.trace_id}/{span.span_id}"
    if beside.scores:
        scores = beside.scores.get((span.trace_id, span.span_id)) or beside.by_response.get(
            str(given.get("gen_ai.response.id", "")), {}
        )
        call.score = scores.get(metric)
    call.failure = "error" if failed or "error.type" in given else call.failure
    call.latency_s = (end - start) / 1e9 if start and end else None
    call.started = started_at(start / 1e9)
    return call


def _gen_ai(
    given: dict[str, Any], names: _Names, span: _Span, beside: _Beside, dropped: Counter[str]
) -> Call:
    events: list[_NamedEvent] = list(beside.events.get((span.trace_id, span.span_id), ()))
    for event in span.events:
        if event.name != _RESULT:
            events.append((event.name, _plain(event.attributes)))
    answer = _answer(given, events)
    if answer.more_n:
        dropped["further choice of the same request"] += answer.more_n
    labels = _labels(given, names.labels)
    if answer.finish:
        labels["finish"] = answer.finish
    messages = None
    try:
        messages = _messages(given, events)
    except _NotSendable as error:
        labels["request"] = f"not to be sent again: {error}"
    params = {ours: given[theirs] for theirs, ours in names.params.items()}
    tools = unpacked(given.get("gen_ai.tool.definitions"))
    if isinstance(tools, list) and tools:
        params["tools"] = [chat_tool(tool) for tool in tools]
    counts: list[int | None] = [None] * len(_TOKENS)
    for name, place in names.counts.items():
        counts[place] = _count(given[name])
    into, read, write, out, thought, total = counts
    usage = None
    if into is not None or out is not None:
        usage = usage_from(into or 0, read or 0, write or 0, out or 0, thought or 0, total)
    return Call(
        key="",
        model=str(given.get("gen_ai.response.model") or given.get("gen_ai.request.model") or ""),
        failure=answer.failure,
        messages=messages,
        params=params,
        output=answer.text,
        usage=usage,
        cost_usd=given.get("gen_ai.usage.cost"),
        labels=labels,
    )


def _slice(name: str) -> str:
    """What an attribute is called as a slice of the work; empty if it is none."""
    if name.startswith(_OWN):
        return name.removeprefix(_OWN)
    return "" if name.startswith(_RESERVED) else name


def _labels(given: dict[str, Any], slices: Mapping[str, str]) -> dict[str, str]:
    labels = {}
    for name, label in slices.items():
        if isinstance(value := given[name], _SCALAR):
            labels[label] = str(value)
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
    values = {}
    for one in attributes:
        value = one.value
        if value is not None:
            text = value.string_value
            values[one.key] = _value(value) if text is None else text
    return values


def _count(value: object) -> int | None:
    """A number of tokens; None where it is none, as it is where nothing was counted."""
    try:
        return count_of(value)
    except ValueError:
        return None


def _value(value: _Any) -> Any:  # noqa: ANN401
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return value.int_value
    if value.double_value is not None:
        return float(value.double_value)
    if value.bool_value is not None:
        return value.bool_value
    if value.array_value is not None:
        return [_value(x) for x in value.array_value.values]
    return _plain(value.kvlist_value.values) if value.kvlist_value is not None else None


_Attributes = Mapping[str, Any]
_NamedEvent = tuple[str, _Attributes]
_NUMBERED = re.compile(r"gen_ai\.(prompt|completion)\.(\d+)\.(.+)")
_CALL = re.compile(r"tool_calls\.(\d+)\.(id|name|arguments)")
_EVENT = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_DETAILS = "gen_ai.client.inference.operation.details"


class _NotSendable(Exception):
    """A message has a part that chat has no place for."""


def _holders(attributes: _Attributes, events: Sequence[_NamedEvent]) -> Sequence[_Attributes]:
    """Where a request and its answer may stand as lists of messages."""
    return [attributes, *[given for name, given in events if name == _DETAILS]]


def _messages(attributes: _Attributes, events: Sequence[_NamedEvent]) -> Messages | None:
    """The request's messages; None if neither the span nor its events and logs hold them.

    Raises:
        _NotSendable: If one of them has a part that chat has no place for.
    """
    for holder in _holders(attributes, events):
        parts = _with_parts(holder)
        if parts:
            return parts
    numbered = _numbered(attributes, "prompt")
    if numbered:
        return [_from_numbered(fields) for fields in numbered]
    messages = []
    for name, given in events:
        role = _EVENT.fullmatch(name)
        if role:
            said = _content_of(given)
            message = {"role": said.get("role") or role[1], "content": said.get("content")}
            which = said.get("id") or said.get("tool_call_id") if role[1] == "tool" else None
            beside = {"tool_calls": said.get("tool_calls"), "tool_call_id": which}
            messages.append({**message, **{x: y for x, y in beside.items() if y}})
        elif name == "gen_ai.content.prompt":
            return messages_of(unpacked(given.get("gen_ai.prompt")))
    return messages or messages_of(unpacked(attributes.get("gen_ai.prompt")))


def _answer(attributes: _Attributes, events: Sequence[_NamedEvent]) -> LoggedAnswer:
    """The first answer; an empty `LoggedAnswer` if the trace does not hold it."""
    finish = attributes.get("gen_ai.response.finish_reasons")
    ended = str(finish[0]) if isinstance(finish, list) and finish else None
    for holder in _holders(attributes, events):
        choices = unpacked(holder.get("gen_ai.output.messages"))
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            first, held = choices[0], choices[0].get("parts")
            said, tools = [], []
            for part in held if isinstance(held, list) else ():
                if isinstance(part, dict) and part.get("type") == "text":
                    said.append(str(part.get("content", "")))
                elif isinstance(part, dict) and part.get("type") == "tool_call":
                    tools.append((part.get("name"), part.get("arguments")))
            answer = judged("".join(said), first.get("finish_reason") or ended, tools)
            answer.more_n = len(choices) - 1
            return answer
    numbered = _numbered(attributes, "completion")
    if numbered:
        message = _from_numbered(numbered[0])
        return _from_message(message, numbered[0].get("finish_reason") or ended, len(numbered))
    choices_given = [given for name, given in events if name == "gen_ai.choice"]
    if choices_given:
        choice = _content_of(choices_given[0])
        message = choice.get("message", choice)
        if not isinstance(message, Mapping):
            message = {"content": message}
        return _from_message(message, choice.get("finish_reason") or ended, len(choices_given))
    whole = [
        x.get("gen_ai.completion") for name, x in events if name == "gen_ai.content.completion"
    ]
    said = unpacked((whole or [attributes.get("gen_ai.completion")])[0])
    if isinstance(said, list) and said and isinstance(said[0], Mapping):
        return _from_message(said[0], ended, len(said))
    return judged(said, ended, []) if isinstance(said, str) and said else LoggedAnswer()


def _with_parts(holder: _Attributes) -> Messages | None:
    given = unpacked(holder.get("gen_ai.input.messages"))
    if not isinstance(given, list) or not given:
        return None
    messages: Messages = []
    system = unpacked(holder.get("gen_ai.system_instructions"))
    if isinstance(system, list) and system:
        messages.append({"role": "system", "content": _content(system)})
    for message in given:
        if not isinstance(message, dict):
            raise _NotSendable("a message that is no object")
        messages.extend(_chat(message))
    return messages


def _chat(message: Mapping[str, Any]) -> Messages:
    """One message of parts, as one or (results of tools) several messages of chat."""
    parts = message.get("parts")
    if not isinstance(parts, list):
        return [{"role": message.get("role", "user"), "content": message.get("content")}]
    first = parts[0] if len(parts) == 1 else None
    if first.__class__ is dict and first.get("type") == "text" and first.get("content"):
        return [{"role": message.get("role", "user"), "content": first["content"]}]  # most
    if not all(isinstance(x, dict) for x in parts):
        raise _NotSendable("a part that is no object")
    results = [x for x in parts if x.get("type") == "tool_call_response"]
    if results:
        return [
            {
                "role": "tool",
                "tool_call_id": x.get("id"),
                "content": text_of(x.get("response", x.get("result"))),
            }
            for x in results
        ]
    calls = [_tool(x) for x in parts if x.get("type") == "tool_call"]
    content = _content([x for x in parts if x.get("type") not in ("tool_call", "reasoning")])
    sent: dict[str, Any] = {"role": message.get("role", "user"), "content": content or None}
    if calls:
        sent["tool_calls"] = calls
    elif content is None:
        sent["content"] = ""
    return [sent]


def _tool(call: Mapping[str, Any]) -> dict[str, Any]:
    return tool_call(call.get("id"), call.get("name"), call.get("arguments"))


def _content(parts: list[Any]) -> Any:  # noqa: ANN401
    content = []
    for part in parts:
        kind = part.get("type") if isinstance(part, Mapping) else "none"
        if kind == "text":
            content.append({"type": "text", "text": part.get("content", "")})
        elif kind == "uri" and part.get("modality") == "image":
            content.append({"type": "image_url", "image_url": {"url": part.get("uri")}})
        elif kind == "blob" and part.get("modality") == "image":
            url = f"data:{part.get('mime_type') or 'image/png'};base64,{part.get('content')}"
            content.append({"type": "image_url", "image_url": {"url": url}})
        else:
            raise _NotSendable(f"a part of type {kind}")
    if all(x["type"] == "text" for x in content):
        return "\n".join(x["text"] for x in content)
    return content


def _from_message(message: Mapping[str, Any], finish: str | None, choices_n: int) -> LoggedAnswer:
    if not message.get("tool_calls") and "content" not in message:
        # Whether there was no text or it was not to be logged, only a filter's word tells.
        said = judged(None, finish, [])
        refused = said if said.failure == "refused" else LoggedAnswer()
        refused.more_n = choices_n - 1
        return refused
    answer = answer_of_message(message, finish)
    answer.more_n = choices_n - 1
    return answer


def _numbered(attributes: _Attributes, word: str) -> list[dict[str, Any]]:
    """What stands in `gen_ai.<word>.<n>.<field>`, one mapping for each n."""
    by_number: dict[int, dict[str, Any]] = {}
    for name, value in attributes.items():
        match = _NUMBERED.fullmatch(name)
        if match and match[1] == word:
            by_number.setdefault(int(match[2]), {})[match[3]] = value
    return [by_number[n] for n in sorted(by_number)]


def _from_numbered(fields: Mapping[str, Any]) -> dict[str, Any]:
    calls: dict[int, dict[str, Any]] = {}
    for name, value in fields.items():
        match = _CALL.fullmatch(name)
        if match:
            calls.setdefault(int(match[1]), {})[match[2]] = value
    said = fields.get("content", None if calls else "")
    message: dict[str, Any] = {"role": fields.get("role", "assistant"), "content": said}
    if calls:
        message["tool_calls"] = [_tool(calls[n]) for n in sorted(calls)]
    if fields.get("tool_call_id"):
        message["tool_call_id"] = fields["tool_call_id"]
    return message


def _content_of(given: _Attributes) -> Mapping[str, Any]:
    """The body of an event: in an attribute as JSON, or the attributes themselves."""
    body = unpacked(given.get("gen_ai.event.content"))
    if isinstance(body, Mapping):
        return body
    if body is not None:
        return {"content": body}
    return {name: unpacked(value) if name != "content" else value for name, value in given.items()}
