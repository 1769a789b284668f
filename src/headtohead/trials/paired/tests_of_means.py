"""Tests of any value of a difference, and the intervals that they leave."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from headtohead.core.interval import Interval
from headtohead.stats.inputs import check_level
from headtohead.stats.intervals import around
from headtohead.stats.quantiles import (
    normal_probability,
    normal_quantile,
    student_quantile,
    student_tail,
)
from headtohead.trials.paired.score import ScoreTest

_HALVINGS = 26


class DifferenceTest(Protocol):
    """Tests values of a difference; p-values and intervals agree with each other."""

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "the difference is at most `shift`"."""
        ...

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "the difference is at least `shift`"."""
        ...

    def interval(self, level: float) -> Interval:
        """The differences that neither of the two tests rejects at (1 - level) / 2."""
        ...


@dataclass(frozen=True, slots=True)
class StudentTest:
    """Student's t.

    Attributes:
        value: The estimate.
        error: Its standard error, >= 0; inf decides nothing.
        df: Degrees of freedom, > 0.
    """

    value: float
    error: float
    df: float

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "the difference is at most `shift`"."""
        return self._tail(self.value - shift)

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "the difference is at least `shift`"."""
        return self._tail(shift - self.value)

    def interval(self, level: float) -> Interval:
        """The value with Student's interval; unbounded where nothing varies."""
        if not 0 < self.error < math.inf:
            return Interval(self.value, -math.inf, math.inf)
        half = student_quantile(0.5 + check_level(level) / 2, self.df) * self.error
        return Interval(self.value, self.value - half, self.value + half)

    def _tail(self, excess: float) -> float:
        if not 0 < self.error < math.inf:
            return 1.0
        tail = student_tail(abs(excess) / self.error, self.df)
        return tail if excess > 0 else 1 - tail


@dataclass(frozen=True, slots=True)
class NormalScoreTest:
    """A score test whose z is referred to the normal distribution."""

    score: ScoreTest

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "the difference is at most `shift`"."""
        return normal_probability(-self.score.z(shift))

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "the difference is at least `shift`"."""
        return normal_probability(self.score.z(shift))

    def interval(self, level: float) -> Interval:
        """The differences whose |z| stays below the normal quantile."""
        low, high = self.score.ends(normal_quantile(0.5 + check_level(level) / 2))
        return around(self.score.mean, low, high)


@dataclass(frozen=True, slots=True)
class StricterTest:
    """Rejects only what both tests reject: its interval is the hull of both.

    Attributes:
        first: Where unbounded, `second` alone speaks.
        second: Always bounded.
        low: The least possible difference.
        high: The greatest possible difference.
    """

    first: StudentTest
    second: DifferenceTest
    low: float
    high: float

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "the difference is at most `shift`"."""
        p = self.second.p_above(shift)
        return max(p, self.first.p_above(shift)) if self._varies else p

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "the difference is at least `shift`"."""
        p = self.second.p_below(shift)
        return max(p, self.first.p_below(shift)) if self._varies else p

    def interval(self, level: float) -> Interval:
        """The differences that either of the two does not reject."""
        found = self.second.interval(level)
        if not self._varies:
            return found
        wide = self.first.interval(level)
        low = max(self.low, min(found.low, wide.low))
        return around(found.value, low, min(self.high, max(found.high, wide.high)))

    @property
    def _varies(self) -> bool:
        return 0 < self.first.error < math.inf


@dataclass(frozen=True, slots=True)
class InvertedTest:
    """The test that belongs to a way of making intervals.

    Attributes:
        at_level: Level, inside (0, 1), to interval; wider the higher.
    """

    at_level: Callable[[float], Interval]

    def p_above(self, shift: float) -> float:
        """One-sided p-value of "the difference is at most `shift`"."""
        value = self.at_level(0.5).value
        if shift >= value:
            return 1 - self._tail(lambda found: found.high < shift) if shift > value else 0.5
        return self._tail(lambda found: found.low > shift)

    def p_below(self, shift: float) -> float:
        """One-sided p-value of "the difference is at least `shift`"."""
        value = self.at_level(0.5).value
        if shift <= value:
            return 1 - self._tail(lambda found: found.low > shift) if shift < value else 0.5
        return self._tail(lambda found: found.high < shift)

    def interval(self, level: float) -> Interval:
        """The interval as made."""
        return self.at_level(check_level(level))

    def _tail(self, clear: Callable[[Interval], bool]) -> float:
        """The least tail at which the interval is still clear of the shift."""
        near, far = 0.0, 8.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (near + far)
            if clear(self.at_level(1 - 2 * normal_probability(-middle) or 1e-12)):
                near = middle
            else:
                far = middle
        return normal_probability(-near)
