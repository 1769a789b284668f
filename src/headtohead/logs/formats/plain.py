"""Plain records in JSON lines, JSON, CSV or Parquet; columns found by a mapping or by name."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.core.units import first_few, nearest_first
from headtohead.files.opening import wrong
from headtohead.files.records import (
    at_path,
    count_of,
    number_of,
    objects,
    of_map,
    score_of,
    text_of,
)
from headtohead.logs.calls import (
    PARAMS,
    TOGETHER,
    Call,
    CallStream,
    Meta,
    RunFile,
    RunFormat,
    Spending,
    Usage,
    together,
    told,
)
from headtohead.logs.openai import OpenAITokens, content_text, usage_of
from headtohead.logs.opening import DEAREST, LARGEST, listed_ids, possible

FORMAT = RunFormat(
    name="plain",
    about="records in JSON lines, JSON, CSV or Parquet, columns by a mapping or by name",
    needs=((),),
    holds=("scores", "requests", "tokens", "cost", "latency"),
    maps=None,
    pairs="a column of ids, known by its name or named",
)
_PEEK_N = 1000
# Names that leave no doubt; the first that is there is taken.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "key": (
        *("key", "id", "item_id", "item", "sample_id", "task_id", "instance_id", "question_id"),
        *("example_id", "custom_id", "doc_id", "case_id"),
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
    "started": (
        "started",
        "started_at",
        "timestamp",
        "created_at",
        "start_time",
        "startTime",
        "time",
    ),
    "fingerprint": ("fingerprint",),
}
_RATER = re.compile(
    r"(score|rating|rater|annotator|annotation|judge|grader|reviewer|label|human)[_ -]?\d+", re.I
)
_SLICES = ("cluster", "task", "category", "subject", "tag", "language", "difficulty", "slice")
_SELLERS = ("provider", "operator", "seller", "custom_llm_provider")
_DETAILS = ("metadata", "labels", "meta")
_MOST_DETAILS = 30
_TOKENS = Usage.__struct_fields__
_FAILURES = ("", "error", "format", "empty", "refused", "limit")
# What a call may be refused for, though it does not decide its cost.
_CHECKED = ("epoch", "score", "messages", "params", "latency_s", "latency_ms")
_Row = tuple[str, dict[str, Any]]
_Get = Callable[[dict[str, Any]], Any]
_Convert = Callable[[Any], Any]


def read(file: RunFile) -> CallStream:
    """The records of a file, one call each."""
    rows = objects(file.path)
    peeked = list(islice(rows, _PEEK_N))
    if len(peeked) == 1 and "key" not in file.mapping:
        peeked = _of_ids(file, peeked[0][1]) or peeked
    if not peeked:
        raise InputError(f"{file.path}: holds no records.")
    columns = list(dict.fromkeys(name for _, record in peeked for name in record))
    paths = _paths(file, [record for _, record in peeked], columns)
    if "key" not in paths and not file.usage:
        there = nearest_first(columns, _NAMES["key"])
        raise InputError(
            f"{file.path}: no column is known to hold the key of an item. Columns found: {there}. "
            "Say which with `mapping={'key': 'COLUMN'}`."
        )
    if file.usage and (sellers := [name for name in _SELLERS if name in columns]):
        paths.setdefault("label.provider", sellers[0])
    if "score" not in paths and (raters := _raters(columns)):
        paths["score"] = ",".join(raters)
    scored = _columns("score", paths.get("score", ""), columns)
    used = {*paths.values(), *scored}
    metric = scored[0] if len(scored) == 1 else f"mean of {', '.join(scored)}"
    unused = tuple(name for name in columns if name not in used)
    rows = chain(peeked, rows)
    stream = CallStream(
        meta=Meta(format=FORMAT.name, metric=metric, scores=unused),
        calls=_calls(file, rows, paths),
        dropped={},
        columns=paths,
    )
    if file.usage and not file.tasks and ("usage" not in paths or paths.keys().isdisjoint(_TOKENS)):
        stream.together = _together(file, stream, rows)
    return stream


def _of_ids(file: RunFile, record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The records of a document that maps ids to scores or records, or lists solved ids.

    It is empty if the document is neither.

    Raises:
        InputError: If it lists the solved ids alone, or ones that are not among all ids.
    """
    solved, others, sent = (
        next((record[x] for x in (name, f"{name}_ids") if isinstance(record.get(x), list)), None)
        for name in ("resolved", "unresolved", "submitted")
    )
    if solved is not None:
        if not file.ids and others is None and sent is None:
            raise InputError(
                f"{file.path}: lists the ids that were resolved, and not all that were asked. Name "
                "a file of all ids with `ids='FILE'`."
            )
        every = listed_ids(Path(file.ids)) if file.ids else [*(others or ()), *(sent or ())]
        known, done = (dict.fromkeys(map(text_of, ids)) for ids in (every, solved))
        if file.ids and (strange := [x for x in done if x not in known]):
            few = first_few(strange)
            raise InputError(f"{file.path}: resolved ids that {file.ids} does not hold: {few}.")
        return [(f"id {x}", {"id": x, "score": x in done}) for x in {**known, **done}]
    if any(name in record for name in _NAMES["key"]):
        return []
    values = list(record.values())
    # Other numbers may be anything: one record of a few counts looks alike.
    if values and all(isinstance(x, bool | int | float) and 0 <= x <= 1 for x in values):
        return [(f"id {x}", {"id": x, "score": score}) for x, score in record.items()]
    return [(f"id {name}", one) for name, one in zip(record, of_map(record), strict=False)]


