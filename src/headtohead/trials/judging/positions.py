"""What it is worth to an answer to be shown first, from a judge who saw both orders or only one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.interval import Interval
from headtohead.stats.inputs import FloatArray, IntArray, Labels, same_length
from headtohead.trials.judging.means import (
    cluster_codes,
    clustered_mean,
    preferences,
    share,
    spelled,
)


@dataclass(frozen=True, slots=True)
class BothOrders:
    """How a judge changes his mind when the two answers change places.

    Attributes:
        flips: Share of pairs of which the other answer won in the other order.
        unstable: Share of pairs of which anything changed, a tie in one order included.
        first_wins: Share of decisive judgements that the answer shown first won; 0.5 is fair. None
            if all were ties.
        net: Mean preference for the side shown first, from -1 to 1; 0 is fair.
        first_twice_n: Pairs of which the answer shown first won in both orders.
        second_twice_n: Pairs of which the answer shown second won in both orders.
        pairs_n: Pairs.
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


@dataclass(frozen=True, slots=True)
class OneOrder:
    """How a judge who saw one order leans to the side shown first, beside people.

    Attributes:
        judge_first: Share of the judge's decisive votes that the side shown first won, or None.
        human_first: The same of people on the same pairs; None without their votes.
        excess: Mean preference of the judge for the first side less that of people, from -2 to 2;
            None without their votes.
        pairs_n: Pairs.
        human_n: Pairs with human votes.
    """

    judge_first: Interval | None
    human_first: Interval | None
    excess: Interval | None
    pairs_n: int
    human_n: int

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        if self.judge_first is None:
            return f"The judge called all {self.pairs_n} pairs ties, so no side can be preferred."
        wins = f"The side shown first wins {spelled(self.judge_first)} of the judge's votes"
        if self.excess is None:
            return (
                f"{wins}; without human votes on these pairs this is a bias only if chance chose "
                "the order."
            )
        people = "" if self.human_first is None else f", {spelled(self.human_first)} of people's"
        return f"{wins}{people}; beyond people he {_side(self.excess)} by {spelled(self.excess)}."


def both_orders_score(first_order: ArrayLike, second_order: ArrayLike) -> FloatArray:
    """Preference for answer A, averaged over both orders, from -1 to 1, shape (n,).

    What the place of an answer adds in both orders alike cancels.

    Args:
        first_order: Preference for the answer shown first when that is A: 1, 0 (tie) or -1, or
            anything between, shape (n,).
        second_order: Preference for the answer shown first when that is B, shape (n,).

    Raises:
        ValueError: If lengths differ or a preference is not from -1 to 1.
    """
    one, two = preferences(first_order, "first_order"), preferences(second_order, "second_order")
    same_length(first_order=one, second_order=two)
    made: FloatArray = (one - two) / 2
    return made


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


def first_side_excess(
    judge: ArrayLike,
    human: ArrayLike | None = None,
    *,
    level: float = 0.95,
    clusters: Labels | None = None,
) -> OneOrder:
    """How the judge leans to the side shown first, from one order only, beside people.

    People and judge must have seen the same order. If people lean to a side themselves, the excess
    is what the judge adds.

    Args:
        judge: Preference for the side shown first, shape (n,), from -1 to 1.
        human: People's preference for the side that was shown first to the judge, shape (n,); nan
            where nobody voted. None if nobody did at all.
        level: Coverage, inside (0, 1).
        clusters: The cluster of each pair, length n, or None.

    Raises:
        ValueError: If lengths differ or a preference is not from -1 to 1.

    References:
        As `position_bias`.
    """
    his = preferences(judge, "judge")
    labels = None if clusters is None else cluster_codes(clusters, his.size)
    judged = _first(his, labels, level)
    if human is None:
        return OneOrder(judged, None, None, his.size, 0)
    votes = np.atleast_1d(np.asarray(human, dtype=np.float64))
    same_length(judge=his, human=votes)
    known = ~np.isnan(votes)
    if not known.any():
        return OneOrder(judged, None, None, his.size, 0)
    people = preferences(votes[known], "human")
    beside = None if labels is None else labels[known]
    excess = clustered_mean(
        his[known] - people,
        level=level,
        clusters=None if beside is None else beside.tolist(),
        bounds=(-2.0, 2.0),
    )
    return OneOrder(judged, _first(people, beside, level), excess, his.size, people.size)


def _first(sides: FloatArray, labels: IntArray | None, level: float) -> Interval | None:
    decided = sides != 0
    if not decided.any():
        return None
    clusters = None if labels is None else labels[decided].tolist()
    return share(sides[decided] > 0, level=level, clusters=clusters)


def _side(net: Interval) -> str:
    if net.low <= 0 <= net.high:
        return "shows no sure preference for a side"
    return f"prefers the side shown {'first' if net.value > 0 else 'second'}"
