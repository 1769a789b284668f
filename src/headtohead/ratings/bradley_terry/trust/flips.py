"""How few votes hold up an order: the smallest found removal that swaps two models.

The votes that carry the gap most are taken first, as many as one linear step says are needed; then
the board is fitted again without them. Where that does not swap the two models, votes are weighed
anew on what is left and more are taken, until a refit does.
"""

from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import inverse_information
from headtohead.ratings.bradley_terry.fit import Fit
from headtohead.ratings.bradley_terry.trust.influence import (
    neighbours,
    refit,
    refitted_gap,
    removal_effect,
)
from headtohead.stats.inputs import FloatArray, IntArray

_BATCHES = 12
_REFITS = 30
_STRAIGHT = 6  # after so many refits the rest is halved
_TURNED = -1e-9  # logits; models closer than that are equal
_REACH = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Flip:
    """What it takes to swap two models.

    Attributes:
        models: Name of the stronger one, then of the weaker.
        gap: By how much it is stronger, in logits.
        predicted: Votes that one linear step says are enough; None if no number of them is.
        needed: Votes whose removal swaps the two in a refit; None if none was found. Fewer may do
            in theory: this is an upper bound, and nearly always the answer.
        share: `needed` as a fraction of all votes; nan if None.
        gap_after: The gap in the refit without the votes in `removed`, in logits; nan if the two
            can no longer be compared.
        removed: The votes taken away; where `needed` is None, all that were tried.
        verified: Whether a refit confirmed the swap.
    """

    models: tuple[str, str]
    gap: float
    predicted: int | None
    needed: int | None
    share: float
    gap_after: float
    removed: Counts
    verified: bool


def flip_votes(
    fitted: Fit,
    first: int,
    second: int,
    *,
    reach: float = _REACH,
    inverse: FloatArray | None = None,
) -> Flip:
    """The votes that must go for two models to change places.

    The votes join the two models; `reach` is the largest share of all votes that may be removed, 0
    < reach <= 1.

    Raises:
        ValueError: If the models are the same or not joined by votes, or `reach` is out of range.

    References:
        Broderick, T., Giordano, R., Meager, R. (2020). An automatic finite-sample robustness
        metric: when can dropping a little data make a big difference?
        doi:10.48550/arXiv.2011.14999
        Huang, J. Y., Shen, Y., Wei, D., Broderick, T. (2025). Dropping just a handful of
        preferences can change top large language model rankings. doi:10.48550/arXiv.2508.11847
    """
    if not 0 < reach <= 1:
        raise ValueError(f"reach is {reach}; it must be a share above 0 and at most 1")
    names = fitted.counts.models
    if first == second:
        raise ValueError(f"{names[first]} cannot change places with itself")
    if fitted.connectivity.component[first] != fitted.connectivity.component[second]:
        raise ValueError(
            f"no chain of votes joins {names[first]} and {names[second]}, so neither leads"
        )
    strength = fitted.strength
    i, j = (first, second) if strength[first] >= strength[second] else (second, first)
    gap = float(strength[i] - strength[j])
    if inverse is None:
        inverse = inverse_information(fitted)
    queue = _queue(fitted, inverse, i, j)
    predicted = queue.enough(gap)
    removed, after = _search(fitted, i, j, queue, int(reach * fitted.counts.total))
    flipped = after < _TURNED
    needed = removed.total if flipped else None
    share = removed.total / fitted.counts.total if flipped else float("nan")
    return Flip((names[i], names[j]), gap, predicted, needed, share, after, removed, flipped)


