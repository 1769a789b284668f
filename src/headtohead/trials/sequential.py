"""A test that may be looked at after every item: verdict, interval and what is still needed.

It bets: a gambler who doubts that the mean is at most m stakes a share of the wealth on every
observation being larger than m. If the mean is at most m the wealth is a supermartingale, whatever
the stakes, as long as each is fixed before its observation. By Ville's inequality it ever reaches
1 / alpha with probability at most alpha.

Here the wealth is spread over thirteen gamblers who believe in different distances from m, most
of it on the distance planned for. All know the running variance. The stakes fall as m rises in
such a way that the wealth falls too, so that the means not refuted form an interval.

References:
    Waudby-Smith, I., Ramdas, A. (2024). Estimating means of bounded random variables by
    betting. Journal of the Royal Statistical Society B 86, 1-27. doi:10.1093/jrsssb/qkad009
    Ville, J. (1939). Etude critique de la notion de collectif. Gauthier-Villars.
"""

import math
from dataclasses import dataclass

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, check_level
from headtohead.trials.paired.differences import Verdict

# The ends are found anew after every observation at first, then each time n grew by 1%.
_EVERY = 100
_GROWTH = 1.01
_TOLERANCE = 1e-6
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


def variance_after(
    n: FloatArray | float,
    total: FloatArray | float,
    squares: FloatArray | float,
    plan: SequentialPlan,
) -> FloatArray:
    """The variance to bet with after n observations of that sum and sum of squares."""
    about_mean = np.maximum(squares - np.square(total) / np.maximum(n, 1), 0)
    return np.asarray((plan.trust * plan.variance + about_mean) / (plan.trust + n))


def stake(
    distance: FloatArray | float, variance: FloatArray, edge: FloatArray | float
) -> FloatArray:
    """The share of the wealth to bet per unit of x - m, in [0, 0.95 / edge).

    For small distances it is the stake of fastest growth, distance / (variance + distance^2).
    Large ones are bent down, as a loss near the edge costs more than the variance tells.

    The mean is believed to lie `distance` > 0 from m, and an observation at most `edge` > 0 below
    it.
    """
    return _bent(straight_stakes(distance, variance), edge)


def straight_stakes(distance: FloatArray | float, variance: FloatArray) -> FloatArray:
    """The stakes of fastest growth for small distances, shape as broadcast."""
    return np.asarray(distance / (variance + np.square(distance)))


def _bent(straight: FloatArray, edge: FloatArray | float) -> FloatArray:
    return np.asarray(straight / np.sqrt(1 + np.square(straight * edge / _MOST)))


def final_log_wealth(
    x: FloatArray, straight: FloatArray, m: float, bound: float, weights: FloatArray
) -> float:
    """The log wealth after the last of the observations.

    If the mean of every observation, given those before it, is at most m, then at each moment
    and overall P(wealth ever reaches 1 / a) <= a. To bet that the mean is below m, give -x and
    -m. `x` has shape (n,), `straight` (`straight_stakes` before each) shape (13, n), `weights` is
    `log_weights()`; `m` is inside +-bound.
    """
    logs = weights + np.log1p(_bent(straight, bound + m) * (x - m)).sum(axis=-1)
    return float(np.logaddexp.reduce(logs))


@dataclass(frozen=True, slots=True)
class State:
    """Where a sequential test stands.

    Attributes:
        estimate: Their mean, nan before the first. At a stop it leans away from the margin, as
            every estimate that is read when it looks decided.
        low: Lower end: no difference below it is left, at any time, with the error of a verdict.
        verdict: "yes" exactly if low > -margin, "no" exactly if high < -margin, else
            "undecided". It never changes again once it has fallen.
        first_decided_at: How many observations the verdict took, None while undecided.
        log_wealth_yes: Evidence for "yes" now, as the log of a betting score.
        log_wealth_no: Evidence for "no" now.
    """

    n: int
    estimate: float
    low: float
    high: float
    verdict: Verdict
    first_decided_at: int | None
    log_wealth_yes: float
    log_wealth_no: float

    @property
    def interval(self) -> Interval:
        """The ends, with the estimate moved to the nearer one where it lies outside.

        Before the first observation the value is the middle.
        """
        value = self.estimate if self.n else (self.low + self.high) / 2
        return Interval(min(max(value, self.low), self.high), self.low, self.high)


