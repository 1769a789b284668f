"""From a logged call to what is sent: parameters chosen, length capped, cost bounded."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headtohead.trials.calls import Call
from headtohead.trials.replay.answer import Place

CAPS = ("max_completion_tokens", "max_tokens")

# Logs hold much more than the API's parameters (keys and addresses among it), and some of these
# cost extra, keep the conversation at the endpoint, or ask for several answers.
SENT = frozenset(
    (
        *CAPS,
        "chat_template_kwargs",
        "enable_thinking",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "min_p",
        "parallel_tool_calls",
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
        "top_p",
        "verbosity",
    )
)

# What an answer carries and a request must not.
_ANSWER_ONLY = frozenset(("annotations", "audio", "reasoning", "reasoning_content", "refusal"))
_REQUEST_EXTRA_TOKENS = 64
_MESSAGE_EXTRA_TOKENS = 16
# The dearest picture known of is about 48,000 tokens (gpt-4o-mini, a large picture in detail).
_PICTURE_TOKENS = 50_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent.

    Attributes:
        place: Key and epoch of the logged call.
        body: What is sent, but for how the answer is to be streamed.
        input_tokens: At most so much input: no byte is more than one token.
        output_tokens: At most so much output: the cap that is sent.
        digest: Tells two requests apart.
        left_out: Names of logged parameters that are not sent.
    """

    place: Place
    body: dict[str, Any]
    input_tokens: int
    output_tokens: int
    digest: str
    left_out: tuple[str, ...] = ()


def prepare(call: Call, model: str, overrides: Mapping[str, Any], cap_tokens: int) -> Request:
    """The request for one logged call.

    Args:
        call: With messages.
        model: The candidate's name at its endpoint.
        overrides: Parameters that replace the logged ones; None takes one away.
        cap_tokens: The longest answer allowed where the log names none.

    Raises:
        ValueError: If the call holds no messages.
    """
    if not call.messages:
        raise ValueError(f"{call.where or call.key}: the log does not hold the messages sent")
    params = {k: v for k, v in call.params.items() if k in SENT and v is not None}
    for name in CAPS:
        if name in overrides:
            params = {k: v for k, v in params.items() if k not in CAPS}
    params = {k: v for k, v in {**params, **overrides}.items() if v is not None}
    caps = [params.pop(name, None) for name in CAPS]
    cap = next((c for c in caps if _is_count(c)), cap_tokens)
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(m) for m in call.messages],
        **params,
        CAPS[0] if _is_count(caps[0]) else CAPS[1]: cap,
    }
    left_out = sorted(k for k in call.params if k not in SENT and k not in overrides)
    return Request(
        (call.key, call.epoch), body, _most_tokens(body), cap, digest(body), tuple(left_out)
    )


def digest(content: object) -> str:
    """32 hexadecimal digits that change whenever the content does."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        k: v
        for k, v in message.items()
        if k not in _ANSWER_ONLY and (v is not None or k == "content")
    }
    if kept.get("role") == "developer":
        # The newer word of one maker; everyone understands the older.
        kept["role"] = "system"
    return kept


def _most_tokens(body: Mapping[str, Any]) -> int:
    parts: list[Any] = [body.get(name) for name in ("tools", "functions", "response_format")]
    tokens = _REQUEST_EXTRA_TOKENS
    for message in body["messages"]:
        tokens += _MESSAGE_EXTRA_TOKENS
        content = message.get("content")
        if isinstance(content, list):
            tokens += sum(_PICTURE_TOKENS for part in content if _is_picture(part))
            content = [part for part in content if not _is_picture(part)]
        parts.append({**message, "content": content})
    text = json.dumps([p for p in parts if p], ensure_ascii=False)
    return tokens + len(text.encode("utf-8", "replace"))


def _is_picture(part: object) -> bool:
    return isinstance(part, Mapping) and part.get("type") in ("image", "image_url", "input_image")
