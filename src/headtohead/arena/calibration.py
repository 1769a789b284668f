"""Few people, many votes of a judge: what people say of two sides, by fewer of their votes.

A judge has voted in both orders on what people may be shown. It is never believed: it makes
people's votes vary less, it foresees who is ahead, on which a part of the bets stakes, and it says
which pairs people can decide soon.

References:
    Angelopoulos, A. N., Duchi, J. C., Zrnic, T. (2023). PPI++: efficient prediction-powered
        inference. doi:10.48550/arXiv.2311.01453
    Csillag, D., Struchiner, C. J., Goedert, G. T. (2025). Prediction-powered e-values. ICML.
        doi:10.48550/arXiv.2502.04294
    Shekhar, S., Xu, Z., Lipton, Z. C., Liang, P. J., Ramdas, A. (2023). Risk-limiting financial
        audits via weighted sampling without replacement. UAI. doi:10.48550/arXiv.2305.06884
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from headtohead.arena.bets import (
    OWN_VOTES,
    USUAL_VARIANCE,
    Observations,
    ends_of,
    even_start,
    foreseeing_start,
    rounds_of,
)
from headtohead.arena.meter import StopMeter, read
from headtohead.core.units import counted
from headtohead.stats.inputs import FloatArray, Labels, check_level
from headtohead.trials.judging.bias import (
    BothOrders,
    LengthBias,
    SelfPreference,
    length_bias,
    position_bias,
    self_preference,
)
from headtohead.trials.judging.means import preferences
from headtohead.trials.paired.means import cluster_codes

# A judge is surer than people: of 190 pairs of models GPT-4's mean preference was 1.2 times theirs.
_CALMED = 0.8
TRUST = 0.5
_LEAST_SPREAD = 0.4
# As much evidence that the judge says nothing as about five human votes give.
_DOUBT = 2.5
_GAINED = 1.05
# People's mean preferences on pairs of models: their variance, and that about what a judge says.
_PAIR_SPREAD = 0.15
_OFF_JUDGE = 0.03
# No judge's word on a pair is worth more than so many votes.
_MOST_WORTH = 60.0
# Evidence that bets lose for not knowing the mean.
_HEDGING = 0.5
_BARELY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VotesBesideJudge:
    """Votes of people on two sides, beside what a judge says of battles that could have come.

    Each vote was on one of several battles of its pair of entrants that could have come with the
    same chance, as far as anyone knew before. Then what the judge says of it beyond its mean on
    these is 0 on average, whatever it says: taken off a vote, a part of it changes no mean.

    Attributes:
        votes: B over A in order: 1, 0, -1, shape (n,).
        beyond: How far the judge's preference on that battle is above its mean on all that could
            have come, shape (n,); 0 where it has compared none.
        least: The least that this could have been, shape (n,).
        most: The most, shape (n,).
        pair: Of entrants, from 0 to K - 1, length n.
        weights: What each pair counts in the mean asked about, shape (K,), 1 together.
        judged: How many battles the judge has voted on.
        foreseen: The mean preference that it foresees; None if it knows no more than people.
        news: After how many votes it did; its word rests on nothing that came later.
    """

    votes: FloatArray
    beyond: FloatArray
    least: FloatArray
    most: FloatArray
    pair: Sequence[int]
    weights: FloatArray
    judged: int
    foreseen: float | None = None
    news: int = 0

    @classmethod
    def of_battles(
        cls,
        judged: ArrayLike,
        votes: ArrayLike,
        battles: ArrayLike,
        pairs: Labels | None = None,
    ) -> Self:
        """Votes on battles of which every one of a pair can come each time.

        Args:
            judged: The judge's preference for B over A on each battle, mean of both orders, from -1
                to 1, shape (N,), N >= 1.
            votes: B over A: 1, 0, -1, shape (n,), n >= 0.
            battles: The place of each among these, shape (n,).
            pairs: The pair of each battle, length N, each of which weighs the same; one if None.

        Raises:
            ValueError: If lengths differ, a vote is none, or a battle is not among these.
        """
        said, y = preferences(judged, "judged"), np.empty(0)
        if np.size(votes):
            y = preferences(votes, "votes")
        places = np.asarray(battles, dtype=np.int64).reshape(-1)
        if places.size != y.size:
            raise ValueError(f"{y.size} votes on {places.size} battles; every vote is on one")
        if places.size and not 0 <= places.min() <= places.max() < said.size:
            raise ValueError(f"a vote is on a battle that is not among the {said.size}")
        kind = cluster_codes([0] * said.size if pairs is None else pairs, said.size)
        means = np.bincount(kind, weights=said) / np.bincount(kind)
        beyond, pair = said - means[kind], kind[places]
        least, most = np.zeros(means.size), np.zeros(means.size)
        np.minimum.at(least, kind, beyond)
        np.maximum.at(most, kind, beyond)
        return cls(
            votes=y,
            beyond=beyond[places],
            least=least[pair],
            most=most[pair],
            pair=pair.tolist(),
            weights=np.full(means.size, 1 / means.size),
            judged=said.size,
            foreseen=float(means.mean()),
        )

    def observations(self, *, judge: bool = True) -> tuple[Observations, float]:
        """An observation for each round in which every pair has one more vote, as `in_rounds`.

        Args:
            judge: Whether it is heard.

        Returns:
            They, and the part of `beyond` that is taken off after the last: from 0 to 1, the slope
            of earlier votes in it (ridge regression), 0 at first.
        """
        w, table = self.weights, rounds_of(self.pair, self.weights.size)
        totals, products, squares, part = np.zeros(w.size), 0.0, _DOUBT, 0.0
        rows = np.empty((3, table.shape[1]))
        for r, at in enumerate(table.T):
            vote, beyond = self.votes[at], self.beyond[at]
            rows[:, r] = (
                w @ (vote - part * beyond),
                w @ (-1 - part * self.most[at]),
                w @ (1 - part * self.least[at]),
            )
            products += float(beyond @ (vote - totals / (r + OWN_VOTES)))
            squares += float(beyond @ beyond)
            totals += vote - part * beyond
            part = min(max(products / squares, 0.0), 1.0) if judge else 0.0
        seen = Observations(
            x=rows[0],
            low=rows[1],
            high=rows[2],
            at=ends_of(table),
            votes=self.votes.size,
            variance=USUAL_VARIANCE * float(w @ w),
            each=w.size,
            news=int(np.searchsorted(table.min(axis=0), self.news)) if self.news else 0,
        )
        return seen, part


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What people's votes and a judge's say together, beside what people's say alone.

    Attributes:
        meter: With the judge. It decides: to take the better of two afterwards would err more often
            than is promised.
        people: By the same votes without the judge.
        part: How far the judge is followed at the end, 0 to 1.
        gain: How many times as many votes of people alone would leave as small a spread; 1 without
            votes.
        foreseen: The win share of B that the judge foresaw, which part of the bets trusts; None if
            none does.
        judged: How many battles the judge has voted on.
    """

    meter: StopMeter
    people: StopMeter
    part: float
    gain: float
    foreseen: float | None
    judged: int

    @property
    def sentence(self) -> str:
        """What the judge is worth, and why the interval is narrower if it is."""
        votes = counted(self.meter.votes, "vote")
        if not self.meter.votes:
            return f"The judge voted on {self.judged:,} battles; no person has voted yet."
        worth = (
            f"The judge's votes on {counted(self.judged, 'battle')} make {votes} of people worth "
            f"{self.gain:.2f} times as many"
        )
        if self.gain < _GAINED:
            said = "The judge is of no use here, so that the votes of people count alone"
        else:
            said = f"{worth}, as people bear out what it says"
        narrower = self.meter.share.width < self.people.share.width
        if narrower and self.foreseen is not None:
            said += (
                f"; bets that trusted the win share that it foresaw, {self.foreseen:.0%}, make the "
                "interval narrower than people's alone"
            )
        return f"{said}."


