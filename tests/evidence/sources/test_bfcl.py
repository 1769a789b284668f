"""The Berkeley Function Calling Leaderboard importer."""

import csv
import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources import bfcl
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 4, 12)
PERCENT = (*bfcl._PARTS, *bfcl._FINER)
LINE = {
    **dict.fromkeys(PERCENT, "50.00%"),
    **dict.fromkeys(bfcl._UNUSED, "x"),
    "Overall Acc": "72.38%",
    "Model": "Some-Model (FC thinking)",
    "Total Cost ($)": "4.64",
    "Latency Mean (s)": "4.34",
    "Latency 95th Percentile (s)": "13.5",
    "Organization": "Lab",
}


def parse(*lines: dict[str, str]) -> Parsed:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    files = (RawFile("data_overall.csv", out.getvalue().encode()),)
    return bfcl.parse(RawFiles("bfcl", files, DAY))


def test_a_line_gives_its_parts_and_its_cost_once() -> None:
    rows = parse(LINE).rows["benchmark_scores"]
    assert [r["part"] for r in rows] == list(bfcl._PARTS.values())
    overall = rows[0]
    assert overall["score_frac"] == 0.7238
    assert overall["cost_usd"] == 4.64
    assert overall["latency_mean_seconds"] == 4.34
    assert overall["latency_p95_seconds"] == 13.5
    assert [r for r in rows if "cost_usd" in r] == [overall]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("Some-Model (FC thinking)", "FC thinking"),
        ("Some-Model (Prompt)", "Prompt"),
        ("Some-Model", None),
        ("Some-Model (2025)", None),
    ],
)
def test_the_mode_is_parsed_and_the_name_stays_as_printed(name: str, setting: str | None) -> None:
    row = parse({**LINE, "Model": name}).rows["benchmark_scores"][0]
    assert (row["model_name"], row["setting"]) == (name, setting)


def test_untested_parts_are_counted_and_unknown_costs_stay_empty() -> None:
    parsed = parse({**LINE, "Memory Acc": "N/A", "Total Cost ($)": "N/A"})
    assert len(parsed.rows["benchmark_scores"]) == 7
    assert sum(parsed.dropped.values()) == 1
    assert parsed.rows["benchmark_scores"][0]["cost_usd"] is None


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({**LINE, "Live Acc": "0.79"}, "Live Acc"),
        ({**LINE, "Live Acc": "790%"}, "Live Acc"),
        ({**LINE, "Latency Mean (s)": "fast"}, "Latency"),
        ({**LINE, "Vision Acc": "10%"}, "Vision Acc"),
        ({k: v for k, v in LINE.items() if k != "Memory KV"}, "Memory KV"),
    ],
)
def test_a_changed_layout_is_refused(line: dict[str, str], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        parse(line)


def test_the_real_file(shared_evidence: Path) -> None:
    found = importer("bfcl")
    raw = raw_from_folder(found.source, shared_evidence / "bfcl", DAY)
    rows = frames_of(found, raw)[0]["benchmark_scores"]
    assert rows.height == 109 * 8
    assert rows["known_on"].unique().to_list() == rows["vintage"].unique().to_list() == [DAY]
    glm = rows.filter(pl.col("model_name") == "GLM-4.6 (FC thinking)", part="overall")
    assert glm.select("score_frac", "cost_usd").row(0) == (0.7238, 4.64)


def test_the_parts_make_the_published_overall_score(shared_evidence: Path) -> None:
    raw = raw_from_folder(bfcl.SOURCE, shared_evidence / "bfcl", DAY)
    rows = pl.DataFrame(bfcl.parse(raw).rows["benchmark_scores"], infer_schema_length=None)
    wide = rows.pivot("part", index="model_name", values="score_frac")
    made = (
        0.2 * (pl.col("web_search") + pl.col("memory"))
        + 0.3 * pl.col("multi_turn")
        + 0.1 * (pl.col("live") + pl.col("non_live") + pl.col("irrelevance"))
    )
    worst = wide.select((made - pl.col("overall")).abs().max()).item()
    assert worst < 0.0002
