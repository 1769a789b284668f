"""The Hugging Face leaderboard importer, on Parquet files made in the dataset's own layout."""

import io
from datetime import date
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources import lmarena_leaderboard
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2026, 9, 13)
RATED: dict[str, list[Any]] = {
    "model_name": ["claude-x-max", "qwen-y"],
    "organization": ["anthropic", ""],
    "license": ["Proprietary", "Apache 2.0"],
    "rating": [1500.25, 1450.5],
    "rating_lower": [1490.0, None],
    "rating_upper": [1510.0, None],
    "variance": [4.0, 5.0],
    "vote_count": [1200, 800],
    "rank": [1, 2],
    "category": ["overall", "hard_prompts"],
    "leaderboard_publish_date": ["2026-09-13", "2026-09-13"],
}
SCORED: dict[str, list[Any]] = {
    "model_name": ["Claude X (High)"],
    "organization": ["anthropic"],
    "license": ["Proprietary"],
    "score": [-0.0019],
    "score_ci_lower": [-0.01],
    "score_ci_upper": [0.007],
    "observation_count": [1_845_220],
    "session_count": [19_135],
    "rank": [25],
    "category": ["overall"],
    "leaderboard_publish_date": ["2026-08-05"],
}
FULL, LATEST = "full-00000-of-00001.parquet", "latest-00000-of-00001.parquet"


def parquet(columns: dict[str, list[Any]]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def raw(files: dict[str, bytes]) -> RawFiles:
    found = tuple(RawFile(n, c) for n, c in sorted(files.items()))
    return RawFiles("lmarena_leaderboard", found, date(2026, 10, 1))


def parse(files: dict[str, dict[str, list[Any]]]) -> Parsed:
    return lmarena_leaderboard.parse(raw({n: parquet(c) for n, c in files.items()}))


def test_a_rating_becomes_a_row_in_the_catalogues_words() -> None:
    first, second = parse({f"text_style_control/{FULL}": RATED}).rows["arena_ratings"]
    assert first == {
        "board": "text",
        "style_control": True,
        "category": "full",
        "model_name": "claude-x-max",
        "organisation": "anthropic",
        "licence": "Proprietary",
        "rating_elo": 1500.25,
        "rating_low_elo": 1490.0,
        "rating_high_elo": 1510.0,
        "votes_n": 1200,
        "observed_on": DAY,
        "known_on": DAY,
    }
    assert second["category"] == "hard_6"
    assert second["organisation"] is None
    assert second["rating_low_elo"] is None


@pytest.mark.parametrize(
    ("config", "board", "style"),
    [
        ("text", "text", False),
        ("vision_style_control", "vision", True),
        ("document", "document", False),
        ("text_to_image", "text_to_image", False),
    ],
)
def test_style_control_is_read_from_the_boards_name(config: str, board: str, style: bool) -> None:
    only_overall = {k: v[:1] for k, v in RATED.items()}
    (row,) = parse({f"{config}/{LATEST}": only_overall}).rows["arena_ratings"]
    assert (row["board"], row["style_control"]) == (board, style)


def test_the_factuality_blend_is_a_board_of_its_own() -> None:
    rows = parse({f"text_factuality/{LATEST}": RATED}).rows["arena_ratings"]
    assert {r["board"] for r in rows} == {"text_factuality"}
    assert {r["style_control"] for r in rows} == {None}


def test_agent_scores_never_become_ratings() -> None:
    parsed = parse({f"agent_steerability/{LATEST}": SCORED, f"text/{LATEST}": RATED})
    assert len(parsed.rows["arena_ratings"]) == 2
    ((reason, count),) = parsed.dropped.items()
    assert "no Bradley-Terry rating" in reason
    assert count == 1


def test_an_edition_in_both_files_is_taken_once() -> None:
    older = {**RATED, "leaderboard_publish_date": ["2026-08-01", "2026-08-01"]}
    history = {k: older[k] + RATED[k] for k in RATED}
    parsed = parse({f"text/{FULL}": history, f"text/{LATEST}": RATED})
    assert len(parsed.rows["arena_ratings"]) == 4
    assert sum(parsed.dropped.values()) == 2


def test_of_less_known_boards_only_the_whole_is_read() -> None:
    parsed = parse({f"webdev/{LATEST}": {**RATED, "category": ["overall", "webdev-react"]}})
    assert [r["category"] for r in parsed.rows["arena_ratings"]] == ["full"]
    assert sum(parsed.dropped.values()) == 1


def test_rows_without_a_rating_are_counted() -> None:
    parsed = parse({f"text/{LATEST}": {**RATED, "rating": [1500.25, float("nan")]}})
    assert len(parsed.rows["arena_ratings"]) == 1
    assert parsed.dropped == {"no rating": 1}


@pytest.mark.parametrize(
    ("name", "columns", "what"),
    [
        (f"text/{FULL}", {**RATED, "elo": [1, 2]}, "elo"),
        (f"text/{FULL}", {k: v for k, v in RATED.items() if k != "rating"}, "rating"),
        (f"text/{FULL}", {**RATED, "category": ["overall", "poetry"]}, "poetry"),
        (f"text/{FULL}", {**RATED, "leaderboard_publish_date": ["soon", "later"]}, "another type"),
        (f"agent/{FULL}", RATED, "rating"),
        (f"smell/{FULL}", RATED, "smell"),
        (FULL, RATED, "unknown board"),
    ],
)
def test_a_changed_layout_is_refused(name: str, columns: dict[str, list[Any]], what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        parse({name: columns})


def test_dates_may_also_come_as_dates() -> None:
    parsed = parse({f"text/{FULL}": {**RATED, "leaderboard_publish_date": [DAY, DAY]}})
    assert {r["observed_on"] for r in parsed.rows["arena_ratings"]} == {DAY}


def test_a_cut_file_is_damaged() -> None:
    with pytest.raises(DamagedDownload):
        lmarena_leaderboard.parse(raw({f"text/{FULL}": parquet(RATED)[:-20]}))


def test_a_hundred_thousand_rows_pass_the_evidence_door() -> None:
    n = 100_000
    columns: dict[str, list[Any]] = {k: [v[0]] * n for k, v in RATED.items()}
    columns["model_name"] = [f"m{i}" for i in range(n)]
    frames, _ = frames_of(
        importer("lmarena_leaderboard"), raw({f"text_style_control/{FULL}": parquet(columns)})
    )
    assert frames["arena_ratings"].height == n
