from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.epoch_chip_prices import parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_FILE = "Hardware prices.csv"
_HEADER = (
    "Price source,Price date,Hardware model,Manufacturer,Vendor,Location,"
    "Price per chip-hour (on-demand),Price per chip-hour (1-year CUD),"
    "Price per chip-hour (3-year CUD),Price (hardware purchase),Notes,Cloud GPU description,"
    "Number of GPUs\n"
)


def _parse(*lines: str, header: str = _HEADER) -> Parsed:
    raw = RawFile(_FILE, ("\ufeff" + header + "\n".join(lines)).encode())
    return parse(RawFiles("epoch_chip_prices", (raw,), date(2026, 4, 1)))


def test_one_line_gives_one_row_a_filled_price() -> None:
    parsed = _parse("https://example.org/p,2024-07-27,Chip X,Maker,Cloud,East,3.67,2.40,1.45,,,X,8")
    rows = parsed.rows["chip_prices"]
    assert [(r["contract"], r["price_usd_per_chip_hour"]) for r in rows] == [
        ("on_demand", 3.67),
        ("one_year", 2.40),
        ("three_years", 1.45),
    ]
    assert all(r["price_usd"] is None for r in rows)
    assert {r["known_on"] for r in rows} == {r["priced_on"] for r in rows} == {date(2024, 7, 27)}
    assert rows[0]["row_url"] == "https://example.org/p"


def test_a_purchase_is_priced_whole() -> None:
    (row,) = _parse(",2020-01-01,Chip X,Maker,,,,,,15000.00,Single-unit list price,,1").rows[
        "chip_prices"
    ]
    assert (row["contract"], row["price_usd"]) == ("purchase", 15000.0)
    assert row["price_usd_per_chip_hour"] is None
    assert row["vendor"] is row["location"] is None
    assert row["verified"] is True


def test_an_estimate_is_not_verified() -> None:
    (row,) = _parse(",2020-01-01,Chip X,Maker,,,,,,9000,Estimated from older prices,,1").rows[
        "chip_prices"
    ]
    assert row["verified"] is False
    assert row["note"] == "an estimate, not a quote"


def test_of_several_quotes_the_lowest_is_kept_and_the_rest_counted() -> None:
    start = ",2022-08-04,Chip X,Maker,Cloud,,"
    parsed = _parse(*(f"{start}{price},,,,,,{n}" for n, price in ((1, 3.1), (2, 2.9), (4, 2.9))))
    (row,) = parsed.rows["chip_prices"]
    assert row["price_usd_per_chip_hour"] == 2.9
    assert row["note"] == "lowest of several quotes that day"
    assert dict(parsed.dropped) == {
        "dearer quote for the same chip, seller, place and day": 1,
        "same quote listed again": 1,
    }


def test_other_places_days_and_contracts_are_other_quotes() -> None:
    parsed = _parse(
        ",2022-08-04,Chip X,Maker,Cloud,East,3,2,,,,,1",
        ",2022-08-04,Chip X,Maker,Cloud,West,3,,,,,,1",
        ",2022-08-05,Chip X,Maker,Cloud,East,3,,,,,,1",
    )
    assert len(parsed.rows["chip_prices"]) == 4
    assert not parsed.dropped


def test_lines_without_price_or_date_are_dropped_and_counted() -> None:
    parsed = _parse(",2022-08-04,Chip X,,,,,,,,,,", ",,Chip X,,,,1.0,,,,,,")
    assert dict(parsed.dropped) == {"no price": 1, "no price date": 1}


@pytest.mark.parametrize(
    "line",
    [
        ",2022-08-04,Chip X,,,,3000,,,,,,1",
        ",2022-08-04,Chip X,,,,,,,1.5,,,1",
        ",2022-08-04,Chip X,,,,free,,,,,,1",
        ",4 Aug 2022,Chip X,,,,3,,,,,,1",
    ],
)
def test_impossible_prices_and_dates_raise(line: str) -> None:
    with pytest.raises(UpstreamChanged, match="holds"):
        _parse(line)


def test_a_new_field_raises() -> None:
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _parse(",2022-08-04,X,,,,3,,,,,,1,9", header=_HEADER.replace("\n", ",Rating\n"))


def test_the_published_prices(shared_evidence: Path) -> None:
    content = (shared_evidence / "epoch_models" / _FILE).read_bytes()
    parsed = parse(RawFiles("epoch_chip_prices", (RawFile(_FILE, content),), date(2026, 4, 1)))
    rows = parsed.rows["chip_prices"]
    assert len(rows) == 588
    assert parsed.dropped["no price"] == 1
    assert sum(parsed.dropped.values()) - 1 + len(rows) == 804
    assert (min(r["priced_on"] for r in rows), max(r["priced_on"] for r in rows)) == (
        date(2010, 11, 9),
        date(2025, 3, 17),
    )
