"""Langfuse exports: observations with their scores, or the items of experiments.

Layouts: langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields (names with
underscores) and github.com/langfuse/langfuse, fern/apis/server/definition (names of the API).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.trials.calls import Call, Format, Meta, Reading
from headtohead.trials.reading.langfuse_fields import (
    answer_of,
    cost_of,
    decoded,
    labels_of,
    params_of,
    request_of,
    usage_of,
)
from headtohead.trials.reading.openai_answers import text_of
from headtohead.trials.reading.records import (
    add_mapped,
    check_mapping,
    field_names,
    files_of,
    first_names,
    records,
    wrong,
)
from headtohead.trials.reading.scores import chosen
from headtohead.trials.reading.source import Head, Source

FORMAT = Format(
    name="langfuse",
    about="Langfuse: exported observations and scores, or items of experiments",
    pairs_by="experimentItemId of an experiment; else the observation, or what --map key=... names",
    holds=("scores", "requests", "tokens", "cost", "latency"),
)

_OBSERVATION = (frozenset(("trace_id", "type", "start_time")), frozenset(("traceId", "type")))
_ITEM = frozenset(("experimentItemId", "experimentName"))
_SCORE = (frozenset(("name", "value", "data_type")), frozenset(("name", "value", "dataType")))
_NUMERIC = frozenset(("NUMERIC", "BOOLEAN", None, ""))
_Json = dict[str, Any] | list[Any] | str | int | float | bool | None


class _Observation(msgspec.Struct):
    id: str
    trace_id: str | None = None
    type: str = ""
    name: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    level: str | None = None
    status_message: str | None = None
    input: _Json = None
    output: _Json = None
    model: str | None = None
    provided_model_name: str | None = None
    model_parameters: _Json = None
    metadata: _Json = None
    usage: _Json = None
    usage_details: _Json = None
    cost_details: _Json = None
    total_cost: float | None = None
    calculated_total_cost: float | None = None
    latency: float | None = None
    tags: _Json = None
    environment: str | None = None
    session_id: str | None = None
    trace_name: str | None = None
    prompt_name: str | None = None
    version: str | None = None
    release: str | None = None


class _Subject(msgspec.Struct):
    kind: str = ""
    id: str = ""


class _Score(msgspec.Struct):
    name: str
    value: float | bool | str | None = None
    trace_id: str | None = None
    observation_id: str | None = None
    data_type: str | None = None
    subject: _Subject | None = None


class _Item(msgspec.Struct, rename="camel"):
    id: str
    experiment_item_id: str
    experiment_name: str
    experiment_dataset_id: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    level: str | None = None
    input: _Json = None
    output: _Json = None
    expected_output: _Json = None
    metadata: _Json = None
    experiment_item_metadata: _Json = None
    experiment_metadata: _Json = None
    scores: list[dict[str, Any]] | str | None = None


def _in_camel(kind: Any) -> Any:  # noqa: ANN401
    """The same record with the API's names."""
    fields = [(x.name, x.type, x.default) for x in msgspec.structs.fields(kind)]
    return msgspec.defstruct(kind.__name__, fields, rename="camel")


# Tables hold numbers as text; strict=False reads both.
_observation = msgspec.json.Decoder(_Observation, strict=False).decode
_observation_api = msgspec.json.Decoder(_in_camel(_Observation), strict=False).decode
_score = msgspec.json.Decoder(_Score, strict=False).decode
_score_api = msgspec.json.Decoder(_in_camel(_Score), strict=False).decode
_item = msgspec.json.Decoder(_Item, strict=False).decode


class _Scores:
    """Numbers by name, for observations and for traces."""

    def __init__(self) -> None:
        self.of_observation: dict[str, dict[str, float]] = {}
        self.of_trace: dict[str, dict[str, float]] = {}
        self.names: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def add(self, score: _Score) -> None:
        """Keeps a score by what it is about."""
        if score.data_type not in _NUMERIC or not isinstance(score.value, int | float):
            self.dropped["score that is no number"] += 1
            return
        observation, trace = score.observation_id, score.trace_id
        if score.subject is not None:
            kind = score.subject.kind
            observation = score.subject.id if kind == "observation" else None
            trace = score.subject.id if kind == "trace" else None
        if not observation and not trace:
            self.dropped["score of no trace"] += 1
            return
        self.names[score.name] += 1
        of, which = (
            (self.of_observation, observation) if observation else (self.of_trace, trace or "")
        )
        of.setdefault(str(which), {})[score.name] = float(score.value)


