from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.epoch_eci import SOURCE, parse
from headtohead.evidence.sourcing import RawFile, RawFiles, benchmark_id

_DAY = date(2026, 8, 11)
_SCORES = (
    "Model,Display name,eci,eci_ci_low,eci_ci_high,date,Organization,Country (of organization),"
    "Model accessibility,Accessibility group,model_versions\n"
    "Alpha 2,Alpha 2,150.5,148.0,152.0,2025-08-07,Lab A,United States of America,API access,"
    "Closed weights,\n"
    "Beta,Beta,140.0,,,2025-07-01,,,Open weights (unrestricted),Open weights,\n"
    "Gamma,Gamma,120.0,110,130,,Lab C,China,Unknown,Other,\n"
)
_EDI = (
    "benchmark_name,is_anchor,benchmark_release_date,edi,estimated_slope_scaled\n"
    "GPQA diamond,False,2023-11-20,135.5,0.12\n"
    "Winogrande,True,,110.0,0.05\n"
)
_HEADER = (
    "model_id,benchmark_id,performance,benchmark,benchmark_release_date,optimized,model,"
    "model_version,Model,model_group,Model aggregation,Model Aggregation Date,date,source\n"
)
_RUNS = (
    _HEADER
    + "m1,b1,0.5,GPQA diamond,2023-11-20,True,Alpha 2,alpha-2_high,Alpha,Alpha 2,,,2025-08-07,"
    "Epoch evaluations\n"
    "m1,b2,0.7,MMLU,2020-09-07,True,Alpha 2,alpha-2,Alpha,Alpha 2,,,2025-08-07,A report\n"
    "m2,b2,0.6,MMLU,2020-09-07,True,Beta,beta,,Beta,,,2025-07-01,\n"
)


def _raw(scores: str = _SCORES, edi: str = _EDI, runs: str = _RUNS) -> RawFiles:
    texts = {"eci_benchmarks.csv": runs, "eci_scores.csv": scores, "edi_scores.csv": edi}
    return RawFiles("epoch_eci", tuple(RawFile(n, t.encode()) for n, t in texts.items()), _DAY)


def test_scores_keep_their_interval_and_undated_models_are_dropped() -> None:
    parsed = parse(_raw())
    alpha, beta = parsed.rows["index_scores"]
    assert alpha["score_index"] == 150.5
    assert (alpha["score_low_index"], alpha["score_high_index"]) == (148.0, 152.0)
    assert alpha["level_frac"] == 0.9
    assert alpha["released_on"] == date(2025, 8, 7)
    assert alpha["known_on"] == alpha["vintage"] == _DAY
    assert beta["score_low_index"] is None
    assert beta["country_name"] is None
    assert beta["organisation"] is None
    assert parsed.dropped["no release date"] == 1


def test_difficulties_are_read() -> None:
    gpqa, anchor = parse(_raw()).rows["index_benchmarks"]
    assert gpqa["benchmark"] == "gpqa_diamond"
    assert (gpqa["difficulty_index"], gpqa["discrimination_slope"]) == (135.5, 0.12)
    assert not gpqa["is_anchor"]
    assert anchor["is_anchor"]
    assert anchor["released_on"] is None


def test_only_epochs_own_runs_are_kept_under_the_fine_grained_name() -> None:
    parsed = parse(_raw())
    (row,) = parsed.rows["benchmark_scores"]
    assert row["model_name"] == "Alpha 2"
    assert row["setting"] == "alpha-2_high"
    assert row["organisation"] == "Lab A"
    assert (row["benchmark"], row["score_frac"], row["tasks_n"]) == ("gpqa_diamond", 0.5, 198)
    assert row["chance_corrected"]
    assert parsed.dropped["third-party terms"] == 1
    assert parsed.dropped["no source stated"] == 1


def test_the_preview_date_of_o3_is_noted() -> None:
    scores = _SCORES.replace("Alpha 2,Alpha 2", "o3,o3").replace("2025-08-07", "2024-12-20")
    row = parse(_raw(scores=scores)).rows["index_scores"][0]
    assert "preview" in row["note"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (_raw(scores=_SCORES.replace("API access", "By telepathy")), "telepathy"),
        (_raw(scores=_SCORES.replace("model_versions", "new,model_versions")), "is missing"),
        (_raw(edi=_EDI.replace("True", "Yes")), "'is_anchor' holds 'Yes'"),
        (_raw(runs=_RUNS.replace("0.5,", "NaN,")), "'performance' holds 'NaN'"),
        (_raw(runs=_RUNS.replace("model_group", "group")), "unknown field"),
        (_raw(runs=_RUNS.replace("source\n", "origin\n")), "'source' is missing"),
        (_raw(runs=_RUNS + _RUNS.splitlines()[2] + "\n"), "1 rows repeat a name .* [(]Alpha 2[)]"),
        (_raw(runs=_RUNS.replace(",Beta,beta,", ",,beta,")), "1 rows are empty"),
    ],
)
def test_a_changed_layout_raises(raw: RawFiles, message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        parse(raw)


def test_benchmark_ids_are_snake_case() -> None:
    assert benchmark_id("OTIS Mock AIME 2024-2025") == "otis_mock_aime_2024_2025"
    assert benchmark_id("SWE-Bench verified") == "swe_bench_verified"
    assert benchmark_id("FrontierMath-Tier-4-v2-Private") == "frontiermath_tier_4_v2_private"


def _published(folder: Path) -> RawFiles:
    names = sorted(SOURCE.patterns)
    files = tuple(RawFile(n, (folder / "epoch_eci" / n).read_bytes()) for n in names)
    return RawFiles("epoch_eci", files, _DAY)


def test_the_published_vintage(shared_evidence: Path) -> None:
    parsed = parse(_published(shared_evidence))
    assert {t: len(r) for t, r in parsed.rows.items()} == {
        "index_scores": 222,
        "index_benchmarks": 57,
        "benchmark_scores": 691,
    }
    assert dict(parsed.dropped) == {"third-party terms": 1224, "no source stated": 334}
    scores = parsed.rows["index_scores"]
    assert sum(r["country_name"] is None for r in scores) == 17
    assert sum(bool(r["note"]) for r in scores) == 1
    assert len({r["model_name"] for r in scores}) == 222
    assert {r["model_name"] for r in parsed.rows["benchmark_scores"]} <= {
        r["model_name"] for r in scores
    }


def test_best_models_of_december_2025_with_hindsight(shared_evidence: Path) -> None:
    scores = parse(_published(shared_evidence)).rows["index_scores"]

    def best(country: str) -> tuple[str, float]:
        known = [
            r
            for r in scores
            if r["country_name"] == country and r["released_on"] <= date(2025, 12, 15)
        ]
        top = max(known, key=lambda r: float(r["score_index"]))
        return top["model_name"], round(top["score_index"], 1)

    assert best("China") == ("DeepSeek-V3.2", 146.4)
    assert best("United States of America") == ("GPT-5.2 Pro", 155.0)
