"""A fitted index: point values in points, and joint draws from which every other number follows.

Logits have no zero and no unit, so two conventions choose the scale of the points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.capability.irt.binomial import Binomial, fits_with_spread
from headtohead.capability.irt.draws import (
    ability_variance,
    benchmark_weights,
    steadied,
    within_model_weights,
)
from headtohead.capability.irt.eci import ECI_BENCHMARK, Ridge, fit_eci, places_of
from headtohead.capability.irt.newton import Params, sigmoid, solve
from headtohead.capability.irt.scores import Scores
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    check_count,
    check_level,
    one_thread,
)

Method = Literal["binomial", "eci"]
_DRAW_CONVERGED = 1e-3  # logits; a tenth of the smallest error


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Abilities of models and difficulties of benchmarks on one scale, in points.

    Attributes:
        scores: What it was fitted to.
        method: "binomial" or "eci".
        ability: Shape (M,).
        difficulty: The ability that solves half of a benchmark beyond guessing, shape (B,).
        slope: Steepness a point, shape (B,), above 0.
        rho: Spread of scores beyond their items; NaN with "eci".
        ability_draws: Joint draws, shape (R, M); R is 0 if none were made.
        difficulty_draws: Shape (R, B).
        slope_draws: Shape (R, B).
    """

    scores: Scores
    method: Method
    ability: FloatArray
    difficulty: FloatArray
    slope: FloatArray
    rho: float
    ability_draws: FloatArray
    difficulty_draws: FloatArray
    slope_draws: FloatArray

    @property
    def models(self) -> tuple[str, ...]:
        """The models, in the order of `ability`."""
        return self.scores.models

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The benchmarks, in the order of `difficulty`."""
        return self.scores.benchmarks

    def place(self, model: str) -> int:
        """The position of a model.

        Raises:
            ValueError: If it is not in the index.
        """
        if model not in self.models:
            raise ValueError(f"{model!r} is not in the index")
        return self.models.index(model)

    def expected(self, benchmark: str, ability: FloatArray, *, draws: bool = False) -> FloatArray:
        """The chance-corrected score that an ability gives on a benchmark, 0 to 1.

        Args:
            benchmark: One of the index.
            ability: In points, any shape; with `draws` shape (R,), one a draw.
            draws: Whether each ability meets the curve of its own draw.

        Raises:
            ValueError: If the benchmark is not in the index.
        """
        if benchmark not in self.benchmarks:
            raise ValueError(f"{benchmark!r} is not in the index")
        n = self.benchmarks.index(benchmark)
        if draws:
            return sigmoid(self.slope_draws[:, n] * (ability - self.difficulty_draws[:, n]))
        return sigmoid(self.slope[n] * (ability - self.difficulty[n]))

    def places(
        self, level: float = 0.9, among: BoolArray | None = None
    ) -> tuple[IntArray, IntArray]:
        """The best and the worst place that each model may hold, shapes (M,).

        A model is behind another for certain if the interval of their difference excludes 0.

        Args:
            level: Coverage of that interval, inside (0, 1).
            among: Which models compete, shape (M,); all if None. Others get 0.
        """
        check_level(level)
        every = np.ones(len(self.models), dtype=np.bool_) if among is None else among
        competing = np.flatnonzero(every)
        draws = self.ability_draws[:, competing]
        best, worst = (np.zeros(every.size, dtype=np.int64) for _ in range(2))
        for n, model in enumerate(competing.tolist()):
            ahead = behind = 0
            if draws.shape[0]:
                away = draws - draws[:, [n]]
                low, high = np.quantile(
                    away, [(1 - level) / 2, (1 + level) / 2], axis=0, method="weibull"
                )
                ahead, behind = int((low > 0).sum()), int((high < 0).sum())
            best[model], worst[model] = 1 + ahead, competing.size - behind
        return best, worst


def drawn_interval(value: float, draws: FloatArray, level: float) -> Interval:
    """A value between the percentiles of its draws; without draws both ends are open."""
    low, high = drawn_ends(np.array([value]), draws[:, None], level)
    return Interval(value, float(low[0]), float(high[0]))


def drawn_ends(
    values: FloatArray, draws: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Both ends of the intervals of many values, shape (M,), from draws of shape (R, M)."""
    check_level(level)
    if draws.shape[0] == 0:
        return np.full(values.shape, -np.inf), np.full(values.shape, np.inf)
    # The new value falls between ordered draws with equal chances, so R draws make R + 1 parts.
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(draws, ends, axis=0, method="weibull")
    return np.minimum(low, values), np.maximum(high, values)


