"""What "often" and "as a rule" mean of many pairs: their median, never the best of them."""

from collections.abc import Sequence
from statistics import median

import polars as pl

from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Ask, ScopeWord
from headtohead.evidence.picking import estimate

STATISTIC = ScopeWord(
    "text",
    "each: one number a pair; median: the median of all pairs.",
    "each",
    ("each", "median"),
)


def median_of(ask: Ask, pairs: Sequence[Estimate], rows: pl.DataFrame, what: str) -> Estimate:
    """The median over pairs as one estimate.

    Its ends are the medians of their ends: wide enough even if all of them err together.

    Args:
        rows: Every row behind the pairs.
        what: What a pair is, for a reader ("cost per solved task").
    """
    return estimate(
        ask,
        rows,
        label=f"median {what}",
        interval=Interval(
            *(median(getattr(e, end) for e in pairs) for end in ("value", "low", "high"))
        ),
        unit=pairs[0].unit,
        level=min(e.level for e in pairs),
        method=f"median over {len(pairs)} pairs, its ends the medians of theirs",
        n=len(pairs),
        n_of="pairs",
    )
