"""Trap: percent and fractions in one column, or scores outside the scale.

Real case: in Epoch's table of AI models the column of hardware utilisation holds 72.0 among 61
fractions such as 0.38.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from headtohead.evidence.traps.finding import Finding
from headtohead.evidence.traps.rows import listed

TRAP = "scales"


def scales(
    values: ArrayLike,
    *,
    names: Sequence[str],
    where: str,
    low: float = 0.0,
    high: float = 1.0,
    few: float = 0.2,
) -> list[Finding]:
    """Values outside the scale, told apart by what seems to have happened.

    Args:
        values: Shape (n,); NaN where missing.
        names: What each value belongs to, length n.
        where: What the column is called.
        low: Least value of the scale.
        high: Greatest value of the scale.
        few: If at most this share lies above the scale, and all of it fits the scale a hundred
            times as large, those are called percent; if more, the column as a whole is.

    Raises:
        ValueError: If lengths differ or the scale is empty.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.shape != (len(names),):
        raise ValueError(f"{len(names)} names for values of shape {given.shape}")
    if not low < high:
        raise ValueError(f"the scale {low} to {high} is empty")
    known = ~np.isnan(given)
    above, below = known & (given > high), known & (given < low)
    found = []
    if below.any():
        found.append(
            _finding(where, names, given, below, f"lie below {low:g}", "Ask what they mean.")
        )
    if not above.any():
        return found
    share = np.count_nonzero(above) / np.count_nonzero(known)
    if np.any(given[above] > 100 * high):
        said, fix = f"lie above {high:g}, and not all as percent", "Leave them out and ask."
    elif share <= few:
        said, fix = f"lie above {high:g}: percent among fractions", "Divide these by 100."
    else:
        said = f"lie above {high:g}: the column is in percent"
        fix = "Divide the whole column by 100; check the values of at most 1 by hand."
    return [*found, _finding(where, names, given, above, said, fix)]


def _finding(
    where: str, names: Sequence[str], values: np.ndarray, odd: np.ndarray, said: str, fix: str
) -> Finding:
    chosen = np.flatnonzero(odd).tolist()
    shown = listed([f"{names[i]} {values[i]:g}" for i in chosen])
    n = int(np.count_nonzero(~np.isnan(values)))
    return Finding(
        TRAP,
        where,
        f"{len(chosen)} of {n} values {said} ({shown})",
        fix,
        tuple(names[i] for i in chosen),
    )
