"""Requests and answers in the shapes of OpenAI's interfaces, as logs hold them.

Layouts: platform.openai.com/docs/api-reference (chat, completions, responses), and Anthropic's
Messages as gateways pass them through. Requests are turned into those of chat completions.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from headtohead.files.records import json_or_text
from headtohead.logs.calls import PARAMS, Usage

Messages = list[dict[str, Any]]


def request_of(body: Mapping[str, Any]) -> tuple[Messages | None, dict[str, Any]]:
    """Messages and parameters of a request, both in the shape of chat completions.

    Returns:
        Messages are None where the body does not hold all of them: a conversation that the
        provider keeps, several prompts at once, or tool blocks of another interface.
    """
    # A client of Python's puts what it does not know itself here, and sends it beside the rest.
    extra = body.get("extra_body")
    if isinstance(extra, Mapping):
        body = {**extra, **{name: value for name, value in body.items() if name != "extra_body"}}
    params = {name: value for name, value in body.items() if name in PARAMS}
    if "input" in body and "messages" not in body:
        return _from_responses(body), _responses_params(body, params)
    if "prompt" in body and "messages" not in body:
        prompt = body["prompt"]
        return ([{"role": "user", "content": prompt}] if isinstance(prompt, str) else None), params
    messages = messages_of(body.get("messages"))
    system = body.get("system")
    if messages is not None and isinstance(system, str) and system:
        messages = [{"role": "system", "content": system}, *messages]
    return messages, params


def messages_of(value: Any) -> Messages | None:  # noqa: ANN401
    """Messages of a chat, or None if the value holds none.

    Args:
        value: A list of messages, or an object with one in `messages`; a plain text is one message
            of the user.
    """
    if isinstance(value, dict):
        value = value.get("messages")
    if isinstance(value, str):
        return [{"role": "user", "content": value}] if value else None
    if not isinstance(value, list) or not value:
        return None
    for message in value:
        if not isinstance(message, dict) or "role" not in message:
            return None
        content = message.get("content")
        if isinstance(content, list) and any(
            isinstance(x, dict) and x.get("type") in ("tool_use", "tool_result") for x in content
        ):
            return None  # tool blocks of Anthropic's, which chat does not know
    return value


def asked_hash(messages: Messages, *more: object) -> str:
    """A hash of what was asked, by which items of equal keys are told apart.

    What was answered on the way is the model's own, so it is left out; `more` is the right answer
    or what else makes the item.
    """
    asked = [x for x in messages if x.get("role") not in ("assistant", "tool")]
    text = msgspec.json.encode([asked, *more] if more else asked, order="sorted")
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def tool_call(which: Any, name: Any, arguments: Any) -> dict[str, Any]:  # noqa: ANN401
    """A call of a tool in the shape of chat."""
    if arguments is not None and not isinstance(arguments, str):
        arguments = msgspec.json.encode(arguments).decode()
    return {"id": which, "type": "function", "function": {"name": name, "arguments": arguments}}


def chat_tool(tool: Any) -> Any:  # noqa: ANN401
    """The definition of a tool in the shape of chat."""
    if not isinstance(tool, Mapping) or tool.get("type") != "function" or "function" in tool:
        return tool
    return {"type": "function", "function": {x: y for x, y in tool.items() if x != "type"}}


def _from_responses(body: Mapping[str, Any]) -> Messages | None:
    if body.get("previous_response_id") or body.get("conversation") or body.get("prompt"):
        return None
    messages: Messages = []
    if isinstance(body.get("instructions"), str) and body["instructions"]:
        messages.append({"role": "system", "content": body["instructions"]})
    given = body["input"]
    if isinstance(given, str):
        return [*messages, {"role": "user", "content": given}]
    for item in given if isinstance(given, list) else ():
        if not isinstance(item, Mapping) or not _add_item(messages, item):
            return None
    return messages or None


def _add_item(messages: Messages, item: Mapping[str, Any]) -> bool:
    """Adds an item of Responses to messages of chat; False if chat has nothing like it."""
    kind = item.get("type", "message")
    if kind == "message" and "role" in item:
        messages.append({"role": item["role"], "content": _content(item.get("content"))})
    elif kind == "function_call":
        call = tool_call(item.get("call_id"), item.get("name"), item.get("arguments"))
        if messages and messages[-1]["role"] == "assistant":
            messages[-1].setdefault("tool_calls", []).append(call)
        else:
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
    elif kind == "function_call_output":
        result = {"tool_call_id": item.get("call_id"), "content": _content(item.get("output"))}
        messages.append({"role": "tool", **result})
    else:
        return bool(kind == "reasoning")
    return True


def _content(content: Any) -> Any:  # noqa: ANN401
    if not isinstance(content, list):
        return content
    parts = [_content_part(x) for x in content]
    if len(parts) == 1 and isinstance(parts[0], Mapping) and parts[0].get("type") == "text":
        return parts[0]["text"]
    return parts


def _content_part(part: Any) -> Any:  # noqa: ANN401
    if not isinstance(part, Mapping):
        return part
    if part.get("type") in ("input_text", "output_text"):
        return {"type": "text", "text": part.get("text", "")}
    if part.get("type") == "input_image" and isinstance(part.get("image_url"), str):
        image = {"url": part["image_url"]}
        if part.get("detail"):
            image["detail"] = part["detail"]
        return {"type": "image_url", "image_url": image}
    return dict(part)


def _responses_params(body: Mapping[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    if "max_output_tokens" in body:
        params["max_completion_tokens"] = body["max_output_tokens"]
    effort = params.pop("reasoning", None)
    if isinstance(effort, Mapping) and effort.get("effort"):
        params["reasoning_effort"] = effort["effort"]
    wanted = body.get("text")
    form = wanted.get("format") if isinstance(wanted, Mapping) else None
    if isinstance(form, Mapping) and form.get("type") == "json_schema":
        schema = {name: value for name, value in form.items() if name != "type"}
        params["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif isinstance(form, Mapping) and form.get("type") == "json_object":
        params["response_format"] = {"type": "json_object"}
    if isinstance(params.get("tools"), list):
        params["tools"] = [chat_tool(tool) for tool in params["tools"]]
    choice = params.get("tool_choice")
    if isinstance(choice, Mapping) and choice.get("type") == "function" and "name" in choice:
        params["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
    return params


class _Details(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_creation_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class OpenAITokens(msgspec.Struct, gc=False):
    """Token counts as chat completions, Responses or Anthropic's Messages name them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Part(msgspec.Struct, gc=False):
    type: str | None = None
    text: str | None = None
    refusal: str | None = None
    name: str | None = None
    input: Any = None


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _ToolCall(msgspec.Struct, gc=False):
    function: _Function | None = None


