"""Plain tables as they lie about: other usual names, scores, counts, weights, spellings."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.ratings.reading.vote_files import cells, counted, plain

import headtohead
from headtohead.core.errors import InputError
from headtohead.core.units import nearest_first
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import VoteOptions


def csv(folder: Path, text: str) -> Path:
    path = folder / "votes.csv"
    path.write_text(text, encoding="utf-8")
    return path


XY = {("x", "y"): [1, 0, 0, 0], ("y", "x"): [1, 0, 0, 0]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (",model_a,model_b,winner\n0,x,y,model_a\n1,y,x,model_a\n", XY),
        (",,model_a,model_b,winner\n0,0,x,y,a\n1,1,y,x,a\n", XY),
        ("model_a,model_b,winner,\nx,y,a,\ny,x,a,\n", XY),
        ("Model_A,Model_B,Winner\nx,y,Model_A\ny,x,model_a\n", XY),
        ("model_a, model_b, winner\nx, y, model_a\ny, x, model_a\n", XY),
        ("Model A,Model-B,WINNER\nx,y,Model_A\ny,x,model_a\n", XY),
        (
            "left,right,winner\nx,y,left\ny,x,y\n",
            {("x", "y"): [1, 0, 0, 0], ("y", "x"): [1, 0, 0, 0]},
        ),
        ("home_team,away_team,home_score,away_score\nx,y,3,1\ny,x,2,0\n", XY),
        ("model_a,model_b,score_a,score_b\nx,y,.3,.7\nx,y,.5,.5\n", {("x", "y"): [0, 1, 1, 0]}),
        ("model_a,model_b,a_wins,b_wins\nx,y,7,2\n", {("x", "y"): [7, 2, 0, 0]}),
        (
            "model_a,model_b,wins_a,wins_b,ties\nx,y,7,2,1\ny,x,,3,\n",
            {("x", "y"): [7, 2, 1, 0], ("y", "x"): [0, 3, 0, 0]},
        ),
        (
            "model_a,model_b,winner,weight\nx,y,model_a,3\ny,x,model_a,1\n",
            {
                ("x", "y"): [3, 0, 0, 0],
                ("y", "x"): [1, 0, 0, 0],
            },
        ),
        ("model_a,model_b,winner\nx,y,1\nx,y,0\nx,y,0.5\n", {("x", "y"): [1, 1, 1, 0]}),
        ("model_a,model_b,winner\nx,y,True\nx,y,False\n", {("x", "y"): [1, 1, 0, 0]}),
        (
            "model_a,model_b,winner\nx, y,model_a\ny,x,model_b\n x,y,model_a\n",
            {
                ("x", "y"): [2, 0, 0, 0],
                ("y", "x"): [0, 1, 0, 0],
            },
        ),
    ],
)
def test_what_lies_about_is_read(
    tmp_path: Path, text: str, expected: dict[tuple[str, str], list[int]]
) -> None:
    assert cells(counted(csv(tmp_path, text))) == expected


def test_soft_scores_are_parts_of_a_win_and_the_reader_is_told() -> None:
    votes = open_votes(plain(("x", "y", 0.75), ("x", "y", 1.0), ("y", "x", 0.25)))
    made = counted(plain(("x", "y", 0.75), ("x", "y", 1.0), ("y", "x", 0.25)))
    assert cells(made) == {("x", "y"): [1.75, 0.25, 0, 0], ("y", "x"): [0.25, 0.75, 0, 0]}
    assert (made.rows_read, made.used) == (3, 3)
    assert any("counts as that part of a win" in one for one in made.remarks)
    assert any("0 or false of the second" in one for one in made.remarks)
    assert votes.rows_read == 0  # opened, not yet scanned


def test_soft_scores_make_no_narrower_intervals_than_whole_votes() -> None:
    same = headtohead.rank(plain(*(("x", "y", 0.7) for _ in range(200)))).board()
    whole = [("x", "y", 1.0 if i % 10 < 7 else 0.0) for i in range(200)]
    assert same.standings[0].wins == 140
    expected = headtohead.rank(plain(*whole)).board().gap("x", "y")
    assert same.gap("x", "y").width == pytest.approx(expected.width)


def test_pages_of_parts_of_votes_say_what_they_leave_out() -> None:
    rows = plain(*(("xy"[i % 2], "yz"[i % 2], 0.3 + 0.4 * (i % 3 == 0)) for i in range(30)))
    result = headtohead.rank(rows, trust=True)
    assert result.trust is not None
    assert any("votes that count in parts" in one for one in result.trust.notes)
    assert "A score between 0 and 1 counts" in result.to_html()
    assert result.to_csv()
    assert any(isinstance(one["wins"], float) for one in result.as_json()["results"][0]["ratings"])


def test_a_row_of_a_weight_is_one_row_to_the_intervals() -> None:
    rows: dict[str, list[Any]] = plain(*(("x", "y", "ab"[i % 3 == 0]) for i in range(60)))
    alone = headtohead.rank(rows)
    heavy = headtohead.rank({**rows, "weight": [4] * 60})
    assert heavy.board().fitted.counts.total == 240
    assert heavy.board().gap("x", "y").width == pytest.approx(
        alone.board().gap("x", "y").width, rel=0.05
    )
    assert "as 240 votes" in repr(heavy.sheet)
    off = headtohead.rank({**rows, "weight": [4] * 60}, mapping={"weight": "none"})
    assert off.board().fitted.counts.total == 60
    # Votes that are counted in a table are votes like others.
    table = headtohead.rank({"model_a": ["x"], "model_b": ["y"], "wins_a": [160], "wins_b": [80]})
    assert table.board().gap("x", "y").width < 0.6 * heavy.board().gap("x", "y").width


@pytest.mark.parametrize("weight", ["-1", "many", "inf"])
def test_a_weight_that_is_none_is_refused(tmp_path: Path, weight: str) -> None:
    path = csv(tmp_path, f"model_a,model_b,winner,weight\nx,y,a,0\nx,y,a,{weight}\n")
    with pytest.raises(InputError, match=r"row 2, column weight: .* is no number of votes"):
        counted(path)
    made = counted(csv(tmp_path, "model_a,model_b,winner,weight\nx,y,a,0\nx,y,b,.5\n"))
    assert made.dropped == {"weight 0": 1}
    assert cells(made) == {("x", "y"): [0, 0.5, 0, 0]}


def test_counts_that_are_none_are_refused_and_both_bad_can_go(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 1, column wins_a: '1.5'"):
        counted(csv(tmp_path, "model_a,model_b,wins_a,wins_b\nx,y,1.5,2\n"))
    table = {"model_a": ["x"] * 2, "model_b": ["y"] * 2, "wins_a": [1, 0], "wins_b": [2, 0]}
    made = counted({**table, "both_bad": [3, 3]}, both_bad="drop")
    assert (cells(made), made.dropped) == ({("x", "y"): [1, 2, 0, 0]}, {"both bad": 1})


def test_forms_of_one_name_are_one_model() -> None:
    names = ["caf\u00e9 1", "cafe\u0301 1", " caf\u00e9  1\u00a0", "caf\u00e9\u200b \uff11"]
    made = counted(plain(*((name, "y", "a") for name in names)))
    assert cells(made) == {("caf\u00e9 1", "y"): [4, 0, 0, 0]}
    assert any("are one model" in one for one in made.remarks)
    assert not counted(plain(("x", "y", "a"), ("X", "y", "a"))).remarks  # case tells models apart
    named = counted(plain(("x", " y", "y"), ("x", "y", " x")))
    assert cells(named) == {("x", "y"): [1, 1, 0, 0]}


def test_columns_of_a_value_of_another_kind_can_be_mapped() -> None:
    rows = plain(("x", "y", 1), ("x", "y", 2))
    found = counted(rows, mapping={"winner.a": 1, "winner.b": 2.0})
    assert cells(found) == {("x", "y"): [1, 1, 0, 0]}
    turned = counted(plain(("x", "y", True)), mapping={"winner.b": True})
    assert cells(turned) == {("x", "y"): [0, 1, 0, 0]}
    import pandas as pd  # type: ignore[import-untyped]

    frame = pd.DataFrame([["x", "y", "a"]])
    assert cells(counted(frame, mapping={"model_a": 0, "model_b": 1, "winner": 2})) == {
        ("x", "y"): [1, 0, 0, 0]
    }
    with pytest.raises(InputError, match="`mapping` takes one name or value for 'winner'"):
        VoteOptions(mapping={"winner": ["a"]})  # type: ignore[dict-item]


def test_words_and_scores_do_not_mix() -> None:
    with pytest.raises(InputError, match=r"row 2, column winner: '0\.5' is no known"):
        counted(plain(("x", "y", "tie"), ("x", "y", "0.5")))
    with pytest.raises(InputError, match="is no known outcome"):
        counted(plain(("x", "y", "1"), ("x", "y", "1.5")))
    index = plain(("x", "y", "0"), ("x", "y", "1"))
    found = counted(index, mapping={"winner.a": "0", "winner.b": "1"})
    assert cells(found) == {("x", "y"): [1, 1, 0, 0]}
    frame = pl.DataFrame({"model_a": ["x"], "model_b": ["y"], "winner": [False]})
    assert cells(counted(frame)) == {("x", "y"): [0, 1, 0, 0]}


def test_any_columns_of_counts_or_scores_can_be_mapped() -> None:
    table = {"p": ["x"], "q": ["y"], "w": [3], "l": [1], "d": [2], "winner": ["a"]}
    sides = {"model_a": "p", "model_b": "q"}
    counts = {**sides, "wins_a": "w", "wins_b": "l", "ties": "d"}
    assert cells(counted(table, mapping=counts)) == {("x", "y"): [3, 1, 2, 0]}
    scores = {**sides, "score_a": "w", "score_b": "l"}
    assert cells(counted(table, mapping=scores)) == {("x", "y"): [1, 0, 0, 0]}
    with pytest.raises(InputError, match="Leave out `style`"):
        counted({**table, "tone": [1.0]}, mapping=counts, style=("tone",))


def test_of_many_columns_the_nearest_are_named_first() -> None:
    names = [f"c{i}" for i in range(40)] + ["the_winner"]
    with pytest.raises(InputError, match=r"has the columns the_winner, .* and 29 more, which"):
        open_votes({name: ["x"] for name in names})
    assert nearest_first(["b", "a"], ["a"]) == "b, a"


def test_votes_of_models_that_are_not_rated_are_not_counted() -> None:
    rows = plain(("m1", "m2", "a"), ("m2", "m1", "a"), ("m1", "m2", "tie"), ("m3", "m4", "a"))
    for choices, dropped in (
        ({"ties": "davidson"}, {"of models that are not rated": 1}),
        ({"ties": "drop"}, {"a tie": 1}),
        ({"min_votes": 2}, {"of models with fewer than 2 votes": 1}),
        ({}, {}),
    ):
        result = headtohead.rank(rows, **choices)
        assert result.dropped == dropped
        assert result.used == 4 - sum(dropped.values())
        rated = sum(board.fitted.counts.total for board in result.boards["all"])
        assert result.used == rated
