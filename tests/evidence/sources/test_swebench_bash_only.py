"""The SWE-bench bash-only importer, and its check of items against the headline."""

import copy
import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources import swebench_bash_only
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2025, 12, 10)


def items(solved: int) -> dict[str, dict[str, Any]]:
    return {
        f"repo__repo-{i}": {"resolved": i < solved, "cost": 0.01 * i, "api_calls": i}
        for i in range(500)
    }


def system(solved: int = 300, **fields: Any) -> dict[str, Any]:
    unused = dict.fromkeys(swebench_bash_only._UNUSED)
    return {
        "name": "Model X (high)",
        "resolved": 60.0,
        "date": "2025-12-01",
        "checked": True,
        "warning": None,
        "cost": 14.04,
        "mini-swe-agent_version": "1.17.1",
        "tags": ["Model: model-x", "Org: Lab", "System: Attempts - 1"],
        "per_instance_details": items(solved),
        **unused,
        **fields,
    }


def parse(*systems: dict[str, Any], top: dict[str, Any] | None = None) -> Parsed:
    boards = [
        {"name": "Verified", "results": [{"name": "another scaffold"}]},
        {"name": "bash-only", "results": list(systems)},
    ]
    content = gzip.compress(json.dumps({"leaderboards": boards, **(top or {})}).encode())
    files = (RawFile("leaderboards.json.gz", content),)
    return swebench_bash_only.parse(RawFiles("swebench_bash_only", files, DAY))


def test_a_system_gives_its_headline_and_its_items() -> None:
    parsed = parse(system())
    (headline,) = parsed.rows["benchmark_scores"]
    assert headline["score_frac"] == 0.6
    assert headline["cost_usd"] == 14.04
    assert headline["organisation"] == "Lab"
    assert headline["attempts_n"] == 1
    assert headline["setting"] == "mini-SWE-agent 1.17.1"
    assert headline["note"] is None
    rows = parsed.rows["task_results"]
    assert len(rows) == 500
    assert rows[2] == {
        "benchmark": "swe_bench_bash_only",
        "task": "repo__repo-2",
        "model_name": "Model X (high)",
        "setting": "mini-SWE-agent 1.17.1",
        "attempt_n": 1,
        "score_frac": 1.0,
        "cost_usd": 0.02,
        "calls_n": 2,
        "observed_on": date(2025, 12, 1),
        "known_on": date(2025, 12, 1),
    }


def test_entries_of_other_boards_are_counted() -> None:
    assert parse(system()).dropped == {"a system of the Verified board": 1}


@pytest.mark.parametrize(("solved", "kept"), [(300, 500), (291, 500), (289, 0), (51, 0), (312, 0)])
def test_items_that_contradict_the_headline_are_left_out(solved: int, kept: int) -> None:
    parsed = parse(system(solved))
    assert len(parsed.rows.get("task_results", [])) == kept
    assert parsed.dropped["items contradict the headline"] == 500 - kept
    (headline,) = parsed.rows["benchmark_scores"]
    assert (headline["note"] is None) == (kept > 0)


def test_a_system_without_items_or_cost_keeps_its_headline() -> None:
    bare = system(cost=0, checked=None, warning="Old run.")
    del bare["per_instance_details"]
    parsed = parse(bare)
    (headline,) = parsed.rows["benchmark_scores"]
    assert headline["cost_usd"] is None
    assert headline["note"] == "Not checked by the SWE-bench team. Old run."
    assert "task_results" not in parsed.rows


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"mood": "good"}, "mood"),
        ({"resolved": "most"}, "resolved"),
        ({"tags": ["Colour: red"]}, "Colour"),
        ({"per_instance_details": {"t": {"resolved": 1, "cost": 1, "api_calls": 1}}}, "resolved"),
        ({"per_instance_details": {"t": {"resolved": True, "cost": 1}}}, "api_calls"),
    ],
)
def test_a_changed_layout_is_refused(fields: dict[str, Any], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        parse(copy.deepcopy(system()) | fields)


def test_the_board_must_be_there() -> None:
    with pytest.raises(UpstreamChanged, match="bash-only"):
        parse(top={"leaderboards": []})
    with pytest.raises(UpstreamChanged, match="version"):
        parse(system(), top={"version": 2})


def test_the_real_board(shared_evidence: Path) -> None:
    found = importer("swebench_bash_only")
    raw = raw_from_folder(found.source, shared_evidence / "swebench_bash_only", DAY)
    frames, dropped = frames_of(found, raw)
    scores, results = frames["benchmark_scores"], frames["task_results"]
    assert scores.height == 31
    # 25 systems have items; only Claude 3.7's contradict its headline.
    assert results.height == 24 * 500
    assert dropped["items contradict the headline"] == 500
    noted = scores.filter(pl.col("note").str.contains("left out"))
    assert noted["model_name"].to_list() == ["Claude 3.7 Sonnet (20250219)"]
    per_task = results.filter(model_name="DeepSeek V3.2 Reasoner")
    solved = float(per_task["score_frac"].sum())
    assert solved == 300
    assert float(per_task["cost_usd"].sum()) / solved == pytest.approx(0.047, abs=0.0005)
