"""A number over time as a small picture: a stepped line with its intervals, as SVG.

A site has such a picture on hundreds of pages, so it is drawn here and not by the chart library,
which takes a tenth of a second for one.
"""

import math
from datetime import date

from headtohead.publish.sheet import Trace

_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 190, 58, 16, 12, 26
_TICKS = 4


def trace_svg(trace: Trace, width: int) -> str:
    """The picture, some pixels wide; its colours are CSS variables of the page."""
    points = trace.points
    ends = [x for p in points for x in (p.value, p.low, p.high) if x is not None]
    ticks = _ticks(min(ends), max(ends))
    low, high = min(ticks[0], *ends), max(ticks[-1], *ends)
    first, last = points[0].day.toordinal(), points[-1].day.toordinal()

    def x(day: date) -> float:
        span = max(last - first, 1)
        return _LEFT + (width - _LEFT - _RIGHT) * (day.toordinal() - first) / span

    def y(value: float) -> float:
        span = (high - low) or 1.0
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - (value - low) / span)

    parts = [
        f'<svg class="trace" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" '
        'aria-hidden="true" focusable="false">'
    ]
    for tick in ticks:
        parts.append(
            f'<line x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" '
            'stroke="var(--grid)"/>'
            f'<text x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" font-size="12" '
            f'fill="var(--muted)">{trace.prefix}{tick:,.{trace.digits}f}</text>'
        )
    days = [points[0].day, points[-1].day] if last > first else [points[0].day]
    for day, anchor in zip(days, ("start", "end"), strict=False):
        parts.append(
            f'<text x="{x(day):.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}" font-size="12" '
            f'fill="var(--muted)">{day}</text>'
        )
    line = ""
    for n, p in enumerate(points):
        if p.low is not None and p.high is not None:
            parts.append(
                f'<line x1="{x(p.day):.1f}" x2="{x(p.day):.1f}" y1="{y(p.low):.1f}" '
                f'y2="{y(p.high):.1f}" stroke="var(--side-1)" stroke-width="3" opacity="0.35"/>'
            )
        if n and p.joined:
            line += f"H{x(p.day):.1f}V{y(p.value):.1f}"
        else:
            line += f"M{x(p.day):.1f} {y(p.value):.1f}"
    parts.append(f'<path d="{line}" fill="none" stroke="var(--side-1)" stroke-width="2"/>')
    parts += [
        f'<circle cx="{x(p.day):.1f}" cy="{y(p.value):.1f}" r="2.6" fill="var(--side-1)"/>'
        for p in points
    ]
    return "".join([*parts, "</svg>"])


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from just below the least to just above the most."""
    span = (high - low) or abs(high) or 1.0
    step = 10 ** math.floor(math.log10(span / _TICKS))
    step = next(step * m for m in (1, 2, 5, 10) if span / (step * m) <= _TICKS)
    first = math.floor(low / step)
    return [step * n for n in range(first, math.ceil(high / step) + 1)]
