"""Logs of Inspect, the framework of the UK AI Security Institute: `.eval` and `.json`.

A `.eval` file is a zip archive of JSON: `header.json` when the run ended (`_journal/start.json`
before that), and one `samples/ID_epoch_N.json` a sample. Newer ones are compressed with zstd. The
`.json` log holds the header and all samples in one document.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.opening import ZIP, content, json_value, keys_once, member, not_json, zipped
from headtohead.files.records import labels_of, score_of, text_of
from headtohead.logs.calls import PARAMS, Call, CallStream, Meta, RunFile, RunFormat
from headtohead.logs.openai import InspectTokens, tool_call

_HEADER, _START, _SAMPLES = "header.json", "_journal/start.json", "samples/"
FORMAT = RunFormat(
    name="inspect",
    about="Logs of Inspect (UK AI Security Institute): .eval and .json",
    needs=(("eval.task", "eval.run_id"),),
    archived=(_HEADER, _START),
    holds=("scores", "requests", "tokens", "cost", "latency"),
    maps=("score",),
    pairs="sample id and epoch",
    tried=("inspect-ai 0.3.41 0.3.75 0.3.90 0.3.108 0.3.120 0.3.285",),
)
_GENERATE = ("temperature", "reasoning_effort", "reasoning_tokens", "effort", "max_tokens", "seed")
_Raws = Iterator[tuple[str, bytes]]
_PARTS = ("text", "image", "audio", "video", "document", "data", "reasoning")


_Table = dict[str, Any] | None  # Inspect writes what it has not as null


class _InspectData(msgspec.Struct):
    name: Any = None
    samples: Any = None
    sample_ids: Any = None


class _InspectConfig(msgspec.Struct):
    epochs: Any = None


class _InspectEval(msgspec.Struct):
    """What was run, on what."""

    task: str | None = None
    task_registry_name: str | None = None
    task_version: Any = None
    task_args: _Table = None
    model: str | None = None
    model_base_url: str | None = None
    model_generate_config: _Table = None
    dataset: _InspectData | None = None
    config: _InspectConfig | None = None
    packages: _Table = None
    scorers: list[dict[str, Any]] | None = None
    revision: _Table = None
    created: str | None = None


class _InspectResults(msgspec.Struct):
    headline: _Table = None
    scores: list[dict[str, Any]] | None = None
    total_samples: Any = None
    early_stopping: Any = None


class _InspectPlan(msgspec.Struct):
    steps: list[dict[str, Any]] | None = None
    config: _Table = None


class _InspectLog(msgspec.Struct):
    eval: _InspectEval
    status: str = "started"
    results_or_null: _InspectResults | None = msgspec.field(default=None, name="results")
    plan_or_null: _InspectPlan | None = msgspec.field(default=None, name="plan")
    samples: list[msgspec.Raw] | None = None

    @property
    def results(self) -> _InspectResults:
        return self.results_or_null or _InspectResults()

    @property
    def plan(self) -> _InspectPlan:
        return self.plan_or_null or _InspectPlan()

    @property
    def generate(self) -> dict[str, Any]:
        """What generation was asked with."""
        return {**(self.eval.model_generate_config or {}), **(self.plan.config or {})}


class _InspectUsage(InspectTokens, gc=False):
    total_cost: float | None = None


class _InspectChoice(msgspec.Struct):
    message: _Table = None
    stop_reason: str | None = None


class _InspectOutput(msgspec.Struct):
    completion: str | None = None
    choices: list[_InspectChoice] = []

    @property
    def text(self) -> str | None:
        """The text answered; None if the log holds none.

        Logs before August 2025 write no `completion`, which is drawn from the first choice.
        """
        if self.completion or not self.choices:
            return self.completion or None
        said = (self.choices[0].message or {}).get("content")
        if not isinstance(said, list):
            return said if isinstance(said, str) else self.completion
        parts = (x for x in said if isinstance(x, dict) and x.get("type") == "text")
        return "".join(text_of(part.get("text")) for part in parts)


class _InspectMessage(msgspec.Struct):
    role: str = "user"
    content: Any = None
    source: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class _InspectSample(msgspec.Struct):
    """What is read of a sample; its events are passed over, so they cost no memory."""

    id: int | str
    epoch: int = 1
    input: str | list[dict[str, Any]] = ""
    choices: list[str] | None = None
    target: str | list[str] = ""
    messages: list[_InspectMessage] = []
    output: _InspectOutput | None = None
    scores: dict[str, dict[str, Any]] | None = None
    score: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    model_usage: dict[str, _InspectUsage] = {}
    started_at: str | None = None
    total_time: float | None = None
    working_time: float | None = None
    error: Any = None
    limit: Any = None
    invalidation: Any = None

    def values(self) -> dict[str, Any]:
        """Scorer -> value; logs of the first versions have one score without a name."""
        if self.scores is None and self.score is not None:
            return {"score": self.score.get("value")}
        return {name: score.get("value") for name, score in (self.scores or {}).items()}


_log, _one = (msgspec.json.Decoder(kind).decode for kind in (_InspectLog, _InspectSample))


class _ScorerChoice(msgspec.Struct, frozen=True):
    scorer: str
    part: str
    others: tuple[str, ...]


def read(file: RunFile) -> CallStream:
    """The samples of a log, one call each."""
    if content(file.path, 4) == ZIP:
        log, raws = _archive(file.path)
    else:
        log = _header(file.path, "the log", content(file.path))
        samples, log.samples = log.samples or [], None
        raws = ((f"samples[{i}]", bytes(raw)) for i, raw in enumerate(samples))
    first = next(raws, None)
    if first is None:
        raise InputError(
            f"{file.path}: the log holds no samples (status {log.status!r}). Run the task with "
            "--log-samples, and read the log when the run has ended."
        )
    choice = _scorer(file, log, _sample(file.path, *first))
    dropped = Counter[str]()
    calls = _calls(file, log, chain([first], raws), choice, dropped)
    return CallStream(meta=_meta(log, choice), calls=calls, dropped=dropped)


def _archive(path: Path) -> tuple[_InspectLog, _Raws]:
    with zipped(path) as archive:
        names = archive.namelist()
        header = _HEADER if _HEADER in names else _START
        log = _header(path, header, member(archive, path, header))
    # A sample that was run again is written again; of equal names the last is read.
    samples = {x: None for x in names if x.startswith(_SAMPLES) and x.endswith(".json")}
    if not samples and any(name.startswith(_SAMPLES) for name in names):
        raise InputError(
            f"{path}: keeps its samples in a layout newer than this version knows. Convert it with "
            "inspect log convert --to json, or update headtohead."
        )

    def members() -> _Raws:
        with zipped(path) as archive:
            for name in samples:
                yield name, member(archive, path, name)

    return log, members()


def _header(path: Path, name: str, text: bytes) -> _InspectLog:
    try:
        log: _InspectLog = json_value(text, _log)
        return log
    except msgspec.ValidationError as error:
        raise InputError(
            f"{path}: {name} is not the header of an Inspect log ({error})."
        ) from error
    except (ValueError, RecursionError) as error:
        raise not_json(path, error) from error


def _sample(path: Path, name: str, raw: bytes) -> _InspectSample:
    try:
        sample: _InspectSample = json_value(raw, _one)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: {name} is not a sample of an Inspect log ({error}). Copy the file again, or "
            "report the layout with this line."
        ) from error
    keys_once(path, name, raw)
    return sample


def _calls(
    file: RunFile, log: _InspectLog, raws: _Raws, choice: _ScorerChoice, dropped: Counter[str]
) -> Iterator[Call]:
    path, model, n = file.path, log.eval.model or "", 0
    params = _params(log)
    for raw in raws:
        n += 1
        sample = _sample(path, *raw)
        if sample.invalidation is not None:
            dropped["marked invalid in the log"] += 1
            continue
        try:
            yield _call(sample, model, choice, params)
        except ValueError as error:
            raise InputError(
                f"{path}: the score {choice.scorer!r} of sample {sample.id!r}, epoch "
                f"{sample.epoch}: {error}. Choose another with `mapping={{'score': 'SCORER'}}`."
            ) from error
    expected = _expected(log)
    if log.status == "success":
        dropped.update(file.lacking(str(path), n, expected, "samples"))
    elif n < expected:
        dropped[f"the run ended with status {log.status!r} before this sample"] = expected - n


def _expected(log: _InspectLog) -> int:
    if log.results.early_stopping:
        return 0
    if log.status == "success":
        total = log.results.total_samples
        return total if isinstance(total, int) else 0
    ids = log.eval.dataset.sample_ids if log.eval.dataset else None
    epochs = log.eval.config.epochs if log.eval.config else None
    return (len(ids) if isinstance(ids, list) else 0) * (epochs if isinstance(epochs, int) else 1)


def _scorer(file: RunFile, log: _InspectLog, first: _InspectSample) -> _ScorerChoice:
    """The scorer asked for, else the one whose figure Inspect shows first."""
    values = first.values()
    headline = (log.results.headline or {}).get("scorer")
    named = [
        headline,
        *(score.get("scorer") for score in log.results.scores or []),
        *values,
        *(scorer.get("name") for scorer in log.eval.scorers or []),
    ]
    unnamed = bool(values) and first.scores is None
    names = list(values if unnamed else dict.fromkeys(str(name) for name in named if name))
    wanted = file.mapping.get("score", "")
    if not wanted:
        return _ScorerChoice(names[0] if names else "", "", tuple(names[1:]))
    for name in sorted(names, key=len, reverse=True):
        if wanted == name or wanted.startswith(f"{name}."):
            others = tuple(other for other in names if other != name)
            return _ScorerChoice(name, wanted[len(name) + 1 :], others)
    raise UnknownName(f"scorer in {file.path}", wanted, names)


def _meta(log: _InspectLog, choice: _ScorerChoice) -> Meta:
    run = log.eval
    task = run.task or ""
    dataset, config = run.dataset or _InspectData(), run.config or _InspectConfig()
    packages = run.packages or {}
    own = (run.task_registry_name or task).partition("/")[0]
    version = packages.get(own) or packages.get(own.replace("-", "_"))

    def with_options(name: object, options: object) -> str:
        return text_of(name) + (f" {text_of(options)}" if options else "")

    scorers = (with_options(x.get("name"), x.get("options")) for x in run.scorers or [])
    steps = (with_options(x.get("solver"), x.get("params")) for x in log.plan.steps or [])
    must = {
        "task version": text_of(run.task_version),
        "data set": text_of(dataset.name),
        "samples in the data set": text_of(dataset.samples),
        "scorers": ", ".join(scorers),
        "solver": "; ".join(steps),
        **{f"task argument {k}": text_of(v) for k, v in (run.task_args or {}).items()},
        f"package {own}": text_of(version),
    }
    may = {
        "model": text_of(run.model),
        "endpoint": text_of(run.model_base_url),
        **{name: text_of(log.generate.get(name)) for name in _GENERATE},
        "created": text_of(run.created),
        "commit": text_of((run.revision or {}).get("commit")),
        "epochs": text_of(config.epochs),
        "status": log.status,
        "inspect_ai": text_of(packages.get("inspect_ai")),
        "other scorers": ", ".join(choice.others),
    }
    return Meta(
        format=FORMAT.name,
        task=task,
        metric=f"{choice.scorer}.{choice.part}" if choice.part else choice.scorer,
        scores=(choice.scorer, *choice.others) if choice.scorer else (),
        must_agree={k: v for k, v in must.items() if v},
        may_differ={k: v for k, v in may.items() if v},
    )


def _params(log: _InspectLog) -> dict[str, Any]:
    """What every request was sent with, in OpenAI's words."""
    given = log.generate
    extra = given.pop("extra_body", None)
    more = extra if isinstance(extra, Mapping) else {}
    given = {**given, **more, "stop": given.get("stop_seqs")}
    return {name: value for name, value in given.items() if name in PARAMS and value is not None}


