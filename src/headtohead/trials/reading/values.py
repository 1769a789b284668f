"""Scores, numbers and labels out of the values of a file; what is unknown is never guessed."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headtohead.core.errors import InputError, UnknownName

_WORDS = {
    **dict.fromkeys(("true", "yes", "correct", "pass", "passed", "success", "resolved"), 1.0),
    **dict.fromkeys(("false", "no", "incorrect", "wrong", "fail", "failed", "unresolved"), 0.0),
    # Inspect's letters: correct, incorrect, partial, no answer.
    "c": 1.0,
    "i": 0.0,
    "p": 0.5,
    "partial": 0.5,
    "n": 0.0,
}
_EMPTY = ("", "null", "none", "nan")
_LONGEST_LABEL = 200


def score_of(value: object) -> float | None:
    """A score: numbers as they are, yes 1, no 0, partial 0.5; None where there is none.

    Args:
        value: A number, a truth value, or a word such as "correct" or "I".

    Raises:
        ValueError: If it is another word, infinite or no single value.
    """
    if value is None:
        return None
    # Most values by far, so they come first.
    if type(value) is float and value - value == 0.0:
        return value
    if isinstance(value, bool | int | float):
        number = float(value)
    elif isinstance(value, str):
        word = value.strip().lower()
        if word in _EMPTY:
            return None
        known = _WORDS.get(word)
        number = _parsed(value) if known is None else known
    else:
        raise ValueError(f"{_shown(value)} is not one number")
    if math.isinf(number):
        raise ValueError(f"{_shown(value)} is not finite")
    return None if math.isnan(number) else number


def number_of(value: object) -> float | None:
    """A finite number; None where there is none.

    Args:
        value: A number, or its text.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a number")
    if isinstance(value, str) and value.strip().lower() not in _EMPTY:
        value = _parsed(value)
    return score_of(value)


def count_of(value: object) -> int:
    """A whole number, 0 or more; 0 where there is none.

    Args:
        value: A number, or its text.

    Raises:
        ValueError: If it is neither, negative or not whole.
    """
    if type(value) is int and value >= 0:
        return value
    number = number_of(value) or 0.0
    if number < 0 or not number.is_integer():
        raise ValueError(f"{_shown(value)} is not a count")
    return int(number)


def text_of(value: object) -> str:
    """A short text for keys and names: whole numbers without a point, truth as true or false.

    Args:
        value: Anything out of JSON.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else _encoded(value)


def labels_of(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and value of whatever can be a slice: short scalars, those inside as `outer.inner`.

    Args:
        values: A sample's metadata.
        prefix: Put before each name.
    """
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from labels_of(value, f"{prefix}{name}.")
        elif isinstance(value, str | bool | int | float):
            text = text_of(value)
            if len(text) <= _LONGEST_LABEL:
                yield prefix + name, text


def check_mapping(mapping: Mapping[str, str], allowed: Iterable[str], format: str) -> None:
    """Refuses fields that a format does not let be mapped.

    Args:
        mapping: As said with `--map`.
        allowed: The fields that may be.
        format: Its name, for the message.

    Raises:
        InputError: If a field is known to calls but fixed in this format.
        UnknownName: If it is no field at all.
    """
    allowed = tuple(allowed)
    for field in mapping:
        if field in allowed:
            continue
        if is_field(field):
            may = f"only {', '.join(allowed)} may be" if allowed else "none may be"
            raise InputError(
                f"--map {field}=...: the format {format} fixes where this stands; {may} mapped. To "
                "read the file by your own mapping, add --format plain."
            )
        raise unknown_field(field)


def is_field(name: str) -> bool:
    """Whether `--map` can name it.

    Args:
        name: A field of calls, "labels" or "label.NAME".
    """
    return name in FIELDS or name == "labels" or (name.startswith("label.") and len(name) > 6)


def unknown_field(name: str) -> UnknownName:
    """An error for what `--map` cannot name.

    Args:
        name: As given.
    """
    return UnknownName("field to map", name, [*FIELDS, "labels", "label.NAME"])


FIELDS = (
    "key",
    "epoch",
    "model",
    "run",
    "score",
    "failure",
    "messages",
    "prompt",
    "params",
    "output",
    "reference",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "latency_s",
    "latency_ms",
    "started",
    "fingerprint",
)


def _parsed(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{_shown(text)} is neither a number nor a known word") from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _encoded(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value, order="sorted").decode()
