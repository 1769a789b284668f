"""The stop meter of two sides: what the votes have decided, and about how many more it takes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from headtohead.arena.bets import (
    PLAN,
    Observations,
    Start,
    by_chance,
    even_start,
    in_groups,
    in_rounds,
    log_purses,
    mean_interval,
    plan_for,
)
from headtohead.core.estimate import Interval
from headtohead.core.units import counted
from headtohead.stats.inputs import FloatArray, Labels, check_level, label_list
from headtohead.stats.tails import chi_square_tail
from headtohead.trials.paired.means import cluster_codes, cluster_sums, intraclass
from headtohead.trials.sequential import distances, stake, variance_after

Verdict = Literal["no_worse", "worse", "equal", "better", "open"]

MOST_VOTES = 20_000  # a forecast beyond it says "more than"
_CONTINUATIONS = 200
_GRID = np.unique(np.geomspace(1, MOST_VOTES, 60).astype(np.int64)).astype(np.float64)
# Votes as good as seen, before the first: as many for each side, fewer ties.
_PRIOR = np.array([0.35, 0.3, 0.35])
_PRIOR_VOTES = 5.0
_FORECAST_LEVEL = 0.8
_NEAR = 0.3
_MOST_OF_ONE = 1 / 3
_LOOSE = 1.5
_MANY_WAIT = 0.25
_BY_CHANCE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMeter:
    """What the votes on two sides say about a margin, valid however often one looks.

    Attributes:
        verdict: "equal" if B is neither worse nor better by more than the margin; "worse" and
            "better" by more than it; "no_worse" if B is not worse by more, and whether it is equal
            or better is open; else "open". "no_worse" may still become "equal" or "better"; no
            verdict is ever taken back. Each is wrong with probability at most (1 - level) / 2.
        share: B's share of wins, ties counted half, from 0 to 1; all shares outside are refuted.
        margin_pp: In percentage points of the win share: B is worse by more than 5 if its share is
            below 45%.
        votes: On these sides, those on retired entrants among them.
        decided_at: After how many votes it was known whether B is worse; None while it is not.
        more: How many more votes that takes, with an 80% interval; inf where it is more than
            20,000, 0 if it is known.
        more_for_all: The same until it is known too whether B is better or equal.
        log_wealth: What is proved so far about "worse", as the log of the bets' wealth for no worse
            and for worse; -log((1 - level) / 2) is a proof.
        pairs: Of entrants between the two sides; `share` is on their average.
        waiting: Votes that do not count yet: some pair has had fewer than theirs.
        voters: How many; None if that is not known.
        most_of_one: How many votes came from the voter with most; 0 if voters are not known.
        worth: As how many votes of as many voters these count, if votes of one voter go together;
            as many as there are, if not.
    """

    names: tuple[str, str]
    verdict: Verdict
    share: Interval
    margin_pp: float
    level: float
    votes: int
    decided_at: int | None
    more: Interval
    more_for_all: Interval
    log_wealth: tuple[float, float] = (0.0, 0.0)
    pairs: int = 1
    waiting: int = 0
    voters: int | None = None
    most_of_one: int = 0
    worth: float = math.inf

    @property
    def no_worse(self) -> bool:
        """Whether it is known that B is not worse by more than the margin."""
        return self.verdict in ("no_worse", "equal", "better")

    @property
    def sentence(self) -> str:
        """What is decided, by how many votes, and the win share."""
        a, b = self.names
        if not self.votes:
            return f"Nobody has voted on {a} and {b} yet."
        points = f"{self.margin_pp:g} percentage points of the wins"
        by = f" by more than {points}" if self.margin_pp else ""
        said = {
            "no_worse": f"decide that {b} is no worse than {a}{by}",
            "worse": f"decide that {b} is worse than {a}{by}",
            "better": f"decide that {b} is better than {a}{by}",
            "equal": f"decide that {a} and {b} are equal within {points}",
            "open": f"do not decide whether {b} is worse than {a}{by}",
        }[self.verdict]
        if self.votes == 1:  # which decides nothing
            said = said.replace("do not", "does not")
        of = (
            "of the votes"
            if self.pairs == 1
            else f"of the votes, on the average of {self.pairs} pairs,"
        )
        return (
            f"{counted(self.votes, 'vote')} {said}. "
            f"{b} won {self.share.value:.1%} {of} against {a} (ties count half; {self.level:.0%} "
            f"interval {self.share.low:.1%} to {self.share.high:.1%})."
        )

    @property
    def forecast(self) -> str:
        """How many more votes are needed for what is not decided; empty if all is."""
        a, b = self.names
        if self.verdict == "open":
            return _needed(self.more, f"decide whether {b} is no worse than {a}")
        if self.verdict == "no_worse":
            return _needed(self.more_for_all, f"decide whether {a} and {b} are equal")
        return ""

    @property
    def cautions(self) -> tuple[str, ...]:
        """What the voters take from the verdict, a sentence each."""
        said = []
        if self.waiting > _MANY_WAIT * self.votes:
            said.append(
                f"{self.waiting:,} of the {counted(self.votes, 'vote')} wait until every pair of "
                "these sides has had as many."
            )
        if self.voters is not None and self.most_of_one > _MOST_OF_ONE * self.votes:
            said.append(
                f"One voter cast {self.most_of_one:,} of the {counted(self.votes, 'vote')}, more "
                "than a third: the result is largely that person's."
            )
        if self.voters is not None and self.worth * _LOOSE < self.votes:
            said.append(
                f"Votes of one voter go together: {self.votes:,} votes of "
                f"{counted(self.voters, 'voter')} say as much about other people as "
                f"{self.worth:,.0f} single votes would. The verdict holds for these voters."
            )
        return tuple(said)


def meter(
    votes: ArrayLike,
    *,
    margin_pp: float,
    rng: np.random.Generator,
    level: float = 0.95,
    names: tuple[str, str] = ("A", "B"),
    voters: Labels | None = None,
    per_voter: int | None = None,
    pairs: Labels | None = None,
    weights: Mapping[Any, float] | None = None,
    chances: ArrayLike | None = None,
    least: float = 1.0,
) -> StopMeter:
    """What the votes have decided about two sides, and about how many more it takes.

    For two entrants the mean asked about is that of their votes. It may be looked at after every
    vote, and which pair is drawn next may hang on all votes so far: assumed is only that the next
    vote on the pair has the same mean, whatever came before. For sides of several entrants it is
    the mean over pairs with fixed weights; then see `in_rounds`, and `by_chance` if `chances` are
    given, for what is assumed. If votes of one voter go together, the verdict is about these
    voters; with `per_voter` it is about all of whom they are a random sample.

    Args:
        votes: B over A in order: 1 B, -1 A, 0 a tie or both bad, shape (n,), n >= 0.
        margin_pp: Percentage points of the win share, from 0 to below 50.
        rng: For the forecast alone.
        names: Of A and of B.
        voters: Who cast each vote, length n.
        per_voter: Count each voter once, by the mean of their first so many votes, >= 1.
        pairs: For sides of several entrants, the pair of each vote, length n.
        weights: Pair -> weight, for all pairs of these sides; as it stands all those that occur
            weigh the same, which is right only if all do.
        chances: With what chance each vote was on its pair, shape (n,). If they count in votes on
            other pairs, give these votes too: they prove nothing, but belong to the draw.
        least: No pair's chance was ever less than its weight times this, inside (0, 1].

    Raises:
        ValueError: If a setting is out of range, or labels do not fit the votes.

    References:
        Waudby-Smith, I., Ramdas, A. (2024). Estimating means of bounded random variables by
        betting. Journal of the Royal Statistical Society B 86, 1-27. doi:10.1093/jrsssb/qkad009
    """
    check_level(level)
    if not 0 <= margin_pp < 50:
        raise ValueError(
            f"`margin_pp` is {margin_pp}; it is a number of percentage points of the win share, "
            "from 0 to below 50"
        )
    if per_voter is not None and (voters is None or pairs is not None or per_voter < 1):
        raise ValueError(
            "`per_voter` is a whole number of at least 1, and needs `voters` and a single pair"
        )
    named = [None] if pairs is None or not len(pairs) else list(dict.fromkeys(pairs))
    among = weights or dict.fromkeys(named, 1 / len(named))
    if per_voter is not None and voters is not None:
        seen = in_groups(votes, voters, per_voter)
    elif pairs is None:
        seen = Observations.of_votes(votes)
    elif chances is None:
        seen = in_rounds(votes, pairs, among)
    else:
        seen = by_chance(votes, pairs, among, chances, least)
    crowd = _Crowd.of(np.asarray(votes, dtype=np.float64), voters)
    return read(
        seen,
        margin_pp=margin_pp,
        rng=rng,
        level=level,
        names=names,
        crowd=crowd,
        pairs=len(among),
    )


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Voters, the votes of the one with most, and the independent votes that all are worth."""

    voters: int | None = None
    most_of_one: int = 0
    worth: float = math.inf

    @classmethod
    def of(cls, votes: FloatArray, voters: Labels | None) -> "_Crowd":
        if voters is None:
            return cls()
        codes = cluster_codes(label_list(voters, votes.size, "voters"), votes.size)
        if not votes.size:
            return cls(voters=0)
        sums = cluster_sums(votes, codes)
        n, count = sums.sizes, sums.sizes.size
        if not 1 < count < votes.size:
            return cls(count, int(n.max()))
        means = sums.totals / n
        inside = float((sums.squares - n * means**2).sum()) / (votes.size - count)
        between = float((n * (means - votes.mean()) ** 2).sum())
        if inside > 0 and chi_square_tail(between / inside, count - 1) > _BY_CHANCE:
            return cls(count, int(n.max()))
        together = intraclass(n, sums.totals, sums.squares)
        typical = float((n**2).sum()) / votes.size
        return cls(count, int(n.max()), votes.size / (1 + (typical - 1) * together))