def adjacent_flips(fitted: Fit, *, reach: float = _REACH) -> tuple[Flip, ...]:
    """What it takes to swap each model with the next weaker one, from the top of the board.

    Models that no chain of votes joins are no neighbours.

    Raises:
        ValueError: If `reach` is out of range.

    References:
        As `flip_votes`.
    """
    inverse = inverse_information(fitted)
    return tuple(
        flip_votes(fitted, int(i), int(j), reach=reach, inverse=inverse)
        for i, j in zip(*neighbours(fitted), strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Queue:
    """Votes in the order in which they go.

    Attributes:
        cell: Row of the counts times four plus outcome, shape (Q,).
        n: How many of them there are, shape (Q,).
        effect: What each does to the gap, below 0, shape (Q,).
    """

    cell: IntArray
    n: IntArray
    effect: FloatArray

    def enough(self, gap: float) -> int | None:
        """The least number of votes whose effects add up to more than the gap."""
        before = np.concatenate([[0.0], np.cumsum(self.n * self.effect)])
        if gap + before[-1] >= 0:
            return None
        last = int(np.argmax(gap + before[1:] < 0))
        left = gap + before[last]
        here = min(int(np.floor(left / -self.effect[last])) + 1, int(self.n[last]))
        return int(self.n[:last].sum()) + here

    def take(self, votes: int, cells: int) -> IntArray:
        """The first votes of the queue, as counts of shape (cells / 4, 4)."""
        before = np.concatenate([[0], np.cumsum(self.n)[:-1]])
        taken = np.clip(votes - before, 0, self.n)
        made = np.zeros(cells, dtype=np.int64)
        made[self.cell] = taken
        return made.reshape(-1, 4)


def _queue(fitted: Fit, inverse: FloatArray, i: int, j: int) -> _Queue:
    """The votes whose removal narrows the gap, the strongest first."""
    counts = fitted.counts
    effect = removal_effect(fitted, counts.first, counts.second, inverse[:, i] - inverse[:, j])
    cell = np.flatnonzero(((counts.votes > 0) & (effect < 0)).ravel())
    cell = cell[np.argsort(effect.ravel()[cell], kind="stable")]
    return _Queue(cell, counts.votes.ravel()[cell], effect.ravel()[cell])


def _search(fitted: Fit, i: int, j: int, queue: _Queue, most: int) -> tuple[Counts, float]:
    """The votes taken and the gap without them: one batch, or more where one does not do."""
    now, taken = fitted, Counts.none()
    after = float(fitted.strength[i] - fitted.strength[j])
    leader, rival = (fitted.counts.models[index] for index in (i, j))
    number = queue.enough(after)
    for _ in range(_BATCHES):
        every = int(queue.n.sum())
        votes = min(every if number is None else number, most - taken.total)
        if votes < 1:
            break
        gone, again, gap = _fewest(now, i, j, queue, votes)
        if again is None or np.isnan(gap):
            # Nothing is left that compares the two: half the batch.
            number = votes // 2
            continue
        taken, now, after = taken + gone, again, gap
        if after < _TURNED:
            break
        # The rest weighs differently without those: it is weighed anew.
        i, j = (now.counts.models.index(name) for name in (leader, rival))
        queue = _queue(now, inverse_information(now), i, j)
        number = queue.enough(after)
    return taken, after


def _fewest(
    fitted: Fit, i: int, j: int, queue: _Queue, votes: int
) -> tuple[Counts, Fit | None, float]:
    """What is left without so many votes of the queue, or without fewer if they do as well."""
    best = _without(fitted, i, j, queue, votes)
    enough, over = votes, best[2]
    too_few, under = 0, float(fitted.strength[i] - fitted.strength[j])
    if not over < _TURNED:
        return best
    # Linear steps lean to too many votes. Between what is enough and what is not, the gap is nearly
    # a straight line.
    for step in range(_REFITS):
        if enough - too_few <= 1:
            break
        along = under / (under - over) if step < _STRAIGHT else 0.5
        guess = too_few + int(np.ceil((enough - too_few) * along))
        guess = min(max(guess, too_few + 1), enough - 1)
        found = _without(fitted, i, j, queue, guess)
        if found[2] < _TURNED:
            best, enough, over = found, guess, found[2]
        else:
            too_few, under = guess, max(0.0, found[2])
    return best


def _without(
    fitted: Fit, i: int, j: int, queue: _Queue, votes: int
) -> tuple[Counts, Fit | None, float]:
    """The first votes of the queue, the refit without them, and the gap there."""
    counts = fitted.counts
    taken = queue.take(votes, counts.votes.size)
    gone = Counts.from_cells(counts.models, counts.first, counts.second, taken)
    again = refit(fitted, counts - gone)
    return gone, again, refitted_gap(fitted, again, i, j)