def calibrated(
    seen: VotesBesideJudge,
    *,
    margin_pp: float,
    rng: np.random.Generator,
    level: float = 0.95,
    names: tuple[str, str] = ("A", "B"),
    trust: float = TRUST,
) -> Calibrated:
    """What people say of two sides, by their votes with the judge's and by theirs alone.

    Valid however often one looks, whatever the judge says, where the same votes are without it.

    Args:
        margin_pp: As in `meter`.
        rng: For the forecast alone.
        trust: How much of the wealth bets on the win share that the judge foresees, from 0 to below
            1. A wrong one costs votes, never the error.

    Raises:
        ValueError: If something is out of range.
    """
    check_level(level)
    if not 0 <= trust < 1:
        raise ValueError(f"`trust` is {trust}; it is a share of the wealth, from 0 to below 1")
    with_judge, part = seen.observations()
    alone, _ = seen.observations(judge=False)
    trusted = seen.foreseen is not None and trust > 0
    foreseen = _CALMED * (seen.foreseen or 0.0)
    both = [
        read(
            one, margin_pp=margin_pp, rng=rng, level=level, names=names, start=start, pairs=one.each
        )
        for one, start in (
            (with_judge, foreseeing_start(foreseen, trust) if trusted else even_start()),
            (replace(alone, news=0), even_start()),
        )
    ]
    return Calibrated(
        meter=both[0],
        people=both[1],
        part=part,
        gain=_gain(with_judge.x, alone.x),
        foreseen=(1 + foreseen) / 2 if trusted else None,
        judged=seen.judged,
    )


