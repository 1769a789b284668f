"""Which answers give their model away: how many of them are found, and how many others are not."""

import json
from pathlib import Path

import pytest
from tests.arena import reveal_sentences as sentences
from tests.arena.reveal_sentences import Asked
from tests.waiting import processor_s

from headtohead.arena.recorded import recorded
from headtohead.arena.reveals import Reveal, Revealing
from headtohead.arena.settings import Entrant

ROOT = Path(__file__).parents[2]
ENTRANTS = ["tiny-a", "tiny-b", "house/Support-Bot-7", "fast"]


@pytest.fixture(scope="module")
def revealing() -> Revealing:
    return Revealing(ENTRANTS)


def _found(revealing: Revealing, asked: Asked) -> list[str]:
    return [answer for prompt, answer in asked if revealing.find(answer, prompt)]


def test_the_sentences_that_the_rules_were_made_by(revealing: Revealing) -> None:
    found = _found(revealing, sentences.GIVES_AWAY)
    assert [answer for _, answer in sentences.GIVES_AWAY if answer not in found] == []
    assert _found(revealing, sentences.GIVES_NOTHING_AWAY) == []


def test_near_misses(revealing: Revealing) -> None:
    assert len(_found(revealing, sentences.GIVES_AWAY_LATER)) >= 32
    assert _found(revealing, sentences.GIVES_NOTHING_AWAY_LATER) == []


def test_precision_and_recall_on_sentences_written_after_the_rules(revealing: Revealing) -> None:
    """37 of 40 are found, and 37 of the 38 that are found do give a model away."""
    found = len(_found(revealing, sentences.GIVES_AWAY_LAST))
    wrong = len(_found(revealing, sentences.GIVES_NOTHING_AWAY_LAST))
    assert found / len(sentences.GIVES_AWAY_LAST) >= 0.9
    assert found / (found + wrong) >= 0.95


def test_the_words_found_are_those_of_the_answer(revealing: Revealing) -> None:
    assert revealing.find("Well. As **DeepSeek**, I say: no. I was made by Google  DeepMind.") == (
        Reveal("As DeepSeek, I", "DeepSeek"),
        Reveal("I was made by Google DeepMind", "Google DeepMind"),
    )
    assert revealing.find("I'm Claude 3.5 Sonnet.") == (
        Reveal("I'm Claude 3.5 Sonnet", "Claude 3.5 Sonnet"),
    )


@pytest.mark.parametrize("name", ["tiny-a", "Support-Bot-7"])
def test_entrants_of_the_arena_are_names_too(revealing: Revealing, name: str) -> None:
    assert revealing.find(f"As {name}, I add numbers.")
    assert not Revealing().find(f"As {name}, I add numbers.")


def test_an_entrant_that_is_called_by_a_common_word_is_no_name_without_a_model(
    revealing: Revealing,
) -> None:
    assert not revealing.find("I am fast and cheap.")
    assert revealing.find("I am Fast, an AI model.")


def test_a_prompt_that_asks_to_play_a_model_is_no_reveal(revealing: Revealing) -> None:
    answer = "I'm Claude, made by Anthropic."
    assert revealing.find(answer, "Who are you?")
    assert revealing.find(answer, "Compare GPT-4 and Claude.")
    assert revealing.find(answer, "Write a poem.")
    assert not revealing.find(answer, "Write what Claude would say of itself.")


@pytest.fixture(scope="module")
def prose_s(revealing: Revealing) -> float:
    """What prose of the longest kind takes on this machine."""
    prose = "As we have seen, some words are longer than others, and most are not.\n\n" * 700
    return min(processor_s(lambda: revealing.find(prose)) for _ in range(3))


@pytest.mark.parametrize(
    "text",
    [
        "I am ChatGPT " * 4000,
        "I am " * 10_000,
        ("I am an " * 10 + "assistant by ") * 400,
        "我是" * 25_000 + "OpenAI",
        "As an AI " * 5000 + "OpenAI",
        "“" * 50_000,
        '"' * 50_000,
        ">\n" * 25_000,
        "\ue000\ue001 I am \ue000",
        "a" * 10_000_000,
    ],
    ids=range(10),
)
def test_no_text_takes_long(revealing: Revealing, prose_s: float, text: str) -> None:
    # The worst takes five times as long as prose.
    assert processor_s(lambda: revealing.find(text)) < 50 * prose_s


def test_recorded_answers_are_read_without_their_reasoning(tmp_path: Path) -> None:
    rows = [
        {"id": "p1", "prompt": "2 + 2?", "answer": "<think>hm</think>\n\nFour."},
        {"id": "p2", "prompt": "2 + 3?", "answer": "<think>hm, and no end"},
    ]
    file = tmp_path / "ant.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    read = recorded(Entrant(name="ant", answers=file))
    assert [answer.text for answer in read.answers.values()] == ["Four."]
    assert read.dropped == {"record without an answer": 1}


def test_long_texts_about_models_give_nothing_away(revealing: Revealing) -> None:
    """The pages of this project name models and makers all the time, and are by none of them."""
    pages = [*(ROOT / "docs" / "concepts").glob("*.md"), *(ROOT / "docs" / "how-to").glob("*.md")]
    texts = {page.name: page.read_text(encoding="utf-8") for page in pages}
    assert len(texts) > 40
    assert {name: found for name, text in texts.items() if (found := revealing.find(text))} == {}
