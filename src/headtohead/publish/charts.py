"""Charts: what they share, their look, the bars of a trial, and their plain specification."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from headtohead.core.units import span_of
from headtohead.publish.sheet import Bars
from headtohead.publish.words import plain

if TYPE_CHECKING:
    import altair as alt

ChartRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a chart builder gets: rows ready to plot, and nothing it could not draw.

    Attributes:
        rows: At most 2,000. Days are ISO text; `t_ms` and `row_ms` are the time column in
            milliseconds, `seen_ms` is the moment from which the slider shows the row, `side_label`
            the side for a reader and `side_n` its place in `sides`. Where the exhibit has an
            `ends` column, `end_ms` is that.
        sides: Every side in the rows: the two compared first, then the others by name.
        until_ms: Where the slider stands at first; nothing is later.
    """

    rows: tuple[ChartRow, ...]
    sides: tuple[str, ...]
    until_ms: int


DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [4, 1])

SEEN = "datum.seen_ms <= seen_on"


def base(drawn: Drawing, rows: Iterable[ChartRow] | None = None) -> "alt.Chart":
    """A chart of the rows that the slider has reached; of these, if they are made anew."""
    import altair as alt

    # Altair copies lists with all they hold each time a chart changes, and tuples never.
    values = tuple(drawn.rows if rows is None else rows)
    return alt.Chart(alt.InlineData(values=values)).transform_filter(SEEN)


def layered(drawn: Drawing, *layers: Any, height: int = 380) -> "alt.LayerChart":  # noqa: ANN401 - altair's layers have no common public type
    """Layers over one another; parameters say the slider's day, and if there is room for names."""
    import altair as alt

    seen = alt.VariableParameter(name="seen_on", value=drawn.until_ms)
    return together(layers, seen, height=height)


def together(
    layers: Sequence[Any],
    *params: "alt.VariableParameter",
    data: "alt.InlineData | None" = None,
    **more: Any,  # noqa: ANN401 - keyword arguments of altair
) -> "alt.LayerChart":
    """Layers over one another; the page tells every chart whether it has room for words.

    Args:
        layers: None has a parameter of its own.
        params: Of the whole, besides that.
        data: Of the layers that have none; None if each has its own.
        more: Of the whole.
    """
    import altair as alt

    parts = [layer.copy(deep=False) for layer in layers]
    if data is None and all(part.data is parts[0].data for part in parts):
        data = parts[0].data
        for part in parts:
            part.data = alt.Undefined
    roomy = alt.VariableParameter(name="roomy", value=True)
    whole: alt.LayerChart = _layers()(
        data=alt.Undefined if data is None else data, layer=parts, params=[*params, roomy], **more
    )
    return whole


@cache
def _layers() -> type[Any]:
    """Altair's layers, which it would copy three times with all they hold, at each step anew."""
    import altair as alt

    class Layers(alt.LayerChart):
        def __init__(self, **given: Any) -> None:  # noqa: ANN401 - keyword arguments of altair
            super(alt.LayerChart, self).__init__(**given)

    return Layers


def moments(column: str = "t_ms", padding: Any = None, **more: Any) -> "alt.X":  # noqa: ANN401 - keyword arguments of altair
    """A time axis over milliseconds, in UTC so that no day slips.

    `padding` is pixels, or an expression, left free at both ends; `more` is for the axis.
    """
    import altair as alt

    return alt.X(
        f"{column}:T",
        title=None,
        scale=alt.Scale(type="utc") if padding is None else alt.Scale(type="utc", padding=padding),
        axis=alt.Axis(
            grid=False,
            labelFlush=True,
            tickCount=6,
            labelOverlap="greedy",
            labelSeparation=6,
            **more,
        ),
    )


