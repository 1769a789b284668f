"""What votes carry: how few hold up an order, and what all votes of one voter do.

Taking a vote away moves the parameters by about -H^-1 g, where g is the slope of its log-likelihood
and H the information. That is exact for an infinitely small part of the votes and close for a small
one; what matters is verified by a refit.

To swap two models, the votes that carry the gap most are taken first, as many as one linear step
says are needed; then the board is fitted again without them. Where that does not swap the two,
votes are weighed anew on what is left and more are taken, until a refit does.
"""

from dataclasses import dataclass, replace

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells, inverse_information
from headtohead.ratings.bradley_terry.fit import Fit, fit
from headtohead.stats.inputs import FloatArray, IntArray, check_count

WEAK_PRIOR = 1e-3  # virtual votes, where pure maximum likelihood has no answer any more
_CELLS = 4_000_000  # numbers held at once


@dataclass(frozen=True, slots=True)
class WithoutVoter:
    """What really happens when a voter is left out.

    Attributes:
        model: Name of the model whose strength moves most; None if without the voter a model has no
            vote left, or none that joins it to the others.
        predicted: By how much, from one step, in logits.
        actual: By how much, from the refit, in logits; nan if `model` is None.
    """

    voter: int
    model: str | None
    predicted: float
    actual: float
    swaps: int


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What the board would lose with each of U voters.

    Attributes:
        voter: Numbers of the voters, sorted, shape (U,).
        votes: How many votes that count, shape (U,).
        move: Largest change of a strength if all their votes went, signed, in logits, shape (U,).
        model: Index of the model that it happens to, shape (U,).
        swaps: How many neighbours on the board would change places, shape (U,).
        verified: The most influential voters, refitted without them.
    """

    voter: IntArray
    votes: IntArray
    move: FloatArray
    model: IntArray
    swaps: IntArray
    verified: tuple[WithoutVoter, ...]


def removal_effect(
    fitted: Fit, first: IntArray, second: IntArray, contrast: FloatArray
) -> FloatArray:
    """How one vote fewer changes a contrast of the parameters, to first order, shape (R, 4).

    Columns are the outcomes of the vote that goes, in the order of `OUTCOMES`.

    `contrast` is the inverse information times the contrast, shape (K,).
    """
    d = fitted.strength[first] - fitted.strength[second] + (fitted.side or 0.0)
    terms = fitted.link.terms(d, fitted.tie or 0.0)
    m = len(fitted.counts.models)
    along = contrast[first] - contrast[second]
    if fitted.side is not None:
        along = along + contrast[-1]
    effect = -terms.slope * along[:, None]
    if terms.tie_slope is not None:
        effect = effect - terms.tie_slope * contrast[m]
    if fitted.ties == "drop":
        effect[:, 2] = 0.0
    return np.column_stack([effect, effect[:, 2]])


def voter_influence(fitted: Fit, clusters: ClusterCells, *, verify: int = 5) -> Influence:
    """How far each voter carries the board: one step for all, a refit for the foremost.

    `verify` most influential voters are refitted without: first those who change most places, then
    those who move a strength most.

    Raises:
        ValueError: If there is no vote, or one on a model that was not fitted.

    References:
        Cook, R. D. (1977). Detection of influential observation in linear regression.
        Technometrics 19, 15-18. doi:10.1080/00401706.1977.10489493
        Broderick, T., Giordano, R., Meager, R. (2020). An automatic finite-sample robustness
        metric: when can dropping a little data make a big difference?
        doi:10.48550/arXiv.2011.14999
    """
    verify = check_count(verify, "verify")
    rows = coded(fitted, clusters)
    voter, where = np.unique(rows.cluster, return_inverse=True)
    if voter.size == 0:
        raise ValueError("there is no vote whose influence could be told")
    move = np.empty(voter.size)
    model, swaps = (np.empty(voter.size, dtype=np.int64) for _ in range(2))
    order = np.argsort(where, kind="stable")
    step = max(1, _CELLS // fitted.information.shape[0])
    inverse = inverse_information(fitted)
    for start in range(0, voter.size, step):
        end = min(voter.size, start + step)
        low, high = np.searchsorted(where[order], [start, end])
        chosen = order[low:high]
        change = _changes(fitted, inverse, rows, chosen, where[chosen] - start, end - start)
        model[start:end] = np.abs(change).argmax(axis=1)
        move[start:end] = change[np.arange(end - start), model[start:end]]
        above, below = neighbours(fitted)
        gap = fitted.strength[above] - fitted.strength[below]
        swaps[start:end] = (gap + change[:, above] - change[:, below] < 0).sum(axis=1)
    foremost = np.lexsort((voter, -np.abs(move), -swaps))[:verify]
    result = Influence(
        voter, np.bincount(where, weights=rows.n).astype(np.int64), move, model, swaps, ()
    )
    verified = tuple(_verified(fitted, rows, result, int(place)) for place in foremost)
    return replace(result, verified=verified)


def coded(fitted: Fit, clusters: ClusterCells) -> ClusterCells:
    """The votes by cluster that count for the fit, with the fit's own codes of models.

    Raises:
        ValueError: If a model was not fitted.
    """
    codes = fitted.counts.places(clusters.models)
    keep = clusters.n > 0
    if fitted.ties == "drop":
        keep = keep & (clusters.outcome < 2)
    first, second = codes[clusters.first[keep]], codes[clusters.second[keep]]
    lost = np.minimum(first, second) < 0
    if lost.any():
        row = np.flatnonzero(keep)[int(np.argmax(lost))]
        pair = (int(clusters.first[row]), int(clusters.second[row]))
        name = next(clusters.models[code] for code in pair if codes[code] < 0)
        raise ValueError(f"a voter's vote names {name!r}, which has not been fitted")
    return replace(clusters.only(keep), models=fitted.counts.models, first=first, second=second)


def _changes(
    fitted: Fit, inverse: FloatArray, rows: ClusterCells, chosen: IntArray, at: IntArray, size: int
) -> FloatArray:
    """Change of every strength without each voter, shape (size, M)."""
    k, m = inverse.shape[0], len(fitted.counts.models)
    first, second, n = rows.first[chosen], rows.second[chosen], rows.n[chosen].astype(float)
    kind = np.minimum(rows.outcome[chosen], 2)
    d = fitted.strength[first] - fitted.strength[second] + (fitted.side or 0.0)
    terms = fitted.link.terms(d, fitted.tie or 0.0)
    row = np.arange(n.size)
    slope = n * terms.slope[row, kind]
    parts = [(first, slope), (second, -slope)]
    if terms.tie_slope is not None:
        parts.append((np.full(n.size, m), n * terms.tie_slope[row, kind]))
    if fitted.side is not None:
        parts.append((np.full(n.size, k - 1), slope))
    score = np.zeros(size * k)
    for column, amount in parts:
        score += np.bincount(at * k + column, weights=amount, minlength=size * k)
    change: FloatArray = -(score.reshape(size, k) @ inverse)[:, :m]
    same = fitted.connectivity.component
    for number in np.unique(same):
        members = same == number
        change[:, members] -= (change[:, members] @ fitted.reference[members])[:, None]
    return change


def neighbours(fitted: Fit) -> tuple[IntArray, IntArray]:
    """Indices of each model and of the next weaker one of its component, strongest first."""
    order = np.lexsort((-fitted.strength, fitted.connectivity.component))
    above, below = order[:-1], order[1:]
    same = fitted.connectivity.component[above] == fitted.connectivity.component[below]
    return above[same], below[same]


def _verified(fitted: Fit, rows: ClusterCells, result: Influence, place: int) -> WithoutVoter:
    voter = int(result.voter[place])
    gone = rows.cluster == voter
    votes = np.zeros((int(gone.sum()), 4), dtype=np.int64)
    votes[np.arange(votes.shape[0]), rows.outcome[gone]] = rows.n[gone]
    without = Counts.from_cells(rows.models, rows.first[gone], rows.second[gone], votes)
    again = refit(fitted, fitted.counts - without)
    predicted = float(result.move[place])
    # Neighbours that change their order; a model that is gone changes none.
    ends = zip(*neighbours(fitted), strict=True)
    swaps = sum(refitted_gap(fitted, again, int(i), int(j)) < 0 for i, j in ends)
    # Whether no model is gone and none has come apart from the others.
    if again is None or not (
        again.counts.models == fitted.counts.models
        and np.array_equal(again.connectivity.component, fitted.connectivity.component)
    ):
        return WithoutVoter(voter, None, predicted, float("nan"), swaps)
    # Measured with the same weights, so that a changed average is no change of a model.
    model = int(result.model[place])
    same = fitted.connectivity.component == fitted.connectivity.component[model]
    moved = again.strength - fitted.strength
    actual = moved[model] - float(moved[same] @ fitted.reference[same])
    name = fitted.counts.models[model]
    return WithoutVoter(voter, name, predicted, float(actual), swaps)


def refit(fitted: Fit, counts: Counts) -> Fit | None:
    """The same fit of other votes, started where the old one ended; None if nothing can be fitted.

    Where the pure likelihood has no maximum any more, a weak prior takes its place.
    """
    start = dict(zip(fitted.counts.models, fitted.strength.tolist(), strict=True))
    side = fitted.side is not None
    for prior in dict.fromkeys((fitted.prior, max(fitted.prior, WEAK_PRIOR))):
        try:
            return fit(counts, ties=fitted.ties, prior=prior, side=side, start=start)
        except ValueError:
            continue
    return None


def refitted_gap(fitted: Fit, again: Fit | None, above: int, below: int) -> float:
    """How much stronger one model is than another in a refit, in logits; nan if none can tell."""
    if again is None:
        return float("nan")
    place = {name: i for i, name in enumerate(again.counts.models)}
    i, j = (place.get(fitted.counts.models[index], -1) for index in (above, below))
    if min(i, j) < 0 or again.connectivity.component[i] != again.connectivity.component[j]:
        return float("nan")
    return float(again.strength[i] - again.strength[j])


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
        Broderick et al. (2020), as for `voter_influence`.
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
        gap = max(gap, 0.0)  # models that are equal but for rounding
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
        result = np.zeros(cells, dtype=np.int64)
        result[self.cell] = taken
        return result.reshape(-1, 4)


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
        result = _without(fitted, i, j, queue, guess)
        if result[2] < _TURNED:
            best, enough, over = result, guess, result[2]
        else:
            too_few, under = guess, max(0.0, result[2])
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
