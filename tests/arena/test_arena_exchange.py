"""What an arena gives to others and takes from them: every layout, read again by `rank`."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tests.arena.served import TestVoter, serving, written
from tests.ratings.reading.test_formats import _comparia, _feedbacks
from tests.ratings.reading.vote_files import write
from tests.trials.comparing.eval_ever_rules import Document

import headtohead
from headtohead import rank
from headtohead.arena.exchange import export
from headtohead.arena.store.store import ArenaStore
from headtohead.cli import main
from headtohead.core.errors import InputError


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an arena in which three people have voted on all there is."""
    folder = tmp_path_factory.mktemp("voted")
    with serving(written(folder)) as served:
        for outcome in ("left", "right", "both_bad"):
            with TestVoter(served.address) as voter:
                for _ in range(9):
                    voter.vote(voter.draw(), outcome)
    return folder


@pytest.fixture
def database(voted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(voted, tmp_path, dirs_exist_ok=True)) / "arena.sqlite"


@pytest.fixture
def store(database: Path) -> Iterator[ArenaStore]:
    opened = ArenaStore(database)
    yield opened
    opened.close()


def ratings(source: Path, **options: Any) -> dict[str, float]:
    board = rank(source, cluster="none", **options).board()
    votes = {f"votes of {s.model}": s.battles for s in board.standings}
    return {s.model: s.rating.value for s in board.standings} | votes


@pytest.mark.parametrize(("layout", "name"), [("lmarena", "x.jsonl"), ("parquet", "x.parquet")])
def test_an_export_gives_the_leaderboard_of_the_arena(
    store: ArenaStore, tmp_path: Path, layout: Any, name: str
) -> None:
    out = tmp_path / name
    assert export(store, layout, out) == 27
    assert ratings(out) == pytest.approx(ratings(store.path))
    if layout == "lmarena":
        assert rank(out).format == "lmarena"


def test_csv_says_what_its_columns_are(store: ArenaStore, tmp_path: Path) -> None:
    out = tmp_path / "votes.csv"
    export(store, "csv", out)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    about = json.loads((tmp_path / "votes.metadata.json").read_text())
    assert about["rows"] == len(rows) == 27
    assert set(about["columns"]) <= set(rows[0])
    assert Counter(row["winner"] for row in rows)["tie (bothbad)"] == 9
    assert ratings(out) == pytest.approx(ratings(store.path))


def test_no_export_tells_who_voted_or_holds_a_text_unless_asked(
    store: ArenaStore, tmp_path: Path
) -> None:
    ids = [row["id"] for row in store.rows("SELECT id FROM voters")]
    for layout in ("lmarena", "csv", "parquet", "every-eval-ever"):
        export(store, layout, tmp_path / "given" / layout)
    given = b"".join(f.read_bytes() for f in (tmp_path / "given").rglob("*") if f.is_file())
    assert not any(id.encode() in given for id in ids)
    assert b"capital of Peru" not in given
    export(store, "lmarena", tmp_path / "texts.jsonl", texts=True)
    first = json.loads((tmp_path / "texts.jsonl").read_text().splitlines()[0])
    assert [turn["role"] for turn in first["conversation_a"]] == ["user", "assistant"]
    assert first["conversation_a"][1]["content"].startswith(first["model_a"][::-1])
    with pytest.raises(InputError, match="only in the layout of LMArena"):
        export(store, "csv", tmp_path / "x.csv", texts=True)


def test_every_eval_ever_holds_the_leaderboard_by_its_rules(
    store: ArenaStore, tmp_path: Path
) -> None:
    export(store, "every-eval-ever", tmp_path / "given")
    board = {s.model: s for s in rank(store.path).board().standings}
    found = {}
    for file in (tmp_path / "given").rglob("*.json"):
        document = msgspec.json.decode(file.read_bytes(), type=Document)
        (result,) = document.evaluation_results
        found[document.model_info.name] = result.score_details.score
    assert found == {name: s.rating.value for name, s in board.items()}


@pytest.mark.parametrize("kind", ["openwebui", "comparia"])
def test_votes_of_others_are_taken_in_once(database: Path, tmp_path: Path, kind: str) -> None:
    records = (
        _feedbacks()
        if kind == "openwebui"
        else [_comparia(i, "ada" if i % 3 else "bob", False) for i in range(1, 12)]
    )
    file = write(tmp_path / f"{kind}.jsonl", records)
    expected = rank(file)
    run = CliRunner().invoke(main, ["arena", "import", str(file), "--into", str(database)])
    assert run.exit_code == 0, run.output
    assert rank(database).used == 27 + expected.used
    again = CliRunner().invoke(main, ["arena", "import", str(file), "--into", str(database)])
    assert f"0 votes imported into {database}, {expected.used} were there already." in (
        " ".join(again.output.split())
    )
    assert rank(database).used == 27 + expected.used
    store = ArenaStore(database)
    assert [row["name"] for row in store.entrants()] == ["ant", "bee", "cat"]  # never drawn
    store.close()


