"""Models of an index as rows that cite their scores."""

from typing import TYPE_CHECKING

from headtohead.capability.model import Capability, model_row

if TYPE_CHECKING:
    import polars as pl

    from headtohead.stats.inputs import BoolArray

MODEL_COLUMNS = (
    "side",
    "model_name",
    "lab",
    "country",
    "score_index",
    "score_low_index",
    "score_high_index",
    "benchmarks_n",
    "released_on",
    "is_record",
    "frontier_frac",
    "best_rank",
    "worst_rank",
    "tie_group",
)


def model_rows(made: Capability, among: "BoolArray") -> "pl.DataFrame":
    """Some models, the ablest first: points, interval, benchmarks, and where the scores are from.

    `among` has shape (M,).
    """
    import polars as pl

    rows = [model_row(made, n) for n in among.nonzero()[0].tolist()]
    texts = ("model_name", "model_id", "lab", "country", "open", "family")
    reals = ("score_index", "score_low_index", "score_high_index")
    schema = {
        **dict.fromkeys(texts, pl.String()),
        "released_on": pl.Date(),
        **dict.fromkeys(reals, pl.Float64()),
        "benchmarks_n": pl.Int64(),
    }
    frame = pl.DataFrame([{k: row[k] for k in schema} for row in rows], schema=schema)
    joined = frame.join(made.cited, left_on="model_name", right_on="label", how="left")
    return joined.sort("score_index", "model_name", descending=[True, False])
