"""What one step of serving has to compute, read and send, and how long a chip takes over it.

The work of a step is counted from the sizes of the model; its time is that of the slower of
arithmetic and memory (Williams, Waterman and Patterson, 2009), at the shares of a chip's peaks that
`efficiency` holds, with fixed times for each layer, collective and step.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from headtohead.prices.serving.architecture import Architecture

Number = Any  # a float, or an array of them where many steps are worked out at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Bytes of a number: in the plain weights, in the experts, in the cache."""

    name: str
    weight: float
    expert: float
    cache: float = 2.0


_FP4 = 4.5 / 8  # four bits, and eight for every sixteen numbers
PRECISIONS = {
    "bf16": Precision(name="bf16", weight=2, expert=2),
    "fp8": Precision(name="fp8", weight=1, expert=1),
    "fp4": Precision(name="fp4", weight=_FP4, expert=_FP4),
    "int4": Precision(name="int4", weight=2, expert=4.25 / 8),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallelism:
    """How the weights of one copy of a model lie over its chips.

    Attributes:
        tensor: Chips that share each attention layer (tensor parallelism).
        data: Groups of those that serve other sequences (data-parallel attention).
        expert: Chips over which the experts are spread whole (expert parallelism).
        node: Chips that one fast link joins.
    """

    tensor: int = 1
    data: int = 1
    expert: int = 1
    node: int = 8

    @property
    def chips(self) -> int:
        """Chips of one copy."""
        return self.tensor * self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one chip does in one step.

    Attributes:
        rows: Tokens that pass the plain weights of the chip at once.
        expert_rows: Tokens per expert that is used.
        reduced_bytes: Sent by all-reduces of tensor parallelism, `reductions` of them.
        near_bytes: Sent to experts of the node and back, in `exchanges`; `far_bytes` to others.
    """

    plain_flop: Number
    plain_bytes: Number
    expert_flop: Number
    expert_bytes: Number
    attention_flop: Number
    index_flop: Number
    cache_bytes: Number
    rows: Number
    expert_rows: Number
    reduced_bytes: Number
    near_bytes: Number
    far_bytes: Number
    reductions: Number
    exchanges: Number
    layers: Number
    moe_layers: Number
    mla_layers: Number
    index_layers: Number


def coverage(experts: int, active: int, tokens: Number) -> Number:
    """Share of the experts that at least one of so many tokens uses, 1 - (1 - k/E)^B."""
    return 1 - (1 - active / experts) ** tokens if experts else 0.0


def attention_flop(
    shape: Architecture, seen: Number, chosen: Number, *, prefill: bool
) -> tuple[Number, Number]:
    """Arithmetic of one new token in all layers: of attention, and of the indexer.

    In prefill the compressed cache is unfolded (as plain multi-head attention); in decode, and
    where an indexer chooses the keys, the query is folded into it (absorbed), which costs
    arithmetic and saves reads. Prefill takes the cheaper of the two.

    Args:
        seen: Tokens before it, on average.
        chosen: Those of them whose keys attention reads, on average: all without an indexer.
    """
    plain = 2 * shape.heads * (shape.head_dim + shape.rope_dim + shape.value_dim)
    folded = 2 * shape.heads * (2 * shape.kv_rank + shape.rope_dim)
    if not shape.kv_rank:
        near = np.minimum(seen, shape.window) if shape.window else 0.0
        flop = plain * (shape.full_layers * seen + shape.window_layers * near)
    elif prefill:
        flop = shape.layers * np.minimum(plain * seen, folded * chosen)
    else:
        flop = shape.layers * folded * chosen
    index = 2 * shape.index_heads * shape.index_dim * seen * shape.index_layers
    return flop, index if shape.index_topk else 0.0


def cache_bytes(shape: Architecture, context: Number, bytes_per_value: float) -> Number:
    """Cache that one new token of one sequence reads in all layers."""
    near = np.minimum(context, shape.window) if shape.window else 0.0
    windowed = shape.window_bytes(bytes_per_value) / shape.window * near if shape.window else 0.0
    if not shape.index_topk:
        return shape.kv_bytes_per_token(bytes_per_value) * context + windowed
    index = (shape.index_dim + 4) * shape.index_layers * context
    chosen = (shape.kv_rank + shape.rope_dim) * bytes_per_value * shape.layers
    return index + chosen * np.minimum(context, shape.index_topk)


def decode_work(
    shape: Architecture,
    layout: Parallelism,
    precision: Precision,
    *,
    batch: Number,
    context: Number,
    drafted: float = 1.0,
) -> Work:
    """The work of one decode step of one chip.

    Args:
        batch: Sequences of one copy of the model, over all its chips.
        context: Tokens in each one's cache.
        drafted: Tokens that are checked per sequence and step (1 + drafts); they share one read of
            the cache.
    """
    chosen = np.minimum(context, shape.index_topk) if shape.index_topk else context
    flop, index = attention_flop(shape, context, chosen, prefill=False)
    tokens = batch * drafted
    own = batch / layout.data
    read = cache_bytes(shape, context, precision.cache) * own
    work = _weights(shape, layout, precision, tokens, prefill=False)
    return Work(
        **work,
        attention_flop=flop * own * drafted / layout.tensor,
        index_flop=index * own * drafted,
        cache_bytes=read / shape.cache_parts(layout.tensor),
    )


def prefill_work(
    shape: Architecture,
    layout: Parallelism,
    precision: Precision,
    *,
    prompts: Number,
    length: Number,
    cached: Number = 0.0,
) -> Work:
    """The work of one prefill step of one chip.

    Args:
        prompts: Prompts that one copy of the model takes at once.
        length: Tokens of each.
        cached: Tokens of each whose cache is at hand.
    """
    fresh = length - cached
    own = prompts / layout.data
    # Each new token sees those before it: on average up to the middle of the new part.
    seen = chosen = cached + fresh / 2
    if shape.index_topk:
        first, last = np.minimum(cached, shape.index_topk), np.minimum(length, shape.index_topk)
        growing = last - first
        full = np.maximum(fresh - growing, 0.0) * shape.index_topk
        chosen = (growing * (first + last) / 2 + full) / np.maximum(fresh, 1e-9)
    flop, index = attention_flop(shape, seen, chosen, prefill=True)
    kv = shape.kv_bytes_per_token(precision.cache) * (length + fresh)
    work = _weights(shape, layout, precision, prompts * fresh, prefill=True)
    return Work(
        **work,
        attention_flop=flop * own * fresh / layout.tensor,
        index_flop=index * own * fresh,
        cache_bytes=kv * own / shape.cache_parts(layout.tensor),
    )


def _weights(
    shape: Architecture, layout: Parallelism, precision: Precision, tokens: Number, *, prefill: bool
) -> dict[str, Number]:
    """The work that goes by tokens: the weights, and what the chips send each other."""
    own = tokens / layout.data
    plain = shape.held_params(layout.tensor)
    outer = shape.router_params + shape.vocab * shape.hidden / layout.tensor
    held = shape.moe_layers * shape.experts * shape.expert_params / layout.chips
    used = coverage(shape.experts, shape.experts_active, tokens)
    routed = shape.experts_active * tokens
    spread = layout.expert > 1 and layout.data > 1
    vector = own * shape.hidden
    # One byte a number out and two back, to the chip of each expert; in prefill one copy goes to
    # each node and is handed on there.
    nodes = max(layout.chips / layout.node, 1)
    copies = shape.experts_active * (nodes - 1) / nodes
    if prefill:
        copies = (nodes - 1) * (1 - (1 - 1 / nodes) ** shape.experts_active)
    routed_vector = 3.0 * shape.moe_layers * vector if spread else 0.0
    # Two all-reduces a layer; with spread experts one is an exchange instead.
    reductions = 2 * shape.layers - (shape.moe_layers if spread else 0)
    return {
        "plain_flop": 2 * own * (plain + outer),
        "plain_bytes": plain * precision.weight + 2 * outer,
        "expert_flop": 2 * routed * shape.moe_layers * shape.expert_params / layout.chips,
        "expert_bytes": held * used * precision.expert,
        "rows": own,
        "expert_rows": routed / np.maximum(shape.experts * used, 1) if shape.experts else 0.0 * own,
        "reduced_bytes": reductions * vector * 4 * (layout.tensor - 1) / layout.tensor,
        "near_bytes": routed_vector * (shape.experts_active - (0 if prefill else copies)),
        "far_bytes": routed_vector * copies,
        "reductions": float(reductions * (layout.tensor > 1)),
        "exchanges": 2.0 * shape.moe_layers if spread else 0.0,
        "layers": shape.layers,
        "moe_layers": shape.moe_layers,
        "mla_layers": shape.layers if shape.kv_rank else 0,
        "index_layers": shape.index_layers,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """A chip's peaks: TFLOP/s by what is computed, GB/s of memory and, one way, of the links.

    Attributes:
        index: Of the indexer of sparse attention, which runs at eight bits.
        far_link: To chips outside the fast link.
    """

    attention: Number
    plain: Number
    expert: Number
    index: Number
    memory: Number
    link: Number
    far_link: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiency:
    """What share of its peaks a kind of chip reaches, and the times that do not scale with work.

    Attributes:
        half_rows: Rows at which a product of matrices reaches half of its share of the peak.
        link: Share that all-reduces reach; `routing` is that of dispatch to experts and back, 39
            of 50 GB/s (DeepEP's measurements of 128 chips).
        index: As DeepSeek's cost figure of sparse attention has it.
        hidden: Share of the shorter of computing and sending that two half batches hide.
        filling: Share of the prefill on the same chips that delays the tokens of others.
    """

    memory: Number
    arithmetic: Number
    attention: Number
    link: Number
    half_rows: Number
    step_s: Number
    layer_s: Number
    moe_layer_s: Number
    mla_layer_s: Number
    index_layer_s: Number
    reduction_s: Number
    index: Number = 0.4
    routing: Number = 0.78
    hidden: Number = 0.7
    filling: Number = 0.7


def step_parts(work: Work, speeds: Speeds, efficiency: Efficiency) -> tuple[Number, Number]:
    """Seconds of one step of a chip: of computing, and of sending."""
    memory = speeds.memory * 1e9 * efficiency.memory

    def product(flop: Number, peak: Number, rows: Number, size: Number) -> Number:
        """The slower of multiplying and of reading the weights."""
        full = np.maximum(rows / (rows + efficiency.half_rows), 1e-9)
        return np.maximum(flop / (peak * 1e12 * efficiency.arithmetic * full), size / memory)

    attention = np.maximum(
        work.attention_flop / (speeds.attention * 1e12 * efficiency.attention)
        + work.index_flop / (speeds.index * 1e12 * efficiency.index),
        work.cache_bytes / memory,
    )
    computing = (
        product(work.plain_flop, speeds.plain, work.rows, work.plain_bytes)
        + product(work.expert_flop, speeds.expert, work.expert_rows, work.expert_bytes)
        + attention
        + efficiency.step_s
        + work.layers * efficiency.layer_s
        + work.moe_layers * efficiency.moe_layer_s
        + work.mla_layers * efficiency.mla_layer_s
        + work.index_layers * efficiency.index_layer_s
    )
    near = speeds.link * 1e9 * efficiency.link
    sending = (
        work.reduced_bytes / near
        + work.near_bytes / (speeds.link * 1e9 * efficiency.routing)
        + work.far_bytes / (speeds.far_link * 1e9 * efficiency.routing)
        + (work.reductions + work.exchanges) * efficiency.reduction_s
    )
    return computing, sending


def overlapped(half: tuple[Number, Number], hidden: Number) -> Number:
    """Seconds of a step of two half batches that hide each other's sending.

    Weights are read and launches paid twice (two-batch overlap).

    Args:
        half: What `step_parts` gives for half of the batch.
    """
    computing, sending = 2 * half[0], 2 * half[1]
    longer, shorter = np.maximum(computing, sending), np.minimum(computing, sending)
    return longer + (1 - hidden) * shorter
