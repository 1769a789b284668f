"""`h2h compare`: exit codes, what it prints and writes, and errors that say what to do."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from headtohead.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`h2h compare` in a folder with near.jsonl and far.jsonl to be held against a.jsonl."""
    monkeypatch.chdir(tmp_path)
    outcomes = [1] * 500 + [0] * 500
    save("a.jsonl", outcomes, cost_usd=0.02)
    save("near.jsonl", [1 - s if i % 25 == 0 else s for i, s in enumerate(outcomes)], cost_usd=0.01)
    save("far.jsonl", [0 if i % 2 else s for i, s in enumerate(outcomes)])

    def invoke(*arguments: str) -> Result:
        found = CliRunner().invoke(main, ["compare", *arguments], prog_name="h2h")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return invoke


def save(name: str, scores: Sequence[float], **more: Any) -> None:
    rows = [
        {"id": f"q{i}", "score": s, "category": ["law", "a|b"][i % 2], **more}
        for i, s in enumerate(scores)
    ]
    Path(name).write_text("\n".join(map(json.dumps, rows)))


def given(result: Result) -> dict[str, Any]:
    """The one JSON object that was printed; no number in it is beyond JSON."""

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is no JSON")

    made: dict[str, Any] = json.loads(result.stdout, parse_constant=refuse)
    assert set(made) >= {"verb", "about", "as_of", "results", "sources"}
    assert made["verb"] == "compare"
    return made


def test_yes_no_and_undecided_are_exit_codes(run: Run) -> None:
    for arguments, code, word in (
        (["a.jsonl", "near.jsonl"], 0, "NON-INFERIOR"),
        (["a.jsonl", "far.jsonl"], 1, "INFERIOR"),
        (["a.jsonl", "near.jsonl", "--better"], 2, "UNDECIDED"),
        (["a.jsonl", "near.jsonl", "--margin", "0.5pp"], 2, "UNDECIDED, NEEDS ABOUT"),
        (["a.jsonl", "far.jsonl", "--two-sided"], 1, "NOT EQUIVALENT"),
        (["a.jsonl", "near.jsonl", "--two-sided"], 0, "EQUIVALENT"),
        (["near.jsonl", "far.jsonl", "--better"], 1, "NOT SUPERIOR"),
        (["far.jsonl", "near.jsonl", "--better"], 0, "SUPERIOR"),
    ):
        found = run(*arguments)
        assert found.exit_code == code, found.output
        assert found.stdout.startswith(word), found.stdout[:60]


def test_a_newcomer_reads_verdict_flips_and_cost(run: Run) -> None:
    found = run("a.jsonl", "near.jsonl", "--slice", "category")
    for words in (
        "near in place of a",
        "near minus a is ",
        "at most 5 pp worse",
        "1,000 shared items",
        "A solved task costs 0.",
        "Worse on",
        "lost",
        "Where by category is B worst?",
        "a|b",
    ):
        assert words in " ".join(found.stdout.split()), words
    assert max(map(len, found.stdout.splitlines())) <= 100


def test_json_holds_every_estimate_with_interval_unit_method_and_n(run: Run) -> None:
    found = given(run("a.jsonl", "near.jsonl", "--slice", "category", "--json"))
    assert (found["verdict"], found["about"], found["as_of"]) == ("yes", None, None)
    labels = [row["label"] for row in found["results"]]
    assert labels[0] == "difference, B minus A"
    assert {"difference, category=law", "cost per solved task, B over A"} <= set(labels)
    for row in found["results"]:
        assert row["low"] <= row["value"] <= row["high"]
        assert row["level"] == 0.95
        assert row["unit"] in ("pp", "ratio")
        assert row["method"]
        assert row["n"] > 0
    first = found["results"][0]
    assert first["verdicts"] == {
        "non-inferiority": "yes",
        "equivalence": "yes",
        "superiority": "undecided",
    }
    assert [s["product"] for s in found["sources"]] == ["a.jsonl", "near.jsonl"]
    assert all(len(s["sha256"]) == 64 for s in found["sources"])
    sections = {section["section"]: section for section in found["sections"]}
    assert len(sections["flips"]["rows"]) == 40


def test_estimates_are_a_table_for_a_spreadsheet_and_a_notebook(run: Run) -> None:
    from headtohead import compare

    lines = run("a.jsonl", "near.jsonl", "--slice", "category", "--csv").stdout.splitlines()
    assert lines[0].startswith("label,value,low,high,unit,method,level,n,")
    assert len(lines) == 5
    result = compare("a.jsonl", "near.jsonl", slices="category")
    assert result.to_frame()["label"].to_list() == [row["label"] for row in result.results]
    shown = repr(result).splitlines()
    assert len(shown) <= 25
    assert max(map(len, shown)) <= 80
    assert "NON-INFERIOR" in result._repr_html_()


