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

# Parameters (billions) and cache of a token (KiB) -> the family, what its measured times were
# divided by its predicted ones (10% and 90% points, each run counting alike), and the share of its
# rows that such intervals held which were made without their run.
_FAMILIES = {
    (671, 69): ("DeepSeek-V3 and R1", 0.779, 1.715, 0.84),
    (744, 98): ("GLM-5", 0.892, 1.321, 0.83),
    (1026, 69): ("Kimi K2", 0.815, 1.193, 0.66),
    (71, 320): ("Llama 3.1 70B", 0.867, 1.138, 0.77),
    (8, 128): ("Llama 3.1 8B", 0.321, 1.278, 0.89),
    (229, 248): ("MiniMax-M2.5", 0.863, 1.165, 0.76),
    (235, 188): ("Qwen3-235B", 0.725, 1.978, 0.93),
    (33, 256): ("Qwen3-32B", 0.593, 1.158, 0.79),
    (117, 36): ("gpt-oss-120b", 0.798, 1.509, 0.81),
}
# The same of families that the fit had not seen, all families counting alike.
_UNSEEN = (0.777, 1.335)
# Least, most and mean share that intervals so made held of a family that was left out as a whole.
UNSEEN_HELD = (0.65, 0.94, 0.83)
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


def decode_spread(shape: Architecture, generation: str) -> Misses:
    """The interval of a time per output token that is meant to hold 80%."""
    key = (round(shape.total_params / 1e9), round(shape.kv_bytes_per_token() / 1024))
    if key in _FAMILIES:
        family, low, high, held = _FAMILIES[key]
        says = f"it held {held:.0%} in runs of {family} that it was made without"
    else:
        (low, high), (least, most, mean) = _UNSEEN, UNSEEN_HELD
        says = (
            "of nine families of models, each one unseen as a whole, it held "
            f"{least:.0%} to {most:.0%}, in the mean {mean:.0%}"
        )
    says = f"the interval is meant to hold 80% of measured times; {says}"
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
