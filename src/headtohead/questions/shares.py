"""Shares of a total of which a part could not be attributed to anybody."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import vector


@dataclass(frozen=True, slots=True)
class ShareBounds:
    """What a share can be, as fractions from 0 to 1.

    Attributes:
        low: If nothing of the unknown part is the subject's.
        classified: Of the part that is known.
        high: If all of the unknown part is the subject's.
    """

    low: float
    classified: float
    high: float


def share_bounds(subject: ArrayLike, others: ArrayLike, unknown: ArrayLike) -> ShareBounds:
    """The subject's share, bounded for what is unknown.

    These are logical bounds, not a confidence interval: no draw of the sample is
    described, only what cannot be attributed.

    Args:
        subject: Amounts known to be the subject's, >= 0; shape (n,) or one number; summed.
        others: Amounts known to be somebody else's, >= 0; summed.
        unknown: Amounts that could be anybody's, >= 0; summed.

    Raises:
        ValueError: If an amount is negative or not finite, or nothing is classified.

    References:
        Manski, C. F. (1989). Anatomy of the selection problem. Journal of Human Resources
        24, 343-360. doi:10.2307/145818
    """
    mine = _total(subject, "subject")
    known = mine + _total(others, "others")
    blank = _total(unknown, "unknown")
    if known <= 0:
        raise ValueError("nothing is classified, so no share can be told")
    # Rounding of tiny amounts beside huge ones must not undo low <= classified <= high.
    classified = mine / known
    low = min(mine / (known + blank), classified)
    high = max((mine + blank) / (known + blank), classified)
    return ShareBounds(low, classified, min(1.0, high))


def _total(amounts: ArrayLike, name: str) -> float:
    array = vector(amounts, name, least=0)
    if np.any(array < 0):
        raise ValueError(f"{name} has a negative amount")
    total = float(array.sum())
    if not np.isfinite(total):
        raise ValueError(f"{name} adds up to more than a float can hold")
    return total
