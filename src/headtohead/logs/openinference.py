"""Attributes of OpenInference (Arize, Phoenix), by which a span says what a model was asked.

Layout: github.com/Arize-ai/openinference, spec/semantic_conventions.md. Exports write the same
attributes flat (`llm.input_messages.0.message.role`), with lists, or as JSON text.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from headtohead.files.opening import NOT_JSON
from headtohead.files.records import count_of, labels_of, number_of, text_of, unpacked
from headtohead.logs.calls import PARAMS, Call
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


def call_of(tree: _Tree) -> Call:
    """The call that a span of the kind LLM is; its key, times and errors stand outside of these.

    Raises:
        ValueError: If a count or a cost is no number.
    """
    llm = _inside(tree, "llm")
    raw, said = _raw(_inside(tree, "output").get("value"))
    answer = _answer(llm, said, raw)
    messages, params = _request(llm, tree)
    counts, cost = _inside(llm, "token_count"), _inside(llm, "cost").get("total")
    into, out = counts.get("prompt"), counts.get("completion")
    asked, spent = _inside(counts, "prompt_details"), _inside(counts, "completion_details")
    # Older versions do not say what was cached; the answer of the interface does.
    usage = usage_of(raw.usage)
    if (into is not None or out is not None) and (asked or usage is None):
        usage = usage_from(
            count_of(into),
            count_of(asked.get("cache_read")),
            count_of(asked.get("cache_write")),
            count_of(out),
            count_of(spent.get("reasoning")),
            None if counts.get("total") is None else count_of(counts["total"]),
        )
    about = unpacked(tree.get("metadata"))
    labels = dict(labels_of(about)) if isinstance(about, dict) else {}
    tags = unpacked(_inside(tree, "tag").get("tags"))
    named = {
        "tags": ",".join(sorted(map(text_of, tags))) if isinstance(tags, list) else "",
        "session": text_of(_inside(tree, "session").get("id")),
        "provider": text_of(llm.get("provider") or llm.get("system")),
        "finish": answer.finish,
    }
    return Call(
        key="",
        model=text_of(llm.get("model_name")) or text_of(_given(llm).get("model")),
        failure=answer.failure,
        messages=messages,
        params=params,
        output=answer.text,
        usage=usage,
        cost_usd=number_of(cost),
        labels={**labels, **{name: value for name, value in named.items() if value}},
    )


def _request(llm: _Tree, tree: _Tree) -> tuple[Messages | None, dict[str, Any]]:
    """Messages and parameters, of the request itself where it is not hidden."""
    params = {name: value for name, value in _given(llm).items() if name in PARAMS}
    tools = [unpacked(_inside(x, "tool").get("json_schema")) for x in _listed(llm.get("tools"))]
    if any(tools):
        params["tools"] = [chat_tool(tool) for tool in tools if tool]
    sent = unpacked(_inside(tree, "input").get("value"))
    if isinstance(sent, dict):
        messages, own = request_of(sent)
        if messages:
            return messages, {**params, **own}
    said = [_message(x) for x in _listed(llm.get("input_messages"))]
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


def _answer(llm: _Tree, said: object, raw: Body) -> LoggedAnswer:
    """The first answer; an empty `LoggedAnswer` if it is not there or hidden."""
    body = answer_of(raw)
    listed = _listed(llm.get("output_messages"))
    finish = text_of(llm.get("finish_reason")) or body.finish or None
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
    given = _inside(held, "message") if isinstance(held, dict) else {}
    parts = [_part(_inside(x, "message_content")) for x in _listed(given.get("contents"))]
    content = given.get("content")
    message: dict[str, Any] = {"role": text_of(given.get("role")) or "user", "content": content}
    if content is None and parts:
        texts = [x["text"] for x in parts if x["type"] == "text"]
        message["content"] = "".join(texts) if len(texts) == len(parts) else parts
    calls = [_inside(x, "tool_call") for x in _listed(given.get("tool_calls"))]
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


def _given(llm: _Tree) -> dict[str, Any]:
    given = unpacked(llm.get("invocation_parameters"))
    return given if isinstance(given, dict) else {}


def _inside(held: Any, name: str) -> _Tree:  # noqa: ANN401
    value = held.get(name) if isinstance(held, dict) else None
    return value if isinstance(value, dict) else {}


def _listed(held: Any) -> list[Any]:  # noqa: ANN401
    """A list that is one, or a mapping from places to values."""
    if isinstance(held, dict):
        places = sorted((int(x), y) for x, y in held.items() if x.isdecimal())
        return [value for _, value in places]
    held = unpacked(held)
    return held if isinstance(held, list) else []