def _paths(file: RunFile, peeked: list[dict[str, Any]], columns: list[str]) -> dict[str, str]:
    """Field, or label.NAME -> where it stands; mapped ones first, then those known by name."""
    paths = _mapped(file, peeked, columns)
    for field, known in _NAMES.items():
        if field not in paths and (present := [name for name in known if name in columns]):
            paths[field] = present[0]
    # What a request and its answer hold beside each other in OpenAI's own words.
    if "usage" in columns and not any(name in paths for name in _TOKENS):
        paths["usage"] = "usage"
    if "params" not in paths:
        paths |= {f"param.{name}": name for name in columns if name in PARAMS}
    taken = set(paths.values())
    for column in _DETAILS:  # an object, each of whose plain values is a label
        objects = [r[column] for r in peeked if isinstance(r.get(column), dict)]
        items = (item for one in objects for item in one.items())
        inside = dict.fromkeys(x for x, y in items if isinstance(y, str | int | float | bool))
        for name in list(inside)[:_MOST_DETAILS]:
            if f"{column}.{name}" not in taken:
                paths.setdefault(f"label.{name}", f"{column}.{name}")
    taken = set(paths.values())
    for name in _SLICES:
        if name in columns and name not in taken:
            paths.setdefault(f"label.{name}", name)
    return paths


def _columns(field: str, path: str, columns: list[str]) -> list[str]:
    """Where a field stands: a score may stand in several columns, one for each annotator."""
    return path.split(",") if field == "score" and path not in columns else [path]


def _raters(columns: list[str]) -> list[str]:
    """Columns of one annotator each, told by their numbers."""
    found = [name for name in columns if _RATER.fullmatch(name)]
    stems = {name.rstrip("0123456789") for name in found}
    return found if len(found) > 1 and len(stems) == 1 else []


def _mapped(file: RunFile, peeked: list[dict[str, Any]], columns: list[str]) -> dict[str, str]:
    paths: dict[str, str] = {}
    for field, path in file.mapping.items():
        if field == "labels":
            names = (name.strip() for name in path.split(","))
            paths |= {f"label.{name}": name for name in names if name}
        else:
            paths[field] = path
    for field, path in [(x, y) for x, z in paths.items() for y in _columns(x, z, columns)]:
        if path not in columns and all(at_path(record, path) is None for record in peeked):
            raise InputError(
                f"{file.path}: no {path!r}, which is mapped to {field}, in the first "
                f"{len(peeked)} records. Columns found: {nearest_first(columns, [path])}."
            )
    return paths


