"""Plain records in JSON lines, JSON, CSV or Parquet; columns named by `--map` or by their names."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.trials.calls import Call, Format, Meta, Reading, Usage
from headtohead.trials.reading.openai_answers import Tokens, usage_of
from headtohead.trials.reading.openai_requests import PARAMS
from headtohead.trials.reading.records import at_path, field_names, records, wrong
from headtohead.trials.reading.source import Head, Source
from headtohead.trials.reading.values import (
    count_of,
    is_field,
    number_of,
    score_of,
    text_of,
    unknown_field,
)

FORMAT = Format(
    name="plain",
    about="records in JSON lines, JSON, CSV or Parquet, with --map FIELD=COLUMN",
    pairs_by="the column mapped to key, else id, task_id, item_id, ...",
    holds=("scores", "requests", "tokens", "cost", "latency"),
)
_PEEK_N = 1000
# Names that leave no doubt; the first that is there is taken.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "key": (
        "key", "id", "item_id", "item", "sample_id", "task_id", "instance_id", "question_id",
        "example_id", "custom_id", "doc_id", "case_id",
    ),
    "epoch": ("epoch", "trial", "attempt", "repeat"),
    "model": ("model", "model_name", "model_id"),
    "run": ("run", "run_id", "experiment"),
    "score": ("score", "correct", "is_correct", "success", "resolved", "passed", "pass"),
    "failure": ("failure",),
    "messages": ("messages",),
    "prompt": ("prompt",),
    "params": ("params",),
    "output": ("output", "answer", "response", "completion"),
    "reference": ("reference", "target", "expected"),
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "cache_read_tokens": ("cache_read_tokens", "cached_tokens"),
    "cache_write_tokens": ("cache_write_tokens",),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "reasoning_tokens": ("reasoning_tokens",),
    "cost_usd": ("cost_usd", "cost"),
    "latency_s": ("latency_s", "latency", "latency_seconds", "duration_s", "duration_seconds"),
    "latency_ms": ("latency_ms", "duration_ms"),
    "started": ("started", "started_at", "timestamp", "created_at", "start_time"),
    "fingerprint": ("fingerprint",),
}  # fmt: skip
_SLICES = ("cluster", "task", "category", "subject", "tag", "language", "difficulty", "slice")
_DETAILS = ("metadata", "labels", "meta")
_MOST_DETAILS = 30
_TOKENS = Usage.__struct_fields__
_FAILURES = ("", "error", "format", "empty", "refused", "limit")
_Get = Callable[[dict[str, Any]], Any]


def recognise(head: Head) -> bool:
    """Whether it is a table or JSON with named columns, one of which can be a key."""
    return not head.path.is_dir() and not head.names and bool(field_names(head))


def read(source: Source) -> Reading:
    """The records of a file, one call each."""
    rows = _decoded(source.path)
    peeked = list(islice(rows, _PEEK_N))
    if not peeked:
        raise InputError(f"{source.path}: holds no records.")
    columns = _columns(peeked)
    paths = _paths(source, [record for _, record in peeked], columns)
    if "key" not in paths:
        raise InputError(
            f"{source.path}: no column is known to hold the key of an item. Columns found: "
            f"{', '.join(columns)}. Say which with --map key=COLUMN."
        )
    return Reading(
        meta=Meta(format=FORMAT.name, metric=paths.get("score", "")),
        calls=_calls(source.path, chain(peeked, rows), paths),
        dropped={},
    )


def _decoded(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for where, text in records(path):
        try:
            yield where, decode(text)
        except msgspec.ValidationError as error:
            raise wrong(path, where, "is not an object with named fields.") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise wrong(
                path,
                where,
                f"not complete JSON ({error}). If the file is cut short, copy it again.",
            ) from error


def _columns(peeked: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return list(dict.fromkeys(name for _, record in peeked for name in record))


def _paths(source: Source, peeked: list[dict[str, Any]], columns: list[str]) -> dict[str, str]:
    """Field, or label.NAME -> where it stands; mapped ones first, then those known by name."""
    paths: dict[str, str] = {}
    for field, path in source.mapping.items():
        if field == "labels":
            paths |= {f"label.{name}": name for name in _list(path)}
        elif is_field(field):
            paths[field] = path
        else:
            raise unknown_field(field)
    _check(source, paths, peeked, columns)
    for field, names in _NAMES.items():
        if field not in paths and (found := [name for name in names if name in columns]):
            paths[field] = found[0]
    _openai(paths, columns)
    taken = set(paths.values())
    for label, path in _details(peeked, columns).items():
        if path not in taken:
            paths.setdefault(label, path)
    taken = set(paths.values())
    for name in _SLICES:
        if name in columns and name not in taken:
            paths.setdefault(f"label.{name}", name)
    return paths


def _check(
    source: Source, paths: Mapping[str, str], peeked: list[dict[str, Any]], columns: list[str]
) -> None:
    """Raise if a mapped column is nowhere."""
    for field, path in paths.items():
        if path not in columns and all(at_path(record, path) is None for record in peeked):
            raise InputError(
                f"{source.path}: no {path!r}, which is mapped to {field}, in the first "
                f"{len(peeked)} records. Columns found: {', '.join(columns)}."
            )


def _openai(paths: dict[str, str], columns: list[str]) -> None:
    """What a request and its answer hold beside each other in OpenAI's own words."""
    if "usage" in columns and not any(name in paths for name in _TOKENS):
        paths["usage"] = "usage"
    if "params" not in paths:
        paths |= {f"param.{name}": name for name in columns if name in PARAMS}


