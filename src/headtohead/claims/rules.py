"""The decision rules: estimates against a bound, two readings into one verdict (ADR 0004)."""

from collections.abc import Iterable, Sequence
from typing import Literal

from headtohead.claims.claim import Bound
from headtohead.core.errors import InputError
from headtohead.core.estimate import Estimate
from headtohead.core.units import unit

Truth = Literal["true", "false", "open", "not measurable"]
Word = Literal["supported", "narrowly true", "refuted", "open", "not measurable"]
WORDS: tuple[Word, ...] = ("supported", "narrowly true", "refuted", "open", "not measurable")


def meets(estimate: Estimate, bound: Bound) -> Truth:
    """Whether one estimate meets the bound: inside, outside, or straddling it.

    Raises:
        InputError: If the units differ.
    """
    if bound.unit and bound.unit != estimate.unit:
        raise InputError(
            f"{estimate.label} is measured in {estimate.unit}, but the bound is in {bound.unit}. "
            f'Write unit = "{estimate.unit}" and the range in that unit.'
        )
    low, high = bound.range_of(estimate.label)
    if bound.judge == "point":
        printed = round(estimate.value, unit(estimate.unit).digits)
        return "true" if low <= printed <= high else "false"
    if low <= estimate.low and estimate.high <= high:
        return "true"
    if estimate.high < low or estimate.low > high:
        return "false"
    return "open"


def holds(estimates: Sequence[Estimate], bound: Bound) -> Truth:
    """Whether a reading holds, over all its estimates; without any it is not measurable."""
    if not estimates:
        return "not measurable"
    if bound.each == "each_any":
        labels = dict.fromkeys(e.label for e in estimates)
        return _all(_any(meets(e, bound) for e in estimates if e.label == name) for name in labels)
    truths = [meets(e, bound) for e in estimates]
    if bound.each != "most":
        return _all(truths) if bound.each == "all" else _any(truths)
    half = len(truths) / 2
    if truths.count("true") > half:
        return "true"
    return "open" if truths.count("true") + truths.count("open") > half else "false"


def word(as_stated: Truth, kindest: Truth) -> Word:
    """The verdict on a claim from the truth of its two readings."""
    if as_stated == "true":
        return "supported"
    if kindest == "true":
        return "narrowly true"
    if "open" in (as_stated, kindest):
        return "open"
    if kindest == "false":
        return "refuted"
    # False as stated says nothing of a narrower scope that nobody could measure.
    return "open" if as_stated == "false" else "not measurable"


def _all(truths: Iterable[Truth]) -> Truth:
    seen = set(truths)
    return "false" if "false" in seen else "open" if "open" in seen else "true"


def _any(truths: Iterable[Truth]) -> Truth:
    seen = set(truths)
    return "true" if "true" in seen else "open" if "open" in seen else "false"