def recognise(head: Head) -> bool:
    """Whether it is an export of Langfuse, or a folder with one.

    Args:
        head: The beginning of the file.
    """
    if head.path.is_dir():
        kinds = {_kind(first_names(path)) for path in files_of(head.path)}
        return bool(kinds & {"observation", "item"})
    return _kind(field_names(head)) in ("observation", "item")


def read(source: Source) -> Reading:
    """One call for each generation, or for each item of an experiment.

    Scores are joined if they are in the same folder. A score of a whole trace belongs to its
    generation if the trace has just one.

    Args:
        source: A file, or a folder with observations and scores. Its mapping may name `key`,
            `score`, `reference` and `run` by a dotted path; `score` is the name of a score if there
            are scores.

    Raises:
        InputError: If a record is not one of Langfuse's.
    """
    check_mapping(source)
    kinds: dict[str, list[Path]] = {}
    dropped: dict[str, int] = {}
    for path in files_of(source.path):
        kind = _kind(first_names(path))
        kinds.setdefault(kind, []).append(path)
        if not kind and path != source.path:
            dropped[f"file without observations, scores or items: {path.name}"] = 1
    if "item" in kinds:
        return _items(kinds["item"], source, dropped)
    if "observation" not in kinds:
        raise InputError(
            f"{source.path}: no observations and no items of an experiment. Export them from "
            "Langfuse with their input and output."
        )
    scores = _Scores()
    for path in kinds.get("score", ()):
        api = "dataType" in first_names(path)
        for where, line in records(path):
            scores.add(_decode(_score_api if api else _score, path, where, line))
    dropped.update(scores.dropped)
    metric, rest = chosen(scores.names, source)
    dropped.update(rest)
    calls = _calls(kinds["observation"], source, scores, metric, dropped)
    return Reading(meta=Meta(format=FORMAT.name, metric=metric), calls=calls, dropped=dropped)


def _kind(names: frozenset[str]) -> str:
    if names >= _ITEM:
        return "item"
    if any(names >= wanted for wanted in _OBSERVATION):
        return "observation"
    return "score" if any(names >= wanted for wanted in _SCORE) else ""


def _decode(decode: Callable[[bytes], Any], path: Path, where: str, line: bytes) -> Any:  # noqa: ANN401
    try:
        return decode(line)
    except msgspec.DecodeError as error:
        raise wrong(path, where, f"not a record of Langfuse's ({error}).") from error


def _observations(path: Path) -> Iterator[tuple[str, bytes, _Observation]]:
    decode = _observation_api if "traceId" in first_names(path) else _observation
    for where, line in records(path):
        yield where, line, _decode(decode, path, where, line)


def _calls(
    paths: list[Path], source: Source, scores: _Scores, metric: str, dropped: dict[str, int]
) -> Iterator[Call]:
    single = _single(paths, scores, metric, dropped)
    mapped = Source(source.path, {x: y for x, y in source.mapping.items() if y != metric})
    for path in paths:
        for where, line, row in _observations(path):
            if row.type.upper() != "GENERATION":
                reason = f"observation of another type: {row.type}"
                dropped[reason] = dropped.get(reason, 0) + 1
                continue
            call = _call(row, path, where)
            found = scores.of_observation.get(row.id, {}).get(metric)
            if found is None and row.trace_id in single:
                found = scores.of_trace[row.trace_id].get(metric)
            call.score = found
            if mapped.mapping:
                add_mapped(call, msgspec.json.decode(line), mapped, where)
            yield call


