"""Test martingales by betting: wealth that cannot grow, on average, if the mean is no larger.

A gambler who doubts that the mean is at most m stakes a share of the wealth on every observation
being larger than m. If the mean is at most m the wealth is a supermartingale, whatever the stakes,
as long as each is fixed before its observation. By Ville's inequality it ever reaches 1 / alpha
with probability at most alpha.

Here the wealth is spread over thirteen gamblers who believe in different distances from m, most
of it on the distance planned for. All know the running variance. The stakes fall as m rises in
such a way that the wealth falls too, so that the means not refuted form an interval.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, check_level

# Found by simulation: sharper weights are a little quicker at the design and slower elsewhere.
_DECAY = 0.25
_STEPS = np.arange(-6, 7)
# The most of the wealth that can be lost at once; all of it would end the game.
_MOST = 0.95
_USUAL_VARIANCE = 0.1
_USUAL_DISTANCE = 0.05


@dataclass(frozen=True, slots=True)
class SequentialPlan:
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


def log_weights() -> FloatArray:
    """The log share of the wealth that each gambler starts with, shape (13,)."""
    weights = _DECAY ** np.abs(_STEPS)
    return np.asarray(np.log(weights / weights.sum()))


def distances(plan: SequentialPlan) -> FloatArray:
    """How far from m each gambler believes the mean to be, shape (13,)."""
    return np.asarray(plan.distance * 2.0 ** (_STEPS / 2))


def predicted_variance(x: FloatArray, plan: SequentialPlan) -> FloatArray:
    """The variance expected of each observation from those before it, shape as x.

    Observations stand in order of arrival along the last axis, shape (..., n).
    """
    before = np.arange(x.shape[-1], dtype=np.float64)
    total = np.cumsum(x, axis=-1) - x
    squares = np.cumsum(x * x, axis=-1) - x * x
    return variance_after(before, total, squares, plan)


def variance_after(
    n: FloatArray | float,
    total: FloatArray | float,
    squares: FloatArray | float,
    plan: SequentialPlan,
) -> FloatArray:
    """The variance to bet with after n observations of that sum and sum of squares."""
    about_mean = np.maximum(squares - np.square(total) / np.maximum(n, 1), 0)
    return np.asarray((plan.trust * plan.variance + about_mean) / (plan.trust + n))


def stake(distance: FloatArray | float, variance: FloatArray, edge: float) -> FloatArray:
    """The share of the wealth to bet per unit of x - m, in [0, 0.95 / edge).

    For small distances it is the stake of fastest growth, distance / (variance + distance^2).
    Large ones are bent down, as a loss near the edge costs more than the variance tells.

    The mean is believed to lie `distance` > 0 from m, and an observation at most `edge` > 0 below
    it.
    """
    straight = distance / (variance + np.square(distance))
    return np.asarray(straight / np.sqrt(1 + np.square(straight * edge / _MOST)))


def log_wealth(x: FloatArray, m: float, plan: SequentialPlan) -> FloatArray:
    """The log wealth of betting that the mean is above m, after each observation, shape as x.

    If the mean of every observation, given those before it, is at most m, then at each moment
    and overall P(wealth ever reaches 1 / a) <= a. To bet that the mean is below m, give -x and
    -m.

    Args:
        x: Observations in order of arrival along the last axis, each within +-plan.bound, shape
            (..., n): many sequences are followed at once.
        m: The mean that is doubted, inside +-plan.bound.
        plan: Fixed before the first observation.

    References:
        Waudby-Smith, I., Ramdas, A. (2024). Estimating means of bounded random variables by
        betting. Journal of the Royal Statistical Society B 86, 1-27. doi:10.1093/jrsssb/qkad009
        Ville, J. (1939). Etude critique de la notion de collectif. Gauthier-Villars.
    """
    variance = predicted_variance(x, plan)
    total = np.full(x.shape, -math.inf)
    for start, distance in zip(log_weights(), distances(plan), strict=True):
        lam = stake(float(distance), variance, plan.bound + m)
        np.logaddexp(total, start + np.cumsum(np.log1p(lam * (x - m)), axis=-1), out=total)
    return total


def final_log_wealth(x: FloatArray, variance: FloatArray, m: float, plan: SequentialPlan) -> float:
    """The log wealth after the last of the observations, with the variances foreseen for each.

    `x` and `variance` (as `predicted_variance` gives it) have shape (n,); `m` is inside
    +-plan.bound.
    """
    lam = stake(distances(plan)[:, None], variance, plan.bound + m)
    logs = log_weights() + np.log1p(lam * (x - m)).sum(axis=-1)
    return float(np.logaddexp.reduce(logs))


def checked(x: ArrayLike, plan: SequentialPlan) -> FloatArray:
    """The observations as numbers, shape as given.

    Raises:
        ValueError: If one is not a number within the bound.
    """
    values = np.asarray(x, dtype=np.float64)
    bad = ~(np.abs(values) <= plan.bound)
    if bad.any():
        raise ValueError(
            f"an observation is {values[bad].flat[0]}; the plan says that all lie within "
            f"+-{plan.bound}"
        )
    return values


def give_up_threshold(plan: SequentialPlan, give_up: float | None) -> float:
    """The log wealth against the design at which to give up, inf for never.

    Raises:
        ValueError: If the error allowed is not inside (0, 1).
    """
    if give_up is None:
        return math.inf
    if not 0 < give_up < 1:
        raise ValueError(f"give_up is {give_up}; it must lie between 0 and 1, as 0.1")
    return -math.log(give_up)


@dataclass(frozen=True, slots=True)
class Decisions:
    """After how many observations each sequence was decided; 0 where it never was.

    Attributes:
        yes_at: Shape (...), the first moment that shows a mean above -margin.
        no_at: Shape (...), the first moment that shows a mean below -margin.
        gave_up_at: Shape (...), the first moment that refutes the design, 0 everywhere if that
            was not asked for.
    """

    yes_at: IntArray
    no_at: IntArray
    gave_up_at: IntArray


def decide(x: ArrayLike, plan: SequentialPlan, give_up: float | None = None) -> Decisions:
    """When each sequence shows the one or the other, looking after every observation.

    Args:
        x: Observations in order of arrival along the last axis, shape (..., n).
        plan: Fixed before the first observation.
        give_up: Stop also when the design is refuted with this error, inside (0, 1). If the
            difference is as planned, or further from the margin, this happens at most that often.

    Raises:
        ValueError: If an observation is not a number within the bound, or `give_up` is out of
            range.
    """
    values = checked(x, plan)
    threshold, giving_up = plan.threshold, give_up_threshold(plan, give_up)
    against_plan = np.zeros(values.shape, dtype=np.bool_)
    if math.isfinite(giving_up):
        side = math.copysign(1.0, plan.null - plan.planned)
        against_plan = log_wealth(side * values, side * plan.planned, plan) >= giving_up
    return Decisions(
        _first(log_wealth(values, plan.null, plan) >= threshold),
        _first(log_wealth(-values, -plan.null, plan) >= threshold),
        _first(against_plan),
    )


def _first(hit: BoolArray) -> IntArray:
    if hit.shape[-1] == 0:
        return np.zeros(hit.shape[:-1], dtype=np.int64)
    return np.asarray(np.where(hit.any(axis=-1), hit.argmax(axis=-1) + 1, 0))
