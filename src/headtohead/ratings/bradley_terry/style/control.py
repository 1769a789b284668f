"""Style control: strengths with the effect of length, headers and the like taken out.

Contextual Bradley-Terry, ties as half wins, fitted by Newton's method in passes over the votes. The
effects of style are not shrunk: what is shrunk out of an effect stays in the strengths.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.counts import Connectivity, Counts
from headtohead.ratings.bradley_terry.fit import PRIOR_VOTES, Fit, fit, logistic, reference
from headtohead.ratings.bradley_terry.leverage import not_below
from headtohead.ratings.bradley_terry.style.clusters import ClusterMeat, Stretching
from headtohead.ratings.bradley_terry.style.equations import Equations
from headtohead.ratings.bradley_terry.style.search import (
    Passes,
    Point,
    Search,
    Turn,
    newton,
    turned,
)
from headtohead.stats.inputs import FloatArray, IntArray, check_level
from headtohead.stats.intervals import around, normal_quantile

ClusterPass = Callable[[FloatArray, FloatArray], ClusterMeat] | Stretching
"""(strengths (M,), effects and side (d + 1,)) -> sums over clusters; or one that stretches them."""

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
        names: Of the covariates, length d.
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
        made = []
        for name, value, width, spread in zip(
            self.names, self.effect, half[: len(self.names)], self.spread, strict=True
        ):
            ends = np.array([value, value - width, value + width])
            made.append(
                Effect(
                    name,
                    around(*ends.tolist()),
                    around(*(ends / spread).tolist()),
                    around(*logistic(ends).tolist()),
                    float(spread),
                )
            )
        return tuple(made)


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
            `counts`; `style_passes.passes_over` makes it from chunks of votes.
        counts: The same votes, counted.
        names: Of the covariates, distinct, length d; none reproduces `fit`.
        prior: As in `fit`; it holds the strengths only.
        ridge: Penalty ridge / 2 times the squared effects per spread. Leave it at 0: a shrunken
            effect leaves the style in the strengths.
        side: Whether to fit what being shown first adds.
        centre: Whether to take its mean from each covariate, as the published boards do. Off, a
            vote means the same with its sides swapped.
        clustered: Reads the votes once and sums up their scores by cluster; errors are then
            clustered. A `Stretching` pass also takes the leverage of each cluster into account, as
            `covariance` does; for any other the correction is G / (G - 1) for G clusters.

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
    theta = search.split(y)[0]
    m, d = theta.size, len(names)
    inverse = np.asarray(np.linalg.inv(search.regular(here.information)), dtype=np.float64)
    if here.meat is None:
        here = search.at(y, meat=True)
    assert here.meat is not None
    meats = [here.meat]
    if clustered is not None:
        meats.append(turned(_cluster_meat(clustered, search, y, inverse), search.turn.matrix, m))
    weights, component = reference(plain.counts, plain.connectivity), plain.connectivity.component
    middle = np.bincount(component, weights=weights * theta)
    strength = theta - middle[component]
    p = logistic(strength)
    virtual = np.zeros(y.size)
    virtual[:m] = plain.prior * (p**2 + (1 - p) ** 2) / 2
    turn = np.eye(y.size)
    turn[:m, :m] -= (component[:, None] == component[None, :]) * weights[None, :]
    turn = turn @ inverse
    made = [turn @ (meat + np.diag(virtual)) @ turn.T for meat in meats]
    covariance = made[0] if clustered is None else not_below(made[1], np.diag(made[0]))
    return StyleFit(
        counts=plain.counts,
        names=names,
        strength=strength,
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


def _cluster_meat(
    clustered: ClusterPass, search: Search, y: FloatArray, inverse: FloatArray
) -> FloatArray:
    """Sums over clusters at the solution, in strengths and effects per unit, shape (K, K)."""
    theta, beta = search.split(y)
    if not isinstance(clustered, Stretching):
        return clustered(theta, beta).corrected()
    m, outward = theta.size, search.turn.matrix
    turn = np.zeros((m + beta.size, y.size))
    turn[:m, :m], turn[m:, m:] = np.eye(m), outward
    return clustered.stretched(theta, beta, turn @ inverse @ turn.T)


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
