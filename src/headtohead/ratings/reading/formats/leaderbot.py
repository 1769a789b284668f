"""leaderbot's data: models, pairs of them, and how often each pair ended in each way."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.errors import InputError
from headtohead.files.tables import Columns
from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.ratings.reading.layout import Counted, VoteFormat
from headtohead.stats.inputs import IntArray

FORMAT = VoteFormat(
    name="leaderbot", about="leaderbot's counts by pair", needs=(("models", "X", "Y"),), sides=False
)


def layout(columns: Columns) -> Counted:
    """How the counts are read; there are no rows to find anything in."""
    return Counted(_counts)


def _counts(document: Mapping[str, Any]) -> Counts:
    models = [str(name) for name in document["models"]]
    pairs = _whole(document["X"], "X", 2)
    votes = _whole(document["Y"], "Y", len(OUTCOMES))
    if len(pairs) != len(votes):
        raise InputError(f"X has {len(pairs)} pairs and Y {len(votes)} rows; each pair needs one.")
    wrong = {
        "names a model that is not in models": ((pairs < 0) | (pairs >= len(models))).any(axis=1),
        "sets a model against itself": pairs[:, 0] == pairs[:, 1],
        "has a count below 0": (votes < 0).any(axis=1),
    }
    for what, rows in wrong.items():
        if rows.any():
            row = int(np.argmax(rows))
            raise InputError(
                f"pair {row + 1} {what}: X {pairs[row].tolist()}, Y {votes[row].tolist()}. "
                f"Correct or remove it."
            )
    if len(set(models)) != len(models) or not all(name.strip() for name in models):
        raise InputError("models holds an empty name or one name twice; give each its own name.")
    return Counts.from_cells(models, pairs[:, 0], pairs[:, 1], votes)


def _whole(values: ArrayLike, name: str, width: int) -> IntArray:
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.zeros(0, dtype=object)
    if array.ndim != 2 or array.shape[1] != width or array.dtype.kind not in "iu":
        raise InputError(f"{name} must hold rows of {width} whole numbers each.")
    return array.astype(np.int64)
