"""Voters unlike the rest: whose votes the board would hardly produce, and in what way.

Three checks for each voter. Surprise: do they disagree with the board more than chance would, as a
bot that votes at random? Favour: do they score one model higher or lower than its strength
explains? Side: do they choose a side more than others do? People differ in taste, so a flag is a
reason to look, not proof.
"""

from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry.covariance import ClusterCells
from headtohead.ratings.bradley_terry.fit import Fit
from headtohead.ratings.bradley_terry.trust.fitness import chances
from headtohead.ratings.bradley_terry.trust.influence import coded
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray
from headtohead.stats.tails import benjamini_hochberg, normal_tail, sum_tail

_UNITS = 16  # steps that a standard deviation of one vote's surprise is rounded to
# An approximate tail this many times too large to matter is left as it is. Surprise is skewed to
# the right, so its normal tail is hardly ever too large.
_SLACK = 20
_SLACK_SURPRISE = 4
_FOR_FIRST = np.array([2, 0, 1], dtype=np.int64)  # half wins of the first side by outcome
_FOR_SECOND = np.array([0, 2, 1], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class UnlikeVoters:
    """How each of U voters fits the board.

    Attributes:
        voter: Numbers of the voters, sorted, shape (U,).
        votes: How many votes that count, shape (U,).
        surprise: How much less likely their votes are than so many votes on the same pairs are
            expected to be, in standard deviations, shape (U,): the Bradley-Terry log-likelihood, a
            tie as half a win, which an always undecided or a random voter lowers.
        surprise_p: The chance of votes at least as surprising, shape (U,).
        model: Index of the model that they treat most unlike the rest, shape (U,).
        excess: What that model scored with them above expectation, in wins; below 0 if they vote
            against it, shape (U,).
        favour_p: The chance that any of their models is treated so unlike, shape (U,).
        side: What the side shown first scored with them above expectation, in wins, shape (U,);
            None where the fit has no side effect.
        side_p: The chance of so much, either way, shape (U,); None likewise.
        p: The chance that any check looks as bad, shape (U,).
        q: The false discovery rate at which the voter is flagged, shape (U,).
        flagged: Whether that is at most the rate asked for, shape (U,).
        reason: For each voter the check that stands out most: "surprise", "favours", "snubs" or
            "side".
        z: What that check saw, in standard deviations from what the board expects, shape (U,).
    """

    voter: IntArray
    votes: IntArray
    surprise: FloatArray
    surprise_p: FloatArray
    model: IntArray
    excess: FloatArray
    favour_p: FloatArray
    side: FloatArray | None
    side_p: FloatArray | None
    p: FloatArray
    q: FloatArray
    flagged: BoolArray
    reason: tuple[str, ...]
    z: FloatArray


def unlike_voters(fitted: Fit, clusters: ClusterCells, *, q: float = 0.05) -> UnlikeVoters:
    """Every voter compared with the fitted board, and those flagged that stand out.

    A voter's own votes are part of the board, which makes the tails a little too large for one who
    cast much of it: fewer flags, not more. The checks of one voter are corrected by Bonferroni,
    voters by Benjamini and Hochberg: at most a share `q` of the flags is expected to be false if
    all others vote as the board says. Tails that matter are exact; those far from mattering are
    normal approximations.

    `q` is the rate of false flags among flags, above 0 and below 1. With a side effect in the fit,
    the choice of side is checked too.

    Raises:
        ValueError: If there is no vote, one on a model that was not fitted, or `q` is out of range.

    References:
        Min, R., Pang, T., Du, C., Liu, Q., Cheng, M., Lin, M. (2025). Improving your model ranking
        on Chatbot Arena by vote rigging. doi:10.48550/arXiv.2501.17858
        Benjamini, Y., Hochberg, Y. (1995). doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    if not 0 < q < 1:
        raise ValueError(f"q is {q}; the rate of false flags must lie between 0 and 1")
    rows = _VoterRows.of(fitted, coded(fitted, clusters))
    if rows.voter.size == 0:
        raise ValueError("there is no vote to compare with the board")
    checks = 2 + (fitted.side is not None)
    surprise, surprise_p = _surprise(rows, _SLACK_SURPRISE * q / checks)
    matters = _SLACK * q / checks
    model, excess, favour_z, favour_p = _favour(rows, len(fitted.counts.models), matters)
    side, side_p = None, None
    tails, sizes = [surprise_p, favour_p], [surprise, favour_z]
    if fitted.side is not None:
        scores, u = np.broadcast_to(_FOR_FIRST, rows.chance.shape), rows.voter.size
        votes = _Votes(rows.chance, rows.kind, rows.n, scores)
        side, side_z, tail = votes.tails(rows.at, u, np.full(u, matters / 2))
        side_p = np.minimum(1.0, 2 * tail)
        tails.append(side_p)
        sizes.append(side_z)
    p = np.minimum(1.0, checks * np.min(tails, axis=0))
    rate = benjamini_hochberg(p)
    foremost = np.argmin(tails, axis=0)
    words = np.array(["surprise", "favours", "side"])[foremost]
    words = np.where((words == "favours") & (excess < 0), "snubs", words)
    return UnlikeVoters(
        rows.voter,
        np.bincount(rows.at, weights=rows.n).astype(np.int64),
        surprise,
        surprise_p,
        model,
        excess,
        favour_p,
        side,
        side_p,
        p,
        rate,
        rate <= q,
        tuple(words.tolist()),
        np.choose(foremost, sizes),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _VoterRows:
    """Votes sorted by voter: chances of the outcomes, and which one came."""

    voter: IntArray
    at: IntArray
    first: IntArray
    second: IntArray
    kind: IntArray
    n: IntArray
    chance: FloatArray
    gap: FloatArray

    @classmethod
    def of(cls, fitted: Fit, coded_rows: ClusterCells) -> "_VoterRows":
        voter, at = np.unique(coded_rows.cluster, return_inverse=True)
        order = np.argsort(at, kind="stable")
        first, second = coded_rows.first[order], coded_rows.second[order]
        return cls(
            voter,
            at[order].astype(np.int64),
            first,
            second,
            np.minimum(coded_rows.outcome[order], 2).astype(np.int64),
            coded_rows.n[order].astype(np.int64),
            chances(fitted, first, second),
            fitted.strength[first] - fitted.strength[second] + (fitted.side or 0.0),
        )

    def sums(self, values: FloatArray) -> FloatArray:
        """Values times votes, added up by voter, shape (U,)."""
        result = np.bincount(self.at, weights=values * self.n, minlength=self.voter.size)
        return np.asarray(result, dtype=np.float64)


def _surprise(rows: _VoterRows, matters: float) -> tuple[FloatArray, FloatArray]:
    """Standardised surprise of each voter and its upper tail, each of shape (U,).

    What a half-win log-likelihood adds beyond what does not depend on the outcome is gap times
    score, so that the weaker side's score costs as much as the stronger side's lead.
    """
    logs = -np.outer(rows.gap, [1.0, 0.0, 0.5])
    logs += np.maximum(rows.gap, 0.0)[:, None]
    seen = np.take_along_axis(logs, rows.kind[:, None], axis=1)[:, 0]
    mean = (rows.chance * logs).sum(axis=1)
    spread = np.sqrt(rows.sums((rows.chance * logs**2).sum(axis=1) - mean**2))
    z = np.divide(rows.sums(seen - mean), spread, out=np.zeros_like(spread), where=spread > 1e-9)
    p = normal_tail(z)
    ends = np.searchsorted(rows.at, np.arange(rows.voter.size + 1))
    for u in np.flatnonzero((p < matters) & (spread > 1e-9)).tolist():
        own = slice(ends[u], ends[u + 1])
        # Whole multiples of a small step have an exact distribution.
        step = spread[u] / (_UNITS * np.sqrt(rows.n[own].sum()))
        scores = np.rint(logs[own] / step).astype(np.int64)
        p[u] = _exact_tail(rows, own, scores)
    return z, p


def _favour(
    rows: _VoterRows, m: int, matters: float
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """The model treated most unlike the rest, its excess, also standardised, and the tail."""
    u = rows.voter.size
    at = np.concatenate([rows.at * m + rows.first, rows.at * m + rows.second])
    order = np.argsort(at, kind="stable")
    both = _Votes(
        np.concatenate([rows.chance, rows.chance])[order],
        np.concatenate([rows.kind, rows.kind])[order],
        np.concatenate([rows.n, rows.n])[order],
        np.where((order < rows.at.size)[:, None], _FOR_FIRST, _FOR_SECOND),
    )
    group, where = np.unique(at[order], return_inverse=True)
    owner = group // m
    tests = np.bincount(owner, minlength=u)
    excess, z, p = both.tails(where, group.size, matters / (2 * tests[owner]))
    p = np.minimum(1.0, 2 * tests[owner] * p)
    best = np.lexsort((group, -np.abs(excess), p, owner))
    top = best[np.searchsorted(owner[best], np.arange(u))]
    return (group[top] % m).astype(np.int64), excess[top], z[top], p[top]


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """Votes with whole-number scores, in half wins."""

    chance: FloatArray
    kind: IntArray
    n: IntArray
    scores: IntArray

    def tails(
        self, where: IntArray, groups: int, matters: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Score of each group above expectation, in wins and standardised, and its tail there.

        `where` is the group of each row, sorted, shape (R,). Approximate tails below `matters`,
        shape (groups,), are made exact.
        """
        seen = np.take_along_axis(self.scores, self.kind[:, None], axis=1)[:, 0]
        mean = (self.chance * self.scores).sum(axis=1)
        spread = (self.chance * self.scores**2).sum(axis=1) - mean**2
        excess = np.bincount(where, weights=(seen - mean) * self.n, minlength=groups)
        variance = np.bincount(where, weights=spread * self.n, minlength=groups)
        z = np.divide(excess, np.sqrt(variance), out=np.zeros_like(excess), where=variance > 1e-12)
        p = normal_tail(np.abs(z))
        ends = np.searchsorted(where, np.arange(groups + 1))
        for g in np.flatnonzero((p < matters) & (variance > 1e-12)).tolist():
            own = slice(ends[g], ends[g + 1])
            scores = self.scores[own] if excess[g] > 0 else 2 - self.scores[own]
            p[g] = _exact_tail(self, own, scores)
        return excess / 2, z, p


def _exact_tail(votes: "_VoterRows | _Votes", own: slice, scores: IntArray) -> float:
    """The chance that some rows score together at least what they did."""
    n, kind = votes.n[own], votes.kind[own]
    reached = int(n @ np.take_along_axis(scores, kind[:, None], axis=1)[:, 0])
    return sum_tail(votes.chance[own], scores, n, reached)
