"""Results of SWE-bench: the report of its harness, or `results.json` of its leaderboard."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.core.units import first_few
from headtohead.files.opening import document
from headtohead.files.records import text_of
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat
from headtohead.logs.opening import listed_ids

FORMAT = RunFormat(
    name="swebench",
    about="SWE-bench: the harness's report, or a leaderboard's results.json",
    needs=(
        ("resolved_ids", "unresolved_ids"),
        ("resolved", "no_generation"),
        ("resolved", "no_logs"),
    ),
    holds=("scores",),
    maps=(),
    pairs="instance id",
    tried=("swebench 5.0.2",),
)
# What a list says of its ids: score, and why there is no answer. An instance may be in several, of
# which the first here decides: what the harness or its containers broke says nothing of a model.
_LISTS: tuple[tuple[str, float | None, str], ...] = (
    ("resolved", 1.0, ""),
    ("infra_failure", None, "error"),
    ("error", None, "error"),
    ("empty_patch", 0.0, "empty"),
    ("no_generation", 0.0, "empty"),
    ("incomplete", None, ""),
    ("no_logs", None, "error"),
    ("unresolved", 0.0, ""),
)


def read(file: RunFile) -> CallStream:
    """One call for each instance; what was not submitted has no score."""
    whole = document(file.path)
    if not isinstance(whole, dict):
        raise InputError(f"{file.path}: no report of SWE-bench.")
    lists = {name: _ids(file.path, whole, name) for name, _, _ in _LISTS}
    known = {one for ids in lists.values() for one in ids}
    sent = _ids(file.path, whole, "submitted")
    if sent and (strange := sorted(lists["resolved"] - sent)):
        few = first_few(strange)
        raise InputError(f"{file.path}: resolved ids that were not submitted: {few}.")
    known |= sent | _ids(file.path, whole, "generated")
    every = listed_ids(Path(file.ids)) if file.ids else []
    if not every and not {"unresolved", "unresolved_ids", "generated"} & whole.keys():
        raise InputError(
            f"{file.path}: lists the ids that were resolved, and not all that were asked. Name a "
            "file of all ids with `ids='FILE'`."
        )
    if file.ids and (strange := sorted(known.difference(every))):
        few = first_few(strange)
        raise InputError(f"{file.path}: resolved ids that {file.ids} does not hold: {few}.")
    name = file.path.name.removesuffix(".gz").removesuffix(".json")
    model, _, run = name.rpartition(".")
    if not model:
        folders = [x.name for x in file.path.absolute().parents if x.name != "results"]
        model, run = folders[0], ""
    return CallStream(
        meta=Meta(format=FORMAT.name, task="SWE-bench", metric="resolved"),
        calls=_calls(sorted(known.union(every)), lists, model.replace("__", "/"), run),
        dropped={},
    )


def _ids(path: Path, whole: Mapping[str, Any], name: str) -> set[str]:
    listed = whole.get(f"{name}_ids", whole.get(name)) or []
    if not isinstance(listed, list) or not all(isinstance(x, str) for x in listed):
        raise InputError(f"{path}: {name} is no list of ids.")
    return set(map(text_of, listed))


def _calls(every: list[str], lists: Mapping[str, set[str]], model: str, run: str) -> Iterator[Call]:
    for key in every:
        # In no list: the harness ran it and its tests failed.
        found = next((x for x in _LISTS if key in lists[x[0]]), _LISTS[-1])
        outcome, score, failure = found
        labels = {
            "outcome": outcome.replace("_", " "),
            "repository": key.rpartition("-")[0].replace("__", "/"),
        }
        yield Call(
            key=key,
            model=model,
            run=run,
            score=score,
            failure=failure,
            labels=labels,
            where=f"instance {key}",
        )
