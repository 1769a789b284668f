"""`h2h rank`: every option, what it prints, its exit codes, and errors that say what to do."""

import csv
import html
import io
import itertools
import json
import math
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.ratings.made_votes import Columns, duel, joined, made
from tests.ratings.reading.vote_files import write

import headtohead
from headtohead.cli import commands, main
from headtohead.publish.command_line import today

VOTES = made(900, 1)
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`h2h rank` in a folder with votes.csv."""
    monkeypatch.chdir(tmp_path)
    save("votes.csv", VOTES)

    def invoke(*arguments: str) -> Result:
        found = CliRunner().invoke(main, ["rank", *arguments], prog_name="h2h")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return invoke


def save(name: str, votes: Columns) -> Path:
    rows = zip(*votes.values(), strict=True)
    return write(Path(name), [dict(zip(votes, row, strict=True)) for row in rows])


def given(result: Result) -> dict[str, Any]:
    """The one JSON object that was printed; no number in it is beyond JSON."""
    assert result.exit_code == 0, result.output

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is no JSON")

    made_object: dict[str, Any] = json.loads(result.stdout, parse_constant=refuse)
    assert set(made_object) >= {"verb", "about", "as_of", "results", "sources"}
    assert made_object["verb"] == "rank"
    return made_object


def board(made_object: dict[str, Any], name: str = "all") -> dict[str, dict[str, Any]]:
    part = next(r for r in made_object["results"] if r["board"] == name)
    return {row["label"]: row for row in part["ratings"]}


def test_a_newcomer_reads_who_leads_how_surely_and_what_was_left_out(run: Run) -> None:
    found = run("votes.csv")
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[0] == "5 models ranked by 900 votes"
    assert "votes.csv" in lines[1]
    for words in (
        "95%",
        "Places",
        "Alone",
        "all models together",
        "All 900 rows read were counted",
        "Cite: headtohead",
    ):
        assert words in found.stdout
    order = [line.split()[0] for line in lines if re.match(r"  m\d +\d", line)]
    assert order[0] == "m0"
    assert sorted(order) == [f"m{i}" for i in range(5)]
    assert max(map(len, lines)) <= 80


def test_json_holds_every_number_with_its_interval_and_method(run: Run) -> None:
    found = given(run("votes.csv", "--json", "--as-of", "2025-01-20"))
    rows = board(found)
    twin = headtohead.rank(Path("votes.csv"), as_of="2025-01-20")
    for s in twin.board().standings:
        row = rows[s.model]
        assert (row["value"], row["low"], row["high"]) == (
            s.rating.value,
            s.rating.low,
            s.rating.high,
        )
        assert (row["joint_low"], row["joint_high"]) == (s.joint.low, s.joint.high)
        assert row["n"] == s.wins + s.losses + s.ties
        assert (row["level"], row["unit"], row["as_of"]) == (0.95, "elo", "2025-01-20")
        assert row["source_ids"] == ["votes"]
    assert found["rows_read"] == found["used"] + sum(found["dropped"].values()) == 900
    assert found["dropped"] == {"after 2025-01-20": 900 - found["used"]}
    assert found["sources"][0]["source_id"] == "votes"
    assert len(found["sources"][0]["sha256"]) == 64


def test_open_ends_are_null_in_json_and_empty_in_csv(run: Run) -> None:
    sides = {k: VOTES[k] for k in ("model_a", "model_b", "winner")}
    save("new.csv", joined(sides, duel("new", "m0", 3)))
    row = board(given(run("new.csv", "--json")))["new"]
    assert (row["high"], row["joint_high"], row["flag"]) == (None, None, "undefeated")
    rows = list(csv.DictReader(io.StringIO(run("new.csv", "--csv").stdout)))
    new = next(r for r in rows if r["model"] == "new")
    assert (new["high_elo"], new["joint_high_elo"]) == ("", "")
    assert math.isfinite(float(new["low_elo"]))
    assert "undefeated" in run("new.csv").stdout


def test_csv_has_one_row_for_each_model_and_board(run: Run) -> None:
    found = run("votes.csv", "--csv", "--by", "language")
    rows = list(csv.DictReader(io.StringIO(found.stdout)))
    assert [(r["board"], r["rank"]) for r in rows[:5]] == [("all", str(i + 1)) for i in range(5)]
    assert len(rows) == 4 * 5
    assert sum(int(r["battles_n"]) for r in rows if r["board"] != "all") == 1800


def test_html_writes_a_page_and_still_prints(run: Run) -> None:
    found = run("votes.csv", "--html", "board.html", "--style", "length", "--window", "week")
    assert found.exit_code == 0
    assert "ranked by 900 votes" in found.stdout
    assert "Wrote board.html" in found.stderr
    page = Path("board.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    for words in ("m0", "month" if "month=" in page else "week", "length"):
        assert words in page
    assert "TRUST" in found.stdout


def test_names_from_outside_steer_neither_terminal_page_nor_spreadsheet(run: Run) -> None:
    bad = ["<script>alert(1)</script>", "=HYPERLINK(1)", "a\x1b[31mred", "模型"]
    votes = joined(*(duel(a, b, 4, 3, 1) for a, b in itertools.pairwise(bad)))
    save("odd.json", votes)
    found = run("odd.json", "--html", "odd.html")
    assert found.exit_code == 0
    assert "\x1b" not in found.output
    assert "模型" in found.stdout
    assert "<script>alert(1)" not in Path("odd.html").read_text("utf-8")
    assert not any(
        line.split(",")[1].strip('"').startswith("=")
        for line in run("odd.json", "--csv").stdout.splitlines()
    )
    assert set(board(given(run("odd.json", "--json")))) == set(bad)


@pytest.mark.parametrize(
    ("options", "boards"),
    [
        (["--by", "language"], {"language=de", "language=en", "language=fr"}),
        (["--by", "language,voter", "--min-votes", "2"], {"language=de", "voter=v3"}),
        (["--window", "month"], {"month=2025-01"}),
        (["--window", "week"], {"week=2025-W01", "week=2025-W05"}),
        (["--window", "quarter"], {"quarter=2025-Q1"}),
        (["--window", "day", "--by", "language"], {"day=2025-01-01", "language=de"}),
    ],
)
def test_boards_beside_the_whole(run: Run, options: list[str], boards: set[str]) -> None:
    found = given(run("votes.csv", "--json", *options))
    assert boards <= {r["board"] for r in found["results"]}
    assert found["results"][0]["board"] == "all"


def test_boards_beside_the_whole_are_printed_too(run: Run) -> None:
    text = run("votes.csv", "--by", "language", "--window", "week").stdout
    for board in ("language = de", "language = en", "language = fr", "week = 2025-W01"):
        assert board in text


def test_windows_print_the_drift(run: Run) -> None:
    later = made(900, 2)
    later["time"] = [day.replace("2025-01", "2025-03") for day in later["time"]]
    save("later.csv", later)
    found = run("votes.csv", "later.csv", "--window", "month")
    assert "DRIFT" in found.stdout
    assert "2025-01  2025-03" in found.stdout
    both = given(run("votes.csv", "later.csv", "--window", "month", "--json"))
    assert {m["model"] for m in both["drift"]["moves"]} == {f"m{i}" for i in range(5)}
    assert both["about"] == "2025-01-01/2025-03-31"


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ([], "Bradley-Terry, ties as half wins, sandwich intervals"),
        (["--ties", "drop"], "ties left out"),
        (["--ties", "davidson"], "Davidson"),
        (["--ties", "rao-kupper"], "Rao and Kupper"),
        (["--intervals", "hessian"], "curvature"),
        (["--intervals", "bootstrap", "--rounds", "150"], "bootstrap of 150 rounds"),
        (["--cluster", "voter"], "clustered by voter"),
        (["--style", "length"], "style control for length"),
        (["--engine", "duckdb"], "sandwich"),
    ],
)
def test_each_method_says_what_it_is_and_finds_the_order(
    run: Run, options: list[str], method: str
) -> None:
    rows = board(given(run("votes.csv", "--json", *options)))
    assert next(iter(rows)) == "m0"
    assert list(rows)[-1] == "m4"
    assert all(method in row["method"] for row in rows.values())
    assert 170 < rows["m0"]["value"] - rows["m4"]["value"] < 300


def test_numbers_that_move_with_their_option(run: Run) -> None:
    plain = board(given(run("votes.csv", "--json")))

    def width(*options: str) -> float:
        row = board(given(run("votes.csv", "--json", *options)))["m2"]
        return float(row["high"] - row["low"])

    own = plain["m2"]["high"] - plain["m2"]["low"]
    assert width("--level", "0.99") == pytest.approx(own * 2.575829 / 1.959964)
    assert width("--prior", "0") > own > width("--prior", "20")
    assert width("--intervals", "hessian") > 1.05 * own
    anchored = board(given(run("votes.csv", "--json", "--anchor", "m2=1500")))
    assert anchored["m2"]["value"] == pytest.approx(1500)
    assert (
        board(given(run("votes.csv", "--json", "--seed", "4")))["m2"]["value"]
        == (plain["m2"]["value"])
    )


def test_an_anchor_may_have_an_equals_sign_in_its_name(run: Run) -> None:
    save("odd.csv", duel("a=b", "c", 5, 3))
    found = board(given(run("odd.csv", "--json", "--anchor", "a=b=1200")))
    assert found["a=b"]["value"] == pytest.approx(1200)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--where", "language=de"], "language is not de"),
        (["--language", "de,fr"], "other language"),
        (["--since", "2025-01-10"], "before 2025-01-10"),
        (["--until", "2025-01-10"], "after 2025-01-10"),
        (["--as-of", "2025-01-10"], "after 2025-01-10"),
        (["--dedup", "prompt"], "repeated prompt"),
        (["--on-bad", "drop"], "unknown outcome"),
        (["--both-bad", "drop", "--on-bad", "drop"], "both bad"),
    ],
)
def test_what_a_filter_leaves_out_is_counted_by_reason(
    run: Run, options: list[str], reason: str
) -> None:
    votes = {k: list(v) for k, v in VOTES.items()}
    votes["prompt"][5] = votes["prompt"][4]
    if "--on-bad" in options:
        votes["winner"][7], votes["winner"][8] = "who knows", "both_bad"
    save("filtered.csv", votes)
    found = given(run("filtered.csv", "--json", *options))
    assert found["dropped"][reason] >= 1
    assert found["used"] + sum(found["dropped"].values()) == 900
    text = run("filtered.csv", *options).stdout
    assert f"{reason}: {found['dropped'][reason]:,}" in text


def test_votes_in_sight_of_the_names_count_only_if_asked(run: Run) -> None:
    votes = {k: VOTES[k] for k in ("model_a", "model_b", "winner")}
    save("arena.json", votes | {"anony": [i % 3 > 0 for i in range(900)]})
    found = given(run("arena.json", "--json"))
    assert (found["format"], found["dropped"]) == ("lmarena", {"not anonymous": 300})
    assert given(run("arena.json", "--json", "--named-too"))["used"] == 900
    assert given(run("arena.json", "--json", "--format", "plain"))["used"] == 900


def test_own_names_of_columns_and_words(run: Run) -> None:
    words = {"model_a": "L", "model_b": "R", "tie": "="}
    own = {
        "left": VOTES["model_a"],
        "right": VOTES["model_b"],
        "who": [words[w] for w in VOTES["winner"]],
    }
    save("own.csv", own)
    pairs = {
        "model_a": "left",
        "model_b": "right",
        "winner": "who",
        "winner.a": "L",
        "winner.b": "R",
        "winner.tie": "=",
    }
    mapped = [x for k, v in pairs.items() for x in ("--map", f"{k}={v}")]
    assert board(given(run("own.csv", "--json", *mapped))) == board(
        given(run("votes.csv", "--json"))
    )


def test_groups_trust_and_style_are_printed_when_asked(run: Run) -> None:
    save("teams.csv", {"model": ["m0", "m1", "m3"], "group": ["x", "y", "x"]})
    found = run("votes.csv", "--group", "teams.csv", "--trust", "--style", "length")
    for words in (
        "GROUPS",
        "Groups by teams.csv",
        "y over x",
        "2 models in no group",
        "TRUST",
        "STYLE",
        "length",
    ):
        assert words in found.stdout
    plain = run("votes.csv").stdout
    assert not any(words in plain for words in ("GROUPS", "TRUST", "STYLE", "DRIFT"))


def test_a_judge_is_corrected(run: Run) -> None:
    save("people.csv", {k: v[:300] for k, v in VOTES.items()})
    found = run("people.csv", "--judge", "votes.csv")
    assert found.exit_code == 0
    assert "people alone" in found.stdout
    assert "judge alone" in found.stdout
    assert "Ratings by people, corrected by the judge: 5 models" in found.stdout
    assert "by all votes" not in found.stdout
    assert run("people.csv", "--judge", "votes.csv", "--by", "language").exit_code == 64


def test_every_vote_of_people_counts_once_a_comparison_of_prompt_and_turn(run: Run) -> None:
    rng = np.random.default_rng(4)
    n = 600
    sides = [rng.permutation(["x", "y", "z"])[:2].tolist() for _ in range(n)]
    asked = {
        "question_id": [str(i // 2) for i in range(n)],
        "turn": [str(1 + i % 2) for i in range(n)],
        "model_a": [a for a, _ in sides],
        "model_b": [b for _, b in sides],
    }
    wins = [rng.random() < 0.5 + 0.2 * (a < b) for a, b in sides]
    people = {k: v[:200] for k, v in asked.items()}
    people["winner"] = ["model_a" if won else "model_b" for won in wins[:200]]
    save("people.csv", people)
    save("four.csv", {k: [x for x in v for _ in range(4)] for k, v in people.items()})
    same = ["model_a" if won == (rng.random() < 0.9) else "model_b" for won in wins]
    coins = rng.choice(["model_a", "model_b"], n).tolist()
    save("judge.csv", {**asked, "winner": same})
    save("coins.csv", {**asked, "winner": coins})

    def widths(*arguments: str) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for row in given(run(*arguments, "--json"))["results"]:
            found[row["board"]] = [rating["high"] - rating["low"] for rating in row["ratings"]]
        return found

    once, fourfold = (
        " ".join(run(file, "--judge", "judge.csv").stdout.split())
        for file in ("people.csv", "four.csv")
    )
    assert "All 200 votes of people count; those on one prompt, turn and pair of" in once
    assert "All 800 votes of people count; those on one prompt, turn and pair of" in fourfold
    for said in (once, fourfold):
        assert "On 200 comparisons people and the judge both voted" in said
        assert "The judge alone voted on 400 more." in said
        assert float(said.split("which is worth ")[1].split()[0]) > 1.2
    one, four = (widths(file, "--judge", "judge.csv") for file in ("people.csv", "four.csv"))
    for board in ("all", "people alone"):
        assert four[board] == pytest.approx(one[board], rel=0.1)
    assert sum(one["all"]) < sum(one["people alone"])
    useless = " ".join(run("people.csv", "--judge", "coins.csv").stdout.split())
    assert "It would make no rating surer, so it is not used: the board is of people" in useless
    assert "which is worth" not in useless
    twice = " ".join(run("people.csv", "--judge", "people.csv").stdout.split())
    assert "These are the same votes, so the judge tells nothing of its own." in twice
    assert "which is worth" not in twice
    again = run("people.csv", "people.csv")
    assert again.exit_code == 64
    assert "is given twice, which would count every row twice" in again.output


def test_top_shortens_every_board(run: Run) -> None:
    text = run("votes.csv", "--by", "language", "--top", "2").stdout
    assert text.count("and 3 more (") == 4


def test_without_a_day_every_vote_that_is_there_counts(run: Run) -> None:
    votes = {k: VOTES[k] for k in ("model_a", "model_b", "winner")}
    save("clock.csv", votes | {"time": [f"12:{i % 60:02}" for i in range(900)]})
    found = given(run("clock.csv", "--json"))
    assert found["used"] == 900
    assert found["as_of"] == today().isoformat()
    refused = run("clock.csv", "--as-of", "2025-01-01")
    assert refused.exit_code == 64
    assert "row 1, column time: '12:00' is no time" in refused.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument 'VOTES...'"),
        (["gone.csv"], "gone.csv does not exist. Give a file that does."),
        (["folder"], "folder holds no files"),
        (["empty.csv"], "empty.csv is empty"),
        (["header.csv"], "header.csv holds no votes"),
        (["notes.md"], "which no format of votes has"),
        (["broken.parquet"], "cannot be read as Parquet"),
        (["broken.json"], "broken.json: not a complete JSON"),
        (["other.csv"], "which no format of votes has. Say which are which"),
        (["bad.csv"], "bad.csv, row 2, column winner: 'modl_a' is no known outcome"),
        (["self.csv"], "row 1, column model_b: 'a' is on both sides"),
        (["ties.csv"], "every vote is a tie: nothing tells the models apart"),
        (["ties.csv", "--ties", "drop"], "every vote is a tie, and ties are left out"),
        (["won.csv", "--prior", "0"], "the likelihood has no maximum. Keep the prior"),
        (["won.csv", "--ties", "davidson"], "there is no tie"),
        (["votes.csv", "--by", "langage"], "Did you mean language?"),
        (["votes.csv", "--cluster", "voters"], "Did you mean voter?"),
        (["votes.csv", "--style", "lenght"], "No style covariate is called 'lenght'"),
        (["won.csv", "--style", "length"], "it needs the columns length_a and length_b, or a"),
        (["votes.csv", "--style", "language"], "is no measure of style"),
        (["votes.csv", "--style", "length", "--ties", "drop"], "leave --ties half"),
        (["votes.csv", "--group", "contry"], "Did you mean country?"),
        (["votes.csv", "--group", "country"], "belongs to a country we know"),
        (["votes.csv", "--anchor", "m9=1000"], "No model to anchor is called 'm9'"),
        (["votes.csv", "--anchor", "m0"], "MODEL=POINTS"),
        (["votes.csv", "--anchor", "=1000"], "MODEL=POINTS"),
        (["votes.csv", "--anchor", "m0=nan"], "a finite number of points"),
        (["votes.csv", "--level", "2"], "between 0 and 1"),
        (["votes.csv", "--level", "high"], "'high' is not a valid float"),
        (["votes.csv", "--prior", "-1"], "0 to 1,000 virtual votes"),
        (["votes.csv", "--seed", "-1"], "seed is -1"),
        (["votes.csv", "--rounds", "9", "--intervals", "bootstrap"], "at least 100"),
        (["votes.csv", "--intervals", "bootstrap", "--prior", "0"], "prior above 0"),
        (["votes.csv", "--cluster", "voter", "--intervals", "hessian"], "sandwich or bootstrap"),
        (["votes.csv", "--min-votes", "9999"], "no two models that met have 9999 votes each"),
        (["votes.csv", "--where", "language=it"], "language is not it: 900"),
        (["votes.csv", "--where", "language"], "give it as column=value"),
        (["votes.csv", "--map", "model_x=m"], "Did you mean model_"),
        (["votes.csv", "--language", "it"], "other language: 900"),
        (["votes.csv", "--since", "soon"], "--since: 'soon' is not a day"),
        (["votes.csv", "--judge", "none.csv"], "--judge: none.csv does not exist"),
        (["votes.csv", "--as-of", "2999-01-01"], "lies in the future"),
        (["votes.csv", "--dedup", "id"], "has no id that is known"),
        (["won.csv", "--window", "month"], "has no time that is known; say which column"),
        (["votes.csv", "--format", "lmaren"], "Did you mean lmarena"),
        (["votes.csv", "--engine", "sparc"], "Did you mean spark?"),
        (["votes.csv", "--judge", "won.csv"], "--map prompt=COLUMN"),
        (["votes.csv", "--judge", "gone.csv"], "gone.csv does not exist"),
        (["votes.csv", "--json", "--csv"], "Choose one of --json and --csv"),
        (["votes.csv", "--html", "no/such/page.html"], "does not exist. Choose another --html"),
        (["votes.csv", "--html", "folder"], "folder is a folder. Name the file"),
        (["votes.csv", "--top", "0"], "x>=1"),
        (["votes.csv", "--ties", "both"], "is not one of"),
    ],
)
def test_every_mistake_ends_with_64_and_says_what_to_do(
    run: Run, arguments: list[str], said: str
) -> None:
    texts = {
        "empty.csv": "",
        "header.csv": "model_a,model_b,winner\n",
        "notes.md": "# Votes",
        "broken.parquet": "PAR1 and no more",
        "broken.json": '{"a": [1, 2',
        "other.csv": "x,y\n1,2\n",
        "bad.csv": "model_a,model_b,winner\na,b,tie\na,b,modl_a\n",
        "self.csv": "model_a,model_b,winner\na,a,tie\n",
        "ties.csv": "model_a,model_b,winner\na,b,tie\nb,a,tie\n",
        "won.csv": "model_a,model_b,winner\na,b,model_a\nb,a,model_b\n",
    }
    Path("folder").mkdir()
    for name, text in texts.items():
        Path(name).write_text(text, "utf-8")
    found = run(*arguments)
    assert found.exit_code == 64
    assert found.stdout == ""
    assert said in " ".join(found.stderr.split())
    assert "Traceback" not in found.output


@pytest.mark.parametrize(
    "options",
    [
        [],
        [
            "--by",
            "language,voter",
            "--min-votes",
            "20",
            "--window",
            "week",
            "--prior",
            "1.5",
            "--level",
            "0.9",
            "--seed",
            "4",
            "--anchor",
            "m1=1234.5",
            "--group",
            "our teams.csv",
        ],
        [
            "--where",
            "language=de",
            "--language",
            "de,fr",
            "--since",
            "2025-01-03",
            "--until",
            "2025-01-25",
            "--as-of",
            "2025-01-20",
            "--both-bad",
            "drop",
            "--on-bad",
            "drop",
            "--dedup",
            "prompt",
            "--named-too",
            "--format",
            "plain",
        ],
        ["--style", "length", "--cluster", "voter", "--trust"],
        ["--intervals", "bootstrap", "--rounds", "120", "--ties", "drop"],
        ["--ties", "rao-kupper", "--engine", "duckdb", "--map", "voter=language"],
        ["--judge", "our judge.csv"],
    ],
    ids=lambda options: options[0] if options else "nothing",
)
def test_the_command_at_the_end_makes_the_same_again(run: Run, options: list[str]) -> None:
    save("our teams.csv", {"model": ["m0", "m1", "m3"], "group": ["x", "y", "x"]})
    save("our judge.csv", VOTES)
    once = run("votes.csv", *options)
    assert once.exit_code == 0, once.output
    _, _, rest = once.stdout.partition("Again: h2h rank votes.csv")
    typed = rest.replace("\\\n", "")
    again = run("votes.csv", *shlex.split(typed))
    assert again.stdout == once.stdout
    for option in options:
        if option.startswith("--"):
            assert option in typed


def test_the_command_at_the_end_is_the_one_that_was_typed(run: Run) -> None:
    votes = {k: VOTES[k] for k in ("model_a", "model_b", "winner")}
    save("noted votes.csv", votes | {"note": ["a, b=c", "d"] * 450})
    found = run("noted votes.csv", "--where", "note=a, b=c", "--html", "noted.html")
    again = "h2h rank 'noted votes.csv' --where 'note=a, b=c' --html noted.html"
    assert f"Again: {again}" in found.stdout.splitlines()
    assert html.escape(again) in Path("noted.html").read_text("utf-8").replace("&#39;", "&#x27;")
    assert given(run("noted votes.csv", "--where", "note=a, b=c", "--json"))["used"] == 450


def test_votes_are_read_from_a_pipe(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = "model_a,model_b,winner\n" + "x,y,model_a\ny,x,tie\n" * 20
    writer = Thread(target=(tmp_path / "pipe").write_text, args=(text,))
    writer.start()
    found = run(str(tmp_path / "pipe"), "--json")
    writer.join()
    assert given(found)["used"] == 40


def test_help_names_every_option_and_its_default(run: Run) -> None:
    found = run("--help")
    assert found.exit_code == 0
    for option in commands()["rank"].params:
        assert all(name in found.stdout for name in option.opts if name.startswith("--"))
    for words in (
        "VOTES...",
        "Default: half",
        "Default: 0.95",
        "wider intervals",
        "leaderboards",
    ):
        assert words in " ".join(found.stdout.split())
