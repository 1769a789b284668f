"""Single votes for the tests of what could overturn a board: simulated ones and two real sets."""

import gzip
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells
from headtohead.ratings.bradley_terry.trust.powered import JudgedVotes
from headtohead.stats.inputs import FloatArray, IntArray

_WINNERS = {"model_a": 0, "model_b": 1, "tie": 2, "tie (bothbad)": 3}


@dataclass(frozen=True)
class TrustVotes:
    """Single votes: voter, first, second and outcome of each, shape (n,)."""

    models: tuple[str, ...]
    voter: IntArray
    first: IntArray
    second: IntArray
    outcome: IntArray

    def counts(self) -> Counts:
        return Counts.from_codes(self.models, self.first, self.second, self.outcome)

    def clusters(self) -> ClusterCells:
        rows = np.stack([self.voter, self.first, self.second, self.outcome])
        kinds, n = np.unique(rows, axis=1, return_counts=True)
        voter, first, second, outcome = kinds
        return ClusterCells(self.models, voter, first, second, outcome, n)

    def only(self, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> "TrustVotes":
        parts = (part[keep] for part in (self.voter, self.first, self.second, self.outcome))
        return TrustVotes(self.models, *parts)

    def relabelled(self, order: IntArray) -> "TrustVotes":
        """The same votes with the models listed in another order."""
        place = np.argsort(order)
        models = tuple(self.models[old] for old in order)
        return replace(self, models=models, first=place[self.first], second=place[self.second])

    def turned(self) -> "TrustVotes":
        """The same votes with the sides swapped."""
        outcome = np.where(self.outcome < 2, 1 - self.outcome, self.outcome)
        return replace(self, first=self.second, second=self.first, outcome=outcome)


def davidson(
    strength: FloatArray,
    voters: int,
    each: int,
    rng: np.random.Generator,
    *,
    tie: float = 0.7,
    side: float = 0.0,
) -> TrustVotes:
    """Votes under Davidson's model on random pairs; `tie` is his nu, 0 for no ties."""
    m, n = strength.size, voters * each
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    d = strength[first] - strength[second] + side
    weight = np.stack([np.exp(d / 2), np.exp(-d / 2), np.full(n, tie)], axis=1)
    steps = (weight / weight.sum(axis=1, keepdims=True)).cumsum(axis=1)[:, :2]
    outcome = (rng.random(n)[:, None] > steps).sum(axis=1)
    models = tuple(f"m{i:02d}" for i in range(m))
    return TrustVotes(models, np.repeat(np.arange(voters), each), first, second, outcome)


@cache
def arena(shared_evidence: Path) -> Counts:
    """1,670,250 votes of Chatbot Arena on 129 models, up to 2024-08-14."""
    path = shared_evidence / "leaderbot_votes" / "chatbotarena_20240814.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    pairs = np.array(data["X"])
    return Counts.from_cells(data["models"], pairs[:, 0], pairs[:, 1], np.array(data["Y"]))


@cache
def judged(shared_evidence: Path, judge: str) -> tuple[TrustVotes, IntArray]:
    """26,919 votes of people (voter: the comparison), and the judge's outcomes on the same."""
    pairs, human = _lines(shared_evidence, "human")
    same, his = _lines(shared_evidence, judge)
    assert pairs == same
    models = sorted({name for pair in pairs for name in pair})
    place = {name: i for i, name in enumerate(models)}
    first, second = np.array([[place[name] for name in pair] for pair in pairs]).T
    return TrustVotes(tuple(models), np.arange(len(pairs)), first, second, human), his


def with_labels(votes: TrustVotes, judge: IntArray, labelled: IntArray) -> JudgedVotes:
    """All comparisons with the judge's outcome, and the human one of those at `labelled`."""
    human = np.full(votes.outcome.size, -1)
    human[labelled] = votes.outcome[labelled]
    return JudgedVotes.from_codes(votes.models, votes.first, votes.second, human, judge)


@cache
def _lines(shared_evidence: Path, name: str) -> tuple[list[tuple[str, str]], IntArray]:
    """The models of each comparison, and its outcome."""
    path = shared_evidence / "human_vs_judge_votes" / f"{name}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = sorted(map(json.loads, lines), key=lambda row: row["num"])
    pairs = [(row["model_a"], row["model_b"]) for row in rows]
    return pairs, np.array([_WINNERS[row["winner"]] for row in rows])
