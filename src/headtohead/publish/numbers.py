"""One estimate in words, and the small drawing beside it: interval and point against a range."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headtohead.core.estimate import Estimate
from headtohead.core.units import show, unit
from headtohead.publish.citing import SourceView
from headtohead.publish.escaping import plain

_FAR_APART = 30.0
_MARGIN = 0.07


@dataclass(frozen=True, slots=True)
class Track:
    """Where the drawing of an estimate has its parts, from 0 (left) to 100 (right).

    Attributes:
        open_low: True if nothing bounds the interval on the left.
        open_high: True on the right.
        bound_low: Left end of the stated range; None if no range was stated.
        bound_high: Right end; None likewise.
        log: True if distances are ratios.
    """

    low: float
    high: float
    point: float
    open_low: bool
    open_high: bool
    bound_low: float | None
    bound_high: float | None
    log: bool


@dataclass(frozen=True, slots=True)
class NumberView:
    """One estimate in words.

    Attributes:
        value: Rounded, with its unit.
        interval: The interval in words, with its coverage.
        about: The day or window it speaks of.
        as_of: The day of our knowledge.
        unverified: True if a figure behind it could not be checked.
        bar: The drawing; None outside a reading.
    """

    label: str
    value: str
    interval: str
    n: str
    about: str
    as_of: str
    method: str
    sources: tuple[SourceView, ...]
    unverified: bool
    bar: Track | None


def number_view(
    e: Estimate, sources: Mapping[str, SourceView], bar: Track | None = None
) -> NumberView:
    """One estimate in words.

    `sources` gives what pages show of a source id; a source without a card is left out.
    """
    return NumberView(
        label=plain(e.label, 160),
        value=show(e.value, e.unit),
        interval=interval_words(e),
        n=f"{e.n:,} {plain(e.n_of, 80)}",
        about=str(e.about),
        as_of=str(e.as_of),
        method=plain(e.method),
        sources=tuple(sources[i] for i in e.source_ids if i in sources),
        unverified=e.unverified,
        bar=bar,
    )


def interval_words(e: Estimate) -> str:
    """The interval of an estimate with its coverage."""
    if e.low == e.high:
        return "as published"
    if math.isinf(e.low) and math.isinf(e.high):
        return "no interval published"
    level = "bounds" if e.level == 1 else f"{e.level:.0%}"
    if math.isinf(e.low) or math.isinf(e.high):
        return f"{level}: {range_words(e.low, e.high, e.unit)}"
    return f"{level}: {plain(e.interval())}"


def range_words(low: float, high: float, suffix: str) -> str:
    """A stated range in words; an open end, -inf or inf, is left out."""
    if math.isinf(low) and math.isinf(high):
        return "anywhere"
    if math.isinf(low):
        return f"at most {show(high, suffix)}"
    if math.isinf(high):
        return f"at least {show(low, suffix)}"
    return f"from {show(low, suffix)} to {show(high, suffix)}"


def tracks(
    estimates: Sequence[Estimate], ranges: Sequence[tuple[float, float]] = ()
) -> list[Track]:
    """One drawing for each estimate; those of one unit share one scale.

    `ranges` are those stated for each estimate; empty if none was stated.
    """
    stated = list(ranges) or [(-math.inf, math.inf)] * len(estimates)
    seen: dict[str, list[float]] = {}
    for e, ends in zip(estimates, stated, strict=True):
        seen.setdefault(e.unit, []).extend(
            x for x in (e.value, e.low, e.high, *ends) if math.isfinite(x)
        )
    made = []
    for e, (low, high) in zip(estimates, stated, strict=True):
        place, log = _scale(seen[e.unit], e.unit)
        made.append(
            Track(
                low=place(e.low),
                high=place(e.high),
                point=place(e.value),
                open_low=math.isinf(e.low),
                open_high=math.isinf(e.high),
                bound_low=place(low) if ranges else None,
                bound_high=place(high) if ranges else None,
                log=log,
            )
        )
    return made


def _scale(ends: Sequence[float], suffix: str) -> tuple[Callable[[float], float], bool]:
    """A straight or logarithmic map to 0..100 that shows every number with a margin."""
    low, high = min(ends), max(ends)
    log = unit(suffix).scale == "ratio" and low > 0 and high / low > _FAR_APART
    if log:
        low, high = math.log(low), math.log(high)
    margin = (high - low) * _MARGIN or max(1.0, abs(high)) * _MARGIN
    first, last = low - margin, high + margin

    def place(value: float) -> float:
        if math.isinf(value):
            return 0.0 if value < 0 else 100.0
        x = (math.log(value) if value > 0 else -math.inf) if log else value
        return round(100 * min(1.0, max(0.0, (x - first) / (last - first))), 2)

    return place, log