def check_fits(scores: Scores) -> None:
    """Check that the scores make an index by the likelihood of items.

    Raises:
        ValueError: If there is one benchmark only, models share none, or all scores are 0 or 1.
    """
    scores.check_connected()
    if np.all((scores.raw == 0) | (scores.raw == 1)):
        raise ValueError(
            "every score is 0 or 1: these tests tell who is above whom, and not by how much. "
            "Add harder or easier ones."
        )


PointFit = tuple[Params, FloatArray, FloatArray]


@one_thread()
def point_fit(scores: Scores) -> PointFit:
    """The parameters by the likelihood of items, the weights of the scores and their spread.

    Raises:
        ValueError: As of `check_fits`.
    """
    check_fits(scores)
    return fits_with_spread(scores, Binomial(scores))


@one_thread()
def fit_index(
    scores: Scores,
    *,
    anchors: Mapping[str, float] | None = None,
    like: Mapping[str, float] | None = None,
    draws: int = 500,
    rng: np.random.Generator,
    points: PointFit | None = None,
) -> Index:
    """The index by the likelihood of items, with draws that weigh benchmarks anew.

    Args:
        anchors: Two models and their points; by default the models have mean 100 and standard
            deviation 15.
        like: Models and their points on another index: the scale is chosen so that the models
            which both have keep their mean and spread. It goes before anchors.
        draws: Joint draws; 0 for the point fit alone, else at least 100.
        points: What `point_fit` gives of the scores, if that is known already.

    Raises:
        ValueError: If there is one benchmark only, models share none, or no scale can be chosen.
    """
    family = Binomial(scores)
    params, weights, rho = points or point_fit(scores)
    ability = params.ability[0]
    if like is not None:
        chosen = by_likeness(scores, ability, like)
    else:
        chosen = by_anchors(scores, ability, anchors) if anchors else by_spread(ability)
    drawn = _no_draws(scores)
    if draws:
        check_count(draws, "draws", 100)
        many = benchmark_weights(scores, draws, rng) * weights
        solved = solve(scores, family, params, many, converged=_DRAW_CONVERGED)
        plus, times = aligned(solved.ability, ability)
        drawn = _mapped(solved, plus, times)
        variance = ability_variance(scores, family, params, weights[0])
        mended = steadied(drawn.ability, ability, variance, scores.per_model.astype(np.float64))
        drawn = Params(mended, drawn.difficulty, drawn.log_slope)
    return _index(scores, "binomial", params, float(rho[0]), drawn, chosen)


@one_thread()
def fit_parts(
    scores: Scores, parts: Sequence[Scores], anchors: Mapping[str, float] | None = None
) -> tuple[Index, ...]:
    """The point fits by the likelihood of items of several parts of the same scores, made at once.

    Each is what `fit_index` gives of its part with the same anchors, without draws. All parts must
    pass its checks.
    """
    b = len(scores.benchmarks)
    places = [
        (places_of(part.models, scores.models), places_of(part.benchmarks, scores.benchmarks))
        for part in parts
    ]
    whole = scores.model * b + scores.benchmark
    kept = np.array(
        [
            np.isin(whole, models[part.model] * b + tests[part.benchmark])
            for part, (models, tests) in zip(parts, places, strict=True)
        ]
    )
    params, _, rhos = fits_with_spread(scores, Binomial(scores), kept)
    indexes = []
    for n, (part, (models, tests)) in enumerate(zip(parts, places, strict=True)):
        ability, *curves = params.row(n).arrays
        own = Params(ability[:, models], *(x[:, tests] for x in curves))
        ability = own.ability[0]
        scale = by_anchors(part, ability, anchors) if anchors else by_spread(ability)
        indexes.append(_index(part, "binomial", own, float(rhos[n]), _no_draws(part), scale))
    return tuple(indexes)


@one_thread()
def fit_eci_index(
    scores: Scores,
    *,
    anchors: Mapping[str, float],
    draws: int = 500,
    rng: np.random.Generator,
    fixed: str = ECI_BENCHMARK,
) -> Index:
    """The index by Epoch's objective, with Epoch's bootstrap: each model's scores are drawn anew.

    Args:
        anchors: Two models and their points, which they keep in every draw.
        draws: Joint draws; 0 for the point fit alone, else at least 100.
        fixed: The benchmark whose slope is 1.

    Raises:
        ValueError: If `fixed` has no score, models share no benchmark, or anchors give no scale.
    """
    params = fit_eci(scores, fixed=fixed)
    scale = by_anchors(scores, params.ability[0], anchors)
    drawn = _no_draws(scores)
    if draws:
        check_count(draws, "draws", 100)
        many = within_model_weights(scores, draws, rng)
        solved = solve(scores, Ridge(scores, fixed), params, many, converged=_DRAW_CONVERGED)
        own = [by_anchors(scores, row, anchors) for row in solved.ability]
        times = np.array([s.times for s in own]) / scale.times
        drawn = _mapped(solved, (np.array([s.plus for s in own]) - scale.plus) / scale.times, times)
    return _index(scores, "eci", params, np.nan, drawn, scale)


