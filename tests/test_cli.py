"""Every verb from the command line: output, JSON, exit codes, and errors that help."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import headtohead
from headtohead.cli import commands, main
from headtohead.core.errors import InputError
from headtohead.publish.terminal import cells_of

pytestmark = pytest.mark.usefixtures("kept_facts")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    # A short path, since no line can be narrower than the longest word that was typed.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "a.txt").touch()

    def invoke(*arguments: str, store: bool = True) -> Result:
        extra = ["--store", "home"] if store else []
        return CliRunner().invoke(main, [*arguments, *extra], prog_name="h2h")

    return invoke


def envelope(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    made: dict[str, Any] = json.loads(result.stdout)
    assert set(made) >= {"verb", "about", "as_of", "results", "sources", "schema"}
    return made


def test_help_lists_every_verb_and_the_exit_codes(run: Run) -> None:
    text = run("--help", store=False).output
    for verb in (
        "report",
        "check",
        "show",
        "diff",
        "questions",
        "sources",
        "evidence",
        "names",
        "update",
    ):
        assert verb in text
    for code in ("64", "65", "74", "75"):
        assert code in text


def test_every_command_and_option_is_in_the_reference() -> None:
    page = (Path(__file__).parents[1] / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert isinstance(main, click.Group)
    for name, command in main.commands.items():
        assert f"## h2h {name}" in page
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--"):
                    assert f"`{option}" in page, f"h2h {name} {option} is not documented"


@pytest.mark.parametrize(
    "pair",
    [
        "| `--language LANGUAGE,...` | Keep votes in these languages, as the votes call them. "
        "In Python: `languages`. |",
        "In Python: `anonymous_only=False`.",
        "In Python: `requests_per_minute`.",
        "In Python: `stop=False`.",
        "In Python: `start`.",
        "In Python: `from_model`.",
        "In Python: `folder`.",
        "`rank(draws=)`",
    ],
)
def test_the_reference_says_what_an_option_is_called_in_python(pair: str) -> None:
    page = (Path(__file__).parents[1] / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert pair in page


def test_check_prints_all_claims_and_how_to_cite(run: Run) -> None:
    result = run("check", "--as-of", "2025-12-15")
    assert result.exit_code == 0
    said = " ".join(result.output.split())
    assert re.search(
        r"As stated, \d+ of 34 hold, \d+ are false \(\d+ of them true in a narrower sense\)", said
    )
    assert "Cite: headtohead" in result.output
    assert "Again: h2h check --as-of 2025-12-15" in result.output
    assert max(map(cells_of, result.output.splitlines())) <= 80
    assert "P10" in result.output


def test_the_python_twin_gives_the_same_object(run: Run, tmp_path: Path) -> None:
    from headtohead.evidence.store import Store

    made = envelope(run("check", "--as-of", "2025-12-15", "--json"))
    twin = headtohead.check(as_of="2025-12-15", store=Store(tmp_path / "home"))
    assert made == json.loads(json.dumps(twin.as_json()))
    assert [r["id"] for r in made["results"]][:2] == ["P1", "P2"]
    estimate = made["results"][0]["as_stated"]["decisive"]
    assert set(estimate) >= {
        "value",
        "low",
        "high",
        "level",
        "unit",
        "method",
        "n",
        "about",
        "as_of",
        "source_ids",
    }
    assert set(made["sources"][0]) >= {
        "source_id",
        "publisher",
        "url",
        "licence",
        "known_on",
        "sha256",
    }


def one_claim(path: Path, bound: str, narrower: str) -> Path:
    """A claims file of one's own."""
    stated, relaxed = (
        f"""
says = "r"
analysis = "performance.arena_gap"
bound = {{ {ends}, unit = "elo" }}
"""
        for ends in (bound, narrower)
    )
    path.write_text(
        f"""title = "t"
origin = "o"
[[claim]]
id = "A"
says = "s"
section = "performance"
kind = "gap"
about = "2025-12-15"
sources = []
[claim.as_stated]{stated}[claim.narrower]
relaxes = "measure"{relaxed}""",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("bound", "narrower", "code"),
    [
        ("at_least = -900", "at_least = 900", 0),
        ("at_least = 900", "at_least = 900", 1),
        ("at_least = 900", "at_least = -900", 1),
        ("at_least = -58", "at_least = -900", 2),
    ],
    ids=["supported", "refuted", "overstated", "undecided"],
)
def test_the_gate_turns_verdicts_into_exit_codes(
    run: Run, tmp_path: Path, bound: str, narrower: str, code: int
) -> None:
    path = one_claim(tmp_path / "mine.toml", bound, narrower)
    assert run("check", str(path), "--as-of", "2025-12-15", "--gate").exit_code == code
    assert run("check", str(path), "--as-of", "2025-12-15").exit_code == 0


