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
from headtohead.stats.inputs import FloatArray, IntArray

_KINDS = len(OUTCOMES)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedVotes:
    """How often each ordered pair got which outcome, from people and from the judge.

    Attributes:
        second: Index of the model shown second, shape (P,); pairs are distinct and sorted.
        both: Comparisons with a human and a judge's vote, shape (P, 4, 4): human outcome by judge's
            outcome, in the order of `OUTCOMES`.
        judged: Comparisons that only the judge has voted on, shape (P, 4).
    """

    models: tuple[str, ...]
    first: IntArray
    second: IntArray
    both: IntArray
    judged: IntArray

    @classmethod
    def from_codes(
        cls,
        models: Sequence[str],
        first: ArrayLike,
        second: ArrayLike,
        human: ArrayLike,
        judge: ArrayLike,
    ) -> "JudgedVotes":
        """The counts of comparisons, each with the judge's outcome and perhaps a human one.

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
        size = max(1, len(models))
        key, where = np.unique(a * size + b, return_inverse=True)
        kinds = (_KINDS + 1) * _KINDS
        table = np.bincount(where * kinds + (h + 1) * _KINDS + j, minlength=key.size * kinds)
        table = table.reshape(-1, _KINDS + 1, _KINDS)  # its first row has no human vote
        # Sorted as counts are, those without a vote left out.
        votes = np.zeros((key.size, _KINDS), dtype=np.int64)
        votes[:, 0] = table.sum(axis=(1, 2))
        kept = Counts.from_cells(models, key // size, key % size, votes)
        to = kept.places(models)
        m = max(1, len(kept.models))
        order = np.argsort(to[key // size] * m + to[key % size])
        return cls(kept.models, kept.first, kept.second, table[order, 1:], table[order, 0])

    @property
    def human_counts(self) -> Counts:
        """The human votes."""
        return Counts.from_cells(self.models, self.first, self.second, self.both.sum(axis=2))

    @property
    def judge_counts(self) -> Counts:
        """The judge's votes on all comparisons."""
        votes = self.both.sum(axis=1) + self.judged
        return Counts.from_cells(self.models, self.first, self.second, votes)


