from datetime import date
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.epoch_chip_sales import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_DAY = date(2026, 9, 24)
_SALES, _OWNERS = "sales_cumulative_by_designer.csv", "owners_cumulative_by_designer.csv"
_FIGURES = ",".join(
    f"{quantity} ({end})"
    for quantity in ("Number of units", "H100e", "Power (MW)", "Cost (USD)")
    for end in ("5th percentile", "median", "95th percentile")
)
_SALES_HEAD = f"Name,Designer,Series start date,End date,{_FIGURES},Incomplete,Source,Notes\n"
_OWNERS_HEAD = _SALES_HEAD.replace("Designer,", "Designer,Owner,")
_HUAWEI = "H,Huawei,2024-01-01,2025-12-31,,1000,,,500,,,7,,1,2,3,,,remark\n"
_CAMBRICON = "C,Cambricon,2024-01-01,2025-12-31,90,100,120,30,40,60,1,2,3,,,,,,\n"
_BOTH = _SALES_HEAD + _HUAWEI + _CAMBRICON


def _parse(**texts: str) -> Parsed:
    names = {"sales": _SALES, "owners": _OWNERS, "alone": "china_smuggled_nvidia.csv"}
    files = tuple(RawFile(names[n], t.encode()) for n, t in texts.items())
    return parse(RawFiles("epoch_chip_sales", files, _DAY))


def test_each_designer_is_counted_in_all_and_in_china() -> None:
    rows = _parse(sales=_BOTH).rows["compute_stock"]
    assert [(r["maker"], r["owner"]) for r in rows] == [
        ("Huawei", "all"),
        ("Huawei", "China"),
        ("Cambricon", "all"),
        ("Cambricon", "China"),
    ]
    first = rows[2]
    ends = first["compute_low_h100e"], first["compute_h100e"], first["compute_high_h100e"]
    assert ends == (30, 40, 60)
    assert (first["window_start"], first["window_end"]) == (date(2024, 1, 1), date(2025, 12, 31))
    assert (first["units_n"], first["note"]) == (100, None)


def test_an_interval_that_is_not_published_stays_empty_and_is_named() -> None:
    huawei = _parse(sales=_BOTH).rows["compute_stock"][0]
    assert huawei["compute_h100e"] == 500
    assert huawei["compute_low_h100e"] is huawei["compute_high_h100e"] is None
    assert huawei["note"] == "no interval published"


def test_chips_counted_elsewhere_are_left_out_and_counted() -> None:
    nvidia = _CAMBRICON.replace("Cambricon", "Nvidia")
    owners = _OWNERS_HEAD + _CAMBRICON.replace("Cambricon,", "Cambricon,China,")
    owners += nvidia.replace("Nvidia,", "Nvidia,xAI,")
    owners += nvidia.replace("Nvidia,", "Nvidia,China (smuggled),")
    parsed = _parse(sales=_BOTH + nvidia, owners=owners)
    (smuggled,) = [r for r in parsed.rows["compute_stock"] if r["owner"] == "China (smuggled)"]
    assert (smuggled["maker"], smuggled["compute_h100e"]) == ("Nvidia", 40)
    assert dict(parsed.dropped) == {
        "chips of US designers, counted with their owners elsewhere": 1,
        "owners whose chips are counted elsewhere": 2,
    }


def test_smuggled_chips_alone_in_a_file() -> None:
    head = "End date,H100e (5th percentile),H100e (median),H100e (95th percentile)\n"
    rows = _parse(sales=_BOTH, alone=head + "2025-12-31,294087,662048,1592327\n").rows
    row = rows["compute_stock"][-1]
    assert (row["owner"], row["window_start"]) == ("China (smuggled)", date(2024, 1, 1))
    assert row["units_n"] is None


@pytest.mark.parametrize(
    ("sales", "message"),
    [
        (_BOTH.replace("Huawei,", "Biren,"), "'Designer' holds 'Biren'"),
        (_BOTH.replace(",remark", ",remark").replace("2,3,,,remark", "2,3,yes,,remark"), "mark"),
        (_BOTH.replace("Cost (USD) (median)", "Cost (CNY)"), "unknown field"),
        (_BOTH.replace("500", "many"), "holds 'many'"),
    ],
)
def test_what_is_new_raises(sales: str, message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        _parse(sales=sales)


def _published(folder: Path) -> list[dict[str, Any]]:
    root = folder / "epoch_chip_counts_2026-09"
    names = [n for n in SOURCE.patterns if (root / n).is_file()]
    files = tuple(RawFile(n, (root / n).read_bytes()) for n in names)
    return parse(RawFiles("epoch_chip_sales", files, _DAY)).rows["compute_stock"]


def test_the_published_counts(shared_evidence: Path) -> None:
    rows = _published(shared_evidence)
    assert len(rows) == 8 * (2 + 2 + 1)
    last = [r for r in rows if r["window_end"] == date(2025, 12, 31) and r["owner"] != "all"]
    stock = {r["maker"]: r["compute_h100e"] for r in last}
    assert stock == {"Huawei": 707_968, "Cambricon": 34_925, "Nvidia": 662_048}
