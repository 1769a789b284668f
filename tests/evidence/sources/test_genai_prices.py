"""The genai-prices importer."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources.genai_prices import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 8, 21)


def read(prices: object, **changes: object) -> Parsed:
    model = {"id": "m-1", "match": {"equals": "m-1"}, "prices": prices, **changes}
    provider = {
        "id": "lab",
        "name": "Lab",
        "api_pattern": "x",
        "pricing_urls": ["https://lab.example/pricing"],
        "models": [model],
    }
    content = gzip.compress(json.dumps([provider]).encode())
    return parse(RawFiles("genai_prices", (RawFile("data_v2.json.gz", content),), DAY))


def dated(day: str, **prices: object) -> dict[str, Any]:
    return {"constraint": {"start_date": day}, "prices": prices}


def summary(parsed: Parsed) -> list[tuple[str, str, float | None, date, date | None, str]]:
    return [
        (
            r["tier"],
            r["token_kind"],
            r["price_usd_per_mtok"],
            r["valid_from"],
            r["valid_to"],
            r["basis"],
        )
        for r in parsed.rows.get("prices", [])
    ]


def test_a_plain_price_is_a_snapshot_of_the_edition() -> None:
    parsed = read({"input_mtok": 0.27, "output_mtok": 1.1}, deprecated=True)
    assert summary(parsed) == [
        ("standard", "input", 0.27, DAY, None, "snapshot"),
        ("standard", "output", 1.1, DAY, None, "snapshot"),
    ]
    row = parsed.rows["prices"][0]
    assert (row["provider"], row["model_name"]) == ("lab", "m-1")
    assert row["known_on"] == row["vintage"] == DAY
    assert row["row_url"] == "https://lab.example/pricing"
    assert row["note"] == "deprecated by its provider"


def test_tiers_and_rarer_kinds_of_token() -> None:
    prices = {
        "input_mtok": {"base": 5, "tiers": [{"start": 200_000, "price": 10}]},
        "cache_write_1h_mtok": 10,
        "output_reasoning_mtok": 3,
        "web_searches_kcount": 10,
    }
    parsed = read(prices)
    assert [s[:3] for s in summary(parsed)] == [
        ("standard", "input", 5.0),
        ("over_200k", "input", 10.0),
        ("standard", "cache_write_1h", 10.0),
        ("standard", "reasoning", 3.0),
    ]
    assert parsed.dropped == {"not a price per token: web_searches_kcount": 1}


def test_a_price_that_has_ended_is_counted_and_its_successor_documented() -> None:
    parsed = read([{"prices": {"input_mtok": 10}}, dated("2025-06-10", input_mtok=2)])
    assert summary(parsed) == [("standard", "input", 2.0, date(2025, 6, 10), None, "documented")]
    assert sum(parsed.dropped.values()) == 1


def test_an_announced_price_ends_the_present_one() -> None:
    parsed = read([{"prices": {"input_mtok": 2}}, dated("2026-09-01", input_mtok=3)])
    assert summary(parsed) == [
        ("standard", "input", 2.0, DAY, date(2026, 9, 1), "snapshot"),
        ("standard", "input", 3.0, date(2026, 9, 1), None, "documented"),
    ]
    assert {r["known_on"] for r in parsed.rows["prices"]} == {DAY}


def test_what_a_later_list_leaves_out_is_taken_out() -> None:
    entries = [
        dated("2026-02-01", input_mtok=2, cache_read_mtok=1),
        dated("2026-01-01", input_mtok=1),
    ]
    entries.append(dated("2026-03-01", input_mtok=3))
    parsed = read(entries)
    cache = [s for s in summary(parsed) if s[1] == "cache_read"]
    assert [(s[2], s[3]) for s in cache] == [(1.0, date(2026, 2, 1)), (None, date(2026, 3, 1))]
    ends = [s[4] for s in summary(parsed) if s[1] == "input"]
    assert ends == [date(2026, 2, 1), date(2026, 3, 1), None]


@pytest.mark.parametrize(
    ("start", "end", "inside", "tiers"),
    [
        # 16 hours at 0.27: that is the usual price, and the rest of the day is cheaper.
        ("00:30:00Z", "16:30:00Z", 0.27, {"standard": 0.27, "off_peak": 0.135}),
        # 3 hours at 0.27: the cheap price is the usual one, and those hours are dearer.
        ("01:00:00Z", "04:00:00Z", 0.27, {"standard": 0.135, "peak": 0.27}),
        # 8 hours across midnight.
        ("16:30:00Z", "00:30:00Z", 0.05, {"standard": 0.135, "off_peak": 0.05}),
    ],
)
def test_what_holds_for_more_of_the_day_is_standard(
    start: str, end: str, inside: float, tiers: dict[str, float]
) -> None:
    window = {
        "constraint": {"start_time": start, "end_time": end},
        "prices": {"input_mtok": inside},
    }
    parsed = read([{"prices": {"input_mtok": 0.135}}, window])
    rows = parsed.rows["prices"]
    assert {r["tier"]: r["price_usd_per_mtok"] for r in rows} == tiers
    assert all(f"{start[:5]} to {end[:5]} UTC" in r["hours_utc"] for r in rows)
    assert sum("outside" in r["hours_utc"] for r in rows) == 1


def test_two_windows_are_counted_not_guessed() -> None:
    window = {"constraint": {"start_time": "01:00:00Z", "end_time": "02:00:00Z"}, "prices": {}}
    parsed = read([{"prices": {"input_mtok": 1}}, window, window])
    assert not parsed.rows
    assert parsed.dropped["prices by hour that one window of the day cannot express"] == 1


@pytest.mark.parametrize(
    ("prices", "changes", "what"),
    [
        ({"input_mtok": "free"}, {}, "base"),
        ({"input_mtok": -1}, {}, "base"),
        ({"input_words": 1}, {}, "input_words"),
        ({"input_smell_mtok": 1}, {}, "input_smell_mtok"),
        ({"input_mtok": {"base": 1, "tiers": [{"start": 0, "price": 1}]}}, {}, "start"),
        ({"input_mtok": {"base": 1, "tiers": [], "cap": 1}}, {}, "cap"),
        ({"input_mtok": 1}, {"colour": 1}, "colour"),
        ([{"prices": {"input_mtok": 1}, "why": 1}], {}, "why"),
        ([{"prices": {"input_mtok": 1}, "constraint": {"weekday": 1}}], {}, "weekday"),
        ([dated("soon", input_mtok=1)], {}, "start_date"),
        (
            [{"constraint": {"start_time": "01:00:00", "end_time": "1"}, "prices": {}}],
            {},
            "start_time",
        ),
    ],
)
def test_a_changed_layout_is_refused(prices: object, changes: dict[str, Any], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(prices, **changes)


def test_a_truncated_file_is_damaged() -> None:
    content = gzip.compress(b"[]" * 500)[:-9]
    with pytest.raises(DamagedDownload):
        parse(RawFiles("genai_prices", (RawFile("data_v2.json.gz", content),), DAY))


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> pl.DataFrame:
    raw = raw_from_folder(SOURCE, shared_evidence / "genai_prices", DAY)
    frames, _ = frames_of(importer("genai_prices"), raw)
    return frames["prices"]


def test_the_real_file(real: pl.DataFrame) -> None:
    assert real.height == 3_252
    assert real.filter(basis="documented").height == 68
    assert set(real["vintage"]) == {DAY}


def test_the_real_file_is_stale_for_deepseek_and_that_is_kept(real: pl.DataFrame) -> None:
    rows = real.filter(provider="deepseek", model_name="deepseek-chat")
    found = {(r["tier"], r["token_kind"]): r["price_usd_per_mtok"] for r in rows.to_dicts()}
    assert found["standard", "input"] == 0.27
    assert found["standard", "output"] == 1.1
    assert found["off_peak", "output"] == 0.55


def test_the_real_file_dates_o3s_price_cut(real: pl.DataFrame) -> None:
    rows = real.filter(provider="openai", model_name="o3", token_kind="output").to_dicts()
    assert [(r["price_usd_per_mtok"], r["valid_from"]) for r in rows] == [(8.0, date(2025, 6, 10))]
