"""The small drawing beside a number: its interval and point against the stated range."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headtohead.claims.claim import Bound
from headtohead.core.estimate import Estimate
from headtohead.core.units import unit

_FAR_APART = 30.0
_MARGIN = 0.07


@dataclass(frozen=True, slots=True)
class Bar:
    """Places from 0 (left) to 100 (right).

    Attributes:
        low: Left end of the interval.
        high: Right end.
        point: The estimate.
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


def bars(estimates: Sequence[Estimate], bound: Bound | None) -> list[Bar]:
    """One drawing for each estimate; those of one unit share one scale.

    Args:
        estimates: Of one reading.
        bound: The range it states; None if it states none.
    """
    ranges = [bound.range_of(e.label) if bound else (-math.inf, math.inf) for e in estimates]
    scales: dict[str, _Scale] = {}
    for e in estimates:
        if e.unit not in scales:
            pairs = [(o, r) for o, r in zip(estimates, ranges, strict=True) if o.unit == e.unit]
            ends = [x for o, r in pairs for x in (o.value, o.low, o.high, *r)]
            scales[e.unit] = _Scale.over(ends, e.unit)
    return [
        _bar(e, r, scales[e.unit], stated=bound is not None)
        for e, r in zip(estimates, ranges, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Scale:
    """A straight or logarithmic map from numbers to 0..100."""

    first: float
    last: float
    log: bool

    @classmethod
    def over(cls, ends: Sequence[float], suffix: str) -> "_Scale":
        """The scale that shows every finite number, with a margin."""
        seen = [x for x in ends if math.isfinite(x)]
        low, high = min(seen), max(seen)
        log = unit(suffix).scale == "ratio" and low > 0 and high / low > _FAR_APART
        if log:
            low, high = math.log(low), math.log(high)
        margin = (high - low) * _MARGIN or max(1.0, abs(high)) * _MARGIN
        return cls(low - margin, high + margin, log)

    def place(self, value: float) -> float:
        """Where a number stands; infinities at the edges."""
        if math.isinf(value):
            return 0.0 if value < 0 else 100.0
        x = (math.log(value) if value > 0 else -math.inf) if self.log else value
        part = (x - self.first) / (self.last - self.first)
        return round(100 * min(1.0, max(0.0, part)), 2)


def _bar(e: Estimate, stated_range: tuple[float, float], scale: _Scale, *, stated: bool) -> Bar:
    return Bar(
        low=scale.place(e.low),
        high=scale.place(e.high),
        point=scale.place(e.value),
        open_low=math.isinf(e.low),
        open_high=math.isinf(e.high),
        bound_low=scale.place(stated_range[0]) if stated else None,
        bound_high=scale.place(stated_range[1]) if stated else None,
        log=scale.log,
    )
