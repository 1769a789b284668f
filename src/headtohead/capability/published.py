"""A publisher's own index, as printed: scores, intervals, and curves of benchmarks."""

import numpy as np

from headtohead.capability.irt import Index, Scores
from headtohead.capability.model import Capability
from headtohead.capability.settings import IndexSettings
from headtohead.core.question import Frames
from headtohead.stats.intervals import normal_quantile

_INDEX = "eci"
_COLUMNS = ("model_id", "lab", "country", "open", "family", "brand")


def published(frames: Frames, settings: IndexSettings, rng: np.random.Generator) -> Capability:
    """The printed scores as an index.

    The draws are independent normals: what errors have in common is not published, so a gap of two
    models is a little less sure here than it could be. A model without an interval is exact.

    Raises:
        ValueError: If no edition was known.
    """
    import polars as pl

    rows = frames["index_scores"].filter(pl.col("index_name") == _INDEX).sort("model_name")
    if rows.is_empty():
        raise ValueError("no edition of the published index was known")
    curves = frames["index_benchmarks"].filter(pl.col("index_name") == _INDEX).sort("benchmark")
    ability = rows["score_index"].to_numpy()
    level = rows["level_frac"].drop_nulls()
    z = normal_quantile(0.5 + (level[0] if level.len() else 0.9) / 2)
    width = (rows["score_high_index"] - rows["score_low_index"]).fill_null(0.0)
    se = width.to_numpy() / (2 * z)  # 0 where no interval is printed
    draws = ability + se * rng.standard_normal((settings.draws, ability.size))
    day = "model_released_on" if settings.dates == "release" else "released_on"
    models = rows.select(
        pl.col("model_name").alias("label"),
        pl.coalesce("model_id", "model_name").alias("unit"),
        *_COLUMNS,
        pl.coalesce(day, "released_on").alias("released_on"),
        pl.lit(None, dtype=pl.Int64()).alias("benchmarks_n"),
    )
    none, nowhere = np.empty(0), np.empty(0, dtype=np.int64)
    tests = tuple(curves["benchmark"])
    names = tuple(rows["model_name"])
    index = Index(
        scores=Scores(names, tests, nowhere, nowhere, none, none, np.zeros(len(tests))),
        method="eci",
        ability=ability,
        difficulty=curves["difficulty_index"].to_numpy(),
        slope=curves["discrimination_slope"].to_numpy(),
        rho=np.nan,
        ability_draws=draws,
        difficulty_draws=np.tile(curves["difficulty_index"].to_numpy(), (settings.draws, 1)),
        slope_draws=np.tile(curves["discrimination_slope"].to_numpy(), (settings.draws, 1)),
    )
    named = rows.with_columns(pl.col("model_name").alias("label"))
    return Capability(settings, index, models, named, {})
