"""Spans of Phoenix (Arize) in its own export: a data frame of spans, or the answer of its API.

A data frame has a column for each attribute (`attributes.llm.model_name`), the API one object of
them. Annotations, which carry the scores, are a file of their own, or columns `eval.NAME.score`.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.files.formats import first_fields
from headtohead.files.opening import files_of, wrong
from headtohead.files.records import (
    at_path,
    objects,
    score_in,
    score_of,
    text_of,
    unpacked,
)
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat
from headtohead.logs.openinference import call_of, nested
from headtohead.logs.opening import add_mapped, chosen_score

_SPAN = ("span_kind", "parent_id", "status_code")
FORMAT = RunFormat(
    name="phoenix",
    about="Phoenix (Arize): spans of OpenInference as a data frame or from its API",
    needs=(_SPAN,),
    folders=True,
    holds=("scores", "requests", "tokens", "cost", "latency"),
    maps=None,
    pairs="trace and span, or an attribute that is named",
    tried=("arize-phoenix 20.26.1",),
)
_ANNOTATIONS = (("annotator_kind", "result", "span_id"), ("annotation_name", "annotator_kind"))
_RECORD = "a record of Phoenix"
_SCORE = re.compile(r"eval\.(.+)\.score")
# Texts that are an object of someone else's, whose names may have dots of their own.
_WHOLE = frozenset(("input.value", "output.value", "metadata", "llm.invocation_parameters"))
_Row = dict[str, Any]


def read(file: RunFile) -> CallStream:
    """One call for each span of the kind LLM; annotations of the same folder score them."""
    dropped = Counter[str]()
    spans: list[Path] = []
    scores: dict[str, dict[str, float]] = {}
    names: Counter[str] = Counter()
    for path in files_of(file.path):
        fields = first_fields(path)
        if fields.issuperset(_SPAN):
            spans.append(path)
            columns = filter(None, map(_SCORE.fullmatch, fields))
            names.update(dict.fromkeys((column[1] for column in columns), 1))
        elif any(map(fields.issuperset, _ANNOTATIONS)):
            for where, row in objects(path, _RECORD):
                name, value = _annotation(row, path, where)
                if value is None:
                    dropped["annotation without a number"] += 1
                    continue
                names[name] += 1
                scores.setdefault(text_of(row.get("span_id")), {})[name] = value
        elif path != file.path:
            dropped[f"file without spans or annotations: {path.name}"] = 1
    if not spans:
        raise InputError(
            f"{file.path}: no spans of Phoenix. Write get_spans_dataframe() to JSON lines or "
            "Parquet, or keep the answer of /v1/projects/NAME/spans."
        )
    metric, mapped = chosen_score(names, file, dropped)
    calls = _calls(spans, mapped, scores, metric, dropped)
    return CallStream(
        meta=Meta(format=FORMAT.name, metric=metric, scores=tuple(names)),
        calls=calls,
        dropped=dropped,
    )


def _annotation(row: _Row, path: Path, where: str) -> tuple[str, float | None]:
    """Name and score of an annotation; a label alone is no number."""
    name = text_of(row.get("name", row.get("annotation_name")))
    value = row.get("result.score", at_path(row, "result.score"))
    return name, score_in(path, where, f"the score of {name}", value)


def _calls(
    paths: list[Path],
    file: RunFile,
    scores: Mapping[str, Mapping[str, float]],
    metric: str,
    dropped: Counter[str],
) -> Iterator[Call]:
    for path in paths:
        for where, row in objects(path, _RECORD):
            kind = text_of(row.get("span_kind"))
            if kind != "LLM":
                dropped[f"span of another kind: {kind}"] += 1
                continue
            try:
                given = _given(row)
                call = _call(row, given, metric)
            except (ValueError, OverflowError, OSError) as error:
                raise wrong(path, where, f"{error}.") from error
            span = _of(row, "context.span_id")
            call.score = scores.get(span, {}).get(metric, call.score)
            call.where = where
            if file.mapping:
                tree = nested(given)
                add_mapped(call, {**row, **tree, "attributes": tree}, file, where)
            yield call


def _given(row: _Row) -> _Row:
    """The attributes of a span."""
    given = unpacked(row.get("attributes"))
    if not isinstance(given, dict):
        given = {name: row[column] for column, name in _attributes(tuple(row))}
    return {name: _written(name, value) for name, value in given.items() if value is not None}


def _call(row: _Row, given: _Row, metric: str) -> Call:
    call = call_of(given)
    call.key = f"{_of(row, 'context.trace_id')}/{_of(row, 'context.span_id')}"
    call.score = score_of(row.get(f"eval.{metric}.score"))
    if text_of(row.get("status_code")) == "ERROR":
        call.failure = "error"
    began, ended = _time(row.get("start_time")), _time(row.get("end_time"))
    call.started = began.isoformat() if began else ""
    call.latency_s = (ended - began).total_seconds() if began and ended else None
    return call


@lru_cache(1000)
def _attributes(columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Columns that are attributes, each with its name."""
    start = "attributes."
    return [(x, x.removeprefix(start)) for x in columns if x.startswith(start)]


def _written(name: str, value: object) -> object:
    """The value; decoded, if it is a text of JSON, or of Python as pandas writes it to CSV."""
    if value.__class__ is not str or value[:1].isalnum():
        return value
    if value.startswith(("{'", "[{'")):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(value)
    return value if name in _WHOLE else unpacked(value)


def _of(row: _Row, path: str) -> str:
    return text_of(row[path] if path in row else at_path(row, path))


def _time(value: object) -> datetime | None:
    """A time in words, or in milliseconds since 1970, as pandas writes it to JSON."""
    if value in (None, ""):
        return None
    text = text_of(value)
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
