"""Sizes out of configurations: published parameters and caches, and what is refused by name."""

import json
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError, UnknownName
from headtohead.evidence.facts import Facts
from headtohead.prices.serving.architecture import Architecture, read_config
from headtohead.prices.serving.models import sizes_of

DAY = date(2026, 11, 29)
LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "rope_theta": 500000.0,
    "tie_word_embeddings": False,
}


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts()


def billions(shape: Architecture) -> tuple[float, float, float]:
    """Parameters, those used per token, and those with the embedding as well."""
    outer = 0 if shape.tied else shape.vocab * shape.hidden
    active = shape.active_params / 1e9
    return shape.total_params / 1e9, active, active + outer / 1e9


@pytest.mark.parametrize(
    ("model", "total", "active", "kib"),
    [
        ("DeepSeek-V3", 671.0, 37.55, 68.6),
        ("Kimi K2", 1026.4, 32.9, 68.6),
        ("Qwen3-235B-A22B", 235.1, 22.2, 188.0),
        ("Qwen3-30B-A3B", 30.5, 3.35, 96.0),
        ("gpt-oss-120b", 116.8, 5.7, 36.0),
        ("GLM-5", 743.9, 41.8, 97.8),
        ("Llama 3.1 405B", 405.8, 405.8, 504.0),
        ("Llama 3.1 70B", 70.6, 70.6, 320.0),
        ("Llama 3.1 8B", 8.0, 8.0, 128.0),
        ("DeepSeek-V3.2", 671.9, 38.4, 76.5),
    ],
)
def test_parameters_and_cache_are_those_that_makers_state(
    facts: Facts, model: str, total: float, active: float, kib: float
) -> None:
    shape, _ = sizes_of(facts, model, DAY)
    made = billions(shape)
    assert made[0] == pytest.approx(total, abs=0.06)
    assert made[2] == pytest.approx(active, abs=0.06)
    assert shape.kv_bytes_per_token() / 1024 == pytest.approx(kib, abs=0.06)


def test_the_cache_of_deepseek_v3_is_70_272_bytes_a_token(facts: Facts) -> None:
    assert sizes_of(facts, "DeepSeek-V3", DAY)[0].kv_bytes_per_token() == 70_272


def test_a_file_of_ones_own_gives_the_same_as_the_table(facts: Facts, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA))
    mine, row = sizes_of(facts, str(path), DAY)
    assert row is None
    known, _ = sizes_of(facts, "llama 3.1 8b", DAY)
    assert billions(mine) == billions(known)
    assert mine.attention == "GQA"
    assert sizes_of(facts, str(tmp_path), DAY)[0].layers == 32


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"linear_attn_config": {"kda_layers": [1]}}, "linear attention (KDA)"),
        ({"mamba_num_heads": 64}, "Mamba"),
        ({"compress_ratios": [4, 128]}, "compressed attention"),
        ({"layer_types": ["linear_attention"]}, "linear_attention"),
        ({"attn_type_list": [0, 1]}, "linear"),
        ({"num_memory_slots": 12}, "num_memory_slots"),
        ({"index_topk": 2048}, "indexer"),
        ({"num_hidden_layers": "32"}, "num_hidden_layers"),
        ({"num_hidden_layers": 0}, "has 0 layers"),
        ({"head_dim": 0}, "heads of size 0"),
        ({"num_key_value_heads": 0}, "none may be 0"),
        ({"num_key_value_heads": 5}, "multiple of those with keys"),
        ({"layer_types": 5}, "layer_types is 5; it must be a list"),
        ({"text_config": [1]}, "text_config is [1]"),
        (
            {"num_local_experts": 8, "num_experts_per_tok": 2, "moe_layer_freq": "x"},
            "moe_layer_freq is 'x'",
        ),
        ({"num_local_experts": 8, "num_experts_per_tok": 0}, "0 experts of 8"),
        ({"vocab_size": None}, "vocab_size"),
        ({"num_local_experts": 4, "num_experts_per_tok": 8}, "8 experts of 4"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(more: dict[str, Any], names: str) -> None:
    with pytest.raises(InputError) as refused:
        read_config(LLAMA | more, "mine")
    assert names in str(refused.value)


def test_fields_that_change_no_size_are_let_pass() -> None:
    plain = read_config(LLAMA, "mine")
    more = {"num_memory_slots": 0, "note": "text", "some_token_id": 5, "attention_dropout": 0.1}
    assert read_config(LLAMA | more, "mine") == plain


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_no_configuration(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(InputError):
        read_config(path)


def test_unknown_models(facts: Facts) -> None:
    with pytest.raises(UnknownName, match="DeepSeek-V3"):
        sizes_of(facts, "DeepSeek-V33", DAY)
    with pytest.raises(InputError, match=r"sizes of GPT-5 are not known"):
        sizes_of(facts, "gpt-5", DAY)
    with pytest.raises(InputError, match="later `as_of`"):
        sizes_of(facts, "glm-5", date(2025, 1, 1))


def test_every_row_is_what_its_configuration_says(facts: Facts, shared_evidence: Path) -> None:
    rows = facts.frame("model_sizes", DAY).filter("verified")
    with tarfile.open(shared_evidence / "architectures" / "hf_configs.tar.gz") as archive:
        read = {}
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isfile() else None
            if file:
                read[member.name.removeprefix("./")] = json.load(file)
    same = {"meta-llama/Llama": "meta-llama/Meta-Llama"}
    for row in rows.iter_rows(named=True):
        repository = row["row_url"].removeprefix("https://huggingface.co/")
        repository = repository.removesuffix("/blob/main/config.json")
        for ours, theirs in same.items():
            repository = repository.replace(ours, theirs)
        made = read_config(read[f"{repository.replace('/', '--')}_config.json"], row["model_name"])
        assert made == sizes_of(facts, row["model_name"], DAY)[0]
