"""Other choices that a careful analyst might have made: the index again under each of them.

Scores that are missing are put in while the curves of the benchmarks stay as they are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from headtohead.capability.fitted import fit_together, two_sides
from headtohead.capability.irt.binomial import item_weights
from headtohead.capability.irt.index import Index, fit_index
from headtohead.capability.irt.newton import sigmoid
from headtohead.capability.irt.scores import Scores
from headtohead.capability.kept_fits import kept_index
from headtohead.capability.model import Capability, TwoSides
from headtohead.capability.settings import PAST, IndexMethod, IndexSettings
from headtohead.core.question import Ask, Frames
from headtohead.core.units import counted
from headtohead.evidence.picking import side, side_name
from headtohead.evidence.tables import title
from headtohead.stats.inputs import FloatArray

if TYPE_CHECKING:
    from headtohead.stats.inputs import BoolArray

_WORSE = (0.05, 0.2)  # how much worse unseen scores might have been
_FULL = ("epoch_eci", "epoch_eci_gathered")
_NO_MODEL = "a side has no model left that may lead"
_DATES = {"release": "dated by general release", "publisher": "dated as the publisher does"}
_METHODS: dict[IndexMethod, str] = {
    "binomial": "likelihood of items",
    "eci": "Epoch's objective on the same scores",
    "published": "Epoch's printed index, all its benchmarks",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One other choice.

    Attributes:
        topic: What it is about: scores, benchmarks, missing, dates, model, frontier.
        sides: Both sides under it; or why there is none.
    """

    topic: str
    choice: str
    sides: "TwoSides | str"


def variants(frames: Frames, ask: Ask, base: IndexSettings) -> Iterator[Variant]:
    """The index as asked for, and under each other choice."""

    def under(topic: str, choice: str, **changed: object) -> Variant:
        settings = replace(base, **changed)  # type: ignore[arg-type]
        return Variant(topic, choice, two_sides(frames, ask, settings, ask.about.end))

    asked = Variant("as asked", "as asked", two_sides(frames, ask, base, ask.about.end))
    yield asked
    yield from _scores(frames, base, under)
    yield from _missing(asked, ask)
    other = "release" if base.dates == "publisher" else "publisher"
    yield under("dates", _DATES[other], dates=other)
    # The publisher of a printed index has chosen which models may lead.
    for least in (base.frontier - 2, base.frontier + 2) if base.method != "published" else ():
        words = f"{counted(max(1, least), 'benchmark')} to set the frontier"
        yield under("frontier", words, frontier_benchmarks=max(1, least))
    for method, words in _METHODS.items():
        if method != base.method and not (method == "published" and base.domain):
            yield under("model", words, method=method)
    if isinstance(asked.sides, TwoSides) and base.method != "published":
        tests = asked.sides.capability.index.benchmarks
        if base.method == "binomial":
            fit_together(frames, ask, base, tests)
        for name in tests:
            fewer = under(
                "benchmarks",
                f"without {title(name)}",
                draws=0,
                without=(*base.without, name),
                frontier_benchmarks=1,
            )
            yield _same_models(fewer, asked.sides)


def _same_models(other: Variant, asked: TwoSides) -> Variant:
    """The variant with the models that may lead as asked.

    A model that had just enough benchmarks has one fewer now, and may still lead; one that never
    had enough may still not.
    """
    sides = other.sides
    if isinstance(sides, str):
        return other
    models = sides.capability.index.models
    shared = {
        side: getattr(sides, side) & np.isin(models, asked.capability.names(getattr(asked, side)))
        for side in ("a", "b", "a_past", "b_past")
    }
    return replace(other, sides=_if_any(replace(sides, **shared)))


def _scores(
    frames: Frames, base: IndexSettings, under: Callable[..., Variant]
) -> Iterator[Variant]:
    """Other scores: Epoch's own runs or all that it gathered, and without those of the makers."""
    if base.method == "published":
        return
    sources = set(frames["benchmark_scores"]["source_id"])
    for choice, wanted in (("Epoch's own runs", _FULL[:1]), ("all scores gathered", _FULL)):
        if set(wanted) <= sources and wanted != base.sources:
            yield under("scores", choice, source=wanted)
        elif wanted != base.sources:
            yield Variant("scores", choice, f"not here: `h2h update {wanted[-1]}` takes them in")
    choice = "makers' results included" if base.independent else "independent results only"
    rows = frames["benchmark_scores"].filter(pl.col("source_id").is_in(list(base.sources)))
    if (rows["evaluator"] != "third_party").any():
        yield under("scores", choice, independent=not base.independent)
    else:
        yield Variant("scores", choice, "the same: no score here is a maker's own")


