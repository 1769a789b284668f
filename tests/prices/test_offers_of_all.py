"""Offers of all models at once: the very prices of `every_offer`, model by model, hour by hour."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from headtohead.evidence.facts import Facts
from headtohead.prices.in_force import ListPrice, every_offer, offers_of_all

DAY = date(2026, 11, 1)
MODELS = (
    "deepseek/deepseek-v3.2",
    "deepseek/deepseek-v4-pro",
    "openai/gpt-5.2",
    "alibaba/qwen3-235b-a22b",
)


def said(price: ListPrice) -> tuple[object, ...]:
    return price.provider, price.name, price.source_id, price.usd_per_mtok, price.band, price.since


@pytest.mark.parametrize("hour", [3, 12, 20])
def test_each_model_has_the_offers_that_it_has_alone(facts: Facts, hour: int) -> None:
    at = datetime(2026, 10, 30, hour, tzinfo=UTC)
    rows = facts.frame("prices", DAY, used_on=at.date())
    mine = rows.filter(pl.col("model_id").is_in(MODELS))
    every = offers_of_all(mine, at, words=rows)
    for model in MODELS:
        alone = every_offer(rows, model, at).every
        assert sorted(map(said, alone), key=str) == sorted(
            (said(price) for price, _ in every if price.model == model), key=str
        )
        assert len(alone) > 5


def test_a_price_of_long_ago_or_doubted_by_its_list_says_so(facts: Facts) -> None:
    at = datetime(2026, 10, 30, 12, tzinfo=UTC)
    every = offers_of_all(facts.frame("prices", DAY, used_on=at.date()), at)
    for price, doubt in every:
        assert doubt or not price.basis.startswith("flagged")
    assert any("last seen on 2026-07-02" in doubt for _, doubt in every)
    assert any(not doubt for _, doubt in every)
