"""Trap: missing results coded as zero, told by what else the run recorded.

Real case: of 2,000 results of GLM-4.7 on SimpleQA Verified in Epoch's logs 22 are zeros without any
token count, and no success lacks one; on the mock AIME 5 of 90. They are calls that failed.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from headtohead.evidence.traps.finding import Finding

TRAP = "silent"


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
    chance = math.exp(_choices(failed, k) - _choices(n, k))
    if chance > alpha:
        return []
    with_all, without = float(value[scored].mean()), float(value[scored & ~silent].mean())
    return [
        Finding(
            TRAP,
            where,
            f"{k} of {n} results are zeros without any output, and no success lacks one "
            f"(chance {chance:.1g}); the mean is {with_all:.3f} with them, {without:.3f} without",
            "Treat them as missing unless an empty answer is what was graded.",
            tuple(f"result {i}" for i in np.flatnonzero(silent).tolist()),
        )
    ]


def _choices(n: int, k: int) -> float:
    """Logarithm of the ways to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
