"""Ratings from few human votes and many of a judge, right however wrong the judge is.

The judge may prefer a side, or the wrong models: it is never believed. It only tells what is
special about the comparisons that people happened to vote on. Where it finds the first side better
in those than in all comparisons of the same ordered pair, people's votes there lean the same way by
luck, as far as the two agree, and that much is taken back. This is prediction-powered inference
(PPI++), stratified by ordered pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.ratings.bradley_terry.covariance import (
    ClusterCells,
    centring,
    covariance,
    inverse_information,
    meat,
)
from headtohead.ratings.bradley_terry.fit import (
    PRIOR_VOTES,
    Cells,
    Fit,
    Problem,
    fit,
    logistic,
    newton,
)
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_KINDS = len(OUTCOMES)
_SCORE = np.array([1.0, 0.0, 0.5, 0.5])


@dataclass(frozen=True, slots=True, eq=False)
class JudgedVotes:
    """What people and the judge said of each comparison; either may have said nothing, or more.

    Attributes:
        models: Names, sorted; all have a vote.
        first: Index of the model shown first, shape (C,).
        second: Index of the model shown second, shape (C,).
        people: Votes of people by outcome, in the order of `OUTCOMES`, shape (C, 4).
        judge: Verdicts of the judge likewise, shape (C, 4).
    """

    models: tuple[str, ...]
    first: IntArray
    second: IntArray
    people: IntArray
    judge: IntArray

    @classmethod
    def from_codes(
        cls,
        models: Sequence[str],
        first: ArrayLike,
        second: ArrayLike,
        human: ArrayLike,
        judge: ArrayLike,
    ) -> "JudgedVotes":
        """Comparisons that each have the judge's outcome and perhaps a human one.

        Args:
            models: Names, distinct, in any order; those without a vote are left out.
            first: Position in `models` of the side shown first, shape (n,).
            human: 0 first better, 1 second better, 2 tie, 3 both bad, -1 no human vote, shape (n,).
            judge: 0 to 3, shape (n,).

        Raises:
            ValueError: If lengths differ, a code is out of range, or a model meets itself.
        """
        h, j = (np.asarray(codes, dtype=np.int64).reshape(-1) for codes in (human, judge))
        a, b = (np.asarray(codes, dtype=np.int64).reshape(-1) for codes in (first, second))
        if not a.size == b.size == h.size == j.size:
            raise ValueError(
                f"{a.size} and {b.size} sides, {h.size} human and {j.size} judge's outcomes; every "
                "comparison needs one of each"
            )
        for codes, least, what in ((h, -1, "human"), (j, 0, "judge's")):
            if codes.size and not least <= codes.min() <= codes.max() < _KINDS:
                raise ValueError(f"a {what} outcome is not from {least} to {_KINDS - 1}")
        if a.size and not 0 <= min(a.min(), b.min()) <= max(a.max(), b.max()) < len(models):
            raise ValueError(f"a side is not from 0 to {len(models) - 1}")
        one = np.vstack([np.eye(_KINDS, dtype=np.int64), np.zeros(_KINDS, dtype=np.int64)])
        return cls.from_votes(models, a, b, one[h], one[j])

    @classmethod
    def from_votes(
        cls,
        models: Sequence[str],
        first: IntArray,
        second: IntArray,
        people: IntArray,
        judge: IntArray,
    ) -> "JudgedVotes":
        """Comparisons with any number of votes of each, shape (C, 4); else as `from_codes`.

        Raises:
            ValueError: If a model meets itself.
        """
        kept = Counts.from_cells(models, first, second, people + judge)
        to = kept.places(models)
        return cls(kept.models, to[first], to[second], people, judge)

    @property
    def both(self) -> BoolArray:
        """Which comparisons have votes of people and of the judge, shape (C,)."""
        return np.asarray(self.people.any(axis=1) & self.judge.any(axis=1))

    @property
    def judged(self) -> BoolArray:
        """Which ones only the judge has voted on, shape (C,)."""
        return np.asarray(~self.people.any(axis=1))

    @property
    def human_counts(self) -> Counts:
        """The human votes."""
        return Counts.from_cells(self.models, self.first, self.second, self.people)

    @property
    def judge_counts(self) -> Counts:
        """The judge's votes on all comparisons."""
        return Counts.from_cells(self.models, self.first, self.second, self.judge)

    def clusters(self, votes: IntArray) -> ClusterCells | None:
        """Votes of shape (C, 4) by comparison; None where none has several, or only one has any."""
        if votes.sum(axis=1).max(initial=0) < 2 or np.count_nonzero(votes.any(axis=1)) < 2:
            return None
        at, outcome = np.nonzero(votes)
        n = votes[at, outcome]
        return ClusterCells(self.models, at, self.first[at], self.second[at], outcome, n)


_FARTHEST = 40.0  # logits beyond which the equations have no solution
_LEAST_WEIGHT = 1e-3
_LEAST_GAIN = 0.005  # of the variance: a judge who saves less is not worth a word


