from datetime import date
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.epoch_chip_counts import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_DAY = date(2026, 4, 22)
_OWNERS = "owners_csv_export/nvidia_owners_cumulative_totals.csv"
_HEAD = (
    "Name,Chip manufacturer,Owner,Start date,End date,Compute estimate in H100e (median),"
    "H100e (5th percentile),H100e (95th percentile),Number of Units,"
    "Number of Units (5th percentile),Number of Units (95th percentile),Total TDP (W),"
    "Power in MW (median),Incomplete,Source / Link,Notes\n"
)
_LINE = (
    "Lab A,Nvidia,Microsoft,1/1/2022,12/31/2025,300.0,250,380,120,100,150,7,8,,,"
    "Estimates generated on: 04-15-2026 18:24\n"
)


def _parse(texts: dict[str, str]) -> Parsed:
    files = tuple(RawFile(n, t.encode()) for n, t in sorted(texts.items()))
    return parse(RawFiles("epoch_chip_counts", files, _DAY))


def _row(line: str, name: str = _OWNERS, head: str = _HEAD) -> dict[str, Any]:
    (row,) = _parse({name: head + line}).rows["compute_stock"]
    return row


def test_a_stock_of_one_owner() -> None:
    row = _row(_LINE)
    assert (row["owner"], row["maker"], row["chip"]) == ("Microsoft", "Nvidia", "all")
    assert row["measure"] == "stock"
    assert row["units_n"] == 120
    assert (row["compute_low_h100e"], row["compute_h100e"], row["compute_high_h100e"]) == (
        250,
        300,
        380,
    )
    assert (row["window_start"], row["window_end"]) == (date(2022, 1, 1), date(2025, 12, 31))
    assert row["known_on"] == date(2026, 4, 15)
    assert row["vintage"] == _DAY
    assert row["note"] is None


def test_other_spellings_of_the_same_quantities() -> None:
    head = (
        "Name,Chip manufacturer,Start date,End date,Chip type,Number of units (5th percentile),"
        "Number of units (median),Number of units (95th percentile),"
        "Compute estimate in H100e (5th percentile),Compute estimate in H100e (median),"
        "Compute estimate in H100e (95th percentile),Incomplete,Notes\n"
    )
    line = "X,AMD,2024-01-01,2024-03-31,MI1,1,2,3,10,20,30,checked,\n"
    row = _row(line, "csv_export/amd_cumulative_by_chip.csv", head)
    assert (row["owner"], row["chip"], row["units_n"]) == ("all", "MI1", 2)
    assert row["compute_low_h100e"] == 10
    assert row["known_on"] == _DAY
    assert row["note"] == "incomplete quarter"


def test_quarters_are_additions_and_fiscal_quarters_are_dropped() -> None:
    parsed = _parse(
        {
            "owners_csv_export/nvidia_owners_quarters.csv": _HEAD + _LINE,
            "csv_export/nvidia_fiscal_quarter_chip_timelines.csv": _HEAD + _LINE,
        }
    )
    assert [r["measure"] for r in parsed.rows["compute_stock"]] == ["added"]
    assert dict(parsed.dropped) == {"fiscal quarters duplicate calendar quarters": 1}


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("Incomplete: based on Nvidia fiscal quarters ending 1/25/2026. ", "incomplete quarter"),
        ('"Excludes Microsoft, China. ', "excludes Microsoft, China"),
        (
            '"Excludes xAI, China. Other may be artificially low due to xAI timing. ',
            "excludes xAI, China; may be too low: xAI timing",
        ),
    ],
)
def test_remarks_are_kept_in_our_words(notes: str, expected: str) -> None:
    end = '"' if notes.startswith('"') else ""
    line = _LINE.replace("Estimates", f"{notes}Estimates").replace("18:24", f"18:24{end}")
    row = _row(line)
    assert row["note"] == expected
    assert row["known_on"] == date(2026, 4, 15)


def test_china_is_marked_as_official_sales() -> None:
    assert _row(_LINE.replace("Microsoft", "China"))["note"] == "official Nvidia sales only"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (_LINE.replace("Nvidia", "Intel"), "'Chip manufacturer' holds 'Intel'"),
        (_LINE.replace("Microsoft", "Atlantis"), "'Owner' holds 'Atlantis'"),
        (_LINE.replace("Estimates", "Beware. Estimates"), "'Notes' holds"),
        (_LINE.replace(",7,8,,", ",7,8,perhaps,"), "'Incomplete' holds 'perhaps'"),
        (_LINE.replace("300.0", "many"), "holds 'many'"),
    ],
)
def test_unknown_categories_raise(line: str, message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        _row(line)


def test_unknown_files_and_fields_raise() -> None:
    with pytest.raises(UpstreamChanged, match="unknown kind"):
        _row(_LINE, "csv_export/nvidia_forecast.csv")
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _row(_LINE, head=_HEAD.replace("Power in MW (median)", "Water"))
    with pytest.raises(UpstreamChanged, match="2 of the fields"):
        _row(_LINE, head=_HEAD.replace("Total TDP (W)", "Number of units (median)"))


def _published(folder: Path) -> list[dict[str, Any]]:
    root = folder / "epoch_chip_counts"
    paths = sorted({p for pattern in SOURCE.patterns for p in root.rglob(pattern)})
    files = tuple(RawFile(p.relative_to(root).as_posix(), p.read_bytes()) for p in paths)
    assert {f.name for f in files} >= {d.name for d in SOURCE.downloads}
    parsed = parse(RawFiles("epoch_chip_counts", files, _DAY))
    assert dict(parsed.dropped) == {"fiscal quarters duplicate calendar quarters": 69}
    return parsed.rows["compute_stock"]


def test_the_published_estimates(shared_evidence: Path) -> None:
    rows = _published(shared_evidence)
    assert len(rows) == 1508
    key = ("owner", "maker", "chip", "measure", "window_start", "window_end")
    assert len({tuple(r[k] for k in key) for r in rows}) == 1508
    stock = [
        r
        for r in rows
        if r["measure"] == "stock" and r["chip"] == "all" and r["window_end"] == date(2025, 12, 31)
    ]
    firms = {"Microsoft", "Meta", "Amazon", "Google", "Oracle"}
    owned = sum(r["compute_h100e"] for r in stock if r["owner"] in firms)
    assert owned == pytest.approx(14.36e6, rel=0.001)
    china = {r["maker"]: r for r in stock if r["owner"] == "China"}
    assert sum(r["compute_h100e"] for r in china.values()) == pytest.approx(0.412e6, rel=0.001)
    nvidia = china["Nvidia"]
    assert nvidia["compute_h100e"] == pytest.approx(0.402e6, rel=0.001)
    assert (nvidia["compute_low_h100e"], nvidia["compute_high_h100e"]) == pytest.approx(
        (0.325e6, 0.497e6), rel=0.001
    )
