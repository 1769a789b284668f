"""Strengths from counts: Newton's method on a matrix of models by models, whatever the votes.

A link says how strength turns into outcomes: four ways to treat a tie, as log-likelihoods of one
vote. It takes the difference in strength `d` of shape (P,) and gives what the outcomes first,
second and tie add to the log-likelihood, with its slopes. All are concave in (d, tie parameter).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.counts import Connectivity, Counts, connectivity
from headtohead.stats.inputs import FloatArray, IntArray, one_thread


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What one vote of each outcome (first, second, tie) adds, each of shape (P, 3).

    Log-likelihood, first derivative by the difference in strength and negative second; the same by
    the tie parameter, and the negative mixed derivative, None where there is no such parameter.
    """

    value: FloatArray
    slope: FloatArray
    curve: FloatArray
    tie_slope: FloatArray | None = None
    tie_curve: FloatArray | None = None
    cross_curve: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One treatment of ties.

    Attributes:
        terms: (d, tie parameter) -> `Terms`.
        probabilities: (d, tie parameter) -> chances of first, second, tie, shape (P, 3); None
            where the link says nothing about ties.
        start: Share of ties -> a first guess of the tie parameter; None where there is none.
        score_slope: Tie parameter -> slope of the expected score at equal strength, relative to
            that of ties as half wins: it turns strengths into ratings on the usual scale.
        least_tie: The tie parameter lies above this.
    """

    terms: Callable[[FloatArray, float], Terms]
    probabilities: Callable[[FloatArray, float], FloatArray] | None
    start: Callable[[float], float] | None
    score_slope: Callable[[float], float]
    least_tie: float = -np.inf


def link(ties: Ties) -> Link:
    """The link of that name.

    Args:
        ties: "half": a tie is half a win for each side, as LMSYS publishes. "drop": only decisive
            votes count. "davidson" and "rao-kupper": a tie is an outcome with a chance of its own.

    Raises:
        ValueError: If there is no such link.

    References:
        Bradley, R. A., Terry, M. E. (1952). Rank analysis of incomplete block designs: I. The
        method of paired comparisons. Biometrika 39, 324-345. doi:10.1093/biomet/39.3-4.324
        Chiang, W.-L. et al. (2024). Chatbot Arena: an open platform for evaluating LLMs by human
        preference (ties as half wins). doi:10.48550/arXiv.2403.04132
        Davidson, R. R. (1970). On extending the Bradley-Terry model to accommodate ties in paired
        comparison experiments. JASA 65, 317-328. doi:10.1080/01621459.1970.10481082
        Rao, P. V., Kupper, L. L. (1967). Ties in paired-comparison experiments: a generalization of
        the Bradley-Terry model. JASA 62, 194-204. doi:10.1080/01621459.1967.10482901
    """
    if ties not in _LINKS:
        raise ValueError(f"ties are treated as one of {', '.join(TIES)}, not {ties!r}")
    return _LINKS[ties]


def log_logistic(x: FloatArray) -> FloatArray:
    """log(1 / (1 + exp(-x))), without overflow."""
    return np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))


def logistic(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def _half(d: FloatArray, _: float) -> Terms:
    # As `log_logistic` and `logistic` of d and of -d, which have the exponential in common.
    small = np.exp(-np.abs(d))
    whole, log_whole = 1.0 + small, np.log1p(small)
    up, down = np.minimum(d, 0.0) - log_whole, np.minimum(-d, 0.0) - log_whole
    p, q = np.where(d >= 0, 1.0, small) / whole, np.where(d <= 0, 1.0, small) / whole
    value = np.stack([up, down, (up + down) / 2], axis=1)
    slope = np.stack([q, -p, (q - p) / 2], axis=1)
    return Terms(value, slope, np.repeat((p * q)[:, None], 3, axis=1))


def _davidson(d: FloatArray, log_nu: float) -> Terms:
    p = _davidson_chances(d, log_nu)
    half, tie = np.array([0.5, -0.5, 0.0]), np.array([0.0, 0.0, 1.0])
    mean = (p[:, 0] - p[:, 1]) / 2
    variance = (p[:, 0] + p[:, 1]) / 4 - mean**2
    return Terms(
        np.log(np.maximum(p, 1e-300)),
        half - mean[:, None],
        np.repeat(variance[:, None], 3, axis=1),
        tie - p[:, 2:],
        np.repeat((p[:, 2] * (1 - p[:, 2]))[:, None], 3, axis=1),
        np.repeat((-mean * p[:, 2])[:, None], 3, axis=1),
    )


def _davidson_chances(d: FloatArray, log_nu: float) -> FloatArray:
    logs = np.stack([d / 2, -d / 2, np.full_like(d, log_nu)], axis=1)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    result: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return result


def _rao_kupper(d: FloatArray, tau: float) -> Terms:
    up, down = log_logistic(d - tau), log_logistic(-d - tau)
    p, q = logistic(d - tau), logistic(-d - tau)
    s, t = p * (1 - p), q * (1 - q)
    odds = -np.expm1(-2 * tau)
    tie_value = 2 * tau + np.log(odds)
    return Terms(
        np.stack([up, down, up + down + tie_value], axis=1),
        np.stack([1 - p, q - 1, q - p], axis=1),
        np.stack([s, t, s + t], axis=1),
        np.stack([p - 1, q - 1, p + q - 2 + 2 / odds], axis=1),
        np.stack([s, t, s + t + 4 * np.exp(-2 * tau) / odds**2], axis=1),
        np.stack([-s, t, t - s], axis=1),
    )


def _rao_kupper_chances(d: FloatArray, tau: float) -> FloatArray:
    p, q = logistic(d - tau), logistic(-d - tau)
    return np.stack([p, q, 1 - p - q], axis=1)


_LINKS: dict[Ties, Link] = {
    "half": Link(_half, None, None, lambda _: 1.0),
    "drop": Link(
        _half,
        lambda d, _: np.stack([logistic(d), logistic(-d), np.zeros_like(d)], axis=1),
        None,
        lambda _: 1.0,
    ),
    "davidson": Link(
        _davidson,
        _davidson_chances,
        lambda share: float(np.log(2 * share / (1 - share))),
        lambda log_nu: float(2 / (2 + np.exp(log_nu))),
    ),
    "rao-kupper": Link(
        _rao_kupper,
        _rao_kupper_chances,
        lambda share: float(2 * np.arctanh(share)),
        lambda tau: float(1 / np.cosh(tau / 2) ** 2),
        0.0,
    ),
}


PRIOR_VOTES = 0.5
_MOST_STEPS = 100
_DONE = 1e-13
_FARTHEST = 10.0  # logits: of a start, and of a step
_LONG = 0.1  # logits
_MOST_LONG = 8  # steps longer than that where a vote has less than _FLAT to gain
_FLAT = 1e-10
_ENDLESS = (
    "the likelihood has no maximum: the votes do not bound the strengths together with the chance "
    "of a tie or the effect of the side. Keep the prior, use ties='half', or fit no side effect."
)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of m models, by index, shape (P,), that sums are kept for; one may come twice."""

    m: int
    first: IntArray
    second: IntArray

    def by_model(self, values: FloatArray) -> FloatArray:
        """Values of pairs gathered by model: plus for the first, minus for the second."""
        up = np.bincount(self.first, weights=values, minlength=self.m)
        down = np.bincount(self.second, weights=values, minlength=self.m)
        return np.asarray(up - down, dtype=np.float64)

    def table(self, values: FloatArray) -> FloatArray:
        """Values of pairs by first and second model, shape (M, M)."""
        key = self.first * self.m + self.second
        result = np.bincount(key, weights=values, minlength=self.m**2)
        return result.reshape(self.m, self.m).astype(np.float64)

    def laplacian(self, values: FloatArray) -> FloatArray:
        """The sum of value times (e_first - e_second)(e_first - e_second)', shape (M, M)."""
        table = self.table(values)
        table = table + table.T
        return np.asarray(np.diag(table.sum(axis=1)) - table)


