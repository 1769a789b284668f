"""A ranking as JSON and CSV."""

import csv
import io
import json
import math
from itertools import combinations
from typing import Any

import pytest
from tests.ratings.sheet import ranking_builder as build

from headtohead.core.units import unit_of
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet.sheet import rank_json
from headtohead.ratings.sheet.words import parts_of


@pytest.fixture(params=build.RANKINGS, ids=str)
def result(request: pytest.FixtureRequest) -> RankResult:
    return build.ranking(request.param)


def reread(result: RankResult) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(rank_json(result), allow_nan=False))
    return made


def rows_of(result: RankResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.to_csv(), newline="")))


def test_json_is_the_common_envelope_and_strict(result: RankResult) -> None:
    made = reread(result)
    assert list(made)[:5] == ["verb", "about", "as_of", "results", "sources"]
    assert made["verb"] == "rank"
    assert made["sources"][0]["source_id"] == "votes"
    assert made["settings"]["level"] == 0.95
    assert made["used"] + sum(made["dropped"].values()) == made["rows_read"]


def test_json_holds_every_standing_whole(result: RankResult) -> None:
    made = reread(result)
    boards = [board for parts in result.boards.values() for board in parts]
    assert len(made["results"]) == len(boards)
    by_name = {(b["board"], b["part"]): b for b in made["results"]}
    for board in boards:
        found = by_name[board.name, board.part]
        assert found["parts"] == board.parts
        assert found["notes"] == list(board.notes)
        for entry, s in zip(found["ratings"], board.standings, strict=True):
            assert entry["label"] == s.model
            assert entry["value"] == s.rating.value
            for key, end in (
                ("low", s.rating.low),
                ("high", s.rating.high),
                ("joint_low", s.joint.low),
                ("joint_high", s.joint.high),
            ):
                assert entry[key] == (end if math.isfinite(end) else None)
            assert (entry["n"], entry["n_of"], entry["unit"]) == (s.battles, "votes", "elo")
            assert (entry["rank"], entry["best"], entry["worst"], entry["group"]) == (
                s.rank,
                s.best,
                s.worst,
                s.group,
            )
            assert entry["source_ids"] == ["votes"]
            assert entry["method"] == result.settings.method()
            assert entry["level"] == result.settings.level


def test_dates_are_null_without_days_and_text_with_them() -> None:
    plain, dated = reread(build.ranking("plain")), reread(build.ranking("everything"))
    assert plain["about"] is None
    assert plain["as_of"] is None
    assert plain["results"][0]["ratings"][0]["about"] is None
    assert dated["as_of"] == "2025-12-31"
    assert dated["results"][0]["ratings"][0]["about"] == "2025-05-01/2025-06-30"


def test_every_pair_of_a_board_is_told_the_model_above_first(result: RankResult) -> None:
    for entry, (_, board) in zip(reread(result)["results"], parts_of(result).items(), strict=True):
        models = [s.model for s in board.standings]
        assert [(p["a"], p["b"]) for p in entry["pairs"]] == list(combinations(models, 2))
        assert sum(p["votes"] for p in entry["pairs"]) == board.fitted.counts.total
        for pair in entry["pairs"]:
            beats, gap = board.beats(pair["a"], pair["b"]), board.gap(pair["a"], pair["b"])
            assert (pair["beats"]["value"], pair["gap"]["value"]) == (beats.value, gap.value)
            assert pair["gap"]["value"] >= 0
            assert pair["beats"]["value"] >= 0.5
            for told, interval in ((pair["beats"], beats), (pair["gap"], gap)):
                assert told["low"] == (interval.low if math.isfinite(interval.low) else None)
                assert told["high"] == (interval.high if math.isfinite(interval.high) else None)


def test_pairs_are_left_out_of_large_boards_and_on_request() -> None:
    large = build.made(build.counts([f"m{n:03}" for n in range(151)], 1, step=0.02))
    assert "pairs" not in rank_json(large)["results"][0]
    assert "pairs" not in rank_json(build.ranking("plain"), pairs=False)["results"][0]
    assert (
        rank_json(build.ranking("plain"), pairs=False).keys()
        == rank_json(build.ranking("plain")).keys()
    )


def test_open_ends_are_null() -> None:
    ratings = reread(build.ranking("undefeated"))["results"][0]["ratings"]
    assert ratings[0]["high"] is ratings[0]["joint_high"] is None
    assert ratings[-1]["low"] is ratings[-1]["joint_low"] is None
    assert ratings[0]["flag"] == "undefeated"


def test_json_tells_all_that_was_asked_for() -> None:
    made = reread(build.ranking("everything"))
    assert made["unmade"] == {"language=xx": "there is no vote on model-a"}
    assert made["groups"]["gaps"][0]["mean"].keys() == {"value", "low", "high"}
    assert made["style"][0]["per_sd"] == {"value": 25.3, "low": 23.1, "high": 27.6}
    assert made["drift"]["moves"][0]["model"] == "model-a"
    assert made["trust"]["flips"][1]["needed"] is None
    assert made["trust"]["voters"]["odd"][0]["voter"] == "model-a"
    assert made["asked"]["by"] == "language"
    assert reread(build.ranking("plain"))["trust"] is None


def test_parts_are_results_of_their_own() -> None:
    made = reread(build.ranking("apart"))
    assert [r["title"] for r in made["results"]] == ["all (part 1)", "all (part 2)"]
    assert any("No chain of votes joins all models" in note for note in made["notes"])


def test_csv_has_one_row_for_each_model_and_board(result: RankResult) -> None:
    rows = rows_of(result)
    standings = [
        s
        for name in sorted(result.boards, key=lambda n: n != "all")
        for board in result.boards[name]
        for s in board.standings
    ]
    assert len(rows) == len(standings)
    for row, s in zip(rows, standings, strict=True):
        assert float(row["rating_elo"]) == s.rating.value
        for column, end in (
            ("low_elo", s.rating.low),
            ("high_elo", s.rating.high),
            ("joint_low_elo", s.joint.low),
            ("joint_high_elo", s.joint.high),
        ):
            assert (float(row[column]) if row[column] else None) == (
                end if math.isfinite(end) else None
            )
        assert int(row["best_rank"]) <= int(row["rank"]) <= int(row["worst_rank"])
        assert int(row["wins_n"]) + int(row["losses_n"]) + int(row["ties_n"]) == s.battles


def test_numeric_columns_of_the_csv_end_in_a_unit() -> None:
    for row in rows_of(build.ranking("everything")):
        for column, value in row.items():
            if column not in ("board", "model", "flag", "model_group", "tie_group"):
                float(value)
                assert unit_of(column) is not None, column


def test_csv_is_safe_for_terminals_and_spreadsheets() -> None:
    text = build.ranking("hostile").to_csv()
    assert all(c.isprintable() or c == "\n" for c in text)
    models = {row["model"] for row in rows_of(build.ranking("hostile"))}
    assert "'=1+1" in models
    assert not any(m.startswith(("=", "+", "-", "@")) for m in models)
    # Two names of 400 and 401 letters stay two models.
    assert len(models) == len(build.HOSTILE)


def test_groups_of_models_are_a_column() -> None:
    groups = {row["model"]: row["model_group"] for row in rows_of(build.ranking("everything"))}
    assert set(groups.values()) == {"open", "closed <b>", ""}
    ratings = reread(build.ranking("everything"))["results"][0]["ratings"]
    assert {r["model_group"] for r in ratings} == {"open", "closed <b>", None}
