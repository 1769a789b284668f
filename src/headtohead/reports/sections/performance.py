"""Performance: ratings, a capability index, and one trading season."""

from datetime import date
from typing import TYPE_CHECKING, Any

from headtohead.reports.chartparts import (
    SEEN,
    above,
    base,
    layered,
    moments,
    side_colour,
    side_lines,
    side_shape,
    tip,
)
from headtohead.reports.layout import ChartRow, Drawing, ExhibitSpec, Section

if TYPE_CHECKING:
    import altair as alt


def arena_frontier(drawn: Drawing) -> "alt.LayerChart":
    """The best rating of each side on each board: stepped lines in their published intervals."""
    import altair as alt

    rows = _marking_new_leaders(drawn.rows)
    chart = base(Drawing(tuple(rows), drawn.sides, drawn.until_ms))
    colour = side_colour(drawn)
    scale = alt.Scale(zero=False, padding=8)
    y = alt.Y("rating_elo:Q", scale=scale, axis=above("Rating (points)", format=",.0f"))
    band = (
        chart.transform_filter("isValid(datum.rating_low_elo) && isValid(datum.rating_high_elo)")
        .mark_area(interpolate="step-after", opacity=0.2)
        .encode(
            moments(), alt.Y("rating_low_elo:Q", scale=scale), alt.Y2("rating_high_elo:Q"),
            colour,
        )
    )  # fmt: skip
    # A band ends where it begins on the last board, so each board has its interval as a bar too.
    bars = chart.mark_rule(strokeWidth=1.4, opacity=0.8).encode(
        moments(), alt.Y("rating_low_elo:Q", scale=scale), alt.Y2("rating_high_elo:Q"), colour
    )
    boards = chart.mark_point(filled=True, size=24, opacity=1).encode(
        moments(), y, colour, side_shape(drawn)
    )
    shown = tip(
        ("model_name", "Best entrant", ""), ("side_label", "Side", ""),
        ("observed_on", "Board of", ""), ("rating_elo", "Rating", ",.0f"),
        ("rating_low_elo", "95% low", ",.0f"), ("rating_high_elo", "95% high", ",.0f"),
    )  # fmt: skip
    leaders = (
        chart.transform_filter("datum.is_new")
        .mark_point(filled=True, size=75, opacity=1)
        .encode(moments(), y, colour, side_shape(drawn), tooltip=shown)
    )
    return layered(
        drawn,
        band,
        *side_lines(chart, drawn, moments(), y),
        bars,
        boards,
        leaders,
        *_last_names(chart, "rating_elo", scale),
    )


def index_frontier(drawn: Drawing) -> "alt.LayerChart":
    """Every model's score, the running best of each side with intervals, and the gap at the end."""
    import altair as alt

    chart = base(drawn)
    colour = side_colour(drawn)
    scale = alt.Scale(zero=False, padding=8)
    y = alt.Y("score_index:Q", scale=scale, axis=above("Index (points)"))
    running = chart.transform_window(
        best="max(score_index)", sort=[alt.SortField("row_ms")], groupby=["side_label"],
        frame=[None, 0],
    )  # fmt: skip
    shown = tip(
        ("model_name", "Model", ""), ("side_label", "Side", ""), ("released_on", "Released", ""),
        ("score_index", "Score", ".1f"), ("score_low_index", "Low", ".1f"),
        ("score_high_index", "High", ".1f"),
    )  # fmt: skip
    others = chart.mark_point(filled=True, size=26, opacity=0.35).encode(
        moments(), y, colour, side_shape(drawn), tooltip=shown
    )
    best = alt.Y("best:Q", scale=scale, axis=above("Index (points)"))
    lines = side_lines(running, drawn, moments(), best)
    records = running.transform_filter("datum.score_index >= datum.best")
    bars = records.transform_filter(
        "isValid(datum.score_low_index) && isValid(datum.score_high_index)"
    ).mark_rule(strokeWidth=1.4, opacity=0.8)
    intervals = bars.encode(
        moments(), alt.Y("score_low_index:Q", scale=scale), alt.Y2("score_high_index:Q"), colour
    )
    tops = records.mark_point(filled=True, size=75, opacity=1).encode(
        moments(), y, colour, side_shape(drawn), tooltip=shown
    )
    return layered(drawn, others, *lines, intervals, tops, *_gap(chart, scale))


