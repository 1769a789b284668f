from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import read as catalogue
from headtohead.evidence.sources import epoch_eci
from headtohead.evidence.sources.epoch_eci_gathered import SOURCE, parse
from headtohead.evidence.sourcing import RawFile, RawFiles
from headtohead.evidence.store import builtin_folder

_DAY = date(2026, 8, 11)
_SCORES = (
    "Model,Display name,eci,eci_ci_low,eci_ci_high,date,Organization,Country (of organization),"
    "Model accessibility,Accessibility group,model_versions\n"
    "Qwen-14B,Qwen-14B,112,110,114,2023-09-24,Alibaba,China,Open weights,Open weights,\n"
    "Llama 2-13B,Llama 2-13B,108,105,110,2023-07-18,Meta AI,United States of America,Open weights,"
    "Open weights,\n"
    "Qwen-1_8B,Qwen-1_8B,90,80,95,2023-11-30,,,,,\n"
    "GPT-5,GPT-5,150,,,2025-08-07,OpenAI,United States of America,API access,Closed weights,\n"
)
_HEADER = (
    "model_id,benchmark_id,performance,benchmark,benchmark_release_date,optimized,model,"
    "model_version,Model,model_group,Model aggregation,Model Aggregation Date,date,source\n"
)


def _line(model: str, benchmark: str, source: str, score: str = "0.5") -> str:
    return f"m1,b1,{score},{benchmark},,False,{model},{model}_v,G,G,,,2024-01-02,{source}\n"


def _raw(*lines: str, scores: str = _SCORES, header: str = _HEADER) -> RawFiles:
    texts = {"eci_benchmarks.csv": header + "".join(lines), "eci_scores.csv": scores}
    return RawFiles(
        "epoch_eci_gathered", tuple(RawFile(n, t.encode()) for n, t in texts.items()), _DAY
    )


def _one(model: str, benchmark: str, source: str) -> dict[str, Any]:
    (row,) = parse(_raw(_line(model, benchmark, source))).rows["benchmark_scores"]
    return row


def test_a_row_follows_the_conventions_of_the_index_source() -> None:
    row = _one("Qwen-14B", "MMLU", "Qwen Technical Report")
    assert (row["benchmark"], row["part"], row["model_name"]) == ("mmlu", "overall", "Qwen-14B")
    assert row["setting"] == "Qwen-14B_v"
    assert row["score_frac"] == 0.5
    assert row["chance_corrected"]
    assert row["tasks_n"] == 14042
    assert row["organisation"] == "Alibaba"
    assert row["observed_on"] == date(2024, 1, 2)
    assert row["known_on"] == row["vintage"] == _DAY
    assert "Qwen Technical Report" in row["note"]


@pytest.mark.parametrize(
    ("model", "benchmark", "source", "evaluator"),
    [
        ("Qwen-14B", "MMLU", "Qwen Technical Report", "first_party"),
        ("Llama 2-13B", "MMLU", "Qwen Technical Report", "third_party"),
        # No organisation is printed; the name tells the maker.
        ("Qwen-1_8B", "MMLU", "Qwen Technical Report", "first_party"),
        ("Qwen-14B", "MMLU", "Qwen2.5-Coder Technical Report", "first_party"),
        ("Llama 2-13B", "MMLU", "Llama 2: Open Foundation and Fine-Tuned", "first_party"),
        ("GPT-5", "WeirdML", "WeirdML Leaderboard", "third_party"),
        ("GPT-5", "ProofBench", "https://www.vals.ai/benchmarks/proof_bench", "third_party"),
        ("GPT-5", "CursorBench", "https://cursor.com/cursorbench", "third_party"),
        ("GPT-5", "HLE", "", "third_party"),
        # OpenAI publishes GDPval and runs it on its own models.
        ("GPT-5", "GDPval", "", "first_party"),
        ("Qwen-14B", "GDPval", "", "third_party"),
        ("GPT-5", "MMLU", "", "unstated"),
        ("GPT-5", "MMLU", "A friend", "unstated"),
    ],
)
def test_who_measured_is_told_from_the_source_and_the_maker(
    model: str, benchmark: str, source: str, evaluator: str
) -> None:
    row = _one(model, benchmark, source)
    assert row["evaluator"] == evaluator
    assert (source or "No source is stated") in row["note"]


