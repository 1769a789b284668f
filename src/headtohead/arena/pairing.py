"""Which pair comes next: at random, with chances that favour what the votes nearly decide.

A share of the draws goes to pairs whose next vote brings most towards another separated pair. The
rest goes to pairs with fewer votes than others: where draws follow outcomes alone, a lucky start
keeps its luck, and ratings spread too far.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from headtohead.ratings.bradley_terry.fit import (
    PRIOR_VOTES,
    Cells,
    Link,
    Problem,
    link,
    logistic,
    newton,
)
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, check_level, one_thread
from headtohead.stats.intervals import normal_quantile

AIMED = 0.8  # of draws, once there are many votes
FLOOR = 0.1  # of draws, spread evenly
NEW_SHARE = 0.2  # of draws, for entrants with fewer votes than
NEW_VOTES = 20
_SLOW_START = 0.5  # votes a pair at which half of `AIMED` is aimed
_LOOK_AHEAD = 0.3  # votes to come, as a share of those there are
_BEYOND = 1.12  # of the threshold: a pair that only just crosses may be there by luck
_SHARP = 16  # pairs within a few percent of the best one are nearly as likely as it
_AHEAD = 0.05, 0.02  # votes that a pair may be ahead of others: of its own, and as a share


@one_thread()
def pair_probabilities(
    wins: FloatArray,
    *,
    ties: FloatArray | None = None,
    active: BoolArray | None = None,
    wanted: BoolArray | None = None,
    level: float = 0.95,
    floor: float = FLOOR,
    new_share: float = NEW_SHARE,
    new_votes: int = NEW_VOTES,
) -> FloatArray:
    """The chance of every pair of n entrants to be drawn next.

    Args:
        wins: Wins of row over column with each tie as half a win for both, shape (n, n). Or
            several such boards, shape (k, n, n), on all of which the next vote counts: all votes,
            and those of its category.
        ties: How many of these votes were ties, in the shape of `wins`; the same for row and
            column. With ties known, votes are not taken for tosses of a coin.
        active: Who may be drawn, shape (n,); by default all. Votes of others count on.
        wanted: Pairs that may be drawn, shape (n, n); by default all. One mark of the two suffices.
        level: Of the intervals that are to separate pairs.
        floor: Share of draws spread evenly over the pairs that may be drawn.
        new_share: Share of draws kept for entrants that are new, each with the same part of it.
        new_votes: An entrant is new while it has fewer votes (on the first board), unless all have.

    Returns:
        Shape (n, n), symmetric, 0 on the diagonal. Those above the diagonal sum to 1. Every pair
        that may be drawn has at least `floor * (1 - new_share)` over the number of such pairs.

    Raises:
        ValueError: If fewer than two entrants may be drawn, no pair is wanted, shapes do not fit, a
            number of votes is negative or not finite, or a share is not between 0 and 1.

    References:
        Chiang, W.-L. et al. (2024). Chatbot Arena: an open platform for evaluating LLMs by human
        preference (draws by how much a vote narrows intervals). doi:10.48550/arXiv.2403.04132
        Frazier, P., Powell, W., Dayanik, S. (2008). A knowledge-gradient policy for sequential
        information collection. SIAM Journal on Control and Optimization 47, 2410-2439.
        doi:10.1137/070693424
        Pukelsheim, F. (2006). Optimal Design of Experiments. SIAM. doi:10.1137/1.9780898719109
    """
    boards, tied = _boards(wins, ties)
    n = boards.shape[-1]
    first, second = np.nonzero(np.triu(_allowed(n, active, wanted), 1))
    _check_share(floor, "floor")
    _check_share(new_share, "new_share")
    votes = boards + boards.transpose(0, 2, 1)
    threshold = _BEYOND * normal_quantile(0.5 + check_level(level) / 2)
    gain, even = np.zeros(first.size), np.zeros(first.size)
    aimed = 0.0
    for points, ties_here, total in zip(boards, tied, votes, strict=True):
        here = total[first, second]
        known = Strengths.of(points, ties_here)
        gain += known.gains(first, second, threshold)
        even += _catching_up(here, known.information(first, second)) / len(boards)
        aimed += AIMED / len(boards) * here.sum() / (here.sum() + _SLOW_START * here.size)
    if gain.max() > 0:
        sharp = (gain / gain.max()) ** _SHARP
        even = (1 - aimed) * even + aimed * sharp / sharp.sum()
    chances = floor / first.size + (1 - floor) * even
    battles = votes[0].sum(axis=1)
    chances = _with_new(chances, first, second, battles < new_votes, new_share)
    result = np.zeros((n, n))
    result[first, second] = result[second, first] = chances
    return result


def draw(
    probabilities: FloatArray, rng: np.random.Generator, *, wanted: BoolArray | None = None
) -> tuple[int, int, float]:
    """One pair, drawn.

    Args:
        probabilities: As from `pair_probabilities`.
        wanted: Pairs that may be drawn now, shape (n, n), where these are not all: a voter may have
            seen all that others have to show.

    Returns:
        The entrant for the left, that for the right (each side as likely), and the chance that this
        pair had, on whichever sides.

    Raises:
        ValueError: If no pair that may be drawn has a chance.
    """
    chances = probabilities if wanted is None else probabilities * (wanted | wanted.T)
    first, second = np.nonzero(np.triu(chances, 1))
    if not first.size:
        raise ValueError("no pair of `probabilities` can be drawn: two entrants are needed")
    own = chances[first, second]
    own = own / own.sum()
    at = int(rng.choice(own.size, p=own))
    pair = int(first[at]), int(second[at])
    left, right = pair if rng.random() < 0.5 else pair[::-1]
    return left, right, float(own[at])


@dataclass(frozen=True, slots=True, eq=False)
class Strengths:
    """What the votes of a board say of n strengths, and how surely.

    Attributes:
        strength: Shape (n,), in logits, with a weak prior.
        covariance: Of the strengths, shape (n, n), if each vote were the toss of a coin.
        spread: Variance of votes relative to that of coins; ties make it less than 1.
    """

    strength: FloatArray
    covariance: FloatArray
    spread: float

    @classmethod
    def of(cls, points: FloatArray, ties: FloatArray) -> Self:
        """The strengths that a board's points, ties as half ones, make likeliest."""
        n = len(points)
        first, second = np.triu_indices(n, 1)
        tied = ties[first, second]
        outcomes = [points[first, second] - tied / 2, points[second, first] - tied / 2, tied]
        votes = np.maximum(np.column_stack(outcomes), 0.0)
        some = votes.any(axis=1)
        cells = Cells(n, first[some], second[some], votes[some], sides=False)
        half: Link = link("half")
        problem = Problem(cells, half, PRIOR_VOTES, np.zeros(n, dtype=np.int64))
        strength, information, _ = newton(problem, np.zeros(n))
        terms = half.terms(problem.split(strength)[0], 0.0)
        varied, expected = (float((cells.n * part).sum()) for part in (terms.slope**2, terms.curve))
        # A dozen coins keep a handful of votes, all ties perhaps, from looking perfectly known.
        covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
        return cls(strength, covariance, (varied + 3.0) / (expected + 3.0))

    def gains(self, first: IntArray, second: IntArray, threshold: float) -> FloatArray:
        """How far one vote of each of P pairs brings them all towards being separated, shape (P,).

        The less sure difference of a pair may cross the threshold with votes to come. That chance
        rises as the variance of the difference falls, and the vote of any pair makes it fall for
        all: by a Sherman-Morrison update, added up over all pairs at once.
        """
        gap = self.strength[first] - self.strength[second]
        known = _differences(self.covariance, first, second)
        weights = urgency(np.abs(gap), self.spread * known, threshold)
        n = self.strength.size
        laplacian = np.zeros((n, n))
        laplacian[first, second] = laplacian[second, first] = -weights
        laplacian[np.diag_indices(n)] = -laplacian.sum(axis=1)
        moved = self.covariance @ laplacian @ self.covariance
        weight = self.information(first, second)
        fall = _differences(moved, first, second) * weight / (1 + weight * known)
        return np.asarray(np.maximum(fall, 0.0), dtype=np.float64)

    def information(self, first: IntArray, second: IntArray) -> FloatArray:
        """What one vote tells of the difference between two entrants, shape (P,), at most 0.25."""
        chance = logistic(self.strength[first] - self.strength[second])
        return chance * (1 - chance)