def log_ticks(values: Iterable[float]) -> list[float]:
    """Round places for a log axis over the values: powers of ten, or 1, 2 and 5 on a short one."""
    seen = [v for v in values if v and v > 0]
    if not seen:
        return []
    first, last = math.floor(math.log10(min(seen))), math.ceil(math.log10(max(seen)))
    steps = (1,) if last - first > 4 else (1, 2, 5)
    return [float(f"{m}e{p}") for p in range(first, last + 1) for m in steps]


def above(title: str, **more: Any) -> "alt.Axis":  # noqa: ANN401 - keyword arguments of altair
    """An upright axis whose title lies flat above it."""
    import altair as alt

    return alt.Axis(
        title=title,
        titleAngle=0,
        titleAlign="left",
        titleAnchor="end",
        titleX=-36,
        titleY=-14,
        domain=False,
        ticks=False,
        **more,
    )


def named_rows(column: str, limit: int) -> "alt.Y":
    """A row for each name in a column, ordered by `order_n`; `limit` is pixels of a name."""
    import altair as alt

    return alt.Y(
        f"{column}:N",
        sort=alt.EncodingSortField("order_n", op="min"),
        axis=alt.Axis(title=None, grid=True, domain=False, ticks=False, labelLimit=limit),
    )


def side_colour(drawn: Drawing, title: str = "") -> "alt.Color":
    """Sides by colour; the two compared always keep theirs. A title stands in the legend."""
    import altair as alt

    scale = alt.Scale(domain=list(drawn.sides))
    return alt.Color("side_label:N", scale=scale, legend=_legend(drawn, title))


def side_shape(drawn: Drawing, title: str = "") -> "alt.Shape":
    """Sides by shape, so that colour is never the only sign; the title as of `side_colour`."""
    import altair as alt

    scale = alt.Scale(domain=list(drawn.sides))
    return alt.Shape("side_label:N", scale=scale, legend=_legend(drawn, title))


def side_points(
    chart: "alt.Chart",
    drawn: Drawing,
    x: "alt.X",
    y: "alt.Y",
    size: int,
    **more: Any,  # noqa: ANN401 - channels of altair
) -> "alt.Chart":
    """Filled marks, by colour and by shape."""
    points: alt.Chart = chart.mark_point(filled=True, size=size, opacity=1)
    return points.encode(x, y, side_colour(drawn), side_shape(drawn), **more)


def side_lines(
    chart: "alt.Chart",
    drawn: Drawing,
    x: "alt.X",
    y: "alt.Y",
    **more: Any,  # noqa: ANN401 - channels of altair
) -> "list[alt.Chart]":
    """One stepped line a side, by colour and by dash; a `detail` breaks it where that changes."""
    return [
        chart.transform_filter(f"datum.side_n == {n}")
        .mark_line(interpolate="step-after", strokeWidth=2.2, strokeDash=DASHES[n % len(DASHES)])
        .encode(x, y, side_colour(drawn), **more)
        for n, side in enumerate(drawn.sides)
        if any(row["side_label"] == side for row in drawn.rows)
    ]


def _legend(drawn: Drawing, title: str) -> "alt.Legend | None":
    """Only sides that have a row; each channel says the same, so that the legends merge.

    A title without a side under it would say nothing, so then there is no legend.
    """
    import altair as alt

    present = {row["side_label"] for row in drawn.rows}
    shown = [side for side in drawn.sides if side in present]
    return alt.Legend(title=title or None, values=shown) if shown or not title else None


def tip(*fields: tuple[str, str, str]) -> "list[alt.Tooltip]":
    """A tooltip.

    Args:
        fields: (column, heading, number format; empty for text).
    """
    import altair as alt

    return [
        alt.Tooltip(f"{column}:Q", title=title, format=form)
        if form
        else alt.Tooltip(f"{column}:N", title=title)
        for column, title, form in fields
    ]


def tips(text: str) -> "list[alt.Tooltip]":
    """A tooltip, of "column=Heading; column=Heading|number format"."""
    fields = []
    for part in text.split("; "):
        column, said = part.split("=", 1)
        title, _, form = said.partition("|")
        fields.append((column, title, form))
    return tip(*fields)


