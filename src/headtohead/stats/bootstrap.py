"""Bootstrap intervals for means, paired differences and ratios of sums.

Units (items, tasks, benchmarks) are resampled whole, so what belongs together stays
together. The percentiles are moved outwards for small n, so that the interval for a mean has
the width of Student's; more rounds than asked for are drawn where those percentiles need them.
Where there are too few units for any resampling interval to have the level asked for, Student's
t on the linearised estimate takes over; where nothing varies, or there is one unit, the interval
is unbounded.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, check_count, check_level, same_length, vector
from headtohead.stats.intervals import around, normal_probability, student_quantile

Weights = Literal["bayesian", "classic"]

_CELLS = 2_000_000  # random numbers held at once
_FEWEST_ROUNDS = 200
_BEYOND = 10  # resamples wanted beyond each end
_MOST_ROUNDS = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class _Resampled:
    """What is resampled, and what is computed from it.

    Attributes:
        columns: Shape (units, k): what each unit adds to the k totals.
        statistic: Totals of shape (rounds, k) -> estimates of shape (rounds,).
        influence: Shape (units,): its mean has the standard error of the estimate (of its
            logarithm, where `positive`).
        floor: The least value the quantity can take: 0 or -inf.
    """

    value: float
    columns: FloatArray
    statistic: Callable[[FloatArray], FloatArray]
    influence: FloatArray
    floor: float = -math.inf

    @property
    def positive(self) -> bool:
        """Whether the estimate lives on a ratio scale."""
        return self.floor == 0 and self.value > 0


def paired_difference(
    a: ArrayLike, b: ArrayLike, rng: np.random.Generator, rounds: int = 2000, level: float = 0.95
) -> Interval:
    """The mean of B minus A over shared items, resampling items with both their scores.

    For yes/no scores `noninferiority.paired_difference_from_counts` is better: it stays
    bounded where all items agree.

    Args:
        a: Scores of A, shape (n,).
        b: Scores of B on the same items, shape (n,).
        rounds: Resamples, at least 200.

    Returns:
        Unbounded where there is one item, or the differences do not vary.

    Raises:
        ValueError: If lengths differ or there are no items.

    References:
        Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of
        Statistics 7, 1-26. doi:10.1214/aos/1176344552
        Hesterberg, T. C. (2015). What teachers should know about the bootstrap. American
        Statistician 69, 371-386 (expanded percentiles). doi:10.1080/00031305.2015.1089789
    """
    first, second = vector(a, "a"), vector(b, "b")
    same_length(a=first, b=second)
    values = second - first
    value = float(values.mean())
    columns = np.column_stack([values, np.ones_like(values)])
    sample = _Resampled(value, columns, _quotient, values - value)
    return _interval(sample, rng, rounds, level, "classic")


def ratio_of_sums(
    numerator: ArrayLike,
    denominator: ArrayLike,
    rng: np.random.Generator,
    rounds: int = 2000,
    level: float = 0.95,
    weights: Weights = "bayesian",
) -> Interval:
    """Sum of numerators over sum of denominators, resampling units with both.

    Scores of B over scores of A by benchmark, or cost over successes by task.

    Args:
        numerator: Shape (n,).
        denominator: Shape (n,), >= 0.
        weights: "bayesian" draws exponential weights (smooth; no unit ever vanishes);
            "classic" draws units with replacement.

    Returns:
        `high` is inf where the denominators of too many resamples are 0. If all are 0,
        value and `high` are inf and `low` is 0: dearer than anything seen, by no known
        amount. With one unit, or one common ratio, the interval is unbounded.

    Raises:
        ValueError: If a denominator is negative, or both sums are 0.

    References:
        Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
        doi:10.1214/aos/1176345338
        Efron, B., Tibshirani, R. J. (1993). An Introduction to the Bootstrap, ch. 10, 25.
        doi:10.1201/9780429246593
    """
    top, bottom = vector(numerator, "numerator"), _amounts(denominator, "denominator")
    n = same_length(numerator=top, denominator=bottom)
    floor = 0.0 if np.all(top >= 0) else -math.inf
    total, base = float(top.sum()), float(bottom.sum())
    if base == 0:
        if total <= 0:
            raise ValueError("the denominators are all 0, and the numerators give no ratio")
        return Interval(math.inf, floor, math.inf)
    value = total / base
    scale = value if floor == 0 and value > 0 else 1.0
    influence = (top - value * bottom) * n / base / scale
    sample = _Resampled(value, np.column_stack([top, bottom]), _quotient, influence, floor)
    return _interval(sample, rng, rounds, level, weights)


def ratio_of_ratios(
    cost_a: ArrayLike,
    success_a: ArrayLike,
    cost_b: ArrayLike,
    success_b: ArrayLike,
    rng: np.random.Generator,
    rounds: int = 2000,
    level: float = 0.95,
    weights: Weights = "bayesian",
) -> Interval:
    """B's cost per success over A's, resampling shared tasks with all four figures.

    (sum cost_b / sum success_b) / (sum cost_a / sum success_a); below 1, B is cheaper.

    Args:
        cost_a: What A's runs of each task cost, shape (n,), >= 0.
        success_a: How often (or whether) A solved it, shape (n,), >= 0.
        cost_b: The same of B.
        success_b: The same of B.
        weights: As in `ratio_of_sums`.

    Returns:
        Value and `high` are inf if B solved nothing; the value is 0 and the interval
        0 to inf if A solved nothing.

    Raises:
        ValueError: If a figure is negative, A's cost is 0, or neither solved anything.

    References:
        As `ratio_of_sums`.
    """
    figures = {"cost_a": cost_a, "success_a": success_a, "cost_b": cost_b, "success_b": success_b}
    named = {name: _amounts(array, name) for name, array in figures.items()}
    n, parts = same_length(**named), list(named.values())
    columns = np.column_stack(parts)
    ca, sa, cb, sb = (float(total) for total in columns.sum(axis=0))
    if ca == 0:
        raise ValueError("A costs nothing, so no ratio to its cost exists")
    if sa == 0 and sb == 0:
        raise ValueError("neither side solved anything, so no cost per success exists")
    if sb == 0 or sa == 0 or cb == 0:
        return Interval(0.0 if sb else math.inf, 0.0, math.inf)
    influence = n * (parts[2] / cb - parts[3] / sb - parts[0] / ca + parts[1] / sa)
    sample = _Resampled(
        cb / sb * sa / ca,
        columns,
        lambda totals: _quotient(totals[:, 2:]) / _quotient(totals),
        influence,
        0.0,
    )
    return _interval(sample, rng, rounds, level, weights)


def percentile_interval(
    value: float, draws: FloatArray, tail: float, floor: float = -math.inf
) -> Interval:
    """The interval between two percentiles of simulated values, holding the estimate.

    Args:
        draws: Shape (rounds,); inf is a value like any other; a draw that is not a number
            (nothing over nothing) counts against both ends.
        tail: Probability outside each end, inside (0, 0.5).
        floor: The least value possible.
    """
    undefined = np.isnan(draws)
    last = draws.size - 1
    lows = np.sort(np.where(undefined, floor, draws))
    highs = np.sort(np.where(undefined, math.inf, draws))
    # Order statistics, not interpolation: between inf and a number there is nothing.
    return around(
        value, float(lows[math.floor(tail * last)]), float(highs[math.ceil((1 - tail) * last)])
    )


def _interval(
    sample: _Resampled, rng: np.random.Generator, rounds: int, level: float, weights: Weights
) -> Interval:
    check_level(level)
    rounds = check_count(rounds, "rounds", _FEWEST_ROUNDS)
    if weights not in ("bayesian", "classic"):
        raise ValueError(f"weights are 'bayesian' or 'classic', not {weights!r}")
    n = sample.influence.size
    spread = float(np.abs(sample.influence).max())
    scale = 1.0 if sample.positive else max(1e-300, float(np.abs(sample.columns).max()))
    if n < 2 or spread <= 1e-12 * scale:
        return Interval(sample.value, sample.floor, math.inf)
    t = student_quantile(0.5 + level / 2, n - 1)
    # Resampled means vary less than they should by (n-1)/n, or by (n-1)/(n+1).
    shrink = (n - 1) / (n if weights == "classic" else n + 1)
    tail = normal_probability(-t / math.sqrt(shrink))
    rounds = max(rounds, math.ceil(_BEYOND / tail))
    if 2 * 0.5**n > 1 - level or rounds > _MOST_ROUNDS:
        return _student(sample, t)
    totals = np.empty((rounds, sample.columns.shape[1]))
    step = max(1, _CELLS // n)
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        if weights == "bayesian":
            block = rng.standard_exponential((size, n)) @ sample.columns
        else:
            block = sample.columns[rng.integers(0, n, (size, n))].sum(axis=1)
        totals[start : start + size] = block
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = sample.statistic(totals)
    return percentile_interval(sample.value, draws, tail, sample.floor)


def _student(sample: _Resampled, t: float) -> Interval:
    """Student's interval, for fewer units than resampling needs."""
    n = sample.influence.size
    half = t * float(sample.influence.std(ddof=1)) / math.sqrt(n)
    if sample.positive:
        # exp overflows beyond 709; an interval that wide has no upper end.
        high = sample.value * math.exp(half) if half < 700 else math.inf
        return Interval(sample.value, sample.value * math.exp(-half), high)
    return Interval(sample.value, max(sample.floor, sample.value - half), sample.value + half)


def _quotient(totals: FloatArray) -> FloatArray:
    return totals[:, 0] / totals[:, 1]


def _amounts(values: ArrayLike, name: str) -> FloatArray:
    array = vector(values, name)
    if np.any(array < 0):
        raise ValueError(f"{name} has a negative value; amounts are 0 or more")
    return array
