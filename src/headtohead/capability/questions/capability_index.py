"""How able each model is, on one scale over many benchmarks."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from headtohead.capability.fitted import capability
from headtohead.capability.irt.eci import ECI_ANCHORS
from headtohead.capability.model import MODEL_COLUMNS, Capability, model_rows
from headtohead.capability.settings import LEVEL
from headtohead.capability.survival.lags import frontier_probability
from headtohead.capability.words import INDEX_WORDS, settings_of
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question
from headtohead.core.units import counted, show
from headtohead.evidence.picking import estimate, shown
from headtohead.stats.intervals import tie_groups

if TYPE_CHECKING:
    from headtohead.stats.inputs import BoolArray

QUESTION = Question(
    asks="How able is each model on one scale, and which cannot be told apart?",
    reads=("benchmark_scores",),
    optional=("index_scores", "index_benchmarks"),
    units=("index",),
    scope=dict(INDEX_WORDS),
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Points with intervals of all models released by the end of `about`, the ablest first."""
    settings = settings_of(ask.scope)
    try:
        fit = capability(frames, ask, settings)
    except ValueError as error:
        return Answer(missing=f"no index: {error}")
    out = fit.out_by(ask.about.end)
    if not out.any():
        return Answer(missing=f"no model of the index was released by {ask.about.end}")
    rows = _placed(fit, model_rows(fit, out), out)
    estimates = []
    for row in rows.partition_by("model_name", maintain_order=True):
        r = row.row(0, named=True)
        one = estimate(
            ask,
            row,
            label=r["model_name"],
            interval=Interval(r["score_index"], r["score_low_index"], r["score_high_index"]),
            unit="index",
            method=fit.settings.method_words(),
            n=r["benchmarks_n"] or len(fit.index.benchmarks),
            n_of="benchmarks" if r["benchmarks_n"] else "benchmarks of the index",
            level=LEVEL,
            dated=fit.dated(ask.about.end),
        )
        estimates.append(one)
    first = rows.row(0, named=True)
    ties = rows.filter(pl.col("tie_group") == 1).height
    leads = f"shares the first {ties} places of" if ties > 1 else "leads"
    settings, day = fit.settings, fit.dated(ask.about.end)[1]
    says = (
        f"on {settings.index_words()} as of {day} {first['model_name']} {leads} "
        f"{counted(rows.height, 'model')} with "
        f"{show(first['score_index'], 'index')} ({first['score_low_index']:.1f} to "
        f"{first['score_high_index']:.1f})"
    )
    if first["model_name"] not in fit.names(fit.may_lead()):
        says += f", on {first['benchmarks_n']} benchmarks only: too few to count as the frontier"
    return Answer(
        estimates=tuple(estimates),
        says=says,
        rows=shown(rows, MODEL_COLUMNS),
        notes=_notes(fit),
    )


def _placed(fit: Capability, rows: pl.DataFrame, out: "BoolArray") -> pl.DataFrame:
    """The rows with places, tie groups, and the chance of being the frontier."""
    best, worst = fit.index.places(LEVEL, out)
    leads = np.zeros(out.size)
    may = out & fit.may_lead()
    if may.any():
        leads[may] = frontier_probability(fit.index.ability_draws[:, may])
    columns = {"model_name": fit.index.models, "best_rank": best, "worst_rank": worst}
    places = pl.DataFrame({**columns, "frontier_frac": leads})
    joined = rows.join(places, on="model_name", how="left", maintain_order="left")
    groups = tie_groups(joined["best_rank"], joined["worst_rank"])
    return joined.with_columns(pl.Series("tie_group", groups))


def _notes(fit: Capability) -> tuple[str, ...]:
    notes = [
        f"{len(fit.index.models)} models on {len(fit.index.benchmarks)} benchmarks; the scale "
        "has no zero, so no ratio is made",
        fit.lead_words(),
    ]
    if fit.settings.method != "published":
        notes.append(f"a model needs {fit.settings.least} benchmarks for a place")
    notes += [f"left out: {counted(n, 'score')} ({why})" for why, n in fit.left_out.items()]
    if fit.settings.method == "binomial" and not set(ECI_ANCHORS) <= set(fit.index.models):
        notes.append(
            "the models that fix Epoch's scale are not among these: the points have mean 100 and "
            "standard deviation 15, and mean nothing beside those of another index"
        )
    nowhere = fit.models["country"].null_count()
    if nowhere:
        notes.append(f"{nowhere} models have no known country and are on no side")
    return tuple(notes)
