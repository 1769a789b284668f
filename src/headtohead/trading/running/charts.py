"""Accounts of agents and baselines over the course of a window, with the band over all windows."""

from typing import TYPE_CHECKING

from headtohead.publish.charts import (
    DASHES,
    ChartRow,
    Drawing,
    above,
    base,
    layered,
    side_colour,
    tips,
)
from headtohead.trading.running.result import TradeRun
from headtohead.trading.running.summing import Contender

if TYPE_CHECKING:
    import altair as alt

_MOST_ROWS = 1800
MOST_DRAWN = 4  # agents, beside the four baselines


def accounts_chart(run: TradeRun) -> "alt.LayerChart | None":
    """The middle of all windows for everyone, and for each agent the band of eight in ten."""
    import altair as alt

    drawn_ones = (*run.agents[:MOST_DRAWN], *run.baselines)
    bars = drawn_ones[0].path.shape[1]
    every = max(1, bars * len(drawn_ones) // _MOST_ROWS + 1)
    rows = [row for one in drawn_ones for row in _rows(run, one, every)]
    names = tuple(one.name for one in drawn_ones)
    drawn = Drawing(tuple(rows), names, 0)
    chart = base(drawn)
    title = "Days since the start of a window"
    ticks = alt.Axis(title=title, grid=False, tickCount=8, format="~g")
    x = alt.X("day_n:Q", scale=alt.Scale(nice=False), axis=ticks)
    axis = above("Account, % of the stake", format=",.4~g")
    y = alt.Y("value_pct:Q", scale=alt.Scale(zero=False), axis=axis)
    shown = tips("side_label=Account; day_n=Day|.1f; value_pct=% of the stake|,.1f")
    colour = side_colour(drawn)
    bands = [
        chart.transform_filter(f"datum.side_n == {n} && datum.agent")
        .mark_area(opacity=0.16)
        .encode(x, alt.Y("low_pct:Q", axis=axis), alt.Y2("high_pct:Q"), colour)
        for n in range(min(len(run.agents), MOST_DRAWN))
    ]
    lines = [
        chart.transform_filter(f"datum.side_n == {n}")
        .mark_line(strokeWidth=2.4 if n < len(run.agents) else 1.3, strokeDash=DASHES[n % 6])
        .encode(x, y, colour, tooltip=shown)
        for n in range(len(names))
    ]
    stake = (
        alt.Chart(alt.InlineData(values=({"value_pct": 100},)))
        .mark_rule(style="strong", strokeDash=[4, 3], opacity=0.6)
        .encode(y)
    )
    return layered(drawn, *bands, stake, *lines, height=420)


def _rows(run: TradeRun, one: Contender, every: int) -> list[ChartRow]:
    names = [x.name for x in (*run.agents[:MOST_DRAWN], *run.baselines)]
    days = run.days / (one.path.shape[1] - 1)
    return [
        {
            "side_label": one.name,
            "side_n": names.index(one.name),
            "agent": one.kind != "baseline",
            "day_n": round(bar * days, 3),
            "seen_ms": 0,
            "value_pct": round(float(one.path[0, bar]), 3),
            "low_pct": round(float(one.path[1, bar]), 3),
            "high_pct": round(float(one.path[2, bar]), 3),
        }
        for bar in sorted({*range(0, one.path.shape[1], every), one.path.shape[1] - 1})
    ]