def _calls(
    file: RunFile, rows: Iterator[tuple[str, dict[str, Any]]], paths: Mapping[str, str]
) -> Iterator[Call]:
    path, fields = file.path, _fields(paths)
    for where, record in rows:
        call = Call(key="", where=where)
        for name, get, attribute, convert in fields:
            value = get(record)
            if value is None or (attribute != name and getattr(call, attribute) is not None):
                continue
            try:
                setattr(call, attribute, convert(value))
            except (ValueError, TypeError) as error:
                item = f" of item {call.key!r}" if call.key else ""
                column = paths.get(name, name)
                raise wrong(path, where, f"{column}{item}: {error}, so it is no {name}.") from error
        last = call.messages[-1] if call.messages else {}
        if call.messages and last.get("role") == "assistant" and not last.get("tool_calls"):
            # The end of a conversation that holds the model's own answer is no part of the request.
            said = content_text(last.get("content"))
            if call.output in (None, said):
                call.output, call.messages = said, call.messages[:-1]
        if call.messages and not call.fingerprint:
            # What tells another text under the same key; the text itself is not kept for it. What
            # was answered on the way is the model's.
            asked = [x for x in call.messages if x.get("role") not in ("assistant", "tool")]
            text = msgspec.json.encode(asked, order="sorted")
            call.fingerprint = hashlib.blake2b(text, digest_size=12).hexdigest()
        if not call.key and not file.usage:
            raise wrong(path, where, f"{paths['key']} is empty, so the item has no key.")
        yield call


def _together(file: RunFile, stream: CallStream, rows: Iterator[_Row]) -> Iterator[Spending]:
    """What decides the cost of calls; where one of some thousands is odd, these are read singly."""
    paths, fault = stream.columns, None
    checked = [(get, convert) for name, get, _, convert in _fields(paths) if name in _CHECKED]
    while fault is None:
        some = list[_Row]()
        try:
            some.extend(islice(rows, TOGETHER))
        except InputError as error:  # the turn of which comes after what was read before it
            fault = error
        if not some:
            break
        try:
            spending = _spending([record for _, record in some], paths, checked)
        except (ValueError, TypeError):
            yield from together(possible(file, stream, _calls(file, iter(some), paths)))
        else:
            yield spending
    if fault:
        raise fault


def _spending(
    records: list[dict[str, Any]], paths: Mapping[str, str], checked: list[tuple[_Get, _Convert]]
) -> Spending:
    """What decides the cost of calls.

    Raises:
        ValueError: If one of them has to be looked at by itself.
        TypeError: The same.
    """
    n = len(records)

    def column(field: str) -> list[Any]:
        path = paths.get(field)
        if path is None:
            return [None] * n
        plain = "." not in path and "," not in path
        return [x.get(path) for x in records] if plain else list(map(_getter(path), records))

    for get, convert in checked:
        given = (convert(value) for value in map(get, records) if value is not None)
        if any(x.__class__ is float and not -LARGEST <= x <= LARGEST for x in given):
            raise ValueError
    costs = _converted(column("cost_usd"), (float, NoneType), number_of)
    if any(x is not None and not 0 <= x <= DEAREST for x in costs):
        raise ValueError
    tells: Sequence[bool]
    tokens: Sequence[Sequence[int]]
    if "usage" in paths:
        tells, tokens = told([x if x is None else _usage(x) for x in column("usage")])
    else:
        counts, nothing = list(map(column, _TOKENS)), (None,) * len(_TOKENS)
        tells = [row != nothing for row in zip(*counts, strict=True)]
        tokens = [
            _converted(values, (int,), count_of) if name in paths else [0] * n
            for name, values in zip(_TOKENS, counts, strict=True)
        ]
        if min(map(min, tokens)) < 0:
            raise ValueError
    hits = column("label.cache_hit")
    return Spending(
        model=_converted(column("model"), (str,), text_of),
        started=_converted(column("started"), (str,), text_of),
        from_cache=[x is not None and text_of(x).casefold() == "true" for x in hits],
        cost_usd=costs,
        tells=tells,
        tokens=tokens,
    )


