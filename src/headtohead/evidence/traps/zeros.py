"""Trap: missing results coded as zero.

Real case of `zeros`: LiveCodeBench's published file gives DeepSeek-V3 22%, 6% and 0% of the easy
problems of three months in 2025, while other models go on solving them: the runs were not made, yet
the zeros look like contamination of the earlier months.

A stretch of columns is suspect where a model scores next to nothing, although its own level on all
other columns and what the other models do on these let expect much more. Expectations come from
a model with one level for each row and one difficulty for each column.

Real case of `silent_zeros`: of 2,000 results of GLM-4.7 on SimpleQA Verified in Epoch's logs 22 are
zeros without any token count, and no success lacks one; on the mock AIME 5 of 90. They are calls
that failed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.evidence.traps.finding import Finding
from headtohead.stats.inputs import FloatArray

_RIDGE = 0.1  # of levels and difficulties, in logits: a standard deviation of about 3
_SWEEPS = 40
_MOST = 5  # stretches reported for one model
_SAFETY = 2.0  # standard errors by which a model's level is lowered before it is used
_LEAST_ELSEWHERE = 5  # columns needed to know a model's own level

_LARGEST_SHARE = 1 - 1e-12
# How hard a stretch is leaned on: little where there are some successes, all where none.
TILTS: FloatArray = np.array([[0.7], [1.5], [2.5], [4.0], [7.0], [30.0]])


@dataclass(frozen=True, slots=True)
class Stretch:
    """Columns in which a model has next to nothing.

    Attributes:
        last: Last column, included.
        chance: Bound on the chance of so few, corrected for all stretches looked at.
    """

    row: int
    first: int
    last: int
    successes: float
    attempts: float
    expected: float
    chance: float


def zeros(
    scores: ArrayLike,
    *,
    models: Sequence[str],
    columns: Sequence[str],
    items: ArrayLike = 1,
    near_zero: float = 0.15,
    least_expected: float = 0.3,
    alpha: float = 0.01,
) -> list[Finding]:
    """One finding for each stretch of zeros that a model's own level cannot explain.

    Args:
        scores: Shape (models, columns), shares of 0 to 1; NaN where there is no result. A column
            is an item, or all items of one kind in a period.
        models: Names of the rows.
        columns: Names of the columns, in an order in which results may have got lost together:
            by date, or as the items stand in the file.
        items: Different items behind each score: one number, or shape (models, columns).
            Repeated attempts at one item share its prompt: give their mean as one item.
        near_zero: A stretch scores at most this much.
        least_expected: A stretch lets expect at least this much.
        alpha: Chance of a false alarm in the whole table, for models whose success depends on
            their level and the column alone. A model that really fails for months on end looks
            the same as missing results.

    Raises:
        ValueError: If shapes do not fit, a score is outside 0..1, or items are not positive.
    """
    runs = stretches(scores, items, near_zero, least_expected, alpha)
    if np.shape(scores) != (len(models), len(columns)):
        raise ValueError(
            f"scores of shape {np.shape(scores)} for {len(models)} models, {len(columns)} columns"
        )
    return [
        Finding(
            "zeros",
            f"{models[s.row]}, {columns[s.first]} to {columns[s.last]}",
            f"{s.successes:g} of {s.attempts:g} right, where its level elsewhere and the other "
            f"models' results here let expect {s.expected:.1f} (chance {s.chance:.1g})",
            "Ask whether these were run at all; until then treat them as missing, not as zero.",
            tuple(columns[s.first : s.last + 1]),
        )
        for s in runs
    ]


def stretches(
    scores: ArrayLike,
    items: ArrayLike = 1,
    near_zero: float = 0.15,
    least_expected: float = 0.3,
    alpha: float = 0.01,
) -> list[Stretch]:
    """The stretches themselves, by row and then by strength; arguments as for `zeros`.

    Raises:
        ValueError: As for `zeros`.
    """
    share = np.asarray(scores, dtype=np.float64)
    if share.ndim != 2:
        raise ValueError(f"scores have {share.ndim} dimensions; give models by columns")
    known = ~np.isnan(share)
    if np.any((share[known] < 0) | (share[known] > 1)):
        raise ValueError("a score lies outside 0..1; give shares, and NaN where there is none")
    attempts = np.broadcast_to(np.asarray(items, dtype=np.float64), share.shape)
    if np.any(~(attempts[known] > 0)):
        raise ValueError("a score has no items; give at least 1, or NaN as the score")
    wins, attempts = np.where(known, share * attempts, 0.0), np.where(known, attempts, 0.0)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it must lie between 0 and 1, as 0.01")
    rows, width = wins.shape
    looked_at = rows * width * (width + 1) / 2
    # A level for each row and an easiness for each column, in logits.
    level, difficulty = np.zeros(rows), np.zeros(width)
    for _ in range(_SWEEPS):
        level = _step(wins, attempts, level[:, None] + difficulty, level, 1)
        difficulty = _step(wins, attempts, level[:, None] + difficulty, difficulty, 0)
    runs = []
    for row in range(rows):
        others = np.delete(np.arange(rows), row)
        own_difficulty, doubt = _difficulties(
            wins[others], attempts[others], level[others], difficulty
        )
        used = attempts[row].copy()
        for _ in range(_MOST):
            left = np.where(used > 0, wins[row], 0)
            seen = _look(left, used, own_difficulty, doubt, near_zero, least_expected)
            if seen is None:
                break
            first, last, surprise, expected = seen
            chance = float(min(1.0, looked_at * np.exp(-surprise)))
            if chance > alpha:
                break
            inside = slice(first, last + 1)
            had = float(wins[row, inside][used[inside] > 0].sum())
            runs.append(Stretch(row, first, last, had, float(used[inside].sum()), expected, chance))
            used[inside] = 0
    return runs


def _share(logit: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(logit, -30, 30)))


def _step(
    wins: FloatArray, attempts: FloatArray, logit: FloatArray, value: FloatArray, axis: int
) -> FloatArray:
    """One damped Newton step for levels (axis 1) or difficulties (axis 0)."""
    p = _share(logit)
    slope = (wins - attempts * p).sum(axis) - _RIDGE * value
    bend = (attempts * p * (1 - p)).sum(axis) + _RIDGE
    moved: FloatArray = value + np.clip(slope / bend, -1, 1)
    return moved


def _difficulties(
    wins: FloatArray, attempts: FloatArray, level: FloatArray, start: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Easiness of each column by these rows alone, and its variance."""
    easy = start
    for _ in range(6):
        easy = _step(wins, attempts, level[:, None] + easy, easy, 0)
    p = _share(level[:, None] + easy)
    return easy, 1 / ((attempts * p * (1 - p)).sum(0) + _RIDGE)


