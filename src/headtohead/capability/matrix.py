"""From benchmark scores to a matrix: one score for each model and benchmark, corrected alike."""

from dataclasses import dataclass

import polars as pl

from headtohead.capability.irt.scores import Scores
from headtohead.capability.scores import with_tests
from headtohead.capability.settings import IndexSettings
from headtohead.capability.words import DOMAIN_WORDS
from headtohead.core.errors import UnknownName
from headtohead.core.estimate import OWN_SCORES
from headtohead.core.question import Frames
from headtohead.evidence.tables import benchmarks

_FEWEST_MODELS = 3
_COLUMNS = ("unit", "model_id", "lab", "country", "open", "family", "brand")


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """The scores of an index and the models behind them.

    Attributes:
        scores: Coded; models by their label.
        models: One row a model in the order of `scores.models`: label, unit (one for all names of
            a model), model_id, lab, country, open, family, brand, released_on, benchmarks_n.
        rows: The rows of evidence used: the best setting of each model on each benchmark.
        left_out: Why -> how many scores.
    """

    scores: Scores
    models: pl.DataFrame
    rows: pl.DataFrame
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The scores that settings ask for, before any is left out.

    Attributes:
        rows: Every setting of each model on each benchmark, corrected, with `label` and `test`.
        best: Those of them that count.
        scores: The same, coded.
        known: The tests of all domains.
    """

    rows: pl.DataFrame
    best: pl.DataFrame
    scores: Scores
    known: frozenset[str]


def gathered(frames: Frames, settings: IndexSettings) -> Gathered:
    """The scores of the sources, evaluators and domain that the settings ask for.

    Of several settings of a model on one benchmark the best counts, as Epoch does; a model is one
    set of weights, whatever each source calls it.

    Raises:
        ValueError: If there is none.
    """
    rows = frames["benchmark_scores"].filter(
        pl.col("source_id").is_in(list(settings.sources))
        & ((pl.col("part") == "overall") | pl.col("part").str.ends_with("_pass_1"))
    )
    if settings.independent:
        rows = rows.filter(pl.col("evaluator") == "third_party")
    wanted = with_tests(rows)
    known = frozenset(wanted["test"])
    if settings.domain:
        names = [b.benchmark for b in benchmarks().values() if b.domain == settings.domain]
        wanted = wanted.filter(pl.col("benchmark").is_in(names))
    if wanted.is_empty():
        raise ValueError(
            "no benchmark score of the chosen sources was known"
            + (f" in {DOMAIN_WORDS[settings.domain].lower()}" if settings.domain else "")
        )
    rows = corrected(wanted)
    labels = _labels(rows, settings.sources)
    rows = rows.join(labels, on="unit", how="left", maintain_order="left")
    best = rows.sort(
        ["label", "test", "score", "source_id"], descending=[False, False, True, False]
    ).unique(["label", "test"], keep="first", maintain_order=True)
    scores = Scores.from_rows(
        best["label"].to_list(),
        best["test"].to_list(),
        best["score"].to_numpy(),
        items=best["items"].to_list(),
        chance=dict(best.select("test", "chance").iter_rows()),
    )
    return Gathered(rows, best, scores, known)


def matrix(frames: Frames, settings: IndexSettings, known: Gathered | None = None) -> Matrix:
    """The matrix that the settings ask for, of the scores gathered for them already, if any.

    Raises:
        UnknownName: If a benchmark to leave out is not among them.
        ValueError: If too little is left to make an index.
    """
    known = known or gathered(frames, settings)
    rows, best, scores = known.rows, known.best, known.scores
    for name in settings.without:
        if name not in known.known:
            raise UnknownName("benchmark", name, known.known)
    if settings.without:
        left = [name for name in scores.benchmarks if name not in settings.without]
        rows, best = (frame.filter(pl.col("test").is_in(left)) for frame in (rows, best))
        scores = scores.only(benchmarks=left)
    enough = scores.well_met(settings.least, _FEWEST_MODELS)
    first, *others = enough.parts()
    # What no benchmark connects has no common scale: the largest part is the index.
    kept = enough.only(models=first) if others else enough
    apart = sorted(name for part in others for name in part)
    used = best.filter(pl.col("label").is_in(kept.models) & pl.col("test").is_in(kept.benchmarks))
    left_out = {
        f"a model with fewer than {settings.least} benchmarks, or a benchmark with fewer than "
        f"{_FEWEST_MODELS} models": best.height - enough.model.size,
        f"{len(apart)} models that share no benchmark with the rest: {', '.join(apart[:3])}"
        f"{', ...' if len(apart) > 3 else ''}": enough.model.size - kept.model.size,
        "another setting of a model that did worse": rows.height - best.height,
    }
    # A user's own models and benchmarks that are not in the index are named.
    own = best.filter(pl.col("source_id") == OWN_SCORES)
    for what, column in (("model", "label"), ("benchmark", "test")):
        gone = sorted(set(own[column]) - set(used[column]))
        if gone:
            why = f"of yours, with too few scores: {what} {', '.join(gone)}"
            left_out[why] = own.filter(pl.col(column).is_in(gone)).height
    models = _models(kept, used, frames, settings)
    return Matrix(kept, models, used, {why: n for why, n in left_out.items() if n})


def corrected(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `score` from 0 for guessing to 1 for all that can be solved, `items`, `chance`.

    Where only a share of the items is sound, the scale ends there: it is a test of fewer items, on
    which guessing solves a larger share.
    """
    facts = benchmarks()
    names = rows["benchmark"].unique().to_list()

    def column(what: str, default: float | None) -> pl.Expr:
        known = {n: getattr(facts[n], what) if n in facts else default for n in names}
        return pl.col("benchmark").replace_strict(known, return_dtype=pl.Float64())

    chance, ceiling = column("chance_frac", 0.0), column("ceiling_frac", 1.0)
    plain = (pl.col("score_frac") - chance) / (ceiling - chance)
    lowest = -chance / (ceiling - chance)
    score = pl.when(pl.col("chance_corrected")).then("score_frac").otherwise(plain)
    items = pl.coalesce(pl.col("tasks_n").cast(pl.Float64), column("items_n", None))
    return rows.with_columns(
        pl.max_horizontal(pl.min_horizontal(score, 1.0), lowest).alias("score"),
        (items * ceiling).alias("items"),
        (chance / ceiling).alias("chance"),
    )


