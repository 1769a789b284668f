"""Who is behind each row: names join to models, labs, countries; the unknown stays empty."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from headtohead.evidence.facts import (
    COLUMNS,
    MODEL_TABLES,
    Facts,
    names_file,
    names_read,
    printed_names,
    read_undated,
    with_entities,
)
from headtohead.evidence.store import Store
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


def test_names_that_ship_already_read_are_read_by_the_lists_and_rules_of_today() -> None:
    shipped = names_read()
    assert shipped is not None, f"{names_file().name} is missing: run `make names`"
    again = read_undated(shipped.select("model_name", "seller", "maker"), NAMES)
    assert_frame_equal(again, shipped)


def test_names_that_ship_already_read_are_all_names_of_the_built_in_evidence(
    tmp_path: Path,
) -> None:
    shipped, store = names_read(), Store(tmp_path)
    assert shipped is not None
    for table in MODEL_TABLES:
        printed = printed_names(table, store.read(table, date.max))
        assert printed.join(shipped, on=printed.columns, how="anti", nulls_equal=True).is_empty()


def test_names_read_before_give_the_same_as_reading_them() -> None:
    rows = frame(
        model_name=["deepseek-chat", "GPT-5", "no-such-model", "deepseek-chat"],
        provider=["deepseek", "openai", "nobody", "deepseek"],
        valid_from=[date(2025, 6, 1), date(2025, 8, 7), date(2025, 8, 7), date(2024, 8, 1)],
    )
    read = read_undated(printed_names("prices", rows[:2]), NAMES)
    afresh = with_entities("prices", rows, NAMES)
    assert_frame_equal(with_entities("prices", rows, NAMES, read=read), afresh)
    assert afresh["model_id"].n_unique() == 4


def test_a_frame_is_kept_whatever_day_its_names_are_used_on(tmp_path: Path) -> None:
    facts, day = Facts(Store(tmp_path)), date(2026, 1, 1)
    kept = facts.frame("arena_ratings", day)
    assert facts.frame("arena_ratings", day, used_on=date(2025, 6, 1)) is kept
    then = facts.frame("prices", day, used_on=date(2025, 6, 1))
    assert facts.frame("prices", day, used_on=date(2025, 6, 1)) is then
    assert facts.frame("prices", day, used_on=date(2025, 7, 1)) is not then
