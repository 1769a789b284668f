"""Results of EvalScope (ModelScope): `reviews/MODEL/TASK_SUBSET.jsonl`, with `predictions/` beside.

A review holds the scores of a sample, a prediction its answer with tokens and time. Version 1.0
changed both layouts; before it a review was the answer of the interface with a `review` inside.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.formats import first_fields
from headtohead.files.opening import (
    decoded,
    document,
    files_of,
    json_lines,
    valid_json,
)
from headtohead.files.records import at_path, labels_of, score_in, text_of
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat
from headtohead.logs.openai import (
    Body,
    InspectTokens,
    LoggedAnswer,
    answer_of,
    asked_hash,
    content_text,
    judged,
    usage_of,
)

_REVIEW, _OLD_REVIEW = ("index", "sample_score"), ("choices", "reviewer_spec", "raw_input")
_PREDICTION, _OLD_PREDICTION = ("index", "model_output"), ("choices", "answer_id", "raw_input")
_KNOWN = (_REVIEW, _OLD_REVIEW, _PREDICTION, _OLD_PREDICTION)
FORMAT = RunFormat(
    name="evalscope",
    about="EvalScope (ModelScope): reviews/ and predictions/ of a run",
    needs=_KNOWN,
    folders=True,
    holds=("scores", "requests", "tokens", "latency"),
    maps=("score",),
    pairs="place of a sample in its task, and repeat",
    tried=("evalscope 0.13.2 0.17.1 1.0.2 1.14.1",),
)
_RECORD = "a record of EvalScope"
_FINISH = {"model_length": "length", "max_tokens": "length"}


class _ScopeChoice(msgspec.Struct):
    message: dict[str, Any]
    stop_reason: str | None = None


class _ScopeOutput(msgspec.Struct):
    model: str | None = None
    choices: list[_ScopeChoice] = []
    usage: InspectTokens | None = None
    time: float | None = None
    error: Any = None


class _Prediction(msgspec.Struct):
    """A prediction of either layout: before 1.0 it is the answer of the interface."""

    index: int | str | None = None
    answer_id: str = ""
    model_output: _ScopeOutput | None = None


class _ScoreOfSample(msgspec.Struct):
    value: dict[str, Any] = {}
    main_score_name: str | None = None
    status: str | None = None
    prediction: str | None = None
    extracted_prediction: str | None = None
    metadata: dict[str, Any] | None = None


class _SampleScore(msgspec.Struct):
    score: _ScoreOfSample
    group_id: int | str | None = None
    generation_index: int | None = None
    sample_metadata: dict[str, Any] | None = None


class _ScopeReview(msgspec.Struct):
    index: int | str
    sample_score: _SampleScore
    target: list[str] | str | None = None
    messages: list[dict[str, Any]] = []
    input: str = ""


class _OldChoice(msgspec.Struct):
    review: dict[str, Any] = {}


class _OldReview(msgspec.Struct):
    choices: list[_OldChoice]
    raw_input: Any
    model: str = ""
    index: int | str | None = None
    answer_id: str = ""
    subset_name: str = ""
    created: float | None = None


class _Scored(NamedTuple):
    """A sample with what its review says: `values` are its scores, of which `main` is the first."""

    key: str
    epoch: int
    values: Mapping[str, Any]
    main: str
    call: Call


def read(file: RunFile) -> CallStream:
    """The samples of all tasks of a run, one call each repeat."""
    kinds: dict[bool, list[Path]] = {True: [], False: []}
    for path in files_of(file.path):
        fields = first_fields(path)
        known = [fields.issuperset(kind) for kind in _KNOWN]
        if any(known):
            kinds[any(known[:2])].append(path)
    reviews, answers = kinds[True], {path.name: path for path in kinds[False]}
    if not reviews:
        raise InputError(
            f"{file.path}: holds predictions without reviews, so no scores. Give the folder of the "
            "run, which holds reviews/ and predictions/."
        )
    runs = {path.parent.parent.parent for path in reviews}
    if len(runs) > 1:
        named = ", ".join(sorted(str(run.relative_to(file.path)) for run in runs))
        raise InputError(f"{file.path}: holds {len(runs)} runs of EvalScope. Name one: {named}.")
    if not file.path.is_dir() and file.path.parent.parent.name == "reviews":
        run = file.path.parent.parent.parent / "predictions" / file.path.parent.name
        beside = run / file.path.name
        answers = {beside.name: beside} if beside.exists() else {}
    dropped = Counter[str]()
    firsts = [next(_reviewed(path, {}), None) for path in reviews]
    metrics = [_metric(file, path, one) for path, one in zip(reviews, firsts, strict=True) if one]
    tasks = [path.stem for path in reviews]
    meta = Meta(
        format=FORMAT.name,
        task=", ".join(dict.fromkeys(tasks)),
        metric=" | ".join(dict.fromkeys(metrics)),
        scores=tuple(dict.fromkeys(name for one in firsts if one for name in one.values)),
        must_agree={"tasks": ", ".join(sorted(set(tasks)))},
    )
    calls = _calls(reviews, answers, file.mapping.get("score", ""), dropped)
    return CallStream(meta=meta, calls=calls, dropped=dropped)


def _metric(file: RunFile, path: Path, first: _Scored) -> str:
    wanted = file.mapping.get("score", "")
    if wanted and wanted not in first.values:
        raise UnknownName(f"score in {path}", wanted, tuple(first.values))
    return wanted or first.main


def _calls(
    reviews: list[Path], answers: Mapping[str, Path], wanted: str, dropped: Counter[str]
) -> Iterator[Call]:
    several = len({path.name for path in reviews}) > 1
    for path in reviews:
        model, n = path.parent.name, 0
        answered = {}
        beside = next((x for x in answers.values() if _beside(x, path)), None)
        for number, line in json_lines(beside) if beside else ():
            one = decoded(_prediction, beside or path, number, line, _RECORD)
            answered[text_of(one.index) or one.answer_id] = valid_json(line)
        for scored in _reviewed(path, answered):
            n += 1
            call = scored.call
            call.key = f"{path.stem}/{scored.key}" if several else scored.key
            call.epoch = scored.epoch
            call.model = call.model or model
            call.labels = {**call.labels, **({"task": path.stem} if several else {})}
            metric = wanted or scored.main
            value = None if call.failure == "error" else scored.values.get(metric)
            call.score = score_in(path, call.where, metric, value)
            yield call
        lost = _asked_n(path) - n
        if lost > 0:
            dropped["sample that EvalScope could not ask or score, of which it keeps nothing"] += (
                lost
            )


_prediction = msgspec.json.Decoder(_Prediction).decode
_review = msgspec.json.Decoder(_ScopeReview).decode
_old_review = msgspec.json.Decoder(_OldReview).decode
_body = msgspec.json.Decoder(Body).decode


def _beside(answers: Path, reviews: Path) -> bool:
    """Whether a file of predictions is of the same model and task as one of reviews."""
    return answers.name == reviews.name and answers.parent.name == reviews.parent.name


def _asked_n(reviews: Path) -> int:
    """How many samples the report says were asked; 0 if there is none that does."""
    folder = reviews.parent.parent.parent / "reports" / reviews.parent.name
    for report in sorted(folder.glob("*.json")):
        task = f"{report.stem}_"
        if reviews.stem.startswith(task):
            subsets = at_path(document(report), "execution_summary.subsets")
            subset = reviews.stem.removeprefix(task)
            asked = subsets.get(subset) if isinstance(subsets, dict) else None
            requested = at_path(asked, "requested")
            return requested if isinstance(requested, int) else 0
    return 0


def _reviewed(path: Path, answered: Mapping[str, bytes]) -> Iterator[_Scored]:
    old = first_fields(path).issuperset(_OLD_REVIEW)
    seen: Counter[str] = Counter()
    for number, line in json_lines(path):
        where = f"{path.name}, line {number}"
        if old:
            body = decoded(_body, path, number, line, _RECORD)
            yield from _before_1(decoded(_old_review, path, number, line, _RECORD), body, where)
            continue
        review = decoded(_review, path, number, line, _RECORD)
        said = review.sample_score
        key = text_of(review.index if said.group_id is None else said.group_id)
        seen[key] += 1
        epoch = seen[key] if said.generation_index is None else said.generation_index + 1
        yield _since_1(review, answered.get(text_of(review.index), b""), key, epoch, where)


def _since_1(review: _ScopeReview, answered: bytes, key: str, epoch: int, where: str) -> _Scored:
    score = review.sample_score.score
    # The first reviews of version 1 hold the request as a text for people only.
    said = review.messages
    sent = next((n for n, x in enumerate(said) if x.get("source") == "generate"), len(said))
    asked = [
        {name: x[name] for name in ("role", "content", "tool_call_id") if x.get(name) is not None}
        for x in said[:sent]
    ]
    output = _prediction(answered).model_output if answered else None
    answer = LoggedAnswer(score.prediction)
    if output is not None and output.choices:
        first = output.choices[0]
        finish = _FINISH.get(first.stop_reason or "", first.stop_reason)
        called = first.message.get("tool_calls")
        listed = called if isinstance(called, list) else ()
        functions = [x.get("function") for x in listed if isinstance(x, dict)]
        tools: list[tuple[str | None, Any]] = [(text_of(x), None) for x in functions]
        answer = judged(_said(first.message.get("content")), finish, tools)
    failed = score.status not in (None, "success")
    # A score that could not be worked out is written as 0.
    errors = (score.metadata or {}).get("metric_errors")
    broken = tuple(x.lower() for x in errors) if isinstance(errors, dict) else ()
    values = {
        name: None if failed or name.lower().startswith(broken) else value
        for name, value in score.value.items()
    }
    failure = "error" if output is not None and output.error else answer.failure
    if not failure and answer.text and score.extracted_prediction == "":
        failure = "format"
    target = [review.target] if isinstance(review.target, str) else review.target or []
    call = Call(
        key=key,
        model=(output.model or "") if output else "",
        failure=failure,
        messages=asked or None,
        output=answer.text,
        reference="\n".join(target) or None,
        usage=output.usage.usage() if output and output.usage else None,
        latency_s=output.time if output else None,
        labels=dict(labels_of(review.sample_score.sample_metadata or {})),
        fingerprint=asked_hash(asked or [{"content": review.input}], target),
        where=where,
    )
    if answer.finish:
        call.labels["finish"] = answer.finish
    return _Scored(key, epoch, values, score.main_score_name or next(iter(values), ""), call)


def _said(content: object) -> str | None:
    """The text of an answer, without its reasoning."""
    if isinstance(content, list):
        content = [x for x in content if isinstance(x, dict) and x.get("type") == "text"]
    return content_text(content)


def _before_1(review: _OldReview, body: Body, where: str) -> Iterator[_Scored]:
    answer = answer_of(body)
    raw = review.raw_input
    asked = raw if isinstance(raw, dict) else {"input": raw}
    for n, choice in enumerate(review.choices, 1):
        result = choice.review.get("result")
        values = result if isinstance(result, dict) else {"score": result}
        first = n == 1
        call = Call(
            key="",
            model=review.model,
            failure=answer.failure if first else "",
            output=answer.text if first else None,
            reference=text_of(choice.review.get("gold")) or None,
            usage=usage_of(body.usage) if first else None,
            labels=dict(labels_of({"subset": review.subset_name} if review.subset_name else {})),
            fingerprint=asked_hash([asked]),
            where=where,
        )
        key = text_of(review.index) or asked_hash([asked])
        yield _Scored(key, n, values, next(iter(values), ""), call)
