"""What questions about list prices share: whose, and how mixed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headtohead.core.question import ScopeWord

if TYPE_CHECKING:
    import polars as pl

MIX_WORDS = {
    "input_share": ScopeWord(
        "number", "Share of tokens that are input, 0 to 1; 0.75 is the usual 3:1 mix.", 0.75
    ),
    "seller": ScopeWord(
        "text",
        "lab: the maker's own price; cheapest: the cheapest host that is credible; median: the "
        "host in the middle.",
        "lab",
        ("lab", "cheapest", "median"),
    ),
}


def mixed(rows: "pl.DataFrame", input_share: float) -> "pl.DataFrame":
    """The rows with `price_usd_per_mtok`: input and output mixed by share of tokens."""
    import polars as pl

    return rows.with_columns(
        (
            input_share * pl.col("input_usd_per_mtok")
            + (1 - input_share) * pl.col("output_usd_per_mtok")
        ).alias("price_usd_per_mtok")
    )


def rule_of(scope: Mapping[str, Any]) -> str:
    """The rule of `in_force` that a question's `seller` asks for."""
    seller = str(scope["seller"])
    return "maker" if seller == "lab" else seller
