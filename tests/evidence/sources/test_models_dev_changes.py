"""The importer of models.dev's price changes."""

import gzip
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.sources.models_dev_changes import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

HEADER = "path,committed_at,commit,field,old_usd_per_mtok,new_usd_per_mtok"
FILE = "providers/lab/models/m.toml"


def read(*lines: str, header: str = HEADER) -> Parsed:
    content = gzip.compress("\n".join((header, *lines)).encode())
    files = (RawFile("price_changes.csv.gz", content),)
    return parse(RawFiles("models_dev_changes", files, date(2026, 7, 2)))


def test_a_change_holds_from_its_day_in_utc() -> None:
    (row,) = read(f"{FILE},2025-11-18T02:00:00+07:00,0a345c9fd,input,0.57,0.28").rows["prices"]
    assert (row["provider"], row["model_name"]) == ("lab", "m")
    assert (row["tier"], row["token_kind"], row["basis"]) == ("standard", "input", "commit")
    assert row["price_usd_per_mtok"] == 0.28
    assert row["valid_from"] == row["known_on"] == date(2025, 11, 17)
    assert row["row_url"] == "https://github.com/sst/models.dev/commit/0a345c9fd"
    assert "vintage" not in row


def test_a_price_taken_out_is_empty() -> None:
    (row,) = read(f"{FILE},2025-11-18T00:00:00+00:00,0a345c9fd,output,2.00,").rows["prices"]
    assert row["price_usd_per_mtok"] is None


def test_the_last_change_of_a_day_counts_whatever_the_clock_of_its_author() -> None:
    early = f"{FILE},2025-11-18T09:00:00+09:00,aaaaaaaaa,input,,1"
    late = f"{FILE},2025-11-17T20:00:00-05:00,bbbbbbbbb,input,1,2"
    for lines in ((early, late), (late, early)):
        parsed = read(*lines)
        (row,) = parsed.rows["prices"]
        assert row["price_usd_per_mtok"] == 2
        assert parsed.dropped == {"changed again on the same day": 1}


def test_what_is_no_price_and_what_is_no_change_are_counted() -> None:
    parsed = read(
        f"{FILE},2025-12-07T00:00:00+00:00,aaaaaaaaa,input,0.80,-6999906",
        f"{FILE},2025-12-07T00:00:00+00:00,aaaaaaaaa,output,9,99999",
        f"{FILE},2025-12-07T00:00:00+00:00,aaaaaaaaa,cache_read,0.10,0.1",
    )
    assert not parsed.rows
    assert sorted(parsed.dropped.values()) == [1, 2]


def test_a_context_tier_in_the_field_name_and_the_oldest_folders() -> None:
    parsed = read(
        "providers/llama/M-8B.toml,2025-06-17T00:00:00+00:00,aaaaaaaaa,input,,1",
        f"{FILE},2025-06-17T00:00:00+00:00,aaaaaaaaa,context_over_200k.input,,2",
        f"{FILE},2025-06-17T00:00:00+00:00,aaaaaaaaa,tiers.272000.output,,3",
    )
    assert [(r["model_name"], r["tier"]) for r in parsed.rows["prices"]] == [
        ("M-8B", "standard"),
        ("m", "over_200k"),
        ("m", "over_272k"),
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"{FILE},2025-11-18T00:00:00+00:00,0a345c9fd,per_word,,1", "field"),
        (f"{FILE},2025-11-18T00:00:00,0a345c9fd,input,,1", "committed_at"),
        (f"{FILE},2025-11-18T00:00:00+00:00,not-a-hash,input,,1", "commit"),
        ("labs/m.toml,2025-11-18T00:00:00+00:00,0a345c9fd,input,,1", "path"),
        (f"{FILE},2025-11-18T00:00:00+00:00,0a345c9fd,input,,free", "new_usd_per_mtok"),
        (f"{FILE},2025-11-18T00:00:00+00:00,0a345c9fd,input,,", "no price to no price"),
        (f"{FILE},2025-11-18T00:00:00+00:00,0a345c9fd,input,", "missing"),
    ],
)
def test_a_changed_layout_is_refused(line: str, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(line)


def test_an_unknown_column_is_refused() -> None:
    line = f"{FILE},2025-11-18T00:00:00+00:00,0a345c9fd,input,,1,EUR"
    with pytest.raises(UpstreamChanged, match="currency"):
        read(line, header=f"{HEADER},currency")


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> pl.DataFrame:
    raw = raw_from_folder(SOURCE, shared_evidence / "models_dev", date(2026, 7, 2))
    frames, dropped = rows_of(importer("models_dev_changes"), raw)
    rows = frames["prices"]
    # Nothing is lost without being counted: the file has 30,603 lines.
    assert rows.height + sum(dropped.values()) == 30_603
    return rows


def known(rows: pl.DataFrame, model: str, kind: str, day: date) -> float | None:
    """The price of the latest row that was known and in force on a day."""
    seen = rows.filter(
        pl.col("provider") == "deepseek",
        pl.col("model_name") == model,
        pl.col("token_kind") == kind,
        pl.col("known_on") <= day,
        pl.col("valid_from") <= day,
    ).sort("valid_from")
    price: float | None = seen["price_usd_per_mtok"][-1]
    return price


def test_deepseeks_list_price_as_known_in_december_2025(real: pl.DataFrame) -> None:
    day = date(2025, 12, 15)
    assert known(real, "deepseek-chat", "input", day) == 0.28
    assert known(real, "deepseek-chat", "output", day) == 0.42
    # Seven weeks earlier the new price was in force, but the catalogue did not know it.
    assert known(real, "deepseek-chat", "output", date(2025, 10, 15)) == 1.68
    assert known(real, "deepseek-chat", "output", date(2026, 5, 1)) == 0.28


def test_the_real_file_spans_its_history(real: pl.DataFrame) -> None:
    assert real["known_on"].min() == date(2025, 6, 4)
    assert real["known_on"].max() == date(2026, 7, 1)
    assert real["price_usd_per_mtok"].drop_nulls().max() <= 10_000  # type: ignore[operator]
