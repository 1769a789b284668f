"""Two or more runs on the same items: differences, verdicts, slices, ranks and costs."""

from headtohead.stats.paired.costs import (
    cost_per_success_ratio,
    median_difference,
    median_ratio,
)
from headtohead.stats.paired.differences import Difference, difference, item_means
from headtohead.stats.paired.many import Field, Pair, compare_many
from headtohead.stats.paired.slices import Slice, Slices, same_everywhere, slices
from headtohead.stats.paired.unpaired import unpaired_difference
from headtohead.stats.paired.verdicts import Judgement, equivalence, judge, superiority

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
