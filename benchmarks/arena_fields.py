"""Fields of entrants that pairs are drawn from: simulated ones, and real votes drawn anew."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import fit, logistic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_TIES = 0.3  # of votes between equals
_TOP = 60  # entrants of the real arena with the most votes, whose exposure is imitated
_LEAST = 20  # votes of each pair that is replayed


@dataclass(frozen=True, eq=False)
class PairedField:
    """Entrants whose votes can be drawn.

    Attributes:
        chances: Of first better, second better and tie, for each of P pairs, shape (P, 3).
    """

    name: str
    n: int
    chances: Floats

    @property
    def pairs(self) -> tuple[Ints, Ints]:
        """First and second entrant of each pair, each of shape (P,)."""
        return np.triu_indices(self.n, 1)

    def true_gaps(self) -> Floats:
        """What `rank` gives for the pairs after endless even draws, shape (P,), in logits."""
        cells = np.column_stack([np.rint(self.chances * 1e6), np.zeros(len(self.chances))])
        counts = Counts.from_cells(names(self.n), *self.pairs, cells)
        strength = fit(counts, prior=0).strength
        first, second = self.pairs
        return np.asarray(strength[first] - strength[second])


def names(n: int) -> list[str]:
    """Names in the order of entrants."""
    return [f"{i:03}" for i in range(n)]


def exact(name: str, strength: Floats) -> PairedField:
    """A field in which the model of `rank` holds exactly, ties included as half wins."""
    first, second = np.triu_indices(strength.size, 1)
    score = logistic(strength[first] - strength[second])
    tie = _TIES * 4 * score * (1 - score)
    chances = np.column_stack([score - tie / 2, 1 - score - tie / 2, tie])
    return PairedField(name, strength.size, chances)


def simulated() -> Iterator[PairedField]:
    """Fields of several sizes and spreads, with a fixed seed."""
    rng = np.random.default_rng(14)
    yield exact("20 entrants, standard deviation 1 logit", rng.normal(0, 1, 20))
    yield exact("20 entrants, standard deviation 0.4 logits", rng.normal(0, 0.4, 20))
    yield exact("8 entrants, standard deviation 0.6 logits", rng.normal(0, 0.6, 8))
    yield exact("15 entrants in 3 groups", np.repeat([-0.8, 0, 0.8], 5) + rng.normal(0, 0.1, 15))


def diffuse() -> PairedField:
    """Entrants that are nearly alike."""
    rng = np.random.default_rng(15)
    return exact("12 entrants, standard deviation 0.1 logits", rng.normal(0, 0.1, 12))


def replayed(evidence: Path) -> Iterator[PairedField]:
    """Real votes, drawn anew from how often each pair ended in each way."""
    for name, votes in (
        ("20 models, human votes of 2023", human_votes(evidence)),
        ("24 models, Chatbot Arena of 2024", _complete(arena_votes(evidence), 24)),
    ):
        n = votes.shape[0]
        first, second = np.triu_indices(n, 1)
        cells = votes[first, second]
        yield PairedField(name, n, cells / cells.sum(axis=1, keepdims=True))
        counts = Counts.from_cells(
            names(n), first, second, np.column_stack([cells, np.zeros(first.size)])
        )
        yield exact(f"{name}, as fitted", fit(counts).strength)


def human_votes(evidence: Path) -> Floats:
    """Votes for row, for column, and ties of 20 models, shape (20, 20, 3)."""
    rows = []
    with gzip.open(evidence / "human_vs_judge_votes" / "human.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    models = sorted({row[side] for row in rows for side in ("model_a", "model_b")})
    place = {model: i for i, model in enumerate(models)}
    result = np.zeros((len(models), len(models), 3))
    for row in rows:
        a, b = place[row["model_a"]], place[row["model_b"]]
        outcome = {"model_a": 0, "model_b": 1}.get(row["winner"], 2)
        result[a, b, outcome] += 1
        result[b, a, (1, 0, 2)[outcome]] += 1
    return result


def arena_votes(evidence: Path) -> Floats:
    """Votes for row, for column, and ties of 129 models, shape (129, 129, 3)."""
    text = (evidence / "leaderbot_votes" / "chatbotarena_20240814.json").read_text("utf-8")
    table = json.loads(text)
    n = len(table["models"])
    result = np.zeros((n, n, 3))
    for (a, b), (first, second, tie, bad) in zip(table["X"], table["Y"], strict=True):
        result[a, b] += (first, second, tie + bad)
        result[b, a] += (second, first, tie + bad)
    return result


def _complete(votes: Floats, size: int) -> Floats:
    """Models with many votes, of which each pair has some."""
    total = votes.sum(axis=2)
    kept: list[int] = []
    for model in np.argsort(-total.sum(axis=1)).tolist():
        if len(kept) < size and all(total[model, other] >= _LEAST for other in kept):
            kept.append(model)
    return np.asarray(votes[np.ix_(kept, kept)])


def arena_like(evidence: Path, n: int, rng: np.random.Generator) -> Floats:
    """Shares of pairs as the real arena drew n of its models, at random; shape (P,)."""
    total = arena_votes(evidence).sum(axis=2)
    chosen = rng.permutation(np.argsort(-total.sum(axis=1))[:_TOP])[:n]
    first, second = np.triu_indices(n, 1)
    shares = total[np.ix_(chosen, chosen)][first, second]
    return np.asarray(shares / shares.sum())