def missing_votes(
    judged: ArrayLike,
    totals: ArrayLike,
    counts: ArrayLike,
    log_wealth: ArrayLike,
    *,
    margin_pp: float,
    level: float = 0.95,
) -> FloatArray:
    """About how many more votes of people each pair takes, to ask first where it is fewest.

    What is expected of a pair is its own mean, drawn to what the judge says of it; how far, and
    what the judge's word is worth, is learned from all pairs. The judge shapes only what people are
    asked about: a wrong one costs votes, never the error.

    Args:
        judged: The judge's mean preference on each pair, shape (K,).
        totals: Sum of people's preferences on each, shape (K,).
        counts: How many votes they cast on each, shape (K,).
        log_wealth: What a pair's votes have proved so far, on the side where it is more: the larger
            one of `StopMeter.log_wealth`, shape (K,).
        margin_pp: In percentage points of the win share, as in `meter`.

    Returns:
        Shape (K,), at least 1.
    """
    f, total, n = (np.asarray(part, dtype=np.float64) for part in (judged, totals, counts))
    own, seen = total / np.maximum(n, 1), n > 0
    # Slope and spread of people's means about the judge's, each pair weighed by its votes; what is
    # supposed beforehand counts as two pairs of ten votes.
    scale, spread = 20 * _PAIR_SPREAD, 20.0
    slope = ((n * own * f).sum() + _CALMED * scale) / ((n * f * f).sum() + scale)
    off = (n * (own - slope * f) ** 2 - USUAL_VARIANCE * seen).sum() + spread * _OFF_JUDGE
    worth = USUAL_VARIANCE / max(off / (n.sum() + spread), USUAL_VARIANCE / _MOST_WORTH)
    mean = (total + worth * slope * f) / (n + worth)
    far = np.square(mean + margin_pp / 50)
    variance = np.maximum(USUAL_VARIANCE - mean**2, _LEAST_SPREAD**2)
    growth = far / (2 * (variance + far)) + _BARELY
    wanting = -math.log((1 - level) / 2) + _HEDGING - np.asarray(log_wealth)
    return np.asarray(np.maximum(wanting / growth, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeBias:
    """What moves the judge beside the worth of an answer; None where it cannot be told.

    Attributes:
        position: Whether it prefers what is shown first.
        length: Whether it prefers long answers more than people do.
        family: Whether it prefers answers of its own family more than people do.
    """

    position: BothOrders
    length: LengthBias | None
    family: SelfPreference | None

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each that can be told."""
        return tuple(
            part.sentence for part in (self.position, self.length, self.family) if part is not None
        )


def judge_bias(
    a_first: ArrayLike,
    b_first: ArrayLike,
    *,
    people: ArrayLike,
    lengths: tuple[ArrayLike, ArrayLike] | None = None,
    own: tuple[ArrayLike, ArrayLike] | None = None,
    prompts: Labels | None = None,
    level: float = 0.95,
) -> JudgeBias:
    """The judge's biases over all battles, beside people's votes on the part that they voted on.

    Args:
        a_first: The judge's preference for B over A when A was shown first, shape (N,).
        b_first: The same when B was shown first, shape (N,).
        people: People's mean preference for B over A, nan where nobody voted, shape (N,).
        lengths: Length of A's and of B's answer in one unit, above 0, shape (N,) each.
        own: Whether A's and B's answer is of the judge's family, shape (N,) each.
        prompts: The prompt of each battle: those of one go together.

    Raises:
        ValueError: If arguments do not fit.
    """
    one, two = preferences(a_first, "a_first"), preferences(b_first, "b_first")
    both, human = (one + two) / 2, np.asarray(people, dtype=np.float64)
    length = family = None
    if lengths is not None:
        a, b = lengths
        length = length_bias(both, b, a, human, level=level, clusters=prompts)
    if own is not None and bool(np.any(np.asarray(own[0]) != np.asarray(own[1]))):
        family = self_preference(both, own[1], own[0], human, level=level, clusters=prompts)
    position = position_bias(-one, two, level=level, clusters=prompts)
    return JudgeBias(position=position, length=length, family=family)


def _gain(powered: FloatArray, alone: FloatArray) -> float:
    if powered.size < 2 or not powered.var() > 0:
        return 1.0
    return float(alone.var() / powered.var())
