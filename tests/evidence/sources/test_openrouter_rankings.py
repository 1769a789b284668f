"""The importer of OpenRouter's token counts, and the shares that follow from them."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources.openrouter_rankings import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 10, 10)
DAILY = "date,model_permaslug,total_tokens\n"
MONTHLY = (
    "date,frontier_tokens,open_tokens,unknown_tokens,other_tokens,open_share_low,open_share_high\n"
)
VINTAGE = "openrouter-routed-share-monthly-vintage-2026-10-10.csv"
BY_LAB = "openrouter-routed-by-lab-excerpt.csv"

CHINESE = (
    "DeepSeek",
    "deepseek",
    "Alibaba Qwen",
    "qwen",
    "moonshotai",
    "Z.ai",
    "z-ai",
    "MiniMax",
    "kwaipilot",
)
STEALTH = "OpenRouter stealth"


def read(**files: str) -> Parsed:
    raw = tuple(RawFile(name, text.encode()) for name, text in sorted(files.items()))
    return parse(RawFiles("openrouter_rankings", raw, DAY))


def answer(
    *counts: tuple[str, str, object], as_of: str = "2026-05-21T02:00:00Z", **meta: object
) -> str:
    names = ("date", "model_permaslug", "total_tokens")
    about = {"as_of": as_of, "start_date": "x", "end_date": "y", "version": "v1", **meta}
    return json.dumps({"data": [dict(zip(names, c, strict=True)) for c in counts], "meta": about})


def test_a_day_by_model_is_known_on_the_next() -> None:
    text = f"{DAILY}2026-05-20,lab/m:free,485437975705\n2026-05-20,other,7\n"
    rows = read(**{"rankings-daily.csv": text}).rows["token_usage"]
    assert rows[0] == {
        "channel": "openrouter",
        "breakdown": "model",
        "subject": "lab/m:free",
        "tokens": 485_437_975_705,
        "window_start": date(2026, 5, 20),
        "window_end": date(2026, 5, 20),
        "known_on": date(2026, 5, 21),
        "note": None,
    }


def test_the_api_says_the_same_and_keeps_its_time() -> None:
    text = answer(("2026-05-20", "lab/m", "5"), ("2026-05-20", "other", "7"))
    rows = read(**{"rankings-daily-2026.json": text}).rows["token_usage"]
    assert [(r["subject"], r["tokens"]) for r in rows] == [("lab/m", 5), ("other", 7)]
    assert rows[0]["known_on"] == date(2026, 5, 21)
    assert rows[0]["note"] == "as of 2026-05-21T02:00:00+00:00"


def test_a_restated_count_is_a_row_known_when_it_was_restated() -> None:
    early = answer(("2026-05-20", "lab/m", "5"), ("2026-05-20", "other", "7"))
    late = answer(
        ("2026-05-20", "lab/m", "6"), ("2026-05-20", "other", "7"), as_of="2026-06-01T00:00:00Z"
    )
    for first, second in ((early, late), (late, early)):
        parsed = read(**{"rankings-daily-a.json": first, "rankings-daily-b.json": second})
        rows = {(r["subject"], r["known_on"]): r["tokens"] for r in parsed.rows["token_usage"]}
        assert rows == {
            ("lab/m", date(2026, 5, 21)): 5,
            ("lab/m", date(2026, 6, 1)): 6,
            ("other", date(2026, 5, 21)): 7,
        }
        assert parsed.dropped == {"the same count in another file": 1}


def test_a_counts_size_is_kept_whole() -> None:
    text = answer(("2026-05-20", "lab/m", "9007199254740993"), ("2026-05-20", "other", "1"))
    rows = read(**{"rankings-daily.json": text}).rows["token_usage"]
    # The first whole number that a float cannot hold.
    assert rows[0]["tokens"] == 2**53 + 1


def test_labs_keep_their_spelling() -> None:
    text = "date,lab,tokens\n2025-12-01,Alibaba Qwen,5\n2025-12-01,qwen,3\n2025-12-01,other,1\n"
    rows = read(**{BY_LAB: text}).rows["token_usage"]
    assert [r["subject"] for r in rows] == ["Alibaba Qwen", "qwen", "other"]
    assert {r["breakdown"] for r in rows} == {"lab"}
    assert {r["known_on"] for r in rows} == {DAY}, "typed later, so known later"
    assert all("typed by a third party" in r["note"] for r in rows)


def test_months_are_known_with_their_vintage_and_the_last_is_cut() -> None:
    text = f"{MONTHLY}2026-09,60,30,6,4,0.3,0.333333\n2026-10,50,40,5,5,0.4,0.444444\n"
    rows = read(**{VINTAGE: text}).rows["token_usage"]
    assert {r["known_on"] for r in rows} == {date(2026, 10, 10)}
    assert {(r["window_start"], r["window_end"]) for r in rows} == {
        (date(2026, 9, 1), date(2026, 9, 30)),
        (date(2026, 10, 1), date(2026, 10, 9)),
    }
    october = {r["subject"]: r["tokens"] for r in rows if r["window_start"].month == 10}
    assert october == {"closed": 50, "open": 40, "unknown": 5, "other": 5}


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("rankings-daily.csv", f"{DAILY}2026-05-20,lab/m,5\n", "no `other` on 2026-05-20"),
        ("rankings-daily.csv", f"{DAILY}2026-05-20,other,5\n2026-05-20,other,5\n", "twice"),
        ("rankings-daily.csv", f"{DAILY}2026-05-20,other,5.5\n", "total_tokens"),
        ("rankings-daily.csv", f"{DAILY}2026-05-20,other,-5\n", "total_tokens"),
        ("rankings-daily.csv", f"{DAILY}20 May,other,5\n", "date"),
        ("rankings-daily.csv", f"{DAILY[:-1]},rank\n2026-05-20,other,5,1\n", "rank"),
        ("rankings-daily.json", answer(("2026-05-20", "other", 5)), "total_tokens"),
        ("rankings-daily.json", answer(("2026-05-20", "other", "5"), version="v2"), "version"),
        ("rankings-daily.json", answer(("2026-05-20", "other", "5"), colour=1), "colour"),
        ("rankings-daily.json", json.dumps({"error": "no key"}), "meta"),
        (VINTAGE, f"{MONTHLY}2026-09,60,30,6,4,0.31,0.333333\n", "open_share_low"),
        (VINTAGE, f"{MONTHLY}2026-09,60,30,6,4,0.3,0.34\n", "open_share_high"),
        (VINTAGE, f"{MONTHLY}2026-11,60,30,6,4,0.3,0.333333\n", "date"),
        (VINTAGE, f"{MONTHLY}2026-09-01,60,30,6,4,0.3,0.333333\n", "date"),
    ],
)
def test_a_changed_layout_is_refused(name: str, text: str, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        read(**{name: text})


@pytest.fixture(scope="module")
def real(shared_evidence: Path) -> pl.DataFrame:
    raw = raw_from_folder(SOURCE, shared_evidence / "openrouter_rankings", DAY)
    frames, dropped = frames_of(importer("openrouter_rankings"), raw)
    assert not dropped
    return frames["token_usage"]


def tokens(rows: pl.DataFrame, *subjects: str) -> int:
    """Tokens of some subjects, or of all if none is named."""
    found = rows.filter(pl.col("subject").is_in(subjects)) if subjects else rows
    return int(found["tokens"].sum())


@pytest.mark.parametrize(
    ("first", "last", "of_all", "of_classified", "at_most"),
    [
        (date(2025, 12, 1), date(2025, 12, 7), 0.149, 0.163, 0.237),
        (date(2025, 8, 12), date(2025, 8, 18), 0.309, 0.329, 0.370),
    ],
)
def test_the_real_share_of_chinese_labs(
    real: pl.DataFrame, first: date, last: date, of_all: float, of_classified: float, at_most: float
) -> None:
    week = real.filter(
        pl.col("breakdown") == "lab",
        pl.col("window_start") >= first,
        pl.col("window_end") <= last,
    )
    assert week["window_start"].n_unique() == 7
    everything, chinese, other = tokens(week), tokens(week, *CHINESE), tokens(week, "other")
    unclassified = other + tokens(week, STEALTH)
    assert round(chinese / everything, 3) == of_all
    assert round(chinese / (everything - other), 3) == of_classified
    assert round((chinese + unclassified) / everything, 3) == at_most


def test_the_real_share_of_open_models_in_december_2025(real: pl.DataFrame) -> None:
    month = real.filter(breakdown="access", window_start=date(2025, 12, 1))
    assert month["window_end"].to_list() == [date(2025, 12, 31)] * 4
    opened = tokens(month, "open")
    assert round(opened / tokens(month), 3) == 0.256
    assert round(opened / tokens(month, "open", "closed"), 3) == 0.299


def test_the_real_files(real: pl.DataFrame) -> None:
    counts = dict(real["breakdown"].value_counts().rows())
    # 38 days of the fifty largest and `other`; two weeks by lab; 22 months in four parts.
    assert counts == {"model": 38 * 51, "lab": 250, "access": 22 * 4}
    assert real.filter(breakdown="model")["subject"].n_unique() == 85
    access = real.filter(breakdown="access")
    assert access["window_end"].max() == date(2026, 10, 9)
    assert set(access["known_on"]) == {DAY}
    by_lab = real.filter(breakdown="lab")
    assert set(by_lab["known_on"]) == {DAY}
    own = real.filter(breakdown="model")
    assert (own["known_on"] - own["window_end"]).dt.total_days().unique().to_list() == [1]