def _look(
    wins: FloatArray,
    attempts: FloatArray,
    easy: FloatArray,
    doubt: FloatArray,
    near_zero: float,
    least_expected: float,
) -> tuple[int, int, float, float] | None:
    """The most surprising stretch of a row, judged by its level outside it."""
    # The logistic of a normal variable has about this mean (MacKay 1992).
    shrink = np.sqrt(1 + np.pi * doubt / 8)
    usual, _, _ = _level(wins, attempts, easy, shrink)
    # The stretch that is least probable at the shares which this level lets expect.
    share = _share((usual + easy) / shrink)
    had_by, n_by, hoped_by = (
        np.concatenate([[0.0], np.cumsum(x)]) for x in (wins, attempts, attempts * share)
    )
    parts = np.cumsum(surprise_parts(attempts, share), axis=1)
    parts = np.concatenate([np.zeros((parts.shape[0], 1)), parts], axis=1)
    first, last, top = 0, -1, 0.0
    # From no start can a stretch surprise more than with the end that is best regardless of what a
    # stretch must be; starts that promise less than what is found need no look.
    ahead = parts - TILTS * had_by
    best_end = np.maximum.accumulate(ahead[:, :0:-1], axis=1)[:, ::-1]
    most = (best_end - ahead[:, :-1]).max(axis=0)
    most[attempts == 0] = -np.inf
    for start in np.argsort(-most, kind="stable").tolist():
        # Less a little, for rounding.
        if most[start] < top * (1 - 1e-9):
            break
        had, n = had_by[start + 1 :] - had_by[start], n_by[start + 1 :] - n_by[start]
        hoped = hoped_by[start + 1 :] - hoped_by[start]
        ends = np.flatnonzero((had <= near_zero * n) & (hoped >= least_expected * n))
        if not ends.size:
            continue
        surprise = too_few(had[ends], parts[:, start + 1 + ends] - parts[:, [start]])
        strongest = int(np.argmax(surprise))
        found = float(surprise[strongest])
        if found > top or (found == top > 0 and start < first):
            first, last, top = start, start + int(ends[strongest]), found
    if last < first:
        return None
    inside = slice(first, last + 1)
    outside = attempts.copy()
    outside[inside] = 0
    if np.count_nonzero(outside) < _LEAST_ELSEWHERE:
        return None
    level, error, spread = _level(wins, outside, easy, shrink)
    within = attempts[inside]
    careful = _share((level - _SAFETY * error + easy[inside]) / shrink[inside])
    if within @ careful < least_expected * within.sum():
        return None
    surprise = too_few(wins[inside].sum(), surprise_parts(within, careful).sum(axis=1))
    plain = within @ _share((level + easy[inside]) / shrink[inside])
    return first, last, float(surprise) / spread, float(plain)


