"""What goes to an endpoint and what comes back: requests, replies, tokens, and what is kept.

A logged call becomes a `Request`; bytes become a `Reply`; both become a `Completion`.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from headtohead.logs.calls import SENT, Call, Usage

Place = tuple[str, int]
CAPS = ("max_completion_tokens", "max_tokens")

# What an answer carries and a request must not.
_ANSWER_ONLY = frozenset(("annotations", "audio", "reasoning", "reasoning_content", "refusal"))
_REQUEST_EXTRA_TOKENS = 64
_MESSAGE_EXTRA_TOKENS = 16
# The dearest picture known of is about 48,000 tokens (gpt-4o-mini, a large picture in detail).
_PICTURE_TOKENS = 50_000
_CUT = frozenset(("length", "max_tokens", "max_output_tokens", "model_length"))
_FILTERED = frozenset(
    ("content_filter", "refusal", "safety", "sensitive", "prohibited_content", "recitation")
)
# No tokenizer in use has tokens of more bytes than this on average, even of blanks or rules.
_MOST_BYTES_PER_TOKEN = 64
_OVERSHOOT = 8
_SLACK_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent.

    Attributes:
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

    `overrides` replace logged parameters (None takes one away); `cap_tokens` holds where the log
    names no longest answer.

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
    messages = []
    for message in call.messages:
        kept = {k: v for k, v in message.items() if v is not None or k == "content"}
        kept = {k: v for k, v in kept.items() if k not in _ANSWER_ONLY}
        if kept.get("role") == "developer":
            # The newer word of one maker; everyone understands the older.
            kept["role"] = "system"
        messages.append(kept)
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
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


@dataclass(slots=True)
class Reply:
    """What one request brought back, as far as it came.

    Attributes:
        refusal: The model's own words of refusal, where it has a field for them.
        reasoning_bytes: Length of the reasoning shown.
        finish_reason: As given; empty if none came.
        usage: The "usage" object as given.
        served_model: The model named in the answer.
        whole: True once the endpoint said that the answer ends.
        failure: Why this is no answer, where the connection or the endpoint said so.
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
        given = json.loads(body)
    except (ValueError, RecursionError):
        reply.fail("error", "the answer is not JSON")
        return reply
    if _take(reply, given, "message"):
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
        self._held: list[bytes] = []

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
            held, self._held = self._held, []
            if held and not self._take_event(b"\n".join(held)):
                self.reply.fail("error", "an event of the stream is not JSON")
            return
        name, _, value = line.partition(b":")
        if name != b"data":
            return
        value = value.removeprefix(b" ")
        if value.strip() == b"[DONE]":
            self.reply.whole = True
        # Some servers leave out the blank line after an event. One of many lines is read once, at
        # its end: read anew at each line, it would take a time that grows with its square.
        elif self._held or not self._take_event(value):
            self._held.append(value)

    def _take_event(self, data: bytes) -> bool:
        """Take one event; False if it is not JSON."""
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            return False
        _take(self.reply, event, "delta")
        if self.reply.finish_reason:
            self.reply.whole = True
        return True


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


def error_in(given: object) -> tuple[str, str]:
    """Code and message of an error body, in the shapes that endpoints use; empty if unknown."""
    if not isinstance(given, Mapping):
        return "", ""
    inner = given.get("error", given)
    if isinstance(inner, str):
        return "", inner
    if not isinstance(inner, Mapping):
        return "", ""
    words = [str(inner[k]) for k in ("code", "type") if inner.get(k)]
    message = inner.get("message") or inner.get("detail") or given.get("detail") or ""
    return " ".join(words), message if isinstance(message, str) else json.dumps(message)


def _take(reply: Reply, given: object, part: str) -> bool:
    """Add one object of the API to the reply; False if it holds no choice."""
    if not isinstance(given, Mapping):
        return False
    if given.get("error"):
        code, message = error_in(given)
        reply.fail("error", f"the endpoint answered with an error: {message or code}")
    if isinstance(given.get("usage"), Mapping):
        reply.usage = given["usage"]
    if isinstance(given.get("model"), str):
        reply.served_model = given["model"]
    choices = given.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return False
    choice = choices[0]
    if isinstance(choice.get("finish_reason"), str):
        reply.finish_reason = choice["finish_reason"]
    content = choice.get(part)
    if isinstance(content, Mapping):
        reply.text += _text(content.get("content"))
        reply.refusal += _text(content.get("refusal"))
        thought = content.get("reasoning_content") or content.get("reasoning")
        reply.reasoning_bytes += len(_bytes(_text(thought)))
        calls = content.get("tool_calls")
        for place, call in enumerate(calls if isinstance(calls, list) else []):
            if isinstance(call, Mapping):
                _take_tool_call(reply, call, place)
    return True


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


