"""The arena-catalog importer: both boards of a date, and a layout that must not drift."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources import lmarena_catalog
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

DAY = date(2025, 12, 17)
BOARD = {"full": {"model-a": {"rating": 1400.5, "rating_q975": 1410.0, "rating_q025": 1390.0}}}
LABEL = {
    "name": "Model A",
    "model_api_name": "model-a",
    "input_token_price": "1",
    "output_token_price": "2",
    "organization": "Lab",
    "license": "MIT",
    "price_source": "https://example.com/price",
    "model_source": "https://example.com/model",
}


def parse(**files: object) -> Parsed:
    raw = [RawFile(n.replace("__", "/"), json.dumps(v).encode()) for n, v in files.items()]
    return lmarena_catalog.parse(RawFiles("lmarena_catalog", tuple(raw), DAY))


def test_a_board_file_gives_one_row_an_entrant() -> None:
    (row,) = parse(**{"leaderboard-text-style-control.json": BOARD}).rows["arena_ratings"]
    assert row["board"] == "text"
    assert row["style_control"] is True
    assert (row["rating_low_elo"], row["rating_elo"], row["rating_high_elo"]) == (
        1390,
        1400.5,
        1410,
    )
    assert row["observed_on"] == row["known_on"] == DAY


def test_the_folder_dates_the_rows_and_labels_hold_for_their_own_day_only() -> None:
    rows = parse(
        **{
            "2025-05-21__leaderboard-text.json": BOARD,
            "2025-12-11__leaderboard-text.json": BOARD,
            "2025-12-11__scatterplot-data.json": [LABEL],
        }
    ).rows["arena_ratings"]
    assert [(r["known_on"], r["organisation"], r["licence"]) for r in rows] == [
        (date(2025, 5, 21), None, None),
        (date(2025, 12, 11), "Lab", "MIT"),
    ]


def test_the_image_board_goes_by_the_name_lmarena_uses_elsewhere() -> None:
    (row,) = parse(**{"leaderboard-image.json": BOARD}).rows["arena_ratings"]
    assert (row["board"], row["style_control"]) == ("text_to_image", False)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        (
            "leaderboard-text.json",
            {"full": {"a": {**BOARD["full"]["model-a"], "votes": 3}}},
            "vote",
        ),
        ("leaderboard-text.json", {"full": {"a": {"rating": 1.0}}}, "rating_q025"),
        ("leaderboard-text.json", {"klingon": BOARD["full"]}, "klingon"),
        (
            "leaderboard-text.json",
            {"full": {"a": {**BOARD["full"]["model-a"], "rating": "x"}}},
            "x",
        ),
        ("leaderboard-text.json", [1, 2], "list"),
        ("leaderboard-audio.json", BOARD, "unknown board"),
        ("scatterplot-data.json", [{**LABEL, "elo": 1}], "elo"),
        ("scatterplot-data.json", {"a": 1}, "not a list"),
    ],
)
def test_a_changed_layout_is_refused(name: str, content: Any, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        parse(**{name: content})


def test_a_cut_file_is_damaged_not_short() -> None:
    cut = RawFile("leaderboard-text.json", json.dumps(BOARD).encode()[:-10])
    with pytest.raises(DamagedDownload):
        frames_of(importer("lmarena_catalog"), RawFiles("lmarena_catalog", (cut,), DAY))


@pytest.fixture(scope="module")
def ratings(shared_evidence: Path) -> pl.DataFrame:
    source = importer("lmarena_catalog")
    raw = raw_from_folder(source.source, shared_evidence / "lmarena_catalog", DAY)
    frames, dropped = rows_of(source, raw)
    assert dropped == {}
    return frames["arena_ratings"]


def board(ratings: pl.DataFrame, day: date, style: bool) -> dict[str, float]:
    rows = ratings.filter(
        pl.col("board") == "text",
        pl.col("category") == "full",
        pl.col("observed_on") == day,
        pl.col("style_control") == style,
    )
    return dict(rows.select("model_name", "rating_elo").iter_rows())


def test_five_dates_are_read_whole(ratings: pl.DataFrame) -> None:
    assert ratings.height == 45_556
    assert ratings["observed_on"].n_unique() == 5
    last = ratings.filter(pl.col("observed_on") == DAY)
    assert last["style_control"].unique().to_list() == [True]


@pytest.mark.parametrize(
    ("model", "controlled", "raw"),
    [
        ("gpt-5-high", 1436.8, 1407.3),
        ("gemini-2.5-pro", 1451.0, 1464.5),
        ("claude-opus-4-5-20251101", 1468.3, 1446.4),
        ("deepseek-v3.2-thinking", 1419.0, 1417.3),
    ],
)
def test_the_two_boards_of_december_2025_are_told_apart(
    ratings: pl.DataFrame, model: str, controlled: float, raw: float
) -> None:
    day = date(2025, 12, 11)
    assert board(ratings, day, style=True)[model] == pytest.approx(controlled, abs=0.05)
    assert board(ratings, day, style=False)[model] == pytest.approx(raw, abs=0.05)


def test_the_unnamed_january_file_follows_the_style_controlled_board(ratings: pl.DataFrame) -> None:
    january = board(ratings, date(2025, 1, 28), style=True)
    assert board(ratings, date(2025, 1, 28), style=False) == {}

    def spread(other: dict[str, float]) -> float:
        return float(pl.Series([other[m] - r for m, r in january.items() if m in other]).std())  # type: ignore[arg-type]

    assert spread(board(ratings, date(2025, 5, 21), style=True)) < 1
    assert spread(board(ratings, date(2025, 5, 21), style=False)) > 20
