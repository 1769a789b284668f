"""Trap: one model, benchmark and setting with different scores.

Real case: in Epoch's runs ten pairs share task, version, model and effort. Nine differ by 5 to 19
points, as they are of two harnesses; the tenth differs by 0.1 point.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headtohead.evidence.traps.finding import Finding
from headtohead.evidence.traps.rows import Row, is_empty, label, rows_of

if TYPE_CHECKING:
    import polars as pl

TRAP = "repeats"


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
            TRAP,
            label(k),
            f"{len(v)} rows with scores from {v[0]:g} to {v[-1]:g}",
            f"Find what differs beyond {', '.join(key)} and name it in the setting; never average "
            f"or take the best unseen.",
            (label(k),),
        )
        for k, v in sorted(wide.items(), key=lambda one: one[1][0] - one[1][-1])
    ]