def billed(
    raw: object, *, most_input: int, most_output: int, output_bytes: int
) -> tuple[Usage, str]:
    """Tokens to count, and why the endpoint's figures are doubtful; empty if they are not.

    Figures that are missing or cannot be right are replaced from above: all the input that the
    request can have been, and a token for each byte of output, at most the cap; but never by
    less than a possible figure that was reported.

    `most_input` is a bound of the input in tokens, `most_output` the cap that was sent;
    `output_bytes` are those of text, tool calls and shown reasoning.
    """

    def estimate(reported: int | None) -> Usage:
        output = min(output_bytes, most_output)
        if reported is not None:
            output = most_output if reported > most_output else max(output, reported)
        return Usage(input_tokens=most_input, output_tokens=output)

    if not isinstance(raw, Mapping):
        return estimate(None), "the endpoint gave no usage"
    try:
        usage = read_usage(raw)
    except ValueError as error:
        return estimate(None), str(error)
    given, output = usage.input_tokens, usage.output_tokens
    checks = (
        (given == 0, "the endpoint counted no input"),
        (
            output * _MOST_BYTES_PER_TOKEN < output_bytes,
            f"{output} tokens cannot hold {output_bytes} bytes of output",
        ),
        (
            given > _OVERSHOOT * most_input + _SLACK_TOKENS,
            f"{given} tokens of input are far more than was sent",
        ),
        (
            output > _OVERSHOOT * most_output + _SLACK_TOKENS,
            f"{output} tokens of output are far more than was asked for",
        ),
    )
    doubt = next((why for wrong, why in checks if wrong), "")
    if doubt:
        return estimate(output), doubt
    if output > most_output:
        doubt = f"{output} tokens of output are billed though at most {most_output} were asked for"
    return usage, doubt


def read_usage(raw: Mapping[str, Any]) -> Usage:
    """The tokens in a "usage" object, in the words of OpenAI, DeepSeek or Anthropic.

    Where the total is more than input and output together, the rest is output: some endpoints
    leave reasoning out of the output but bill it.

    Raises:
        ValueError: If a figure is missing, negative, not whole, or a part exceeds its whole.
    """
    read = _count(raw, "cache_read_input_tokens")
    write = _count(raw, "cache_creation_input_tokens")
    if "prompt_tokens" in raw:
        inside = _details(raw, "prompt_tokens_details")
        read = _count(inside, "cached_tokens") or _count(raw, "prompt_cache_hit_tokens") or read
        write = _count(inside, "cache_write_tokens") or write
        given = _needed(raw, "prompt_tokens")
    elif "input_tokens_details" in raw:
        read = _count(_details(raw, "input_tokens_details"), "cached_tokens")
        given = _needed(raw, "input_tokens")
    else:
        given = _needed(raw, "input_tokens") + read + write
    words = "completion_tokens" if "completion_tokens" in raw else "output_tokens"
    output = _needed(raw, words)
    thought = _count(_details(raw, f"{words}_details"), "reasoning_tokens")
    rest = _count(raw, "total_tokens") - given - output
    if rest > 0:
        output, thought = output + rest, max(thought, rest)
    if read + write > given:
        raise ValueError(f"{read + write} cached tokens are more than {given} tokens of input")
    if thought > output:
        raise ValueError(f"{thought} tokens of reasoning are more than {output} of output")
    return Usage(
        input_tokens=given,
        cache_read_tokens=read,
        cache_write_tokens=write,
        output_tokens=output,
        reasoning_tokens=thought,
    )


def _details(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    details = raw.get(name)
    return details if isinstance(details, Mapping) else {}


def _needed(raw: Mapping[str, Any], name: str) -> int:
    if raw.get(name) is None:
        raise ValueError(f"the endpoint's usage lacks {name}")
    return _count(raw, name)


def _count(raw: Mapping[str, Any], name: str) -> int:
    value = raw.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"the endpoint's {name} is not a number")
    if not math.isfinite(value) or value < 0 or value != int(value):
        raise ValueError(f"the endpoint's {name} is {value}")
    return int(value)


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's answer to one logged request, or why there is none.

    Attributes:
        tool_calls: Calls of tools, as `{"id", "name", "arguments"}` with arguments as sent.
        failure: Empty if the answer can be scored; else "limit" (cut by a token limit, or the
            request is longer than the model reads), "empty", "refused" (by a filter or by the
            model's own refusal field), "broken" (the stream ended early) or "error".
        usage: Tokens as billed, or estimated from above if `usage_doubtful`; None if nothing
            was billed.
        usage_doubtful: True if the endpoint's figures are missing or cannot be right.
        cost_usd: What this answer cost; None if no prices are known.
        unsure_usd: At most so much more may be billed: for requests that got no answer, and for
            what a broken stream did not show.
        latency_s: Seconds from sending the request that was answered to the end of its answer.
        first_token_s: Seconds to the first token, reasoning included; None if not streamed.
        unanswered: True if no request got an answer, so that a later run asks again.
    """

    key: str
    epoch: int = 1
    text: str = ""
    tool_calls: list[dict[str, Any]] = []
    failure: str = ""
    finish_reason: str = ""
    note: str = ""
    usage: Usage | None = None
    usage_doubtful: bool = False
    cost_usd: float | None = None
    unsure_usd: float = 0.0
    latency_s: float | None = None
    first_token_s: float | None = None
    attempts: int = msgspec.field(default=1, name="tries")  # as ledgers have it
    unanswered: bool = False
    served_model: str = ""

    @property
    def place(self) -> Place:
        """Key and epoch, which together tell this answer from all others."""
        return self.key, self.epoch
