from datetime import date
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.chip_specs import parse
from headtohead.evidence.sourcing import RawFile, RawFiles

_DAY = date(2026, 11, 1)
_HEAD = (
    "chip,maker,bloc,release,fp16_tflops,fp8_tops,fp4_tops,mem_gb,mem_bw_gbs,link_gbs_bidir,"
    "tdp_w,die_mm2,tpp,perf_density,oct2022_3A090,oct2023_class,jan2026_case_by_case,"
    "flops_per_byte_fp8,src\n"
)
_LINE = (
    "X800,Maker,US,2023-03-21,989,1979,,80,3360,400,700,814,15832,19.45,no,3A090.a,eligible,589,"
    '"E; link M"\n'
)


def _rows(line: str, head: str = _HEAD) -> list[dict[str, Any]]:
    raw = RawFiles("chip_specs", (RawFile("chips.csv", (head + line).encode()),), _DAY)
    return parse(raw).rows["chips"]


def test_a_chip_is_known_from_its_release_without_a_status() -> None:
    rows = _rows(_LINE)
    assert [r["known_on"] for r in rows] == [date(2023, 3, 21)]
    assert not [name for name in rows[0] if "controlled" in name or "eligible" in name]


def test_figures_are_taken_in_our_units() -> None:
    row = _rows(_LINE)[0]
    assert (row["fp16_tflop_per_s"], row["fp8_tflop_per_s"]) == (989, 1979)
    assert (row["memory_gb"], row["memory_gb_per_s"], row["link_gb_per_s"]) == (80, 3360, 400)
    assert row["compute_tpp"] == 15832
    assert row["fp4_tflop_per_s"] is None


@pytest.mark.parametrize(
    ("src", "note"),
    [
        ("E; link M", "from memory, unverified: link"),
        ("E S; die M (2 dies)", "from memory, unverified: die"),
        ("M (a roadmap: 1 PFLOPS)", "from memory, unverified: every figure"),
        ("fp8 E; fp16 780, link M (per die)", "from memory, unverified: fp16 780, link"),
        (
            "A (fp8 4500); S: fp16 3375 - sources disagree; die M",
            "from memory, unverified: die; sources disagree",
        ),
    ],
)
def test_figures_from_memory_are_named_and_not_verified(src: str, note: str) -> None:
    row = _rows(_LINE.replace("E; link M", src))[0]
    assert row["verified"] is False
    assert row["note"] == note


def test_a_row_read_from_its_sources_is_verified() -> None:
    row = _rows(_LINE.replace("E; link M", "E I S"))[0]
    assert row["verified"] is True
    assert row["note"] is None


def test_a_plan_is_no_release_and_undated_chips_are_known_from_the_compilation() -> None:
    rows = _rows(_LINE.replace("2023-03-21", "2026-Q1 plan"))
    assert [(r["released_on"], r["known_on"]) for r in rows] == [(None, _DAY)]
    assert rows[0]["note"].startswith("announced for 2026-Q1")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (_LINE.replace("E; link M", "Q"), "'src' holds 'Q'"),
        (_LINE.replace("E; link M", "M link"), "'src' holds 'M link'"),
        (_LINE.replace(",989,", ",fast,"), "'fp16_tflops' holds 'fast'"),
        (_LINE.replace("2023-03-21", "March 2023"), "'release' holds 'March 2023'"),
        (_LINE.replace("\n", ",more\n"), "more cells"),
    ],
)
def test_what_is_unknown_raises(line: str, message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        _rows(line)


def test_a_new_field_raises() -> None:
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _rows(_LINE.replace("\n", ",1\n"), _HEAD.replace("\n", ",price\n"))


def test_the_compiled_chips(shared_evidence: Path) -> None:
    content = (shared_evidence / "chips" / "chips.csv").read_bytes()
    rows = parse(RawFiles("chip_specs", (RawFile("chips.csv", content),), _DAY)).rows["chips"]
    assert len(rows) == len({r["chip"] for r in rows}) == 20
    assert {r["chip"] for r in rows if not r["verified"]} >= {"H20 96GB", "Ascend 910C"}
