"""Large files of results, made by repeating records that the tools themselves wrote."""

import csv
import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

_REAL = Path(__file__).parents[1] / "tests" / "logs" / "formats" / "real_files"
_Row = dict[str, Any]
_Edit = Callable[[int], _Row]


def _again(rows: list[_Row], n: int, edit: _Edit) -> Iterator[_Row]:
    """Records over and over, each with an id of its own."""
    for i, row in zip(range(n), itertools.cycle(rows), strict=False):
        yield {**row, **edit(i)}


def _lines(pattern: str) -> list[_Row]:
    path = next(_REAL.glob(pattern))
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _write(path: Path, rows: Iterable[_Row], *, head: str = "", tail: str = "") -> None:
    """JSON lines, or a list of them between `head` and `tail`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        for number, row in enumerate(rows):
            file.write((", " if number and head else "") + json.dumps(row) + ("" if head else "\n"))
        file.write(tail)


def _deepeval(folder: Path, n: int) -> Path:
    run = json.loads((_REAL / "deepeval-4.3.1" / "small-a.json").read_text("utf-8"))
    rows = _again(run["testCases"], n, lambda i: {"name": f"n{i}", "input": f"What is {i}?"})
    rest = json.dumps({name: value for name, value in run.items() if name != "testCases"})
    _write(folder / "run.json", rows, head=f'{rest[:-1]}, "testCases": [', tail="]}")
    return folder / "run.json"


def _evalscope(folder: Path, n: int) -> Path:
    for kind in ("reviews", "predictions"):
        rows = _again(_lines(f"evalscope-1.14.1/{kind}/*/*.jsonl"), n, lambda i: {"index": i})
        _write(folder / kind / "small-a" / "general_qa_cap.jsonl", rows)
    return folder


def _every_eval_ever(folder: Path, n: int) -> Path:
    about = next(_REAL.glob("every-eval-ever-*/*.json"))
    shutil.copy(about, folder)
    rows = _lines("every-eval-ever-*/*_samples.jsonl")
    edited = _again(rows, n, lambda i: {"sample_id": f"s{i}", "sample_hash": f"{i:064x}"})
    _write(folder / f"{about.stem}_samples.jsonl", edited)
    return folder


def _helm(folder: Path, n: int) -> Path:
    run = _REAL / "helm-0.5.16" / "small-b"
    shutil.copy(run / "run_spec.json", folder)
    for name, key in (("display_predictions", "instance_id"), ("instances", "id")):
        rows = json.loads((run / f"{name}.json").read_text("utf-8"))
        edited = _again(rows, n, lambda i, key=key: {key: f"id{i}"})  # type: ignore[misc]
        _write(folder / f"{name}.json", edited, head="[", tail="]")
    return folder


def _lm_eval(folder: Path, n: int) -> Path:
    rows = _again(_lines("lm-eval-0.4.13/small-a/samples_caps_*"), n, lambda i: {"doc_id": i})
    name = next(_REAL.glob("lm-eval-0.4.13/small-a/samples_caps_*")).name
    _write(folder / name, rows)
    return folder / name


def _phoenix(folder: Path, n: int) -> Path:
    rows = [row for row in _lines("phoenix-*/frame.jsonl") if row["span_kind"] == "LLM"]
    _write(folder / "frame.jsonl", _again(rows, n, lambda i: {"context.span_id": f"{i:016x}"}))
    return folder / "frame.jsonl"


def _promptfoo(folder: Path, n: int) -> Path:
    def edit(i: int) -> _Row:
        asked = {"question": f"q{i // 4}"}
        return {"testIdx": i // 4, "vars": asked, "testCase": {"vars": asked}}

    _write(folder / "r.jsonl", _again(_lines("promptfoo-0.121.20/results.jsonl"), n, edit))
    return folder / "r.jsonl"


def _promptfoo_csv(folder: Path, n: int) -> Path:
    with (_REAL / "promptfoo-0.121.20" / "results.csv").open(encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    with (folder / "results.csv").open("w", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for i, row in zip(range(n // 4), itertools.cycle(rows), strict=False):
            writer.writerow([row[0], f"question {i}", *row[2:]])
    return folder / "results.csv"


def _openinference(folder: Path, n: int) -> Path:
    """Exports of one call each, whose spans have ids of their own."""
    exports = [x for x in _lines("openinference-0.1.66/small-b.otlp.jsonl") if '"LLM"' in str(x)]
    exports = exports or _lines("openinference-0.1.66/small-b.otlp.jsonl")
    with (folder / "spans.jsonl").open("w", encoding="utf-8") as file:
        for i, export in zip(range(n), itertools.cycle(exports), strict=False):
            for number, span in enumerate(export["resourceSpans"][0]["scopeSpans"][0]["spans"]):
                span["spanId"] = f"{i:012x}{number:04x}"
            file.write(json.dumps(export) + "\n")
    return folder / "spans.jsonl"


def _plain(folder: Path, n: int) -> Path:
    with (folder / "scores.csv").open("w", encoding="utf-8") as file:
        file.write("id,model,score,output,input_tokens,output_tokens,category\n")
        for i in range(n):
            file.write(f'{i},small,{i % 2},"an answer, {i}",120,20,support\n')
    return folder / "scores.csv"


RESULTS: dict[str, tuple[str, Callable[[Path, int], Path]]] = {
    "plain CSV": ("plain", _plain),
    "promptfoo JSON lines": ("promptfoo", _promptfoo),
    "promptfoo CSV": ("promptfoo_csv", _promptfoo_csv),
    "lm-eval samples": ("lm_eval", _lm_eval),
    "EvalScope folder": ("evalscope", _evalscope),
    "Every Eval Ever": ("every_eval_ever", _every_eval_ever),
    "DeepEval document": ("deepeval", _deepeval),
    "HELM folder": ("helm", _helm),
    "Phoenix data frame": ("phoenix", _phoenix),
    "OpenInference spans": ("otel_genai", _openinference),
}
"""Task -> module of the reader, and what writes so many records for it into a folder."""
