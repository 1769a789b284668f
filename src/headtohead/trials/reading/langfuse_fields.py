"""Fields of Langfuse's observations in our words."""

from collections.abc import Mapping
from typing import Any

import msgspec

from headtohead.trials.calls import Usage
from headtohead.trials.reading.openai_answers import Answer, Body, judged, text_of
from headtohead.trials.reading.openai_answers import answer_of as answer_of_body
from headtohead.trials.reading.openai_requests import PARAMS, Messages, messages_of
from headtohead.trials.reading.openai_requests import request_of as request_of_body

_NUMBERS = frozenset(("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed"))


def decoded(value: Any) -> Any:  # noqa: ANN401
    """The value; decoded, if it is JSON text of an object or a list.

    Args:
        value: As exported: blob storage and tables keep payloads as text.
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return value
    return value


def request_of(payload: Any) -> tuple[Messages | None, dict[str, Any]]:  # noqa: ANN401
    """Messages and parameters of an observation's input; None if it is no chat.

    Args:
        payload: Messages, an object with them, a text, or any of these as JSON text.
    """
    given = decoded(payload)
    if isinstance(given, dict):
        if "role" in given and "content" in given:
            return messages_of([given]), {}
        return request_of_body(given)
    return messages_of(given), {}


def answer_of(payload: Any) -> Answer:  # noqa: ANN401
    """The answer of an observation's output: text, message, choices, or any other JSON as text.

    Args:
        payload: As exported.
    """
    given = decoded(payload)
    if given is None or given == "":
        return Answer()
    if isinstance(given, list) and given and _is_message(given[0]):
        given = given[0]
    if _is_message(given):
        calls = [x.get("function", x) for x in given.get("tool_calls") or ()]
        tools = [(x.get("name"), x.get("arguments")) for x in calls if isinstance(x, Mapping)]
        said = text_of(given.get("content"))
        return judged(said, None, tools, given.get("refusal") or "")
    if isinstance(given, dict) and "choices" in given:
        return answer_of_body(msgspec.convert(given, Body))
    return Answer(text_of(payload))


def params_of(given: Any) -> dict[str, Any]:  # noqa: ANN401
    """What of the model's parameters may be sent again.

    Args:
        given: `model_parameters` as exported, whose numbers may be texts.
    """
    given = decoded(given)
    if not isinstance(given, Mapping):
        return {}
    made = {}
    for name, value in given.items():
        if name in PARAMS and value not in (None, ""):
            made[name] = _number(value) if name in _NUMBERS else value
    return made


def usage_of(details: Any, older: Any) -> Usage | None:  # noqa: ANN401
    """Tokens in our sense from kinds of usage.

    Langfuse keeps kinds apart: what was cached is not in `input`, reasoning is not in `output`.
    Where the total shows that they are, they are not added.

    Args:
        details: `usage_details`: kind of usage -> tokens.
        older: `usage`: input, output, total and unit.
    """
    kinds = decoded(details)
    if not isinstance(kinds, Mapping) or not kinds:
        kinds = decoded(older)
        if not isinstance(kinds, Mapping) or kinds.get("unit") not in (None, "TOKENS"):
            return None
    counts = {x: int(y) for x, y in kinds.items() if isinstance(y, int | float) and y >= 0}
    total = counts.pop("total", None)
    sums = {"input": 0, "read": 0, "write": 0, "output": 0, "thought": 0, "in": 0, "out": 0}
    for name, tokens in counts.items():
        sums[_kind(name)] += tokens
    into, out = sums["input"], sums["output"]
    if not counts:
        return None
    if total is None or total != into + out:
        into += sums["read"] + sums["write"] + sums["in"]
        out += sums["thought"] + sums["out"]
    return Usage(
        input_tokens=into,
        cache_read_tokens=sums["read"],
        cache_write_tokens=sums["write"],
        output_tokens=out,
        reasoning_tokens=sums["thought"],
    )


def cost_of(total: float | None, details: Any) -> float | None:  # noqa: ANN401
    """US dollars of an observation; None where Langfuse knew no price.

    Args:
        total: `total_cost`; 0 without details where no price is known.
        details: `cost_details`: kind of usage -> US dollars.
    """
    kinds = decoded(details)
    if not isinstance(kinds, Mapping) or not kinds:
        return total or None
    if total is not None:
        return total
    if kinds.get("total") is not None:
        return float(kinds["total"])
    return float(sum(y for y in kinds.values() if isinstance(y, int | float)))


def labels_of(named: Mapping[str, str | None], tags: Any, metadata: Any) -> dict[str, str]:  # noqa: ANN401
    """Slices of an observation.

    Args:
        named: Fields that are slices by themselves; empty ones are left out.
        tags: A list, or JSON text of one.
        metadata: An object; its texts and numbers become slices.
    """
    labels = {}
    given = decoded(metadata)
    if isinstance(given, Mapping):
        for name, value in given.items():
            if isinstance(value, str | int | float) and value != "":
                labels[name] = str(value)
    labels.update({name: value for name, value in named.items() if value})
    listed = decoded(tags)
    if isinstance(listed, list) and listed:
        labels["tags"] = ",".join(sorted(str(x) for x in listed))
    return labels


def _is_message(value: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(value, dict)
        and "role" in value
        and ("content" in value or "tool_calls" in value)
    )


def _kind(name: str) -> str:
    if name in ("input", "prompt_tokens", "input_tokens", "promptTokens"):
        return "input"
    if name in ("output", "completion_tokens", "output_tokens", "completionTokens"):
        return "output"
    if "cache" in name:
        return "write" if "creation" in name or "write" in name else "read"
    if "reasoning" in name:
        return "thought"
    return "in" if name.startswith(("input", "prompt")) else "out"


def _number(value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return value
