"""Style control: strengths with the effect of length, headers and the like taken out.

Contextual Bradley-Terry, ties as half wins, fitted by Newton's method; each look at the votes is a
pass over all of them. The effects of style are not shrunk: what is shrunk out of an effect stays in
the strengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.counts import Connectivity, Counts
from headtohead.ratings.bradley_terry.fit import (
    PRIOR_VOTES,
    Fit,
    fit,
    log_logistic,
    logistic,
    reference,
)
from headtohead.ratings.bradley_terry.leverage import not_below
from headtohead.ratings.bradley_terry.style.equations import Equations, Passes
from headtohead.ratings.bradley_terry.style.passes import ClusterPass
from headtohead.stats.inputs import FloatArray, IntArray, check_level
from headtohead.stats.intervals import around, normal_quantile

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

    def point_of(self, sums: Equations, y: FloatArray) -> Point:
        """What a pass at these parameters means once turned, with prior and ridge."""
        m, d = len(self.plain.counts.models), sums.total.size
        turn, prior = self.turn.matrix, self.plain.prior
        theta, effect = y[:m], y[m : m + d]
        gradient = np.concatenate([sums.gradient[:m], turn.T @ sums.gradient[m:]])
        information = turned(sums.information, turn, m)
        p = logistic(theta)
        gradient[:m] += prior * (0.5 - p)
        gradient[m : m + d] -= self.ridge * effect
        diagonal = np.concatenate([prior * p * (1 - p), np.full(d, self.ridge)])
        information[np.arange(m + d), np.arange(m + d)] += diagonal
        virtual = float((log_logistic(theta) + log_logistic(-theta)).sum()) * prior / 2
        value = sums.log_likelihood + virtual - self.ridge / 2 * float(effect @ effect)
        squares = None if sums.meat is None else turned(sums.meat, turn, m)
        return Point(value, gradient, information, sums, squares)

    def regular(self, information: FloatArray) -> FloatArray:
        """The information, with the free level of each component fixed if need be."""
        if self.plain.prior > 0:
            return information
        component = self.plain.connectivity.component
        result = information.copy()
        result[: component.size, : component.size] += component[:, None] == component[None, :]
        return result


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


_COLLINEAR = 1e-9
_CONSTANT = 1e-12


@dataclass(frozen=True, slots=True)
class Effect:
    """What one covariate does to a vote.

    Attributes:
        per_spread: Logits that one spread of it adds to the side that has it.
        per_unit: Logits that one unit of it adds.
        chance: That the side one spread ahead wins among equal models, ties as half wins.
        spread: Its standard deviation, in its own unit.
    """

    name: str
    per_spread: Interval
    per_unit: Interval
    chance: Interval
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class StyleFit:
    """Strengths at equal style, and the effects of style.

    Parameters stand in the order strengths (M), effects per spread (d), what being shown first adds
    (1, where it was asked for). What is called as in `Fit` means the same.

    Attributes:
        effect: Logits per spread of each covariate, shape (d,).
        side: What being shown first adds, in logits; None if it was not asked for.
        middle: What was taken from each covariate, shape (d,): its mean, or 0 if not centred.
        spread: The standard deviation that each was divided by, shape (d,); around 0 if not
            centred, as if each vote had been counted in both orders.
        ridge: Penalty on the effects per spread; 0 unless asked for.
        covariance: Of the parameters, strengths measured from their average, shape (K, K).
    """

    counts: Counts
    names: tuple[str, ...]
    strength: FloatArray
    held: FloatArray
    effect: FloatArray
    side: float | None
    middle: FloatArray
    spread: FloatArray
    prior: float
    ridge: float
    errors: Literal["sandwich", "clustered"]
    covariance: FloatArray
    information: FloatArray
    connectivity: Connectivity
    log_likelihood: float
    steps: int
    passes: int

    @property
    def board(self) -> Fit:
        """The strengths at equal style as a plain fit, for `bounds`, `gap`, `beats` and tables.

        Use it with `covariance` of this fit: errors worked out from counts alone would leave out
        what the effects add.
        """
        m = len(self.counts.models)
        cross, corner = self.information[:m, m:], self.information[m:, m:]
        return Fit(
            counts=self.counts,
            strength=self.strength,
            held=self.held,
            tie=None,
            side=None,
            ties="half",
            prior=self.prior,
            information=self.information[:m, :m] - cross @ np.linalg.solve(corner, cross.T),
            connectivity=self.connectivity,
            log_likelihood=self.log_likelihood,
            steps=self.steps,
        )

    def effects(self, level: float = 0.95) -> tuple[Effect, ...]:
        """What each covariate does, with intervals."""
        z = normal_quantile(0.5 + check_level(level) / 2)
        m = len(self.counts.models)
        half = z * np.sqrt(np.diag(self.covariance)[m:])
        result = []
        for name, value, width, spread in zip(
            self.names, self.effect, half[: len(self.names)], self.spread, strict=True
        ):
            ends = np.array([value, value - width, value + width])
            result.append(
                Effect(
                    name,
                    around(*ends.tolist()),
                    around(*(ends / spread).tolist()),
                    around(*logistic(ends).tolist()),
                    float(spread),
                )
            )
        return tuple(result)


def fit_style(
    passes: Passes,
    counts: Counts,
    names: Sequence[str],
    *,
    prior: float = PRIOR_VOTES,
    ridge: float = 0.0,
    side: bool = False,
    centre: bool = False,
    clustered: ClusterPass | None = None,
) -> StyleFit:
    """The strengths and effects of style under which the votes are likeliest.

    Args:
        passes: Reads the votes once and sums them up at given parameters, models numbered as in
            `counts`; `passes_over` makes it from chunks of votes.
        counts: The same votes, counted.
        names: Of the covariates, distinct, length d; none reproduces `fit`.
        prior: As in `fit`; it holds the strengths only.
        ridge: Penalty ridge / 2 times the squared effects per spread. Leave it at 0: a shrunken
            effect leaves the style in the strengths.
        side: Whether to fit what being shown first adds.
        centre: Whether to take its mean from each covariate, as the published boards do. Off, a
            vote means the same with its sides swapped.
        clustered: Reads the votes and sums up their scores by cluster; errors are then clustered,
            with the leverage of each cluster, as `covariance` has them.

    Raises:
        ValueError: If `fit` refuses the counts, passes and counts hold different votes, or a
            covariate is not finite, constant, a combination of others or of which models meet, or
            tells every vote apart.

    References:
        Li, T., Angelopoulos, A., Chiang, W.-L. (2024). Does style matter? Disentangling style and
        substance in Chatbot Arena. https://lmsys.org/blog/2024-08-28-style-control
        White, H. (1982). Maximum likelihood estimation of misspecified models. Econometrica 50,
        1-25. doi:10.2307/1912526
        Cameron, A. C., Miller, D. L. (2015). A practitioner's guide to cluster-robust inference.
        Journal of Human Resources 50, 317-372. doi:10.3368/jhr.50.2.317
    """
    if len(set(names)) != len(names):
        raise ValueError("a covariate is named twice; names must be distinct")
    if not ridge >= 0:
        raise ValueError(f"ridge is {ridge}; it must be 0 or more")
    plain = fit(counts, prior=prior)
    theta, beta = plain.strength, np.zeros(len(names) + 1)
    first = passes(theta, beta, False)
    m, d = len(counts.models), first.total.size
    if d != len(names) or first.gradient.size != m + d + 1:
        raise ValueError(
            f"the pass has {d} covariates and {first.gradient.size - d - 1} models; there are "
            f"{len(names)} names and {m} models with votes"
        )
    if first.n != counts.total:
        raise ValueError(f"the pass read {first.n} votes, but {counts.total} were counted")
    _check_covariates(first, names, plain.connectivity.component, side=side)
    search = Search(passes, plain, Turn.of(first, side=side, centre=centre), ridge)
    y = search.turn.inward(theta, beta)
    there = search.split(y)[1]
    here = search.point_of(first, y) if np.allclose(there, beta) else search.at(y, meat=False)
    y, here, steps = newton(search, y, here, names)
    return _finished(search, y, here, steps, tuple(names), clustered)


def _finished(
    search: Search,
    y: FloatArray,
    here: Point,
    steps: int,
    names: tuple[str, ...],
    clustered: ClusterPass | None,
) -> StyleFit:
    plain = search.plain
    theta, beta = search.split(y)
    m, d = theta.size, len(names)
    inverse = np.asarray(np.linalg.inv(search.regular(here.information)), dtype=np.float64)
    if here.meat is None:
        here = search.at(y, meat=True)
    assert here.meat is not None
    meats = [here.meat]
    if clustered is not None:
        # In strengths and effects per unit, as the sums over clusters are.
        outward = np.zeros((m + beta.size, y.size))
        outward[:m, :m], outward[m:, m:] = np.eye(m), search.turn.matrix
        sums = clustered.stretched(theta, beta, outward @ inverse @ outward.T)
        meats.append(turned(sums, search.turn.matrix, m))
    weights, component = reference(plain.counts, plain.connectivity), plain.connectivity.component
    middle = np.bincount(component, weights=weights * theta)
    p = logistic(theta)
    virtual = np.zeros(y.size)
    virtual[:m] = plain.prior * (p**2 + (1 - p) ** 2) / 2
    turn = np.eye(y.size)
    turn[:m, :m] -= (component[:, None] == component[None, :]) * weights[None, :]
    turn = turn @ inverse
    result = [turn @ (meat + np.diag(virtual)) @ turn.T for meat in meats]
    covariance = result[0] if clustered is None else not_below(result[1], np.diag(result[0]))
    return StyleFit(
        counts=plain.counts,
        names=names,
        strength=theta - middle[component],
        held=theta,
        effect=y[m : m + d],
        side=float(y[-1]) if search.turn.side else None,
        middle=search.turn.middle,
        spread=search.turn.spread,
        prior=plain.prior,
        ridge=search.ridge,
        errors="sandwich" if clustered is None else "clustered",
        covariance=(covariance + covariance.T) / 2,
        information=here.information,
        connectivity=plain.connectivity,
        log_likelihood=here.equations.log_likelihood,
        steps=steps,
        passes=search.read,
    )


def _check_covariates(
    first: Equations, names: Sequence[str], component: IntArray, *, side: bool
) -> None:
    """Refuse what has no effect of its own.

    What is left of each covariate once the models, and the covariates before it, have explained
    what they can must be more than rounding.
    """
    for name, total, squares in zip(names, first.total, first.squares, strict=True):
        if not np.isfinite(squares):
            raise ValueError(f"covariate {name!r} has values that are not finite numbers")
        mean, square = total / first.n, squares / first.n
        if square - mean**2 <= _CONSTANT * square:
            raise ValueError(
                f"covariate {name!r} is the same in every vote. If it is what being shown first "
                f"adds, ask for the side effect instead; if not, leave it out"
            )
    m, d = component.size, len(names)
    met = first.information[:m, :m] + (component[:, None] == component[None, :])
    order = [*([m + d] if side else []), *range(m, m + d)]
    cross = first.information[:m, order]
    left = first.information[np.ix_(order, order)] - cross.T @ np.linalg.solve(met, cross)
    for place, row in enumerate(order):
        if left[place, place] <= _COLLINEAR * first.information[row, row]:
            before = [names[k - m] for k in order[:place] if k < m + d]
            others = f", or from {', '.join(before)}" if before else ""
            what = f"covariate {names[row - m]!r}" if row < m + d else "the side effect"
            raise ValueError(f"{what} follows from which models meet{others}; leave it out")
        column = left[:, place] / left[place, place]
        left = left - np.outer(column, left[place])
