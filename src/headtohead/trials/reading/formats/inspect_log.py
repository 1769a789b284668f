"""Logs of Inspect, the framework of the UK AI Security Institute: `.eval` and `.json`.

A `.eval` file is a zip archive of JSON: `header.json` when the run ended (`_journal/start.json`
before that), and one `samples/ID_epoch_N.json` a sample. Newer ones are compressed with zstd. The
`.json` log holds the header and all samples in one document.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.trials.calls import Call, Format, Meta, Reading
from headtohead.trials.reading.inspect_samples import Sample, call_of, decoded, scores_of
from headtohead.trials.reading.json_lines import damage, not_json, opened
from headtohead.trials.reading.source import Head, Source
from headtohead.trials.reading.values import check_mapping, text_of
from headtohead.trials.reading.zip_archives import MAGIC, member, zipped

FORMAT = Format(
    name="inspect",
    about="Logs of Inspect (UK AI Security Institute): .eval and .json",
    pairs_by="sample id, epoch",
    holds=("scores", "requests", "tokens", "latency"),
)
_HEADER, _START, _SAMPLES = "header.json", "_journal/start.json", "samples/"
_INVALID = "marked invalid in the log"
_GENERATE = ("temperature", "reasoning_effort", "reasoning_tokens", "effort", "max_tokens", "seed")


class _Log(msgspec.Struct):
    eval: dict[str, Any]
    status: str = "started"
    results: dict[str, Any] | None = None
    plan: dict[str, Any] | None = None
    samples: list[msgspec.Raw] | None = None


class _Choice(msgspec.Struct, frozen=True):
    scorer: str
    part: str
    others: tuple[str, ...]


def recognise(head: Head) -> bool:
    """Whether it is a zip with a header or journal of Inspect, or a document with its `eval`."""
    if head.names:
        return not head.path.is_dir() and bool({_HEADER, _START} & set(head.names))
    if isinstance(head.record, Mapping):
        run = head.record.get("eval")
        return isinstance(run, Mapping) and "task" in run and "model" in run
    start = head.start.lstrip()
    return start[:1] == b"{" and b'"eval"' in start and b'"run_id"' in start and b'"task"' in start


def read(source: Source) -> Reading:
    """The samples of a log, one call each."""
    check_mapping(source.mapping, ("score",), FORMAT.name)
    with opened(source.path) as file:
        archived = file.read(4) == MAGIC
    log, raws = _archive(source.path) if archived else _document(source.path)
    first = next(raws, None)
    if first is None:
        raise InputError(
            f"{source.path}: the log holds no samples (status {log.status!r}). Run the task with "
            "--log-samples, and read the log when the run has ended."
        )
    sample = _sample(source.path, *first)
    choice = _scorer(source, log, sample)
    dropped: dict[str, int] = {}
    calls = _calls(source.path, log, raws, sample, choice, dropped)
    return Reading(meta=_meta(log, choice), calls=calls, dropped=dropped)


def _archive(path: Path) -> tuple[_Log, Iterator[tuple[str, bytes]]]:
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

    def found() -> Iterator[tuple[str, bytes]]:
        with zipped(path) as archive:
            for name in samples:
                yield name, member(archive, path, name)

    return log, found()


def _document(path: Path) -> tuple[_Log, Iterator[tuple[str, bytes]]]:
    try:
        with opened(path) as file:
            text = file.read()
    except damage() as error:
        raise not_json(path, error) from error
    log = _header(path, "the log", text)
    samples, log.samples = log.samples or [], None
    return log, ((f"samples[{i}]", bytes(raw)) for i, raw in enumerate(samples))


def _header(path: Path, name: str, text: bytes) -> _Log:
    try:
        return msgspec.json.decode(text, type=_Log)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{path}: {name} is not the header of an Inspect log ({error})."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if b"NaN" not in text and b"Infinity" not in text:
            raise not_json(path, error) from error
    try:
        # Inspect writes NaN for scores it could not make, which is not JSON but Python's reader
        # takes; written anew it is null.
        return msgspec.json.decode(msgspec.json.encode(json.loads(text)), type=_Log)
    except ValueError as error:
        raise not_json(path, error) from error


def _sample(path: Path, name: str, raw: bytes) -> Sample:
    try:
        return decoded(raw)
    except ValueError as error:
        raise InputError(
            f"{path}: {name} is not a sample of an Inspect log ({error}). Copy the file again, or "
            "report the layout with this line."
        ) from error


def _calls(
    path: Path,
    log: _Log,
    raws: Iterator[tuple[str, bytes]],
    sample: Sample | None,
    choice: _Choice,
    dropped: dict[str, int],
) -> Iterator[Call]:
    model, n = str(log.eval.get("model") or ""), 0
    while sample is not None:
        n += 1
        if sample.invalidation is not None:
            dropped[_INVALID] = dropped.get(_INVALID, 0) + 1
        else:
            yield _call(path, model, sample, choice)
        following = next(raws, None)
        sample = _sample(path, *following) if following else None
    expected = _expected(log)
    if n < expected and log.status == "success":
        raise InputError(
            f"{path}: holds {n} samples, but its header speaks of {expected}. Copy the file again."
        )
    if n < expected:
        dropped[f"the run ended with status {log.status!r} before this sample"] = expected - n


def _call(path: Path, model: str, sample: Sample, choice: _Choice) -> Call:
    try:
        return call_of(sample, model, choice.scorer, choice.part)
    except ValueError as error:
        raise InputError(
            f"{path}: the score {choice.scorer!r} of sample {sample.id!r}, epoch {sample.epoch}: "
            f"{error}. Choose another with --map score=SCORER."
        ) from error


def _expected(log: _Log) -> int:
    results = log.results or {}
    if results.get("early_stopping"):
        return 0
    if log.status == "success":
        return int(results.get("total_samples") or 0)
    dataset, config = log.eval.get("dataset") or {}, log.eval.get("config") or {}
    ids = dataset.get("sample_ids")
    return (len(ids) if ids else 0) * int(config.get("epochs") or 1)


def _scorer(source: Source, log: _Log, first: Sample) -> _Choice:
    names = _scorer_names(log, first)
    wanted = source.mapping.get("score", "")
    if not wanted:
        return _Choice(names[0] if names else "", "", tuple(names[1:]))
    for name in sorted(names, key=len, reverse=True):
        if wanted == name or wanted.startswith(f"{name}."):
            others = tuple(other for other in names if other != name)
            return _Choice(name, wanted[len(name) + 1 :], others)
    raise UnknownName(f"scorer in {source.path}", wanted, names)


def _scorer_names(log: _Log, first: Sample) -> list[str]:
    """The scorers, the one whose figure Inspect shows first at the front."""
    scores = (log.results or {}).get("scores") or []
    headline = ((log.results or {}).get("headline") or {}).get("scorer")
    named = [
        headline,
        *(score.get("scorer") for score in scores),
        *scores_of(first),
        *(scorer.get("name") for scorer in log.eval.get("scorers") or []),
    ]
    if scores_of(first) and first.scores is None:
        return list(scores_of(first))
    return list(dict.fromkeys(str(name) for name in named if name))


def _meta(log: _Log, choice: _Choice) -> Meta:
    run = log.eval
    task = str(run.get("task") or "")
    dataset, config = run.get("dataset") or {}, run.get("config") or {}
    generate = {
        **(run.get("model_generate_config") or {}),
        **((log.plan or {}).get("config") or {}),
    }
    packages = run.get("packages") or {}
    must = {
        "task version": text_of(run.get("task_version")),
        "data set": text_of(dataset.get("name")),
        "samples in the data set": text_of(dataset.get("samples")),
        "scorers": ", ".join(
            text_of(x.get("name")) + _options(x) for x in run.get("scorers") or []
        ),
        "solver": _solver(log),
        **{f"task argument {k}": text_of(v) for k, v in (run.get("task_args") or {}).items()},
        **_task_package(task, run.get("task_registry_name"), packages),
    }
    may = {
        "model": text_of(run.get("model")),
        "endpoint": text_of(run.get("model_base_url")),
        **{name: text_of(generate.get(name)) for name in _GENERATE},
        "created": text_of(run.get("created")),
        "commit": text_of((run.get("revision") or {}).get("commit")),
        "epochs": text_of(config.get("epochs")),
        "status": log.status,
        "inspect_ai": text_of(packages.get("inspect_ai")),
        "other scorers": ", ".join(choice.others),
    }
    return Meta(
        format=FORMAT.name,
        task=task,
        metric=f"{choice.scorer}.{choice.part}" if choice.part else choice.scorer,
        must_agree={k: v for k, v in must.items() if v},
        may_differ={k: v for k, v in may.items() if v},
    )


def _options(scorer: Mapping[str, Any]) -> str:
    options = scorer.get("options") or {}
    return f" {text_of(options)}" if options else ""


def _solver(log: _Log) -> str:
    """Names of the steps with what was passed to them."""
    steps = (log.plan or {}).get("steps") or []
    return "; ".join(
        text_of(step.get("solver")) + (f" {text_of(step['params'])}" if step.get("params") else "")
        for step in steps
    )


def _task_package(task: str, registered: object, packages: Mapping[str, Any]) -> dict[str, str]:
    package = str(registered or task).partition("/")[0]
    found = packages.get(package) or packages.get(package.replace("-", "_"))
    return {f"package {package}": text_of(found)} if found else {}
