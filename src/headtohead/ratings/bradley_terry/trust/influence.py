"""What a vote, or all votes of one voter, does to the ratings, without fitting again.

Taking a vote away moves the parameters by about -H^-1 g, where g is the slope of its
log-likelihood and H the information. That is exact for an infinitely small part of the votes and
close for a small one; what matters is verified by a refit.
"""

from dataclasses import dataclass

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
        swaps: Neighbours on the board that change places.
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
        made: IntArray = (
            (gap + change[:, above] - change[:, below] < 0).sum(axis=1).astype(np.int64)
        )
        swaps[start:end] = made
    foremost = np.lexsort((voter, -np.abs(move), -swaps))[:verify]
    found = Influence(
        voter,
        np.bincount(where, weights=rows.n).astype(np.int64),
        move,
        model,
        swaps,
        (),
    )
    verified = tuple(_verified(fitted, rows, found, int(place)) for place in foremost)
    return Influence(voter, found.votes, move, model, swaps, verified)


def coded(fitted: Fit, clusters: ClusterCells) -> ClusterCells:
    """The votes by cluster that count for the fit, with the fit's own codes of models.

    Raises:
        ValueError: If a model was not fitted.
    """
    place = {name: i for i, name in enumerate(fitted.counts.models)}
    codes = np.array([place.get(name, -1) for name in clusters.models], dtype=np.int64)
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
    return ClusterCells(
        fitted.counts.models,
        clusters.cluster[keep],
        first,
        second,
        clusters.outcome[keep],
        clusters.n[keep],
    )


def _changes(
    fitted: Fit,
    inverse: FloatArray,
    rows: ClusterCells,
    chosen: IntArray,
    at: IntArray,
    size: int,
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


def _verified(fitted: Fit, rows: ClusterCells, found: Influence, place: int) -> WithoutVoter:
    voter = int(found.voter[place])
    gone = rows.cluster == voter
    votes = np.zeros((int(gone.sum()), 4), dtype=np.int64)
    votes[np.arange(votes.shape[0]), rows.outcome[gone]] = rows.n[gone]
    without = Counts.from_cells(rows.models, rows.first[gone], rows.second[gone], votes)
    again = refit(fitted, fitted.counts - without)
    predicted, swaps = float(found.move[place]), _order_changes(fitted, again)
    # Whether no model is gone and none has come apart from the others.
    if again is None or not (
        again.counts.models == fitted.counts.models
        and np.array_equal(again.connectivity.component, fitted.connectivity.component)
    ):
        return WithoutVoter(voter, None, predicted, float("nan"), swaps)
    # Measured with the same weights, so that a changed average is no change of a model.
    model = int(found.model[place])
    same = fitted.connectivity.component == fitted.connectivity.component[model]
    moved = again.strength - fitted.strength
    actual = moved[model] - float(moved[same] @ fitted.reference[same])
    name = fitted.counts.models[model]
    return WithoutVoter(voter, name, predicted, float(actual), swaps)


def _order_changes(fitted: Fit, again: Fit | None) -> int:
    """Neighbours that no longer stand in the same order; a model that is gone changes none."""
    above, below = neighbours(fitted)
    gaps = (refitted_gap(fitted, again, int(i), int(j)) for i, j in zip(above, below, strict=True))
    return sum(gap < 0 for gap in gaps)


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
