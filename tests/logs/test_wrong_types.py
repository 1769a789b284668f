"""A value of another type anywhere in a real file is read or refused, and never a traceback."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.logs.formats.real import FILES
from tests.simulations import lengths

from headtohead.core.errors import InputError
from headtohead.logs.opening import load

_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, 10**30, "x", "", "NaN", [], {}),
    *([1], [None], [{}], [[[]]], {"a": 1}, {"a": {"b": [1]}}, {"0": 1}),
)
_TARGETS = (
    ("deepeval-4.3.1/small-a.json", ""),
    ("evalscope-1.14.1", "reviews/small-a/general_qa_cap.jsonl"),
    ("evalscope-1.14.1", "predictions/small-a/general_qa_cap.jsonl"),
    ("evalscope-1.14.1", "reports/small-a/general_qa.json"),
    ("evalscope-0.17.1", "reviews/small-a/general_qa_cap.jsonl"),
    ("every-eval-ever-0.3.0", "90a240d1.json"),
    ("every-eval-ever-0.3.0", "90a240d1_samples.jsonl"),
    ("helm-0.5.16/small-a", "scenario_state.json"),
    ("helm-0.5.16/small-a", "run_spec.json"),
    ("helm-0.5.16/small-b", "display_predictions.json"),
    ("helm-0.5.16/small-b", "instances.json"),
    ("lm-eval-0.4.5/small-a", "results_2026-11-29T10-10-47.844964.json"),
    ("openinference-0.1.66/small-b.otlp.jsonl", ""),
    ("phoenix-20.26.1/api", "spans.json"),
    ("phoenix-20.26.1/api", "annotations.json"),
    ("promptfoo-0.91.3/results.json", ""),
    ("swebench-5.0.2/lab__small-a.trial1.json", ""),
)


def _places(held: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = held.items() if isinstance(held, dict) else enumerate(held[:6])
    for name, value in inside:
        yield (*place, name)
        if isinstance(value, dict | list):
            yield from _places(value, (*place, name))


def _changed(text: str, rng: np.random.Generator) -> str:
    held = json.loads(text)
    places = list(_places(held))
    *path, last = places[rng.integers(len(places))]
    inside = held
    for step in path:
        inside = inside[step]
    inside[last] = _VALUES[rng.integers(len(_VALUES))]
    return json.dumps(held)


@pytest.mark.parametrize("times", lengths(8, 100))
@pytest.mark.parametrize(("name", "inner"), _TARGETS)
def test_no_wrong_type_is_a_traceback(name: str, inner: str, times: int, tmp_path: Path) -> None:
    source, copy = FILES / name, tmp_path / Path(name).name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
    file = copy / inner if inner else copy
    text = file.read_text(encoding="utf-8")
    for seed in range(times):
        rng = np.random.default_rng(seed)
        lines = text.splitlines() if file.suffix == ".jsonl" else [text]
        at = int(rng.integers(len(lines)))
        lines[at] = _changed(lines[at], rng)
        file.write_text("\n".join(lines), encoding="utf-8")
        try:
            load(copy)
        except InputError as error:
            assert str(error)  # noqa: PT017
