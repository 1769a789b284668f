"""How much of a price ratio the designs of efficient models explain."""

from datetime import date
from typing import Any

import pytest

from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.questions import analysis

DAY = date(2025, 12, 15)


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts()


def ask(facts: Facts, **scope: Any) -> Answer:
    """The question of that claim."""
    given = {"models": ["deepseek-v3.2"], "dear": ["gpt-5"], "dense": ["Llama 3.1 405B"]} | scope
    return facts.ask(
        analysis("cost.price_explained"), about=Period(DAY, DAY), as_of=DAY, scope=given
    )


def test_it_hangs_on_what_the_dear_models_are(facts: Facts) -> None:
    (share,) = ask(facts).estimates
    assert 0 < share.low < 0.5 < share.high
    assert share.level == 1.0
    assert {"open_model_sizes", "serving_chips"} <= set(share.source_ids)


def test_a_plain_sparse_model_saves_nothing_against_one_like_itself(facts: Facts) -> None:
    (share,) = ask(facts, models=["qwen3-235b-a22b"]).estimates
    assert share.low == 0
    assert share.high > 0.5


def test_longer_prompts_make_sparse_attention_count(facts: Facts) -> None:
    short = ask(facts, answer_tokens=500).estimates[0].low
    assert ask(facts, answer_tokens=8000).estimates[0].low > short


def test_a_saving_against_itself_is_none(facts: Facts) -> None:
    same = ask(facts, dense=["DeepSeek-V3.2"]).estimates[0]
    assert min(same.value, same.high) >= 0


@pytest.mark.parametrize(
    ("scope", "lacks"),
    [
        ({"chips": 1}, "does not fit"),
        ({"dear": ["glm-5"]}, "no list price"),
    ],
)
def test_what_is_lacking_is_named(facts: Facts, scope: dict[str, Any], lacks: str) -> None:
    answer = ask(facts, **scope)
    assert not answer.estimates
    assert lacks in answer.missing
