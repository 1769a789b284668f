"""Results of lm-evaluation-harness: `results_DATE.json` beside `samples_TASK_DATE.jsonl`."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.formats import first_fields
from headtohead.files.opening import converted, decoded, document, files_of, json_lines, wrong
from headtohead.files.records import labels_of, score_of, text_of, unpacked
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat
from headtohead.logs.openai import messages_of

FORMAT = RunFormat(
    name="lm-eval",
    about="lm-evaluation-harness (EleutherAI): results_*.json with samples_*.jsonl",
    needs=(
        ("doc_id", "filtered_resps"),
        ("results", "configs", "versions"),
        ("results", "configs", "group_subtasks"),
    ),
    folders=True,
    holds=("scores", "requests"),
    maps=("score",),
    pairs="task and document",
    tried=("lm-eval 0.4.5 0.4.13",),
)
_RESULTS = re.compile(r"(^|/)(?:results|[^/]+)_(\d{4}-\d\d-\d\dT[\d.-]+)\.json$")
_SAMPLES = re.compile(r"(?:^|/)samples_(.+)_(\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl(?:\.gz)?$")
_STRICT = "strict-match"
_FIELDS = {"doc_id", "filtered_resps"}
_SAMPLE = "a sample of lm-eval"
_KINDS = ("subject", "category", "subcategory", "level", "type", "domain", "language", "difficulty")
# Less is better in these; it matters only where no results file says so.
_LOSSES = frozenset({"perplexity", "brier_score", "bits_per_byte", "ter", "wer"})


class _LmEvalSample(msgspec.Struct):
    doc_id: int | str
    doc: Any = None
    target: Any = None
    arguments: Any = None
    filtered_resps: Any = None
    resps: Any = None
    filter: str = ""
    doc_hash: str = ""
    metrics: list[str] = []


class _LmEvalCounted(msgspec.Struct):
    effective: Any = None


class _LmEvalConfig(msgspec.Struct):
    filter_list: list[dict[str, Any]] | None = None


class _LmEvalRun(msgspec.Struct):
    """What is read of a results file, which writes what it has not as null."""

    results: dict[str, Any] = {}
    config: dict[str, Any] | None = None
    configs: dict[str, _LmEvalConfig] | None = None
    model_name: str | None = None
    model_source: str | None = None
    lm_eval_version: str | None = None
    git_hash: str | None = None
    date: Any = None
    chat_template: Any = None
    chat_template_sha: str | None = None
    system_instruction_sha: str | None = None
    higher_is_better: dict[str, dict[str, bool | None] | None] | None = None
    versions: dict[str, Any] | None = None
    shots: dict[str, Any] | None = msgspec.field(default=None, name="n-shot")
    counted: dict[str, _LmEvalCounted] | None = msgspec.field(default=None, name="n-samples")
    task_hashes: dict[str, Any] | None = None


class _FilterOnly(msgspec.Struct):
    doc_id: int | str
    filter: str = ""


class _Task(msgspec.Struct, frozen=True):
    """What is read of one task: which metric after which filter, and whether less is better."""

    name: str
    path: Path
    metric: str
    metrics: tuple[str, ...]
    filter: str
    filters: tuple[str, ...]
    configured: tuple[str, ...]
    sign: float


def read(file: RunFile) -> CallStream:
    """The samples of all tasks of one run, one call a document."""
    results, files = _files(file.path)
    run = _LmEvalRun() if results is None else _run(results)
    tasks, dropped = _tasks(file, run, files)
    return CallStream(
        meta=_meta(run, tasks),
        calls=_calls(file, run, tasks, dropped),
        dropped=dropped,
    )


def _run(path: Path) -> _LmEvalRun:
    held = document(path)
    if not isinstance(held, dict) or "results" not in held:
        raise InputError(f"{path}: has no results, so it is not a file of lm-eval.")
    return converted(path, held, _LmEvalRun, "the results of lm-eval")


def _files(path: Path) -> tuple[Path | None, list[tuple[str, Path]]]:
    """The results file, if any, and the samples file of each task of that run."""
    if path.is_dir():
        return _of_folder(path)
    match = _SAMPLES.search(path.name)
    if not match and first_fields(path) >= _FIELDS:
        # Renamed by hand, a file says no longer which task it is of.
        stem = _stem(path)
        return None, [(stem.removeprefix("samples_") if stem.startswith("samples_") else "", path)]
    if match:
        beside = [p for p in path.parent.glob("*.json") if match[2] in p.name]
        return (beside[0] if beside else None), [(match[1], path)]
    dated = _RESULTS.search(path.name)
    samples = _samples_in(path.parent, dated[2] if dated else "")
    if not samples:
        raise InputError(
            f"{path}: no samples_TASK_DATE.jsonl stands beside it, so it has no score of single "
            "documents. Run lm_eval with --log_samples, and keep its files together."
        )
    return path, samples


def _of_folder(folder: Path) -> tuple[Path | None, list[tuple[str, Path]]]:
    dates = {m[2] for p in folder.rglob("*.jsonl*") if (m := _SAMPLES.search(p.as_posix()))}
    if len(dates) > 1:
        results = [p for p in sorted(folder.rglob("*.json")) if _RESULTS.search(p.as_posix())]
        named = ", ".join(str(p.relative_to(folder)) for p in results) or ", ".join(sorted(dates))
        raise InputError(f"{folder}: holds {len(dates)} runs. Name one results file: {named}.")
    if not dates:
        renamed = [path for path in files_of(folder) if first_fields(path) >= _FIELDS]
        if len(renamed) == 1:
            return _files(renamed[0])
        if renamed:  # their names are all that tells tasks apart
            return None, [(_stem(path).removeprefix("samples_"), path) for path in renamed]
        raise InputError(f"{folder}: holds no samples_TASK_DATE.jsonl. Run with --log_samples.")
    date = dates.pop()
    results = [p for p in sorted(folder.rglob("*.json")) if date in p.name]
    return (results[0] if results else None), _samples_in(folder, date)


def _stem(path: Path) -> str:
    return path.name.partition(".json")[0]


def _samples_in(folder: Path, date: str) -> list[tuple[str, Path]]:
    matches = ((_SAMPLES.search(p.as_posix()), p) for p in sorted(folder.rglob("samples_*.jsonl*")))
    return [(m[1], p) for m, p in matches if m and (not date or m[2] == date)]


def _tasks(
    file: RunFile, run: _LmEvalRun, files: list[tuple[str, Path]]
) -> tuple[list[_Task], Counter[str]]:
    """The tasks that score single documents, by the metric and filter asked for where they have it.

    The others are counted as left out.

    Raises:
        InputError: If no task does.
        UnknownName: If none is called so, or none has that metric or filter.
    """
    if file.tasks and not any(file.reads(name) for name, _ in files):
        raise UnknownName(f"task in {file.path}", file.tasks[0], [name for name, _ in files])
    tasks: list[_Task] = []
    apart: dict[str, int] = {}
    wanted, _, wanted_filter = file.mapping.get("score", "").partition(",")
    metrics: dict[str, None] = {}
    filters: dict[str, None] = {}
    for name, path in files:
        if not file.reads(name):
            continue
        _, first = next(json_lines(path), (0, b""))
        if not first:
            raise InputError(f"{path}: is empty. Run the task {name} again with --log_samples.")
        sample, fields = decoded(_sample, path, 1, first, _SAMPLE)
        held = sample.metrics or [x for x in fields if x not in _FIXED]
        if not held:
            raise InputError(f"{path}: its samples carry no metric. Run without --predict_only.")
        listed = (run.configs or {}).get(name, _LmEvalConfig()).filter_list or ()
        configured = tuple(text_of(x.get("name")) for x in listed)
        there = _filters(path, configured)
        metrics.update(dict.fromkeys(held))
        filters.update(dict.fromkeys(there))
        asked = [wanted] if wanted in held else held
        # A pair of prediction and truth, or a sum and what it is of, makes a figure of all only.
        metric = next((x for x in asked if not isinstance(fields.get(x), list | dict)), "")
        if not metric:
            why = f"which scores no document by itself ({', '.join(asked)}),"
            apart[f"of task {name or path.name}, {why}"] = sum(1 for _ in json_lines(path))
            continue
        better = ((run.higher_is_better or {}).get(name) or {}).get(metric)
        usual = _STRICT if _STRICT in there else there[0]
        tasks.append(
            _Task(
                name=name,
                path=path,
                metric=metric,
                metrics=tuple(held),
                filter=wanted_filter if wanted_filter in there else usual,
                filters=there,
                configured=configured,
                sign=-1.0 if better is False or (better is None and metric in _LOSSES) else 1.0,
            )
        )
    if wanted and wanted not in metrics:
        raise UnknownName(f"metric in {file.path}", wanted, metrics)
    if wanted_filter and wanted_filter not in filters:
        raise UnknownName(f"filter in {file.path}", wanted_filter, filters)
    if not tasks:
        left_out = "; ".join(f"{n:,} {why.rstrip(',')}" for why, n in apart.items())
        raise InputError(
            f"{file.path}: holds no score of single documents, which a comparison needs: "
            f"{left_out}. Choose another metric with `mapping={{'score': 'METRIC'}}`: "
            f"{', '.join(metrics)}."
        )
    return tasks, Counter(apart)


_FIXED = frozenset(_LmEvalSample.__struct_fields__) | {"prompt_hash", "target_hash"}


def _filters(path: Path, configured: tuple[str, ...]) -> tuple[str, ...]:
    """The filters of a samples file, which come one after another or turn about."""
    filters: dict[str, None] = {}
    turns: Counter[int | str] = Counter()
    decode = msgspec.json.Decoder(_FilterOnly).decode
    for number, line in json_lines(path):
        filters[_filter_of(decoded(decode, path, number, line, _SAMPLE), turns, configured)] = None
    return tuple(filters)


def _filter_of(
    sample: "_LmEvalSample | _FilterOnly",
    turns: Counter[int | str],
    configured: tuple[str, ...],
) -> str:
    """The filter of a sample; versions before 0.4.7 do not write it, so a document's turn tells."""
    if sample.filter:
        return sample.filter
    turn = turns[sample.doc_id]
    turns[sample.doc_id] += 1
    if turn < len(configured):
        return configured[turn]
    return f"filter {turn + 1}" if turn else "none"


