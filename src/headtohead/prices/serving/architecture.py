"""The sizes of a model that decide what serving it costs, from its `config.json`.

A field that is not known is refused by its name, since it may change a size; so is attention whose
cost has other equations (linear, Mamba, compressed, block-sparse).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.evidence.sourcing import names

# Fields that say that attention is of a kind with other equations, and which.
_UNCOVERED = {
    "linear_attn_config": "linear attention (KDA)",
    "linear_num_key_heads": "linear attention (gated delta net)",
    "mamba_num_heads": "Mamba layers",
    "ssm_state_size": "Mamba layers",
    "state_size": "Mamba layers",
    "compress_ratios": "compressed attention",
    "sparse_attention_config": "block-sparse attention",
    "lightning_attn_config": "lightning attention",
    "attention_chunk_size": "attention in chunks",
    "global_head_dim": "two kinds of heads in one model",
    "swa_num_attention_heads": "two kinds of heads in one model",
    "block_configs": "layers of several sizes",
    "hybrid_override_pattern": "Mamba layers",
}
_SIZES = frozenset(
    names(
        "architectures model_type hidden_size num_hidden_layers num_attention_heads "
        "num_key_value_heads head_dim vocab_size intermediate_size tie_word_embeddings "
        "q_lora_rank kv_lora_rank qk_nope_head_dim qk_rope_head_dim qk_head_dim v_head_dim "
        "n_routed_experts num_local_experts num_experts num_experts_per_tok experts_per_token "
        "moe_intermediate_size n_shared_experts shared_expert_intermediate_size "
        "shared_intermediate_size first_k_dense_replace moe_layer_freq decoder_sparse_step "
        "mlp_only_layers mlp_layer_types sliding_window use_sliding_window max_window_layers "
        "layer_types attn_type_list index_n_heads index_head_dim index_topk index_topk_freq "
        "indexer_types num_nextn_predict_layers num_mtp_modules mtp_transformer_layers "
        "quantization_config text_config vision_config max_position_embeddings"
    )
)
_LISTS = frozenset(
    names("layer_types attn_type_list mlp_layer_types mlp_only_layers indexer_types moe_layer_freq")
)
# Fields that change no size of the weights, of the cache or of a step.
_HARMLESS = frozenset(
    names(
        "dtype torch_dtype initializer_range rope_theta rope_scaling rope_parameters "
        "rope_interleave partial_rotary_factor rotary_dim rms_norm_eps norm_eps "
        "layer_norm_epsilon layernorm_epsilon hidden_act hidden_activation attention_bias "
        "attention_dropout mlp_bias qkv_bias use_qk_norm qk_norm_type use_gemma_norm "
        "swiglu_limit swiglu_alpha norm_topk_prob routed_scaling_factor scoring_func "
        "topk_method n_group topk_group ep_size pretraining_tp router_aux_loss_coef "
        "aux_loss_alpha seq_aux output_router_logits router_jitter_noise use_routing_bias "
        "use_mtp moe_router_dtype indexer_rope_interleave index_share_for_mtp_iteration "
        "index_skip_topk_offset index_topk_pattern initial_context_length use_cache auto_map "
        "transformers_version chunk_size_feed_forward temperature top_k top_p typical_p "
        "repetition_penalty length_penalty diversity_penalty num_beams num_beam_groups "
        "max_length min_length num_return_sequences id2label label2id return_dict "
        "encoder_no_repeat_ngram_size no_repeat_ngram_size bos_token_id eos_token_id "
        "pad_token_id image_token_id video_token_id vision_start_token_id vision_end_token_id "
        "sep_token_id media_placeholder_token_id name_or_path _name_or_path "
        "use_unified_vision_chunk video_placeholder head_dtype pruned_heads is_decoder "
        "tokenizer_class task_specific_params"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The sizes of one model.

    Attributes:
        head_dim: Of keys; of the part of a key without position where the cache is compressed.
        value_dim: Of values.
        kv_rank: Numbers per token and layer in a compressed cache (MLA); 0 if it is not.
        query_rank: Of the compressed query; 0 if it is not compressed.
        rope_dim: Of the part of a key with position, where the cache is compressed.
        dense_inter: Inner size of the layers without experts.
        expert_inter: Inner size of one expert; `shared_inter` of all shared ones together.
        dense_layers: Layers without experts; all of a dense model.
        window: Tokens that a windowed layer looks back; 0 if no layer has a window.
        window_layers: How many layers have one.
        index_topk: Keys that a layer reads after its indexer has chosen (DSA); 0 without.
        index_layers: Layers with an indexer of their own.
        tied: Whether the embedding is the output matrix too.
        precision: Of the weights as published: bf16, fp8, fp4, or int4 (of the experts alone).
        context: Longest context in tokens.
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int
    vocab: int
    dense_inter: int
    kv_rank: int = 0
    query_rank: int = 0
    rope_dim: int = 0
    experts: int = 0
    experts_active: int = 0
    expert_inter: int = 0
    shared_inter: int = 0
    dense_layers: int = 0
    window: int = 0
    window_layers: int = 0
    index_heads: int = 0
    index_dim: int = 0
    index_topk: int = 0
    index_layers: int = 0
    tied: bool = False
    precision: str = "bf16"
    context: int = 0

    @property
    def attention(self) -> str:
        """What the attention is called."""
        if self.kv_rank:
            return "MLA with sparse attention" if self.index_topk else "MLA"
        kind = "MHA" if self.kv_heads == self.heads else "GQA"
        return f"{kind} with a window in {self.window_layers} layers" if self.window else kind

    @property
    def moe_layers(self) -> int:
        """Layers with experts."""
        return self.layers - self.dense_layers

    @property
    def full_layers(self) -> int:
        """Layers whose attention has no window."""
        return self.layers - self.window_layers

    @property
    def unsplit_params(self) -> float:
        """Weights of one layer's attention that every tensor-parallel rank holds whole."""
        down = self.query_rank + self.kv_rank + self.rope_dim if self.kv_rank else 0
        index = self.hidden * (self.index_dim + self.index_heads)
        index += (self.query_rank or self.hidden) * self.index_heads * self.index_dim
        return self.hidden * down + index * self.index_layers / self.layers

    @property
    def split_params(self) -> float:
        """Weights of one layer's attention that tensor parallelism divides."""
        if not self.kv_rank:
            queries = self.hidden * self.heads * self.head_dim
            keys = self.hidden * self.kv_heads * (self.head_dim + self.value_dim)
            return queries + keys + self.heads * self.value_dim * self.hidden
        queries = (self.query_rank or self.hidden) * self.heads * (self.head_dim + self.rope_dim)
        keys = self.kv_rank * self.heads * (self.head_dim + self.value_dim)
        return queries + keys + self.heads * self.value_dim * self.hidden

    @property
    def expert_params(self) -> float:
        """Weights of one expert."""
        return 3 * self.hidden * self.expert_inter

    @property
    def router_params(self) -> float:
        """Weights that choose the experts of a token."""
        return self.moe_layers * self.hidden * self.experts

    def held_params(self, tensor: int = 1) -> float:
        """Weights that each token passes, on one of so many chips that share every layer.

        Without the experts, their router, the embedding and the output matrix.
        """
        inner = self.dense_layers * self.dense_inter + self.moe_layers * self.shared_inter
        split = self.layers * self.split_params + 3 * self.hidden * inner
        return self.layers * self.unsplit_params + split / tensor

    @property
    def total_params(self) -> float:
        """All weights; without those of the draft layers, as makers count them."""
        outer = self.vocab * self.hidden * (1 if self.tied else 2)
        experts = self.moe_layers * self.experts * self.expert_params
        return self.held_params() + self.router_params + experts + outer

    @property
    def active_params(self) -> float:
        """Weights that one token passes, with the output matrix and without the embedding."""
        used = self.moe_layers * self.experts_active * self.expert_params
        return self.held_params() + self.router_params + used + self.vocab * self.hidden

    def cache_parts(self, tensor: int) -> int:
        """Over how many of the chips that share a layer the cache of a sequence is divided."""
        return 1 if self.kv_rank else min(tensor, self.kv_heads)

    def kv_bytes_per_token(self, bytes_per_value: float = 2.0) -> float:
        """Cache of one token in all layers without a window.

        The keys of an indexer (eight bits and a scale) are part of it.
        """
        per_layer = (
            self.kv_rank + self.rope_dim
            if self.kv_rank
            else self.kv_heads * (self.head_dim + self.value_dim)
        )
        index = (self.index_dim + 4) * self.index_layers if self.index_topk else 0
        return per_layer * bytes_per_value * self.full_layers + index

    def window_bytes(self, bytes_per_value: float = 2.0) -> float:
        """Cache of one sequence in the layers with a window, once it is full."""
        per_token = self.kv_heads * (self.head_dim + self.value_dim) * bytes_per_value
        return per_token * self.window_layers * self.window


