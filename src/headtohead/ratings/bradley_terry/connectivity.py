"""What a board can tell at all: which models ever met, and which never lost or never won.

Ratings of models that no chain of votes joins cannot be compared. Where one set of models won every
vote against the rest, the likelihood has no maximum: their lead has a lower bound only.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.stats.inputs import BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Connectivity:
    """Which comparisons the votes allow.

    Attributes:
        component: Shape (M,): models of one number are joined by votes; 0 is the largest.
        block: Shape (M,): models of one number have each both won and lost against the others,
            directly or through others; 0 is the largest of component 0.
        above: Shape (M,): no upper bound; it, or its block, never lost to the main block of its
            component, directly or through others.
        below: Shape (M,): no lower bound: it never won against it.
    """

    component: IntArray
    block: IntArray
    above: BoolArray
    below: BoolArray

    @property
    def connected(self) -> bool:
        """Whether every model can be compared with every other."""
        return bool(np.all(self.component == 0))

    @property
    def bounded(self) -> bool:
        """Whether every component has a maximum of its likelihood."""
        return not bool(np.any(self.unbounded))

    @property
    def unbounded(self) -> BoolArray:
        """Which models have no bound on one side at least, shape (M,)."""
        return self.above | self.below


def connectivity(counts: Counts, *, ties_count: bool = True) -> Connectivity:
    """Which comparisons the votes allow.

    `ties_count` tells whether a tie counts for both sides, as half a win or an outcome of its own.

    References:
        Ford, L. R. (1957). Solution of a ranking problem from binary comparisons. American
        Mathematical Monthly 64, 28-33. doi:10.1080/00029890.1957.11989117
    """
    m, votes = len(counts.models), counts.votes
    # Entry (i, j): i has won a vote against j, or tied.
    beat = np.zeros((m, m), dtype=bool)
    tied = votes[:, 2:].any(axis=1) & ties_count
    for won, winner, loser in (
        (votes[:, 0] > 0, counts.first, counts.second),
        (votes[:, 1] > 0, counts.second, counts.first),
    ):
        beat[winner[won | tied], loser[won | tied]] = True
    component = _connected(beat, "weak")
    block = np.zeros_like(component)
    above, below = np.zeros(m, dtype=bool), np.zeros(m, dtype=bool)
    next_block = 0
    for number in range(int(component.max(initial=-1)) + 1):
        members = np.flatnonzero(component == number)
        inside = beat[np.ix_(members, members)]
        blocks = _connected(inside, "strong")
        block[members] = blocks + next_block
        next_block += int(blocks.max()) + 1
        above[members], below[members] = _unbounded(inside, blocks == 0)
    return Connectivity(component, block, above, below)


def _unbounded(beat: NDArray[np.bool_], main: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Which models have no upper, and no lower, bound; `main` is the largest block."""
    from scipy.sparse.csgraph import breadth_first_order

    if main.sum() > 1 or main.size == 1:
        # Whom one model of the block has beaten, all have, directly or through others.
        start, ends = int(np.argmax(main)), []
        for arrows in (beat, beat.T):
            unreached = np.ones(main.size, dtype=bool)
            unreached[breadth_first_order(arrows, start, return_predecessors=False)] = False
            ends.append(unreached)
        return ends[0], ends[1]
    # No two models have both beaten each other: all gaps are open, one side for the outermost.
    never_lost, never_won = ~beat.any(axis=0), ~beat.any(axis=1)
    middle = ~never_lost & ~never_won
    return np.asarray(never_lost | middle), np.asarray(never_won | middle)


def _connected(beat: NDArray[np.bool_], connection: Literal["weak", "strong"]) -> IntArray:
    """The connected component of each model: the largest is 0, equal ones by first member."""
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(beat, directed=True, connection=connection)
    _, first, where, sizes = np.unique(
        label, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty_like(first)
    rank[np.lexsort((first, -sizes))] = np.arange(first.size)
    return rank[where]
