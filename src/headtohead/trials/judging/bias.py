"""What moves a judge beside the worth of an answer: its place, its length, its family."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import BoolArray, FloatArray, Labels, same_length, vector
from headtohead.trials.judging.means import (
    clustered_mean,
    clustered_slopes,
    preferences,
    share,
    spelled,
)
from headtohead.trials.paired.means import cluster_codes


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
        level: Coverage, inside (0, 1).
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
        judge: Preference for A, shape (n,), from -1 to 1.
        length_a: Length of A's answer, in any unit, above 0, shape (n,).
        length_b: Length of B's answer, in the same unit, shape (n,).
        human: People's preference for A, shape (n,), nan where nobody voted; or None.
        level: Coverage, inside (0, 1).
        clusters: The cluster of each pair (the question), length n, or None.

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
        level: Coverage, inside (0, 1).
        clusters: The cluster of each pair, length n, or None.

    Raises:
        ValueError: If no pair sets an own answer against another's, or arguments do not fit.

    References:
        Zheng, L. et al. (2023). Judging LLM-as-a-judge with MT-Bench and Chatbot Arena, section
        3.3. doi:10.48550/arXiv.2306.05685
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
    found = clustered_mean(outcome * own, level=level, clusters=clusters, bounds=(-most, most))
    return found, False


def _votes(human: ArrayLike | None, judge: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Where people voted, and their votes there."""
    if human is None:
        return np.zeros(judge.size, dtype=np.bool_), np.empty(0)
    votes = np.atleast_1d(np.asarray(human, dtype=np.float64))
    same_length(judge=judge, human=votes)
    known = ~np.isnan(votes)
    return known, preferences(votes[known], "human") if known.any() else np.empty(0)
