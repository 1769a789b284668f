"""Tables of promptfoo: `-o results.csv`, a row for each test and columns for each prompt.

Versions since 2026 write an answer, its status and scores in columns of their own; before, all of
these stood in one cell: `[PASS] (1.00, NAME: 1.00)`, the answer, and why it passed.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.opening import csv_header, wrong
from headtohead.files.records import csv_rows, score_of
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat

_NAMED = r"\[[^\]]+\] "
_NEXT = ["Status", "Score", "Named Scores"]
FORMAT = RunFormat(
    name="promptfoo-csv",
    about="promptfoo: results.csv",
    needs=((*_NEXT, "Grader Reason"),),
    column=_NAMED,
    holds=("scores",),
    maps=("score",),
    pairs="variables of a test, and repeat",
    tried=("promptfoo 0.91.3 0.121.20",),
)
_PROMPT = re.compile(r"(?:\[(?P<provider>[^\]]+)\] )?(?P<label>.*)", re.DOTALL)
_CELL = re.compile(r"\[(PASS|FAIL|ERROR)\] \(([^()\n]*)\)\s*(.*)", re.DOTALL)
_REASON = re.compile(r"\s*\b(?:Pass|Fail) Reason: (.*)\Z", re.DOTALL)
_SCORE = re.compile(r"(?:, |^)(.+?): (-?[\d.]+|undefined|NaN)(?=, |$)")
_STATUS = {"PASS": 1.0, "FAIL": 0.0, "ERROR": None}
_LONGEST_KEY, _LONGEST_RUN, _PEEK_N = 60, 40, 100
_FORMULA = ("=", "@", "+", "-")
_Cells = tuple[str | None, ...]


class _Column(NamedTuple):
    """A prompt with a provider: where it stands, and the columns beside it by their names."""

    place: int
    model: str
    run: str
    beside: Mapping[str, int]


class _Answer(NamedTuple):
    text: str
    scores: dict[str, float | None]
    failure: str


def read(file: RunFile) -> CallStream:
    """One call for each test and prompt; every provider in the file is a model."""
    names, _ = csv_header(file.path)
    columns = _columns(names)
    if not columns:
        raise InputError(f"{file.path}: no column of an answer, as [PROVIDER] PROMPT.")
    first = columns[0].place
    described = names[0] == "Description" and bool(columns[0].beside)
    asked = {name: place for place, name in enumerate(names[:first]) if place or not described}
    metric = file.mapping.get("score", "success")
    known = _known(file.path, names, columns)
    if metric not in known:
        raise UnknownName(f"score in {file.path}", metric, known)
    dropped = Counter[str]()
    return CallStream(
        meta=Meta(format=FORMAT.name, metric=metric, scores=known),
        calls=_calls(file.path, names, columns, asked, metric, dropped),
        dropped=dropped,
    )


def _columns(names: list[str]) -> list[_Column]:
    new = [at for at in range(len(names)) if names[at + 1 : at + 4] == _NEXT]
    places = new or [at for at, name in enumerate(names) if re.match(_NAMED, name)]
    columns = []
    labels = list(dict.fromkeys(_part(names[at], "label") for at in places))
    for at, end in pairwise([*places, len(names)]):
        beside = {name: at + 1 + n for n, name in enumerate(names[at + 1 : end])} if new else {}
        label = _part(names[at], "label")
        short = 0 < len(label) <= _LONGEST_RUN and "\n" not in label
        run = label if short else f"prompt {labels.index(label) + 1}"
        model = _part(names[at], "provider")
        columns.append(_Column(at, model, run if len(labels) > 1 else "", beside))
    taken = Counter((x.model, x.run) for x in columns)
    return [
        x._replace(run=f"{x.run} column {n}".strip()) if taken[x.model, x.run] > 1 else x
        for n, x in enumerate(columns, 1)
    ]


def _part(name: str, part: str) -> str:
    match = _PROMPT.fullmatch(name)
    return (match[part] if match else "") or ""


def _known(path: Path, names: list[str], columns: list[_Column]) -> tuple[str, ...]:
    """The scores that there are: those that columns are named by, or that the first cells hold."""
    metrics = [x.removeprefix("Metric: ") for x in names if x.startswith("Metric: ")]
    for where, row in islice(csv_rows(path, len(names)), _PEEK_N):
        for column in columns:
            answer = _answer(path, where, row, column)
            metrics += answer.scores if answer else ()
    return tuple(dict.fromkeys(["success", "score", *metrics]))


def _calls(
    path: Path,
    names: list[str],
    columns: list[_Column],
    asked: Mapping[str, int],
    metric: str,
    dropped: Counter[str],
) -> Iterator[Call]:
    repeats: Counter[tuple[int, str]] = Counter()
    for where, row in csv_rows(path, len(names)):
        given = {name: row[place] or "" for name, place in asked.items()}
        whole = hashlib.sha256(msgspec.json.encode(given, order="sorted")).hexdigest()
        text = ", ".join(f"{k}={v}" for k, v in sorted(given.items()))
        short = text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}..."
        key = f"{' '.join(short.split())} #{whole[:8]}"
        for column in columns:
            answer = _answer(path, where, row, column)
            if answer is None:
                dropped["test without a result"] += 1
                continue
            repeats[column.place, key] += 1
            yield Call(
                key=key,
                epoch=repeats[column.place, key],
                model=column.model,
                run=column.run,
                score=answer.scores.get(metric),
                failure=answer.failure,
                output=None if answer.failure == "error" else answer.text,
                labels={k: v for k, v in given.items() if len(v) <= 200},
                fingerprint=whole[:16],
                where=where,
            )


def _answer(path: Path, where: str, row: _Cells, column: _Column) -> _Answer | None:
    """What a cell and those beside it hold; None if the test has no result there.

    Raises:
        InputError: If its status or a score is none that is known.
    """
    text, beside = row[column.place] or "", column.beside
    try:
        return _beside(text, row, beside) if beside else _of_cell(text)
    except ValueError as error:
        raise wrong(path, where, f"{error}.") from error


def _beside(text: str, row: _Cells, beside: Mapping[str, int]) -> _Answer | None:
    status = (row[beside["Status"]] or "").strip()
    if status not in _STATUS:
        if status:
            raise ValueError(f"the status {status!r} is none of {', '.join(_STATUS)}")
        return None
    scores = {"score": score_of(row[beside["Score"]])}
    for name, place in beside.items():
        if name.startswith("Metric: "):
            scores[name.removeprefix("Metric: ")] = score_of(row[place])
    with suppress(msgspec.DecodeError):
        named = msgspec.json.decode(row[beside["Named Scores"]] or "{}", type=dict[str, Any])
        scores |= {name: score_of(value) for name, value in named.items()}
    if text[:1] == "'" and text[1:].lstrip("\u200b\u200c\u200d \t\n").startswith(_FORMULA):
        text = text[1:]  # set before what a spreadsheet would take for a formula
    return _scored(status, text, scores)


def _of_cell(cell: str) -> _Answer | None:
    match = _CELL.match(cell)
    if match is None:
        return None
    status, numbers, said = match[1], match[2], match[3]
    first, _, named = numbers.partition(", ")
    written = {"score": first, **dict(_SCORE.findall(named))}
    scores = {x: None if y == "undefined" else score_of(y) for x, y in written.items()}
    reason = _REASON.search(said)
    text = said[: reason.start()] if reason else said
    if status == "FAIL" and reason is None:
        status = "ERROR"  # nothing graded it: the call failed
    elif status == "FAIL":
        # Before the answer stands why it failed.
        text = text.partition("\n---\n")[2] or text
    return _scored(status, text.strip(), scores)


def _scored(status: str, text: str, scores: dict[str, float | None]) -> _Answer:
    failure = "error" if status == "ERROR" else "empty" if not text else ""
    if failure == "error":
        return _Answer(text, dict.fromkeys(("success", *scores)), failure)
    return _Answer(text, {**scores, "success": _STATUS[status]}, failure)
