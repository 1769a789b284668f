"""Langfuse exports: observations with their scores, or the items of experiments.

Layouts: langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields (names with
underscores) and github.com/langfuse/langfuse, fern/apis/server/definition (names of the API).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.files.formats import first_fields
from headtohead.files.opening import decoded, files_of, json_value, wrong
from headtohead.files.records import json_or_text, records, unpacked
from headtohead.logs.calls import PARAMS, Call, CallStream, Meta, RunFile, RunFormat, Usage
from headtohead.logs.openai import (
    Body,
    LoggedAnswer,
    Messages,
    answer_of,
    answer_of_message,
    content_text,
    messages_of,
    request_of,
)
from headtohead.logs.opening import add_mapped, chosen_score

_OBSERVATION = (("trace_id", "type", "start_time"), ("traceId", "type"))
_ITEM = ("experimentItemId", "experimentName")
_SCORE = (("name", "value", "data_type"), ("name", "value", "dataType"))
FORMAT = RunFormat(
    name="langfuse",
    about="Langfuse: exported observations and scores, or items of experiments",
    needs=(*_OBSERVATION, _ITEM),
    folders=True,
    holds=("scores", "requests", "tokens", "cost", "latency"),
    pairs="observation, or item of an experiment",
)

_NUMBERS = frozenset(("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed"))
_NUMBER, _LABEL = (int, float), (str, int, float)
_RECORD = "a record of Langfuse's"
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


class _LangfuseScore(msgspec.Struct):
    name: str
    value: float | bool | str | None = None
    trace_id: str | None = None
    observation_id: str | None = None
    data_type: str | None = None
    subject: dict[str, Any] | None = None


class _ExperimentItem(msgspec.Struct, rename="camel"):
    id: str
    experiment_item_id: str
    experiment_name: str
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


@cache
def _in_camel(kind: Any) -> Callable[[bytes], Any]:  # noqa: ANN401
    """Decodes the same record with the API's names."""
    fields = [(x.name, x.type, x.default) for x in msgspec.structs.fields(kind)]
    renamed = msgspec.defstruct(kind.__name__, fields, rename="camel")
    return msgspec.json.Decoder(renamed, strict=False).decode


# Tables hold numbers as text; strict=False reads both.
_observation = msgspec.json.Decoder(_Observation, strict=False).decode
_score = msgspec.json.Decoder(_LangfuseScore, strict=False).decode
_item = msgspec.json.Decoder(_ExperimentItem, strict=False).decode


class _ScoresOfTraces:
    """Numbers by name, for observations and for traces."""

    def __init__(self) -> None:
        self.of_observation: dict[str, dict[str, float]] = {}
        self.of_trace: dict[str, dict[str, float]] = {}
        self.names: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def add(self, score: _LangfuseScore) -> None:
        """Keeps a score by what it is about."""
        if score.data_type not in _NUMERIC or not isinstance(score.value, int | float):
            self.dropped["score that is no number"] += 1
            return
        observation, trace = score.observation_id, score.trace_id
        if score.subject is not None:
            kind, which = score.subject.get("kind"), score.subject.get("id")
            observation = which if kind == "observation" else None
            trace = which if kind == "trace" else None
        if not observation and not trace:
            self.dropped["score of no trace"] += 1
            return
        self.names[score.name] += 1
        of, which = (
            (self.of_observation, observation) if observation else (self.of_trace, trace or "")
        )
        of.setdefault(str(which), {})[score.name] = float(score.value)