def _converted(values: list[Any], plain: tuple[type, ...], convert: _Convert) -> list[Any]:
    """The values, converted unless all of them are of the types that need not be."""
    return values if {*plain}.issuperset(map(type, values)) else list(map(convert, values))


def _fields(paths: Mapping[str, str]) -> list[tuple[str, _Get, str, _Convert]]:
    """Name, where it stands, the attribute of a call that it fills if that is empty, and how."""
    fields = [
        (name, _getter(paths[name]), attribute, convert)
        for name, (attribute, convert) in _CONVERT.items()
        if name in paths
    ]
    tokens = {name: paths[name] for name in _TOKENS if name in paths}
    if tokens:
        count: _Convert = lambda values: Usage(**{x: count_of(y) for x, y in values.items()})  # noqa: E731
        fields.append(("tokens", _group(tokens), "usage", count))
    kinds: tuple[tuple[str, str, _Convert], ...] = (
        ("param.", "params", dict),
        ("label.", "labels", lambda values: {x: text_of(y) for x, y in values.items()}),
    )
    for start, attribute, convert in kinds:
        inside = {x.removeprefix(start): path for x, path in paths.items() if x.startswith(start)}
        if inside:
            fields.append((attribute, _group(inside), attribute, convert))
    return fields


def _group(paths: Mapping[str, str]) -> _Get:
    getters = [(name, _getter(path)) for name, path in paths.items()]

    def get(record: dict[str, Any]) -> dict[str, Any] | None:
        values = {name: value for name, get in getters if (value := get(record)) is not None}
        return values or None

    return get


def _getter(path: str) -> _Get:
    if "," in path:
        several = [_getter(one) for one in path.split(",")]
        return lambda record: record[path] if path in record else tuple(x(record) for x in several)
    if "." not in path:
        return lambda record: record.get(path)
    return lambda record: at_path(record, path)


def _score(value: object) -> float | None:
    """A score, or the mean of those that several annotators gave."""
    if not isinstance(value, tuple):
        return score_of(value)
    given = [score for one in value if (score := score_of(one)) is not None]
    return sum(given) / len(given) if given else None


def _failure(value: object) -> str:
    word = text_of(value).strip().lower()
    if word in ("false", "none", "null", "0"):
        return ""
    # Other people's files say what went wrong in words of their own: an error, whatever it was.
    return word if word in _FAILURES else "error"


def _json(value: object, kind: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(f"is text, but has to be JSON ({error})") from error
    return msgspec.convert(value, kind)


def _usage(value: object) -> Usage | None:
    return usage_of(msgspec.convert(value, OpenAITokens))


_CONVERT: Mapping[str, tuple[str, _Convert]] = {
    "key": ("key", text_of),
    "epoch": ("epoch", count_of),
    **{name: (name, text_of) for name in ("model", "run", "output", "reference", "started")},
    "score": ("score", _score),
    "failure": ("failure", _failure),
    "messages": ("messages", lambda value: _json(value, list[dict[str, Any]])),
    "prompt": ("messages", lambda value: [{"role": "user", "content": text_of(value)}]),
    "params": ("params", lambda value: _json(value, dict[str, Any])),
    "cost_usd": ("cost_usd", number_of),
    "latency_s": ("latency_s", number_of),
    "latency_ms": ("latency_s", lambda ms: None if (x := number_of(ms)) is None else x / 1000),
    "fingerprint": ("fingerprint", text_of),
    "usage": ("usage", _usage),
}