class Sequential:
    """A test of "B is at most `margin` worse" that may be read after every observation.

    Observations are differences B minus A, or weight times difference; their mean, given all
    that came before, is the difference asked about. Stopping for any reason keeps the errors.
    """

    def __init__(self, plan: SequentialPlan) -> None:
        self.plan = plan
        self._weights, self._threshold = log_weights(), plan.threshold
        self._yes, self._no = _Gamblers(plan, 1.0), _Gamblers(plan, -1.0)
        self._x, self._variance = np.empty(64), np.empty(64)
        self._n, self._total, self._squares = 0, 0.0, 0.0
        self._low, self._high = -plan.bound, plan.bound
        self._next_ends = 1
        self._decided_at: int | None = None

    def add(self, x: float) -> State:
        """The state after one more observation.

        Raises:
            ValueError: If it is not a number within the plan's bound.
        """
        bound = self.plan.bound
        if not abs(x) <= bound:
            raise ValueError(f"an observation is {x}; the plan says that all lie within +-{bound}")
        variance = variance_after(self._n, self._total, self._squares, self.plan)
        if self._n == self._x.size:
            self._x = np.resize(self._x, 2 * self._n)
            self._variance = np.resize(self._variance, 2 * self._n)
        self._x[self._n], self._variance[self._n] = x, variance
        self._n += 1
        for gamblers in (self._yes, self._no):
            gamblers.bet(x, variance)
        self._total += x
        self._squares += x * x
        falls = max(self._yes.log_wealth, self._no.log_wealth) >= self._threshold
        if self._n >= self._next_ends or (falls and self._decided_at is None):
            self._next_ends = self._n + 1
            if self._n >= _EVERY:
                self._next_ends = math.ceil(self._n * _GROWTH)
            self._narrow()
        if self._decided_at is None and self._verdict != "undecided":
            self._decided_at = self._n
        return self.state

    @property
    def state(self) -> State:
        """Where the test stands now."""
        return State(
            n=self._n,
            estimate=self._total / self._n if self._n else math.nan,
            low=self._low,
            high=self._high,
            verdict=self._verdict,
            first_decided_at=self._decided_at,
            log_wealth_yes=self._yes.log_wealth,
            log_wealth_no=self._no.log_wealth,
        )

    def needed(self) -> float:
        """How many more observations a verdict takes if they go on as before.

        0 if there is one; inf before the first observation, and where the mean is so near the
        margin that no bet grows: nearer than about a sixteenth of the planned distance. It
        takes the mean and variance so far for the truth and follows the gambler who would be
        first. Where they are the truth it is right to about a quarter, as a mean over runs;
        while n is small they are not, and it can be off by any factor.
        """
        if self._verdict != "undecided":
            return 0.0
        if self._n == 0:
            return math.inf
        mean, square = self._total / self._n, self._squares / self._n
        return min(side.needed(self._n, mean, square) for side in (self._yes, self._no))

    @property
    def _verdict(self) -> Verdict:
        if self._low > self.plan.null:
            return "yes"
        return "no" if self._high < self.plan.null else "undecided"

    def _narrow(self) -> None:
        """Move the ends inwards past what is refuted now, but never past each other."""
        x = self._x[: self._n]
        # The same for every mean that is looked at, on both sides.
        straight = straight_stakes(distances(self.plan)[:, None], self._variance[: self._n])
        fallen_up = self._yes.log_wealth >= self._threshold
        fallen_down = self._no.log_wealth >= self._threshold
        low = self._end(x, straight, self._low, self.plan.null if fallen_up else None)
        if low <= self._high:
            self._low = low
        high = -self._end(-x, straight, -self._high, -self.plan.null if fallen_down else None)
        if high >= self._low:
            self._high = high

    def _end(self, x: FloatArray, straight: FloatArray, low: float, refuted: float | None) -> float:
        """The largest mean that is refuted from below, at least `low`."""
        if refuted is not None and refuted >= low:
            # Just past it, as a wealth that reaches the threshold exactly refutes it too.
            low = math.nextafter(refuted, math.inf)

        def excess(m: float) -> float:
            wealth = final_log_wealth(x, straight, m, self.plan.bound, self._weights)
            return wealth - self._threshold

        above = excess(low)
        if above < 0:
            return low
        step = _TOLERANCE * self.plan.bound
        # Mostly the mean itself is not refuted; the bound never is.
        outside = min(self.plan.bound, max(low, float(x.mean())) + step)
        below = excess(outside)
        if below >= 0:
            outside, below = self.plan.bound, excess(self.plan.bound)
        # The Illinois method: `excess` falls, and is 0 between a low and a high end that move.
        high, side = outside, 0
        while high - low >= step:
            middle = (low * below - high * above) / (below - above)
            # Never closer to an end than a tenth of the rest, so that both ends move.
            reach = 0.1 * (high - low)
            middle = min(max(middle, low + reach), high - reach)
            value = excess(middle)
            if value >= 0:
                low, above = middle, value
                below *= 0.5 if side == 1 else 1.0
                side = 1
            else:
                high, below = middle, value
                above *= 0.5 if side == -1 else 1.0
                side = -1
        return low


class _Gamblers:
    """The wealth of all gamblers on one side: `sign` is 1 for "yes", -1 for "no"."""

    def __init__(self, plan: SequentialPlan, sign: float) -> None:
        self._plan, self.sign, self._null = plan, sign, sign * plan.null
        self._edge = plan.bound + self._null
        self._distances = distances(plan)
        self.logs = log_weights()
        self.log_wealth = 0.0

    def bet(self, x: float, variance: FloatArray) -> None:
        lam = stake(self._distances, variance, self._edge)
        self.logs += np.log1p(lam * (self.sign * x - self._null))
        self.log_wealth = float(np.logaddexp.reduce(self.logs))

    def needed(self, n: int, mean: float, square: float) -> float:
        """Observations until the first gambler wins, by the mean and mean square of n so far."""
        growth = self._growth(n, self.sign * mean, square)
        wanting, grows = np.maximum(self._plan.threshold - self.logs, 0), growth > 0
        return float(np.where(grows, wanting / np.where(grows, growth, 1), math.inf).min())

    def _growth(self, n: int, mean: float, square: float) -> FloatArray:
        """Mean growth of each gambler's log wealth, if observations are -bound, 0 or bound."""
        bound = self._plan.bound
        lam = stake(
            self._distances, variance_after(n, mean * n, square * n, self._plan), self._edge
        )
        square = max(square, mean**2)
        wins = min(max((square / bound + mean) / (2 * bound), 0.0), 1.0)
        losses = min(max((square / bound - mean) / (2 * bound), 0.0), 1.0 - wins)
        logs = np.log1p(lam * (np.array([[bound], [0.0], [-bound]]) - self._null))
        growth: FloatArray = np.array([wins, 1 - wins - losses, losses]) @ logs
        return growth
