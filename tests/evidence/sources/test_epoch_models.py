import csv
import io
from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources import epoch_models
from headtohead.evidence.sources.epoch_models import parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_FILE = "All ML Systems - full view.csv"
_FIELDS = {
    "Model": "Alpha",
    "Organization": "Lab A,Lab B",
    "Publication date": "2024-05-07",
    "Link": "https://example.org/alpha",
    "Notability criteria": "Highly cited,Training cost",
    "Parameters": "7000000000.0",
    "Training compute (FLOP)": "2e24",
    "Training hardware": "Chip X",
    "Confidence": "Likely",
    "Model accessibility": "API access",
    "Country (of organization)": "China,China",
    "Base model": "",
    "Hardware quantity": "256.0",
    "Last modified": "2025-05-01 10:42",
    "Training compute lower bound": "1e24",
    "Training compute upper bound": "3e24",
    "Training chip-hours": "1000.0",
    "Training code accessibility": "Unreleased",
    "Training compute cost (2023 USD)": "$1,250.50",
}


def _parse(*changes: dict[str, str], drop: str = "", add: str = "") -> Parsed:
    names = [*_FIELDS, *epoch_models._UNUSED, "Compute rank when published"]
    names = [n for n in names if n != drop] + ([add] if add else [])
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(
        {k: v for k, v in {**_FIELDS, **change}.items() if k in names} for change in changes or [{}]
    )
    raw = RawFile(_FILE, text.getvalue().encode())
    return parse(RawFiles("epoch_models", (raw,), date(2026, 4, 1)))


def test_one_model() -> None:
    (row,) = _parse().rows["training_runs"]
    assert row["country_name"] == "China,China"
    assert row["total_params_b"] == 7.0
    assert (row["train_low_flop"], row["train_flop"], row["train_high_flop"]) == (1e24, 2e24, 3e24)
    assert row["train_cost_usd"] == 1250.5
    assert "methods differ" in row["note"]
    assert row["chips_n"] == 256
    assert row["notable"] is True
    assert row["verified"] is True
    assert row["row_url"] == "https://example.org/alpha"


def test_the_latest_stamp_dates_the_whole_table() -> None:
    parsed = _parse({}, {"Model": "Beta", "Last modified": "2025-06-20 12:23"})
    assert {r["known_on"] for r in parsed.rows["training_runs"]} == {date(2025, 6, 20)}
    assert {r["vintage"] for r in parsed.rows["training_runs"]} == {date(2025, 6, 20)}


def test_undated_and_doubled_models_are_dropped_and_counted() -> None:
    parsed = _parse({}, {"Citations": "4"}, {"Model": "Old", "Publication date": ""})
    assert len(parsed.rows["training_runs"]) == 1
    assert dict(parsed.dropped) == {
        "same model, organisation and day listed twice": 1,
        "no publication date": 1,
    }


def test_blank_fields_stay_empty() -> None:
    blank = dict.fromkeys(_FIELDS, "")
    kept = ("Model", "Publication date", "Last modified", "Confidence")
    (row,) = _parse(blank | {k: _FIELDS[k] for k in kept}).rows["training_runs"]
    assert row["organisation"] == "not stated"
    assert row["train_cost_usd"] is row["train_flop"] is row["access"] is row["note"] is None
    assert row["notable"] is False


def test_deepseek_v2_hours_are_marked_wrong() -> None:
    change = {"Model": "DeepSeek-V2 (MoE-236B)", "Training chip-hours": "172800.0"}
    (row,) = _parse(change).rows["training_runs"]
    assert row["verified"] is False
    assert "per trillion" in row["note"]
    mended = change | {"Training chip-hours": "1400000.0"}
    assert _parse(mended).rows["training_runs"][0]["verified"] is True


@pytest.mark.parametrize("low", ["2.1e24", "5.42"])
def test_a_bound_that_contradicts_the_estimate_is_left_out(low: str) -> None:
    (row,) = _parse({"Training compute lower bound": low}).rows["training_runs"]
    assert row["train_low_flop"] is None
    assert row["train_high_flop"] == 3e24
    assert "contradicts" in row["note"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Model accessibility", "Carrier pigeon"),
        ("Training code accessibility", "Partly"),
        ("Confidence", "Maybe"),
        ("Notability criteria", "Highly cited,Loud"),
        ("Training compute cost (2023 USD)", "1000 EUR"),
        ("Hardware quantity", "2.5"),
        ("Training compute (FLOP)", "NaN"),
        ("Publication date", "05/07/2024"),
    ],
)
def test_unknown_categories_and_formats_raise(field: str, value: str) -> None:
    with pytest.raises(UpstreamChanged, match="holds"):
        _parse({field: value})


def test_a_new_or_missing_field_raises() -> None:
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _parse(add="Training water (litres)")
    with pytest.raises(UpstreamChanged, match="is missing"):
        _parse(drop="Model accessibility")


def test_the_published_table(shared_evidence: Path) -> None:
    content = (shared_evidence / "epoch_models" / _FILE).read_bytes()
    parsed = parse(RawFiles("epoch_models", (RawFile(_FILE, content),), date(2026, 4, 1)))
    rows = parsed.rows["training_runs"]
    assert len(rows) == 1891
    assert dict(parsed.dropped) == {"same model, organisation and day listed twice": 1}
    assert {r["known_on"] for r in rows} == {date(2025, 6, 20)}
    assert [r["model_name"] for r in rows if not r["verified"]] == ["DeepSeek-V2 (MoE-236B)"]
    by_name = {r["model_name"]: r for r in rows}
    assert by_name["DeepSeek-V3"]["train_chip_hours"] == 2_788_000
    assert by_name["DeepSeek-V3"]["train_cost_usd"] == 5_390_000
    large = [r for r in rows if (r["train_flop"] or 0) >= 1e25]
    assert sum("China" in (r["country_name"] or "") for r in large) == 4
