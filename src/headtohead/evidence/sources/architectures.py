"""Shapes of open models, computed from their published configurations.

Parameters, operations and cache size per token follow from a model's config.json and a formula
for ordinary attention. Where a model mixes in linear, compressed or state-space layers the formula
does not hold: such rows are kept but not verified. Quantised copies repeat their original and are
dropped. A configuration is public with the weights, so a row counts as known from the release.
"""

import calendar
import re
from datetime import date

from headtohead.evidence.sourcing import Parsed, RawFiles, Row, Source, names, remarks

_ID = "architectures"
_FILE = "architectures_computed.csv"

SOURCE = Source(
    source_id=_ID,
    publisher="headtohead, from configurations on Hugging Face via NVIDIA aiconfigurator",
    product="Parameters, operations and cache per token of open models",
    citation="headtohead (2026). Model shapes computed from the labs' config.json files, as "
    "collected by NVIDIA aiconfigurator (Apache-2.0).",
    url="https://github.com/ai-dynamo/aiconfigurator",
    licence="Apache-2.0",
    ship="figures",
    how_to_get="Computed from https://huggingface.co/ORG/MODEL/resolve/main/config.json; the "
    "built-in figures are taken from the resulting CSV.",
    patterns=(_FILE,),
    rows={"architectures": (25, 1_000)},
)

# Release days, or months where the day is disputed, by the labs' announcements and the majority
# of catalogue entries. A model that is not here has no date that we are sure of.
_RELEASED = {
    "2023-12-11": ("Mixtral-8x7B-v0.1",),
    "2024-04-17": ("Mixtral-8x22B-v0.1",),
    "2024-07-23": ("Meta-Llama-3.1-405B", "Meta-Llama-3.1-70B", "Meta-Llama-3.1-8B"),
    "2024-12-26": ("DeepSeek-V3",),
    "2025-01-20": ("DeepSeek-R1",),
    "2025-04-05": ("Llama-4-Maverick-17B-128E-Instruct", "Llama-4-Scout-17B-16E-Instruct"),
    "2025-04-29": names("Qwen3-0.6B Qwen3-1.7B Qwen3-8B Qwen3-32B Qwen3-30B-A3B Qwen3-235B-A22B"),
    "2025-04": ("MiMo-7B-Base",),
    "2025-07-11": ("Kimi-K2-Instruct",),
    "2025-07-22": ("Qwen3-Coder-480B-A35B-Instruct",),
    "2025-07-28": ("GLM-4.5",),
    "2025-08-05": ("gpt-oss-120b", "gpt-oss-20b"),
    "2025-09-11": ("Qwen3-Next-80B-A3B",),
    "2025-09-23": ("Qwen3-VL-235B-A22B-Instruct",),
    "2025-10": names(
        "Qwen3-VL-2B-Instruct Qwen3-VL-4B-Instruct Qwen3-VL-8B-Instruct Qwen3-VL-30B-A3B-Instruct "
        "Qwen3-VL-32B-Instruct Qwen3-VL-32B-Thinking"
    ),
    "2025-12-01": ("DeepSeek-V3.2",),
    "2025-12-15": ("NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",),
    "2025-12-16": ("MiMo-V2-Flash",),
    "2026-01-27": ("Kimi-K2.5",),
    "2026-02-11": ("GLM-5",),
    "2026-02-12": ("MiniMax-M2.5",),
    "2026-02-16": ("Qwen3.5-397B-A17B",),
    "2026-02": ("Qwen3.5-27B", "Qwen3.5-35B-A3B", "Qwen3.5-122B-A10B"),
    "2026-03-18": ("MiniMax-M2.7",),
    "2026-04-02": ("gemma-4-26B-A4B",),
    "2026-04-07": ("GLM-5.1",),
    "2026-04-24": ("DeepSeek-V4-Flash", "DeepSeek-V4-Pro"),
    "2026-05": ("Step-3.7-Flash",),
    "2026-06-01": ("MiniMax-M3",),
    "2026-06-16": ("GLM-5.2",),
    "2026-07-16": ("Kimi-K3",),
}
_DATES = {model: day for day, models in _RELEASED.items() for model in models}

# Files whose name has no organisation, and the models they are of.
_ELSEWHERE = {
    "glm-4.5-4.6-4.7_config_from_test.json": ("zai-org", "GLM-4.5"),
    "infersim_qwen3-next-80B-A3B_config.json": ("Qwen", "Qwen3-Next-80B-A3B"),
}
_FROM_TESTS = {"GLM-4.5": "shape from a test file, not from the lab's own configuration"}