class _Message(msgspec.Struct, gc=False):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _OpenAIChoice(msgspec.Struct, gc=False):
    index: int = 0
    message: _Message | None = None
    text: str | None = None
    finish_reason: str | None = None


class _OutputItem(msgspec.Struct, gc=False):
    type: str | None = None
    content: list[_Part] | None = None
    name: str | None = None
    arguments: Any = None


class Body(msgspec.Struct, gc=False):
    """An answer as the interface sent it; fields that no reader needs are skipped."""

    object: str | None = None
    model: str | None = None
    created: float | None = None
    created_at: float | None = None
    choices: list[_OpenAIChoice] | None = None
    output: list[_OutputItem] | None = None
    content: list[_Part] | str | None = None
    stop_reason: str | None = None
    usage: OpenAITokens | None = None
    status: str | None = None
    incomplete_details: dict[str, Any] | None = None
    error: Any = None


class LoggedAnswer(msgspec.Struct, gc=False):
    """What was answered.

    Attributes:
        text: The text; of an answer that only calls tools, those calls as JSON; None if there is
            none, or the log does not hold it.
        failure: As `Call.failure`.
        finish: Why it ended, in the interface's word; empty after a natural end.
        more_n: Further choices of the same request, which are not read.
    """

    text: str | None = None
    failure: str = ""
    finish: str = ""
    more_n: int = 0


_Tools = list[tuple[str | None, Any]]
_NATURAL = frozenset(("stop", "end_turn", "completed", "tool_calls", "tool_use", "function_call"))
_CUT = frozenset(("length", "max_tokens", "max_output_tokens"))
_FILTERED = frozenset(("content_filter", "refusal", "safety", "SAFETY"))


def answer_of(body: Body | None) -> LoggedAnswer:
    """The answer in a body; an empty `LoggedAnswer` if it holds none of a known shape."""
    if body is None:
        return LoggedAnswer()
    if choices := body.choices:
        first = choices[0] if len(choices) == 1 else min(choices, key=lambda choice: choice.index)
        answer = _of_choice(first)
        answer.more_n = len(choices) - 1
        return answer
    if body.output is not None and (body.object == "response" or body.output):
        parts = [x for item in body.output if item.type == "message" for x in item.content or ()]
        tools = [(x.name, x.arguments) for x in body.output if x.type == "function_call"]
        finish = body.status
        if finish == "incomplete" and body.incomplete_details is not None:
            finish = body.incomplete_details.get("reason")
        if finish in ("failed", "cancelled"):
            return LoggedAnswer(None, "error", finish)
        refusal = "".join(x.refusal or "" for x in parts if x.type == "refusal")
        return judged(_joined(parts), finish, tools, refusal)
    if isinstance(body.content, str):
        return judged(body.content, body.stop_reason, [])
    if body.content is not None:
        used = [(x.name, x.input) for x in body.content if x.type == "tool_use"]
        return judged(_joined(body.content), body.stop_reason, used)
    return LoggedAnswer(failure="error" if body.error else "")


