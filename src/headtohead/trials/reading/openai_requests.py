"""Requests in the shapes of OpenAI's interfaces, turned into that of chat completions.

Layouts: platform.openai.com/docs/api-reference (chat, completions, responses).
"""

from collections.abc import Mapping
from typing import Any

Messages = list[dict[str, Any]]

# What may be sent again with a request. A list of what is allowed, because bodies in logs also hold
# keys, addresses and names of people.
PARAMS = frozenset(
    (
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "min_p",
        "modalities",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "reasoning",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "seed",
        "stop",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "verbosity",
    )
)


def request_of(body: Mapping[str, Any]) -> tuple[Messages | None, dict[str, Any]]:
    """Messages and parameters of a request, both in the shape of chat completions.

    Args:
        body: The request's body: with `messages`, `input` (Responses) or `prompt`.

    Returns:
        Messages are None where the body does not hold all of them: a conversation that the
        provider keeps, several prompts at once, or tool blocks of another interface.
    """
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
        if not isinstance(message, dict) or "role" not in message or not _is_chat(message):
            return None
    return value


def _is_chat(message: Mapping[str, Any]) -> bool:
    """Whether no part of a message is a tool block of Anthropic's, which chat does not know."""
    content = message.get("content")
    if not isinstance(content, list):
        return True
    return not any(
        isinstance(x, dict) and x.get("type") in ("tool_use", "tool_result") for x in content
    )


def _from_responses(body: Mapping[str, Any]) -> Messages | None:
    if body.get("previous_response_id") or body.get("conversation") or body.get("prompt"):
        return None
    made: Messages = []
    if isinstance(body.get("instructions"), str) and body["instructions"]:
        made.append({"role": "system", "content": body["instructions"]})
    given = body["input"]
    if isinstance(given, str):
        return [*made, {"role": "user", "content": given}]
    for item in given if isinstance(given, list) else ():
        if not isinstance(item, Mapping) or not _add_item(made, item):
            return None
    return made or None


def _add_item(made: Messages, item: Mapping[str, Any]) -> bool:
    """Adds an item of Responses to messages of chat; False if chat has nothing like it."""
    kind = item.get("type", "message")
    if kind == "message" and "role" in item:
        made.append({"role": item["role"], "content": _content(item.get("content"))})
    elif kind == "function_call":
        function = {"name": item.get("name"), "arguments": item.get("arguments")}
        call = {"id": item.get("call_id"), "type": "function", "function": function}
        if made and made[-1]["role"] == "assistant":
            made[-1].setdefault("tool_calls", []).append(call)
        else:
            made.append({"role": "assistant", "content": None, "tool_calls": [call]})
    elif kind == "function_call_output":
        result = {"tool_call_id": item.get("call_id"), "content": _content(item.get("output"))}
        made.append({"role": "tool", **result})
    else:
        return bool(kind == "reasoning")
    return True


def _content(content: Any) -> Any:  # noqa: ANN401
    if not isinstance(content, list):
        return content
    made = [_content_part(x) for x in content]
    if len(made) == 1 and isinstance(made[0], Mapping) and made[0].get("type") == "text":
        return made[0]["text"]
    return made


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
        params["tools"] = [_tool(tool) for tool in params["tools"]]
    choice = params.get("tool_choice")
    if isinstance(choice, Mapping) and choice.get("type") == "function" and "name" in choice:
        params["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
    return params


def _tool(tool: Any) -> Any:  # noqa: ANN401
    if not isinstance(tool, Mapping) or tool.get("type") != "function" or "function" in tool:
        return tool
    return {"type": "function", "function": {x: y for x, y in tool.items() if x != "type"}}
