"""Names against hand-read boards, dated aliases and the traps seen in real lists."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UnknownName
from headtohead.names.names import Names

GOLD = Path(__file__).with_name("names_gold_2025-12-11.csv")
NAMES = Names.load()


def _gold() -> list[dict[str, str]]:
    with GOLD.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_board_of_december_2025_is_read_as_a_person_reads_it() -> None:
    right, unmatched, wrong = 0, [], []
    for row in _gold():
        got = NAMES.resolve(row["name"])
        if got.status != "matched":
            unmatched.append(row["name"])
        elif (got.model, got.lab, got.mode, got.channel) == (
            row["model"],
            row["lab"],
            row["mode"],
            row["channel"],
        ):
            right += 1
        else:
            wrong.append((row["name"], got.model, got.mode, got.channel))
    assert wrong == []
    assert right >= 96
    assert right + len(unmatched) == 100


def test_no_two_entrants_of_the_board_become_one() -> None:
    seen: dict[tuple[str | None, str, str], str] = {}
    for row in _gold():
        got = NAMES.resolve(row["name"])
        if got.status == "matched":
            who = (got.model, got.mode, got.channel)
            assert who not in seen, (row["name"], seen[who])
            seen[who] = row["name"]


def test_gold_file_is_the_board(shared_evidence: Path) -> None:
    board = shared_evidence / "lmarena_catalog/2025-12-11/leaderboard-text-style-control.json"
    full = json.loads(board.read_text(encoding="utf-8"))["full"]
    best = sorted(full, key=lambda name: -full[name]["rating"])[:100]
    assert [row["name"] for row in _gold()] == best


@pytest.mark.parametrize(
    ("day", "model", "mode"),
    [
        ("2024-05-10", "deepseek/deepseek-v2", ""),
        ("2024-10-01", "deepseek/deepseek-v2.5", ""),
        ("2024-12-25", "deepseek/deepseek-v2.5@1210", ""),
        ("2024-12-26", "deepseek/deepseek-v3", ""),
        ("2025-04-01", "deepseek/deepseek-v3@0324", ""),
        ("2025-08-21", "deepseek/deepseek-v3.1", "no-thinking"),
        ("2025-09-28", "deepseek/deepseek-v3.1-terminus", "no-thinking"),
        ("2025-09-29", "deepseek/deepseek-v3.2-exp", "no-thinking"),
        ("2025-12-15", "deepseek/deepseek-v3.2", "no-thinking"),
        ("2026-05-01", "deepseek/deepseek-v4-flash", "no-thinking"),
    ],
)
def test_deepseek_chat_has_been_many_models(day: str, model: str, mode: str) -> None:
    got = NAMES.resolve("deepseek-chat", on=date.fromisoformat(day), provider="deepseek")
    assert (got.status, got.model, got.mode) == ("matched", model, mode)
    assert got.rule == "alias:deepseek-chat"
    assert any(day in step for step in got.steps)


@pytest.mark.parametrize(
    ("day", "model", "mode"),
    [
        ("2025-02-01", "deepseek/deepseek-r1", ""),
        ("2025-06-01", "deepseek/deepseek-r1@0528", ""),
        ("2025-12-15", "deepseek/deepseek-v3.2", "thinking"),
    ],
)
def test_deepseek_reasoner_moves_too(day: str, model: str, mode: str) -> None:
    got = NAMES.resolve("deepseek-reasoner", on=date.fromisoformat(day), provider="deepseek")
    assert (got.model, got.mode) == (model, mode)


def test_a_moving_name_without_a_day_stays_open_but_its_maker_is_known() -> None:
    got = NAMES.resolve("deepseek-chat")
    assert (got.status, got.model, got.lab) == ("ambiguous", None, "deepseek")
    assert "give the day" in got.steps[-1]


def test_a_switched_off_name_means_nothing() -> None:
    got = NAMES.resolve("deepseek-chat", on=date(2026, 8, 1), provider="deepseek")
    assert (got.status, got.model) == ("unmatched", None)


def test_a_name_as_long_as_a_file_is_no_model_and_costs_no_time() -> None:
    names, long = Names.load(), "gpt-5" + "x" * 1_000_000
    assert names.resolve(long).model is None
    assert len(names.suggested(long)) <= 5


def test_the_last_day_of_a_name_that_ended() -> None:
    names = Names.load()
    assert names.until("deepseek-chat", date(2026, 8, 1), "deepseek") == date(2026, 7, 24)
    assert names.until("deepseek-chat", date(2026, 7, 24), "deepseek") is None
    assert names.until("gpt-5", date(2026, 8, 1)) is None


def test_the_seller_decides_what_deepseek_chat_means() -> None:
    day = date(2025, 12, 15)
    router = NAMES.resolve("deepseek/deepseek-chat", on=day, provider="openrouter")
    assert router.model == "deepseek/deepseek-v3"
    nobody = NAMES.resolve("deepseek/deepseek-chat", on=day)
    assert nobody.status == "ambiguous"
    reseller = NAMES.resolve("deepseek-chat", on=day, provider="nano-gpt")
    assert reseller.status == "ambiguous"


def test_a_board_keeps_the_bare_name_for_the_first_edition_on_every_day() -> None:
    day = date(2025, 12, 11)
    assert NAMES.resolve("command-r", on=day).model == "cohere/command-r@03-2024"
    sold = NAMES.resolve("command-r", on=day, provider="cohere")
    assert sold.model == "cohere/command-r@08-2024"
    assert NAMES.resolve("command-r-08-2024", on=day).model == "cohere/command-r@08-2024"


def test_a_day_written_into_a_moving_name_counts() -> None:
    for day in (None, date(2025, 10, 3)):
        got = NAMES.resolve("chatgpt-4o-latest (2025-02-15)", on=day)
        assert got.model == "openai/chatgpt-4o@20250129"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("qwen3-235b-a22b-instruct-2507", "qwen3-235b-a22b-thinking-2507"),
        ("qwen3-235b-a22b", "qwen3-235b-a22b-instruct-2507"),
        ("qwen3-vl-235b-a22b-instruct", "qwen3-vl-235b-a22b-thinking"),
        ("qwen3-next-80b-a3b-instruct", "Qwen3-Next 80B-A3B (Thinking)"),
        ("kimi-k2", "kimi-k2-thinking"),
        ("kimi-k2-0711-preview", "kimi-k2-0905-preview"),
        ("qwq-32b", "qwq-32b-preview"),
        ("gpt-5", "gpt-5-chat"),
        ("gpt-5-codex", "gpt-5"),
        ("gpt-5.1-codex-max", "gpt-5.1-codex"),
        ("deepseek-v3.2", "deepseek-v3.2-exp"),
        ("deepseek-v3.2", "deepseek-v3.2-speciale"),
        ("glm-4.5", "glm-4.5-air"),
        ("glm-4.5", "glm-4.5v"),
        ("o3", "o3-mini"),
        ("qwen3-max", "qwen3-max-preview"),
        ("mistral-medium-2505", "mistral-medium-2508"),
        ("mistral-medium", "mistral-medium-2505"),
        ("deepseek-r1", "deepseek-r1-0528"),
        ("deepseek-v3", "deepseek-v3-0324"),
        ("ernie-5.0-preview-1103", "ernie-5.0-preview-1120"),
        ("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022"),
        ("grok-3", "grok-3-preview-02-24"),
        ("hunyuan-turbos-20250416", "hunyuan-turbos-20250226"),
    ],
)
def test_separate_weights_stay_separate(one: str, other: str) -> None:
    a, b = NAMES.resolve(one), NAMES.resolve(other)
    assert a.status == b.status == "matched"
    assert a.model != b.model


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("claude-opus-4-5-20251101", "Claude Opus 4.5"),
        ("anthropic/claude-4.5-opus-20251124", "us.anthropic.claude-opus-4-5-20251101-v1:0"),
        ("vertex_ai/claude-opus-4-5@20251101", "Claude 4.5 Opus medium (20251101)"),
        ("deepseek-ai/DeepSeek-V3.2", "deepseek.v3.2"),
        ("fireworks/deepseek-v3p2", "DeepSeek V3.2 Reasoner"),
        ("qwen/qwen3-235b-a22b-07-25", "Qwen3-235B-A22B-Instruct (Jul 2025)"),
        ("moonshotai/Kimi-K2-Instruct", "Kimi K2 Preview (0711)"),
        ("accounts/fireworks/models/llama-v3p3-70b-instruct", "Llama 3.3 70B"),
        ("GPT-5 (2025-08-07) (medium reasoning)", "azure/eu/gpt-5-2025-08-07"),
        ("NVIDIA-Nemotron-3-Nano-30B-A3B (BF16)", "nvidia/nemotron-3-nano-30b-a3b:free"),
        ("mistral-large-2512", "Mistral Large 3"),
        ("gemini-3-pro-preview", "Gemini 3.0 Pro"),
        ("https://huggingface.co/zai-org/GLM-4.6", "z-ai/glm-4.6"),
    ],
)
def test_one_set_of_weights_has_many_spellings(one: str, other: str) -> None:
    a, b = NAMES.resolve(one), NAMES.resolve(other)
    assert a.status == b.status == "matched"
    assert a.model == b.model


@pytest.mark.parametrize(
    ("name", "mode", "channel"),
    [
        ("Claude Opus 4.5 (High, 32K, 20251101)", "thinking-32k", ""),
        ("claude-3-7-sonnet-20250219 (32k thinking tokens)", "thinking-32k", ""),
        ("gemini-2.5-flash-preview-05-20 (24k think)", "thinking-24k", ""),
        ("GPT-5.6 Sol (xHigh, Codex Harness)", "xhigh", "codex-harness"),
        ("GLM-4.6 (FC thinking)", "thinking", "fc"),
        ("DeepSeek-V3.2-Exp (Prompt + Thinking)", "thinking", "prompt"),
        ("Llama-4-Maverick-17B-128E-Instruct-FP8 (FC)", "", "fc+fp8"),
        ("Grok 4 Fast (Non-Reasoning)", "no-thinking", ""),
        ("Kimi K2.5 (Instant)", "no-thinking", ""),
        ("kimi-k2.5-thinking", "thinking", ""),
        ("kimi-k2-thinking-turbo", "", "turbo"),
        ("MiniMax-M2.5-highspeed", "", "highspeed"),
        ("claude-opus-4.6-fast", "", "fast"),
        ("openai/gpt-oss-120b:free", "", "free"),
        ("gpt-5.2-2025-12-11_none", "no-thinking", ""),
        ("o3-mini-high-2025-01-31", "high", ""),
        ("GLM-4.6 (T=1)", "", ""),
    ],
)
def test_mode_and_channel_stand_apart(name: str, mode: str, channel: str) -> None:
    got = NAMES.resolve(name)
    assert got.status == "matched"
    assert (got.mode, got.channel) == (mode, channel)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("deepseek.v3-v1:0", "bedrock", "deepseek/deepseek-v3.1"),
        ("z-ai/glm-4.6-20251208", "openrouter", "zai/glm-4.6v"),
        ("z-ai/glm-4.6", "openrouter", "zai/glm-4.6"),
        ("grok-2", "xai", "xai/grok-2@1212"),
        ("grok-2-2024-08-13", None, "xai/grok-2"),
        ("Llama 3-70B", None, "meta/llama-3-70b-instruct"),
        ("claude-3.5-sonnet", None, "anthropic/claude-3.5-sonnet@20240620"),
        ("command-r", None, "cohere/command-r@03-2024"),
        ("gemma-3-27b", "deepinfra", "google/gemma-3-27b-it"),
    ],
)
def test_names_that_mislead(name: str, provider: str | None, model: str) -> None:
    assert NAMES.resolve(name, provider=provider).model == model


@pytest.mark.parametrize(
    ("name", "status", "rule"),
    [
        ("gpt-9", "unmatched", "not-listed"),
        ("gpt-5-2026-01-01", "unmatched", "unknown-stamp"),
        ("DeepSeek R1 + claude-3-5-sonnet-20241022", "unmatched", "two-models"),
        ("not gpt-5", "unmatched", "not-listed"),
        ("你好 gpt-5", "unmatched", "not-listed"),
        ("gpt-5:tuned", "unmatched", "not-listed"),
        ("claude-v1-100k", "unmatched", "not-listed"),
        ("qwen3-vl-99b-thinking", "unmatched", "not-listed"),
        ("meta-llama/llama-3-70b", "ambiguous", "other-seller"),
        ("google/gemma-4-26B-A4B", "ambiguous", "other-seller"),
        ("qwen-max", "ambiguous", "alias:qwen-max"),
        ("qwen3-235b-a22b-thinking", "ambiguous", "alias:qwen3-235b-a22b-thinking"),
        ("", "unmatched", "not-listed"),
    ],
)
def test_what_is_not_known_is_not_guessed(name: str, status: str, rule: str) -> None:
    got = NAMES.resolve(name)
    assert (got.status, got.model, got.rule) == (status, None, rule)
    assert got.steps


def test_an_openrouter_id_tells_the_author_even_of_an_unknown_model() -> None:
    assert NAMES.resolve("kwaipilot/kat-x", provider="openrouter").lab == "kwaipilot"
    assert NAMES.resolve("openrouter/owl-alpha", provider="openrouter").lab is None
    assert NAMES.resolve("kwaipilot/kat-x").lab is None


@pytest.mark.parametrize(
    ("text", "lab"),
    [
        ("Alibaba Qwen", "alibaba"),
        ("qwen", "alibaba"),
        ("Moonshot AI", "moonshotai"),
        ("moonshotai", "moonshotai"),
        ("Z.ai", "zai"),
        ("z-ai", "zai"),
        ("Zhipu AI", "zai"),
        ("Tsinghua", "zai"),
        ("tngtech", "tng"),
        ("Google DeepMind,Google", "google"),
        ("meta-llama", "meta"),
        ("x-ai", "xai"),
        ("kwaipilot", "kwaipilot"),
    ],
)
def test_labs_have_many_spellings(text: str, lab: str) -> None:
    found = NAMES.lab_of(text)
    assert found is not None
    assert found.id == lab


@pytest.mark.parametrize("text", ["other", "OpenRouter stealth", "Multiple providers", ""])
def test_no_lab_is_made_up(text: str) -> None:
    assert NAMES.lab_of(text) is None


def test_maker_and_operator_are_two_things() -> None:
    model = NAMES.model("deepseek/deepseek-v3.2")
    azure = NAMES.operator("azure_ai")
    assert model is not None
    assert azure is not None
    assert NAMES.lab(model.lab).country == "CN"
    assert azure.country == "US"
    assert NAMES.lab("tng").country == "DE"


def test_unknown_ids() -> None:
    assert NAMES.model("nobody/nothing") is None
    assert NAMES.operator("nobody") is None
    with pytest.raises(UnknownName, match="lab"):
        NAMES.lab("deepsek")


@pytest.mark.parametrize(
    ("model", "is_open"),
    [
        ("deepseek/deepseek-v3.2", True),
        ("deepseek/deepseek-v3.2-exp", True),
        ("moonshotai/kimi-k2", True),
        ("zai/glm-4.6", True),
        ("minimax/minimax-m2", True),
        ("alibaba/qwen3-235b-a22b-instruct@2507", True),
        ("meituan/longcat-flash-chat", True),
        ("stepfun/step-3", True),
        ("inclusionai/ling-flash-2.0", True),
        ("openai/gpt-oss-120b", True),
        ("meta/llama-4-maverick", True),
        ("google/gemma-3-27b-it", True),
        ("cohere/command-a", True),
        ("prime-intellect/intellect-3", True),
        ("xai/grok-2", True),
        ("mistral/mistral-large-3", True),
        ("alibaba/qwen3-max", False),
        ("alibaba/qwen3-max-preview", False),
        ("alibaba/qwen2.5-max", False),
        ("baidu/ernie-5.0-preview@1103", False),
        ("tencent/hunyuan-t1@20250711", False),
        ("mistral/mistral-medium-3.1", False),
        ("microsoft/mai-1-preview", False),
        ("amazon/nova-pro", False),
        ("openai/gpt-5", False),
        ("google/gemini-3-pro", False),
    ],
)
def test_open_weights_of_known_cases(model: str, is_open: bool) -> None:
    found = NAMES.model(model)
    assert found is not None
    assert found.open_weights is is_open
