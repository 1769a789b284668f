"""Answers and token counts in the shapes of OpenAI's interfaces, as logs hold them.

Layouts: platform.openai.com/docs/api-reference (chat, completions, responses), and Anthropic's
Messages as gateways pass them through.
"""

from typing import Any

import msgspec

from headtohead.trials.calls import Usage


class _Details(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_creation_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class Tokens(msgspec.Struct, gc=False):
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


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    message: _Message | None = None
    text: str | None = None
    finish_reason: str | None = None


class _Item(msgspec.Struct, gc=False):
    type: str | None = None
    content: list[_Part] | None = None
    name: str | None = None
    arguments: Any = None


class _Incomplete(msgspec.Struct, gc=False):
    reason: str | None = None


class Body(msgspec.Struct, gc=False):
    """An answer as the interface sent it; fields that no reader needs are skipped."""

    object: str | None = None
    model: str | None = None
    created: float | None = None
    created_at: float | None = None
    choices: list[_Choice] | None = None
    output: list[_Item] | None = None
    content: list[_Part] | str | None = None
    stop_reason: str | None = None
    usage: Tokens | None = None
    status: str | None = None
    incomplete_details: _Incomplete | None = None
    error: Any = None


class Answer(msgspec.Struct, gc=False):
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


_NATURAL = frozenset(("stop", "end_turn", "completed", "tool_calls", "tool_use", "function_call"))
_CUT = frozenset(("length", "max_tokens", "max_output_tokens"))
_FILTERED = frozenset(("content_filter", "refusal", "safety", "SAFETY"))


def answer_of(body: Body | None) -> Answer:
    """The answer in a body; an empty `Answer` if it holds none of a known shape.

    Args:
        body: As decoded.
    """
    if body is None:
        return Answer()
    if body.choices:
        return _choice(body.choices)
    if body.output is not None and (body.object == "response" or body.output):
        return _responses(body)
    if isinstance(body.content, str):
        return judged(body.content, body.stop_reason, [])
    if body.content is not None:
        tools = [(x.name, x.input) for x in body.content if x.type == "tool_use"]
        return judged(_joined(body.content), body.stop_reason, tools)
    if body.error:
        return Answer(failure="error")
    return Answer()


def judged(
    text: str | None, finish: str | None, tools: list[tuple[str | None, Any]], refusal: str = ""
) -> Answer:
    """An answer from its parts, with the reason if it is not usable.

    Args:
        text: What was said, if anything.
        finish: Why it ended.
        tools: Name and arguments of each tool called.
        refusal: What was said instead of an answer.
    """
    ended = "" if finish is None or finish in _NATURAL else finish
    if refusal:
        return Answer(refusal, "refused", ended)
    if text:
        return Answer(text, "refused" if finish in _FILTERED else "", ended)
    if tools:
        calls = [{"name": name, "arguments": _parsed(given)} for name, given in tools]
        return Answer(msgspec.json.encode({"tool_calls": calls}).decode(), "", ended)
    if finish in _FILTERED:
        return Answer(None, "refused", ended)
    return Answer("", "limit" if finish in _CUT else "empty", ended)


def text_of(content: Any) -> str | None:  # noqa: ANN401
    """The text of a message's content: itself, its parts of text joined, else its JSON.

    Args:
        content: A text, a list of parts, or None.
    """
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(x, dict) and "text" in x for x in content):
        return "".join(str(x["text"]) for x in content)
    return msgspec.json.encode(content).decode()


def usage_of(tokens: Tokens | None) -> Usage | None:
    """Tokens in our sense: input with what came from a cache, output with reasoning.

    OpenAI counts cached input in `prompt_tokens` (`input_tokens` in Responses). Anthropic leaves
    what was read from or written to a cache out of `input_tokens`; where the counts can only be
    meant so, they are added. Reasoning is added to the output where the total shows that it is not
    in it.

    Args:
        tokens: As decoded.
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
        into: Input as counted.
        read: Read from a cache.
        write: Written to a cache.
        out: Output as counted.
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


def _choice(choices: list[_Choice]) -> Answer:
    first = choices[0] if len(choices) == 1 else min(choices, key=lambda choice: choice.index)
    message = first.message
    if message is None:
        made = judged(first.text, first.finish_reason, [])
    else:
        text = message.content
        if text.__class__ is str and text and not message.refusal:
            finish = first.finish_reason
            if finish == "stop" and len(choices) == 1:
                return Answer(text)
        tools = [
            (x.function.name, x.function.arguments) for x in message.tool_calls or () if x.function
        ]
        said = text if text is None or isinstance(text, str) else _joined(text)
        made = judged(said, first.finish_reason, tools, message.refusal or "")
    made.more_n = len(choices) - 1
    return made


def _responses(body: Body) -> Answer:
    parts = [x for item in body.output or () if item.type == "message" for x in item.content or ()]
    tools = [(x.name, x.arguments) for x in body.output or () if x.type == "function_call"]
    finish = body.status
    if finish == "incomplete" and body.incomplete_details is not None:
        finish = body.incomplete_details.reason
    if finish in ("failed", "cancelled"):
        return Answer(None, "error", finish)
    refusal = "".join(x.refusal or "" for x in parts if x.type == "refusal")
    return judged(_joined(parts), finish, tools, refusal)


def _joined(parts: list[_Part]) -> str:
    return "".join(x.text or "" for x in parts if x.type in ("text", "output_text", None))


def _parsed(arguments: Any) -> Any:  # noqa: ANN401
    if not isinstance(arguments, str):
        return arguments
    try:
        return msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return arguments
