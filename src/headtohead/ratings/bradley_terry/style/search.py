"""Newton's method when each look at the votes is a pass over all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry.fit import Fit, log_logistic, logistic
from headtohead.ratings.bradley_terry.style.equations import Equations
from headtohead.stats.inputs import FloatArray

Passes = Callable[[FloatArray, FloatArray, bool], Equations]
"""(strengths (M,), effects and side (d + 1,), whether to gather the meat) -> sums of all votes."""

_MOST_STEPS = 60
_DONE = 1e-10  # squared distance to the solution, in standard errors
_STILL = 1e-7  # logits that no parameter moves any more
_SOON = 1e-1  # the next point is likely to be the last
_FLAT = 1e-9  # a rise of this share of the log-likelihood drowns in rounding
_CRAWL = 0.1  # near a maximum each step leaves far less than this share of the distance


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """From effects per spread to those per unit: beta = matrix @ (effects, side if fitted)."""

    matrix: FloatArray
    middle: FloatArray
    spread: FloatArray
    side: bool

    @classmethod
    def of(cls, first: Equations, *, side: bool, centre: bool) -> "Turn":
        """The turn that a first pass asks for."""
        d = first.total.size
        middle = first.total / first.n if centre else np.zeros(d)
        spread = np.sqrt(first.squares / first.n - middle**2)
        matrix = np.zeros((d + 1, d + side))
        matrix[np.arange(d), np.arange(d)] = 1 / spread
        matrix[-1, :d] = -middle / spread
        matrix[-1, d:] = 1.0
        return cls(matrix, middle, spread, side)

    def inward(self, theta: FloatArray, beta: FloatArray) -> FloatArray:
        """All parameters as Newton's method sees them, from strengths and effects per unit."""
        lifted = beta[-1:] + self.middle @ beta[:-1]
        return np.concatenate([theta, beta[:-1] * self.spread, lifted if self.side else []])


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """What a pass found at one set of parameters, prior and ridge included."""

    value: float
    gradient: FloatArray
    information: FloatArray
    equations: Equations
    meat: FloatArray | None


@dataclass(slots=True, eq=False)
class Search:
    """What is maximised, and how often the votes were read for it."""

    passes: Passes
    plain: Fit
    turn: Turn
    ridge: float
    read: int = 1

    def split(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Strengths, and effects per unit with the side effect."""
        m = len(self.plain.counts.models)
        return y[:m], self.turn.matrix @ y[m:]

    def at(self, y: FloatArray, *, meat: bool) -> Point:
        """What a pass at these parameters finds."""
        self.read += 1
        return self.point_of(self.passes(*self.split(y), meat), y)

    def point_of(self, found: Equations, y: FloatArray) -> Point:
        """What a pass at these parameters means once turned, with prior and ridge."""
        m, d = len(self.plain.counts.models), found.total.size
        turn, prior = self.turn.matrix, self.plain.prior
        theta, effect = y[:m], y[m : m + d]
        gradient = np.concatenate([found.gradient[:m], turn.T @ found.gradient[m:]])
        information = turned(found.information, turn, m)
        p = logistic(theta)
        gradient[:m] += prior * (0.5 - p)
        gradient[m : m + d] -= self.ridge * effect
        diagonal = np.concatenate([prior * p * (1 - p), np.full(d, self.ridge)])
        information[np.arange(m + d), np.arange(m + d)] += diagonal
        virtual = float((log_logistic(theta) + log_logistic(-theta)).sum()) * prior / 2
        value = found.log_likelihood + virtual - self.ridge / 2 * float(effect @ effect)
        squares = None if found.meat is None else turned(found.meat, turn, m)
        return Point(value, gradient, information, found, squares)

    def regular(self, information: FloatArray) -> FloatArray:
        """The information, with the free level of each component fixed if need be."""
        if self.plain.prior > 0:
            return information
        component = self.plain.connectivity.component
        made = information.copy()
        made[: component.size, : component.size] += component[:, None] == component[None, :]
        return made


def turned(matrix: FloatArray, turn: FloatArray, m: int) -> FloatArray:
    """Sums of rows times rows', once the columns after the m models have been turned."""
    cross = matrix[:m, m:] @ turn
    corner = turn.T @ matrix[m:, m:] @ turn
    return np.block([[matrix[:m, :m], cross], [cross.T, corner]])


def newton(
    search: Search, y: FloatArray, here: Point, names: Sequence[str]
) -> tuple[FloatArray, Point, int]:
    """The solution, what was found there or just before, and the steps taken.

    Raises:
        ValueError: If there is no maximum. Where a covariate tells all its votes apart, the steps
            never shorten: each takes the same part of what the votes still leave to gain.
    """
    before = np.inf
    for steps in range(1, _MOST_STEPS + 1):
        matrix = search.regular(here.information)
        step = np.asarray(np.linalg.solve(matrix, here.gradient), dtype=np.float64)
        decrement = float(here.gradient @ step)
        if decrement < _DONE:
            if decrement > _CRAWL * before:
                break
            if np.max(np.abs(step)) < _STILL:
                return y + step, here, steps
        y, here = _climb(search, y, step, here, decrement)
        before = decrement
    m, d = len(search.plain.counts.models), len(names)
    moved = np.abs(step[m : m + d]) / np.maximum(np.abs(y[m : m + d]), 1e-9)
    raise ValueError(
        f"the effect of {names[int(np.argmax(moved))]!r} has no maximum: the side that has more of "
        f"it wins whenever it differs, or loses. Leave it out, or set a ridge"
    )


def _climb(
    search: Search, y: FloatArray, step: FloatArray, here: Point, decrement: float
) -> tuple[FloatArray, Point]:
    """A point higher up along the step, and what was found there."""
    size = 1.0
    flat = decrement < _FLAT * max(1.0, abs(here.value))
    while True:
        there = search.at(y + size * step, meat=decrement < _SOON)
        if flat or size < 1e-9 or there.value >= here.value + 1e-4 * size * decrement:
            return y + size * step, there
        size /= 2
