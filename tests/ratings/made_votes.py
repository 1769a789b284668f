"""Invented votes of models whose strengths are known, as plain columns."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray

Columns = dict[str, list[Any]]
POINTS = 400 / np.log(10)
_WORDS = np.array(["model_a", "model_b", "tie"])


def ends(interval: Interval) -> tuple[float, float, float]:
    """The numbers of an interval."""
    return interval.value, interval.low, interval.high


def names(m: int) -> list[str]:
    """m0 is the strongest."""
    return [f"m{i}" for i in range(m)]


def strengths(m: int, step: float = 0.3) -> FloatArray:
    """In logits, evenly spaced, their average 0."""
    return np.asarray(step * ((m - 1) / 2 - np.arange(m)))


def made(
    n: int,
    seed: int,
    *,
    strength: FloatArray | None = None,
    tie: float = 0.3,
    effect: float = 0.0,
    tilt: float = 0.0,
    first: float = 0.0,
    start: date = date(2025, 1, 1),
    days: int = 31,
) -> Columns:
    """Votes between random pairs, with a voter, a prompt, a language, a day and a length each.

    Args:
        n: How many.
        seed: Of the draws.
        strength: Of the models, in logits.
        tie: Share of ties among equals.
        effect: Logits that one unit of `length`, the first minus the second, adds to the first.
        tilt: How much longer stronger models write, in units a logit.
        first: Logits that being shown first adds.
        start: First day.
        days: Days from there on.
    """
    rng = np.random.default_rng(seed)
    s = strengths(5) if strength is None else strength
    a = rng.integers(0, s.size, n)
    b = (a + rng.integers(1, s.size, n)) % s.size
    length = rng.normal(0, 1, n) + tilt * (s[a] - s[b])
    p = 1 / (1 + np.exp(-(s[a] - s[b] + effect * length + first)))
    tied = 4 * tie * p * (1 - p)
    u = rng.random(n)
    outcome = np.where(u < p - tied / 2, 0, np.where(u < p + tied / 2, 2, 1))
    model = names(s.size)
    return {
        "model_a": [model[i] for i in a],
        "model_b": [model[i] for i in b],
        "winner": _WORDS[outcome].tolist(),
        "voter": [f"v{i}" for i in rng.integers(0, 40, n)],
        "prompt": [f"p{i}" for i in range(n)],
        "language": np.array(["en", "de", "fr"])[rng.integers(0, 3, n)].tolist(),
        "time": [(start + timedelta(int(d))).isoformat() for d in rng.integers(0, days, n)],
        "length": length.tolist(),
    }


def where(votes: Columns, column: str, value: object) -> Columns:
    """The votes with one value of a column."""
    kept = [i for i, x in enumerate(votes[column]) if x == value]
    return {name: [values[i] for i in kept] for name, values in votes.items()}


def joined(*parts: Mapping[str, Sequence[Any]]) -> Columns:
    """All votes, one set after the other."""
    return {name: [x for part in parts for x in part[name]] for name in parts[0]}


def duel(a: str, b: str, wins: int, losses: int = 0, ties: int = 0) -> Columns:
    """Votes between two models, a shown first in every other one."""
    says = [0] * wins + [1] * losses + [2] * ties
    turned = [i % 2 == 1 for i in range(len(says))]
    words = [_WORDS[1 - x if t and x < 2 else x] for x, t in zip(says, turned, strict=True)]
    return {
        "model_a": [b if t else a for t in turned],
        "model_b": [a if t else b for t in turned],
        "winner": [str(word) for word in words],
    }
