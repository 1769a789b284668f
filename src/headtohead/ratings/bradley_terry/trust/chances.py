"""The chance of each outcome of a vote under a fitted board, whatever its treatment of ties.

Ties as half wins give an expected score but no chance of a tie. There the share of ties of the pair
itself is used, so that whatever asks "is this unlikely?" does not take many ties for a defect.
"""

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import Cells, Fit, logistic
from headtohead.stats.inputs import FloatArray, IntArray

_BORROWED = 10.0  # votes with the board's share of ties, added to those of the pair
_FARTHEST = 0.95  # of the most ties that the expected score allows


def chances(fitted: Fit, first: IntArray, second: IntArray) -> FloatArray:
    """The chances that the first wins, the second wins, or they tie, shape (R, 3).

    With ties as half wins, the tie has the pair's own share of ties, drawn towards the board's
    share as if by ten votes, and never so large that a win would be impossible.
    """
    d = fitted.strength[first] - fitted.strength[second] + (fitted.side or 0.0)
    if fitted.link.probabilities is not None:
        return fitted.link.probabilities(d, fitted.tie or 0.0)
    score = logistic(d)
    # Share of ties of each pair, drawn towards that of all votes.
    cells = Cells.of(fitted.counts, "half")
    overall = float(cells.n[:, 2].sum() / cells.n.sum())
    total = cells.n.sum(axis=1)
    share = (cells.n[:, 2] + _BORROWED * overall) / (total + _BORROWED)
    m = max(1, cells.m)
    known = cells.first * m + cells.second
    asked = np.minimum(first, second) * m + np.maximum(first, second)
    place = np.minimum(np.searchsorted(known, asked), max(0, known.size - 1))
    tie = np.minimum(
        np.where(known[place] == asked, share[place], overall),
        2 * _FARTHEST * np.minimum(score, 1 - score),
    )
    return np.column_stack([score - tie / 2, 1 - score - tie / 2, tie])


def draw(cells: Cells, likely: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Votes of another board of the same size, shape (P, 3): first, second, ties."""
    total = np.rint(cells.n.sum(axis=1)).astype(np.int64)
    safe = np.clip(likely, 0.0, 1.0)
    return rng.multinomial(total, safe / safe.sum(axis=1, keepdims=True)).astype(np.float64)


def as_counts(models: tuple[str, ...], cells: Cells, n: FloatArray) -> Counts:
    """Votes of cells as counts."""
    votes = np.column_stack([n, np.zeros(n.shape[0])]).astype(np.int64)
    return Counts.from_cells(models, cells.first, cells.second, votes)
