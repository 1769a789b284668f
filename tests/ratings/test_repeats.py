"""Prompts and pairs that repeat: told, and taken to go together unless asked otherwise."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import headtohead
from headtohead.cli import main
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import RankSettings
from headtohead.ratings.tally import repeats


def copies(times: int, prompts: int = 40, prompt: str = "question_id") -> dict[str, list[Any]]:
    """x wins 26 of 40 prompts against y, each told `times` times."""
    rows = [(f"q{i}", "ab"[i % 20 >= 13]) for i in range(prompts) for _ in range(times)]
    return {
        prompt: [q for q, _ in rows],
        "model_a": ["x"] * len(rows),
        "model_b": ["y"] * len(rows),
        "winner": [w for _, w in rows],
    }


def test_copies_of_a_vote_say_no_more_than_one() -> None:
    one, four = headtohead.rank(copies(1)), headtohead.rank(copies(4))
    assert four.settings.cluster == "prompt"
    assert one.settings.cluster == ""
    assert four.board().gap("x", "y").width == pytest.approx(
        one.board().gap("x", "y").width, rel=0.06
    )
    assert (four.board().standings[0].best, four.board().standings[0].worst) == (1, 2)
    assert any("appears 4 times, so votes on one prompt" in said for said in four.remarks)
    assert not one.remarks
    off = headtohead.rank(copies(4), cluster="none")
    assert off.settings.cluster == ""
    assert off.board().standings[0].worst == 1
    assert not off.remarks
    unseen = headtohead.rank(copies(4), mapping={"prompt": "none"})
    assert unseen.settings.cluster == ""


def test_a_clean_record_of_copies_is_no_cleaner() -> None:
    clean = {k: v[:13] for k, v in copies(1).items()}  # x wins 13 prompts
    many = {k: [x for x in v for _ in range(4)] for k, v in clean.items()}
    one, four = (headtohead.rank(votes).board() for votes in (clean, many))
    assert four.standings[0].flag == "undefeated"
    assert four.gap("x", "y").low == pytest.approx(one.gap("x", "y").low, rel=0.15)
    alone = headtohead.rank(many, cluster="none").board()
    assert alone.gap("x", "y").low > four.gap("x", "y").low + 150


def test_turns_and_voters_are_told_apart() -> None:
    votes = copies(4)
    votes["turn"] = [1, 2, 1, 2] * 40
    votes["Annotator"] = ["h1", "h1", "h2", "h3"] * 40
    (said,) = headtohead.rank(votes).remarks
    assert "(2 turns and 3 voters are told apart)" in said


@pytest.mark.parametrize("name", ["prompt_id", "Question ID", "prompt", "instruction"])
def test_prompts_are_known_by_their_usual_names(name: str) -> None:
    assert repeats(open_votes(copies(3, prompt=name)), "prompt", 1000) == 3


def test_a_pair_counts_whichever_side_came_first_and_prompts_without_repeats_do_not() -> None:
    votes = copies(2)
    turned = [i % 2 == 1 for i in range(80)]
    votes["model_a"] = ["y" if t else "x" for t in turned]
    votes["model_b"] = ["x" if t else "y" for t in turned]
    assert repeats(open_votes(votes), "prompt", 1000) == 2
    # Prompts that are asked of other pairs are no repeats.
    votes["model_b"] = [f"m{i}" for i in range(80)]
    assert repeats(open_votes(votes), "prompt", 1000) == 1
    assert (
        repeats(open_votes({k: v for k, v in votes.items() if k != "question_id"}), "prompt", 9)
        == 1
    )


def test_boards_of_one_prompt_are_still_made() -> None:
    result = headtohead.rank(copies(4, 2), by=["question_id"])
    assert set(result.boards) == {"all", "question_id=q0", "question_id=q1"}
    assert not result.unmade
    assert any(
        "on one prompt: nothing tells" in note for note in result.board("question_id=q0").notes
    )
    (said,) = headtohead.rank(copies(4, 1)).remarks
    assert said.endswith(
        "4 times, and all are on one prompt: nothing tells how much prompts differ."
    )


def test_counts_of_votes_on_a_prompt_repeat_as_often_as_they_say() -> None:
    table = {"prompt_id": ["p", "q"], "model_a": ["x"] * 2, "model_b": ["y"] * 2}
    votes = open_votes({**table, "wins_a": [3, 1], "wins_b": [2, 2]})
    assert repeats(votes, "prompt", 1000) == 4


def test_what_clusters_do_not_go_with_is_told() -> None:
    result = headtohead.rank(copies(4), intervals="hessian")
    assert result.settings.cluster == ""
    assert any("intervals from the curvature do not know of" in one for one in result.remarks)
    drawn = headtohead.rank(copies(4), intervals="bootstrap", rounds=200)
    assert drawn.settings == RankSettings(cluster="prompt", intervals="bootstrap", rounds=200)


def test_an_engine_says_why_it_takes_repeats_as_independent(tmp_path: Path) -> None:
    pytest.importorskip("ibis", reason="Ibis is not installed (extra ibis)")
    votes = pl.DataFrame(copies(4))
    votes[0, "question_id"] = None
    votes.write_parquet(path := tmp_path / "votes.parquet")
    result = headtohead.rank(path, engine="duckdb")
    assert result.settings.cluster == ""
    (said,) = result.remarks
    assert "appears 4.0 times on average in the engine" in said
    together = headtohead.rank(path, engine="duckdb", cluster="prompt")
    assert not together.remarks
    assert together.board().standings[0].worst > result.board().standings[0].worst == 1
    assert not headtohead.rank(path, engine="duckdb", cluster="none").remarks
    votes.unique("question_id").write_parquet(path)
    assert not headtohead.rank(path, engine="duckdb").remarks


def test_the_terminal_says_it(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    rows = zip(*copies(4).values(), strict=True)
    lines = ["question_id,model_a,model_b,winner", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    shown = CliRunner().invoke(main, ["rank", str(path)]).output
    assert "Each prompt and pair of models appears 4 times" in shown
    assert "Votes of one prompt go together." in " ".join(shown.split())
