"""`h2h questions`: every question, its words, the values that exist with their days."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import headtohead
from headtohead.claims.questions.result import QuestionsResult
from headtohead.cli import main
from headtohead.core.errors import UnknownName
from headtohead.evidence.store import Store
from headtohead.questions import analyses

pytestmark = pytest.mark.usefixtures("kept_facts")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def every(store: Store) -> QuestionsResult:
    return headtohead.list_questions(as_of="2026-10-31", store=store)


def test_it_lists_every_question_with_what_it_asks_and_its_words(every: QuestionsResult) -> None:
    assert list(every) == list(analyses())
    by_name = {row["question"]: row for row in csv.DictReader(io.StringIO(every.to_csv()))}
    gap = by_name["performance.arena_gap"]
    assert gap["asks"] == analyses()["performance.arena_gap"].QUESTION.asks
    assert gap["words"].split(", ")[:3] == ["board", "style_control", "category"]
    assert gap["unit"] == "elo"


def test_values_come_with_the_days_of_their_evidence(every: QuestionsResult) -> None:
    boards = {v.value: v for v in every.values["board"]}
    assert boards["webdev"].known_from == date(2026, 10, 20)
    assert boards["text"].first_on == date(2025, 1, 28)
    assert boards["text"].last_on == date(2026, 10, 20)
    coding = [v for v in every.values["category"] if v.value == "coding"]
    assert "text" in {v.of for v in coding}
    units = {(v.of, v.value): v.unit for v in every.values["measure"]}
    assert units["private_investment", "private investment in the year"] == "usd"
    assert "gpqa_diamond" in {v.value for v in every.values["benchmark"]}
    assert "CN" in every.filters["country"]


def test_only_values_known_by_the_day_are_listed(store: Store) -> None:
    before = headtohead.list_questions("arena_gap", as_of="2025-12-15", store=store)
    boards = {v.value: v for v in before.values["board"]}
    assert "webdev" not in boards
    assert boards["text"].last_on == date(2025, 12, 11)
    nothing = CliRunner().invoke(main, ["questions", "arena_gap", "--as-of", "2020-01-01"])
    assert nothing.exit_code == 0
    assert "Nothing to show: nothing was known by then" in nothing.output


@pytest.mark.parametrize("name", ["performance.arena_gap", "arena_gap"])
def test_one_question_shows_its_words_values_and_columns(store: Store, name: str) -> None:
    one = headtohead.list_questions(name, store=store)
    assert list(one) == ["performance.arena_gap"]
    assert set(one.values) == {"board", "category"}
    assert one.filters["open"] == ("open", "closed")
    assert not {"source_id", "note"} & set(one.filters)
    assert "lmarena_catalog" in {c.source_id for c in one.citations}
    for text in (str(one), one.to_markdown().replace("\\", ""), one.to_html()):
        assert "style_control" in text
        assert "text_to_image" in text
        assert "[claim.as_stated]\n" in text


def test_a_question_that_does_not_exist_is_an_error(store: Store) -> None:
    with pytest.raises(UnknownName, match=r"Did you mean performance\.arena_gap\?"):
        headtohead.list_questions("arena_gapp", store=store)


def test_the_command_prints_the_same(store: Store, every: QuestionsResult) -> None:
    def printed(*words: str) -> str:
        run = CliRunner().invoke(main, ["questions", *words, "--store", str(store.home)])
        assert run.exit_code == 0, run.output
        return run.output

    assert printed("--csv") == every.to_csv()
    assert json.loads(printed("--json"))["values"] == json.loads(every.to_json())["values"]
    assert "performance.arena_gap" in printed()


def test_without_evidence_a_question_has_no_values(tmp_path: Path) -> None:
    empty = Store(tmp_path, builtin=tmp_path)
    assert not headtohead.list_questions("arena_gap", store=empty).values["board"]
