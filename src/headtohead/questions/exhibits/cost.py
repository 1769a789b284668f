"""Cost: what a token costs at a level, how that moved, and what training cost."""

from typing import TYPE_CHECKING

from headtohead.core.units import show
from headtohead.prices.training.scopes import method_words
from headtohead.publish.charts import (
    ChartRow,
    Drawing,
    above,
    base,
    front_chart,
    layered,
    log_ticks,
    moments,
    named_rows,
    names,
    side_colour,
    side_points,
    tips,
)
from headtohead.questions.exhibit import section

if TYPE_CHECKING:
    import altair as alt


def price_vs_rating(drawn: Drawing) -> "alt.LayerChart":
    """Rating against list price, with intervals, and the step of models nobody beats on both."""
    return front_chart(
        drawn,
        cost="price_usd_per_mtok",
        value="rating_elo",
        ends=("rating_low_elo", "rating_high_elo"),
        titles=("List price, $ per million tokens (log scale)", "Rating (points)"),
        number=",.0f",
        shown="model_name=Model; side_label=Side; lab=Lab; rating_elo=Rating|,.0f; "
        "rating_low_elo=95% low|,.0f; rating_high_elo=95% high|,.0f; "
        "price_usd_per_mtok=$ per million tokens|,.3~f; "
        "front_frac=Chance of being on the front|.0%",
    )


def cost_vs_score(drawn: Drawing) -> "alt.LayerChart":
    """Score against the cost of a task, with intervals both ways, and the step of the front."""
    return front_chart(
        drawn,
        cost="cost_usd_per_task",
        value="score_frac",
        ends=("score_low_frac", "score_high_frac"),
        cost_ends=("cost_low_usd_per_task", "cost_high_usd_per_task"),
        titles=("Cost of a task, $ (log scale)", "Tasks solved"),
        number=".0%",
        shown="model_name=Run; side_label=Side; lab=Lab; score_frac=Solved|.1%; "
        "score_low_frac=95% low|.1%; score_high_frac=95% high|.1%; "
        "cost_usd_per_task=$ a task|,.3~f; cost_usd_per_success=$ a solved task|,.3~f; "
        "front_frac=Chance of being on the front|.0%; "
        "as_good_frac=Chance to be as good as the best|.0%",
    )


def price_of_level(drawn: Drawing) -> "alt.LayerChart":
    """The lowest list price at which each level could be bought, as steps with a mark a cut."""
    import altair as alt

    levels = sorted(names(drawn, "rating_label"), key=_natural)
    rows = [{**row, "level_n": levels.index(str(row["rating_label"]))} for row in drawn.rows]
    end = dict.fromkeys(("t_ms", "row_ms", "seen_ms"), drawn.until_ms)
    ends = [{**row, **end, "is_end": True} for row in _latest(rows, "rating_label")]
    chart = base(drawn, (*rows, *ends))
    y = alt.Y(
        "price_usd_per_mtok:Q",
        scale=alt.Scale(type="log", nice=False, padding=10),
        axis=above(
            "Lowest list price, $ per million tokens (log scale)",
            format="$~g",
            values=log_ticks(row["price_usd_per_mtok"] for row in drawn.rows),
        ),
    )
    faint_to_full = [
        round(0.35 + 0.65 * n / max(1, len(levels) - 1), 2) for n in range(len(levels))
    ]
    lines = chart.mark_line(interpolate="step-after", style="strong", strokeWidth=1.6).encode(
        moments(),
        y,
        detail=[alt.Detail("rating_label:N")],
        opacity=alt.Opacity(
            "level_n:O",
            legend=None,
            scale=alt.Scale(domain=list(range(len(levels))), range=faint_to_full),
        ),
    )
    shown = tips(
        "level_label=Level; fall_ratio=Fall a year|.1f; observed_on=From; model_name=Model; "
        "side_label=Side; price_usd_per_mtok=$ per million tokens|,.3~f"
    )
    cuts = chart.transform_filter("!datum.is_end")
    marks = side_points(cuts, drawn, moments(), y, 65, tooltip=shown)
    words = (
        chart.transform_filter("datum.is_end")
        .mark_text(align="left", dx=6, style="quiet", limit=165)
        .encode(moments(), y, alt.Text("end_label:N"))
    )
    return layered(drawn, lines, marks, words, height=420)