_SCORE = np.array([1.0, 0.0, 0.5, 0.5])
_FARTHEST = 40.0  # logits beyond which the equations have no solution
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Powered:
    """Ratings of human preference, sharpened by a judge.

    Attributes:
        fitted: The human fit with corrected strengths and information; it may stand for a fit
            wherever one is asked for together with `covariance`.
        covariance: Of the strengths, shape (M, M), measured from their average.
        weight: How far the judge is used, from 0 (not at all) to 1.
        gain: How many times as many human votes alone would be needed for errors as small, by the
            average variance of these strengths.
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

    Of each ordered pair p, with n human votes and N more of the judge, the score that people gave
    is corrected to n (mean human + weight * (mean judge of all n + N - mean judge of the n)); the
    corrected scores are fitted with ties as half wins. The one assumption is that the comparisons
    of an ordered pair that people voted on are a random sample of its comparisons; pairs may be
    voted on as unequally as one likes, and what is estimated is what all the votes of people would
    show, pairs weighted as people voted on them. Where only people voted nothing is corrected.

    Args:
        prior: Virtual votes of each model, half won; see `fit`.
        weight: How far to use the judge, from 0 to 1; None for what makes the average variance
            smallest. It is lowered if the corrected scores of a model with few votes leave the
            possible so far that no strength gives them.

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
    errors = strata.covariance(fitted, chosen)
    m = len(human.counts.models)
    alone = covariance(human)[:m, :m]
    size, before = (float(np.trace(strata.covariance(fitted, w))) for w in (chosen, 0.0))
    return Powered(
        fitted=fitted,
        covariance=errors,
        weight=chosen,
        gain=before / size if size > 0 else 1.0,
        labels=int(votes.both.sum()),
        judged=int(votes.judged.sum()),
        human=human,
        human_covariance=alone,
        judge=judge,
        judge_covariance=covariance(judge)[: len(judge.counts.models), : len(judge.counts.models)],
        unrated=tuple(name for name in votes.models if name not in set(human.counts.models)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Strata:
    """Ordered pairs that people voted on.

    Attributes:
        cells: Their models; `n` holds human wins, losses, ties.
        both: Human by judge's outcomes, shape (P, 4, 4).
        more: Comparisons that only the judge has voted on, shape (P,).
        judge: Mean score from the judge over all comparisons, shape (P,).
        spread: Variance of its scores, shape (P,).
        shift: What the labelled comparisons' mean lacks to `judge`, shape (P,).
    """

    cells: Cells
    both: IntArray
    more: FloatArray
    judge: FloatArray
    spread: FloatArray
    shift: FloatArray

    @classmethod
    def of(cls, votes: JudgedVotes, human: Fit) -> "_Strata":
        some = votes.both.any(axis=(1, 2))
        to = human.counts.places(votes.models)
        both, alone = votes.both[some], votes.judged[some]
        by_human, by_judge = both.sum(axis=2).astype(float), both.sum(axis=1)
        n = np.column_stack([by_human[:, :2], by_human[:, 2:].sum(axis=1)])
        cells = Cells(
            len(human.counts.models), to[votes.first[some]], to[votes.second[some]], n, sides=False
        )
        every = by_judge + alone
        total = every.sum(axis=1)
        mean = every @ _SCORE / total
        square = (every * (_SCORE[None, :] - mean[:, None]) ** 2).sum(axis=1)
        shift = mean - by_judge @ _SCORE / by_judge.sum(axis=1)
        spread = square / np.maximum(1, total - 1)
        return cls(cells, both, alone.sum(axis=1).astype(float), mean, spread, shift)

    @property
    def labels(self) -> FloatArray:
        """Human votes, shape (P,)."""
        result: FloatArray = self.cells.n.sum(axis=1)
        return result

    def scores(self, weight: float) -> FloatArray:
        """Corrected score of the side shown first, shape (P,); it may leave 0 to the votes."""
        human: FloatArray = self.cells.n @ np.array([1.0, 0.0, 0.5])
        return human + weight * self.labels * self.shift

    def gaps(self, strength: FloatArray) -> FloatArray:
        """Difference in strength, shape (P,)."""
        return strength[self.cells.first] - strength[self.cells.second]

    def squares(self, fitted: Fit) -> tuple[FloatArray, FloatArray]:
        """What the variance of a corrected score loses by the weight and gains by its square.

        The correction leaves each labelled vote with its own residual less a share of the judge's,
        and adds the noise of the unlabelled mean.
        """
        n, more = self.labels, self.more
        share = more / (n + more)
        own = _SCORE[None, :] - logistic(self.gaps(fitted.strength))[:, None]
        its = _SCORE[None, :] - self.judge[:, None]
        together = (self.both * own[:, :, None] * its[:, None, :]).sum(axis=(1, 2))
        its_square = (self.both.sum(axis=1) * its**2).sum(axis=1)
        # share^2 n^2 / more, written so that pairs without unlabelled votes give 0.
        mean_noise = share * n**2 / (n + more) * self.spread
        return 2 * share * together, share**2 * its_square + mean_noise

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
        result: FloatArray = outer @ (meat(fitted) + change) @ outer.T
        return (result + result.T) / 2


def _solved(human: Fit, strata: _Strata, score: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """The strengths that give these scores, and the information there; None if none does."""
    n = np.column_stack([score, strata.labels - score, np.zeros_like(score)])
    cells = replace(strata.cells, n=n)
    problem = Problem(cells, human.link, human.prior, human.connectivity.component)
    try:
        strength, information, _ = newton(problem, human.strength)
    except ValueError:
        return None
    return (strength, information) if np.abs(strength).max() < _FARTHEST else None