def _sample(line: bytes) -> tuple[_LmEvalSample, dict[str, Any]]:
    fields = msgspec.json.decode(line)
    return msgspec.convert(fields, _LmEvalSample), fields


def _calls(
    file: RunFile, run: _LmEvalRun, tasks: list[_Task], dropped: Counter[str]
) -> Iterator[Call]:
    model, several = _model(run), len(tasks) > 1
    for task in tasks:
        seen: set[str] = set()
        turns: Counter[int | str] = Counter()
        for number, line in json_lines(task.path):
            sample, fields = decoded(_sample, task.path, number, line, _SAMPLE)
            filtered_by = _filter_of(sample, turns, task.configured)
            if filtered_by != task.filter:
                dropped[f"filter {filtered_by}, where {task.filter} is read"] += 1
                continue
            key = f"{task.name}/{sample.doc_id}" if several else str(sample.doc_id)
            if key in seen:
                raise wrong(task.path, number, f"document {sample.doc_id} is there twice.")
            seen.add(key)
            yield _call(task, model, key, number, sample, fields)
        counted = (run.counted or {}).get(task.name, _LmEvalCounted()).effective
        if isinstance(counted, int):
            dropped.update(file.lacking(str(task.path), len(seen), counted, "documents"))


def _call(
    task: _Task,
    model: str,
    key: str,
    number: int,
    sample: _LmEvalSample,
    fields: Mapping[str, Any],
) -> Call:
    try:
        score = score_of(fields.get(task.metric))
    except ValueError as error:
        why = f"{task.metric} of document {sample.doc_id}: {error}. Choose a metric of single"
        raise wrong(
            task.path, number, f"{why} documents with `mapping={{'score': 'METRIC'}}`."
        ) from error
    # What a filter cut out of an answer is not the answer, unless that is not there.
    filtered, doc = _text(sample.filtered_resps), sample.doc
    output = _text(sample.resps)
    # Fields of a document that name its kind are short words.
    kinds = {k: v for k, v in doc.items() if k in _KINDS} if isinstance(doc, Mapping) else {}
    hashed = ""
    if doc is not None and not sample.doc_hash:
        hashed = hashlib.sha256(msgspec.json.encode(doc, order="sorted")).hexdigest()
    return Call(
        key=key,
        model=model,
        score=None if score is None else task.sign * score,
        failure="format" if filtered == "[invalid]" else "",
        messages=_messages(sample.arguments),
        output=filtered if output is None else output,
        reference=None if sample.target is None else text_of(sample.target),
        labels={**({"task": task.name} if task.name else {}), **dict(labels_of(kinds))},
        fingerprint=sample.doc_hash or hashed,
        where=f"{task.path.name}, line {number}",
    )


