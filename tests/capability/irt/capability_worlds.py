"""Made-up worlds of models and benchmarks, Epoch's published files, and small score tables."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headtohead.capability.irt.index import Index, drawn_interval
from headtohead.capability.irt.scores import Scores
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_YEARS = 2.5
_PROGRESS = 1.7  # logits a year, as on the scores that Epoch ran itself
_BEHIND = 0.5
_APART = 0.5


def rng(seed: int | list[int] = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def sigmoid(x: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-x)))


def interval(index: Index, model: str) -> Interval:
    """The 90% interval of one model's points."""
    n = index.place(model)
    return drawn_interval(float(index.ability[n]), index.ability_draws[:, n], 0.9)


def gap(index: Index, a: str, b: str) -> Interval:
    """The 90% interval of B minus A in points, from the joint draws."""
    i, j = index.place(a), index.place(b)
    draws = index.ability_draws[:, j] - index.ability_draws[:, i]
    return drawn_interval(float(index.ability[j] - index.ability[i]), draws, 0.9)


def residuals(index: Index) -> FloatArray:
    """Score minus expected score, both chance-corrected, shape (N,)."""
    test = index.scores.benchmark
    away = index.ability[index.scores.model] - index.difficulty[test]
    return index.scores.score - sigmoid(index.slope[test] * away)


@dataclass(frozen=True)
class ScoreWorld:
    """Scores with their spread beyond items; abilities, days and sides of the models in them."""

    scores: Scores
    ability: FloatArray
    day: IntArray
    leader: BoolArray
    trailing: BoolArray
    rho: float


def world(source: np.random.Generator, *, shift: float = 0.0, fewest: int = 4) -> ScoreWorld:
    """A world whose missing scores look like the real ones.

    Newer models are abler, and meet harder benchmarks: those that are neither far too easy nor
    far too hard for their year. One side is half a logit behind.

    Args:
        source: Source of randomness.
        shift: Standard deviation of what one side gains on each benchmark, in logits.
        fewest: Fewest benchmarks of a model.
    """
    m, b = int(source.integers(60, 121)), int(source.integers(12, 21))
    year = source.uniform(0, _YEARS, m)
    side = source.choice(3, m, p=[0.6, 0.27, 0.13])
    trend = _PROGRESS * (year - _YEARS / 2)
    ability = trend - _BEHIND * (side == 1) + source.normal(0, _APART, m)
    difficulty = source.normal(0.5, 1.3, b)
    slope = np.exp(source.normal(0.3, 0.4, b))
    chance = np.where(np.arange(b) == 0, 0.25, 0.0)
    items = np.rint(np.exp(source.uniform(np.log(40), np.log(1000), b)))
    rho = float(source.uniform(0.02, 0.05))
    gain = source.normal(0, shift, b) if shift else np.zeros(b)
    rows: list[tuple[int, int]] = []
    for one in range(m):
        likely = np.exp(-0.5 * ((difficulty - trend[one]) / 1.5) ** 2) + 0.02
        count = int(source.integers(fewest, 11))
        met = source.choice(b, count, replace=False, p=likely / likely.sum())
        rows.extend((one, int(test)) for test in met)
    mi, bi = np.array(rows).T
    eta = slope[bi] * (ability[mi] - difficulty[bi]) + gain[bi] * (side[mi] == 1)
    share = chance[bi] + (1 - chance[bi]) * sigmoid(eta)
    solved = beta_binomial(source, share, items[bi], rho) / items[bi]
    scores = Scores.from_rows(
        [f"m{n:03}" for n in mi],
        [f"b{n:02}" for n in bi],
        (solved - chance[bi]) / (1 - chance[bi]),
        items=items[bi].tolist(),
        chance={f"b{n:02}": float(c) for n, c in enumerate(chance)},
    ).well_met(fewest, 3)
    kept = [int(name[1:]) for name in scores.models]
    day = np.rint(365.25 * year[kept]).astype(np.int64)
    return ScoreWorld(scores, ability[kept], day, side[kept] == 0, side[kept] == 1, rho)


def beta_binomial(
    source: np.random.Generator, share: FloatArray, items: FloatArray, rho: float
) -> FloatArray:
    """Items solved, where those of one score go together by rho."""
    a = 1 / rho - 1
    own = source.beta(np.maximum(share * a, 1e-6), np.maximum((1 - share) * a, 1e-6))
    return np.asarray(source.binomial(items.astype(np.int64), own), dtype=np.float64)


def table(source: np.random.Generator, m: int = 12, b: int = 5, *, items: float = 200) -> Scores:
    """A small table in which every model met every benchmark."""
    ability, difficulty = source.normal(0, 1.2, m), source.normal(0, 1, b)
    slope = np.exp(source.normal(0, 0.3, b))
    mi, bi = np.divmod(np.arange(m * b), b)
    share = sigmoid(slope[bi] * (ability[mi] - difficulty[bi]))
    count = np.full(m * b, items)
    return named(mi, bi, beta_binomial(source, share, count, 0.02) / items, items)


def named(mi: IntArray, bi: IntArray, score: FloatArray, items: float | None = None) -> Scores:
    """Scores of models m00, m01, ... on benchmarks b0, b1, ..."""
    sizes = None if items is None else [items] * len(mi)
    return Scores.from_rows([f"m{n:02}" for n in mi], [f"b{n}" for n in bi], score, items=sizes)


Rows = tuple[list[str], list[str], FloatArray]


def epoch_rows(folder: Path) -> Rows:
    """Models, benchmarks and scores in the order of Epoch's file."""
    rows = read(folder / "epoch_eci" / "eci_benchmarks.csv")
    return (
        [r["model"] for r in rows],
        [r["benchmark"] for r in rows],
        np.array([float(r["performance"]) for r in rows]),
    )


def published(folder: Path, file: str, key: str, column: str) -> dict[str, float]:
    """A published number by name; rows without it are left out."""
    rows = read(folder / "epoch_eci" / file)
    return {r[key]: float(r[column]) for r in rows if r[column]}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