def _single(
    paths: list[Path], scores: _Scores, metric: str, dropped: dict[str, int]
) -> frozenset[str]:
    """Scored traces that have just one generation, so that their score is its score."""
    scored = {trace for trace, found in scores.of_trace.items() if metric in found}
    if not scored:
        return frozenset()
    held: Counter[str] = Counter()
    for path in paths:
        for _, _, row in _observations(path):
            if row.trace_id in scored and row.type.upper() == "GENERATION":
                held[str(row.trace_id)] += 1
    several = sum(n > 1 for n in held.values())
    if several:
        dropped["score of a trace with several generations"] = several
    return frozenset(trace for trace, n in held.items() if n == 1)


def _call(row: _Observation, path: Path, where: str) -> Call:
    messages, params = request_of(row.input)
    answer = answer_of(row.output)
    named = {
        "name": row.name,
        "environment": row.environment,
        "session": row.session_id,
        "trace": row.trace_name,
        "prompt": row.prompt_name,
        "version": row.version,
        "release": row.release,
        "finish": answer.finish,
    }
    total = row.calculated_total_cost if row.total_cost is None else row.total_cost
    latency = _seconds(row.start_time, row.end_time, path, where)
    return Call(
        key=row.id,
        model=row.provided_model_name or row.model or "",
        failure="error" if row.level == "ERROR" else answer.failure,
        messages=messages,
        params={**params_of(row.model_parameters), **params},
        output=answer.text,
        usage=usage_of(row.usage_details, row.usage),
        cost_usd=cost_of(total, row.cost_details),
        latency_s=latency,
        started=row.start_time or "",
        labels=labels_of(named, row.tags, row.metadata),
        where=where,
    )


def _seconds(start: str | None, end: str | None, path: Path, where: str) -> float | None:
    """From the two times: exports made before April 2026 give `latency` in milliseconds."""
    if not start or not end:
        return None
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (ValueError, TypeError) as error:
        raise wrong(path, where, f"its start or end is no time ({error}).") from error


def _items(paths: list[Path], source: Source, dropped: dict[str, int]) -> Reading:
    names: Counter[str] = Counter()
    for path in paths:
        for where, line in records(path):
            names.update(_numbers(_decode(_item, path, where, line)))
    metric, rest = chosen(names, source)
    dropped.update(rest)
    meta = Meta(format=FORMAT.name, metric=metric)
    return Reading(meta=meta, calls=_item_calls(paths, source, metric), dropped=dropped)


def _item_calls(paths: list[Path], source: Source, metric: str) -> Iterator[Call]:
    tries: Counter[tuple[str, str]] = Counter()
    mapped = Source(source.path, {x: y for x, y in source.mapping.items() if y != metric})
    for path in paths:
        for where, line in records(path):
            row: _Item = _decode(_item, path, where, line)
            tries[row.experiment_name, row.experiment_item_id] += 1
            call = _item_call(row, path, where)
            call.epoch = tries[row.experiment_name, row.experiment_item_id]
            call.score = _numbers(row).get(metric)
            if mapped.mapping:
                add_mapped(call, msgspec.json.decode(line), mapped, where)
            yield call


def _item_call(row: _Item, path: Path, where: str) -> Call:
    messages, params = request_of(row.input)
    answer = answer_of(row.output)
    about = decoded(row.experiment_metadata)
    said = decoded(row.metadata)
    model = next((x["model"] for x in (said, about) if isinstance(x, dict) and "model" in x), "")
    return Call(
        key=row.experiment_item_id,
        model=str(model),
        run=row.experiment_name,
        failure="error" if row.level == "ERROR" else answer.failure,
        messages=messages,
        params=params,
        output=answer.text,
        reference=text_of(row.expected_output),
        latency_s=_seconds(row.start_time, row.end_time, path, where),
        started=row.start_time or "",
        labels=labels_of({}, None, row.experiment_item_metadata),
        where=where,
    )


def _numbers(row: _Item) -> dict[str, float]:
    given = decoded(row.scores)
    found = {}
    for score in given if isinstance(given, list) else ():
        value = score.get("value")
        if score.get("dataType") in _NUMERIC and isinstance(value, int | float):
            found[str(score.get("name"))] = float(value)
    return found
