"""Pictures of forecasts: a reliability diagram, and a trend with what it was fitted on."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headtohead.claims.forecasts.calibration import Bin
from headtohead.claims.forecasts.history import Series
from headtohead.core.units import show, show_end, span_of, unit
from headtohead.publish.charts import above, moments, tips, together

if TYPE_CHECKING:
    from datetime import date

    import altair as alt


def reliability_chart(bins: Sequence[Bin], share: float) -> "alt.LayerChart":
    """How often each bin came true by what it was given, with consistency bars on the diagonal.

    Args:
        share: Of yes among all, a dashed line.
    """
    import altair as alt

    rows = tuple(
        {
            "p": b.probability,
            "share": b.share,
            "low": None if math.isnan(b.bar[0]) else b.bar[0],
            "high": None if math.isnan(b.bar[1]) else b.bar[1],
            "n": b.n,
            "words": f"{b.yes} of {b.n} came true",
            "given": f"{b.probability:.0%} on average",
        }
        for b in bins
    )
    whole = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X(
        "p:Q", scale=whole, title="Probability given", axis=alt.Axis(format=".0%", tickCount=5)
    )
    y = alt.Y(
        "share:Q",
        scale=whole,
        title="Share that came true",
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    ends = alt.Chart(alt.InlineData(values=({"p": 0, "share": 0}, {"p": 1, "share": 1})))
    every = alt.Chart(alt.InlineData(values=({"share": share},)))
    base = alt.Chart(alt.InlineData(values=rows))
    layers = [
        ends.mark_line(style="strong", strokeDash=[4, 3], opacity=0.7, strokeWidth=1).encode(x, y),
        every.mark_rule(style="quiet", strokeDash=[2, 3], opacity=0.7).encode(y=y),
        base.mark_rule(style="strong", strokeWidth=7, opacity=0.3).encode(
            x, alt.Y("low:Q", scale=whole, title="Share that came true"), alt.Y2("high:Q")
        ),
        base.mark_point(style="strong", filled=True, opacity=1).encode(
            x,
            y,
            size=alt.Size("n:Q", legend=None, scale=alt.Scale(domain=[0, 20], range=[30, 220])),
            tooltip=tips("given=Given; words=Of them"),
        ),
    ]
    return together(layers, height=320)


def trend_chart(one: Series, ends: Sequence[float]) -> "alt.LayerChart":
    """The figures known at earlier days, what the trend predicts at the end, and what came.

    Args:
        ends: Of the ranges asked for; infinite ones are not drawn.
    """
    import altair as alt

    known = [
        {"t_ms": _ms(day), "value": float(v), "day": str(day), "words": show(float(v), one.unit)}
        for day, v in zip(one.days, one.values, strict=True)
        if math.isfinite(v)
    ]
    ahead, end, actual = one.predicted, one.end, one.actual
    says = span_of(ahead.low, ahead.high, lambda x: show_end(x, one.unit))
    predicted = {
        "t_ms": _ms(end),
        "value": ahead.value,
        "low": ahead.low,
        "high": ahead.high,
        "day": str(end),
        "words": f"{show(ahead.value, one.unit)} (80%: {says})",
    }
    scale = alt.Scale(zero=False, padding=10)
    axis = above(unit(one.unit).label or one.unit)
    y = alt.Y("value:Q", scale=scale, axis=axis)
    shown = tips("day=Day; words=Figure")
    past = alt.Chart(alt.InlineData(values=tuple(known)))
    fan = alt.Chart(alt.InlineData(values=(predicted,)))
    lines = tuple({"value": x} for x in ends if math.isfinite(x))
    layers = [
        alt.Chart(alt.InlineData(values=lines))
        .mark_rule(style="strong", strokeDash=[4, 3], opacity=0.7)
        .encode(y=y),
        past.mark_point(style="strong", filled=True, size=40, opacity=1).encode(
            moments(), y, tooltip=shown
        ),
        fan.mark_rule(style="strong", strokeWidth=7, opacity=0.3).encode(
            moments(), alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q")
        ),
        fan.mark_point(style="strong", filled=False, size=90, opacity=1).encode(
            moments(), y, tooltip=shown
        ),
    ]
    if actual is not None:
        came = {"t_ms": _ms(end), "value": actual, "day": str(end), "words": show(actual, one.unit)}
        layers.append(
            alt.Chart(alt.InlineData(values=(came,)))
            .mark_point(style="strong", shape="diamond", filled=True, size=110, opacity=1)
            .encode(moments(), y, tooltip=shown)
        )
    return together(layers, height=280)


def _ms(day: "date") -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
