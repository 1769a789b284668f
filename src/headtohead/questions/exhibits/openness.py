"""Openness: which flagship models are open, by which standard, and how many of the ablest are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headtohead.publish.charts import (
    ChartRow,
    Drawing,
    above,
    base,
    layered,
    moments,
    side_colour,
    side_lines,
    side_points,
    tips,
)
from headtohead.questions.exhibit import section

if TYPE_CHECKING:
    import altair as alt

CRITERIA = {
    "weights_open": "Weights open",
    "licence_osi": "OSI licence",
    "code_open": "Training code",
    "data_open": "Training data",
}


def flagships(drawn: Drawing) -> "alt.LayerChart":
    """The share of flagships that meets each standard; what nobody knows is a line, not a bar."""
    import altair as alt

    present = [s for s in drawn.sides if any(row["side_label"] == s for row in drawn.rows)]
    rows = tuple(
        _counted(drawn, side, drawn.sides.index(side), column)
        for side in present
        for column in CRITERIA
    )
    chart = base(drawn, rows)
    x = alt.X(
        "sure_frac:Q",
        # Beyond 100% there is only room for the words behind a long bar.
        scale=alt.Scale(domain=[0, 1.3], nice=False),
        axis=alt.Axis(
            title="Share of the flagship models listed",
            format=".0%",
            values=[0, 0.25, 0.5, 0.75, 1],
        ),
    )
    y = alt.Y(
        "standard:N",
        sort=alt.EncodingSortField("order_n", op="min"),
        axis=alt.Axis(title=None, domain=False, ticks=False, labelLimit=190),
    )
    lane = alt.YOffset("side_label:N", scale=alt.Scale(domain=present, paddingInner=0.15))
    shown = tips("side_label=Side; standard=Standard; words=Models")
    bars = chart.mark_bar().encode(x, y, lane, side_colour(drawn), tooltip=shown)
    unknown = (
        chart.transform_filter("datum.perhaps_frac > datum.sure_frac")
        .mark_rule(style="strong", strokeWidth=2, strokeDash=[3, 2])
        .encode(alt.X("sure_frac:Q"), y, lane, alt.X2("perhaps_frac:Q"))
    )
    words = chart.mark_text(align="left", dx=6, style="words").encode(
        alt.X("perhaps_frac:Q"), y, lane, alt.Text("words:N")
    )
    return layered(drawn, bars, unknown, words, height=40 + 26 * max(1, len(rows)))


def _counted(drawn: Drawing, side: str, side_n: int, column: str) -> ChartRow:
    """How many of a side's flagships meet one standard, surely and perhaps."""
    models: list[Mapping[str, Any]] = [
        row for row in drawn.rows if row["side_label"] == side and row.get("flagship") is not False
    ]
    n = max(1, len(models))
    yes = sum(row.get(column) is True for row in models)
    perhaps = yes + sum(row.get(column) is None for row in models)
    unknown = f", {perhaps - yes} unknown" if perhaps > yes else ""
    return {
        "side_label": side,
        "side_n": side_n,
        "standard": CRITERIA[column],
        "order_n": list(CRITERIA).index(column),
        "sure_frac": yes / n,
        "perhaps_frac": perhaps / n,
        "words": f"{side} {yes}/{len(models)}{unknown}",
        "seen_ms": 0,
    }


def open_frontier(drawn: Drawing) -> "alt.LayerChart":
    """The share of open weights among each side's ablest, quarter by quarter, with its interval."""
    import altair as alt

    chart = base(drawn)
    scale = alt.Scale(domain=[0, 1])
    axis = above("Share with open weights", format=".0%", tickCount=5)
    y = alt.Y("open_frac:Q", scale=scale, axis=axis)
    band = chart.mark_area(interpolate="step-after", opacity=0.13).encode(
        moments(),
        alt.Y("open_low_frac:Q", scale=scale, axis=axis),
        alt.Y2("open_high_frac:Q"),
        side_colour(drawn),
    )
    shown = tips(
        "side_label=Side; observed_on=By; open_n=Open; models_n=Of; open_frac=Share|.0%; "
        "open_low_frac=90% low|.0%; open_high_frac=90% high|.0%; open_models=Open models"
    )
    points = side_points(chart, drawn, moments(), y, 40, tooltip=shown)
    return layered(drawn, band, *side_lines(chart, drawn, moments(), y), points)


SECTION = section("openness", flagships, open_frontier)
