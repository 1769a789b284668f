"""A user's own models share tests with public ones, though no list knows who made them."""

from datetime import date
from pathlib import Path

import pytest

from headtohead.capability.own_scores import own_scores
from headtohead.capability.questions import score_ratio
from headtohead.core.dates import Period
from headtohead.core.question import Answer, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.publish.words import EVALUATORS

DAY = date(2026, 11, 1)
TESTS = ("GPQA Diamond", "MATH level 5", "OTIS Mock AIME 2024-2025", "SimpleQA Verified")


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    scores = {"my-model": 0.6, "GPT-5": 0.8}
    lines = [f"{model},{test},{score}" for model, score in scores.items() for test in TESTS]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["model,benchmark,score", *lines]), encoding="utf-8")
    facts = Facts(Store(tmp_path / "home"))
    facts.bring("benchmark_scores", *own_scores(path, facts.names, DAY))
    return facts


def ask(facts: Facts, need: int) -> Answer:
    return facts.ask(
        score_ratio,
        about=Period(DAY, DAY),
        as_of=DAY,
        sides=Sides("unit", "openai/gpt-5", "my-model"),
        scope={"min_shared": need},
        sources=("scores",),
    )


def test_a_model_of_no_known_maker_shares_the_tests_it_was_given(facts: Facts) -> None:
    (ratio,) = ask(facts, 4).estimates
    assert ratio.n == 4
    assert ratio.value < 1


def test_too_few_shared_tests_are_counted(facts: Facts) -> None:
    answer = ask(facts, 5)
    assert "share at most 4 unsaturated tests, and 4 tests in all" in answer.missing
    assert "needs 5" in answer.missing


def test_a_file_of_one_s_own_is_nobody_s_measurement(facts: Facts) -> None:
    (own,) = facts.citations(("scores",), DAY)
    assert EVALUATORS[own.evaluator] == "your own file"
