"""Sides made in memory, item by item."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headtohead.logs.calls import Call, Meta
from headtohead.trials.comparing.pairing import ModelRun


def side(
    name: str, scores: Mapping[str, float | None] | Sequence[float | None], **changes: Any
) -> ModelRun:
    """One call an item; sequences are keyed q0, q1, ... and changes go to the side's meta."""
    if not isinstance(scores, Mapping):
        scores = {f"q{i}": score for i, score in enumerate(scores)}
    calls = [Call(key=key, model=name, score=score) for key, score in scores.items()]
    return of_calls(name, calls, **changes)


def of_calls(name: str, calls: Sequence[Call], **changes: Any) -> ModelRun:
    meta = Meta(**{"format": "made", **changes})
    return ModelRun(name, Path(f"{name}.jsonl"), name, meta, tuple(calls), {})


def yes_no(both: int, a_only: int, b_only: int, neither: int) -> tuple[ModelRun, ModelRun]:
    """A and B with so many items of each outcome."""
    a = [1.0] * both + [1.0] * a_only + [0.0] * b_only + [0.0] * neither
    b = [1.0] * both + [0.0] * a_only + [1.0] * b_only + [0.0] * neither
    return side("a", a), side("b", b)
