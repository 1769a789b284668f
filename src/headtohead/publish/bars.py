"""The one chart of a trial: intervals in rows, against the lines that decide."""

import math
from typing import TYPE_CHECKING, Any

from headtohead.publish.chartparts import tip
from headtohead.publish.escaping import plain
from headtohead.publish.sheet import Bars

if TYPE_CHECKING:
    import altair as alt

_ROW_PX = 26
_LABEL = 30


def bars_chart(bars: Bars) -> "alt.LayerChart":
    """Points with their intervals; the deciding lines are dashed and named at the top."""
    import altair as alt

    low, high = _reach(bars)
    rows = [_row(bars, i, low, high) for i in range(len(bars.bars))]
    kind: dict[str, Any] = {"type": "log"} if bars.log else {"type": "linear", "zero": False}
    scale = alt.Scale(domain=[low, high], nice=False, **kind)
    x = alt.X("value:Q", scale=scale, title=bars.unit)
    order = [row["label"] for row in rows]
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=180))
    base = alt.Chart(alt.InlineData(values=rows))
    lines = [
        {"value": where, "name": name}
        for where, name in ((1.0 if bars.log else 0.0, ""), *bars.lines)
    ]
    ruled = alt.Chart(alt.InlineData(values=lines))
    rules = ruled.mark_rule(style="strong", strokeDash=[4, 3], opacity=0.7).encode(x=x)
    names = ruled.mark_text(style="quiet", dy=-8, baseline="bottom").encode(
        x=x, y=alt.value(0), text="name:N"
    )
    spans = base.mark_rule(style="strong", strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale), x2="high:Q", y=y
    )
    points = base.mark_point(style="strong", filled=True, size=70, opacity=1).encode(
        x=x,
        y=y,
        shape=alt.Shape(
            "answer:N",
            legend=None,
            scale=alt.Scale(
                domain=["yes", "no", "undecided", "none"],
                range=["circle", "cross", "diamond", "circle"],
            ),
        ),
        tooltip=tip(("label", "Of", ""), ("words", "Estimate", ""), ("answer", "Verdict", "")),
    )
    made = alt.LayerChart(layer=[rules, names, spans, points])
    # The page tells every chart whether it has room for words.
    made = made.add_params(alt.param(name="roomy", value=True))
    return made.properties(height=_ROW_PX * len(rows) + 10)


def _row(bars: Bars, place: int, low: float, high: float) -> dict[str, Any]:
    bar = bars.bars[place]
    ends = [f"{end:.3g}" if math.isfinite(end) else "open" for end in (bar.low, bar.high)]
    return {
        "label": plain(bar.label, _LABEL),
        "value": bar.value,
        "low": max(low, bar.low),
        "high": min(high, bar.high),
        "answer": bar.answer,
        "words": f"{bar.value:.3g} ({ends[0]} to {ends[1]})",
    }


def _reach(bars: Bars) -> tuple[float, float]:
    """How far the axis goes: all finite ends and lines, and some room."""
    ends = [e for bar in bars.bars for e in (bar.value, bar.low, bar.high) if math.isfinite(e)]
    ends += [where for where, _ in bars.lines] + [1.0 if bars.log else 0.0]
    if bars.log:
        logs = [math.log(end) for end in ends if end > 0]
        room = 0.08 * max(max(logs) - min(logs), 0.1)
        return math.exp(min(logs) - room), math.exp(max(logs) + room)
    room = 0.08 * max(max(ends) - min(ends), 1e-9)
    return min(ends) - room, max(ends) + room