def _of_choice(choice: _OpenAIChoice) -> LoggedAnswer:
    message, finish = choice.message, choice.finish_reason
    if message is None:
        return judged(choice.text, finish, [])
    text = message.content
    if text.__class__ is str and text and finish == "stop" and not message.refusal:
        return LoggedAnswer(text)  # most answers by far
    calls = [x.function for x in message.tool_calls or () if x.function]
    said = text if text is None or isinstance(text, str) else _joined(text)
    tools = [(call.name, call.arguments) for call in calls]
    return judged(said, finish, tools, message.refusal or "")


def answer_of_message(message: Mapping[str, Any], finish: str | None = None) -> LoggedAnswer:
    """The answer that a message of chat is."""
    calls = [x.get("function", x) for x in message.get("tool_calls") or ()]
    tools = [(x.get("name"), x.get("arguments")) for x in calls if isinstance(x, Mapping)]
    said = content_text(message.get("content"))
    return judged(said, finish, tools, message.get("refusal") or "")


def judged(text: str | None, finish: str | None, tools: _Tools, refusal: str = "") -> LoggedAnswer:
    """An answer from its parts, with the reason if it is not usable."""
    ended = "" if finish is None or finish in _NATURAL else finish
    if refusal:
        return LoggedAnswer(refusal, "refused", ended)
    if text:
        return LoggedAnswer(text, "refused" if finish in _FILTERED else "", ended)
    if tools:
        calls = [{"name": name, "arguments": json_or_text(given)} for name, given in tools]
        return LoggedAnswer(msgspec.json.encode({"tool_calls": calls}).decode(), "", ended)
    if finish in _FILTERED:
        return LoggedAnswer(None, "refused", ended)
    return LoggedAnswer("", "limit" if finish in _CUT else "empty", ended)


def content_text(content: Any) -> str | None:  # noqa: ANN401
    """The text of a message's content: itself, its parts of text joined, else its JSON."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(x, dict) and "text" in x for x in content):
        return "".join(str(x["text"]) for x in content)
    return msgspec.json.encode(content).decode()


def usage_of(tokens: OpenAITokens | None) -> Usage | None:
    """Tokens in our sense: input with what came from a cache, output with reasoning.

    OpenAI counts cached input in `prompt_tokens` (`input_tokens` in Responses). Anthropic leaves
    what was read from or written to a cache out of `input_tokens`; where the counts can only be
    meant so, they are added. Reasoning is added to the output where the total shows that it is not
    in it.
    """
    if tokens is None:
        return None
    into = tokens.input_tokens if tokens.prompt_tokens is None else tokens.prompt_tokens
    out = tokens.output_tokens if tokens.completion_tokens is None else tokens.completion_tokens
    if into is None and out is None:
        return None
    read, write, thought = tokens.cache_read_input_tokens, tokens.cache_creation_input_tokens, 0
    given = tokens.prompt_tokens_details or tokens.input_tokens_details
    # Anthropic's own layout, which has no details of the input.
    apart = tokens.prompt_tokens is None and given is None
    if given is not None:
        read = given.cached_tokens if read is None else read
        write = given.cache_creation_tokens or given.cache_write_tokens if write is None else write
    spent = tokens.completion_tokens_details or tokens.output_tokens_details
    if spent is not None:
        thought = spent.reasoning_tokens or 0
    return usage_from(
        into or 0, read or 0, write or 0, out or 0, thought, tokens.total_tokens, apart=apart
    )


def usage_from(
    into: int,
    read: int,
    write: int,
    out: int,
    thought: int,
    total: int | None = None,
    *,
    apart: bool = False,
) -> Usage:
    """Tokens in our sense from counts that may leave cached input or reasoning out.

    Args:
        into: Input.
        read: From a cache.
        write: To a cache.
        out: Output.
        thought: Reasoning.
        total: All of them, if known: it shows what is counted in what.
        apart: Whether input is known to leave out what was read from or written to a cache.
    """
    if apart or read + write > into:
        into += read + write
    if thought and (thought > out or total == into + out + thought):
        out += thought
    return Usage(
        input_tokens=into,
        cache_read_tokens=read,
        cache_write_tokens=write,
        output_tokens=out,
        reasoning_tokens=thought,
    )


class InspectTokens(msgspec.Struct, gc=False):
    """Token counts in the layout of Inspect, as others write it too."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int | None = None
    input_tokens_cache_write: int | None = None
    input_tokens_cache_read: int | None = None
    reasoning_tokens: int | None = None

    def usage(self) -> Usage:
        """Tokens in our sense.

        Input leaves out what was cached, unless the total shows that it does not, as in older logs
        of OpenAI's models.
        """
        read, write = self.input_tokens_cache_read or 0, self.input_tokens_cache_write or 0
        into, out, total = self.input_tokens, self.output_tokens, self.total_tokens
        thought, apart = self.reasoning_tokens or 0, total is None or total != into + out
        return usage_from(into, read, write, out, thought, total, apart=apart)


def _joined(parts: list[_Part]) -> str:
    return "".join(x.text or "" for x in parts if x.type in ("text", "output_text", None))