def _missing(asked: Variant, ask: Ask) -> Iterator[Variant]:
    """What if scores are missing because they would have been poor?"""
    sides = asked.sides
    if not isinstance(sides, TwoSides) or sides.capability.settings.method != "binomial":
        return
    fit = sides.capability
    scores = fit.index.scores
    met = [
        set(scores.benchmark[scores.model == fit.index.place(name)].tolist())
        for name in (sides.best_a, sides.best_b)
    ]
    shared = [scores.benchmarks[n] for n in sorted(met[0] & met[1])]
    if len(shared) >= 2 and len(shared) < len(fit.index.benchmarks):
        yield Variant(
            "missing",
            f"only the {len(shared)} benchmarks that both best models met",
            _refitted(fit, sides, scores.only(benchmarks=shared), ask),
        )
    for which, mask, best in (("b", sides.b, sides.best_a), ("a", sides.a, sides.best_b)):
        for worse in _WORSE:
            unseen = _unseen(fit, mask, best, worse)
            if unseen is not None:
                name = side_name(side(ask, which))
                words = f"{name} unseen tests {100 * worse:.0f} points worse"
                # The curves of the benchmarks stay.
                ability = rescored(fit.index, unseen)
                moved = fit.index.ability_draws + (ability - fit.index.ability)
                index = replace(fit.index, ability=ability, ability_draws=moved)
                poorer = replace(sides, capability=replace(fit, index=index))
                yield Variant("missing", words, poorer)


def _unseen(fit: Capability, mask: "BoolArray", like: str, worse: float) -> Scores | None:
    """What each model of a side lacks of the benchmarks that `like` met; None if nothing.

    A missing score is set to what the model's level says, less `worse`.
    """
    index, scores = fit.index, fit.index.scores
    wanted = scores.benchmark[scores.model == index.place(like)]
    has = np.zeros((len(scores.models), len(scores.benchmarks)), dtype=np.bool_)
    has[scores.model, scores.benchmark] = True
    lacking = [(m, b) for m in mask.nonzero()[0].tolist() for b in wanted.tolist() if not has[m, b]]
    if not lacking:
        return None
    items = dict(zip(scores.benchmark.tolist(), scores.items.tolist(), strict=True))

    def poor(m: int, b: int) -> float:
        at_level = float(index.expected(scores.benchmarks[b], index.ability[[m]])[0])
        return max(at_level - worse, 0.0)

    return Scores.from_rows(
        [scores.models[m] for m, _ in lacking],
        [scores.benchmarks[b] for _, b in lacking],
        [poor(m, b) for m, b in lacking],
        items=[None if np.isnan(items[b]) else items[b] for _, b in lacking],
        chance=dict(zip(scores.benchmarks, scores.chance.tolist(), strict=True)),
    )


def _refitted(fit: Capability, sides: TwoSides, scores: Scores, ask: Ask) -> "TwoSides | str":
    """Both sides on other scores of the same models, on the scale of the index."""
    try:
        like = dict(zip(fit.index.models, fit.index.ability.tolist(), strict=True))
        how = {"like": like, "draws": fit.settings.draws}
        index = kept_index(scores, "binomial", ask.seed, fit_index, **how)
    except ValueError as error:
        return f"no index: {error}"
    kept = np.isin(fit.index.models, index.models)
    models = fit.models.filter(pl.Series(kept))
    other = replace(fit, index=index, models=models)
    met, every = index.scores.per_model, len(index.benchmarks)
    lead, mark = (met >= min(n, every) for n in (fit.settings.frontier, PAST))
    return _if_any(
        replace(
            sides,
            capability=other,
            a=sides.a[kept] & lead,
            b=sides.b[kept] & lead,
            a_past=sides.a_past[kept] & mark,
            b_past=sides.b_past[kept] & mark,
        )
    )


def _if_any(sides: TwoSides) -> TwoSides | str:
    return sides if sides.a.any() and sides.b.any() else _NO_MODEL


_REACH = 200.0  # points to either side within which the new ability is sought
_HALVINGS = 60


def rescored(index: Index, scores: Scores) -> FloatArray:
    """What each model's points would be, had it these scores too, shape (M,).

    Only abilities move: a model whose further scores lie below its curves falls, one without any
    stays. A full refit would also bend the curves to the further scores, and then choose the scale
    anew, so that what one side loses could raise the other.

    Raises:
        ValueError: If the index is not by the likelihood of items, or a model or benchmark is not
            in it.
    """
    if index.method != "binomial":
        raise ValueError("rescoring needs the fit by the likelihood of items")
    own, further = _Push(index, index.scores), _Push(index, scores)
    # The prior keeps the fit a little off the root of its own scores; that stays as it is.
    base = own(index.ability)
    low, high = index.ability - _REACH, index.ability + _REACH
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        up = own(middle) - base + further(middle) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    moved = np.isin(np.arange(index.ability.size), further.models)
    return np.where(moved, (low + high) / 2, index.ability)


class _Push:
    """Where scores push the ability of each model: the first derivative of their likelihood."""

    def __init__(self, index: Index, scores: Scores) -> None:
        at = [index.benchmarks.index(name) for name in scores.benchmarks]
        who = np.array([index.place(name) for name in scores.models])
        test = np.array(at)[scores.benchmark]
        self.models = who[scores.model]
        self._slope, self._difficulty = index.slope[test], index.difficulty[test]
        self._chance = scores.chance[scores.benchmark]
        self._raw = scores.raw
        self._weight = item_weights(scores, index.rho)

    def __call__(self, ability: FloatArray) -> FloatArray:
        above = sigmoid(self._slope * (ability[self.models] - self._difficulty))
        share = self._chance + (1 - self._chance) * above
        push = self._weight * self._slope * (self._raw - share) * above / np.maximum(share, 1e-12)
        return np.bincount(self.models, push, ability.size).astype(np.float64)
