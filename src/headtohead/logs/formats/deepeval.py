"""Test runs of DeepEval: `.deepeval/.latest_run_full.json`, or a file of its results folder."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import UnknownName
from headtohead.files.opening import content, decoded, json_value, keys_once
from headtohead.files.records import labels_of, score_in, text_of
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat, Usage
from headtohead.logs.openai import Messages, asked_hash

_WRAPPED = "testRunData"
FORMAT = RunFormat(
    name="deepeval",
    about="DeepEval (Confident AI): the JSON of a test run",
    needs=(("testCases", "metricsScores"), (f"{_WRAPPED}.testCases",)),
    holds=("scores", "requests", "tokens", "cost", "latency"),
    maps=("score",),
    pairs="name of a case, or its text",
    tried=("deepeval 2.5.5 4.3.1",),
)
_SUCCESS = "success"
_NUMBERED = re.compile(r"(conversational_)?test_case_\d+")  # named by DeepEval itself, by place
_LONGEST_KEY = 60
_RUN = "a test run of DeepEval"
_CASES = ("testCases", "conversationalTestCases")


class _MetricData(msgspec.Struct, rename="camel"):
    name: str
    score: Any = None
    success: bool | None = None
    threshold: float | None = None
    evaluation_model: str | None = None
    strict_mode: bool | None = None
    error: str | None = None
    flaky: bool = False
    skipped: bool = False


class _Case(msgspec.Struct, rename="camel"):
    name: str = ""
    input: str = ""
    actual_output: str | None = None
    expected_output: str | None = None
    turns: list[dict[str, Any]] | None = None
    scenario: str | None = None
    expected_outcome: str | None = None
    metrics_data: list[_MetricData] | None = None
    success: bool | None = None
    token_cost: float | None = None
    input_token_count: int | None = None
    output_token_count: int | None = None
    completion_time: float | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    additional_metadata: dict[str, Any] | None = None

    def scores(self) -> dict[str, Any]:
        """Metric -> score, with DeepEval's verdict on the case under `success`.

        A metric that could not be worked out, since its judge failed, leaves both unknown; DeepEval
        itself writes that the case failed.
        """
        metrics = [x for x in self.metrics_data or () if not x.skipped]
        scores = {x.name: None if x.error else x.score for x in metrics}
        verdicts = [None if x.error else x.success for x in metrics if not x.flaky]
        known = [x for x in verdicts if x is not None]
        # One that is unknown leaves all unknown, unless another failed anyway.
        verdict = None if all(known) and len(known) < max(1, len(verdicts)) else all(known)
        return {_SUCCESS: self.success if not metrics else verdict, **scores}


class _TestRun(msgspec.Struct, rename="camel"):
    test_cases: list[msgspec.Raw] = []
    conversational_test_cases: list[msgspec.Raw] = []
    hyperparameters: dict[str, Any] | None = None
    test_file: str | None = None
    identifier: str | None = None
    dataset_alias: str | None = None
    dataset_version: str | None = None


def read(file: RunFile) -> CallStream:
    """The test cases of a run, one call each; a conversation is one too."""
    text = content(file.path)
    inside = bytes(decoded(_outer, file.path, "", text, _RUN).get(_WRAPPED, text))
    for name, raw in decoded(_outer, file.path, "", inside, _RUN).items():
        if name not in _CASES:
            keys_once(file.path, name, bytes(raw), json_value(bytes(raw)))
    run = decoded(_run, file.path, "", inside, _RUN)
    raws = [*run.test_cases, *run.conversational_test_cases]
    names: dict[str, None] = {}
    first: dict[str, _MetricData] = {}
    judged = False
    # Read twice, as the cases take more memory than their text.
    for n, raw in enumerate(raws, 1):
        where = f"test case {n}"
        case = decoded(_case, file.path, where, bytes(raw), "a test case of DeepEval")
        keys_once(file.path, where, bytes(raw), json_value(bytes(raw)))
        scores = case.scores()
        names |= dict.fromkeys(scores)
        judged = judged or scores[_SUCCESS] is not None
        for one in case.metrics_data or ():
            first.setdefault(one.name, one)
    wanted = file.mapping.get("score", "")
    if wanted and wanted not in names:
        raise UnknownName(f"score in {file.path}", wanted, tuple(names))
    single = [name for name in names if name != _SUCCESS]
    metric = wanted or (single[0] if len(single) == 1 and not judged else _SUCCESS)
    given = run.hyperparameters or {}
    model = text_of(given.get("model"))
    may = {
        **{name: text_of(value) for name, value in given.items()},
        "identifier": run.identifier or "",
        "test file": run.test_file or "",
    }
    used = [single for single in names if metric in (_SUCCESS, single) and single != _SUCCESS]
    must = {
        "data set": " ".join(filter(None, (run.dataset_alias, run.dataset_version))),
        **{f"metric {name}": _how(first[name]) for name in used},
    }
    return CallStream(
        meta=Meta(
            format=FORMAT.name,
            task=run.dataset_alias or "",
            metric=metric,
            scores=tuple(names),
            must_agree={x: y for x, y in must.items() if y},
            may_differ={x: y for x, y in may.items() if y},
        ),
        calls=_calls(file.path, raws, metric, model),
        dropped={},
    )


_outer = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_run = msgspec.json.Decoder(_TestRun).decode
_case = msgspec.json.Decoder(_Case).decode


def _how(one: _MetricData) -> str:
    """How a metric judged: its threshold, and its model if it has one."""
    said = [f"threshold {text_of(one.threshold)}" if one.threshold is not None else ""]
    said += [f"judged by {one.evaluation_model}" if one.evaluation_model else ""]
    return ", ".join([*filter(None, said), *(["strict"] if one.strict_mode else [])])


def _calls(path: Path, raws: list[msgspec.Raw], metric: str, model: str) -> Iterator[Call]:
    repeats: Counter[str] = Counter()
    for n, case in enumerate(map(_case, raws), 1):
        messages, output = _said(case)
        reference = case.expected_output or case.expected_outcome
        asked = case.input or case.scenario or ""
        fingerprint = asked_hash(messages or [], asked, reference or "")
        key = case.name
        if not key or _NUMBERED.fullmatch(key):
            # Places change with the order of cases, so the text is the key.
            short = asked if len(asked) <= _LONGEST_KEY else f"{asked[:_LONGEST_KEY]}..."
            key = f"{' '.join(short.split())} #{hashlib.sha256(asked.encode()).hexdigest()[:8]}"
        repeats[key] += 1
        into, out = case.input_token_count, case.output_token_count
        score = score_in(path, f"test case {n} ({key})", metric, case.scores().get(metric))
        known = into is not None or out is not None
        yield Call(
            key=key,
            epoch=repeats[key],
            model=model,
            score=score,
            failure="empty" if output == "" else "",
            messages=messages,
            output=output,
            reference=reference,
            usage=Usage(input_tokens=into or 0, output_tokens=out or 0) if known else None,
            cost_usd=case.token_cost,
            latency_s=case.completion_time,
            labels=_labels(case),
            fingerprint=fingerprint,
            where=f"test case {n}",
        )


def _said(case: _Case) -> tuple[Messages | None, str | None]:
    """What was asked, and the answer: of a conversation its last one."""
    if case.turns is None:
        return [{"role": "user", "content": case.input}], case.actual_output
    turns = [{"role": x.get("role", "user"), "content": x.get("content")} for x in case.turns]
    if turns and turns[-1]["role"] == "assistant":
        return turns[:-1] or None, text_of(turns[-1]["content"])
    return turns or None, None


def _labels(case: _Case) -> dict[str, str]:
    given: Mapping[str, Any] = {**(case.additional_metadata or {}), **(case.metadata or {})}
    labels = dict(labels_of(given))
    return {**labels, "tags": ",".join(sorted(case.tags))} if case.tags else labels
