"""The importer of METR's time horizons."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.metr_horizons import parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 4, 11)
FILE = "benchmark_results_1_1.yaml"


def content(**changes: Any) -> dict[str, Any]:
    metrics = {
        "p50_horizon_length": {"estimate": 100.0, "ci_low": 60, "ci_high": 160.5},
        "p80_horizon_length": {"estimate": 20.0, "ci_low": 9, "ci_high": 40},
        "is_sota": True,
    }
    agent = {"metrics": metrics, "release_date": date(2025, 8, 7), "scaffolds": ["x"], **changes}
    return {"benchmark_name": "METR-Horizon-v1.1", "results": {"gpt_5_inspect": agent}}


def read(given: object) -> Parsed:
    return parse(RawFiles("metr_horizons", (RawFile(FILE, yaml.safe_dump(given).encode()),), DAY))


def test_a_model_gives_one_row_a_chance_of_success() -> None:
    half, most = read(content()).rows["time_horizons"]
    assert (half["suite"], half["model_name"]) == ("metr_horizon_v1_1", "gpt_5")
    assert (half["success_frac"], half["horizon_minutes"]) == (0.5, 100)
    assert (half["horizon_low_minutes"], half["horizon_high_minutes"]) == (60, 160.5)
    assert (most["success_frac"], most["horizon_minutes"]) == (0.8, 20)
    assert half["released_on"] == date(2025, 8, 7)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (content(mood="good"), "mood"),
        (content(metrics={}), "p50_horizon_length"),
        (content(release_date="soon"), "release_date"),
        ({**content(), "news": 1}, "news"),
    ],
)
def test_a_changed_layout_is_refused(given: object, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(given)


def test_the_real_file(shared_evidence: Path) -> None:
    file = RawFile(FILE, (shared_evidence / "metr_horizons" / FILE).read_bytes())
    rows = parse(RawFiles("metr_horizons", (file,), DAY)).rows["time_horizons"]
    assert len(rows) == 2 * 24
    by_name = {(r["model_name"], r["success_frac"]): r for r in rows}
    gpt_5 = by_name["gpt_5_2025_08_07", 0.5]
    assert gpt_5["horizon_minutes"] == pytest.approx(203.0, abs=0.1)
    assert all(
        r["horizon_low_minutes"] <= r["horizon_minutes"] <= r["horizon_high_minutes"] for r in rows
    )