def _call(
    sample: _InspectSample, model: str, choice: _ScorerChoice, params: dict[str, Any]
) -> Call:
    """The call that a sample is; ValueError if its score is no number and no known word."""
    failure = _failure(sample)
    # Other models in a sample are graders or helpers, which a stand-in would not replace.
    used = list(sample.model_usage.values())
    tokens = sample.model_usage.get(model) or (used[0] if len(used) == 1 else None)
    target: list[str] = [sample.target] if isinstance(sample.target, str) else sample.target
    return Call(
        key=str(sample.id),
        epoch=sample.epoch,
        model=model,
        score=None if failure == "error" else score_of(_value(sample, choice)),
        failure=failure,
        messages=_messages(sample),
        params=params,
        output=sample.output.text if sample.output else None,
        reference="\n".join(target) or None,
        usage=tokens.usage() if tokens else None,
        cost_usd=tokens.total_cost if tokens else None,
        latency_s=sample.total_time if sample.working_time is None else sample.working_time,
        started=sample.started_at or "",
        labels=dict(labels_of(sample.metadata or {})),
        fingerprint=_fingerprint(sample, target),
        where=f"sample {sample.id} epoch {sample.epoch}",
    )


def _value(sample: _InspectSample, choice: _ScorerChoice) -> object:
    scores, part = sample.values(), choice.part
    if choice.scorer not in scores:
        return None
    value = scores[choice.scorer]
    if not isinstance(value, Mapping):
        if part:
            raise ValueError(f"has no part {part!r}: its value is {value!r}")
        return value
    names = ", ".join(map(str, value))
    if not part:
        raise ValueError(
            f"has several parts; name one with `mapping={{'score': '{choice.scorer}."
            f"{next(iter(value), 'PART')}'}}` (parts: {names})"
        )
    if part not in value:
        raise ValueError(f"has no part {part!r}, only {names}")
    return value[part]