def test_epochs_own_runs_are_left_to_the_other_source() -> None:
    parsed = parse(
        _raw(_line("GPT-5", "GPQA diamond", "Epoch evaluations"), _line("GPT-5", "A", "B"))
    )
    assert len(parsed.rows["benchmark_scores"]) == 1
    assert sum(parsed.dropped.values()) == 1


def test_an_unknown_benchmark_has_no_number_of_tasks() -> None:
    assert _one("GPT-5", "Brand New Bench", "Its page")["tasks_n"] is None


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (_raw(_line("GPT-5", "A", "B", "NaN")), "'performance' holds 'NaN'"),
        (_raw(_line("GPT-5", "A", "B"), header=_HEADER.replace("optimized", "x")), "unknown field"),
        (_raw(_line("GPT-5", "A", "B"), header=_HEADER.replace("source", "origin")), "is missing"),
        (_raw(_line("GPT-5", "A", "B"), scores=_SCORES.replace("Model,", "Name,")), "is missing"),
    ],
)
def test_a_changed_layout_raises(raw: RawFiles, message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        parse(raw)


def test_its_files_are_those_of_the_other_source() -> None:
    ours = {d.name: d.url for d in SOURCE.downloads}
    theirs = {d.name: d.url for d in epoch_eci.SOURCE.downloads}
    assert ours.items() <= theirs.items()


def _published(folder: Path, source_id: str, names: tuple[str, ...]) -> RawFiles:
    there = [folder / "epoch_eci" / n for n in sorted(names)]
    files = tuple(RawFile(p.name, p.read_bytes()) for p in there if p.is_file())
    return RawFiles(source_id, files, _DAY)


def test_the_two_sources_together_are_the_whole_file(shared_evidence: Path) -> None:
    gathered = parse(_published(shared_evidence, SOURCE.source_id, SOURCE.patterns))
    index = epoch_eci.parse(_published(shared_evidence, "epoch_eci", epoch_eci.SOURCE.patterns))
    ours, theirs = gathered.rows["benchmark_scores"], index.rows["benchmark_scores"]
    assert dict(gathered.dropped) == {"Epoch's own runs: in epoch_eci": len(theirs)}
    assert sum(index.dropped.values()) == len(ours)
    cells = {(r["benchmark"], r["model_name"]) for r in (*ours, *theirs)}
    assert len(cells) == len(ours) + len(theirs) == 2249
    assert len({b for b, _ in cells}) == 57
    assert {m for _, m in cells} == {r["model_name"] for r in index.rows["index_scores"]}
    assert ours[0].keys() - {"note"} == theirs[0].keys() - {"note"}


def test_who_measured_the_published_scores(shared_evidence: Path) -> None:
    rows = parse(_published(shared_evidence, SOURCE.source_id, SOURCE.patterns)).rows
    scores = rows["benchmark_scores"]
    assert Counter(r["evaluator"] for r in scores) == {"third_party": 1312, "first_party": 246}
    assert sum("No source is stated" in r["note"] for r in scores) == 334
    qwen = [r for r in scores if "Qwen Technical Report" in r["note"]]
    assert {r["evaluator"] for r in qwen if r["model_name"].startswith("Qwen")} == {"first_party"}
    assert {r["evaluator"] for r in qwen if not r["model_name"].startswith("Qwen")} == {
        "third_party"
    }


def test_nothing_of_it_is_built_in() -> None:
    assert SOURCE.ship == "no"
    assert SOURCE.source_id not in {e.source_id for e in catalogue(builtin_folder())}


def test_the_edition_of_april_2026(shared_evidence: Path) -> None:
    folder = shared_evidence / "epoch_eci_2026-04"
    names = ("eci_benchmarks.csv", "epoch_capabilities_index.csv")
    files = tuple(RawFile(n, (folder / n).read_bytes()) for n in names)
    parsed = parse(RawFiles(SOURCE.source_id, files, _DAY))
    assert len(parsed.rows["benchmark_scores"]) == 1514 - 456
    assert {r["evaluator"] for r in parsed.rows["benchmark_scores"]} == {
        "first_party",
        "third_party",
        "unstated",
    }
