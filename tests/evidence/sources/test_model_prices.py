"""The model-prices importer."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.sources.model_prices import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles, Row

COMMIT = "https://github.com/sst/models.dev/commit/788d887eb16a"


def rates(
    day: str, price: float, basis: str = "models.dev commit", **more: object
) -> dict[str, Any]:
    stamp = f"{day}T12:00:00Z"
    fields = {"input": price, "output": price * 4, "source": COMMIT}
    return {**fields, "valid_from": stamp, "valid_from_basis": basis, **more}


def interval(start: str | None, found: dict[str, Any] | None, **more: object) -> dict[str, Any]:
    return {"start": f"{start}T12:00:00Z" if start else None, "rates": found, **more}


def read(
    modes: dict[str, list[dict[str, Any]]],
    schedule: list[dict[str, Any]] | None = None,
    status: dict[str, Any] | None = None,
    **more: object,
) -> Parsed:
    content = {
        "schema": 1,
        "updated_at": "2026-10-26T18:46:35Z",
        "models_dev": {},
        "prices": {"lab": {"m": modes}},
        "schedules": {"holidays": {}, "schedule": schedule or []},
        "status": status or {},
        "plans": [],
        "estimates": [],
        "aliases": {},
        "bases": {},
        **more,
    }
    files = (RawFile("snapshot.json", json.dumps(content).encode()),)
    return parse(RawFiles("model_prices", files, date(2026, 10, 26)))


def standard(*intervals: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {"standard": list(intervals)}


def inputs(parsed: Parsed, tier: str = "standard") -> list[Row]:
    return [r for r in parsed.rows["prices"] if (r["tier"], r["token_kind"]) == (tier, "input")]


def test_a_commit_is_known_on_its_day() -> None:
    (row,) = inputs(read(standard(interval(None, rates("2025-06-10", 0.27)))))
    assert (row["provider"], row["model_name"], row["basis"]) == ("lab", "m", "commit")
    assert row["price_usd_per_mtok"] == 0.27
    assert row["valid_from"] == row["known_on"] == date(2025, 6, 10)
    assert row["row_url"] == COMMIT
    assert row["note"] is None


def test_a_documented_price_is_known_on_its_own_day_and_says_so() -> None:
    old = rates("2025-08-25", 0.57)
    new = rates("2025-09-29", 0.28, "documented", source="https://lab.example/news")
    parsed = read(standard(interval(None, old), interval("2025-09-29", new, recorded=old)))
    row = inputs(parsed)[1]
    assert (row["basis"], row["known_on"]) == ("documented", date(2025, 9, 29))
    assert "public from its first day" in row["note"]
    assert row["row_url"] == "https://lab.example/news"


def test_a_corrected_figure_keeps_the_day_of_its_commit() -> None:
    old, new = rates("2025-06-10", 0.3), rates("2025-06-10", 0.27, "documented")
    modes = {
        **standard(interval(None, old), interval("2025-06-10", new, recorded=old)),
        "batch": [interval("2024-10-08", rates("2025-06-10", 0.135, "documented"))],
    }
    for tier, price in (("standard", 0.27), ("batch", 0.135)):
        (row,) = inputs(read(modes), tier)
        assert (row["price_usd_per_mtok"], row["basis"]) == (price, "commit")
        assert "models.dev's commit its day" in row["note"]


def test_a_price_first_seen_is_a_snapshot() -> None:
    (row,) = inputs(read(standard(interval(None, rates("2026-01-16", 1.0, "first observed")))))
    assert row["basis"] == "snapshot"
    assert "not known" in row["note"]


def test_a_mode_holds_from_its_own_start_or_the_rates_whichever_is_later() -> None:
    early = {"batch": [interval(None, None), interval("2024-10-08", rates("2025-06-05", 0.4))]}
    parsed = read(early)
    assert [r["valid_from"] for r in inputs(parsed, "batch")] == [date(2025, 6, 5)]
    assert parsed.dropped == {"a mode before it was offered": 1}
    late = standard(
        interval(None, rates("2026-08-06", 0.2)), interval("2026-10-20", rates("2026-08-06", 0.3))
    )
    assert [r["valid_from"] for r in inputs(read(late))] == [date(2026, 8, 6), date(2026, 10, 20)]


def test_of_two_rates_on_one_day_the_later_counts() -> None:
    first, second = rates("2025-06-10", 0.3), rates("2025-06-10", 0.27, "documented")
    parsed = read(standard(interval(None, first), interval("2025-06-10", second)))
    (row,) = inputs(parsed)
    assert row["price_usd_per_mtok"] == 0.27
    assert parsed.dropped == {"replaced by another rate on the same day": 2}


def test_a_rate_said_again_on_its_day_keeps_its_moment() -> None:
    first = rates("2026-09-10", 0.15, "documented", source="https://lab.example/news")
    again = rates("2026-09-10", 0.15, valid_from="2026-09-10T16:10:24Z")
    (row,) = inputs(read(standard(interval("2026-09-10", first), interval("2026-09-10", again))))
    assert row["valid_from_at"] == datetime(2026, 9, 10, 12, tzinfo=UTC)
    assert (row["basis"], row["row_url"]) == ("documented", "https://lab.example/news")


def test_tiers_multiples_and_aliases() -> None:
    tier = {"above": 200_000, "input": 2.5, "output": 15}
    found = rates("2025-06-10", 1.25, tiers=[tier], cache_write_1h_multiple=2.0, model="m-20250610")
    parsed = read({"batch": [interval(None, found)]})
    prices = {(r["tier"], r["token_kind"]): r["price_usd_per_mtok"] for r in parsed.rows["prices"]}
    assert prices["batch_over_200k", "input"] == 2.5
    assert prices["batch", "cache_write_1h"] == 2.5
    assert parsed.rows["prices"][0]["note"] == "stands for m-20250610"


def test_what_a_later_list_leaves_out_is_taken_out() -> None:
    modes = {
        "standard": [
            interval(None, rates("2025-06-10", 1.0, cache_read=0.1)),
            interval("2025-07-10", rates("2025-07-10", 1.0)),
        ],
        "fast": [interval(None, rates("2025-06-10", 2.0)), interval("2025-08-06", None)],
    }
    rows = read(modes).rows["prices"]
    cache = [r["price_usd_per_mtok"] for r in rows if r["token_kind"] == "cache_read"]
    assert cache == [0.1, None]
    fast = [r for r in rows if r["tier"] == "fast" and r["token_kind"] == "input"]
    assert [r["price_usd_per_mtok"] for r in fast] == [2.0, None]
    assert fast[1]["valid_from"] == date(2025, 8, 6)


OFF_PEAK: dict[str, Any] = {
    "provider": "lab",
    "source": "https://lab.example/off-peak",
    "note": "Words.",
    "valid_from": "2025-02-26T16:30:00Z",
    "valid_until": "2025-09-05T16:00:00Z",
    "off_peak_hours_utc": [["16:30", "00:30"]],
    "off_peak_multiplier": {"m": 0.5},
}
PEAK: dict[str, Any] = {
    "provider": "lab",
    "source": "https://lab.example/peak",
    "valid_from": "2026-08-16T16:00:00Z",
    "peak_hours_utc": [["01:00", "04:00"], ["06:00", "10:00"]],
    "peak_multiplier": 2.0,
    "weekdays_only": True,
    "holidays": "cn",
}
LIST = standard(
    interval(None, rates("2025-06-10", 0.27)),
    interval("2025-08-25", rates("2025-08-25", 0.57)),
    interval("2025-11-17", rates("2025-11-17", 0.28)),
)


def test_off_peak_hours_follow_the_standard_price_while_they_last() -> None:
    rows = inputs(read(LIST, [OFF_PEAK]), "off_peak")
    assert [(r["price_usd_per_mtok"], r["valid_from"], r["known_on"]) for r in rows] == [
        (0.135, date(2025, 6, 10), date(2025, 6, 10)),
        (0.285, date(2025, 8, 25), date(2025, 8, 25)),
        (None, date(2025, 9, 5), date(2025, 9, 5)),
    ]
    assert rows[0]["hours_utc"] == "16:30 to 00:30 UTC"
    assert rows[2]["valid_from_at"] == datetime(2025, 9, 5, 16, tzinfo=UTC)
    assert not any(row["valid_to"] for row in rows)  # the next row says it, from its own day on
    assert rows[0]["row_url"] == "https://lab.example/off-peak"


def test_peak_hours_hold_for_all_that_is_still_sold() -> None:
    (row,) = inputs(read(LIST, [PEAK]), "peak")
    assert (row["price_usd_per_mtok"], row["valid_from"]) == (0.56, date(2026, 8, 16))
    assert row["valid_to"] is None
    assert row["hours_utc"].endswith("on weekdays, Chinese public holidays excepted")
    assert row["valid_from_at"] == datetime(2026, 8, 16, 16, tzinfo=UTC)
    gone = read(LIST, [PEAK], {"lab": {"m": "removed"}})
    assert not inputs(gone, "peak")
    assert gone.dropped == {"peak hours of a model that is no longer sold": 1}


def test_the_hours_of_a_price_that_is_taken_out_end_with_it_on_that_day() -> None:
    modes = standard(interval(None, rates("2025-06-10", 0.27)), interval("2026-09-10", None))
    rows = inputs(read(modes, [PEAK]), "peak")
    assert [(r["price_usd_per_mtok"], r["valid_from"], r["known_on"]) for r in rows] == [
        (0.54, date(2026, 8, 16), date(2026, 8, 16)),
        (None, date(2026, 9, 10), date(2026, 9, 10)),
    ]


def test_what_is_removed_has_no_price_from_the_day_of_the_snapshot_on() -> None:
    rows = inputs(read(LIST, status={"lab": {"m": "removed"}}))
    before, (last,) = inputs(read(LIST, status={"lab": {"m": "deprecated"}})), rows[-1:]
    assert rows[:-1] == before
    assert (last["price_usd_per_mtok"], last["valid_from"]) == (None, date(2026, 10, 26))
    assert (last["basis"], last["known_on"]) == ("snapshot", date(2026, 10, 26))
    assert last["note"] == "no longer sold on this day; since when is not known"


def test_a_documented_price_has_its_moment_and_a_commit_has_none() -> None:
    told = interval("2025-11-17", rates("2025-11-17", 0.28, "documented"))
    rows = inputs(read(standard(interval(None, rates("2025-06-10", 0.27)), told)))
    assert [r["valid_from_at"] for r in rows] == [None, datetime(2025, 11, 17, 12, tzinfo=UTC)]


def test_what_is_no_price_is_counted() -> None:
    parsed = read(
        LIST, plans=[{"id": "pro"}], estimates=[{}], aliases={"models": {"a": "b", "c": "d"}}
    )
    assert sum(parsed.dropped.values()) == 4


@pytest.mark.parametrize(
    ("modes", "more", "what"),
    [
        ({"turbo": [interval(None, rates("2025-06-10", 1.0))]}, {}, "turbo"),
        (standard(interval(None, rates("2025-06-10", 1.0, "hearsay"))), {}, "hearsay"),
        (standard(interval(None, rates("2025-06-10", 1.0, per_word=1))), {}, "per_word"),
        (standard(interval(None, rates("2025-06-10", -1.0))), {}, "input"),
        (standard(interval("soon", rates("2025-06-10", 1.0))), {}, "start"),
        (standard(interval(None, rates("2025-06-10", 1.0), why="x")), {}, "why"),
        (standard(interval(None, rates("2025-06-10", 1.0, output=None))), {}, "output"),
        (LIST, {"schedule": [{**PEAK, "peak_multiplier": "twice"}]}, "twice"),
        (LIST, {"schedule": [{**PEAK, "peak_hours_utc": ["noon"]}]}, "peak_hours_utc"),
        (LIST, {"plans": {}}, "plans"),
        (LIST, {"schema": 2}, "schema"),
        (LIST, {"colour": 1}, "colour"),
        (LIST, {"status": {"lab": {"m": "asleep"}}}, "asleep"),
        (LIST, {"schedule": [{**PEAK, "holidays": "mars"}]}, "mars"),
        (LIST, {"schedule": [{**PEAK, "moon": "full"}]}, "moon"),
    ],
)
def test_a_changed_layout_is_refused(
    modes: dict[str, list[dict[str, Any]]], more: dict[str, Any], what: str
) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(modes, **more)


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> pl.DataFrame:
    raw = raw_from_folder(SOURCE, shared_evidence / "model_prices", date(2026, 10, 26))
    frames, dropped = rows_of(importer("model_prices"), raw)
    assert dropped["a subscription plan, not a price per token"] == 14
    return frames["prices"]


def test_the_real_file(real: pl.DataFrame) -> None:
    assert real.height == 5_805
    assert real.select("provider", "model_name").n_unique() == 575
    assert real["provider"].n_unique() == 32
    assert dict(real["basis"].value_counts().rows()) == {
        "commit": 3_988,
        "documented": 463,
        "snapshot": 1_354,
    }


def test_the_real_file_dates_deepseeks_price_war(real: pl.DataFrame) -> None:
    rows = real.filter(provider="deepseek", tier="standard", token_kind="output")
    found = {
        model: [
            (r["valid_from"].isoformat(), r["price_usd_per_mtok"], r["basis"])
            for r in rows.filter(model_name=model).sort("valid_from").to_dicts()
        ]
        for model in ("deepseek-chat", "deepseek-reasoner")
    }
    assert ("2025-11-17", 0.42, "commit") in found["deepseek-chat"]
    # The product corrects the reasoner's date by its announcement, but not the chat model's.
    assert ("2025-09-29", 0.42, "documented") in found["deepseek-reasoner"]
    assert ("2025-09-29", 0.42, "documented") not in found["deepseek-chat"]


def test_the_real_file_has_deepseeks_off_peak_price(real: pl.DataFrame) -> None:
    rows = real.filter(model_name="deepseek-reasoner", tier="off_peak", token_kind="output")
    first = rows.sort("valid_from").row(0, named=True)
    assert first["price_usd_per_mtok"] == pytest.approx(2.19 / 4)
    assert rows.sort("valid_from")["valid_from"][-1] == date(2025, 9, 5)
    assert rows.sort("valid_from")["price_usd_per_mtok"][-1] is None


def test_the_real_file_has_gpt_5_and_its_batch_price(real: pl.DataFrame) -> None:
    rows = real.filter(provider="openai", model_name="gpt-5", token_kind="output")
    prices = {r["tier"]: r["price_usd_per_mtok"] for r in rows.sort("valid_from").to_dicts()}
    assert (prices["standard"], prices["batch"]) == (10.0, 5.0)
