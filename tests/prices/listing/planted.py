"""Errors as people make them, planted into a table of prices."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

PAIR = ("input", "output")
SLIP, SWAPPED, DAY = "a slip of a thousand or a million", "input and output swapped", "a wrong day"
OTHER, PROMOTION, STALE = "another model's price", "a promotion as list price", "a stale price"
KINDS = (SLIP, SWAPPED, DAY, OTHER, PROMOTION, STALE)
KEY = ["source_id", "provider", "model_name", "valid_from"]


def pairs(prices: pl.DataFrame) -> list[dict[str, Any]]:
    """The usual prices of known models, a row a list, model and day, with the rows they are in."""
    rows = prices.with_row_index("row").filter(
        (pl.col("tier") == "standard")
        & pl.col("token_kind").is_in(PAIR)
        & (pl.col("price_usd_per_mtok") > 0)
        & pl.col("model_id").is_not_null()
    )
    made = [
        pl.col(what).filter(pl.col("token_kind") == kind).first().alias(f"{name}{kind}")
        for kind in PAIR
        for what, name in (("price_usd_per_mtok", ""), ("row", "row_"))
    ]
    wide = rows.group_by([*KEY, "basis"], maintain_order=True).agg(made).drop_nulls()
    # What a list doubts itself is no clean row to plant an error into.
    return wide.filter(~pl.col("basis").str.starts_with("flagged")).sort(KEY).to_dicts()


def superseded(same: list[dict[str, Any]], one: dict[str, Any]) -> list[dict[str, Any]]:
    """The prices of a model at its seller that ended over 90 days before a row, oldest first."""
    by_day = sorted(same, key=lambda o: o["valid_from"])
    now = [o for o in by_day if (o["input"], o["output"]) == (one["input"], one["output"])]
    if one["valid_from"] - now[0]["valid_from"] <= timedelta(90):
        return []
    return [o for o in by_day if o["valid_from"] < now[0]["valid_from"]]


def planted(prices: pl.DataFrame, each: int, seed: int) -> tuple[pl.DataFrame, dict[int, str]]:
    """The table with so many errors of each kind, and row -> kind of those that were changed."""
    rng = np.random.default_rng(seed)
    clean = pairs(prices)
    price, day = prices["price_usd_per_mtok"].to_numpy().copy(), prices["valid_from"].to_list()
    in_list: dict[object, list[dict[str, Any]]] = {}
    in_seller: dict[object, list[dict[str, Any]]] = {}
    for one in clean:
        in_list.setdefault((one["source_id"], one["provider"]), []).append(one)
        in_seller.setdefault((one["provider"], one["model_name"]), []).append(one)
    errors: dict[int, str] = {}
    order = iter(rng.permutation(len(clean)))
    for kind in KINDS:
        done = 0
        while done < each:
            one = clean[int(next(order))]
            rows: tuple[int, ...] = (one["row_input"], one["row_output"])
            into, out = one["input"], one["output"]
            others = in_list[one["source_id"], one["provider"]]
            if kind == SLIP:
                times = float(rng.choice([1e3, 1e-3, 1e6]))
                rows = rows if rng.random() < 0.5 else rows[:1]
                for row in rows:
                    price[row] *= times
            elif kind == SWAPPED:
                if out < 1.05 * into:
                    continue
                price[rows[0]], price[rows[1]] = out, into
            elif kind == DAY:
                shift = timedelta(int(rng.choice([-1, 1])) * int(rng.integers(30, 400)))
                for row in rows:
                    day[row] += shift
            elif kind == PROMOTION:
                for row in rows:
                    price[row] *= float([0.25, 0.5, 0.7][done % 3])
            else:
                name, seller = one["model_name"], one["provider"]
                wanted = [o for o in others if o["model_name"] != name]
                if kind == STALE:
                    wanted = superseded(in_seller[seller, name], one)
                unlike = [o for o in wanted if abs(o["input"] - into) > 0.05 * into]
                if not unlike:
                    continue
                it = unlike[-1] if kind == STALE else unlike[int(rng.integers(len(unlike)))]
                price[rows[0]], price[rows[1]] = it["input"], it["output"]
            errors |= dict.fromkeys(rows, kind)
            done += 1
    changed = (
        pl.Series("price_usd_per_mtok", price).fill_nan(None),
        pl.Series("valid_from", day, pl.Date),
    )
    return prices.with_columns(*changed), errors
