"""Boards of votes made by a known model, and published boards that several tests use."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry import Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells
from headtohead.ratings.bradley_terry.fit import Fit, logistic
from headtohead.stats.inputs import FloatArray, IntArray

ELO = 400 / np.log(10)

# Six brands of chocolate pudding: pair, better, worse, tie. Davidson (1970), JASA 65, 317-328,
# doi:10.1080/01621459.1970.10481082.
_PUDDING = """
1 2 19 22 16|1 3 16 19 12|2 3 19 19 10|1 4 18 23 13|2 4 23 19  9|3 4 19 20 15|1 5 13 19 18
2 5 16 20 12|3 5 16 15 17|4 5 17 14 16|1 6 18 21 12|2 6 22 20 12|3 6 13 18 10|4 6 14 19 18
5 6 11 21 12"""
# American League East, 1987: home team, away team, home wins, away wins. Agresti (2002),
# Categorical Data Analysis, 2nd ed., p. 438; Turner and Firth (2012), doi:10.18637/jss.v048.i09.
_BASEBALL = """
Mil Det 4 3|Mil Tor 4 2|Mil NY 4 3|Mil Bos 6 1|Mil Cle 4 2|Mil Bal 6 0|Det Mil 3 3|Det Tor 4 2
Det NY 4 3|Det Bos 6 0|Det Cle 6 1|Det Bal 4 3|Tor Mil 2 5|Tor Det 4 3|Tor NY 2 4|Tor Bos 4 3
Tor Cle 4 2|Tor Bal 6 0|NY Mil 3 3|NY Det 5 1|NY Tor 2 5|NY Bos 4 3|NY Cle 4 2|NY Bal 6 1
Bos Mil 5 1|Bos Det 2 5|Bos Tor 3 3|Bos NY 4 2|Bos Cle 5 2|Bos Bal 6 0|Cle Mil 2 5|Cle Det 3 3
Cle Tor 3 4|Cle NY 4 3|Cle Bos 4 2|Cle Bal 2 4|Bal Mil 2 5|Bal Det 1 5|Bal Tor 1 6|Bal NY 2 4
Bal Bos 1 6|Bal Cle 3 4"""


def board(*rows: tuple[str | int, ...]) -> Counts:
    """Counts from rows of first, second, wins of the first, wins of the second, ties."""
    models = sorted({str(name) for row in rows for name in row[:2]})
    first, second = ([models.index(str(row[k])) for row in rows] for k in (0, 1))
    votes = [[*map(int, row[2:]), *[0] * (6 - len(row))] for row in rows]
    return Counts.from_cells(models, first, second, votes)


def _published(text: str) -> Counts:
    rows = [row.split() for line in text.split("\n") if line for row in line.split("|")]
    return board(*map(tuple, rows))


PUDDING = _published(_PUDDING)
BASEBALL = _published(_BASEBALL)


def names(m: int) -> tuple[str, ...]:
    """Names whose order is that of the numbers."""
    return tuple(f"m{i:03d}" for i in range(m))


@dataclass(frozen=True)
class VoteWorld:
    """The truth behind simulated votes.

    Attributes:
        strength: Shape (M,), in logits.
        exposure: How often a model is drawn, shape (M,).
        tie: A tie has the chance 4 * tie * p * (1 - p), taken from both sides alike, so that the
            expected score stays logistic in the difference; at most 0.5.
    """

    strength: FloatArray
    exposure: FloatArray
    tie: float = 0.0

    @classmethod
    def of(
        cls,
        m: int,
        rng: np.random.Generator,
        *,
        spread: float = 0.6,
        skew: float = 0.0,
        tie: float = 0.0,
    ) -> "VoteWorld":
        """Normal strengths of standard deviation `spread`, lognormal exposure of log-sd `skew`."""
        return cls(rng.normal(0, spread, m), np.exp(rng.normal(0, skew, m)), tie)

    def chances(self, first: IntArray, second: IntArray) -> FloatArray:
        """Chances of first, second, tie, both bad (never) for each pair, shape (P, 4)."""
        p = logistic(self.strength[first] - self.strength[second])
        tied = 4 * self.tie * p * (1 - p)
        return np.stack([p - tied / 2, 1 - p - tied / 2, tied, np.zeros_like(p)], axis=-1)

    def pairs(self) -> tuple[IntArray, IntArray, FloatArray]:
        """All ordered pairs, and how likely each is drawn."""
        first, second = np.nonzero(~np.eye(self.strength.size, dtype=bool))
        weight = self.exposure[first] * self.exposure[second]
        return first, second, weight / weight.sum()

    def counts(self, votes: int, rng: np.random.Generator) -> Counts:
        """A board of independent votes."""
        first, second, weight = self.pairs()
        cells = rng.multinomial(rng.multinomial(votes, weight), self.chances(first, second))
        return Counts.from_cells(names(self.strength.size), first, second, cells)

    def clusters(
        self, voters: int, each: int, alike: float, rng: np.random.Generator
    ) -> ClusterCells:
        """Votes of voters who judge one pair again and again, each time in a random order.

        Args:
            voters: How many.
            each: Votes of each.
            alike: Chance that a vote repeats the voter's own view instead of being drawn anew.
            rng: Source of randomness.
        """
        first, second, weight = self.pairs()
        picked = np.repeat(rng.choice(first.size, voters, p=weight), each)
        a, b = first[picked], second[picked]
        own = np.repeat(rng.random(voters), each)
        u = np.where(rng.random(own.size) < alike, own, rng.random(own.size))
        outcome = (u[:, None] > self.chances(a, b).cumsum(axis=1)[:, :2]).sum(axis=1)
        turn = rng.random(own.size) < 0.5
        return ClusterCells(
            names(self.strength.size),
            np.repeat(np.arange(voters), each),
            np.where(turn, b, a),
            np.where(turn, a, b),
            np.where(turn & (outcome < 2), 1 - outcome, outcome),
            np.ones(own.size, dtype=np.int64),
        )

    def truth(self, fitted: Fit) -> FloatArray:
        """The true strengths of the models fitted, measured as the fit measures them."""
        true = self.strength[[int(name[1:]) for name in fitted.counts.models]]
        component = fitted.connectivity.component
        middle = np.bincount(component, weights=fitted.reference * true)
        return np.asarray(true - middle[component], dtype=np.float64)


def counted(clusters: ClusterCells) -> Counts:
    """The votes of clusters, whoever cast them."""
    cells = np.eye(4, dtype=np.int64)[clusters.outcome] * clusters.n[:, None]
    return Counts.from_cells(clusters.models, clusters.first, clusters.second, cells)


def one_by_one(counts: Counts) -> tuple[IntArray, IntArray, IntArray]:
    """Every single vote: first, second, outcome."""
    pair, outcome = np.nonzero(counts.votes)
    n = counts.votes[pair, outcome]
    return tuple(np.repeat(a, n) for a in (counts.first[pair], counts.second[pair], outcome))  # type: ignore[return-value]


def log_chance(
    x: FloatArray, votes: Sequence[IntArray], m: int, ties: Ties, *, side: bool = False
) -> FloatArray:
    """Log-likelihood of every single vote, straight from the formulas, shape (n,).

    Args:
        x: Strengths, then the tie parameter, then the side effect, where there are these.
        votes: First, second, outcome.
        m: How many models.
        ties: The treatment of ties.
        side: Whether there is a side effect.
    """
    first, second, outcome = votes
    a, b = np.exp(x[first] + (x[-1] if side else 0.0)), np.exp(x[second])
    win, lose = a / (a + b), b / (a + b)
    tie = np.sqrt(win * lose)  # half a win and half a loss
    if ties == "davidson":
        both = np.exp(x[m]) * np.sqrt(a * b)
        win, lose, tie = (part / (a + b + both) for part in (a, b, both))
    if ties == "rao-kupper":
        t = np.exp(x[m])
        win, lose = a / (a + t * b), b / (b + t * a)
        tie = (t**2 - 1) * a * b / ((a + t * b) * (b + t * a))
    return np.asarray(
        np.log(np.select([outcome == 0, outcome == 1], [win, lose], tie)), dtype=np.float64
    )


# Four models that all met, for fits by hand and by a second implementation.
SMALL = board(
    ("a", "b", 9, 4, 5),
    ("b", "a", 6, 7, 2),
    ("a", "c", 8, 8, 1),
    ("c", "b", 5, 3, 6),
    ("c", "d", 3, 9, 4),
    ("d", "a", 2, 5, 3),
    ("b", "d", 7, 7, 0),
)
