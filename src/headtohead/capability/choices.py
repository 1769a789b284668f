"""Charts of a capability index by line: gain by benchmark, and gap and lag by choice."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

from headtohead.capability.words import DOMAIN_WORDS
from headtohead.publish.charts import (
    ChartRow,
    Drawing,
    base,
    layered,
    side_colour,
    side_shape,
    tips,
)

if TYPE_CHECKING:
    import altair as alt

# Topics of other choices; what was asked stands first and alone.
TOPIC_WORDS = {
    "as asked": "",
    "scores": "Other scores",
    "missing": "Scores that are missing",
    "dates": "Release dates",
    "frontier": "Who may set the frontier",
    "model": "Another model of the scores",
    "benchmarks": "One benchmark left out",
}
_QUANTITIES = (("gap", "index"), ("lag", "months"))
_LINE_PX = 22
_LABEL_PX = 250


def capability_profile(drawn: Drawing) -> "alt.LayerChart":
    """Gain of side B on each benchmark with its interval, by domain; filled where it is sure."""
    import altair as alt

    rows = _in_groups(
        sorted(drawn.rows, key=lambda r: -float(r["gain_pp"])), "domain", DOMAIN_WORDS, "title"
    )
    # A side stands in the legend only where it is better for sure.
    for row in rows:
        row["side_n"] = int(float(row.get("gain_pp") or 0.0) > 0)
        row["side_label"] = drawn.sides[row["side_n"]] if row.get("is_sure") else ""
    sided = Drawing(tuple(rows), drawn.sides, drawn.until_ms)
    chart = base(sided)
    known = chart.transform_filter("!datum.is_head")
    x = alt.X(
        "gain_pp:Q",
        axis=alt.Axis(
            title=["Score above what its level says", "(percentage points)"],
            tickCount=7,
            labelExpr="datum.value == 0 ? '0' : format(datum.value, '+~f')",
        ),
    )
    y = _lines(DOMAIN_WORDS)
    shown = tips(
        "title=Benchmark; domain_words=Domain; gain_pp=Gain|+.1f; gain_low_pp=90% low|+.1f; "
        "gain_high_pp=90% high|+.1f; a_n=Models of side A|,.0f; b_n=Models of side B|,.0f; "
        "holm_value=p-value, corrected|.3f"
    )
    zero = (
        alt.Chart(alt.InlineData(values=[{"zero_n": 0}]))
        .mark_rule(style="strong", strokeWidth=1.2)
        .encode(alt.X("zero_n:Q"))
    )
    between = known.mark_rule(style="faint", strokeWidth=2.2).encode(
        alt.X("gain_low_pp:Q"), y, alt.X2("gain_high_pp:Q")
    )
    unsure = (
        known.transform_filter("!datum.is_sure")
        .mark_point(shape="circle", style="faint", filled=False, size=70, strokeWidth=2, opacity=1)
        .encode(x, y, tooltip=shown)
        .properties(name="unsure")
    )
    sure = known.transform_filter("datum.is_sure")
    colour, shape = side_colour(sided, "Better for sure:"), side_shape(sided, "Better for sure:")
    marks = (
        sure.mark_point(filled=True, size=120, opacity=1)
        .encode(x, y, colour, shape, tooltip=shown)
        .properties(name="sure")
    )
    bars = sure.mark_rule(strokeWidth=2.6).encode(
        alt.X("gain_low_pp:Q"), y, colour, alt.X2("gain_high_pp:Q")
    )
    return layered(
        drawn,
        _heads(chart, y),
        zero,
        between,
        bars,
        unsure,
        marks,
        *_directions(drawn.sides),
        height=_LINE_PX * len(rows),
    )


def sensitivity(drawn: Drawing) -> "alt.LayerChart":
    """Gap (left) and lag (right) under each choice, with intervals; the line is what was asked."""
    far: dict[str, float | None] = {}
    for what, unit in _QUANTITIES:
        columns = (f"{what}_{unit}", f"{what}_high_{unit}")
        known = [row[c] for row in drawn.rows for c in columns if row.get(c) is not None]
        far[what] = max(known, default=None)
    rows = [_ends(row, far) for row in _in_groups(drawn.rows, "topic", TOPIC_WORDS, "choice")]
    chart = base(Drawing(tuple(rows), drawn.sides, drawn.until_ms))
    y = _lines(TOPIC_WORDS)
    gap = _panel(chart, y, "gap_index", ("Gap, B minus A", "(points)"), ("0", "width * 0.46"))
    lag = _panel(chart, y, "lag_months", ("Lag at release", "(months)"), ("width * 0.54", "width"))
    both = layered(drawn, _heads(chart, y), gap, lag, height=_LINE_PX * len(rows))
    return cast("alt.LayerChart", both.resolve_scale(x="independent"))


def _panel(
    chart: "alt.Chart", y: "alt.Y", value: str, title: tuple[str, str], room: tuple[str, str]
) -> "alt.LayerChart":
    """One quantity in its part of the width: dots with intervals, and a rule at what was asked."""
    import altair as alt

    what, unit = value.split("_")
    low, high = f"{what}_low_{unit}", f"{what}_high_{unit}"
    scale = alt.Scale(zero=False, nice=False, padding=12, range=[alt.ExprRef(end) for end in room])
    axis = alt.Axis(
        title=list(title), orient="bottom", tickCount=5, labelOverlap="greedy", grid=True
    )
    x = alt.X(f"{value}:Q", scale=scale, axis=axis)
    shown = tips(
        "choice=Choice; a_model=Best of side A; b_model=Best of side B; "
        f"{value}={' '.join(title)}|.1f; {what}_words=90%; benchmarks_n=Benchmarks|,.0f"
    )
    known = chart.transform_filter(f"isValid(datum.{value})")
    asked = known.transform_filter("datum.topic == 'as asked'")
    rule = asked.mark_rule(style="strong", strokeDash=[4, 3], strokeWidth=1.2).encode(x)
    inside = known.transform_filter(f"isValid(datum.{low})")
    bars = inside.mark_rule(style="faint", strokeWidth=2.4).encode(
        alt.X(f"{low}:Q", scale=scale, axis=axis), y, alt.X2(f"{what}_to")
    )
    dots = inside.mark_point(shape="circle", style="strong", filled=True, size=70, opacity=1)
    bare = known.transform_filter(f"!isValid(datum.{low})").mark_point(
        shape="diamond", style="strong", filled=False, size=60, strokeWidth=1.6, opacity=1
    )
    on = inside.transform_filter(f"!isValid(datum.{high})").mark_point(
        shape="triangle-right", style="faint", filled=True, size=55, opacity=1
    )
    none = chart.transform_filter(f"!datum.is_head && !isValid(datum.{value})")
    words = none.mark_text(align="left", text="no answer", style="quiet").encode(
        y, x=alt.value(alt.ExprRef(room[0]))
    )
    panel = alt.layer(
        rule,
        bars.properties(name=f"{what}_bars"),
        on.encode(alt.X(f"{what}_to:Q", scale=scale, axis=axis), y),
        dots.encode(x, y, tooltip=shown).properties(name=f"{what}_dots"),
        bare.encode(x, y, tooltip=shown).properties(name=f"{what}_bare"),
        words,
    )
    return cast("alt.LayerChart", panel)


def _in_groups(
    rows: Sequence[ChartRow], column: str, words: Mapping[str, str], label: str
) -> list[ChartRow]:
    """The rows with a head before each group, each with its `line` and its place."""
    groups: dict[str, list[ChartRow]] = {key: [] for key in words}
    for row in rows:
        groups.setdefault(str(row.get(column) or "other"), []).append(row)
    lines: list[ChartRow] = []
    for key, group in groups.items():
        head = words.get(key, key)
        shared = {f"{column}_words": head, "seen_ms": 0}
        if group and head:
            lines.append({"line": head, "is_head": True, **shared})
        lines += [{**row, "line": str(row[label]), "is_head": False, **shared} for row in group]
    return [{**line, "order_n": n} for n, line in enumerate(lines)]


def _lines(words: Mapping[str, str]) -> "alt.Y":
    """One line a row in the order made; heads of groups in bold."""
    import altair as alt

    heads = " || ".join(f"datum.value == '{head}'" for head in words.values() if head)
    return alt.Y(
        "line:N",
        sort=alt.EncodingSortField("order_n", op="min"),
        axis=alt.Axis(
            title=None,
            domain=False,
            ticks=False,
            # A limit that follows the width would be too late for the room kept for the labels.
            labelLimit=_LABEL_PX,
            labelFontWeight={"condition": {"test": heads, "value": "bold"}, "value": "normal"},
        ),
    )


def _heads(chart: "alt.Chart", y: "alt.Y") -> "alt.Chart":
    """Nothing seen: keeps a line for the head of each group."""
    return cast(
        "alt.Chart", chart.transform_filter("datum.is_head").mark_point(opacity=0).encode(y)
    )


def _directions(sides: tuple[str, ...]) -> "list[alt.Chart]":
    """Above the chart: which side is the better one on the left, and on the right."""
    import altair as alt

    ends: tuple[tuple[str, Literal["left", "right"], str], ...] = (
        (f"◂ {sides[0]} better", "left", "0"),
        (f"{sides[1]} better ▸", "right", "width"),
    )
    return [
        alt.Chart(alt.InlineData(values=[{"words": words}]))
        .mark_text(align=align, dy=-8, limit=150, style="quiet")
        .encode(alt.Text("words:N"), x=alt.value(alt.ExprRef(at)), y=alt.value(0))
        for words, align, at in ends
    ]


def _ends(row: ChartRow, far: Mapping[str, float | None]) -> ChartRow:
    """Where each interval is drawn to; a choice without joint draws has none.

    An interval without an upper end is cut at `far` of its quantity.
    """
    drawn = row.get("gap_low_index") is not None
    cells = dict(row)
    for what, unit in _QUANTITIES:
        low, high = (row.get(f"{what}_{end}_{unit}") if drawn else None for end in ("low", "high"))
        cells[f"{what}_low_{unit}"], cells[f"{what}_high_{unit}"] = low, high
        cells[f"{what}_to"] = far[what] if high is None else high
        ends = (format(v, ".1f") if v is not None else "no bound" for v in (low, high))
        cells[f"{what}_words"] = " to ".join(ends) if low is not None else "no interval made"
    return cells
