"""Which logged requests can be sent to another model as they stand, and why others cannot."""

from collections.abc import Mapping, Sequence
from typing import Any

from headtohead.trials.calls import Call

NO_MESSAGES = "the log does not hold the messages"
UNREADABLE = "the messages are not in OpenAI's chat shape"
FAILED = "the original call failed"
NO_ANSWER = "the log does not hold the answer"
AWAITS_TOOL = "the answer was a call of a tool, whose result is not there"
OWN_TOOLS = "it uses tools that only the provider runs"
STORED = "it continues a conversation that the provider keeps"
MEDIA = "it holds images, sound or files"

_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal"})
_OWN_TOOLS = ("function", "custom")


def unfit(call: Call, *, media: bool = False, needs_output: bool = True) -> str:
    """Why a request cannot be replayed; empty if it can.

    Only an original that never came to an answer is left out (an error of the endpoint). One that
    was refused, empty, cut off or malformed stays: leaving it out would flatter its model.

    Args:
        call: From a log.
        media: Whether the candidate takes images, sound and files.
        needs_output: Whether the original's answer is needed, to be compared with.
    """
    if not call.messages:
        return NO_MESSAGES
    if call.failure == "error":
        return FAILED
    found = _of_messages(call.messages, media)
    if not found and call.params:
        found = _of_params(call.params)
    if found:
        return found
    if needs_output and not call.failure and not (call.output or "").strip():
        # Nothing said, though nothing went wrong: with tools at hand, one was called.
        return AWAITS_TOOL if call.params.get("tools") else NO_ANSWER
    return ""


def _of_messages(messages: Sequence[Any], media: bool) -> str:
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            return UNREADABLE
        content = message.get("content")
        if content is None or isinstance(content, str):
            continue
        if not isinstance(content, list):
            return UNREADABLE
        found = _of_parts(content, media)
        if found:
            return found
    last = messages[-1]
    if last.get("tool_calls") or last.get("function_call"):
        return AWAITS_TOOL
    return ""


def _of_parts(parts: Sequence[Any], media: bool) -> str:
    for part in parts:
        if isinstance(part, str):
            continue
        if not isinstance(part, dict):
            return UNREADABLE
        if not media and part.get("type", "text") not in _TEXT_PARTS:
            return MEDIA
    return ""


def _of_params(params: Mapping[str, Any]) -> str:
    if params.get("previous_response_id") or params.get("conversation"):
        return STORED
    tools = params.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict) and tool.get("type", "function") not in _OWN_TOOLS:
            return OWN_TOOLS
    return OWN_TOOLS if params.get("web_search_options") else ""
