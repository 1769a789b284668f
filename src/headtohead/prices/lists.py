"""What questions about list prices share: which was in force, whose, how mixed."""

from datetime import date
from typing import TYPE_CHECKING

from headtohead.core.question import ScopeWord

if TYPE_CHECKING:
    import polars as pl

MIX_WORDS = {
    "input_share": ScopeWord(
        "number", "Share of tokens that are input, 0 to 1; 0.75 is the usual 3:1 mix.", 0.75
    ),
    "seller": ScopeWord(
        "text",
        "lab: the maker's own price; cheapest: the cheapest host.",
        "lab",
        ("lab", "cheapest"),
    ),
}

# How surely a source knows since when a price holds, the surest first; guesses come last.
SURE = ("documented", "commit", "snapshot", "flagged")


def in_force(prices: "pl.DataFrame", day: date, *, seller: str = "lab") -> "pl.DataFrame":
    """The standard input and output price of each model on a day.

    Args:
        prices: Rows of the table, with entity columns.
        day: The day.
        seller: "lab" for the maker's own endpoint, "cheapest" for any.

    Returns:
        One row a model: model_id, model_name, provider, input_usd_per_mtok, output_usd_per_mtok,
        country, lab, open, and the citation columns of the input price.
    """
    import polars as pl

    rows = prices.filter(
        (pl.col("tier") == "standard")
        & pl.col("token_kind").is_in(["input", "output"])
        & (pl.col("valid_from") <= day)
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
        & pl.col("model_id").is_not_null()
        & pl.col("served_as").is_null()
    )
    if seller == "lab":
        rows = rows.filter(pl.col("operator") == pl.col("lab"))
    sure = pl.col("basis").str.split(":").list.first()
    rows = rows.with_columns(
        sure.replace_strict({s: i for i, s in enumerate(SURE)}, default=len(SURE)).alias("doubt")
    )
    latest = rows.sort("valid_from").unique(
        ["source_id", "provider", "model_name", "token_kind"], keep="last", maintain_order=True
    )
    latest = latest.filter(pl.col("price_usd_per_mtok") > 0)
    return _one_a_model(latest)


def _one_a_model(rows: "pl.DataFrame") -> "pl.DataFrame":
    """The surest source's price of each model; among equals the latest, then the cheapest."""
    import polars as pl

    keys = ["source_id", "provider", "model_name"]
    outputs = rows.filter(pl.col("token_kind") == "output").select(
        *keys, pl.col("price_usd_per_mtok").alias("output_usd_per_mtok")
    )
    pairs = (
        rows.filter(pl.col("token_kind") == "input")
        .rename({"price_usd_per_mtok": "input_usd_per_mtok"})
        .join(outputs, on=keys, how="inner")
    )
    return pairs.sort(
        ["model_id", "doubt", "valid_from", "input_usd_per_mtok", "source_id"],
        descending=[False, False, True, False, False],
    ).unique("model_id", keep="first", maintain_order=True)


def mixed(rows: "pl.DataFrame", input_share: float) -> "pl.DataFrame":
    """The rows with `price_usd_per_mtok`: input and output mixed by share of tokens."""
    import polars as pl

    return rows.with_columns(
        (
            input_share * pl.col("input_usd_per_mtok")
            + (1 - input_share) * pl.col("output_usd_per_mtok")
        ).alias("price_usd_per_mtok")
    )
