"""Epoch's own fit of its Capabilities Index: least squares on clipped shares with a ridge.

Minimised is half the sum of (sigmoid(slope (ability - difficulty)) - score)^2 plus half of
strength/k times the sum of squares of all k parameters. One benchmark's slope is fixed at 1; scores
are clipped to 0.001..0.999; |ability| and |difficulty| stay within 10, slopes within 0.1..10. Two
models then fix the points.

`fit_eci` gives the minimum itself; `published_stop` repeats the walk of Epoch's published code,
which stops once a step gains little, at a place that depends on the order of the rows. Which of the
two is printed differs by edition: in April 2026 the minimum (mean error 0.0003 points; the walk is
0.005 off), in August 2026 the place where the walk stops (0.003; the minimum is 0.02 off).

References:
    Epoch AI (2026). Epoch Capabilities Index, method and code (MIT).
    https://github.com/epoch-research/eci-public
    Ho, A. et al. (2025). A Rosetta Stone for AI benchmarks. doi:10.48550/arXiv.2512.00193
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headtohead.capability.irt.binomial import start
from headtohead.capability.irt.newton import Params, sigmoid, solve
from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import FloatArray, IntArray, one_thread

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ECI_ANCHORS = {"Claude 3.5 Sonnet": 130.0, "GPT-5": 150.0}
ECI_BENCHMARK = "Winogrande"
ECI_STRENGTH = 0.1
_CLIP = 1e-3
_PLACE = 10.0
_SLOPES = (0.1, 10.0)
_EPOCHS_SEED = 42


class Ridge:
    """Loss and penalty of Epoch's fit.

    Args:
        fixed: The benchmark whose slope is 1.
        strength: Of the ridge; Epoch's is 0.1.

    Raises:
        ValueError: If `fixed` is no benchmark of the scores.
    """

    def __init__(self, scores: Scores, fixed: str, strength: float = ECI_STRENGTH) -> None:
        if fixed not in scores.benchmarks:
            raise ValueError(
                f"the benchmark {fixed!r}, whose slope is fixed, has no score here; "
                f"choose one of {', '.join(scores.benchmarks[:5])}, ..."
            )
        self._score = np.clip(scores.score, _CLIP, 1 - _CLIP)
        self.free = np.array([name != fixed for name in scores.benchmarks])
        self._pull = strength / (len(scores.models) + 2 * len(scores.benchmarks) - 1)

    def loss(self, known: FloatArray, weights: FloatArray) -> FloatArray:
        """Half the weighted sum of squares of each fit."""
        each = known - self._score
        each *= each
        each *= weights
        return np.asarray(0.5 * each.sum(axis=1))

    def slopes(self, known: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Minus the first derivative by the logits, and Gauss and Newton's second."""
        rise = 1 - known
        rise *= known
        push = weights * rise
        bend = push * rise
        push *= np.subtract(self._score, known, out=rise)
        return push, bend

    def penalty(self, params: Params) -> FloatArray:
        """Half the ridge of each fit."""
        places = (params.ability**2).sum(axis=1) + (params.difficulty**2).sum(axis=1)
        return np.asarray(0.5 * self._pull * (places + self._squares(params).sum(axis=1)))

    def pulls(self, params: Params) -> tuple[Params, Params]:
        """First and second derivative of the ridge; slopes are walked by their logarithm."""
        squares = self._pull * self._squares(params)
        first = Params(self._pull * params.ability, self._pull * params.difficulty, squares)
        second = Params(
            np.full_like(params.ability, self._pull),
            np.full_like(params.difficulty, self._pull),
            2 * squares,
        )
        return first, second

    def bounded(self, params: Params) -> Params:
        """The parameters within Epoch's bounds."""
        slopes = np.clip(params.log_slope, np.log(_SLOPES[0]), np.log(_SLOPES[1]))
        return Params(
            np.clip(params.ability, -_PLACE, _PLACE),
            np.clip(params.difficulty, -_PLACE, _PLACE),
            np.where(self.free, slopes, 0.0),
        )

    def _squares(self, params: Params) -> FloatArray:
        return np.asarray(np.where(self.free, np.exp(2 * params.log_slope), 0.0))


@one_thread()
def fit_eci(
    scores: Scores, *, fixed: str = ECI_BENCHMARK, strength: float = ECI_STRENGTH
) -> Params:
    """The minimum of Epoch's objective, in logits.

    The slope of the benchmark `fixed` is 1; `strength` is that of the ridge, not negative.

    Raises:
        ValueError: If `fixed` has no score, or models share no benchmark.
    """
    scores.check_connected()
    family = Ridge(scores, fixed, strength)
    begin = family.bounded(start(scores))
    return solve(scores, family, begin, np.ones((1, scores.model.size)), converged=1e-9)


