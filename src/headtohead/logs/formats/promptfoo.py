"""Results of promptfoo: `-o results.json` (versions 2 and 3) or `-o results.jsonl`."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.opening import (
    LARGEST,
    NOT_JSON,
    content,
    decoded,
    json_lines,
    json_value,
    not_json,
    opened,
)
from headtohead.files.records import labels_of, score_in, text_of, unpacked
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat, Usage
from headtohead.logs.openai import messages_of, usage_from

FORMAT = RunFormat(
    name="promptfoo",
    about="promptfoo: results.json (versions 2 and 3) or results.jsonl",
    needs=(
        ("results.results", "results.version", "results.stats"),
        ("evalId", "results.results"),
        ("promptIdx", "testCase", "provider", "success"),
    ),
    holds=("scores", "requests", "tokens", "cost", "latency"),
    maps=("score",),
    pairs="variables and assertions of a test, and repeat",
    tried=("promptfoo 0.91.3 0.121.20",),
)
_ERROR = 2
_STRIPPED = "[output stripped]"  # what promptfoo writes if asked to keep no answers
_LONGEST_KEY, _LONGEST_RUN = 60, 40
# promptfoo adds these to the variables itself, anew in each run.
_OWN_VARS = frozenset({"sessionId"})


class _PromptfooDetails(msgspec.Struct):
    cacheReadInputTokens: int | None = None
    cacheCreationInputTokens: int | None = None
    reasoning: int | None = None


class _PromptfooTokens(msgspec.Struct):
    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    completionDetails: _PromptfooDetails | None = None

    def usage(self) -> Usage:
        details = self.completionDetails or _PromptfooDetails()
        read, write = details.cacheReadInputTokens or 0, details.cacheCreationInputTokens or 0
        thought = details.reasoning or 0
        return usage_from(self.prompt or 0, read, write, self.completion or 0, thought, self.total)


class _PromptfooResponse(msgspec.Struct):
    output: Any = None
    cached: bool | None = None
    tokenUsage: _PromptfooTokens | None = None
    isRefusal: bool | None = None
    finishReason: str | None = None
    cost: float | None = None


class _Prompt(msgspec.Struct, frozen=True):
    raw: str = ""
    label: str = ""


class _Provider(msgspec.Struct, frozen=True):
    id: str = ""
    label: str | None = None


class _Test(msgspec.Struct):
    vars: dict[str, Any] | None = None
    asserts: Any = msgspec.field(default=None, name="assert")
    metadata: dict[str, Any] | None = None
    description: str | None = None


class _Result(msgspec.Struct):
    success: bool
    provider: str | _Provider
    score: Any = None
    namedScores: dict[str, Any] = {}
    prompt: _Prompt | None = None
    vars: dict[str, Any] | None = None
    response: _PromptfooResponse | None = None
    testCase: _Test | None = None
    failureReason: int | None = None
    error: str | None = None
    gradingResult: Any = None
    latencyMs: float | None = None
    cost: float | None = None
    testIdx: int | None = None
    promptIdx: int = 0


class _Results(msgspec.Struct):
    results: list[msgspec.Raw] = []
    version: int | None = None
    timestamp: str = ""
    stats: dict[str, Any] = {}


class _Document(msgspec.Struct):
    results: _Results
    config: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class _FirstLine(msgspec.Struct):
    results: msgspec.Raw = msgspec.Raw(b"null")


class _ProviderColumn(msgspec.Struct, frozen=True):
    """A provider with a prompt: what the table of promptfoo has a column for."""

    provider: str | _Provider
    prompt: _Prompt | None = None
    promptIdx: int = 0
    namedScores: dict[str, Any] = {}


_RESULT = "a result of promptfoo"
_result = msgspec.json.Decoder(_Result).decode
_column = msgspec.json.Decoder(_ProviderColumn).decode
_line = msgspec.json.Decoder(_FirstLine).decode
_whole = msgspec.json.Decoder(_Document).decode
_row = msgspec.json.Decoder(dict[str, Any]).decode
_Rows = Callable[[], Iterator[tuple[str, bytes]]]


def read(file: RunFile) -> CallStream:
    """One call for each result; every provider in the file is a model."""
    document, rows = _rows(file.path)
    runs, names = _runs(file.path, rows)
    metric = file.mapping.get("score", "success")
    if metric not in names:
        raise UnknownName(f"score in {file.path}", metric, names)
    dropped = {}
    may = {}
    if document is not None:
        config, about = document.config or {}, document.metadata or {}
        may = {
            "description": text_of(config.get("description")),
            "created": document.results.timestamp,
            "promptfoo": text_of(about.get("promptfooVersion")),
        }
        stats = document.results.stats
        said = (stats.get(name) for name in ("successes", "failures", "errors"))
        counted = sum(n for n in said if isinstance(n, int))
        holds = len(document.results.results)
        dropped = file.lacking(str(file.path), holds, counted, "results")
    meta = Meta(
        format=FORMAT.name,
        metric=metric,
        scores=tuple(names),
        may_differ={k: v for k, v in may.items() if v},
    )
    return CallStream(meta=meta, calls=_calls(file.path, rows, runs, metric), dropped=dropped)


def _rows(path: Path) -> tuple[_Document | None, _Rows]:
    with opened(path) as file:
        first = file.readline(LARGEST)
    inside = b"{"
    with suppress(*NOT_JSON):
        inside = bytes(json_value(first, _line).results)
    if not inside.startswith(b"{"):
        return None, lambda: ((f"line {n}", line) for n, line in json_lines(path))
    try:
        document = json_value(content(path), _whole)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{path}: not results of promptfoo in version 3 ({error}). Export them again with "
            "promptfoo export eval ID -o results.json."
        ) from error
    except NOT_JSON as error:
        raise not_json(path, error) from error
    version = document.results.version
    if version not in (None, 2, 3):
        raise InputError(
            f"{path}: results of promptfoo in version {version}; versions 2 and 3 are known. "
            "Export them again with promptfoo export eval ID -o results.json."
        )
    results = document.results.results
    if version == 2:
        results = _numbered(path, results)
    return document, lambda: ((f"results[{i}]", bytes(x)) for i, x in enumerate(results))


def _numbered(path: Path, results: list[msgspec.Raw]) -> list[msgspec.Raw]:
    """Results of version 2 with the number of their column, which that does not write."""
    places: dict[bytes, int] = {}
    numbered = []
    for i, raw in enumerate(results):
        row = decoded(_row, path, f"results[{i}]", bytes(raw), _RESULT)
        prompt = row.get("prompt")
        label = prompt.get("label") if isinstance(prompt, dict) else prompt
        column = msgspec.json.encode([row.get("provider"), label], order="sorted")
        row["promptIdx"] = places.setdefault(column, len(places))
        numbered.append(msgspec.Raw(msgspec.json.encode(row)))
    return numbered


def _runs(path: Path, rows: _Rows) -> tuple[dict[int, str], dict[str, None]]:
    """Column -> what tells it apart from others of its provider, empty if alone; names of scores.

    A test has the named scores of its own assertions only.
    """
    columns: dict[int, _ProviderColumn] = {}
    scores = dict.fromkeys(("success", "score"))
    for where, raw in rows():
        column = decoded(_column, path, where, raw, _RESULT)
        columns.setdefault(column.promptIdx, column)
        scores.update(dict.fromkeys(column.namedScores))
    labels = list(dict.fromkeys(_label(column) for column in columns.values()))
    named = {}
    for i, column in columns.items():
        provider, label = column.provider, _label(column)
        parts = []
        if isinstance(provider, _Provider) and provider.label and provider.label != provider.id:
            parts.append(provider.label)
        if len(labels) > 1:
            short = 0 < len(label) <= _LONGEST_RUN and "\n" not in label
            parts.append(label if short else f"prompt {labels.index(label) + 1}")
        named[i] = ", ".join(parts)
    taken = Counter((_model(columns[i]), name) for i, name in named.items())
    apart = {
        i: f"{name} column {i + 1}".strip() if taken[_model(columns[i]), name] > 1 else name
        for i, name in named.items()
    }
    return apart, scores


def _label(column: _ProviderColumn) -> str:
    return column.prompt.label if column.prompt else ""


def _calls(path: Path, rows: _Rows, runs: Mapping[int, str], metric: str) -> Iterator[Call]:
    repeats: Counter[tuple[int, str]] = Counter()
    for where, raw in rows():
        result = decoded(_result, path, where, raw, _RESULT)
        key, fingerprint = _identity(result)
        repeats[result.promptIdx, key] += 1
        # Named scores that are called like promptfoo's own do not hide these.
        scores = {**result.namedScores, "success": result.success, "score": result.score}
        score = score_in(path, f"{where} ({key})", metric, scores.get(metric))
        response = result.response or _PromptfooResponse()
        failure = _failure(result, response)
        # An answer out of promptfoo's own cache took no time and no money now.
        replayed = response.cached is True
        test = result.testCase or _Test()
        described = {"description": test.description} if test.description else {}
        sent, tokens = result.prompt.raw if result.prompt else "", response.tokenUsage
        usage = None
        # For answers out of its own cache promptfoo gives only a total.
        if tokens is not None and (tokens.prompt or tokens.completion):
            usage = tokens.usage()
        # Where it knows no price, promptfoo writes 0 beside an answer without a cost.
        priced = not replayed and bool(result.cost or response.cost is not None)
        yield Call(
            key=key,
            epoch=repeats[result.promptIdx, key],
            model=_model(result),
            run=runs[result.promptIdx],
            score=None if failure == "error" else score,
            failure=failure,
            # The prompt as sent: text, or a chat as JSON text.
            messages=messages_of(unpacked(sent)) or messages_of(sent),
            output=None if response.output in (None, _STRIPPED) else text_of(response.output),
            usage=usage,
            cost_usd=result.cost if priced else None,
            latency_s=None if replayed or result.latencyMs is None else result.latencyMs / 1000,
            labels=dict(labels_of({**_vars(result), **(test.metadata or {}), **described})),
            fingerprint=fingerprint,
            where=where,
        )


def _failure(result: _Result, response: _PromptfooResponse) -> str:
    # Before version 3 a failed assertion is an error too, but it has been graded.
    unanswered = response.output is None and result.gradingResult is None
    if result.failureReason == _ERROR or (
        result.failureReason is None and result.error and unanswered
    ):
        return "error"
    if response.isRefusal:
        return "refused"
    if response.finishReason == "length":
        return "limit"
    return "empty" if response.output == "" else ""


def _model(result: _Result | _ProviderColumn) -> str:
    return result.provider if isinstance(result.provider, str) else result.provider.id


def _vars(result: _Result) -> dict[str, Any]:
    test = result.testCase.vars if result.testCase else None
    values = (result.vars if test is None else test) or {}
    return {k: v for k, v in values.items() if k not in _OWN_VARS and not k.startswith("_")}


def _identity(result: _Result) -> tuple[str, str]:
    """A key that people can read and a hash of all that makes the test."""
    values = _vars(result)
    asked = result.testCase.asserts if result.testCase else None
    whole = hashlib.sha256(msgspec.json.encode([values, asked], order="sorted")).hexdigest()
    text = ", ".join(f"{k}={text_of(v)}" for k, v in sorted(values.items()))
    if not text and result.testIdx is not None:
        text = f"test {result.testIdx}"
    short = text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}..."
    return f"{' '.join(short.split())} #{whole[:8]}", whole[:16]