def read(file: RunFile) -> CallStream:
    """One call for each generation, or for each item of an experiment.

    Scores are joined if they are in the same folder. A score of a whole trace belongs to its
    generation if the trace has just one.

    Args:
        file: A file, or a folder with observations and scores. Its mapping may name `key`,
            `score`, `reference` and `run` by a dotted path; `score` is the name of a score if there
            are scores.

    Raises:
        InputError: If a record is not one of Langfuse's.
    """
    kinds: dict[str, list[Path]] = {}
    dropped = Counter[str]()
    for path in files_of(file.path):
        fields = first_fields(path)
        known = {"item": (_ITEM,), "observation": _OBSERVATION, "score": _SCORE}
        kind = next((x for x, sets in known.items() if any(map(fields.issuperset, sets))), "")
        kinds.setdefault(kind, []).append(path)
        if not kind and path != file.path:
            dropped[f"file without observations, scores or items: {path.name}"] = 1
    if "item" in kinds:
        names: Counter[str] = Counter()
        for path in kinds["item"]:
            for where, line in records(path):
                names.update(_numbers(decoded(_item, path, where, line, _RECORD)))
        metric, mapped = chosen_score(names, file, dropped)
        calls = _item_calls(kinds["item"], mapped, metric)
        columns = sorted(names or first_fields(kinds["item"][0]))
        meta = Meta(format=FORMAT.name, metric=metric, scores=tuple(columns))
        return CallStream(meta=meta, calls=calls, dropped=dropped)
    if "observation" not in kinds:
        raise InputError(
            f"{file.path}: no observations and no items of an experiment. Export them from "
            "Langfuse with their input and output."
        )
    scores = _ScoresOfTraces()
    for path in kinds.get("score", ()):
        api = "dataType" in first_fields(path)
        decode = _in_camel(_LangfuseScore) if api else _score
        for where, line in records(path):
            scores.add(decoded(decode, path, where, line, _RECORD))
    dropped.update(scores.dropped)
    metric, mapped = chosen_score(scores.names, file, dropped)
    calls = _calls(kinds["observation"], mapped, scores, metric, dropped)
    columns = sorted(scores.names or first_fields(kinds["observation"][0]))
    meta = Meta(format=FORMAT.name, metric=metric, scores=tuple(columns))
    return CallStream(meta=meta, calls=calls, dropped=dropped)


def _observations(path: Path) -> Iterator[tuple[str, bytes, _Observation]]:
    decode = _in_camel(_Observation) if "traceId" in first_fields(path) else _observation
    for where, line in records(path):
        yield where, line, decoded(decode, path, where, line, _RECORD)


def _calls(
    paths: list[Path], file: RunFile, scores: _ScoresOfTraces, metric: str, dropped: Counter[str]
) -> Iterator[Call]:
    single = _single(paths, scores, metric, dropped)
    for path in paths:
        for where, line, row in _observations(path):
            if row.type.upper() != "GENERATION":
                dropped[f"observation of another type: {row.type}"] += 1
                continue
            call = _call(row, path, where)
            score = scores.of_observation.get(row.id, {}).get(metric)
            if score is None and row.trace_id in single:
                score = scores.of_trace[row.trace_id].get(metric)
            call.score = score
            if file.mapping:
                add_mapped(call, json_value(line), file, where)
            yield call


