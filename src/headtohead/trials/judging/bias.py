"""How far a judge says what people say, and what moves it beside the worth of an answer.

Agreement is raw and beyond chance; a judge may be moved by place, length and family of an answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    Labels,
    check_level,
    same_length,
    vector,
)
from headtohead.trials.judging.means import (
    clustered_mean,
    clustered_slopes,
    preferences,
    share,
    spelled,
    student_interval,
)
from headtohead.trials.paired.means import cluster_codes

_MOST_LABELS = 20
_FEW = 30  # agreements or disagreements below which the table is smoothed for the variance
_ADDED = 4.0  # labels spread over the cells for it, as in Agresti and Coull's interval


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """A judge beside people on the same items.

    Attributes:
        raw: Share of items on which both say the same.
        decided: The same among items on which neither says tie; None if there is none.
        kappa: Cohen's kappa: agreement beyond what the two sets of shares give by chance; None
            where both always say one and the same, which tells nothing.
        ac1: Gwet's AC1, which does not fall when nearly all labels are alike; None likewise.
        bias: Mean of judge minus human: which way the judge departs from people.
        reversals: Share of items on which one says the opposite of the other; None without ties.
        labels: The labels that occur, rising, length k.
        table: Judge's label (rows) by human label (columns), shape (k, k).
    """

    raw: Interval
    decided: Interval | None
    kappa: Interval | None
    ac1: Interval | None
    bias: Interval
    reversals: Interval | None
    judge_ties: Interval | None
    human_ties: Interval | None
    labels: tuple[float, ...]
    table: IntArray
    items_n: int

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        beyond = "nothing to tell chance from" if self.kappa is None else spelled(self.kappa)
        decided = "" if self.decided is None else f" ({spelled(self.decided)} where neither ties)"
        return (
            f"The judge agrees with people on {spelled(self.raw)} of {self.items_n} items{decided};"
            f" kappa is {beyond}."
        )


def agreement(
    judge: ArrayLike,
    human: ArrayLike,
    *,
    tie: float | None = 0.0,
    level: float = 0.95,
    clusters: Labels | None = None,
) -> Agreement:
    """How far the judge agrees with people, by four measures, and which way it departs.

    Intervals: Wilson's for shares; for kappa and AC1 the delta method with Student's t, in which a
    table with fewer than 30 agreements or disagreements also counts as if 4 more labels were spread
    over its cells, and the larger variance is taken.

    Args:
        judge: Labels, shape (n,), n >= 2: numbers of which at most 20 differ.
        tie: The label that says tie; None where there is none, as for right (1) and wrong (0).

    Raises:
        ValueError: If there are fewer than two items, too many different labels, or arguments do
            not fit.

    References:
        Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and
        Psychological Measurement 20, 37-46. doi:10.1177/001316446002000104
        Fleiss, J. L., Cohen, J., Everitt, B. S. (1969). Large sample standard errors of kappa and
        weighted kappa. Psychological Bulletin 72, 323-327. doi:10.1037/h0028106
        Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of
        high agreement. British Journal of Mathematical and Statistical Psychology 61, 29-48.
        doi:10.1348/000711006X126600
    """
    verdicts, people = vector(judge, "judge", least=2), vector(human, "human", least=2)
    n = same_length(judge=verdicts, human=people)
    check_level(level)
    labels, codes = np.unique(np.concatenate([verdicts, people]), return_inverse=True)
    if labels.size > _MOST_LABELS:
        raise ValueError(
            f"{labels.size} different labels; agreement is for a few, for grades use ppi_mean"
        )
    table = np.zeros((labels.size, labels.size), dtype=np.int64)
    np.add.at(table, (codes[:n], codes[n:]), 1)
    owner = None if clusters is None else cluster_codes(clusters, n)
    span = float(labels[-1] - labels[0]) or 1.0
    same = verdicts == people
    decided = reversals = judge_ties = human_ties = None
    listed = None if owner is None else owner.tolist()
    if tie is not None:
        both = (verdicts != tie) & (people != tie)
        part = None if owner is None else owner[both].tolist()
        decided = share(same[both], level=level, clusters=part) if both.any() else None
        opposite = (verdicts - tie) * (people - tie) < 0
        reversals, judge_ties, human_ties = (
            share(hits, level=level, clusters=listed)
            for hits in (opposite, verdicts == tie, people == tie)
        )
    return Agreement(
        raw=share(same, level=level, clusters=listed),
        decided=decided,
        kappa=_interval(_kappa, table, codes.reshape(2, n), owner, level),
        ac1=_interval(_ac1, table, codes.reshape(2, n), owner, level),
        bias=clustered_mean(verdicts - people, level=level, clusters=listed, bounds=(-span, span)),
        reversals=reversals,
        judge_ties=judge_ties,
        human_ties=human_ties,
        labels=tuple(labels.tolist()),
        table=table,
        items_n=n,
    )


_Measure = Callable[[FloatArray], tuple[float, FloatArray]]
"""Shares of items (k, k) -> the coefficient, and what an item in each cell adds to it, mean 0."""


def _interval(
    measure: _Measure, table: IntArray, codes: IntArray, owner: IntArray | None, level: float
) -> Interval | None:
    """A coefficient with its interval; None where chance alone explains all.

    `table` counts the items by verdict and vote, (k, k); `codes` are both of each item, (2, n).
    """
    n = codes.shape[1]
    value, slopes = measure(table / n)
    if not np.isfinite(value):
        return None
    owner = np.arange(n) if owner is None else owner
    units = int(owner.max()) + 1
    if units < 2:
        return Interval(value, -1.0, 1.0)
    total = np.bincount(owner, weights=slopes[codes[0], codes[1]] / n)
    variance = float(total @ total)
    agreed = int(np.trace(table))
    if min(agreed, n - agreed) < _FEW:
        shares = (table + _ADDED / table.size) / (n + _ADDED)
        _, slopes = measure(shares)
        smoothed = float((shares * slopes**2).sum() / n)
        variance = max(variance, smoothed * n / units)
    return student_interval(value, variance, units - 1, level, (-1.0, 1.0))


def _kappa(shares: FloatArray) -> tuple[float, FloatArray]:
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance = float(rows @ columns)
    # An item of row a and column b moves chance by columns[a] + rows[b].
    moved = columns[:, None] + rows[None, :] - 2 * chance
    return _beyond(shares, chance, moved)


def _ac1(shares: FloatArray) -> tuple[float, FloatArray]:
    k = shares.shape[0]
    middle = (shares.sum(axis=1) + shares.sum(axis=0)) / 2
    chance = float((middle * (1 - middle)).sum() / max(1, k - 1))
    slope = (1 - 2 * middle) / max(1, k - 1)
    moved = (slope[:, None] + slope[None, :]) / 2 - float(slope @ middle)
    return _beyond(shares, chance, moved)


def _beyond(shares: FloatArray, chance: float, moved: FloatArray) -> tuple[float, FloatArray]:
    if shares.shape[0] < 2 or chance > 1 - 1e-12:
        return np.nan, np.zeros_like(shares)
    agreed = float(np.trace(shares))
    value = (agreed - chance) / (1 - chance)
    own = np.eye(shares.shape[0]) - agreed
    return value, (own - (1 - value) * moved) / (1 - chance)


@dataclass(frozen=True, slots=True)
class BothOrders:
    """How a judge changes its mind when the two answers change places.

    Attributes:
        flips: Share of pairs of which the other answer won in the other order.
        unstable: Share of pairs of which anything changed, a tie in one order included.
        first_wins: Share of decisive judgements that the answer shown first won; 0.5 is fair. None
            if all were ties.
        net: Mean preference for the side shown first, from -1 to 1; 0 is fair.
        first_twice_n: Pairs of which the answer shown first won in both orders.
        second_twice_n: Pairs of which the answer shown second won in both orders.
    """

    flips: Interval
    unstable: Interval
    first_wins: Interval | None
    net: Interval
    first_twice_n: int
    second_twice_n: int
    pairs_n: int

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        side = _side(self.net)
        return (
            f"Shown in the other order, the judge picks the other answer in {spelled(self.flips)} "
            f"of {self.pairs_n} pairs, and {side} by {spelled(self.net)} on a scale from -1 to 1."
        )


def position_bias(
    first_order: ArrayLike,
    second_order: ArrayLike,
    *,
    level: float = 0.95,
    clusters: Labels | None = None,
) -> BothOrders:
    """How far the judge's preference hangs on which answer is shown first, from both orders.

    Args:
        first_order: Preference for the answer shown first when that is A, shape (n,), from -1 to 1.
        second_order: Preference for the answer shown first when that is B, shape (n,).
        clusters: The cluster of each pair (the question), length n: they go together.

    Raises:
        ValueError: If lengths differ or a preference is not from -1 to 1.

    References:
        Zheng, L. et al. (2023). Judging LLM-as-a-judge with MT-Bench and Chatbot Arena, section
        3.3. doi:10.48550/arXiv.2306.05685
        Shi, L. et al. (2024). Judging the judges: a systematic study of position bias in
        LLM-as-a-judge. doi:10.48550/arXiv.2406.07791
    """
    one, two = preferences(first_order, "first_order"), preferences(second_order, "second_order")
    n = same_length(first_order=one, second_order=two)
    codes = cluster_codes(clusters, n)
    # Both judgements of a pair go together, whatever else does.
    sides, owner = np.concatenate([one, two]), np.concatenate([codes, codes])
    decided = sides != 0
    first_wins = None
    if decided.any():
        first_wins = share(sides[decided] > 0, level=level, clusters=owner[decided].tolist())
    return BothOrders(
        flips=share(one * two > 0, level=level, clusters=clusters),
        unstable=share(one + two != 0, level=level, clusters=clusters),
        first_wins=first_wins,
        net=clustered_mean((one + two) / 2, level=level, clusters=clusters, bounds=(-1.0, 1.0)),
        first_twice_n=int(np.count_nonzero((one > 0) & (two > 0))),
        second_twice_n=int(np.count_nonzero((one < 0) & (two < 0))),
        pairs_n=n,
    )


def _side(net: Interval) -> str:
    if net.low <= 0 <= net.high:
        return "shows no sure preference for a side"
    return f"prefers the side shown {'first' if net.value > 0 else 'second'}"


@dataclass(frozen=True, slots=True)
class LengthBias:
    """How preference rises with each doubling of an answer's length over the other's.

    Attributes:
        judge: Rise of the judge's preference, on a scale from -1 to 1.
        human: Rise of people's on the pairs they voted on; None without their votes.
        extra: The judge's rise less that of people, on the pairs with both; None without.
    """

    judge: Interval
    human: Interval | None
    extra: Interval | None
    pairs_n: int
    human_n: int

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        rise = (
            f"With each doubling of an answer's length over the other's, the judge's preference "
            f"rises by {spelled(self.judge)} on a scale from -1 to 1"
        )
        if self.extra is None:
            return (
                f"{rise}; without human votes nobody can tell a bias from longer answers that are "
                "better."
            )
        return f"{rise}, by {spelled(self.extra)} more than people's ({self.human_n} pairs)."


@dataclass(frozen=True, slots=True)
class SelfPreference:
    """How a judge treats answers of its own family against those of others.

    Attributes:
        judge: Mean preference of the judge for its own family, from -1 to 1.
        human: Mean preference of people for that family on the pairs they voted on; None without.
        extra: The judge's preference less that of people on the same pairs, from -2 to 2; None
            without.
        place_removed: Whether what the judge gives to the side shown first was told apart from it.
        pairs_n: Pairs of an own answer against another's.
    """

    judge: Interval
    human: Interval | None
    extra: Interval | None
    place_removed: bool
    pairs_n: int
    human_n: int

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        likes = f"The judge's preference for its own family is {spelled(self.judge)}"
        if self.extra is None:
            return (
                f"{likes} on {self.pairs_n} pairs; without human votes nobody can tell a bias from "
                "better answers."
            )
        return f"{likes}, {spelled(self.extra)} more than people's on {self.human_n} pairs."


def length_bias(
    judge: ArrayLike,
    length_a: ArrayLike,
    length_b: ArrayLike,
    human: ArrayLike | None = None,
    *,
    level: float = 0.95,
    clusters: Labels | None = None,
) -> LengthBias:
    """The slope of the judge's preference in log2(length A / length B), and how much is its own.

    Longer answers may be better, so only the slope of judge minus human tells a bias.

    Args:
        length_a: Length of A's answer, in any unit, above 0, shape (n,).
        length_b: Length of B's answer, in the same unit, shape (n,).
        human: People's preference for A, shape (n,), nan where nobody voted; or None.

    Raises:
        ValueError: If lengths do not vary or are not above 0, or arguments do not fit.

    References:
        Dubois, Y., Galambosi, B., Liang, P., Hashimoto, T. B. (2024). Length-controlled
        AlpacaEval: a simple way to debias automatic evaluators. doi:10.48550/arXiv.2404.04475
    """
    verdicts = preferences(judge, "judge")
    a, b = vector(length_a, "length_a"), vector(length_b, "length_b")
    same_length(judge=verdicts, length_a=a, length_b=b)
    if min(a.min(), b.min()) <= 0:
        raise ValueError("a length is not above 0; leave out pairs with an empty answer")
    ratio = np.log2(a / b)
    codes = cluster_codes(clusters, verdicts.size)

    def rise(outcome: FloatArray, keep: BoolArray) -> Interval:
        at = np.flatnonzero(keep)
        columns = np.column_stack([np.ones(at.size), ratio[at]])
        return clustered_slopes(
            outcome, columns, level=level, clusters=codes[at].tolist()
        ).intervals[1]

    whole = rise(verdicts, np.ones(verdicts.size, dtype=np.bool_))
    known, people = _votes(human, verdicts)
    if not people.size:
        return LengthBias(whole, None, None, verdicts.size, 0)
    return LengthBias(
        whole,
        rise(people, known),
        rise(verdicts[known] - people, known),
        verdicts.size,
        people.size,
    )


def self_preference(
    judge: ArrayLike,
    own_a: ArrayLike,
    own_b: ArrayLike,
    human: ArrayLike | None = None,
    *,
    level: float = 0.95,
    clusters: Labels | None = None,
) -> SelfPreference:
    """How much more the judge prefers its own family than people do on the same pairs.

    The difference of differences: judge minus human, own minus other. Where the own answer stands
    on both sides, or pairs of others are there, an intercept takes up what the judge gives to the
    side itself. A judge that is surer than people also prefers a strong family more than they do;
    compare with a judge of another family.

    Args:
        judge: Preference for A (best: the side shown first), shape (n,), from -1 to 1.
        own_a: Whether A's answer is of the judge's family, shape (n,).
        own_b: Whether B's is, shape (n,).
        human: People's preference for A, shape (n,), nan where nobody voted; or None.

    Raises:
        ValueError: If no pair sets an own answer against another's, or arguments do not fit.

    References:
        Zheng et al. (2023), as for `position_bias`.
        Wataoka, K., Takahashi, T., Ri, R. (2024). Self-preference bias in LLM-as-a-judge.
        doi:10.48550/arXiv.2410.21819
    """
    verdicts = preferences(judge, "judge")
    a, b = vector(own_a, "own_a"), vector(own_b, "own_b")
    same_length(judge=verdicts, own_a=a, own_b=b)
    own = np.where(a > 0, 1.0, 0.0) - np.where(b > 0, 1.0, 0.0)
    if not own.any():
        raise ValueError("no pair sets an answer of the judge's family against another's")
    codes = cluster_codes(clusters, verdicts.size)
    likes, removed = _own(verdicts, own, codes.tolist(), level, 1.0)
    pairs = int(np.count_nonzero(own))
    known, people = _votes(human, verdicts)
    if not people.size or not own[known].any():
        return SelfPreference(likes, None, None, removed, pairs, 0)
    beside = codes[known].tolist()
    extra, removed = _own(verdicts[known] - people, own[known], beside, level, 2.0)
    return SelfPreference(
        judge=likes,
        human=_own(people, own[known], beside, level, 1.0)[0],
        extra=extra,
        place_removed=removed,
        pairs_n=pairs,
        human_n=int(np.count_nonzero(own[known])),
    )


def _own(
    outcome: FloatArray, own: FloatArray, clusters: list[int], level: float, most: float
) -> tuple[Interval, bool]:
    """Preference for the own side, and whether an intercept took up what a side itself gets."""
    if np.unique(own).size > 1:
        columns = np.column_stack([np.ones(own.size), own])
        return clustered_slopes(outcome, columns, level=level, clusters=clusters).intervals[1], True
    mean = clustered_mean(outcome * own, level=level, clusters=clusters, bounds=(-most, most))
    return mean, False


def _votes(human: ArrayLike | None, judge: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Where people voted, and their votes there."""
    if human is None:
        return np.zeros(judge.size, dtype=np.bool_), np.empty(0)
    votes = np.atleast_1d(np.asarray(human, dtype=np.float64))
    same_length(judge=judge, human=votes)
    known = ~np.isnan(votes)
    return known, preferences(votes[known], "human") if known.any() else np.empty(0)