@dataclass(frozen=True, slots=True, eq=False)
class Powered:
    """Ratings of human preference, sharpened by a judge.

    Attributes:
        fitted: The human fit with corrected strengths and information; it may stand for a fit
            wherever one is asked for together with `covariance`.
        covariance: Of the strengths, shape (M, M), measured from their average.
        weight: How far the judge is used, from 0 (not at all) to 1.
        gain: How many times as many human votes alone would be needed for errors as small, by the
            average variance of the strengths; 1 where the judge is not used.
        labels: Comparisons with votes of people and of the judge.
        judged: Comparisons that only the judge has voted on.
        judge: The fit of all the judge's votes, as if it were right.
        judge_covariance: Its covariance; it does not know of the judge's errors.
        unrated: Models without a human vote: nothing tells how people like them.
    """

    fitted: Fit
    covariance: FloatArray
    weight: float
    gain: float
    labels: int
    judged: int
    human: Fit
    human_covariance: FloatArray
    judge: Fit
    judge_covariance: FloatArray
    unrated: tuple[str, ...]


def powered(
    votes: JudgedVotes, *, prior: float = PRIOR_VOTES, weight: float | None = None
) -> Powered:
    """The ratings that people's votes give, with the judge's votes used as far as they help.

    Of each ordered pair p, with n human votes and N more comparisons of the judge, the score that
    people gave is corrected to n (mean human + weight * (mean judge of all - mean judge of the n));
    the corrected scores are fitted with ties as half wins. Every vote of people counts: those on
    one comparison go together, and the judge's mean of the n weighs a comparison by their number.
    The one assumption is that the comparisons of an ordered pair that people voted on are a random
    sample of its comparisons; pairs may be voted on as unequally as one likes, and what is
    estimated is what all the votes of people would show, pairs weighted as people voted on them.
    Where only people voted nothing is corrected.

    Args:
        prior: Virtual votes of each model, half won; see `fit`.
        weight: How far to use the judge, from 0 to 1; None for what makes the average variance
            smallest, and 0 where that is hardly below the one of people alone. It is lowered if the
            corrected scores of a model with few votes leave the possible so far that no strength
            gives them.

    Raises:
        ValueError: If there is no human vote that decides anything, or `weight` is out of range.

    References:
        Angelopoulos, A. N., Duchi, J. C., Zrnic, T. (2023). PPI++: efficient prediction-powered
        inference. doi:10.48550/arXiv.2311.01453
        Fisch, A. et al. (2024). Stratified prediction-powered inference for hybrid language model
        evaluation. doi:10.48550/arXiv.2406.04291
        Chatzi, I., Straitouri, E., Thejaswi, S., Gomez Rodriguez, M. (2024). Prediction-powered
        ranking of large language models. doi:10.48550/arXiv.2402.17826
    """
    if weight is not None and not 0 <= weight <= 1:
        raise ValueError(f"weight is {weight}; the judge is used from 0 to 1")
    human = fit(votes.human_counts, prior=prior)
    judge = fit(votes.judge_counts, prior=prior)
    strata = _Strata.of(votes, human)
    chosen = strata.best_weight(human) if weight is None else weight
    fitted = human
    while chosen >= _LEAST_WEIGHT:
        solved = _solved(human, strata, strata.scores(chosen))
        if solved is not None:
            strength, information = solved
            component = human.connectivity.component
            middle = np.bincount(component, weights=human.reference * strength)
            result = replace(
                human,
                strength=strength - middle[component],
                held=strength,
                information=information,
            )
            terms = result.link.terms(result.gaps(result.cells), 0.0)
            fitted = replace(result, log_likelihood=float((result.cells.n * terms.value).sum()))
            break
        chosen /= 2
    else:
        chosen = 0.0
    alone, errors = strata.covariance(human, 0.0), strata.covariance(fitted, chosen)
    if weight is None and np.trace(errors) > (1 - _LEAST_GAIN) * np.trace(alone):
        fitted, chosen, errors = human, 0.0, alone
    size = float(np.trace(errors))
    theirs = votes.clusters(votes.judge)
    judge_errors = covariance(judge, "clustered" if theirs else "sandwich", theirs)
    return Powered(
        fitted=fitted,
        covariance=errors,
        weight=chosen,
        gain=float(np.trace(alone)) / size if chosen and size > 0 else 1.0,
        labels=int(votes.both.sum()),
        judged=int(votes.judged.sum()),
        human=human,
        human_covariance=alone,
        judge=judge,
        judge_covariance=judge_errors[: len(judge.counts.models), : len(judge.counts.models)],
        unrated=tuple(name for name in votes.models if name not in set(human.counts.models)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Strata:
    """Ordered pairs that people voted on.

    Attributes:
        cells: Their models; `n` holds human wins, losses, ties.
        clusters: The human votes by comparison; None where each has one.
        at: Pair of each comparison that has votes of people and of the judge, shape (B,).
        n: Human votes of each such comparison, shape (B,).
        score: What people gave its first side in all, shape (B,).
        apart: The judge's score of it less the mean of its pair, shape (B,).
        lever: What a judge's score moves its pair's by, shape (B,).
        shift: What the labelled comparisons' mean lacks to that of all, times their votes, (P,).
        noise: Variance that the judge's other scores add at weight 1, shape (P,).
    """

    cells: Cells
    clusters: ClusterCells | None
    at: IntArray
    n: FloatArray
    score: FloatArray
    apart: FloatArray
    lever: FloatArray
    shift: FloatArray
    noise: FloatArray

    @classmethod
    def of(cls, votes: JudgedVotes, human: Fit) -> "_Strata":
        size = max(1, len(votes.models))
        pairs, pair = np.unique(votes.first * size + votes.second, return_inverse=True)
        by_human = np.zeros((pairs.size, _KINDS))
        np.add.at(by_human, pair, votes.people)
        some = np.asarray(by_human.any(axis=1))
        place = np.cumsum(some) - 1
        to, kept = human.counts.places(votes.models), pairs[some]
        by_human = by_human[some]
        n = np.column_stack([by_human[:, :2], by_human[:, 2:].sum(axis=1)])
        m = len(human.counts.models)
        cells = Cells(m, to[kept // size], to[kept % size], n, sides=False)

        def summed(comparisons: BoolArray, values: FloatArray) -> FloatArray:
            where = place[pair[comparisons]]
            total = np.bincount(where, weights=values[comparisons], minlength=kept.size)
            return total.astype(np.float64)

        judged = votes.judge.any(axis=1) & some[pair]
        both, only = judged & votes.both, judged & votes.judged
        score = votes.judge @ _SCORE / np.maximum(1, votes.judge.sum(axis=1))
        given, one = votes.people.sum(axis=1).astype(float), np.ones(pair.size)
        seen, labels = summed(judged, one), summed(both, given)
        known = np.maximum(1, seen)
        mean = summed(judged, score) / known
        apart = score - mean[np.where(some[pair], place[pair], 0)]
        spread = summed(judged, apart**2) / np.maximum(1, seen - 1)
        at = place[pair[both]]
        return cls(
            cells=cells,
            clusters=votes.clusters(votes.people),
            at=at,
            n=given[both],
            score=(votes.people @ _SCORE)[both],
            apart=apart[both],
            lever=(labels / known)[at] - given[both],
            shift=-summed(both, given * apart),
            noise=(labels / known) ** 2 * summed(only, one) * spread,
        )

    def scores(self, weight: float) -> FloatArray:
        """Corrected score of the side shown first, shape (P,); it may leave 0 to the votes."""
        human: FloatArray = self.cells.n @ np.array([1.0, 0.0, 0.5])
        return human + weight * self.shift

    def squares(self, fitted: Fit) -> tuple[FloatArray, FloatArray]:
        """What the variance of a corrected score loses by the weight and gains by its square.

        The correction leaves each labelled comparison with its own residual less a share of the
        judge's, and adds the noise of the unlabelled mean.
        """
        a, b = self.cells.first[self.at], self.cells.second[self.at]
        own = self.score - self.n * logistic(fitted.strength[a] - fitted.strength[b])
        move = self.lever * self.apart
        together, square = (
            np.bincount(self.at, weights=values, minlength=self.noise.size).astype(np.float64)
            for values in (own * move, move**2)
        )
        return -2 * together, square + self.noise

    def best_weight(self, fitted: Fit) -> float:
        """The weight with the smallest sum of variances, from 0 to 1."""
        inverse = centring(fitted) @ inverse_information(fitted)
        form = inverse.T @ inverse
        a, b = self.cells.first, self.cells.second
        matters = form[a, a] + form[b, b] - 2 * form[a, b]
        loses, gains = self.squares(fitted)
        top, bottom = float(matters @ loses), 2 * float(matters @ gains)
        return min(1.0, max(0.0, top / bottom)) if bottom > 0 else 0.0

    def covariance(self, fitted: Fit, weight: float) -> FloatArray:
        """Sandwich covariance of the corrected strengths, shape (M, M)."""
        loses, gains = self.squares(fitted)
        change = self.cells.laplacian(weight * weight * gains - weight * loses)
        outer = centring(fitted) @ inverse_information(fitted)
        if self.clusters is None:
            result: FloatArray = outer @ (meat(fitted) + change) @ outer.T
        else:
            result = covariance(fitted, "clustered", self.clusters) + outer @ change @ outer.T
        return (result + result.T) / 2


def _solved(human: Fit, strata: _Strata, score: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """The strengths that give these scores, and the information there; None if none does."""
    n = np.column_stack([score, strata.cells.n.sum(axis=1) - score, np.zeros_like(score)])
    cells = replace(strata.cells, n=n)
    problem = Problem(cells, human.link, human.prior, human.connectivity.component)
    try:
        strength, information, _ = newton(problem, human.strength)
    except ValueError:
        return None
    return (strength, information) if np.abs(strength).max() < _FARTHEST else None
