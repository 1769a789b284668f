"""Which list price was in force: the surest, the latest, the maker's own."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from headtohead.prices.lists import in_force, mixed

DAY = date(2025, 12, 15)
SCHEMA = {"valid_to": pl.Date(), "served_as": pl.String()}


def offer(kind: str = "input", price: float = 1.0, **changes: Any) -> dict[str, Any]:
    return {
        "provider": "lab",
        "operator": "lab",
        "lab": "lab",
        "model_name": "m",
        "model_id": "lab/m",
        "served_as": None,
        "tier": "standard",
        "token_kind": kind,
        "price_usd_per_mtok": price,
        "valid_from": date(2025, 1, 1),
        "valid_to": None,
        "basis": "commit",
        "source_id": "s",
        **changes,
    }


def both(low: float, high: float, **changes: Any) -> list[dict[str, Any]]:
    return [offer("input", low, **changes), offer("output", high, **changes)]


def prices(*offers: list[dict[str, Any]], seller: str = "lab") -> list[tuple[float, float]]:
    rows = pl.DataFrame([row for part in offers for row in part], schema_overrides=SCHEMA)
    found = in_force(rows, DAY, seller=seller)
    return list(found.select("input_usd_per_mtok", "output_usd_per_mtok").iter_rows())


def test_the_latest_price_up_to_the_day_counts() -> None:
    later = both(9, 9, valid_from=date(2025, 12, 16))
    newer = both(2, 3, valid_from=date(2025, 11, 1))
    assert prices(both(1, 2), newer, later) == [(2, 3)]


def test_a_price_that_ended_does_not() -> None:
    ended = both(2, 3, valid_from=date(2025, 11, 1), valid_to=date(2025, 12, 1))
    assert prices(ended) == []


def test_a_withdrawn_price_is_not_replaced_by_the_one_before_it() -> None:
    withdrawn = [
        offer(kind, None, valid_from=date(2025, 11, 1))  # type: ignore[arg-type]
        for kind in ("input", "output")
    ]
    assert prices(both(1, 2), withdrawn) == []


def test_a_documented_price_beats_a_later_commit_and_a_flagged_one_comes_last() -> None:
    sure = both(1, 2, basis="documented", source_id="a")
    commit = both(5, 6, valid_from=date(2025, 11, 1), source_id="b")
    flagged = both(7, 8, basis="flagged:likely", valid_from=date(2025, 12, 1), source_id="c")
    assert prices(sure, commit, flagged) == [(1, 2)]
    assert prices(flagged, commit) == [(5, 6)]


def test_only_the_makers_own_price_counts_unless_the_cheapest_is_asked() -> None:
    host = both(0.1, 0.2, provider="host", operator="host", source_id="h")
    assert prices(both(1, 2), host) == [(1, 2)]
    assert prices(host) == []
    assert prices(host, seller="cheapest") == [(0.1, 0.2)]


@pytest.mark.parametrize(
    "changes", [{"tier": "batch"}, {"served_as": "turbo"}, {"model_id": None}, {"operator": None}]
)
def test_other_tiers_channels_and_unknown_names_do_not_count(changes: dict[str, Any]) -> None:
    assert prices(both(1, 2, **changes)) == []


def test_an_input_without_an_output_is_no_price() -> None:
    assert prices([offer("input", 1)]) == []


def test_the_mix_weighs_input_and_output() -> None:
    rows = pl.DataFrame({"input_usd_per_mtok": [1.25], "output_usd_per_mtok": [10.0]})
    assert mixed(rows, 0.75)["price_usd_per_mtok"].to_list() == [3.4375]
    assert mixed(rows, 1.0)["price_usd_per_mtok"].to_list() == [1.25]
