"""An index, fitted or as printed, with its models, made once for all questions that share it."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from headtohead.capability.irt.eci import ECI_ANCHORS
from headtohead.capability.irt.index import (
    Index,
    check_fits,
    fit_eci_index,
    fit_index,
    fit_parts,
    point_fit,
)
from headtohead.capability.irt.scores import Scores
from headtohead.capability.kept_fits import kept_index, kept_indexes
from headtohead.capability.matrix import Matrix, gathered, matrix
from headtohead.capability.model import Capability, TwoSides
from headtohead.capability.settings import IndexSettings
from headtohead.capability.words import settings_of
from headtohead.core.question import Answer, Ask, Frames
from headtohead.core.units import counted
from headtohead.evidence.picking import side, side_name, unplaced
from headtohead.evidence.tables import title
from headtohead.stats.intervals import normal_quantile

_ECI_FIXED = "winogrande"
_FEWEST_BENCHMARKS = 3


def capability(frames: Frames, ask: Ask, settings: IndexSettings) -> Capability:
    """The index that the settings ask for.

    Raises:
        ValueError: If the scores known make no index; the message says why.
    """
    return ask.once(
        ("capability", *_known(frames, ask), settings), lambda: _fit(frames, ask, settings)
    )


def _known(frames: Frames, ask: Ask) -> tuple[Hashable, ...]:
    rows = frames["benchmark_scores"]
    return ask.as_of, ask.of(rows, "sources", lambda: tuple(sorted(rows["source_id"].unique())))


def _fit(frames: Frames, ask: Ask, settings: IndexSettings) -> Capability:
    if settings.method == "published":
        return published(frames, settings, np.random.default_rng(ask.seed))
    matrix = _matrix(frames, ask, settings)
    key, plain = _fit_key(frames, ask, settings)
    index = ask.once(key, lambda: _index(matrix, frames, ask, plain))
    return Capability(settings, index, matrix.models, matrix.rows, matrix.left_out)


def _matrix(frames: Frames, ask: Ask, settings: IndexSettings) -> Matrix:
    """The scores of the index, made once; those of its sources are gathered once for many."""
    known = _known(frames, ask)
    whole = IndexSettings(
        source=settings.source, independent=settings.independent, domain=settings.domain
    )
    plain = replace(settings, draws=0, frontier_benchmarks=0)
    gathered_scores: Matrix = ask.once(
        ("matrix", *known, plain),
        lambda: matrix(
            frames, plain, ask.once(("scores", *known, whole), lambda: gathered(frames, whole))
        ),
    )
    tests = gathered_scores.scores.benchmarks
    if len(tests) < _FEWEST_BENCHMARKS:
        raise ValueError(
            f"{len(tests)} benchmarks ({', '.join(map(title, tests))}) are too few; an index needs "
            f"{_FEWEST_BENCHMARKS} that enough models share"
        )
    return gathered_scores


def _fit_key(
    frames: Frames, ask: Ask, settings: IndexSettings
) -> tuple[tuple[Hashable, ...], IndexSettings]:
    """What a fit is kept by: neither release days nor who may lead bear on it."""
    plain = replace(settings, dates="publisher", frontier_benchmarks=0)
    return ("index", *_known(frames, ask), plain), plain


def fit_together(frames: Frames, ask: Ask, base: IndexSettings, left_out: Sequence[str]) -> None:
    """Fit the indexes without each of some benchmarks at once, for `capability` to find.

    One that cannot be fitted is passed over: asked for by itself, it says why.
    """
    plain = replace(base, draws=0, domain="", frontier_benchmarks=0)
    many = [replace(plain, without=(*base.without, name)) for name in left_out]
    whole = _matrix(frames, ask, plain).scores
    alike: dict[bool, list[tuple[Hashable, Scores]]] = {True: [], False: []}
    for settings in many:
        try:
            part = _matrix(frames, ask, settings).scores
            check_fits(part)
        except ValueError:
            continue
        key, _ = _fit_key(frames, ask, settings)
        alike[set(ECI_ANCHORS) <= set(part.models)].append((key, part))
    for anchored, parts in alike.items():
        anchors = ECI_ANCHORS if anchored else None
        if parts:
            keys, own = zip(*parts, strict=True)
            fit = partial(fit_parts, whole, own, anchors)
            indexes = kept_indexes((*own, whole), "binomial", {"anchors": anchors}, fit)
            ask.kept.update(zip(keys, indexes, strict=True))


def _index(matrix: Matrix, frames: Frames, ask: Ask, settings: IndexSettings) -> Index:
    scores, seed, draws = matrix.scores, ask.seed, settings.draws
    anchors = {m: p for m, p in ECI_ANCHORS.items() if m in scores.models}
    if settings.method == "eci":
        # The benchmark whose slope Epoch fixes; where it is absent, the one with most models.
        most = scores.benchmarks[int(np.bincount(scores.benchmark).argmax())]
        fixed = _ECI_FIXED if _ECI_FIXED in scores.benchmarks else most
        how = {"anchors": ECI_ANCHORS, "draws": draws, "fixed": fixed}
        return kept_index(scores, "eci", seed, fit_eci_index, **how)

    def fit(scores: Scores, **how: Any) -> Index:  # noqa: ANN401 - what is handed on
        # With draws or without, in other questions too, the point values are the same.
        key = ("points", *_known(frames, ask), replace(settings, draws=0))
        return fit_index(scores, points=ask.once(key, lambda: point_fit(scores)), **how)

    if settings.domain:
        plain = replace(settings, domain="", frontier_benchmarks=0, draws=0)
        whole = capability(frames, ask, plain).index
        like = dict(zip(whole.models, whole.ability.tolist(), strict=True))
        return kept_index(scores, "binomial", seed, fit, like=like, draws=draws)
    both = anchors if len(anchors) == len(ECI_ANCHORS) else None
    return kept_index(scores, "binomial", seed, fit, anchors=both, draws=draws)


def two_sides(frames: Frames, ask: Ask, settings: IndexSettings, day: date) -> TwoSides | str:
    """Both sides as of a day, or of the last that the scores reach; or why none can be compared."""
    try:
        fit = capability(frames, ask, settings)
    except ValueError as error:
        return f"no index: {error}"
    newest = fit.newest
    if newest < ask.about.start - timedelta(days=int(ask.scope["back_days"])):
        asked = ask.about.in_words
        return f"the newest score known by {ask.as_of} is of {newest}, too old for {asked}"
    # What came out later has no scores yet, so nothing is known of who has caught up since.
    day = min(day, newest)
    filters = side(ask, "a"), side(ask, "b")
    a, b = (fit.out_by(day) & fit.members(words) for words in filters)
    lead, mark = fit.may_lead(), fit.may_mark()
    names = side_name(filters[0]), side_name(filters[1])
    notes = unplaced(fit.models, "models", *filters)
    undated = fit.models["released_on"].null_count()
    if undated:
        notes += (
            f"the release day of {undated} of {fit.models.height} models is not known: it is taken "
            f"as {newest}, the last day of the scores",
        )
    sides = TwoSides(fit, a & lead, b & lead, a & mark, b & mark, day, names, notes)
    kind = "" if ask.sides.group == "unit" else " model"
    for mask, name in zip((sides.a, sides.b), names, strict=True):
        if not mask.any():
            return (
                f"the index has no {name}{kind} with {counted(settings.frontier, 'benchmark')} "
                f"released by {day}"
            )
    return sides


def about_sides(answer: Callable[[TwoSides, Ask], Answer]) -> Callable[[Frames, Ask], Answer]:
    """The `run` of a question about both sides as of the end of `about`, which `answer` answers.

    It says which index that is, of which day, and which models are on no side.
    """

    def run(frames: Frames, ask: Ask) -> Answer:
        sides = two_sides(frames, ask, settings_of(ask.scope), ask.about.end)
        if isinstance(sides, str):
            return Answer(missing=sides)
        reply = answer(sides, ask)
        if reply.missing:
            return reply
        says = f"on {sides.on} {reply.says}"
        return replace(reply, says=says, notes=(*reply.notes, *sides.unplaced))

    run.__doc__ = answer.__doc__
    return run


_INDEX = "eci"


def published(frames: Frames, settings: IndexSettings, rng: np.random.Generator) -> Capability:
    """The printed scores as an index.

    The draws are independent normals: what errors have in common is not published, so a gap of two
    models is a little less sure here than it could be. The models that fix the scale are exact; any
    other without a published interval is taken as no surer than the least sure one.

    Raises:
        ValueError: If no edition was known.
    """
    rows = frames["index_scores"].filter(pl.col("index_name") == _INDEX).sort("model_name")
    if rows.is_empty():
        raise ValueError("no edition of the published index was known")
    curves = frames["index_benchmarks"].filter(pl.col("index_name") == _INDEX).sort("benchmark")
    ability = rows["score_index"].to_numpy()
    level = rows["level_frac"].drop_nulls()
    z = normal_quantile(0.5 + (level[0] if level.len() else 0.9) / 2)
    width = rows["score_high_index"] - rows["score_low_index"]
    widest = pl.when(pl.col("model_name").is_in(list(ECI_ANCHORS))).then(0.0).otherwise(width.max())
    width = rows.select(pl.coalesce(width, widest.fill_null(0.0))).to_series()
    se = width.to_numpy() / (2 * z)
    draws = ability + se * rng.standard_normal((settings.draws, ability.size))
    day = "model_released_on" if settings.dates == "release" else "released_on"
    models = rows.select(
        pl.col("model_name").alias("label"),
        pl.coalesce("model_id", "model_name").alias("unit"),
        *("model_id", "lab", "country", "open", "family", "brand"),
        pl.coalesce(day, "released_on").alias("released_on"),
        pl.lit(None, dtype=pl.Int64()).alias("benchmarks_n"),
    )
    none, nowhere = np.empty(0), np.empty(0, dtype=np.int64)
    tests = tuple(curves["benchmark"])
    names = tuple(rows["model_name"])
    difficulty, slope = (curves[c].to_numpy() for c in ("difficulty_index", "discrimination_slope"))
    index = Index(
        scores=Scores(names, tests, nowhere, nowhere, none, none, np.zeros(len(tests))),
        method="eci",
        ability=ability,
        difficulty=difficulty,
        slope=slope,
        rho=np.nan,
        ability_draws=draws,
        difficulty_draws=np.tile(difficulty, (settings.draws, 1)),
        slope_draws=np.tile(slope, (settings.draws, 1)),
    )
    named = rows.with_columns(pl.col("model_name").alias("label"))
    return Capability(settings, index, models, named, {})