def test_a_file_that_has_grown_and_an_export_of_ones_own_add_what_is_new(
    database: Path, tmp_path: Path
) -> None:
    before = rank(database).used
    own = tmp_path / "own.jsonl"
    into = ["--into", str(database)]
    exported = ["arena", "export", str(database), "--as", "lmarena", "--out", str(own)]
    assert CliRunner().invoke(main, exported).exit_code == 0
    assert CliRunner().invoke(main, ["arena", "import", str(own), *into]).exit_code == 0
    assert rank(database).used == before
    rows = own.read_text().replace('"question_id": "', '"question_id": "elsewhere-').splitlines()
    for n in (5, len(rows)):
        other = tmp_path / f"other-{n}.jsonl"
        other.write_text("\n".join(rows[:n]) + "\n")
        assert CliRunner().invoke(main, ["arena", "import", str(other), *into]).exit_code == 0
        assert rank(database).used == before + n


def _imported(database: Path, rows: list[str], head: str = "") -> int:
    """How many votes of a file of such rows are new."""
    file = database.with_name("elsewhere.csv")
    head = head or "id,voter,model_a,model_b,winner"
    file.write_text("\n".join([head, *rows]) + "\n")
    before = rank(database).used
    run = CliRunner().invoke(main, ["arena", "import", str(file), "--into", str(database)])
    assert run.exit_code == 0, run.output
    return rank(database).used - before


def _people(database: Path) -> list[int]:
    """How many imported votes each person cast, fewest first."""
    store = ArenaStore(database)
    voters = "SELECT COUNT(*) FROM counted_votes WHERE voter GLOB 'imported*' GROUP BY voter"
    votes = sorted(row[0] for row in store.rows(voters))
    store.close()
    return votes


def test_votes_of_short_ids_and_their_voters_are_known_again(database: Path) -> None:
    rows = [f"{n},{'ann' if n % 3 else 'bo'},x,y,{'xy'[n % 2]}" for n in range(1, 13)]
    rows = [row.replace(",x,y,x", ",x,y,model_a").replace(",y,y", ",y,model_b") for row in rows]
    assert _imported(database, rows[:6]) == 6
    assert _people(database) == [2, 4]
    assert _imported(database, rows[:6]) == 0
    assert _imported(database, rows) == 6  # it has grown
    assert _imported(database, rows[::-1]) == 0  # the newest first
    assert _imported(database, rows[3:]) == 0  # an extract
    assert _people(database) == [4, 8]
    # Another file that counts from 1 too, with an Ann of its own.
    other = [row.replace(",x,y", ",y,x") for row in rows]
    assert _imported(database, other) == 12
    assert _people(database) == [4, 4, 8, 8]


def test_a_person_of_a_long_id_is_the_same_in_every_file(database: Path) -> None:
    for day in ("mon", "tue"):
        rows = [f"{day}-{n},ann@example.org,x,y,model_a" for n in range(4)]
        assert _imported(database, rows) == 4
    assert _people(database) == [8]


def test_votes_that_say_only_who_won_are_known_by_their_place(database: Path) -> None:
    head, rows = "model_a,model_b,winner", ["x,y,model_a", "x,y,model_a", "y,x,tie"] * 4
    assert _imported(database, rows[:5], head) == 5
    assert _imported(database, rows, head) == 7
    assert _imported(database, rows, head) == 0
    assert _imported(database, [row.replace("x", "z") for row in rows], head) == 12


def test_no_name_is_a_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    with serving(written(tmp_path, "=1+1", "bee")) as served:
        with TestVoter(served.address) as voter:
            voter.vote(voter.draw())
        export(served.arena.store, "csv", tmp_path / "v.csv")
    with (tmp_path / "v.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert {row["model_a"], row["model_b"]} == {"'=1+1", "bee"}


@pytest.mark.parametrize("layout", ["csv", "parquet", "lmarena"])
def test_no_export_is_written_over_the_votes(database: Path, layout: Any) -> None:
    before = database.read_bytes()
    with pytest.raises(InputError, match="is a database, of votes perhaps, and would be lost"):
        headtohead.arena_export(database, database, layout=layout)
    shown = CliRunner().invoke(main, ["rank", str(database), "--html", str(database)]).output
    assert "would be lost. Choose another --html." in shown
    assert database.read_bytes() == before


def test_what_cannot_be_taken_in_is_named(database: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text("model_a,model_b,wins_a,wins_b,ties\nx,y,3,2,1\n")
    run = CliRunner().invoke(main, ["arena", "import", str(counts), "--into", str(database)])
    assert run.exit_code == 64
    assert "keeps whole votes" in run.output
    missing = ["arena", "export", str(tmp_path / "no.sqlite"), "--out", str(tmp_path / "x.csv")]
    run = CliRunner().invoke(main, missing)
    assert run.exit_code == 64
    assert "no.sqlite: there is no such file" in run.output