def read_config(config: Mapping[str, Any] | str | Path, name: str = "") -> Architecture:
    """The sizes in a `config.json`, given as a path or as what it holds.

    Raises:
        InputError: If it is no such file, lacks a size, has a field that is not known, or describes
            attention that is not covered.
    """
    where = name or "`config.json`"
    if not isinstance(config, Mapping):
        path = Path(config)
        where = path.name
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.")
        try:
            config = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read as a `config.json`: {error}.") from error
        if not isinstance(config, Mapping):
            raise InputError(f"{path} holds no JSON object, as a `config.json` does.")
        name = name or path.stem
    outer, inner = config, config.get("text_config") or config
    if not isinstance(inner, Mapping):
        raise InputError(f"{where}: text_config is {inner!r}; it must be an object.")
    fields = {key: value for key, value in inner.items() if value is not None}
    for key in ("quantization_config", "tie_word_embeddings"):
        if outer.get(key) is not None:
            fields.setdefault(key, outer[key])
    for key in _LISTS & fields.keys():
        if not isinstance(fields[key], list) and key != "moe_layer_freq":
            raise InputError(f"{where}: {key} is {fields[key]!r}; it must be a list.")
    _refuse(fields, where)
    return _sizes(fields, where, name)


def _refuse(fields: Mapping[str, Any], where: str) -> None:
    """Turn down what the equations do not cover, by its name."""
    for field, what in _UNCOVERED.items():
        if fields.get(field):
            raise InputError(
                f"{where} describes {what} (the field {field}), which is not covered: "
                "covered are MHA, GQA, sliding windows, MLA, and MLA with a sparse indexer."
            )
    kinds = {str(kind) for kind in fields.get("layer_types", ())}
    other = sorted(kinds - {"full_attention", "sliding_attention", "deepseek_sparse_attention"})
    if other or any(kind != 1 for kind in fields.get("attn_type_list", ())):
        raise InputError(
            f"{where} has layers of {', '.join(other) or 'linear'} attention, which is not covered."
        )
    unknown = sorted(
        key
        for key, value in fields.items()
        if key not in _SIZES
        and key not in _HARMLESS
        and value
        and not isinstance(value, str)
        and not key.endswith(("_token_id", "_token_ids", "token_index"))
    )
    if unknown:
        raise InputError(
            f"{where} has fields that are not known and may change a size: {', '.join(unknown)}. "
            "If they change none, leave them out of a copy of the file."
        )


