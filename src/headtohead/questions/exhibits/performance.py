"""Performance: ratings, a capability index, and one trading season."""

from datetime import date
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
from headtohead.questions.exhibit import ExhibitSpec, ReportSection, headings

if TYPE_CHECKING:
    import altair as alt


def arena_frontier(drawn: Drawing) -> "alt.LayerChart":
    """The best rating of each side on each board: stepped lines in their published intervals."""
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
        *side_lines(chart, drawn, moments(), y),
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
        x, y, side_colour(drawn), dash, detail=["name:N"]
    )
    dots = chart.mark_point(filled=True, size=22, opacity=0.9).encode(
        x, y, side_colour(drawn), side_shape(drawn), tooltip=shown
    )
    ends = alt.Chart(alt.InlineData(values=_end_labels(rows))).transform_filter(SEEN)
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
    made: list[ChartRow] = []
    for row in sorted(last.values(), key=lambda r: float(r["return_pct"])):
        place = float(row["return_pct"])
        if made:
            place = max(place, made[-1]["label_y"] + step)
        label = f"{row['name']} {float(row['return_pct']):+.1f}%"
        made.append({**row, "label": label, "label_y": place})
    return made


SECTION = ReportSection(
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
            table=headings(
                "observed_on=Board of; side=Side; model_name=Best entrant; lab=Lab; "
                "rating_elo=Rating; rating_low_elo=95% low; rating_high_elo=95% high"
            ),
        ),
        ExhibitSpec(
            slug="capability-frontier",
            analysis="performance.capability_gap",
            title="The running best on a capability index",
            subtitle="Score by release date, of models with enough benchmarks to lead. Stepped "
            "lines: the best so far on each side. Shaded: its 90% interval. At the right: the gap, "
            "in index points, with its 90% interval.",
            chart=capability_frontier,
            time="released_on",
            needs=("score_index", "best_index", "released_on"),
            since=date(2023, 1, 1),
            note="The index is fitted once to all scores known, so the slider moves by release "
            "date and not by what was known then. In each joint draw of the scores the best of "
            "each side is chosen anew. Differences of points mean something, ratios do not.",
            table=headings(
                "released_on=Released; side=Side; model_name=Model; lab=Lab; "
                "score_index=Score; score_low_index=90% low; score_high_index=90% high; "
                "benchmarks_n=Benchmarks; is_record=Best so far; "
                "frontier_frac=Chance to be the best"
            ),
        ),
        ExhibitSpec(
            slug="lag-arrows",
            analysis="performance.catch_up_time",
            title="How long each record stood",
            subtitle="Each point is a record of one side; its arrow runs to the day on which a "
            "model of the other side first scored as high. Dashed: it still stands. Shaded: the "
            "90% interval of that day.",
            chart=lag_arrows,
            time="released_on",
            ends="stood_until",
            needs=("score_index", "released_on", "stood_until"),
            since=date(2023, 1, 1),
            note="Days are release days, so a match can fall only on a day on which a model came "
            "out. Where an arrow is dashed, only a least time is known.",
            table=headings(
                "released_on=Set on; side=Side; model_name=Record; lab=Lab; score_index=Score; "
                "matched_on=Matched on; matched_by=Matched by; stood_months=Stood; "
                "stood_low_months=90% low; stood_high_months=90% high; is_matched=Matched"
            ),
        ),
        ExhibitSpec(
            slug="capability-profile",
            analysis="performance.capability_profile",
            title="Where one side is better or worse than its overall level says",
            subtitle="Score on each benchmark compared with models of the other side that are as "
            "able. Lines: 90% intervals. Filled, with the side's colour and shape: sure, after "
            "correction for testing every benchmark. Hollow: not sure.",
            chart=capability_profile,
            needs=("gain_pp", "title"),
            since=date(2023, 1, 1),
            table=headings(
                "title=Benchmark; domain=Domain; gain_pp=Gain; gain_low_pp=90% low; "
                "gain_high_pp=90% high; a_n=Models, side A; b_n=Models, side B; "
                "p_value=p-value; holm_value=p-value, corrected; is_sure=Sure"
            ),
        ),
        ExhibitSpec(
            slug="sensitivity",
            analysis="performance.capability_sensitivity",
            title="Gap and lag under other choices",
            subtitle="The gap (side B minus side A) and the lag at release, as asked and under "
            "each other choice that one could have made. Lines: 90% intervals. Hollow: no interval "
            "was made. Dashed: as asked.",
            chart=sensitivity,
            needs=("topic", "choice"),
            since=date(2023, 1, 1),
            table_first=True,
            table=headings(
                "choice=Choice; topic=About; gap_index=Gap; gap_low_index=Gap, 90% low; "
                "gap_high_index=Gap, 90% high; lag_months=Lag; lag_low_months=Lag, 90% low; "
                "lag_high_months=Lag, 90% high; a_model=Best of side A; "
                "b_model=Best of side B; benchmarks_n=Benchmarks; why=Why no answer"
            ),
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
            table=headings(
                "observed_at=When (UTC); model_name=Account; country=Country; series=Series; "
                "return_pct=Return; is_final=Final value"
            ),
        ),
    ),
)