def _level(
    wins: FloatArray, attempts: FloatArray, easy: FloatArray, shrink: FloatArray
) -> tuple[float, float, float]:
    """A row's level in logits, its standard error, and how far its scores scatter beyond chance."""
    used = attempts > 0
    y, n, e, s = wins[used], attempts[used], easy[used], shrink[used]
    value = np.zeros(1)
    for _ in range(_SWEEPS):
        before, value = value, _step(y[None], n[None], (value + e) / s, value, 1)
        if value == before:
            break
    # Extreme expectations would let one odd item speak for all.
    p = np.clip(_share((value + e) / s), 0.02, 0.98)
    rest = (y - n * p) ** 2 / (n * p * (1 - p))
    spread = max(1.0, float(rest.sum()) / max(1, y.size - 1))
    error = float(np.sqrt(spread / ((n * p * (1 - p)).sum() + _RIDGE)))
    return float(value[0]), error, spread


def surprise_parts(attempts: FloatArray, share: FloatArray) -> FloatArray:
    """What each column adds to the surprise at finding no success, for each tilt.

    Args:
        attempts: Shape (n,), how many could have succeeded.
        share: Shape (n,), their probability to.

    Returns:
        Shape (tilts, n). Add up the columns of a stretch and give them to `too_few`.
    """
    return -attempts * np.log1p(-np.clip(share, 0, _LARGEST_SHARE) * -np.expm1(-TILTS))


def too_few(successes: FloatArray, parts: FloatArray) -> FloatArray:
    """Minus the logarithm of a bound on the chance of so few successes, at least 0.

    It is Chernoff's bound for independent attempts (or means of them) of different probabilities,
    the best of a few tilts; with no success it is exact.

    Args:
        successes: Successes, shape (...).
        parts: Sums of `surprise_parts` over the same attempts, shape (tilts, ...).

    References:
        Chernoff, H. (1952). A measure of asymptotic efficiency for tests of a hypothesis based
        on the sum of observations. Annals of Mathematical Statistics 23, 493-507.
        doi:10.1214/aoms/1177729330
    """
    tilts = TILTS.reshape(-1, *(1,) * np.ndim(successes))
    best: FloatArray = np.maximum(0.0, (parts - tilts * successes).max(axis=0))
    return best


def silent_zeros(
    scores: ArrayLike,
    outputs: ArrayLike,
    *,
    where: str,
    least_recorded: float = 0.5,
    alpha: float = 0.01,
) -> list[Finding]:
    """The zeros of one run that left no output, if silence falls on zeros alone.

    Args:
        scores: Shape (n,), one a result; NaN where there is none.
        outputs: Shape (n,), tokens or characters put out; NaN or 0 where there is no record.
        where: What the run is called.
        least_recorded: Share of the results that must have a record; below it the run did not
            keep records, and silence means nothing.
        alpha: Chance of a false alarm: that records lost regardless of the score would all be
            of zeros.

    Raises:
        ValueError: If lengths differ.
    """
    value, output = (np.asarray(x, dtype=np.float64) for x in (scores, outputs))
    if value.ndim != 1 or value.shape != output.shape:
        raise ValueError(f"scores of shape {value.shape}, outputs of shape {output.shape}")
    scored = ~np.isnan(value)
    silent = scored & (np.isnan(output) | (output == 0))
    zero = scored & (value == 0)
    n, k, failed = (int(np.count_nonzero(x)) for x in (scored, silent, zero))
    if not k or np.any(silent & ~zero) or n - k < least_recorded * n:
        return []
    chance = math.comb(failed, k) / math.comb(n, k)
    if chance > alpha:
        return []
    with_all, without = float(value[scored].mean()), float(value[scored & ~silent].mean())
    return [
        Finding(
            "silent",
            where,
            f"{k} of {n} results are zeros without any output, and no success lacks one "
            f"(chance {chance:.1g}); the mean is {with_all:.3f} with them, {without:.3f} without",
            "Treat them as missing unless an empty answer is what was graded.",
            tuple(f"result {i}" for i in np.flatnonzero(silent).tolist()),
        )
    ]
