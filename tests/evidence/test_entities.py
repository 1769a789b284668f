"""Who is behind each row: names join to models, labs, countries; the unknown stays empty."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from headtohead.evidence.facts import COLUMNS, with_entities
from headtohead.names.names import Names

NAMES = Names.load()


def frame(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(columns)


def one(made: pl.DataFrame) -> dict[str, Any]:
    assert made.height == 1
    return made.row(0, named=True)


def test_a_rated_entrant_joins_to_weights_mode_lab_country_and_openness() -> None:
    rows = frame(
        model_name=["deepseek-v3.2-thinking"],
        observed_on=[date(2025, 12, 11)],
        organisation=["DeepSeek"],
    )
    row = one(with_entities("arena_ratings", rows, NAMES))
    assert (row["model_id"], row["mode"], row["lab"]) == (
        "deepseek/deepseek-v3.2",
        "thinking",
        "deepseek",
    )
    assert (row["country"], row["open"], row["brand"]) == ("CN", "open", "deepseek")
    assert row["model_released_on"] == date(2025, 12, 1)
    assert row["join_rule"]


def test_what_does_not_match_stays_empty_but_keeps_its_lab_where_printed() -> None:
    rows = frame(
        model_name=["a-model-of-nobody", "a-model-of-openai"],
        observed_on=[date(2025, 12, 11)] * 2,
        organisation=[None, "OpenAI"],
    )
    made = with_entities("arena_ratings", rows, NAMES)
    assert made["model_id"].to_list() == [None, None]
    assert made["country"].to_list() == [None, "US"]
    assert made["open"].to_list() == [None, None]


@pytest.mark.parametrize(
    ("used_on", "model"),
    [
        (date(2025, 12, 15), "deepseek/deepseek-v3.2"),
        (date(2025, 6, 30), "deepseek/deepseek-v3@0324"),
        (None, "deepseek/deepseek-v3.2-exp"),
    ],
)
def test_a_moving_price_name_is_read_on_the_day_asked(used_on: date | None, model: str) -> None:
    rows = frame(
        provider=["deepseek"], model_name=["deepseek-chat"], valid_from=[date(2025, 11, 17)]
    )
    row = one(with_entities("prices", rows, NAMES, used_on=used_on))
    assert row["model_id"] == model


def test_a_lab_has_one_country_and_the_operator_of_its_endpoint_another() -> None:
    rows = frame(provider=["azure"], model_name=["deepseek-v3.2"], valid_from=[date(2025, 12, 15)])
    row = one(with_entities("prices", rows, NAMES))
    assert (row["country"], row["operator"], row["operator_country"]) == ("CN", "azure", "US")


def test_tokens_join_by_slug_by_lab_or_by_access() -> None:
    rows = frame(
        channel=["openrouter"] * 5,
        breakdown=["model", "lab", "lab", "access", "lab"],
        subject=["qwen/qwen3-max", "Z.ai", "OpenRouter stealth", "open", "TNG"],
        window_start=[date(2025, 12, 1)] * 5,
    )
    made = with_entities("token_usage", rows, NAMES)
    assert made["country"].to_list() == ["CN", "CN", None, None, "DE"]
    assert made["open"].to_list() == ["closed", None, None, "open", None]
    assert made["channel"].to_list() == ["openrouter"] * 5


def test_owners_join_by_company_and_china_is_a_country() -> None:
    rows = frame(owner=["China", "Oracle", "Microsoft", "Other", "China (smuggled)"])
    made = with_entities("compute_stock", rows, NAMES)
    assert made["country"].to_list() == ["CN", "US", "US", None, "CN"]


def test_figures_speak_of_countries_or_of_models() -> None:
    rows = frame(subject=["CN", "qwen3-max"], window_end=[date(2025, 12, 15)] * 2)
    made = with_entities("figures", rows, NAMES)
    assert made["country"].to_list() == ["CN", "CN"]
    assert made["model_id"].to_list() == [None, "alibaba/qwen3-max"]


def test_order_and_rows_are_kept_and_other_tables_are_left_alone() -> None:
    rows = frame(
        model_name=["gpt-5-high", "gpt-5-high", "x"],
        observed_on=[date(2025, 12, 11)] * 3,
        organisation=["OpenAI"] * 3,
        place=[3, 1, 2],
    )
    made = with_entities("arena_ratings", rows, NAMES)
    assert made["place"].to_list() == [3, 1, 2]
    assert set(COLUMNS) <= set(made.columns)
    assert with_entities("rules", rows, NAMES) is rows