def read(
    seen: Observations,
    *,
    margin_pp: float,
    rng: np.random.Generator,
    level: float = 0.95,
    names: tuple[str, str] = ("A", "B"),
    crowd: _Crowd | None = None,
    start: Start | None = None,
    pairs: int = 1,
) -> StopMeter:
    """The meter of observations on so many pairs; arguments as `meter`, and `log_purses`."""
    shares = even_start() if start is None else start
    threshold, margin = -math.log((1 - level) / 2), margin_pp / 50
    worse, better = (_Edge.of(seen, m, threshold, shares) for m in (-margin, margin))
    crowd = crowd or _Crowd()
    mean = mean_interval(seen, level, shares)
    more, more_for_all = _foreseen(seen, (worse, better), rng)
    return StopMeter(
        names=names,
        verdict=_verdict(worse, better),
        share=mean.rescaled(0.5, 0.5),
        margin_pp=margin_pp,
        level=level,
        votes=seen.votes,
        waiting=seen.votes - seen.each * seen.x.size if pairs > 1 and seen.each > 1 else 0,
        pairs=pairs,
        decided_at=int(seen.at[worse.at - 1]) if worse.at else None,
        more=more,
        more_for_all=more_for_all,
        log_wealth=worse.log_wealth,
        voters=crowd.voters,
        most_of_one=crowd.most_of_one,
        worth=crowd.worth,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Edge:
    """One end of the margin, and who has proved what about it.

    Attributes:
        m: The mean preference there.
        side: 1 if the mean is proved to be above, -1 below, 0 if neither is.
        at: After how many observations; 0 if not.
        purses: The log wealth now of those who bet on above and on below, shape (2, 13).
        threshold: The log wealth that proves it.
    """

    m: float
    side: int
    at: int
    purses: FloatArray
    threshold: float

    @classmethod
    def of(cls, seen: Observations, m: float, threshold: float, start: Start) -> "_Edge":
        now, at = [], []
        for bets, doubted, shares in ((seen, m, start[0]), (seen.mirrored(), -m, start[1])):
            purses = log_purses(bets, doubted, shares)
            hit = np.logaddexp.reduce(purses, axis=0) >= threshold
            at.append(int(hit.argmax()) + 1 if hit.any() else math.inf)
            now.append(purses[:, -1] if hit.size else shares)
        first = min(at)
        side = 0 if first == math.inf else 1 if at[0] == first else -1
        return cls(m, side, 0 if side == 0 else int(first), np.array(now), threshold)

    @property
    def log_wealth(self) -> tuple[float, float]:
        above, below = np.logaddexp.reduce(self.purses, axis=1).tolist()
        return above, below


def _verdict(worse: _Edge, better: _Edge) -> Verdict:
    if worse.side < 0:
        return "worse"
    if better.side > 0:
        return "better"
    if worse.side > 0:
        return "equal" if better.side < 0 else "no_worse"
    return "open"


def _foreseen(
    seen: Observations, edges: tuple[_Edge, _Edge], rng: np.random.Generator
) -> tuple[Interval, Interval]:
    """How many more votes for the first edge, and for both, by going on from what is known.

    What comes is drawn from a Bayesian bootstrap of the observations with a few usual ones; the log
    wealth then moves as a Brownian motion with their drift and spread.
    """
    n = seen.x.size
    prior = _PRIOR_VOTES * _PRIOR
    values, counts = np.unique(np.round(seen.x, 2), return_counts=True)
    usual = math.sqrt(seen.variance / (prior[0] + prior[2]) * prior.sum())
    values = np.concatenate([usual * np.array([-1.0, 0.0, 1.0]), values])
    chances = rng.dirichlet(np.concatenate([prior, counts]), _CONTINUATIONS)
    steps = rng.standard_normal((_CONTINUATIONS, _GRID.size)) * np.sqrt(np.diff(_GRID, prepend=0))
    walk = np.cumsum(steps, axis=1)
    variance = variance_after(n, seen.x.sum(), float(seen.x @ seen.x), plan_for(seen.variance))
    low = min(float(values.min()), float(seen.low.mean()) if n else -1.0)
    high = max(float(values.max()), float(seen.high.mean()) if n else 1.0)
    taken = []
    for edge in edges:
        if edge.side:
            taken.append(np.zeros(_CONTINUATIONS))
            continue
        reached = np.full(_CONTINUATIONS, math.inf)
        for sign, purses, far in (
            (1.0, edge.purses[0], edge.m - low),
            (-1.0, edge.purses[1], high - edge.m),
        ):
            lam = stake(distances(PLAN), variance, far)
            gains = np.log1p(lam[:, None] * sign * (values - edge.m))
            drift = chances @ gains.T
            spread = np.sqrt(np.maximum(chances @ (gains**2).T - drift**2, 0))
            logs = (
                purses + drift[:, None] * _GRID[:, None] + sign * spread[:, None] * walk[:, :, None]
            )
            hit = np.exp(np.minimum(logs - edge.threshold, 1.0)).sum(axis=2) >= 1
            reached = np.where(
                hit.any(axis=1), np.minimum(reached, _GRID[hit.argmax(axis=1)]), reached
            )
        taken.append(reached)
    each = seen.at[-1] / n if n else float(seen.each)
    return _counted(taken[0] * each), _counted(np.maximum(*taken) * each)


def _counted(votes: FloatArray) -> Interval:
    """The number with most continuations within 30% of it, with 80% of all between the ends.

    The waiting time is so skewed that its median is passed early more often than it is near. inf
    where most go on beyond what is foreseen.
    """
    tail = (1 - _FORECAST_LEVEL) / 2
    low, middle, high = np.quantile(votes, (tail, 0.5, 1 - tail), method="inverted_cdf")
    if math.isinf(middle):
        return Interval(middle, low, high)
    ends = np.sort(votes[np.isfinite(votes)])
    near = np.searchsorted(ends, ends * (1 + _NEAR) / (1 - _NEAR), side="right")
    best = ends[int((near - np.arange(ends.size)).argmax())] * (1 + _NEAR)
    return Interval(min(max(best, low), high), low, high)


def _needed(votes: Interval, what: str) -> str:
    if math.isinf(votes.value):
        least = f" (at least {_rounded(votes.low)})" if math.isfinite(votes.low) else ""
        return f"More than {MOST_VOTES:,} more votes{least} may be needed to {what}."
    high = "more" if math.isinf(votes.high) else _rounded(votes.high)
    more = "1 more vote" if votes.value == 1 else f"{_rounded(votes.value)} more votes"
    return f"About {more} ({_rounded(votes.low)} to {high}) would {what}."


def _rounded(votes: float) -> str:
    """To two digits, as no forecast is better than that."""
    return f"{round(votes, 2 - len(str(int(votes)))):,.0f}"