def _text(answers: object) -> str | None:
    """The one text among answers; tasks that compare likelihoods of several generate none."""
    while isinstance(answers, list) and len(answers) == 1:
        answers = answers[0]
    return answers if isinstance(answers, str) else None


def _messages(arguments: object) -> list[dict[str, Any]] | None:
    """The request of a generating task: one prompt, or a chat as JSON text."""
    if not isinstance(arguments, Mapping) or len(arguments) != 1:
        return None
    first = next(iter(arguments.values()))
    prompt = first.get("arg_0") if isinstance(first, Mapping) else None
    # A chat is written as a list of one text.
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str) or isinstance(first.get("arg_1"), str):
        return None
    return messages_of(unpacked(prompt)) or [{"role": "user", "content": prompt}]


def _model(run: _LmEvalRun) -> str:
    config = run.config or {}
    return text_of(run.model_name or config.get("model"))


def _metric(task: _Task) -> str:
    name = task.metric if task.filter == "none" else f"{task.metric},{task.filter}"
    return name if task.sign > 0 else f"minus {name}"


def _meta(run: _LmEvalRun, tasks: list[_Task]) -> Meta:
    config = run.config or {}
    version = run.lm_eval_version or ""
    templated = run.chat_template is not None or bool(run.chat_template_sha)
    hashes = {f"{t.name}: task hash": text_of((run.task_hashes or {}).get(t.name)) for t in tasks}
    commit = {"harness commit": run.git_hash or ""}
    must = {"lm_eval": version, "system instruction": run.system_instruction_sha or ""}
    if run.results:
        must["chat template applied"] = text_of(templated)
    for task in tasks:
        must[f"{task.name}: version"] = text_of((run.versions or {}).get(task.name))
        must[f"{task.name}: shots"] = text_of((run.shots or {}).get(task.name))
        must[f"{task.name or 'task'}: metric"] = _metric(task)
    may = {
        "model": _model(run),
        "backend": text_of(run.model_source or config.get("model")),
        "chat template": (run.chat_template_sha or "")[:16],
        "gen_kwargs": text_of(config.get("gen_kwargs")),
        "limit": text_of(config.get("limit")),
        "date": text_of(run.date),
        "other filters": ", ".join(sorted({f for t in tasks for f in t.filters if f != t.filter})),
    }
    # The hash of a task covers the prompt, and a chat template is the model's own part of it.
    (may if templated else must).update(hashes)
    # git_hash is of the folder lm_eval was started in; it names the harness only where the
    # version is not said.
    (may if version else must).update(commit)
    return Meta(
        format=FORMAT.name,
        task=", ".join(task.name for task in tasks),
        metric=" | ".join(dict.fromkeys(map(_metric, tasks))),
        scores=tuple(dict.fromkeys(metric for task in tasks for metric in task.metrics)),
        must_agree={k: v for k, v in must.items() if v},
        may_differ={k: v for k, v in may.items() if v},
    )
