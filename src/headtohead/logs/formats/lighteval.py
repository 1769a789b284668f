"""Details of lighteval (Hugging Face): `details_TASK_DATE.parquet`, one row a document.

Version 0.11 put a document, its answer and its metrics into one column each; before, each of their
parts had a column.
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.formats import first_fields
from headtohead.files.opening import files_of
from headtohead.files.records import json_or_text, objects, score_in, text_of
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat, Usage
from headtohead.logs.openai import asked_hash, messages_of

_NEW, _OLD = ("doc", "metric", "model_response"), ("example", "full_prompt", "metrics")
FORMAT = RunFormat(
    name="lighteval",
    about="lighteval (Hugging Face): details_*.parquet",
    needs=(_NEW, _OLD),
    folders=True,
    holds=("scores", "requests", "tokens"),
    maps=("score",),
    pairs="task and document",
    tried=("lighteval 0.8.1 0.13.0",),
)
_TASK = re.compile(r"details_(.+?)_\d{4}-\d\d-\d\dT[\d.:-]+\.parquet$")
_RECORD = "a row of lighteval's details"
_Row = dict[str, Any]


def read(file: RunFile) -> CallStream:
    """The documents of all tasks of one run, one call each."""
    files = files_of(file.path)
    paths = [x for x in files if _TASK.search(x.name) or _is_details(first_fields(x))]
    if not paths:
        raise InputError(f"{file.path}: holds no details of lighteval. Run it with --save-details.")
    tasks = {path: match[1] if (match := _TASK.search(path.name)) else "" for path in paths}
    if len(set(tasks.values())) < len(paths):
        named = ", ".join(sorted({str(x.parent.relative_to(file.path)) for x in paths}))
        raise InputError(f"{file.path}: holds several runs of one task. Name one folder: {named}.")
    firsts = [next(objects(path, _RECORD), ("", {})) for path in paths]
    names = dict.fromkeys(chain.from_iterable(_metrics(row) for _, row in firsts))
    wanted = file.mapping.get("score", "")
    if wanted and wanted not in names:
        raise UnknownName(f"metric in {file.path}", wanted, tuple(names))
    metrics = {
        path: wanted or next(iter(_metrics(row)), "")
        for path, (_, row) in zip(paths, firsts, strict=True)
    }
    return CallStream(
        meta=Meta(
            format=FORMAT.name,
            task=", ".join(filter(None, tasks.values())),
            metric=" | ".join(dict.fromkeys(metrics.values())),
            scores=tuple(names),
            must_agree={"tasks": ", ".join(sorted(filter(None, tasks.values())))},
        ),
        calls=_calls(tasks, metrics),
        dropped={},
    )


def _is_details(fields: frozenset[str]) -> bool:
    return fields.issuperset(_NEW) or fields.issuperset(_OLD)


def _metrics(row: _Row) -> dict[str, Any]:
    held = json_or_text(row.get("metric", row.get("metrics")))
    return held if isinstance(held, dict) else {}


def _calls(tasks: dict[Path, str], metrics: dict[Path, str]) -> Iterator[Call]:
    for path, task in tasks.items():
        model = _model(path)
        for number, (where, row) in enumerate(objects(path, _RECORD)):
            call = _since_11(row) if "doc" in row else _before_11(row)
            call.key = call.key or str(number)
            if len(tasks) > 1:
                call.key = f"{task}/{call.key}"
            call.labels = {"task": task} if task else {}
            call.model, call.where = model, f"{path.name}, {where}"
            call.score = score_in(path, where, metrics[path], _metrics(row).get(metrics[path]))
            yield call


def _model(path: Path) -> str:
    """The model by the folders between `details` and that of the date; empty outside of these."""
    folders = path.absolute().parent.parts[:-1]
    if "details" not in folders:
        return ""
    place = len(folders) - 1 - folders[::-1].index("details")
    return "/".join(folders[place + 1 :])


def _since_11(row: _Row) -> Call:
    doc, said = _struct(row["doc"]), _struct(row.get("model_response"))
    texts = said.get("text_post_processed") or said.get("text") or []
    golds = doc.get("gold_index")
    choices = doc.get("choices") or []
    places = golds if isinstance(golds, list) else [golds]
    right = [choices[x] for x in places if isinstance(x, int) and 0 <= x < len(choices)]
    sent, asked = said.get("input"), text_of(doc.get("query"))
    return _call(text_of(doc.get("id")), asked, right, texts, sent or asked, said)


def _before_11(row: _Row) -> Call:
    texts = json_or_text(row.get("predictions"))
    gold = json_or_text(row.get("gold"))
    tokens = {"input_tokens": row.get("input_tokens"), "output_tokens": row.get("cont_tokens")}
    asked, sent = text_of(row["example"]), text_of(row["full_prompt"])
    right = gold if isinstance(gold, list) else [gold]
    return _call("", asked, right, texts if isinstance(texts, list) else [texts], sent, tokens)


def _call(
    key: str,
    asked: str,
    right: list[Any],
    texts: list[Any],
    sent: Any,  # noqa: ANN401
    tokens: _Row,
) -> Call:
    # Tasks that compare the likelihood of choices generate no text.
    text = text_of(texts[0]) if len(texts) == 1 else None
    reference = "\n".join(map(text_of, right))
    return Call(
        key=key,
        failure="empty" if text == "" else "",
        messages=messages_of(json_or_text(sent)) or messages_of(sent),
        output=text,
        reference=reference or None,
        usage=_usage(tokens),
        fingerprint=asked_hash([{"content": asked}], reference),
    )


def _usage(said: _Row) -> Usage | None:
    """Tokens, where lighteval had them: behind an endpoint it has none, and writes empty lists."""
    into, out = (_tokens_n(json_or_text(said.get(x))) for x in ("input_tokens", "output_tokens"))
    return Usage(input_tokens=into, output_tokens=out) if into and out else None


def _tokens_n(held: object) -> int:
    """How many tokens are in a list of them, or in lists of such lists."""
    return sum(map(_tokens_n, held)) if isinstance(held, list) else int(held is not None)


def _struct(held: object) -> _Row:
    value = json_or_text(held)
    return value if isinstance(value, dict) else {}
