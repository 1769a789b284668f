"""Charts of a capability index over time: the running best with bands, and lag as arrows."""

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import MONTHS_A_DAY
from headtohead.publish.charts import (
    DASHES,
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

if TYPE_CHECKING:
    import altair as alt

_DAY_MS = 86_400_000
_MONTHS_A_MS = MONTHS_A_DAY / _DAY_MS
_SCORE = "score_index=Score|.1f; score_low_index=90% low|.1f; score_high_index=90% high|.1f"
_MATCHED = "datum.is_matched && datum.end_ms <= seen_on"


def capability_frontier(drawn: Drawing) -> "alt.LayerChart":
    """Every model by release date, each side's best so far in its band, and the gap at the end."""
    import altair as alt

    chart = base(drawn)
    colour = side_colour(drawn)
    scale = alt.Scale(zero=False, padding=10)
    axis = above("Index (points)")
    shown = tips(
        f"model_name=Model; side_label=Side; released_on=Released; {_SCORE}; "
        "benchmarks_n=Benchmarks|,.0f; frontier_frac=Chance to be its side's best at the end|.0%"
    )
    y = alt.Y("score_index:Q", scale=scale, axis=axis)
    low, high = alt.Y("best_low_index:Q", scale=scale, axis=axis), alt.Y2("best_high_index:Q")
    sure = chart.transform_filter("isValid(datum.best_low_index) && isValid(datum.best_high_index)")
    band = (
        sure.mark_area(interpolate="step-after", opacity=0.2)
        .encode(moments(), low, high, colour)
        .properties(name="band")
    )
    # A stepped line ends where the side's last model stands; its best goes on to the end.
    held = _last(chart)
    band_held = (
        _last(sure).mark_rect(opacity=0.2).encode(moments(), alt.X2("end_ms"), low, high, colour)
    )
    best = alt.Y("best_index:Q", scale=scale, axis=axis)
    line_held = [
        held.transform_filter(f"datum.side_n == {n}")
        .mark_rule(strokeWidth=2.2, strokeDash=DASHES[n % len(DASHES)])
        .encode(moments(), best, colour, alt.X2("end_ms"))
        for n in range(2)
    ]
    others = chart.mark_point(filled=True, size=26, opacity=0.4).encode(
        moments(), y, colour, side_shape(drawn), tooltip=shown
    )
    records = chart.transform_filter("datum.is_record")
    tops = side_points(records, drawn, moments(), y, 75, tooltip=shown).properties(name="records")
    return layered(
        drawn,
        band,
        band_held,
        others,
        *side_lines(chart, drawn, moments(), best),
        *line_held,
        tops,
        *_record_names(records, scale),
        *_gap(chart, scale),
        height=420,
    )


def lag_arrows(drawn: Drawing) -> "alt.LayerChart":
    """Each record of side A as a point, and an arrow to the day on which side B matched it.

    The slider cuts what had not happened by its day: such an arrow is dashed and its end open.
    """
    import altair as alt

    ours, theirs = _arrow_rows(drawn)
    both = Drawing((*ours, *theirs), drawn.sides, drawn.until_ms)
    records, ends = (
        base(Drawing(tuple(rows), drawn.sides, drawn.until_ms)).transform_calculate(
            matched=_MATCHED,
            stop_ms="min(datum.end_ms, seen_on)",
            from_ms="min(datum.low_ms, seen_on)",
            to_ms="!isValid(datum.low_ms) ? min(datum.end_ms, seen_on)"
            " : isValid(datum.high_ms) ? min(datum.high_ms, seen_on) : seen_on",
            # Of those still standing, only a least time is known.
            months=f"format((min(datum.end_ms, seen_on) - datum.row_ms) * {_MONTHS_A_MS!r}, '.1f')"
            f" + (({_MATCHED}) ? ' months' : '+ months')",
        )
        for rows in (ours, theirs)
    )
    scale = alt.Scale(zero=False, nice=False, padding=14)
    y = alt.Y("score_index:Q", scale=scale, axis=above("Index (points) of the record"))
    x, stop, since = (_when(column) for column in ("t_ms", "stop_ms", "from_ms"))
    colour = side_colour(both)
    shown = tips(
        f"model_name=Record; released_on=Set on; {_SCORE}; by_words=Matched by; "
        "matched_words=Matched on; stood_months=Months it stood|.1f; "
        "interval_words=90% interval, months"
    )
    spread = (
        ends.transform_filter("isValid(datum.low_ms) && datum.from_ms < datum.to_ms")
        .mark_rule(strokeWidth=7, opacity=0.28)
        .encode(since, y, colour, alt.X2("to_ms"))
        .properties(name="spread")
    )
    score = records.mark_rule(strokeWidth=1.4, opacity=0.7).encode(
        x, alt.Y("score_low_index:Q", scale=scale), alt.Y2("score_high_index:Q"), colour
    )
    lines = [
        records.transform_filter(rule)
        .mark_rule(style="strong", strokeWidth=1.6, strokeDash=dash)
        .encode(x, y, alt.X2("stop_ms"))
        for rule, dash in (("datum.matched", [1, 0]), ("!datum.matched", [5, 4]))
    ]
    heads = (
        records.transform_filter("datum.matched && datum.stop_ms > datum.row_ms")
        .mark_point(
            shape="triangle-right", style="strong", filled=True, size=60, opacity=1, xOffset=-8
        )
        .encode(stop, y)
        .properties(name="heads")
    )
    open_heads = (
        records.transform_filter("!datum.matched")
        .mark_point(shape="triangle-right", style="strong", filled=False, size=60, opacity=1)
        .encode(stop, y, tooltip=shown)
        .properties(name="standing")
    )
    matched = ends.transform_filter("datum.matched")
    matches = side_points(matched, both, stop, y, 75, tooltip=shown).properties(name="matched")
    points = side_points(records, both, x, y, 75, tooltip=shown).properties(name="set")
    return layered(
        drawn,
        spread,
        score,
        *lines,
        heads,
        open_heads,
        matches,
        points,
        *_arrow_words(records, scale),
        height=460,
    )


def _last(chart: "alt.Chart") -> "alt.Chart":
    """One row a side: the one that its best so far stands at; `end_ms` is the last of all."""
    import altair as alt

    return (
        chart.transform_joinaggregate(all_last_ms="max(row_ms)")
        .transform_window(
            place="row_number()",
            sort=[alt.SortField(field, "descending") for field in ("row_ms", "score_index")],
            groupby=["side_label"],
        )
        .transform_filter("datum.place == 1")
        .transform_calculate(end_ms="datum.all_last_ms")
    )


def _record_names(records: "alt.Chart", scale: "alt.Scale") -> "list[alt.Chart]":
    """Names of the records where there is room: side A's above its line, side B's below.

    A name at the left edge runs to the right, so that it does not cover the axis.
    """
    import altair as alt

    named = (
        records.transform_joinaggregate(
            lowest="min(score_index)",
            highest="max(score_index)",
            first_ms="min(row_ms)",
            all_last_ms="max(row_ms)",
        )
        .transform_window(
            next_index="lead(score_index)",
            next_ms="lead(row_ms)",
            sort=[alt.SortField("row_ms")],
            groupby=["side_label"],
        )
        .transform_calculate(
            is_clear="!isValid(datum.next_ms) || "
            "datum.next_index - datum.score_index > 0.05 * (datum.highest - datum.lowest) || "
            "datum.next_ms - datum.row_ms > 0.18 * (datum.all_last_ms - datum.first_ms)",
            is_early="datum.row_ms - datum.first_ms < 0.15 * (datum.all_last_ms - datum.first_ms)",
            shown_name="(!isValid(datum.next_ms) || (roomy && datum.is_clear))"
            " ? datum.model_name : ''",
        )
    )
    x, y = alt.X("t_ms:T"), alt.Y("score_index:Q", scale=scale)
    to_left = "datum.side_n == 0 && !datum.is_early"
    return [
        named.mark_text(
            align=alt.ExprRef(f"{to_left} ? 'right' : 'left'"),
            dx=alt.ExprRef(f"{to_left} ? -5 : 6"),
            dy=alt.ExprRef("datum.side_n == 0 ? -11 : 13"),
            limit=180,
            style=style,
        ).encode(x, y, alt.Text("shown_name:N"))
        for style in ("halo", "words")
    ]


def _gap(chart: "alt.Chart", scale: "alt.Scale") -> "list[alt.Chart]":
    """A bracket from one best to the other at the right end: the gap and its interval."""
    import altair as alt

    both = (
        chart.transform_joinaggregate(all_last_ms="max(row_ms)")
        .transform_filter("datum.row_ms == datum.all_last_ms && isValid(datum.gap_index)")
        .transform_calculate(
            best_a="datum.side_n == 0 ? datum.best_index : datum.best_index - datum.gap_index",
            best_b="datum.side_n == 0 ? datum.best_index + datum.gap_index : datum.best_index",
        )
        .transform_aggregate(
            last_ms="max(all_last_ms)",
            best_a="max(best_a)",
            best_b="max(best_b)",
            gap="max(gap_index)",
            low="max(gap_low_index)",
            high="max(gap_high_index)",
            n="count()",
        )
        .transform_filter("datum.n > 0 && isValid(datum.gap)")
        .transform_calculate(
            # A field made by an aggregate is a number to Vega, never a day.
            end_ms="datum.last_ms",
            middle="(datum.best_a + datum.best_b) / 2",
            words="format(datum.gap, '+.1f')",
            interval="isValid(datum.low) && isValid(datum.high)"
            " ? format(datum.low, '+.1f') + ' to ' + format(datum.high, '+.1f') : ''",
        )
    )
    x, middle = alt.X("end_ms:T"), alt.Y("middle:Q", scale=scale)
    rule = both.mark_rule(style="strong", strokeWidth=1.6, xOffset=10).encode(
        x, alt.Y("best_a:Q", scale=scale), alt.Y2("best_b:Q")
    )
    return [
        rule,
        both.mark_text(align="left", dx=15, dy=-8, style="words", fontWeight="bold").encode(
            x, middle, alt.Text("words:N")
        ),
        both.mark_text(align="left", dx=15, dy=7, style="quiet")
        .encode(x, middle, alt.Text("interval:N"))
        .properties(name="gap_interval"),
    ]


def _arrow_rows(drawn: Drawing) -> tuple[list[ChartRow], list[ChartRow]]:
    """The records as rows of side A, and again as rows of side B for the end of each arrow."""
    sides = drawn.sides
    ordered = sorted(drawn.rows, key=lambda r: float(r["score_index"]))
    heights = _apart([float(r["score_index"]) for r in ordered])
    step = _step(heights)
    ours = [
        {
            **row,
            **_arrow_row(row),
            "label_y": height,
            # A name above its arrow needs more room than one before it.
            "is_clear": height - float(row["score_index"]) < step / 2
            and (above is None or above - height > 1.6 * step),
            "side_label": sides[0],
            "side_n": 0,
        }
        for row, height, above in zip(ordered, heights, [*heights[1:], None], strict=True)
    ]
    return ours, [{**row, "side_label": sides[1], "side_n": 1} for row in ours]


def _arrow_row(row: ChartRow) -> ChartRow:
    """Ends of the interval on the time axis, and what a tooltip says of the match."""
    low, high = row.get("stood_low_months"), row.get("stood_high_months")
    start = row["row_ms"]
    return {
        "low_ms": None if low is None else start + low / _MONTHS_A_MS,
        "high_ms": None if high is None else start + high / _MONTHS_A_MS,
        "by_words": row.get("matched_by") or "nobody yet",
        "matched_words": row.get("matched_on") or "still stands",
        "interval_words": "not known"
        if low is None
        else f"{low:.1f} to {'no upper bound' if high is None else format(high, '.1f')}",
    }


def _apart(values: list[float]) -> list[float]:
    """Rising heights for labels near the values, none so close that it covers the one before."""
    step = _step(values)
    return list(accumulate(values, lambda below, value: max(value, below + step)))


def _step(values: list[float]) -> float:
    """The height of one line of words, in units of the values."""
    return (values[-1] - values[0]) / 27 if values else 0.0


def _when(column: str) -> "alt.X":
    """The time axis of the arrows, with room for the names before the first."""
    import altair as alt

    return moments(column, padding=alt.ExprRef("roomy ? 150 : 8"))


def _arrow_words(records: "alt.Chart", scale: "alt.Scale") -> "list[alt.Chart]":
    """The record's name before its arrow (above it where that is narrow), the months behind it."""
    import altair as alt

    labelled = records.transform_calculate(
        before="roomy ? datum.model_name : ''",
        over="!roomy && datum.is_clear ? datum.model_name : ''",
        after_ms="max(datum.stop_ms, datum.to_ms)",
        after="datum.months + (roomy && datum.matched ? ', ' + datum.by_words : '')",
    )
    y = alt.Y("label_y:Q", scale=scale)
    at: dict[str, tuple[str, dict[str, Any]]] = {
        "before": ("t_ms", {"align": "right", "dx": -9, "limit": 150}),
        "over": ("t_ms", {"align": "left", "dx": 0, "dy": -11, "limit": 140}),
        "after": ("after_ms", {"align": "left", "dx": 9, "limit": 250}),
    }
    return [
        labelled.mark_text(style=style, **look).encode(_when(place), y, alt.Text(f"{column}:N"))
        for column, (place, look) in at.items()
        for style in ("halo", "words")
    ]