def urgency(gap: FloatArray, variance: FloatArray, threshold: float) -> FloatArray:
    """How much less variance raises the chance that each pair is separated soon, shape (P,).

    If all variances shrink to those of `_LOOK_AHEAD` more votes, the difference then seen is normal
    around that of now, with the variance gone; it separates if it exceeds `threshold` of its own
    standard errors. Pairs long decided, and pairs that so few votes cannot decide, get next to
    nothing.
    """
    later = variance / (1 + _LOOK_AHEAD)
    error, step = np.sqrt(later), np.sqrt(variance - later)
    result = np.zeros_like(gap)
    for side in (gap, -gap):
        short = threshold * error - side
        slope = threshold / (2 * error * step) + short / (2 * step**3)
        result += np.exp(-((short / step) ** 2) / 2) * slope
    return np.maximum(result, 0.0)


def _differences(covariance: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
    own = np.diag(covariance)
    result = own[first] + own[second] - 2 * covariance[first, second]
    return np.asarray(result, dtype=np.float64)


def _catching_up(votes: FloatArray, information: FloatArray) -> FloatArray:
    """Chances by how many votes each pair lacks to have as many as others soon, shape (P,).

    Of those that lack as many, a pair whose votes tell more is likelier.
    """
    mean = votes.mean()
    lacking = np.maximum(mean + max(_AHEAD[0], _AHEAD[1] * mean) - votes, 0.0) * information
    return np.asarray(lacking / lacking.sum(), dtype=np.float64)


def _with_new(
    chances: FloatArray, first: IntArray, second: IntArray, new: BoolArray, share: float
) -> FloatArray:
    """Chances with a share kept for the entrants that are new, evenly over their pairs."""
    there = np.unique(np.concatenate([first, second]))
    fresh = there[new[there]]
    if fresh.size in (0, there.size):
        return chances
    kept = np.zeros_like(chances)
    for entrant in fresh.tolist():
        own = (first == entrant) | (second == entrant)
        kept += own / own.sum() / fresh.size
    return (1 - share) * chances + share * kept


def _boards(wins: FloatArray, ties: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """The boards of points and of ties, each of shape (k, n, n)."""
    boards = np.asarray(wins, dtype=np.float64)
    tied = np.zeros_like(boards) if ties is None else np.asarray(ties, dtype=np.float64)
    if boards.ndim not in (2, 3) or boards.shape[-1] != boards.shape[-2] or not boards.size:
        raise ValueError(f"`wins` has shape {boards.shape}; it must be (n, n) or (k, n, n)")
    if tied.shape != boards.shape:
        raise ValueError(f"`ties` has shape {tied.shape}, but `wins` has {boards.shape}")
    for name, array in (("wins", boards), ("ties", tied)):
        if not np.all(np.isfinite(array)) or np.any(array < 0):
            raise ValueError(f"`{name}` must be finite numbers of 0 or more")
    n = boards.shape[-1]
    boards, tied = boards.reshape(-1, n, n), tied.reshape(-1, n, n)
    if not np.array_equal(tied, tied.transpose(0, 2, 1)):
        raise ValueError("`ties` must be symmetric: a tie is one for both")
    if np.any(boards < tied / 2):
        raise ValueError("`wins` must hold half a win for each of the `ties`")
    keep = 1 - np.eye(n)
    return boards * keep, tied * keep


def _allowed(n: int, active: BoolArray | None, wanted: BoolArray | None) -> BoolArray:
    """Which pairs may be drawn, shape (n, n), symmetric."""
    on = np.ones(n, dtype=bool) if active is None else np.asarray(active, dtype=bool)
    pairs = np.ones((n, n), dtype=bool) if wanted is None else np.asarray(wanted, dtype=bool)
    if on.shape != (n,) or pairs.shape != (n, n):
        raise ValueError(
            f"`active` has shape {on.shape} and `wanted` {pairs.shape} for {n} entrants; they must "
            f"be ({n},) and ({n}, {n})"
        )
    if on.sum() < 2:
        raise ValueError(f"{on.sum()} of {n} entrants are `active`; a pair needs two")
    result = (pairs | pairs.T) & on[:, None] & on[None, :] & ~np.eye(n, dtype=bool)
    if not result.any():
        raise ValueError("none of the `wanted` pairs is of two `active` entrants")
    return np.asarray(result, dtype=bool)


def _check_share(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"`{name}` is {value}; it is a share from 0 to 1")
