"""One sequential test, fed one observation at a time."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import FloatArray
from headtohead.trials.paired.differences import Verdict
from headtohead.trials.sequential.bets import (
    distances,
    final_log_wealth,
    log_weights,
    stake,
    variance_after,
)
from headtohead.trials.sequential.decide import checked, give_up_threshold
from headtohead.trials.sequential.forecast import Standing, chance, more_needed
from headtohead.trials.sequential.plan import Plan
from headtohead.trials.sequential.state import State

# The ends are found anew after every observation at first, then each time n grew by 1%.
_EVERY = 100
_GROWTH = 1.01
_TOLERANCE = 1e-6


class Sequential:
    """A test of "B is at most `margin` worse" that may be read after every observation.

    Observations are differences B minus A, or weight times difference; their mean, given all
    that came before, is the difference asked about. Stopping for any reason keeps the errors.
    """

    def __init__(self, plan: Plan, give_up: float | None = None) -> None:
        """Start with no observations.

        Args:
            plan: Fixed before the first observation.
            give_up: Mark the moment when the design is refuted with this error, inside (0, 1).

        Raises:
            ValueError: If `give_up` is out of range.
        """
        self.plan = plan
        self._against_plan = give_up_threshold(plan, give_up)
        away = math.copysign(1.0, plan.null - plan.planned)
        self._yes = _Gamblers(plan, 1.0, plan.null)
        self._no = _Gamblers(plan, -1.0, plan.null)
        self._doubt = _Gamblers(plan, away, plan.planned)
        self._x, self._variance = np.empty(64), np.empty(64)
        self._n, self._total, self._squares = 0, 0.0, 0.0
        self._low, self._high = -plan.bound, plan.bound
        self._next_ends = 1
        self._decided_at: int | None = None
        self._gave_up_at: int | None = None

    def add(self, x: float) -> State:
        """The state after one more observation.

        Args:
            x: Within +-plan.bound.

        Raises:
            ValueError: If it is not.
        """
        self._take(float(checked(x, self.plan)))
        return self.state

    def add_all(self, xs: ArrayLike) -> State:
        """The state after more observations, the same as adding them one by one.

        Args:
            xs: In order of arrival, shape (n,).

        Raises:
            ValueError: If one is not within the bound; then none is added.
        """
        for x in checked(xs, self.plan).ravel().tolist():
            self._take(x)
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
            gave_up_at=self._gave_up_at,
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
        return min(more_needed(self.plan, side) for side in self._standings())

    def chance(self, more: int, difference: float | None = None) -> float:
        """The approximate probability of a verdict within so many more observations.

        Args:
            more: How many more can be had, >= 0.
            difference: The true difference to suppose. As it stands it is not supposed but
                averaged over what the observations so far leave open (predictive power).

        Returns:
            1 if there is a verdict already.
        """
        if self._verdict != "undecided":
            return 1.0
        sides = self._standings()
        return min(1.0, sum(chance(self.plan, side, more, difference) for side in sides))

    def _standings(self) -> list[Standing]:
        """For either verdict, as if it were "yes"."""
        n = max(self._n, 1)
        mean, square = self._total / n, self._squares / n
        return [
            Standing(side.sign, self._n, side.sign * mean, square, side.logs)
            for side in (self._yes, self._no)
        ]

    @property
    def _verdict(self) -> Verdict:
        if self._low > self.plan.null:
            return "yes"
        return "no" if self._high < self.plan.null else "undecided"

    def _take(self, x: float) -> None:
        variance = variance_after(self._n, self._total, self._squares, self.plan)
        self._remember(x, float(variance))
        for gamblers in (self._yes, self._no, self._doubt):
            gamblers.bet(x, variance)
        self._total += x
        self._squares += x * x
        falls = max(self._yes.log_wealth, self._no.log_wealth) >= self.plan.threshold
        if self._n >= self._next_ends or (falls and self._decided_at is None):
            self._next_ends = self._n + 1
            if self._n >= _EVERY:
                self._next_ends = math.ceil(self._n * _GROWTH)
            self._narrow()
        if self._decided_at is None and self._verdict != "undecided":
            self._decided_at = self._n
        stopped = self._decided_at is not None or self._gave_up_at is not None
        if not stopped and self._doubt.log_wealth >= self._against_plan:
            self._gave_up_at = self._n

    def _remember(self, x: float, variance: float) -> None:
        if self._n == self._x.size:
            self._x = np.resize(self._x, 2 * self._n)
            self._variance = np.resize(self._variance, 2 * self._n)
        self._x[self._n], self._variance[self._n] = x, variance
        self._n += 1

    def _narrow(self) -> None:
        """Move the ends inwards past what is refuted now, but never past each other."""
        x, variance = self._x[: self._n], self._variance[: self._n]
        fallen_up = self._yes.log_wealth >= self.plan.threshold
        fallen_down = self._no.log_wealth >= self.plan.threshold
        low = self._end(x, variance, self._low, self.plan.null if fallen_up else None)
        if low <= self._high:
            self._low = low
        high = -self._end(-x, variance, -self._high, -self.plan.null if fallen_down else None)
        if high >= self._low:
            self._high = high

    def _end(self, x: FloatArray, variance: FloatArray, low: float, refuted: float | None) -> float:
        """The largest mean that is refuted from below, at least `low`."""
        if refuted is not None and refuted >= low:
            # Just past it, as a wealth that reaches the threshold exactly refutes it too.
            low = math.nextafter(refuted, math.inf)

        def excess(m: float) -> float:
            return final_log_wealth(x, variance, m, self.plan) - self.plan.threshold

        above = excess(low)
        if above < 0:
            return low
        step = _TOLERANCE * self.plan.bound
        # Mostly the mean itself is not refuted; the bound never is.
        outside = min(self.plan.bound, max(low, float(x.mean())) + step)
        below = excess(outside)
        if below >= 0:
            outside, below = self.plan.bound, excess(self.plan.bound)
        return _last_refuted(excess, (low, above), (outside, below), step)


class _Gamblers:
    """The wealth of all gamblers who doubt one mean, from one side."""

    def __init__(self, plan: Plan, sign: float, null: float) -> None:
        self.sign, self._null = sign, sign * null
        self._edge = plan.bound + self._null
        self._distances = distances(plan)
        self.logs = log_weights()
        self.log_wealth = 0.0

    def bet(self, x: float, variance: FloatArray) -> None:
        lam = stake(self._distances, variance, self._edge)
        self.logs += np.log1p(lam * (self.sign * x - self._null))
        self.log_wealth = float(np.logaddexp.reduce(self.logs))


def _last_refuted(
    excess: Callable[[float], float],
    inside: tuple[float, float],
    outside: tuple[float, float],
    step: float,
) -> float:
    """A mean with excess >= 0, less than `step` below the root, by the Illinois method.

    Args:
        excess: Falls as its argument rises.
        inside: A mean and its excess, >= 0.
        outside: A larger mean and its excess, < 0.
        step: How near is near enough.
    """
    (low, above), (high, below) = inside, outside
    side = 0
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