def test_every_step_is_told_to_who_waits(run: Run) -> None:
    from headtohead import compare

    steps: list[str] = []
    compare("a.jsonl", "near.jsonl", progress=steps.append)
    assert steps == ["reading a.jsonl", "reading near.jsonl", "item by item"]


def test_files_for_a_reader_a_pull_request_and_a_gate(run: Run) -> None:
    names = ("--html", "p.html", "--markdown", "p.md", "--junit", "p.xml")
    found = run("a.jsonl", "far.jsonl", "--slice", "category", *names)
    assert found.exit_code == 1
    page = Path("p.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "INFERIOR" in page
    assert "src=" not in page.replace("img-src", "").split("</style>")[0]
    text = Path("p.md").read_text(encoding="utf-8")
    assert text.startswith("### ❌ INFERIOR: far in place of a")
    assert "| a\\|b |" in text
    root = ElementTree.parse("p.xml").getroot()
    assert root.get("failures") == "1"  # the verdict alone fails a gate
    assert root.find("testsuite/testcase/failure") is not None


def test_how_to_ask_again_holds_every_choice(run: Run) -> None:
    run(
        "a.jsonl",
        "near.jsonl",
        "--slice",
        "category",
        "--two-sided",
        "--level",
        "0.9",
        "--map",
        "key=id",
        "--margin",
        "10pp",
        "--markdown",
        "p.md",
    )
    last = Path("p.md").read_text(encoding="utf-8").splitlines()[-1]
    assert last == (
        "Made with `h2h compare a.jsonl near.jsonl --slice category --two-sided --level 0.9 "
        "--map key=id --margin 10pp --markdown p.md`"
    )


def test_one_run_of_a_file_is_taken_by_its_model(run: Run) -> None:
    rows = [
        {"id": i, "score": (i + shift) % 2, "model": f"lab/m{shift}"}
        for shift in (0, 1)
        for i in range(20)
    ]
    Path("both.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = given(run("both.jsonl::lab/m0", "both.jsonl::lab/m1", "--json"))
    assert found["results"][0]["value"] == 0
    assert len(found["sections"][1]["rows"]) == 20
    told = run("both.jsonl", "a.jsonl")
    assert told.exit_code == 64
    assert "holds 2 runs: lab/m0, lab/m1. Say which, as both.jsonl::lab/m0" in told.stderr
    wrong = run("both.jsonl::lab/m2", "a.jsonl")
    assert wrong.exit_code == 64
    assert "Did you mean" in wrong.stderr


def test_columns_are_mapped_and_differently_for_b(run: Run) -> None:
    Path("x.csv").write_text("case_no,good\n" + "".join(f"c{i},{i % 2}\n" for i in range(30)))
    Path("y.csv").write_text("number,fine\n" + "".join(f"c{i},{i % 2}\n" for i in range(30)))
    asked = ("x.csv", "y.csv", "--map", "key=case_no", "--map", "score=good")
    told = run(*asked)
    assert told.exit_code == 64
    assert "y.csv" in told.stderr
    assert "case_no" in told.stderr
    found = given(run(*asked, "--map-b", "key=number", "--map-b", "score=fine", "--json"))
    assert found["results"][0]["value"] == 0
    assert "Scores are 'good' in x and 'fine' in y" in found["notes"][0]
    assert run("x.csv", "y.csv", "--map", "nonsense").exit_code == 64


def test_answers_can_be_scored_first(run: Run) -> None:
    for name, answers in (("x.jsonl", "pqpq" * 10), ("y.jsonl", "pppp" * 10)):
        rows = [{"id": i, "output": t, "target": "p"} for i, t in enumerate(answers)]
        Path(name).write_text("\n".join(map(json.dumps, rows)))
    told = run("x.jsonl", "y.jsonl")
    assert told.exit_code == 64
    assert "--scorer" in told.stderr
    found = run("x.jsonl", "y.jsonl", "--scorer", "exact", "--json")
    assert found.exit_code == 0
    assert given(found)["results"][0]["value"] == 50


def test_many_runs_get_places_and_ties(run: Run) -> None:
    found = run("a.jsonl", "near.jsonl", "far.jsonl", "--many", "--json")
    assert found.exit_code == 0
    made = given(found)
    pairs = [row for row in made["results"] if row["label"].startswith("difference")]
    assert [row["label"] for row in pairs] == [
        "difference, near minus a",
        "difference, far minus a",
        "difference, far minus near",
    ]
    for row in pairs:
        assert row["low"] <= row["value"] <= row["high"]
        assert (row["unit"], row["n"], row["level"]) == ("pp", 1000, 0.95)
    rows = {row["run"]: row for row in made["sections"][0]["rows"]}
    assert (rows["far"]["best_rank"], rows["far"]["tied_with"]) == (3, "none")
    assert rows["a"]["tied_with"] == "near"


def test_many_runs_with_costs_say_what_is_as_good_for_less(run: Run) -> None:
    for name, usd in (("dear", 0.2), ("cheap", 0.02), ("blind", None)):
        rows = [
            {"id": i, "score": int(i % 5 > 0), **({} if usd is None else {"cost_usd": usd})}
            for i in range(200)
        ]
        Path(f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = ("dear.jsonl", "cheap.jsonl", "blind.jsonl", "--many")
    told = run(*asked)
    assert told.exit_code == 0
    words = " ".join(told.stdout.split())
    assert "cheap is at most 5 pp worse than dear (chance over 99.9%) and 90% cheaper" in words
    assert "Cost not known: blind." in words
    made = given(run(*asked, "--json"))
    costs = {row["label"]: row for row in made["results"] if row["unit"] == "usd_per_task"}
    assert costs["cost of a call, cheap"]["front_frac"] == 1
    assert costs["cost of a call, dear"]["on_front"] is False
    (saved,) = (row for row in made["results"] if row["unit"] == "pct")
    assert saved["label"] == "saved with cheap instead of dear"
    assert saved["value"] == pytest.approx(90)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a.jsonl"], "Give two runs"),
        (["a.jsonl", "near.jsonl", "far.jsonl"], "--many"),
        (["a.jsonl", "gone.jsonl"], "gone.jsonl: there is no such file"),
        (["a.jsonl", "near.jsonl", "--margin", "5"], "Write 5pp"),
        (["a.jsonl", "near.jsonl", "--margin", "much"], "is no number"),
        (["a.jsonl", "near.jsonl", "--margin=-5pp"], "must be 0 or more"),
        (["a.jsonl", "near.jsonl", "--level", "95"], "between 0 and 1"),
        (["a.jsonl", "near.jsonl", "--seed", "-1"], "seed"),
        (
            ["a.jsonl", "near.jsonl", "--two-sided", "--better"],
            "Choose one of --two-sided and --better",
        ),
        (["a.jsonl", "near.jsonl", "--unpaired", "--shared"], "one of --unpaired and --shared"),
        (["a.jsonl", "near.jsonl", "--slice", "topic"], "category"),
        (["a.jsonl", "near.jsonl", "--many", "--unpaired"], "--unpaired"),
        (["a.jsonl", "near.jsonl", "--html", "no/p.html"], "no does not exist"),
        (["::m", "a.jsonl"], "names no file"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_do(
    run: Run, arguments: list[str], says: str
) -> None:
    found = run(*arguments)
    assert found.exit_code == 64, found.output
    assert says in found.stderr
    assert not found.stdout


def test_each_door_is_told_of_in_its_own_words(run: Run) -> None:
    from headtohead import compare
    from headtohead.core.errors import InputError

    save("twice.jsonl", [1, 0])
    rows = Path("twice.jsonl").read_text()
    Path("twice.jsonl").write_text(rows + "\n" + rows)
    assert "with --map epoch=COLUMN, or" in run("a.jsonl", "twice.jsonl").stderr
    with pytest.raises(InputError, match=r"with `mapping=\{'epoch': 'COLUMN'\}`, or"):
        compare("a.jsonl", "twice.jsonl")
    with pytest.raises(InputError, match="`two_sided` and `better`"):
        compare("a.jsonl", "near.jsonl", two_sided=True, better=True)
    with pytest.raises(TypeError, match="Did you mean margin"):
        compare("a.jsonl", "near.jsonl", margins="5pp")


def test_other_items_are_refused_and_shared_or_unpaired_are_on_request(run: Run) -> None:
    save("short.jsonl", [1] * 700 + [0] * 200)
    told = run("a.jsonl", "short.jsonl")
    assert told.exit_code == 64
    assert "900 are shared, 100 items are only in a (q900" in told.stderr
    assert "Left out 100" in run("a.jsonl", "short.jsonl", "--shared").stdout
    assert "not matched" in run("a.jsonl", "short.jsonl", "--unpaired").stdout


def test_ten_thousand_items_are_compared(run: Run) -> None:
    rng = np.random.default_rng(1)
    for name, share in (("big_a.jsonl", 0.8), ("big_b.jsonl", 0.79)):
        save(name, (rng.random(10_000) < share).astype(int).tolist(), cost_usd=0.01)
    found = run("big_a.jsonl", "big_b.jsonl")
    assert "10,000 shared items" in found.stdout