@dataclass(frozen=True, slots=True, eq=False)
class Cells(Pairs):
    """Counts in the form that fits use: outcomes of pairs, the two kinds of tie as one.

    Attributes:
        n: Votes for the first, for the second, ties, shape (P, 3).
        sides: Whether `first` is the side shown first; if not, pairs are unordered.
    """

    n: FloatArray
    sides: bool

    @classmethod
    def of(cls, counts: Counts, ties: Ties, *, sides: bool = False) -> "Cells":
        """The cells of counts."""
        m = len(counts.models)
        n = np.column_stack([counts.votes[:, :2], counts.votes[:, 2:].sum(axis=1)]).astype(float)
        if ties == "drop":
            n[:, 2] = 0
        first, second = counts.first, counts.second
        if not sides:
            turned = first > second
            n[turned] = n[turned][:, [1, 0, 2]]
            key, where = np.unique(
                np.minimum(first, second) * m + np.maximum(first, second), return_inverse=True
            )
            n = np.column_stack(
                [np.bincount(where, weights=column, minlength=key.size) for column in n.T]
            )
            first, second = key // max(1, m), key % max(1, m)
        some = n.any(axis=1)
        return cls(m, first[some], second[some], n[some], sides)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Strengths and what they were fitted to.

    Parameters stand in the order strengths, tie parameter, side effect, where there are these.

    Attributes:
        strength: Shape (M,), in logits; within each component its average, weighted by votes, is 0.
        held: The strengths as the prior held them, shape (M,): the same differences, measured from
            the virtual opponent of each component.
        tie: Davidson's log nu or Rao and Kupper's log theta; None where ties have no parameter.
        side: What being shown first adds, in logits; None if it was not asked for.
        prior: Virtual votes of each model against the virtual opponent, half won; 0 is the pure
            maximum of the likelihood.
        information: Negative second derivatives at the solution, prior included, shape (K, K).
        log_likelihood: Of the votes alone, without constants.
        apart: How many votes of each of `cells` do not go together, shape (P,); None if all.
    """

    counts: Counts
    strength: FloatArray
    held: FloatArray
    tie: float | None
    side: float | None
    ties: Ties
    prior: float
    information: FloatArray
    connectivity: Connectivity
    log_likelihood: float
    steps: int
    apart: FloatArray | None = None

    @property
    def link(self) -> Link:
        """The treatment of ties."""
        return link(self.ties)

    @property
    def cells(self) -> Cells:
        """The cells that were fitted."""
        return Cells.of(self.counts, self.ties, sides=self.side is not None)

    @property
    def reference(self) -> FloatArray:
        """Weights of each model in the average of its component, shape (M,): its votes."""
        return reference(self.counts, self.connectivity)

    def gaps(self, cells: Cells) -> FloatArray:
        """Difference in strength that each cell shows, side effect included, shape (P,)."""
        d = self.strength[cells.first] - self.strength[cells.second]
        return d if self.side is None else d + self.side

    def scores(self, gaps: FloatArray) -> FloatArray:
        """The score expected at differences in strength, from 0 to 1, in their shape.

        A tie counts half; where ties were dropped it is the chance to win a decisive vote.
        """
        if self.link.probabilities is None:
            return logistic(gaps)
        chances = self.link.probabilities(gaps.ravel(), self.tie or 0.0)
        return np.asarray((chances[:, 0] + chances[:, 2] / 2).reshape(gaps.shape))


@one_thread()
def fit(
    counts: Counts,
    *,
    ties: Ties = "half",
    prior: float = PRIOR_VOTES,
    side: bool = False,
    start: Mapping[str, float] | None = None,
) -> Fit:
    """The strengths under which the votes are likeliest.

    Args:
        prior: Virtual votes of each model, half of them won, against one opponent in the middle of
            the models: against it, they take half of the points, each model counted alike. The
            default of 0.5 is worth half a vote: a spread of about 1,000 Elo points before any vote,
            and finite strengths for models that never lost. 0 is the pure maximum likelihood.
        start: Strengths in logits to start from, by name (an earlier fit of nearly these votes).

    Raises:
        ValueError: If there is no vote, no vote decides anything, the tie parameter is unbounded
            (no tie, or nothing else), the side effect is (one side won every vote), or, with
            `prior=0`, the likelihood has no maximum.

    References:
        As `link`. Hunter, D. R. (2004). MM algorithms for generalized Bradley-Terry models.
        Annals of Statistics 32, 384-406 (existence and concavity). doi:10.1214/aos/1079120141
    """
    chosen = link(ties)
    if not prior >= 0:
        raise ValueError(f"prior is {prior}; it must be 0 or more virtual votes")
    if ties == "drop":
        counts = counts.without("tie", "both_bad")
    cells = Cells.of(counts, ties, sides=side)
    _check_decides(cells, chosen)
    allowed = connectivity(counts)
    if prior == 0 and not allowed.bounded:
        names = [m for m, b in zip(counts.models, allowed.unbounded, strict=True) if b]
        raise ValueError(
            f"{', '.join(names[:5])} never lost, or never won, against the rest: the likelihood "
            f"has no maximum. Keep the prior, or leave {'it' if len(names) == 1 else 'them'} out."
        )
    problem = Problem(cells, chosen, prior, allowed.component)
    known, m = start or {}, cells.m
    guess = [min(max(known.get(name, 0.0), -_FARTHEST), _FARTHEST) for name in counts.models]
    if chosen.start:
        guess.append(chosen.start(float(cells.n[:, 2].sum() / cells.n.sum())))
    solved, information, steps = newton(problem, np.array([*guess, 0.0] if side else guess))
    d, tie = problem.split(solved)
    strength = solved[:m]
    middle = np.bincount(allowed.component, weights=reference(counts, allowed) * strength)
    return Fit(
        counts=counts,
        strength=strength - middle[allowed.component],
        held=strength,
        tie=tie if chosen.start else None,
        side=float(solved[-1]) if side else None,
        ties=ties,
        prior=prior,
        information=information,
        connectivity=allowed,
        log_likelihood=float((cells.n * chosen.terms(d, tie).value).sum()),
        steps=steps,
    )


def reference(counts: Counts, allowed: Connectivity) -> FloatArray:
    """Weights of each model in the average of its component, shape (M,): its share of votes.

    A model with few votes then moves nobody else.
    """
    battles = counts.battles.astype(float)
    total = np.bincount(allowed.component, weights=battles)
    return battles / total[allowed.component]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is maximised: the likelihood of cells, whose votes may be any numbers, and the prior."""

    cells: Cells
    link: Link
    prior: float
    component: IntArray

    @property
    def size(self) -> int:
        """How many parameters."""
        return self.cells.m + (self.link.start is not None) + self.cells.sides

    def split(self, x: FloatArray) -> tuple[FloatArray, float]:
        """Differences in strength of each cell, and the tie parameter."""
        cells = self.cells
        d = x[cells.first] - x[cells.second]
        if cells.sides:
            d = d + x[-1]
        return d, float(x[cells.m]) if self.link.start else 0.0

    def value(self, x: FloatArray) -> float:
        """The log-likelihood with the prior; -inf where the tie parameter is out of range."""
        d, tie = self.split(x)
        if tie <= self.link.least_tie:
            return -np.inf
        theta = x[: self.cells.m]
        virtual = (log_logistic(theta) + log_logistic(-theta)).sum() * self.prior / 2
        return float((self.cells.n * self.link.terms(d, tie).value).sum() + virtual)

    def slopes(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient of shape (K,), and negative second derivatives of shape (K, K)."""
        d, tie = self.split(x)
        terms = self.link.terms(d, tie)
        n, cells = self.cells.n, self.cells
        gradient = cells.by_model((n * terms.slope).sum(axis=1))
        information = cells.laplacian((n * terms.curve).sum(axis=1))
        p = logistic(x[: cells.m])
        gradient += self.prior * (0.5 - p)
        information[np.diag_indices(cells.m)] += self.prior * p * (1 - p)
        return bordered(cells, terms, gradient, information)


def newton(problem: Problem, x: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """The solution, the information there, and the steps taken.

    Raises:
        ValueError: If there is no maximum.
    """
    # Without a prior the level of each component is free; fixed, the equations have one solution.
    level, m = np.zeros((problem.size, problem.size)), problem.cells.m
    if problem.prior == 0:
        level[:m, :m] = problem.component[:, None] == problem.component[None, :]
    value, flat = problem.value(x), _FLAT * float(problem.cells.n.sum())
    long_steps = 0
    for steps in range(1, _MOST_STEPS + 1):
        gradient, information = problem.slopes(x)
        try:
            step = np.asarray(np.linalg.solve(information + level, gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            raise ValueError(_ENDLESS) from None
        decrement = float(gradient @ step)
        # Near a maximum steps get short; up an endless slope they do not, until rounding drowns it.
        is_long = float(np.abs(step).max()) > _LONG
        long_steps += is_long and decrement < flat
        if long_steps > _MOST_LONG:
            raise ValueError(_ENDLESS)
        # A line search on a flat top never ends; the decrement says how far there is to go.
        if decrement >= _DONE * max(1.0, abs(value)):
            x, value = _climb(problem, x, step, value, decrement)
            continue
        x = x + step
        if not is_long:
            return x, problem.slopes(x)[1], steps
        value = problem.value(x)
    raise ValueError(f"no maximum found in {_MOST_STEPS} steps; are the votes nearly one-sided?")


def _climb(
    problem: Problem, x: FloatArray, step: FloatArray, value: float, decrement: float
) -> tuple[FloatArray, float]:
    """A point higher up along the step."""
    # Far from the top the curvature is nearly none, and a whole step would end anywhere.
    size = _FARTHEST / max(float(np.abs(step).max()), _FARTHEST)
    while size > 1e-12:
        there = problem.value(x + size * step)
        if there >= value + 1e-4 * size * decrement:
            return x + size * step, there
        size /= 2
    return x + step, problem.value(x + step)


def bordered(
    cells: Cells, terms: Terms, gradient: FloatArray, information: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient and information with the rows of the tie parameter and the side effect."""
    n = cells.n
    extra: list[tuple[FloatArray, float, float]] = []
    if terms.tie_slope is not None:
        assert terms.tie_curve is not None
        assert terms.cross_curve is not None
        cross = cells.by_model((n * terms.cross_curve).sum(axis=1))
        extra.append(
            (cross, float((n * terms.tie_slope).sum()), float((n * terms.tie_curve).sum()))
        )
    if cells.sides:
        curve = (n * terms.curve).sum(axis=1)
        extra.append((cells.by_model(curve), float((n * terms.slope).sum()), float(curve.sum())))
    if not extra:
        return gradient, information
    k = cells.m + len(extra)
    result = np.zeros((k, k))
    result[: cells.m, : cells.m] = information
    for place, (column, _, corner) in enumerate(extra, start=cells.m):
        result[: cells.m, place] = result[place, : cells.m] = column
        result[place, place] = corner
    if len(extra) == 2 and terms.cross_curve is not None:
        result[-1, -2] = result[-2, -1] = float((n * terms.cross_curve).sum())
    return np.concatenate([gradient, [slope for _, slope, _ in extra]]), result


def _check_decides(cells: Cells, chosen: Link) -> None:
    first, second, ties = cells.n.sum(axis=0) if cells.n.size else np.zeros(3)
    if first + second + ties == 0:
        raise ValueError("there is no vote to fit; were all of them dropped as ties?")
    if first + second == 0:
        raise ValueError("every vote is a tie: nothing tells the models apart")
    if chosen.start and ties == 0:
        raise ValueError("there is no tie, so no chance of ties can be fitted; use ties='half'")
    # No prior holds the effect of the side, so the votes must.
    if cells.sides and min(first, second) + (0.0 if chosen.start else ties) == 0:
        word = "second" if first == 0 else "first"
        raise ValueError(f"every win went to the side shown {word}, so its effect has no bound")
