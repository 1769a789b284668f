"""The door: opens a file of results or logs, whatever format it is in, by the mapping given."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Unpack

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.units import first_few
from headtohead.files.formats import Formats, Head, head_of
from headtohead.files.opening import NOT_JSON, arrived, content, files_of, held, wrong
from headtohead.files.records import at_path, text_of
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat, RunReading, Usage


def add_mapped(call: Call, record: Any, file: RunFile, where: str) -> None:  # noqa: ANN401
    """Puts what a mapping names into a call.

    The mapping of the file leads from a field of the call to a dotted path in its record.

    Raises:
        InputError: If a record lacks its key, or its score is not a number.
    """
    for name, at in file.mapping.items():
        value = at_path(record, at)
        if value is None:
            if name == "key":
                why = f"nothing stands at {at}, which `mapping={{'key': '{at}'}}` names."
                raise wrong(file.path, where, why)
        elif name == "score":
            try:
                call.score = float(value)
            except (TypeError, ValueError, OverflowError) as error:
                why = f"{value!r} at {at} is not a number, so no score."
                raise wrong(file.path, where, why) from error
        else:
            setattr(call, name, str(value))


def chosen_score(
    names: Mapping[str, int], file: RunFile, dropped: dict[str, int]
) -> tuple[str, RunFile]:
    """Name of the score to use, and what else the mapping names.

    Names come with how often each is there; why the others are not used is counted in `dropped`.

    Returns:
        The name is empty if there is no score, or several and none is named.

    Raises:
        InputError: If the name that the mapping gives is in no score, but others are.
    """
    wanted = file.mapping.get("score")
    if not names:
        return "", file
    if wanted is None:
        if len(names) == 1:
            return next(iter(names)), file
        said = ", ".join(sorted(names))
        reason = f"score of several kinds ({said}): choose one by mapping score to its name"
        dropped[reason] = sum(names.values())
        return "", file
    if wanted not in names:
        raise InputError(
            f"{file.path}: no score is called {wanted!r}. There are {', '.join(sorted(names))}."
        )
    for name in sorted(names):
        if name != wanted:
            dropped[f"score that was not chosen: {name}"] = names[name]
    others = {field: at for field, at in file.mapping.items() if at != wanted}
    return wanted, replace(file, mapping=others)


def listed_ids(path: Path) -> list[str]:
    """The ids in a file: of a JSON list, the keys of a JSON map, or one a line."""
    text = content(path)
    with suppress(*NOT_JSON):
        held = msgspec.json.decode(text)
        if isinstance(held, list | dict):
            return list(map(text_of, held))
    return [line.strip() for line in text.decode(errors="replace").splitlines() if line.strip()]


class RunModule(Protocol):
    """What every module in the folder of formats offers."""

    FORMAT: RunFormat

    def read(self, file: RunFile) -> CallStream:
        """The calls in a file."""
        ...


FORMATS = Formats[RunModule]("headtohead.logs.formats", "format")
_NO_PARAMS: dict[str, Any] = {}
_MOST_ALIKE = 10_000  # of one kind that are looked for
LARGEST, DEAREST = 1e15, 1_000_000
"""The largest score or latency, and US dollars of a call: more is a slip of the pen."""
FIELDS = (
    *("key", "epoch", "model", "run", "score", "failure", "messages", "prompt", "params"),
    *("output", "reference", "input_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("output_tokens", "reasoning_tokens", "cost_usd", "latency_s", "latency_ms", "started"),
    "fingerprint",
)


class Loaded(msgspec.Struct, kw_only=True):
    """A file read to its end."""

    meta: Meta
    calls: list[Call]
    dropped: dict[str, int]


def open_calls(path: Path, **how: Unpack[RunReading]) -> CallStream:
    """The calls in a file or folder, read as they are asked for.

    Raises:
        InputError: If there is no such file, no format or more than one fits, or it is damaged.
        UnknownName: If no format has the name, or a field to map is none of a call.
    """
    format = how.get("format", "auto")
    file = RunFile(
        arrived(path),
        dict(how.get("mapping") or {}),
        tasks=how.get("tasks", ()),
        partial=how.get("partial", False),
        ids=how.get("ids", ""),
        usage=how.get("usage", False),
    )
    if not held(file.path).exists():
        raise InputError(f"{path}: there is no such file or folder.")
    check_mapping(file)
    files = files_of(file.path)
    if len(files) == 1 and file.path.is_dir() and not _of_folder(head_of(file.path)):
        file = replace(file, path=files[0])
    module = FORMATS.named(format) if format != "auto" else recognised(head_of(file.path))
    check_mapping(file, module.FORMAT)
    stream = module.read(file)
    stream.calls = possible(file, stream, stream.calls)
    return stream


def possible(file: RunFile, stream: CallStream, calls: Iterator[Call]) -> Iterator[Call]:
    """The calls of the tasks to read, none of which has a score, cost or latency that can be none.

    Raises:
        InputError: At the first that has, or if none is of those tasks.
    """
    path, others = file.path, "of other tasks than " + ", ".join(file.tasks)
    read, seen = False, set[str]()
    for call in calls:
        if file.tasks and not file.reads(task := call.labels.get("task", stream.meta.task)):
            seen.add(task)
            stream.dropped[others] = stream.dropped.get(others, 0) + 1
            continue
        read = True
        score, cost, seconds = call.score, call.cost_usd, call.latency_s
        if score is not None and not -LARGEST <= score <= LARGEST:
            raise wrong(path, call.where or call.key, f"{score!r} is no score.")
        if cost is not None and not 0 <= cost <= DEAREST:
            why = f"{cost!r} US dollars are no cost of a call (0 to {DEAREST:,}). Leave it empty"
            raise wrong(path, call.where or call.key, f"{why} where it is not known.")
        if seconds is not None and not -LARGEST <= seconds <= LARGEST:
            raise wrong(path, call.where or call.key, f"{seconds!r} seconds are no latency.")
        yield call
    if seen and not read:
        there = first_few(sorted(seen - {""}), 8)
        raise InputError(
            f"{path}: all its calls are {others}. "
            + (f"It has the tasks {there}." if there else "It names no tasks.")
        )


def _shared(calls: Iterator[Call]) -> Iterator[Call]:
    """The calls; what many of them say alike is held once."""
    words: dict[str, str] = {}
    scores: dict[float, float] = {}
    said: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    usages: dict[Usage, Usage] = {}
    for call in calls:
        call.model = words.setdefault(call.model, call.model)
        call.run = words.setdefault(call.run, call.run)
        call.params = call.params or _NO_PARAMS
        if call.score.__class__ is float and len(scores) < _MOST_ALIKE:
            call.score = scores.setdefault(call.score, call.score)
        if len(said) < _MOST_ALIKE:
            call.labels = said.setdefault(tuple(call.labels.items()), call.labels)
        if call.usage is not None and len(usages) < _MOST_ALIKE:
            call.usage = usages.setdefault(call.usage, call.usage)
        yield call


def load(path: Path, **how: Unpack[RunReading]) -> Loaded:
    """All calls of a file or folder, in memory.

    Raises:
        InputError: If it cannot be read or holds no call.
        UnknownName: If no format has the name.
    """
    stream = open_calls(path, **how)
    calls = list(_shared(stream.calls))
    if not calls:
        left_out = "; ".join(f"{n} left out: {why}" for why, n in stream.dropped.items())
        raise InputError(
            f"{path}: holds no calls in the format {stream.meta.format}. "
            f"{left_out or 'Check that it is the file you mean.'}"
        )
    return Loaded(meta=stream.meta, calls=calls, dropped=dict(stream.dropped))


def recognised(head: Head) -> RunModule:
    """The format of a file, told by its first record or by what is in its folder or archive.

    Raises:
        InputError: If none or more than one fits.
    """
    known = FORMATS.fitting(lambda module: fits(module.FORMAT, head), str(head.path))
    if known is None:
        raise InputError(
            f"{head.path}: not in a format we know ({', '.join(FORMATS.by_name)}). {head.said} If "
            "it is one of them, say so with `format=NAME`; else turn it into JSON lines, CSV or "
            "Parquet and name its columns with `mapping={'FIELD': 'COLUMN'}`."
        )
    return known


def _of_folder(head: Head) -> bool:
    return any(fits(module.FORMAT, head) for module in FORMATS.by_name.values())


def fits(format: RunFormat, head: Head) -> bool:
    """Whether a file is of a format."""
    if head.path.is_dir():
        return format.folders and any(format.fits(x.__contains__) for x in head.inside)
    if head.names:
        return bool(set(format.archived) & set(head.names))
    if format.column and any(re.match(format.column, name) for name in head.fields):
        return True
    return bool(head.fields) and format.fits(head.has)


def check_mapping(file: RunFile, format: RunFormat | None = None) -> None:
    """Refuses what cannot be mapped.

    A format of None is not known yet.

    Raises:
        InputError: If a field is known to calls but has its own place in this format.
        UnknownName: If it is no field at all.
    """
    for field in file.mapping:
        label = field == "labels" or (field.startswith("label.") and len(field) > 6)
        if not label and field not in FIELDS:
            raise UnknownName("field to map", field, [*FIELDS, "labels", "label.NAME"])
        if format is None or format.maps is None or field in format.maps:
            continue
        may = f"only {', '.join(format.maps)} may be" if format.maps else "none may be"
        raise InputError(
            f"`mapping={{'{field}': '...'}}`: the format {format.name} fixes where this stands; "
            f"{may} mapped. To read the file by your own mapping, add `format='plain'`."
        )
