"""Speed, memory and cost of a service, and the equations behind them."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.core.errors import InputError
from headtohead.evidence.facts import Facts
from headtohead.prices.serving.architecture import Architecture
from headtohead.prices.serving.chip import Chip, chip_named
from headtohead.prices.serving.efficiency import MEASURED, decode_spread
from headtohead.prices.serving.models import sizes_of
from headtohead.prices.serving.roofline import (
    PRECISIONS,
    Parallelism,
    attention_flop,
    coverage,
    decode_work,
    step_parts,
)
from headtohead.prices.serving.service import Load, Service, memory_of
from headtohead.prices.serving.service import serve as served
from headtohead.prices.serving.settings import MachineSettings

DAY = date(2026, 11, 29)
FACTS = Facts()
LOAD = Load(input_tokens=4500, output_tokens=1000)


def shape_of(model: str) -> Architecture:
    """Sizes out of the table."""
    return sizes_of(FACTS, model, DAY)[0]


def chip_of(name: str) -> Chip:
    """A chip out of the table."""
    return chip_named(FACTS, name, DAY)[0]


def serve(shape: Architecture, chip: Chip, chips: int, load: Load, **said: Any) -> Service:
    """A service on so many chips."""
    return served(shape, chip, load, MachineSettings(gpus=chips, **said))


V3, V32, LLAMA = shape_of("DeepSeek-V3"), shape_of("DeepSeek-V3.2"), shape_of("Llama 3.1 70B")
H800 = chip_of("H800")


@pytest.mark.parametrize(("tokens", "share"), [(8, 0.22), (32, 0.64), (64, 0.87), (128, 0.98)])
def test_experts_that_a_batch_reads(tokens: int, share: float) -> None:
    """1 - (1 - 8/256)^B, as drawn at random as well."""
    assert coverage(256, 8, tokens) == pytest.approx(share, abs=0.006)
    random = np.random.default_rng(1)
    drawn = [
        len(np.unique([random.choice(256, 8, replace=False) for _ in range(tokens)])) / 256
        for _ in range(60)
    ]
    assert coverage(256, 8, tokens) == pytest.approx(np.mean(drawn), abs=0.02)


def test_deepseek_v3_on_144_h800_is_within_a_tenth_of_what_deepseek_measured() -> None:
    """14,800 output tokens a second and node of eight: 1,850 a chip, 21 a user, so 88 users."""
    made = serve(V3, H800, 144, LOAD, batch=88)
    assert made.layout.expert == 144
    assert made.output_rate.value == pytest.approx(1850, rel=0.1)
    assert made.output_rate.low < 1850 < made.output_rate.high
    assert made.apart
    # Without a batch the longest time per token picks one near theirs.
    free = serve(V3, H800, 144, LOAD)
    assert free.output_rate.value == pytest.approx(1850, rel=0.1)
    assert free.bound == "time"


@pytest.mark.parametrize(
    ("model", "chip", "chips", "batch", "context", "measured", "within"),
    [
        ("DeepSeek-V3", "H800", 128, 128, 4096, 2325, 0.10),
        ("DeepSeek-V3", "H100", 72, 128, 4000, 2172, 0.10),
        ("DeepSeek-R1", "Ascend 910C", 160, 96, 4096, 1943, 0.10),
        ("DeepSeek-V3", "H100", 72, 256, 2000, 2785, 0.25),
        ("Kimi K2", "H200", 96, 480, 2000, 3000, 0.25),
    ],
)
def test_other_published_speeds_of_many_chips(
    model: str, chip: str, chips: int, batch: int, context: int, measured: float, within: float
) -> None:
    """SGLang's blog of May and July 2025, DeepSeek's profile data, CloudMatrix384."""
    load = Load(input_tokens=context - 500, output_tokens=1000)
    kept = serve(shape_of(model), chip_of(chip), chips, load, batch=batch, token_limit_ms=1000)
    assert kept.output_rate.value == pytest.approx(measured, rel=within)


def usd(seconds: float) -> float:
    """A million times so many seconds of an H800 at two dollars an hour."""
    return seconds * 1e6 * 2 / 3600


def figure(shape: Architecture, context: float, *, prefill: bool) -> float:
    """$ a million tokens at a place of the text, as DeepSeek's figure of sparse attention has it.

    Its curves are a roofline: attention at 60% of the peak at 16 bits, the indexer at 40% of that
    at 8 bits in prefill and 35% in decode; over the chosen keys 57.3% in prefill and 40% in decode.
    What costs nothing per token of context is read from its left end.
    """
    dense, sparse = (0.6, 0.573) if prefill else (0.6, 0.4)
    base = {(False, True): 0.05287, (True, True): 0.06111, (False, False): 0.0705}.get(
        (shape is V32, prefill), 0.09519
    )
    chosen = min(context, shape.index_topk) if shape.index_topk else context
    folded = not prefill or bool(shape.index_topk)
    flop, index = attention_flop(shape, 1e9 if folded else context, chosen, prefill=prefill)
    _, index = attention_flop(shape, context, chosen, prefill=prefill)
    share = sparse if shape.index_topk else dense
    seconds = float(flop) / (989.4e12 * share) + float(index) / (
        1979e12 * (0.4 if prefill else 0.35)
    )
    return base + usd(seconds)


@pytest.mark.parametrize(
    ("prefill", "saving", "crossing"), [(False, 8.65, 4900), (True, 3.56, 10_600)]
)
def test_sparse_attention_saves_what_deepseeks_figure_shows(
    prefill: bool,
    saving: float,
    crossing: float,
) -> None:
    far = 131_072
    ratio = figure(V3, far, prefill=prefill) / figure(V32, far, prefill=prefill)
    assert ratio == pytest.approx(saving, rel=0.005)
    below, above = 2048.0, float(far)
    while above - below > 1:
        middle = (below + above) / 2
        dearer = figure(V32, middle, prefill=prefill) > figure(V3, middle, prefill=prefill)
        below, above = (middle, above) if dearer else (below, middle)
    assert below == pytest.approx(crossing, rel=0.02)


def test_the_slopes_of_that_figure() -> None:
    """2.8617e-8 s a token and place for dense decode, 1.4429e-9 for the indexer."""
    flop, _ = attention_flop(V3, 1.0, 1.0, prefill=False)
    assert float(flop) / (989.4e12 * 0.6) == pytest.approx(2.8617e-8, rel=2e-4)
    _, index = attention_flop(V32, 1.0, 1.0, prefill=False)
    assert float(index) / (1979e12 * 0.35) == pytest.approx(1.4429e-9, rel=1e-3)


def test_deepseeks_own_account_of_a_day() -> None:
    """27 February 2025: tokens over speeds are its nodes, nodes its cost, prices its revenue."""
    rows = FACTS.frame("figures", DAY)
    said = {
        row["measure"]: row["value"]
        for row in rows.iter_rows(named=True)
        if row["subject"] == "DeepSeek"
    }
    said |= {r["topic"]: r["value"] for r in rows.iter_rows(named=True) if r["subject"] == "H800"}
    second = 86_400
    reading = said["input tokens"] / second / said["input tokens per second and node"]
    writing = said["output tokens"] / second / said["output tokens per second and node"]
    nodes = said["mean nodes of 8 chips"]
    assert reading + writing == pytest.approx(nodes, rel=0.001)
    cost = nodes * 8 * 24 * said["chip_hour_price"]
    assert cost == said["one day"] == 87_072
    hit = said["input tokens read from cache"]
    revenue = (
        hit * 0.14 + (said["input tokens"] - hit) * 0.55 + said["output tokens"] * 2.19
    ) / 1e6
    assert revenue == pytest.approx(562_027, rel=0.0002)
    assert revenue / cost - 1 == pytest.approx(5.45, abs=0.01)


@given(context=st.floats(100, 2048), heads=st.sampled_from([V32, shape_of("GLM-5")]))
def test_sparse_attention_is_dense_attention_while_all_keys_are_chosen(
    context: float, heads: Architecture
) -> None:
    dense = replace(heads, index_topk=0, index_layers=0)
    for prefill in (True, False):
        chosen = min(context, heads.index_topk)
        sparse, _ = attention_flop(heads, context, chosen, prefill=prefill)
        plain, _ = attention_flop(dense, context, context, prefill=prefill)
        assert float(sparse) == pytest.approx(float(plain))


@given(more=st.floats(1.01, 8), batch=st.integers(1, 8))
def test_more_tokens_cost_more(more: float, batch: int) -> None:
    made = serve(LLAMA, chip_of("H200"), 8, LOAD, batch=batch, tensor_parallel=8)
    longer = Load(input_tokens=4500 * more, output_tokens=1000)
    late = serve(LLAMA, chip_of("H200"), 8, longer, batch=batch, tensor_parallel=8)
    assert late.token_s.value > made.token_s.value
    assert late.output_rate.value < made.output_rate.value
    before, after = made.chip_seconds(1e6, 1e6, 1e6), made.chip_seconds(1e6 * more, 1e6, 1e6)
    assert after.value > before.value
    assert made.chip_seconds(0, 0, 1e6).value < before.value


def test_one_sequence_reads_each_weight_once() -> None:
    work = decode_work(LLAMA, Parallelism(), PRECISIONS["bf16"], batch=1.0, context=0.0)
    outer = LLAMA.vocab * LLAMA.hidden
    assert work.plain_bytes == pytest.approx(2 * (LLAMA.total_params - outer))
    chip = chip_of("H200")
    seconds = sum(step_parts(work, chip.speeds("bf16"), MEASURED["hopper"]))
    assert seconds > work.plain_bytes / (chip.memory_gb_per_s * 1e9)


@given(ways=st.sampled_from([1, 2, 4, 8]), spread=st.sampled_from([1, 2, 4]))
def test_ranks_together_hold_the_model_once(ways: int, spread: int) -> None:
    """What tensor parallelism splits adds up; what it does not is on every rank."""
    for shape in (LLAMA, V3):
        wide = spread if shape.experts else 1
        layout = Parallelism(tensor=ways, data=wide, expert=ways * wide)
        held = memory_of(shape, layout, PRECISIONS["bf16"], H800, 4000).weights_gb * layout.chips
        whole = layout.chips * (
            shape.layers * shape.unsplit_params + shape.moe_layers * shape.hidden * shape.experts
        )
        experts = shape.moe_layers * shape.experts * shape.expert_params
        rest = shape.total_params - experts - whole / layout.chips
        assert held == pytest.approx(2e-9 * (whole + experts + wide * rest))


def test_what_does_not_fit_is_said_with_numbers() -> None:
    with pytest.raises(InputError, match="`precision` int4 is of experts alone"):
        serve(LLAMA, H800, 8, LOAD, precision="int4")
    with pytest.raises(InputError, match=r"does not fit: its weights take about 67\d GB at fp8"):
        serve(V3, H800, 8, LOAD)
    with pytest.raises(InputError, match=r"and 8 H800 that one link joins hold 576 GB.* Choose"):
        serve(shape_of("Llama 3.1 405B"), H800, 16, LOAD)
    with pytest.raises(InputError, match="`tensor_parallel` is 16; one fast link joins 8 H800"):
        serve(LLAMA, H800, 16, LOAD, tensor_parallel=16)
    with pytest.raises(InputError, match="takes 131,072 tokens at most"):
        serve(LLAMA, H800, 8, Load(input_tokens=200_000, output_tokens=1))
    with pytest.raises(InputError, match="has room for"):
        serve(LLAMA, chip_of("H200"), 8, LOAD, batch=500)
    with pytest.raises(InputError, match="raise `token_limit_ms`"):
        serve(LLAMA, H800, 8, LOAD, token_limit_ms=1)


def test_intervals_are_wider_where_nothing_was_measured() -> None:
    known, other = decode_spread(V3, "hopper"), decode_spread(V3, "ascend")
    assert other.low < known.low < 1 < known.high < other.high
    assert "no such chip was measured" in other.says


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("DeepSeek-V3-0324", "it held 84% in runs of DeepSeek-V3 and R1 that it was made without"),
        ("Llama 3.3 70B", "Llama 3.1 70B"),
        ("Kimi K2.5", "Kimi K2"),
        ("Qwen3-VL-235B-A22B", "Qwen3-235B"),
        # As many layers and as wide as Llama 3.1 8B, yet another family.
        ("Mixtral 8x7B", "each one unseen as a whole, it held 65% to 94%, in the mean 83%"),
        ("DeepSeek-V3.2", "unseen as a whole"),
        ("Qwen3-8B", "unseen as a whole"),
    ],
)
def test_an_interval_says_what_it_held(model: str, says: str) -> None:
    said = decode_spread(shape_of(model), "hopper").says
    assert said.startswith("the interval is meant to hold 80% of measured times; ")
    assert says in said


def test_another_model_of_the_width_of_a_measured_one_is_not_taken_for_it() -> None:
    mistral = replace(shape_of("Llama 3.1 8B"), vocab=32_000)
    assert "unseen as a whole" in decode_spread(mistral, "hopper").says


def test_drafts_share_a_read_of_the_cache() -> None:
    drafted = replace(LOAD, drafts=1, accepted=0.85)
    made = serve(V3, H800, 144, LOAD, batch=32)
    quick = serve(V3, H800, 144, drafted, batch=32)
    assert 1 < quick.output_rate.value / made.output_rate.value < 1.85
    nothing = serve(V3, H800, 144, replace(drafted, accepted=0.0), batch=32)
    assert nothing.output_rate.value < made.output_rate.value
