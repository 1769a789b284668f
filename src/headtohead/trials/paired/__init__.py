"""Two or more runs on the same items: differences, verdicts, slices, ranks and costs."""

from headtohead.trials.paired.costs import (
    cost_per_success_ratio,
    median_difference,
    median_ratio,
)
from headtohead.trials.paired.differences import Difference, difference, item_means
from headtohead.trials.paired.many import Field, Pair, compare_many
from headtohead.trials.paired.slices import Slice, Slices, same_everywhere, slices
from headtohead.trials.paired.unpaired import unpaired_difference
from headtohead.trials.paired.verdicts import Judgement, equivalence, judge, superiority

__all__ = [
    "Difference",
    "Field",
    "Judgement",
    "Pair",
    "Slice",
    "Slices",
    "compare_many",
    "cost_per_success_ratio",
    "difference",
    "equivalence",
    "item_means",
    "judge",
    "median_difference",
    "median_ratio",
    "same_everywhere",
    "slices",
    "superiority",
    "unpaired_difference",
]
