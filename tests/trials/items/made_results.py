"""Results of made-up models on one test, as files: abilities and items are known."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headtohead.stats.inputs import FloatArray

_LETTERS = "ABCD"


@dataclass(frozen=True)
class MadeTest:
    """A test with known faults.

    Attributes:
        paths: One file a model.
        wrong_keys: Items whose reference is a wrong answer.
        dead: Items that everyone solves equally often.
        full: Every model's full score, shape (M,).
    """

    paths: list[Path]
    wrong_keys: list[str]
    dead: list[str]
    full: FloatArray


def made_test(
    folder: Path,
    *,
    models: int,
    items: int,
    seed: int = 1,
    wrong_keys: int = 0,
    dead: int = 0,
    epochs: int = 1,
    answers: bool = True,
    start: int = 0,
) -> MadeTest:
    """Multiple-choice results from the two-parameter model, one JSONL file a model.

    Args:
        folder: Where to write.
        models: How many.
        items: How many.
        seed: Of everything; the same seed gives the same items.
        wrong_keys: Of the first items, how many count a wrong letter as right.
        dead: Of the last items, how many no ability helps with.
        epochs: Repeats of every model.
        answers: Whether the files hold answers and references.
        start: The number of the first model: later numbers are new models on the same items.
    """
    of_items = np.random.default_rng(seed)
    slope = np.exp(of_items.normal(0.4, 0.3, items))
    slope[items - dead :] = 0.0
    difficulty = of_items.normal(-0.3, 1.1, items)
    right = of_items.integers(0, 4, items)
    key = right.copy()
    key[:wrong_keys] = (right[:wrong_keys] + 1) % 4
    full, paths = [], []
    for m in range(start, start + models):
        rng = np.random.default_rng([seed, 7, m])
        theta = rng.normal()
        chance = 1 / (1 + np.exp(-slope * (theta - difficulty)))
        rows, scores = [], []
        for epoch in range(1, epochs + 1):
            solved = rng.random(items) < chance
            missed = (right + rng.integers(1, 4, items)) % 4
            said = np.where(solved, right, missed)
            for j in range(items):
                score = float(said[j] == key[j])
                row = {"id": f"q{j}", "model": f"model-{m}", "epoch": epoch, "score": score}
                if answers:
                    row["output"] = f"I think so.\nANSWER: {_LETTERS[said[j]]}"
                    row["reference"] = _LETTERS[key[j]]
                rows.append(row)
                scores.append(score)
        path = folder / f"model-{m}.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        paths.append(path)
        full.append(float(np.mean(scores)))
    return MadeTest(
        paths,
        [f"q{j}" for j in range(wrong_keys)],
        [f"q{j}" for j in range(items - dead, items)],
        np.array(full),
    )
