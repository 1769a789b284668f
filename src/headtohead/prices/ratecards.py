"""All prices of one model at one seller on one day: what a call's tokens are multiplied by."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from headtohead.prices.lists import SURE

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class RateCard:
    """The list prices of one model at one seller.

    Attributes:
        model: Its canonical id, or the seller's word if no model is known by it.
        provider: The seller, in the source's own word.
        operator: Who runs the endpoint; empty if not known.
        usd_per_mtok: Kind of token (input, output, cache_read, cache_write) -> US dollars per
            million.
        valid_from: First day of the input price, as well as the source knows.
        source_id: Whose list it is.
        row_url: Where the input price is printed.
    """

    model: str
    provider: str
    operator: str
    usd_per_mtok: dict[str, float]
    valid_from: date
    source_id: str
    row_url: str

    def __str__(self) -> str:
        kinds = (("input", "in"), ("cache_read", "cached"), ("output", "out"))
        parts = [f"${self.usd_per_mtok[k]:g} {w}" for k, w in kinds if k in self.usd_per_mtok]
        return f"{', '.join(parts)} per million tokens at {self.provider} since {self.valid_from}"


def rate_card(
    prices: "pl.DataFrame", model: str, day: date, *, operator: str = ""
) -> RateCard | None:
    """The standard prices of a model in force on a day; None if no list has both directions.

    Args:
        prices: Rows of the table `prices`, with entity columns, as known on the day of knowledge.
        model: Canonical id, or the seller's own word for it.
        day: The day.
        operator: Whose endpoint; if empty, or if its prices are not known, the maker's own, and
            after that the cheapest by the sum of input and output.
    """
    import polars as pl

    rows = prices.filter(
        ((pl.col("model_id") == model) | (pl.col("model_name") == model))
        & (pl.col("tier") == "standard")
        & (pl.col("valid_from") <= day)
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
        & pl.col("price_usd_per_mtok").is_not_null()
        & pl.col("served_as").is_null()
    )
    rows = rows.sort("valid_from").unique(
        ["source_id", "provider", "model_name", "token_kind"], keep="last", maintain_order=True
    )
    lists = [group for _, group in rows.group_by(_ONE_LIST, maintain_order=True)]
    cards = [(_wanted(group, operator), _doubt(group), _card(group, model)) for group in lists]
    known = [(want, doubt, card) for want, doubt, card in cards if card is not None]
    if not known:
        return None
    # The latest price of the surest source; ties go to the cheaper, then to the name.
    return min(
        known,
        key=lambda k: (
            k[0], k[1], -k[2].valid_from.toordinal(), sum(k[2].usd_per_mtok.values()),
            k[2].source_id,
        ),
    )[2]  # fmt: skip


_ONE_LIST = ["source_id", "provider", "model_name"]


def _wanted(group: "pl.DataFrame", operator: str) -> int:
    """0 for the operator asked for, 1 for the maker, 2 for others."""
    runs = group["operator"][0]
    if operator and runs == operator:
        return 0
    return 1 if runs is not None and runs == group["lab"][0] else 2


def _doubt(group: "pl.DataFrame") -> int:
    word = str(group["basis"][0] or "").split(":")[0]
    return SURE.index(word) if word in SURE else len(SURE)


def _card(group: "pl.DataFrame", model: str) -> RateCard | None:
    kinds = dict(zip(group["token_kind"], group["price_usd_per_mtok"], strict=True))
    if "input" not in kinds or "output" not in kinds or kinds["input"] + kinds["output"] == 0:
        return None
    first = group.row(by_predicate=_is_input(), named=True)
    return RateCard(
        model=first["model_id"] or model,
        provider=first["provider"],
        operator=first["operator"] or "",
        usd_per_mtok={str(k): float(v) for k, v in kinds.items() if k in _KINDS},
        valid_from=first["valid_from"],
        source_id=first["source_id"],
        row_url=first["row_url"] or "",
    )


_KINDS = ("input", "output", "cache_read", "cache_write")


def _is_input() -> "pl.Expr":
    import polars as pl

    return pl.col("token_kind") == "input"
