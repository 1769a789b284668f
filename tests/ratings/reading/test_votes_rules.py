"""Rows that break a rule: an error that says where and what to do, or dropped and counted."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.ratings.reading.vote_files import counted, write

from headtohead.core.errors import InputError
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import VoteOptions

_GOOD = {"model_a": "ada", "model_b": "bob", "winner": "tie", "time": "2025-01-01", "tone": 0.5}

_BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"winner": "modl_a"}, "column winner: 'modl_a' is no known outcome", "unknown outcome"),
    ({"winner": None}, "column winner: None is no known outcome", "unknown outcome"),
    ({"model_b": "ada"}, "column model_b: 'ada' is on both sides", "model against itself"),
    ({"model_a": None}, "column model_a: missing model", "missing model"),
    ({"model_b": None}, "column model_b: missing model", "missing model"),
    ({"model_a": " "}, "column model_a: empty model name", "empty model name"),
    ({"tone": "calm"}, "column tone: 'calm' is no measure of style", "unreadable covariate"),
    ({"tone": None}, "column tone: None is no measure of style", "unreadable covariate"),
    ({"tone": "inf"}, "column tone: 'inf' is no measure of style", "unreadable covariate"),
    ({"time": "2025-13-01"}, "column time: '2025-13-01' is no time", "unreadable time"),
]


@pytest.mark.parametrize("name", ["votes.csv", "votes.jsonl", "votes.parquet"])
@pytest.mark.parametrize(("change", "said", "reason"), _BROKEN)
def test_every_rule(
    tmp_path: Path, change: dict[str, Any], said: str, reason: str, name: str
) -> None:
    rows = [_GOOD, _GOOD, {**_GOOD, **change}, _GOOD]
    if "tone" in change:
        rows = [{**row, "tone": None if row["tone"] is None else str(row["tone"])} for row in rows]
    path = write(tmp_path / name, rows)
    options: dict[str, Any] = {"style": ("tone",), "since": date(2024, 1, 1)}
    for chunk_rows in (1, 2, 1 << 18):
        with pytest.raises(InputError) as caught:
            counted(path, chunk_rows=chunk_rows, **options)
        assert f"{path}, row 3, {said}" in str(caught.value)
        assert "`on_bad='drop'`" in str(caught.value)
        assert caught.value.exit_code == 64
        made = counted(path, chunk_rows=chunk_rows, on_bad="drop", **options)
        assert (made.used, made.dropped) == (3, {reason: 1})


def test_the_first_broken_row_is_named_and_the_second_file_counts_its_own_rows(
    tmp_path: Path,
) -> None:
    one = write(tmp_path / "one.csv", [_GOOD, _GOOD])
    two = write(tmp_path / "two.csv", [_GOOD, {**_GOOD, "winner": "x"}, {**_GOOD, "winner": "y"}])
    with pytest.raises(InputError, match=r"two\.csv, row 2, column winner: 'x'"):
        counted([one, two])


def test_negative_measures_and_texts_where_a_length_is_needed() -> None:
    table = {
        "model_a": ["ada"],
        "model_b": ["bob"],
        "winner": ["tie"],
        "length_a": [-1],
        "length_b": [5],
    }
    with pytest.raises(InputError, match="row 1, column length_a: -1 is no measure of style"):
        counted(table, style=("length",))
    assert counted(table, style=("length",), on_bad="drop").used == 0


def test_covariates_are_checked_in_every_scan_so_that_all_scans_see_the_same_votes() -> None:
    table = {
        "model_a": ["ada"] * 2,
        "model_b": ["bob"] * 2,
        "winner": ["tie"] * 2,
        "tone": ["0.5", "?"],
    }
    votes = open_votes(table, VoteOptions(style=("tone",), on_bad="drop"))
    sizes = {sum(c.first.size for c in votes.chunks(covariates=wanted)) for wanted in (True, False)}
    assert sizes == {1}


def test_a_time_that_only_a_window_needs_leaves_the_vote_on_the_board_of_all() -> None:
    table = {
        "model_a": ["ada"] * 3,
        "model_b": ["bob"] * 3,
        "winner": ["tie"] * 3,
        "time": ["2025-05-01", "yesterday", None],
    }
    with pytest.raises(InputError, match=r"row 2, column time: 'yesterday' is no time. Write it"):
        counted(table, window="month")
    made = counted(table, window="month", on_bad="drop")
    assert {name: board.total for name, board in made.boards.items()} == {
        "all": 3,
        "month=2025-05": 1,
    }


def test_a_category_flag_that_is_none(tmp_path: Path) -> None:
    battle = {"model_a": "ada", "model_b": "bob", "winner": "tie", "anony": True}
    path = write(tmp_path / "v.csv", [{**battle, "is_code": "yes"}, {**battle, "is_code": "maybe"}])
    with pytest.raises(
        InputError, match="row 2, column is_code: 'maybe' is neither true nor false"
    ):
        counted(path, ["category"])
    made = counted(path, ["category"], on_bad="drop")
    assert made.boards["category=code"].total == 1
