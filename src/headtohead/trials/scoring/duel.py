"""Two answers to one request, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Duel:
    """A request and what both models answered.

    Attributes:
        key: Of the item.
        messages: The request, OpenAI's chat shape.
        answer_a: What A answered.
        answer_b: What B answered.
        reference: The right answer; None if nobody knows it.
        labels: Slices of the item.
    """

    key: str
    messages: Sequence[Mapping[str, Any]]
    answer_a: str
    answer_b: str
    reference: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def transcript(messages: Sequence[Mapping[str, Any]]) -> str:
    """A request as plain text: each message after the word for who speaks.

    What is not text is named in brackets: [image], [called weather {"city": "Lyon"}].

    Args:
        messages: OpenAI's chat shape.
    """
    return "\n\n".join(
        f"{message.get('role', 'user')}:\n{text_of(message)}" for message in messages
    )


def text_of(message: Mapping[str, Any]) -> str:
    """What one message says, as plain text."""
    content = message.get("content")
    parts = [content] if isinstance(content, str) else list(content or ())
    said = [_part(part) for part in parts]
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        said.append(f"[called {function.get('name', 'a tool')} {function.get('arguments', '')}]")
    return "\n".join(part for part in said if part)


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        return ""
    text = part.get("text")
    if isinstance(text, str):
        return text
    return f"[{str(part.get('type', 'part')).removeprefix('input_').removesuffix('_url')}]"
