from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.epoch_eci import parse
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
    assert row["setting"] == "alpha-2", "one score of all efforts has none of its own"
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


_OLD_INDEX = (
    "Model version,ECI Score,Release date,Organization,Country,Model accessibility,"
    "Training compute (FLOP),Confidence,Model name,Description,Display name\n"
    "alpha-2_high,150.5,2025-08-07,Lab A,China,API access,,Likely,Alpha,,Alpha (high)\n"
    "alpha-2,150.5,2025-08-05,Lab A,China,API access,,Likely,Alpha,,\n"
    "alpha-1,140.0,2025-01-01,Lab A,China,API access,,Likely,Alpha,,\n"
    "beta,120.0,,Lab B,,,,,Beta,,\n"
    "new,,2026-01-01,Lab B,,,,,New,,\n"
)
_OLD_RUNS = _RUNS.replace("optimized,", "optimized,is_math,is_coding,").replace(
    ",True,", ",TRUE,FALSE,FALSE,"
)
_OLD_RUNS = _OLD_RUNS.replace("2025-08-07", "8/7/2025").replace("2025-07-01", "7/1/2025")


def _old(**texts: str) -> RawFiles:
    names = {
        "index": "epoch_capabilities_index.csv",
        "edi": "eci_benchmark_difficulties_and_slopes.csv",
        "runs": "eci_benchmarks.csv",
    }
    files = tuple(RawFile(names[n], t.encode()) for n, t in texts.items())
    return RawFiles("epoch_eci", files, _DAY)


def test_the_older_layout_is_read() -> None:
    parsed = parse(_old(index=_OLD_INDEX, edi=_EDI, runs=_OLD_RUNS))
    (alpha,) = parsed.rows["index_scores"]
    assert (alpha["model_name"], alpha["score_index"]) == ("Alpha 2", 150.5)
    assert alpha["released_on"] == date(2025, 8, 5)
    assert alpha.get("score_low_index") is alpha.get("level_frac") is None
    (run,) = parsed.rows["benchmark_scores"]
    assert (run["model_name"], run["observed_on"]) == ("Alpha 2", date(2025, 8, 7))
    assert len(parsed.rows["index_benchmarks"]) == 2
    assert parsed.dropped["a version with no score of its own"] == 1
    assert parsed.dropped["a version without a place on the index"] == 1
    assert parsed.dropped["no release date"] == 1


def test_the_older_index_alone_tells_versions_apart_where_their_scores_differ() -> None:
    parsed = parse(_old(index=_OLD_INDEX))
    rows = parsed.rows["index_scores"]
    assert [r["model_name"] for r in rows] == ["alpha-2_high", "alpha-2", "alpha-1"]
    same = _OLD_INDEX.replace("140.0", "150.5")
    (alpha,) = parse(_old(index=same)).rows["index_scores"]
    assert (alpha["model_name"], alpha["released_on"]) == ("Alpha", date(2025, 1, 1))


def test_the_index_alone_in_the_layout_of_today() -> None:
    files = (RawFile("eci_scores.csv", _SCORES.encode()),)
    parsed = parse(RawFiles("epoch_eci", files, _DAY))
    assert set(parsed.rows) == {"index_scores"}


def _published(folder: Path) -> RawFiles:
    names = ("eci_benchmarks.csv", "eci_scores.csv", "edi_scores.csv")
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


def test_the_edition_of_april_2026(shared_evidence: Path) -> None:
    folder = shared_evidence / "epoch_eci_2026-04"
    files = tuple(RawFile(p.name, p.read_bytes()) for p in sorted(folder.glob("*.csv")))
    parsed = parse(RawFiles("epoch_eci", files, date(2026, 5, 2)))
    assert {t: len(r) for t, r in parsed.rows.items()} == {
        "index_scores": 166,
        "index_benchmarks": 42,
        "benchmark_scores": 456,
    }
    by_name = {r["model_name"]: r["score_index"] for r in parsed.rows["index_scores"]}
    assert (by_name["Claude 3.5 Sonnet"], by_name["GPT-5"]) == pytest.approx((130, 150))
    alone = tuple(f for f in files if f.name == "epoch_capabilities_index.csv")
    rows = parse(RawFiles("epoch_eci", alone, date(2026, 5, 2))).rows
    assert set(rows) == {"index_scores"}
    assert len(rows["index_scores"]) == 183