# The compiler's remark -> (may the figures be trusted, the remark in our words).
_REMARKS: dict[str, tuple[bool, str]] = {
    "checked against published total/active": (True, ""),
    "": (True, "computed; not compared with the lab's own figures"),
    "linear-attention layers: KV only on full layers (L/4); attn params approx": (
        False,
        "linear-attention layers: parameters and cache are approximate",
    ),
    "linear-attention layers on 3/4: KV = 1/4 of shown": (
        False,
        "linear-attention layers: the cache is a quarter of this",
    ),
    "shared-KV head, compress_ratios, hash layers: total/KV NOT valid": (
        False,
        "compressed attention: parameters and cache do not hold",
    ),
    "Mamba hybrid: NOT valid": (False, "state-space layers: no figure holds"),
    "NAS-pruned blocks: NOT valid": (False, "pruned blocks: no figure holds"),
    "KDA linear layers + latent MoE (routed_expert_hidden_size): total/active/KV NOT valid": (
        False,
        "linear attention and latent experts: no figure holds",
    ),
    "sliding window; active NOT valid (top_k key)": (
        False,
        "sliding window: active parameters do not hold",
    ),
    "block-sparse attention: attention FLOPs upper bound": (True, "attention is block-sparse"),
    "chunked attention on 3/4 layers; early-fusion vision not counted": (
        True,
        "chunked attention: the cache is smaller at long context; vision is not counted",
    ),
    "sliding window 128 on half the layers: KV at long context = half": (
        True,
        "sliding window on half the layers: half the cache at long context",
    ),
    "sliding window on 3/4 layers": (
        True,
        "sliding window on three quarters of the layers: a quarter of the cache at long context",
    ),
    "hybrid sliding window: KV only on global layers": (
        True,
        "sliding window on most layers: the cache is an upper bound",
    ),
}
_QUANTISED = re.compile(r"-(NVFP4|FP8)(-|$)")
_UNUSED = names(
    "arch layers hidden heads kv_heads head_dim kv_lora experts_active shared moe_inter "
    "dense_inter dense_layers vocab ctx index_topk kv_elems_per_tok_layer "
    "attn_gflops_per_tok_per_1k_ctx"
)


def parse(raw: RawFiles) -> Parsed:
    """The models whose release is known, each once."""
    parsed = Parsed()
    for record in raw.csv(_FILE):
        file = str(record.take("file")).split("/")[-1]
        organisation, mark, model = file.removesuffix("_config.json").partition("--")
        if file in _ELSEWHERE:
            organisation, model = _ELSEWHERE[file]
        trusted, words = _REMARKS[record.one_of("note", _REMARKS)]
        attention = record.take("attn")
        if "linear_attention" in attention and trusted:
            trusted, words = False, "linear-attention layers: parameters and cache are approximate"
        mixed = [kind for kind in ("linear", "sliding") if f"{kind}_attention" in attention]
        row = {
            # The kind of attention, with what it is mixed with: GQA, MLA+DSA, GQA+linear, ...
            "attention": "+".join([attention.split("(")[0], *mixed]),
            "experts_n": record.convert("experts", int),
            "total_b": record.number("total_B"),
            "active_b": record.number("active_B"),
            "compute_gflop_per_token": record.number("gflops_per_tok_noattn"),
            "kv_bytes_per_token": record.number("kv_bytes_per_tok_bf16"),
            "verified": trusted,
            "note": words,
        }
        record.done(*_UNUSED)
        if not mark and file not in _ELSEWHERE:
            parsed.drop("no organisation in the file name")
            continue
        day = _DATES.get(model)
        if model in _FROM_TESTS:
            row |= {"verified": False, "note": _FROM_TESTS[model]}
        if _QUANTISED.search(model):
            parsed.drop("quantised copy of another entry")
        elif day is None:
            parsed.drop("no release date")
        else:
            parsed.add(
                "architectures",
                {"model_name": model, "organisation": organisation} | _dated(row, day),
            )
    return parsed


def _dated(row: Row, day: str) -> Row:
    """The row with its release; of a month, the first day, known only by the last."""
    year, month, *rest = (int(part) for part in day.split("-"))
    known_on = date(year, month, rest[0] if rest else calendar.monthrange(year, month)[1])
    return {
        **row,
        "released_on": known_on if rest else date(year, month, 1),
        "known_on": known_on,
        "note": remarks(row["note"], not rest and "only the month of the release is sure"),
    }
