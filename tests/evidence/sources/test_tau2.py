"""The tau2-bench importer, in both layouts."""

import copy
import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources import tau2
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 8, 17)
MEASURES = ("pass_1", "pass_2", "pass_3", "pass_4", "cost")
DOMAINS = ("retail", "airline", "telecom", "banking_knowledge")
LINE = {
    "dir": "model-x_sierra_2025-10-01",
    "model": "Model X",
    "org": "Lab",
    "sub_org": "Sierra",
    "date": "2025-10-01",
    "modality": "",
    **{f"{d}_{m}": "" for d in DOMAINS for m in MEASURES},
    "retail_pass_1": "72.1",
    "retail_pass_4": "59.7",
    "retail_cost": "0.5",
}
SUBMISSION: dict[str, Any] = {
    "model_name": "Model X",
    "model_organization": "Lab",
    "submitting_organization": "Lab",
    "submission_date": "2026-02-26",
    "contact_info": {"email": None, "name": None},
    "is_new": False,
    "submission_type": "custom",
    "reasoning_effort": "high",
    "results": {
        "retail": {"pass_1": 80.0, "pass_2": None, "cost": 0.25, "agent_time_seconds": 44.5},
        "banking_knowledge": {"pass_1": 24.74, "cost": 3.3, "retrieval_config": "alltools"},
        "airline": None,
    },
    "methodology": {"user_simulator": "some-model"},
}


def parse_csv(*lines: dict[str, str]) -> Parsed:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    files = (RawFile("tau2_submissions.csv", out.getvalue().encode()),)
    return tau2.parse(RawFiles("tau2", files, DAY))


def parse_json(content: object, folder: str = "model-x_lab_2026-02-26") -> Parsed:
    files = (RawFile(f"{folder}/submission.json", json.dumps(content).encode()),)
    return tau2.parse(RawFiles("tau2", files, DAY))


def test_a_line_gives_a_row_for_each_pass_it_has() -> None:
    first, fourth = parse_csv(LINE).rows["benchmark_scores"]
    assert (first["part"], first["score_frac"]) == ("retail_pass_1", 0.721)
    assert (fourth["part"], fourth["score_frac"]) == ("retail_pass_4", 0.597)
    assert first["evaluator"] == "third_party"
    assert first["setting"] == "model-x_sierra_2025-10-01"
    assert first["known_on"] == date(2025, 10, 1)


def test_cost_is_one_attempt_at_every_task_and_given_once() -> None:
    first, fourth = parse_csv(LINE).rows["benchmark_scores"]
    assert first["cost_usd"] == 0.5 * 114
    assert "average per conversation" in first["note"]
    assert "cost_usd" not in fourth
    (free, _) = parse_csv({**LINE, "retail_cost": "0.0"}).rows["benchmark_scores"]
    assert free["cost_usd"] is None


def test_vendors_are_told_from_sierra_and_voice_from_text() -> None:
    vendor, _ = parse_csv({**LINE, "sub_org": "Lab"}).rows["benchmark_scores"]
    assert (vendor["evaluator"], vendor["benchmark"]) == ("first_party", "tau2")
    voice, _ = parse_csv({**LINE, "modality": "voice"}).rows["benchmark_scores"]
    assert (voice["evaluator"], voice["benchmark"]) == ("third_party", "tau2_voice")
    custom, _ = parse_csv({**LINE, "modality": "custom"}).rows["benchmark_scores"]
    assert custom["note"].startswith("Custom scaffold.")


def test_a_date_before_the_benchmark_is_not_believed() -> None:
    row, _ = parse_csv({**LINE, "date": "2024-09-23"}).rows["benchmark_scores"]
    assert row["known_on"] == DAY
    assert row["verified"] is False
    assert row["observed_on"] is None
    assert "2024-09-23" in row["note"]


def test_regraded_banking_scores_were_not_known_before() -> None:
    line = {**LINE, "banking_knowledge_pass_1": "39.7"}
    *_, banking = parse_csv(line).rows["benchmark_scores"]
    assert banking["known_on"] == date(2026, 7, 15)
    *_, later = parse_csv({**line, "date": "2026-08-04"}).rows["benchmark_scores"]
    assert later["known_on"] == date(2026, 8, 4)


def test_the_publishers_own_layout() -> None:
    retail, banking = parse_json(SUBMISSION).rows["benchmark_scores"]
    assert (retail["part"], retail["score_frac"]) == ("retail_pass_1", 0.8)
    assert retail["latency_mean_seconds"] == 44.5
    assert retail["evaluator"] == "first_party"
    assert retail["setting"] == "model-x_lab_2026-02-26"
    assert retail["note"].startswith("Custom scaffold. Reasoning effort high.")
    assert banking["cost_usd"] == pytest.approx(3.3 * 97)


def test_example_folders_are_counted() -> None:
    parsed = parse_json(SUBMISSION, folder="A_EXAMPLE_model_org_2026-03-11")
    assert parsed.rows == {}
    assert sum(parsed.dropped.values()) == 1


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({**LINE, "retail_pass_1": "720"}, "retail_pass_1"),
        ({**LINE, "date": "soon"}, "date"),
        ({**LINE, "modality": "smell"}, "modality"),
        ({**LINE, "pharmacy_pass_1": "3"}, "pharmacy"),
    ],
)
def test_a_changed_csv_is_refused(line: dict[str, str], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        parse_csv(line)


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("mood",), "good", "mood"),
        (("modality",), "smell", "modality"),
        (("submission_type",), "odd", "submission_type"),
        (("results", "pharmacy"), {"pass_1": 3}, "pharmacy"),
        (("results", "retail", "pass_5"), 3, "pass_5"),
        (("results",), [1], "not an object"),
    ],
)
def test_a_changed_submission_is_refused(path: tuple[str, ...], value: object, what: str) -> None:
    content = copy.deepcopy(SUBMISSION)
    inner = content
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(UpstreamChanged, match=what):
        parse_json(content)


def test_the_real_file(shared_evidence: Path) -> None:
    found = importer("tau2")
    raw = raw_from_folder(found.source, shared_evidence / "tau2", DAY)
    frames, dropped = frames_of(found, raw)
    rows = frames["benchmark_scores"]
    assert dropped == {}
    assert rows["setting"].n_unique() == 65
    assert set(rows["benchmark"]) == {"tau2", "tau2_voice"}
    assert rows.filter(benchmark="tau2_voice")["setting"].n_unique() == 19
    third = rows.filter(evaluator="third_party")
    assert third["setting"].n_unique() == 49
    doubted = rows.filter(verified=False)
    assert set(doubted["model_name"]) == {"Qwen3-Max", "o3", "Claude Opus 4", "Claude Sonnet 4"}
    deepseek = rows.filter(model_name="DeepSeek-V3.2", part="telecom_pass_1")
    assert deepseek.select("score_frac", "evaluator").row(0) == (0.962, "first_party")
