"""Whether an item tells good models from bad ones: its correlation with the rest of the test."""

from dataclasses import dataclass

import numpy as np

from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_CLOSEST = 1 - 1e-9  # a correlation of exactly 1 has no Fisher transform


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """A correlation over runs for each of J items, every array of shape (J,).

    Attributes:
        value: The correlation; NaN where all runs have one score.
        low: Lower end; -1 where nothing bounds it.
        high: Upper end; 1 where nothing bounds it.
        p_value: Two-sided, of no correlation; 1 where there is no interval.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray


def rest_scores(score: FloatArray, met: BoolArray) -> FloatArray:
    """How well every run did on all items but one, above the mean of each, shape (R, J).

    Runs that lack some items are measured against those who had the same ones.

    `score` and `met` (whether the run had the item) have shape (R, J) too.
    """
    mean = np.where(met, score, 0.0).sum(axis=0) / np.maximum(met.sum(axis=0), 1)
    above = np.where(met, score - mean, 0.0)
    others = met.sum(axis=1, keepdims=True) - met
    return np.asarray((above.sum(axis=1, keepdims=True) - above) / np.maximum(others, 1))


def correlations(
    x: FloatArray, y: FloatArray, met: BoolArray, group: IntArray, level: float
) -> Correlations:
    """Column by column, the correlation over runs, with an interval for other models like these.

    The interval is made on Fisher's scale from leaving out one model at a time with all its runs,
    with Student's quantile for one degree of freedom less than models.

    `x`, `y` and `met` (which runs count) have shape (R, J), `group` (the model of each run,
    numbered from 0) has shape (R,).

    References:
        Arvesen, J. N. (1969). Jackknifing U-statistics. Annals of Mathematical Statistics 40,
        2076-2100. doi:10.1214/aoms/1177697287
    """
    from scipy.stats import t as student

    ones = np.eye(int(group.max()) + 1)[group].T  # (G, R): which runs are of a model
    parts = np.stack([ones @ np.where(met, v, 0.0) for v in (met, x, y, x * x, y * y, x * y)])
    whole = parts.sum(axis=1)
    value = _correlation(whole)
    there = parts[0] > 0
    count = there.sum(axis=0)
    without = np.arctanh(_CLOSEST * np.nan_to_num(_correlation(whole[:, None] - parts)))
    mean = np.where(there, without, 0.0).sum(axis=0) / np.maximum(count, 1)
    off = np.where(there, without - mean, 0.0)
    se = np.sqrt((count - 1) / np.maximum(count, 1) * (off**2).sum(axis=0))
    known = (count >= 3) & np.isfinite(value)
    centre = np.arctanh(_CLOSEST * np.nan_to_num(value))
    free = np.maximum(count - 1, 1)
    reach = student.ppf(0.5 + level / 2, free) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * student.sf(np.abs(centre) / se, free)
    return Correlations(
        value=value,
        low=np.where(known, np.tanh(centre - reach), -1.0),
        high=np.where(known, np.tanh(centre + reach), 1.0),
        p_value=np.where(known & (se > 0), p_value, 1.0),
    )


def _correlation(sums: FloatArray) -> FloatArray:
    """From n and the sums of x, y, xx, yy, xy along the first axis; NaN without any spread."""
    n, x, y, xx, yy, xy = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (n * xx - x * x) * (n * yy - y * y)
        made = (n * xy - x * y) / np.sqrt(np.where(spread > 1e-9, spread, np.nan))
    return np.asarray(np.clip(made, -1, 1))
