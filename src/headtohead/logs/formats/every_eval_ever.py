"""Every Eval Ever (EvalEval coalition): the samples of an evaluation, `*_samples.jsonl`.

The document beside them, `UUID.json`, says which results there are and whether less is better. Its
figures are of whole evaluations, so it alone pairs nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.formats import first_fields
from headtohead.files.opening import decoded, document, files_of, json_lines, wrong
from headtohead.files.records import at_path, count_of, labels_of, number_of, score_of, text_of
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat
from headtohead.logs.openai import InspectTokens, Messages, asked_hash

_SAMPLE, _WHOLE = ("evaluation_id", "sample_id", "evaluation"), ("evaluation_results", "model_info")
FORMAT = RunFormat(
    name="every-eval-ever",
    about="Every Eval Ever: *_samples.jsonl with its document",
    needs=(_SAMPLE, _WHOLE),
    folders=True,
    holds=("scores", "requests", "tokens", "cost", "latency"),
    maps=("score",),
    pairs="sample id and epoch",
    tried=("every-eval-ever 0.3.0",),
)
_RECORD = "a sample of Every Eval Ever"
_FAILURES = {
    **dict.fromkeys(("content_filter", "refusal"), "refused"),
    **dict.fromkeys(("max_tokens", "model_length", "length"), "limit"),
}


class _EverSample(msgspec.Struct):
    sample_id: str
    evaluation: dict[str, Any]
    model_id: str = ""
    evaluation_name: str = ""
    evaluation_result_id: str | None = None
    input: dict[str, Any] = {}
    output: dict[str, Any] | None = None
    messages: list[dict[str, Any]] | None = None
    token_usage: InspectTokens | None = None
    performance: dict[str, Any] | None = None
    error: str | None = None
    metadata: dict[str, Any] | None = None

    @property
    def result(self) -> str:
        """What tells the results of one evaluation apart."""
        return self.evaluation_result_id or self.evaluation_name


def read(file: RunFile) -> CallStream:
    """The samples of every evaluation of one folder, one call each repeat."""
    paths = _samples(file.path)
    about = [_beside(path) for path in paths]
    counts: dict[str, Counter[str]] = {}
    for path in paths:
        for _, sample in _read(path):
            counts.setdefault(sample.evaluation_name, Counter())[sample.result] += 1
    results = dict.fromkeys(x for of_task in counts.values() for x in of_task)
    wanted = file.mapping.get("score", "")
    if wanted and wanted not in results:
        raise UnknownName(f"result in {file.path}", wanted, tuple(results))
    chosen = {wanted} if wanted else {next(iter(of_task)) for of_task in counts.values()}
    less = {
        text_of(result.get("evaluation_result_id"))
        for whole in about
        for result in whole.get("evaluation_results") or ()
        if at_path(result, "metric_config.lower_is_better") is True
    }
    metrics = [f"minus {x}" if x in less else x for x in results if x in chosen]
    libraries = (at_path(whole, "eval_library.version") for whole in about)
    must = {
        "evaluations": ", ".join(sorted(counts)),
        "harness": ", ".join(sorted({text_of(x) for x in libraries if x})),
    }
    dropped = {
        f"result that was not chosen: {name}": n
        for of_task in counts.values()
        for name, n in of_task.items()
        if name not in chosen
    }
    return CallStream(
        meta=Meta(
            format=FORMAT.name,
            task=", ".join(counts),
            metric=" | ".join(metrics),
            scores=tuple(results),
            must_agree={x: y for x, y in must.items() if y},
        ),
        calls=_calls(paths, chosen, less, len(counts) > 1),
        dropped=dropped,
    )


def _samples(path: Path) -> list[Path]:
    """The files of samples; of a document the one that it names."""
    found = [x for x in files_of(path) if first_fields(x).issuperset(_SAMPLE)]
    if not found and not path.is_dir():
        named = text_of(at_path(document(path), "detailed_evaluation_results.file_path"))
        beside = path.with_name(named.rpartition("/")[2]) if named else path
        found = [beside] if beside != path and beside.exists() else []
    if not found:
        raise InputError(
            f"{path}: holds results of whole evaluations, and no samples to pair. Give the file of "
            "samples beside it, *_samples.jsonl."
        )
    return found


def _beside(samples: Path) -> Mapping[str, Any]:
    name = samples.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix("_samples")
    path = samples.with_name(f"{name}.json")
    whole = document(path) if path.exists() else {}
    return whole if isinstance(whole, dict) else {}


def _read(path: Path) -> Iterator[tuple[int, _EverSample]]:
    decode = msgspec.json.Decoder(_EverSample).decode
    for number, line in json_lines(path):
        yield number, decoded(decode, path, number, line, _RECORD)


def _calls(paths: list[Path], chosen: set[str], less: set[str], several: bool) -> Iterator[Call]:
    repeats: Counter[tuple[str, str]] = Counter()
    for path in paths:
        for number, sample in _read(path):
            if sample.result not in chosen:
                continue
            key = sample.sample_id
            key = f"{sample.evaluation_name}/{key}" if several else key
            repeats[sample.model_id, key] += 1
            try:
                call = _call(sample, sample.result in less)
            except ValueError as error:
                raise wrong(path, number, f"{error}.") from error
            call.key = key
            call.epoch = call.epoch or repeats[sample.model_id, key]
            call.where = f"{path.name}, line {number}"
            if several:
                call.labels["task"] = sample.evaluation_name
            yield call


def _call(sample: _EverSample, less: bool) -> Call:
    about = sample.metadata or {}
    raw, given = text_of(sample.input.get("raw")), sample.input.get("reference")
    right = [text_of(x) for x in (given if isinstance(given, list) else [given]) if x is not None]
    asked, output = _said(sample, raw)
    stop, known = (
        text_of(about.get("stop_reason")),
        "format" if about.get("failure") == "format" else "",
    )
    failure = "error" if sample.error else _FAILURES.get(stop, "empty" if output == "" else known)
    score = None if failure == "error" else score_of(sample.evaluation.get("score"))
    latency = number_of((sample.performance or {}).get("latency_ms"))
    labels = {x: y for x, y in about.items() if x not in ("epoch", "stop_reason", "failure")}
    return Call(
        key="",
        epoch=count_of(about.get("epoch")),
        model=sample.model_id,
        score=-score if less and score is not None else score,
        failure=failure,
        messages=asked,
        output=output,
        reference="\n".join(right) or None,
        usage=sample.token_usage.usage() if sample.token_usage else None,
        # The schema has no place for a cost: this is where ours is written.
        cost_usd=number_of(at_path(sample.performance, "additional_details.cost_usd")),
        latency_s=None if latency is None else latency / 1000,
        labels=dict(labels_of(labels)),
        fingerprint=asked_hash([{"content": raw}], right),
    )


def _said(sample: _EverSample, raw: str) -> tuple[Messages | None, str | None]:
    """What was asked, and what was answered: of a conversation its last answer."""
    if not sample.messages:
        texts = (sample.output or {}).get("raw")
        text = texts[0] if isinstance(texts, list) and len(texts) == 1 else texts
        sent = text_of(sample.input.get("formatted")) or raw
        return [{"role": "user", "content": sent}], text if isinstance(text, str) else None
    first = next((n for n, x in enumerate(sample.messages) if x.get("role") == "assistant"), None)
    asked = [{"role": x.get("role"), "content": x.get("content")} for x in sample.messages[:first]]
    answers = [x for x in sample.messages if x.get("role") == "assistant"]
    return asked or None, text_of(answers[-1].get("content")) if answers else None
