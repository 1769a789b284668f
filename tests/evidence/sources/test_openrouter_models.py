"""The importer of OpenRouter's list of models."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources.openrouter_models import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 5, 15)
MODEL: dict[str, Any] = {
    "id": "lab/m-1",
    "canonical_slug": "lab/m-1-20260101",
    "hugging_face_id": "Lab/M-1",
    "name": "Lab: M 1",
    "created": 1767225600,
    "architecture": {},
    "context_length": 131_072,
    "pricing": {"prompt": "0.000000252", "completion": "0.000000378"},
    "links": {"details": "/x"},
}


def read(
    name: str = "models.json", envelope: dict[str, Any] | None = None, **changes: object
) -> Parsed:
    content = {"data": [{**MODEL, **changes}], **(envelope or {})}
    files = (RawFile(name, json.dumps(content).encode()),)
    return parse(RawFiles("openrouter_models", files, DAY))


def prices(parsed: Parsed) -> dict[tuple[str, str], float]:
    found = parsed.rows.get("prices", [])
    return {(r["tier"], r["token_kind"]): r["price_usd_per_mtok"] for r in found}


def test_a_model_gives_its_three_names_and_its_prices() -> None:
    parsed = read(envelope={"total_count": 1, "links": {"next": None}})
    (model,) = parsed.rows["models"]
    assert model["model_name"] == "lab/m-1"
    assert model["context_tokens"] == 131_072
    assert model["canonical_name"] == "lab/m-1-20260101"
    assert model["huggingface_id"] == "Lab/M-1"
    assert model["organisation"] == "lab"
    assert model["open_weights"] is True
    assert prices(parsed) == {("standard", "input"): 0.252, ("standard", "output"): 0.378}
    row = parsed.rows["prices"][0]
    assert (row["provider"], row["basis"]) == ("openrouter", "snapshot")
    assert row["valid_from"] == row["known_on"] == row["vintage"] == DAY


def test_a_day_of_expiration_is_kept() -> None:
    (row,) = read(expiration_date="2026-06-01").rows["retirements"]
    assert (row["provider"], row["model_name"]) == ("openrouter", "lab/m-1")
    assert (row["retires_on"], row["stated_as"]) == (date(2026, 6, 1), "expiration")
    assert row["known_on"] == DAY
    assert "retirements" not in read().rows


def test_without_weights_openness_is_unknown_not_false() -> None:
    (model,) = read(hugging_face_id="").rows["models"]
    assert model["open_weights"] is None
    assert model["huggingface_id"] is None


def test_the_day_in_a_file_name_wins() -> None:
    assert read("models_2025-12-06.json").rows["models"][0]["vintage"] == date(2025, 12, 6)


def test_a_router_has_no_price_of_its_own() -> None:
    parsed = read(pricing={"prompt": "-1", "completion": "-1"})
    assert "prices" not in parsed.rows
    assert len(parsed.rows["models"]) == 1
    assert parsed.dropped == {"a price that depends on the model it is routed to": 2}


def test_long_prompts_have_a_tier_and_hours_are_counted() -> None:
    overrides = [
        {"min_prompt_tokens": 272_000, "prompt": "0.00002", "completion": "0.000075"},
        {"utc_start": 0, "utc_end": 100, "utc_days": ["monday"], "prompt": "0.00000015"},
    ]
    pricing = {"prompt": "0.00001", "completion": "0.00005", "web_search": "0.01"}
    parsed = read(pricing={**pricing, "overrides": overrides})
    assert prices(parsed)["over_272k", "output"] == 75
    assert parsed.dropped == {
        "not a price per token: web_search": 1,
        "a price for certain hours only": 1,
    }


@pytest.mark.parametrize("changes", [{"id": "~lab/latest"}, {"alias_target": {"slug": "lab/m-1"}}])
def test_an_alias_is_no_model(changes: dict[str, Any]) -> None:
    parsed = read(**changes)
    assert not parsed.rows
    assert sum(parsed.dropped.values()) == 1


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"colour": 1}, "colour"),
        ({"pricing": {"prompt": "cheap", "completion": "0"}}, "prompt"),
        ({"pricing": {"prompt": "-2", "completion": "0"}}, "prompt"),
        ({"pricing": {"prompt": "0", "per_word": "0"}}, "per_word"),
        ({"pricing": {"prompt": "0", "discount": 0.5}}, "discount"),
        ({"pricing": {"prompt": "0", "overrides": [{"moon": 1}]}}, "min_prompt_tokens"),
        ({"envelope": {"warning": "x"}}, "warning"),
    ],
)
def test_a_changed_layout_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(**changes)


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> dict[str, pl.DataFrame]:
    raw = raw_from_folder(SOURCE, shared_evidence / "openrouter_models", date(2026, 6, 1))
    frames, dropped = frames_of(importer("openrouter_models"), raw)
    assert dropped["an alias that moves to the newest model of a family"] == 8
    return dict(frames)


def test_the_real_file(real: dict[str, pl.DataFrame]) -> None:
    # 364 entries, of which 8 are aliases.
    assert real["models"].height == 356
    assert real["prices"].height == 930
    assert set(real["prices"]["vintage"]) == {DAY}
    (row,) = real["models"].filter(model_name="deepseek/deepseek-v3.2").to_dicts()
    assert row["canonical_name"] == "deepseek/deepseek-v3.2-20251201"
    assert row["huggingface_id"] == "deepseek-ai/DeepSeek-V3.2"
