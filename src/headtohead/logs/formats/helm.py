"""Runs of HELM (Stanford CRFM): a folder with `per_instance_stats.json` and `scenario_state.json`.

`display_predictions.json` with `instances.json`, which HELM publishes, will do too. `stats.json`
holds means over instances alone, so nothing can be paired by it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.opening import converted, decoded, document, files_of
from headtohead.files.records import at_path, records, score_in, text_of
from headtohead.logs.calls import (
    PARAMS,
    Call,
    CallStream,
    Meta,
    RunFile,
    RunFormat,
    Usage,
    started_at,
)
from headtohead.logs.openai import asked_hash, judged, messages_of

_STATS, _SHOWN, _STATE = (
    "per_instance_stats.json",
    "display_predictions.json",
    "scenario_state.json",
)
FORMAT = RunFormat(
    name="helm",
    about="HELM (Stanford CRFM): the folder of a run or of a suite",
    needs=(
        ("instance_id", "train_trial_index", "stats"),
        ("adapter_spec", "request_states"),
        ("name", "count", "sum_squared"),
    ),
    folders=True,
    holds=("scores", "requests", "tokens", "latency"),
    maps=("score",),
    pairs="instance and trial",
    tried=("crfm-helm 0.5.16",),
)
# What HELM counts of every instance beside its scores.
_COUNTED = re.compile(
    r"num_.*|training_.*|inference_.*|finish_reason_.*|batch_size|prompt_truncated|max_prob|logprob"
    r"|perplexity|bits_per_byte|logprob_per_byte"
)
_FIRST = ("exact_match", "quasi_exact_match")
_MODEL = re.compile(r",?\bmodel(?:_deployment)?=[^,]*")
_BLOCKED = re.compile(r"block|polic|safety|filter|guideline", re.IGNORECASE)
_RECORD = "a record of HELM"
_Case = tuple[str, int]
_Kind = TypeVar("_Kind")


class _StatName(msgspec.Struct, frozen=True):
    name: str
    perturbation: dict[str, Any] | None = None


class _Stat(msgspec.Struct, frozen=True):
    name: _StatName
    count: int = 0
    sum: float | None = None


class _InstanceStats(msgspec.Struct):
    """Of `per_instance_stats.json` or `display_predictions.json`, whose stats are a mapping."""

    instance_id: str
    stats: list[_Stat] | dict[str, float | None] = []
    train_trial_index: int = 0
    perturbation: dict[str, Any] | None = None
    predicted_text: str | None = None
    truncated_predicted_text: str | None = None

    def values(self) -> dict[str, float | None]:
        """Name -> mean over what was counted; what was not counted is unknown."""
        if isinstance(self.stats, dict):
            return self.stats
        return {
            x.name.name: x.sum / x.count if x.count and x.sum is not None else None
            for x in self.stats
        }


class _HelmReference(TypedDict, total=False):
    output: Any
    tags: list[Any] | None


class _HelmInstance(TypedDict, total=False):
    id: Any
    input: Any
    references: list[_HelmReference] | None
    split: Any
    perturbation: Any


class _HelmResult(TypedDict, total=False):
    completions: list[dict[str, Any]] | None
    success: bool | None
    error: Any
    request_datetime: float | None
    request_time: float | None
    cached: bool | None


class _HelmState(TypedDict, total=False):
    instance: _HelmInstance | None
    train_trial_index: int | None
    request: dict[str, Any] | None
    result: _HelmResult | None


class _HelmStates(msgspec.Struct):
    request_states: list[_HelmState] = []
    adapter_spec: dict[str, Any] = {}


class _HelmSpec(msgspec.Struct):
    name: str = ""
    adapter_spec: dict[str, Any] = {}


class _HelmRun(msgspec.Struct):
    """What is read of a run: its name, and for each instance and trial the stats and request."""

    task: str
    model: str
    folder: Path
    stats: dict[_Case, dict[str, float | None]]
    said: dict[_Case, str]
    states: dict[_Case, list[_HelmState]]
    instances: dict[str, _HelmInstance]
    adapter: dict[str, Any]


def read(file: RunFile) -> CallStream:
    """The instances of all runs, one call each trial."""
    dropped = Counter[str]()
    files = files_of(file.path if file.path.is_dir() else file.path.parent)
    if not file.path.is_dir() and file.path.name not in (_STATS, _SHOWN, _STATE):
        files = (file.path,)
    folders = list(dict.fromkeys(x.parent for x in files if x.name in (_STATS, _SHOWN)))
    if not folders:
        raise InputError(
            f"{file.path}: holds no score of a single instance. Give the folder of the run, with "
            f"{_STATS} or {_SHOWN}; stats.json has means alone."
        )
    runs = [_run(folder, dropped) for folder in folders]
    names = dict.fromkeys(name for run in runs for values in run.stats.values() for name in values)
    scores = tuple(name for name in names if not _COUNTED.fullmatch(name))
    wanted = file.mapping.get("score", "")
    if wanted and wanted not in names:
        raise UnknownName(f"metric in {file.path}", wanted, scores)
    metric = wanted or next((x for x in (*_FIRST, *scores) if x in scores), "")
    must: dict[str, str] = {}
    may: dict[str, str] = {}
    for run in runs:
        about = {x: text_of(run.adapter.get(x)) for x in ("method", "max_train_instances")}
        must |= {f"{run.task}: {x}": y for x, y in about.items() if y}
        given = (
            ("model", run.model),
            ("deployment", run.adapter.get("model_deployment")),
            ("temperature", run.adapter.get("temperature")),
            ("max_tokens", run.adapter.get("max_tokens")),
        )
        may |= {x: text_of(y) for x, y in given if y not in (None, "")}
    return CallStream(
        meta=Meta(
            format=FORMAT.name,
            task=", ".join(dict.fromkeys(run.task for run in runs)),
            metric=metric,
            scores=scores,
            must_agree=must,
            may_differ=may,
        ),
        calls=_calls(runs, metric, dropped),
        dropped=dropped,
    )


def _run(folder: Path, dropped: Counter[str]) -> _HelmRun:
    spec, state = folder / "run_spec.json", folder / _STATE
    held = _typed(state, _HelmStates) or _HelmStates()
    about = _typed(spec, _HelmSpec) or _HelmSpec()
    adapter = about.adapter_spec or held.adapter_spec
    name = about.name or folder.name
    run = _HelmRun(
        task=_MODEL.sub("", name).replace(":,", ":").rstrip(":,"),
        model=text_of(adapter.get("model")),
        folder=folder,
        stats={},
        said={},
        states={},
        instances={},
        adapter=adapter,
    )
    of_model = re.search(r"\bmodel=([^,]*)", name)
    run.model = run.model or (of_model[1] if of_model else "")
    for one in held.request_states:
        instance = one.get("instance") or {}
        if "perturbation" not in instance:
            case = text_of(instance.get("id")), one.get("train_trial_index") or 0
            run.states.setdefault(case, []).append(one)
            run.instances[case[0]] = instance
    for asked in _typed(folder / "instances.json", list[_HelmInstance]) or ():
        if "perturbation" not in asked:
            run.instances.setdefault(text_of(asked.get("id")), asked)
    decode = msgspec.json.Decoder(_InstanceStats).decode
    paths = [folder / name for name in (_STATS, _SHOWN) if (folder / name).exists()]
    # The second adds the texts, where no state has them.
    for path in paths[: 1 if run.states else None]:
        for where, line in records(path):
            row = decoded(decode, path, where, line, _RECORD)
            case = row.instance_id, row.train_trial_index
            if row.perturbation is not None:
                if path == paths[0]:
                    dropped["perturbed copy of an instance"] += 1
                continue
            known = run.stats.setdefault(case, {})
            known |= {x: y for x, y in row.values().items() if x not in known}
            text = row.truncated_predicted_text
            text = row.predicted_text if text is None else text
            if text is not None:
                run.said[case] = text
    return run


def _typed(path: Path, kind: type[_Kind]) -> _Kind | None:
    """A file of a run, if it is there."""
    return converted(path, document(path), kind, "a file of HELM") if path.exists() else None


def _calls(runs: list[_HelmRun], metric: str, dropped: Counter[str]) -> Iterator[Call]:
    several = len({run.task for run in runs}) > 1
    for run in runs:
        for case, values in run.stats.items():
            call = _call(run, case, values)
            value = None if call.failure == "error" else values.get(metric)
            call.score = score_in(run.folder, call.where, metric, value)
            if several:
                call.key = f"{run.task}/{call.key}"
                call.labels["task"] = run.task
            yield call
        unscored = len(run.states.keys() - run.stats.keys())
        if unscored:
            dropped["instance that was asked, but has no stats"] += unscored


def _call(run: _HelmRun, case: _Case, values: Mapping[str, float | None]) -> Call:
    key, trial = case
    instance, states = run.instances.get(key, {}), run.states.get(case, [])
    asked = text_of(at_path(instance, "input.text"))
    references = [
        text_of(at_path(x, "output.text"))
        for x in instance.get("references") or ()
        if "correct" in (x.get("tags") or ())
    ]
    # Where each answer is asked about apart, no one request is the instance's.
    only = states[0] if len(states) == 1 else {}
    request, result = only.get("request") or {}, only.get("result") or {}
    completions = result.get("completions") or [{}]
    text = completions[0].get("text") if only else run.said.get(case)
    finish = text_of(at_path(completions[0], "finish_reason.reason"))
    answer = judged(text, "" if finish in ("unknown", "endoftext") else finish, [])
    failure = answer.failure if text is not None else ""
    if result.get("success") is False:
        failure = "refused" if _BLOCKED.search(text_of(result.get("error"))) else "error"
    given = {**request, "stop": request.get("stop_sequences")}
    into, out = (values.get(f"num_{x}_tokens") for x in ("prompt", "output"))
    # Where the endpoint sent no tokens, HELM counts none.
    known = into is not None and bool(out)
    started, seconds = result.get("request_datetime"), result.get("request_time")
    split = text_of(instance.get("split"))
    return Call(
        key=key,
        epoch=trial + 1,
        model=run.model,
        failure=failure,
        messages=messages_of(request.get("messages") or request.get("prompt")),
        params={x: y for x, y in given.items() if x in PARAMS and y not in (None, [])},
        output=text,
        reference="\n".join(references) or None,
        usage=Usage(input_tokens=int(into or 0), output_tokens=int(out or 0)) if known else None,
        latency_s=seconds if not result.get("cached") else None,
        started=started_at(started),
        labels={"split": split} if split else {},
        fingerprint=asked_hash([{"content": asked}], references) if asked else "",
        where=f"instance {key}, trial {trial}",
    )
