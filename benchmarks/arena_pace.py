"""Measures what a watcher learns from the pace at which an arena shows two answers.

Run as `python -m benchmarks.arena_pace`. One of two simulated models is fast and writes large
pieces, the other is slow and writes small ones; lengths are alike. A logistic regression, judged on
pairs that it was not fitted to, guesses which side is the fast one from all that is seen: first
texts, ends, lengths, speeds before and after the shorter answer's end.
"""

import numpy as np
from numpy.typing import NDArray

from headtohead.arena.pacing import Pacer, ShowingPace

Floats = NDArray[np.float64]
_PAIRS = 1000
_FOLDS = 10
_SLOW = ((40.0, 120.0), (10.0, 120.0))  # characters a second
Arrivals = list[tuple[float, int]]


def written(rng: np.random.Generator, *, fast: bool, slow: tuple[float, float]) -> Arrivals:
    """When how many characters of one answer come."""
    left = int(rng.integers(200, 2500))
    at = rng.uniform(0.2, 0.5) if fast else rng.uniform(1, 3)
    speed = rng.uniform(300, 800) if fast else rng.uniform(*slow)
    size = int(rng.integers(20, 60) if fast else rng.integers(2, 8))
    pieces = []
    while left:
        pieces.append((at, min(size, left)))
        at += pieces[-1][1] / speed
        left -= pieces[-1][1]
    return pieces


def seen(left: Arrivals, right: Arrivals) -> Floats:
    """What a watcher can measure of a pair."""
    pace = ShowingPace()
    pacer, shown, at = Pacer(pace), [[0, 0]], [0.0]
    due = [list(left), list(right)]
    while not pacer.over:
        now = len(at) * pace.tick_s
        for side in (0, 1):
            while due[side] and due[side][0][0] <= now:
                pacer.add(side, "x" * due[side].pop(0)[1])
                if not due[side]:
                    pacer.end(side)
        release = pacer.release(now)
        at.append(now)
        shown.append([shown[-1][0] + len(release.left), shown[-1][1] + len(release.right)])
    times, chars = np.array(at), np.array(shown, dtype=float)
    first = times[(chars > 0).argmax(axis=0)]
    end = times[(chars == chars[-1]).argmax(axis=0)]
    short, long = chars[-1].min(), chars[-1].max()
    before = short / max(end.min() - first.min(), 0.1)
    after = (long - short) / max(times[-1] - end.min(), 0.1)
    longer = 1 if chars[-1, 0] > chars[-1, 1] else -1
    change = longer * np.log(max(after, 1) / max(before, 1))
    apart = (chars[:, 0] - chars[:, 1]).mean()
    differences = (first[0] - first[1], end[0] - end[1], chars[-1, 0] - chars[-1, 1])
    return np.array([*differences, apart, change, longer * before, longer])


def fitted(x: Floats, y: Floats) -> Floats:
    """Weights of a logistic regression, the constant last."""
    rows, weights = np.column_stack((x, np.ones(len(x)))), np.zeros(x.shape[1] + 1)
    for _ in range(3000):
        chance = 1 / (1 + np.exp(-rows @ weights))
        weights -= 0.1 * (rows.T @ (chance - y) / len(y) + 1e-3 * weights)
    return weights


def right_share(x: Floats, y: Floats, rng: np.random.Generator) -> float:
    """Share of pairs that a regression on the others guesses rightly."""
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    fold, right = rng.permutation(len(x)) % _FOLDS, 0
    for one in range(_FOLDS):
        weights = fitted(x[fold != one], y[fold != one])
        guessed = np.column_stack((x, np.ones(len(x))))[fold == one] @ weights > 0
        right += int((guessed == (y[fold == one] > 0.5)).sum())
    return right / len(x)


def main() -> None:
    """Print the rows of the page."""
    for slow in _SLOW:
        rng = np.random.default_rng(1)
        fast_left = np.arange(_PAIRS) % 2 == 0
        pairs = [
            tuple(written(rng, fast=fast, slow=slow) for fast in (left, not left))
            for left in fast_left
        ]
        first = np.mean(
            [(a[0][0] < b[0][0]) == left for (a, b), left in zip(pairs, fast_left, strict=True)]
        )
        share = right_share(np.array([seen(a, b) for a, b in pairs]), fast_left.astype(float), rng)
        print(f"| {slow[0]:g} to {slow[1]:g} | {first:.0%} | {share:.1%} |")


if __name__ == "__main__":
    main()