def names(drawn: Drawing, column: str, *, largest: str = "") -> Sequence[str]:
    """The different names in a column, by the largest value of another, else as they come."""
    tops: dict[str, float] = {}
    for row in drawn.rows:
        name = str(row[column])
        tops[name] = max(tops.get(name, float("-inf")), float(row[largest]) if largest else 0.0)
    return sorted(tops, key=lambda name: -tops[name])


def front_chart(
    drawn: Drawing,
    *,
    cost: str,
    value: str,
    ends: tuple[str, str],
    titles: tuple[str, str],
    number: str,
    shown: str,
    cost_ends: tuple[str, str] | None = None,
) -> "alt.LayerChart":
    """Value against cost, both in columns of the rows, and the step of those nobody beats.

    Args:
        ends: The columns of the interval of the value; `cost_ends` of that of the cost.
        titles: Of the axes of cost and value.
        number: Format of the value.
        shown: The tooltip, as `tips` takes it.
    """
    import altair as alt

    chart = base(drawn).transform_filter(f"datum.{cost} > 0")
    # The axis starts left of the cheapest model, whose name stands left of it.
    costs = [row[cost] for row in drawn.rows if row[cost] > 0]
    cheapest = min(costs, default=1.0)
    log = alt.Scale(type="log", nice=False, padding=12, domainMin=0.3 * cheapest)
    ticks = alt.Axis(title=titles[0], format="$~g", values=log_ticks(costs))
    x = alt.X(f"{cost}:Q", scale=log, axis=ticks)
    scale = alt.Scale(zero=False, padding=8)
    y = alt.Y(f"{value}:Q", scale=scale, axis=above(titles[1], format=number))
    low, high = ends
    bars = [
        chart.transform_filter(f"isValid(datum.{low}) && isValid(datum.{high})")
        .mark_rule(strokeWidth=1.3, opacity=0.55)
        .encode(x, alt.Y(f"{low}:Q", scale=scale), alt.Y2(f"{high}:Q"), side_colour(drawn))
    ]
    if cost_ends:
        least, most = cost_ends
        bars.append(
            chart.transform_filter(f"datum.{least} > 0 && datum.{most} > datum.{least}")
            .mark_rule(strokeWidth=1.3, opacity=0.55)
            .encode(alt.X(f"{least}:Q", scale=log), y, alt.X2(f"{most}:Q"), side_colour(drawn))
        )
    by_cost: list[alt.SortField | dict[str, str]] = [
        alt.SortField(cost),
        alt.SortField(value, "descending"),
    ]
    spread = chart.transform_joinaggregate(lowest=f"min({value})", highest=f"max({value})")
    front = spread.transform_window(
        best=f"max({value})", sort=by_cost, frame=[None, 0]
    ).transform_filter(f"datum.{value} >= datum.best")
    step = front.mark_line(interpolate="step-after", style="strong", strokeWidth=1.4).encode(x, y)
    points = chart.mark_point(filled=True, opacity=0.85).encode(
        x,
        y,
        side_colour(drawn),
        side_shape(drawn),
        alt.Size(
            "front_frac:Q",
            scale=alt.Scale(domain=[0, 1], range=[45, 210]),
            legend=alt.Legend(
                title="Chance of being on the front", format=".0%", values=[0, 0.5, 1]
            ),
        ),
        tooltip=tips(shown),
    )
    # Names stand along the front where there is room; where two would touch, only the higher one.
    named = (
        front.transform_window(next_value=f"lead({value})", sort=by_cost)
        .transform_filter(
            "!isValid(datum.next_value) || "
            f"datum.next_value - datum.{value} > 0.045 * (datum.highest - datum.lowest)"
        )
        .transform_calculate(shown_name="roomy ? datum.model_name : ''")
    )
    words = [
        named.mark_text(align="right", dx=-7, dy=-9, limit=170, style=style).encode(
            x, y, alt.Text("shown_name:N")
        )
        for style in ("halo", "words")
    ]
    return layered(drawn, *bars, step, points, *words, height=460)


FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
EXPORT_WIDTH = 760

# In the page a colour is a CSS variable, so one switch turns page and charts dark, and print light.
PAGE_INK = {
    "text": "var(--ink)",
    "muted": "var(--muted)",
    "grid": "var(--grid)",
    "paper": "var(--paper)",
    "legend_offset": 30,
    "sides": [f"var(--side-{n})" for n in range(1, 9)],
}
_PRINT_SIDES = "#1a5fb4 #b8420b #1b7a5a #7d3c98 #7a6200 #5f6875 #a61e4d #0b7285"
PRINT_INK = {
    "text": "#1c2430",
    "muted": "#505a68",
    "grid": "#e1e5ea",
    "paper": "#ffffff",
    "legend_offset": 14,
    "sides": _PRINT_SIDES.split(),
}
_SHAPES = "circle diamond square triangle-up cross triangle-down triangle-left triangle-right"


def specification(chart: "alt.LayerChart", description: str) -> dict[str, Any]:
    """The chart as Vega-Lite, as wide as its place, without theme and without any address."""
    # Each part was checked against the schema when it was made; the whole takes a third of a page.
    spec: dict[str, Any] = chart.to_dict(validate=False)
    for key in ("$schema", "config"):
        spec.pop(key, None)
    # Rows are tuples on the way here, and lists in the schema.
    for name, rows in spec.get("datasets", {}).items():
        spec["datasets"][name] = list(rows)
    spec |= {"width": "container", "description": description, "background": None}
    return spec


def config(ink: Mapping[str, Any]) -> dict[str, Any]:
    """The look of every chart."""
    small = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "titleFontSize": 12}
    axis = {
        **small,
        "labelColor": ink["muted"],
        "titleColor": ink["muted"],
        "titleFontWeight": "normal",
        "gridColor": ink["grid"],
        "domainColor": ink["muted"],
        "tickColor": ink["muted"],
        "labelLimit": 200,
        "labelPadding": 6,
    }
    legend = {
        **small,
        "orient": "top",
        "direction": "horizontal",
        "labelColor": ink["text"],
        "titleColor": ink["muted"],
        "titleFontWeight": "normal",
        "labelLimit": 180,
        "symbolSize": 90,
        "symbolOpacity": 1,
        "symbolStrokeWidth": 2,
        "columnPadding": 16,
        "offset": ink["legend_offset"],
        "symbolBaseFillColor": ink["muted"],
        "symbolBaseStrokeColor": ink["muted"],
    }
    title = {
        "font": FONT,
        "subtitleFont": FONT,
        "fontSize": 18,
        "subtitleFontSize": 13,
        "color": ink["text"],
        "subtitleColor": ink["muted"],
        "anchor": "start",
        "subtitlePadding": 6,
        "offset": 14,
    }
    return {
        "font": FONT,
        "aria": True,
        # Screen readers get the description and the table, not two thousand points.
        "mark": {"aria": False},
        "text": {"fill": ink["text"], "fontSize": 12, "font": FONT},
        "rule": {"color": ink["muted"]},
        "axis": axis,
        # A title longer than a phone's plot runs out over the labels, not off the page.
        "axisX": {"titleAnchor": "end", "labelOverlap": "greedy", "labelSeparation": 6},
        "legend": legend,
        "title": title,
        "view": {"stroke": None},
        "range": {"category": list(ink["sides"]), "symbol": _SHAPES.split()},
        "style": {
            "faint": {"color": ink["muted"]},
            "strong": {"color": ink["text"]},
            "words": {"fill": ink["text"], "fontSize": 12},
            "quiet": {"fill": ink["muted"], "fontSize": 11},
            "halo": {
                "fill": ink["paper"],
                "stroke": ink["paper"],
                "strokeWidth": 4,
                "strokeJoin": "round",
            },
        },
    }