def training_cost(drawn: Drawing) -> "alt.LayerChart":
    """Published training costs on a log scale: shape is the method, colour the side."""
    import altair as alt

    order = names(drawn, "subject", largest="value")
    methods = sorted(method_words(name) for name in names(drawn, "measure"))
    rows = (
        {**row, "order_n": order.index(str(row["subject"])), **_in_words(row)} for row in drawn.rows
    )
    chart = base(drawn, rows).transform_filter("datum.value > 0")
    wide = alt.Scale(type="log", nice=False, padding=16)
    x = alt.X(
        "value:Q",
        scale=wide,
        axis=alt.Axis(
            title="US dollars (log scale)",
            labelExpr="replace(format(datum.value, '$~s'), 'G', 'B')",
            values=log_ticks(row["value"] for row in drawn.rows),
        ),
    )
    y = named_rows("subject", 170)
    colour = side_colour(drawn)
    shape = alt.Shape(
        "method:N",
        scale=alt.Scale(domain=methods),
        legend=alt.Legend(title="Method", labelLimit=320),
    )
    bars = chart.transform_filter("datum.low_value > 0 && isValid(datum.high_value)").mark_rule(
        strokeWidth=2, opacity=0.7
    )
    ends = bars.encode(alt.X("low_value:Q", scale=wide), y, alt.X2("high_value:Q"), colour)
    shown = tips("subject=System; method=Method; amount=Cost; bounds=Bounds; scope=Covers")
    points = chart.mark_point(filled=True, size=95, opacity=1).encode(
        x, y, colour, shape, tooltip=shown
    )
    return layered(drawn, ends, points, height=max(160, 30 * len(order)))


def _latest(rows: list[ChartRow], column: str) -> list[ChartRow]:
    """The last row of each line, with the label that stands at its end.

    Lines that end at one price share one label.
    """
    last = {row[column]: row for row in sorted(rows, key=lambda r: r["t_ms"])}
    by_price: dict[float, list[ChartRow]] = {}
    for row in last.values():
        by_price.setdefault(float(row["price_usd_per_mtok"]), []).append(row)
    labelled = []
    for same in by_price.values():
        ordered = sorted(same, key=lambda r: _natural(str(r[column])))
        for n, row in enumerate(ordered):
            labelled.append({**row, "end_label": _joined(ordered, column) if n == 0 else ""})
    return labelled


def _joined(rows: list[ChartRow], column: str) -> str:
    """Several labels as one; an ending they share is written once, and so is a long run."""
    labels = [str(row[column]) for row in rows]
    heads = [label.split(" ", 1) for label in labels]
    if len(labels) > 1 and all(len(h) == 2 and h[1] == heads[0][1] for h in heads):
        first, last, ending = heads[0][0], heads[-1][0], heads[0][1]
        return f"{first}{' to ' if len(labels) > 2 else ', '}{last} {ending}"
    return ", ".join(labels)


def _in_words(row: ChartRow) -> ChartRow:
    """Money as a reader writes it, for tooltips."""
    low, high = row.get("low_value"), row.get("high_value")
    bounds = "interval not published"
    if low is not None and high is not None:
        bounds = f"{show(low, 'usd')} to {show(high, 'usd')}"
    return {
        "method": method_words(str(row["measure"])),
        "amount": show(row["value"], "usd"),
        "bounds": bounds,
    }


def _natural(label: str) -> tuple[float, str]:
    """Labels that start with a number by that number, the others after them by name."""
    head = label.split(" ", 1)[0].replace(",", "")
    return (float(head), label) if head.isdecimal() else (float("inf"), label)


SECTION = section("cost", price_vs_rating, cost_vs_score, price_of_level, training_cost)
