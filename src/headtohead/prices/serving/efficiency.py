"""How near to its peaks each kind of chip comes, and how far off predictions were.

Fitted by `benchmarks/serving.py` to 3,093 measured times per output token of nine families of
models on one node of H100, H200, B200 and B300 chips (the file silicon_sample.csv of NVIDIA's
package aiconfigurator-core 0.12.0). Its page says how they do on families they were not fitted to.
"""

from dataclasses import dataclass, replace

from headtohead.core.estimate import Interval
from headtohead.prices.serving.architecture import Architecture
from headtohead.prices.serving.roofline import Efficiency

_HOPPER = Efficiency(
    memory=0.854,
    arithmetic=0.624,
    attention=0.564,
    link=0.297,
    half_rows=52.6,
    step_s=5.34e-4,
    layer_s=3.34e-5,
    moe_layer_s=3.45e-5,
    mla_layer_s=2.09e-5,
    index_layer_s=7.26e-5,
    reduction_s=1.04e-5,
    filling=0.707,
)
_BLACKWELL = replace(
    _HOPPER,
    memory=0.85,
    arithmetic=0.566,
    attention=0.45,
    step_s=3.83e-4,
    layer_s=3.62e-5,
    moe_layer_s=2.15e-5,
    mla_layer_s=2.4e-5,
    reduction_s=1.03e-5,
)
MEASURED = {"hopper": _HOPPER, "blackwell": _BLACKWELL}
# Engine -> what the time of a step and that of a layer are multiplied by; 1 is their middle.
ENGINES = {"vllm": (0.872, 1.159), "sglang": (1.024, 1.117), "trtllm": (1.12, 0.772)}

# Layers, width, experts, sparse indexer -> the family, and what its measured times were divided by
# its predicted ones: 10% and 90% points, each run counting alike.
_FAMILIES = {
    (61, 7168, 256, False): ("DeepSeek-V3 and R1", 0.779, 1.715),
    (78, 6144, 256, True): ("GLM-5", 0.892, 1.321),
    (61, 7168, 384, False): ("Kimi K2", 0.815, 1.193),
    (80, 8192, 0, False): ("Llama 3.1 70B", 0.867, 1.138),
    (32, 4096, 0, False): ("Llama 3.1 8B", 0.321, 1.278),
    (62, 3072, 256, False): ("MiniMax-M2.5", 0.863, 1.165),
    (94, 4096, 128, False): ("Qwen3-235B", 0.725, 1.978),
    (64, 5120, 0, False): ("Qwen3-32B", 0.593, 1.158),
    (36, 2880, 128, False): ("gpt-oss-120b", 0.798, 1.509),
}
# The same of families that the fit had not seen, all families counting alike.
_UNSEEN = (0.777, 1.335)
# Times of prefill that others published over ours: six of Hopper and Ascend, one of them of
# production, and one of GB200.
_PREFILL = (0.73, 1.43)
_UNMEASURED = 2.0  # how much wider, as a logarithm, for a kind of chip without a single row


@dataclass(frozen=True, slots=True)
class Misses:
    """What a predicted time is multiplied by for the ends of its interval, and why those."""

    low: float
    high: float
    says: str

    def of(self, seconds: float) -> Interval:
        """A time with its interval."""
        return Interval(seconds, seconds * self.low, seconds * self.high)


def efficiency_of(generation: str, engine: str = "") -> Efficiency:
    """The shares of a kind of chip; those of Hopper where none were measured."""
    chosen = MEASURED.get(generation, _HOPPER)
    step, layer = ENGINES.get(engine, (1.0, 1.0))
    return replace(
        chosen,
        step_s=chosen.step_s * step,
        layer_s=chosen.layer_s * layer,
        moe_layer_s=chosen.moe_layer_s * layer,
        mla_layer_s=chosen.mla_layer_s * layer,
        index_layer_s=chosen.index_layer_s * layer,
    )


def decode_spread(shape: Architecture, generation: str) -> Misses:
    """The 80% interval of a time per output token."""
    key = (shape.layers, shape.hidden, shape.experts, bool(shape.index_topk))
    family, low, high = _FAMILIES.get(key, ("", *_UNSEEN))
    if family:
        says = f"80% interval, by how far predictions for {family} were off in 3,093 measured rows"
    else:
        says = (
            "80% interval, by how far predictions were off for families of models that the "
            "constants were not fitted to"
        )
    return _widened(low, high, says, generation)


def prefill_spread(generation: str) -> Misses:
    """The range of a time of prefill, by the few that others published."""
    return _widened(*_PREFILL, "range of seven published speeds, one in production", generation)


def _widened(low: float, high: float, says: str, generation: str) -> Misses:
    if generation in MEASURED:
        return Misses(low, high, says)
    return Misses(
        low**_UNMEASURED,
        high**_UNMEASURED,
        f"{says}; twice as wide, as no such chip was measured and it is taken to come as near to "
        "its peaks as Hopper",
    )