def _single(
    paths: list[Path], scores: _ScoresOfTraces, metric: str, dropped: Counter[str]
) -> frozenset[str]:
    """Scored traces that have just one generation, so that their score is its score."""
    scored = {trace for trace, scores_of in scores.of_trace.items() if metric in scores_of}
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
    messages, params = _request(row.input)
    answer = _answer(row.output)
    named = (
        ("name", row.name),
        ("environment", row.environment),
        ("session", row.session_id),
        ("trace", row.trace_name),
        ("prompt", row.prompt_name),
        ("version", row.version),
        ("release", row.release),
        ("finish", answer.finish),
    )
    total = row.calculated_total_cost if row.total_cost is None else row.total_cost
    # What may be sent again; exported numbers may be texts.
    given = unpacked(row.model_parameters)
    if given.__class__ is dict:
        own = {
            name: json_or_text(value) if name in _NUMBERS else value
            for name, value in given.items()
            if name in PARAMS and value is not None and value != ""
        }
        params = {**own, **params}
    return Call(
        key=row.id,
        model=row.provided_model_name or row.model or "",
        failure="error" if row.level == "ERROR" else answer.failure,
        messages=messages,
        params=params,
        output=answer.text,
        usage=usage_of(row.usage_details, row.usage),
        cost_usd=cost_of(total, row.cost_details),
        latency_s=_seconds(row.start_time, row.end_time, path, where),
        started=row.start_time or "",
        labels=_labels(named, row.tags, row.metadata),
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


def _item_calls(paths: list[Path], file: RunFile, metric: str) -> Iterator[Call]:
    repeats: Counter[tuple[str, str]] = Counter()
    for path in paths:
        for where, line in records(path):
            row = decoded(_item, path, where, line, _RECORD)
            repeats[row.experiment_name, row.experiment_item_id] += 1
            messages, params = _request(row.input)
            answer = _answer(row.output)
            about = (unpacked(row.metadata), unpacked(row.experiment_metadata))
            model = next((x["model"] for x in about if isinstance(x, dict) and "model" in x), "")
            call = Call(
                key=row.experiment_item_id,
                epoch=repeats[row.experiment_name, row.experiment_item_id],
                model=str(model),
                run=row.experiment_name,
                score=_numbers(row).get(metric),
                failure="error" if row.level == "ERROR" else answer.failure,
                messages=messages,
                params=params,
                output=answer.text,
                reference=content_text(row.expected_output),
                latency_s=_seconds(row.start_time, row.end_time, path, where),
                started=row.start_time or "",
                labels=_labels((), None, row.experiment_item_metadata),
                where=where,
            )
            if file.mapping:
                add_mapped(call, json_value(line), file, where)
            yield call


def _numbers(row: _ExperimentItem) -> dict[str, float]:
    given = unpacked(row.scores)
    numbers = {}
    for score in given if isinstance(given, list) else ():
        value = score.get("value")
        if score.get("dataType") in _NUMERIC and isinstance(value, int | float):
            numbers[str(score.get("name"))] = float(value)
    return numbers


def _request(payload: Any) -> tuple[Messages | None, dict[str, Any]]:  # noqa: ANN401
    """Messages and parameters of an observation's input; None if it is no chat.

    It may be messages, an object with them, a text, or any of these as JSON text.
    """
    given = unpacked(payload)
    if isinstance(given, dict):
        if "role" in given and "content" in given:
            return messages_of([given]), {}
        return request_of(given)
    return messages_of(given), {}


def _answer(payload: Any) -> LoggedAnswer:  # noqa: ANN401
    """The answer of an observation's output: text, message, choices, or any other JSON as text."""
    given = unpacked(payload)
    if given is None or given == "":
        return LoggedAnswer()
    if isinstance(given, list) and given and _is_message(given[0]):
        given = given[0]
    if _is_message(given):
        return answer_of_message(given)
    if isinstance(given, dict) and "choices" in given:
        return answer_of(msgspec.convert(given, Body))
    return LoggedAnswer(content_text(payload))


def usage_of(details: Any, older: Any) -> Usage | None:  # noqa: ANN401
    """Tokens in our sense from kinds of usage.

    Langfuse keeps kinds apart: what was cached is not in `input`, reasoning is not in `output`.
    Where the total shows that they are, they are not added.
    """
    kinds = unpacked(details)
    if not isinstance(kinds, dict) or not kinds:
        kinds = unpacked(older)
        if not isinstance(kinds, dict) or kinds.get("unit") not in (None, "TOKENS"):
            return None
    sums = dict.fromkeys(("input", "output", "read", "write", "thought", "in", "out"), 0)
    total, some = None, False
    for name, tokens in kinds.items():
        if not isinstance(tokens, _NUMBER) or tokens < 0:
            continue
        if name == "total":
            total = int(tokens)
        else:
            sums[_usage_kind(name)] += int(tokens)
            some = True
    if not some:
        return None
    into, out = sums["input"], sums["output"]
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
    kinds = unpacked(details)
    if not isinstance(kinds, dict) or not kinds:
        return total or None
    if total is not None:
        return total
    if kinds.get("total") is not None:
        return float(kinds["total"])
    return float(sum(y for y in kinds.values() if isinstance(y, int | float)))


def _labels(
    named: Iterable[tuple[str, str | None]],
    tags: Any,  # noqa: ANN401
    metadata: Any,  # noqa: ANN401
) -> dict[str, str]:
    """Slices of an observation: fields, tags, and texts and numbers of its metadata."""
    labels = {}
    given = unpacked(metadata)
    if isinstance(given, dict):
        for name, value in given.items():
            if isinstance(value, _LABEL) and value != "":
                labels[name] = str(value)
    for name, value in named:
        if value:
            labels[name] = value
    listed = unpacked(tags)
    if isinstance(listed, list) and listed:
        labels["tags"] = ",".join(sorted(map(str, listed)))
    return labels


def _is_message(value: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(value, dict)
        and "role" in value
        and ("content" in value or "tool_calls" in value)
    )


@lru_cache(1000)
def _usage_kind(name: str) -> str:
    if name in ("input", "prompt_tokens", "input_tokens", "promptTokens"):
        return "input"
    if name in ("output", "completion_tokens", "output_tokens", "completionTokens"):
        return "output"
    if "cache" in name:
        return "write" if "creation" in name or "write" in name else "read"
    if "reasoning" in name:
        return "thought"
    return "in" if name.startswith(("input", "prompt")) else "out"
