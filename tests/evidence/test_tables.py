"""Every kind of row that is refused, and what is filled in."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from tests.evidence.toys import in_memory

from headtohead.core.errors import EvidenceError
from headtohead.evidence.tables import frame, polars_schema, table, tables

KNOWN = date(2026, 1, 15)
TOY = in_memory({}).source
WHOLE = in_memory({}, whole=True).source
RATING: dict[str, Any] = {
    "board": "text",
    "style_control": True,
    "category": "full",
    "model_name": "a",
    "rating_elo": 1400.0,
    "rating_low_elo": 1390.0,
    "rating_high_elo": 1410.0,
    "observed_on": date(2026, 1, 10),
}


def made(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(table("arena_ratings"), TOY, rows, KNOWN)


def test_every_table_makes_an_empty_frame_of_its_columns() -> None:
    for name, declared in tables().items():
        empty = frame(declared, TOY, [], KNOWN)
        assert empty.columns == [c.name for c in declared.all_columns], name
        assert dict(empty.schema) == polars_schema(declared)


def test_what_the_parser_leaves_out_is_filled_in() -> None:
    row = made(RATING).row(0, named=True)
    assert (row["source_id"], row["known_on"], row["verified"]) == ("toy", KNOWN, True)
    assert row["votes_n"] is None
    assert row["vintage"] is None


def test_what_the_parser_says_is_kept() -> None:
    said = {"known_on": date(2026, 1, 11), "verified": False, "note": "typed by hand"}
    row = made(RATING | said).row(0, named=True)
    assert {k: row[k] for k in said} == said


def test_rows_of_a_whole_edition_carry_its_day() -> None:
    rows = frame(table("arena_ratings"), WHOLE, [RATING], KNOWN)
    assert rows["vintage"].to_list() == [KNOWN]
    stated = frame(table("arena_ratings"), WHOLE, [RATING | {"vintage": date(2026, 1, 1)}], KNOWN)
    assert stated["vintage"].to_list() == [date(2026, 1, 1)]


def test_many_rows_are_all_kept_in_order() -> None:
    rows = [RATING | {"model_name": f"m{i:06}"} for i in range(50_001)]
    assert made(*rows)["model_name"].to_list() == [r["model_name"] for r in rows]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"elo": 3.0}, "has no column elo"),
        ({"row_url": "see https://a.example and b"}, "not one web address"),
        ({"rating_elo": "high"}, "rating_elo holds 'high', which is no real"),
        ({"rating_elo": True}, "holds True, which is no real"),
        ({"votes_n": 1.5}, r"votes_n holds 1\.5, which is no int"),
        ({"votes_n": True}, "votes_n holds True, which is no int"),
        ({"votes_n": 2**63}, "wrong type"),
        ({"observed_on": "2026-01-10"}, "which is no day"),
        ({"observed_on": datetime(2026, 1, 10, 23, 59, tzinfo=UTC)}, "which is no day"),
        ({"style_control": "yes"}, "which is no flag"),
        ({"style_control": 1}, "which is no flag"),
        ({"model_name": 4.1}, "which is no text"),
        ({"model_name": None}, "arena_ratings.model_name is empty in 1 of 1 rows"),
        ({"observed_on": date(1899, 12, 31)}, "before 1900"),
        ({"known_on": date(1, 1, 1)}, "before 1900"),
        ({"rating_elo": float("nan")}, "infinite or not a number in 1 rows"),
        ({"rating_high_elo": float("inf")}, "infinite or not a number in 1 rows"),
        ({"rating_low_elo": 1400.5}, "have rating_elo outside"),
        ({"rating_high_elo": 1399.5}, "have rating_elo outside"),
    ],
)
def test_a_wrong_row_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(EvidenceError, match=says) as refused:
        made(RATING | change)
    assert str(refused.value).startswith("toy: ")
    assert refused.value.exit_code == 65


def test_a_required_column_may_not_be_left_out() -> None:
    row = {k: v for k, v in RATING.items() if k != "observed_on"}
    with pytest.raises(EvidenceError, match="observed_on is empty"):
        made(row)


def test_a_key_may_not_repeat_on_one_day_of_knowledge() -> None:
    with pytest.raises(EvidenceError, match="1 rows of arena_ratings repeat a key"):
        made(RATING, RATING | {"rating_elo": 1401.0})


def test_a_key_may_repeat_as_a_later_correction() -> None:
    later = {"known_on": date(2026, 2, 1), "rating_elo": 1401.0}
    assert made(RATING, RATING | later).height == 2


def test_empty_ends_of_an_interval_are_fine() -> None:
    assert made(RATING | {"rating_low_elo": None, "rating_high_elo": None}).height == 1


def test_a_published_figure_must_lie_within_its_ends() -> None:
    figure = {
        "topic": "investment",
        "subject": "US",
        "measure": "private",
        "value": 109.0,
        "low_value": 110.0,
        "high_value": 120.0,
        "unit": "usd",
        "window_start": date(2024, 1, 1),
        "window_end": date(2024, 12, 31),
        "scope": "all",
    }
    with pytest.raises(EvidenceError, match="have value outside"):
        frame(table("figures"), TOY, [figure], KNOWN)


def test_moments_are_kept_in_utc() -> None:
    price = {"coin": "BTC", "observed_at": datetime(2025, 10, 17, 22, tzinfo=UTC), "price_usd": 1.0}
    rows = frame(table("coin_prices"), TOY, [price], KNOWN)
    assert rows["observed_at"].to_list() == [price["observed_at"]]
    assert rows.schema["observed_at"] == pl.Datetime("us", "UTC")


def test_a_moment_without_a_time_zone_is_refused() -> None:
    price = {
        "coin": "BTC",
        "observed_at": datetime.fromisoformat("2025-10-17T22:00:00"),
        "price_usd": 1.0,
    }
    with pytest.raises(EvidenceError, match="which is no moment"):
        frame(table("coin_prices"), TOY, [price], KNOWN)
