"""Tokens as an endpoint reports them, and whether they can be right."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headtohead.trials.calls import Usage

# No tokenizer in use has tokens of more bytes than this on average, even of blanks or rules.
_MOST_BYTES_PER_TOKEN = 64
_OVERSHOOT = 8
_SLACK_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be known of a call's length without the endpoint's word.

    Attributes:
        most_input_tokens: An upper bound of the input.
        most_output_tokens: The cap that was sent.
        output_bytes: Bytes of all output seen: text, tool calls and shown reasoning.
    """

    most_input_tokens: int
    most_output_tokens: int
    output_bytes: int


def billed(raw: object, seen: Seen) -> tuple[Usage, str]:
    """Tokens to count, and why the endpoint's figures are doubtful; empty if they are not.

    Figures that are missing or cannot be right are replaced from above: all the input that the
    request can have been, and a token for each byte of output, at most the cap; but never by
    less than a possible figure that was reported.

    Args:
        raw: The "usage" object of the answer.
        seen: What is known of the call without it.
    """
    if not isinstance(raw, Mapping):
        return _estimate(seen, None), "the endpoint gave no usage"
    try:
        usage = read_usage(raw)
    except ValueError as error:
        return _estimate(seen, None), str(error)
    doubt = _doubt(usage, seen)
    if doubt:
        return _estimate(seen, usage), doubt
    if usage.output_tokens > seen.most_output_tokens:
        return usage, (
            f"{usage.output_tokens} tokens of output are billed "
            f"though at most {seen.most_output_tokens} were asked for"
        )
    return usage, ""


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


def _doubt(usage: Usage, seen: Seen) -> str:
    if usage.input_tokens == 0:
        return "the endpoint counted no input"
    if usage.output_tokens * _MOST_BYTES_PER_TOKEN < seen.output_bytes:
        return f"{usage.output_tokens} tokens cannot hold {seen.output_bytes} bytes of output"
    if usage.input_tokens > _OVERSHOOT * seen.most_input_tokens + _SLACK_TOKENS:
        return f"{usage.input_tokens} tokens of input are far more than was sent"
    if usage.output_tokens > _OVERSHOOT * seen.most_output_tokens + _SLACK_TOKENS:
        return f"{usage.output_tokens} tokens of output are far more than was asked for"
    return ""


def _estimate(seen: Seen, said: Usage | None) -> Usage:
    given = seen.most_input_tokens
    output = min(seen.output_bytes, seen.most_output_tokens)
    if said is not None and said.output_tokens > seen.most_output_tokens:
        output = seen.most_output_tokens
    elif said is not None:
        output = max(output, said.output_tokens)
    return Usage(input_tokens=given, output_tokens=output)


def _details(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = raw.get(name)
    return found if isinstance(found, Mapping) else {}


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
