"""`h2h openness`: what a record holds, what differs, what is not known, and its errors."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import headtohead
from headtohead.cli import main
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.openness.record import LIMITED, NO, YES, Flag, Grade, OpennessRecord, Said, agree

pytestmark = pytest.mark.usefixtures("kept_facts")
DAY = "2026-11-01"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*arguments: str) -> Result:
        (tmp_path / "home").mkdir(exist_ok=True)
        words = ["openness", *arguments, "--store", str(tmp_path / "home")]
        return CliRunner().invoke(main, words, prog_name="h2h")

    return invoke


def read(run: Run, *arguments: str) -> list[dict[str, Any]]:
    result = run(*arguments, "--as-of", DAY, "--json")
    assert result.exit_code == 0, result.output
    made: dict[str, Any] = json.loads(result.stdout)
    assert made["verb"] == "openness"
    return list(made["results"])


def said(flag: Flag, value: str, source_id: str = "one") -> Said:
    return Said(flag=flag, value=value, printed=value, source_id=source_id)


def record(*every: Said, **more: Any) -> OpennessRecord:
    return OpennessRecord("lab/m", "M", "lab", "US", None, every, **more)


def test_a_model_has_weights_licence_with_clauses_and_who_says_so(run: Run) -> None:
    (made,) = read(run, "Llama 4 Maverick")
    assert made["parts"]["weights"]["value"] == YES
    assert made["licence"]["spdx"] == "LicenseRef-Llama-4-Community"
    (clauses,) = made["licence"]["clauses"]
    assert "700 million" in clauses["condition"]
    assert '"Llama"' in clauses["naming"]
    assert "European Union" in clauses["territory"]
    assert made["commercial"] == "conditions"
    assert (made["class_least"], made["class_most"]) == ("none", "none")
    every = [one for part in made["parts"].values() for one in part["said"]]
    assert {one["source_id"] for one in every} >= {"flagship_openness", "lmarena_catalog", None}
    assert all(one["day"] for one in every if one["source_id"])


def test_the_licence_of_a_base_adds_its_clauses(run: Run) -> None:
    (made,) = read(run, "DeepSeek-R1-Distill-Llama-70B")
    assert (made["licence"]["spdx"], made["base"]["name"]) == ("MIT", "Llama 3.3")
    assert any("700 million" in clause for clause in made["base_adds"])
    assert made["commercial"] == "conditions"
    assert (made["class_most"], "base's licence is not open" in made["class_why"]) == ("none", True)
    (own,) = read(run, "DeepSeek-R1")
    assert (own["base"], own["base_adds"], own["commercial"]) == (None, [], "yes")


def test_base_and_report_have_who_says_so_too(run: Run) -> None:
    (made,) = read(run, "DeepSeek-R1-Distill-Llama-70B")
    base, report = made["parts"]["base"], made["parts"]["report"]
    assert [one["value"] for one in base["said"]] == ["Llama 3.3", "Llama 3.3 70B"]
    assert base["conflict"] is None
    assert report["value"] == YES
    assert report["said"][0]["url"] == "https://arxiv.org/abs/2501.12948"
    assert agree(said("base", "Mixtral"), said("base", "Mixtral 8x22B"))
    assert not agree(said("base", "Llama 3"), said("base", "Llama 3.1-70B"))


def test_the_headline_says_what_a_business_may_under_both_licences(run: Run) -> None:
    printed = " ".join(run("DeepSeek-R1-Distill-Llama-70B", "--as-of", DAY).stdout.split())
    assert "MIT License, and that of its base" in printed
    assert "(commercial use allowed, with conditions)" in printed
    assert "no class in the Model Openness Framework" in printed


def test_sources_that_say_the_same_share_a_line(run: Run) -> None:
    printed = run("Llama 4 Maverick", "--as-of", DAY).stdout
    shown = printed.split("What the licence asks")[0]
    assert shown.count("  published") == 1
    assert all(name in shown for name in ("models.dev", "LMArena", "Epoch AI"))


def test_a_conflict_is_shown_with_both_sides_and_never_hidden(run: Run) -> None:
    (made,) = read(run, "DeepSeek-V3-0324")
    conflict = made["parts"]["licence"]["conflict"]
    assert "MIT License by our list of flagships" in conflict
    assert "restricted use by Epoch AI" in conflict
    printed = run("DeepSeek-V3-0324", "--as-of", DAY).stdout
    assert "differs" in printed
    assert "sources differ on DeepSeek-V3 (0324)" in printed


def test_weights_that_nobody_can_download_have_no_class_whatever_a_file_says(run: Run) -> None:
    (made,) = read(run, "Claude 2")
    assert made["parts"]["weights"]["value"] == NO
    assert "LF AI" in made["parts"]["weights"]["conflict"]
    assert made["class_most"] == "none"
    assert made["commercial"] is None


def test_a_model_that_only_the_framework_has_is_found_by_its_name(run: Run) -> None:
    (made,) = read(run, "gpt-neox-20b")
    assert (made["class_least"], made["class_most"]) == ("III", "III")
    assert made["licence"]["spdx"] == "Apache-2.0"
    assert made["components"]["Model parameters (Final)"] == YES
    assert set(made["components"].values()) <= {YES, LIMITED}
    printed = run("gpt-neox-20b", "--as-of", DAY).stdout
    assert "Components by the framework's file" in printed
    assert "not listed" in printed


def test_of_several_models_the_open_ones_are_counted(run: Run) -> None:
    one = " ".join(run("GPT-5", "Llama 4 Scout", "--as-of", DAY).stdout.split())
    assert "1 of the 2 models has open weights, under a licence known to let businesses" in one
    none = run("GPT-5", "GPT-5.2", "--as-of", DAY).stdout
    assert "0 of the 2 models have open weights.\n" in none


def test_a_lab_gives_its_models_newest_first_out_by_the_day(run: Run) -> None:
    made = read(run, "--lab", "DeepSeek", "--about", "2025-06-30")
    days = [one["released_on"] for one in made if one["released_on"]]
    assert days == sorted(days, reverse=True)
    assert days[0] <= "2025-06-30"
    assert {one["lab"] for one in made} == {"deepseek"}
    table = run("--lab", "DeepSeek", "--about", "2025-06-30", "--as-of", DAY, "--csv").stdout
    assert [row["model"] for row in csv.DictReader(io.StringIO(table))] == [
        one["model"] for one in made
    ]


def test_a_model_that_turned_open_was_closed_before(run: Run) -> None:
    (before,) = read(run, "ERNIE 4.5", "--about", "2025-05-01")
    (after,) = read(run, "ERNIE 4.5", "--about", "2025-08-01")
    assert before["parts"]["weights"]["value"] == NO
    assert after["parts"]["weights"]["value"] == YES


@pytest.mark.parametrize(
    ("every", "grade"),
    [
        ((), Grade("none", "I", "the framework has no file of it")),
        ((said("weights", NO),), Grade("none", "none", "its weights are not published")),
        (
            (said("weights", YES), said("licence", "MIT"), said("data", NO)),
            Grade("none", "II", "the framework has no file of it; training data not published"),
        ),
    ],
)
def test_without_a_file_the_class_is_what_the_known_parts_allow(
    every: tuple[Said, ...], grade: Grade
) -> None:
    assert record(*every).grade == grade


def test_unknown_is_not_known_and_never_no() -> None:
    bare = record()
    assert bare.value("weights") is None
    assert bare.commercial is None
    assert bare.terms is None
    assert bare.grade.text == "class not known"
    assert not bare.conflicts


def test_a_limited_and_an_unpublished_part_agree_that_it_is_not_open() -> None:
    assert agree(said("code", LIMITED), said("code", NO))
    assert not agree(said("code", YES), said("code", LIMITED))
    assert not agree(said("weights", YES), said("weights", NO))
    assert agree(said("licence", "LicenseRef-Gemma"), said("licence", "restricted use"))
    assert not agree(said("licence", "MIT"), said("licence", "restricted use"))
    assert agree(said("licence", "CC-BY-NC-4.0"), said("licence", "no commercial use"))
    assert not agree(said("licence", "free use"), said("licence", "restricted use"))


def test_of_agreeing_licences_the_exact_one_counts() -> None:
    both = record(
        said("licence", "LicenseRef-Modified-MIT"),
        said("licence", "LicenseRef-Kimi-K2-modified-MIT"),
    )
    assert both.terms
    assert both.terms.spdx == "LicenseRef-Kimi-K2-modified-MIT"
    assert not both.conflicts


def test_what_is_asked_wrongly_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    ask: Any = headtohead.explain_openness
    with pytest.raises(InputError, match="one of the two"):
        ask(as_of=DAY)
    with pytest.raises(InputError, match="one of the two"):
        ask("GPT-5", lab="openai", as_of=DAY)
    with pytest.raises(UnknownName, match="Did you mean DeepSeek"):
        ask(lab="deepseeek", as_of=DAY)
    with pytest.raises(InputError, match="OpenAI is a lab"):
        ask("OpenAI", as_of=DAY)
    with pytest.raises(UnknownName, match="Did you mean"):
        ask("DeepSeek V3.22", as_of=DAY)
    with pytest.raises(NoEvidence, match="came out on 2025-12-11"):
        ask("GPT-5.2", as_of=DAY, about="2024-01-01")
    with pytest.raises(InputError, match="empty"):
        ask(" ", as_of=DAY)
    with pytest.raises(NoEvidence, match=r"No model of DeepSeek was out by 2020-01-01"):
        ask(lab="deepseek", as_of=DAY, about="2020-01-01")


def test_pages_and_markdown_are_written(run: Run, tmp_path: Path) -> None:
    page, text = tmp_path / "o.html", tmp_path / "o.md"
    result = run("Qwen3-235B-A22B", "--as-of", DAY, "--html", str(page), "--markdown", str(text))
    assert result.exit_code == 0, result.output
    assert "Apache License 2.0" in page.read_text("utf-8")
    assert "Apache License 2.0" in text.read_text("utf-8")
