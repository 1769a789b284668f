"""Two or more runs on the same items: differences, verdicts, slices, ranks and costs."""

from headtohead.trials.paired.costs import cost_per_success_ratio, median_ratio
from headtohead.trials.paired.differences import (
    MeanDifference,
    Verdict,
    Verdicts,
    difference,
    equivalence,
    judge,
    superiority,
    unpaired_difference,
    verdict,
)
from headtohead.trials.paired.many import RunField, compare_many
from headtohead.trials.paired.slices import Slices, same_everywhere, slices

__all__ = [
    "MeanDifference",
    "RunField",
    "Slices",
    "Verdict",
    "Verdicts",
    "compare_many",
    "cost_per_success_ratio",
    "difference",
    "equivalence",
    "judge",
    "median_ratio",
    "same_everywhere",
    "slices",
    "superiority",
    "unpaired_difference",
    "verdict",
]