def _failure(sample: _InspectSample) -> str:
    if sample.error is not None:
        return "error"
    stops = {x.stop_reason for x in sample.output.choices} if sample.output else set()
    if "content_filter" in stops and sample.limit is None:
        return "refused"
    if sample.limit is not None or stops & {"max_tokens", "model_length"}:
        return "limit"
    called = sample.output is not None and "tool_calls" in stops
    empty = sample.output is not None and sample.output.text == "" and not called
    return "empty" if empty else ""


def _fingerprint(sample: _InspectSample, target: list[str]) -> str:
    """A hash of question and answer that stays when choices are shuffled and ids drawn anew."""
    choices = sample.choices or []
    places = (ord(x) - ord("A") if len(x) == 1 else -1 for x in target)
    texts = [
        choices[place] if 0 <= place < len(choices) else said
        for place, said in zip(places, target, strict=True)
    ]
    asked: Any = sample.input
    if not isinstance(asked, str):
        asked = [[m.get("role", ""), m.get("content")] for m in asked]
        for message in asked:
            if isinstance(message[1], list):
                message[1] = [
                    {k: p[k] for k in _PARTS if k in p} if isinstance(p, dict) else p
                    for p in message[1]
                ]
    text = msgspec.json.encode([asked, sorted(choices), texts])
    return hashlib.sha256(text).hexdigest()[:16]


def _messages(sample: _InspectSample) -> list[dict[str, Any]] | None:
    """What the model was first sent: all up to its first answer, in the shape of chat."""
    sent = []
    for message in sample.messages:
        if message.role == "assistant" and message.source != "input":
            break
        said = _content(message.content)
        if said is None:
            return None
        kept = {"role": message.role, "content": said}
        if message.tool_calls:
            kept["tool_calls"] = [
                tool_call(x.get("id"), x.get("function"), x.get("arguments") or {})
                for x in message.tool_calls
            ]
        if message.tool_call_id:
            kept["tool_call_id"] = message.tool_call_id
        sent.append(kept)
    return sent or None


def _content(content: object) -> object:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts: list[object] = []
    for part in content:
        if isinstance(part, dict) and part.get("type") == "text":
            parts.append({"type": "text", "text": text_of(part.get("text"))})
        elif isinstance(part, dict) and part.get("type") == "image":
            parts.append({"type": "image_url", "image_url": {"url": part.get("image")}})
        else:
            return None
    return parts
