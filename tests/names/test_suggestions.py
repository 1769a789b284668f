"""A name that is in no list gets suggestions, and every suggestion is a name that works."""

import pytest
from click.testing import CliRunner

import headtohead
from headtohead.cli import main
from headtohead.names.alike import nearest
from headtohead.names.names import Names


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sonnet 4.5", "anthropic/claude-sonnet-4.5"),
        ("4.5 sonnet", "anthropic/claude-sonnet-4.5"),
        ("claud-opus-4.1", "anthropic/claude-opus-4.1"),
        ("llama3", "meta/llama-3-70b-instruct"),
        ("deepseekv3.2", "deepseek/deepseek-v3.2"),
        ("qwen3 max thinkng", "alibaba/qwen3-max-thinking"),
        ("gtp-5", "openai/gpt-5"),
        ("calude opus 4.1", "anthropic/claude-opus-4.1"),
        ("sonet 4.5", "anthropic/claude-sonnet-4.5"),
    ],
)
def test_a_name_that_is_nearly_right_is_suggested_but_never_taken(written: str, meant: str) -> None:
    found = headtohead.explain_name(written)
    assert (found.status, found.model) == ("unmatched", None)
    assert meant in found.suggestions
    result = CliRunner().invoke(main, ["names", written], prog_name="h2h")
    assert result.exit_code == 1
    assert "Did you mean" in result.output
    assert meant in result.output


@pytest.mark.parametrize("written", ["", "x", "9", "no-such-model-9000", "🙂", "3 5 7", "a-b-c-d"])
def test_what_is_like_nothing_gets_no_suggestion(written: str) -> None:
    assert headtohead.explain_name(written).suggestions == ()


@pytest.mark.parametrize("written", ["sonnet", "gemini 3", "kimi", "gpt-55", "grok4 fst", "llama"])
def test_every_suggestion_is_itself_understood(written: str) -> None:
    found = headtohead.explain_name(written)
    assert found.suggestions
    assert len(found.suggestions) <= 5
    for name in found.suggestions:
        assert Names.load().resolve(name).status in ("matched", "ambiguous")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Antropic", "Anthropic"), ("Chna", "China (CN)"), ("antropic ai", "Anthropic")],
)
def test_a_lab_or_a_country_that_is_nearly_right_is_suggested(written: str, meant: str) -> None:
    assert meant in headtohead.explain_name(written).suggestions


@pytest.mark.parametrize(
    ("written", "says", "lab"),
    [
        ("openai", "OpenAI is a lab (United States), not a model.", "openai/"),
        ("China", "China (CN) is a country, not a model.", ""),
        ("Anthropic", "Anthropic is a lab (United States), not a model.", "anthropic/"),
        ("China (CN)", "China (CN) is a country, not a model.", ""),
        ("qwen-3.5", "qwen-3.5 is a family of models, not a model.", "alibaba/"),
    ],
)
def test_what_is_no_model_but_a_lab_a_country_or_a_family_is_called_so(
    written: str, says: str, lab: str
) -> None:
    found = headtohead.explain_name(written)
    assert (found.status, found.model) == ("unmatched", None)
    assert says in found.steps
    assert found.suggestions
    assert all(name.startswith(lab) for name in found.suggestions)
    assert str(found).splitlines()[1].startswith(says[:60])


@pytest.mark.parametrize("written", ["Chna", "Antropic"])
def test_a_suggested_country_or_lab_leads_to_its_own_models(written: str) -> None:
    (called,) = headtohead.explain_name(written).suggestions
    found = headtohead.explain_name(called)
    assert found.group.startswith(called)
    assert {headtohead.explain_name(name).status for name in found.suggestions} == {"matched"}


def test_a_moving_name_shows_all_it_may_stand_for() -> None:
    found = headtohead.explain_name("deepseek-chat")
    shown = str(found)
    for model in ("deepseek-v2@0517", "deepseek-v3.1-terminus", "deepseek-v4-flash"):
        assert f"deepseek/{model}" in shown


def test_a_wrong_word_is_held_against_any_list_of_spellings() -> None:
    countries = {"China": "China (CN)", "PRC": "China (CN)", "Canada": "Canada (CA)"}
    assert nearest("Chian", countries) == ("China (CN)",)
    assert nearest("gpt5 mini", ["openai/gpt-5-mini", "openai/gpt-5"]) == ("openai/gpt-5-mini",)
    assert nearest("gtp-5", [f"gpt-5-{n}" for n in "abcdef"]) == ("gpt-5-a", "gpt-5-b", "gpt-5-c")
    assert nearest("zebra", countries) == nearest("", countries) == nearest("x", []) == ()


def test_a_name_that_is_understood_is_not_second_guessed() -> None:
    assert headtohead.explain_name("gpt-5").suggestions == ()
    assert headtohead.explain_name("gpt-5").as_json()["results"][0]["suggestions"] == []


def test_a_resolution_prints_and_shows_itself() -> None:
    found = headtohead.explain_name("DeepSeek-V3.2-Thinking")
    assert "deepseek/deepseek-v3.2" in repr(found)
    assert "Mode thinking" in str(found)


def test_a_resolution_is_one_row_of_a_frame() -> None:
    found = headtohead.explain_name("DeepSeek-V3.2-Thinking")
    (row,) = found.to_frame().to_dicts()
    fields = found.as_json()["results"][0]
    assert list(row) == list(fields)
    assert (row["status"], row["mode"], row["rule"]) == ("matched", "thinking", "listed")
    assert row["steps"] == " ".join(found.steps)


def test_a_moving_name_on_a_day_without_a_model_is_not_suggested_for_itself() -> None:
    meaning = headtohead.explain_name("deepseek-chat", on="2026-09-10")
    assert meaning.suggestions
    assert "deepseek-chat" not in meaning.suggestions
