"""Made-up pairs in clusters, with the difference that is true of them."""

import numpy as np

from headtohead.stats.inputs import FloatArray, IntArray

World = tuple[FloatArray, FloatArray, IntArray, float]


def tries(rng: np.random.Generator, kind: str, items: int, sizes: str = "equal") -> World:
    """Several tries at each item by both models.

    Args:
        rng: Source of randomness.
        kind: "varied" items; "flips" (B fails one item in ten wholly); "rare" (B fails one
            in twenty wholly, nothing else differs); "topics" (items of topics).
        items: How many.
        sizes: "equal" (8 tries), "unequal" (1 to 30), "large" (40).
    """
    n = {
        "equal": np.full(items, 8),
        "unequal": rng.choice([1, 2, 4, 8, 30], items),
        "large": np.full(items, 40),
    }[sizes]
    a = np.full(items, 0.98)
    b = a
    true = 0.0
    if kind == "varied":
        common = rng.normal(0, 1.5, items)
        a, b = (_chance(common + rng.normal(0, 0.7, items)) for _ in "ab")
    elif kind == "flips":
        b, true = np.where(rng.random(items) < 0.1, 0.0, 0.98), -0.098
    elif kind == "rare":
        a, b, true = np.ones(items), np.where(rng.random(items) < 0.05, 0.0, 1.0), -0.05
    elif kind == "topics":
        common = rng.normal(0.5, 0.5, items)
        a, b = (_chance(common + rng.normal(0, 0.3, items)) for _ in "ab")
    codes = np.repeat(np.arange(items), n)
    scores = [(rng.random(codes.size) < p[codes]).astype(np.float64) for p in (a, b)]
    return scores[0], scores[1], codes, true


def _chance(x: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-x))