def _labels(rows: pl.DataFrame, sources: tuple[str, ...]) -> pl.DataFrame:
    """Unit -> label: the name in the first source that has it; made distinct by the unit."""
    order = {source: n for n, source in enumerate(sources)}
    ranked = rows.with_columns(
        pl.col("source_id").replace_strict(order, return_dtype=pl.Int64()).alias("order")
    ).sort("order", "model_name")
    labels = ranked.unique("unit", keep="first", maintain_order=True).select(
        "unit", pl.col("model_name").alias("label")
    )
    twice = labels["label"].is_duplicated()
    full = pl.concat_str("label", pl.lit(" ("), "unit", pl.lit(")"))
    return labels.with_columns(pl.when(twice).then(full).otherwise("label").alias("label"))


def _models(
    kept: Scores, used: pl.DataFrame, frames: Frames, settings: IndexSettings
) -> pl.DataFrame:
    firsts = used.unique("label", keep="first", maintain_order=True)  # in the order of `kept`
    printed = frames.get("index_scores")
    if printed is None or printed.is_empty():
        firsts = firsts.with_columns(printed_on=pl.lit(None, dtype=pl.Date()))
    else:
        # The day from which the index's publisher counts a model.
        units = printed.group_by(pl.coalesce("model_id", "model_name").alias("unit"))
        printed = units.agg(printed_on=pl.col("released_on").min())
        firsts = firsts.join(printed, on="unit", how="left", maintain_order="left")
    days = ["model_released_on", "printed_on"]
    return firsts.select(
        "label",
        *_COLUMNS,
        pl.coalesce(days if settings.dates == "release" else days[::-1]).alias("released_on"),
        pl.Series("benchmarks_n", kept.per_model),
    )