def test_show_prints_rows_sources_and_both_readings(run: Run) -> None:
    result = run("show", "p2", "--as-of", "2025-12-15")
    assert result.exit_code == 0
    for part in ("AS STATED", "NARROWER", "SOURCES", "arena-catalog", "rows (", "n=282"):
        assert part in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "P2", "--as-of", "2025-12-15"),
        ("sources",),
        ("evidence",),
        ("evidence", "prices", "--as-of", "2025-12-15", "--limit", "5"),
        ("plan", "--discordance", "0.2"),
    ],
    ids=lambda a: a[0],
)
def test_no_line_is_wider_than_the_terminal(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert max(map(cells_of, result.output.splitlines())) <= 80


def test_every_help_fits_the_terminal_and_ends_with_an_example() -> None:
    assert isinstance(main, click.Group)
    context = click.Context(main)
    verbs = [[name] for name in main.list_commands(context)]
    for name, *_ in list(verbs):
        group = main.get_command(context, name)
        if isinstance(group, click.Group):
            verbs += [[name, inner] for inner in group.list_commands(context)]
    assert ["arena", "try"] in verbs
    for words in verbs:
        text = CliRunner().invoke(main, [*words, "--help"], terminal_width=80).output
        assert max(map(len, text.splitlines())) <= 80, words
        _, _, example = text.partition("Example:\n")
        assert example.split()[: len(words) + 1] == ["h2h", *words]


def test_an_error_is_wrapped_for_a_person_and_one_line_for_a_log(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "headtohead", "evidence", "x" * 12 + " y" * 40]
    piped = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert len(piped.stderr.splitlines()) == 1
    ours, theirs = os.openpty()
    subprocess.run(command, stderr=theirs, stdout=theirs, cwd=tmp_path, check=False)
    os.close(theirs)
    seen = os.read(ours, 100_000).decode()
    os.close(ours)
    assert " ".join(seen.split()) == " ".join(piped.stderr.split())
    assert max(map(len, seen.splitlines())) <= 80


def test_days_in_the_wrong_order_are_an_error_that_names_the_options(run: Run) -> None:
    result = run("diff", "--from", "2025-12-25", "--to", "2025-12-05")
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 64
    assert "--from 2025-12-25 comes after --to 2025-12-05" in result.output
    with pytest.raises(InputError, match="`start` 2025-12-25 comes after `end`"):
        headtohead.diff("2025-12-25", "2025-12-05")


def test_show_as_csv_has_every_row_of_both_readings(run: Run) -> None:
    lines = run("show", "P2", "--as-of", "2025-12-15", "--csv").stdout.splitlines()
    assert lines[0].startswith("reading,model_name,")
    assert len(lines) == 9


def test_show_marks_what_is_not_verified(run: Run) -> None:
    assert "UNVERIFIED" in run("show", "O1", "--as-of", "2026-10-31").output


def test_diff_says_what_changed_and_why_and_has_a_line_of_csv_for_each_change(run: Run) -> None:
    days = ("diff", "--from", "2025-11-20", "--to", "2025-12-15")
    made = envelope(run(*days, "--json"))
    kinds = {r["what"] for r in made["results"]}
    assert kinds == {"verdict", "price", "rank"}
    assert all(r["before"] != r["after"] and r["why"] for r in made["results"])
    text = run(*days).output
    assert "VERDICTS" in text
    assert "LIST PRICES" in text
    assert "PLACES" in text
    lines = run(*days, "--csv").stdout.splitlines()
    assert lines[0] == "what,subject,before,after,why,source_ids"
    assert len(lines) == 1 + len(made["results"])


def test_nothing_changes_in_no_time(run: Run) -> None:
    made = envelope(run("diff", "--from", "2025-12-15", "--to", "2025-12-15", "--json"))
    assert made["results"] == []


def test_the_command_to_have_a_list_of_changes_again_says_until_when(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = "2025-12-15"
    monkeypatch.setattr("headtohead.publish.command_line.today", lambda: date.fromisoformat(day))
    again = " ".join(run("diff", "--from", day).output.split("Again: ")[1].split())
    assert again == f"h2h diff --from {day} --store home --to {day}"


def test_sources_lists_licences_and_what_was_left_out(run: Run) -> None:
    text = run("sources").output
    for name in ("epoch_eci", "lmarena_catalog", "flagship_openness", "swebench_bash_only"):
        assert name in text
    made = envelope(run("sources", "--json"))
    eci = next(r for r in made["results"] if r["source_id"] == "epoch_eci")
    left_out = [edition["dropped"]["third-party terms"] for edition in eci["imports"]]
    assert left_out == [913, 1224]


def test_evidence_reads_a_table_as_of_a_day(run: Run) -> None:
    made = envelope(
        run(
            "evidence",
            "figures",
            "--as-of",
            "2025-12-15",
            "--where",
            "topic=private_investment",
            "--json",
        )
    )
    assert {r["subject"] for r in made["results"]} == {"US", "CN", "GB"}
    assert all(r["known_on"] <= "2025-12-15" for r in made["results"])
    assert "arena_ratings" in run("evidence").output


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("DeepSeek-V3.2-Thinking", 0, "deepseek/deepseek-v3.2"),
        ("no-such-model-9000", 1, "unmatched"),
        ("deepseek-chat", 2, "ambiguous"),
    ],
)
def test_names_explains_and_says_by_exit_code(run: Run, name: str, code: int, says: str) -> None:
    result = run("names", name, store=False)
    assert result.exit_code == code
    assert says in result.output


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("check", "--as-of", "1999-01-01"), 64, "or a later day"),
        (("check", "--as-of", "2999-01-01"), 64, "lies in the future"),
        (("check", "--as-of", "tomorrow"), 64, "--as-of: 'tomorrow' is not a day"),
        (("diff", "--from", "2025-13-01"), 64, "--from: '2025-13-01' is not a day"),
        (("diff", "--from", "2025-12-01", "--to", "x"), 64, "--to: 'x' is not a day"),
        (("check", "--about", "someday"), 64, "--about: 'someday' is not a date"),
        (("check", "nowhere.toml"), 64, "cannot be read"),
        (("check", "--nonsense"), 64, "No such option"),
        (("show", "Z9"), 64, "No claim is called 'Z9'"),
        (("evidence", "arena_rating"), 64, "Did you mean arena_ratings"),
        (("evidence", "prices", "--where", "model_name"), 64, "as column=value"),
        (("evidence", "arena_ratings", "--where", "modell=x"), 64, "No column is called"),
        (("report", "--a", "Atlantis"), 64, "No country is called"),
        (("report", "--group", "planet"), 64, "No group is called"),
        (("report", "--group", "lab"), 64, "Give --a and --b too"),
        (("report", "--out", "r.xyz"), 64, "ends in .html, .md or .json"),
        (("check", "--about", "2999-01-01"), 64, "lies in the future"),
        (("gap", "--about", "2999-01"), 64, "lies in the future"),
        (("report", "--a", "CN"), 64, "Both sides are CN"),
        (("evidence", "prices", "--limit", "-3"), 64, "--limit"),
        (("report", "--out", "no/such/folder/r.html"), 64, "does not exist"),
        (("report", "--charts", "a.txt"), 64, "with --charts"),
        (("report", "--charts", "a.txt/charts"), 64, "a.txt is not a folder"),
        (("update", "models_dev", "--known-on", "2026-01-01"), 64, "give --from too"),
        (("update", "no_such_source"), 64, "No source is called"),
        (("update", "llmledger"), 64, "llmledger"),
        (("update", "--from", "no-such-folder"), 64, "no-such-folder"),
    ],
)
def test_bad_input_says_what_where_and_what_to_do(
    run: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_store_that_is_not_there_is_a_typo_and_not_an_empty_store(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", "--store", str(tmp_path / "nowhere")])
    assert result.exit_code == 64
    assert "There is no store" in result.output


def test_json_prints_every_row_unless_limited(run: Run) -> None:
    rules = ("evidence", "rules", "--as-of", "2026-10-31", "--json")
    assert len(envelope(run(*rules))["results"]) > 5
    assert len(envelope(run(*rules, "--limit", "5"))["results"]) == 5


def test_a_publisher_that_cannot_be_reached_ends_with_75(run: Run) -> None:
    result = run("update", "aider_polyglot", "--mirror", "http://127.0.0.1:9")
    assert result.exit_code == 75
    assert "aider_polyglot" in result.output


def test_update_from_a_folder_takes_files_and_reports_them(run: Run, shared_evidence: Path) -> None:
    folder = str(shared_evidence / "aider_polyglot")
    result = run("update", "aider_polyglot", "--from", folder, "--known-on", "2025-10-03")
    assert result.exit_code == 0, result.output
    assert "138 rows of benchmark scores" in " ".join(result.output.split())
    again = run("update", "aider_polyglot", "--from", folder, "--known-on", "2025-10-03")
    assert "unchanged" in again.output
    made = json.loads(run("update", "aider_polyglot", "--from", folder, "--json").stdout)
    assert made["verb"] == "update"
    assert made["results"][0]["rows"] == {"benchmark_scores": 138}
    rebuilt = run("update", "--rebuild")
    assert rebuilt.exit_code == 0, rebuilt.output


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, headtohead, headtohead.cli;"
        "heavy = ('polars', 'duckdb', 'altair', 'httpx2', 'numpy', 'rich');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_python_twin_is_a_function_whatever_was_imported_before(tmp_path: Path) -> None:
    import headtohead.evidence.sources
    import headtohead.evidence.store
    from headtohead.evidence.store import Store

    for name in set(dir(headtohead)) - {"__version__"}:
        assert callable(getattr(headtohead, name)), name
    store = Store(tmp_path)
    assert {c.source.source_id for c in headtohead.list_sources(store=store)} >= {"epoch_eci"}
    rows = headtohead.read_evidence("rules", as_of="2025-12-15", store=store)
    assert rows.height >= 5
    assert headtohead.explain_name("GPT-5").model == "openai/gpt-5"


def test_the_version_is_the_packages(run: Run) -> None:
    from importlib.metadata import version

    assert headtohead.__version__ == version("headtohead")
    assert headtohead.__version__ in run("--version", store=False).output


def test_a_report_is_written_in_every_format_and_by_each_way_out(run: Run, tmp_path: Path) -> None:
    report = ("report", "--as-of", "2025-12-15")
    printed = run(*report, "--out", "r.html")
    assert printed.exit_code == 0, printed.output
    assert "of 34 hold" in " ".join(printed.output.split())
    assert max(map(cells_of, printed.output.splitlines())) <= 80
    page, text, copy = (tmp_path / name for name in ("r.html", "r", "t.md"))
    one_claim(tmp_path / "mine.toml", "at_least = -900", "at_least = 900")
    of_one = (*report, "--claims", "mine.toml")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert 10_000 < page.stat().st_size < 6_000_000
    ways = ("--html", "p.html", "--markdown", "t.md", "--out", "r", "--format", "markdown")
    table = run(*of_one, "--csv", *ways)
    assert table.exit_code == 0, table.output
    assert table.stdout.splitlines()[0].count(",") > 1
    assert len(table.stdout.splitlines()) > 1
    assert (tmp_path / "p.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    for file in (text, copy):
        assert file.read_text(encoding="utf-8").startswith("#")
        assert "|" in file.read_text(encoding="utf-8")
        assert file.stat().st_size > 10_000
    made = envelope(run(*of_one, "--json", "--out", "r.json"))
    assert made["verb"] == "report"
    assert date.fromisoformat(made["as_of"]) == date(2025, 12, 15)
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == made
    assert not Path("report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["html", "md", "json"])
def test_a_report_of_the_last_day_is_written_in_every_format(
    run: Run, tmp_path: Path, kind: str
) -> None:
    result = run("report", "--as-of", "2026-10-31", "--out", f"r.{kind}")
    assert result.exit_code == 0, result.output
    assert "of 34 hold" in " ".join(result.output.split())
    assert max(map(cells_of, result.output.splitlines())) <= 80
    assert 10_000 < (tmp_path / f"r.{kind}").stat().st_size < 6_000_000


@pytest.mark.parametrize("name", ["\x1b[31mgpt-9", "gpt\x9b2Jnine"])
def test_names_from_outside_cannot_steer_the_terminal(run: Run, name: str) -> None:
    result = run("names", name, store=False)
    assert "gpt" in result.output
    assert not {"\x1b", "\x9b"} & set(result.output)


SERVERS = {"mcp", "serve"}
"""They run until they are stopped, and give no result."""


@pytest.mark.parametrize(
    "name",
    sorted(n for n, c in commands().items() if not isinstance(c, click.Group) and n not in SERVERS),
)
def test_every_command_has_every_way_out(name: str) -> None:
    offered = {str(parameter.name) for parameter in commands()[name].params}
    assert offered >= {"json", "csv", "html", "markdown"}


@pytest.mark.parametrize("command", ["names gpt-5", "sources", "evidence"])
def test_each_way_out_holds_the_same(command: str, tmp_path: Path) -> None:
    page, text = tmp_path / "p.html", tmp_path / "p.md"
    ways = ["--html", str(page), "--markdown", str(text)]
    made = CliRunner().invoke(main, [*command.split(), "--json", *ways])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["verb"] == command.split()[0]
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "|" in text.read_text(encoding="utf-8")
    table = CliRunner().invoke(main, [*command.split(), "--csv"])
    assert table.exit_code == 0, table.output
    assert len(table.stdout.splitlines()) > 1
