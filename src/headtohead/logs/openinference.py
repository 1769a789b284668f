"""Attributes of OpenInference (Arize, Phoenix), by which a span says what a model was asked.

Layout: github.com/Arize-ai/openinference, spec/semantic_conventions.md. Exports write the same
attributes flat (`llm.input_messages.0.message.role`), with lists, or as JSON text.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from headtohead.files.opening import NOT_JSON
from headtohead.files.records import count_of, labels_of, number_of, text_of, unpacked
from headtohead.logs.calls import PARAMS, Call, Usage
from headtohead.logs.openai import (
    Body,
    LoggedAnswer,
    Messages,
    answer_of,
    answer_of_message,
    chat_tool,
    judged,
    messages_of,
    request_of,
    tool_call,
    usage_from,
    usage_of,
)

KIND = "openinference.span.kind"
_body = msgspec.json.Decoder(Body).decode
_HIDDEN = "__REDACTED__"
_WHOLE = frozenset(("metadata", "input.value", "output.value", "llm.invocation_parameters"))
_PLACE = re.compile(r"(llm\.(?:input_messages|output_messages|tools))\.(\d+)\.(.+)")
_ROLE, _CONTENT = "message.role", "message.content"
_SAID = {_ROLE, _CONTENT}
_COUNTS = tuple(
    f"llm.token_count.{name}"
    for name in (
        *("prompt", "completion", "total", "prompt_details.cache_read"),
        *("prompt_details.cache_write", "completion_details.reasoning"),
    )
)
_Tree = dict[str, Any]


def nested(attributes: Mapping[str, Any]) -> _Tree:
    """The attributes with one mapping inside another for each dot in their names."""
    tree: _Tree = {}
    branches: dict[str, _Tree] = {}
    for name, value in attributes.items():
        if value is None:
            continue
        if value.__class__ is dict:
            value = nested(value)
        elif value.__class__ is list:
            value = [nested(x) if x.__class__ is dict else x for x in value]
        way, dot, last = name.rpartition(".")
        inside = branches.get(way) if dot else tree
        if inside is None:
            inside = tree
            for step in way.split("."):
                held = inside.get(step)
                if held.__class__ is not dict:
                    held = inside[step] = {}
                inside = held
            branches[way] = inside
        if last in inside:
            branches = {}  # one of them may be cut off by this
        inside[last] = value
    return tree


def call_of(attributes: Mapping[str, Any]) -> Call:
    """The call that a span of the kind LLM is; its key, times and errors stand outside of these.

    Raises:
        ValueError: If a count or a cost is no number.
    """
    flat = _flat(attributes)
    raw, said = _raw(flat.get("output.value"))
    answer = _answer(flat, said, raw)
    given = unpacked(flat.get("llm.invocation_parameters"))
    given = given if isinstance(given, dict) else {}
    messages, params = _request(flat, given)
    labels: dict[str, str] = {}
    about = unpacked(flat.get("metadata"))
    labels.update(labels_of(about if isinstance(about, dict) else _details(flat)))
    if isinstance(tags := unpacked(flat.get("tag.tags")), list) and tags:
        labels["tags"] = ",".join(sorted(map(text_of, tags)))
    if session := text_of(flat.get("session.id")):
        labels["session"] = session
    if provider := text_of(flat.get("llm.provider") or flat.get("llm.system")):
        labels["provider"] = provider
    if answer.finish:
        labels["finish"] = answer.finish
    return Call(
        key="",
        model=text_of(flat.get("llm.model_name")) or text_of(given.get("model")),
        failure=answer.failure,
        messages=messages,
        params=params,
        output=answer.text,
        usage=_usage(flat, raw),
        cost_usd=number_of(flat.get("llm.cost.total")),
        labels=labels,
    )


def _flat(attributes: Mapping[str, Any], around: str = "") -> _Tree:
    """The attributes by their full names, however they were put inside each other."""
    flat = {}
    for name, value in attributes.items():
        if value.__class__ is dict and (whole := around + name) not in _WHOLE:
            flat.update(_flat(value, f"{whole}."))
        elif value is not None:
            flat[around + name] = value
    return flat


def _usage(flat: _Tree, raw: Body) -> Usage | None:
    """Tokens: older versions do not say what was cached; the answer of the interface does."""
    counts = [flat.get(name) for name in _COUNTS]
    into, out, total, read, write = counts[:5]
    usage = usage_of(raw.usage)
    if (into is None and out is None) or (usage is not None and read is None and write is None):
        return usage
    into, out, total, read, write, thought = map(count_of, counts)
    return usage_from(into, read, write, out, thought, None if counts[2] is None else total)


def _request(flat: _Tree, given: _Tree) -> tuple[Messages | None, dict[str, Any]]:
    """Messages and parameters, of the request itself where it is not hidden."""
    params = {name: value for name, value in given.items() if name in PARAMS}
    tools = [_inside(nested(x), "tool") for x in _listed(flat, "llm.tools")]
    schemas = [schema for x in tools if (schema := unpacked(x.get("json_schema")))]
    if schemas:
        params["tools"] = list(map(chat_tool, schemas))
    sent = unpacked(flat.get("input.value"))
    if isinstance(sent, dict):
        messages, own = request_of(sent)
        if messages:
            return messages, {**params, **own}
    said = [_message(x) for x in _listed(flat, "llm.input_messages")]
    if said and not any(x["content"] == _HIDDEN for x in said):
        return said, params
    return (messages_of(sent) if isinstance(sent, str) and sent != _HIDDEN else None), params


def _raw(said: object) -> tuple[Body, object]:
    """The answer of the interface as it came, where a span keeps it, and else what it keeps."""
    try:
        if isinstance(said, dict):
            return msgspec.convert(said, Body), None
        if isinstance(said, str) and said.lstrip()[:1] == "{":
            return _body(said), None
    except msgspec.ValidationError:
        return Body(), None
    except NOT_JSON:
        return Body(), said
    return Body(), unpacked(said)


def _answer(flat: _Tree, said: object, raw: Body) -> LoggedAnswer:
    """The first answer; an empty `LoggedAnswer` if it is not there or hidden."""
    body = answer_of(raw)
    listed = _listed(flat, "llm.output_messages")
    finish = text_of(flat.get("llm.finish_reason")) or body.finish or None
    if not listed:
        if isinstance(said, str) and said and said != _HIDDEN:
            return judged(said, finish, [])
        return body
    message = _message(listed[0])
    if message["content"] == _HIDDEN:
        return LoggedAnswer(finish=finish or "")
    if not message["content"] and not message.get("tool_calls") and body.text:
        return body
    return answer_of_message(message, finish)


def _message(held: Any) -> dict[str, Any]:  # noqa: ANN401
    """A message in the shape of chat."""
    if not isinstance(held, dict):
        held = {}
    if held.keys() == _SAID:  # most
        return {"role": text_of(held[_ROLE]) or "user", "content": held[_CONTENT]}
    given = _inside(nested(held), "message")
    parts = [_part(_inside(x, "message_content")) for x in _members(given.get("contents"))]
    content = given.get("content")
    message: dict[str, Any] = {"role": text_of(given.get("role")) or "user", "content": content}
    if content is None and parts:
        texts = [x["text"] for x in parts if x["type"] == "text"]
        message["content"] = "".join(texts) if len(texts) == len(parts) else parts
    calls = [_inside(x, "tool_call") for x in _members(given.get("tool_calls"))]
    if calls:
        message["tool_calls"] = [
            tool_call(x.get("id"), f.get("name"), f.get("arguments"))
            for x in calls
            if (f := _inside(x, "function"))
        ]
    if given.get("tool_call_id"):
        message["tool_call_id"] = text_of(given["tool_call_id"])
    return message


def _part(given: _Tree) -> dict[str, Any]:
    url = _inside(_inside(given, "image"), "image").get("url")
    if url:
        return {"type": "image_url", "image_url": {"url": text_of(url)}}
    return {"type": "text", "text": text_of(given.get("text"))}


def _inside(held: Any, name: str) -> _Tree:  # noqa: ANN401
    value = held.get(name) if isinstance(held, dict) else None
    return value if isinstance(value, dict) else {}


def _members(held: Any) -> list[Any]:  # noqa: ANN401
    """A list that is one, or a mapping from places to values."""
    if isinstance(held, dict):
        places = sorted((int(x), y) for x, y in held.items() if x.isdecimal())
        return [value for _, value in places]
    held = unpacked(held)
    return held if isinstance(held, list) else []


def _listed(flat: _Tree, name: str) -> list[Any]:
    """What a list holds, also of those whose members have names with their places in them."""
    if name in flat:
        return _members(flat[name])
    return [{x: flat[y] for x, y in one} for one in _numbered(tuple(flat)).get(name, ())]


def _details(flat: _Tree) -> _Tree:
    """Metadata whose fields are attributes of their own."""
    return {field: flat[name] for field, name in _fields(tuple(flat))}


@lru_cache(1000)
def _fields(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Fields of metadata, as they are called in it and as the attribute is."""
    start = "metadata."
    return [(name.removeprefix(start), name) for name in names if name.startswith(start)]


@lru_cache(1000)
def _numbered(names: tuple[str, ...]) -> dict[str, list[list[tuple[str, str]]]]:
    """List -> for each member its fields, as they are called in it and as the attribute is."""
    lists: dict[str, dict[int, list[tuple[str, str]]]] = {}
    for name in names:
        if match := _PLACE.fullmatch(name):
            lists.setdefault(match[1], {}).setdefault(int(match[2]), []).append((match[3], name))
    return {name: [fields[n] for n in sorted(fields)] for name, fields in lists.items()}
