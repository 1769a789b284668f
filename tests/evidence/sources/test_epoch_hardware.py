import csv
import io
from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources import epoch_hardware as source
from headtohead.evidence.sources.epoch_hardware import parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_FILE = "Chip dataset-Grid view.csv"
_NAMES = [
    "Hardware name",
    "Manufacturer",
    "Type",
    "Release date",
    *source._MEASURES,
    *source._UNUSED,
    "Tensor cores",
    "Foundry",
    "Link to datasheet",
    "ML hardware",
    "Last modified",
    "Unverified",
]
_CHIP = {
    "Hardware name": "Maker X100",
    "Manufacturer": "NVIDIA",
    "Type": "GPU",
    "Release date": "2022-09-20",
    source._FP16: "133800000000000",
    source._TENSOR: "989400000000000",
    source._INT8: "1979000000000000",
    "Memory size per board (Byte)": "80000000000",
    "Memory bandwidth (byte/s)": "3350000000000",
    "Intranode bandwidth (byte/s)": "900000000000",
    "TDP (W)": "700.0",
    "Die Size (mm^2)": "814.0",
    "Tensor cores": "528",
    "Foundry": "TSMC",
    "ML hardware": "checked",
    "Last modified": "6/13/2025 3:59pm",
}


def _parse(*changes: dict[str, str], tail: str = "", names: list[str] = _NAMES) -> Parsed:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(
        {k: v for k, v in {**_CHIP, **change}.items() if k in names} for change in changes
    )
    raw = RawFile(_FILE, ("\ufeff" + text.getvalue() + tail).encode())
    return parse(RawFiles("epoch_hardware", (raw,), date(2026, 4, 1)))


def test_units_are_ours_and_the_tensor_rate_wins() -> None:
    (row,) = _parse({}).rows["chips"]
    assert row["fp16_tflop_per_s"] == pytest.approx(989.4)
    assert row["fp8_tflop_per_s"] == pytest.approx(1979)
    assert row["memory_gb"] == 80
    assert row["memory_gb_per_s"] == 3350
    assert row["link_gb_per_s"] == 900
    assert (row["power_w"], row["die_mm2"]) == (700, 814)
    assert row["note"] == "8-bit speed is integer"
    assert row["released_on"] == date(2022, 9, 20)
    assert row["known_on"] == row["vintage"] == date(2025, 6, 13)


def test_a_plain_rate_on_a_chip_with_tensor_cores_is_noted() -> None:
    (row,) = _parse({source._TENSOR: "", source._FP8: "2e15"}).rows["chips"]
    assert row["fp16_tflop_per_s"] == pytest.approx(133.8)
    assert row["fp8_tflop_per_s"] == 2000
    assert row["note"] == "16-bit speed without tensor cores"


def test_what_is_no_accelerator_is_dropped_and_counted() -> None:
    plain = {"ML hardware": ""}
    parsed = _parse(
        plain | {"Type": "CPU"},
        plain | {"Type": "SoC", "Manufacturer": "Apple"},
        plain | {"Hardware name": "GeForce X"},
        {source._FP16: "", source._TENSOR: "", source._INT8: "", "Memory bandwidth (byte/s)": ""},
        {"Hardware name": ""},
        {},
        {},
        tail="Maker cut\r\n",
    )
    assert len(parsed.rows["chips"]) == 1
    assert dict(parsed.dropped) == {
        "processor": 1,
        "phone or laptop chip": 1,
        "graphics card or chip not listed as ML hardware": 1,
        "accelerator without a 16-bit, 8-bit or bandwidth figure": 1,
        "no name": 1,
        "chip listed twice": 1,
        "line cut short by the publisher": 1,
    }


def test_data_centre_families_and_other_makers_are_kept_unticked() -> None:
    plain = {"ML hardware": ""}
    parsed = _parse(
        plain | {"Hardware name": "NVIDIA H800 PCIe"},
        plain | {"Hardware name": "AMD Instinct MI210", "Manufacturer": "AMD", "Type": ""},
        plain | {"Hardware name": "Biren BR104", "Manufacturer": "Biren"},
        plain | {"Hardware name": "NPU 1", "Manufacturer": "", "Type": "NPU"},
    )
    assert [r["chip"] for r in parsed.rows["chips"]] == [
        "NVIDIA H800 PCIe",
        "AMD Instinct MI210",
        "Biren BR104",
        "NPU 1",
    ]
    assert parsed.rows["chips"][3]["maker"] == "NPU"


def test_known_errors_lose_the_figure_and_the_check_mark() -> None:
    (row,) = _parse({"Hardware name": "NVIDIA B300"}).rows["chips"]
    assert row["link_gb_per_s"] is None
    assert row["verified"] is False
    assert "eight chips" in row["note"]
    (row,) = _parse({"Unverified": "checked"}).rows["chips"]
    assert row["verified"] is False


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Type", "Abacus"),
        ("ML hardware", "yes"),
        (source._TENSOR, "989.4"),
        ("Memory bandwidth (byte/s)", "3350"),
        ("Memory size per board (Byte)", "80"),
        ("TDP (W)", "Infinity"),
        ("Release date", "20/09/2022"),
        ("Last modified", "2025-06-13"),
    ],
)
def test_unknown_categories_and_changed_units_raise(field: str, value: str) -> None:
    with pytest.raises(UpstreamChanged, match="holds"):
        _parse({field: value})


def test_a_new_field_raises() -> None:
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _parse({"Colour": "green"}, names=["Colour", *_NAMES])


def test_the_published_table(shared_evidence: Path) -> None:
    content = (shared_evidence / "epoch_models" / _FILE).read_bytes()
    parsed = parse(RawFiles("epoch_hardware", (RawFile(_FILE, content),), date(2026, 4, 1)))
    rows = parsed.rows["chips"]
    assert len(rows) == 233
    assert len(rows) + sum(parsed.dropped.values()) == 5775
    assert parsed.dropped["processor"] == 2698
    assert parsed.dropped["line cut short by the publisher"] == 1
    by_name = {r["chip"]: r for r in rows}
    assert by_name["NVIDIA H100 SXM5 80GB"]["memory_gb_per_s"] == 3350
    assert by_name["NVIDIA HGX H20"]["fp16_tflop_per_s"] == 148
    assert by_name["MetaX MXC500 (OAM)"]["memory_gb_per_s"] is None
    assert by_name["Huawei Ascend 910C"]["verified"] is False
    assert {r["known_on"] for r in rows} == {date(2025, 6, 20)}
