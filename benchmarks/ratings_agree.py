"""Whether answers are right: each tool's ratings and intervals against the reference."""

from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.ratings_reference import Reference, from_counts, from_votes
from benchmarks.ratings_tasks import BOARDS_PRIOR, CATEGORIES, COVARIATES, Right, ToolAnswer
from numpy.typing import NDArray

_ELO = 400 / log(10)


@dataclass(frozen=True, slots=True, eq=False)
class NamedReference:
    """A reference and the names of its models, in the same order."""

    names: tuple[str, ...]
    exact: Reference


def board(number: int, model: str) -> str:
    """The name of a model on the board of a category; `CATEGORIES` is the board of all votes."""
    return f"{number}:{model}"


def agreement(answer: dict[str, Any], right: Right, folder: Path | None) -> dict[str, float]:
    """How far an answer is off.

    Args:
        answer: An `Answer` as a dict.
        right: Which reference it is held against.
        folder: Of the data set.

    Returns:
        `off_elo`, the largest difference of a rating from the exact one, after centring;
        `width_ratio`, the median ratio of interval widths to exact ones; `off_effect`, the largest
        difference of a coefficient; `missing`, how many models or votes were left out. Only those
        that apply.
    """
    found = ToolAnswer(**answer)
    if right == "none" or folder is None:
        return {}
    known = _reference(right, folder)
    made: dict[str, float] = {}
    if found.votes:
        with np.load(folder / "counts.npz") as counts:
            made["missing"] = float(counts["votes"].sum() - found.votes)
    if not found.names:
        return made
    place = {name: i for i, name in enumerate(known.names)}
    at = np.array([place[name] for name in found.names])
    off = np.array(found.ratings) - known.exact.ratings[at]
    made["off_elo"] = float(np.abs(off - off.mean()).max() * _ELO)
    made["missing"] = made.get("missing", 0.0) + len(known.names) - at.size
    if found.half:
        exact = known.exact.half if found.gauge == "models" else known.exact.half_by_votes
        made["width_ratio"] = float(np.median(np.array(found.half) / exact[at]))
    if found.effects:
        made["off_effect"] = float(np.abs(np.array(found.effects) - known.exact.effects).max())
    return made


@cache
def _reference(right: Right, folder: Path) -> NamedReference:
    with np.load(folder / "counts.npz") as file:
        names, votes = tuple(file["names"].tolist()), file["votes"]
    if right == "boards":
        return _boards(names, folder)
    if right == "style":
        x = np.column_stack([np.load(folder / f"{name}.npy") for name in COVARIATES])
        a, b, outcome = (np.load(folder / f"{name}.npy") for name in ("a", "b", "outcome"))
        return NamedReference(names, from_votes(a, b, outcome, x, len(names)))
    exact = from_counts(votes)
    return _seen(names, exact)


def _seen(names: tuple[str, ...], exact: Reference) -> NamedReference:
    """Only the models that have votes."""
    some = ~np.isnan(exact.ratings)
    kept = tuple(name for name, here in zip(names, some, strict=True) if here)
    parts = (exact.ratings[some], exact.half[some], exact.half_by_votes[some])
    return NamedReference(kept, Reference(*parts, exact.effects))


def _boards(names: tuple[str, ...], folder: Path) -> NamedReference:
    """All boards, one after another; with a weak prior, as some categories have few votes."""
    columns = ("a", "b", "outcome", "category")
    a, b, outcome, category = (np.load(folder / f"{name}.npy") for name in columns)
    m = len(names)
    key = ((category.astype(np.int64) * m + a) * m + b) * 4 + outcome
    cells = np.bincount(key, minlength=CATEGORIES * m * m * 4).reshape(CATEGORIES, m, m, 4)
    made: list[NamedReference] = []
    for number, votes in enumerate([*cells, cells.sum(axis=0)]):
        one = _seen(names, from_counts(votes, prior=BOARDS_PRIOR))
        made.append(NamedReference(tuple(board(number, name) for name in one.names), one.exact))
    return NamedReference(
        tuple(name for one in made for name in one.names),
        Reference(
            _joined([one.exact.ratings for one in made]),
            _joined([one.exact.half for one in made]),
            _joined([one.exact.half_by_votes for one in made]),
            np.zeros(0),
        ),
    )


def _joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts)
