"""Differential functioning: benchmarks on which one side does better than its level says.

For each benchmark the index is fitted without it. Among models of the same ability by that index,
do those of side B score more than those of side A? A logistic regression of the score on the
ability and on the side tells it, with errors that allow for scores off the curve.

References:
    Swaminathan, H., Rogers, H. J. (1990). Detecting differential item functioning using logistic
    regression procedures. Journal of Educational Measurement 27, 361-370.
    doi:10.1111/j.1745-3984.1990.tb00754.x
    MacKinnon, J. G., White, H. (1985). Some heteroskedasticity-consistent covariance matrix
    estimators with improved finite sample properties. Journal of Econometrics 29, 305-325.
    doi:10.1016/0304-4076(85)90158-7
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal
    of Statistics 6, 65-70. https://www.jstor.org/stable/4615733
"""

from dataclasses import dataclass

import numpy as np

from headtohead.capability.irt.binomial import Binomial, item_weights, start
from headtohead.capability.irt.index import Index
from headtohead.capability.irt.newton import sigmoid, solve
from headtohead.capability.irt.scores import Scores
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import BoolArray, FloatArray, check_level, one_thread
from headtohead.stats.intervals import student_quantile, student_tail
from headtohead.stats.tails import holm

_FEWEST = 5  # models of each side on a benchmark
_STEPS = 50
_SLOPE_PULL = 1e-3  # keeps a benchmark that all fail or solve finite


@dataclass(frozen=True, slots=True)
class Functioning:
    """One benchmark.

    Attributes:
        a_n: Models of side A on it.
        b_n: Models of side B on it.
        score: How much more (of 0 to 1, chance-corrected) B's models score than models of A that
            are as able, averaged over B's models; the interval holds for this benchmark alone.
        p: Two-sided, that the sides do alike.
        p_holm: Corrected for all benchmarks tested.
    """

    benchmark: str
    a_n: int
    b_n: int
    score: Interval
    p: float
    p_holm: float


@one_thread()
def functioning(
    index: Index, side_a: BoolArray, side_b: BoolArray, level: float = 0.9
) -> tuple[Functioning, ...]:
    """Every benchmark that five models of each side were given, by how much B gains on it.

    Args:
        index: A fit by the likelihood of items.
        side_a: Which models are of side A, shape (M,).
        side_b: Which are of side B, shape (M,); nobody is of both.
        level: Coverage of each interval, inside (0, 1).

    Returns:
        One entry a benchmark, the largest gain first; empty if none has enough models.

    Raises:
        ValueError: If the index was fitted in another way, or a model is of both sides.
    """
    check_level(level)
    if index.method != "binomial":
        raise ValueError("differential functioning needs the fit by the likelihood of items")
    if np.any(side_a & side_b):
        raise ValueError("a model is of both sides; the sides must be apart")
    scores = index.scores
    tested = [n for n in range(len(index.benchmarks)) if _is_telling(scores, n, side_a, side_b)]
    rows_of_tests = []
    for n, ability in zip(tested, _abilities_without(index, tested), strict=True):
        models = scores.model[scores.benchmark == n]
        differing = _one(index, n, ability, (side_a, side_b), level)
        if differing:
            counts = int(side_a[models].sum()), int(side_b[models].sum())
            rows_of_tests.append((index.benchmarks[n], *counts, *differing))
    adjusted = holm([row[-1] for row in rows_of_tests]).tolist() if rows_of_tests else list[float]()
    rows = [Functioning(*row, p) for row, p in zip(rows_of_tests, adjusted, strict=True)]
    return tuple(sorted(rows, key=lambda f: (-f.score.value, f.benchmark)))


def _is_telling(scores: Scores, n: int, side_a: BoolArray, side_b: BoolArray) -> bool:
    """Whether a benchmark has enough models, and others connect them."""
    models = scores.model[scores.benchmark == n]
    if min(int(side_a[models].sum()), int(side_b[models].sum())) < _FEWEST:
        return False
    if len(scores.benchmarks) < 3:
        return False
    without = scores.only(benchmarks=[b for b in scores.benchmarks if b != scores.benchmarks[n]])
    return len(without.parts()) == 1


def _abilities_without(index: Index, tested: list[int]) -> FloatArray:
    """Abilities by all benchmarks but one, for each of those; nan for a model that has no other."""
    scores = index.scores
    kept = scores.benchmark != np.array(tested, dtype=np.int64)[:, None]
    if not tested:
        return np.empty((0, len(scores.models)))
    weights = kept * item_weights(scores, index.rho)
    fitted = solve(scores, Binomial(scores), start(scores, kept), weights).ability
    has = np.array([np.bincount(scores.model[k], minlength=len(scores.models)) > 0 for k in kept])
    return np.where(has, fitted, np.nan)


def _one(
    index: Index, n: int, ability: FloatArray, sides: tuple[BoolArray, BoolArray], level: float
) -> tuple[Interval, float] | None:
    """Gain and p-value on one benchmark; None if too few of its models have another."""
    scores = index.scores
    rows = np.flatnonzero(scores.benchmark == n)
    who = scores.model[rows]
    known = ~np.isnan(ability[who]) & (sides[0][who] | sides[1][who])
    kept, who = rows[known], who[known]
    is_b = sides[1][who]
    if min(int(is_b.sum()), int((~is_b).sum())) < _FEWEST:
        return None
    x = np.column_stack([np.ones(kept.size), ability[who], is_b])
    weights = item_weights(scores, index.rho)[kept]
    beta, covariance = _regression(x, np.clip(scores.score[kept], 0.0, 1.0), weights)
    # The smaller side decides how well the spread is known.
    freedom = min(int(is_b.sum()), int((~is_b).sum())) - 1
    # The mean gain of B's models over the same abilities on side A, by the delta method.
    own, plain = x[is_b], x[is_b] * [1, 1, 0]
    ours, theirs = sigmoid(own @ beta), sigmoid(plain @ beta)
    value = float((ours - theirs).mean())
    slope = ((ours * (1 - ours))[:, None] * own - (theirs * (1 - theirs))[:, None] * plain).mean(0)
    error = float(np.sqrt(max(slope @ covariance @ slope, 0.0)))
    if error == 0:
        return Interval(value, value, value), 1.0 if value == 0 else 0.0
    t = student_quantile(0.5 + level / 2, freedom)
    p = min(1.0, 2 * student_tail(abs(value) / error, freedom))
    return Interval(value, value - t * error, value + t * error), p


def _regression(
    x: FloatArray, score: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Logistic coefficients, and their covariance whatever the spread around the curve (HC3)."""
    beta = np.zeros(x.shape[1])
    pull = np.diag([_SLOPE_PULL, _SLOPE_PULL, _SLOPE_PULL])
    for _ in range(_STEPS):
        share = sigmoid(x @ beta)
        bend = weights * share * (1 - share)
        curvature = (x * bend[:, None]).T @ x + pull
        step = np.linalg.solve(curvature, x.T @ (weights * (score - share)) - pull @ beta)
        beta = beta + step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < 1e-10:
            break
    share = sigmoid(x @ beta)
    bend = weights * share * (1 - share)
    inverse = np.linalg.inv((x * bend[:, None]).T @ x + pull)
    leverage = np.minimum(np.einsum("ni,ij,nj->n", x, inverse, x) * bend, 0.99)
    away = weights * (score - share) / (1 - leverage)
    middle = (x * away[:, None] ** 2).T @ x
    return beta, np.asarray(inverse @ middle @ inverse)
