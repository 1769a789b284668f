"""A rate card: all prices of one model at one seller on one day."""

from datetime import date
from typing import Any

import polars as pl

from headtohead.prices.ratecards import RateCard, rate_card

DAY = date(2025, 12, 15)
SCHEMA = {"valid_to": pl.Date(), "served_as": pl.String(), "row_url": pl.String(),
          "operator": pl.String()}  # fmt: skip


def offer(kind: str, price: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "provider": "lab", "operator": "lab", "lab": "lab", "model_name": "m", "model_id": "lab/m",
        "served_as": None, "tier": "standard", "token_kind": kind, "price_usd_per_mtok": price,
        "valid_from": date(2025, 1, 1), "valid_to": None, "basis": "commit", "source_id": "s",
        "row_url": None, **changes,
    }  # fmt: skip


def both(low: float | None, high: float | None, **changes: Any) -> list[dict[str, Any]]:
    return [offer("input", low, **changes), offer("output", high, **changes)]


def card(
    *offers: list[dict[str, Any]], model: str = "lab/m", operator: str = ""
) -> RateCard | None:
    rows = pl.DataFrame([row for part in offers for row in part], schema_overrides=SCHEMA)
    return rate_card(rows, model, DAY, operator=operator)


def found(*offers: list[dict[str, Any]], **choices: str) -> RateCard:
    made = card(*offers, **choices)
    assert made is not None
    return made


def test_all_kinds_of_one_list_are_on_the_card() -> None:
    cached = [offer("cache_read", 0.1), offer("cache_write", 1.5), offer("image", 9)]
    made = found([*both(1, 2), *cached])
    assert made.usd_per_mtok == {"input": 1, "output": 2, "cache_read": 0.1, "cache_write": 1.5}
    assert str(made) == "$1 in, $0.1 cached, $2 out per million tokens at lab since 2025-01-01"


def test_it_is_found_by_its_id_or_the_sellers_word() -> None:
    unknown = both(1, 2, model_id=None, model_name="m-2025")
    assert found(unknown, model="m-2025").model == "m-2025"
    assert found(both(1, 2), model="m").model == "lab/m"
    assert card(both(1, 2), model="other") is None


def test_the_price_in_force_on_the_day_counts() -> None:
    newer = both(3, 4, valid_from=date(2025, 11, 1))
    later = both(9, 9, valid_from=date(2025, 12, 16))
    assert found(both(1, 2), newer, later).usd_per_mtok == {"input": 3, "output": 4}
    assert card(later) is None
    assert card(both(1, 2, valid_to=DAY)) is None
    assert found(both(1, 2, valid_to=date(2025, 12, 16)))


def test_the_operator_asked_for_then_the_maker_then_the_others() -> None:
    host = both(0.5, 0.6, provider="host", operator="host")
    third = both(0.1, 0.2, provider="third", operator="third")
    assert found(both(1, 2), host, third).provider == "lab"
    assert found(both(1, 2), host, third, operator="host").provider == "host"
    assert found(both(1, 2), host, operator="nobody").provider == "lab"
    assert found(host, third).provider == "third"


def test_surer_sources_come_before_later_prices() -> None:
    doubtful = both(3, 4, basis="observed: once", source_id="t", valid_from=date(2025, 11, 1))
    assert found(both(1, 2), doubtful).source_id == "s"


def test_one_direction_no_price_or_another_tier_is_no_card() -> None:
    assert card([offer("input", 1)]) is None
    assert card(both(None, None)) is None
    assert card(both(0, 0)) is None
    assert card(both(1, 2, tier="batch")) is None
    assert card(both(1, 2, served_as="quantised")) is None


def test_directions_of_two_sellers_are_not_mixed() -> None:
    apart = [offer("input", 1), offer("output", 2, provider="host", operator="host")]
    assert card(apart) is None
