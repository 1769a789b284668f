"""The importer of OpenRouter's archived prices."""

import gzip
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources.openrouter_price_history import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

Snapshot = tuple[str, dict[str, object]]


def read(*snapshots: Snapshot, **more: object) -> Parsed:
    content = {
        "built": "2026-10-01",
        "source": "archive",
        "snapshots": [{"date": day, "prices": prices} for day, prices in snapshots],
        **more,
    }
    files = (RawFile("history.json.gz", gzip.compress(json.dumps(content).encode())),)
    return parse(RawFiles("openrouter_price_history", files, date(2026, 10, 1)))


def steps(parsed: Parsed, kind: str) -> list[tuple[str, float | None]]:
    return [
        (r["valid_from"].isoformat(), r["price_usd_per_mtok"])
        for r in parsed.rows["prices"]
        if r["token_kind"] == kind
    ]


def test_only_changes_give_rows() -> None:
    parsed = read(
        ("2025-01-01", {"lab/m": [0.27, 1.1]}),
        ("2025-02-01", {"lab/m": [0.27, 1.0]}),
        ("2025-03-01", {"lab/m": [0.27, 1.0]}),
    )
    assert steps(parsed, "input") == [("2025-01-01", 0.27)]
    assert steps(parsed, "output") == [("2025-01-01", 1.1), ("2025-02-01", 1.0)]
    assert sum(parsed.dropped.values()) == 3
    row = parsed.rows["prices"][0]
    assert (row["provider"], row["model_name"], row["basis"]) == ("openrouter", "lab/m", "snapshot")
    assert row["known_on"] == row["valid_from"]
    assert (
        row["row_url"] == "https://web.archive.org/web/20250101/https://openrouter.ai/api/v1/models"
    )


def test_a_model_that_vanishes_is_taken_out_and_may_return() -> None:
    parsed = read(
        ("2025-01-01", {"lab/m": [1, 2], "lab/n": [3, 4]}),
        ("2025-02-01", {"lab/n": [3, 4]}),
        ("2025-03-01", {"lab/m": [1, 2], "lab/n": [3, 4]}),
    )
    rows = [r for r in parsed.rows["prices"] if r["model_name"] == "lab/m"]
    assert [r["price_usd_per_mtok"] for r in rows if r["token_kind"] == "output"] == [2, None, 2]


@pytest.mark.parametrize(
    ("snapshots", "what"),
    [
        ([("2025-02-01", {}), ("2025-01-01", {})], "does not follow"),
        ([("2025-02-01", {}), ("2025-02-01", {})], "does not follow"),
        ([("soon", {})], "date"),
        ([("2025-02-01", {"lab/m": [1]})], "lab/m"),
        ([("2025-02-01", {"lab/m": {"input": 1}})], "lab/m"),
        ([("2025-02-01", {"lab/m": [1, -1]})], "output"),
        ([("2025-02-01", {"lab/m": [None, 1]})], "input"),
    ],
)
def test_a_changed_layout_is_refused(snapshots: list[Snapshot], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(*snapshots)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(UpstreamChanged, match="currency"):
        read(("2025-02-01", {}), currency="EUR")


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> pl.DataFrame:
    raw = raw_from_folder(SOURCE, shared_evidence / "openrouter_price_history", date(2026, 10, 1))
    frames, dropped = frames_of(importer("openrouter_price_history"), raw)
    rows = frames["prices"]
    stated = rows.filter(pl.col("price_usd_per_mtok").is_not_null()).height
    # 8,120 pairs of prices, and rows for what vanished.
    assert 2 * 8_120 <= stated + sum(dropped.values()) <= rows.height + sum(dropped.values())
    return rows


def test_the_real_file(real: pl.DataFrame) -> None:
    assert real.height == 4_947
    assert real["known_on"].min() == date(2023, 7, 26)
    assert real["known_on"].max() == date(2026, 9, 2)


def test_the_real_file_had_deepseek_v32_in_december_2025(real: pl.DataFrame) -> None:
    rows = real.filter(pl.col("model_name") == "deepseek/deepseek-v3.2").sort("valid_from")
    first = {r["token_kind"]: r for r in reversed(rows.to_dicts())}
    assert first["input"]["valid_from"] == date(2025, 12, 6)
    assert (first["input"]["price_usd_per_mtok"], first["output"]["price_usd_per_mtok"]) == (
        0.27,
        0.4,
    )