def _sizes(fields: Mapping[str, Any], where: str, name: str) -> Architecture:
    def size(*keys: str, default: int | None = None) -> int:
        for key in keys:
            if key in fields:
                value = fields[key]
                if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                    raise InputError(f"{where}: {key} is {value!r}; it must be a whole number.")
                return value
        if default is None:
            raise InputError(f"{where} lacks the field {keys[0]}.")
        return default

    layers, hidden = size("num_hidden_layers"), size("hidden_size")
    heads = size("num_attention_heads")
    experts = size("n_routed_experts", "num_local_experts", "num_experts", default=0)
    rank = size("kv_lora_rank", default=0)
    inter = size("intermediate_size", default=0)
    expert_inter = size("moe_intermediate_size", default=inter) if experts else 0
    shared = size("shared_expert_intermediate_size", "shared_intermediate_size", default=0)
    shared = shared or size("n_shared_experts", default=0) * expert_inter
    head_dim = (
        size("qk_nope_head_dim") if rank else size("head_dim", default=hidden // max(heads, 1))
    )
    window, windowed = _windows(fields, layers, size)
    active = size("num_experts_per_tok", "experts_per_token") if experts else 0
    if active > experts or bool(active) != bool(experts):
        raise InputError(f"{where} uses {active} experts of {experts}.")
    kv_heads, vocab = size("num_key_value_heads", default=heads), size("vocab_size")
    if not (layers and hidden and heads and kv_heads and head_dim and vocab) or heads % kv_heads:
        raise InputError(
            f"{where} has {layers} layers, hidden size {hidden}, {heads} heads of size {head_dim}, "
            f"{kv_heads} of them with keys, and a vocabulary of {vocab}: none may be 0, and heads "
            "must be a multiple of those with keys."
        )
    topk = size("index_topk", default=0)
    if topk and not rank:
        raise InputError(f"{where} has a sparse indexer without MLA, which is not covered.")
    kinds = fields.get("indexer_types", ())
    return Architecture(
        name=name,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        value_dim=size("v_head_dim", default=head_dim),
        vocab=vocab,
        dense_inter=inter,
        kv_rank=rank,
        query_rank=size("q_lora_rank", default=0) if rank else 0,
        rope_dim=size("qk_rope_head_dim") if rank else 0,
        experts=experts,
        experts_active=active,
        expert_inter=expert_inter,
        shared_inter=shared if experts else 0,
        dense_layers=_dense(fields, layers, size) if experts else layers,
        window=window,
        window_layers=windowed,
        index_heads=size("index_n_heads", default=0),
        index_dim=size("index_head_dim", default=0),
        index_topk=topk,
        index_layers=(sum(kind == "full" for kind in kinds) or layers) if topk else 0,
        tied=bool(fields.get("tie_word_embeddings")),
        precision=_precision(fields.get("quantization_config") or {}, experts > 0),
        context=size("max_position_embeddings", default=0),
    )


def _dense(fields: Mapping[str, Any], layers: int, size: Callable[..., int]) -> int:
    """How many layers of a model with experts have none."""
    listed: Sequence[str] = fields.get("mlp_layer_types", ())
    if listed:
        return sum(kind == "dense" for kind in listed)
    freq = fields.get("moe_layer_freq", 1)
    if isinstance(freq, list):
        return sum(not one for one in freq)
    step = max(size("moe_layer_freq", default=1), size("decoder_sparse_step", default=1), 1)
    plain = size("first_k_dense_replace", default=0)
    return layers - math.ceil((layers - plain) / step) + len(fields.get("mlp_only_layers", ()))


def _windows(fields: Mapping[str, Any], layers: int, size: Callable[..., int]) -> tuple[int, int]:
    """Tokens of the window, and how many layers have one."""
    kinds = fields.get("layer_types", ())
    listed = sum(kind == "sliding_attention" for kind in kinds)
    window = size("sliding_window", default=0)
    if kinds:
        return (window, listed) if listed and window else (0, 0)
    used = fields.get("use_sliding_window", "use_sliding_window" not in fields)
    if not (window and used):
        return 0, 0
    return window, max(layers - size("max_window_layers", default=0), 0)


def _precision(quantised: Mapping[str, Any], has_experts: bool) -> str:
    """Bits of most weights, by what the file says of them."""
    said = json.dumps(quantised).lower()
    if "nvfp4" in said:
        return "fp4"
    if any(word in said for word in ("fp4", '"num_bits": 4', '"bits": 4')):
        return "int4" if has_experts else "fp4"
    return "fp8" if any(w in said for w in ("fp8", '"num_bits": 8', '"bits": 8')) else "bf16"
