"""One sample of an Inspect log: its shape, and what a call takes from it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from headtohead.trials.calls import Call, Usage
from headtohead.trials.reading.values import labels_of, score_of, text_of

_PARTS = ("text", "image", "audio", "video", "document", "data", "reasoning")


class _Tokens(msgspec.Struct, gc=False):
    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_cache_write: int | None = None
    input_tokens_cache_read: int | None = None
    reasoning_tokens: int | None = None
    total_cost: float | None = None


class _Choice(msgspec.Struct):
    stop_reason: str = ""


class _Output(msgspec.Struct):
    completion: str | None = None
    choices: list[_Choice] = []


class _Score(msgspec.Struct):
    value: Any = None


class Sample(msgspec.Struct):
    """What is read of a sample; its events are passed over, so they cost no memory."""

    id: int | str
    epoch: int = 1
    input: str | list[dict[str, Any]] = ""
    choices: list[str] | None = None
    target: str | list[str] = ""
    messages: list[dict[str, Any]] = []
    output: _Output | None = None
    scores: dict[str, _Score] | None = None
    score: _Score | None = None
    metadata: dict[str, Any] | None = None
    model_usage: dict[str, _Tokens] = {}
    started_at: str | None = None
    total_time: float | None = None
    working_time: float | None = None
    error: Any = None
    limit: Any = None
    invalidation: Any = None


def decoded(raw: bytes | msgspec.Raw) -> Sample:
    """A sample out of its JSON, in which Inspect also writes NaN.

    Args:
        raw: The JSON text.

    Raises:
        ValueError: If it is not the JSON of a sample.
    """
    try:
        return msgspec.json.decode(raw, type=Sample)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(bytes(raw)), Sample)


def call_of(sample: Sample, model: str, scorer: str, part: str) -> Call:
    """The call that a sample is.

    Args:
        sample: The sample.
        model: The model of the log.
        scorer: The scorer whose value is the score.
        part: Name inside a value that is a mapping; empty for a plain value.

    Raises:
        ValueError: If the score is no number and no known word.
    """
    failure, tokens = _failure(sample), _tokens(sample.model_usage, model)
    return Call(
        key=str(sample.id),
        epoch=sample.epoch,
        model=model,
        score=None if failure == "error" else score_of(_value(sample, scorer, part)),
        failure=failure,
        messages=_messages(sample),
        output=sample.output.completion if sample.output else None,
        reference=_target(sample) or None,
        usage=_usage(tokens),
        cost_usd=tokens.total_cost if tokens else None,
        latency_s=sample.total_time if sample.working_time is None else sample.working_time,
        started=sample.started_at or "",
        labels=dict(labels_of(sample.metadata or {})),
        fingerprint=_fingerprint(sample),
        where=f"sample {sample.id} epoch {sample.epoch}",
    )


def scores_of(sample: Sample) -> dict[str, Any]:
    """Scorer -> value; logs of the first versions have one score without a name.

    Args:
        sample: The sample.
    """
    if sample.scores is None and sample.score is not None:
        return {"score": sample.score.value}
    return {name: score.value for name, score in (sample.scores or {}).items()}


def _value(sample: Sample, scorer: str, part: str) -> object:
    scores = scores_of(sample)
    if scorer not in scores:
        return None
    value = scores[scorer]
    if part and isinstance(value, Mapping):
        if part not in value:
            raise ValueError(f"has no part {part!r}, only {', '.join(map(str, value))}")
        return value[part]
    if isinstance(value, Mapping):
        raise ValueError(
            f"has several parts; name one with --map score={scorer}.{next(iter(value), 'PART')} "
            f"(parts: {', '.join(map(str, value))})"
        )
    if part:
        raise ValueError(f"has no part {part!r}: its value is {value!r}")
    return value


def _failure(sample: Sample) -> str:
    if sample.error is not None:
        return "error"
    if sample.limit is not None:
        return "limit"
    stops = [choice.stop_reason for choice in sample.output.choices] if sample.output else []
    if "content_filter" in stops:
        return "refused"
    return "limit" if "max_tokens" in stops or "model_length" in stops else ""


def _tokens(by_model: Mapping[str, _Tokens], model: str) -> _Tokens | None:
    # Other models in a sample are graders or helpers, which a stand-in would not replace.
    found = by_model.get(model)
    return next(iter(by_model.values())) if found is None and len(by_model) == 1 else found


def _usage(found: _Tokens | None) -> Usage | None:
    if found is None:
        return None
    read, write = found.input_tokens_cache_read or 0, found.input_tokens_cache_write or 0
    return Usage(
        input_tokens=found.input_tokens + read + write,
        cache_read_tokens=read,
        cache_write_tokens=write,
        output_tokens=found.output_tokens,
        reasoning_tokens=found.reasoning_tokens or 0,
    )


def _target(sample: Sample) -> str:
    return sample.target if isinstance(sample.target, str) else "\n".join(sample.target)


def _fingerprint(sample: Sample) -> str:
    """A hash of question and answer that stays when choices are shuffled and ids drawn anew."""
    choices = sample.choices or []
    target: list[str] = [sample.target] if isinstance(sample.target, str) else sample.target
    texts = [_chosen(letter, choices) for letter in target]
    if isinstance(sample.input, str):
        asked: Any = sample.input
    else:
        asked = [[m.get("role", ""), _text_parts(m.get("content"))] for m in sample.input]
    text = msgspec.json.encode([asked, sorted(choices), texts])
    return hashlib.sha256(text).hexdigest()[:16]


def _chosen(letter: str, choices: list[str]) -> str:
    place = ord(letter) - ord("A") if len(letter) == 1 else -1
    return choices[place] if 0 <= place < len(choices) else letter


def _text_parts(content: object) -> object:
    if not isinstance(content, list):
        return content
    return [{k: p[k] for k in _PARTS if k in p} if isinstance(p, dict) else p for p in content]


def _messages(sample: Sample) -> list[dict[str, Any]] | None:
    """What the model was first sent: all up to its first answer, in OpenAI's shape."""
    found = []
    for message in _sent(sample):
        content = _content(message.get("content"))
        if content is None:
            return None
        made = {"role": message.get("role", "user"), "content": content}
        if message.get("tool_calls"):
            made["tool_calls"] = [_tool_call(call) for call in message["tool_calls"]]
        if message.get("tool_call_id"):
            made["tool_call_id"] = message["tool_call_id"]
        found.append(made)
    return found or None


def _sent(sample: Sample) -> Iterator[dict[str, Any]]:
    for message in sample.messages:
        if message.get("role") == "assistant" and message.get("source") != "input":
            return
        yield message


def _content(content: object) -> object:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts: list[object] = []
    for part in content:
        if isinstance(part, dict) and part.get("type") == "text":
            parts.append({"type": "text", "text": text_of(part.get("text"))})
        elif isinstance(part, dict) and part.get("type") == "image":
            parts.append({"type": "image_url", "image_url": {"url": part.get("image")}})
        else:
            return None
    return parts


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    arguments = msgspec.json.encode(call.get("arguments") or {}).decode()
    return {
        "id": call.get("id"),
        "type": "function",
        "function": {"name": call.get("function"), "arguments": arguments},
    }
