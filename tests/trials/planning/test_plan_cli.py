"""`h2h plan`: from assumptions, from a pilot, with prices, and errors that say what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from headtohead.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`h2h plan` in a folder with a pilot of 60 items, pilot_a.jsonl and pilot_b.jsonl."""
    monkeypatch.chdir(tmp_path)
    for name, every in (("pilot_a.jsonl", 5), ("pilot_b.jsonl", 4)):
        rows = [
            {"id": i, "score": int(i % every > 0), "input_tokens": 1000, "output_tokens": 100}
            for i in range(60)
        ]
        Path(name).write_text("\n".join(map(json.dumps, rows)))

    def invoke(*arguments: str) -> Result:
        found = CliRunner().invoke(main, ["plan", *arguments], prog_name="h2h")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return invoke


def given(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    made: dict[str, Any] = json.loads(result.stdout)
    assert set(made) >= {"verb", "about", "as_of", "results", "sources"}
    assert made["verb"] == "plan"
    return made


def test_a_newcomer_reads_how_many_items_and_how_surely(run: Run) -> None:
    found = run("--discordance", "0.2", "--items", "300")
    assert found.exit_code == 0
    assert found.stdout.startswith("644 ITEMS  a margin of 5 pp")
    for words in ("80% power", "at most 5 pp worse", "Least margin of 300 items 7.", "Power %"):
        assert words in found.stdout


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["--discordance", "0.2"], "binary"),
        (["--sd", "0.5"], "graded"),
        (["--ties", "0.3"], "preference"),
    ],
)
def test_json_tells_the_plan_of_every_kind(run: Run, arguments: list[str], kind: str) -> None:
    result = given(run(*arguments, "--json"))["results"][0]
    assert result["kind"] == kind
    assert result["items_n"] == result["calls_n"] > 50
    assert 0.8 <= result["power_frac"] < 0.85


def test_a_pilot_gives_the_spread_and_names_its_files(run: Run) -> None:
    found = given(run("--pilot", "pilot_a.jsonl", "--pilot", "pilot_b.jsonl", "--json"))
    assert found["results"][0]["spread"] > 21 / 60
    assert [s["product"] for s in found["sources"]] == ["pilot_a.jsonl", "pilot_b.jsonl"]


def test_a_pilot_of_one_task_of_a_folder_is_read(run: Run) -> None:
    folder = Path(__file__).parents[2] / "logs/formats/real_files/lm-eval-0.4.13"
    pilot = ["--pilot", str(folder / "small-a"), "--pilot", str(folder / "small-b")]
    spread = {
        task: given(run(*pilot, "--task", task, "--json"))["results"][0]["spread"]
        for task in ("sums", "caps", "*")
    }
    assert len(set(spread.values())) == 3
    assert "No task" in run(*pilot, "--task", "poems").output


def test_cost_is_told_at_prices_of_a_day_from_a_pilots_tokens(run: Run) -> None:
    found = given(
        run(
            "--pilot",
            "pilot_a.jsonl",
            "--pilot",
            "pilot_b.jsonl",
            "--models",
            "gpt-5,deepseek-chat",
            "--as-of",
            "2025-12-15",
            "--json",
        )
    )
    assert found["as_of"] == "2025-12-15"
    result = found["results"][0]
    # GPT-5 was listed at $1.25 and $10 per million tokens.
    expected = result["calls_n"] * (1000 * 1.25 + 100 * 10) / 1e6
    assert result["cost_usd"]["gpt-5"] == pytest.approx(expected)
    assert result["cost_usd"]["both"] == pytest.approx(
        result["cost_usd"]["gpt-5"] + result["cost_usd"]["deepseek-chat"]
    )
    assert len(found["sources"]) > 2


def test_files_are_written_and_parse(run: Run) -> None:
    found = run(
        "--discordance",
        "0.2",
        "--difference",
        "-1pp",
        "--power",
        "0.9",
        "--html",
        "p.html",
        "--markdown",
        "p.md",
        "--junit",
        "p.xml",
    )
    assert found.exit_code == 0
    assert Path("p.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    text = Path("p.md").read_text(encoding="utf-8")
    assert "is really -1 pp" in text
    assert text.splitlines()[-1] == (
        "Made with `h2h plan --discordance 0.2 --difference -1pp --power 0.9 "
        "--html p.html --markdown p.md --junit p.xml`"
    )
    root = ElementTree.parse("p.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "0", "0")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Say one of --discordance"),
        (["--discordance", "0.2", "--sd", "1"], "Say one of"),
        (["--kind", "graded", "--discordance", "0.2"], "needs --sd"),
        (["--discordance", "1.2"], "discordance is 1.2"),
        (["--discordance", "0.2", "--margin", "5"], "margin is 5"),
        (["--discordance", "0.2", "--difference", "-6pp"], "allow no plan"),
        (["--discordance", "0.2", "--power", "80"], "between 0 and 1"),
        (["--pilot", "pilot_a.jsonl"], "two result files"),
        (["--pilot", "pilot_a.jsonl", "--pilot", "pilot_b.jsonl", "--sd", "1"], "not both"),
        (["--pilot", "pilot_a.jsonl", "--pilot", "gone.jsonl"], "no such file"),
        (["--discordance", "0.2", "--models", "gpt-5"], "--input-tokens"),
        (["--discordance", "0.2", "--input-tokens", "-1"], "--input-tokens is -1"),
        (["--discordance", "0.2", "--tries", "0"], "--repeats is 0"),
        (
            [
                "--discordance",
                "0.2",
                "--models",
                "no-such-model",
                "--input-tokens",
                "1",
                "--output-tokens",
                "1",
            ],
            "No list price of no-such-model",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused_with_what_to_do(
    run: Run, arguments: list[str], says: str
) -> None:
    found = run(*arguments)
    assert found.exit_code == 64, found.output
    assert says in found.stderr


def test_impossible_tokens_are_wrong_input() -> None:
    from headtohead import plan
    from headtohead.core.errors import InputError

    for tokens in (-5.0, float("nan")):
        with pytest.raises(InputError, match="`input_tokens`"):
            plan(
                discordance=0.2,
                models="gpt-5",
                input_tokens=tokens,
                output_tokens=2,
                as_of="2025-12-15",
            )


def test_the_older_name_of_an_option_works_and_is_not_shown(run: Run) -> None:
    older, newer = (run("--discordance", "0.2", flag, "2") for flag in ("--tries", "--repeats"))
    assert older.exit_code == newer.exit_code == 0
    assert older.stdout.partition("Again:")[0] == newer.stdout.partition("Again:")[0]
    shown = run("--help").stdout
    assert (
        given(run("--discordance", "0.2", "--repeats", "2", "--json"))["results"][0]["repeats"] == 2
    )
    assert "--repeats N" in shown
    assert "--tries" not in shown


def test_a_model_without_a_price_gets_suggestions(run: Run) -> None:
    tokens = ("--input-tokens", "10", "--output-tokens", "10")
    found = run("--discordance", "0.2", "--models", "gpt5x", *tokens, "--as-of", "2025-12-01")
    assert found.exit_code == 64
    assert "No list price of gpt5x was known on 2025-12-01. Did you mean openai/gpt-5" in " ".join(
        found.stderr.split()
    )