def _details(peeked: list[dict[str, Any]], columns: list[str]) -> dict[str, str]:
    """Labels from a column that holds an object: each of its plain values is one."""
    found: dict[str, str] = {}
    for column in _DETAILS:
        objects = [r[column] for r in peeked if isinstance(r.get(column), dict)]
        if column in columns and objects:
            names = dict.fromkeys(
                name for details in objects for name, value in details.items()
                if isinstance(value, str | int | float | bool)
            )  # fmt: skip
            found |= {f"label.{name}": f"{column}.{name}" for name in list(names)[:_MOST_DETAILS]}
    return found


def _list(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _calls(
    path: Path, rows: Iterator[tuple[str, dict[str, Any]]], paths: Mapping[str, str]
) -> Iterator[Call]:
    fields = _fields(paths)
    for where, record in rows:
        call = Call(key="", where=where)
        for name, get, put in fields:
            value = get(record)
            if value is None:
                continue
            try:
                put(call, value)
            except (ValueError, TypeError) as error:
                item = f" of item {call.key!r}" if call.key else ""
                column = paths.get(name, name)
                raise wrong(path, where, f"{column}{item}: {error}, so it is no {name}.") from error
        if call.messages and not call.fingerprint:
            call.fingerprint = _digest(call.messages)
        if not call.key:
            raise wrong(path, where, f"{paths['key']} is empty, so the item has no key.")
        yield call


def _digest(messages: list[dict[str, Any]]) -> str:
    """What tells another text under the same key; the text itself is not kept for it."""
    text = msgspec.json.encode(messages, order="sorted")
    return hashlib.blake2b(text, digest_size=12).hexdigest()


_Put = Callable[[Call, Any], None]


def _fields(paths: Mapping[str, str]) -> list[tuple[str, _Get, _Put]]:
    fields = [(name, _getter(paths[name]), put) for name, put in _PUT.items() if name in paths]
    tokens = {name: paths[name] for name in _TOKENS if name in paths}
    if tokens:
        fields.append(("tokens", _group(tokens), _usage))
    params = {x.removeprefix("param."): path for x, path in paths.items() if x.startswith("param.")}
    if params:
        fields.append(("params", _group(params), _params))
    labels = {x.removeprefix("label."): path for x, path in paths.items() if x.startswith("label.")}
    if labels:
        fields.append(("labels", _group(labels), _labels))
    return fields


def _group(paths: Mapping[str, str]) -> _Get:
    getters = [(name, _getter(path)) for name, path in paths.items()]

    def get(record: dict[str, Any]) -> dict[str, Any] | None:
        found = {name: value for name, get in getters if (value := get(record)) is not None}
        return found or None

    return get


def _getter(path: str) -> _Get:
    if "." not in path:
        return lambda record: record.get(path)
    return lambda record: at_path(record, path)


def _usage(call: Call, values: Mapping[str, object]) -> None:
    call.usage = Usage(**{name: count_of(value) for name, value in values.items()})


def _openai_usage(call: Call, value: object) -> None:
    call.usage = usage_of(msgspec.convert(value, Tokens))


def _labels(call: Call, values: Mapping[str, object]) -> None:
    call.labels = {name: text_of(value) for name, value in values.items()}


def _key(call: Call, value: object) -> None:
    call.key = value if isinstance(value, str) else text_of(value)


def _epoch(call: Call, value: object) -> None:
    call.epoch = count_of(value)


def _model(call: Call, value: object) -> None:
    call.model = text_of(value)


def _run(call: Call, value: object) -> None:
    call.run = text_of(value)


def _score(call: Call, value: object) -> None:
    call.score = score_of(value)


def _failure(call: Call, value: object) -> None:
    word = text_of(value).strip().lower()
    if word in ("false", "none", "null", "0"):
        word = ""
    # Other people's files say what went wrong in words of their own: an error, whatever it was.
    call.failure = word if word in _FAILURES else "error"


def _messages(call: Call, value: object) -> None:
    if isinstance(value, str):
        value = _json(value, "messages")
    call.messages = msgspec.convert(value, list[dict[str, Any]])


def _prompt(call: Call, value: object) -> None:
    if call.messages is None:
        call.messages = [{"role": "user", "content": text_of(value)}]


def _params(call: Call, value: object) -> None:
    call.params = msgspec.convert(
        _json(value, "params") if isinstance(value, str) else value, dict[str, Any]
    )


def _output(call: Call, value: object) -> None:
    call.output = text_of(value)


def _reference(call: Call, value: object) -> None:
    call.reference = text_of(value)


def _cost(call: Call, value: object) -> None:
    call.cost_usd = number_of(value)


def _latency_s(call: Call, value: object) -> None:
    call.latency_s = number_of(value)


def _latency_ms(call: Call, value: object) -> None:
    milliseconds = number_of(value)
    if milliseconds is not None and call.latency_s is None:
        call.latency_s = milliseconds / 1000


def _started(call: Call, value: object) -> None:
    call.started = text_of(value)


def _fingerprint(call: Call, value: object) -> None:
    call.fingerprint = text_of(value)


def _json(text: str, name: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"is text, but {name} has to be JSON ({error})") from error


_PUT: dict[str, _Put] = {
    "key": _key,
    "epoch": _epoch,
    "model": _model,
    "run": _run,
    "score": _score,
    "failure": _failure,
    "messages": _messages,
    "prompt": _prompt,
    "params": _params,
    "output": _output,
    "reference": _reference,
    "cost_usd": _cost,
    "latency_s": _latency_s,
    "latency_ms": _latency_ms,
    "started": _started,
    "fingerprint": _fingerprint,
    "usage": _openai_usage,
}
