"""Trap: results by item that do not add up to the stated headline.

Real case: SWE-bench bash-only, Claude 3.7 Sonnet: the results by task give 10.2%, the board says
52.8%.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from headtohead.evidence.traps.finding import Finding

Missing = Literal["either", "failed"]


@dataclass(frozen=True, slots=True)
class ItemMean:
    """The range a headline may take if it was made of these items.

    Attributes:
        high: Mean with missing scores left out, or `low` where they count as failed.
    """

    low: float
    high: float
    scored: int
    missing: int


def item_mean(scores: ArrayLike, items: int | None = None, missing: Missing = "either") -> ItemMean:
    """The mean over items, as a range where scores are missing.

    Args:
        scores: Shape (n,), one score an item (or item and attempt); NaN where missing.
        items: How many the headline is over; those beyond n are missing. None: n.
        missing: "either": graders count missing scores as failed or leave them out, and both
            are allowed. "failed": they count as failed.

    Raises:
        ValueError: If there are no items, or fewer than have a score.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"scores have {values.ndim} dimensions; give one list of numbers")
    total = values.size if items is None else items
    known = values[~np.isnan(values)]
    if total < max(1, known.size):
        raise ValueError(f"{known.size} scores for a headline over {total} items")
    solved = float(known.sum())
    low = solved / total
    high = low if missing == "failed" or not known.size else solved / known.size
    # Scores corrected for guessing may be negative, and then zeros raise the mean.
    return ItemMean(min(low, high), max(low, high), int(known.size), int(total - known.size))


def headlines(
    scores: ArrayLike,
    stated: float,
    *,
    name: str,
    items: int | None = None,
    missing: Missing = "either",
    tolerance: float = 0.005,
) -> list[Finding]:
    """The contradiction between one entry's items and its headline, if there is one.

    Args:
        scores: As for `item_mean`.
        stated: The headline, in the unit of the scores.
        name: The entry, for the message.
        items: As for `item_mean`.
        missing: As for `item_mean`.
        tolerance: How far outside the range the headline may lie: half a unit of its last
            digit, or more where the publisher is known to be loose.

    Raises:
        ValueError: As for `item_mean`, or if the headline is not a number or the tolerance is
            negative.
    """
    if not np.isfinite(stated) or not tolerance >= 0:
        raise ValueError(f"headline {stated}, tolerance {tolerance}: both must be finite numbers")
    mean = item_mean(scores, items, missing)
    if mean.low - tolerance <= stated <= mean.high + tolerance:
        return []
    given = f"{mean.low:.3f} to {mean.high:.3f}" if mean.low < mean.high else f"{mean.low:.3f}"
    also = f", {mean.missing} missing" if mean.missing else ""
    return [
        Finding(
            "headlines",
            name,
            f"results by item that give {given} (n = {mean.scored}{also}), not {stated:.3f}",
            "Keep the headline, leave the items out, and say so; ask the publisher which is right.",
            (name,),
        )
    ]
