"""What is fixed before the first item: margin, level, bound, and the difference planned for."""

import math
from dataclasses import dataclass

from headtohead.stats.inputs import check_level

_USUAL_VARIANCE = 0.1
_USUAL_DISTANCE = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """The question of a sequential test, and what it should be quick at.

    Only the first three fields bear on what is true: `design`, `spread` and `trust` shape the
    bets, and a wrong one costs items, never the error rate. All must be fixed before the first
    item is seen.

    Attributes:
        margin: How much worse B may be, in the unit of the differences, |margin| < bound. 0 asks
            whether B is better, a negative margin whether B is better by that much.
        level: Coverage of the interval, inside (0, 1). Each verdict is wrong with probability
            at most (1 - level) / 2: 0.025 as it stands.
        bound: No observation is ever larger than this in size, > 0. Differences of scores in
            [0, 1] have 1; with weights it is the largest weight.
        design: The true difference at which the verdict should come soonest, not -margin. As it
            stands 0, "both are equally good"; for a margin of 0 it is 0.05 bounds.
        spread: The standard deviation of an observation that is expected, > 0: for yes/no scores
            about the root of the discordance. As it stands the root of 0.1, times the bound.
        trust: How many observations the expected spread counts for, > 0.

    Raises:
        ValueError: If one is out of range.
    """

    margin: float
    level: float = 0.95
    bound: float = 1.0
    design: float | None = None
    spread: float | None = None
    trust: float = 20.0

    def __post_init__(self) -> None:
        check_level(self.level)
        for name in ("bound", "trust"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0 and finite")
        if not abs(self.margin) < self.bound:
            raise ValueError(f"the margin is {self.margin}; it must lie inside +-{self.bound}")
        if self.spread is not None and not 0 < self.spread <= self.bound:
            raise ValueError(f"the spread is {self.spread}; it must be in (0, {self.bound}]")
        if not abs(self.planned) < self.bound:
            raise ValueError(f"the design is {self.planned}; it must lie inside +-{self.bound}")
        if self.distance == 0:
            raise ValueError("the design lies on the margin, where no number of items decides")

    @property
    def null(self) -> float:
        """The difference that a verdict speaks against: minus the margin."""
        return -self.margin

    @property
    def alpha(self) -> float:
        """How often a verdict of one kind may be wrong."""
        return (1 - self.level) / 2

    @property
    def threshold(self) -> float:
        """The log wealth at which a verdict falls."""
        return -math.log(self.alpha)

    @property
    def planned(self) -> float:
        """The design, or what stands in for it."""
        if self.design is not None:
            return self.design
        return 0.0 if self.margin else _USUAL_DISTANCE * self.bound

    @property
    def distance(self) -> float:
        """From the margin to the design, the scale of the bets on both sides."""
        return abs(self.planned - self.null)

    @property
    def variance(self) -> float:
        """The one expected."""
        if self.spread is not None:
            return self.spread**2
        return _USUAL_VARIANCE * self.bound**2
