"""The importer of LiteLLM's price map."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources.litellm_prices import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2025, 12, 10)
FILE = "model_prices_and_context_window.json"
MODEL: dict[str, Any] = {
    "litellm_provider": "host",
    "mode": "chat",
    "input_cost_per_token": 2.8e-07,
    "output_cost_per_token": 4.2e-07,
    "max_tokens": 8192,
    "supports_vision": True,
}


def read(**changes: object) -> Parsed:
    content = {"sample_spec": {"mode": "one of: chat, ..."}, "host/m": {**MODEL, **changes}}
    files = (RawFile(FILE, json.dumps(content).encode()),)
    return parse(RawFiles("litellm_prices", files, DAY))


def prices(parsed: Parsed) -> dict[tuple[str, str], float]:
    found = parsed.rows.get("prices", [])
    return {(r["tier"], r["token_kind"]): r["price_usd_per_mtok"] for r in found}


def test_a_chat_model_gives_its_prices_per_million() -> None:
    parsed = read(source="https://host.example/pricing")
    assert prices(parsed) == {("standard", "input"): 0.28, ("standard", "output"): 0.42}
    row = parsed.rows["prices"][0]
    assert (row["provider"], row["model_name"], row["basis"]) == ("host", "host/m", "snapshot")
    assert row["valid_from"] == row["known_on"] == row["vintage"] == DAY
    assert row["row_url"] == "https://host.example/pricing"
    assert parsed.dropped == {"the publisher's template": 1}


def test_the_longest_prompt_is_kept_where_it_is_stated() -> None:
    (row,) = read(max_input_tokens=128_000).rows["models"]
    assert (row["provider"], row["model_name"]) == ("host", "host/m")
    assert row["context_tokens"] == 128_000
    assert "models" not in read().rows


def test_a_retirement_date_is_kept_for_models_of_any_mode() -> None:
    for mode in ("chat", "embedding"):
        (row,) = read(mode=mode, deprecation_date="2026-03-31").rows["retirements"]
        assert (row["provider"], row["model_name"]) == ("host", "host/m")
        assert (row["retires_on"], row["stated_as"]) == (date(2026, 3, 31), "deprecation")
    assert "retirements" not in read().rows
    with pytest.raises(UpstreamChanged, match="deprecation_date"):
        read(deprecation_date="soon")


def test_tiers_modes_and_kinds_are_read_from_the_field_names() -> None:
    found = prices(
        read(
            input_cost_per_token_above_200k_tokens=1e-6,
            output_cost_per_token_batches=2e-6,
            input_cost_per_token_above_272k_tokens_priority=3e-6,
            cache_creation_input_token_cost_above_1hr=4e-6,
            cache_creation_input_token_cost_above_12hr_above_272k_tokens_flex=5e-6,
            output_cost_per_reasoning_token=6e-6,
            input_cost_per_audio_token=7e-6,
        )
    )
    assert found["over_200k", "input"] == 1
    assert found["batch", "output"] == 2
    assert found["priority_over_272k", "input"] == 3
    assert found["standard", "cache_write_1h"] == 4
    assert found["flex_over_272k", "cache_write_12h"] == 5
    assert found["standard", "reasoning"] == 6
    assert found["standard", "input_audio"] == 7


def test_ranges_and_off_peak_hours() -> None:
    ranges = [
        {"range": [0, 256000.0], "input_cost_per_token": 1e-6},
        {"range": [256000.0, 1e6], "input_cost_per_token": 2e-6},
    ]
    off_peak = {"windows": [{"hours_utc": "00:00-01:00"}], "input_cost_per_token": 5e-7}
    found = prices(read(tiered_pricing=ranges, off_peak_pricing=off_peak))
    assert found["standard", "input"] == 1
    assert found["over_256k", "input"] == 2
    assert found["off_peak", "input"] == 0.5


def test_the_older_cache_field_fills_a_gap_and_never_overrules() -> None:
    alone = read(input_cost_per_token_cache_hit=7e-8)
    assert prices(alone)["standard", "cache_read"] == 0.07
    both = read(input_cost_per_token_cache_hit=7e-8, cache_read_input_token_cost=6e-8)
    assert prices(both)["standard", "cache_read"] == 0.06
    assert both.dropped["a second cache price under an older field name"] == 1


def test_prices_of_other_things_are_counted() -> None:
    parsed = read(
        input_cost_per_image=1e-3,
        output_cost_per_second=1e-3,
        input_dbu_cost_per_token=1e-5,
        search_context_cost_per_query={"search_context_size_low": 0.01},
        input_cost_per_character_above_128k_tokens=1e-7,
    )
    assert len(prices(parsed)) == 2
    assert parsed.dropped["not a price per token, or not in US dollars"] == 5


@pytest.mark.parametrize(("mode", "taken"), [("responses", 2), ("embedding", 0), (None, 0)])
def test_only_chat_models_are_taken(mode: str | None, taken: int) -> None:
    parsed = read(mode=mode)
    assert len(prices(parsed)) == taken
    assert sum(parsed.dropped.values()) == (1 if taken else 2)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"mode": "telepathy"}, "telepathy"),
        ({"input_cost_per_thought": 1e-6}, "input_cost_per_thought"),
        ({"output_cost_per_token_at_night": 1e-6}, "at_night"),
        ({"supports_cost_tracking": True}, "supports_cost_tracking"),
        ({"max_price": 1}, "max_price"),
        ({"colour": "red"}, "colour"),
        ({"input_cost_per_token": "cheap"}, "input_cost_per_token"),
        ({"input_cost_per_token": -1e-6}, "input_cost_per_token"),
        ({"tiered_pricing": [{"range": [0, 1], "input_price": 1}]}, "input_price"),
    ],
)
def test_a_changed_layout_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(**changes)


def test_the_package_is_never_imported() -> None:
    read()
    assert "litellm" not in sys.modules


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> pl.DataFrame:
    raw = raw_from_folder(SOURCE, shared_evidence / "litellm_prices", DAY)
    frames, dropped = frames_of(importer("litellm_prices"), raw)
    skipped = sum(n for reason, n in dropped.items() if reason.startswith(("mode", "no mode")))
    # Of 1,910 keys and the template, 1,522 are chat or responses models.
    assert skipped == 1_910 - 1_522
    return frames["prices"]


def test_the_real_file(real: pl.DataFrame) -> None:
    assert real.height == 4_013
    assert real["model_name"].n_unique() > 1_400


def test_the_real_file_gives_deepseek_three_prices_none_of_them_its_own(real: pl.DataFrame) -> None:
    names = ["deepseek-chat", "deepseek/deepseek-chat", "deepseek/deepseek-v3.2"]
    rows = real.filter(
        pl.col("model_name").is_in(names),
        pl.col("provider") == "deepseek",
        pl.col("tier") == "standard",
    )
    found = {
        name: tuple(
            rows.filter(model_name=name, token_kind=kind)["price_usd_per_mtok"].item()
            for kind in ("input", "output")
        )
        for name in names
    }
    assert found == {
        "deepseek-chat": (0.6, 1.7),
        "deepseek/deepseek-chat": (0.27, 1.1),
        "deepseek/deepseek-v3.2": (0.28, 0.4),
    }
    assert (0.28, 0.42) not in found.values()
