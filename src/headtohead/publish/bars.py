"""The one chart of a trial: intervals in rows, against the lines that decide."""

import math
from typing import TYPE_CHECKING, Any

from headtohead.publish.charts import tips
from headtohead.publish.escaping import plain
from headtohead.publish.sheet import Bars

if TYPE_CHECKING:
    import altair as alt

_ROW_PX = 26
_LABEL = 30
_SHAPES = {"yes": "circle", "no": "cross", "undecided": "diamond", "none": "circle"}


def bars_chart(bars: Bars) -> "alt.LayerChart":
    """Points with their intervals; the deciding lines are dashed and named at the top."""
    import altair as alt

    first, last = min(bars.ends), max(bars.ends)
    room = 0.08 * max(last - first, 0.1 if bars.log else 1e-9)
    low, high = first - room, last + room
    if bars.log:
        low, high = math.exp(low), math.exp(high)
    rows: list[dict[str, Any]] = [
        {
            "label": plain(bar.label, _LABEL),
            "value": bar.value,
            "low": max(low, bar.low),
            "high": min(high, bar.high),
            "answer": bar.answer,
            "words": f"{bar.value:.3g} ({_end(bar.low)} to {_end(bar.high)})",
        }
        for bar in bars.bars
    ]
    kind: dict[str, Any] = {"type": "log"} if bars.log else {"type": "linear", "zero": False}
    scale = alt.Scale(domain=[low, high], nice=False, **kind)
    x = alt.X("value:Q", scale=scale, title=bars.unit)
    order = [row["label"] for row in rows]
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=180))
    base = alt.Chart(alt.InlineData(values=rows))
    lines = [{"value": where, "name": name} for where, name in bars.marks]
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
            scale=alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values())),
        ),
        tooltip=tips("label=Of; words=Estimate; answer=Verdict"),
    )
    made = alt.LayerChart(layer=[rules, names, spans, points])
    # The page tells every chart whether it has room for words.
    made = made.add_params(alt.param(name="roomy", value=True))
    return made.properties(height=_ROW_PX * len(rows) + 10)


def _end(end: float) -> str:
    return f"{end:.3g}" if math.isfinite(end) else "open"
