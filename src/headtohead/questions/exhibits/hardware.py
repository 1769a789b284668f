"""Hardware: who holds how many AI chips, and where their stock is going."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from headtohead.publish.charts import (
    Drawing,
    above,
    base,
    layered,
    log_ticks,
    moments,
    named_rows,
    names,
    side_colour,
    side_points,
    tips,
)
from headtohead.questions.exhibit import section
from headtohead.questions.figures import milliseconds

if TYPE_CHECKING:
    import altair as alt


def compute_stock(drawn: Drawing) -> "alt.LayerChart":
    """Each owner's stock of one maker's chips on a log scale, at the last quarter seen."""
    import altair as alt

    rows = tuple(
        {
            **row,
            "who": f"{row['owner']}, {row.get('maker', '')} chips",
            # A log scale has no zero: a lower end of 0 stops at one chip.
            "low_h100e": max(1.0, _or(row.get("compute_low_h100e"), row["compute_h100e"])),
            "high_h100e": _or(row.get("compute_high_h100e"), row["compute_h100e"]),
        }
        for row in drawn.rows
        if row["compute_h100e"] > 0
    )
    order = names(replace(drawn, rows=rows), "who", largest="compute_h100e")
    chart = base(drawn, ({**row, "order_n": order.index(row["who"])} for row in rows))
    last = chart.transform_joinaggregate(last_ms="max(row_ms)", groupby=["who"]).transform_filter(
        "datum.row_ms == datum.last_ms"
    )
    scale = alt.Scale(type="log", nice=False, padding=12)
    axis = alt.Axis(
        title="H100-equivalents (log scale)",
        format="~s",
        values=log_ticks(row["compute_h100e"] for row in rows),
    )
    y = named_rows("who", 180)
    bars = last.mark_rule(strokeWidth=2.4, opacity=0.6).encode(
        alt.X("low_h100e:Q", scale=scale, axis=axis),
        y,
        alt.X2("high_h100e:Q"),
        side_colour(drawn),
    )
    shown = tips(
        "owner=Owner; maker=Chips by; window_end=At the end of; "
        "compute_h100e=H100-equivalents|,.3~s; compute_low_h100e=5%|,.3~s; "
        "compute_high_h100e=95%|,.3~s"
    )
    x = alt.X("compute_h100e:Q", scale=scale, axis=axis)
    points = side_points(last, drawn, x, y, 85, tooltip=shown)
    return layered(drawn, bars, points, height=max(140, 24 * len(order)))


def compute_trend(drawn: Drawing) -> "alt.LayerChart":
    """A stock on a log scale, quarter by quarter, and what is foretold of it."""
    import altair as alt

    rows = [
        {
            **row,
            "end_ms": milliseconds(date.fromisoformat(str(row["window_end"]))),
            "low_h100e": _or(row.get("compute_low_h100e"), row["compute_h100e"]),
            "high_h100e": _or(row.get("compute_high_h100e"), row["compute_h100e"]),
        }
        for row in drawn.rows
    ]
    chart = base(drawn, rows)
    scale = alt.Scale(type="log", nice=False)
    ticks = log_ticks(row["compute_h100e"] for row in rows)
    axis = above("H100-equivalents (log scale)", format="~s", values=ticks)
    x, y = moments("end_ms"), alt.Y("compute_h100e:Q", scale=scale, axis=axis)
    band = chart.mark_area(opacity=0.13).encode(
        x,
        alt.Y("low_h100e:Q", scale=scale, axis=axis),
        alt.Y2("high_h100e:Q"),
        alt.Detail("kind:N"),
    )
    dash = alt.StrokeDash(
        "kind:N",
        scale=alt.Scale(domain=["counted", "foretold"], range=[[1, 0], [6, 4]]),
        legend=alt.Legend(title=None),
    )
    line = chart.mark_line(strokeWidth=2.2).encode(x, y, dash)
    shown = tips(
        "window_end=At the end of; kind=Count; compute_h100e=H100-equivalents|,.3~s; "
        "low_h100e=Low|,.3~s; high_h100e=High|,.3~s"
    )
    points = chart.mark_point(filled=True, size=40, opacity=1).encode(x, y, tooltip=shown)
    return layered(drawn, band, line, points)


def _or(end: float | None, value: float) -> float:
    """The end of an interval; the value, so that no bar is drawn, where none is published."""
    return value if end is None else end


SECTION = section("hardware", compute_stock, compute_trend)
