"""The charts of a ranking: intervals in rows, and tables of pairs as coloured cells.

Every expression below is ours and names only our own columns. Names of models and groups reach a
chart as data: axes look them up in the parameter `order` by their place.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from headtohead.core.estimate import Interval
from headtohead.publish.charts import tip, together
from headtohead.ratings.sheet.words import finite

if TYPE_CHECKING:
    import altair as alt

Row = dict[str, Any]

ROW_PX = 19
_CELL_PX = 21
NARROW = 12  # names on a narrow screen
_STRONGEST = 0.55  # of a cell's colour, so that words on it stay readable

# Where an interval is drawn: to its end, or to the edge `reach` points from the value if the end
# is open or farther away.
_EDGES = {
    "low_x": "isValid(datum.low) ? max(datum.low, datum.value - datum.reach)"
    " : datum.value - datum.reach",
    "high_x": "isValid(datum.high) ? min(datum.high, datum.value + datum.reach)"
    " : datum.value + datum.reach",
    "wide_low_x": "isValid(datum.wide_low) ? max(datum.wide_low, datum.value - datum.reach)"
    " : datum.value - datum.reach",
    "wide_high_x": "isValid(datum.wide_high) ? min(datum.wide_high, datum.value + datum.reach)"
    " : datum.value + datum.reach",
}
_BEYOND_LOW = "!isValid(datum.wide_low) || datum.wide_low < datum.value - datum.reach"
_BEYOND_HIGH = "!isValid(datum.wide_high) || datum.wide_high > datum.value + datum.reach"
_WORDS = {
    "alone_text": "(isValid(datum.low) ? format(datum.low, ',.1f') : 'no lower end') + ' to ' + "
    "(isValid(datum.high) ? format(datum.high, ',.1f') : 'no upper end')",
    "together_text": "(isValid(datum.wide_low) ? format(datum.wide_low, ',.1f') : 'no lower end')"
    " + ' to ' + "
    "(isValid(datum.wide_high) ? format(datum.wide_high, ',.1f') : 'no upper end')",
}


def ends(name: str, own: Interval, joint: Interval | None = None) -> Row:
    """What `intervals` needs of one row but its place.

    Without `joint` only the interval that holds alone is drawn.
    """
    wide = joint or own
    return {
        "name": name,
        "value": own.value,
        "low": finite(own.low),
        "high": finite(own.high),
        "wide_low": finite(wide.low),
        "wide_high": finite(wide.high),
        "reach": max(1.0, 2 * wide.width if wide.width < 1e6 else 100.0),
        "shade": False,
        "kind": "",
        "beside": "",
    }


def paired(rows: Sequence[Row]) -> list[Row]:
    """Rows with places, of which every other two are shaded."""
    return [row | {"place": n, "shade": n % 4 in (1, 2)} for n, row in enumerate(rows, 1)]


def intervals(
    rows: Sequence[Row],
    *,
    axis: str,
    kinds: Sequence[str] = (),
    zero: bool = False,
    joint: bool = True,
    always: bool = False,
    more: Sequence[tuple[str, str, str]] = (),
) -> "alt.LayerChart":
    """One row a name: a point, a thick bar that holds alone, a thin one that holds with the rest.

    Args:
        rows: By place, with place (from 1), name, value, low, high, wide_low, wide_high (null for
            an open end), reach (how far an interval is drawn), shade (true for a band behind the
            row), kind, and beside (words at the right edge).
        kinds: Values of `kind`, told apart by colour and shape; none for one kind.
        always: Whether the words at the right edge stay on a narrow screen.
        more: (column, heading, number format) for the words shown on hovering.
    """
    import altair as alt

    chart = alt.Chart()
    for name, expression in (_EDGES | _WORDS).items():
        chart = chart.transform_calculate(**{name: expression})
    y = alt.Y(
        "place:O",
        title=None,
        scale=alt.Scale(paddingInner=0, paddingOuter=0),
        axis=alt.Axis(
            labelExpr="order[datum.value - 1]",
            labelLimit=alt.ExprRef("roomy ? 250 : 128"),
            domain=False,
            ticks=False,
            labelOverlap=False,
        ),
    )
    scale = alt.Scale(zero=zero, nice=False, padding=14)

    def x(column: str) -> "alt.X":
        return alt.X(
            f"{column}:Q",
            scale=scale,
            axis=alt.Axis(
                orient="top",
                title=axis,
                grid=True,
                format=",.0f",
                tickCount=6,
                labelOverlap="greedy",
            ),
        )

    domain, legend = list(kinds) or [""], alt.Legend(title=None) if kinds else None
    looks = {"color": alt.Color("kind:N", scale=alt.Scale(domain=domain), legend=legend)}
    shape_of = alt.Shape("kind:N", scale=alt.Scale(domain=domain), legend=legend)
    shown = tip(
        ("name", "Name", ""),
        ("value", axis, ",.1f"),
        ("alone_text", "Holds alone", ""),
        *([("together_text", "Holds with the rest", "")] if joint else []),
        *more,
    )
    layers: list[alt.Chart] = [
        chart.transform_filter("datum.shade").mark_rect(opacity=0.12, color="#808a99").encode(y)
    ]
    if zero:
        line = alt.Chart(alt.InlineData(values=[{"zero_n": 0}])).mark_rule(opacity=0.7)
        layers.append(line.encode(x("zero_n")))
    if joint:
        layers.append(
            chart.mark_rule(strokeWidth=1.4).encode(
                x("wide_low_x"), alt.X2("wide_high_x"), y, **looks
            )
        )
    layers.append(
        chart.mark_rule(strokeWidth=5, opacity=0.6).encode(x("low_x"), alt.X2("high_x"), y, **looks)
    )
    for beyond, column, shape in (
        (_BEYOND_LOW, "wide_low_x", "triangle-left"),
        (_BEYOND_HIGH, "wide_high_x", "triangle-right"),
    ):
        layers.append(
            chart.transform_filter(beyond)
            .mark_point(filled=True, shape=shape, size=70, opacity=1)
            .encode(x(column), y, **looks)
        )
    layers.append(
        chart.mark_point(filled=True, size=62, opacity=1).encode(
            x("value"), y, shape_of, tooltip=shown, **looks
        )
    )
    # A row is easier to hit than a point.
    layers.append(chart.mark_rect(opacity=0).encode(y, tooltip=shown))
    layers.append(
        chart.mark_text(align="left", dx=8, size=11).encode(
            y,
            x=alt.value("width"),
            text=alt.condition("true" if always else "roomy", alt.Text("beside:N"), alt.value("")),
        )
    )
    order = [str(row["name"]) for row in rows]
    return _on(rows, layers, order, ROW_PX * max(1, len(rows)))


def chances(rows: Sequence[Row], order: Sequence[str]) -> "alt.LayerChart":
    """A cell for each pair: the score that the row is expected to take from the column.

    Args:
        rows: With row_n and column_n (places from 1), a, b, score_frac, low_frac, high_frac,
            lead_frac (distance from one half), lean ("row ahead" or "column ahead"), sure (true if
            the interval keeps clear of one half), and votes_n.
        order: The names by place, short and distinct.
    """
    shown = tip(
        ("a", "Row", ""),
        ("b", "Column", ""),
        ("score_frac", "Row's expected score", ".1%"),
        ("low_frac", "At least", ".1%"),
        ("high_frac", "At most", ".1%"),
        ("votes_n", "Votes between them", ",.0f"),
    )
    most = max([0.1, *(float(row["lead_frac"]) for row in rows)])
    return _cells(
        rows,
        order,
        shown,
        lean="lean",
        leans=("row ahead", "column ahead"),
        weight="lead_frac",
        most=most,
        words="format(datum.score_frac * 100, '.0f')",
    )


def battles(rows: Sequence[Row], order: Sequence[str]) -> "alt.LayerChart":
    """A cell for each pair: how many votes there are between the two.

    Args:
        rows: With row_n, column_n, a, b, votes_n, votes_log (of votes + 1), kind ("votes"), and
            sure (true if they ever met).
        order: The names by place, short and distinct.
    """
    shown = tip(("a", "Row", ""), ("b", "Column", ""), ("votes_n", "Votes between them", ",.0f"))
    most = max((float(row["votes_log"]) for row in rows), default=1.0) or 1.0
    return _cells(
        rows,
        order,
        shown,
        lean="kind",
        leans=("votes",),
        weight="votes_log",
        most=most,
        bold="normal",
        words="datum.votes_n < 1000 ? format(datum.votes_n, 'd')"
        " : format(datum.votes_n / 1000, datum.votes_n < 9950 ? '.1f' : '.0f') + 'k'",
    )


def _cells(
    rows: Sequence[Row],
    order: Sequence[str],
    shown: "list[alt.Tooltip]",
    *,
    lean: str,
    leans: Sequence[str],
    weight: str,
    most: float,
    words: str,
    bold: Literal["bold", "normal"] = "bold",
) -> "alt.LayerChart":
    import altair as alt

    chart = (
        alt.Chart()
        .transform_filter(f"roomy || (datum.row_n <= {NARROW} && datum.column_n <= {NARROW})")
        .transform_calculate(words=words)
    )
    names = alt.Axis(
        labelExpr="order[datum.value - 1]",
        domain=False,
        ticks=False,
        labelOverlap=False,
        labelLimit=alt.ExprRef("roomy ? 190 : 96"),
    )
    across = names.copy()
    across.orient, across.labelAngle = "top", -90
    across.labelLimit = alt.ExprRef("roomy ? 150 : 84")
    x = alt.X("column_n:O", title=None, axis=across, scale=alt.Scale(padding=0.04))
    y = alt.Y("row_n:O", title=None, axis=names, scale=alt.Scale(padding=0.04))
    legend = None if len(leans) == 1 else alt.Legend(title=None)
    colour = alt.Color(f"{lean}:N", scale=alt.Scale(domain=list(leans)), legend=legend)
    strength = alt.Opacity(
        f"{weight}:Q", scale=alt.Scale(domain=[0, most], range=[0.02, _STRONGEST]), legend=None
    )
    cells = chart.mark_rect().encode(x, y, colour, strength, tooltip=shown)
    text = [
        chart.transform_filter(f"datum.sure == {sure}")
        .mark_text(fontWeight=weight_of_words, size=9.5)
        .encode(x, y, text=alt.Text("words:N"))
        for sure, weight_of_words in (("true", bold), ("false", "normal"))
    ]
    over = chart.mark_rect(opacity=0).encode(x, y, tooltip=shown)
    return _on(rows, [cells, *text, over], order, _CELL_PX * max(1, len(order)))


def _on(
    rows: Sequence[Row], layers: "Sequence[alt.Chart]", order: Sequence[str], height: int
) -> "alt.LayerChart":
    """Layers over rows that all of them share: a layer with rows of its own copies them often."""
    import altair as alt

    names = alt.VariableParameter(name="order", value=list(order))
    data = alt.InlineData(values=tuple(rows))
    return together(layers, names, data=data, height=height)