@one_thread()
def published_stop(
    models: Sequence[str],
    benchmarks: Sequence[str],
    values: FloatArray,
    *,
    fixed: str = ECI_BENCHMARK,
    strength: float = ECI_STRENGTH,
) -> tuple[Scores, Params]:
    """The parameters at which Epoch's optimiser stops, for rows in the order of Epoch's file.

    Models and benchmarks name each row, N of each, in Epoch's order; `values` are scores of 0 to 1,
    shape (N,). The slope of the benchmark `fixed` is 1; `strength` is that of the ridge, above 0.

    Returns:
        The scores and one row of parameters in their order.

    Raises:
        ValueError: If the rows are wrong.
    """
    from scipy.optimize import least_squares

    scores = Scores.from_rows(models, benchmarks, values)
    walk = _Walk(models, benchmarks, values, fixed, strength)
    walked = least_squares(
        walk.residuals, walk.begin, jac=walk.jacobian, bounds=walk.bounds, method="trf"
    ).x
    ability, difficulty, slope = walk.parts(walked)
    by_model = dict(zip(walk.models, ability, strict=True))
    by_benchmark = dict(zip(walk.benchmarks, zip(difficulty, slope, strict=True), strict=True))
    return scores, Params(
        np.array([[by_model[m] for m in scores.models]]),
        np.array([[by_benchmark[b][0] for b in scores.benchmarks]]),
        np.log([[by_benchmark[b][1] for b in scores.benchmarks]]),
    )


class _Walk:
    """Residuals and their derivatives as Epoch lays them out, its random start included.

    The ridge enters as one more residual, whose square is the penalty.
    """

    def __init__(
        self,
        models: Sequence[str],
        benchmarks: Sequence[str],
        values: FloatArray,
        fixed: str,
        strength: float,
    ) -> None:
        self.models, self.benchmarks = list(dict.fromkeys(models)), list(dict.fromkeys(benchmarks))
        if fixed not in self.benchmarks:
            raise ValueError(f"the benchmark {fixed!r}, whose slope is fixed, has no score here")
        self._mi, self._bi = places_of(models, self.models), places_of(benchmarks, self.benchmarks)
        self._fixed = self.benchmarks.index(fixed)
        self._score = np.clip(np.asarray(values, dtype=np.float64), _CLIP, 1 - _CLIP)
        m, b = len(self.models), len(self.benchmarks)
        self._strength = strength / (m + 2 * b - 1)
        rng = np.random.default_rng(_EPOCHS_SEED)
        self.begin = np.concatenate(
            [rng.normal(0.0, 0.1, m), rng.normal(0.0, 0.1, b), np.ones(b - 1)]
        )
        self.bounds = (
            np.concatenate([np.full(m + b, -_PLACE), np.full(b - 1, _SLOPES[0])]),
            np.concatenate([np.full(m + b, _PLACE), np.full(b - 1, _SLOPES[1])]),
        )

    def parts(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Abilities, difficulties, and slopes with the fixed one."""
        m, b = len(self.models), len(self.benchmarks)
        return x[:m], x[m : m + b], np.insert(x[m + b :], self._fixed, 1.0)

    def _curves(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Slope, ability less difficulty, and expected score of each row."""
        ability, difficulty, slope = self.parts(x)
        steep, away = slope[self._bi], ability[self._mi] - difficulty[self._bi]
        return steep, away, sigmoid(steep * away)

    def residuals(self, x: FloatArray) -> FloatArray:
        """Expected minus stated scores, and the root of the ridge."""
        share = self._curves(x)[2]
        return np.append(share - self._score, np.sqrt(self._strength * (x @ x)))

    def jacobian(self, x: FloatArray) -> "csr_matrix":
        """The derivatives of the residuals: sparse, since it decides how scipy solves a step."""
        from scipy.sparse import coo_matrix

        steep, away, share = self._curves(x)
        rise = share * (1 - share)
        m, b, n = len(self.models), len(self.benchmarks), self._score.size
        rows, free = np.arange(n), self._bi != self._fixed
        of_slope = m + b + self._bi - (self._bi > self._fixed)
        root = np.sqrt(self._strength * (x @ x))
        entries = [
            (rows, self._mi, rise * steep),
            (rows, m + self._bi, -rise * steep),
            (rows[free], of_slope[free], (rise * away)[free]),
            (np.full(x.size, n), np.arange(x.size), self._strength * x / root),
        ]
        r, c, v = (np.concatenate(part) for part in zip(*entries, strict=True))
        return coo_matrix((v, (r, c)), shape=(n + 1, x.size)).tocsr()


def places_of(names: Sequence[str], distinct: Sequence[str]) -> IntArray:
    """Where each name stands among the distinct ones, shape of `names`."""
    place = {name: n for n, name in enumerate(distinct)}
    return np.array([place[name] for name in names], dtype=np.int64)
