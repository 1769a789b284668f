"""Messages of OpenTelemetry's conventions for generative AI, new and old, in the shape of chat.

Layouts: github.com/open-telemetry/semantic-conventions-genai (input and output messages with
parts); before version 1.37 of the conventions, one event a message; before that, `gen_ai.prompt`
and `gen_ai.completion`, whole in an event or spread over numbered attributes.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from headtohead.trials.reading.openai_answers import Answer, judged, text_of
from headtohead.trials.reading.openai_requests import Messages, messages_of

Attributes = Mapping[str, Any]
Event = tuple[str, Attributes]

_NUMBERED = re.compile(r"gen_ai\.(prompt|completion)\.(\d+)\.(.+)")
_CALL = re.compile(r"tool_calls\.(\d+)\.(id|name|arguments)")
_EVENT = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_DETAILS = "gen_ai.client.inference.operation.details"


class NotSendable(Exception):
    """A message has a part that chat has no place for."""


def messages_in(attributes: Attributes, events: Iterable[Event]) -> Messages | None:
    """The request's messages; None if the trace does not hold them.

    Args:
        attributes: Of the span.
        events: Name and content of the events of the span, logs that belong to it included.

    Raises:
        NotSendable: If one of them has a part that chat has no place for.
    """
    for holder in (attributes, *(given for name, given in events if name == _DETAILS)):
        found = _with_parts(holder)
        if found:
            return found
    numbered = _numbered(attributes, "prompt")
    if numbered:
        return [_from_numbered(fields) for fields in numbered]
    made = []
    for name, given in events:
        role = _EVENT.fullmatch(name)
        if role:
            made.append(_from_event(role[1], given))
        elif name == "gen_ai.content.prompt":
            return messages_of(_json(given.get("gen_ai.prompt")))
    return made or messages_of(_json(attributes.get("gen_ai.prompt")))


def answer_in(attributes: Attributes, events: Iterable[Event]) -> Answer:
    """The first answer; an empty `Answer` if the trace does not hold it.

    Args:
        attributes: Of the span.
        events: As for `messages_in`.
    """
    events = tuple(events)
    finish = attributes.get("gen_ai.response.finish_reasons")
    ended = str(finish[0]) if isinstance(finish, list) and finish else None
    for holder in (attributes, *(given for name, given in events if name == _DETAILS)):
        choices = _json(holder.get("gen_ai.output.messages"))
        if isinstance(choices, list) and choices:
            return _from_parts(choices, ended)
    numbered = _numbered(attributes, "completion")
    if numbered:
        message = _from_numbered(numbered[0])
        return _from_message(message, numbered[0].get("finish_reason") or ended, len(numbered))
    found = [given for name, given in events if name == "gen_ai.choice"]
    if found:
        choice = _content_of(found[0])
        message = choice.get("message", choice)
        if not isinstance(message, Mapping):
            message = {"content": message}
        return _from_message(message, choice.get("finish_reason") or ended, len(found))
    whole = [
        x.get("gen_ai.completion") for name, x in events if name == "gen_ai.content.completion"
    ]
    said = _json((whole or [attributes.get("gen_ai.completion")])[0])
    if isinstance(said, list) and said and isinstance(said[0], Mapping):
        return _from_message(said[0], ended, len(said))
    return judged(said, ended, []) if isinstance(said, str) and said else Answer()


def tools_of(given: Any) -> list[Any] | None:  # noqa: ANN401
    """Definitions of tools in the shape of chat, or None.

    Args:
        given: The attribute `gen_ai.tool.definitions`.
    """
    tools = _json(given)
    if not isinstance(tools, list) or not tools:
        return None
    made = []
    for tool in tools:
        if isinstance(tool, Mapping) and tool.get("type") == "function" and "name" in tool:
            made.append({"type": "function", "function": {x: tool[x] for x in tool if x != "type"}})
        else:
            made.append(tool)
    return made


def _with_parts(holder: Attributes) -> Messages | None:
    given = _json(holder.get("gen_ai.input.messages"))
    if not isinstance(given, list) or not given:
        return None
    made: Messages = []
    system = _json(holder.get("gen_ai.system_instructions"))
    if isinstance(system, list) and system:
        made.append({"role": "system", "content": _content(system)})
    for message in given:
        if not isinstance(message, Mapping):
            raise NotSendable("a message that is no object")
        made.extend(_chat(message))
    return made


def _chat(message: Mapping[str, Any]) -> Messages:
    """One message of parts, as one or (results of tools) several messages of chat."""
    parts = message.get("parts")
    if not isinstance(parts, list):
        return [{"role": message.get("role", "user"), "content": message.get("content")}]
    results = [x for x in parts if x.get("type") == "tool_call_response"]
    if results:
        return [
            {
                "role": "tool",
                "tool_call_id": x.get("id"),
                "content": _text(x.get("response", x.get("result"))),
            }
            for x in results
        ]
    calls = [_call(x.get("id"), x) for x in parts if x.get("type") == "tool_call"]
    content = _content([x for x in parts if x.get("type") not in ("tool_call", "reasoning")])
    made: dict[str, Any] = {"role": message.get("role", "user"), "content": content or None}
    if calls:
        made["tool_calls"] = calls
    elif content is None:
        made["content"] = ""
    return [made]


def _content(parts: list[Any]) -> Any:  # noqa: ANN401
    made = []
    for part in parts:
        kind = part.get("type")
        if kind == "text":
            made.append({"type": "text", "text": part.get("content", "")})
        elif kind == "uri" and part.get("modality") == "image":
            made.append({"type": "image_url", "image_url": {"url": part.get("uri")}})
        elif kind == "blob" and part.get("modality") == "image":
            url = f"data:{part.get('mime_type') or 'image/png'};base64,{part.get('content')}"
            made.append({"type": "image_url", "image_url": {"url": url}})
        else:
            raise NotSendable(f"a part of type {kind}")
    if all(x["type"] == "text" for x in made):
        return "\n".join(x["text"] for x in made)
    return made


def _call(which: Any, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    function = {"name": given.get("name"), "arguments": _text(given.get("arguments"))}
    return {"id": which, "type": "function", "function": function}


def _from_parts(choices: list[Any], ended: str | None) -> Answer:
    first = choices[0]
    parts = first.get("parts") or []
    text = "".join(str(x.get("content", "")) for x in parts if x.get("type") == "text")
    tools = [(x.get("name"), x.get("arguments")) for x in parts if x.get("type") == "tool_call"]
    made = judged(text, first.get("finish_reason") or ended, tools)
    made.more_n = len(choices) - 1
    return made


def _from_message(message: Mapping[str, Any], finish: str | None, choices_n: int) -> Answer:
    calls = [x.get("function", x) for x in message.get("tool_calls") or ()]
    said = text_of(message.get("content"))
    tools = [(x.get("name"), x.get("arguments")) for x in calls]
    if said is None and not tools and "content" not in message:
        return Answer(more_n=choices_n - 1)
    made = judged(said, finish, tools, message.get("refusal") or "")
    made.more_n = choices_n - 1
    return made


def _numbered(attributes: Attributes, word: str) -> list[dict[str, Any]]:
    """What stands in `gen_ai.<word>.<n>.<field>`, one mapping for each n."""
    found: dict[int, dict[str, Any]] = {}
    for name, value in attributes.items():
        match = _NUMBERED.fullmatch(name)
        if match and match[1] == word:
            found.setdefault(int(match[2]), {})[match[3]] = value
    return [found[n] for n in sorted(found)]


def _from_numbered(fields: Mapping[str, Any]) -> dict[str, Any]:
    calls: dict[int, dict[str, Any]] = {}
    for name, value in fields.items():
        match = _CALL.fullmatch(name)
        if match:
            calls.setdefault(int(match[1]), {})[match[2]] = value
    made: dict[str, Any] = {"role": fields.get("role", "assistant")}
    if "content" in fields or not calls:
        made["content"] = fields.get("content", "")
    else:
        made["content"] = None
    if calls:
        made["tool_calls"] = [_call(calls[n].get("id"), calls[n]) for n in sorted(calls)]
    if fields.get("tool_call_id"):
        made["tool_call_id"] = fields["tool_call_id"]
    return made


def _from_event(role: str, given: Attributes) -> dict[str, Any]:
    content = _content_of(given)
    made: dict[str, Any] = {"role": content.get("role") or role, "content": content.get("content")}
    if content.get("tool_calls"):
        made["tool_calls"] = content["tool_calls"]
    which = content.get("id") or content.get("tool_call_id")
    if role == "tool" and which:
        made["tool_call_id"] = which
    return made


def _content_of(given: Attributes) -> Mapping[str, Any]:
    """The body of an event: in an attribute as JSON, or the attributes themselves."""
    body = _json(given.get("gen_ai.event.content"))
    if isinstance(body, Mapping):
        return body
    if body is not None:
        return {"content": body}
    return {name: _json(value) if name != "content" else value for name, value in given.items()}


def _json(value: Any) -> Any:  # noqa: ANN401
    """The value, decoded if it is JSON text of an object or a list."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return value
    return value


def _text(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