def trading_equity(drawn: Drawing) -> "alt.LayerChart":
    """Returns over the season, one line an agent, holding a coin as a dashed line."""
    import altair as alt

    rows = [{**row, "name": _trader(row)} for row in drawn.rows]
    chart = base(Drawing(tuple(rows), drawn.sides, drawn.until_ms))
    y = alt.Y(
        "return_pct:Q", axis=above("Return since the start (%)", format="+.0f"),
    )  # fmt: skip
    x = moments(format="%-d %b")
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(domain=["agent", "hold"], range=[[1, 0], [5, 4]]),
        legend=alt.Legend(title=None),
    )
    shown = tip(
        ("name", "Account", ""), ("side_label", "Side", ""), ("observed_at", "When (UTC)", ""),
        ("return_pct", "Return, %", "+.1f"),
    )  # fmt: skip
    line = chart.mark_line(strokeWidth=1.8, strokeJoin="round").encode(
        x, y, side_colour(drawn), dash, detail=["name:N"]
    )
    dots = chart.mark_point(filled=True, size=22, opacity=0.9).encode(
        x, y, side_colour(drawn), side_shape(drawn), tooltip=shown
    )
    ends = alt.Chart(alt.InlineData(values=_end_labels(rows))).transform_filter(SEEN)
    marks = ends.mark_point(filled=True, size=70, opacity=1).encode(
        x, y, side_colour(drawn), side_shape(drawn), tooltip=shown
    )
    words = ends.mark_text(align="left", dx=9, limit=165, style="words").encode(
        x, alt.Y("label_y:Q"), alt.Text("label:N")
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero_n": 0}])).mark_rule(style="faint", opacity=0.6)
    return layered(drawn, zero.encode(alt.Y("zero_n:Q")), line, dots, marks, words, height=420)


def _marking_new_leaders(rows: tuple[ChartRow, ...]) -> list[ChartRow]:
    """The rows in time order; `is_new` where a side's best entrant is not the one before."""
    leader: dict[str, Any] = {}
    made = []
    for row in sorted(rows, key=lambda r: r["t_ms"]):
        side = row["side_label"]
        made.append({**row, "is_new": leader.get(side) != row.get("model_name")})
        leader[side] = row.get("model_name")
    return made


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


def _gap(chart: "alt.Chart", scale: "alt.Scale") -> "list[alt.Chart]":
    """A bracket from one best to the other at the right end, with the difference in points."""
    import altair as alt

    both = (
        chart.transform_calculate(
            score_a="datum.side_n == 0 ? datum.score_index : null",
            score_b="datum.side_n == 1 ? datum.score_index : null",
        )
        .transform_aggregate(best_a="max(score_a)", best_b="max(score_b)", last_ms="max(row_ms)")
        .transform_filter("isValid(datum.best_a) && isValid(datum.best_b)")
        .transform_calculate(
            middle="(datum.best_a + datum.best_b) / 2",
            t_ms="datum.last_ms",
            words="format(datum.best_b - datum.best_a, '+.1f')",
        )
    )
    rule = both.mark_rule(style="strong", strokeWidth=1.6, xOffset=10).encode(
        alt.X("t_ms:T"), alt.Y("best_a:Q", scale=scale), alt.Y2("best_b:Q")
    )
    words = both.mark_text(align="left", dx=15, style="words", fontWeight="bold").encode(
        alt.X("t_ms:T"), alt.Y("middle:Q", scale=scale), alt.Text("words:N")
    )
    return [rule, words]


def _trader(row: ChartRow) -> str:
    name = str(row.get("model_name"))
    held = row.get("series") == "hold" and not name.lower().startswith("hold")
    return f"hold {name}" if held else name


def _end_labels(rows: list[ChartRow]) -> list[ChartRow]:
    """The last row of each line, with a label moved so that none covers another."""
    last: dict[str, ChartRow] = {}
    for row in sorted(rows, key=lambda r: r["t_ms"]):
        last[row["name"]] = row
    values = [float(row["return_pct"]) for row in rows]
    step = (max(values) - min(values)) / 26 if values else 0.0
    made: list[ChartRow] = []
    for row in sorted(last.values(), key=lambda r: float(r["return_pct"])):
        place = float(row["return_pct"])
        if made:
            place = max(place, made[-1]["label_y"] + step)
        label = f"{row['name']} {float(row['return_pct']):+.1f}%"
        made.append({**row, "label": label, "label_y": place})
    return made


SECTION = Section(
    slug="performance",
    title="Performance",
    asks="How good are the best models of each side, how has the distance moved, and where do "
    "head-to-head tests disagree?",
    exhibits=(
        ExhibitSpec(
            slug="arena-frontier",
            analysis="performance.arena_frontier",
            title="The best-rated entrant of each side",
            subtitle="Rating of each side's best entrant on every published text board with style "
            "control. Shaded: the published 95% interval. A mark: a new best entrant.",
            chart=arena_frontier,
            time="observed_on",
            needs=("rating_elo", "observed_on"),
            since=date(2023, 1, 1),
            note="Ratings have no zero: only differences between them mean something. A line keeps "
            "its height until the next board that may be used.",
            table={
                "observed_on": "Board of", "side": "Side", "model_name": "Best entrant",
                "lab": "Lab", "rating_elo": "Rating", "rating_low_elo": "95% low",
                "rating_high_elo": "95% high",
            },
        ),
        ExhibitSpec(
            slug="index-frontier",
            analysis="performance.index_frontier",
            title="The running best on a capability index",
            subtitle="Score by release date. Stepped lines: the best so far on each side. Bars: "
            "the published interval of each record. At the right: the gap, in index points.",
            chart=index_frontier,
            time="released_on",
            needs=("score_index", "released_on"),
            since=date(2023, 1, 1),
            note="All scores are from one edition of the index, which is refitted as a whole, so "
            "the slider moves by release date and not by what was known then.",
            table={
                "released_on": "Released", "side": "Side", "model_name": "Model", "lab": "Lab",
                "score_index": "Score", "score_low_index": "Low", "score_high_index": "High",
                "is_record": "Best so far",
            },
        ),
        ExhibitSpec(
            slug="trading-equity",
            analysis="performance.trading_equity",
            title="One trading season, moment by moment",
            subtitle="Return of each agent's account since the start. Dashed: buying a coin at "
            "the start and holding it.",
            chart=trading_equity,
            time="observed_at",
            series=("model_name", "series"),
            needs=("return_pct", "observed_at"),
            note="Each line is a single run of a single season, known only at its marks. No "
            "interval can be drawn from one run, and the order at the end does not show skill.",
            table={
                "observed_at": "When (UTC)", "model_name": "Account", "country": "Country",
                "series": "Series", "return_pct": "Return", "is_final": "Final value",
            },
        ),
    ),
)  # fmt: skip
