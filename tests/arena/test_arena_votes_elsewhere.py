"""The file of an arena where other verbs read it: `rank`, and the votes of `switch`."""

import sqlite3
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from tests.arena.served import TestVoter, serving, written

from headtohead import arena_board, rank
from headtohead.cli import main
from headtohead.core.errors import DamagedStore, InputError
from headtohead.ratings.reading.votes import open_votes
from headtohead.trials.scoring.ballot import read_arena_votes


def voted(folder: Path, *outcomes: str) -> Path:
    """An arena in which three voters voted so in turn, and which is still open."""
    with serving(written(folder)) as served:
        for outcome in outcomes:
            with TestVoter(served.address) as voter:
                for _ in range(9):
                    voter.vote(voter.draw(), outcome)
        return Path(served.arena.settings.database)


def test_rank_reads_the_votes_where_they_lie(tmp_path: Path) -> None:
    database = voted(tmp_path, "left", "tie", "both_bad")
    votes = open_votes(database)
    assert votes.format == "arena"
    result = rank(database)
    assert result.used == result.rows_read == 27
    assert {s.model for s in result.board().standings} == {"ant", "bee", "cat"}
    assert sum(s.ties for s in result.board().standings) == 36  # 18 ties, each of two models
    by = rank(database, by=("category",)).boards
    assert {"category=facts", "category=writing"} < set(by)


def test_a_void_vote_and_one_on_an_answer_that_gave_its_model_away_do_not_count(
    tmp_path: Path,
) -> None:
    from headtohead.arena.store.store import ArenaStore

    database = voted(tmp_path, "left")
    store = ArenaStore(database)
    rows = store.rows("SELECT battle FROM votes ORDER BY battle")
    with store.transaction():
        store.void(rows[0]["battle"], "voted by mistake", 1, "test")
    store.close()
    with sqlite3.connect(database) as raw:  # as an answer that names its model leaves it
        raw.execute("DROP TRIGGER votes_are_not_changed")
        raw.execute("UPDATE votes SET reveals = 'left: I am ant' WHERE battle = ?", (rows[1][0],))
    raw.close()
    result = rank(database)
    assert (result.rows_read, result.used) == (8, 7)
    assert dict(result.dropped) == {"an answer gave its model away": 1}
    assert rank(database, anonymous_only=False).used == 8
    view = arena_board(database).view
    assert (view.votes, view.named) == (7, 1)
    assert sum(meeting.votes for meeting in view.meetings.values()) == 2 * 7
    with serving(tmp_path / "arena.toml") as served:
        assert sum(row[-1] for row in served.arena.store.counted()) == 7
        page = " ".join(httpx2.get(f"{served.address}/board", timeout=60).text.split())
    assert "Ratings by 7 votes" in page
    assert "1 more vote is kept and not rated, because an answer gave its model away." in page


def test_the_votes_of_switch_are_those_between_its_two_models(tmp_path: Path) -> None:
    database = voted(tmp_path, "left", "both_bad")
    read = read_arena_votes(database, "ant", "bee", ["p1", "p2"])
    assert {vote.key for vote in read.votes} == {"p1", "p2"}
    assert len(read.votes) == 4
    assert read.other_n == 2  # on p3, which the log has not
    assert sum(vote.both_bad for vote in read.votes) == 2
    mirrored = read_arena_votes(database, "bee", "ant", ["p1", "p2"])
    assert [-v.preference for v in mirrored.votes] == [v.preference for v in read.votes]
    with pytest.raises(
        InputError, match=r"no vote between 'ant' and 'gpt-5'\. People voted on ant"
    ):
        read_arena_votes(database, "ant", "gpt-5", ["p1"])
    with pytest.raises(InputError, match="none that can be joined to this log"):
        read_arena_votes(database, "ant", "bee", ["q1"])


def test_another_database_and_an_arena_without_votes_are_named(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as raw:
        raw.execute("CREATE TABLE x (y)")
    raw.close()
    with pytest.raises(InputError, match="is a database, but not of an arena"):
        rank(other)
    empty = voted(tmp_path)
    with pytest.raises(InputError, match="is an arena in which nobody has voted yet"):
        rank(empty)
    whole = empty.read_bytes()
    (tmp_path / "cut.sqlite").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(InputError, match="the database cannot be read"):
        rank(tmp_path / "cut.sqlite")


def test_a_file_that_does_not_know_its_own_margin_is_damaged(tmp_path: Path) -> None:
    database = voted(tmp_path, "left")
    with sqlite3.connect(database) as raw:
        raw.execute("DELETE FROM arena WHERE key = 'sides'")
    raw.close()
    with pytest.raises(DamagedStore, match=r"margin, sides and title is incomplete\. Give its"):
        arena_board(database)
    run = CliRunner().invoke(main, ["arena", "board", str(database)])
    assert run.exit_code == 65
    assert arena_board(tmp_path / "arena.toml").view.votes == 9  # its toml still knows