def framed(spec: Mapping[str, Any], frame: Mapping[str, Any]) -> dict[str, Any]:
    """The chart with its title above and its sources below, of fixed width, to stand alone."""
    outer = {k: spec[k] for k in ("params", "datasets") if k in spec}
    inner = {k: v for k, v in spec.items() if k not in (*outer, "background")}
    inner |= {"width": EXPORT_WIDTH, "title": frame["footer"]}
    return {
        **outer,
        "title": frame["title"],
        "background": frame["background"],
        "padding": 20,
        "vconcat": [inner],
    }


def frame(
    title: str, subtitle: str, footer: Sequence[str], ink: Mapping[str, Any]
) -> dict[str, Any]:
    """What `framed` puts around a chart: titles are text marks, so no markup is read in them.

    Sentences of the subtitle and lines of the footer are broken here.
    """
    return {
        "title": {"text": wrapped(title, 80), "subtitle": wrapped(subtitle, 120)},
        "footer": {
            "text": [line for text in footer for line in wrapped(text, 142)],
            "orient": "bottom",
            "anchor": "start",
            "fontSize": 11,
            "fontWeight": "normal",
            "color": ink["muted"],
            "offset": 16,
        },
        "background": ink["paper"],
    }


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` characters; a longer word is broken."""
    import textwrap

    return textwrap.wrap(text, width) or [""]


_ROW_PX = 26
_LABEL = 30
_ANSWER_SHAPES = {"yes": "circle", "no": "cross", "undecided": "diamond", "none": "circle"}


def bars_chart(bars: Bars) -> "alt.LayerChart":
    """Points with their intervals; the deciding lines are dashed and named at the top."""
    import altair as alt

    first, last = min(bars.ends), max(bars.ends)
    room = 0.08 * max(last - first, 0.1 if bars.log else 1e-9)
    low, high = first - room, last + room
    if bars.log:
        low, high = math.exp(low), math.exp(high)
    low, high = max(low, bars.bounds[0]), min(high, bars.bounds[1])
    rows: list[dict[str, Any]] = [
        {
            "label": plain(bar.label, _LABEL),
            "value": bar.value,
            "low": max(low, bar.low),
            "high": min(high, bar.high),
            "answer": bar.answer,
            "words": f"{bar.value:.3g} ({span_of(bar.low, bar.high, '{:.3g}'.format)})",
        }
        for bar in bars.bars
    ]
    kind: dict[str, Any] = {"type": "log"} if bars.log else {"type": "linear", "zero": False}
    scale = alt.Scale(domain=[low, high], nice=False, **kind)
    x = alt.X("value:Q", scale=scale, title=bars.unit)
    order = [row["label"] for row in rows]
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=180))
    base = alt.Chart(alt.InlineData(values=tuple(rows)))
    lines = [{"value": where, "name": name} for where, name in bars.marks]
    ruled = alt.Chart(alt.InlineData(values=tuple(lines)))
    rules = ruled.mark_rule(style="strong", strokeDash=[4, 3], opacity=0.7).encode(x=x)
    names = ruled.mark_text(style="quiet", dy=-8, baseline="bottom").encode(
        x=x, y=alt.value(0), text=alt.Text("name:N")
    )
    spans = base.mark_rule(style="strong", strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"), y=y
    )
    points = base.mark_point(style="strong", filled=True, size=70, opacity=1).encode(
        x=x,
        y=y,
        shape=alt.Shape(
            "answer:N",
            legend=None,
            scale=alt.Scale(domain=list(_ANSWER_SHAPES), range=list(_ANSWER_SHAPES.values())),
        ),
        tooltip=tips("label=Of; words=Estimate; answer=Verdict"),
    )
    return together([rules, names, spans, points], height=_ROW_PX * len(rows) + 10)
