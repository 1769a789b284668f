"""A short test that stands for the long one: which items, how many, and how far it may err.

The full score of a new model is foretold in one of two ways, whichever errs less over models that
were held out. By the item model: what was solved of the k items, plus what models of that ability
solve of the others; few models are enough for it. Or as a weighted sum of the k scores, by how
items went together in the runs at hand; that needs many models, and sees more than one dimension.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray
from headtohead.trials.items.fit import ItemFit, fit_curves
from headtohead.trials.items.marginal import Curves, chances, effective_attempts
from headtohead.trials.items.runs import Answers, TestRuns

Way = Literal["item model", "weighted sum"]
_MOST = 400  # items in a short test
_ROUND = (
    1,
    2,
    5,
    10,
    15,
    20,
    30,
    50,
    75,
    100,
    150,
    200,
    300,
    400,
)  # numbers of items worth showing
_MOST_SUMMED = 2000  # items of a test whose covariances are looked at
_FOLDS, _LARGE_FOLDS, _LARGE = 10, 5, 20_000
_FEWEST_MODELS = 6
_GRID = np.linspace(-6, 6, 121)
_STEPS = 21
_SHRINK = 0.1  # of covariances towards none; so few runs overrate the largest


@dataclass(frozen=True, slots=True)
class Short:
    """What k items are worth.

    Attributes:
        rms: Root mean square error of the score foretold for models held out, with its interval.
        reach: How far the score foretold may lie from the full one, for a new model, at the level.
        within: Share of models held out whose score foretold lay within the margin.
        by_chance: The same as `reach` for the plain mean of k items drawn at random.
    """

    k: int
    rms: Interval
    reach: float
    within: float
    by_chance: float


@dataclass(frozen=True, slots=True)
class ShortTest:
    """The items that stand for all.

    Attributes:
        items: The most telling first; as many as were asked for or as the margin takes, else all
            that were tried.
        weights: Of each item: in the sum, or by the item model its slope, the largest being 1.
        constant: Of the weighted sum, what is added to it; None by the item model.
        others: By the item model, (share solved by weight, share that such models solve of the
            items not asked); empty for the weighted sum.
        chosen: What that many items are worth; None where too few models tell.
        needed: How many items reach the margin; None where none of those tried do.
        curve: What other numbers of items are worth.
        why: Why none of this is known; empty where it is.
    """

    way: Way
    items: tuple[str, ...]
    weights: tuple[float, ...]
    constant: float | None
    others: tuple[tuple[float, float], ...]
    chosen: Short | None
    needed: int | None
    curve: tuple[Short, ...]
    models: int
    total: int
    why: str = ""


def no_short_test(runs: TestRuns, why: str) -> ShortTest:
    """None, and why."""
    models = len(set(runs.models))
    none = ((), (), None, (), None, None, ())
    return ShortTest("item model", *none, models, len(runs.items), why)


def short_test(
    runs: TestRuns,
    fitted: ItemFit,
    *,
    margin: float,
    k: int | None,
    level: float,
    rng: np.random.Generator,
    progress: Callable[[str], None],
) -> ShortTest:
    """The k items that foretell the full score, with errors measured on models held out.

    Models are held out in turn, all runs of one model together; for each part the items are fitted
    and chosen anew without them. A number of items reaches the margin only if all larger ones do.

    `k` of None takes as many items as `margin` takes; `rng` decides which models are held out
    together.

    Raises:
        ArithmeticError: If a fit does not converge.
    """
    whole = runs
    runs = _common(runs)
    answers = runs.answers
    most = min(len(answers.items), _MOST)
    models = int(runs.group.max()) + 1
    few = f"{models} models are too few to say how well fewer items would do."
    if models < _FEWEST_MODELS and k is None:
        return no_short_test(runs, few)
    curves: dict[Way, list[Short]] = {}
    if models >= _FEWEST_MODELS:
        for way, off in _held_out(runs, most, rng, progress).items():
            curves[way] = [
                _worth(off[:, n - 1], runs, n, margin, level) for n in range(1, most + 1)
            ]
    # One way for all numbers of items: to take the luckier one at each would flatter both.
    errs = {way: sum(short.rms.value**2 for short in curve) for way, curve in curves.items()}
    best: Way = min(errs, key=errs.__getitem__) if errs else "item model"
    curve = curves.get(best, [])
    enough = max((short.k for short in curve if short.reach > margin), default=0) + 1
    least = enough if curve and enough <= most else None
    size = min(k or least or most, most)
    icc, items = fitted.icc, fitted.curves
    if answers is not whole.answers:
        refitted = fit_curves(answers)
        icc, items = refitted.icc, refitted.curves
    constant: float | None = None
    others: tuple[tuple[float, float], ...] = ()
    if best == "item model":
        order = item_order(items, size)
        weights = items.slope[order] / items.slope[order].max()
        attempts = np.array(np.median(answers.attempts[answers.met]))
        others = _others(items, order, float(effective_attempts(attempts, icc)))
    else:
        summed = _summed(answers, size)
        order, weights = summed.order, summed.weights(size)
        constant = float(summed.mean.mean() - summed.mean[order] @ weights)
    shown = {n for n in _ROUND if n <= most} | {size, most}
    return ShortTest(
        way=best,
        items=tuple(runs.items[j] for j in order),
        weights=tuple(weights.tolist()),
        constant=constant,
        others=others,
        chosen=curve[size - 1] if curve else None,
        needed=least,
        curve=tuple(curve[n - 1] for n in sorted(shown)) if curve else (),
        models=models,
        total=len(answers.items),
        why="" if curve else few,
    )


def _common(runs: TestRuns) -> TestRuns:
    """The items that at least half of the models have, and the runs that have any of them.

    Without those models that are held out together, others still tell of each.
    """
    met = runs.answers.met
    models = np.eye(int(runs.group.max()) + 1)[runs.group].T @ met > 0
    items = models.mean(axis=0) >= 0.5
    rows = met[:, items].any(axis=1)
    if items.all() and rows.all():
        return runs
    kept, columns = np.flatnonzero(rows).tolist(), np.flatnonzero(items).tolist()
    return TestRuns(
        runs=tuple(runs.runs[r] for r in kept),
        models=tuple(runs.models[r] for r in kept),
        answers=Answers(
            tuple(runs.answers.respondents[r] for r in kept),
            tuple(runs.answers.items[j] for j in columns),
            runs.answers.score[np.ix_(rows, items)],
            runs.answers.attempts[np.ix_(rows, items)],
        ),
        calls={},
        unscored=0,
    )


def _held_out(
    runs: TestRuns, most: int, rng: np.random.Generator, progress: Callable[[str], None]
) -> dict[Way, FloatArray]:
    """Score foretold less full score of every run, from fits without its model, (R, most) each."""
    answers, group = runs.answers, runs.group
    models = int(group.max()) + 1
    folds = min(models, _LARGE_FOLDS if answers.score.size > _LARGE else _FOLDS)
    part = rng.permutation(models) % folds
    errors: dict[Way, FloatArray] = {"item model": np.empty((len(runs.runs), most))}
    if len(answers.items) <= _MOST_SUMMED:
        errors["weighted sum"] = np.empty((len(runs.runs), most))
    for fold in range(folds):
        progress(f"models held out, part {fold + 1} of {folds}")
        out = part[group] == fold
        before, new = _rows(answers, ~out), _rows(answers, out)
        fitted = fit_curves(before)
        order, worth = item_order(fitted.curves, most), effective_attempts(new.attempts, fitted.icc)
        errors["item model"][out] = _off_by_model(fitted.curves, order, new, worth)
        if "weighted sum" in errors:
            summed = _summed(before, most)
            apart = np.where(new.met, new.score - summed.mean, 0.0)
            foretold = [apart[:, summed.order[:k]] @ summed.weights(k) for k in range(1, most + 1)]
            missed = apart.sum(axis=1) / new.met.sum(axis=1)
            errors["weighted sum"][out] = np.stack(foretold, axis=1) - missed[:, None]
    return errors


def _rows(answers: Answers, kept: BoolArray) -> Answers:
    names = tuple(name for name, k in zip(answers.respondents, kept, strict=True) if k)
    return Answers(names, answers.items, answers.score[kept], answers.attempts[kept])


def item_order(curves: Curves, most: int) -> IntArray:
    """Places of the items in the order in which they make the full score sure, shape (most,).

    Each next item is the one that cuts the variance of the full score the most, over a standard
    normal field of abilities.

    References:
        Lord, F. M. (1980). Applications of Item Response Theory to Practical Testing Problems,
        chapter 5. Erlbaum. doi:10.4324/9780203056615
    """
    grid = np.linspace(-2.5, 2.5, 21)
    at, slope = chances(curves, grid), curves.slope
    tells = slope[:, None] ** 2 * at.steep
    steep = (slope[:, None] * at.steep).mean(axis=0)
    weight = np.exp(-0.5 * grid**2) * steep**2
    known = np.ones(grid.size)  # before any answer a model is one of the field
    free = np.ones(slope.size, dtype=bool)
    order = []
    for _ in range(most):
        left = np.where(free, (weight / (known + tells)).sum(axis=1), np.inf)
        best = int(np.argmin(left))
        free[best] = False
        known = known + tells[best]
        order.append(best)
    return np.array(order, dtype=np.int64)


def _off_by_model(curves: Curves, order: IntArray, new: Answers, worth: FloatArray) -> FloatArray:
    """Score foretold from the first k items less the score on all, for every k, shape (N, K).

    `worth` is how many independent attempts those of each run at each item are worth.

    References:
        Polo, F. M. et al. (2024). tinyBenchmarks: evaluating LLMs with fewer examples. ICML,
        section 4 (p-IRT). arXiv:2402.14992
    """
    at = chances(curves, _GRID)
    right, met = at.right, new.met
    off = np.empty((met.shape[0], order.size))
    for n in range(met.shape[0]):
        won = (worth[n] * new.score[n])[order, None]
        lost = worth[n][order, None] - won
        height = np.cumsum(won * np.log(right[order]) + lost * np.log(at.wrong[order]), axis=0)
        height -= 0.5 * _GRID**2
        chance = np.exp(height - height.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        asked = np.where(met[n, order, None], right[order], 0.0)
        others = (right[met[n]].sum(axis=0) - np.cumsum(asked, axis=0)) * chance
        solved = np.cumsum(np.where(met[n, order], new.score[n, order], 0.0))
        off[n] = (solved + others.sum(axis=1) - new.score[n, met[n]].sum()) / met[n].sum()
    return off


@dataclass(frozen=True, slots=True, eq=False)
class _Summed:
    """How items go together: their means (J,), covariances (J, J), and the order to ask them in."""

    mean: FloatArray
    covariance: FloatArray
    order: IntArray

    def weights(self, k: int) -> FloatArray:
        """Of the first k items in the best linear forecast of the mean of all, shape (k,)."""
        asked = self.order[:k]
        aim = self.covariance[asked].mean(axis=1)
        return np.asarray(np.linalg.solve(self.covariance[np.ix_(asked, asked)], aim))


def _summed(answers: Answers, most: int) -> _Summed:
    """Items in the order in which each next one cuts the variance of the full score the most."""
    met = answers.met
    mean = np.where(met, answers.score, 0.0).sum(axis=0) / np.maximum(met.sum(axis=0), 1)
    apart = np.where(met, answers.score - mean, 0.0)
    covariance = (1 - _SHRINK) * (apart.T @ apart) / max(met.shape[0] - 1, 1)
    own = np.arange(mean.size)
    # An item that all solve has some variance too: the next model may fail.
    covariance[own, own] = covariance[own, own] / (1 - _SHRINK) + 1e-4
    left, aim = covariance.copy(), covariance.mean(axis=1)
    free = np.ones(mean.size, dtype=bool)
    order = []
    for _ in range(most):
        alone = np.maximum(left[own, own], 1e-9)
        best = int(np.argmax(np.where(free, aim**2 / alone, -1.0)))
        free[best] = False
        column = left[:, best] / alone[best]
        aim = aim - column * aim[best]
        left -= np.outer(column, left[best])
        order.append(best)
    return _Summed(mean, covariance, np.array(order, dtype=np.int64))


def _worth(off: FloatArray, runs: TestRuns, k: int, margin: float, level: float) -> Short:
    from scipy.stats import chi2
    from scipy.stats import t as student

    group = runs.group
    size = np.bincount(group)
    models = size.size
    rms = float(np.sqrt((np.bincount(group, weights=off**2) / size).mean()))
    tail = (1 - level) / 2
    low, high = (rms * np.sqrt(models / chi2.ppf(p, models)) for p in (1 - tail, tail))
    # One more model like these: its own error, and the doubt about how large errors are.
    times = float(student.ppf(1 - tail, models - 1) * np.sqrt(1 + 1 / models))
    met, score = runs.answers.met, runs.answers.score
    n = met.sum(axis=1)
    spread = (np.where(met, score - runs.means[:, None], 0.0) ** 2).sum(axis=1)
    drawn = spread / np.maximum(n - 1, 1) * np.maximum(1 - k / n, 0) / k
    return Short(
        k=k,
        rms=Interval(rms, min(rms, float(low)), max(rms, float(high))),
        reach=times * rms,
        within=float((np.bincount(group, weights=np.abs(off) <= margin) / size).mean()),
        by_chance=times * float(np.sqrt(drawn.mean())),
    )


def _others(items: Curves, order: IntArray, worth: float) -> tuple[tuple[float, float], ...]:
    """What models of each weighted share solve of the items that are not asked.

    `worth` is how many independent attempts each item gets.
    """
    rest = np.setdiff1d(np.arange(items.difficulty.size), order)
    if not rest.size:
        return ()
    at = chances(items, _GRID)
    slope = items.slope[order]
    mean = at.right[rest].mean(axis=0)
    # Of sum s a (theta - b) + sum log P(wrong), only the weighted sum of what was solved varies.
    base = np.log(at.wrong[order]).sum(axis=0)
    pairs = []
    for share in np.linspace(0, 1, _STEPS).tolist():
        height = worth * (share * slope.sum() * _GRID + base) - 0.5 * _GRID**2
        chance = np.exp(height - height.max())
        pairs.append((share, float(mean @ chance / chance.sum())))
    return tuple(pairs)
