"""Models of an index as rows that cite their scores."""

from typing import TYPE_CHECKING

from headtohead.capability.model import Capability, model_row

if TYPE_CHECKING:
    import polars as pl

    from headtohead.stats.inputs import BoolArray

MODEL_COLUMNS = (
    "side", "model_name", "lab", "country", "score_index", "score_low_index", "score_high_index",
    "benchmarks_n", "released_on", "is_record", "frontier_frac", "best_rank", "worst_rank",
    "tie_group",
)  # fmt: skip
_CITED = ("known_on", "source_id", "row_url", "verified", "join_rule", "vintage")


def model_rows(made: Capability, among: "BoolArray") -> "pl.DataFrame":
    """Some models, the ablest first: points, interval, benchmarks, and where the scores are from.

    A model with scores from several sources names two of them (`source_id`, `also_source_id`).

    Args:
        made: The index.
        among: Which models, shape (M,).
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
    cited = (
        made.rows.sort("label", "source_id")
        .group_by("label", maintain_order=True)
        .agg(
            *(pl.col(c).first() for c in _CITED if c != "verified"),
            pl.col("verified").all(),
            pl.col("source_id").unique(maintain_order=True).get(1, null_on_oob=True).alias(
                "also_source_id"
            ),
        )
    )  # fmt: skip
    joined = frame.join(cited, left_on="model_name", right_on="label", how="left")
    return joined.sort("score_index", "model_name", descending=[True, False])
