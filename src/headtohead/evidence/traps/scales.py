"""Traps in scores: percent and fractions in one column, and one thing with different scores.

Real case of `scales`: in Epoch's table of AI models the column of hardware utilisation holds 72.0
among 61 fractions such as 0.38.

Real case of `repeats`: in Epoch's runs ten pairs share task, version, model and effort. Nine differ
by 5 to 19 points, as they are of two harnesses; the tenth differs by 0.1 point.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.units import first_few
from headtohead.evidence.traps.finding import Finding, Row, is_empty, label, rows_of

if TYPE_CHECKING:
    import polars as pl


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
    findings = []
    if below.any():
        findings.append(
            _finding(where, names, given, below, f"lie below {low:g}", "Ask what they mean.")
        )
    if not above.any():
        return findings
    share = np.count_nonzero(above) / np.count_nonzero(known)
    if np.any(given[above] > 100 * high):
        said, fix = f"lie above {high:g}, and not all as percent", "Leave them out and ask."
    elif share <= few:
        said, fix = f"lie above {high:g}: percent among fractions", "Divide these by 100."
    else:
        said = f"lie above {high:g}: the column is in percent"
        fix = "Divide the whole column by 100; check the values of at most 1 by hand."
    return [*findings, _finding(where, names, given, above, said, fix)]


def _finding(
    where: str, names: Sequence[str], values: np.ndarray, odd: np.ndarray, said: str, fix: str
) -> Finding:
    chosen = np.flatnonzero(odd).tolist()
    shown = first_few([f"{names[i]} {values[i]:g}" for i in chosen])
    what = f"{len(chosen)} of {np.count_nonzero(~np.isnan(values))} values {said} ({shown})"
    return Finding("scales", where, what, fix, tuple(names[i] for i in chosen))


def repeats(
    table: "pl.DataFrame | Sequence[Row]",
    *,
    key: Sequence[str] = ("model", "benchmark", "setting"),
    score: str = "score",
    tolerance: float = 0.005,
) -> list[Finding]:
    """One finding for each key whose scores differ by more than the tolerance, widest first.

    Args:
        table: One row a score.
        key: Columns that ought to tell the rows apart; an empty cell is a value of its own.
        score: Column of scores; rows without one are passed over.
        tolerance: Difference that rounding or a repeated run explains, in the unit of the scores.

    Raises:
        ValueError: If a column is missing or the tolerance is negative.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}; it must not be negative")
    groups: dict[tuple[object, ...], list[float]] = {}
    for row in rows_of(table, [*key, score]):
        if not is_empty(row[score]):
            own = tuple(None if is_empty(row[c]) else row[c] for c in key)
            groups.setdefault(own, []).append(float(row[score]))
    wide = {k: sorted(v) for k, v in groups.items() if max(v) - min(v) > tolerance}
    return [
        Finding(
            "repeats",
            label(k),
            f"{len(v)} rows with scores from {v[0]:g} to {v[-1]:g}",
            f"Find what differs beyond {', '.join(key)} and name it in the setting; never average "
            f"or take the best unseen.",
            (label(k),),
        )
        for k, v in sorted(wide.items(), key=lambda one: one[1][0] - one[1][-1])
    ]
