"""One sequential test, fed one observation at a time: verdict, interval, what is still needed."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray
from headtohead.trials.paired.differences import Verdict
from headtohead.trials.sequential.bets import (
    SequentialPlan,
    checked,
    distances,
    final_log_wealth,
    give_up_threshold,
    log_weights,
    stake,
    variance_after,
)

# The ends are found anew after every observation at first, then each time n grew by 1%.
_EVERY = 100
_GROWTH = 1.01
_TOLERANCE = 1e-6
# Gauss-Hermite nodes for an average over a normal distribution.
_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(9)
_SHARES = _SHARES / _SHARES.sum()


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
        gave_up_at: After how many observations the planned difference was refuted without a
            verdict, None if that was not asked for or has not happened.
    """

    n: int
    estimate: float
    low: float
    high: float
    verdict: Verdict
    first_decided_at: int | None
    log_wealth_yes: float
    log_wealth_no: float
    gave_up_at: int | None

    @property
    def interval(self) -> Interval:
        """The ends, with the estimate moved to the nearer one where it lies outside.

        Before the first observation the value is the middle.
        """
        value = self.estimate if self.n else (self.low + self.high) / 2
        return Interval(min(max(value, self.low), self.high), self.low, self.high)

    @property
    def stopped(self) -> bool:
        """Whether there is a verdict, or the test gave up."""
        return self.verdict != "undecided" or self.gave_up_at is not None


class Sequential:
    """A test of "B is at most `margin` worse" that may be read after every observation.

    Observations are differences B minus A, or weight times difference; their mean, given all
    that came before, is the difference asked about. Stopping for any reason keeps the errors.
    """

    def __init__(self, plan: SequentialPlan, give_up: float | None = None) -> None:
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

        Raises:
            ValueError: If it is not.
        """
        self._take(float(checked(x, self.plan)))
        return self.state

    def add_all(self, xs: ArrayLike) -> State:
        """The state after more observations, in their order, the same as adding them one by one.

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
        return min(side.needed(self.plan) for side in self._sides())

    def chance(self, more: int, difference: float | None = None) -> float:
        """The approximate probability of a verdict within so many more observations.

        Each gambler's log wealth is taken for a Brownian motion; the likeliest winner counts.

        Args:
            difference: The true difference to suppose. As it stands it is not supposed but
                averaged over what the observations so far leave open (predictive power).

        Returns:
            1 if there is a verdict already.
        """
        if self._verdict != "undecided":
            return 1.0
        total = 0.0
        for side in self._sides():
            if difference is not None or side.n == 0:
                planned = self.plan.planned if difference is None else difference
                total += side.reaches(self.plan, more, side.sign * planned)
                continue
            error = math.sqrt(max(side.square - side.mean**2, 0.0) / side.n)
            means = np.clip(side.mean + error * _NODES, -self.plan.bound, self.plan.bound)
            chances = [side.reaches(self.plan, more, float(mean)) for mean in means]
            total += float(np.dot(_SHARES, chances))
        return min(1.0, total)

    def _sides(self) -> "list[_Side]":
        n = max(self._n, 1)
        return [
            _Side(side.sign, self._n, side.sign * self._total / n, self._squares / n, side.logs)
            for side in (self._yes, self._no)
        ]

    @property
    def _verdict(self) -> Verdict:
        if self._low > self.plan.null:
            return "yes"
        return "no" if self._high < self.plan.null else "undecided"

    def _take(self, x: float) -> None:
        variance = variance_after(self._n, self._total, self._squares, self.plan)
        if self._n == self._x.size:
            self._x = np.resize(self._x, 2 * self._n)
            self._variance = np.resize(self._variance, 2 * self._n)
        self._x[self._n], self._variance[self._n] = x, variance
        self._n += 1
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

    def __init__(self, plan: SequentialPlan, sign: float, null: float) -> None:
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

    `excess` falls; at the mean `inside` it is >= 0, at the larger one `outside` < 0, as given with
    them.
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


@dataclass(frozen=True, slots=True)
class _Side:
    """Where one side is, turned so that its verdict is "yes".

    Attributes:
        sign: 1 for "yes", -1 for "no".
        mean: Of the turned observations, 0 before the first.
        square: Mean of their squares.
        logs: Log wealth of each gambler, shape (13,).
    """

    sign: float
    n: int
    mean: float
    square: float
    logs: FloatArray

    def needed(self, plan: SequentialPlan) -> float:
        """Observations until the first gambler wins, at the mean and spread so far."""
        growth, _ = self._growth(plan, self.mean)
        wanting, grows = np.maximum(plan.threshold - self.logs, 0), growth > 0
        return float(np.where(grows, wanting / np.where(grows, growth, 1), math.inf).min())

    def reaches(self, plan: SequentialPlan, more: int, mean: float) -> float:
        """The chance of its verdict, by the first passage time of a Brownian motion with drift."""
        from scipy.special import log_ndtr, ndtr

        wanting = plan.threshold - self.logs
        if wanting.min() <= 0:
            return 1.0
        if more <= 0:
            return 0.0
        drift, variance = self._growth(plan, mean)
        spread = np.sqrt(variance * more)
        still = spread < 1e-12
        safe, var = np.where(still, 1.0, spread), np.where(still, 1.0, variance)
        ahead = ndtr((drift * more - wanting) / safe)
        turned = log_ndtr((-drift * more - wanting) / safe)
        mirrored = np.exp(np.minimum(2 * drift * wanting / var + turned, 0.0))
        certain = (drift * more >= wanting).astype(np.float64)
        return float(np.where(still, certain, np.minimum(1.0, ahead + mirrored)).max())

    def _growth(self, plan: SequentialPlan, mean: float) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of each gambler's growth, if observations are -bound, 0 or bound."""
        null = self.sign * plan.null
        square = max(self.square - self.mean**2, 0.0) + mean**2
        # From the start, the bets of about the hundredth observation stand for all.
        n = self.n or 100
        foreseen = variance_after(n, self.mean * n, self.square * n, plan)
        lam = stake(distances(plan), foreseen, plan.bound + null)
        wins = min(max((square / plan.bound + mean) / (2 * plan.bound), 0.0), 1.0)
        losses = min(max((square / plan.bound - mean) / (2 * plan.bound), 0.0), 1.0 - wins)
        logs = np.log1p(lam * (np.array([[plan.bound], [0.0], [-plan.bound]]) - null))
        shares = np.array([[wins], [1 - wins - losses], [losses]])
        drift: FloatArray = (shares * logs).sum(axis=0)
        variance: FloatArray = (shares * (logs - drift) ** 2).sum(axis=0)
        return drift, variance
