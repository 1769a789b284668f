"""Performance: ratings, a capability index, and one trading season."""

from typing import TYPE_CHECKING, Any

from headtohead.capability.charts import capability_frontier, lag_arrows
from headtohead.capability.choices import capability_profile, sensitivity
from headtohead.publish.charts import (
    SEEN,
    ChartRow,
    Drawing,
    above,
    base,
    layered,
    moments,
    side_colour,
    side_lines,
    side_points,
    side_shape,
    tips,
)
from headtohead.questions.exhibit import section

if TYPE_CHECKING:
    import altair as alt


def arena_frontier(drawn: Drawing) -> "alt.LayerChart":
    """The best rating of each side on each board: stepped lines in their published intervals.

    No line or band joins boards of two scales, or over a time without a board.
    """
    import altair as alt

    # The rows in time order; `is_new` where a side's best entrant is not the one before.
    leader: dict[str, Any] = {}
    rows = []
    for row in sorted(drawn.rows, key=lambda r: r["t_ms"]):
        side = row["side_label"]
        rows.append({**row, "is_new": leader.get(side) != row.get("model_name")})
        leader[side] = row.get("model_name")
    chart = base(drawn, rows)
    colour = side_colour(drawn)
    scale = alt.Scale(zero=False, padding=8)
    y = alt.Y("rating_elo:Q", scale=scale, axis=above("Rating (points)", format=",.0f"))
    band = (
        chart.transform_filter("isValid(datum.rating_low_elo) && isValid(datum.rating_high_elo)")
        .mark_area(interpolate="step-after", opacity=0.2)
        .encode(
            moments(),
            alt.Y("rating_low_elo:Q", scale=scale),
            alt.Y2("rating_high_elo:Q"),
            colour,
            detail=alt.Detail("stretch_n:N"),
        )
    )
    # A band ends where it begins on the last board, so each board has its interval as a bar too.
    bars = chart.mark_rule(strokeWidth=1.4, opacity=0.8).encode(
        moments(), alt.Y("rating_low_elo:Q", scale=scale), alt.Y2("rating_high_elo:Q"), colour
    )
    boards = side_points(chart, drawn, moments(), y, 24)
    shown = tips(
        "model_name=Best entrant; side_label=Side; observed_on=Board of; "
        "rating_elo=Rating|,.0f; rating_low_elo=95% low|,.0f; rating_high_elo=95% high|,.0f"
    )
    new = chart.transform_filter("datum.is_new")
    leaders = side_points(new, drawn, moments(), y, 75, tooltip=shown)
    return layered(
        drawn,
        band,
        *side_lines(chart, drawn, moments(), y, detail=alt.Detail("stretch_n:N")),
        bars,
        boards,
        leaders,
        *_last_names(chart, "rating_elo", scale),
    )


def trading_equity(drawn: Drawing) -> "alt.LayerChart":
    """Returns over the season, one line an agent, holding a coin as a dashed line."""
    import altair as alt

    rows = [{**row, "name": _trader(row)} for row in drawn.rows]
    chart = base(drawn, rows)
    y = alt.Y("return_pct:Q", axis=above("Return since the start (%)", format="+.0f"))
    x = moments(format="%-d %b")
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(domain=["agent", "hold"], range=[[1, 0], [5, 4]]),
        legend=alt.Legend(title=None),
    )
    shown = tips("name=Account; side_label=Side; observed_at=When (UTC); return_pct=Return, %|+.1f")
    line = chart.mark_line(strokeWidth=1.8, strokeJoin="round").encode(
        x, y, side_colour(drawn), dash, detail=[alt.Detail("name:N")]
    )
    dots = chart.mark_point(filled=True, size=22, opacity=0.9).encode(
        x, y, side_colour(drawn), side_shape(drawn), tooltip=shown
    )
    ends = alt.Chart(alt.InlineData(values=tuple(_end_labels(rows)))).transform_filter(SEEN)
    marks = side_points(ends, drawn, x, y, 70, tooltip=shown)
    words = ends.mark_text(align="left", dx=9, limit=165, style="words").encode(
        x, alt.Y("label_y:Q"), alt.Text("label:N")
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero_n": 0}])).mark_rule(style="faint", opacity=0.6)
    return layered(drawn, zero.encode(alt.Y("zero_n:Q")), line, dots, marks, words, height=420)


def _last_names(chart: "alt.Chart", value: str, scale: "alt.Scale") -> "list[alt.Chart]":
    """Who leads each side where the slider stands."""
    import altair as alt

    last = chart.transform_joinaggregate(last_ms="max(row_ms)", groupby=["side_label"])
    last = last.transform_filter("datum.row_ms == datum.last_ms")
    x, y = alt.X("t_ms:T"), alt.Y(f"{value}:Q", scale=scale)
    return [
        last.transform_filter(f"(datum.side_n == 0) == {above_line}")
        .mark_text(align="right", dx=-6, dy=shift, limit=190, style=style)
        .encode(x, y, alt.Text("model_name:N"))
        for above_line, shift in (("true", -14), ("false", 16))
        for style in ("halo", "words")
    ]


def _trader(row: ChartRow) -> str:
    name = str(row.get("model_name"))
    held = row.get("series") == "hold" and not name.lower().startswith("hold")
    return f"hold {name}" if held else name


def _end_labels(rows: list[ChartRow]) -> list[ChartRow]:
    """The last row of each line, with a label moved so that none covers another."""
    last = {row["name"]: row for row in sorted(rows, key=lambda r: r["t_ms"])}
    values = [float(row["return_pct"]) for row in rows]
    step = (max(values) - min(values)) / 26 if values else 0.0
    labelled: list[ChartRow] = []
    for row in sorted(last.values(), key=lambda r: float(r["return_pct"])):
        place = float(row["return_pct"])
        if labelled:
            place = max(place, labelled[-1]["label_y"] + step)
        label = f"{row['name']} {float(row['return_pct']):+.1f}%"
        labelled.append({**row, "label": label, "label_y": place})
    return labelled


SECTION = section(
    "performance",
    arena_frontier,
    capability_frontier,
    lag_arrows,
    capability_profile,
    sensitivity,
    trading_equity,
)