def _no_draws(scores: Scores) -> Params:
    m, b = len(scores.models), len(scores.benchmarks)
    return Params(np.empty((0, m)), np.empty((0, b)), np.empty((0, b)))


def _mapped(params: Params, plus: FloatArray, times: FloatArray) -> Params:
    """Draws brought to the scale of the point fit."""
    return Params(
        plus[:, None] + times[:, None] * params.ability,
        plus[:, None] + times[:, None] * params.difficulty,
        params.log_slope - np.log(times)[:, None],
    )


def _index(
    scores: Scores, method: Method, params: Params, rho: float, drawn: Params, scale: "IndexScale"
) -> Index:
    return Index(
        scores=scores,
        method=method,
        ability=scale.index(params.ability[0]),
        difficulty=scale.index(params.difficulty[0]),
        slope=params.slope[0] / scale.times,
        rho=rho,
        ability_draws=scale.index(drawn.ability),
        difficulty_draws=scale.index(drawn.difficulty),
        slope_draws=np.exp(drawn.log_slope) / scale.times,
    )


MEAN_INDEX, SD_INDEX = 100.0, 15.0
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class IndexScale:
    """Index = plus + times * ability.

    Attributes:
        plus: Where an ability of 0 stands.
        times: Points a logit, above 0.
    """

    plus: float
    times: float

    def index(self, logits: FloatArray) -> FloatArray:
        """Abilities or difficulties in points."""
        return np.asarray(self.plus + self.times * logits)


def by_anchors(scores: Scores, ability: FloatArray, anchors: Mapping[str, float]) -> IndexScale:
    """The scale on which two models stand at the points given.

    Abilities are in logits, shape (M,); `anchors` are two models -> their points.

    Raises:
        ValueError: If there are not two, one is no model of the index, or the one with more points
            is not the abler.
    """
    if len(anchors) != 2:
        raise ValueError(f"{len(anchors)} anchors given; a scale needs two models and their points")
    for name in anchors:
        if name not in scores.models:
            raise ValueError(f"the anchor {name!r} is not in the index; choose a model that is")
    (low, low_points), (high, high_points) = sorted(anchors.items(), key=lambda kv: kv[1])
    spread = ability[scores.models.index(high)] - ability[scores.models.index(low)]
    if high_points <= low_points or not spread > _LEAST_SPREAD:
        raise ValueError(
            f"the anchors give no scale: {high} must be above {low} both in points and in ability"
        )
    times = float((high_points - low_points) / spread)
    return IndexScale(low_points - times * float(ability[scores.models.index(low)]), times)


def by_spread(ability: FloatArray, mean: float = MEAN_INDEX, sd: float = SD_INDEX) -> IndexScale:
    """The scale on which the models have this mean and standard deviation.

    Abilities are in logits, shape (M,), M >= 2.

    Raises:
        ValueError: If all models are equally able.
    """
    spread = float(ability.std())
    if not spread > _LEAST_SPREAD:
        raise ValueError("all models are equally able on these scores: there is no scale to choose")
    times = sd / spread
    return IndexScale(mean - times * float(ability.mean()), times)


def by_likeness(scores: Scores, ability: FloatArray, like: Mapping[str, float]) -> IndexScale:
    """The scale on which shared models keep the mean and spread that they have elsewhere.

    Abilities are in logits, shape (M,); `like` is models -> their points in another index.

    Raises:
        ValueError: If fewer than two models are shared, or all of them are alike.
    """
    shared = [n for n, name in enumerate(scores.models) if name in like]
    if len(shared) < 2:
        raise ValueError(f"{len(shared)} models are in both indexes; a scale needs two")
    points = np.array([like[scores.models[n]] for n in shared])
    return by_spread(ability[shared], float(points.mean()), max(float(points.std()), _LEAST_SPREAD))


def aligned(draws: FloatArray, ability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each draw the constants that bring it to the mean and spread of the point fit.

    A draw may drift or stretch as a whole without any model gaining on another. The scale is that
    of all models together, so such drift is taken out.

    Draws have shape (R, M), the point fit (M,).

    Returns:
        (plus, times), each of shape (R,): the draw becomes plus + times * draw.
    """
    times = ability.std() / np.maximum(draws.std(axis=1), _LEAST_SPREAD)
    return np.asarray(ability.mean() - times * draws.mean(axis=1)), np.asarray(times)
