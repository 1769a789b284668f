"""Puts an answer together from JSON or from a stream of events, and says whether it is whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_CUT = frozenset(("length", "max_tokens", "max_output_tokens", "model_length"))
_FILTERED = frozenset(
    ("content_filter", "refusal", "safety", "sensitive", "prohibited_content", "recitation")
)


@dataclass(slots=True)
class Reply:
    """What one request brought back, as far as it came.

    Attributes:
        text: Text so far.
        tool_calls: Calls of tools so far.
        refusal: The model's own words of refusal, where it has a field for them.
        reasoning_bytes: Length of the reasoning shown.
        finish_reason: As given; empty if none came.
        usage: The "usage" object as given.
        served_model: The model named in the answer.
        whole: True once the endpoint said that the answer ends.
        failure: Why this is no answer, where the connection or the endpoint said so.
        note: The same in a sentence.
        billed: False if the endpoint refused the request, which costs nothing.
        latency_s: Seconds from sending to the end.
        first_token_s: Seconds to the first token; None if not streamed.
    """

    text: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    refusal: str = ""
    reasoning_bytes: int = 0
    finish_reason: str = ""
    usage: object = None
    served_model: str = ""
    whole: bool = False
    failure: str = ""
    note: str = ""
    billed: bool = True
    latency_s: float | None = None
    first_token_s: float | None = None

    @property
    def output_bytes(self) -> int:
        """Length of all output seen."""
        calls = sum(len(_bytes(c["name"])) + len(_bytes(c["arguments"])) for c in self.tool_calls)
        return len(_bytes(self.text)) + len(_bytes(self.refusal)) + self.reasoning_bytes + calls

    def fail(self, failure: str, note: str) -> None:
        """Keep the first reason why this is no answer."""
        if not self.failure:
            self.failure, self.note = failure, note


def read_json(body: bytes) -> Reply:
    """The answer in the body of a request that was not streamed."""
    reply = Reply()
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        reply.fail("error", "the answer is not JSON")
        return reply
    if _take(reply, found, "message"):
        reply.whole = True
    else:
        reply.fail("error", "the answer holds no choices")
    return reply


class Events:
    """Reads a stream of server-sent events into a reply.

    Lines are split at line feeds only: JSON may hold the other separators that Unicode knows.
    """

    def __init__(self) -> None:
        self.reply = Reply()
        self._rest = b""
        self._held = b""

    def feed(self, piece: bytes) -> bool:
        """Take the next bytes; True if they held a token."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        before = self._size()
        for line in lines:
            self._line(line.rstrip(b"\r"))
        return self._size() != before

    def close(self) -> Reply:
        """The reply, after the last byte."""
        self._line(self._rest.rstrip(b"\r"))
        self._line(b"")
        if not self.reply.whole:
            self.reply.fail("broken", "the stream ended before the answer did")
        return self.reply

    def _size(self) -> tuple[int, int, int, int]:
        r = self.reply
        return len(r.text), r.reasoning_bytes, len(r.tool_calls), len(r.refusal)

    def _line(self, line: bytes) -> None:
        if not line:
            if self._held:
                self.reply.fail("error", "an event of the stream is not JSON")
            self._held = b""
            return
        name, _, value = line.partition(b":")
        if name != b"data":
            return
        value = value.removeprefix(b" ")
        if value.strip() == b"[DONE]":
            self.reply.whole = True
            return
        self._held = self._held + b"\n" + value if self._held else value
        try:
            found = json.loads(self._held)
        except (ValueError, RecursionError):
            return
        self._held = b""
        _take(self.reply, found, "delta")
        if self.reply.finish_reason:
            self.reply.whole = True


def failure_of(reply: Reply) -> tuple[str, str]:
    """The word for why a reply is no usable answer, and a sentence; both empty if it is one."""
    if reply.failure:
        return reply.failure, reply.note
    if reply.finish_reason in _FILTERED:
        return "refused", f"the endpoint's filter ended the answer ({reply.finish_reason})"
    if reply.refusal:
        return "refused", "the model refused"
    if reply.finish_reason in _CUT:
        return "limit", "the answer was cut at the limit of tokens"
    if reply.finish_reason == "error":
        return "error", "the endpoint failed while it answered"
    if not reply.text.strip() and not reply.tool_calls:
        return "empty", "the answer is empty"
    return "", ""


def error_in(found: object) -> tuple[str, str]:
    """Code and message of an error body, in the shapes that endpoints use; empty if unknown."""
    if not isinstance(found, Mapping):
        return "", ""
    inner = found.get("error", found)
    if isinstance(inner, str):
        return "", inner
    if not isinstance(inner, Mapping):
        return "", ""
    words = [str(inner[k]) for k in ("code", "type") if inner.get(k)]
    message = inner.get("message") or inner.get("detail") or found.get("detail") or ""
    return " ".join(words), message if isinstance(message, str) else json.dumps(message)


def _take(reply: Reply, found: object, part: str) -> bool:
    """Add one object of the API to the reply; False if it holds no choice."""
    if not isinstance(found, Mapping):
        return False
    if found.get("error"):
        code, message = error_in(found)
        reply.fail("error", f"the endpoint answered with an error: {message or code}")
    if isinstance(found.get("usage"), Mapping):
        reply.usage = found["usage"]
    if isinstance(found.get("model"), str):
        reply.served_model = found["model"]
    choices = found.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return False
    choice = choices[0]
    if isinstance(choice.get("finish_reason"), str):
        reply.finish_reason = choice["finish_reason"]
    content = choice.get(part)
    if isinstance(content, Mapping):
        _take_content(reply, content)
    return True


def _take_content(reply: Reply, content: Mapping[str, Any]) -> None:
    reply.text += _text(content.get("content"))
    reply.refusal += _text(content.get("refusal"))
    thought = content.get("reasoning_content") or content.get("reasoning")
    reply.reasoning_bytes += len(_bytes(_text(thought)))
    calls = content.get("tool_calls")
    for place, call in enumerate(calls if isinstance(calls, list) else []):
        if isinstance(call, Mapping):
            _take_tool_call(reply, call, place)


def _take_tool_call(reply: Reply, call: Mapping[str, Any], place: int) -> None:
    index = call.get("index")
    index = index if isinstance(index, int) and 0 <= index <= len(reply.tool_calls) else place
    while len(reply.tool_calls) <= index:
        reply.tool_calls.append({"id": "", "name": "", "arguments": ""})
    kept = reply.tool_calls[index]
    kept["id"] = _text(call.get("id")) or kept["id"]
    function = call.get("function")
    if isinstance(function, Mapping):
        kept["name"] += _text(function.get("name"))
        arguments = function.get("arguments")
        # Some servers give the arguments as an object, where the API says a string.
        known = arguments is None or isinstance(arguments, str)
        kept["arguments"] += _text(arguments) if known else json.dumps(arguments)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [p for p in value if isinstance(p, Mapping) and p.get("type", "text") == "text"]
        return "".join(_text(p.get("text")) for p in parts)
    return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
